#!/bin/bash
# Runs the user's file of SQL, if there is one, and then makes the default indexes.
#
# In:  $1                the SQL that makes the default indexes
#      DATABASE_URL      as the backend takes it
#      INDEX_SECONDS     how long the indexes may take
#      SQL_FILE          the user's file; absent without one
#      SQL_CHECKSUM      the start of the file's SHA-256, as the Job was made for it
#      SQL_VERBOSITY     default, or terse where no line of the file may appear in the log
set -euo pipefail

# The list of processes shows what a program was called with, so the password becomes a variable.
url=$DATABASE_URL
take_password() {
	local encoded=${1//\\/\\\\}
	printf -v PGPASSWORD '%b' "${encoded//%/\\x}"
	export PGPASSWORD
}
rest=${url#*://}
login=${rest%%@*}
if [[ $login != "$rest" && $login == *:* && $login != */* ]]; then
	take_password "${login#*:}"
	url=${url%%://*}://${login%%:*}@${rest#*@}
fi
if [[ $url =~ ^(.*[?&])password=([^&]*)\&?(.*)$ ]]; then
	take_password "${BASH_REMATCH[2]}"
	url=${BASH_REMATCH[1]}${BASH_REMATCH[3]}
fi
export PGAPPNAME=${PGAPPNAME:-xatube-migration}
connect=(psql --no-psqlrc --quiet --no-password --tuples-only --no-align --dbname="$url")

fail() {
	echo "$*" >&2
	exit 1
}

# applied tells whether a file with this SHA-256 has been run on the database.
applied() {
	printf '%s\n' "SELECT to_regclass('xatube_operator_sql') IS NOT NULL AS known \\gset" '\if :known' \
		"SELECT 'applied' FROM xatube_operator_sql WHERE sha256 = :'sha256';" '\endif' |
		"${connect[@]}" --set=ON_ERROR_STOP=1 --set=sha256="$1" --file=-
}

# opening takes the lock that lets one file run at a time, records the file, and makes a COMMIT within it fail: the
# trigger is deferred to the end of the transaction, and is content only after the file has been read to its end.
opening() {
	cat <<-SQL
		BEGIN;
		SET LOCAL client_min_messages = warning;
		DO \$\$ BEGIN PERFORM pg_advisory_xact_lock(7881707801); END \$\$;
		CREATE TABLE IF NOT EXISTS xatube_operator_sql (sha256 text PRIMARY KEY, applied_at timestamptz NOT NULL DEFAULT now());
		INSERT INTO xatube_operator_sql (sha256) VALUES (:'sha256');
		CREATE TEMP TABLE xatube_unfinished (file text) ON COMMIT DROP;
		CREATE FUNCTION pg_temp.xatube_refuse_end() RETURNS trigger LANGUAGE plpgsql AS \$\$
		BEGIN
			IF EXISTS (SELECT FROM pg_temp.xatube_unfinished) THEN
				RAISE EXCEPTION 'migration.sql ends the transaction that it runs in'
					USING HINT = 'Remove COMMIT: the file is applied as a whole or not at all.';
			END IF;
			RETURN NULL;
		END \$\$;
		CREATE CONSTRAINT TRIGGER refuse_end AFTER INSERT ON pg_temp.xatube_unfinished
			DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION pg_temp.xatube_refuse_end();
		INSERT INTO pg_temp.xatube_unfinished VALUES ('migration.sql');
		SET LOCAL client_min_messages = notice;
		\\set VERBOSITY $SQL_VERBOSITY
		\\restrict $1
	SQL
}

closing() {
	cat <<-SQL
		\\unrestrict $1
		RESET ROLE;
		DO \$\$ BEGIN
			IF to_regclass('pg_temp.xatube_unfinished') IS NULL THEN
				RAISE EXCEPTION 'migration.sql ends the transaction that it runs in'
					USING HINT = 'Remove ROLLBACK: the file is applied as a whole or not at all.';
			END IF;
		END \$\$;
		DELETE FROM pg_temp.xatube_unfinished;
		COMMIT;
	SQL
}

run_file() {
	# What is run is what was hashed: the volume follows its source.
	cp "$SQL_FILE" migration.sql
	local sha256 key
	sha256=$(sha256sum <migration.sql | cut -c1-64)
	if [[ ${sha256:0:${#SQL_CHECKSUM}} != "$SQL_CHECKSUM" ]]; then
		fail "migration.sql is not the content that this Job is for: the node has not caught up yet, or a further change has its own Job"
	fi
	[[ $(psql --help=commands) == *'\unrestrict'* ]] ||
		fail "psql of this image cannot be kept from backslash commands: set spec.postgres.image to the newest minor version"
	if [[ $(applied "$sha256") == applied ]]; then
		echo "migration.sql has been applied before: sha256 $sha256"
		return
	fi
	key=$(od -An -N16 -tx1 /dev/urandom | tr -d ' \n')
	"${connect[@]}" --set=ON_ERROR_STOP=1 --set=AUTOCOMMIT=off --set=sha256="$sha256" \
		--file=<(opening "$key") --file=migration.sql --file=<(closing "$key")
	echo "migration.sql has been applied: sha256 $sha256"
}

# make_indexes never fails: an index that lacks slows lists down, and a migration that fails holds an update back.
make_indexes() {
	local wait
	for wait in 3 3 0; do
		printf '%s' "$1" | timeout "$INDEX_SECONDS" "${connect[@]}" --file=- && return
		# Exit code 124 is timeout's: the server finishes the index that it is making.
		[[ $? == 124 ]] && break
		sleep "$wait"
	done
	echo "WARNING: not all default indexes have been made; the next migration goes on with them" >&2
}

if [[ -n ${SQL_FILE-} ]]; then
	run_file
fi
make_indexes "$1"
