package cel

import (
	"flag"
	"strings"
	"testing"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
)

// TestAdmission holds every case, so that its last part can tell what none of them has tried.
func TestAdmission(t *testing.T) {
	t.Run("names", names)
	t.Run("samples", samples)
	t.Run("values", values)
	t.Run("bounds", bounds)
	t.Run("pods", pods)
	t.Run("rules", rules)
	t.Run("transitions", transitions)
	t.Run("status", status)
	if strings.Contains(flag.Lookup("test.run").Value.String(), "/") {
		return // only some cases have run
	}
	t.Run("nothing untried", nothingUntried)
}

// refusal is a spec that must not be admitted.
type refusal struct {
	// field that a cause must name, without indices.
	field string
	spec  string
	// says is part of the message: what is wrong or what to write instead.
	says string
}

// refuse creates a resource and expects its refusal.
func refuse(t *testing.T, r refusal) {
	t.Helper()
	expect(t, create(t.Context(), platform(spec(t, r.spec))), r.field, r.says)
}

// accept creates a resource and expects no complaint.
func accept(t *testing.T, text string) {
	t.Helper()
	if err := create(t.Context(), platform(spec(t, text))); err != nil {
		t.Errorf("%s is refused: %v", text, err)
	}
}

// expect wants an error with a cause that names the field and says the words.
func expect(t *testing.T, err error, field, says string) {
	t.Helper()
	if err == nil {
		t.Error("admitted")
		return
	}
	if !apierrors.IsInvalid(err) {
		t.Errorf("refused for another reason: %v", err)
		return
	}
	for _, c := range causes(err) {
		if plain(c.Field) == field && strings.Contains(c.Message, says) {
			return
		}
	}
	t.Errorf("no cause names %q and says %q: %v", field, says, err)
}
