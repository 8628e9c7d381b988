#!/bin/sh
# Runs before nginx: writes what is known only inside the pod, and stops a broken configuration before it replaces a
# pod that works.
set -eu

mkdir -p "$RUN_DIR/tmp" "$LIVE_DIR/hls" "$LIVE_DIR/dash"

servers=
while read -r keyword address _ || [ -n "$keyword" ]; do
	[ "$keyword" = nameserver ] || continue
	address=${address%%%*} # nginx knows no zone index
	case $address in
	*:*) address="[$address]" ;;
	esac
	servers="$servers $address"
done <"$RESOLV_CONF"
if [ -z "$servers" ]; then
	echo "prepare: $RESOLV_CONF names no nameserver; check the pod's dnsPolicy" >&2
	exit 1
fi
# Pods come and go: an address is asked for again after 5 s, whatever its TTL.
printf 'resolver%s valid=5s;\nresolver_timeout 3s;\n' "$servers" >"$RUN_DIR/resolver.conf"

# A kernel without IPv6 refuses to listen on it.
: >"$RUN_DIR/listen-http.conf"
if [ -s /proc/net/if_inet6 ]; then
	echo "listen [::]:$HTTP_PORT ipv6only=on;" >"$RUN_DIR/listen-http.conf"
fi

exec nginx -t -c "$CONFIG_DIR/nginx.conf"
