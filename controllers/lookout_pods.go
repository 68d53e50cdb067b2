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

// disruptions are the reasons for which pods were taken away, of the latest.
type disruptions struct {
	reasons map[string]string
	order   []string
}

func newDisruptions() *disruptions { return &disruptions{reasons: map[string]string{}} }

func (d *disruptions) of(uid string) string { return d.reasons[uid] }

// note says whether it is new.
func (d *disruptions) note(uid, reason string) bool {
	if d.reasons[uid] != "" {
		return false
	}
	d.reasons[uid] = reason
	d.order = append(d.order, uid)
	if len(d.order) > maxDisruptions {
		delete(d.reasons, d.order[0])
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
}

func (l *lookout) disrupt(pod *corev1.Pod, reason string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	uid := string(pod.UID)
	if !l.disrupted.note(uid, reason) {
		return
	}
	gone := l.clock.gone()
	for s := range l.inNamespace[pod.Namespace] {
		known := slices.ContainsFunc(s.lost, func(lost lostSeen) bool { return lost.endpoint == uid })
		if !known && s.ready[uid] == nil && len(s.selector) > 0 && gate.Selects(s.selector, pod.Labels) {
			s.lost, known = append(s.lost, lostSeen{uid, gone}), true
			s.count()
		}
		if known {
			l.turn(s, gone, false)
		}
	}
}

// pod reads a pod from the cache, nil where it is not there.
func (l *lookout) pod(namespace, name string) *corev1.Pod {
	pod := &corev1.Pod{}
	if name == "" || l.pods.Get(context.Background(), client.ObjectKey{Namespace: namespace, Name: name}, pod) != nil {
		return nil
	}
	return pod
}
