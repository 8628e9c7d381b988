package main

import (
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

// until are the rows that were acknowledged before a moment.
func until(rows []drive.Row, moment time.Time) []drive.Row {
	return slices.DeleteFunc(slices.Clone(rows), func(row drive.Row) bool { return !row.At.Before(moment) })
}
