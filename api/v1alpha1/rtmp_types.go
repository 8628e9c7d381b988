package v1alpha1

import corev1 "k8s.io/api/core/v1"

// RTMPSpec is the ingest.
type RTMPSpec struct {
	// image with nginx, the rtmp module, sh and curl.
	// +optional
	Image Image `json:"image,omitempty"`

	// replicas of the ingest. A publisher lands on any of them, viewers find the stream through every edge.
	// +optional
	// +kubebuilder:default=1
	// +kubebuilder:validation:Minimum=1
	// +kubebuilder:validation:Maximum=20
	Replicas int32 `json:"replicas,omitempty"`

	// hls shapes the HLS output.
	// +optional
	// +kubebuilder:default={fragment: "3s", playlistLength: "20s"}
	HLS HLSSpec `json:"hls,omitempty,omitzero"`

	// dash adds MPEG-DASH output with the same fragments.
	// +optional
	// +kubebuilder:default=Enabled
	DASH Toggle `json:"dash,omitempty"`

	// scratch bounds the space for live fragments in each pod. At 80 % new publishers are refused.
	// +optional
	// +kubebuilder:default="10Gi"
	Scratch Size `json:"scratch,omitempty"`

	// recording keeps every stream as FLV on a volume. Absent: nothing is recorded.
	// +optional
	Recording *VolumeSpec `json:"recording,omitempty"`

	// drainTimeout is how long a pod that must go waits for its publishers to finish.
	// +optional
	// +kubebuilder:default="1h"
	// +kubebuilder:validation:XValidation:rule="duration(self) >= duration('0s') && duration(self) <= duration('24h')",message="drainTimeout must lie between 0s and 24h; write e.g. 1h"
	DrainTimeout Duration `json:"drainTimeout,omitempty"`

	// service through which publishers reach the ingest.
	// +optional
	// +kubebuilder:default={}
	Service RTMPServiceSpec `json:"service,omitempty,omitzero"`

	// exporter of metrics, which takes the publishers too; a part of the operator, in whose image it is by default.
	// +optional
	Exporter *ExporterImage `json:"exporter,omitempty"`

	// pod settings.
	// +optional
	// +kubebuilder:default={}
	Pod PodSettings `json:"pod,omitempty,omitzero"`
}

// HLSSpec shapes the HLS output.
//
// +kubebuilder:validation:XValidation:rule="duration(self.playlistLength) >= duration(self.fragment)",fieldPath=".playlistLength",message="playlistLength, 20s when absent, must not be shorter than fragment; raise it or shorten fragment"
type HLSSpec struct {
	// fragment is the length of one fragment.
	// +optional
	// +kubebuilder:default="3s"
	// +kubebuilder:validation:XValidation:rule="duration(self) >= duration('500ms') && duration(self) <= duration('30s')",message="fragment must lie between 500ms and 30s; write e.g. 3s"
	Fragment Duration `json:"fragment,omitempty"`

	// playlistLength is how far back a viewer can join.
	// +optional
	// +kubebuilder:default="20s"
	// +kubebuilder:validation:XValidation:rule="duration(self) > duration('0s') && duration(self) <= duration('1h')",message="playlistLength must be above 0s and at most 1h; write e.g. 20s"
	PlaylistLength Duration `json:"playlistLength,omitempty"`
}

// RTMPServiceSpec shapes the ingest's Service.
//
// +kubebuilder:validation:XValidation:rule="!has(self.loadBalancerSourceRanges) || size(self.loadBalancerSourceRanges) == 0 || !has(self.type) || self.type == 'LoadBalancer'",fieldPath=".loadBalancerSourceRanges",message="loadBalancerSourceRanges needs type: LoadBalancer; set it or remove the ranges"
type RTMPServiceSpec struct {
	ServiceSpec `json:",inline"`

	// type of the Service; LoadBalancer, or ClusterIP when a Gateway carries RTMP.
	// +optional
	// +kubebuilder:validation:Enum=ClusterIP;NodePort;LoadBalancer
	Type corev1.ServiceType `json:"type,omitempty"`
}
