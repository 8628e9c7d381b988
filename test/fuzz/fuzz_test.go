package main

import (
	"fmt"
	"math/rand/v2"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/go-logr/logr"
	"sigs.k8s.io/controller-runtime/pkg/log"
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
	c := &campaign{root: root, out: &told, seed: 1, accepted: 300, workers: 4, patience: 3}
	if err := c.run(t.Context()); err != nil {
		t.Fatal(err)
	}
	t.Log(told.String())
	if !c.result.sound() {
		t.Errorf("%+v", c.result)
	}
	for _, field := range c.missed() {
		if _, explained := neverAccepted[field]; !explained {
			t.Errorf("no accepted spec has set %s", field)
		}
	}
}

// neverAccepted are fields that no accepted spec can set, and why.
var neverAccepted = map[string]string{}

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
			longest := 0
			for seed := range uint64(50) {
				text, ok := drawMatch(rand.New(rand.NewPCG(seed, 0)), s.Pattern, int(*s.MaxLength))
				if !ok || !regexp.MustCompile(s.Pattern).MatchString(text) || len(text) > int(*s.MaxLength) {
					t.Errorf("%s: %q is not as %s", path, text, s.Pattern)
				}
				longest = max(longest, len(text))
			}
			if longest < min(12, int(*s.MaxLength)) {
				t.Errorf("%s: no text is longer than %d", path, longest)
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
		c := &campaign{seed: seed, schema: schema, fields: fields("spec", schema)}
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
