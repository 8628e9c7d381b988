package edge

import (
	"fmt"
	"net/netip"
	"regexp"
	"slices"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/validation"

	"github.com/xatube/xatube-operator/api/v1alpha1"
	"github.com/xatube/xatube-operator/internal/outcome"
	"github.com/xatube/xatube-operator/internal/privatenet"
)

// privateNetworks are where pods, nodes and whatever translates addresses have theirs. No visitor comes from there
// over the Internet.
var privateNetworks = privatenet.Networks()

// clients is how the edge learns who asks.
type clients struct {
	// Proxies are the networks whose X-Forwarded-For is believed.
	Proxies []netip.Prefix
	// Chains: what a proxy says of another one is believed too. Without, its last address counts.
	Chains bool
	// Shared are the networks of addresses that may stand for many visitors. Nobody is limited by one of them.
	Shared []netip.Prefix
	// TLSHost is the name under which the Ingress offers TLS, as a regular expression; empty when it offers none.
	TLSHost string
}

// newClients believes the proxies that the spec names. When it names none but asks for a route, those in private
// networks are believed, unless visitors reach the edge beside the route: behind translation of addresses a stranger
// has a private one too. What such a proxy has seen itself is the last address; those before may be made up.
func newClients(spec v1alpha1.XaTubeClusterSpec) (clients, error) {
	named, err := networks(spec.Edge.TrustedProxies)
	if err != nil {
		return clients{}, err
	}
	c := clients{Proxies: named, Chains: len(named) > 0, Shared: slices.Clone(privateNetworks)}
	if assumesProxies(spec) {
		c.Proxies = privateNetworks
	}
	for _, n := range named {
		if !slices.Contains(c.Shared, n) {
			c.Shared = append(c.Shared, n)
		}
	}
	if i := spec.Ingress; i != nil && i.TLS != nil {
		if problems := validation.IsDNS1123Subdomain(string(i.Host)); len(problems) > 0 {
			return c, outcome.Terminal(v1alpha1.ReasonInvalid, "spec.ingress.host: %s", problems[0])
		}
		c.TLSHost = regexp.QuoteMeta(string(i.Host))
	}
	return c, nil
}

// networks checks what admission has checked already: it ends up in nginx.conf.
func networks(cidrs []v1alpha1.CIDR) ([]netip.Prefix, error) {
	var out []netip.Prefix
	for _, cidr := range cidrs {
		prefix, err := netip.ParsePrefix(string(cidr))
		if err != nil {
			return nil, outcome.Terminal(v1alpha1.ReasonInvalid,
				"spec.edge.trustedProxies: %q is no network in CIDR notation; write e.g. 10.0.0.0/8", string(cidr))
		}
		if prefix = prefix.Masked(); !slices.Contains(out, prefix) {
			out = append(out, prefix)
		}
	}
	return out, nil
}

// assumesProxies reports whether proxies are believed that the spec does not name.
func assumesProxies(spec v1alpha1.XaTubeClusterSpec) bool {
	return len(spec.Edge.TrustedProxies) == 0 && routed(spec) && !exposed(spec)
}

// routed reports whether a proxy of the cluster stands in front.
func routed(spec v1alpha1.XaTubeClusterSpec) bool { return spec.Ingress != nil || spec.Gateway != nil }

// exposed reports whether the edge's own Service leads there from outside the cluster.
func exposed(spec v1alpha1.XaTubeClusterSpec) bool {
	return spec.Edge.Service.Type == corev1.ServiceTypeLoadBalancer || spec.Edge.Service.Type == corev1.ServiceTypeNodePort
}

// unknownClients says whose address the edge cannot know, for the message of its condition; empty when there is
// nothing to say. It rests on the spec alone and stays the same while that does.
func unknownClients(spec v1alpha1.XaTubeClusterSpec) string {
	switch {
	case len(spec.Edge.TrustedProxies) > 0:
		return ""
	case assumesProxies(spec):
		return "; a visitor is known by the last address in X-Forwarded-For, and not limited when that is missing or private: " +
			"behind more than one proxy, or one with a public address, set spec.edge.trustedProxies"
	case routed(spec):
		return fmt.Sprintf("; visitors who come through the Ingress or Gateway are unknown and not limited, because with "+
			"spec.edge.service.type %s anybody may pose as a proxy: set spec.edge.trustedProxies to the networks of the proxies",
			spec.Edge.Service.Type)
	case exposed(spec):
		return "; visitors who arrive from a private address are unknown and not limited, because it may stand for many"
	}
	return ""
}
