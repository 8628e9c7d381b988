package runbook

import "strings"

// Exception is a command that a test does not run as it is, or of which it wants less.
type Exception struct {
	// Part of the text of the command.
	Part string
	Kind Kind
	// Reason is for the reader.
	Reason string
}

// Kind of an exception.
type Kind string

const (
	// Absent means that what the command asks is not on the cluster of the tests.
	Absent Kind = "Absent"
	// Silent means that on a platform that is well it prints nothing.
	Silent Kind = "Silent"
	// Fails means that on a platform that is well it fails.
	Fails Kind = "Fails"
	// Lasts means that it goes on until it is ended.
	Lasts Kind = "Lasts"
)

// Exceptions of the documents.
var Exceptions = []Exception{
	{"kubectl top pods", Absent, "needs the metrics API"},
	{"kubectl cnpg ", Absent, "needs the plugin of CloudNativePG"},
	{"kubectl get certificate,", Absent, "needs cert-manager"},
	{"-c plugin-barman-cloud", Absent, "needs the plugin for backups, and an object store"},
	{"service/demo-kb-http", Absent, "needs the operator of Elasticsearch"},
	{"demo-es-elastic-user", Absent, "needs the operator of Elasticsearch"},
	{"purge_queue NAME", Absent, "the name is that of a queue that the reader has found; the application has none"},
	{"jsonpath='{.status.phase}'=Hibernated", Absent, "waits for a hibernation, which TestHibernation does"},
	{"--previous", Fails, "a container that has not crashed has no former log"},
	{"{.status.streaming}", Silent, "nobody is counted at rest"},
	{"{.status.postgres.promotion}", Silent, "nobody has asked for one"},
	{"{.status.postgres.lastFailover}", Silent, "there has been none"},
	{"-c prepare", Silent, "nginx -t says what is wrong"},
	{"-c gate", Silent, "the gate logs refusals, and nobody is refused"},
	{"-c exporter", Silent, "an exporter has nothing to complain of"},
	{"[?(@.type==\"Stalled\")].message", Silent, "nothing is stalled"},
	{"kubectl port-forward -n tube pod/", Silent, "nobody publishes"},
	{"kubectl port-forward service/", Lasts, "forwards until it is ended"},
	{"--max-log-requests 50 -f", Lasts, "follows"},
}

// ExceptionOf a command; none is the zero value.
func ExceptionOf(c Command) Exception {
	for _, e := range Exceptions {
		if strings.Contains(c.Text, e.Part) {
			return e
		}
	}
	return Exception{}
}
