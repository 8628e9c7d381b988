//go:build e2e

package e2e

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/xatube/xatube-operator/internal/component/naming"
	"github.com/xatube/xatube-operator/test/drive"
)

const (
	// scrapeTimeout covers a configuration of Prometheus and two scrapes.
	scrapeTimeout = 3 * time.Minute
	// alertTimeout covers the longest time for which one of these alerts waits, and what its queries look back on.
	alertTimeout = 12 * time.Minute
)

// watched is a platform with a Prometheus of its own and three instances of the database.
var watched = strings.NewReplacer("backend: {replicas: 1,", "backend: {replicas: 3,", "instances: 1,", "instances: 3,",
	"maxMemory: 16Mi", "maxMemory: 64Mi").Replace(drive.Small) + "\n  monitoring: {mode: Enabled, prometheus: {storage: {size: 1Gi}}, nodeExporter: {}}"

// TestMonitoring breaks a platform and reads the alerts of a real Prometheus. It needs prometheus-operator and the
// Prometheus of the cluster, which knows the operator's metrics: make test-e2e MONITORING=1.
func TestMonitoring(t *testing.T) {
	t.Parallel()
	_, err := kube.RESTMapper().RESTMapping(schema.GroupKind{Group: "monitoring.coreos.com", Kind: "Prometheus"})
	if meta.IsNoMatchError(err) {
		t.Skip("prometheus-operator is not installed: run make test-e2e MONITORING=1")
	}
	check(t, err)
	platform := apply(t, namespace(t), "watched", watched)
	ready(t, platform, readyTimeout)
	t.Run("ItsOwnPrometheusScrapesEveryPod", func(t *testing.T) { scrapesEveryPod(t, platform) })
	t.Run("ItsSeriesKeepTheirLabelsAndNoStreamKey", func(t *testing.T) { labelsSeries(t, platform) })
	t.Run("AlertsFireAndEnd", func(t *testing.T) { alertsFireAndEnd(t, platform) })
	t.Run("RolesFollowThePrimary", func(t *testing.T) { scrapesEveryPod(t, platform) })
	t.Run("LeavesNothingWhenDisabled", func(t *testing.T) { leavesNothing(t, platform) })
}

func openPrometheus(t *testing.T, namespace, service string) *drive.Prometheus {
	t.Helper()
	prometheus, stop, err := kube.Prometheus(t.Context(), namespace, service)
	check(t, err)
	t.Cleanup(stop)
	return prometheus
}

// scrapesEveryPod wants as many targets of each component as it has pods, all up, and with the labels that tell whose
// they are.
func scrapesEveryPod(t *testing.T, platform types.NamespacedName) {
	var nodes corev1.NodeList
	check(t, kube.List(t.Context(), &nodes))
	want := map[string]int{
		naming.Backend: 3, naming.Postgres: 3, naming.Edge: 1, naming.Redis: 1, naming.RabbitMQ: 1, naming.RTMP: 1,
		"prometheus": 1, "node-exporter": len(nodes.Items),
	}
	prometheus := openPrometheus(t, platform.Namespace, platform.Name+"-prometheus")
	check(t, drive.Until(t.Context(), scrapeTimeout, "targets", func(ctx context.Context) error {
		active, dropped, err := prometheus.Targets(ctx)
		if err != nil {
			return err
		}
		if err := missesTargets(active, platform, want); err != nil {
			return err
		}
		if err := missesPrimary(active, primary(t, platform)); err != nil {
			return err
		}
		return missesPools(active, dropped)
	}))
}

// missesTargets says which target is not up, not labelled, or not there.
func missesTargets(active []drive.Target, platform types.NamespacedName, want map[string]int) error {
	pods := map[string]map[string]bool{}
	for _, target := range active {
		l := target.Labels
		if target.Health != "up" {
			return fmt.Errorf("%s is %s: %s", l["pod"], target.Health, target.LastError)
		}
		if l["namespace"] != platform.Namespace || l["platform"] != platform.Name || l["pod"] == "" || l["instance"] != l["pod"] {
			return fmt.Errorf("a target of %s has the labels %v", target.Pool, l)
		}
		if pods[l["component"]] == nil {
			pods[l["component"]] = map[string]bool{}
		}
		pods[l["component"]][l["pod"]] = true
	}
	for _, component := range slices.Sorted(maps.Keys(want)) {
		if len(pods[component]) != want[component] {
			return fmt.Errorf("%d targets of %s, want %d", len(pods[component]), component, want[component])
		}
	}
	return nil
}

// missesPrimary says which instance of the database is not labelled as what it is.
func missesPrimary(active []drive.Target, primary string) error {
	for _, target := range active {
		l := target.Labels
		if want := map[bool]string{true: "primary", false: "replica"}[l["pod"] == primary]; l["component"] == naming.Postgres && l["role"] != want {
			return fmt.Errorf("the role of %s is %q, want %s", l["pod"], l["role"], want)
		}
	}
	return nil
}

// missesPools says which monitor finds pods and scrapes none of them. What a monitor's selector leaves out of the namespace
// counts as dropped too, so that the number alone says nothing.
func missesPools(active []drive.Target, dropped map[string]int) error {
	scraped := map[string]int{}
	for _, target := range active {
		scraped[target.Pool]++
	}
	for pool := range dropped {
		if scraped[pool] == 0 {
			return fmt.Errorf("monitor %s drops all its targets", pool)
		}
	}
	return nil
}

// labelsSeries publishes a stream: Prometheus counts its publisher, and knows no key. A label that a target has too is
// exported under another name, where no query looks for it.
func labelsSeries(t *testing.T, platform types.NamespacedName) {
	key := register(t, open(t, platform)).Channel.StreamKey
	_, err := kube.Publish(t.Context(), platform.Namespace, drive.IngestURL(platform), key, scrapeTimeout)
	check(t, err)
	prometheus := openPrometheus(t, platform.Namespace, platform.Name+"-prometheus")
	check(t, drive.Until(t.Context(), scrapeTimeout, "publisher", func(ctx context.Context) error {
		found, err := prometheus.Query(ctx, "nginx_rtmp_publishers > 0")
		if err == nil && len(found) == 0 {
			err = errors.New("nobody publishes")
		}
		return err
	}))
	all, err := prometheus.Query(t.Context(), `{namespace!=""}`)
	check(t, err)
	if len(all) == 0 {
		t.Fatal("there are no series")
	}
	for _, series := range all {
		for name, value := range series.Labels {
			if strings.Contains(value, key) || strings.HasPrefix(name, "exported_") {
				t.Errorf("%s of %s has the label %s", series.Labels["__name__"], series.Labels["pod"], name)
			}
		}
	}
}

// leavesNothing takes monitoring away from a platform that stays.
func leavesNothing(t *testing.T, platform types.NamespacedName) {
	check(t, kube.Change(t.Context(), platform, `{"spec":{"monitoring":{"mode":"Disabled","prometheus":null,"nodeExporter":null}}}`))
	check(t, drive.Until(t.Context(), changeTimeout, "end of monitoring", func(context.Context) error {
		if left := children(t, platform).Only("ServiceMonitor", "PodMonitor", "PrometheusRule", "Prometheus", "DaemonSet"); len(left) > 0 {
			return fmt.Errorf("there are %s", left)
		}
		return nil
	}))
	ready(t, platform, changeTimeout)
}

// alertsFireAndEnd kills the primary, lets a backend be missing and Redis evict, all at once: alerts take minutes.
func alertsFireAndEnd(t *testing.T, platform types.NamespacedName) {
	prometheus := openPrometheus(t, "monitoring", "prometheus-operated")
	alerts := []string{"XaTubeFailover", "XaTubeBackendReplicasMissing", "XaTubeRedisEvictions"}
	await := func(firing bool) {
		for _, name := range alerts {
			alert(t, prometheus, platform, name, firing)
		}
	}
	await(false)
	scrapesStandbys(t, prometheus, platform)
	waitFailover(t, platform, kill(t, platform))
	ready(t, platform, changeTimeout)
	admit := stopsABackend(t, platform)
	spare := fillsRedis(t, platform)
	await(true)
	admit()
	spare()
	await(false)
	ready(t, platform, changeTimeout)
}

// scrapesStandbys waits until Prometheus knows who is a standby. Of a failover before that it could not tell.
func scrapesStandbys(t *testing.T, prometheus *drive.Prometheus, platform types.NamespacedName) {
	t.Helper()
	query := fmt.Sprintf(`cnpg_collector_up{namespace=%q,platform=%q,role="replica"}`, platform.Namespace, platform.Name)
	check(t, drive.Until(t.Context(), scrapeTimeout, "scrapes of the standbys", func(ctx context.Context) error {
		found, err := prometheus.Query(ctx, query)
		if err == nil && len(found) != 2 {
			err = fmt.Errorf("%d were scraped, want 2", len(found))
		}
		return err
	}))
}

// alert waits until an alert of the platform fires, or does not.
func alert(t *testing.T, prometheus *drive.Prometheus, platform types.NamespacedName, name string, want bool) {
	t.Helper()
	started := time.Now()
	what := map[bool]string{true: "alert " + name, false: "end of alert " + name}[want]
	check(t, drive.Until(t.Context(), alertTimeout, what, func(ctx context.Context) error {
		firing, err := prometheus.Firing(ctx, platform.Namespace, platform.Name)
		if err == nil && slices.Contains(firing, name) != want {
			err = fmt.Errorf("firing are: %s", strings.Join(firing, ", "))
		}
		return err
	}))
	t.Logf("%s after %s", what, time.Since(started).Round(time.Second))
}

// stopsABackend deletes one, where a quota forbids its successor until mend takes that away.
func stopsABackend(t *testing.T, platform types.NamespacedName) (mend func()) {
	quota := &corev1.ResourceQuota{
		ObjectMeta: metav1.ObjectMeta{Namespace: platform.Namespace, Name: "no-more-pods"},
		Spec:       corev1.ResourceQuotaSpec{Hard: corev1.ResourceList{corev1.ResourcePods: resource.MustParse("1")}},
	}
	check(t, kube.Create(t.Context(), quota))
	pods, err := kube.Pods(t.Context(), platform, naming.Backend)
	check(t, err)
	check(t, kube.Delete(t.Context(), &pods[0]))
	ctx := context.WithoutCancel(t.Context())
	mend = sync.OnceFunc(func() {
		check(t, kube.Delete(ctx, quota))
		hurry(ctx, t, platform)
	})
	t.Cleanup(mend)
	return mend
}

// hurry lets Kubernetes try again to make backends. By itself it does so ever more rarely, at last each quarter of an hour.
func hurry(ctx context.Context, t *testing.T, platform types.NamespacedName) {
	t.Helper()
	var sets appsv1.ReplicaSetList
	check(t, kube.List(ctx, &sets, client.InNamespace(platform.Namespace),
		client.MatchingLabels{naming.LabelInstance: platform.Name, naming.LabelComponent: naming.Backend}))
	for i := range sets.Items {
		check(t, kube.Patch(ctx, &sets.Items[i], drive.Merge(`{"metadata":{"annotations":{"test":"try again"}}}`)))
	}
}

// fill writes ten megabytes of new keys within two seconds, with the login of the application.
const fill = `for file in /etc/redis-secret/login/*; do REDISCLI_AUTH=$(cat "$file"); break; done
export REDISCLI_AUTH
for round in 1 2 3 4 5 6 7 8 9 10; do
	sleep 0.2
	redis-cli -e eval 'for i = 1, 1000 do redis.call("set", "fill:" .. ARGV[1] .. ":" .. i, string.rep("x", 1000), "EX", 600) end' 0 "$(date +%s%N)" >/dev/null
done`

// fillsRedis writes more than fits, until mend.
func fillsRedis(t *testing.T, platform types.NamespacedName) (mend func()) {
	pods, err := kube.Pods(t.Context(), platform, naming.Redis)
	check(t, err)
	ctx, cancel := context.WithCancel(t.Context())
	var filling sync.WaitGroup
	filling.Go(func() {
		for ctx.Err() == nil {
			if _, err := kube.Exec(context.WithoutCancel(ctx), &pods[0], "sh", "-c", fill); err != nil {
				t.Errorf("filling Redis: %v", err)
				return
			}
		}
	})
	mend = func() {
		cancel()
		filling.Wait()
	}
	t.Cleanup(mend)
	return mend
}
