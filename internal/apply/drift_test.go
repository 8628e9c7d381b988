package apply

import (
	"testing"

	"sigs.k8s.io/yaml"
)

func TestDrift(t *testing.T) {
	tests := []struct {
		name, live, want string
		contained        bool
	}{
		{"equal", `a: 1`, `a: 1`, true},
		{"live has defaults", `{a: 1, b: {c: 2}}`, `a: 1`, true},
		{"other value", `a: 2`, `a: 1`, false},
		{"field is gone", `b: 1`, `a: 1`, false},
		{"nested value changed", `a: {b: {c: x}}`, `a: {b: {c: y}}`, false},
		{"empty value dropped by the API server", `{}`, `{a: "", b: 0, c: [], d: {}}`, true},
		{"quantity in canonical form", `cpu: "1"`, `cpu: 1000m`, true},
		{"other quantity", `cpu: "2"`, `cpu: 1000m`, false},
		{"element added by somebody else", `containers: [{name: a, image: x}, {name: sidecar}]`, `containers: [{name: a, image: x}]`, true},
		{"element changed", `containers: [{name: a, image: y}]`, `containers: [{name: a, image: x}]`, false},
		{"list that is ours as a whole has grown", `args: [a, b]`, `args: [a]`, false},
		{"list that is ours as a whole in another order", `args: [b, a]`, `args: [a, b]`, false},
		{"type differs", `a: {b: 1}`, `a: [1]`, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := drift(parse(t, tt.live), parse(t, tt.want)); (got == "") != tt.contained {
				t.Errorf("drift(%s, %s) = %q", tt.live, tt.want, got)
			}
		})
	}
}

func TestDriftNamesTheField(t *testing.T) {
	live := parse(t, `spec: {template: {spec: {containers: [{name: a}], args: [x]}}}`)
	want := parse(t, `spec: {template: {spec: {containers: [{name: a}], args: [y]}}}`)
	if got := drift(live, want); got != "spec.template.spec.args[0]" {
		t.Errorf("got %q", got)
	}
}

func parse(t *testing.T, s string) map[string]any {
	t.Helper()
	var m map[string]any
	if err := yaml.Unmarshal([]byte(s), &m); err != nil {
		t.Fatal(err)
	}
	return m
}
