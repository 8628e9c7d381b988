package network_test

import (
	"testing"

	"github.com/xatube/xatube-operator/api/v1alpha1"
	"github.com/xatube/xatube-operator/internal/component/network"
	"github.com/xatube/xatube-operator/internal/golden"
)

func TestRender(t *testing.T) {
	golden.Run(t, network.New(), nil)
}

func TestHealth(t *testing.T) {
	for dir, want := range map[string]string{"minimal": v1alpha1.ReasonReady, "disabled": v1alpha1.ReasonDisabled} {
		in := golden.Input(t, "testdata/"+dir+"/in.yaml", network.New())
		if got := network.New().Health(in); got.Reason != want || !got.Healthy() {
			t.Errorf("%s: got %v", dir, got)
		}
	}
}
