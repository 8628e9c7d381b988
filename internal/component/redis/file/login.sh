#!/bin/sh
# Tells the running Redis the password of the applications' user, beside those it knows or, with "only" as the first
# argument, in place of them. Then the password is tried. redis-cli takes that of the user who asks from REDISCLI_AUTH.
set -eu

reset=
if [ "${1-}" = only ]; then
	reset='resetpass '
fi
printf 'ACL SETUSER default %s>%s\n' "$reset" "$PASSWORD" | redis-cli -e -h "$HOST" --user admin
test "$(REDISCLI_AUTH=$PASSWORD redis-cli -h "$HOST" ping)" = PONG
