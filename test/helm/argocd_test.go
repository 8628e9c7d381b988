package helm

import (
	"os"
	"strings"
	"testing"

	lua "github.com/yuin/gopher-lua"
	"sigs.k8s.io/yaml"
)

// TestArgoCDHealth runs the check of docs/argocd.md as Argo CD does, in the same interpreter.
func TestArgoCDHealth(t *testing.T) {
	script := argocdScript(t)
	tests := []struct{ name, object, status, message string }{
		{"new", "{metadata: {generation: 1}}", "Progressing", "Waiting for the operator"},
		{"no condition yet", "{metadata: {generation: 1}, status: {phase: Pending}}", "Progressing", "Waiting for the operator"},
		{
			"a change that nobody has seen",
			"{metadata: {generation: 2}, status: {observedGeneration: 1, conditions: [{type: Ready, status: 'True', message: ok}]}}",
			"Progressing", "Waiting for the operator to see the change",
		},
		{
			"ready",
			"{metadata: {generation: 1}, status: {observedGeneration: 1, conditions: [{type: Ready, status: 'True', message: ok}, {type: Stalled, status: 'False', message: no}]}}",
			"Healthy", "ok",
		},
		{
			"on its way",
			"{metadata: {generation: 1}, status: {observedGeneration: 1, conditions: [{type: Ready, status: 'False', message: 2 of 3}, {type: Reconciling, status: 'True', message: x}]}}",
			"Progressing", "2 of 3",
		},
		{
			"stalled",
			"{metadata: {generation: 1}, status: {observedGeneration: 1, conditions: [{type: Ready, status: 'False', message: x}, {type: Stalled, status: 'True', message: install it}]}}",
			"Degraded", "install it",
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			status, message := health(t, script, tt.object)
			if status != tt.status || message != tt.message {
				t.Errorf("got %s: %s, want %s: %s", status, message, tt.status, tt.message)
			}
		})
	}
}

// argocdScript is the script of the ConfigMap in the document.
func argocdScript(t *testing.T) string {
	t.Helper()
	text, err := os.ReadFile("../../docs/argocd.md")
	if err != nil {
		t.Fatal(err)
	}
	_, block, _ := strings.Cut(string(text), "```yaml\n")
	block, _, _ = strings.Cut(block, "```")
	var config struct{ Data map[string]string }
	if err := yaml.UnmarshalStrict([]byte(block), &config); err != nil {
		t.Fatal(err)
	}
	script := config.Data["resource.customizations.health.xatube.io_XaTubeCluster"]
	if script == "" {
		t.Fatalf("the document has no health check:\n%s", block)
	}
	return script
}

func health(t *testing.T, script, object string) (status, message string) {
	t.Helper()
	var obj any
	if err := yaml.Unmarshal([]byte(object), &obj); err != nil {
		t.Fatal(err)
	}
	l := lua.NewState()
	defer l.Close()
	l.SetGlobal("obj", luaValue(l, obj))
	if err := l.DoString(script); err != nil {
		t.Fatal(err)
	}
	result, ok := l.Get(-1).(*lua.LTable)
	if !ok {
		t.Fatalf("the script returned %v", l.Get(-1))
	}
	return lua.LVAsString(result.RawGetString("status")), lua.LVAsString(result.RawGetString("message"))
}

func luaValue(l *lua.LState, v any) lua.LValue {
	switch v := v.(type) {
	case map[string]any:
		table := l.NewTable()
		for k, e := range v {
			table.RawSetString(k, luaValue(l, e))
		}
		return table
	case []any:
		table := l.NewTable()
		for _, e := range v {
			table.Append(luaValue(l, e))
		}
		return table
	case string:
		return lua.LString(v)
	case float64:
		return lua.LNumber(v)
	default:
		return lua.LNil
	}
}
