package main

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/go-logr/logr"
	"sigs.k8s.io/controller-runtime/pkg/log"
	"sigs.k8s.io/yaml"
)

// root of the repository.
const root = "../.."

func TestMain(m *testing.M) {
	if os.Getenv("KUBEBUILDER_ASSETS") == "" {
		fmt.Println("skipped: KUBEBUILDER_ASSETS names no kube-apiserver and etcd; run make test")
		return
	}
	log.SetLogger(logr.Discard())
	os.Exit(m.Run())
}

// TestWhatAdmissionAcceptsTheChildrenAreAcceptedWith is the last paragraph of section A.
func TestWhatAdmissionAcceptsTheChildrenAreAcceptedWith(t *testing.T) {
	var told strings.Builder
	c := &campaign{root: root, out: &told, seed: 1, accepted: enough, workers: 4, patience: 3}
	if err := c.run(t.Context()); err != nil {
		t.Fatal(err)
	}
	t.Log(told.String())
	if !c.result.sound() {
		t.Errorf("%+v", c.result)
	}
	for _, missed := range c.missed() {
		t.Errorf("no accepted spec has had %s", missed)
	}
	for explained := range neverAccepted {
		if !slices.ContainsFunc(c.targets, func(t target) bool { return t.String() == explained }) {
			t.Errorf("%s is explained, but the schema has it not", explained)
		}
	}
}

func TestTextsMatchTheirPattern(t *testing.T) {
	schema, err := readSchema(root)
	if err != nil {
		t.Fatal(err)
	}
	tried := 0
	var visit func(path string, s props)
	visit = func(path string, s props) {
		if s.Pattern != "" {
			tried++
			limit, most := longest(&s), 0
			for seed := range uint64(50) {
				text, ok := drawMatch(rand.New(rand.NewPCG(seed, 0)), s.Pattern, limit)
				if !ok || !regexp.MustCompile(s.Pattern).MatchString(text) || len(text) > limit {
					t.Errorf("%s: %q is not as %s", path, text, s.Pattern)
				}
				most = max(most, len(text))
			}
			if most < min(12, limit) {
				t.Errorf("%s: no text is longer than %d", path, most)
			}
		}
		for name, field := range s.Properties {
			visit(path+"."+name, field)
		}
		if s.Items != nil {
			visit(path, *s.Items.Schema)
		}
	}
	visit("spec", schema)
	if tried == 0 {
		t.Error("the schema has no pattern")
	}
}

func TestTheSeedDecidesTheSpec(t *testing.T) {
	schema, err := readSchema(root)
	if err != nil {
		t.Fatal(err)
	}
	draw := func(seed uint64, number int) string {
		c := &campaign{seed: seed, schema: schema, targets: targets("spec", schema)}
		return fmt.Sprint(c.drawer(number).draw("spec", &schema))
	}
	first := draw(1, 7)
	if again := draw(1, 7); again != first {
		t.Error("the same seed and number lead to two specs")
	}
	if draw(2, 7) == first || draw(1, 8) == first {
		t.Error("another seed or number leads to the same spec")
	}
}

func TestTargetsAreMetByOtherValuesThanTheDefault(t *testing.T) {
	var schema props
	text := `
type: object
properties:
  mode: {type: string, enum: [Fast, Slow], default: Fast}
  count: {type: integer, minimum: 1, maximum: 9, default: 1}
  names: {type: array, maxItems: 2, items: {type: string}}
  part: {type: object, default: {}, properties: {size: {type: string, default: 1Gi}}}
`
	if err := yaml.Unmarshal([]byte(text), &schema); err != nil {
		t.Fatal(err)
	}
	wanted := targets("spec", schema)
	left := func(specs ...string) string {
		met := map[target]bool{}
		for _, spec := range specs {
			var v map[string]any
			if err := json.Unmarshal([]byte(spec), &v); err != nil {
				t.Fatal(err)
			}
			cover("spec", schema, v, met)
		}
		return fmt.Sprint(slices.DeleteFunc(slices.Clone(wanted), func(t target) bool { return met[t] }))
	}
	if got := left(`{"mode":"Fast","count":1,"names":[],"part":{"size":"1Gi"}}`); got != `[spec.count=9 spec.mode="Slow" spec.names spec.names=full spec.part.size]` {
		t.Errorf("after the defaults there is left %s", got)
	}
	if got := left(`{"mode":"Slow","count":9,"names":["a","b"],"part":{"size":"2Gi"}}`); got != "[]" {
		t.Errorf("after other values there is left %s", got)
	}
}

// What repeats within what repeats must not take a day to draw.
func TestATextIsNoLongerThanIsOfUse(t *testing.T) {
	for seed := range uint64(20) {
		if text, ok := drawMatch(rand.New(rand.NewPCG(seed, 0)), `^(((a+b?)+c?)+)+$`, 5000); ok && len(text) > 5000 {
			t.Errorf("a text has %d characters", len(text))
		}
	}
}
