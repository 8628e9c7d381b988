package events

import (
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/xatube/xatube-operator/api/v1alpha1"
)

func with(c ...metav1.Condition) v1alpha1.XaTubeClusterStatus {
	return v1alpha1.XaTubeClusterStatus{Conditions: c}
}

func condition(kind string, status metav1.ConditionStatus, reason string) metav1.Condition {
	return metav1.Condition{Type: kind, Status: status, Reason: reason, Message: "m"}
}

func TestTransitions(t *testing.T) {
	notReady := condition(v1alpha1.ConditionEdgeReady, metav1.ConditionFalse, v1alpha1.ReasonProgressing)
	ready := condition(v1alpha1.ConditionEdgeReady, metav1.ConditionTrue, v1alpha1.ReasonReady)
	pull := condition(v1alpha1.ConditionEdgeReady, metav1.ConditionFalse, v1alpha1.ReasonImagePull)
	other := notReady
	other.Message = "1 of 2"
	stalled := condition(v1alpha1.ConditionStalled, metav1.ConditionTrue, v1alpha1.ReasonImagePull)
	running := condition(v1alpha1.ConditionStalled, metav1.ConditionFalse, v1alpha1.ReasonReady)
	tests := []struct {
		name         string
		former, next v1alpha1.XaTubeClusterStatus
		want         string
	}{
		{"becomes ready", with(notReady), with(ready), corev1.EventTypeNormal},
		{"stays", with(ready), with(ready), ""},
		{"only the message differs", with(notReady), with(other), ""},
		{"reason changes for the worse", with(notReady), with(pull), corev1.EventTypeWarning},
		{"stalls", with(running), with(stalled), corev1.EventTypeWarning},
		{"goes on", with(stalled), with(running), corev1.EventTypeNormal},
		{"never stalled", with(), with(running), ""},
		{"unknown", with(), with(condition(v1alpha1.ConditionReady, metav1.ConditionUnknown, v1alpha1.ReasonPending)), ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := Transitions(tt.former, tt.next)
			if tt.want == "" {
				if len(got) != 0 {
					t.Fatalf("got %+v, want none", got)
				}
				return
			}
			if len(got) != 1 || got[0].Type != tt.want {
				t.Errorf("got %+v, want one %s", got, tt.want)
			}
		})
	}
}

func TestASwitchoverIsNoWarning(t *testing.T) {
	at := metav1.NowMicro()
	done := &v1alpha1.PostgresStatus{LastFailover: &v1alpha1.FailoverStatus{
		From: "a", To: "b", Kind: v1alpha1.KindSwitchover, CompletedAt: &at, Seconds: "2.5",
	}}
	got := Transitions(v1alpha1.XaTubeClusterStatus{}, v1alpha1.XaTubeClusterStatus{Postgres: done})
	if len(got) != 1 || got[0].Reason != v1alpha1.ReasonSwitchover || got[0].Type != corev1.EventTypeNormal {
		t.Errorf("got %+v, want one switchover", got)
	}
}

func TestARequestForASwitchoverThatFailsIsToldOnce(t *testing.T) {
	request := func(value string, state v1alpha1.PromotionState) v1alpha1.XaTubeClusterStatus {
		return v1alpha1.XaTubeClusterStatus{Postgres: &v1alpha1.PostgresStatus{Promotion: &v1alpha1.PromotionStatus{
			Request: value, State: state, Message: "because",
		}}}
	}
	tests := []struct {
		name         string
		former, next v1alpha1.XaTubeClusterStatus
		want         string
	}{
		{"refused", v1alpha1.XaTubeClusterStatus{}, request("a", v1alpha1.PromotionRefused), v1alpha1.ReasonSwitchoverRefused},
		{"stays refused", request("a", v1alpha1.PromotionRefused), request("a", v1alpha1.PromotionRefused), ""},
		{"refused again", request("a", v1alpha1.PromotionRefused), request("a@2", v1alpha1.PromotionRefused), v1alpha1.ReasonSwitchoverRefused},
		{"superseded", request("a", v1alpha1.PromotionInProgress), request("a", v1alpha1.PromotionSuperseded), v1alpha1.ReasonSwitchoverSuperseded},
		{"begins", v1alpha1.XaTubeClusterStatus{}, request("a", v1alpha1.PromotionInProgress), ""},
		{"completed", request("a", v1alpha1.PromotionInProgress), request("a", v1alpha1.PromotionCompleted), ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := Transitions(tt.former, tt.next)
			if tt.want == "" {
				if len(got) != 0 {
					t.Errorf("got %+v, want none", got)
				}
				return
			}
			if len(got) != 1 || got[0].Reason != tt.want || got[0].Message != "because" {
				t.Errorf("got %+v, want one %s", got, tt.want)
			}
		})
	}
}

func TestFailoverIsToldOnce(t *testing.T) {
	at := metav1.NowMicro()
	done := &v1alpha1.PostgresStatus{LastFailover: &v1alpha1.FailoverStatus{From: "a", To: "b", CompletedAt: &at, Seconds: "6.5"}}
	before := v1alpha1.XaTubeClusterStatus{Postgres: &v1alpha1.PostgresStatus{Primary: "a"}}
	after := v1alpha1.XaTubeClusterStatus{Postgres: done}
	if got := Transitions(before, after); len(got) != 1 || got[0].Reason != v1alpha1.ReasonFailover {
		t.Errorf("got %+v, want one failover", got)
	}
	if got := Transitions(after, after); len(got) != 0 {
		t.Errorf("told again: %+v", got)
	}
}
