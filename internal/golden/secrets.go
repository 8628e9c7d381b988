package golden

import (
	corev1 "k8s.io/api/core/v1"
	corev1ac "k8s.io/client-go/applyconfigurations/core/v1"

	"github.com/xatube/xatube-operator/internal/component"
)

// Provide makes the Secrets behind environment variables, with fixed content, as if other components or the user had
// made them.
func Provide(in *component.Input, env ...*corev1ac.EnvVarApplyConfiguration) {
	for _, e := range env {
		if e.ValueFrom == nil || e.ValueFrom.SecretKeyRef == nil {
			continue
		}
		name, key := *e.ValueFrom.SecretKeyRef.Name, *e.ValueFrom.SecretKeyRef.Key
		if in.Facts.Secrets[name] == nil {
			in.Facts.Secrets[name] = &corev1.Secret{Data: map[string][]byte{}}
			in.Facts.Secrets[name].Name, in.Facts.Secrets[name].Namespace = name, in.Cluster.Namespace
		}
		if _, known := in.Facts.Secrets[name].Data[key]; !known {
			in.Facts.Secrets[name].Data[key] = []byte("provided-" + key)
		}
	}
}
