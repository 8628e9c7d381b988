//go:build e2e

package e2e

import (
	"bytes"
	"crypto/rand"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"k8s.io/apimachinery/pkg/types"

	"github.com/xatube/xatube-operator/test/drive"
)

func servesPages(t *testing.T, platform types.NamespacedName) {
	site := open(t, platform)
	page := get(t, site, "/", http.StatusOK)
	if media := page.Header.Get("Content-Type"); !strings.HasPrefix(media, "text/html") || !bytes.Contains(page.Body, []byte("<html")) {
		t.Errorf("/ is %s: %.100s", media, page.Body)
	}
	for header, want := range map[string]string{
		"X-Frame-Options": "SAMEORIGIN", "X-Content-Type-Options": "nosniff", "Referrer-Policy": "strict-origin-when-cross-origin",
	} {
		if got := page.Header.Get(header); got != want {
			t.Errorf("%s is %q, want %q", header, got, want)
		}
	}
	for _, directive := range []string{"media-src 'self' blob:", "connect-src 'self' ws: wss:", "worker-src 'self' blob:"} {
		if got := page.Header.Get("Content-Security-Policy"); !strings.Contains(got, directive) {
			t.Errorf("Content-Security-Policy %q lacks %q: hls.js could not play", got, directive)
		}
	}
	if got := page.Header.Get("Strict-Transport-Security"); got != "" {
		t.Errorf("Strict-Transport-Security is %q over plain HTTP", got)
	}
	get(t, site, "/health", http.StatusOK)
	get(t, site, "/docs", http.StatusOK)
	get(t, site, "/openapi.json", http.StatusOK)
}

func refusesInternalPaths(t *testing.T, platform types.NamespacedName) {
	site := open(t, platform)
	for _, path := range []string{"/api/rtmp/validate-key?stream_key=x", "/metrics", "/rtmp-stat"} {
		get(t, site, path, http.StatusForbidden)
	}
	answer, err := site.Do(t.Context(), http.MethodPost, "/api/rtmp/publish")
	check(t, err)
	if answer.Status != http.StatusForbidden {
		t.Errorf("POST /api/rtmp/publish answers %d, want 403", answer.Status)
	}
}

func keepsWhatIsWritten(t *testing.T, platform types.NamespacedName) {
	site := open(t, platform)
	user := register(t, site)
	check(t, user.Login(t.Context()))
	if _, err := user.Me(t.Context()); err != nil {
		t.Error(err)
	}
	key, err := user.StreamKey(t.Context())
	check(t, err)
	if key == "" || key != user.Channel.StreamKey {
		t.Errorf("the stream key is %q, the channel says %q", key, user.Channel.StreamKey)
	}
	video, _, err := user.Upload(t.Context(), t.Name(), []byte("clip"))
	check(t, err)
	written, err := user.Comment(t.Context(), video.ID, "first!")
	check(t, err)
	comments, err := user.Comments(t.Context(), video.ID)
	check(t, err)
	if len(comments) != 1 || comments[0] != written {
		t.Errorf("comments are %v, want %v alone", comments, written)
	}
}

func sharesUploads(t *testing.T, platform types.NamespacedName) {
	site := open(t, platform)
	clip := make([]byte, 3<<20)
	_, _ = rand.Read(clip)
	video, stored, err := register(t, site).Upload(t.Context(), t.Name(), clip)
	check(t, err)
	if stored.ServedBy == "" {
		t.Fatal("the answer does not tell which backend stored the upload")
	}
	readers := map[string]bool{}
	// The edge keeps uploads by their whole URL, so each query is asked of a backend; which one, the edge decides.
	for i := range 30 {
		answer := get(t, site, fmt.Sprintf("%s?reader=%d", video.URL, i), http.StatusOK)
		if !bytes.Equal(answer.Body, clip) {
			t.Fatalf("%s through %s differs from what %s stored", video.URL, answer.ServedBy, stored.ServedBy)
		}
		if readers[answer.ServedBy] = true; answer.ServedBy != stored.ServedBy {
			return
		}
	}
	t.Errorf("no other backend than %s has served the upload: %v", stored.ServedBy, readers)
}

func get(t *testing.T, site *drive.Site, path string, status int) drive.Answer {
	t.Helper()
	answer, err := site.Get(t.Context(), path)
	check(t, err)
	if answer.Status != status {
		t.Errorf("GET %s answers %d, want %d: %.200s", path, answer.Status, status, answer.Body)
	}
	return answer
}
