//go:build e2e

package chaos

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/xatube/xatube-operator/internal/component/naming"
	"github.com/xatube/xatube-operator/test/drive"
)

// attempt is one write that a probe tried, in the words of test/probe.
type attempt struct {
	Row   string    `json:"row"`
	Ended time.Time `json:"ended"`
	Error string    `json:"error"`

	server string
}

// probe asks one server every 50 ms whether it accepts a write, from the server's own node: whatever the node is cut off
// from, the probe reaches the server.
type probe struct {
	server   string
	command  *exec.Cmd
	stop     io.Closer
	attempts chan []attempt
}

// probeAll probes every instance of the database as it is now, and waits until the probes are at work.
func (g *ground) probeAll(t *testing.T, c *crowd) []*probe {
	t.Helper()
	url := g.databaseURL(t)
	_, err := probeOnce(t, url, g.primary(t), "-prepare")
	check(t, err)
	var probes []*probe
	for _, pod := range g.pods(t, naming.Postgres) {
		probes = append(probes, startProbe(t, url, &pod))
	}
	c.written(t, 20*time.Second)
	return probes
}

func (g *ground) databaseURL(t *testing.T) string {
	t.Helper()
	secret := &corev1.Secret{}
	check(t, kube.Get(t.Context(), client.ObjectKey{Namespace: g.platform.Namespace, Name: g.platform.Name + "-postgres-app"}, secret))
	return string(secret.Data["uri"])
}

func probeCommand(t *testing.T, url string, pod *corev1.Pod, args ...string) *exec.Cmd {
	t.Helper()
	args = append([]string{"node-exec", pod.Spec.NodeName, "--", os.Getenv("PROBE"), "-host", pod.Status.PodIP}, args...)
	command, err := drive.ClusterCommand(t.Context(), args...)
	check(t, err)
	command.Env = append(os.Environ(), "PROBE_URL="+url)
	return command
}

func probeOnce(t *testing.T, url string, pod *corev1.Pod, args ...string) (string, error) {
	t.Helper()
	out, err := probeCommand(t, url, pod, args...).Output()
	if err != nil {
		return "", fmt.Errorf("probe %s of %s: %w", strings.Join(args, " "), pod.Name, err)
	}
	return string(out), nil
}

func startProbe(t *testing.T, url string, pod *corev1.Pod) *probe {
	t.Helper()
	p := &probe{server: pod.Name, command: probeCommand(t, url, pod, "-name", pod.Name), attempts: make(chan []attempt, 1)}
	var err error
	p.stop, err = p.command.StdinPipe()
	check(t, err)
	out, err := p.command.StdoutPipe()
	check(t, err)
	check(t, p.command.Start())
	go func() {
		var all []attempt
		for lines := json.NewDecoder(out); ; {
			a := attempt{server: pod.Name}
			if lines.Decode(&a) != nil {
				p.attempts <- all
				return
			}
			all = append(all, a)
		}
	}()
	return p
}

// end ends the probe and tells what it saw.
func (p *probe) end(t *testing.T) []attempt {
	t.Helper()
	check(t, p.stop.Close())
	all := <-p.attempts
	check(t, p.command.Wait())
	return all
}

// verdict fails the test when two servers accepted writes in turns, or when a row that a server acknowledged is gone.
func (g *ground) verdict(t *testing.T, probes []*probe) string {
	t.Helper()
	var acknowledged []attempt
	attempts := 0
	for _, p := range probes {
		all := p.end(t)
		attempts += len(all)
		acknowledged = append(acknowledged, slices.DeleteFunc(all, func(a attempt) bool { return a.Error != "" })...)
	}
	slices.SortFunc(acknowledged, func(a, b attempt) int { return a.Ended.Compare(b.Ended) })
	turns := turns(acknowledged)
	if len(turns) > 2 || len(acknowledged) == 0 {
		t.Errorf("%d writes were acknowledged, in turns by %s: two servers accepted writes at once", len(acknowledged), strings.Join(turns, ", "))
	}
	rows, err := probeOnce(t, g.databaseURL(t), g.primary(t), "-list")
	check(t, err)
	present := map[string]bool{}
	for row := range strings.Lines(rows) {
		present[strings.TrimSpace(row)] = true
	}
	lost := slices.DeleteFunc(slices.Clone(acknowledged), func(a attempt) bool { return present[a.Row] })
	if len(lost) > 0 {
		t.Errorf("%d of %d rows that a probe wrote are lost, the first by %s at %s", len(lost), len(acknowledged), lost[0].server, lost[0].Ended)
	}
	return fmt.Sprintf("%d probes, %d acknowledged by %s, %d lost", attempts, len(acknowledged), strings.Join(turns, " then "), len(lost))
}

// turns are the servers that acknowledged writes, in the order of time, a server again each time that it follows another.
func turns(acknowledged []attempt) []string {
	var servers []string
	for _, a := range acknowledged {
		servers = append(servers, a.server)
	}
	return slices.Compact(servers)
}
