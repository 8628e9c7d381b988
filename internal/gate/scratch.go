package gate

import (
	"io/fs"
	"log/slog"
	"path/filepath"
	"sync"
	"syscall"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

const (
	// fullAt is the share of the space above which nobody new may publish. Those who do go on, and so does the kubelet
	// with the pod while they stay below all of it.
	fullAt = 0.8
	// overflowsAt is the share above which one publisher after the other must end, as long as more is used.
	overflowsAt = 0.95
	// fresh is how long a measurement holds.
	fresh = 2 * time.Second
)

// Scratch is the folder of live fragments. Its volume is a part of the node's disk, so only its files tell how full it
// is; the kubelet, which evicts a pod whose volume is too large, counts them too.
type Scratch struct {
	folder string
	size   int64

	mu       sync.Mutex
	used     int64
	measured time.Time
	full     bool
	// overflowed is what was used when a publisher had to end last.
	overflowed int64
}

// NewScratch watches a folder that may hold so many bytes; with a size of 0 it is never full.
func NewScratch(folder string, size int64) *Scratch { return &Scratch{folder: folder, size: size} }

// Full reports whether there is no room for another stream.
func (s *Scratch) Full() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.measure()
	full := s.size > 0 && float64(s.used) >= fullAt*float64(s.size)
	if full && !s.full {
		slog.Warn("New publishers are refused until the space for live fragments is free again; raise spec.rtmp.scratch",
			"usedBytes", s.used, "sizeBytes", s.size)
	}
	s.full = full
	return full
}

// Overflows reports whether a publisher must end: nearly all is used, and more than when one had to end last. What that
// one has sent goes away only with its fragments.
func (s *Scratch) Overflows() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.measure()
	if s.size <= 0 || float64(s.used) < overflowsAt*float64(s.size) {
		s.overflowed = 0
		return false
	}
	if s.used <= s.overflowed {
		return false
	}
	s.overflowed = s.used
	return true
}

// measure what the files take. One that is removed meanwhile takes nothing.
func (s *Scratch) measure() {
	if time.Since(s.measured) < fresh {
		return
	}
	s.measured, s.used = time.Now(), 0
	_ = filepath.WalkDir(s.folder, func(_ string, entry fs.DirEntry, err error) error {
		if err != nil {
			return fs.SkipDir
		}
		if info, err := entry.Info(); err == nil {
			if stat, ok := info.Sys().(*syscall.Stat_t); ok {
				s.used += stat.Blocks * 512
			}
		}
		return nil
	})
}

var (
	scratchUsed = prometheus.NewDesc("rtmp_scratch_used_bytes", "Bytes that live fragments take.", nil, nil)
	scratchSize = prometheus.NewDesc("rtmp_scratch_size_bytes", "Bytes that live fragments may take: spec.rtmp.scratch.", nil, nil)
)

// Describe implements prometheus.Collector.
func (s *Scratch) Describe(descs chan<- *prometheus.Desc) {
	descs <- scratchUsed
	descs <- scratchSize
}

// Collect implements prometheus.Collector.
func (s *Scratch) Collect(out chan<- prometheus.Metric) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.measure()
	out <- prometheus.MustNewConstMetric(scratchUsed, prometheus.GaugeValue, float64(s.used))
	out <- prometheus.MustNewConstMetric(scratchSize, prometheus.GaugeValue, float64(s.size))
}
