package v1alpha1

import metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

// StreamingStatus tells of the publishers while a pod of the ingest drains.
type StreamingStatus struct {
	// publishers are those of all pods of the ingest that answered, draining or not.
	// +optional
	Publishers int32 `json:"publishers"`

	// draining are the pods that wait for their publishers to finish.
	// +optional
	// +listType=map
	// +listMapKey=pod
	// +kubebuilder:validation:MaxItems=32
	Draining []DrainingPod `json:"draining,omitempty"`
}

// DrainingPod is a pod of the ingest that must go and waits for its publishers.
type DrainingPod struct {
	// pod that drains.
	// +required
	Pod string `json:"pod"`

	// publishers that it still has; absent when it did not answer.
	// +optional
	Publishers *int32 `json:"publishers,omitempty"`

	// deadline is when those that are left are ended: drainTimeout after the pod was told to go.
	// +required
	Deadline metav1.Time `json:"deadline,omitzero"`
}
