# Every connection that nginx serves takes one of its places, and a crowd of strangers may hold them all. That is no
# reason to restart it: a worker that the master keeps running is alive.
read -r master </run/nginx/nginx.pid || exit 1
for process in /proc/[0-9]*; do
	if grep -qs "^PPid:[[:space:]]*$master\$" "$process/status" && grep -qs ': worker process' "$process/cmdline"; then
		exit 0
	fi
done
echo 'nginx runs no worker' >&2
exit 1
