package rtmp

import (
	"fmt"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"

	"github.com/xatube/xatube-operator/api/v1alpha1"
	"github.com/xatube/xatube-operator/internal/component"
	"github.com/xatube/xatube-operator/internal/component/naming"
	"github.com/xatube/xatube-operator/internal/component/workload"
)

// Health implements component.Component.
func (Component) Health(in component.Input) component.Health {
	h := workload.StatefulSetHealth(in, naming.RTMP)
	if h.Reason != v1alpha1.ReasonProgressing {
		return h
	}
	if pod := draining(in); pod != "" {
		return component.NotReady(v1alpha1.ReasonProgressing, fmt.Sprintf(
			"pod %s waits for its publishers to finish, at most %s (spec.rtmp.drainTimeout)",
			pod, in.Cluster.Spec.RTMP.DrainTimeout))
	}
	return h
}

// draining is the first pod by name that is being deleted.
func draining(in component.Input) string {
	pods := slices.Clone(in.Facts.Pods[naming.RTMP])
	slices.SortFunc(pods, func(a, b *corev1.Pod) int { return strings.Compare(a.Name, b.Name) })
	for _, pod := range pods {
		if pod.DeletionTimestamp != nil {
			return pod.Name
		}
	}
	return ""
}
