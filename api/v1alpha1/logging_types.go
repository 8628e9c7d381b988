package v1alpha1

// LoggingSpec brings the log lines of all pods of the platform into an Elasticsearch. The collector reads them on the
// nodes, which takes a privileged namespace.
//
// +kubebuilder:validation:XValidation:rule="has(self.endpoint) != has(self.elasticsearch)",message="set exactly one of logging.endpoint, an Elasticsearch that you have, and logging.elasticsearch, one that ECK runs for the platform"
type LoggingSpec struct {
	// endpoint is an Elasticsearch that the operator does not run.
	// +optional
	Endpoint *LogEndpoint `json:"endpoint,omitempty"`

	// elasticsearch is run by ECK (elastic.co/v1) for the platform.
	// +optional
	Elasticsearch *ElasticsearchSpec `json:"elasticsearch,omitempty"`

	// retention of the lines, in days.
	// +optional
	// +kubebuilder:default="30d"
	// +kubebuilder:validation:MaxLength=5
	// +kubebuilder:validation:XValidation:rule="self.matches('^[1-9][0-9]{0,3}d$')",message="must be a number of days; write e.g. 30d"
	Retention string `json:"retention,omitempty"`

	// collector is the DaemonSet that reads the lines.
	// +optional
	// +kubebuilder:default={}
	Collector CollectorSpec `json:"collector,omitempty,omitzero"`
}

// LogEndpoint is an Elasticsearch 8.14 or newer that somebody else runs.
type LogEndpoint struct {
	// url of the Elasticsearch.
	// +required
	// +kubebuilder:validation:MaxLength=512
	// +kubebuilder:validation:XValidation:rule="self.matches('^https?://[a-z0-9]([a-z0-9.-]*[a-z0-9])?(:[0-9]{1,5})?(/[A-Za-z0-9._-]+)*/?$')",message="must be a URL without user and query; write e.g. https://logs.example.com:9200"
	URL string `json:"url"`

	// secretRef names the Secret with the login: keys username and password, or key apiKey in its encoded form. Absent:
	// none is needed.
	// +optional
	SecretRef *LocalSecret `json:"secretRef,omitempty"`

	// caRef names the certificate of the authority that signed that of the server. Absent: a public one did.
	// +optional
	CARef *KeySelector `json:"caRef,omitempty"`

	// dataStream that the lines are written to. Default logs-xatube-<namespace>.<name>.
	// +optional
	// +kubebuilder:validation:MaxLength=200
	// +kubebuilder:validation:XValidation:rule="self.matches('^logs-[a-z0-9][a-z0-9._-]*$')",message="must start with logs- and hold lower-case letters, digits, '.', '_' and '-'; write e.g. logs-xatube-berlin"
	DataStream string `json:"dataStream,omitempty"`
}

// ElasticsearchSpec is an Elasticsearch that ECK runs. It is kept when logging is switched off, and when the platform is
// deleted under policy Retain.
type ElasticsearchSpec struct {
	// version of Elasticsearch and Kibana, 8.14 or newer.
	// +optional
	// +kubebuilder:default="9.4.1"
	// +kubebuilder:validation:MaxLength=16
	// +kubebuilder:validation:XValidation:rule="self.matches('^(8[.](1[4-9]|[2-9][0-9])|(9|[1-9][0-9])[.][0-9]{1,2})[.][0-9]{1,2}$')",message="must be a version of Elasticsearch, 8.14 or newer; write e.g. 9.4.1"
	Version string `json:"version,omitempty"`

	// nodes of Elasticsearch: 1, or 3 and more for one that survives the loss of a node.
	// +optional
	// +kubebuilder:default=1
	// +kubebuilder:validation:Minimum=1
	// +kubebuilder:validation:Maximum=9
	// +kubebuilder:validation:XValidation:rule="self != 2",message="two nodes cannot elect a master when one is lost: set nodes to 1 or 3"
	Nodes int32 `json:"nodes,omitempty"`

	// storage of each node.
	// +optional
	// +kubebuilder:default={size: "20Gi"}
	Storage VolumeSpec `json:"storage,omitempty,omitzero"`

	// memory of each node, requested and its limit; Elasticsearch takes half of it as its heap.
	// +optional
	// +kubebuilder:default="2Gi"
	// +kubebuilder:validation:XValidation:rule="quantity(self).compareTo(quantity('1Gi')) >= 0",message="memory must be at least 1Gi; write e.g. 2Gi"
	Memory Size `json:"memory,omitempty"`

	// kibana shows the lines. Absent: none.
	// +optional
	Kibana *KibanaSpec `json:"kibana,omitempty"`
}

// KibanaSpec is a Kibana that ECK runs.
type KibanaSpec struct {
	// replicas of Kibana.
	// +optional
	// +kubebuilder:default=1
	// +kubebuilder:validation:Minimum=1
	// +kubebuilder:validation:Maximum=9
	Replicas int32 `json:"replicas,omitempty"`
}

// CollectorSpec is the OpenTelemetry collector.
type CollectorSpec struct {
	// image of the collector, the contrib distribution 0.165.1 or newer.
	// +optional
	Image Image `json:"image,omitempty"`

	// resources of the collector.
	// +optional
	Resources *Resources `json:"resources,omitempty"`

	// queueSize on each node: what waits on its disk while Elasticsearch does not answer. When it is full, lines wait in
	// the files of the kubelet.
	// +optional
	// +kubebuilder:default="256Mi"
	// +kubebuilder:validation:XValidation:rule="quantity(self).compareTo(quantity('16Mi')) >= 0 && quantity(self).compareTo(quantity('16Gi')) <= 0",message="queueSize must lie between 16Mi and 16Gi; write e.g. 256Mi"
	QueueSize Size `json:"queueSize,omitempty"`
}
