# shellcheck shell=sh
# What nginx says of the publishers of this pod. Read by drain.sh, reap.sh and sweep.sh.

# fetch prints what nginx answers to the scripts.
fetch() {
	if command -v curl >/dev/null 2>&1; then
		curl --fail --silent --show-error --max-time 5 "http://127.0.0.1:$CONTROL_PORT$1"
	else
		wget -q -O - -T 5 "http://127.0.0.1:$CONTROL_PORT$1"
	fi
}

# streams prints the name of each stream with a publisher, one a line, of the statistics that it is given.
streams() {
	tr -d '\r' |
		sed -n -e '/^<name>.*<\/name>$/{s/^<name>//;s/<\/name>$//;h;}' -e '/^<publishing\/>$/{g;p;}'
}

# publishers prints the streams of this pod. It fails when nginx does not answer.
publishers() {
	stat=$(fetch /stat) || return 1
	printf '%s\n' "$stat" | streams
}

# playlists says whether some stream can still be watched from this pod.
playlists() {
	for file in "$LIVE_DIR"/hls/*.m3u8 "$LIVE_DIR"/dash/*.mpd; do
		[ ! -e "$file" ] || return 0
	done
	return 1
}
