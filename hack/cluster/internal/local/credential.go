package local

import (
	"fmt"
	"maps"
	"os"

	"github.com/xatube/xatube-operator/hack/cluster/internal/config"
	"github.com/xatube/xatube-operator/hack/cluster/internal/pki"
	"github.com/xatube/xatube-operator/hack/cluster/internal/plan"
)

// credentials issues the files with keys, certificates and kubeconfigs of each machine.
type credentials struct {
	cluster plan.Cluster
	ca      *pki.Authority
}

func newCredentials(c plan.Cluster) (credentials, error) {
	ca, err := pki.NewAuthority("xatube-cluster-" + c.Name)
	return credentials{cluster: c, ca: ca}, err
}

// control returns the files of the control machine.
func (cr credentials) control() (map[string][]byte, error) {
	front, err := pki.NewAuthority("front-proxy-ca")
	if err != nil {
		return nil, err
	}
	serviceAccounts, err := pki.NewKey()
	if err != nil {
		return nil, err
	}
	files := map[string][]byte{
		"ca.crt": cr.ca.Cert, "ca.key": cr.ca.Key,
		"front-proxy-ca.crt":  front.Cert,
		"service-account.key": serviceAccounts,
	}
	frontClient, err := front.Issue(pki.Subject{Name: "front-proxy"})
	if err != nil {
		return nil, err
	}
	addPair(files, "front-proxy", frontClient)
	if err := cr.addAPIServer(files); err != nil {
		return nil, err
	}
	for _, name := range []string{"kube-controller-manager", "kube-scheduler"} {
		if err := cr.addKubeconfig(files, name, pki.Subject{Name: "system:" + name}, "127.0.0.1"); err != nil {
			return nil, err
		}
	}
	return files, nil
}

func (cr credentials) addAPIServer(files map[string][]byte) error {
	server, err := cr.ca.Issue(pki.Subject{
		Name: "kube-apiserver",
		DNS: []string{
			"localhost", "kubernetes", "kubernetes.default", "kubernetes.default.svc",
			"kubernetes.default.svc." + plan.ClusterDomain,
		},
		IPs: []string{"127.0.0.1", plan.FabricGateway, plan.KubernetesIP},
	})
	if err != nil {
		return err
	}
	addPair(files, "apiserver", server)
	client, err := cr.ca.Issue(pki.Subject{Name: "kube-apiserver-kubelet-client", Groups: []string{"system:masters"}})
	if err != nil {
		return err
	}
	addPair(files, "kubelet-client", client)
	return nil
}

// node returns the files of a node.
func (cr credentials) node(n plan.Node) (map[string][]byte, error) {
	files := map[string][]byte{"ca.crt": cr.ca.Cert}
	kubelet := pki.Subject{
		Name: "system:node:" + n.Name, Groups: []string{"system:nodes"},
		DNS: []string{n.Name}, IPs: []string{n.IP},
	}
	server, err := cr.ca.Issue(kubelet)
	if err != nil {
		return nil, err
	}
	addPair(files, "kubelet", server)
	if err := cr.addKubeconfig(files, "kubelet", kubelet, plan.FabricGateway); err != nil {
		return nil, err
	}
	return files, cr.addKubeconfig(files, "kube-proxy", pki.Subject{Name: "system:kube-proxy"}, plan.FabricGateway)
}

// writeAdmin writes the administrator's kubeconfig, for the host.
func (cr credentials) writeAdmin(port int) error {
	subject := pki.Subject{Name: "xatube-admin", Groups: []string{"system:masters"}}
	raw, err := cr.kubeconfig(subject, fmt.Sprintf("https://127.0.0.1:%d", port))
	if err != nil {
		return err
	}
	if err := os.WriteFile(cr.cluster.Kubeconfig(), raw, 0o600); err != nil {
		return fmt.Errorf("writing the kubeconfig: %w", err)
	}
	return nil
}

func (cr credentials) addKubeconfig(files map[string][]byte, name string, s pki.Subject, host string) error {
	raw, err := cr.kubeconfig(s, fmt.Sprintf("https://%s:%d", host, plan.APIPort))
	files[name+".kubeconfig"] = raw
	return err
}

func (cr credentials) kubeconfig(s pki.Subject, server string) ([]byte, error) {
	pair, err := cr.ca.Issue(s)
	if err != nil {
		return nil, err
	}
	return config.Render("kubeconfig", struct {
		Cluster, Server, User string
		CA, Cert, Key         []byte
	}{"xatube-" + cr.cluster.Name, server, s.Name, cr.ca.Cert, pair.Cert, pair.Key})
}

func addPair(files map[string][]byte, name string, pair pki.Pair) {
	maps.Copy(files, map[string][]byte{name + ".crt": pair.Cert, name + ".key": pair.Key})
}
