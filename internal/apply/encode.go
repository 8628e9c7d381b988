package apply

import (
	"bytes"
	"fmt"
	"strings"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// encode an object for an apply, which the API server reads as YAML. JSON leaves characters as they are that YAML refuses or
// takes for the end of a line.
func encode(u *unstructured.Unstructured) ([]byte, error) {
	text, err := u.MarshalJSON()
	if err != nil {
		return nil, fmt.Errorf("encoding %s: %w", describe(u), err)
	}
	if !bytes.ContainsFunc(text, special) {
		return text, nil
	}
	var out strings.Builder
	for _, r := range string(text) {
		if special(r) {
			fmt.Fprintf(&out, `\u%04x`, r)
		} else {
			out.WriteRune(r)
		}
	}
	return []byte(out.String()), nil
}

// special characters occur in strings only.
func special(r rune) bool {
	return r >= 0x7f && r <= 0x9f || r == 0xfeff || r == 0xfffe || r == 0xffff
}
