package main

import (
	"context"
	"encoding/xml"
	"errors"
	"io"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"

	"k8s.io/apimachinery/pkg/types"

	"github.com/xatube/xatube-operator/test/drive"
)

// variable is one of Grafana's, or of the rules' templates. $1 is a group of a regular expression.
var variable = regexp.MustCompile(`\$[^0-9]|\[\[`)

// fake answers everything but one metric, with two series.
type fake struct{ silent string }

func (f fake) Query(ctx context.Context, query string) ([]drive.Series, error) {
	return f.Range(ctx, query, resolution, resolution)
}

func (f fake) Range(_ context.Context, query string, span, step time.Duration) ([]drive.Series, error) {
	if variable.MatchString(query) {
		return nil, errors.New("a variable is left in " + query)
	}
	if f.silent != "" && strings.Contains(query, f.silent) {
		return nil, nil
	}
	var all []drive.Series
	for _, pod := range []string{"one & <two>", "three"} {
		s := drive.Series{Labels: map[string]string{"pod": pod, "le": "0.5"}}
		for at := time.Duration(0); at < span; at += step {
			s.Points = append(s.Points, drive.Point{At: time.Unix(0, 0).Add(at), Value: float64(len(s.Points) % 3)})
		}
		all = append(all, s)
	}
	return all, nil
}

func read(t *testing.T) (all []board, rules []string) {
	t.Helper()
	monitoring, platform := os.DirFS("../../internal/component/monitoring"), types.NamespacedName{Namespace: "tube", Name: "demo"}
	all, err := boards(monitoring, platform)
	if err != nil {
		t.Fatal(err)
	}
	rules, err = recordings(monitoring, platform)
	if err != nil {
		t.Fatal(err)
	}
	return all, rules
}

func TestEveryPanelIsAsked(t *testing.T) {
	all, rules := read(t)
	v, err := ask(t.Context(), fake{}, all, rules)
	if err != nil {
		t.Fatal(err)
	}
	if v.Dashboards != 6 || v.Panels < 6 || v.Answered != v.Panels || len(v.unanswered) != 0 || len(rules) == 0 {
		t.Errorf("%d recordings, %+v", len(rules), v)
	}
}

func TestWhatHasNoDataIsNamed(t *testing.T) {
	all, rules := read(t)
	v, err := ask(t.Context(), fake{silent: "platform:redis_memory:ratio"}, all, rules)
	if err != nil {
		t.Fatal(err)
	}
	told := strings.Join(v.unanswered, "\n")
	if v.Answered == v.Panels || !strings.Contains(told, "cluster-overview, Cache and broker") || !strings.Contains(told, "recording rule: platform:redis_memory:ratio{") {
		t.Errorf("%+v", v)
	}
}

func TestPicturesAreWellFormed(t *testing.T) {
	all, _ := read(t)
	for _, silent := range []string{"", "{"} {
		for _, b := range all {
			svg, err := picture(t.Context(), fake{silent}, b)
			if err != nil {
				t.Fatal(err)
			}
			if strings.Contains(string(svg), "NaN") || strings.Contains(string(svg), "Inf\"") {
				t.Errorf("%s is drawn at no number", b.name)
			}
			for decoder := xml.NewDecoder(strings.NewReader(string(svg))); ; {
				if _, err := decoder.Token(); errors.Is(err, io.EOF) {
					break
				} else if err != nil {
					t.Fatalf("%s: %v", b.name, err)
				}
			}
		}
	}
}

func TestStatesLastUntilTheyChange(t *testing.T) {
	at := func(n int) time.Time { return time.Unix(0, 0).Add(time.Duration(n) * resolution) }
	f := found{Series: drive.Series{Points: []drive.Point{{At: at(0), Value: 1}, {At: at(1), Value: 1}, {At: at(2), Value: 2}, {At: at(9), Value: 2}}}}
	got := f.states()
	want := []state{{drive.Point{At: at(0), Value: 1}, at(2)}, {drive.Point{At: at(2), Value: 2}, at(2)}, {drive.Point{At: at(9), Value: 2}, at(9)}}
	if len(got) != len(want) {
		t.Fatalf("%v, want %v", got, want)
	}
	for i := range want {
		if got[i] != want[i] {
			t.Errorf("state %d is %v, want %v", i, got[i], want[i])
		}
	}
}

func TestFormat(t *testing.T) {
	for _, c := range []struct {
		unit  string
		value float64
		want  string
	}{
		{"percentunit", 0.0512, "5.12 %"},
		{"s", 0.25, "250 ms"},
		{"s", 9.1, "9.1 s"},
		{"s", 7200, "2 h"},
		{"bytes", 3 << 20, "3 MiB"},
		{"Bps", 1536, "1.5 KiB/s"},
		{"reqps", 12.34, "12.3 req/s"},
		{"short", 123456, "123456"},
	} {
		if got := format(c.unit, c.value); got != c.want {
			t.Errorf("%g in %s is %q, want %q", c.value, c.unit, got, c.want)
		}
	}
}
