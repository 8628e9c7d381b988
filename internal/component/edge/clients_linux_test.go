package edge_test

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"

	"github.com/xatube/xatube-operator/api/v1alpha1"
)

// front is what a spec says of the way to the edge.
type front struct {
	ingress, gateway, tls bool
	ingressTLS            bool
	service               corev1.ServiceType
	trusted               []v1alpha1.CIDR
}

func (f front) String() string {
	name := fmt.Sprintf("ingress=%t gateway=%t tls=%t trusted=%v", f.ingress, f.gateway, f.tls, f.trusted)
	if f.ingressTLS {
		name += " by TLS"
	}
	return strings.TrimSpace(name + " " + string(f.service))
}

func (f front) apply(c *v1alpha1.XaTubeCluster) {
	c.Spec.Ingress, c.Spec.Gateway = nil, nil
	if f.ingress {
		c.Spec.Ingress = &v1alpha1.IngressSpec{Host: "tube.example.com"}
	}
	if f.ingressTLS {
		c.Spec.Ingress.TLS = &v1alpha1.TLSSpec{SecretName: "ingress-tls"}
	}
	if f.gateway {
		c.Spec.Gateway = &v1alpha1.GatewaySpec{ParentRefs: []v1alpha1.GatewayRef{{Name: "gw"}}}
	}
	if f.tls {
		c.Spec.Edge.TLS = &v1alpha1.TLSSpec{SecretName: "tube-tls"}
	}
	if f.service != "" {
		c.Spec.Edge.Service.Type = f.service
	}
	c.Spec.Edge.TrustedProxies = f.trusted
}

// named are all proxies of the tests; wrong is a list that misses them.
var (
	named = []v1alpha1.CIDR{"10.244.0.0/16", "10.9.0.0/24", "198.51.100.0/24"}
	wrong = []v1alpha1.CIDR{"192.0.2.0/24"}
)

// trust is whose word the edge takes.
type trust int

const (
	trustsNobody trust = iota
	assumesPrivate
	trustsNamed
)

func (f front) trust() trust {
	switch {
	case len(f.trusted) > 1:
		return trustsNamed
	case len(f.trusted) == 0 && (f.ingress || f.gateway) && f.service == "":
		return assumesPrivate
	}
	return trustsNobody
}

func fronts() []front {
	var all []front
	for i := range 8 {
		for _, trusted := range [][]v1alpha1.CIDR{nil, named, wrong} {
			all = append(all, front{ingress: i&1 > 0, gateway: i&2 > 0, tls: i&4 > 0, trusted: trusted})
		}
	}
	all = append(all, front{ingress: true, ingressTLS: true, tls: true}, front{ingress: true, ingressTLS: true, tls: true, trusted: named},
		front{ingress: true, ingressTLS: true}, front{ingress: true, ingressTLS: true, tls: true, trusted: wrong})
	for _, service := range []corev1.ServiceType{corev1.ServiceTypeLoadBalancer, corev1.ServiceTypeNodePort} {
		all = append(all,
			front{ingress: true, service: service}, front{gateway: true, tls: true, service: service},
			front{service: service}, front{ingress: true, service: service, trusted: named})
	}
	return all
}

// claims that a stranger makes.
var claims = []string{
	"X-Forwarded-For", "192.0.2.66", "X-Real-Ip", "192.0.2.66", "X-Forwarded-Host", "evil.example.com",
	"Forwarded", "for=192.0.2.66;host=evil.example.com",
}

// arrival is one way to come.
type arrival struct {
	name, from, through string
	headers             []string
	// want is the address of which the backend is told.
	want map[trust]string
}

var arrivals = []arrival{
	{"direct", visitor, "", nil, everywhere(visitor)},
	{"direct, a stranger's claims", visitor, "", claims, everywhere(visitor)},
	{"direct by IPv6", visitorIPv6, "", nil, everywhere(visitorIPv6)},
	{"translated", node, "", nil, everywhere(nobodyKnown)},
	{"appends", visitor, "appends", nil, unlessNobody(visitor)},
	{"appends, IPv6", visitorIPv6, "appends", nil, unlessNobody(visitorIPv6)},
	{"appends to claims", visitor, "appends", claims, unlessNobody(visitor)},
	{"appends, translated before", node, "appends", nil, everywhere(nobodyKnown)},
	{"appends, translated before, with claims", node, "appends", claims, everywhere(nobodyKnown)},
	{"overwrites", visitor, "overwrites", claims, unlessNobody(visitor)},
	{"no scheme", visitor, "no scheme", nil, unlessNobody(visitor)},
	{"tells nothing", visitor, "tells nothing", nil, everywhere(nobodyKnown)},
	{"two, the outer one private", visitor, "private outer", claims, onlyNamed(visitor)},
	{"two that list schemes", visitor, "private lists", nil, onlyNamed(visitor)},
	{"two, the inner one says what it sees", visitor, "unheard outer", nil, onlyNamed(visitor)},
	{"behind a CDN", visitor, "cdn", nil, map[trust]string{trustsNamed: visitor, assumesPrivate: cdn}},
	{"a public proxy", visitor, "public", nil, map[trust]string{trustsNamed: visitor, assumesPrivate: cdn, trustsNobody: cdn}},
}

// possible reports whether somebody listens there, and no Ingress with TLS redirects for ever by itself.
func (f front) possible(a arrival, scheme string) bool {
	switch {
	case a.through == "unheard outer":
		return !f.tls || !f.ingressTLS
	case a.through != "":
		return true
	case f.tls:
		return a.from != visitorIPv6
	}
	return scheme == "http"
}

// redirects reports whether the edge sends those to TLS who come by plain HTTP: through a proxy only where it is known
// to offer TLS, unless it does not say how they came.
func (f front) redirects(through string) bool {
	return f.tls && (through == "" || f.ingressTLS && through != "no scheme")
}

// told is the scheme of which the backend is told.
func (f front) told(scheme, through string) string {
	switch {
	case through == "no scheme", through == "unheard outer":
		return "http"
	case through == "public" && f.trust() != trustsNamed:
		return "http" // a stranger says otherwise
	case f.redirects(through):
		return "https"
	}
	return scheme
}

// TestBehindProxies: whatever stands in front, the backend learns the right address or none, and the right scheme;
// redirects end, and a browser is bound to TLS for this host only. A4, A6.
func TestBehindProxies(t *testing.T) {
	if !inOwnNetwork(t) {
		return
	}
	for _, f := range fronts() {
		t.Run(f.String(), func(t *testing.T) {
			s := startSite(t, f.apply)
			for _, a := range arrivals {
				for _, scheme := range []string{"http", "https"} {
					if f.possible(a, scheme) {
						s.checkArrival(t, f, a, scheme)
					}
				}
			}
		})
	}
}

// checkArrival at what is kept for everybody, and at what is not.
func (s *site) checkArrival(t *testing.T, f front, a arrival, scheme string) {
	t.Helper()
	for _, path := range []string{"/api/who", "/uploads/" + url.PathEscape(a.name+scheme)} {
		v := s.visit(t, a.from, a.through, scheme+"://tube.example.com"+path, a.headers...)
		name := a.name + " by " + scheme + " to " + path
		checkVisit(t, name, f, scheme, a.through, v)
		if got := v.seen.Get("X-Real-Ip"); got != a.want[f.trust()] || v.seen.Get("X-Forwarded-For") != got {
			t.Errorf("%s: the backend is told of %q, %q, want %q", name, got, v.seen.Get("X-Forwarded-For"), a.want[f.trust()])
		}
	}
}

func everywhere(client string) map[trust]string {
	return map[trust]string{trustsNobody: client, assumesPrivate: client, trustsNamed: client}
}

func unlessNobody(client string) map[trust]string {
	return map[trust]string{assumesPrivate: client, trustsNamed: client}
}

func onlyNamed(client string) map[trust]string { return map[trust]string{trustsNamed: client} }

// checkVisit checks all but the address.
func checkVisit(t *testing.T, name string, f front, scheme, through string, v visit) {
	t.Helper()
	redirects, last := 0, scheme
	if scheme == "http" && f.redirects(through) {
		redirects, last = 1, "https"
	}
	if v.status != http.StatusOK || v.redirects != redirects || v.scheme != last {
		t.Errorf("%s: status %d by %s after %d redirects, want one by %s after %d", name, v.status, v.scheme, v.redirects, last, redirects)
	}
	told, security := f.told(scheme, through), ""
	if told == "https" {
		security = "max-age=2592000"
	}
	if got := v.seen.Get("X-Forwarded-Proto"); got != told {
		t.Errorf("%s: the backend is told of %q, want %q", name, got, told)
	}
	if got := v.header.Get("Strict-Transport-Security"); got != security {
		t.Errorf("%s: Strict-Transport-Security %q, want %q", name, got, security)
	}
	if host := v.seen.Get("X-Forwarded-Host"); host != "tube.example.com" || v.seen.Get("Forwarded") != "" {
		t.Errorf("%s: the backend is told of host %q, Forwarded %q", name, host, v.seen.Get("Forwarded"))
	}
}

// TestWhatAProxyReports in its own words, without a doubt or beyond sense. A4.
func TestWhatAProxyReports(t *testing.T) {
	if !inOwnNetwork(t) {
		return
	}
	for _, f := range []front{{ingress: true}, {gateway: true, trusted: named}} {
		s := startSite(t, f.apply)
		for _, c := range []struct {
			name    string
			headers []string
			want    string
		}{
			{"address", []string{"203.0.113.9"}, visitor},
			{"with a port", []string{"203.0.113.9:52100"}, visitor},
			{"IPv6", []string{"2001:db8:1:2::9"}, visitorIPv6},
			{"IPv6 with a port", []string{"[2001:db8:1:2::9]:443"}, visitorIPv6},
			{"two headers", []string{"192.0.2.66", "203.0.113.9"}, visitor},
			{"after nonsense", []string{"<script>, 999.1.2.3, 203.0.113.9"}, visitor},
			{"before a comma", []string{"203.0.113.9 , "}, visitor},
			{"nonsense at the end", []string{"203.0.113.9, unknown"}, nobodyKnown},
			{"a name", []string{"localhost"}, nobodyKnown},
			{"too large", []string{"203.0.113.256"}, nobodyKnown},
			{"empty", []string{""}, nobodyKnown},
			{"private", []string{"192.168.1.4"}, nobodyKnown},
			{"private IPv6", []string{"fd00::4"}, nobodyKnown},
			{"private in IPv6", []string{"::ffff:10.0.0.4"}, nobodyKnown},
			{"itself", []string{ingressPod}, nobodyKnown},
			{"after ten thousand", []string{strings.Repeat("192.0.2.66,", 500) + "203.0.113.9"}, visitor},
		} {
			var headers []string
			for _, h := range c.headers {
				headers = append(headers, "X-Forwarded-For", h)
			}
			v := s.visit(t, ingressPod, "", "http://tube.example.com/api/who", headers...)
			if got := v.seen.Get("X-Real-Ip"); v.status != http.StatusOK || got != c.want {
				t.Errorf("%s: %s: status %d, client %q, want %q", f, c.name, v.status, got, c.want)
			}
		}
		for said, want := range map[string]string{
			"https": "https", "http": "http", "HTTPS": "https", "https,http": "https", "https, http": "https", "http,https": "http",
			"wss": "https", "ws": "http", "httpsx": "http", "gopher": "http", "": "http", " https": "https",
		} {
			v := s.visit(t, ingressPod, "", "http://tube.example.com/api/who", "X-Forwarded-Proto", said)
			if got := v.seen.Get("X-Forwarded-Proto"); got != want {
				t.Errorf("%s: X-Forwarded-Proto %q is taken for %q, want %q", f, said, got, want)
			}
		}
	}
}

// TestLimitsBehindProxies: each visitor has a limit of his own, nobody shares one with all, and none can rid himself of
// his own. A4.
func TestLimitsBehindProxies(t *testing.T) {
	if !inOwnNetwork(t) {
		return
	}
	for _, f := range []front{
		{},
		{ingress: true},
		{gateway: true, tls: true},
		{ingress: true, trusted: named},
		{ingress: true, trusted: wrong},
		{ingress: true, service: corev1.ServiceTypeLoadBalancer},
	} {
		t.Run(f.String(), func(t *testing.T) {
			s := startSite(t, func(c *v1alpha1.XaTubeCluster) { f.apply(c); tight(c) })
			known := f.trust() != trustsNobody
			for _, c := range []struct {
				name, through string
				from          func(i int) string
				headers       func(i int) []string
				limited       bool
			}{
				{"one visitor", "", always(visitor), nil, true},
				{"one who claims to be another each time", "", always(neighbour), another, true},
				{"one network of IPv6", "", func(i int) string { return fmt.Sprintf("2001:db8:7:7::%d", i+1) }, nil, true},
				{"networks of IPv6", "", func(i int) string { return fmt.Sprintf("2001:db8:8:%d::1", i+1) }, nil, false},
				{"visitors", "", func(i int) string { return fmt.Sprintf("203.0.113.%d", i+100) }, nil, false},
				{"all in the name of a node", "", always(node), nil, false},
				{"one visitor of the proxy", "appends", always("203.0.113.11"), nil, known},
				{"one who claims to be another to the proxy", "appends", always("203.0.113.12"), another, known},
				{"visitors of the proxy", "appends", func(i int) string { return fmt.Sprintf("203.0.113.%d", i+150) }, nil, false},
				{"all of them translated", "appends", always(node), nil, false},
				{"unnamed visitors of the proxy", "tells nothing", always(visitor), nil, false},
			} {
				if f.tls && c.through == "" && strings.Contains(c.from(0), ":") {
					continue
				}
				scheme := "http"
				if f.tls {
					scheme = "https"
				}
				limited := 0
				for i := range 12 {
					var headers []string
					if c.headers != nil {
						headers = c.headers(i)
					}
					if s.visit(t, c.from(i), c.through, scheme+"://tube.example.com/api/who", headers...).status == http.StatusTooManyRequests {
						limited++
					}
				}
				if (limited > 0) != c.limited {
					t.Errorf("%s: %d of 12 limited, want any: %t", c.name, limited, c.limited)
				}
			}
		})
	}
}

func always(from string) func(int) string { return func(int) string { return from } }

func another(i int) []string {
	return []string{"X-Forwarded-For", fmt.Sprintf("192.0.2.%d", i+1)}
}
