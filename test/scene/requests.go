package scene

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"sync"
)

// Requests are the writes of an operator.
type Requests struct {
	mu      sync.Mutex
	seen    []string
	refused []string
}

// Wrap a transport, to see what is written through it.
func (q *Requests) Wrap(next http.RoundTripper) http.RoundTripper {
	return transport(func(r *http.Request) (*http.Response, error) {
		answer, err := next.RoundTrip(r)
		if err != nil || r.Method == http.MethodGet {
			return answer, err
		}
		q.mu.Lock()
		defer q.mu.Unlock()
		q.seen = append(q.seen, r.Method+" "+r.URL.Path)
		// What is gone or has changed meanwhile is met again in the next pass.
		if answer.StatusCode < 400 || answer.StatusCode == http.StatusNotFound || answer.StatusCode == http.StatusConflict {
			return answer, nil
		}
		body, err := io.ReadAll(answer.Body)
		if err != nil {
			return nil, fmt.Errorf("reading a refusal: %w", err)
		}
		answer.Body = io.NopCloser(bytes.NewReader(body))
		q.refused = append(q.refused, fmt.Sprintf("%s %s: %s: %s", r.Method, r.URL.Path, answer.Status, body))
		return answer, nil
	})
}

// Count of all writes.
func (q *Requests) Count() int {
	q.mu.Lock()
	defer q.mu.Unlock()
	return len(q.seen)
}

// Since are the writes after the first n.
func (q *Requests) Since(n int) []string {
	q.mu.Lock()
	defer q.mu.Unlock()
	return append([]string(nil), q.seen[n:]...)
}

// Refusals of the API server, but for what is gone or has changed meanwhile.
func (q *Requests) Refusals() []string {
	q.mu.Lock()
	defer q.mu.Unlock()
	return append([]string(nil), q.refused...)
}

type transport func(*http.Request) (*http.Response, error)

func (t transport) RoundTrip(r *http.Request) (*http.Response, error) { return t(r) }
