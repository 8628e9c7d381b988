// Package observe is the only reader of the cluster: it turns what exists into Facts, a plain value from which
// everything else is decided.
package observe

import (
	"time"

	cnpgv1 "github.com/cloudnative-pg/api/pkg/api/v1"
	monitoringv1 "github.com/prometheus-operator/prometheus-operator/pkg/apis/monitoring/v1"
	appsv1 "k8s.io/api/apps/v1"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	gatewayv1 "sigs.k8s.io/gateway-api/apis/v1"

	"github.com/xatube/xatube-operator/internal/eck"
	"github.com/xatube/xatube-operator/internal/objectstore"
)

// Facts is what the cluster holds of one platform. Maps are keyed by object name. A reader never changes it.
type Facts struct {
	// At is when the facts were read.
	At time.Time

	// APIs that are installed, of those that some component needs.
	APIs map[schema.GroupVersionKind]bool

	Deployments  map[string]*appsv1.Deployment
	StatefulSets map[string]*appsv1.StatefulSet
	DaemonSets   map[string]*appsv1.DaemonSet
	Jobs         map[string]*batchv1.Job
	Claims       map[string]*corev1.PersistentVolumeClaim
	Services     map[string]*corev1.Service
	Ingresses    map[string]*networkingv1.Ingress
	HTTPRoutes   map[string]*gatewayv1.HTTPRoute
	TCPRoutes    map[string]*gatewayv1.TCPRoute
	// Revisions are the accepted workloads that a closed gate falls back to.
	Revisions map[string]*appsv1.ControllerRevision

	// Database is the CloudNativePG cluster; nil when there is none.
	Database *cnpgv1.Cluster

	// PrimarySilent is since when the database's primary has not renewed its lease; zero while it does, or when nobody
	// knows.
	PrimarySilent time.Time

	// Standbys are the states of replication by standby, as the primary tells, e.g. streaming. They are read only while
	// a switchover is asked for; StandbysUnknown then says why they could not be, and StandbysAwaited that the primary is
	// being asked.
	Standbys        map[string]string
	StandbysUnknown string
	StandbysAwaited bool

	// Pooler in front of the database; nil when there is none. Its Deployment, which CloudNativePG makes, is among
	// Deployments, and while that is not complete its pods are among Pods.
	Pooler *cnpgv1.Pooler

	// ObjectStore and ScheduledBackup of the database; nil when there are none.
	ObjectStore     *objectstore.ObjectStore
	ScheduledBackup *cnpgv1.ScheduledBackup

	// Prometheus that prometheus-operator runs for the platform; nil when there is none.
	Prometheus *monitoringv1.Prometheus
	// Elasticsearch and Kibana that ECK runs for the platform; nil when there are none.
	Elasticsearch *eck.Elasticsearch
	Kibana        *eck.Kibana

	// Secrets of this platform, and those that its spec names.
	Secrets map[string]*corev1.Secret

	// ConfigMaps that the spec names.
	ConfigMaps map[string]*corev1.ConfigMap

	// Pods of the platform, keyed by component.
	Pods map[string][]*corev1.Pod

	// Publishers is how many publishers the pods of the ingest have, keyed by pod name; read only while one of them
	// drains. A pod that did not answer is absent.
	Publishers map[string]int32

	// Alarms of the brokers that have any, keyed by pod name.
	Alarms map[string][]Alarm

	// Refusals are the newest messages of workload controllers that could not create pods, keyed by workload name.
	Refusals map[string]string

	// JobLogs are the last lines of the failed container of failed Jobs, redacted, keyed by Job name.
	JobLogs map[string]string

	// CrashLogs are the last lines of a container that ends again and again, redacted, keyed by pod name. There is one
	// of each component at most.
	CrashLogs map[string]string

	// LogsAwaited are the components of pods whose logs are being read for the first time. That takes seconds at most.
	LogsAwaited map[string]bool
}

// Installed says whether all of the APIs exist.
func (f Facts) Installed(kinds ...schema.GroupVersionKind) bool {
	for _, gvk := range kinds {
		if !f.APIs[gvk] {
			return false
		}
	}
	return true
}
