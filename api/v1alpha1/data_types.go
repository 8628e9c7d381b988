package v1alpha1

// Durability says what Postgres does when no standby can confirm a write.
//
// +kubebuilder:validation:Enum=Strict;Available
type Durability string

// The durabilities.
const (
	// DurabilityStrict lets a write wait until a standby has it: no acknowledged row is ever lost.
	DurabilityStrict Durability = "Strict"
	// DurabilityAvailable accepts writes without a standby: a failover then may lose the last rows.
	DurabilityAvailable Durability = "Available"
)

// FailoverProfile is how soon a silent primary is given up.
//
// +kubebuilder:validation:Enum=Fast;Balanced;Tolerant
type FailoverProfile string

// The failover profiles.
const (
	// FailoverFast suits nodes with steady clocks and a network without pauses: lease 3 s.
	FailoverFast FailoverProfile = "Fast"
	// FailoverBalanced: lease 5 s.
	FailoverBalanced FailoverProfile = "Balanced"
	// FailoverTolerant is CloudNativePG's default: lease 15 s.
	FailoverTolerant FailoverProfile = "Tolerant"
)

// PostgresSpec is the database.
//
// +kubebuilder:validation:XValidation:rule="!has(self.external) || (!has(self.storage) && !has(self.walStorage) && !has(self.instances) && !has(self.durability) && !has(self.failover) && !has(self.parameters) && !has(self.pooler) && !has(self.backup) && !has(self.restore))",fieldPath=".external",message="external replaces the managed database: remove instances, durability, failover, storage, walStorage, parameters, pooler, backup and restore, or remove external"
// +kubebuilder:validation:XValidation:rule="!has(self.instances) || self.instances != 2 || (has(self.durability) && self.durability == 'Available')",fieldPath=".instances",message="two instances cannot give durability Strict and stay writable when one is lost: set instances to 3, or durability to Available"
// +kubebuilder:validation:XValidation:rule="has(self.external) == has(oldSelf.external)",fieldPath=".external",message="external cannot be added or removed later: the data would not follow; create a new XaTubeCluster and restore into it"
// +kubebuilder:validation:XValidation:rule="!has(oldSelf.walStorage) || has(self.walStorage)",fieldPath=".walStorage",message="walStorage cannot be removed: the volume exists; restore it"
// +kubebuilder:validation:XValidation:rule="has(self.storage) == has(oldSelf.storage) || (has(self.storage) ? !has(self.storage.storageClassName) && quantity(self.storage.size).compareTo(quantity('20Gi')) >= 0 : !has(oldSelf.storage.storageClassName) && quantity(oldSelf.storage.size).compareTo(quantity('20Gi')) <= 0)",fieldPath=".storage",message="storage means 20Gi of the default class when absent, can only grow and keeps its class: restore the former size and storageClassName, or a larger size"
// +kubebuilder:validation:XValidation:rule="!has(self.image) || !has(oldSelf.image) || int(self.image.find(':[0-9]+[^/]*$').find('[0-9]+')) >= int(oldSelf.image.find(':[0-9]+[^/]*$').find('[0-9]+'))",fieldPath=".image",message="the major version of Postgres cannot be lowered; restore the former image or a newer one"
// +kubebuilder:validation:XValidation:rule="!has(self.parameters) || !('synchronous_commit' in self.parameters) || self.parameters['synchronous_commit'] in ['on', 'remote_apply'] || (has(self.durability) && self.durability == 'Available')",fieldPath=".parameters",message="synchronous_commit below 'on' loses acknowledged writes: remove it, or set durability to Available"
// +kubebuilder:validation:XValidation:rule="has(self.restore) == has(oldSelf.restore) && (!has(self.restore) || self.restore == oldSelf.restore)",fieldPath=".restore",message="restore is read once, when the database is made: it cannot be added, changed or removed later; create a new XaTubeCluster"
// +kubebuilder:validation:XValidation:rule="!has(self.pod) || !has(self.pod.env) || !self.pod.env.exists(e, e.name.upperAscii().matches('^(PG.*|CNPG_.*|POD_NAME|NAMESPACE|CLUSTER_NAME)$'))",fieldPath=".pod.env",message="CloudNativePG owns POD_NAME, NAMESPACE, CLUSTER_NAME and all names that start with PG or CNPG_; remove them"
type PostgresSpec struct {
	// external is a database that the operator does not run; its URI must start with postgresql://.
	// +optional
	External *ExternalSpec `json:"external,omitempty"`

	// instances of Postgres, one of them the primary. Default 3.
	// +optional
	// +kubebuilder:validation:Minimum=1
	// +kubebuilder:validation:Maximum=9
	Instances *int32 `json:"instances,omitempty"`

	// durability of acknowledged writes. Default Strict.
	// +optional
	Durability Durability `json:"durability,omitempty"`

	// failover is how soon a silent primary is given up. Under Fast, the default, also one that is lost with its node,
	// which otherwise takes until Kubernetes calls the node lost.
	// +optional
	Failover FailoverProfile `json:"failover,omitempty"`

	// image of Postgres, made for CloudNativePG; its tag starts with the major version. With external, psql alone runs
	// from it, in the migration.
	// +optional
	// +kubebuilder:validation:XValidation:rule="self.matches(':(1[4-9]|[2-9][0-9])([._-][A-Za-z0-9._-]*)?(@.*)?$')",message="the tag must start with the major version of Postgres, 14 or newer; write e.g. registry.example.com/postgresql:18.6"
	Image Image `json:"image,omitempty"`

	// storage of each instance. Default 20Gi of the default class.
	// +optional
	Storage *VolumeSpec `json:"storage,omitempty"`

	// walStorage is a volume of its own for the write-ahead log of each instance.
	// +optional
	WALStorage *VolumeSpec `json:"walStorage,omitempty"`

	// parameters of postgresql.conf. Those that the operator or CloudNativePG own are refused.
	// +optional
	// +kubebuilder:validation:MaxProperties=64
	// +kubebuilder:validation:XValidation:rule="self.all(k, k.matches('^[a-z_][a-z0-9_]*([.][a-z_][a-z0-9_]*)?$'))",message="parameter names are lower-case, as in postgresql.conf; write e.g. work_mem"
	// +kubebuilder:validation:XValidation:rule="self.all(k, size(self[k]) <= 1024)",message="a parameter's value has at most 1024 characters"
	// +kubebuilder:validation:XValidation:rule="!self.exists(k, k in ['allow_alter_system','allow_system_table_mods','archive_cleanup_command','archive_command','archive_library','archive_mode','bonjour','bonjour_name','cluster_name','config_file','data_directory','data_sync_retry','dynamic_library_path','event_source','external_pid_file','fsync','full_page_writes','hba_file','hot_standby','ident_file','ignore_checksum_failure','ignore_invalid_pages','ignore_system_indexes','jit_provider','listen_addresses','local_preload_libraries','log_destination','log_directory','log_file_mode','log_filename','log_rotation_age','log_rotation_size','log_truncate_on_rotation','logging_collector','port','primary_conninfo','primary_slot_name','promote_trigger_file','restart_after_crash','restore_command','session_preload_libraries','shared_preload_libraries','stats_temp_directory','synchronized_standby_slots','synchronous_standby_names','temp_tablespaces','zero_damaged_pages'] || k.matches('^(recovery_|ssl|syslog_|unix_socket_|pg_failover_slots[.])'))",message="CloudNativePG owns this parameter, or it would put data at risk; remove it from parameters"
	Parameters map[string]string `json:"parameters,omitempty"`

	// pooler puts PgBouncer in front of the primary. Absent: the backends connect to it directly.
	// +optional
	Pooler *PoolerSpec `json:"pooler,omitempty"`

	// backup to an object store. Absent: none.
	// +optional
	Backup *BackupSpec `json:"backup,omitempty"`

	// restore makes the database of a new platform from a backup. Absent: an empty one.
	// +optional
	Restore *RestoreSpec `json:"restore,omitempty"`

	// pod settings. labels, annotations, env, resources, nodeSelector, tolerations, affinity,
	// topologySpreadConstraints and priorityClassName reach the instances through CloudNativePG.
	// +optional
	// +kubebuilder:default={}
	Pod PodSettings `json:"pod,omitempty,omitzero"`
}

// EvictionPolicy of Redis when maxMemory is reached.
//
// +kubebuilder:validation:Enum=noeviction;allkeys-lru;allkeys-lfu;allkeys-random;volatile-lru;volatile-lfu;volatile-random;volatile-ttl
type EvictionPolicy string

// RedisSpec is the cache.
//
// +kubebuilder:validation:XValidation:rule="!has(self.external) || (!has(self.maxMemory) && !has(self.evictionPolicy) && !has(self.persistence) && !has(self.image) && !has(self.exporter))",fieldPath=".external",message="external replaces the managed cache: remove image, maxMemory, evictionPolicy, persistence and exporter, or remove external"
// +kubebuilder:validation:XValidation:rule="has(self.external) || has(oldSelf.external) || has(self.persistence) == has(oldSelf.persistence)",fieldPath=".persistence",message="persistence cannot be added or removed later: Kubernetes does not change a StatefulSet's volumes; restore the former value"
type RedisSpec struct {
	// external is a server that the operator does not run.
	// +optional
	External *ExternalSpec `json:"external,omitempty"`

	// image of Redis.
	// +optional
	Image Image `json:"image,omitempty"`

	// maxMemory for data. The container may use 1.5 times as much. Default 512Mi.
	// +optional
	// +kubebuilder:validation:XValidation:rule="quantity(self).compareTo(quantity('16Mi')) >= 0",message="maxMemory must be at least 16Mi; write e.g. 512Mi"
	MaxMemory Size `json:"maxMemory,omitempty"`

	// evictionPolicy when maxMemory is reached. Default allkeys-lru.
	// +optional
	EvictionPolicy EvictionPolicy `json:"evictionPolicy,omitempty"`

	// persistence keeps the data on a volume (append-only file). Absent: a cache, empty after a restart.
	// +optional
	Persistence *VolumeSpec `json:"persistence,omitempty"`

	// exporter of metrics.
	// +optional
	Exporter *ExporterSpec `json:"exporter,omitempty"`

	// pod settings.
	// +optional
	// +kubebuilder:default={}
	Pod PodSettings `json:"pod,omitempty,omitzero"`
}

// RabbitMQSpec is the message broker.
//
// +kubebuilder:validation:XValidation:rule="!has(self.external) || (!has(self.replicas) && !has(self.storage) && !has(self.image))",fieldPath=".external",message="external replaces the managed broker: remove image, replicas and storage, or remove external"
// +kubebuilder:validation:XValidation:rule="has(self.external) == has(oldSelf.external)",fieldPath=".external",message="external cannot be added or removed later: queued messages would not follow; create a new XaTubeCluster"
// +kubebuilder:validation:XValidation:rule="(has(self.replicas) ? self.replicas : 1) >= (has(oldSelf.replicas) ? oldSelf.replicas : 1)",fieldPath=".replicas",message="replicas cannot be lowered: a broker that leaves takes its queues along; restore the former number"
// +kubebuilder:validation:XValidation:rule="has(self.storage) == has(oldSelf.storage) || (has(self.storage) ? !has(self.storage.storageClassName) && quantity(self.storage.size).compareTo(quantity('8Gi')) >= 0 : !has(oldSelf.storage.storageClassName) && quantity(oldSelf.storage.size).compareTo(quantity('8Gi')) <= 0)",fieldPath=".storage",message="storage means 8Gi of the default class when absent, can only grow and keeps its class: restore the former size and storageClassName, or a larger size"
type RabbitMQSpec struct {
	// external is a server that the operator does not run.
	// +optional
	External *ExternalSpec `json:"external,omitempty"`

	// image of RabbitMQ 4.1 or newer.
	// +optional
	Image Image `json:"image,omitempty"`

	// replicas of the broker: 1, or 3 for queues that survive the loss of one. Default 1.
	// +optional
	// +kubebuilder:validation:XValidation:rule="self in [1, 3]",message="replicas must be 1 or 3: an even number gives no better majority"
	Replicas *int32 `json:"replicas,omitempty"`

	// storage of each replica. Default 8Gi of the default class.
	// +optional
	Storage *VolumeSpec `json:"storage,omitempty"`

	// pod settings.
	// +optional
	// +kubebuilder:default={}
	Pod PodSettings `json:"pod,omitempty,omitzero"`
}
