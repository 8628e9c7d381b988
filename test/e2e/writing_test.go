//go:build e2e

package e2e

import (
	"strings"
	"testing"

	"k8s.io/apimachinery/pkg/types"

	"github.com/xatube/xatube-operator/test/drive"
)

// writing is users who write while something happens to the database.
type writing struct {
	diary *drive.Diary
	load  *drive.Load
}

func startWriting(t *testing.T, platform types.NamespacedName) *writing {
	t.Helper()
	diary, err := register(t, open(t, platform)).StartDiary(t.Context(), t.Name())
	check(t, err)
	return &writing{diary: diary, load: drive.StartLoad(t.Context(), loadInterval, diary.Write)}
}

// stop ends it; what was acknowledged must be there.
func (w *writing) stop(t *testing.T) drive.Tally {
	t.Helper()
	tally := w.load.Stop()
	lost, err := w.diary.Lost(t.Context())
	check(t, err)
	if n := w.diary.Acknowledged(); len(lost) > 0 || n == 0 {
		t.Errorf("%d of %d acknowledged rows are lost: %s", len(lost), n, strings.Join(lost, ", "))
	}
	return tally
}
