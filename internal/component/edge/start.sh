# nginx drops its connections on the kubelet's SIGTERM and finishes them on SIGQUIT. Not every image declares SIGQUIT as
# its stop signal, so the shell stays in front and translates.
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
