package edge_test

import (
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
)

// asked is what the edge asks for to learn whether the database is there.
const asked = "/api/videos/0/comments"

// application answers as upstream does, with 500 to everything when its database is away. asks counts the questions of the
// edge.
type application struct {
	away atomic.Bool
	asks atomic.Int32
}

func (a *application) answer(w http.ResponseWriter, r *http.Request) {
	if r.URL.Path == asked {
		a.asks.Add(1)
	}
	switch w.Header().Set("Content-Type", "application/json"); {
	case a.away.Load():
		w.WriteHeader(http.StatusInternalServerError)
		_, _ = io.WriteString(w, `{"detail":"Internal server error"}`)
	case r.URL.Path == asked:
		w.WriteHeader(http.StatusNotFound)
	default:
		_, _ = io.WriteString(w, `"`+r.Method+" "+r.RequestURI+" "+r.Header.Get("Authorization")+`"`)
	}
}

// startPatient is an edge before two backends with a database that can go away.
func startPatient(t *testing.T, edits ...string) (*application, []*server, *balancer) {
	t.Helper()
	app := &application{}
	p := newPlatform(t)
	pods := p.backends(t, 2, app.answer)
	b := p.startEdge(t, nil, edits...)
	b.awaitPods(t, "/api/warm")
	return app, pods, b
}

// TestReadsWaitForTheDatabase: what only reads is answered when the database is back, with what it asked for.
func TestReadsWaitForTheDatabase(t *testing.T) {
	app, _, b := startPatient(t)
	app.away.Store(true)
	results := make(chan string)
	reads := []struct{ method, path, token, want string }{
		{http.MethodGet, "/api/streams?limit=1", "", `"GET /api/streams?limit=1 "`},
		{http.MethodGet, "/api/auth/me", "Bearer x", `"GET /api/auth/me Bearer x"`},
		{http.MethodGet, "/api/auth/me?basic", "Basic eDp4", `"GET /api/auth/me?basic Basic eDp4"`},
		{http.MethodHead, "/api/channels", "", ""},
	}
	for _, read := range reads {
		go func() {
			var headers []string
			if read.token != "" {
				headers = []string{"Authorization", read.token}
			}
			a := b.do(t, read.method, read.path, nil, headers...)
			if a.StatusCode != http.StatusOK || a.body != read.want || a.Header.Get("WWW-Authenticate") != "" {
				results <- fmt.Sprintf("%s %s: %s, %q, %v", read.method, read.path, a.Status, a.body, a.Header)
				return
			}
			results <- ""
		}()
	}
	eventually(t, func() error {
		// The second question means that nobody was answered after the first.
		if n := app.asks.Load(); n < 2 {
			return fmt.Errorf("asked for the database %d times", n)
		}
		return nil
	})
	app.away.Store(false)
	for range reads {
		if wrong := <-results; wrong != "" {
			t.Error(wrong)
		}
	}
}

// TestOneQuestionForAllReads: thousands who wait must not add their questions to what the backends have to bear.
func TestOneQuestionForAllReads(t *testing.T) {
	app, _, b := startPatient(t)
	app.away.Store(true)
	const visitors = 50
	answers := make(chan int)
	for i := range visitors {
		go func() { answers <- b.get(t, fmt.Sprintf("/api/streams?%d", i), "Authorization", "Bearer x").StatusCode }()
	}
	eventually(t, func() error {
		if n := app.asks.Load(); n < 3 {
			return fmt.Errorf("asked for the database %d times", n)
		}
		return nil
	})
	app.away.Store(false)
	for range visitors {
		if status := <-answers; status != http.StatusOK {
			t.Errorf("status %d", status)
		}
	}
	// Some more may have waited for the answer to one question only as long as the edge lets them.
	if n := app.asks.Load(); n > visitors/2 {
		t.Errorf("%d visitors asked for the database %d times", visitors, n)
	}
}

// TestWritesAreNotRepeated: whoever may have changed something is told of the failure at once.
func TestWritesAreNotRepeated(t *testing.T) {
	app, pods, b := startPatient(t)
	app.away.Store(true)
	for _, method := range []string{http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete} {
		before := pods[0].count() + pods[1].count()
		a := b.do(t, method, "/api/comments/1", strings.NewReader("{}"))
		if a.StatusCode != http.StatusInternalServerError || a.body != `{"detail":"Internal server error"}` {
			t.Errorf("%s: %s, %s", method, a.Status, a.body)
		}
		if n := pods[0].count() + pods[1].count() - before; n != 1 {
			t.Errorf("%s was sent %d times", method, n)
		}
	}
	if n := app.asks.Load(); n > 0 {
		t.Errorf("asked for the database %d times", n)
	}
}

// TestFailuresOfTheApplicationStay: with the database there, 500 is the application's own answer after one more try.
func TestFailuresOfTheApplicationStay(t *testing.T) {
	for _, c := range []struct {
		name  string
		asked int
	}{{"no such video", http.StatusNotFound}, {"an answer", http.StatusOK}, {"refused", http.StatusForbidden}} {
		t.Run(c.name, func(t *testing.T) {
			p := newPlatform(t)
			var tries atomic.Int32
			p.backends(t, 2, func(w http.ResponseWriter, r *http.Request) {
				switch r.URL.Path {
				case asked:
					w.WriteHeader(c.asked)
				case "/api/broken":
					tries.Add(1)
					w.WriteHeader(http.StatusInternalServerError)
					_, _ = io.WriteString(w, "broken")
				}
			})
			b := p.startEdge(t, nil)
			b.awaitPods(t, "/api/warm")
			for _, headers := range [][]string{nil, {"Authorization", "Bearer x"}} {
				tries.Store(0)
				a := b.get(t, "/api/broken", headers...)
				if a.StatusCode != http.StatusInternalServerError || a.body != "broken" {
					t.Errorf("%v: %s, %s", headers, a.Status, a.body)
				}
				if n := tries.Load(); n != 2 {
					t.Errorf("%v: tried %d times, want 2", headers, n)
				}
			}
		})
	}
}

// TestAnswersToReadsStay: no other answer of the application is replaced by one of the edge.
func TestAnswersToReadsStay(t *testing.T) {
	p := newPlatform(t)
	p.backends(t, 1, func(w http.ResponseWriter, r *http.Request) {
		var status int
		if _, err := fmt.Sscanf(r.URL.Path, "/api/status/%d", &status); err == nil {
			w.WriteHeader(status)
			fmt.Fprintf(w, "the application's %d", status)
		}
	})
	b := p.startEdge(t, nil)
	b.awaitPods(t, "/api/warm")
	for _, status := range []int{200, 400, 401, 402, 403, 404, 405, 408, 409, 410, 413, 414, 418, 422, 429, 503} {
		for _, headers := range [][]string{nil, {"Authorization", "Bearer x"}} {
			a := b.get(t, fmt.Sprintf("/api/status/%d", status), headers...)
			if a.StatusCode != status || a.body != fmt.Sprintf("the application's %d", status) {
				t.Errorf("%d %v: %s, %s", status, headers, a.Status, a.body)
			}
		}
	}
}

// TestReadsDoNotWaitForEver: when the database stays away, the application's answer is given.
func TestReadsDoNotWaitForEver(t *testing.T) {
	app, pods, b := startPatient(t, "auth_delay 1s", "auth_delay 1ms", "auth_delay 2s", "auth_delay 2ms", "auth_delay 3s", "auth_delay 3ms")
	app.away.Store(true)
	for _, headers := range [][]string{nil, {"Authorization", "Bearer x"}} {
		a := b.get(t, "/api/streams", headers...)
		if a.StatusCode != http.StatusInternalServerError || a.body != `{"detail":"Internal server error"}` {
			t.Errorf("%v: %s, %s", headers, a.Status, a.body)
		}
	}
	// A backend that goes away in the midst of it.
	for _, pod := range pods {
		_ = pod.http.Close()
	}
	if a := b.get(t, "/api/streams"); a.StatusCode != http.StatusServiceUnavailable {
		t.Errorf("%s without a backend", a.Status)
	}
}
