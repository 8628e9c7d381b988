# shellcheck shell=sh
# Ends the streams that the backend takes for live although nobody publishes them: a pod that died told nobody of the
# end of its publishers. Its successor does so, since it always starts. Read by reap.sh.

# listed prints the keys of the streams that the backend takes for live. It fails when the backend does not answer.
listed() {
	skip=0
	while [ "$skip" -lt 5000 ]; do
		page=$(fetch "/_hook/streams?skip=$skip") || return 1
		# The quotes in a title are escaped: a piece that begins with a bare one is no piece of a title.
		keys=$(printf '%s\n' "$page" | tr ',{' '\n\n' |
			sed -n 's/^[[:space:]]*"stream_key"[[:space:]]*:[[:space:]]*"\([A-Za-z0-9._~-]\{1,\}\)".*$/\1/p')
		[ -n "$keys" ] || return 0
		printf '%s\n' "$keys"
		skip=$((skip + 100))
		[ "$(printf '%s\n' "$keys" | wc -l)" -ge 100 ] || return 0
	done
}

# onair prints the streams that the pods of the ingest have on air. It fails when one of them does not answer, and when
# the DNS does not know this very pod: it may not know the others either.
onair() {
	ordinal=0
	while [ "$ordinal" -lt "$MAX_PODS" ]; do
		stat=$(fetch "/_hook/peer/$ordinal") || return 1
		if [ -n "$stat" ]; then
			printf '%s\n' "$stat" | streams
		elif [ "$ordinal" = "${HOSTNAME##*-}" ]; then
			return 1
		fi
		ordinal=$((ordinal + 1))
	done
}

suspects=

# sweep looks twice after each start of nginx, so that a publisher has the time to come back. A stream that is live and
# on no pod both times has ended.
sweep() {
	now=$(date +%s)
	due=$(stat -c %Y -- "$RUN_DIR/started" 2>/dev/null) || return 0
	[ $((now - due)) -ge "$SWEEP_SECONDS" ] || return 0
	# Whatever goes wrong is tried again as late.
	touch "$RUN_DIR/started"
	live=$(listed) && seen=$(onair) || return 0
	silent=$(printf '%s\n' "$live" | grep -vxF -e "$seen")
	if [ -z "$suspects" ] && [ -n "$silent" ]; then
		suspects=$silent
		return 0
	fi
	ended=0
	for key in $(printf '%s\n' "$silent" | grep -xF -e "$suspects"); do
		fetch "/_hook/unpublish?app=live&name=$key" >/dev/null || return 0
		ended=$((ended + 1))
	done
	[ "$ended" -eq 0 ] || echo "reaper: marked $ended streams as ended that no pod has on air any more"
	suspects=
	rm -f "$RUN_DIR/started"
}
