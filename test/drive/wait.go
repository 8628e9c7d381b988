package drive

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// interval between two looks at a condition that is awaited.
const interval = 250 * time.Millisecond

// Until looks again and again until met finds nothing missing. When the time is up it tells what met missed last. An
// error marked by Abort ends the wait at once.
func Until(ctx context.Context, timeout time.Duration, what string, met func(context.Context) error) error {
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	ticker := time.NewTicker(interval)
	defer ticker.Stop()
	last := errors.New("nothing was seen")
	for {
		err := met(ctx)
		if err == nil {
			return nil
		}
		if aborted, ok := errors.AsType[abortion](err); ok {
			return fmt.Errorf("waiting for %s: %w", what, aborted.error)
		}
		if ctx.Err() == nil {
			last = err
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("waiting for %s, %s: %w", what, timeout, last)
		case <-ticker.C:
		}
	}
}

type abortion struct{ error }

func (a abortion) Unwrap() error { return a.error }

// Abort marks an error after which waiting is of no use.
func Abort(err error) error { return abortion{err} }

// Pass lets a time pass in which something is measured, or may happen.
func Pass(ctx context.Context, span time.Duration) error {
	select {
	case <-time.After(span):
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
