package main

import (
	"encoding/json"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"

	"github.com/xatube/xatube-operator/api/v1alpha1"
)

// provision is what there is of an object that a spec names: whether it exists, and whether it has its keys.
type provision func(name string) (exists, filled bool)

func whole(string) (exists, filled bool) { return true, true }

// lacking are provisions of users who have not finished.
var lacking = []provision{
	func(string) (exists, filled bool) { return false, false },
	func(string) (exists, filled bool) { return true, false },
	func(name string) (exists, filled bool) { return len(name)%2 == 0, len(name)%3 == 0 },
}

// provide the Secrets and ConfigMaps that the spec names.
func (p *platform) provide(what provision) error {
	u := p.objects.Get(v1alpha1.GroupVersion.WithKind(v1alpha1.Kind), p.key)
	c := &v1alpha1.XaTubeCluster{}
	if err := runtime.DefaultUnstructuredConverter.FromUnstructured(u.DeepCopy().Object, c); err != nil {
		return err
	}
	keys := map[string]bool{"uri": true}
	collectKeys(u.Object["spec"], keys)
	secret := map[string]any{}
	config := map[string]any{}
	for k, v := range p.ground.crt {
		secret[k] = encoded(v)
	}
	for _, k := range []string{"username", "password", "apiKey"} {
		secret[k] = encoded([]byte("x"))
	}
	for k := range keys {
		secret[k], config[k] = encoded([]byte("x")), "x"
	}
	p.provideAll(what, "Secret", c.SecretNames(), secret)
	p.provideAll(what, "ConfigMap", c.ConfigMapNames(), config)
	for scheme, external := range map[string]*v1alpha1.ExternalSpec{
		"postgresql": c.Spec.Postgres.External, "redis": c.Spec.Redis.External, "amqp": c.Spec.RabbitMQ.External,
	} {
		if external != nil {
			data := map[string]any{external.SecretRef.Key: encoded([]byte(scheme + "://user:pw@server.example.com/0"))}
			p.provideAll(what, "Secret", []string{string(external.SecretRef.Name)}, data)
		}
	}
	return nil
}

func (p *platform) provideAll(what provision, kind string, names []string, data map[string]any) {
	for _, name := range names {
		exists, filled := what(name)
		if !exists {
			continue
		}
		u := &unstructured.Unstructured{Object: map[string]any{}}
		if filled {
			u.Object["data"] = data
		}
		u.SetGroupVersionKind(corev1.SchemeGroupVersion.WithKind(kind))
		u.SetNamespace(p.key.Namespace)
		u.SetName(name)
		p.objects.Put(u)
	}
}

func encoded(b []byte) any {
	text, _ := json.Marshal(b)
	var s string
	_ = json.Unmarshal(text, &s)
	return s
}

// collectKeys of Secrets and ConfigMaps that a spec names.
func collectKeys(v any, keys map[string]bool) {
	switch v := v.(type) {
	case map[string]any:
		if k, ok := v["key"].(string); ok {
			keys[k] = true
		}
		for _, value := range v {
			collectKeys(value, keys)
		}
	case []any:
		for _, value := range v {
			collectKeys(value, keys)
		}
	}
}
