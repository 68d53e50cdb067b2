package controllers

import (
	"crypto/sha256"
	"encoding/hex"
	"maps"
	"slices"
	"strconv"
	"time"

	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	"k8s.io/apimachinery/pkg/types"

	v1alpha1 "forewarn.dev/forewarn/api/v1alpha1"
	"forewarn.dev/forewarn/internal/downtime"
)

// backing is what stands behind a Service.
type backing struct {
	selector map[string]string
	slices   map[string]*sliceSeen
	// ready counts, for each endpoint that takes traffic, the slices that say so: one for each address family.
	ready map[string]*readySeen
	// sure is how many of these their pods bear out, maybe how many they may yet.
	sure, maybe int32
	// lost are the last that went, the latest last.
	lost []lostSeen
	// wanted is the number of pods that its workloads ask for, nil where nobody knows; fell is when it last fell, by which.
	wanted   *int32
	expected int32
	fell     fellSeen
	// moved is when its selector last changed; 0 for never.
	moved time.Duration
	apis  map[types.NamespacedName]bool
}

type sliceSeen struct {
	version string
	foreign bool
	ready   []string
}

type readySeen struct {
	slices int
	pod    string
	proof  proof
	// since is from when on the proof is open.
	since time.Duration
	// foreign says that it is no pod of the Service that anybody knows of.
	foreign bool
}

type lostSeen struct {
	endpoint string
	gone     time.Duration
}

type fellSeen struct {
	gone     time.Duration
	workload v1alpha1.WorkloadRef
}

// maxLost is how many endpoints that went are remembered: it is their cause that is asked for.
const maxLost = 64

func (l *lookout) service(key types.NamespacedName) *backing {
	s, ok := l.services[key]
	if !ok {
		s = &backing{slices: map[string]*sliceSeen{}, ready: map[string]*readySeen{}, apis: map[types.NamespacedName]bool{}}
		l.services[key] = s
		if l.inNamespace[key.Namespace] == nil {
			l.inNamespace[key.Namespace] = map[*backing]bool{}
		}
		l.inNamespace[key.Namespace][s] = true
	}
	return s
}

// tidy forgets a Service of which nothing is left.
func (l *lookout) tidy(key types.NamespacedName, s *backing) {
	if len(s.slices) == 0 && s.selector == nil && len(s.apis) == 0 {
		delete(l.services, key)
		delete(l.inNamespace[key.Namespace], s)
	}
}

func serviceOf(slice *discoveryv1.EndpointSlice) types.NamespacedName {
	return types.NamespacedName{Namespace: slice.Namespace, Name: slice.Labels[discoveryv1.LabelServiceName]}
}

func (l *lookout) seeSlice(slice *discoveryv1.EndpointSlice) { l.turnSlice(slice, false) }

func (l *lookout) loseSlice(slice *discoveryv1.EndpointSlice) { l.turnSlice(slice, true) }

func (l *lookout) turnSlice(slice *discoveryv1.EndpointSlice, deleted bool) {
	key := serviceOf(slice)
	l.mu.Lock()
	defer l.mu.Unlock()
	gone := l.clock.gone()
	if version, err := strconv.ParseUint(slice.ResourceVersion, 10, 64); err == nil {
		l.version = max(l.version, version)
	}
	itself := keyOf(slice)
	if home, ok := l.homes[itself]; ok && home != key { // it was given to another Service
		l.turnService(home, gone, func(s *backing) { s.drop(slice.Name, gone) })
	}
	delete(l.homes, itself)
	if key.Name == "" {
		return
	}
	if !deleted {
		l.homes[itself] = key
		if before := l.service(key).slices[slice.Name]; before != nil && before.version == slice.ResourceVersion {
			return // it was only listed again
		}
	}
	l.turnService(key, gone, func(s *backing) {
		s.drop(slice.Name, gone)
		if !deleted {
			l.proveAll(s, key.Namespace, s.take(slice, gone), gone)
		}
	})
}

func (l *lookout) turnService(key types.NamespacedName, gone time.Duration, change func(*backing)) {
	s := l.service(key)
	change(s)
	s.count()
	l.turn(s, gone, true)
	l.tidy(key, s)
}

// drop takes a slice out. What was ready in it alone is not yet lost: the slice may come back changed.
func (s *backing) drop(name string, gone time.Duration) {
	before, ok := s.slices[name]
	if !ok {
		return
	}
	delete(s.slices, name)
	for _, endpoint := range before.ready {
		s.ready[endpoint].slices--
		if s.ready[endpoint].slices == 0 {
			s.lost = append(s.lost, lostSeen{endpoint, gone})
		}
	}
}

// take takes a slice in, and returns which of its endpoints nobody bore out yet.
func (s *backing) take(slice *discoveryv1.EndpointSlice, gone time.Duration) (unproven []string) {
	seen := &sliceSeen{version: slice.ResourceVersion, foreign: downtime.Foreign(slice), ready: downtime.Ready(slice)}
	s.slices[slice.Name] = seen
	for _, endpoint := range seen.ready {
		if s.ready[endpoint] == nil {
			s.ready[endpoint] = &readySeen{since: gone}
		}
		s.ready[endpoint].slices++
		if s.ready[endpoint].proof != borneOut {
			unproven = append(unproven, endpoint)
		}
	}
	for i := range slice.Endpoints {
		ref := slice.Endpoints[i].TargetRef
		if ref == nil {
			continue
		}
		if ready := s.ready[string(ref.UID)]; ready != nil && (ready.pod == "" || ready.proof != borneOut) {
			ready.pod = ref.Name
		}
	}
	return unproven
}

// count settles what is ready, what is lost, and how many ought to be ready.
func (s *backing) count() {
	s.lost = slices.DeleteFunc(s.lost, func(lost lostSeen) bool {
		ready := s.ready[lost.endpoint]
		return ready != nil && ready.slices > 0
	})
	for _, lost := range s.lost {
		delete(s.ready, lost.endpoint)
	}
	s.lost = s.lost[max(0, len(s.lost)-maxLost):]
	s.sure, s.maybe = 0, 0
	for _, ready := range s.ready {
		switch ready.proof {
		case borneOut:
			s.sure++
		case open:
			s.maybe++
		case refuted:
		}
	}
	s.expected = downtime.Expected(s.expected, s.sure, s.wanted)
}

// turn looks again at what a Service carries.
func (l *lookout) turn(s *backing, gone time.Duration, slice bool) {
	for api := range s.apis {
		for key := range l.apis[api].budgets {
			l.see(key, l.budgets[key], gone, slice)
		}
	}
}

// backings are the Services of the API of a budget.
func (l *lookout) backings(b *lookedAt) []*backing {
	var found []*backing
	if api := l.apis[b.api]; api != nil {
		for _, name := range api.services {
			found = append(found, l.service(types.NamespacedName{Namespace: b.api.Namespace, Name: name}))
		}
	}
	return found
}

// digest is that of the EndpointSlices of an API, with their versions. latest is the highest of these, and false where
// they are no numbers.
func (l *lookout) digest(b *lookedAt) (digest v1alpha1.Digest, latest uint64, ok bool) {
	sum, ok := sha256.New(), true
	for _, s := range l.backings(b) {
		for _, name := range slices.Sorted(maps.Keys(s.slices)) {
			text := s.slices[name].version
			sum.Write([]byte(name + "@" + text + "\n"))
			version, err := strconv.ParseUint(text, 10, 64)
			ok = ok && err == nil
			latest = max(latest, version)
		}
	}
	return v1alpha1.Digest(hex.EncodeToString(sum.Sum(nil))), latest, ok
}

// readySince is the earliest moment since which, as the pods themselves say, each Service of an API has one that is
// ready now. Zero: they do not say.
func (l *lookout) readySince(b *lookedAt) time.Time {
	var since time.Time
	for _, s := range l.counted(b) {
		var earliest time.Time
		for endpoint, ready := range s.ready {
			pod := l.pod(b.api.Namespace, ready.pod)
			if pod == nil || string(pod.UID) != endpoint || ready.proof != borneOut {
				continue
			}
			for _, c := range pod.Status.Conditions {
				at := c.LastTransitionTime.Add(time.Second / 2) // kept in whole seconds
				if c.Type == corev1.PodReady && c.Status == corev1.ConditionTrue && (earliest.IsZero() || at.Before(earliest)) {
					earliest = at
				}
			}
		}
		if earliest.IsZero() {
			return earliest
		}
		if earliest.After(since) {
			since = earliest
		}
	}
	return since
}

// stripSlice keeps who writes it, of which Service, and which endpoints of which pods take traffic.
func stripSlice(s *discoveryv1.EndpointSlice) {
	s.Ports = nil
	for i := range s.Endpoints {
		endpoint := &s.Endpoints[i]
		kept := discoveryv1.Endpoint{Conditions: discoveryv1.EndpointConditions{
			Ready: endpoint.Conditions.Ready, Terminating: endpoint.Conditions.Terminating,
		}}
		if ref := endpoint.TargetRef; ref != nil && ref.UID != "" {
			kept.TargetRef = &corev1.ObjectReference{Name: ref.Name, UID: ref.UID}
		} else if len(endpoint.Addresses) > 0 {
			kept.Addresses = endpoint.Addresses[:1:1]
		}
		s.Endpoints[i] = kept
	}
}
