//go:build e2e

package e2e

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/xatube/xatube-operator/api/v1alpha1"
	"github.com/xatube/xatube-operator/internal/component/naming"
	"github.com/xatube/xatube-operator/test/drive"
)

const (
	// seeds are the documents of the example in docs/operations.md, and a table that counts how often they were run.
	seeds = `CREATE TABLE IF NOT EXISTS runs (n serial);
INSERT INTO runs DEFAULT VALUES;
INSERT INTO documents (slug, title, content) VALUES
  ('terms-of-service', 'Terms of service', '<p>a</p>'),
  ('privacy-policy', 'Privacy policy', '<p>b</p>'),
  ('content-guidelines', 'Content guidelines', '<p>c</p>')
ON CONFLICT (slug) DO UPDATE SET content = excluded.content;
`
	sqlFrom = `{"spec":{"backend":{"migration":{"sqlFrom":{"configMapKeyRef":{"name":"seeds","key":"documents.sql"}}}}}}`
)

// TestMigration gives a platform the default indexes, which upstream's models lack, and documents by SQL of its own. C7.
func TestMigration(t *testing.T) {
	t.Parallel()
	ns := namespace(t)
	platform := apply(t, ns, "tube", drive.Small)
	ready(t, platform, readyTimeout)
	t.Run("Indexes", func(t *testing.T) { hasTheDefaultIndexes(t, platform) })
	source := &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Namespace: ns, Name: "seeds"}, Data: map[string]string{"documents.sql": seeds}}
	t.Run("Once", func(t *testing.T) { runsSQLOnce(t, platform, source) })
	t.Run("Changed", func(t *testing.T) { runsChangedSQL(t, platform, source) })
	t.Run("Broken", func(t *testing.T) { holdsBrokenSQL(t, platform, source) })
}

func hasTheDefaultIndexes(t *testing.T, platform types.NamespacedName) {
	made := strings.Fields(query(t, platform, "SELECT indexname FROM pg_indexes WHERE indexname LIKE 'xatube%' ORDER BY 1"))
	for _, want := range []string{
		"channels_user_id_idx", "streams_channel_id_idx", "statistics_channel_id_idx", "schedules_channel_id_idx",
		"stream_views_stream_id_idx", "stream_views_user_id_idx", "comments_stream_id_idx", "comments_user_id_idx",
		"subscriptions_channel_id_idx", "subscriptions_subscriber_id_channel_id_key",
	} {
		if !slices.Contains(made, "xatube_"+want) {
			t.Errorf("there is no index xatube_%s among %v", want, made)
		}
	}
	t.Logf("%d indexes: %s", len(made), strings.Join(made, " "))
}

// query asks the database of a platform of one instance.
func query(t *testing.T, platform types.NamespacedName, sql string) string {
	t.Helper()
	var pod corev1.Pod
	check(t, kube.Get(t.Context(), types.NamespacedName{Namespace: platform.Namespace, Name: platform.Name + "-postgres-1"}, &pod))
	out, err := kube.Exec(t.Context(), &pod, "psql", "-U", "postgres", "-d", "xatube", "-A", "-t", "-c", sql)
	check(t, err)
	return strings.TrimSpace(out)
}

func runsSQLOnce(t *testing.T, platform types.NamespacedName, source *corev1.ConfigMap) {
	former := query(t, platform, "SELECT count(*) FROM documents")
	check(t, kube.Change(t.Context(), platform, sqlFrom))
	reports(t, platform, v1alpha1.ConditionMigrationsApplied, v1alpha1.ReasonConfigMapNotFound, "ConfigMap seeds", "documents.sql")
	check(t, kube.Create(t.Context(), source))
	ready(t, platform, changeTimeout)
	if documents := list(t, platform); former != "0" || len(documents) != 3 {
		t.Errorf("%s documents before, %d after, want 0 and 3: %v", former, len(documents), documents)
	}
	// The Job that runs again does not run the SQL again.
	check(t, kube.Change(t.Context(), platform, `{"metadata":{"annotations":{"`+naming.AnnotationRetry+`":"again"}}}`))
	migrations(t, platform, 3)
	ready(t, platform, changeTimeout)
	ran(t, platform, "1")
}

// migrations waits until a platform has had so many, all of which are done.
func migrations(t *testing.T, platform types.NamespacedName, n int) {
	t.Helper()
	check(t, drive.Until(t.Context(), changeTimeout, fmt.Sprintf("%d migrations of %s", n, platform), func(ctx context.Context) error {
		var done int
		var jobs batchv1.JobList
		if err := kube.List(ctx, &jobs, client.InNamespace(platform.Namespace), client.MatchingLabels{naming.LabelComponent: naming.Migration}); err != nil {
			return err
		}
		for _, j := range jobs.Items {
			done += int(j.Status.Succeeded)
		}
		if done != n {
			return fmt.Errorf("%d are done", done)
		}
		return nil
	}))
}

func ran(t *testing.T, platform types.NamespacedName, want string) {
	t.Helper()
	if got := query(t, platform, "SELECT count(*) FROM runs"); got != want {
		t.Errorf("the SQL has run %s times, want %s", got, want)
	}
}

func list(t *testing.T, platform types.NamespacedName) (documents []map[string]any) {
	t.Helper()
	answer := get(t, open(t, platform), "/api/documents", http.StatusOK)
	check(t, json.Unmarshal(answer.Body, &documents))
	return documents
}

func runsChangedSQL(t *testing.T, platform types.NamespacedName, source *corev1.ConfigMap) {
	change(t, source, strings.ReplaceAll(seeds, "<p>a</p>", "<p>changed</p>"))
	migrations(t, platform, 4)
	ready(t, platform, changeTimeout)
	ran(t, platform, "2")
	text := query(t, platform, "SELECT content FROM documents WHERE slug = 'terms-of-service'")
	if text != "<p>changed</p>" {
		t.Errorf("the document is %q", text)
	}
}

func change(t *testing.T, source *corev1.ConfigMap, text string) {
	t.Helper()
	patch, err := json.Marshal(map[string]any{"data": map[string]string{"documents.sql": text}})
	check(t, err)
	edit(t, source, string(patch))
}

// holdsBrokenSQL sees a condition tell the line, the backend serve on, and nothing left of the file.
func holdsBrokenSQL(t *testing.T, platform types.NamespacedName, source *corev1.ConfigMap) {
	site := open(t, platform)
	user := register(t, site)
	former := children(t, platform).Only("Pod")
	change(t, source, "INSERT INTO runs DEFAULT VALUES;\n\nINSERT INTO nosuch VALUES (1);\n")
	failed, err := kube.WaitCondition(t.Context(), platform, v1alpha1.ConditionMigrationsApplied, metav1.ConditionFalse, v1alpha1.ReasonMigrationFailed, changeTimeout)
	check(t, err)
	t.Log(failed.Message)
	for _, text := range []string{`psql:migration.sql:3: ERROR:  relation "nosuch" does not exist`, "key documents.sql of ConfigMap seeds"} {
		if !strings.Contains(failed.Message, text) {
			t.Errorf("the condition does not tell %q: %s", text, failed.Message)
		}
	}
	_, err = user.Me(t.Context())
	check(t, err)
	for name, pod := range children(t, platform).Only("Pod") {
		if strings.Contains(name, "-"+naming.Backend+"-") && former[name] != pod {
			t.Errorf("%s is new: the backend was replaced", name)
		}
	}
	ran(t, platform, "2")
	change(t, source, "INSERT INTO runs DEFAULT VALUES;\n")
	ready(t, platform, changeTimeout)
	ran(t, platform, "3")
}
