package main

import (
	"os"
	"path/filepath"
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

// TestTablesOfWhatWasMeasured: the results as they are kept, with the lines that the benchmarks print.
func TestTablesOfWhatWasMeasured(t *testing.T) {
	folder := t.TempDir()
	for name, line := range map[string]string{
		"viewers":  `{"bench":"viewers","viewers":1000,"edge_rps":1323.67,"ingest_rps":1.35,"latency_s":1.91,"stalls":2,"ratio_to_plain_nginx":0.88}`,
		"failover": `{"requests":1200,"failed_requests":3,"failed_writes":2,"failed_reads":1,"failed_requests_each":[3,0,4],"requests_pooler":1100,"failed_writes_pooler":70,"failed_reads_pooler":60,"failed_requests_pooler_each":[130],"baseline_requests":1300,"baseline_failed_writes":12.5,"baseline_failed_reads":0,"baseline_failed_requests_each":[12,13]}`,
	} {
		if err := os.WriteFile(filepath.Join(folder, name+".json"), []byte(line), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	r, err := readResults(folder)
	if err != nil {
		t.Fatal(err)
	}
	got, err := replaceTables([]byte(begin+end), r)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		"| 1000 | 1324 | 1.35 | 1.91 s | 2 | 0.88 |\n",
		"| platform | 1200 | 1 | 2 | 3, 0, 4 |\n| with a pooler | 1100 | 60 | 70 | 130 |\n| CloudNativePG alone | 1300 | 0 | 12.5 | 12, 13 |\n",
	} {
		if !strings.Contains(string(got), want) {
			t.Errorf("%q is missing in:\n%s", want, got)
		}
	}
}
