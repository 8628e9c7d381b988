package drive

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"time"
)

// Prometheus is a running Prometheus, asked by its HTTP API.
type Prometheus struct{ addr string }

// Series is what a query found under one set of labels: one point of an instant, many of a range.
type Series struct {
	Labels map[string]string
	Points []Point
}

// Point is a value at a time.
type Point struct {
	At    time.Time
	Value float64
}

// Target is what Prometheus scrapes.
type Target struct {
	Labels    map[string]string `json:"labels"`
	Pool      string            `json:"scrapePool"`
	Health    string            `json:"health"`
	LastError string            `json:"lastError"`
}

// OpenPrometheus opens the Prometheus that listens at an address.
func OpenPrometheus(addr string) *Prometheus { return &Prometheus{addr} }

// Prometheus forwards to that of a Service. stop ends it.
func (c *Client) Prometheus(ctx context.Context, namespace, service string) (p *Prometheus, stop func(), err error) {
	addr, stop, err := c.Forward(ctx, namespace, service, 9090)
	if err != nil {
		return nil, nil, err
	}
	return OpenPrometheus(addr), stop, nil
}

// Query asks for the present. Values that are no numbers are left out: they draw nothing.
func (p *Prometheus) Query(ctx context.Context, query string) ([]Series, error) {
	return p.series(ctx, "query", url.Values{"query": {query}})
}

// Range asks for a span of time that ends now.
func (p *Prometheus) Range(ctx context.Context, query string, span, step time.Duration) ([]Series, error) {
	end := time.Now()
	return p.series(ctx, "query_range", url.Values{
		"query": {query}, "step": {strconv.FormatFloat(step.Seconds(), 'f', -1, 64)},
		"start": {end.Add(-span).Format(time.RFC3339)}, "end": {end.Format(time.RFC3339)},
	})
}

func (p *Prometheus) series(ctx context.Context, path string, form url.Values) ([]Series, error) {
	var data struct {
		Result []struct {
			Metric map[string]string
			Value  sample
			Values []sample
		}
	}
	if err := p.get(ctx, path, form, &data); err != nil {
		return nil, fmt.Errorf("asking Prometheus for %s: %w", form.Get("query"), err)
	}
	var found []Series
	for _, r := range data.Result {
		s := Series{Labels: r.Metric}
		for _, v := range append(r.Values, r.Value) {
			if !v.At.IsZero() && !math.IsNaN(v.Value) && !math.IsInf(v.Value, 0) {
				s.Points = append(s.Points, Point(v))
			}
		}
		if len(s.Points) > 0 {
			found = append(found, s)
		}
	}
	return found, nil
}

// sample is a point as Prometheus writes it: seconds, and the value as a string.
type sample Point

// UnmarshalJSON reads a pair.
func (s *sample) UnmarshalJSON(raw []byte) error {
	var seconds float64
	var value string
	if err := json.Unmarshal(raw, &[]any{&seconds, &value}); err != nil {
		return err
	}
	v, err := strconv.ParseFloat(value, 64)
	s.At, s.Value = time.UnixMilli(int64(seconds*1000)), v
	return err
}

// Targets that are scraped, and how many are dropped in each pool of monitors.
func (p *Prometheus) Targets(ctx context.Context) (active []Target, dropped map[string]int, err error) {
	var data struct {
		ActiveTargets       []Target
		DroppedTargetCounts map[string]int
	}
	if err := p.get(ctx, "targets", nil, &data); err != nil {
		return nil, nil, fmt.Errorf("asking Prometheus for its targets: %w", err)
	}
	return data.ActiveTargets, data.DroppedTargetCounts, nil
}

// Firing are the names of the alerts of a platform that fire.
func (p *Prometheus) Firing(ctx context.Context, namespace, platform string) ([]string, error) {
	found, err := p.Query(ctx, fmt.Sprintf(`ALERTS{namespace=%q,platform=%q,alertstate="firing"}`, namespace, platform))
	var names []string
	for _, s := range found {
		names = append(names, s.Labels["alertname"])
	}
	slices.Sort(names)
	return slices.Compact(names), err
}

func (p *Prometheus) get(ctx context.Context, path string, form url.Values, into any) error {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+p.addr+"/api/v1/"+path+"?"+form.Encode(), nil)
	if err != nil {
		return err
	}
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	var body struct {
		Status, Error string
		Data          json.RawMessage
	}
	if err := json.NewDecoder(answer.Body).Decode(&body); err != nil {
		return fmt.Errorf("%s: %w", answer.Status, err)
	}
	if body.Status != "success" {
		return errors.New(body.Error)
	}
	return json.Unmarshal(body.Data, into)
}
