//go:build e2e

package e2e

import (
	"bytes"
	"context"
	"fmt"
	"net/http"
	"testing"
	"time"

	"k8s.io/apimachinery/pkg/types"

	"github.com/xatube/xatube-operator/test/drive"
)

// TestDeletion deletes a platform twice: with its data kept, taken up again by a resource of the same name, and then
// with everything.
func TestDeletion(t *testing.T) {
	t.Parallel()
	platform := apply(t, namespace(t), "tube", drive.Small)
	ready(t, platform, readyTimeout)
	user := register(t, open(t, platform))
	clip := []byte("kept over a deletion")
	video, _, err := user.Upload(t.Context(), "kept", clip)
	check(t, err)
	written, err := user.Comment(t.Context(), video.ID, "kept")
	check(t, err)
	data := []string{"PersistentVolumeClaim", "Secret", "Cluster"}
	before := children(t, platform)

	check(t, kube.DeletePlatform(t.Context(), platform))
	t.Run("RetainKeepsDataOnly", func(t *testing.T) {
		after := children(t, platform)
		for _, kind := range data {
			if len(after.Only(kind)) == 0 {
				t.Errorf("no %s is left", kind)
			}
			for name, identity := range before.Only(kind) {
				if after[name].UID != identity.UID {
					t.Errorf("%s is gone or was replaced", name)
				}
			}
		}
		if left := after.Only("Deployment", "StatefulSet", "Job", "Ingress"); len(left) > 0 {
			t.Errorf("workloads are left: %s", left)
		}
		noPods(t, platform)
	})

	apply(t, platform.Namespace, platform.Name, drive.Small)
	ready(t, platform, readyTimeout)
	t.Run("ANamesakeFindsTheData", func(t *testing.T) {
		site := open(t, platform)
		// The token is of before: it holds only if the signing key was kept.
		former := user.At(site)
		_, err := former.Me(t.Context())
		check(t, err)
		comments, err := former.Comments(t.Context(), video.ID)
		check(t, err)
		if len(comments) != 1 || comments[0] != written {
			t.Errorf("comments are %v, want %v", comments, written)
		}
		if answer := get(t, site, video.URL, http.StatusOK); !bytes.Equal(answer.Body, clip) {
			t.Errorf("the upload is %.50q, want %q", answer.Body, clip)
		}
	})

	check(t, kube.Change(t.Context(), platform, `{"spec":{"deletionPolicy":"Delete"}}`))
	check(t, kube.DeletePlatform(t.Context(), platform))
	t.Run("DeleteLeavesNothing", func(t *testing.T) {
		check(t, drive.Until(t.Context(), time.Minute, "an empty namespace", func(ctx context.Context) error {
			left, err := kube.Everything(ctx, platform.Namespace)
			if err == nil && len(left) > 0 {
				err = fmt.Errorf("there are still %s", left)
			}
			return err
		}))
	})
}

// noPods waits until all pods are gone: CloudNativePG stops the database after the platform has gone.
func noPods(t *testing.T, platform types.NamespacedName) {
	t.Helper()
	check(t, drive.Until(t.Context(), 2*time.Minute, "end of all pods", func(ctx context.Context) error {
		found, err := kube.Children(ctx, platform)
		if pods := found.Only("Pod"); err == nil && len(pods) > 0 {
			err = fmt.Errorf("there are still %s", pods)
		}
		return err
	}))
}
