package routes

import (
	"net"
	"net/url"
	"strconv"

	corev1 "k8s.io/api/core/v1"

	"github.com/xatube/xatube-operator/api/v1alpha1"
	"github.com/xatube/xatube-operator/internal/component"
	"github.com/xatube/xatube-operator/internal/component/naming"
)

// rtmpApplication is the path of the ingest's application; a publisher adds the stream key.
const rtmpApplication = "/live"

// URL is where a browser finds the platform: the published name, else the address of the edge's load balancer, else
// the edge's name within the cluster.
func URL(in component.Input) string {
	c := in.Cluster
	if origins := Origins(c); len(origins) > 0 {
		return origins[0]
	}
	scheme := "http"
	if c.Spec.Edge.TLS != nil {
		scheme = "https"
	}
	service := naming.Child(c, naming.Edge)
	if address := loadBalancer(in, service); address != "" {
		return scheme + "://" + bracketed(address)
	}
	return scheme + "://" + internal(c, service)
}

// Origins are the web origins that the spec publishes the platform under, the preferred one first. They rest on the
// spec alone, so that what is configured with them does not change when an address comes or goes.
func Origins(c *v1alpha1.XaTubeCluster) []string {
	var origins []string
	if i := c.Spec.Ingress; i != nil {
		if i.TLS != nil {
			origins = append(origins, "https://"+string(i.Host))
		} else {
			origins = append(origins, "http://"+string(i.Host), "https://"+string(i.Host))
		}
	}
	if g := c.Spec.Gateway; g != nil {
		// Whether a listener ends TLS is written in the Gateway, which is not ours to read.
		for _, h := range g.Hostnames {
			origins = append(origins, "http://"+string(h), "https://"+string(h))
		}
	}
	return origins
}

// RTMPURL is where publishers send their streams, without the stream key: through the Gateway when it carries RTMP,
// else to the ingest's load balancer, else to its name within the cluster.
func RTMPURL(in component.Input) string {
	c := in.Cluster
	service := naming.Child(c, naming.RTMP)
	host := internal(c, service)
	if address := loadBalancer(in, service); address != "" {
		host = address
	}
	if len(rtmpParents(c)) > 0 && len(c.Spec.Gateway.Hostnames) > 0 {
		host = string(c.Spec.Gateway.Hostnames[0])
	}
	u := url.URL{
		Scheme: "rtmp",
		Host:   net.JoinHostPort(host, strconv.Itoa(int(naming.RTMPPort))),
		Path:   rtmpApplication,
	}
	return u.String()
}

// loadBalancer is the address that a load balancer was given; empty while it has none.
func loadBalancer(in component.Input, service string) string {
	s := in.Facts.Services[service]
	if s == nil || s.Spec.Type != corev1.ServiceTypeLoadBalancer {
		return ""
	}
	for _, i := range s.Status.LoadBalancer.Ingress {
		if i.Hostname != "" {
			return i.Hostname
		}
		if i.IP != "" {
			return i.IP
		}
	}
	return ""
}

func internal(c *v1alpha1.XaTubeCluster, service string) string {
	return service + "." + c.Namespace + ".svc"
}

// bracketed is a host as a URL without a port writes it: an IPv6 address stands in brackets.
func bracketed(host string) string {
	if ip := net.ParseIP(host); ip != nil && ip.To4() == nil {
		return "[" + host + "]"
	}
	return host
}
