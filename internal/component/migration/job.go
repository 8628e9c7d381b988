package migration

import (
	"fmt"
	"time"

	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	batchv1ac "k8s.io/client-go/applyconfigurations/batch/v1"
	corev1ac "k8s.io/client-go/applyconfigurations/core/v1"

	"github.com/xatube/xatube-operator/api/v1alpha1"
	"github.com/xatube/xatube-operator/internal/component"
	"github.com/xatube/xatube-operator/internal/component/backend"
	"github.com/xatube/xatube-operator/internal/component/naming"
	"github.com/xatube/xatube-operator/internal/component/postgres"
	"github.com/xatube/xatube-operator/internal/component/workload"
)

const (
	// retries of a failed attempt, after 10, 20 and 40 s: they outlast a failover.
	retries = 3
	// grace lets a transaction be rolled back.
	grace = 30 * time.Second

	tmp = "tmp"
)

// createTables is what each of upstream's replicas does at its start, and several at once get into each other's way.
const createTables = "import app.models.models; from app.core.database import Base, engine; Base.metadata.create_all(bind=engine)"

// JobName is the name of the Job for the wanted image. There is one for each image, command, content of the user's SQL
// and wish to try again; nothing else runs a migration once more.
func JobName(in component.Input) string {
	c := in.Cluster
	parts := []any{backend.Image(c), command(c), c.Annotations[naming.AnnotationRetry]}
	if source := c.Spec.Backend.Migration.SQLFrom; source != nil {
		// Content that is missing has a name too, of a Job that is never made.
		content, _ := sqlContent(in)
		parts = append(parts, source, content)
	}
	// Strings always have a JSON form.
	hash, _ := workload.Checksum(parts...)
	return naming.Child(c, naming.Migration) + "-" + hash[:8]
}

func command(c *v1alpha1.XaTubeCluster) []string {
	if given := c.Spec.Backend.Migration.Command; len(given) > 0 {
		return given
	}
	return []string{"python", "-c", createTables}
}

func job(in component.Input) (*batchv1ac.JobApplyConfiguration, error) {
	timeout, err := in.Cluster.Spec.Backend.Migration.Timeout.Parse()
	if err != nil {
		return nil, fmt.Errorf("spec.backend.migration.timeout: %w", err)
	}
	template, err := template(in)
	if err != nil {
		return nil, err
	}
	return batchv1ac.Job(JobName(in), in.Cluster.Namespace).
		WithLabels(naming.Labels(in.Cluster, naming.Migration)).
		WithSpec(batchv1ac.JobSpec().
			WithBackoffLimit(retries).
			WithActiveDeadlineSeconds(int64(timeout.Seconds())).
			// A drained node is no failure of the migration.
			WithPodFailurePolicy(batchv1ac.PodFailurePolicy().WithRules(batchv1ac.PodFailurePolicyRule().
				WithAction(batchv1.PodFailurePolicyActionIgnore).
				WithOnPodConditions(batchv1ac.PodFailurePolicyOnPodConditionsPattern().
					WithType(corev1.DisruptionTarget).WithStatus(corev1.ConditionTrue)))).
			WithTemplate(template)), nil
}

// template runs the command of the application first, then psql.
func template(in component.Input) (*corev1ac.PodTemplateSpecApplyConfiguration, error) {
	c := in.Cluster
	application, err := applicationContainer(in)
	if err != nil {
		return nil, err
	}
	sql, volumes, err := sqlContainer(in)
	if err != nil {
		return nil, err
	}
	volumes = append(volumes, workload.Scratch(tmp, resource.MustParse("1Gi")))
	if backend.SharesUploads(in) {
		// A volume that is made for its first consumer keeps all pods that wait for it on one node. This pod alone
		// waits, and the backends are free to spread.
		application.WithVolumeMounts(backend.UploadsMount())
		volumes = append(volumes, backend.UploadsVolume(c))
	}
	template, err := workload.Template(in, workload.Pod{
		Component:      naming.Migration,
		Settings:       c.Spec.Backend.Pod,
		User:           backend.User,
		Main:           application,
		InitContainers: []*corev1ac.ContainerApplyConfiguration{application},
		Containers:     []*corev1ac.ContainerApplyConfiguration{sql},
		Volumes:        volumes,
		GracePeriod:    grace,
		Single:         true,
	})
	if err != nil {
		return nil, err
	}
	// A failed attempt stays, with its log.
	template.Spec.WithRestartPolicy(corev1.RestartPolicyNever)
	return template, nil
}

func applicationContainer(in component.Input) (*corev1ac.ContainerApplyConfiguration, error) {
	c := in.Cluster
	env, err := backend.Environment(in, postgres.URLEnv(in))
	if err != nil {
		return nil, err
	}
	return workload.Container(in, naming.Migration, backend.Image(c), command(c)...).
		WithEnvFrom(backend.EnvFrom(c)...).
		WithEnv(env...).
		WithResources(workload.Requests("100m", "128Mi")).
		WithVolumeMounts(workload.Mount(tmp, "/"+tmp)), nil
}
