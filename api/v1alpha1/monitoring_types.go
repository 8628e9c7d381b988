package v1alpha1

// MonitoringMode says when the platform is monitored.
//
// +kubebuilder:validation:Enum=Auto;Enabled;Disabled
type MonitoringMode string

// The modes of monitoring.
const (
	// MonitoringAuto monitors while the APIs of prometheus-operator are installed, and says nothing while they are not.
	MonitoringAuto MonitoringMode = "Auto"
	// MonitoringEnabled is the same, but says in condition MonitoringReady what is not installed.
	MonitoringEnabled MonitoringMode = "Enabled"
	// MonitoringDisabled makes nothing, and takes the exporter out of the pods of the ingest.
	MonitoringDisabled MonitoringMode = "Disabled"
)

// MonitoringSpec lets a Prometheus of prometheus-operator scrape every service of the platform.
//
// +kubebuilder:validation:XValidation:rule="!has(self.mode) || self.mode != 'Disabled' || (!has(self.prometheus) && !has(self.grafana) && !has(self.nodeExporter))",fieldPath=".mode",message="mode Disabled makes nothing: remove prometheus, grafana and nodeExporter, or set mode to Auto or Enabled"
// +kubebuilder:validation:XValidation:rule="!has(self.grafana) || has(self.prometheus) != has(self.grafana.prometheusURL)",fieldPath=".grafana",message="grafana needs one source of data: add prometheus: {}, or set grafana.prometheusURL to one that you have, not both"
type MonitoringSpec struct {
	// mode Auto monitors while the APIs of prometheus-operator (monitoring.coreos.com/v1) are installed.
	// +optional
	// +kubebuilder:default=Auto
	Mode MonitoringMode `json:"mode,omitempty"`

	// interval between two scrapes.
	// +optional
	// +kubebuilder:default="15s"
	// +kubebuilder:validation:XValidation:rule="self.matches('^([0-9]+m)?([0-9]+s)?([0-9]+ms)?$') && duration(self) >= duration('5s') && duration(self) <= duration('5m')",message="interval must lie between 5s and 5m, in whole minutes, seconds and milliseconds; write e.g. 15s"
	Interval Duration `json:"interval,omitempty"`

	// labels added to monitors and rules, by which a Prometheus selects them, e.g. release: kube-prometheus-stack.
	// +optional
	// +kubebuilder:validation:MaxProperties=16
	// +kubebuilder:validation:XValidation:rule="self.all(k, !format.qualifiedName().validate(k).hasValue())",message="must have valid names; write e.g. release: kube-prometheus-stack"
	Labels map[string]LabelValue `json:"labels,omitempty"`

	// alerts of the PrometheusRule. Disabled leaves the recording rules, which the dashboards ask.
	// +optional
	// +kubebuilder:default=Enabled
	Alerts Toggle `json:"alerts,omitempty"`

	// scraperNamespaces are where the Prometheus runs that scrapes this platform. All pods in them reach the backends.
	// +optional
	// +kubebuilder:default={monitoring}
	// +listType=set
	// +kubebuilder:validation:MaxItems=16
	// +kubebuilder:validation:items:MaxLength=63
	ScraperNamespaces []ObjectName `json:"scraperNamespaces,omitempty"`

	// prometheus is one for this platform alone. Absent: one that you have finds the monitors by their labels.
	// +optional
	Prometheus *PrometheusSpec `json:"prometheus,omitempty"`

	// grafana for this platform alone. Absent: the dashboards are ConfigMaps, which one that you have may load.
	// +optional
	Grafana *GrafanaSpec `json:"grafana,omitempty"`

	// nodeExporter on every node, for processors and memory. Absent: there is one already, as with
	// kube-prometheus-stack.
	// +optional
	NodeExporter *ExporterImage `json:"nodeExporter,omitempty"`
}

// PrometheusSpec is a Prometheus that prometheus-operator runs.
type PrometheusSpec struct {
	// image of Prometheus 3.
	// +optional
	Image Image `json:"image,omitempty"`

	// retention of the samples.
	// +optional
	// +kubebuilder:default="30d"
	// +kubebuilder:validation:MaxLength=8
	// +kubebuilder:validation:XValidation:rule="self.matches('^[1-9][0-9]{0,5}[hdwy]$')",message="must be a number of hours, days, weeks or years; write e.g. 30d"
	Retention string `json:"retention,omitempty"`

	// storage of the samples. Absent: they end with the pod.
	// +optional
	Storage *VolumeSpec `json:"storage,omitempty"`

	// resources of Prometheus.
	// +optional
	Resources *Resources `json:"resources,omitempty"`
}

// GrafanaSpec is a Grafana with the dashboards of the platform. Its user is admin; the password is in Secret
// <name>-grafana.
type GrafanaSpec struct {
	// image of Grafana 12 or newer.
	// +optional
	Image Image `json:"image,omitempty"`

	// prometheusURL is a Prometheus that the operator does not run, as seen by Grafana's pod.
	// +optional
	// +kubebuilder:validation:MaxLength=512
	// +kubebuilder:validation:XValidation:rule="self.matches('^https?://[a-z0-9]([a-z0-9.-]*[a-z0-9])?(:[0-9]{1,5})?(/[A-Za-z0-9._-]+)*/?$')",message="must be a URL without user and query; write e.g. http://prometheus-operated.monitoring.svc:9090"
	PrometheusURL string `json:"prometheusURL,omitempty"`

	// edge Enabled publishes Grafana through the edge, under /grafana/. Otherwise only kubectl port-forward reaches it.
	// +optional
	// +kubebuilder:default=Disabled
	Edge Toggle `json:"edge,omitempty"`

	// resources of Grafana.
	// +optional
	Resources *Resources `json:"resources,omitempty"`
}

// Monitored says that the platform's own pods carry what monitoring needs. It depends on the spec alone: pods are not
// replaced because an API comes or goes.
func (c *XaTubeCluster) Monitored() bool { return c.Spec.Monitoring.Mode != MonitoringDisabled }
