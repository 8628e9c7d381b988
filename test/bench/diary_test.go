package main

import (
	"slices"
	"testing"
	"time"

	"github.com/xatube/xatube-operator/test/drive"
)

var midnight = time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC)

// at is so many milliseconds after midnight.
func at(milliseconds int) time.Time {
	return midnight.Add(time.Duration(milliseconds) * time.Millisecond)
}

func acknowledged(milliseconds ...int) []drive.Row {
	var all []drive.Row
	for i, m := range milliseconds {
		all = append(all, drive.Row{Number: i, At: at(m)})
	}
	return all
}

func TestLongestGap(t *testing.T) {
	tests := []struct {
		name          string
		rows          []drive.Row
		after, before int
		from, until   int
		further       time.Duration
	}{
		{name: "the interruption", rows: acknowledged(0, 50, 100, 5100, 5150, 5200), after: 90, before: 9000, from: 100, until: 5100},
		{name: "rows in any order", rows: acknowledged(5100, 50, 5200, 0, 100), after: 90, before: 9000, from: 100, until: 5100},
		{name: "the cause came within the gap", rows: acknowledged(0, 50, 5100, 5150), after: 70, before: 9000, from: 50, until: 5100},
		{name: "an earlier one is not ours", rows: acknowledged(0, 9000, 9050, 9100, 9600), after: 9060, before: 20000, from: 9100, until: 9600},
		{name: "a later one is not ours", rows: acknowledged(0, 50, 2050, 2100, 9900), after: 60, before: 2090, from: 50, until: 2050},
		{
			name: "writes come and go", rows: acknowledged(0, 3000, 3050, 7050, 7100, 8600), after: 10, before: 8000,
			from: 3050, until: 7050, further: 4500 * time.Millisecond,
		},
		{name: "nothing was interrupted", rows: acknowledged(0, 50, 110, 150), after: 10, before: 8000, from: 50, until: 110},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			most, further := longest(gaps(tt.rows, at(tt.after), at(tt.before)))
			if !most.from.Equal(at(tt.from)) || !most.until.Equal(at(tt.until)) {
				t.Errorf("from %s until %s, want from %d until %d", most.from.Sub(midnight), most.until.Sub(midnight), tt.from, tt.until)
			}
			if further != tt.further {
				t.Errorf("further %s, want %s", further, tt.further)
			}
		})
	}
}

func TestNoGap(t *testing.T) {
	if most, further := longest(gaps(acknowledged(0), at(0), at(9))); most.length() != 0 || further != 0 {
		t.Errorf("got %s and %s of one row", most.length(), further)
	}
}

func TestLost(t *testing.T) {
	present := []drive.Comment{{ID: 9, Text: "row 3"}, {ID: 7, Text: "row 0"}, {ID: 8, Text: "row 1"}}
	got := lost(acknowledged(0, 50, 100), present)
	if want := acknowledged(0, 50, 100)[2:]; !slices.Equal(got, want) {
		t.Errorf("got %v, want %v: row 3 was written but not acknowledged, row 2 acknowledged but not there", got, want)
	}
}

func TestUntil(t *testing.T) {
	all := acknowledged(0, 50, 100)
	if got := until(all, at(50)); !slices.Equal(got, all[:1]) {
		t.Errorf("got %v, want only the first of %v", got, all)
	}
}

func TestMedian(t *testing.T) {
	tests := []struct {
		values []float64
		want   float64
	}{
		{[]float64{7}, 7},
		{[]float64{9, 1, 5}, 5},
		{[]float64{9, 1, 5, 6}, 5.5},
	}
	for _, tt := range tests {
		if got := median(tt.values); got != tt.want {
			t.Errorf("median of %v is %v, want %v", tt.values, got, tt.want)
		}
	}
}

func TestPercentile(t *testing.T) {
	if got := percentile([]float64{1, 2, 3, 4, 100}, 99); got != 4 {
		t.Errorf("p99 of five is %v, want 4: the last one alone is above it", got)
	}
	if got := percentile(nil, 50); got != 0 {
		t.Errorf("p50 of none is %v", got)
	}
}
