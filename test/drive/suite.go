//go:build e2e

package drive

import (
	"context"
	"fmt"
	"os"
	"testing"
)

// LabelSuite on a namespace says which tests it was made for.
const LabelSuite = "app.kubernetes.io/part-of"

// Small is the spec of a platform with one of everything. It reserves little, so that several fit on small nodes at once.
const Small = `
  backend: {replicas: 1, uploads: {size: 1Gi}, pod: &lean {resources: {requests: {cpu: 10m}}}}
  frontend: {replicas: 1, pod: *lean}
  edge: {replicas: 1, pod: *lean}
  postgres: {instances: 1, storage: {size: 1Gi}, pod: *lean}
  redis: {maxMemory: 16Mi, pod: *lean}
  rabbitmq: {storage: {size: 1Gi}, pod: {resources: {requests: {cpu: 10m, memory: 256Mi}, limits: {memory: 512Mi}}}}
  rtmp: {service: {type: ClusterIP}, pod: *lean}`

// TestNamespace makes a namespace for a test of a suite, and removes it with the test. Of a failed one it logs what is in
// there, and with KEEP=1 it leaves it.
func (c *Client) TestNamespace(t *testing.T, suite, name string, remove func(ctx context.Context, name string) error) {
	t.Helper()
	if err := c.CreateNamespace(t.Context(), name, map[string]string{LabelSuite: suite}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		ctx := context.WithoutCancel(t.Context())
		if t.Failed() {
			t.Log(c.Explain(ctx, name, fmt.Errorf("at the end of %s", t.Name())))
			if os.Getenv("KEEP") != "" {
				return
			}
		}
		if err := remove(ctx, name); err != nil {
			t.Fatal(err)
		}
	})
}
