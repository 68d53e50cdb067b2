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
		s.prove(endpoint, l.pod(namespace, s.ready[endpoint].pod), gone)
	}
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
		before := ready.proof
		if there {
			ready.pod = pod.Name
			s.prove(endpoint, pod, gone)
		} else {
			s.prove(endpoint, nil, gone)
		}
		if ready.proof != before {
			s.count()
			l.turn(s, gone, false)
		}
	}
}

// waiting says since when a budget waits for pods to bear out a slice, or for a slice to follow its pods: what the API
// is depends on it. since is from when on it may have happened.
type waiting struct{ gone, since time.Duration }

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
	case !slice:
		return w.gone, w.since
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
