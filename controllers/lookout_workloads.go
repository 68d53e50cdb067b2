package controllers

import (
	"maps"
	"slices"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/utils/ptr"
	"sigs.k8s.io/controller-runtime/pkg/client"

	v1alpha1 "forewarn.dev/forewarn/api/v1alpha1"
	"forewarn.dev/forewarn/internal/downtime"
	"forewarn.dev/forewarn/internal/gate"
	"forewarn.dev/forewarn/internal/snapshot"
)

// workloadSeen is what matters of a workload here.
type workloadSeen struct {
	// labels are those of its pods, wanted is how many it asks for.
	labels map[string]string
	wanted int32
	// images are those of the template. complete says that all its pods are of the template, and are there.
	images   []string
	complete bool
	// renewed says that its images changed, and were not all there since.
	renewed bool
	// rollingOut says that a rollout is under way; began is when it was seen to begin, 0 where it was already.
	rollingOut bool
	began      time.Duration
}

// rolloutSeen is a rollout that was seen from its beginning to its end.
type rolloutSeen struct {
	workload   v1alpha1.WorkloadRef
	start, end time.Time
}

// maxRolloutsSeen is how many are kept until the leader has written them down.
const maxRolloutsSeen = 16

func (l *lookout) seeService(service *corev1.Service) {
	selector := service.Spec.Selector
	l.selectPods(keyOf(service), selector)
}

func (l *lookout) loseService(service *corev1.Service) { l.selectPods(keyOf(service), nil) }

func (l *lookout) seeDeployment(d *appsv1.Deployment) {
	wanted, status := ptr.Deref(d.Spec.Replicas, 1), &d.Status
	l.seeWorkload(d, "Deployment", &workloadSeen{
		labels: d.Spec.Template.Labels, wanted: wanted, rollingOut: deploymentRollsOut(d),
		images: imagesOf(&d.Spec.Template.Spec),
		complete: status.ObservedGeneration >= d.Generation && status.UpdatedReplicas >= wanted &&
			status.Replicas == status.UpdatedReplicas && status.AvailableReplicas >= wanted,
	})
}

func imagesOf(spec *corev1.PodSpec) []string {
	var images []string
	for _, container := range slices.Concat(spec.InitContainers, spec.Containers) {
		images = append(images, container.Image)
	}
	return images
}

// deploymentRollsOut goes by what the Deployment says of its progress: once a rollout was complete it stays so, whatever
// happens to its pods. One without a deadline says nothing of it, and one whose controller met a conflict may say for all
// of a rollout that the last one is complete.
func deploymentRollsOut(d *appsv1.Deployment) bool {
	for _, c := range d.Status.Conditions {
		if c.Type == appsv1.DeploymentProgressing {
			return c.Reason != "NewReplicaSetAvailable"
		}
	}
	return d.Status.Replicas != d.Status.UpdatedReplicas
}

func (l *lookout) seeReplicaSet(s *appsv1.ReplicaSet) {
	if snapshot.MakerOf(s).Kind == "Deployment" {
		return // which says itself what it wants: its sets add up to more or less while it rolls out
	}
	l.seeWorkload(s, "ReplicaSet", &workloadSeen{labels: s.Spec.Template.Labels, wanted: ptr.Deref(s.Spec.Replicas, 1)})
}

func (l *lookout) seeStatefulSet(s *appsv1.StatefulSet) {
	l.seeWorkload(s, "StatefulSet", &workloadSeen{
		labels: s.Spec.Template.Labels, wanted: ptr.Deref(s.Spec.Replicas, 1),
		rollingOut: s.Status.UpdateRevision != s.Status.CurrentRevision,
	})
}

func (l *lookout) seeDaemonSet(s *appsv1.DaemonSet) {
	l.seeWorkload(s, "DaemonSet", &workloadSeen{
		labels: s.Spec.Template.Labels, wanted: s.Status.DesiredNumberScheduled,
		rollingOut: s.Status.UpdatedNumberScheduled < s.Status.DesiredNumberScheduled,
	})
}

// seeWorkload takes a workload in; next is nil where it is gone.
func (l *lookout) seeWorkload(object client.Object, kind string, next *workloadSeen) {
	l.mu.Lock()
	defer l.mu.Unlock()
	namespace, ref := object.GetNamespace(), v1alpha1.WorkloadRef{Kind: kind, Name: object.GetName()}
	if l.workloads[namespace] == nil {
		l.workloads[namespace] = map[v1alpha1.WorkloadRef]*workloadSeen{}
	}
	before := l.workloads[namespace][ref]
	if before != nil && next != nil {
		next.renewed = !slices.Equal(before.images, next.images) || before.renewed && !next.complete
		next.rollingOut = next.rollingOut || next.renewed
	}
	if before == nil && next == nil { // such as the ReplicaSet of a Deployment
		return
	}
	if before != nil && next != nil && before.rollingOut == next.rollingOut &&
		before.wanted == next.wanted && maps.Equal(before.labels, next.labels) {
		before.images, before.renewed = next.images, next.renewed
		return
	}
	gone := l.clock.gone()
	if next == nil {
		delete(l.workloads[namespace], ref)
	} else {
		l.workloads[namespace][ref] = next
		switch {
		case before != nil && before.rollingOut && next.rollingOut:
			next.began = before.began
		case next.rollingOut && l.begun:
			next.began = gone
		}
	}
	for s := range l.inNamespace[namespace] {
		if !s.selects(before) && !s.selects(next) {
			continue
		}
		if before != nil && before.rollingOut && (next == nil || !next.rollingOut) {
			l.completed(s, ref, before.began, gone)
		}
		if before != nil && (next == nil || next.wanted < before.wanted) {
			s.fell = fellSeen{gone, ref}
		}
		s.want(l.workloads[namespace])
		l.turn(s, gone, false)
	}
}

func (s *backing) selects(w *workloadSeen) bool {
	return w != nil && len(s.selector) > 0 && gate.Selects(s.selector, w.labels)
}

// want adds up how many pods are wanted.
func (s *backing) want(workloads map[v1alpha1.WorkloadRef]*workloadSeen) {
	s.wanted = nil
	for _, w := range workloads {
		if s.selects(w) {
			s.wanted = ptr.To(ptr.Deref(s.wanted, 0) + w.wanted)
		}
	}
	s.count()
}

// selectPods takes in which pods a Service selects.
func (l *lookout) selectPods(key types.NamespacedName, selector map[string]string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	s := l.service(key)
	if gone := l.clock.gone(); !maps.Equal(s.selector, selector) {
		if s.selector != nil && l.begun {
			s.moved = gone
		}
		s.selector = selector
		l.proveAll(s, key.Namespace, slices.Collect(maps.Keys(s.ready)), gone)
		s.want(l.workloads[key.Namespace])
		l.turn(s, gone, false)
	}
	l.tidy(key, s)
}

// completed notes a rollout that was seen from its beginning.
func (l *lookout) completed(s *backing, ref v1alpha1.WorkloadRef, began, gone time.Duration) {
	start, _ := l.clock.at(began)
	end, ok := l.clock.at(gone)
	if began == 0 || !ok {
		return
	}
	for api := range s.apis {
		for key := range l.apis[api].budgets {
			b := l.budgets[key]
			b.rollouts = append(b.rollouts, rolloutSeen{workload: ref, start: start, end: end})
			b.rollouts = b.rollouts[max(0, len(b.rollouts)-maxRolloutsSeen):]
			l.woken.wake(key)
		}
	}
}

// explain says what brought it about that an API is not up, as far as it was seen.
func (l *lookout) explain(b *lookedAt, gone time.Duration) (v1alpha1.DowntimeCause, v1alpha1.WorkloadRef) {
	var c downtime.Circumstances
	// While it is not up, what brought that about is what was seen then and since: a node is given up a minute later.
	if last, _ := b.last(); last.State != v1alpha1.AvailabilityDown && last.State != v1alpha1.AvailabilityDegraded {
		b.leftUp = gone
	}
	recent := func(at time.Duration) bool { return at > 0 && at+lostFor >= b.leftUp }
	workloads := map[v1alpha1.WorkloadRef]bool{}
	for _, s := range l.counted(b) {
		for _, lost := range s.lost {
			if reason := l.disrupted.of(lost.endpoint); reason != "" && recent(lost.gone) {
				c.Disrupted = append(c.Disrupted, reason)
			}
		}
		c.Moved = c.Moved || recent(s.moved)
		if recent(s.fell.gone) {
			c.ScaledDown = s.fell.workload
		}
		for ref, w := range l.workloads[b.api.Namespace] {
			if !s.selects(w) {
				continue
			}
			workloads[ref] = true
			if w.rollingOut {
				c.RolledOut = firstRef(c.RolledOut, ref)
			}
		}
	}
	if len(workloads) == 1 {
		for ref := range workloads {
			c.Workload = ref
		}
	}
	return c.Cause()
}

// firstRef is the first by kind and name: maps have no order.
func firstRef(a, b v1alpha1.WorkloadRef) v1alpha1.WorkloadRef {
	if a.Name == "" || b.Kind+"/"+b.Name < a.Kind+"/"+a.Name {
		return b
	}
	return a
}
