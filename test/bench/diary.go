package main

import (
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/xatube/xatube-operator/test/drive"
)

// noticeable is the shortest gap that counts as a further interruption.
const noticeable = time.Second

// gap is a time in which no write was acknowledged, from one acknowledgement to the next.
type gap struct {
	from, until time.Time
}

func (g gap) length() time.Duration { return g.until.Sub(g.from) }

// gaps between acknowledgements that end after one moment and begin before another.
func gaps(rows []drive.Row, after, before time.Time) []gap {
	moments := make([]time.Time, len(rows))
	for i, row := range rows {
		moments[i] = row.At
	}
	slices.SortFunc(moments, time.Time.Compare)
	var found []gap
	for i := 1; i < len(moments); i++ {
		if moments[i].After(after) && moments[i-1].Before(before) {
			found = append(found, gap{moments[i-1], moments[i]})
		}
	}
	return found
}

// longest of some gaps, and the sum of the others that are noticeable; zero of none.
func longest(gaps []gap) (most gap, further time.Duration) {
	for _, g := range gaps {
		if g.length() > most.length() {
			most = g
		}
		if g.length() >= noticeable {
			further += g.length()
		}
	}
	if most.length() >= noticeable {
		further -= most.length()
	}
	return most, further
}

// lost are the acknowledged rows that are not among the present texts.
func lost(acknowledged []drive.Row, present []drive.Comment) []drive.Row {
	found := map[string]bool{}
	for _, comment := range present {
		found[comment.Text] = true
	}
	return slices.DeleteFunc(slices.Clone(acknowledged), func(row drive.Row) bool { return found[row.Text()] })
}

// rows of all seconds.
func rows(seconds []drive.Second) []drive.Row {
	var all []drive.Row
	for _, s := range seconds {
		all = append(all, s.Rows...)
	}
	return all
}

// outcomes of the requests that ended after one moment and before another, and why some failed.
func outcomes(seconds []drive.Second, after, before time.Time) (writes, reads drive.Outcome, failures []string) {
	for _, s := range seconds {
		if s.At.After(after) && !s.At.After(before) {
			writes, reads = writes.Plus(s.Writes), reads.Plus(s.Reads)
			failures = append(failures, s.Failures...)
		}
	}
	return writes, reads, failures
}

// counted are the different ones of some lines, each with its number.
func counted(lines []string) []string {
	number := map[string]int{}
	for _, line := range lines {
		number[line]++
	}
	var out []string
	for _, line := range slices.Sorted(maps.Keys(number)) {
		out = append(out, fmt.Sprintf("%d times: %s", number[line], line))
	}
	return out
}

// until are the rows that were acknowledged before a moment.
func until(rows []drive.Row, moment time.Time) []drive.Row {
	return slices.DeleteFunc(slices.Clone(rows), func(row drive.Row) bool { return !row.At.Before(moment) })
}
