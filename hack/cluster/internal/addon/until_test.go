package addon

import (
	"context"
	"errors"
	"strings"
	"testing"
)

func TestUntil(t *testing.T) {
	tries := 0
	err := until(t.Context(), "the third try", func() error {
		if tries++; tries < 3 {
			return errors.New("not yet")
		}
		return nil
	})
	if err != nil || tries != 3 {
		t.Errorf("%d tries, %v", tries, err)
	}
}

func TestUntilTellsWhatWasMissing(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	missing := errors.New("no node is ready")
	err := until(ctx, "the nodes", func() error { return missing })
	if !errors.Is(err, missing) || !errors.Is(err, context.Canceled) || !strings.Contains(err.Error(), "the nodes") {
		t.Errorf("got %v", err)
	}
}
