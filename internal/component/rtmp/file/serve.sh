#!/bin/sh
# Starts nginx. A drain that ended in a restart of the container, not of the pod, left its mark behind.
set -eu
rm -f "$RUN_DIR/refuse"
exec nginx -c "$CONFIG_DIR/nginx.conf"
