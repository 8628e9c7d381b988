package component

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/xatube/xatube-operator/api/v1alpha1"
)

// Health is what a component makes of the facts: the content of its condition.
type Health struct {
	Status  metav1.ConditionStatus
	Reason  string
	Message string
}

// Healthy says that the component does what it should, or need not do anything.
func (h Health) Healthy() bool { return h.Status == metav1.ConditionTrue }

// Ready is the health of a component that does what it should.
func Ready(message string) Health {
	return Health{Status: metav1.ConditionTrue, Reason: v1alpha1.ReasonReady, Message: message}
}

// Off is the health of a component with nothing to do, for reason Disabled, External or ScaledToZero.
func Off(reason, message string) Health {
	return Health{Status: metav1.ConditionTrue, Reason: reason, Message: message}
}

// NotReady is the health of a component that lacks something; the message names the object and the cure.
func NotReady(reason, message string) Health {
	return Health{Status: metav1.ConditionFalse, Reason: reason, Message: message}
}
