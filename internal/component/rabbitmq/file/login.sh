#!/bin/sh
# Makes the user of one Secret known to the running brokers, by the definitions that they import when they start; and
# with a user's name as the first argument takes that user away, which closes what it still has open. It asks the
# brokers by the Erlang cookie, one after the other, for one of them may be down.
set -eu

umask 077
cat /etc/erlang-cookie/cookie >"$HOME/.erlang.cookie"

ask() {
	rabbitmqctl --quiet --longnames --node "rabbit@$broker" "$@"
}

told=
for broker in $BROKERS; do
	if ask import_definitions /etc/definitions/definitions.json; then
		told=$broker
		break
	fi
done
test -n "$told"

# The import goes on after the command has ended; the last thing that it does is to give the user its permissions.
attempt=0
until ask list_user_permissions "$NEW" | grep -q '\.\*'; do
	attempt=$((attempt + 1))
	test "$attempt" -lt 10
	sleep 1
done

if [ -n "${1-}" ]; then
	ask delete_user "$1"
fi
