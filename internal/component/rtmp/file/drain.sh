#!/bin/sh
# preStop: waits until the last publisher has gone or the deadline has come. Then nginx is told to end. Meanwhile the pod
# has left the Service of the publishers, and viewers still find it.
set -u
. "$CONFIG_DIR/publishers.sh"

# The container's own log: the output of a preStop hook is shown nowhere.
say() {
	echo "drain: $*" >"$DRAIN_LOG" 2>/dev/null || :
}

refuse() {
	: >"$RUN_DIR/refuse"
}

# outcome prints how the wait for the publishers ended: gone, deadline, or silent when nginx hangs or is dead.
outcome() {
	silent=0
	told=
	while :; do
		if names=$(publishers 2>/dev/null); then
			silent=0
			[ -n "$names" ] || { echo gone && return; }
			[ -n "$told" ] || say "waiting at most $DRAIN_SECONDS s for $(printf '%s\n' "$names" | wc -l) publishers"
			told=yes
		else
			silent=$((silent + 1))
			[ "$silent" -lt 3 ] || { echo silent && return; }
		fi
		[ "$(date +%s)" -lt "$deadline" ] || { echo deadline && return; }
		sleep 1
	done
}

# linger lets the viewers of a stream that has just ended see its end.
linger() {
	end=$(($(date +%s) + LINGER_SECONDS))
	while playlists && [ "$(date +%s)" -lt "$end" ]; do
		sleep 1
	done
}

deadline=$(($(date +%s) + DRAIN_SECONDS))
# Until the end publishers are taken: they only come when no other pod of the ingest is ready, and then a stream that may
# be cut at the deadline is better than none.
case $(outcome) in
gone)
	refuse
	linger
	say "the publishers have gone"
	;;
deadline)
	refuse
	say "ending the publishers: the deadline has come"
	# Through nginx, which tells the backend of each end; it takes no more connections, its own included, once it quits.
	fetch "/_control/drop/publisher?app=live" >/dev/null && sleep 1
	;;
silent)
	say "nginx does not answer"
	;;
esac
