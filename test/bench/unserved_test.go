package main

import (
	"reflect"
	"testing"
	"time"

	"github.com/xatube/xatube-operator/test/drive"
)

// TestOutcomes counts what ended between the disturbance and the end, and nothing else.
func TestOutcomes(t *testing.T) {
	start := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	at := func(second, writes, failedWrites, reads, failedReads int, failures ...string) drive.Second {
		return drive.Second{
			At: start.Add(time.Duration(second) * time.Second), Failures: failures,
			Writes: drive.Outcome{Requests: writes, Failed: failedWrites}, Reads: drive.Outcome{Requests: reads, Failed: failedReads},
		}
	}
	seconds := []drive.Second{at(0, 20, 20, 20, 20, "before"), at(1, 20, 3, 19, 0, "a"), at(2, 10, 0, 21, 2, "b", "a"), at(3, 20, 20, 20, 20, "later")}
	writes, reads, failures := outcomes(seconds, start, start.Add(2*time.Second))
	if want := (drive.Outcome{Requests: 30, Failed: 3}); writes != want {
		t.Errorf("writes %+v, want %+v", writes, want)
	}
	if want := (drive.Outcome{Requests: 40, Failed: 2}); reads != want {
		t.Errorf("reads %+v, want %+v", reads, want)
	}
	if got, want := counted(failures), []string{"2 times: a", "1 times: b"}; !reflect.DeepEqual(got, want) {
		t.Errorf("failures %q, want %q", got, want)
	}
}

// TestSummarize takes each median for itself.
func TestSummarize(t *testing.T) {
	of := func(failedWrites, failedReads int) interruption {
		return interruption{writes: drive.Outcome{Requests: 100, Failed: failedWrites}, reads: drive.Outcome{Requests: 50, Failed: failedReads}}
	}
	got := summarize([]interruption{of(9, 0), of(1, 2), of(2, 8)})
	if want := (unserved{Requests: 150, Failed: 9, Writes: 2, Reads: 2, Each: []int{9, 3, 10}}); !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v, want %+v", got, want)
	}
}

// TestChoose refuses what would measure nothing.
func TestChoose(t *testing.T) {
	for _, args := range [][]string{{}, {"failover", "nodeloss"}, {"unknown"}, {"-kills", "0", "failover"}, {"-kills", "x", "failover"}} {
		if _, err := choose(args); err == nil {
			t.Errorf("%q was accepted", args)
		}
	}
	for _, args := range [][]string{{"failover"}, {"-kills", "2", "failover"}, {"ready"}} {
		if _, err := choose(args); err != nil {
			t.Errorf("%q: %v", args, err)
		}
	}
}
