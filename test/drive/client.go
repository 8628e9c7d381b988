// Package drive drives a platform as its users do: it applies resources and waits for them, opens the web site and the
// API through the edge, chats, uploads, and publishes by RTMP. The end-to-end tests, the demo and the benchmarks share it.
package drive

import (
	"fmt"

	cnpgv1 "github.com/cloudnative-pg/api/pkg/api/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/kubernetes"
	clientgoscheme "k8s.io/client-go/kubernetes/scheme"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/xatube/xatube-operator/api/v1alpha1"
)

// fieldManager owns what Apply applies.
const fieldManager = "xatube-drive"

// Client reaches the cluster with the rights of a kubeconfig.
type Client struct {
	client.Client
	Clientset kubernetes.Interface
	config    *rest.Config
}

// Connect reads the kubeconfig; empty means $KUBECONFIG or the user's own.
func Connect(kubeconfig string) (*Client, error) {
	rules := clientcmd.NewDefaultClientConfigLoadingRules()
	rules.ExplicitPath = kubeconfig
	config, err := clientcmd.NewNonInteractiveDeferredLoadingClientConfig(rules, nil).ClientConfig()
	if err != nil {
		return nil, fmt.Errorf("reading the kubeconfig: %w", err)
	}
	// A test asks often; the server's own fairness bounds it.
	config.QPS = -1
	scheme, err := newScheme()
	if err != nil {
		return nil, err
	}
	typed, err := client.New(config, client.Options{Scheme: scheme})
	if err != nil {
		return nil, fmt.Errorf("connecting to the cluster: %w", err)
	}
	clientset, err := kubernetes.NewForConfig(config)
	if err != nil {
		return nil, fmt.Errorf("connecting to the cluster: %w", err)
	}
	return &Client{Client: typed, Clientset: clientset, config: config}, nil
}

func newScheme() (*runtime.Scheme, error) {
	scheme := runtime.NewScheme()
	for _, add := range []func(*runtime.Scheme) error{clientgoscheme.AddToScheme, v1alpha1.AddToScheme, cnpgv1.AddToScheme} {
		if err := add(scheme); err != nil {
			return nil, fmt.Errorf("registering types: %w", err)
		}
	}
	return scheme, nil
}
