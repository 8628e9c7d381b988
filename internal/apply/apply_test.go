package apply

import (
	"errors"
	"strings"
	"testing"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/xatube/xatube-operator/api/v1alpha1"
	"github.com/xatube/xatube-operator/internal/outcome"
)

// TestAClaimThatCannotGrow: the words are those of the admission plugin of Kubernetes 1.37.
func TestAClaimThatCannotGrow(t *testing.T) {
	claim := &unstructured.Unstructured{Object: parse(t, `{apiVersion: v1, kind: PersistentVolumeClaim,
		metadata: {name: demo-uploads, labels: {app.kubernetes.io/component: backend}}, spec: {storageClassName: fixed}}`)}
	refusal := apierrors.NewForbidden(schema.GroupResource{Resource: "persistentvolumeclaims"}, "demo-uploads", errors.New(
		"only dynamically provisioned pvc can be resized and the storageclass that provisions the pvc must support resize"))
	blocked, ok := outcome.AsBlocked(classify(claim, claim, refusal))
	if !ok || blocked.Reason != v1alpha1.ReasonVolumeNotExpandable || blocked.Terminal {
		t.Fatalf("got %+v", blocked)
	}
	for _, name := range []string{"PersistentVolumeClaim demo-uploads", "spec.backend.uploads.size", `StorageClass "fixed"`, "allowVolumeExpansion: true"} {
		if !strings.Contains(blocked.Message, name) {
			t.Errorf("the message does not name %s: %s", name, blocked.Message)
		}
	}
}
