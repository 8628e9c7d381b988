//go:build e2e

package e2e

import (
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"

	"github.com/xatube/xatube-operator/test/drive"
)

// TestChart upgrades the operator, takes it away, and installs it again, while a platform runs. It does not run beside
// other tests: Go holds the parallel ones back until it has ended.
func TestChart(t *testing.T) {
	platform := apply(t, namespace(t), "tube", drive.Small)
	ready(t, platform, readyTimeout)
	site := open(t, platform)
	user := register(t, site)
	before := children(t, platform)

	check(t, install(t.Context(), "--set-string", "podAnnotations.xatube\\.io/e2e=upgraded"))
	ready(t, platform, reportTimeout)
	untouched(t, "after an upgrade", before, children(t, platform))

	check(t, helm(t.Context(), "uninstall", release, "--wait"))
	if _, err := kube.FindOperator(t.Context()); err == nil {
		t.Error("the operator is still there")
	}
	definition := &metav1.PartialObjectMetadata{}
	definition.SetGroupVersionKind(schema.GroupVersionKind{Group: "apiextensions.k8s.io", Version: "v1", Kind: "CustomResourceDefinition"})
	check(t, kube.Get(t.Context(), types.NamespacedName{Name: "xatubeclusters.xatube.io"}, definition))
	_, err := kube.Platform(t.Context(), platform)
	check(t, err)
	untouched(t, "without the operator", before, children(t, platform))
	check(t, site.Page(t.Context()))
	_, err = user.Me(t.Context())
	check(t, err)

	check(t, install(t.Context()))
	ready(t, platform, reportTimeout)
	untouched(t, "after installing again", before, children(t, platform))
	bringsADeletedChildBack(t, platform)
}
