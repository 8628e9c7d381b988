#!/bin/sh
# Removes the playlists of streams that have ended. nginx itself keeps them for up to three times their length, and an
# edge that asks this pod first would go on showing the end of a stream that its publisher has continued on another pod.
# After a start of nginx it also sweeps.
set -u
. "$CONFIG_DIR/publishers.sh"
. "$CONFIG_DIR/sweep.sh"
trap 'exit 0' TERM INT

# reap NAMES removes the playlists that have not been written for a while and belong to none of the NAMES.
reap() {
	now=$(date +%s)
	# One process for all files: a busy pod has hundreds.
	stat -c '%Y %n' -- "$LIVE_DIR"/hls/*.m3u8 "$LIVE_DIR"/dash/*.mpd 2>/dev/null | while read -r written file; do
		[ $((now - written)) -ge "$TAIL_SECONDS" ] || continue
		name=${file##*/}
		printf '%s\n' "$1" | grep -qxF -- "${name%.*}" || rm -f -- "$file"
	done
}

while :; do
	# With nothing to do it starts no process but the sleep.
	if { playlists || [ -e "$RUN_DIR/started" ]; } && names=$(publishers 2>/dev/null); then
		reap "$names"
		sweep 2>/dev/null
	fi
	# In the background, so that the trap is not kept waiting.
	sleep 2 &
	wait $!
done
