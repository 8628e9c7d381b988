package cel

import (
	"errors"
	"fmt"
	"maps"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/yaml"
)

var tried = log{refused: map[cause]bool{}, set: map[string]bool{}, changed: map[string]bool{}}

// log remembers what the API server refused and accepted.
type log struct {
	refused map[cause]bool
	// set holds the paths of the fields of accepted objects.
	set map[string]bool
	// changed holds the paths that existed before and after an accepted update: where a transition rule was asked.
	changed map[string]bool
}

// cause is one reason of a refusal; indices and map keys are left out of the field.
type cause struct{ field, message string }

func (l *log) record(err error, now, before *unstructured.Unstructured) error {
	if err != nil {
		for _, c := range causes(err) {
			l.refused[cause{plain(c.Field), c.Message}] = true
		}
		return err
	}
	after := paths(now.Object)
	for path := range after {
		l.set[path] = true
	}
	if before != nil {
		for path := range paths(before.Object) {
			if after[path] {
				l.changed[path] = true
			}
		}
	}
	return nil
}

func causes(err error) []metav1.StatusCause {
	var status apierrors.APIStatus
	if !errors.As(err, &status) || status.Status().Details == nil {
		return nil
	}
	return status.Status().Details.Causes
}

var index = regexp.MustCompile(`\[[^]]*\]`)

func plain(field string) string {
	field = index.ReplaceAllString(field, "")
	// The API server calls the root of an object either nothing or <nil>.
	return strings.TrimPrefix(field, "<nil>")
}

// paths are the fields that an object sets; the elements of lists share one path.
func paths(object map[string]any) map[string]bool {
	out := map[string]bool{"": true}
	var walk func(path string, v any)
	walk = func(path string, v any) {
		out[path] = true
		switch v := v.(type) {
		case map[string]any:
			for k := range v {
				walk(join(path, k), v[k])
			}
		case []any:
			for i := range v {
				walk(path, v[i])
			}
		}
	}
	for k := range object {
		walk(k, object[k])
	}
	return out
}

func join(path, name string) string {
	if path == "" {
		return name
	}
	return path + "." + name
}

// constraint is something in the schema that can refuse a value.
type constraint struct {
	path string
	// kind is the keyword of the schema.
	kind string
	// says is part of the message of a refusal.
	says string
	// transition rules are asked on updates only.
	transition bool
}

func (c constraint) refused() bool {
	for seen := range tried.refused {
		if !strings.Contains(seen.message, c.says) {
			continue
		}
		if parent, values := strings.CutSuffix(c.path, anyKey); values && strings.HasPrefix(seen.field, parent+".") || seen.field == c.path {
			return true
		}
	}
	return false
}

func readCRD(t *testing.T) apiextensionsv1.CustomResourceDefinition {
	t.Helper()
	text, err := os.ReadFile(crdFile)
	if err != nil {
		t.Fatal(err)
	}
	var crd apiextensionsv1.CustomResourceDefinition
	if err := yaml.UnmarshalStrict(text, &crd); err != nil {
		t.Fatal(err)
	}
	return crd
}

func readSchema(t *testing.T) apiextensionsv1.JSONSchemaProps {
	t.Helper()
	crd := readCRD(t)
	return *crd.Spec.Versions[0].Schema.OpenAPIV3Schema
}

// anyKey stands for the keys of a map in the path of its values.
const anyKey = ".*"

// walk visits every schema of the CRD that a user or the operator can violate.
func walk(path string, s apiextensionsv1.JSONSchemaProps, visit func(string, apiextensionsv1.JSONSchemaProps)) {
	visit(path, s)
	for _, name := range slices.Sorted(maps.Keys(s.Properties)) {
		walk(join(path, name), s.Properties[name], visit)
	}
	if s.Items != nil {
		walk(path, *s.Items.Schema, visit)
	}
	if s.AdditionalProperties != nil {
		walk(path+anyKey, *s.AdditionalProperties.Schema, visit)
	}
}

// constraints lists what the schema at a path can refuse, with the words that the API server uses for it.
func constraints(path string, s apiextensionsv1.JSONSchemaProps) []constraint {
	var out []constraint
	add := func(present bool, kind, says string, args ...any) {
		if present {
			out = append(out, constraint{path: path, kind: kind, says: fmt.Sprintf(says, args...)})
		}
	}
	add(len(s.Enum) > 0, "enum", "supported values")
	add(s.Pattern != "", "pattern", "should match '%s'", s.Pattern)
	add(s.MinLength != nil, "minLength", "should be at least %d chars long", value(s.MinLength))
	add(s.MaxLength != nil, "maxLength", "may not be more than %d bytes", value(s.MaxLength))
	add(s.Minimum != nil, "minimum", "should be greater than or equal to %.0f", value(s.Minimum))
	add(s.Maximum != nil, "maximum", "should be less than or equal to %.0f", value(s.Maximum))
	add(s.MinItems != nil, "minItems", "should have at least %d items", value(s.MinItems))
	add(s.MaxItems != nil, "maxItems", "must have at most %d items", value(s.MaxItems))
	add(s.MaxProperties != nil, "maxProperties", "must have at most %d items", value(s.MaxProperties))
	add(s.XListType != nil && *s.XListType != "atomic", "list", "Duplicate value")
	for _, name := range s.Required {
		out = append(out, constraint{path: join(path, name), kind: "required", says: "Required value"})
	}
	for _, rule := range s.XValidations {
		out = append(out, constraint{
			path: path + rule.FieldPath, kind: "rule", says: rule.Message,
			transition: strings.Contains(rule.Rule, "oldSelf"),
		})
	}
	return out
}

func value[T any](p *T) T {
	if p == nil {
		var zero T
		return zero
	}
	return *p
}

// nothingUntried compares what the schema declares with what the other tests have tried.
func nothingUntried(t *testing.T) {
	walk("", readSchema(t), func(path string, s apiextensionsv1.JSONSchemaProps) {
		for _, c := range constraints(path, s) {
			if !c.refused() {
				t.Errorf("no test violates the %s of %q (%s)", c.kind, c.path, c.says)
			}
			if c.transition && !tried.changed[path] {
				t.Errorf("no test passes the transition rule of %q (%s)", path, c.says)
			}
		}
		if !tried.set[strings.TrimSuffix(path, anyKey)] {
			t.Errorf("no accepted resource sets %q", path)
		}
	})
}
