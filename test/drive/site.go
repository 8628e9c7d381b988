package drive

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"time"

	"golang.org/x/time/rate"
)

const (
	// requestTimeout is what a patient person waits.
	requestTimeout = 20 * time.Second

	// The edge allows 10 requests a second and 20 at once for each client address, divided among its pods; everything
	// that comes by a forward has one address. A site stays below that on one of two pods.
	siteRate  = 4
	siteBurst = 6
)

// Site is a platform at one address of its edge.
type Site struct {
	scheme  string
	addr    string
	http    *http.Client
	limiter *rate.Limiter
}

// Open returns the site behind host:port.
func Open(addr string) *Site {
	return &Site{
		scheme:  "http://",
		addr:    addr,
		http:    &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 8}},
		limiter: rate.NewLimiter(siteRate, siteBurst),
	}
}

// OpenTLS returns the site behind host:port over HTTPS, whose certificate some authorities, in PEM, must have signed for
// that host.
func OpenTLS(addr string, authorities []byte) (*Site, error) {
	roots := x509.NewCertPool()
	if !roots.AppendCertsFromPEM(authorities) {
		return nil, errors.New("the authorities are no certificates in PEM")
	}
	s := Open(addr)
	s.scheme = "https://"
	s.http = &http.Client{Transport: &http.Transport{
		MaxIdleConnsPerHost: 8, TLSClientConfig: &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12},
	}}
	return s, nil
}

// Unlimited returns the same site without the bound on requests, for a platform whose own limit is set high.
func (s *Site) Unlimited() *Site {
	other := *s
	other.limiter = rate.NewLimiter(rate.Inf, 0)
	return &other
}

// Unkept returns the same site with a new connection for each request.
func (s *Site) Unkept() *Site {
	other := *s
	transport := &http.Transport{DisableKeepAlives: true}
	if kept, ok := s.http.Transport.(*http.Transport); ok {
		transport.TLSClientConfig = kept.TLSClientConfig
	}
	other.http = &http.Client{Transport: transport}
	return &other
}

// Answer is what came back. ServedBy and Version tell which replica, and which build of it, answered.
type Answer struct {
	Status   int
	Header   http.Header
	Body     []byte
	ServedBy string
	Version  string
}

// StatusError is an answer with another status than the one that was wanted.
type StatusError struct {
	Method, Path string
	Answer       Answer
}

func (e *StatusError) Error() string {
	return fmt.Sprintf("%s %s: %d %s: %.200s", e.Method, e.Path, e.Answer.Status, http.StatusText(e.Answer.Status), bytes.TrimSpace(e.Answer.Body))
}

// Get asks for a path. Any status is an answer.
func (s *Site) Get(ctx context.Context, path string) (Answer, error) {
	return s.do(ctx, http.MethodGet, path, nil, nil)
}

// asset of a page: what a browser loads to show it.
var asset = regexp.MustCompile(`(?:src|href)="(/[^"]+\.(?:js|css|svg))"`)

// Page opens the first page of the frontend with all its assets, as a browser does. Another type than that of an asset is
// a failure, whatever its status: the page stays white.
func (s *Site) Page(ctx context.Context) error {
	answer, err := s.Get(ctx, "/")
	if err != nil {
		return err
	}
	if err := want(http.MethodGet, "/", http.StatusOK, answer, nil); err != nil {
		return err
	}
	if !bytes.Contains(bytes.ToLower(answer.Body), []byte("<html")) {
		return fmt.Errorf("/ is no page: %.100s", answer.Body)
	}
	for _, found := range asset.FindAllSubmatch(answer.Body, -1) {
		path := string(found[1])
		got, err := s.Get(ctx, path)
		if err != nil {
			return err
		}
		if err := want(http.MethodGet, path, http.StatusOK, got, nil); err != nil {
			return fmt.Errorf("the page of %s %s: %w", answer.ServedBy, answer.Version, err)
		}
		if kind := got.Header.Get("Content-Type"); strings.HasPrefix(kind, "text/html") {
			return fmt.Errorf("%s of the page of %s %s is %s", path, answer.ServedBy, answer.Version, kind)
		}
	}
	return nil
}

// Do sends a request. Any status is an answer.
func (s *Site) Do(ctx context.Context, method, path string) (Answer, error) {
	return s.do(ctx, method, path, nil, nil)
}

func (s *Site) do(ctx context.Context, method, path string, header http.Header, body []byte) (Answer, error) {
	ctx, cancel := context.WithTimeout(ctx, requestTimeout)
	defer cancel()
	for {
		if err := s.limiter.Wait(ctx); err != nil {
			return Answer{}, fmt.Errorf("%s %s: %w", method, path, err)
		}
		answer, err := s.once(ctx, method, path, header, body)
		if err != nil || answer.Status != http.StatusTooManyRequests {
			return answer, err
		}
		if err := retryAfter(ctx, answer); err != nil {
			return answer, fmt.Errorf("%s %s: %w", method, path, err)
		}
	}
}

// retryAfter waits as long as an answer of 429 asks for: several sites may share the address that the edge counts for.
func retryAfter(ctx context.Context, answer Answer) error {
	seconds, err := strconv.Atoi(answer.Header.Get("Retry-After"))
	if err != nil {
		return fmt.Errorf("429 without Retry-After in seconds: %w", err)
	}
	timer := time.NewTimer(time.Duration(seconds) * time.Second)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("too many requests: %w", ctx.Err())
	}
}

func (s *Site) once(ctx context.Context, method, path string, header http.Header, body []byte) (Answer, error) {
	request, err := http.NewRequestWithContext(ctx, method, s.scheme+s.addr+path, bytes.NewReader(body))
	if err != nil {
		return Answer{}, fmt.Errorf("%s %s: %w", method, path, err)
	}
	maps.Copy(request.Header, header)
	response, err := s.http.Do(request)
	if err != nil {
		return Answer{}, fmt.Errorf("%s %s: %w", method, path, err)
	}
	defer response.Body.Close()
	content, err := io.ReadAll(response.Body)
	if err != nil {
		return Answer{}, fmt.Errorf("%s %s: reading the answer: %w", method, path, err)
	}
	return Answer{
		Status: response.StatusCode, Header: response.Header, Body: content,
		ServedBy: response.Header.Get("X-Served-By"), Version: response.Header.Get("X-XaTube-Version"),
	}, nil
}

// want refuses an answer of another status and decodes the body, unless into is nil.
func want(method, path string, status int, answer Answer, into any) error {
	if answer.Status != status {
		return &StatusError{Method: method, Path: path, Answer: answer}
	}
	if into == nil {
		return nil
	}
	if err := json.Unmarshal(answer.Body, into); err != nil {
		return fmt.Errorf("%s %s: reading the answer: %w", method, path, err)
	}
	return nil
}
