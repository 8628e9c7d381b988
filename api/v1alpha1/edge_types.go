package v1alpha1

import corev1 "k8s.io/api/core/v1"

// EdgeSpec is the NGINX load balancer.
type EdgeSpec struct {
	// image with nginx 1.27.4 or newer.
	// +optional
	Image Image `json:"image,omitempty"`

	// replicas of the load balancer.
	// +optional
	// +kubebuilder:default=2
	// +kubebuilder:validation:Minimum=1
	// +kubebuilder:validation:Maximum=50
	Replicas int32 `json:"replicas,omitempty"`

	// rateLimit bounds the requests of each visitor, known by his IPv4 address or IPv6 /64. Each edge pod counts for
	// itself.
	// +optional
	// +kubebuilder:default={}
	RateLimit RateLimitSpec `json:"rateLimit,omitempty,omitzero"`

	// cache of responses.
	// +optional
	// +kubebuilder:default={}
	Cache CacheSpec `json:"cache,omitempty,omitzero"`

	// service through which the edge is reached.
	// +optional
	// +kubebuilder:default={}
	Service EdgeServiceSpec `json:"service,omitempty,omitzero"`

	// tls ends TLS at the edge itself, on port 443 of its Service.
	// +optional
	TLS *TLSSpec `json:"tls,omitempty"`

	// trustedProxies are the networks whose X-Forwarded-For is believed. Absent, with an Ingress or a Gateway and a
	// Service of type ClusterIP: private networks.
	// +optional
	// +listType=set
	// +kubebuilder:validation:MaxItems=32
	TrustedProxies []CIDR `json:"trustedProxies,omitempty"`

	// headers of every answer.
	// +optional
	// +kubebuilder:default={}
	Headers EdgeHeaders `json:"headers,omitempty,omitzero"`

	// whileHibernated is what the edge does while spec.powerState is Hibernated: Stop with everything else, or Serve,
	// which answers every request with 503 and Retry-After.
	// +optional
	// +kubebuilder:default=Stop
	WhileHibernated WhileHibernated `json:"whileHibernated,omitempty"`

	// exporter of metrics.
	// +optional
	Exporter *ExporterSpec `json:"exporter,omitempty"`

	// pod settings.
	// +optional
	// +kubebuilder:default={}
	Pod PodSettings `json:"pod,omitempty,omitzero"`
}

// WhileHibernated is what the edge does while the platform is hibernated.
//
// +kubebuilder:validation:Enum=Stop;Serve
type WhileHibernated string

// The values of WhileHibernated.
const (
	// EdgeStop stops the edge too.
	EdgeStop WhileHibernated = "Stop"
	// EdgeServe lets the edge answer 503 with Retry-After.
	EdgeServe WhileHibernated = "Serve"
)

// RateLimitSpec bounds requests by client address.
type RateLimitSpec struct {
	// api is the limit of /api/.
	// +optional
	// +kubebuilder:default={requestsPerSecond: 10, burst: 20}
	API RateLimit `json:"api,omitempty,omitzero"`

	// web is the limit of everything else.
	// +optional
	// +kubebuilder:default={requestsPerSecond: 100, burst: 100}
	Web RateLimit `json:"web,omitempty,omitzero"`
}

// RateLimit is a rate and how far it may be exceeded for a moment. Over it the edge answers 429.
type RateLimit struct {
	// requestsPerSecond of one visitor at one edge pod, where a connection stays.
	// +required
	// +kubebuilder:validation:Minimum=1
	// +kubebuilder:validation:Maximum=1000000
	RequestsPerSecond int32 `json:"requestsPerSecond"`

	// burst is the number of requests above the rate that pass at once.
	// +optional
	// +kubebuilder:default=20
	// +kubebuilder:validation:Minimum=0
	// +kubebuilder:validation:Maximum=1000000
	Burst *int32 `json:"burst,omitempty"`
}

// EdgeHeaders are what differs from site to site in the security headers.
type EdgeHeaders struct {
	// frameAncestors may embed pages of this site, beside itself; * is everybody.
	// +optional
	// +listType=set
	// +kubebuilder:validation:MaxItems=16
	FrameAncestors []WebSource `json:"frameAncestors,omitempty"`

	// mediaSources serve video and streams to pages of this site, beside itself, e.g. a CDN.
	// +optional
	// +listType=set
	// +kubebuilder:validation:MaxItems=16
	MediaSources []WebSource `json:"mediaSources,omitempty"`

	// permissions that pages of this site may ask the visitor for.
	// +optional
	// +listType=set
	// +kubebuilder:validation:MaxItems=3
	Permissions []BrowserPermission `json:"permissions,omitempty"`

	// strictTransportSecurity is sent over TLS.
	// +optional
	// +kubebuilder:default={}
	StrictTransportSecurity StrictTransportSecurity `json:"strictTransportSecurity,omitempty,omitzero"`
}

// WebSource is where something comes from in a Content-Security-Policy.
//
// +kubebuilder:validation:MaxLength=253
// +kubebuilder:validation:XValidation:rule="self.matches('^([*]|https?://([*][.])?[a-z0-9]([-a-z0-9.]*[a-z0-9])?(:[0-9]{1,5})?)$')",message="must be scheme and host without a path, or *; write e.g. https://cdn.example.com or https://*.example.com"
type WebSource string

// BrowserPermission is a feature of browsers that asks the visitor.
//
// +kubebuilder:validation:Enum=camera;microphone;geolocation
type BrowserPermission string

// The values of BrowserPermission.
const (
	PermissionCamera      BrowserPermission = "camera"
	PermissionMicrophone  BrowserPermission = "microphone"
	PermissionGeolocation BrowserPermission = "geolocation"
)

// StrictTransportSecurity keeps browsers that have come by TLS from coming without.
type StrictTransportSecurity struct {
	// maxAge is how long a browser remembers; 0s makes it forget.
	// +optional
	// +kubebuilder:default="720h"
	// +kubebuilder:validation:XValidation:rule="duration(self) >= duration('0s') && duration(self) <= duration('17520h')",message="maxAge must lie between 0s and 17520h; write e.g. 8760h"
	MaxAge Duration `json:"maxAge,omitempty"`

	// includeSubDomains binds all hosts below this one too.
	// +optional
	// +kubebuilder:default=Disabled
	IncludeSubDomains Toggle `json:"includeSubDomains,omitempty"`
}

// CacheSpec bounds the caches of each edge pod.
type CacheSpec struct {
	// api is how long an anonymous GET of the API may be answered from the cache. 0s turns it off.
	// +optional
	// +kubebuilder:default="2s"
	// +kubebuilder:validation:XValidation:rule="duration(self) >= duration('0s') && duration(self) <= duration('1m')",message="the API cache holds 0s to 1m: its answers change; write e.g. 2s"
	API Duration `json:"api,omitempty"`

	// static is how long static files and uploads may be answered from the cache.
	// +optional
	// +kubebuilder:default="24h"
	// +kubebuilder:validation:XValidation:rule="duration(self) >= duration('0s') && duration(self) <= duration('8760h')",message="the static cache holds 0s to 8760h; write e.g. 24h"
	Static Duration `json:"static,omitempty"`

	// size of the cache on disk.
	// +optional
	// +kubebuilder:default="100Mi"
	Size Size `json:"size,omitempty"`
}

// EdgeServiceSpec shapes the edge's Service.
//
// +kubebuilder:validation:XValidation:rule="!has(self.loadBalancerSourceRanges) || size(self.loadBalancerSourceRanges) == 0 || self.type == 'LoadBalancer'",fieldPath=".loadBalancerSourceRanges",message="loadBalancerSourceRanges needs type: LoadBalancer; set it or remove the ranges"
type EdgeServiceSpec struct {
	ServiceSpec `json:",inline"`

	// type of the Service.
	// +optional
	// +kubebuilder:default=ClusterIP
	// +kubebuilder:validation:Enum=ClusterIP;NodePort;LoadBalancer
	Type corev1.ServiceType `json:"type,omitempty"`
}

// TLSSpec names a certificate.
type TLSSpec struct {
	// secretName of a Secret of type kubernetes.io/tls in this namespace.
	// +required
	SecretName ObjectName `json:"secretName"`
}

// IngressSpec publishes the edge through an Ingress.
//
// +kubebuilder:validation:XValidation:rule="!has(self.className) || !has(self.annotations) || !('kubernetes.io/ingress.class' in self.annotations)",fieldPath=".annotations",message="className and annotation kubernetes.io/ingress.class exclude each other; remove the annotation"
type IngressSpec struct {
	// host under which the platform is published.
	// +required
	// +kubebuilder:validation:XValidation:rule="!isIP(self)",message="host must be a name, not an address; write e.g. tube.example.com"
	Host Hostname `json:"host"`

	// className of the ingress controller; absent means the default class.
	// +optional
	ClassName *ObjectName `json:"className,omitempty"`

	// annotations of the Ingress, passed through. The operator adds none.
	// +optional
	// +kubebuilder:validation:MaxProperties=24
	// +kubebuilder:validation:XValidation:rule="self.all(k, !format.qualifiedName().validate(k).hasValue())",message="annotations need valid names; write e.g. cert-manager.io/cluster-issuer"
	Annotations map[string]AnnotationValue `json:"annotations,omitempty"`

	// tls of the Ingress.
	// +optional
	TLS *TLSSpec `json:"tls,omitempty"`
}

// GatewaySpec publishes the platform through the Gateway API.
type GatewaySpec struct {
	// parentRefs are the Gateways to attach to.
	// +required
	// +listType=atomic
	// +kubebuilder:validation:MinItems=1
	// +kubebuilder:validation:MaxItems=8
	// +kubebuilder:validation:XValidation:rule="self.all(p, self.exists_one(q, p.name == q.name && (has(p.__namespace__) ? p.__namespace__ : '') == (has(q.__namespace__) ? q.__namespace__ : '') && (!has(p.sectionName) || !has(q.sectionName) || p.sectionName == q.sectionName || has(p.rtmpSectionName) && has(q.rtmpSectionName) && p.rtmpSectionName == q.rtmpSectionName)))",message="two parentRefs to one Gateway need a sectionName each, and no listener twice; write rtmpSectionName beside sectionName"
	ParentRefs []GatewayRef `json:"parentRefs"`

	// hostnames of the HTTPRoute; absent means those of the listener.
	// +optional
	// +listType=set
	// +kubebuilder:validation:MaxItems=16
	// +kubebuilder:validation:XValidation:rule="self.all(h, !isIP(h))",message="hostnames must be names, not addresses; write e.g. tube.example.com"
	Hostnames []Hostname `json:"hostnames,omitempty"`
}

// GatewayRef names a Gateway and its listeners.
type GatewayRef struct {
	// name of the Gateway.
	// +required
	Name ObjectName `json:"name"`

	// namespace of the Gateway; absent means this one.
	// +optional
	// +kubebuilder:validation:Pattern=`^[a-z0-9]([-a-z0-9]*[a-z0-9])?$`
	// +kubebuilder:validation:MaxLength=63
	Namespace *string `json:"namespace,omitempty"`

	// sectionName is the listener for HTTP; absent means every listener that accepts the route.
	// +optional
	SectionName *ObjectName `json:"sectionName,omitempty"`

	// rtmpSectionName is the TCP listener for RTMP. Absent: this Gateway carries no RTMP.
	// +optional
	RTMPSectionName *ObjectName `json:"rtmpSectionName,omitempty"`
}
