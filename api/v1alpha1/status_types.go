package v1alpha1

import metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

// Phase sums up the conditions in one word for people. Programs read the conditions.
//
// +kubebuilder:validation:Enum=Pending;Provisioning;Ready;Updating;Degraded;Stalled;Hibernated;Deleting
type Phase string

// The phases.
const (
	// PhasePending: the first pass has not ended.
	PhasePending Phase = "Pending"
	// PhaseProvisioning: the platform has never been ready and is being created.
	PhaseProvisioning Phase = "Provisioning"
	// PhaseReady: everything runs as the spec says.
	PhaseReady Phase = "Ready"
	// PhaseUpdating: a change of the spec is being rolled out.
	PhaseUpdating Phase = "Updating"
	// PhaseDegraded: the platform was ready and something in it is not now.
	PhaseDegraded Phase = "Degraded"
	// PhaseStalled: the operator waits for the user.
	PhaseStalled Phase = "Stalled"
	// PhaseHibernated: everything is stopped, as the spec says.
	PhaseHibernated Phase = "Hibernated"
	// PhaseDeleting: the resource is being deleted.
	PhaseDeleting Phase = "Deleting"
)

// XaTubeClusterStatus is what the operator last saw.
type XaTubeClusterStatus struct {
	// observedGeneration is the generation of the spec that this status speaks of.
	// +optional
	ObservedGeneration int64 `json:"observedGeneration,omitempty"`

	// phase sums up the conditions in one word.
	// +optional
	Phase Phase `json:"phase,omitempty"`

	// conditions are states, one for each part of the platform.
	// +optional
	// +listType=map
	// +listMapKey=type
	// +kubebuilder:validation:MaxItems=32
	Conditions []metav1.Condition `json:"conditions,omitempty"`

	// endpoints are the addresses of the platform.
	// +optional
	Endpoints *EndpointsStatus `json:"endpoints,omitempty"`

	// backend is the state of the backends.
	// +optional
	Backend *BackendStatus `json:"backend,omitempty"`

	// postgres is the state of the database.
	// +optional
	Postgres *PostgresStatus `json:"postgres,omitempty"`

	// settled is a fingerprint of what users had decided when the platform last came to rest.
	// +optional
	// +kubebuilder:validation:MaxLength=128
	Settled string `json:"settled,omitempty"`

	// operatorUpdate tells of the pods that a new version of the operator replaces; absent at other times.
	// +optional
	OperatorUpdate *OperatorUpdateStatus `json:"operatorUpdate,omitempty"`

	// unresolved are conditions that may need the user. One that lasts makes Stalled true.
	// +optional
	// +listType=map
	// +listMapKey=type
	// +kubebuilder:validation:MaxItems=32
	Unresolved []UnresolvedCondition `json:"unresolved,omitempty"`

	// streaming tells of the publishers while a pod of the ingest drains; absent at other times.
	// +optional
	Streaming *StreamingStatus `json:"streaming,omitempty"`

	// inventory lists every object that the operator has made for this resource.
	// +optional
	// +listType=atomic
	// +kubebuilder:validation:MaxItems=256
	Inventory []ObjectRef `json:"inventory,omitempty"`
}

// OperatorUpdateStatus tells of the pods that a new version of the operator replaces.
type OperatorUpdateStatus struct {
	// startedAt is when the turn of the platform began.
	// +required
	StartedAt metav1.Time `json:"startedAt,omitzero"`

	// components that are awaited: they were ready before.
	// +optional
	// +listType=set
	// +kubebuilder:validation:MaxItems=32
	// +kubebuilder:validation:items:MaxLength=63
	Components []string `json:"components,omitempty"`
}

// UnresolvedCondition is a condition that shows a reason which may need the user, or end by itself.
type UnresolvedCondition struct {
	// type of the condition.
	// +required
	// +kubebuilder:validation:MaxLength=63
	Type string `json:"type,omitempty"`

	// reason that it shows.
	// +required
	// +kubebuilder:validation:MaxLength=63
	Reason string `json:"reason,omitempty"`

	// since when it has shown that.
	// +required
	Since metav1.Time `json:"since,omitzero"`
}

// EndpointsStatus are the addresses of the platform.
type EndpointsStatus struct {
	// url of the web application and the API.
	// +optional
	URL string `json:"url,omitempty"`

	// rtmp is the address for publishers, without the stream key.
	// +optional
	RTMP string `json:"rtmp,omitempty"`
}

// BackendStatus is the state of the backends.
type BackendStatus struct {
	// image that has been accepted: migrated, and rolled out or being so.
	// +optional
	Image string `json:"image,omitempty"`

	// revision that has been accepted, by the name of its ControllerRevision.
	// +optional
	Revision string `json:"revision,omitempty"`

	// replicas that exist.
	// +optional
	Replicas int32 `json:"replicas"`

	// updatedReplicas run the accepted revision.
	// +optional
	UpdatedReplicas int32 `json:"updatedReplicas,omitempty"`

	// readyReplicas answer requests.
	// +optional
	ReadyReplicas int32 `json:"readyReplicas,omitempty"`

	// ready is readyReplicas over the wanted number, for people, e.g. 3/3.
	// +optional
	Ready string `json:"ready,omitempty"`

	// selector of the pods, for the scale subresource.
	// +optional
	Selector string `json:"selector,omitempty"`
}

// PostgresStatus is the state of the database.
type PostgresStatus struct {
	// primary is the instance that accepts writes; empty while the database sleeps.
	// +optional
	Primary string `json:"primary,omitempty"`

	// instances that are wanted.
	// +optional
	Instances int32 `json:"instances,omitempty"`

	// readyInstances that answer.
	// +optional
	ReadyInstances int32 `json:"readyInstances,omitempty"`

	// lastFailover tells of the last change of the primary.
	// +optional
	LastFailover *FailoverStatus `json:"lastFailover,omitempty"`

	// promotion tells what became of the request by annotation xatube.io/promote. Each value of the annotation is one
	// request.
	// +optional
	Promotion *PromotionStatus `json:"promotion,omitempty"`
}

// PromotionState is how far a requested switchover is.
//
// +kubebuilder:validation:Enum=Requested;InProgress;Completed;Superseded;Refused
type PromotionState string

// The states of a requested switchover. The last three are final: nothing is done for the same request again.
const (
	// PromotionRequested: the request is accepted and about to be handed to CloudNativePG.
	PromotionRequested PromotionState = "Requested"
	// PromotionInProgress: CloudNativePG is moving the primary.
	PromotionInProgress PromotionState = "InProgress"
	// PromotionCompleted: the instance has become the primary.
	PromotionCompleted PromotionState = "Completed"
	// PromotionSuperseded: CloudNativePG has made another instance the primary.
	PromotionSuperseded PromotionState = "Superseded"
	// PromotionRefused: the instance could not become the primary when it was asked for.
	PromotionRefused PromotionState = "Refused"
)

// Final says that nothing is done any more for the request.
func (s PromotionState) Final() bool {
	return s == PromotionCompleted || s == PromotionSuperseded || s == PromotionRefused
}

// PromotionStatus tells what became of a requested switchover.
type PromotionStatus struct {
	// request is the value of the annotation.
	// +required
	Request string `json:"request"`

	// state of the request.
	// +required
	State PromotionState `json:"state"`

	// from is the primary when the request was accepted.
	// +optional
	From string `json:"from,omitempty"`

	// message says why, and what to do.
	// +optional
	Message string `json:"message,omitempty"`
}

// FailoverKind tells why the primary changed.
//
// +kubebuilder:validation:Enum=Failover;Switchover
type FailoverKind string

// The kinds of changes of the primary.
const (
	// KindFailover: the former primary failed.
	KindFailover FailoverKind = "Failover"
	// KindSwitchover: the former primary was healthy and handed over, as somebody, an update or a drain of its node asked.
	KindSwitchover FailoverKind = "Switchover"
)

// FailoverStatus tells of one change of the primary.
type FailoverStatus struct {
	// from is the former primary.
	// +required
	From string `json:"from"`

	// kind says whether the former primary failed or handed over; empty when the change happened unseen.
	// +optional
	Kind FailoverKind `json:"kind,omitempty"`

	// to is the new primary; empty while none is found.
	// +optional
	To string `json:"to,omitempty"`

	// startedAt is when the operator saw the former primary fail or begin to hand over, or when that fell silent.
	// +required
	StartedAt metav1.MicroTime `json:"startedAt"`

	// completedAt is when the operator saw the new primary.
	// +optional
	CompletedAt *metav1.MicroTime `json:"completedAt,omitempty"`

	// seconds from startedAt to completedAt, with one decimal.
	// +optional
	Seconds string `json:"seconds,omitempty"`
}

// ObjectRef names one object in the namespace of the resource.
type ObjectRef struct {
	// apiVersion of the object.
	// +required
	APIVersion string `json:"apiVersion"`

	// kind of the object.
	// +required
	Kind string `json:"kind"`

	// name of the object.
	// +required
	Name string `json:"name"`
}
