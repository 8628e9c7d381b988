package main

import (
	"context"
	"fmt"
	"net/http"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/util/cert"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/xatube/xatube-operator/internal/controller"
	"github.com/xatube/xatube-operator/test/scene"
)

// ground is where platforms are set: an API server, and what is the same for all of them.
type ground struct {
	cfg    *rest.Config
	http   *http.Client
	mapper meta.RESTMapper
	apis   scene.Installed
	crt    map[string][]byte
}

func newGround(cfg *rest.Config) (*ground, error) {
	web, err := rest.HTTPClientFor(cfg)
	if err != nil {
		return nil, fmt.Errorf("creating a client: %w", err)
	}
	api, err := client.New(cfg, client.Options{Scheme: controller.NewScheme()})
	if err != nil {
		return nil, fmt.Errorf("creating a client: %w", err)
	}
	g := &ground{cfg: cfg, http: web, mapper: api.RESTMapper(), apis: scene.EveryAPI()}
	for gvk := range g.apis {
		if _, err := g.mapper.RESTMapping(gvk.GroupKind(), gvk.Version); err != nil {
			return nil, fmt.Errorf("%s is not installed: %w", gvk, err)
		}
	}
	crt, key, err := cert.GenerateSelfSignedCertKey("tube.example.com", nil, nil)
	if err != nil {
		return nil, fmt.Errorf("making a certificate: %w", err)
	}
	g.crt = map[string][]byte{"tls.crt": crt, "tls.key": key, "ca.crt": crt}
	return g, nil
}

func newNamespace(ctx context.Context, c client.Client, name string) error {
	ns := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: name}}
	if err := c.Create(ctx, ns); err != nil {
		return fmt.Errorf("creating a namespace: %w", err)
	}
	return nil
}
