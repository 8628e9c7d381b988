package naming_test

import (
	"strings"
	"testing"

	"github.com/xatube/xatube-operator/internal/component/naming"
)

// TestVersion: what a tag may be, a label's value may not always be.
func TestVersion(t *testing.T) {
	for image, want := range map[string]string{
		"example.com/a:1.2.3":                 "1.2.3",
		"example.com:5000/a:v1_2@sha256:0123": "v1_2",
		"example.com:5000/a":                  "",
		"a":                                   "",
		"a:_1":                                "",
		"a:1_":                                "",
		"a:1.":                                "",
		"a:1-":                                "",
		"a:" + strings.Repeat("1", 63):        strings.Repeat("1", 63),
		"a:" + strings.Repeat("1", 64):        "",
	} {
		if got := naming.Version(image); got != want {
			t.Errorf("Version(%s) = %q, want %q", image, got, want)
		}
	}
}
