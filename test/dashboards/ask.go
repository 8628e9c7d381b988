package main

import (
	"context"
	"fmt"
	"time"

	"github.com/xatube/xatube-operator/test/drive"
)

// asker is a Prometheus.
type asker interface {
	Query(ctx context.Context, query string) ([]drive.Series, error)
	Range(ctx context.Context, query string, span, step time.Duration) ([]drive.Series, error)
}

// verdict is what became of the questions.
type verdict struct {
	Bench      string `json:"bench"`
	Dashboards int    `json:"dashboards"`
	Panels     int    `json:"panels"`
	Answered   int    `json:"answered"`

	// unanswered tells what has no data, a line each.
	unanswered []string
}

// ask asks every query of every panel, and every recording rule. A panel is answered when all its queries are; the
// recordings count as one more line each only where they are missing.
func ask(ctx context.Context, prometheus asker, all []board, rules []string) (verdict, error) {
	v := verdict{Bench: "dashboards", Dashboards: len(all)}
	for _, b := range all {
		for _, p := range b.Panels {
			v.Panels++
			whole := true
			for _, t := range p.Targets {
				found, err := prometheus.Query(ctx, t.Expr)
				if err != nil {
					return v, err
				}
				if len(found) == 0 {
					whole = false
					v.unanswered = append(v.unanswered, fmt.Sprintf("%s, %s: %s", b.name, p.Title, t.Expr))
				}
			}
			if whole {
				v.Answered++
			}
		}
	}
	for _, query := range rules {
		found, err := prometheus.Query(ctx, query)
		if err != nil {
			return v, err
		}
		if len(found) == 0 {
			v.unanswered = append(v.unanswered, "recording rule: "+query)
		}
	}
	return v, nil
}
