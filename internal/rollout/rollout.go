// Package rollout decides what may go out now. A closed gate holds back a new revision of a workload; the accepted
// one keeps running and is still repaired.
package rollout

import (
	"encoding/json"
	"fmt"

	appsv1 "k8s.io/api/apps/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/xatube/xatube-operator/internal/apply"
	"github.com/xatube/xatube-operator/internal/component"
	"github.com/xatube/xatube-operator/internal/component/migration"
	"github.com/xatube/xatube-operator/internal/component/naming"
	"github.com/xatube/xatube-operator/internal/component/postgres"
)

// Gate says whether a component's new revision may go out.
type Gate struct {
	Open bool
	// Message says what a closed gate waits for.
	Message string
}

// Gates of the components that wait for others. A component without a gate starts at once.
func Gates(in component.Input) map[string]Gate {
	writable, reason := postgres.Writable(in)
	gates := map[string]Gate{
		naming.Migration: {Open: writable, Message: reason},
		naming.Backend:   {Open: migration.Applied(in)},
	}
	if !gates[naming.Backend].Open {
		gates[naming.Backend] = Gate{Message: waitingForMigration(in, gates[naming.Migration])}
	}
	return gates
}

func waitingForMigration(in component.Input, data Gate) string {
	job := migration.JobName(in)
	if _, started := in.Facts.Jobs[job]; !started && !data.Open {
		return data.Message
	}
	return fmt.Sprintf("waiting for migration Job %s to complete", job)
}

// Pass sends a component's objects through its gate, and says whether the gate held a wanted workload back. An open
// gate lets everything out and records the accepted Deployment as a ControllerRevision; a closed one puts the accepted
// Deployment in the place of the wanted one.
func Pass(in component.Input, name string, gate Gate, objects []*unstructured.Unstructured) (out []*unstructured.Unstructured, held bool, err error) {
	for _, o := range objects {
		var through []*unstructured.Unstructured
		switch {
		case o.GetKind() == "Job" && (gate.Open || in.Facts.Jobs[o.GetName()] != nil):
			through = []*unstructured.Unstructured{o}
		case o.GetKind() == "Deployment" && gate.Open:
			through, err = accept(in, name, o)
		case o.GetKind() == "Deployment":
			held = true
			through, err = hold(in, name, o)
		case o.GetKind() == "Job":
			held = true
		default:
			// Services, claims and the like may exist early.
			through = []*unstructured.Unstructured{o}
		}
		if err != nil {
			return nil, held, err
		}
		out = append(out, through...)
	}
	return out, held, nil
}

// accept records a workload as the one to fall back to. The number of replicas is no part of it: scaling needs no
// gate.
func accept(in component.Input, name string, workload *unstructured.Unstructured) ([]*unstructured.Unstructured, error) {
	data := workload.DeepCopy()
	unstructured.RemoveNestedField(data.Object, "spec", "replicas")
	hash, err := apply.Hash(data)
	if err != nil {
		return nil, err
	}
	revisionName := naming.Child(in.Cluster, name) + "-" + hash
	return []*unstructured.Unstructured{
		revision(in, name, revisionName, number(in, name, revisionName), data.Object),
		workload,
	}, nil
}

func revision(in component.Input, name, revisionName string, n int64, data map[string]any) *unstructured.Unstructured {
	labels := map[string]any{}
	for k, v := range naming.Labels(in.Cluster, name) {
		labels[k] = v
	}
	return &unstructured.Unstructured{Object: map[string]any{
		"apiVersion": appsv1.SchemeGroupVersion.String(),
		"kind":       "ControllerRevision",
		"metadata":   map[string]any{"name": revisionName, "labels": labels},
		"data":       data,
		"revision":   n,
	}}
}

// number is the revision's own, or the next one.
func number(in component.Input, name, revision string) int64 {
	if known := in.Facts.Revisions[revision]; known != nil {
		return known.Revision
	}
	if last := accepted(in, name); last != nil {
		return last.Revision + 1
	}
	return 1
}

// accepted is the newest accepted revision of a component; nil before the first.
func accepted(in component.Input, name string) *appsv1.ControllerRevision {
	var last *appsv1.ControllerRevision
	for _, r := range in.Facts.Revisions {
		if r.Labels[naming.LabelComponent] == name && (last == nil || r.Revision > last.Revision) {
			last = r
		}
	}
	return last
}

// hold is the accepted revision of a wanted workload, at the wanted number of replicas; nothing before the first.
func hold(in component.Input, name string, wanted *unstructured.Unstructured) ([]*unstructured.Unstructured, error) {
	last := accepted(in, name)
	if last == nil {
		return nil, nil
	}
	var data map[string]any
	if err := json.Unmarshal(last.Data.Raw, &data); err != nil {
		return nil, fmt.Errorf("decoding ControllerRevision %s: %w", last.Name, err)
	}
	workload := (&unstructured.Unstructured{Object: data}).DeepCopy()
	if n, found, _ := unstructured.NestedInt64(wanted.Object, "spec", "replicas"); found {
		if err := unstructured.SetNestedField(workload.Object, n, "spec", "replicas"); err != nil {
			return nil, fmt.Errorf("scaling the accepted revision: %w", err)
		}
	}
	return []*unstructured.Unstructured{revision(in, name, last.Name, last.Revision, data), workload}, nil
}
