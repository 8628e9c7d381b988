package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/xatube/xatube-operator/internal/component/naming"
	"github.com/xatube/xatube-operator/test/drive"
)

// comparison of the platform with the baseline: what users saw of the same disturbance.
type comparison struct {
	Median   float64 `json:"rto_median_s"`
	Max      float64 `json:"rto_max_s"`
	Lost     int     `json:"lost"`
	Baseline float64 `json:"baseline_rto_median_s"`
	Ratio    float64 `json:"ratio"`

	Each          []float64 `json:"rto_s"`
	BaselineEach  []float64 `json:"baseline_rto_s"`
	BaselineLost  int       `json:"baseline_lost"`
	Acknowledged  int       `json:"acknowledged"`
	BaselineAcks  int       `json:"baseline_acknowledged"`
	Further       float64   `json:"further_s"`
	BaselineLater float64   `json:"baseline_further_s"`
	Timeline      moments   `json:"timeline"`
	BaselineLine  moments   `json:"baseline_timeline"`
}

// lean leaves room for everything of both sides on two small nodes.
const lean = `{resources: {requests: {cpu: 10m, memory: 64Mi}}, nodeSelector: {$SELECTOR}}`

// databasesTaint is tolerated by the instances of Postgres of both sides, and by nothing else.
const (
	databasesTaint = "xatube.io/databases-only"
	tolerated      = `{key: ` + databasesTaint + `, operator: Exists, effect: NoSchedule}`
)

// comparedPlatform is any side's, but for its database. The limits of the edge, which count by address, are out of the
// way of the writers, who have one.
const comparedPlatform = `{apiVersion: xatube.io/v1alpha1, kind: XaTubeCluster, metadata: {name: $NAME}, spec: {
  backend: {replicas: 2, uploads: {size: 1Gi}, pod: ` + lean + `},
  frontend: {replicas: 1, pod: ` + lean + `},
  edge: {replicas: 1, rateLimit: {api: {requestsPerSecond: 10000, burst: 10000}, web: {requestsPerSecond: 10000, burst: 10000}}, pod: ` + lean + `},
  postgres: $POSTGRES,
  redis: {maxMemory: 16Mi, pod: ` + lean + `},
  rabbitmq: {storage: {size: 1Gi}, pod: {resources: {requests: {cpu: 10m, memory: 256Mi}, limits: {memory: 512Mi}}, nodeSelector: {$SELECTOR}}},
  rtmp: {service: {type: ClusterIP}, pod: ` + lean + `}}}`

// baselineDatabase is CloudNativePG with its defaults, and with the durability of the platform: without it the two could
// not be compared by the rows that they lose.
const baselineDatabase = `{apiVersion: postgresql.cnpg.io/v1, kind: Cluster, metadata: {name: $NAME}, spec: {
  instances: $INSTANCES, imageName: "$IMAGE", imagePullPolicy: IfNotPresent, bootstrap: {initdb: {database: xatube, owner: xatube}},
  storage: {size: 1Gi, storageClass: $CLASS}, affinity: {tolerations: [` + tolerated + `]}, resources: {requests: {cpu: 10m, memory: 256Mi}},
  postgresql: {$DURABILITY}}}`

const durability = `synchronous: {method: any, number: 1, dataDurability: required, failoverQuorum: true}`

const (
	platformName = "tube"
	baselineName = "alone"
	baselineURL  = baselineName + "-url"
	pooledName   = "pooled"
)

// layout is where things run.
type layout struct {
	namespace string
	// node of all but the databases; empty: anywhere.
	node string
	// class of the volumes of the databases.
	class string
	// pooled adds a platform with a pooler, and with a database of its own.
	pooled bool
	// place puts the first instance of each database where it belongs, before there are others; nil: anywhere.
	place func(ctx context.Context, databases ...types.NamespacedName) error
}

// allInstances of either database.
const allInstances = 3

// platform makes the manifest of a platform.
func (l layout) platform(name, postgres string) string {
	selector := ""
	if l.node != "" {
		selector = corev1.LabelHostname + ": " + l.node
	}
	return strings.NewReplacer("$NAME", name, "$POSTGRES", postgres, "$SELECTOR", selector).Replace(comparedPlatform)
}

// managed is the platform whose database the operator asks for.
func (l layout) managed(instances int) string {
	return l.managedAs(platformName, instances, "")
}

// managedPooled is another one, with a pooler.
func (l layout) managedPooled(instances int) string {
	return l.managedAs(pooledName, instances, `pooler: {resources: {requests: {cpu: 10m, memory: 32Mi}}}, `)
}

func (l layout) managedAs(name string, instances int, pooler string) string {
	return l.platform(name, fmt.Sprintf(`{%sinstances: %d, storage: {size: 1Gi, storageClassName: %s}, pod: {
    resources: {requests: {cpu: 10m, memory: 256Mi}}, tolerations: [%s]}}`, pooler, instances, l.class, tolerated))
}

// external is the platform over the baseline.
func (l layout) external() string {
	return l.platform(baselineName, `{external: {secretRef: {name: `+baselineURL+`}}}`)
}

// alone is the database of the baseline. A single instance has no standby to wait for.
func (l layout) alone(instances int) string {
	wanted := durability
	if instances == 1 {
		wanted = ""
	}
	return strings.NewReplacer("$NAME", baselineName, "$INSTANCES", strconv.Itoa(instances), "$IMAGE", naming.ImagePostgres,
		"$CLASS", l.class, "$DURABILITY", wanted).Replace(baselineDatabase)
}

// managedSide is the platform whose database the operator asks for.
func (l layout) managedSide(kube *drive.Client) *side {
	return l.side(kube, "platform", platformName, platformName+"-"+naming.Postgres)
}

func (l layout) side(kube *drive.Client, name, platform, database string) *side {
	return &side{
		kube: kube, name: name,
		platform: types.NamespacedName{Namespace: l.namespace, Name: platform},
		database: types.NamespacedName{Namespace: l.namespace, Name: database},
	}
}

// start makes the platform, the same one over the baseline, and, if that is asked for, one with a pooler.
func (l layout) start(ctx context.Context, kube *drive.Client) (sides []*side, end func() error, err error) {
	if err := kube.CreateNamespace(ctx, l.namespace, nil); err != nil {
		return nil, nil, err
	}
	var stops []func()
	end = func() error {
		for _, stop := range stops {
			stop()
		}
		return kube.DeleteNamespace(context.WithoutCancel(ctx), l.namespace)
	}
	platform := l.managedSide(kube)
	baseline := l.side(kube, "CloudNativePG alone", baselineName, baselineName)
	sides = []*side{platform, baseline}
	if l.pooled {
		sides = append(sides, l.side(kube, "platform with a pooler", pooledName, pooledName+"-"+naming.Postgres))
	}
	if err := l.startAll(ctx, kube, sides); err != nil {
		return nil, nil, errors.Join(err, end())
	}
	for _, s := range sides {
		stop, err := s.open(ctx, l.node)
		if stop != nil {
			stops = append(stops, stop)
		}
		if err != nil {
			return nil, nil, errors.Join(kube.Explain(ctx, l.namespace, err), end())
		}
	}
	return sides, end, nil
}

// startAll starts the databases and then the platforms over them.
func (l layout) startAll(ctx context.Context, kube *drive.Client, sides []*side) error {
	platform, baseline := sides[0], sides[1]
	if err := l.startDatabases(ctx, kube, platform, baseline); err != nil {
		return err
	}
	if err := copyURL(ctx, kube, platform, baseline); err != nil {
		return err
	}
	manifests := l.external()
	if l.pooled {
		manifests += "\n---\n" + l.managedPooled(allInstances)
	}
	if err := kube.Apply(ctx, l.namespace, manifests); err != nil {
		return err
	}
	for _, s := range sides {
		if err := kube.WaitReady(ctx, s.platform, readyTimeout); err != nil {
			return err
		}
	}
	return nil
}

// startDatabases also starts the platform that asks for one of them.
func (l layout) startDatabases(ctx context.Context, kube *drive.Client, platform, baseline *side) error {
	if l.place != nil {
		if err := kube.Apply(ctx, l.namespace, l.managed(1)+"\n---\n"+l.alone(1)); err != nil {
			return err
		}
		if err := l.place(ctx, platform.database, baseline.database); err != nil {
			return err
		}
	}
	if err := kube.Apply(ctx, l.namespace, l.managed(allInstances)+"\n---\n"+l.alone(allInstances)); err != nil {
		return err
	}
	if err := kube.WaitWhole(ctx, baseline.database, readyTimeout); err != nil {
		return err
	}
	return kube.WaitReady(ctx, platform.platform, readyTimeout)
}

// copyURL makes the Secret that leads to the baseline: what CloudNativePG gives out, with the connection parameters that
// the operator adds for its own. Without them clients of a node that is gone hang for longer than the database needs,
// and it would be they that are compared. No door is before it: what the operator gives would take too long to give up.
func copyURL(ctx context.Context, kube *drive.Client, platform, baseline *side) error {
	parameters, err := connectionParameters(ctx, kube, platform.platform)
	if err != nil {
		return err
	}
	parameters = strings.Replace(parameters, "connect_timeout=30", "connect_timeout=5", 1)
	app := &corev1.Secret{}
	key := types.NamespacedName{Namespace: baseline.database.Namespace, Name: baseline.database.Name + "-app"}
	if err := kube.Get(ctx, key, app); err != nil {
		return fmt.Errorf("reading the URL of the baseline: %w", err)
	}
	url := &corev1.Secret{
		ObjectMeta: metav1.ObjectMeta{Namespace: key.Namespace, Name: baselineURL},
		StringData: map[string]string{"uri": string(app.Data["uri"]) + "?" + parameters},
	}
	if err := kube.Create(ctx, url); err != nil {
		return fmt.Errorf("making the URL of the baseline: %w", err)
	}
	return nil
}

// connectionParameters are those in the DATABASE_URL of a platform's backends.
func connectionParameters(ctx context.Context, kube *drive.Client, platform types.NamespacedName) (string, error) {
	pods, err := kube.Pods(ctx, platform, naming.Backend)
	if err != nil {
		return "", err
	}
	for i := range pods {
		for _, env := range pods[i].Spec.Containers[0].Env {
			if _, parameters, found := strings.Cut(env.Value, "?"); found && env.Name == "DATABASE_URL" {
				return parameters, nil
			}
		}
	}
	return "", fmt.Errorf("no backend of %s has connection parameters in its DATABASE_URL", platform)
}

// compare sums up what happened to both sides.
func compare(platform, baseline *side, ours, theirs account) comparison {
	each, baselineEach := lengths(platform.interruptions), lengths(baseline.interruptions)
	return comparison{
		Median: rounded(median(each), 1), Max: rounded(slices.Max(each), 1), Lost: len(ours.lost),
		Baseline: rounded(median(baselineEach), 1), Ratio: rounded(median(each)/median(baselineEach), 2),
		Each: each, BaselineEach: baselineEach, BaselineLost: len(theirs.lost),
		Acknowledged: len(ours.acknowledged), BaselineAcks: len(theirs.acknowledged),
		Further: further(platform.interruptions), BaselineLater: further(baseline.interruptions),
		Timeline: middle(platform.interruptions), BaselineLine: middle(baseline.interruptions),
	}
}

// accounts of both sides.
func accounts(ctx context.Context, platform, baseline *side) (ours, theirs account, err error) {
	if ours, err = platform.account(ctx); err != nil {
		return ours, theirs, err
	}
	theirs, err = baseline.account(ctx)
	return ours, theirs, err
}

func lengths(all []interruption) []float64 {
	var each []float64
	for _, i := range all {
		each = append(each, i.seconds)
	}
	return each
}

func further(all []interruption) float64 {
	sum := 0.0
	for _, i := range all {
		sum += i.further
	}
	return rounded(sum, 1)
}
