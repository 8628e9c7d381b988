package v1alpha1

import metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

// BackupSpec keeps base backups and the write-ahead log in an object store, by the barman-cloud plugin of CloudNativePG.
type BackupSpec struct {
	// destinationPath in the object store. Each database needs one of its own, and must find it empty.
	// +required
	// +kubebuilder:validation:MaxLength=512
	// +kubebuilder:validation:XValidation:rule="self.matches('^s3://[a-z0-9][a-z0-9.-]{1,61}[a-z0-9](/[A-Za-z0-9._-]+)*/?$')",message="must be a bucket with an optional folder; write e.g. s3://backups/tube"
	DestinationPath string `json:"destinationPath"`

	// endpointURL of a store that is not Amazon's.
	// +optional
	// +kubebuilder:validation:MaxLength=512
	// +kubebuilder:validation:XValidation:rule="self.matches('^https?://[a-z0-9]([a-z0-9.-]*[a-z0-9])?(:[0-9]{1,5})?(/[A-Za-z0-9._-]+)*/?$')",message="must be a URL without user and query; write e.g. https://s3.example.com"
	EndpointURL string `json:"endpointURL,omitempty"`

	// credentials of the store. Absent: the role of the pods, as a cloud gives it.
	// +optional
	Credentials *StoreCredentials `json:"credentials,omitempty"`

	// retentionPolicy is how far back the database can be restored: days, weeks or months.
	// +optional
	// +kubebuilder:default="30d"
	// +kubebuilder:validation:MaxLength=5
	// +kubebuilder:validation:XValidation:rule="self.matches('^[1-9][0-9]{0,3}[dwm]$')",message="must be a number of days, weeks or months; write e.g. 30d, 4w or 6m"
	RetentionPolicy string `json:"retentionPolicy,omitempty"`

	// schedule of the base backups, in UTC: second, minute, hour, day of the month, month, day of the week.
	// +optional
	// +kubebuilder:default="0 0 3 * * *"
	// +kubebuilder:validation:MaxLength=128
	// +kubebuilder:validation:XValidation:rule="self.split(' ').size() == 6 && [0, 1, 2, 3, 4, 5].all(i, self.split(' ')[i].matches('^([*]|V(-V)?)(/[1-9][0-9]?)?(,V(-V)?)*$'.replace('V', ['([0-5]?[0-9])', '([0-5]?[0-9])', '([01]?[0-9]|2[0-3])', '(0?[1-9]|[12][0-9]|3[01])', '(0?[1-9]|1[0-2])', '([0-6])'][i])))",message="must have six fields: second, minute, hour, day of the month, month, day of the week (0 is Sunday); write e.g. 0 0 3 * * *"
	Schedule string `json:"schedule,omitempty"`
}

// StoreCredentials of an S3 object store.
type StoreCredentials struct {
	// accessKeyID is the key of a Secret.
	// +required
	AccessKeyID KeySelector `json:"accessKeyID"`

	// secretAccessKey is the key of a Secret.
	// +required
	SecretAccessKey KeySelector `json:"secretAccessKey"`
}

// RestoreSpec makes the database of a new platform from a backup. It is read once.
type RestoreSpec struct {
	// from is the ObjectStore in this namespace that tells where the backup is: <name>-postgres of another platform.
	// +required
	From ObjectName `json:"from"`

	// serverName under which the backup was made. Default: from.
	// +optional
	ServerName ObjectName `json:"serverName,omitempty"`

	// targetTime to restore, e.g. 2026-11-25T08:00:00Z. Absent: the end of the log.
	// +optional
	TargetTime *metav1.Time `json:"targetTime,omitempty"`
}
