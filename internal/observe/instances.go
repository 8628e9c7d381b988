package observe

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"slices"
	"time"

	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/xatube/xatube-operator/api/v1alpha1"
	"github.com/xatube/xatube-operator/internal/component/naming"
)

// InstanceReader asks instances of Postgres about themselves.
type InstanceReader interface {
	// Standbys are the states of replication by standby, as the primary at an address tells. ca is what signed the
	// certificate of the instances, serverName who it was made for.
	Standbys(ctx context.Context, address, serverName string, ca []byte) (map[string]string, error)
}

// standbys asks the primary while a switchover is asked for and not yet decided.
func (r *Reader) standbys(ctx context.Context, c *v1alpha1.XaTubeCluster, f *Facts) error {
	if f.Database == nil || !undecided(c) {
		return nil
	}
	standbys, known, err := r.askPrimary(ctx, c, f)
	if err != nil {
		// The database may be fine all the same: whoever needs the answer says that it is missing.
		f.StandbysUnknown = err.Error()
	}
	f.Standbys, f.StandbysAwaited = standbys, !known
	return nil
}

// undecided says that a switchover is asked for which the status does not know, or does not know to have begun.
func undecided(c *v1alpha1.XaTubeCluster) bool {
	request := c.Annotations[naming.AnnotationPromote]
	if request == "" {
		return false
	}
	p := c.Status.Postgres
	return p == nil || p.Promotion == nil || p.Promotion.Request != request || p.Promotion.State == v1alpha1.PromotionRequested
}

// askPrimary for its standbys. It does not wait for the answer.
func (r *Reader) askPrimary(ctx context.Context, c *v1alpha1.XaTubeCluster, f *Facts) (standbys map[string]string, known bool, err error) {
	primary := f.Database.Status.CurrentPrimary
	pods := f.Pods[naming.Postgres]
	i := slices.IndexFunc(pods, func(p *corev1.Pod) bool { return p.Name == primary })
	if i < 0 || pods[i].Status.PodIP == "" {
		return nil, true, fmt.Errorf("pod %s has no address", primary)
	}
	ca := f.Secrets[naming.PostgresCASecret(c)]
	if ca == nil {
		return nil, true, fmt.Errorf("Secret %s does not exist", naming.PostgresCASecret(c))
	}
	return r.replicas.answer(ctx, r, question[map[string]string]{
		platform: client.ObjectKeyFromObject(c), key: string(pods[i].UID) + c.Annotations[naming.AnnotationPromote],
		fresh: standbysFresh, timeout: statusPatience,
		ask: func(ctx context.Context) (map[string]string, error) {
			return r.Instances.Standbys(ctx, pods[i].Status.PodIP, naming.Child(c, naming.Postgres)+"-rw", ca.Data["ca.crt"])
		},
	})
}

// InstanceStatus asks on the port on which CloudNativePG's instances tell their status.
type InstanceStatus struct {
	Port string
}

const (
	// StatusPort of CloudNativePG's instances.
	StatusPort = "8000"

	statusPath = "/pg/status"
	// statusPatience is how long an instance may take to answer.
	statusPatience = 3 * time.Second
	// standbysFresh is how long its answer holds for one request.
	standbysFresh = 5 * time.Second
	// statusLimit is far above what a status takes.
	statusLimit = 4 << 20
)

// Standbys implements InstanceReader.
func (s InstanceStatus) Standbys(ctx context.Context, address, serverName string, ca []byte) (map[string]string, error) {
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(ca) {
		return nil, errors.New("the certificate authority of the instances cannot be read")
	}
	transport := &http.Transport{TLSClientConfig: &tls.Config{RootCAs: pool, ServerName: serverName, MinVersion: tls.VersionTLS13}}
	defer transport.CloseIdleConnections()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, "https://"+net.JoinHostPort(address, s.Port)+statusPath, nil)
	if err != nil {
		return nil, fmt.Errorf("asking for the status: %w", err)
	}
	response, err := (&http.Client{Transport: transport}).Do(request)
	if err != nil {
		return nil, fmt.Errorf("asking for the status: %w", err)
	}
	defer func() { _ = response.Body.Close() }()
	body, err := io.ReadAll(io.LimitReader(response.Body, statusLimit))
	if err != nil {
		return nil, fmt.Errorf("reading the status: %w", err)
	}
	if response.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("the status is not told: %s", response.Status)
	}
	return parseStandbys(body)
}

func parseStandbys(body []byte) (map[string]string, error) {
	var status struct {
		IsPrimary       bool `json:"isPrimary"`
		ReplicationInfo []struct {
			ApplicationName string `json:"applicationName"`
			State           string `json:"state"`
		} `json:"replicationInfo"`
	}
	if err := json.Unmarshal(body, &status); err != nil {
		return nil, fmt.Errorf("decoding the status: %w", err)
	}
	if !status.IsPrimary {
		return nil, errors.New("the instance says that it is not the primary")
	}
	standbys := map[string]string{}
	for _, s := range status.ReplicationInfo {
		standbys[s.ApplicationName] = s.State
	}
	return standbys, nil
}
