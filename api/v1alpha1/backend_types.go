package v1alpha1

import corev1 "k8s.io/api/core/v1"

// BackendSpec is the FastAPI application.
type BackendSpec struct {
	// image of the backend. A new image runs the migration first, then rolls the pods.
	// +optional
	Image Image `json:"image,omitempty"`

	// command replaces the start of the server; absent means upstream's uvicorn.
	// +optional
	// +listType=atomic
	// +kubebuilder:validation:MinItems=1
	// +kubebuilder:validation:MaxItems=32
	// +kubebuilder:validation:items:MaxLength=1024
	Command []string `json:"command,omitempty"`

	// replicas of the backend. Ignored while autoscaling is set. Zero stops the backend by choice.
	// +optional
	// +kubebuilder:default=3
	// +kubebuilder:validation:Minimum=0
	// +kubebuilder:validation:Maximum=200
	Replicas *int32 `json:"replicas,omitempty"`

	// autoscaling lets a HorizontalPodAutoscaler own the number of replicas.
	// +optional
	Autoscaling *AutoscalingSpec `json:"autoscaling,omitempty"`

	// workers is the number of server processes in each pod. Chat rooms and metrics live in one process, so more
	// than one splits the chat of a stream: scale by replicas first.
	// +optional
	// +kubebuilder:default=1
	// +kubebuilder:validation:Minimum=1
	// +kubebuilder:validation:Maximum=32
	Workers int32 `json:"workers,omitempty"`

	// chat bounds the open chats of a pod.
	// +optional
	// +kubebuilder:default={}
	Chat ChatSpec `json:"chat,omitempty,omitzero"`

	// settings of the application that are not secret.
	// +optional
	// +kubebuilder:default={}
	Settings BackendSettings `json:"settings,omitempty,omitzero"`

	// envFrom adds every key of Secrets and ConfigMaps to the environment. The platform's own variables win.
	// +optional
	// +listType=atomic
	// +kubebuilder:validation:MaxItems=16
	EnvFrom []EnvFromSource `json:"envFrom,omitempty"`

	// migration runs once for each image, command and content of its SQL, before the pods start.
	// +optional
	// +kubebuilder:default={}
	Migration MigrationSpec `json:"migration,omitempty,omitzero"`

	// rollout of new revisions.
	// +optional
	// +kubebuilder:default={}
	Rollout RolloutSpec `json:"rollout,omitempty,omitzero"`

	// uploads is the volume that all replicas share for avatars and videos.
	// +optional
	// +kubebuilder:default={size: "20Gi", accessModes: {ReadWriteMany}}
	Uploads UploadsSpec `json:"uploads,omitempty,omitzero"`

	// pod settings.
	// +optional
	// +kubebuilder:default={}
	Pod PodSettings `json:"pod,omitempty,omitzero"`
}

// ChatOverflow says where a viewer goes whose room is on a full pod.
//
// +kubebuilder:validation:Enum=Spread;Refuse
type ChatOverflow string

// The choices.
const (
	// ChatSpread lets a room go on on further pods. Who is on one does not hear the others.
	ChatSpread ChatOverflow = "Spread"
	// ChatRefuse answers 503 with Retry-After.
	ChatRefuse ChatOverflow = "Refuse"
)

// ChatSpec bounds the open chats of a backend pod.
type ChatSpec struct {
	// maxConnections of each pod; absent means 24 for each worker: upstream holds one of the 30 database connections of
	// a process for each chat.
	// +optional
	// +kubebuilder:validation:Minimum=1
	// +kubebuilder:validation:Maximum=4000
	MaxConnections *int32 `json:"maxConnections,omitempty"`

	// overflow of a full pod: Spread lets rooms go on on the next pods, unheard by the first; Refuse answers 503.
	// +optional
	// +kubebuilder:default=Spread
	Overflow ChatOverflow `json:"overflow,omitempty"`
}

// BackendSettings are settings of the application that are not secret.
type BackendSettings struct {
	// logLevel of the application.
	// +optional
	// +kubebuilder:default=INFO
	// +kubebuilder:validation:Enum=DEBUG;INFO;WARNING;ERROR
	LogLevel string `json:"logLevel,omitempty"`

	// accessTokenExpiry is how long a login lasts.
	// +optional
	// +kubebuilder:default="2160h"
	// +kubebuilder:validation:XValidation:rule="duration(self) >= duration('1h') && duration(self) <= duration('8760h')",message="accessTokenExpiry must lie between 1h and 8760h; write e.g. 720h"
	AccessTokenExpiry Duration `json:"accessTokenExpiry,omitempty"`

	// allowedHosts are the Host headers that the application accepts; absent means any.
	// +optional
	// +listType=set
	// +kubebuilder:validation:MaxItems=32
	AllowedHosts []Hostname `json:"allowedHosts,omitempty"`

	// corsOrigins are the web origins that may call the API; absent means the origin that the platform is
	// published under.
	// +optional
	// +listType=set
	// +kubebuilder:validation:MaxItems=32
	CORSOrigins []Origin `json:"corsOrigins,omitempty"`
}

// Origin is a web origin, e.g. https://tube.example.com.
//
// +kubebuilder:validation:MaxLength=253
// +kubebuilder:validation:XValidation:rule="self.matches('^https?://[a-z0-9]([-a-z0-9.]*[a-z0-9])?(:[0-9]{1,5})?$')",message="must be a web origin, scheme and host without a path; write e.g. https://tube.example.com"
type Origin string

// AutoscalingSpec bounds the autoscaler.
//
// +kubebuilder:validation:XValidation:rule="self.minReplicas <= self.maxReplicas",fieldPath=".maxReplicas",message="maxReplicas must not be below minReplicas, which is 3 when absent; raise maxReplicas or lower minReplicas"
type AutoscalingSpec struct {
	// minReplicas that always run.
	// +optional
	// +kubebuilder:default=3
	// +kubebuilder:validation:Minimum=1
	// +kubebuilder:validation:Maximum=200
	MinReplicas int32 `json:"minReplicas,omitempty"`

	// maxReplicas that ever run.
	// +required
	// +kubebuilder:validation:Minimum=1
	// +kubebuilder:validation:Maximum=200
	MaxReplicas int32 `json:"maxReplicas"`

	// targetCPUUtilization in percent of the requested CPU, averaged over the pods.
	// +optional
	// +kubebuilder:default=70
	// +kubebuilder:validation:Minimum=1
	// +kubebuilder:validation:Maximum=100
	TargetCPUUtilization int32 `json:"targetCPUUtilization,omitempty"`
}

// MigrationSpec is the Job that prepares the database for an image.
type MigrationSpec struct {
	// command of the Job; absent means upstream's creation of tables. It must be safe to run twice.
	// +optional
	// +listType=atomic
	// +kubebuilder:validation:MinItems=1
	// +kubebuilder:validation:MaxItems=32
	// +kubebuilder:validation:items:MaxLength=4096
	Command []string `json:"command,omitempty"`

	// sqlFrom is a file of SQL that psql runs after the command, in one transaction and once for each content.
	// +optional
	SQLFrom *SQLSource `json:"sqlFrom,omitempty"`

	// timeout after which the migration counts as failed.
	// +optional
	// +kubebuilder:default="10m"
	// +kubebuilder:validation:XValidation:rule="duration(self) >= duration('10s') && duration(self) <= duration('24h')",message="timeout must lie between 10s and 24h; write e.g. 10m"
	Timeout Duration `json:"timeout,omitempty"`
}

// SQLSource is a key of a ConfigMap or Secret that holds a file of SQL.
//
// +kubebuilder:validation:XValidation:rule="has(self.configMapKeyRef) != has(self.secretKeyRef)",message="set exactly one of configMapKeyRef and secretKeyRef"
type SQLSource struct {
	// configMapKeyRef names a key of a ConfigMap.
	// +optional
	ConfigMapKeyRef *KeySelector `json:"configMapKeyRef,omitempty"`

	// secretKeyRef names a key of a Secret.
	// +optional
	SecretKeyRef *KeySelector `json:"secretKeyRef,omitempty"`
}

// RolloutFailurePolicy says what becomes of a new revision that fails.
//
// +kubebuilder:validation:Enum=Hold;Revert
type RolloutFailurePolicy string

// The policies.
const (
	// RolloutHold leaves the new pods as they are, to be looked at, while the former ones serve on.
	RolloutHold RolloutFailurePolicy = "Hold"
	// RolloutRevert applies the last good revision again.
	RolloutRevert RolloutFailurePolicy = "Revert"
)

// RolloutSpec says what becomes of a new revision of the backend, an image or anything else in its pods, that does not
// become ready.
type RolloutSpec struct {
	// onFailure Hold leaves the new pods to be looked at, while the former ones serve on. Revert applies the last good
	// revision again, until spec.backend changes or annotation xatube.io/retry-migration gets a new value.
	// +optional
	// +kubebuilder:default=Hold
	OnFailure RolloutFailurePolicy `json:"onFailure,omitempty"`

	// deadline for each pod to become ready. Crashes and images that cannot be pulled count sooner.
	// +optional
	// +kubebuilder:default="5m"
	// +kubebuilder:validation:XValidation:rule="duration(self) >= duration('30s') && duration(self) <= duration('24h')",message="deadline must lie between 30s and 24h; write e.g. 5m"
	Deadline Duration `json:"deadline,omitempty"`
}

// UploadsSpec is the shared volume of the backends.
//
// +kubebuilder:validation:XValidation:rule="quantity(self.size).compareTo(quantity(oldSelf.size)) >= 0",fieldPath=".size",message="size can only grow: a volume cannot be shrunk; restore the former size or a larger one"
// +kubebuilder:validation:XValidation:rule="(has(self.storageClassName) ? self.storageClassName : '-') == (has(oldSelf.storageClassName) ? oldSelf.storageClassName : '-')",message="storageClassName cannot be set, changed or removed once the volume exists; restore the former value"
// +kubebuilder:validation:XValidation:rule="self.accessModes == oldSelf.accessModes",fieldPath=".accessModes",message="accessModes cannot be changed: the volume exists; restore the former value"
type UploadsSpec struct {
	// size of the volume.
	// +optional
	// +kubebuilder:default="20Gi"
	// +kubebuilder:validation:XValidation:rule="quantity(self).compareTo(quantity('64Mi')) >= 0",message="a volume has at least 64Mi; write e.g. 10Gi"
	Size Size `json:"size,omitempty"`

	// storageClassName of the volume; absent means the cluster's default class.
	// +optional
	StorageClassName *ObjectName `json:"storageClassName,omitempty"`

	// accessModes of the volume. Several replicas on several nodes need ReadWriteMany, from a storage class that
	// offers it.
	// +optional
	// +kubebuilder:default={ReadWriteMany}
	// +listType=atomic
	// +kubebuilder:validation:MinItems=1
	// +kubebuilder:validation:MaxItems=3
	// +kubebuilder:validation:items:Enum=ReadWriteMany;ReadWriteOnce;ReadWriteOncePod
	// +kubebuilder:validation:XValidation:rule="!('ReadWriteOncePod' in self) || size(self) == 1",message="ReadWriteOncePod excludes every other access mode; write it alone"
	AccessModes []corev1.PersistentVolumeAccessMode `json:"accessModes,omitempty"`

	// maxUploadSize is the largest request body that the edge lets through to the upload routes.
	// +optional
	// +kubebuilder:default="512Mi"
	MaxUploadSize Size `json:"maxUploadSize,omitempty"`
}

// Volume is what the uploads ask of their volume.
func (u UploadsSpec) Volume() VolumeSpec {
	return VolumeSpec{Size: u.Size, StorageClassName: u.StorageClassName}
}

// FrontendSpec is the React application.
type FrontendSpec struct {
	// image of the frontend.
	// +optional
	Image Image `json:"image,omitempty"`

	// command replaces the start of the server; absent means upstream's `serve`.
	// +optional
	// +listType=atomic
	// +kubebuilder:validation:MinItems=1
	// +kubebuilder:validation:MaxItems=32
	// +kubebuilder:validation:items:MaxLength=1024
	Command []string `json:"command,omitempty"`

	// port on which the server listens: 3000 for upstream's `serve`.
	// +optional
	// +kubebuilder:default=3000
	// +kubebuilder:validation:Minimum=1024
	// +kubebuilder:validation:Maximum=65535
	Port int32 `json:"port,omitempty"`

	// replicas of the frontend.
	// +optional
	// +kubebuilder:default=2
	// +kubebuilder:validation:Minimum=1
	// +kubebuilder:validation:Maximum=100
	Replicas int32 `json:"replicas,omitempty"`

	// pod settings.
	// +optional
	// +kubebuilder:default={}
	Pod PodSettings `json:"pod,omitempty,omitzero"`
}
