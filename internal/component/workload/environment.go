package workload

import (
	"slices"

	corev1ac "k8s.io/client-go/applyconfigurations/core/v1"

	"github.com/xatube/xatube-operator/api/v1alpha1"
	"github.com/xatube/xatube-operator/internal/component"
	"github.com/xatube/xatube-operator/internal/outcome"
)

// environment collects what the Secrets and ConfigMaps behind environment variables hold. A container reads them at
// its start only, so a change of what is used has to roll the pods, and one that is missing must not reach them.
type environment struct {
	in      component.Input
	content map[string][]byte
}

// environmentContent is the content behind the environment of containers, of the keys that are used.
func environmentContent(in component.Input, containers []*corev1ac.ContainerApplyConfiguration) (map[string][]byte, error) {
	e := environment{in: in, content: map[string][]byte{}}
	for _, c := range containers {
		for _, v := range c.Env {
			if err := e.addVariable(v.ValueFrom); err != nil {
				return nil, err
			}
		}
		for i := range c.EnvFrom {
			if err := e.addAll(&c.EnvFrom[i]); err != nil {
				return nil, err
			}
		}
	}
	return e.content, nil
}

func (e environment) addVariable(from *corev1ac.EnvVarSourceApplyConfiguration) error {
	switch {
	case from == nil:
		return nil
	case from.SecretKeyRef != nil:
		name, key := *from.SecretKeyRef.Name, *from.SecretKeyRef.Key
		data, err := e.secret(name)
		if err != nil {
			return err
		}
		value, found := data[key]
		if !found {
			return outcome.Waiting(v1alpha1.ReasonSecretKeyMissing, "Secret %s has no key %s: add it", name, key)
		}
		e.content["Secret/"+name+"/"+key] = value
	case from.ConfigMapKeyRef != nil:
		name, key := *from.ConfigMapKeyRef.Name, *from.ConfigMapKeyRef.Key
		data, err := e.configMap(name)
		if err != nil {
			return err
		}
		value, found := data[key]
		if !found {
			return outcome.Waiting(v1alpha1.ReasonConfigMapKeyMissing, "ConfigMap %s has no key %s: add it", name, key)
		}
		e.content["ConfigMap/"+name+"/"+key] = []byte(value)
	}
	return nil
}

func (e environment) addAll(from *corev1ac.EnvFromSourceApplyConfiguration) error {
	if from.SecretRef != nil {
		data, err := e.secret(*from.SecretRef.Name)
		for key, value := range data {
			e.content["Secret/"+*from.SecretRef.Name+"/"+key] = value
		}
		return err
	}
	data, err := e.configMap(*from.ConfigMapRef.Name)
	for key, value := range data {
		e.content["ConfigMap/"+*from.ConfigMapRef.Name+"/"+key] = []byte(value)
	}
	return err
}

func (e environment) secret(name string) (map[string][]byte, error) {
	if s := e.in.Facts.Secrets[name]; s != nil {
		return s.Data, nil
	}
	if slices.Contains(e.in.Cluster.SecretNames(), name) {
		return nil, outcome.Waiting(v1alpha1.ReasonSecretNotFound, "Secret %s, which the spec names, does not exist: create it", name)
	}
	return nil, outcome.Waiting(v1alpha1.ReasonWaiting, "waiting for Secret %s", name)
}

func (e environment) configMap(name string) (map[string]string, error) {
	if m := e.in.Facts.ConfigMaps[name]; m != nil {
		return m.Data, nil
	}
	return nil, outcome.Waiting(v1alpha1.ReasonConfigMapNotFound, "ConfigMap %s, which the spec names, does not exist: create it", name)
}
