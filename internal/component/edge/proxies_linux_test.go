package edge_test

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/xatube/xatube-operator/api/v1alpha1"
)

// Who is where, in a network in which every address is local.
const (
	visitor      = "203.0.113.9"
	visitorIPv6  = "2001:db8:1:2::9"
	neighbour    = "203.0.113.10"
	ingressPod   = "10.244.1.5"
	privateProxy = "10.9.0.3"
	cdn          = "198.51.100.7"
	node         = "10.0.0.7" // in whose name visitors come where addresses are translated
	nobodyKnown  = ""
)

// proxy ends TLS, in a real nginx.
type proxy struct {
	// address under which the next one sees it.
	address string
	// forwardedFor and proto are what it tells, as nginx writes it.
	forwardedFor, proto string
	// next is the proxy behind it; empty for the edge.
	next string
}

const appends, overwrites = "$proxy_add_x_forwarded_for", "$remote_addr"

var proxies = map[string]proxy{
	"appends":       {ingressPod, appends, "$scheme", ""},
	"overwrites":    {ingressPod, overwrites, "$scheme", ""},
	"tells nothing": {ingressPod, `""`, "$scheme", ""},
	"no scheme":     {ingressPod, appends, `""`, ""},
	"inner":         {ingressPod, appends, "$http_x_forwarded_proto", ""},
	"inner listing": {ingressPod, appends, `"$http_x_forwarded_proto, $scheme"`, ""},
	"private outer": {privateProxy, appends, "$scheme", "inner"},
	"private lists": {privateProxy, appends, "$scheme", "inner listing"},
	"forgetful":     {ingressPod, appends, "$scheme", ""},
	"unheard outer": {privateProxy, appends, "$scheme", "forgetful"},
	"cdn":           {cdn, appends, "$scheme", "inner"},
	"public":        {cdn, appends, "$scheme", ""},
}

// entrance is where a visitor knocks, on the loopback.
type entrance struct{ plain, secure int }

// site is an edge and the proxies in front of it.
type site struct {
	edge      *balancer
	direct    entrance
	entrances map[string]entrance
	roots     *x509.CertPool
}

// ownNetwork is set in the process that has one.
const ownNetwork = "XATUBE_TEST_OWN_NETWORK"

// inOwnNetwork runs the rest of a test in another process, in a network of its own where every address is local: so
// visitors, nodes and pods have the addresses that they have in life. It reports whether this is that process.
func inOwnNetwork(t *testing.T) bool {
	t.Helper()
	nginxCommand(t)
	if os.Getenv(ownNetwork) != "" {
		for _, args := range []string{"link set lo up", "route add local 0.0.0.0/0 dev lo", "-6 route add local ::/0 dev lo"} {
			if out, err := exec.Command("ip", strings.Fields(args)...).CombinedOutput(); err != nil {
				t.Fatalf("ip %s: %v: %s", args, err, out)
			}
		}
		write(t, "/proc/sys/net/ipv6/ip_nonlocal_bind", "1")
		return true
	}
	if _, err := exec.LookPath("ip"); err != nil || os.Getuid() != 0 {
		t.Skip("a network of its own needs root and ip of iproute2")
	}
	cmd := exec.Command(os.Args[0], "-test.run=^"+t.Name()+"$", "-test.timeout=5m")
	cmd.Env = append(os.Environ(), ownNetwork+"=1")
	cmd.SysProcAttr = &syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWNET, Pdeathsig: syscall.SIGKILL}
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Errorf("%v\n%s", err, out)
	}
	return false
}

func startSite(t *testing.T, mutate func(*v1alpha1.XaTubeCluster)) *site {
	t.Helper()
	p := newPlatform(t)
	p.backends(t, 1, func(w http.ResponseWriter, r *http.Request) {
		_ = json.NewEncoder(w).Encode(r.Header)
	})
	s := &site{edge: p.prepareEdge(t, mutate), entrances: map[string]entrance{}, roots: x509.NewCertPool()}
	s.roots.AppendCertsFromPEM(certificateSecret().Data["tls.crt"])
	_, _ = fmt.Sscanf(s.edge.url+" "+s.edge.tlsURL, "http://127.0.0.1:%d https://127.0.0.1:%d", &s.direct.plain, &s.direct.secure)
	write(t, filepath.Join(s.edge.folder, "listen-ipv6.conf"), fmt.Sprintf("listen [::1]:%d default_server;", s.direct.plain))
	s.edge.run(t)
	s.startProxies(t)
	eventually(t, func() error {
		if a := s.edge.get(t, "/api/warm", "X-Forwarded-Proto", "https", "Authorization", "x"); a.StatusCode != http.StatusOK {
			return fmt.Errorf("%s", a.Status)
		}
		return nil
	})
	return s
}

func (s *site) startProxies(t *testing.T) {
	t.Helper()
	folder := t.TempDir()
	for name := range proxies {
		s.entrances[name] = entrance{freePort(t), freePort(t)}
	}
	var servers strings.Builder
	for name, p := range proxies {
		next := s.direct.plain
		if p.next != "" {
			next = s.entrances[p.next].plain
		}
		fmt.Fprintf(&servers, `
    server {
        listen 127.0.0.1:%[1]d; listen [::1]:%[1]d; listen 127.0.0.1:%[2]d ssl; listen [::1]:%[2]d ssl;
        location / {
            proxy_bind %[3]s;
            proxy_set_header Host $http_host;
            proxy_set_header X-Forwarded-For %[4]s;
            proxy_set_header X-Forwarded-Proto %[5]s;
            proxy_pass http://127.0.0.1:%[6]d;
        }
    }`, s.entrances[name].plain, s.entrances[name].secure, p.address, p.forwardedFor, p.proto, next)
	}
	for name, content := range certificateSecret().Data {
		write(t, filepath.Join(folder, name), string(content))
	}
	text := strings.ReplaceAll(`daemon off; user root; worker_processes 1; pid FOLDER/pid; error_log stderr notice;
events {}
http {
    access_log off;
    client_body_temp_path FOLDER/b; proxy_temp_path FOLDER/p; fastcgi_temp_path FOLDER/f; uwsgi_temp_path FOLDER/u; scgi_temp_path FOLDER/s;
    ssl_certificate FOLDER/tls.crt; ssl_certificate_key FOLDER/tls.key;
SERVERS
}`, "FOLDER", folder)
	write(t, filepath.Join(folder, "nginx.conf"), strings.ReplaceAll(text, "SERVERS", servers.String()))
	command := nginxCommand(t)
	cmd := exec.Command(command[0], append(command[1:], "-e", "stderr", "-c", filepath.Join(folder, "nginx.conf"))...)
	log := &logBuffer{}
	cmd.Stderr = log
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Signal(syscall.SIGTERM)
		_ = cmd.Wait()
		if t.Failed() {
			t.Logf("the proxies say:\n%s", log)
		}
	})
	eventually(t, func() error {
		c, err := net.Dial("tcp", fmt.Sprintf("127.0.0.1:%d", s.entrances["appends"].plain))
		if err == nil {
			_ = c.Close()
		}
		return err
	})
}

// visit is what came of a request, all redirects followed.
type visit struct {
	status, redirects int
	scheme            string // of the last address
	seen              http.Header
	header            http.Header
}

// visit goes there as a browser does from an address, through a proxy; by none it comes to the edge itself.
func (s *site) visit(t *testing.T, from, through, url string, headers ...string) visit {
	t.Helper()
	to := s.direct
	if through != "" {
		to = s.entrances[through]
	}
	v := visit{}
	transport := &http.Transport{
		DisableKeepAlives: true,
		TLSClientConfig:   &tls.Config{RootCAs: s.roots},
		DialContext: func(ctx context.Context, network, address string) (net.Conn, error) {
			d := net.Dialer{LocalAddr: &net.TCPAddr{IP: net.ParseIP(from)}}
			host, port := "127.0.0.1", to.plain
			if strings.Contains(from, ":") {
				host = "::1"
			}
			if strings.HasSuffix(address, ":443") {
				port = to.secure
			}
			return d.DialContext(ctx, network, net.JoinHostPort(host, fmt.Sprint(port)))
		},
	}
	browser := &http.Client{Transport: transport, CheckRedirect: func(_ *http.Request, via []*http.Request) error {
		if v.redirects = len(via); v.redirects > 5 {
			return http.ErrUseLastResponse
		}
		return nil
	}}
	req, err := http.NewRequest(http.MethodGet, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Authorization", "x") // not from the cache
	for i := 0; i+1 < len(headers); i += 2 {
		req.Header.Add(headers[i], headers[i+1])
	}
	resp, err := browser.Do(req)
	if err != nil {
		t.Fatalf("%s from %s through %q: %v", url, from, through, err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	v.status, v.header, v.scheme = resp.StatusCode, resp.Header, resp.Request.URL.Scheme
	if v.status == http.StatusOK {
		if err := json.Unmarshal(body, &v.seen); err != nil {
			t.Fatalf("%s: %v", body, err)
		}
	}
	return v
}
