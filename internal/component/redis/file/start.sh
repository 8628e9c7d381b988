#!/bin/sh
# Starts Redis with its users. Their passwords go in by standard input: no argument, environment or file of this pod
# holds them but the mounted Secrets. The applications' user has a password for each of its Secrets that exists.
set -eu

passwords=
for file in /etc/redis-secret/login/*; do
	passwords="$passwords >$(cat "$file")"
done

exec redis-server /etc/redis/redis.conf - <<USERS
user default on ~* &* +@all$passwords
user admin on >$(cat /etc/redis-secret/server/admin) -@all +auth +hello +ping +acl|setuser
user monitor on >$(cat /etc/redis-secret/server/monitor) -@all +auth +hello +ping +select +info +config|get +dbsize +slowlog|get +slowlog|len +latency|latest +latency|histogram +client|list +client|setname +client|setinfo
USERS
