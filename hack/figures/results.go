package main

// results of all benchmarks; nil for those that were not run.
type results struct {
	Failover, Nodeloss *comparison
	Switchover         *switchover
	Ready              *readiness
	Rollout            *rollout
	Streams            *streams
	Viewers            *viewers
}

// comparison is what is shown of a failover or the loss of a node.
type comparison struct {
	Median         float64   `json:"rto_median_s"`
	Each           []float64 `json:"rto_s"`
	Lost           int       `json:"lost"`
	Acknowledged   int       `json:"acknowledged"`
	Baseline       float64   `json:"baseline_rto_median_s"`
	BaselineEach   []float64 `json:"baseline_rto_s"`
	BaselineLost   int       `json:"baseline_lost"`
	BaselineRows   int       `json:"baseline_acknowledged"`
	Ratio          float64   `json:"ratio"`
	Timeline       timeline  `json:"timeline"`
	BaselineMoment timeline  `json:"baseline_timeline"`
	// The baseline without synchronous replication; empty where that was not measured.
	Loose     float64   `json:"asynchronous_rto_median_s"`
	LooseEach []float64 `json:"asynchronous_rto_s"`
	LooseLost int       `json:"asynchronous_lost"`
	// The requests from each kill until all was whole again: medians, and the failed ones of each; empty where they were not
	// counted.
	Requests         float64 `json:"requests"`
	FailedWrites     float64 `json:"failed_writes"`
	FailedReads      float64 `json:"failed_reads"`
	FailedEach       []int   `json:"failed_requests_each"`
	PooledRequests   float64 `json:"requests_pooler"`
	PooledWrites     float64 `json:"failed_writes_pooler"`
	PooledReads      float64 `json:"failed_reads_pooler"`
	PooledEach       []int   `json:"failed_requests_pooler_each"`
	BaselineRequests float64 `json:"baseline_requests"`
	BaselineWrites   float64 `json:"baseline_failed_writes"`
	BaselineReads    float64 `json:"baseline_failed_reads"`
	BaselineFailed   []int   `json:"baseline_failed_requests_each"`
}

type switchover struct {
	Median       float64   `json:"gap_median_s"`
	Each         []float64 `json:"gap_s"`
	Lost         int       `json:"lost"`
	Acknowledged int       `json:"acknowledged"`
	Timeline     timeline  `json:"timeline"`
}

type readiness struct {
	Platform float64 `json:"apply_to_ready_s"`
	Database float64 `json:"database_alone_s"`
	Ratio    float64 `json:"ratio"`
}

type rollout struct {
	Requests int     `json:"requests"`
	Failed   int     `json:"failed"`
	P50      float64 `json:"p50_ms"`
	P99      float64 `json:"p99_ms"`
	Steps    []struct {
		Name     string  `json:"name"`
		Seconds  float64 `json:"seconds"`
		Requests int     `json:"requests"`
		Failed   int     `json:"failed"`
		P50      float64 `json:"p50_ms"`
		P99      float64 `json:"p99_ms"`
	} `json:"steps"`
}

type streams struct {
	Publishers  int `json:"publishers"`
	Viewers     int `json:"viewers"`
	Stalls      int `json:"stalls"`
	Disconnects int `json:"disconnects"`
}

type viewers struct {
	Viewers int     `json:"viewers"`
	Edge    float64 `json:"edge_rps"`
	Ingest  float64 `json:"ingest_rps"`
	Latency float64 `json:"latency_s"`
	Stalls  int     `json:"stalls"`
	Ratio   float64 `json:"ratio_to_plain_nginx"`
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
	title  string
	median float64
	gaps   []float64
	steps  timeline
}

func (r results) bars() []bar {
	bars := append(r.Failover.bars("primary's pod killed"), r.Nodeloss.bars("primary's node lost")...)
	if s := r.Switchover; s != nil {
		bars = append(bars, bar{"planned switchover", s.Median, s.Each, s.Timeline})
	}
	return bars
}

func (c *comparison) bars(what string) []bar {
	if c == nil {
		return nil
	}
	return []bar{
		{what, c.Median, c.Each, c.Timeline},
		{what + ", CloudNativePG alone", c.Baseline, c.BaselineEach, c.BaselineMoment},
	}
}
