# Completes the configuration with what only the pod knows and lets nginx judge it: a bad one never starts, and the
# pods that serve stay. It works on a copy, so that a later change of the ConfigMap cannot reach a running pod.
set -eu
cp /config/nginx.conf /etc/nginx/xatube/nginx.conf

addresses=
while read -r keyword address _ || [ -n "$keyword" ]; do
	[ "$keyword" = nameserver ] || continue
	case $address in
	*:*) address="[$address]" ;;
	esac
	addresses="$addresses $address"
done </etc/resolv.conf
if [ -z "$addresses" ]; then
	echo 'no nameserver in /etc/resolv.conf: nginx could not find its upstreams' >&2
	exit 1
fi
echo "resolver$addresses valid=5s;" >/etc/nginx/xatube/resolver.conf

# A node without IPv6 refuses the socket.
if [ -e /proc/net/if_inet6 ]; then
	cp /config/listen-ipv6.conf /etc/nginx/xatube/listen-ipv6.conf
else
	: >/etc/nginx/xatube/listen-ipv6.conf
fi

exec nginx -e stderr -t -c /etc/nginx/xatube/nginx.conf
