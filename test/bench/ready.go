package main

import (
	"context"
	"encoding/json"
	"fmt"
	"math"
	"os"
	"slices"
	"time"

	cnpgv1 "github.com/cloudnative-pg/api/pkg/api/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/xatube/xatube-operator/api/v1alpha1"
	"github.com/xatube/xatube-operator/internal/component"
	"github.com/xatube/xatube-operator/internal/component/naming"
	"github.com/xatube/xatube-operator/internal/component/postgres"
	"github.com/xatube/xatube-operator/internal/observe"
	"github.com/xatube/xatube-operator/test/drive"
)

const (
	// readyRounds is how often each side is measured; the medians are compared.
	readyRounds = 3
	// readyTimeout of either side.
	readyTimeout = 10 * time.Minute
	// readyPlatform is the name of the platform.
	readyPlatform = "bench"
)

// readiness is how long a whole platform takes to be ready, next to its database alone on the same machine. The ratio
// says what the operator and the rest of the platform add.
type readiness struct {
	Bench    string  `json:"bench"`
	Platform float64 `json:"apply_to_ready_s"`
	Database float64 `json:"database_alone_s"`
	Ratio    float64 `json:"ratio"`
}

// ready measures both sides in turn, each in a namespace of its own that is gone before the next one begins.
func ready(ctx context.Context, kube *drive.Client) (any, error) {
	var databases, platforms []float64
	for round := range readyRounds {
		for _, side := range []struct {
			name    string
			measure func(context.Context, *drive.Client, string) (time.Duration, error)
			into    *[]float64
		}{
			{"database", databaseAlone, &databases},
			{"platform", wholePlatform, &platforms},
		} {
			took, err := inNamespace(ctx, kube, fmt.Sprintf("bench-ready-%s-%d", side.name, round), side.measure)
			if err != nil {
				return nil, err
			}
			fmt.Fprintf(os.Stderr, "round %d of %d: %s ready after %.1f s\n", round+1, readyRounds, side.name, took.Seconds())
			*side.into = append(*side.into, took.Seconds())
		}
	}
	database, platform := median(databases), median(platforms)
	return readiness{
		Bench: "ready", Platform: rounded(platform, 1), Database: rounded(database, 1), Ratio: rounded(platform/database, 2),
	}, nil
}

func inNamespace(ctx context.Context, kube *drive.Client, namespace string, measure func(context.Context, *drive.Client, string) (time.Duration, error)) (time.Duration, error) {
	if err := kube.CreateNamespace(ctx, namespace, nil); err != nil {
		return 0, err
	}
	took, err := measure(ctx, kube, namespace)
	if deleteErr := kube.DeleteNamespace(context.WithoutCancel(ctx), namespace); err == nil {
		err = deleteErr
	}
	return took, err
}

// wholePlatform is the time from the apply of `spec: {}` to Ready.
func wholePlatform(ctx context.Context, kube *drive.Client, namespace string) (time.Duration, error) {
	started := time.Now()
	platform, err := kube.ApplyPlatform(ctx, namespace, readyPlatform, "{}")
	if err != nil {
		return 0, err
	}
	err = kube.WaitReady(ctx, platform, readyTimeout)
	return time.Since(started), err
}

// databaseAlone is the time from the creation of the very database that the operator would ask for, to what the operator
// calls ready.
func databaseAlone(ctx context.Context, kube *drive.Client, namespace string) (time.Duration, error) {
	x, database, err := renderedDatabase(ctx, kube, namespace)
	if err != nil {
		return 0, err
	}
	started := time.Now()
	if err := kube.Create(ctx, database); err != nil {
		return 0, fmt.Errorf("creating the database: %w", err)
	}
	err = drive.Until(ctx, readyTimeout, "database", func(ctx context.Context) error {
		live := &cnpgv1.Cluster{}
		if err := kube.Get(ctx, client.ObjectKeyFromObject(database), live); err != nil {
			return fmt.Errorf("reading the database: %w", err)
		}
		health := postgres.New().Health(input(x, live))
		if !health.Healthy() {
			return fmt.Errorf("%s: %s", health.Reason, health.Message)
		}
		return nil
	})
	if err != nil {
		return 0, kube.Explain(ctx, namespace, err)
	}
	return time.Since(started), nil
}

// renderedDatabase is what the operator makes of `spec: {}`. A dry run fills in the defaults of the schema.
func renderedDatabase(ctx context.Context, kube *drive.Client, namespace string) (*v1alpha1.XaTubeCluster, *unstructured.Unstructured, error) {
	x := &v1alpha1.XaTubeCluster{ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: readyPlatform}}
	if err := kube.Create(ctx, x, client.DryRunAll); err != nil {
		return nil, nil, fmt.Errorf("filling in defaults: %w", err)
	}
	objects, err := postgres.New().Render(input(x, nil))
	if err != nil {
		return nil, nil, fmt.Errorf("rendering the database: %w", err)
	}
	for _, o := range objects {
		document, ok := o.(component.Document)
		if ok && document["kind"] == observe.CNPGCluster.Kind {
			database, err := decoded(document)
			return x, database, err
		}
	}
	return nil, nil, fmt.Errorf("%s renders no %s", naming.Postgres, observe.CNPGCluster.Kind)
}

func decoded(document component.Document) (*unstructured.Unstructured, error) {
	raw, err := json.Marshal(document)
	if err != nil {
		return nil, fmt.Errorf("encoding the rendered database: %w", err)
	}
	database := &unstructured.Unstructured{}
	if err := database.UnmarshalJSON(raw); err != nil {
		return nil, fmt.Errorf("decoding the rendered database: %w", err)
	}
	return database, nil
}

func input(x *v1alpha1.XaTubeCluster, database *cnpgv1.Cluster) component.Input {
	return component.Input{Cluster: x, Facts: observe.Facts{
		APIs: map[schema.GroupVersionKind]bool{observe.CNPGCluster: true}, Database: database,
	}}
}

func median(values []float64) float64 {
	sorted := slices.Sorted(slices.Values(values))
	middle := len(sorted) / 2
	if len(sorted)%2 == 1 {
		return sorted[middle]
	}
	return (sorted[middle-1] + sorted[middle]) / 2
}

func rounded(value float64, digits int) float64 {
	unit := math.Pow10(digits)
	return math.Round(value*unit) / unit
}
