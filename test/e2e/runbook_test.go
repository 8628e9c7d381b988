//go:build e2e

package e2e

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/xatube/xatube-operator/test/drive"
	"github.com/xatube/xatube-operator/test/runbook"
)

const (
	// commandTimeout is what a reader waits for an answer.
	commandTimeout = 2 * time.Minute
	// lastingTimeout is how long a command that lasts is watched.
	lastingTimeout = 10 * time.Second
)

// described is a platform that has all of which runbooks speak: a second pod of the ingest, a third instance of the database, a
// certificate.
var described = strings.NewReplacer("backend: {replicas: 1,", "backend: {replicas: 2,", "instances: 1,", "instances: 3,",
	"edge: {replicas: 1,", "edge: {replicas: 1, tls: {secretName: demo-tls},", "rtmp: {service", "rtmp: {replicas: 2, service").Replace(drive.Small)

// TestRunbooks runs every command of the runbooks and of the manual on a live platform (C15.). A command that changes something is
// sent to the API server without taking effect; what becomes of changes is what the other tests are about.
func TestRunbooks(t *testing.T) {
	t.Parallel()
	commands, err := runbook.All("../..")
	check(t, err)
	ns := namespace(t)
	authority, err := drive.NewAuthority()
	check(t, err)
	certificate, err := authority.Issue("demo.example.com")
	check(t, err)
	check(t, kube.Create(t.Context(), certificate.Secret(ns, "demo-tls")))
	ready(t, apply(t, ns, "demo", described), readyTimeout)
	sh := newShell(t, ns, certificate.Secret(ns, "demo-tls").Data)
	for _, c := range commands {
		t.Run(fmt.Sprintf("%s/%d", strings.TrimSuffix(c.File, ".md"), c.Line), func(t *testing.T) { sh.run(t, c) })
	}
}

// shell is where a reader types: his namespace is the platform's, his folder the root of the repository.
type shell struct {
	namespace, folder, kubeconfig string
}

func newShell(t *testing.T, namespace string, certificate map[string][]byte) shell {
	t.Helper()
	sh := shell{namespace: namespace, folder: t.TempDir()}
	sh.kubeconfig = filepath.Join(sh.folder, "kubeconfig")
	config, err := os.ReadFile(os.Getenv("KUBECONFIG"))
	check(t, err)
	root, err := filepath.Abs("../../config")
	check(t, err)
	check(t, os.Symlink(root, filepath.Join(sh.folder, "config")))
	for name, content := range map[string][]byte{
		"kubeconfig": config, "fullchain.pem": certificate["tls.crt"], "key.pem": certificate["tls.key"],
	} {
		check(t, os.WriteFile(filepath.Join(sh.folder, name), content, 0o600))
	}
	if out, err := sh.do(t, commandTimeout, "kubectl config set-context --current --namespace="+namespace); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	return sh
}

// do runs a command in a process group of its own, which ends with it. It returns what the command prints. What a command
// that fails says on standard error is part of the error: kubectl names a container there that it has chosen.
func (s shell) do(t *testing.T, timeout time.Duration, text string) (string, error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), timeout)
	defer cancel()
	c := exec.CommandContext(ctx, "bash", "-c", text)
	c.Dir = s.folder
	c.Env = append(os.Environ(), "KUBECONFIG="+s.kubeconfig, "PATH="+os.Getenv("KUBECTL_DIR")+":"+os.Getenv("PATH"))
	c.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	c.Cancel = func() error { return syscall.Kill(-c.Process.Pid, syscall.SIGKILL) }
	c.WaitDelay = time.Second
	var printed, complaints strings.Builder
	c.Stdout, c.Stderr = &printed, &complaints
	err := c.Run()
	if ctx.Err() != nil {
		err = ctx.Err()
	}
	if err != nil {
		return printed.String(), fmt.Errorf("%w: %s", err, strings.TrimSpace(complaints.String()))
	}
	return printed.String() + complaints.String(), nil
}

// run a command as its exception says: it ends well and prints something.
func (s shell) run(t *testing.T, c runbook.Command) {
	exception := runbook.ExceptionOf(c)
	text := runbook.Dry(c.In(s.namespace))
	switch exception.Kind {
	case runbook.Absent:
		t.Skip(exception.Reason)
	case runbook.Lasts:
		if out, err := s.do(t, lastingTimeout, text); !errors.Is(err, context.DeadlineExceeded) || strings.TrimSpace(out) == "" {
			t.Errorf("%s: it ended with %v, and printed %q", c, err, out)
		}
	case runbook.Fails:
		if out, err := s.do(t, commandTimeout, text); err == nil {
			t.Errorf("%s: did not fail, and printed %q", c, out)
		}
	case runbook.Silent:
		if out, err := s.do(t, commandTimeout, text); err != nil {
			t.Errorf("%s: ended with %v and printed %q", c, err, out)
		}
	default:
		s.runPlain(t, c, text)
	}
}

// runPlain runs a command without an exception. A search may find nothing on a platform that is well, but what it
// searches must be there.
func (s shell) runPlain(t *testing.T, c runbook.Command, text string) {
	t.Helper()
	source, searches := runbook.Source(text)
	if !searches {
		s.succeeds(t, c, text)
		return
	}
	s.succeeds(t, c, source)
	if out, err := s.do(t, commandTimeout, text); err != nil && strings.TrimSpace(out) != "" {
		t.Errorf("%s: %v: %s", c, err, out)
	}
}

func (s shell) succeeds(t *testing.T, c runbook.Command, text string) {
	t.Helper()
	if out, err := s.do(t, commandTimeout, text); err != nil || strings.TrimSpace(out) == "" {
		t.Errorf("%s: %s ended with %v and printed %q", c, text, err, out)
	}
}
