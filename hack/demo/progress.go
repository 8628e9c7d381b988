package main

import (
	"fmt"
	"io"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/xatube/xatube-operator/api/v1alpha1"
)

// progress tells what changes, with the time since the start.
type progress struct {
	out     io.Writer
	started time.Time
	seen    map[string]metav1.Condition
}

func newProgress(out io.Writer) *progress {
	return &progress{out: out, started: time.Now(), seen: map[string]metav1.Condition{}}
}

func (p *progress) say(format string, args ...any) {
	fmt.Fprintf(p.out, "%5.0fs  %s\n", time.Since(p.started).Seconds(), fmt.Sprintf(format, args...))
}

// conditions tells those of the parts of the platform that have changed. The summaries only repeat them, and before the
// first pass there is nothing to tell.
func (p *progress) conditions(x *v1alpha1.XaTubeCluster) {
	for _, c := range x.Status.Conditions {
		switch c.Type {
		case v1alpha1.ConditionReady, v1alpha1.ConditionReconciling, v1alpha1.ConditionStalled:
			continue
		}
		if c.Reason == v1alpha1.ReasonPending {
			continue
		}
		if former := p.seen[c.Type]; former.Status == c.Status && former.Reason == c.Reason && former.Message == c.Message {
			continue
		}
		p.seen[c.Type] = c
		mark := map[metav1.ConditionStatus]string{metav1.ConditionTrue: "✓"}[c.Status]
		p.say("%1s %-17s %s: %s", mark, c.Type, c.Reason, c.Message)
	}
}
