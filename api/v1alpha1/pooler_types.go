package v1alpha1

// PoolMode is how long a client of PgBouncer keeps its connection to Postgres.
//
// +kubebuilder:validation:Enum=Session;Transaction
type PoolMode string

// The pool modes.
const (
	// PoolSession: as long as the client stays. Everything works as without a pooler.
	PoolSession PoolMode = "Session"
	// PoolTransaction: for one transaction. What outlives a transaction in a session does not work.
	PoolTransaction PoolMode = "Transaction"
)

// PoolerSpec puts PgBouncer between the backends and the primary. The migration goes past it. nodeSelector,
// tolerations and priorityClassName are those of spec.postgres.pod.
//
// +kubebuilder:validation:XValidation:rule="!has(self.poolSize) || self.poolMode == 'Transaction'",fieldPath=".poolSize",message="poolSize needs poolMode: Transaction, for in a session each connection of a backend holds one of its own; set it or remove poolSize"
type PoolerSpec struct {
	// instances of PgBouncer.
	// +optional
	// +kubebuilder:default=2
	// +kubebuilder:validation:Minimum=1
	// +kubebuilder:validation:Maximum=20
	Instances int32 `json:"instances,omitempty"`

	// poolMode Session is safe for every application. Transaction lets many backends share few connections, but SET,
	// LISTEN, advisory locks of a session, temporary tables and prepared statements must not outlive a transaction.
	// +optional
	// +kubebuilder:default=Session
	PoolMode PoolMode `json:"poolMode,omitempty"`

	// poolSize is the most connections to Postgres of each instance in poolMode Transaction. Default 50.
	// +optional
	// +kubebuilder:validation:Minimum=1
	// +kubebuilder:validation:Maximum=1000
	PoolSize *int32 `json:"poolSize,omitempty"`

	// image of PgBouncer, made for CloudNativePG.
	// +optional
	Image Image `json:"image,omitempty"`

	// resources of each instance.
	// +optional
	Resources *Resources `json:"resources,omitempty"`
}
