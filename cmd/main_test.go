package main

import (
	"context"
	"crypto/tls"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/go-logr/logr"
	authenticationv1 "k8s.io/api/authentication/v1"
	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/envtest"
)

// TestMetricsAskWhoReadsThem: nobody reads the metrics without a token, and no token without the right is enough.
func TestMetricsAskWhoReadsThem(t *testing.T) {
	ctrl.SetLogger(logr.Discard())
	cluster := startCluster(t)
	address := freeAddress(t)
	mgr, err := newManager(options{metricsAddress: address, probeAddress: "0"})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- mgr.Start(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})

	stranger, reader := token(t, cluster, "stranger"), token(t, cluster, "reader")
	allow(t, cluster, "reader")
	for _, tt := range []struct {
		name, token string
		want        int
	}{
		{"without a token", "", http.StatusUnauthorized},
		// controller-runtime answers 500, not 401, to a token that the API server does not know.
		{"with a wrong token", "abc", http.StatusInternalServerError},
		{"without the right", stranger, http.StatusForbidden},
		{"with the right", reader, http.StatusOK},
	} {
		t.Run(tt.name, func(t *testing.T) { expectStatus(t, "https://"+address+"/metrics", tt.token, tt.want) })
	}
}

func startCluster(t *testing.T) *kubernetes.Clientset {
	t.Helper()
	if os.Getenv("KUBEBUILDER_ASSETS") == "" {
		t.Skip("KUBEBUILDER_ASSETS names no kube-apiserver and etcd; run make test")
	}
	server := &envtest.Environment{CRDDirectoryPaths: []string{"../config/crd/bases"}, ErrorIfCRDPathMissing: true}
	cfg, err := server.Start()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := server.Stop(); err != nil {
			t.Error(err)
		}
	})
	kubeconfig := filepath.Join(t.TempDir(), "kubeconfig")
	if err := os.WriteFile(kubeconfig, server.KubeConfig, 0o600); err != nil {
		t.Fatal(err)
	}
	t.Setenv("KUBECONFIG", kubeconfig)
	return kubernetes.NewForConfigOrDie(cfg)
}

func freeAddress(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

func token(t *testing.T, cluster kubernetes.Interface, name string) string {
	t.Helper()
	accounts := cluster.CoreV1().ServiceAccounts("default")
	account := &corev1.ServiceAccount{ObjectMeta: metav1.ObjectMeta{Name: name}}
	if _, err := accounts.Create(t.Context(), account, metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
	request, err := accounts.CreateToken(t.Context(), name, &authenticationv1.TokenRequest{}, metav1.CreateOptions{})
	if err != nil {
		t.Fatal(err)
	}
	return request.Status.Token
}

// allow gives a service account what the metrics-reader role of the manifests grants.
func allow(t *testing.T, cluster kubernetes.Interface, account string) {
	t.Helper()
	meta := metav1.ObjectMeta{Name: "metrics-reader"}
	role := &rbacv1.ClusterRole{ObjectMeta: meta, Rules: []rbacv1.PolicyRule{{NonResourceURLs: []string{"/metrics"}, Verbs: []string{"get"}}}}
	if _, err := cluster.RbacV1().ClusterRoles().Create(t.Context(), role, metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
	binding := &rbacv1.ClusterRoleBinding{
		ObjectMeta: meta,
		RoleRef:    rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "ClusterRole", Name: meta.Name},
		Subjects:   []rbacv1.Subject{{Kind: rbacv1.ServiceAccountKind, Namespace: "default", Name: account}},
	}
	if _, err := cluster.RbacV1().ClusterRoleBindings().Create(t.Context(), binding, metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
}

// expectStatus asks until the server is up and has seen who may do what.
func expectStatus(t *testing.T, url, token string, want int) {
	t.Helper()
	// The server signs its certificate itself.
	client := &http.Client{Timeout: 5 * time.Second, Transport: &http.Transport{TLSClientConfig: &tls.Config{InsecureSkipVerify: true}}}
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	for last := ""; ; {
		status, err := ask(ctx, client, url, token)
		switch {
		case err == nil && status == want:
			return
		case err == nil:
			last = http.StatusText(status)
		default:
			last = err.Error()
		}
		select {
		case <-ctx.Done():
			t.Fatalf("got %s, want %s", last, http.StatusText(want))
		case <-time.After(100 * time.Millisecond):
		}
	}
}

func ask(ctx context.Context, client *http.Client, url, token string) (int, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, http.NoBody)
	if err != nil {
		return 0, err
	}
	if token != "" {
		request.Header.Set("Authorization", "Bearer "+token)
	}
	response, err := client.Do(request)
	if err != nil {
		return 0, err
	}
	return response.StatusCode, response.Body.Close()
}

func TestTheNamespaceIsThatOfThePod(t *testing.T) {
	file := filepath.Join(t.TempDir(), "namespace")
	if got, err := readNamespace(file); got != "" || err != nil {
		t.Errorf("outside of Kubernetes: got %q, %v", got, err)
	}
	if err := os.WriteFile(file, []byte("xatube-system\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if got, err := readNamespace(file); got != "xatube-system" || err != nil {
		t.Errorf("got %q, %v", got, err)
	}
}
