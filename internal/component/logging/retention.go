package logging

import (
	_ "embed"
	"encoding/json"
	"path"
	"time"

	corev1 "k8s.io/api/core/v1"
	batchv1ac "k8s.io/client-go/applyconfigurations/batch/v1"
	corev1ac "k8s.io/client-go/applyconfigurations/core/v1"

	"github.com/xatube/xatube-operator/internal/component"
	"github.com/xatube/xatube-operator/internal/component/naming"
	"github.com/xatube/xatube-operator/internal/component/workload"
)

//go:embed file/retention.sh
var retentionScript string

const (
	retentionFile = "retention.sh"
	// clientUser needs no right on the node.
	clientUser = 65532
	// attempts are as good as endless: the kubelet waits up to five minutes between two of them.
	attempts = 100000
)

// template of the data stream. Of a line in JSON every field can be searched for, none of them has a type that another
// line could contradict, and none that is not named here makes a new field of the index.
func template(to sink, retention string) string {
	keyword := values{"type": "keyword"}
	// Maps always have a JSON form.
	text, _ := json.Marshal(values{
		"index_patterns": []string{to.stream},
		"data_stream":    values{},
		// Above Elasticsearch's own template for logs-*-*.
		"priority": 500,
		"template": values{
			"lifecycle": values{"data_retention": retention},
			"settings":  values{"index.auto_expand_replicas": "0-1"},
			"mappings": values{
				"dynamic": false,
				"properties": values{
					"@timestamp": values{"type": "date_nanos"},
					"message":    values{"type": "match_only_text"},
					"stream":     keyword,
					"json":       values{"type": "flattened", "ignore_above": 1024, "depth_limit": 100},
					"labels": values{"properties": values{
						"namespace": keyword, "platform": keyword, "component": keyword, "pod": keyword, "container": keyword, "node": keyword,
					}},
				},
			},
		},
		"_meta": values{"managed_by": naming.ManagedBy},
	})
	return string(text)
}

// retentionJob makes the data stream, with its template and the time that lines are kept. A change of any of them is
// another Job. curl comes with the image of the edge.
func retentionJob(in component.Input, to sink) (*batchv1ac.JobApplyConfiguration, error) {
	spec := in.Cluster.Spec
	image := naming.Image(in.Cluster, spec.Edge.Image, naming.ImageNginx)
	body := template(to, spec.Logging.Retention)
	main := workload.Container(in, "curl", image, "sh", path.Join(configPath, retentionFile)).
		WithEnv(
			corev1ac.EnvVar().WithName("URL").WithValue(to.url),
			corev1ac.EnvVar().WithName("STREAM").WithValue(to.stream),
			corev1ac.EnvVar().WithName("RETENTION").WithValue(spec.Logging.Retention),
			corev1ac.EnvVar().WithName("TEMPLATE").WithValue(body)).
		WithEnv(to.env(in)...).
		WithResources(workload.Requests("10m", "16Mi")).
		WithVolumeMounts(workload.Mount(volumeConfig, configPath).WithReadOnly(true))
	if to.ca != nil {
		main.WithEnv(corev1ac.EnvVar().WithName("CA").WithValue(path.Join(caPath, caFile)))
	}
	pod, err := workload.Template(in, workload.Pod{
		Component:  naming.LogRetention,
		User:       clientUser,
		Containers: []*corev1ac.ContainerApplyConfiguration{main},
		Volumes: append([]*corev1ac.VolumeApplyConfiguration{
			workload.ConfigVolume(volumeConfig, naming.Child(in.Cluster, naming.Logging)),
		}, to.trust(main)...),
		GracePeriod: 5 * time.Second,
		Single:      true,
	})
	if err != nil {
		return nil, err
	}
	// The kubelet starts the container again, with the login as it is then.
	pod.Spec.WithRestartPolicy(corev1.RestartPolicyOnFailure)
	name, err := retentionName(in, to)
	if err != nil {
		return nil, err
	}
	return batchv1ac.Job(name, in.Cluster.Namespace).
		WithLabels(naming.Labels(in.Cluster, naming.Logging)).
		WithSpec(batchv1ac.JobSpec().WithBackoffLimit(attempts).WithTemplate(pod)), nil
}

// retentionName changes with what the Job says and to whom; a Job cannot be changed.
func retentionName(in component.Input, to sink) (string, error) {
	hash, err := workload.Checksum(to.url, to.login, to.withKey(in), to.ca, in.Cluster.Spec.Logging.Retention, template(to, ""))
	if err != nil {
		return "", err
	}
	return naming.Child(in.Cluster, naming.Logging) + "-" + hash[:8], nil
}
