package migration

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// tables are those of upstream's models, as far as the default indexes go.
const tables = `
CREATE TABLE channels (id serial PRIMARY KEY, user_id integer NOT NULL);
CREATE TABLE streams (id serial PRIMARY KEY, channel_id integer NOT NULL);
CREATE TABLE statistics (id serial PRIMARY KEY, channel_id integer NOT NULL, date varchar(10));
CREATE TABLE schedules (id serial PRIMARY KEY, channel_id integer NOT NULL);
CREATE TABLE stream_views (id serial PRIMARY KEY, stream_id integer NOT NULL, user_id integer);
CREATE TABLE comments (id serial PRIMARY KEY, stream_id integer NOT NULL, user_id integer NOT NULL);
CREATE TABLE subscriptions (id serial PRIMARY KEY, subscriber_id integer NOT NULL, channel_id integer NOT NULL, created_at timestamp);
CREATE TABLE documents (id serial PRIMARY KEY, slug varchar(50) UNIQUE NOT NULL);`

// allIndexes that the script makes on these tables.
var allIndexes = []string{
	"xatube_channels_user_id_idx", "xatube_comments_stream_id_idx", "xatube_comments_user_id_idx",
	"xatube_schedules_channel_id_idx", "xatube_statistics_channel_id_idx", "xatube_stream_views_stream_id_idx",
	"xatube_stream_views_user_id_idx", "xatube_streams_channel_id_idx", "xatube_subscriptions_channel_id_idx",
	"xatube_subscriptions_subscriber_id_channel_id_key",
}

const (
	ownIndexes = `SELECT indexrelid::regclass FROM pg_index WHERE indexrelid::regclass::text ~ '^xatube_.*_(idx|key)$' AND indisvalid ORDER BY 1`
	anyInvalid = `SELECT count(*) FROM pg_index WHERE NOT indisvalid`
	seed       = "INSERT INTO documents (slug) VALUES ('terms-of-service')"
)

// C7: what the script does on a real server.
func TestScript(t *testing.T) {
	s := startServer(t)
	t.Run("Indexes", func(t *testing.T) { makesIndexes(t, s) })
	t.Run("Once", func(t *testing.T) { runsAFileOnce(t, s) })
	t.Run("Race", func(t *testing.T) { runsAFileOnceAmongRivals(t, s) })
	t.Run("Broken", func(t *testing.T) { leavesNothingOfABrokenFile(t, s) })
	t.Run("Whole", func(t *testing.T) { acceptsWholeFiles(t, s) })
	t.Run("Rotated", func(t *testing.T) { actsAsTheOwner(t, s) })
	t.Run("Password", func(t *testing.T) { showsNoPassword(t, s) })
	t.Run("Away", func(t *testing.T) { indexesNeverFailAMigration(t, s) })
}

func makesIndexes(t *testing.T, s server) {
	tests := []struct {
		name   string
		before string
		lacks  []string
		log    string
	}{
		{name: "upstream", before: tables},
		{name: "foreign", before: "CREATE TABLE videos (id int); CREATE TABLE channels (id int); CREATE VIEW streams AS SELECT 1 AS channel_id", lacks: allIndexes},
		{name: "empty", before: "SELECT", lacks: allIndexes},
		{
			name: "own", lacks: []string{"xatube_channels_user_id_idx", "xatube_subscriptions_subscriber_id_channel_id_key"},
			before: tables + "CREATE INDEX mine ON channels (user_id, id); ALTER TABLE subscriptions ADD UNIQUE (channel_id, subscriber_id);" +
				"CREATE INDEX partial ON streams (channel_id) WHERE id > 5; CREATE INDEX second ON comments (id, user_id)",
			// The user's unique index leads with the channel.
		},
		{
			name: "duplicates", before: tables + "INSERT INTO subscriptions (subscriber_id, channel_id) VALUES (1, 2), (1, 2), (1, 3)",
			lacks: []string{"xatube_subscriptions_subscriber_id_channel_id_key"}, log: "WARNING: subscriptions holds 1 pairs of subscriber_id and channel_id",
		},
		{
			name: "history", before: tables + "ALTER TABLE subscriptions ADD ended_at timestamp",
			lacks: []string{"xatube_subscriptions_subscriber_id_channel_id_key"},
		},
		{
			name: "json", before: strings.Replace(tables, "channels (id serial PRIMARY KEY, user_id integer", "channels (id serial PRIMARY KEY, user_id json", 1),
			lacks: []string{"xatube_channels_user_id_idx"}, log: "channels (user_id): WARNING: no index",
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			d := s.newDatabase(t, "indexes_"+tt.name, tt.before)
			want := without(allIndexes, tt.lacks)
			if tt.name == "own" {
				want = without(want, []string{"xatube_subscriptions_channel_id_idx"})
			}
			for range 2 {
				code, log := attempt{url: d.url(), none: true}.run(t)
				if code != 0 || !strings.Contains(log, tt.log) || (tt.log == "" && strings.Contains(log, "ERROR")) {
					t.Errorf("exit code %d, want 0 and …%s…:\n%s", code, tt.log, log)
				}
				if diff := cmp.Diff(want, strings.Fields(d.query(t, ownIndexes))); diff != "" {
					t.Errorf("indexes (-want +got):\n%s\n%s", diff, log)
				}
			}
			if n := d.query(t, anyInvalid); n != "0" {
				t.Errorf("%s invalid indexes", n)
			}
			if d.query(t, "SELECT to_regclass('xatube_operator_sql') IS NULL") != "t" {
				t.Error("a table was made that nothing asked for")
			}
		})
	}
}

func without(names, lacks []string) []string {
	out := []string{}
	for _, n := range names {
		if !strings.Contains(" "+strings.Join(lacks, " ")+" ", " "+n+" ") {
			out = append(out, n)
		}
	}
	return out
}

func runsAFileOnce(t *testing.T, s server) {
	d := s.newDatabase(t, "once", tables)
	first := "CREATE TABLE runs (n int);\nINSERT INTO runs VALUES (1);\n" + seed
	steps := []struct{ sql, says string }{
		{first, "has been applied: "},
		{first, "has been applied before"},
		{"INSERT INTO runs VALUES (2);", "has been applied: "},
		{first, "has been applied before"},
		{"INSERT INTO runs VALUES (2);", "has been applied before"},
	}
	for i, step := range steps {
		code, log := attempt{url: d.url(), sql: step.sql}.run(t)
		if code != 0 || !strings.Contains(log, step.says) {
			t.Fatalf("step %d: exit code %d, want …%s…:\n%s", i, code, step.says, log)
		}
	}
	if got := d.query(t, "SELECT string_agg(n::text, ',' ORDER BY n) FROM runs"); got != "1,2" {
		t.Errorf("ran %s, want 1,2", got)
	}
	code, log := attempt{url: d.url(), sql: "INSERT INTO runs VALUES (3);", checksum: "0123456789abcdef"}.run(t)
	if code == 0 || !strings.Contains(log, "not the content that this Job is for") {
		t.Errorf("stale content: exit code %d:\n%s", code, log)
	}
	if got := d.query(t, "SELECT count(*) FROM runs"); got != "2" {
		t.Errorf("%s rows, want 2", got)
	}
}

// runsAFileOnceAmongRivals: the pod of a Job that goes may still run beside that of the next one.
func runsAFileOnceAmongRivals(t *testing.T, s server) {
	d := s.newDatabase(t, "race", tables+"CREATE TABLE runs (n int)")
	const rivals = 4
	type end struct {
		code int
		log  string
	}
	ends := make(chan end, rivals)
	for range rivals {
		go func() {
			code, log := attempt{url: d.url(), sql: "INSERT INTO runs VALUES (1); SELECT pg_sleep(0.5);"}.run(t)
			ends <- end{code, log}
		}()
	}
	won := 0
	for range rivals {
		e := <-ends
		if e.code == 0 {
			won++
		} else if !strings.Contains(e.log, "duplicate key value") {
			t.Errorf("exit code %d:\n%s", e.code, e.log)
		}
	}
	if got := d.query(t, "SELECT count(*) FROM runs"); got != "1" || won == 0 {
		t.Errorf("ran %s times, want once; %d of %d attempts ended well", got, won, rivals)
	}
	if got := d.query(t, anyInvalid); got != "0" {
		t.Errorf("%s invalid indexes", got)
	}
}

// leavesNothingOfABrokenFile: neither tables nor the record, so that the next attempt runs it again.
func leavesNothingOfABrokenFile(t *testing.T, s server) {
	tests := []struct{ name, sql, says string }{
		{"error", "CREATE TABLE made (i int);\n\nINSERT INTO nosuch VALUES (1);", `psql:migration.sql:3: ERROR:  relation "nosuch" does not exist`},
		{"commit", "CREATE TABLE made (i int);\nCOMMIT;\nCREATE TABLE more (i int);", "psql:migration.sql:2: ERROR:  migration.sql ends the transaction"},
		{"end", "BEGIN;\nCREATE TABLE made (i int);\nEND;", "psql:migration.sql:3: ERROR:  migration.sql ends the transaction"},
		{"chain", "CREATE TABLE made (i int);\nCOMMIT AND CHAIN;", "psql:migration.sql:2: ERROR:  migration.sql ends the transaction"},
		{"rollback", "CREATE TABLE gone (i int);\nROLLBACK;\nCREATE TABLE made (i int);", "Remove ROLLBACK"},
		{"prepare", "CREATE TABLE made (i int);\nPREPARE TRANSACTION 'x';", "ERROR"},
		{"shell", "CREATE TABLE made (i int);\n\\! touch /tmp/made\n", "psql:migration.sql:2: error: backslash commands are restricted"},
		{"setting", "CREATE TABLE made (i int);\n\\set ON_ERROR_STOP off\nSELECT 1/0;", "psql:migration.sql:2: error: backslash commands are restricted"},
		{"quote", "CREATE TABLE made (i int);\nSELECT 'open", "psql:migration.sql:2: ERROR:  unterminated quoted string"},
		{"concurrently", "CREATE TABLE made (i int);\nCREATE INDEX CONCURRENTLY x ON made (i);", "cannot run inside a transaction block"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			d := s.newDatabase(t, "broken_"+tt.name)
			code, log := attempt{url: d.url(), sql: tt.sql}.run(t)
			if code == 0 || !strings.Contains(log, tt.says) {
				t.Errorf("exit code %d, want another than 0 and …%s…:\n%s", code, tt.says, log)
			}
			if got := d.query(t, "SELECT count(*) FROM pg_tables WHERE schemaname = 'public'"); got != "0" {
				t.Errorf("%s tables are left", got)
			}
		})
	}
}

// acceptsWholeFiles that change the session: the record does not depend on it.
func acceptsWholeFiles(t *testing.T, s server) {
	tests := []struct{ name, sql string }{
		{"nothing", ""},
		{"comment", "-- nothing\n"},
		{"unended", "CREATE TABLE made (i int)"},
		{"dump", "SELECT pg_catalog.set_config('search_path', '', false);\nSET client_min_messages = error;\nCREATE TABLE public.made (i int);\nCOPY public.made FROM stdin;\n1\n\\.\n"},
		{"role", "CREATE ROLE whole_other;\nSET ROLE whole_other;"},
		{"block", "DO $$ BEGIN CREATE TABLE made (i int); END $$;"},
		{"savepoint", "SAVEPOINT a;\nCREATE TABLE gone (i int);\nROLLBACK TO a;\nCREATE TABLE made (i int);"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			d := s.newDatabase(t, "whole_"+tt.name)
			for _, says := range []string{"has been applied: ", "has been applied before"} {
				if code, log := (attempt{url: d.url(), sql: tt.sql}).run(t); code != 0 || !strings.Contains(log, says) {
					t.Errorf("exit code %d, want 0 and …%s…:\n%s", code, says, log)
				}
			}
		})
	}
}

// actsAsTheOwner with the login of a rotation, which owns nothing: all that is made belongs to the role of the URL's options.
func actsAsTheOwner(t *testing.T, s server) {
	d := s.newDatabase(t, "rotated", "CREATE ROLE app", "ALTER DATABASE rotated OWNER TO app", "SET ROLE app;"+tables)
	code, log := attempt{url: d.url() + "&options=-crole%3Dapp", sql: "CREATE TABLE made (i int); SET ROLE NONE;"}.run(t)
	if code != 0 || !strings.Contains(log, "channels (user_id): indexed") {
		t.Errorf("exit code %d:\n%s", code, log)
	}
	got := d.query(t, "SELECT string_agg(DISTINCT pg_get_userbyid(relowner), ',') FROM pg_class WHERE relnamespace = 'public'::regnamespace")
	if got != "app" {
		t.Errorf("what was made belongs to %s, want app", got)
	}
}

// showsNoPassword in the arguments of psql, whatever the form of the URL, nor lines of a file that a Secret holds.
func showsNoPassword(t *testing.T, s server) {
	d := s.newDatabase(t, "password")
	folder := t.TempDir()
	psql := "#!/bin/sh\necho \"$@\" >>" + folder + "/arguments\nPATH=" + os.Getenv("PATH") + " exec psql \"$@\"\n"
	if err := os.WriteFile(filepath.Join(folder, "psql"), []byte(psql), 0o700); err != nil { //nolint:gosec // a program
		t.Fatal(err)
	}
	given := d.url()
	encoded := strings.TrimPrefix(strings.SplitN(given, "@", 2)[0], "postgresql://"+role+":")
	bare := strings.Replace(given, ":"+encoded, "", 1)
	for _, address := range []string{given, bare + "&password=" + encoded, strings.Replace(bare, "?", "?password="+encoded+"&", 1)} {
		code, log := attempt{url: address, sql: "SELECT 1;", path: folder + ":" + os.Getenv("PATH")}.run(t)
		if code != 0 {
			t.Errorf("exit code %d:\n%s", code, log)
		}
	}
	arguments, err := os.ReadFile(filepath.Join(folder, "arguments")) //nolint:gosec // of the test alone
	if err != nil {
		t.Fatal(err)
	}
	for _, text := range []string{encoded, password, "password="} {
		if strings.Contains(string(arguments), text) {
			t.Errorf("%s is among the arguments of psql:\n%s", text, arguments)
		}
	}
	old := "#!/bin/sh\ntest \"$1\" = --help=commands || PATH=" + os.Getenv("PATH") + " exec psql \"$@\"\n"
	if err := os.WriteFile(filepath.Join(folder, "psql"), []byte(old), 0o700); err != nil { //nolint:gosec // a program
		t.Fatal(err)
	}
	if code, log := (attempt{url: given, sql: "SELECT 2;", path: folder + ":" + os.Getenv("PATH")}).run(t); code == 0 || !strings.Contains(log, "set spec.postgres.image") {
		t.Errorf("a psql that cannot be restricted: exit code %d:\n%s", code, log)
	}
	broken := fmt.Sprintf("INSERT INTO nosuch VALUES ('%s');", "hidden-value")
	if _, log := (attempt{url: given, sql: broken, verbosity: "terse"}).run(t); !strings.Contains(log, "psql:migration.sql:1: ERROR") || strings.Contains(log, "hidden") {
		t.Errorf("want the place of the error without its line:\n%s", log)
	}
}

func indexesNeverFailAMigration(t *testing.T, s server) {
	away := strings.Replace(database{s, "postgres"}.url(), s.port, freePort(t), 1)
	code, log := attempt{url: away, none: true}.run(t)
	if code != 0 || !strings.Contains(log, "WARNING: not all default indexes") {
		t.Errorf("without SQL: exit code %d:\n%s", code, log)
	}
	if code, log := (attempt{url: away, sql: "SELECT 1;"}).run(t); code == 0 || !strings.Contains(log, "refused") {
		t.Errorf("with SQL: exit code %d:\n%s", code, log)
	}
}
