package main

// measured is what is drawn of a line of the benchmarks.
type measured struct {
	Gaps             []float64 `json:"gap_s"`
	Each             []float64 `json:"rto_s"`
	BaselineEach     []float64 `json:"baseline_rto_s"`
	Timeline         timeline  `json:"timeline"`
	BaselineTimeline timeline  `json:"baseline_timeline"`
}

// timeline is when each step of a change of the primary was seen, in seconds.
type timeline struct {
	Noticed  float64 `json:"noticed_s"`
	Lease    float64 `json:"lease_s"`
	Promoted float64 `json:"promoted_s"`
	Written  float64 `json:"written_s"`
}

// bar is one row of the plot: each gap as a dot, over the steps of the median one.
type bar struct {
	title string
	gaps  []float64
	steps timeline
}

// chart is what is drawn of one benchmark.
type chart struct {
	file string
	bars func(measured) []bar
}

var charts = []chart{
	{"failover.json", compared("primary's pod killed")},
	{"nodeloss.json", compared("primary's node lost")},
	{"switchover.json", func(m measured) []bar { return []bar{{"planned switchover", m.Gaps, m.Timeline}} }},
}

func compared(what string) func(measured) []bar {
	return func(m measured) []bar {
		return []bar{
			{what, m.Each, m.Timeline},
			{what + ", CloudNativePG alone", m.BaselineEach, m.BaselineTimeline},
		}
	}
}
