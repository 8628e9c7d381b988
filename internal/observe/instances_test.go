package observe

import (
	"context"
	"crypto/tls"
	"encoding/pem"
	"errors"
	"maps"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	cnpgv1 "github.com/cloudnative-pg/api/pkg/api/v1"
	corev1 "k8s.io/api/core/v1"

	"github.com/xatube/xatube-operator/api/v1alpha1"
	"github.com/xatube/xatube-operator/internal/component/naming"
)

// primaryStatus is of CloudNativePG 1.30.1, shortened.
const primaryStatus = `{"currentLsn":"0/5000060","systemID":"7","isPrimary":true,"node":"node-1","pod":{},"timeLineID":1,
	"replicationInfo":[{"applicationName":"demo-postgres-2","state":"streaming","syncState":"quorum"},
	{"applicationName":"demo-postgres-3","state":"catchup"}],"isPodReady":false}`

func TestStandbysAreReadFromThePrimary(t *testing.T) {
	tests := []struct {
		name, body string
		code       int
		want       map[string]string
		err        string
	}{
		{"primary", primaryStatus, http.StatusOK, map[string]string{"demo-postgres-2": "streaming", "demo-postgres-3": "catchup"}, ""},
		{"alone", `{"isPrimary":true}`, http.StatusOK, map[string]string{}, ""},
		{"standby", `{"isPrimary":false}`, http.StatusOK, nil, "not the primary"},
		{"not ready", "no", http.StatusInternalServerError, nil, "500"},
		{"no JSON", "<html>", http.StatusOK, nil, "decoding"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			address, ca := statusServer(t, func(w http.ResponseWriter, r *http.Request) {
				if r.URL.Path != "/pg/status" {
					t.Errorf("asked for %s", r.URL.Path)
				}
				w.WriteHeader(tt.code)
				_, _ = w.Write([]byte(tt.body))
			})
			got, err := InstanceStatus{Port: port(t, address)}.Standbys(t.Context(), "127.0.0.1", "example.com", ca)
			if tt.err != "" {
				if err == nil || !strings.Contains(err.Error(), tt.err) {
					t.Errorf("got %v, %v", got, err)
				}
				return
			}
			if err != nil || !maps.Equal(got, tt.want) {
				t.Errorf("got %v, %v", got, err)
			}
		})
	}
}

func TestAStrangerIsNotBelieved(t *testing.T) {
	address, _ := statusServer(t, func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte(primaryStatus)) })
	if got, err := (InstanceStatus{Port: port(t, address)}).Standbys(t.Context(), "127.0.0.1", "demo-postgres-rw", authority(t, address)); err == nil {
		t.Errorf("a certificate for another name was taken: %v", got)
	}
	if got, err := (InstanceStatus{Port: port(t, address)}).Standbys(t.Context(), "127.0.0.1", "example.com", []byte("none")); err == nil {
		t.Errorf("no authority was needed: %v", got)
	}
}

// statusServer answers in the place of an instance; its certificate is for example.com.
func statusServer(t *testing.T, answer http.HandlerFunc) (address string, ca []byte) {
	t.Helper()
	s := httptest.NewTLSServer(answer)
	t.Cleanup(s.Close)
	address = s.Listener.Addr().String()
	return address, authority(t, address)
}

func authority(t *testing.T, address string) []byte {
	t.Helper()
	conn, err := tls.Dial("tcp", address, &tls.Config{InsecureSkipVerify: true}) //nolint:gosec // It is asked who it is.
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close() }()
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: conn.ConnectionState().PeerCertificates[0].Raw})
}

func port(t *testing.T, address string) string {
	t.Helper()
	_, p, err := net.SplitHostPort(address)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

type instances struct {
	asked []string
	err   error
}

func (i *instances) Standbys(_ context.Context, address, serverName string, ca []byte) (map[string]string, error) {
	i.asked = append(i.asked, address+" "+serverName+" "+string(ca))
	if i.err != nil {
		return nil, i.err
	}
	return map[string]string{"demo-postgres-2": "streaming"}, nil
}

func TestThePrimaryIsAskedOnlyForARequest(t *testing.T) {
	const request = "demo-postgres-2"
	status := func(state v1alpha1.PromotionState) *v1alpha1.PostgresStatus {
		return &v1alpha1.PostgresStatus{Promotion: &v1alpha1.PromotionStatus{Request: request, State: state}}
	}
	tests := []struct {
		name, request string
		status        *v1alpha1.PostgresStatus
		err           error
		lost          bool
		asked         bool
		unknown       string
	}{
		{name: "at rest"},
		{name: "asked for", request: request, asked: true},
		{name: "asked for another", request: request + "@2", status: status(v1alpha1.PromotionCompleted), asked: true},
		{name: "accepted", request: request, status: status(v1alpha1.PromotionRequested), asked: true},
		{name: "under way", request: request, status: status(v1alpha1.PromotionInProgress)},
		{name: "done", request: request, status: status(v1alpha1.PromotionCompleted)},
		{name: "silent", request: request, err: errors.New("timeout"), asked: true, unknown: "timeout"},
		{name: "the pod is gone", request: request, lost: true, unknown: "pod demo-postgres-1 has no address"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			asked := &instances{err: tt.err}
			c := &v1alpha1.XaTubeCluster{}
			c.Name, c.Annotations, c.Status.Postgres = "demo", map[string]string{naming.AnnotationPromote: tt.request}, tt.status
			f := Facts{
				Database: &cnpgv1.Cluster{Status: cnpgv1.ClusterStatus{CurrentPrimary: "demo-postgres-1"}},
				Secrets:  map[string]*corev1.Secret{"demo-postgres-ca": {Data: map[string][]byte{"ca.crt": []byte("CA")}}},
				Pods:     map[string][]*corev1.Pod{},
			}
			if !tt.lost {
				pod := &corev1.Pod{Status: corev1.PodStatus{PodIP: "10.0.0.7"}}
				pod.Name = "demo-postgres-1"
				f.Pods[naming.Postgres] = []*corev1.Pod{pod}
			}
			synctest.Test(t, func(t *testing.T) {
				r := &Reader{Instances: asked, Now: time.Now}
				for _, awaited := range []bool{tt.asked, false} {
					if err := r.standbys(t.Context(), c, &f); err != nil {
						t.Fatal(err)
					}
					if f.StandbysAwaited != awaited {
						t.Errorf("awaited: %t, want %t", f.StandbysAwaited, awaited)
					}
					synctest.Wait()
				}
			})
			if (len(asked.asked) == 1) != tt.asked {
				t.Errorf("asked: %v", asked.asked)
			}
			if tt.asked && asked.asked[0] != "10.0.0.7 demo-postgres-rw CA" {
				t.Errorf("asked: %v", asked.asked)
			}
			if f.StandbysUnknown != tt.unknown || (f.Standbys != nil) != (tt.asked && tt.err == nil) {
				t.Errorf("standbys %v, unknown %q", f.Standbys, f.StandbysUnknown)
			}
		})
	}
}
