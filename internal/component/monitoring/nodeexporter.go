package monitoring

import (
	"fmt"
	"time"

	appsv1ac "k8s.io/client-go/applyconfigurations/apps/v1"
	corev1ac "k8s.io/client-go/applyconfigurations/core/v1"
	metav1ac "k8s.io/client-go/applyconfigurations/meta/v1"

	"github.com/xatube/xatube-operator/internal/component"
	"github.com/xatube/xatube-operator/internal/component/hibernation"
	"github.com/xatube/xatube-operator/internal/component/naming"
	"github.com/xatube/xatube-operator/internal/component/workload"
)

// nobody is the user of the official images of Prometheus and of node-exporter.
const nobody = 65534

// nodeExporter on every node, without the node's folders, network and processes: a namespace with restricted Pod Security
// lets nobody have those, and port 9100 of a node may be taken. So it tells of processors, memory, load, disks and the file
// system of the kubelet, which a container sees of its node, and not of other file systems and of network interfaces.
func nodeExporter(in component.Input) ([]component.Object, error) {
	spec := in.Cluster.Spec.Monitoring.NodeExporter
	if spec == nil || hibernation.Wanted(in.Cluster) {
		return nil, nil
	}
	image := naming.Image(in.Cluster, spec.Image, naming.ImageNodeExporter)
	c := workload.Container(in, naming.NodeExporter, image, "/bin/node_exporter",
		fmt.Sprintf("--web.listen-address=:%d", naming.NodeExporterPort),
		// What would be the pod's own, taken for the node's.
		"--no-collector.netdev", "--no-collector.netclass", "--no-collector.netstat",
		"--no-collector.sockstat", "--no-collector.arp", "--no-collector.conntrack", "--no-collector.udp_queues").
		WithResources(workload.Requests("10m", "32Mi")).
		WithPorts(workload.Port(naming.PortMetrics, naming.NodeExporterPort)).
		WithLivenessProbe(workload.HTTPProbe(naming.PortMetrics, "/").
			WithTimeoutSeconds(3).WithPeriodSeconds(30).WithFailureThreshold(3))
	template, err := workload.Template(in, workload.Pod{
		Component:   naming.NodeExporter,
		User:        nobody,
		Containers:  []*corev1ac.ContainerApplyConfiguration{c},
		GracePeriod: 10 * time.Second,
		Single:      true,
	})
	if err != nil {
		return nil, err
	}
	// Every node, whatever it is kept for.
	template.Spec.WithTolerations(corev1ac.Toleration().WithOperator("Exists"))
	return []component.Object{appsv1ac.DaemonSet(naming.Child(in.Cluster, naming.NodeExporter), in.Cluster.Namespace).
		WithLabels(naming.Labels(in.Cluster, naming.NodeExporter)).
		WithSpec(appsv1ac.DaemonSetSpec().
			WithSelector(metav1ac.LabelSelector().WithMatchLabels(naming.Selector(in.Cluster, naming.NodeExporter))).
			WithTemplate(template))}, nil
}
