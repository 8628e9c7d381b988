package edge_test

import (
	"os"
	"path/filepath"
	"testing"

	corev1 "k8s.io/api/core/v1"
	appsv1ac "k8s.io/client-go/applyconfigurations/apps/v1"
	corev1ac "k8s.io/client-go/applyconfigurations/core/v1"

	"github.com/xatube/xatube-operator/api/v1alpha1"
	"github.com/xatube/xatube-operator/internal/component"
	"github.com/xatube/xatube-operator/internal/component/edge"
	"github.com/xatube/xatube-operator/internal/component/naming"
	"github.com/xatube/xatube-operator/internal/golden"
)

func TestRender(t *testing.T) {
	golden.Run(t, edge.New(), addCertificate)
}

// TestConfigurations shows each nginx.conf as nginx reads it.
func TestConfigurations(t *testing.T) {
	for _, dir := range caseFolders(t) {
		t.Run(filepath.Base(dir), func(t *testing.T) {
			golden.Compare(t, filepath.Join(dir, "nginx.conf"), []byte(configuration(t, dir)["nginx.conf"]))
		})
	}
}

func caseFolders(t *testing.T) []string {
	t.Helper()
	inputs, err := filepath.Glob("testdata/*/in.yaml")
	if err != nil || len(inputs) == 0 {
		t.Fatalf("no cases below testdata: %v", err)
	}
	for i := range inputs {
		inputs[i] = filepath.Dir(inputs[i])
	}
	return inputs
}

func input(t *testing.T, dir string) component.Input {
	t.Helper()
	in := golden.Input(t, filepath.Join(dir, "in.yaml"), edge.New())
	addCertificate("", &in)
	return in
}

// configuration is the content of the ConfigMap of a case.
func configuration(t *testing.T, dir string) map[string]string {
	t.Helper()
	objects, err := edge.New().Render(input(t, dir))
	if err != nil {
		t.Fatal(err)
	}
	return configMap(t, objects)
}

func configMap(t *testing.T, objects []component.Object) map[string]string {
	t.Helper()
	for _, o := range objects {
		if c, ok := o.(*corev1ac.ConfigMapApplyConfiguration); ok {
			return c.Data
		}
	}
	t.Fatal("no ConfigMap")
	return nil
}

func addCertificate(_ string, in *component.Input) {
	if tls := in.Cluster.Spec.Edge.TLS; tls != nil {
		in.Facts.Secrets[string(tls.SecretName)] = certificateSecret()
	}
}

func certificateSecret() *corev1.Secret {
	s := &corev1.Secret{Data: map[string][]byte{}}
	for _, key := range []string{corev1.TLSCertKey, corev1.TLSPrivateKeyKey} {
		content, err := os.ReadFile(filepath.Join("testdata", "certificate", key))
		if err != nil {
			panic(err)
		}
		s.Data[key] = content
	}
	return s
}

func deployment(t *testing.T, in component.Input) *appsv1ac.DeploymentApplyConfiguration {
	t.Helper()
	objects, err := edge.New().Render(in)
	if err != nil {
		t.Fatal(err)
	}
	for _, o := range objects {
		if d, ok := o.(*appsv1ac.DeploymentApplyConfiguration); ok {
			return d
		}
	}
	t.Fatal("no Deployment")
	return nil
}

func templateChecksum(t *testing.T, in component.Input) string {
	t.Helper()
	return deployment(t, in).Spec.Template.Annotations[naming.AnnotationChecksum]
}

// TestEveryFieldCounts: each field of the edge, and each of the others that it reads, changes what the pods run.
func TestEveryFieldCounts(t *testing.T) {
	before := templateChecksum(t, input(t, "testdata/default"))
	for name, change := range map[string]func(*v1alpha1.XaTubeCluster){
		"rateLimit.api":  func(c *v1alpha1.XaTubeCluster) { c.Spec.Edge.RateLimit.API.RequestsPerSecond = 50 },
		"rateLimit.web":  func(c *v1alpha1.XaTubeCluster) { c.Spec.Edge.RateLimit.Web.RequestsPerSecond = 50 },
		"cache.api":      func(c *v1alpha1.XaTubeCluster) { c.Spec.Edge.Cache.API = "3s" },
		"cache.static":   func(c *v1alpha1.XaTubeCluster) { c.Spec.Edge.Cache.Static = "3h" },
		"cache.size":     func(c *v1alpha1.XaTubeCluster) { c.Spec.Edge.Cache.Size = "3Gi" },
		"trustedProxies": func(c *v1alpha1.XaTubeCluster) { c.Spec.Edge.TrustedProxies = []v1alpha1.CIDR{"10.0.0.0/8"} },
		"an Ingress":     func(c *v1alpha1.XaTubeCluster) { c.Spec.Ingress = &v1alpha1.IngressSpec{Host: "tube.example.com"} },
		"a Gateway":      func(c *v1alpha1.XaTubeCluster) { c.Spec.Gateway = &v1alpha1.GatewaySpec{} },
		"frameAncestors": func(c *v1alpha1.XaTubeCluster) { c.Spec.Edge.Headers.FrameAncestors = []v1alpha1.WebSource{"*"} },
		"mediaSources": func(c *v1alpha1.XaTubeCluster) {
			c.Spec.Edge.Headers.MediaSources = []v1alpha1.WebSource{"https://cdn.example.com"}
		},
		"permissions": func(c *v1alpha1.XaTubeCluster) {
			c.Spec.Edge.Headers.Permissions = []v1alpha1.BrowserPermission{v1alpha1.PermissionCamera}
		},
		"maxAge": func(c *v1alpha1.XaTubeCluster) { c.Spec.Edge.Headers.StrictTransportSecurity.MaxAge = "1h" },
		"includeSubDomains": func(c *v1alpha1.XaTubeCluster) {
			c.Spec.Edge.Headers.StrictTransportSecurity.IncludeSubDomains = v1alpha1.ToggleEnabled
		},
		"maxUploadSize":  func(c *v1alpha1.XaTubeCluster) { c.Spec.Backend.Uploads.MaxUploadSize = "3Gi" },
		"frontend.port":  func(c *v1alpha1.XaTubeCluster) { c.Spec.Frontend.Port = 8081 },
		"playlistLength": func(c *v1alpha1.XaTubeCluster) { c.Spec.RTMP.HLS.PlaylistLength = "33s" },
	} {
		in := input(t, "testdata/default")
		change(in.Cluster)
		if templateChecksum(t, in) == before {
			t.Errorf("%s changes nothing", name)
		}
	}
	// The pods are not rolled for what they do not see.
	in := input(t, "testdata/default")
	in.Cluster.Spec.Edge.Service.Type = corev1.ServiceTypeNodePort
	in.Cluster.Spec.Backend.Replicas = nil
	in.Cluster.Spec.Edge.Replicas = 50
	if templateChecksum(t, in) != before {
		t.Error("the Service's type or a number of pods rolls the edge")
	}
}

func read(t *testing.T, path string) string {
	t.Helper()
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(content)
}
