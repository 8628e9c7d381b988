package v1alpha1

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// XaTubeCluster is one XaTube platform: backends behind an NGINX edge, a frontend, Postgres, Redis, RabbitMQ and
// an RTMP ingest whose streams play as HLS. `spec: {}` is a complete platform.
//
// +kubebuilder:object:root=true
// +kubebuilder:subresource:status
// +kubebuilder:subresource:scale:specpath=.spec.backend.replicas,statuspath=.status.backend.replicas,selectorpath=.status.backend.selector
// +kubebuilder:resource:path=xatubeclusters,shortName=xtc,categories=all
// +kubebuilder:printcolumn:name="Ready",type=string,JSONPath=`.status.conditions[?(@.type=="Ready")].status`
// +kubebuilder:printcolumn:name="Phase",type=string,JSONPath=`.status.phase`
// +kubebuilder:printcolumn:name="Backends",type=string,JSONPath=`.status.backend.ready`
// +kubebuilder:printcolumn:name="Primary",type=string,JSONPath=`.status.postgres.primary`
// +kubebuilder:printcolumn:name="URL",type=string,JSONPath=`.status.endpoints.url`
// +kubebuilder:printcolumn:name="Image",type=string,priority=1,JSONPath=`.status.backend.image`
// +kubebuilder:printcolumn:name="Last Failover",type=date,priority=1,JSONPath=`.status.postgres.lastFailover.completedAt`
// +kubebuilder:printcolumn:name="Draining",type=string,priority=1,JSONPath=`.status.streaming.draining[*].pod`
// +kubebuilder:printcolumn:name="Age",type=date,JSONPath=`.metadata.creationTimestamp`
// +kubebuilder:validation:XValidation:rule="size(self.metadata.name) <= 35",message="metadata.name must have at most 35 characters: the names of the children add up to 28 more; choose a shorter name"
// +kubebuilder:validation:XValidation:rule="self.metadata.name.matches('^[a-z]([-a-z0-9]*[a-z0-9])?$')",message="metadata.name must start with a letter and hold only lower-case letters, digits and '-': it becomes the name of Services; write e.g. my-tube"
type XaTubeCluster struct {
	metav1.TypeMeta `json:",inline"`

	// metadata is the standard object metadata. The name is the prefix of every child's name.
	// +optional
	metav1.ObjectMeta `json:"metadata,omitempty,omitzero"`

	// spec is the wanted platform. Everything has a default.
	// +optional
	// +kubebuilder:default={}
	Spec XaTubeClusterSpec `json:"spec,omitempty,omitzero"`

	// status is what the operator last saw.
	// +optional
	Status XaTubeClusterStatus `json:"status,omitempty,omitzero"`
}

// XaTubeClusterList is a list of platforms.
//
// +kubebuilder:object:root=true
type XaTubeClusterList struct {
	metav1.TypeMeta `json:",inline"`

	// +optional
	metav1.ListMeta `json:"metadata,omitempty,omitzero"`

	Items []XaTubeCluster `json:"items"`
}

// DeletionPolicy says what happens to the data when the resource is deleted.
//
// +kubebuilder:validation:Enum=Retain;Delete
type DeletionPolicy string

// The deletion policies.
const (
	// DeletionRetain removes the workloads and keeps every volume, credential and the database, hibernated.
	DeletionRetain DeletionPolicy = "Retain"
	// DeletionDelete removes everything, data included.
	DeletionDelete DeletionPolicy = "Delete"
)

// PowerState says whether the platform runs.
//
// +kubebuilder:validation:Enum=Running;Hibernated
type PowerState string

// The power states.
const (
	// PowerRunning is the ordinary state.
	PowerRunning PowerState = "Running"
	// PowerHibernated stops everything and keeps every volume, credential and the database.
	PowerHibernated PowerState = "Hibernated"
)

// XaTubeClusterSpec is the wanted platform.
//
// The rule on resources stands here once and not in Resources, of which the CRD holds thirteen copies.
//
// +kubebuilder:validation:XValidation:rule="[[self.?backend.?pod.?resources.?requests, self.?backend.?pod.?resources.?limits], [self.?frontend.?pod.?resources.?requests, self.?frontend.?pod.?resources.?limits], [self.?edge.?pod.?resources.?requests, self.?edge.?pod.?resources.?limits], [self.?edge.?exporter.?resources.?requests, self.?edge.?exporter.?resources.?limits], [self.?postgres.?pod.?resources.?requests, self.?postgres.?pod.?resources.?limits], [self.?postgres.?pooler.?resources.?requests, self.?postgres.?pooler.?resources.?limits], [self.?redis.?pod.?resources.?requests, self.?redis.?pod.?resources.?limits], [self.?redis.?exporter.?resources.?requests, self.?redis.?exporter.?resources.?limits], [self.?rabbitmq.?pod.?resources.?requests, self.?rabbitmq.?pod.?resources.?limits], [self.?rtmp.?pod.?resources.?requests, self.?rtmp.?pod.?resources.?limits], [self.?monitoring.?prometheus.?resources.?requests, self.?monitoring.?prometheus.?resources.?limits], [self.?monitoring.?grafana.?resources.?requests, self.?monitoring.?grafana.?resources.?limits], [self.?logging.?collector.?resources.?requests, self.?logging.?collector.?resources.?limits]].all(r, r.all(m, m.orValue({}).all(k, k in ['cpu', 'memory', 'ephemeral-storage'] || r[1].hasValue() && k in r[1].value() && string(m.value()[k]) == string(r[1].value()[k]) && (k.matches('^hugepages-[1-9][0-9]{0,3}[KMG]i$') && quantity(string(m.value()[k])).isInteger() && quantity(string(m.value()[k])).asInteger() % quantity(k.substring(10)).asInteger() == 0 && r.exists(n, n.orValue({}).exists(c, c in ['cpu', 'memory'])) || string(m.value()[k]).matches('^[0-9]+$') && k.contains('/') && !format.qualifiedName().validate('requests.' + k).hasValue()))))",message="resources other than cpu, memory and ephemeral-storage need a valid name and a whole number in limits, and in requests the same or none, huge pages whole pages and cpu or memory beside them; write e.g. limits: {example.com/gpu: 1}"
type XaTubeClusterSpec struct {
	// powerState Hibernated stops everything but the data: first the ingest, whose publishers may finish within
	// rtmp.drainTimeout, then what answers viewers, last the database, cache and broker. Running resumes with all of it.
	// +optional
	// +kubebuilder:default=Running
	PowerState PowerState `json:"powerState,omitempty"`

	// imageDefaults applies to every image of the platform: one place for an air-gapped mirror.
	// +optional
	ImageDefaults *ImageDefaults `json:"imageDefaults,omitempty"`

	// backend is the FastAPI application.
	// +optional
	// +kubebuilder:default={}
	Backend BackendSpec `json:"backend,omitempty,omitzero"`

	// frontend is the React application.
	// +optional
	// +kubebuilder:default={}
	Frontend FrontendSpec `json:"frontend,omitempty,omitzero"`

	// edge is the NGINX load balancer in front of everything that speaks HTTP.
	// +optional
	// +kubebuilder:default={}
	Edge EdgeSpec `json:"edge,omitempty,omitzero"`

	// postgres is the database, run by CloudNativePG or external.
	// +optional
	// +kubebuilder:default={}
	Postgres PostgresSpec `json:"postgres,omitempty,omitzero"`

	// redis is the cache, managed or external.
	// +optional
	// +kubebuilder:default={}
	Redis RedisSpec `json:"redis,omitempty,omitzero"`

	// rabbitmq is the message broker, managed or external.
	// +optional
	// +kubebuilder:default={}
	RabbitMQ RabbitMQSpec `json:"rabbitmq,omitempty,omitzero"`

	// rtmp is the ingest: it takes RTMP streams and serves them as HLS and DASH.
	// +optional
	// +kubebuilder:default={}
	RTMP RTMPSpec `json:"rtmp,omitempty,omitzero"`

	// ingress publishes the edge through an Ingress. Absent: no Ingress.
	// +optional
	Ingress *IngressSpec `json:"ingress,omitempty"`

	// gateway publishes the edge through an HTTPRoute, and RTMP through a TCPRoute, of the Gateway API.
	// Absent: no routes.
	// +optional
	Gateway *GatewaySpec `json:"gateway,omitempty"`

	// monitoring by Prometheus.
	// +optional
	// +kubebuilder:default={}
	Monitoring MonitoringSpec `json:"monitoring,omitempty,omitzero"`
	// logging brings the log lines of all pods into an Elasticsearch. Absent: none.
	// +optional
	Logging *LoggingSpec `json:"logging,omitempty"`

	// networkPolicy Enabled lets nobody reach the pods but those who must. It takes a network plugin that enforces
	// NetworkPolicies; further ones of yours add to what is allowed.
	// +optional
	// +kubebuilder:default=Enabled
	NetworkPolicy Toggle `json:"networkPolicy,omitempty"`

	// deletionPolicy says what happens to the data when this resource is deleted.
	// +optional
	// +kubebuilder:default=Retain
	DeletionPolicy DeletionPolicy `json:"deletionPolicy,omitempty"`
}
