// Package component is the contract between the controller and the parts of a platform. A component is pure: it
// turns the spec and the facts into the objects that it wants, and judges the facts. It holds no client and no clock.
package component

import (
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/xatube/xatube-operator/api/v1alpha1"
	"github.com/xatube/xatube-operator/internal/credential"
	"github.com/xatube/xatube-operator/internal/observe"
)

// Input is all that a component may know.
type Input struct {
	Cluster *v1alpha1.XaTubeCluster
	Facts   observe.Facts
	Options Options
}

// Options are what the operator itself was started with and every platform shares.
type Options struct {
	// ClusterDomain is the DNS domain of the Kubernetes cluster: NGINX ignores search domains.
	ClusterDomain string
	// Image of the operator, which holds the exporter of the ingest too.
	Image string
	// Namespace of the operator; empty where it runs outside of Kubernetes.
	Namespace string
	// CollectorImages are the repositories, or what they begin with, that a platform may run its log collector from. It
	// reads the logs of every pod of a node, so they are the administrator's to choose.
	CollectorImages []string
}

// Object is one wanted object. It holds the fields that the operator means to own and no others.
type Object = runtime.ApplyConfiguration

// Document is an Object of a kind for which no apply configuration exists.
type Document map[string]any

// IsApplyConfiguration makes a Document an Object.
func (Document) IsApplyConfiguration() {}

// Component is one part of a platform.
type Component interface {
	// Name is the value of the component label and the suffix of the names of children.
	Name() string

	// Condition is the type of the condition that Health fills.
	Condition() string

	// Needs lists the optional APIs without which the component cannot run for this spec.
	Needs(cluster *v1alpha1.XaTubeCluster) []schema.GroupVersionKind

	// Credentials lists the Secrets to generate once before rendering.
	Credentials(in Input) []credential.Request

	// Render returns the wanted objects in the order of their creation; none when the component is switched off. An
	// error may come with the objects that do not depend on what is missing: they are applied all the same.
	Render(in Input) ([]Object, error)

	// Health judges the facts.
	Health(in Input) Health
}
