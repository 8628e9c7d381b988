package rollout

import (
	"strings"
	"testing"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/xatube/xatube-operator/api/v1alpha1"
	"github.com/xatube/xatube-operator/internal/component"
	"github.com/xatube/xatube-operator/internal/component/naming"
)

// world is what passes and the Deployment controller make of one platform, one after the other.
type world struct {
	*testing.T

	in      component.Input
	passage Passage
}

func newWorld(t *testing.T, policy v1alpha1.RolloutFailurePolicy) *world {
	w := &world{T: t, in: input()}
	w.in.Cluster.Spec.Backend.Rollout.OnFailure = policy
	w.in.Facts.Deployments = map[string]*appsv1.Deployment{}
	w.in.Facts.At = time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)
	return w
}

// want an image: one pass, whose outcome is what the next one sees, pruned.
func (w *world) want(image string, open bool) string {
	w.Helper()
	p, err := Pass(w.in, naming.Backend, Gate{Open: open, Message: "closed"}, []*unstructured.Unstructured{deployment(image, 3)})
	if err != nil {
		w.Fatal(err)
	}
	w.passage = p
	w.in.Facts.Revisions = map[string]*appsv1.ControllerRevision{}
	for _, o := range p.Objects {
		switch o.GetKind() {
		case "ControllerRevision":
			record(w.T, w.in, []*unstructured.Unstructured{o})
		case "Deployment":
			w.apply(o)
		}
	}
	return w.image()
}

func (w *world) apply(o *unstructured.Unstructured) {
	former := w.in.Facts.Deployments[o.GetName()]
	d := &appsv1.Deployment{ObjectMeta: metav1.ObjectMeta{Name: o.GetName(), Annotations: o.GetAnnotations(), Generation: 1}}
	d.Spec.Replicas = new(int32(3))
	if former != nil {
		d.Generation, d.Status = former.Generation, former.Status
		if former.Annotations[naming.AnnotationRevision] != d.Annotations[naming.AnnotationRevision] {
			d.Generation++
		}
	}
	w.in.Facts.Deployments[o.GetName()] = d
}

func (w *world) image() string { return image(w.T, w.passage.Objects) }

func (w *world) deployment() *appsv1.Deployment { return w.in.Facts.Deployments["demo-backend"] }

// complete lets the Deployment controller finish the roll.
func (w *world) complete() {
	d := w.deployment()
	d.Status = appsv1.DeploymentStatus{ObservedGeneration: d.Generation, Replicas: 3, UpdatedReplicas: 3, ReadyReplicas: 3, AvailableReplicas: 3}
	w.in.Facts.Pods = nil
}

// stick lets one new pod crash while the former three serve.
func (w *world) stick() {
	d := w.deployment()
	d.Status = appsv1.DeploymentStatus{ObservedGeneration: d.Generation, Replicas: 4, UpdatedReplicas: 1, ReadyReplicas: 3, AvailableReplicas: 3}
	pod := &corev1.Pod{ObjectMeta: metav1.ObjectMeta{Name: "demo-backend-new", Annotations: d.Annotations}}
	pod.Status.ContainerStatuses = []corev1.ContainerStatus{{
		Name: "backend", RestartCount: 3,
		State:                corev1.ContainerState{Waiting: &corev1.ContainerStateWaiting{Reason: "CrashLoopBackOff"}},
		LastTerminationState: corev1.ContainerState{Terminated: &corev1.ContainerStateTerminated{ExitCode: 1, Reason: "Error"}},
	}}
	w.in.Facts.Pods = map[string][]*corev1.Pod{naming.Backend: {pod}}
	w.in.Facts.CrashLogs = map[string]string{pod.Name: "no module named app"}
}

func (w *world) expect(image, reason string, says ...string) {
	w.Helper()
	if got := w.image(); got != image {
		w.Errorf("image %s goes out, want %s", got, image)
	}
	got := component.Health{}
	if w.passage.Shown != nil {
		got = *w.passage.Shown
	}
	if got.Reason != reason {
		w.Errorf("shown is %+v, want reason %q", got, reason)
	}
	for _, text := range says {
		if !strings.Contains(got.Message, text) {
			w.Errorf("the message lacks %q: %s", text, got.Message)
		}
	}
}

// good brings image a out.
func good(t *testing.T, policy v1alpha1.RolloutFailurePolicy) *world {
	t.Helper()
	w := newWorld(t, policy)
	w.want("a", true)
	w.complete()
	w.want("a", true)
	w.expect("a", "")
	return w
}

func TestHoldLeavesTheNewPodsAndTellsTheCause(t *testing.T) {
	w := good(t, v1alpha1.RolloutHold)
	w.want("b", true)
	w.expect("b", "")
	w.stick()
	w.want("b", true)
	w.expect("b", v1alpha1.ReasonRolloutFailed, "image b", "demo-backend-new", "no module named app", "3 other pods serve on", "correct spec.backend")
	if w.passage.Rolls {
		t.Error("a roll under way is a new one")
	}
	// It runs for a moment between two crashes.
	w.in.Facts.Pods[naming.Backend][0].Status.ContainerStatuses[0].State = corev1.ContainerState{Running: &corev1.ContainerStateRunning{}}
	before := w.passage.Shown.Message
	w.want("b", true)
	w.expect("b", v1alpha1.ReasonRolloutFailed)
	if w.passage.Shown.Message != before {
		t.Errorf("the message changes while nothing does:\n%s\n%s", before, w.passage.Shown.Message)
	}
	w.want("c", true)
	w.expect("c", "")
	w.complete()
	w.want("c", true)
	w.expect("c", "")
	if len(w.in.Facts.Revisions) != 1 {
		t.Errorf("%d revisions are kept of a platform at rest, want 1", len(w.in.Facts.Revisions))
	}
}

// A13: the failure that a revision is taken back for is recorded with its cause, so it waits until the log is read.
func TestAFailureWaitsForItsLog(t *testing.T) {
	w := good(t, v1alpha1.RolloutRevert)
	w.want("b", true)
	w.stick()
	w.in.Facts.LogsAwaited = map[string]bool{naming.Backend: true}
	w.want("b", true)
	w.expect("b", "")
	w.in.Facts.LogsAwaited = nil
	w.want("b", true)
	w.expect("a", v1alpha1.ReasonRolloutReverted, "no module named app")
}

func TestRevertAppliesTheLastGoodRevisionUntilTheWishChanges(t *testing.T) {
	w := good(t, v1alpha1.RolloutRevert)
	w.want("b", true)
	w.stick()
	w.want("b", true)
	w.expect("a", v1alpha1.ReasonRolloutReverted, "image b", "image a", "no module named app", naming.AnnotationRetry)
	w.complete()
	for range 3 {
		// Neither time nor scaling nor the operator's restart tries again.
		w.in.Cluster.Generation++
		w.in.Cluster.Spec.Backend.Replicas = new(w.deployment().Status.Replicas + 1)
		w.want("b", true)
		w.expect("a", v1alpha1.ReasonRolloutReverted, "no module named app")
		w.complete()
	}
	w.in.Cluster.Annotations = map[string]string{naming.AnnotationRetry: "1"}
	w.want("b", true)
	w.expect("b", "")
	w.stick()
	w.want("b", true)
	w.expect("a", v1alpha1.ReasonRolloutReverted)
	w.complete()
	w.want("c", true)
	w.expect("c", "")
	w.stick()
	w.want("c", true)
	w.expect("a", v1alpha1.ReasonRolloutReverted, "image c")
	w.complete()
	w.want("a", true)
	w.expect("a", "")
}

func TestTheFirstRolloutHasNothingToGoBackTo(t *testing.T) {
	w := newWorld(t, v1alpha1.RolloutRevert)
	w.want("a", true)
	w.stick()
	w.want("a", true)
	w.expect("a", v1alpha1.ReasonRolloutFailed)
	w.want("b", true)
	w.complete()
	w.want("b", true)
	w.expect("b", "")
}

func TestARevisionThatWasGoodIsNotTakenBack(t *testing.T) {
	w := good(t, v1alpha1.RolloutRevert)
	w.want("b", true)
	w.complete()
	w.want("b", true)
	w.stick()
	w.want("b", true)
	w.expect("b", "")
}

func TestRevertWorksForAPlatformThatWasHeld(t *testing.T) {
	w := good(t, v1alpha1.RolloutHold)
	w.want("b", true)
	w.stick()
	w.want("b", true)
	w.expect("b", v1alpha1.ReasonRolloutFailed, "Revert")
	w.in.Cluster.Spec.Backend.Rollout.OnFailure = v1alpha1.RolloutRevert
	w.want("b", true)
	w.expect("a", v1alpha1.ReasonRolloutReverted)
	w.complete()
	w.in.Cluster.Spec.Backend.Rollout.OnFailure = v1alpha1.RolloutHold
	w.want("b", true)
	w.expect("b", "")
}

func TestAMigrationAfterAReversionKeepsTheGoodRevision(t *testing.T) {
	w := good(t, v1alpha1.RolloutRevert)
	w.want("b", true)
	w.stick()
	w.want("b", true)
	w.complete()
	w.want("c", false)
	w.expect("a", v1alpha1.ReasonWaiting)
	// Somebody deletes the Deployment meanwhile.
	delete(w.in.Facts.Deployments, "demo-backend")
	w.want("c", false)
	w.expect("a", v1alpha1.ReasonWaiting)
}

func TestADeadlineThatPassesFailsARollout(t *testing.T) {
	w := good(t, v1alpha1.RolloutRevert)
	w.want("b", true)
	w.stick()
	pod := w.in.Facts.Pods[naming.Backend][0]
	pod.Status.ContainerStatuses = []corev1.ContainerStatus{{
		Name: "backend", Started: new(true), State: corev1.ContainerState{Running: &corev1.ContainerStateRunning{}},
	}}
	w.want("b", true)
	w.expect("b", "")
	w.deployment().Status.Conditions = []appsv1.DeploymentCondition{{
		Type: appsv1.DeploymentProgressing, Status: corev1.ConditionFalse, Reason: "ProgressDeadlineExceeded",
	}}
	w.want("b", true)
	w.expect("a", v1alpha1.ReasonRolloutReverted, "readiness probe")
}

func TestARegistryMayFailForAMoment(t *testing.T) {
	w := good(t, v1alpha1.RolloutRevert)
	w.want("b", true)
	w.stick()
	pod := w.in.Facts.Pods[naming.Backend][0]
	pod.CreationTimestamp = metav1.NewTime(w.in.Facts.At.Add(-30 * time.Second))
	pod.Status.ContainerStatuses = []corev1.ContainerStatus{{
		Name: "backend", Image: "b", State: corev1.ContainerState{Waiting: &corev1.ContainerStateWaiting{Reason: "ErrImagePull"}},
	}}
	w.want("b", true)
	w.expect("b", "")
	w.in.Facts.At = w.in.Facts.At.Add(time.Minute)
	w.want("b", true)
	w.expect("a", v1alpha1.ReasonRolloutReverted, "cannot pull image")
}
