# nginx drops its connections on the kubelet's SIGTERM and finishes them on SIGQUIT. Not every image declares SIGQUIT as
# its stop signal, so the shell stays in front and translates.
# A connection of a worker takes a file, and may take one of the cache too. Asking for more than is allowed would leave
# nginx with the few that a container starts with.
ulimit -n 65536 2>/dev/null || ulimit -n "$(ulimit -Hn)"
pid=
trap 'kill -QUIT "$pid"' TERM QUIT INT
nginx -e stderr -c /etc/nginx/xatube/nginx.conf -g 'daemon off;' &
pid=$!
# A signal ends the wait early; nginx is still at work then.
status=0
wait "$pid" || status=$?
while kill -0 "$pid" 2>/dev/null; do
	status=0
	wait "$pid" || status=$?
done
exit "$status"
