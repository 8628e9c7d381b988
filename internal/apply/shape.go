package apply

import (
	"fmt"
	"sync"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/util/managedfields"
	"k8s.io/client-go/applyconfigurations"
	clientgoscheme "k8s.io/client-go/kubernetes/scheme"
	smdschema "sigs.k8s.io/structured-merge-diff/v6/schema"
)

// shape is what the schema of a kind says of one value: whether a list or map belongs to one manager as a whole, or is
// merged with what others add. The zero shape stands for what is not known: its lists are whole, as Kubernetes has it
// for lists of custom resources that say nothing else.
type shape struct {
	schema *smdschema.Schema
	ref    smdschema.TypeRef
	// whole says that the value lies in one that belongs to one manager as a whole.
	whole bool
}

// converter knows the schemas of the kinds of Kubernetes itself. Reading them costs some tens of milliseconds.
var converter = sync.OnceValue(func() managedfields.TypeConverter {
	return applyconfigurations.NewTypeConverter(clientgoscheme.Scheme)
})

// shapeOf an object of a kind; the zero shape for custom resources.
func shapeOf(kind schema.GroupVersionKind) (shape, error) {
	if !clientgoscheme.Scheme.Recognizes(kind) {
		return shape{}, nil
	}
	o := &unstructured.Unstructured{}
	o.SetGroupVersionKind(kind)
	typed, err := converter().ObjectToTyped(o)
	if err != nil {
		return shape{}, fmt.Errorf("reading the schema of %s: %w", kind, err)
	}
	return shape{schema: typed.Schema(), ref: typed.TypeRef()}, nil
}

func (s shape) atom() smdschema.Atom {
	if s.schema == nil {
		return smdschema.Atom{}
	}
	atom, _ := s.schema.Resolve(s.ref)
	return atom
}

// field of an object, or value of a map.
func (s shape) field(name string) shape {
	m := s.atom().Map
	if m == nil {
		return shape{whole: s.whole || name == labelSelector}
	}
	ref := m.ElementType
	if f, found := m.FindField(name); found {
		ref = f.Type
	}
	return shape{s.schema, ref, s.whole || m.ElementRelationship == smdschema.Atomic}
}

// element of a list.
func (s shape) element() shape {
	l := s.atom().List
	if l == nil {
		return shape{whole: true}
	}
	return shape{s.schema, l.ElementType, s.mergesNothing()}
}

// mergesNothing says that nobody else may add elements to the list.
func (s shape) mergesNothing() bool {
	l := s.atom().List
	return s.whole || l == nil || l.ElementRelationship != smdschema.Associative
}

// holdsOurKeysOnly says that the value is a map or an object to which nobody else may add keys or fields, e.g. a selector.
func (s shape) holdsOurKeysOnly() bool {
	m := s.atom().Map
	return s.whole || m != nil && m.ElementRelationship == smdschema.Atomic
}

// labelSelector is the part of a selector that is one value in custom resources too: they take over the type of Kubernetes.
const labelSelector = "matchLabels"
