package routes

import (
	"testing"

	"k8s.io/apimachinery/pkg/runtime/schema"
	networkingv1ac "k8s.io/client-go/applyconfigurations/networking/v1"

	"github.com/xatube/xatube-operator/internal/component"
	"github.com/xatube/xatube-operator/internal/golden"
	"github.com/xatube/xatube-operator/internal/observe"
)

func TestRender(t *testing.T) {
	golden.Run(t, New(), func(name string, in *component.Input) {
		in.Facts.APIs = map[schema.GroupVersionKind]bool{
			observe.HTTPRoute: true,
			observe.TCPRoute:  name != "gateway-without-tcproute",
		}
	})
}

func TestIngressNeedsNoGatewayAPI(t *testing.T) {
	in := golden.Input(t, "testdata/full/in.yaml", New())
	objects, err := New().Render(in)
	if err != nil {
		t.Fatal(err)
	}
	if len(objects) != 1 {
		t.Fatalf("%d objects, want the Ingress alone", len(objects))
	}
	if _, found := objects[0].(*networkingv1ac.IngressApplyConfiguration); !found {
		t.Errorf("%T, want an Ingress", objects[0])
	}
	if needs := New().Needs(in.Cluster); len(needs) != 0 {
		t.Errorf("Needs = %v: without them the Ingress would be removed", needs)
	}
}
