#!/bin/sh
# Runs nginx, and ends it when the pod ends.
set -eu

# quit lets nginx finish the answers that it has begun. It would also wait for connections of RTMP that publish nothing,
# as long as their clients hold them.
quit() {
	kill -QUIT "$nginx"
	{
		sleep 5
		kill -TERM "$nginx"
	} 2>/dev/null &
	wait "$nginx"
	exit 0
}

# A drain that ended in a restart of the container, not of the pod, left its mark behind.
rm -f "$RUN_DIR/refuse"
# For the sweep: whatever was published here before has ended.
: >"$RUN_DIR/started"

# Which of the two signals comes is up to the image.
trap quit TERM QUIT
nginx -c "$CONFIG_DIR/nginx.conf" &
nginx=$!
wait "$nginx"
