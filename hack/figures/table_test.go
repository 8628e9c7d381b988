package main

import (
	"strings"
	"testing"
)

func TestReplaceTables(t *testing.T) {
	page := "# Title\n\n" + begin + "old\n" + end + "\nText.\n"
	r := results{Failover: &comparison{Median: 6.1, Each: []float64{5.94, 6.06, 7}, Acknowledged: 4000, Baseline: 21.3}}
	got, err := replaceTables([]byte(page), r)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"# Title\n\n" + begin, "| platform | 6.1 s | 5.9, 6.1, 7.0 | 4000 | 0 |", end + "\nText.\n"} {
		if !strings.Contains(string(got), want) {
			t.Errorf("%q is missing in:\n%s", want, got)
		}
	}
	for _, unwanted := range []string{"old", "bench-rollout"} {
		if strings.Contains(string(got), unwanted) {
			t.Errorf("%q is in:\n%s", unwanted, got)
		}
	}
	again, err := replaceTables(got, r)
	if err != nil || string(again) != string(got) {
		t.Errorf("a second time makes something else (%v):\n%s", err, again)
	}
}

func TestReplaceTablesNeedsAPlace(t *testing.T) {
	for _, page := range []string{"# Title\n", "# Title\n" + begin} {
		if _, err := replaceTables([]byte(page), results{}); err == nil {
			t.Errorf("no error for %q", page)
		}
	}
}
