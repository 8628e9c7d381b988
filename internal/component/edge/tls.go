package edge

import (
	"crypto/tls"

	corev1 "k8s.io/api/core/v1"

	"github.com/xatube/xatube-operator/api/v1alpha1"
	"github.com/xatube/xatube-operator/internal/component"
	"github.com/xatube/xatube-operator/internal/outcome"
)

// checkCertificate refuses a certificate that nginx could not start with, before any pod is replaced.
func checkCertificate(in component.Input) error {
	spec := in.Cluster.Spec.Edge.TLS
	if spec == nil {
		return nil
	}
	secret := in.Facts.Secrets[string(spec.SecretName)]
	if secret == nil {
		return outcome.Waiting(v1alpha1.ReasonSecretNotFound,
			"Secret %s of spec.edge.tls.secretName does not exist: create it with kubectl create secret tls, or correct the name",
			spec.SecretName)
	}
	for _, key := range []string{corev1.TLSCertKey, corev1.TLSPrivateKeyKey} {
		if len(secret.Data[key]) == 0 {
			return outcome.Waiting(v1alpha1.ReasonSecretKeyMissing,
				"Secret %s of spec.edge.tls.secretName lacks the key %s: it must be of type kubernetes.io/tls",
				spec.SecretName, key)
		}
	}
	if _, err := tls.X509KeyPair(secret.Data[corev1.TLSCertKey], secret.Data[corev1.TLSPrivateKeyKey]); err != nil {
		return outcome.Waiting(v1alpha1.ReasonSecretInvalid,
			"Secret %s of spec.edge.tls.secretName holds no usable certificate: %v; store a certificate and its key in PEM form",
			spec.SecretName, err)
	}
	return nil
}

// certificate is what rolls the pods when it is renewed.
func certificate(in component.Input) []any {
	spec := in.Cluster.Spec.Edge.TLS
	if spec == nil {
		return nil
	}
	secret := in.Facts.Secrets[string(spec.SecretName)]
	return []any{secret.Data[corev1.TLSCertKey], secret.Data[corev1.TLSPrivateKeyKey]}
}
