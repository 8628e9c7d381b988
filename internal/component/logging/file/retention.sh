# Makes the data stream STREAM of the Elasticsearch at URL, by an index template of the same name, and sets how long its
# documents are kept. Done again it changes nothing. The login never stands in an argument.
set -eu

quote() {
	printf '%s' "$1" | sed 's/[\\"]/\\&/g'
}

login() {
	if [ -n "${ELASTICSEARCH_API_KEY:-}" ]; then
		printf 'header = "Authorization: ApiKey %s"\n' "$(quote "$ELASTICSEARCH_API_KEY")"
	elif [ -n "${ELASTICSEARCH_USERNAME:-}" ]; then
		printf 'user = "%s:%s"\n' "$(quote "$ELASTICSEARCH_USERNAME")" "$(quote "$ELASTICSEARCH_PASSWORD")"
	fi
	if [ -n "${CA:-}" ]; then
		printf 'cacert = "%s"\n' "$CA"
	fi
}

# ask METHOD PATH [BODY] prints the answer, and fails with it unless it is a good one.
ask() {
	login | curl --config - --silent --show-error --fail-with-body --max-time 30 --request "$1" \
		--header 'Content-Type: application/json' --data "${3:-}" "$URL/$2" && echo
}

ask PUT "_index_template/$STREAM" "$TEMPLATE"
if ! ask GET "_data_stream/$STREAM" >/dev/null 2>&1; then
	ask PUT "_data_stream/$STREAM"
fi
# The template counts for new data streams only.
ask PUT "_data_stream/$STREAM/_lifecycle" "{\"data_retention\":\"$RETENTION\"}"
