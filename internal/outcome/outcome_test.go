package outcome

import (
	"errors"
	"fmt"
	"testing"
)

func TestSplit(t *testing.T) {
	one, two, three := errors.New("one"), Terminal("Reason", "two"), Waiting("Reason", "three")
	for name, c := range map[string]struct {
		err  error
		want []error
	}{
		"nothing":       {nil, nil},
		"one":           {two, []error{two}},
		"several":       {errors.Join(one, nil, two), []error{one, two}},
		"joins of them": {errors.Join(one, errors.Join(two, three)), []error{one, two, three}},
	} {
		t.Run(name, func(t *testing.T) {
			if got := Split(c.err); fmt.Sprint(got) != fmt.Sprint(c.want) {
				t.Errorf("got %v, want %v", got, c.want)
			}
		})
	}
}
