#!/bin/sh
# Starts nginx. A drain that ended in a restart of the container, not of the pod, left its mark behind.
set -eu
rm -f "$RUN_DIR/refuse"
# For the sweep: whatever was published here before has ended.
: >"$RUN_DIR/started"
exec nginx -c "$CONFIG_DIR/nginx.conf"
