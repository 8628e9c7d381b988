package catalog_test

import "testing"

// TestEveryScratchFolderIsBounded: A19. What users send, or a program writes without end, has the pod evicted that holds it, and
// not its neighbours on a full node.
func TestEveryScratchFolderIsBounded(t *testing.T) {
	for _, persistent := range []bool{true, false} {
		in := platform(t)
		if !persistent {
			in.Cluster.Spec.Redis.Persistence = nil
		}
		found := 0
		for name, template := range whatPodsRun(t, render(t, in)) {
			found += checkEmptyDirs(t, name, template)
		}
		if found < 10 {
			t.Errorf("only %d emptyDirs, persistent: %t", found, persistent)
		}
	}
}

// checkEmptyDirs counts the emptyDirs anywhere below, and fails for those without a limit.
func checkEmptyDirs(t *testing.T, where string, value any) (found int) {
	t.Helper()
	switch v := value.(type) {
	case []any:
		for _, e := range v {
			found += checkEmptyDirs(t, where, e)
		}
	case map[string]any:
		if folder, ok := v["emptyDir"].(map[string]any); ok {
			found++
			if folder["sizeLimit"] == nil {
				t.Errorf("%s: emptyDir %v has no sizeLimit", where, v["name"])
			}
		}
		for _, e := range v {
			found += checkEmptyDirs(t, where, e)
		}
	}
	return found
}
