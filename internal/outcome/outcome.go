// Package outcome types the errors of a reconcile: what the user must mend, what time or others will mend, and the
// rest, which is retried.
package outcome

import (
	"errors"
	"fmt"
)

// Blocked is an error with the reason that a condition shows.
type Blocked struct {
	Reason  string
	Message string
	// Terminal: only a change by the user helps, so there is no retry until something that is watched changes.
	Terminal bool
}

func (b *Blocked) Error() string { return b.Message }

// Terminal is an error that only the user can mend; the message names the object or field and the cure.
func Terminal(reason, format string, args ...any) error {
	return &Blocked{Reason: reason, Message: fmt.Sprintf(format, args...), Terminal: true}
}

// Waiting is an error that ends by itself: something that is watched will change.
func Waiting(reason, format string, args ...any) error {
	return &Blocked{Reason: reason, Message: fmt.Sprintf(format, args...)}
}

// Split is every error of a join on its own: each has its own way to end. It is empty for nil.
func Split(err error) []error {
	if err == nil {
		return nil
	}
	joined, ok := err.(interface{ Unwrap() []error })
	if !ok {
		return []error{err}
	}
	var out []error
	for _, part := range joined.Unwrap() {
		out = append(out, Split(part)...)
	}
	return out
}

// AsBlocked finds the Blocked in an error chain.
func AsBlocked(err error) (*Blocked, bool) {
	var b *Blocked
	ok := errors.As(err, &b)
	return b, ok
}
