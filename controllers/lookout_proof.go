package controllers

import (
	"time"

	corev1 "k8s.io/api/core/v1"

	"forewarn.dev/forewarn/internal/gate"
)

// proofTime is how long the pods may take to bear out what an EndpointSlice says, or the slice to follow the pods. Both
// come by watches of their own, a few milliseconds apart.
const proofTime = 5 * time.Second

// proof is what the pod of an endpoint says of it. Whoever may write EndpointSlices can write one in the name of
// Kubernetes; the pods he cannot make up. So an endpoint counts while its slice and its pod agree:
//
//	slice    |--- ready ---------------------|
//	pod           |--- ready -----------|
//	         ^ open: up since here, once    ^ open: up until here
//	           the pod bears it out           the slice says that it is over
//
// The moments are those of the slices. Only where one does not follow the other for proofTime, those of the pod count.
type proof int

const (
	// open says that they do not agree, or not yet.
	open proof = iota
	borneOut
	// refuted says that they did not agree in time.
	refuted
)

// prove holds an endpoint of a Service against its pod, nil where nobody knows of one.
func (s *backing) prove(endpoint string, pod *corev1.Pod, gone time.Duration) {
	ready := s.ready[endpoint]
	known := pod != nil && string(pod.UID) == endpoint && gate.Selects(s.selector, pod.Labels)
	before := ready.proof
	switch {
	case len(s.selector) == 0: // what is written by hand is all there is; lookout.problem says so
		known, ready.proof = true, borneOut
	case known && takesTraffic(pod):
		ready.proof = borneOut
	case ready.pod == "": // Kubernetes names the pod of each
		ready.proof = refuted
	case before == borneOut:
		ready.proof, ready.since = open, gone
	}
	ready.foreign = !known
}

// takesTraffic says that a pod is what Kubernetes would call ready in an EndpointSlice.
func takesTraffic(pod *corev1.Pod) bool {
	if pod.DeletionTimestamp != nil {
		return false
	}
	for _, c := range pod.Status.Conditions {
		if c.Type == corev1.PodReady {
			return c.Status == corev1.ConditionTrue
		}
	}
	return false
}

// proveAll holds endpoints of a Service against what is known of their pods now.
func (l *lookout) proveAll(s *backing, namespace string, endpoints []string, gone time.Duration) {
	for _, endpoint := range endpoints {
		l.judge(s, endpoint, l.pod(namespace, s.ready[endpoint].pod), gone)
	}
}

// judge proves an endpoint, and says whether that changed anything.
func (l *lookout) judge(s *backing, endpoint string, pod *corev1.Pod, gone time.Duration) (changed bool) {
	ready := s.ready[endpoint]
	before := ready.proof
	s.prove(endpoint, pod, gone)
	switch {
	case ready.proof != borneOut || before == borneOut:
	case before == refuted:
		l.proven(s, gone)
	default:
		l.proven(s, min(max(ready.since, l.readyAt(pod)), gone))
	}
	return ready.proof != before
}

// readyAt is how much had gone by when a pod says that it became ready, to the second before: what was said of it before
// that is forged. 0 where nobody knows.
func (l *lookout) readyAt(pod *corev1.Pod) time.Duration {
	began, goes := l.clock.at(0)
	if pod == nil || !goes {
		return 0
	}
	for _, c := range pod.Status.Conditions {
		if c.Type == corev1.PodReady {
			return c.LastTransitionTime.Sub(began)
		}
	}
	return 0
}

// bear takes in what a pod says of the endpoints that it is; there is false where it is gone.
func (l *lookout) bear(pod *corev1.Pod, there bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	gone, endpoint := l.clock.gone(), string(pod.UID)
	for s := range l.inNamespace[pod.Namespace] {
		ready := s.ready[endpoint]
		if ready == nil {
			continue
		}
		ready.pod = pod.Name
		known := pod
		if !there {
			known = nil
		}
		if l.judge(s, endpoint, known, gone) {
			s.count()
			l.turn(s, gone, false)
		}
	}
}

// proven notes since when a slice says what a pod bears out now.
func (l *lookout) proven(s *backing, since time.Duration) {
	for api := range s.apis {
		for key := range l.apis[api].budgets {
			if w := l.budgets[key].waiting; w != nil {
				w.proven = max(w.proven, since)
			}
		}
	}
}

// waiting says since when a budget waits for pods to bear out a slice, or for a slice to follow its pods: what the API
// is depends on it. since is from when on it may have happened. proven is what the last slice is from that was borne out
// meanwhile: what somebody forged before it dates nothing back.
type waiting struct{ gone, since, proven time.Duration }

// wait has nobody told of the time from here on.
func (b *lookedAt) wait(gone, since time.Duration) {
	if b.waiting == nil {
		b.waiting = &waiting{gone: gone, since: since}
	}
	b.waiting.since = min(b.waiting.since, since)
}

// waited ends that. What a pod bears out was so from the slice on; what a slice says is so now.
func (b *lookedAt) waited(gone, since time.Duration, slice bool) (from, maybe time.Duration) {
	w := b.waiting
	b.waiting = nil
	switch {
	case w == nil:
		return gone, since
	case !slice && w.proven > w.gone && w.since == w.gone:
		return w.proven, w.proven
	case !slice:
		return max(w.gone, w.proven), w.since
	case w.since < w.gone: // it came out of a silence
		return gone, min(since, w.since)
	}
	return gone, since
}

// settle ends the waiting for what takes too long: it does not count. While the pods are not watched, nobody can tell.
func (l *lookout) settle(gone time.Duration) {
	if l.line.pods != nil && l.line.pods.since(gone) < gone {
		return
	}
	for _, b := range l.budgets {
		if b.waiting == nil || gone-b.waiting.gone < proofTime {
			continue
		}
		for _, s := range l.backings(b) {
			s.refute()
		}
		for _, s := range l.backings(b) {
			l.turn(s, gone, false)
		}
	}
}

func (s *backing) refute() {
	for _, ready := range s.ready {
		if ready.proof == open {
			ready.proof = refuted
		}
	}
	s.count()
}

// misnamed says that a slice names what is no pod of its Service.
func (s *backing) misnamed(slice *sliceSeen, gone time.Duration) bool {
	for _, endpoint := range slice.ready {
		ready := s.ready[endpoint]
		if ready != nil && ready.foreign && (ready.proof == refuted || gone-ready.since >= proofTime) {
			return true
		}
	}
	return false
}
