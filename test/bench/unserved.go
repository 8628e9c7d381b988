package main

import "github.com/xatube/xatube-operator/test/drive"

// unserved is what became of the requests from a disturbance until all was whole again: the medians of all disturbances, and
// the failed requests of each.
type unserved struct {
	Requests float64 `json:"requests"`
	Failed   float64 `json:"failed_requests"`
	Writes   float64 `json:"failed_writes"`
	Reads    float64 `json:"failed_reads"`
	Each     []int   `json:"failed_requests_each"`
}

// pooledUnserved is the same of the platform with a pooler.
type pooledUnserved struct {
	Requests float64 `json:"requests_pooler"`
	Failed   float64 `json:"failed_requests_pooler"`
	Writes   float64 `json:"failed_writes_pooler"`
	Reads    float64 `json:"failed_reads_pooler"`
	Each     []int   `json:"failed_requests_pooler_each"`
}

// baselineUnserved is the same of the baseline.
type baselineUnserved struct {
	Requests float64 `json:"baseline_requests"`
	Failed   float64 `json:"baseline_failed_requests"`
	Writes   float64 `json:"baseline_failed_writes"`
	Reads    float64 `json:"baseline_failed_reads"`
	Each     []int   `json:"baseline_failed_requests_each"`
}

func summarize(all []interruption) unserved {
	middle := func(of func(writes, reads drive.Outcome) int) float64 {
		var values []float64
		for _, i := range all {
			values = append(values, float64(of(i.writes, i.reads)))
		}
		return median(values)
	}
	u := unserved{
		Requests: middle(func(writes, reads drive.Outcome) int { return writes.Plus(reads).Requests }),
		Failed:   middle(func(writes, reads drive.Outcome) int { return writes.Plus(reads).Failed }),
		Writes:   middle(func(writes, _ drive.Outcome) int { return writes.Failed }),
		Reads:    middle(func(_, reads drive.Outcome) int { return reads.Failed }),
	}
	for _, i := range all {
		u.Each = append(u.Each, i.writes.Plus(i.reads).Failed)
	}
	return u
}
