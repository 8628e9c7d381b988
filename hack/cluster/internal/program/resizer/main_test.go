package main

import (
	"fmt"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/kubernetes/fake"
)

func TestClaimsOfFoldersGrow(t *testing.T) {
	client := fake.NewClientset()
	for name, by := range map[string]string{"ours": provisioner, "other": "disk.example.com"} {
		bind(t, client, name, by)
	}
	go serve(t.Context(), client)
	deadline := time.After(30 * time.Second)
	for {
		claim := claim(t, client, "ours")
		if size := claim.Status.Capacity.Storage(); size.String() == "2Gi" {
			break
		}
		select {
		case <-deadline:
			t.Fatalf("the claim is %+v", claim.Status)
		case <-time.After(50 * time.Millisecond):
		}
	}
	volume, err := client.CoreV1().PersistentVolumes().Get(t.Context(), "ours", metav1.GetOptions{})
	if err != nil || volume.Spec.Capacity.Storage().String() != "2Gi" {
		t.Errorf("the volume is %+v, %v", volume.Spec, err)
	}
	if left := claim(t, client, "ours").Status.Conditions; len(left) > 0 {
		t.Errorf("the claim still says %+v", left)
	}
	if size := claim(t, client, "other").Status.Capacity.Storage(); size.String() != "1Gi" {
		t.Errorf("the claim of somebody else's volume has grown to %s", size)
	}
}

func claim(t *testing.T, client kubernetes.Interface, name string) *corev1.PersistentVolumeClaim {
	t.Helper()
	claim, err := client.CoreV1().PersistentVolumeClaims("default").Get(t.Context(), name, metav1.GetOptions{})
	if err != nil {
		t.Fatal(err)
	}
	return claim
}

// bind a claim of 2Gi to a volume of 1Gi.
func bind(t *testing.T, client kubernetes.Interface, name, by string) {
	t.Helper()
	size := func(gibibytes int) corev1.ResourceList {
		return corev1.ResourceList{corev1.ResourceStorage: resource.MustParse(fmt.Sprintf("%dGi", gibibytes))}
	}
	claim := &corev1.PersistentVolumeClaim{
		ObjectMeta: metav1.ObjectMeta{Namespace: "default", Name: name, UID: "1", ResourceVersion: "1"},
		Spec: corev1.PersistentVolumeClaimSpec{
			VolumeName: name,
			Resources:  corev1.VolumeResourceRequirements{Requests: size(2)},
		},
		Status: corev1.PersistentVolumeClaimStatus{Phase: corev1.ClaimBound, Capacity: size(1)},
	}
	volume := &corev1.PersistentVolume{
		ObjectMeta: metav1.ObjectMeta{Name: name, Annotations: map[string]string{provisionedBy: by}},
		Spec: corev1.PersistentVolumeSpec{
			Capacity: size(1),
			ClaimRef: &corev1.ObjectReference{Namespace: "default", Name: name, UID: claim.UID},
		},
	}
	if _, err := client.CoreV1().PersistentVolumes().Create(t.Context(), volume, metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
	if _, err := client.CoreV1().PersistentVolumeClaims("default").Create(t.Context(), claim, metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
}
