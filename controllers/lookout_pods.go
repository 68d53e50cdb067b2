package controllers

import (
	"context"
	"slices"
	"time"

	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"forewarn.dev/forewarn/internal/gate"
)

// lostFor is how long before an API went down what happened may explain it.
const lostFor = time.Minute

// maxDisruptions is how many pods are remembered that were taken away: they are soon gone themselves.
const maxDisruptions = 4096

// disruption is why a pod was taken away.
type disruption struct {
	uid, reason, namespace string
	labels                 map[string]string
	gone                   time.Duration
}

// disruptions are those of the latest pods that were taken away.
type disruptions struct {
	reasons map[string]string
	order   []disruption
}

func newDisruptions() *disruptions { return &disruptions{reasons: map[string]string{}} }

func (d *disruptions) of(uid string) string { return d.reasons[uid] }

// note says whether it is new.
func (d *disruptions) note(next disruption) bool {
	if d.reasons[next.uid] != "" {
		return false
	}
	d.reasons[next.uid] = next.reason
	d.order = append(d.order, next)
	if len(d.order) > maxDisruptions {
		delete(d.reasons, d.order[0].uid)
		d.order = slices.Delete(d.order, 0, 1)
	}
	return true
}

// seePod remembers why a pod is taken away. What its endpoint explains may have been seen before, or before this process.
func (l *lookout) seePod(pod *corev1.Pod) {
	for _, c := range pod.Status.Conditions {
		if c.Type == corev1.DisruptionTarget && c.Status == corev1.ConditionTrue {
			l.disrupt(pod, c.Reason)
		}
	}
	l.bear(pod, true)
}

func (l *lookout) losePod(pod *corev1.Pod) {
	l.seePod(pod)
	l.bear(pod, false)
}

func (l *lookout) disrupt(pod *corev1.Pod, reason string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	d := disruption{uid: string(pod.UID), reason: reason, namespace: pod.Namespace, labels: pod.Labels, gone: l.clock.gone()}
	if !l.disrupted.note(d) || !l.begun { // before that nobody knows which Services there are
		return
	}
	for _, s := range l.attribute(d) {
		l.turn(s, d.gone, false)
	}
}

// attribute counts a pod that was taken away among those that its Services lost, and returns these.
func (l *lookout) attribute(d disruption) []*backing {
	var lostBy []*backing
	for s := range l.inNamespace[d.namespace] {
		known := slices.ContainsFunc(s.lost, func(lost lostSeen) bool { return lost.endpoint == d.uid })
		if !known && s.ready[d.uid] == nil && len(s.selector) > 0 && gate.Selects(s.selector, d.labels) {
			s.lost, known = append(s.lost, lostSeen{d.uid, d.gone}), true
			s.count()
		}
		if known {
			lostBy = append(lostBy, s)
		}
	}
	return lostBy
}

// pod reads a pod from the cache, nil where it is not there.
func (l *lookout) pod(namespace, name string) *corev1.Pod {
	pod := &corev1.Pod{}
	if name == "" || l.pods.Get(context.Background(), client.ObjectKey{Namespace: namespace, Name: name}, pod) != nil {
		return nil
	}
	return pod
}
