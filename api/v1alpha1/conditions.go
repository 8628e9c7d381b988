package v1alpha1

// Condition types of XaTubeCluster. Ready, Reconciling and Stalled follow kstatus.
const (
	// ConditionReady: every component that is switched on is ready and runs what the spec says.
	ConditionReady = "Ready"
	// ConditionReconciling: the operator is changing something or waits for it.
	ConditionReconciling = "Reconciling"
	// ConditionStalled: the operator cannot go on until the user changes something.
	ConditionStalled = "Stalled"
	// ConditionDatabaseReady: Postgres has a primary and all instances.
	ConditionDatabaseReady = "DatabaseReady"
	// ConditionCacheReady: Redis answers.
	ConditionCacheReady = "CacheReady"
	// ConditionBrokerReady: RabbitMQ answers.
	ConditionBrokerReady = "BrokerReady"
	// ConditionCredentialsReady: every generated credential in use is the newest, and no former one works.
	ConditionCredentialsReady = "CredentialsReady"
	// ConditionMigrationsApplied: the database is prepared for the wanted backend image.
	ConditionMigrationsApplied = "MigrationsApplied"
	// ConditionBackendReady: all backends run the wanted revision and answer.
	ConditionBackendReady = "BackendReady"
	// ConditionFrontendReady: all frontends answer.
	ConditionFrontendReady = "FrontendReady"
	// ConditionEdgeReady: all load balancers answer.
	ConditionEdgeReady = "EdgeReady"
	// ConditionIngestReady: all RTMP servers answer.
	ConditionIngestReady = "IngestReady"
	// ConditionBackupReady: the database is archived and can be restored.
	ConditionBackupReady = "BackupReady"
	// ConditionMonitoringReady: every service of the platform can be scraped, and what the spec asks for beside runs.
	ConditionMonitoringReady = "MonitoringReady"
	// ConditionLoggingReady: the log lines of all pods are on their way to Elasticsearch.
	ConditionLoggingReady = "LoggingReady"
	// ConditionNetworkPolicyReady: the NetworkPolicies are in place. Whether they are enforced, the network plugin knows.
	ConditionNetworkPolicyReady = "NetworkPolicyReady"
	// ConditionRoutesReady: the Ingress and the Gateway routes are in place.
	ConditionRoutesReady = "RoutesReady"
)

// Reasons of conditions and events.
const (
	// ReasonReady: the component does what it should.
	ReasonReady = "Ready"
	// ReasonDisabled: the component is switched off by the spec.
	ReasonDisabled = "Disabled"
	// ReasonExternal: the component is run by somebody else.
	ReasonExternal = "External"
	// ReasonPending: nothing is known of the component yet.
	ReasonPending = "Pending"
	// ReasonProgressing: objects are being created or rolled.
	ReasonProgressing = "Progressing"
	// ReasonWaiting: a gate is closed; the message says what is awaited.
	ReasonWaiting = "Waiting"
	// ReasonScaledToZero: no replicas by choice.
	ReasonScaledToZero = "ScaledToZero"
	// ReasonHibernated: nothing runs because spec.powerState is Hibernated; of the edge also: it answers 503.
	ReasonHibernated = "Hibernated"
	// ReasonUnavailable: something that ran does not answer.
	ReasonUnavailable = "Unavailable"
	// ReasonFailover: the primary is being replaced.
	ReasonFailover = "Failover"
	// ReasonFailoverStalled: the primary has been being replaced for too long.
	ReasonFailoverStalled = "FailoverStalled"
	// ReasonPrimaryLost: the operator gave up a primary that was lost with its node. Events only.
	ReasonPrimaryLost = "PrimaryLost"
	// ReasonSwitchover: the primary is being moved, as somebody or an update asked.
	ReasonSwitchover = "Switchover"
	// ReasonSwitchoverRefused: the instance that annotation xatube.io/promote names cannot become the primary now. Of
	// an event.
	ReasonSwitchoverRefused = "SwitchoverRefused"
	// ReasonSwitchoverSuperseded: CloudNativePG made another instance the primary than the requested one. Of an event.
	ReasonSwitchoverSuperseded = "SwitchoverSuperseded"
	// ReasonAPINotInstalled: the API of a required or wanted operator is absent.
	ReasonAPINotInstalled = "APINotInstalled"
	// ReasonSecretNotFound: a Secret named in the spec does not exist.
	ReasonSecretNotFound = "SecretNotFound"
	// ReasonSecretKeyMissing: a Secret named in the spec lacks a key.
	ReasonSecretKeyMissing = "SecretKeyMissing"
	// ReasonSecretInvalid: a Secret named in the spec holds a value that cannot work.
	ReasonSecretInvalid = "SecretInvalid"
	// ReasonConfigMapNotFound: a ConfigMap named in the spec does not exist.
	ReasonConfigMapNotFound = "ConfigMapNotFound"
	// ReasonConfigMapKeyMissing: a ConfigMap named in the spec lacks a key.
	ReasonConfigMapKeyMissing = "ConfigMapKeyMissing"
	// ReasonImagePull: a node cannot pull an image.
	ReasonImagePull = "ImagePullFailed"
	// ReasonVolumePending: a volume is not bound.
	ReasonVolumePending = "VolumePending"
	// ReasonVolumeNotExpandable: the storage class of a volume does not let it grow.
	ReasonVolumeNotExpandable = "VolumeNotExpandable"
	// ReasonQuotaExceeded: a ResourceQuota or LimitRange refuses pods.
	ReasonQuotaExceeded = "QuotaExceeded"
	// ReasonPodRefused: admission refuses pods for another reason than a quota.
	ReasonPodRefused = "PodRefused"
	// ReasonUnschedulable: no node takes a pod.
	ReasonUnschedulable = "Unschedulable"
	// ReasonCrashLoop: a container ends again and again.
	ReasonCrashLoop = "CrashLoop"
	// ReasonBrokerAlarm: RabbitMQ accepts no messages, since it lacks memory or disk.
	ReasonBrokerAlarm = "BrokerAlarm"
	// ReasonMigrationFailed: the migration Job failed.
	ReasonMigrationFailed = "MigrationFailed"
	// ReasonMigrationRunning: the migration Job runs.
	ReasonMigrationRunning = "MigrationRunning"
	// ReasonRolloutFailed: the pods of a new revision do not become ready; the former ones serve on.
	ReasonRolloutFailed = "RolloutFailed"
	// ReasonRolloutReverted: the pods of a new revision did not become ready; the last good one runs in its place.
	ReasonRolloutReverted = "RolloutReverted"
	// ReasonQueued: a new version of the operator changes pods of the platform, which waits for its turn.
	ReasonQueued = "Queued"
	// ReasonOperatorUpdate: pods are being replaced because a new version of the operator changes them.
	ReasonOperatorUpdate = "OperatorUpdate"
	// ReasonRotating: a credential is being handed over to a new one.
	ReasonRotating = "Rotating"
	// ReasonRotationFailed: a server could not be told of a new credential.
	ReasonRotationFailed = "RotationFailed"
	// ReasonInvalidAnnotation: an annotation on the resource asks for something impossible.
	ReasonInvalidAnnotation = "InvalidAnnotation"
	// ReasonForeignObject: an object of a child's name belongs to somebody else.
	ReasonForeignObject = "ForeignObject"
	// ReasonRejected: the API server refuses what the operator applies.
	ReasonRejected = "Rejected"
	// ReasonRouteNotAccepted: a Gateway does not carry a route.
	ReasonRouteNotAccepted = "RouteNotAccepted"
	// ReasonArchivingFailed: the write-ahead log does not reach the object store.
	ReasonArchivingFailed = "ArchivingFailed"
	// ReasonBackupFailed: the last base backup failed.
	ReasonBackupFailed = "BackupFailed"
	// ReasonInvalid: the spec asks for something impossible that admission could not see.
	ReasonInvalid = "InvalidSpec"
	// ReasonError: an unexpected error; it is retried.
	ReasonError = "Error"
	// ReasonDeleting: the resource is being deleted.
	ReasonDeleting = "Deleting"
	// ReasonImageNotAllowed: the administrator has not allowed an image that reaches beyond the namespace.
	ReasonImageNotAllowed = "ImageNotAllowed"
	// ReasonDatabaseLeftRunning: the platform is deleted, and CloudNativePG could not be told to hibernate its database.
	ReasonDatabaseLeftRunning = "DatabaseLeftRunning"
)
