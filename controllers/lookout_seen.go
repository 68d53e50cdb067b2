package controllers

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"k8s.io/utils/ptr"

	v1alpha1 "forewarn.dev/forewarn/api/v1alpha1"
	"forewarn.dev/forewarn/internal/downtime"
)

// agreed is how far apart two replicas may see the same change.
const agreed = 2 * time.Second

// seen implements sightings.
func (l *lookout) seen(_ context.Context, budget *v1alpha1.DowntimeBudget, log downtime.Log) (downtime.Sighting, bool, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	b, ok := l.budgets[keyOf(budget)]
	now, goes := l.known()
	if !ok || !goes || !l.begun || l.stamp == nil || len(b.sights) == 0 {
		return downtime.Sighting{}, false, nil
	}
	now = l.knownOf(b, now)
	s := downtime.Sighting{Now: now, Problem: l.problem(b)}
	s.Digest, _, _ = l.digest(b)
	if expected := l.expected(b); expected > 0 {
		s.Expected = ptr.To(expected)
	}
	if log.Since.IsZero() {
		s.Sights = b.sinceReady()
	} else {
		s.Sights = b.since(log, l.stamp.until(keyOf(budget), log.Until), l.unchanged(b, budget))
	}
	if len(s.Sights) == 0 && s.Problem == nil {
		s.Problem = &downtime.Problem{Reason: v1alpha1.ReasonNeverReady,
			Text: "no pod behind " + l.names(b) + " was ready yet: measuring begins once one is"}
	}
	recorded := downtime.Record(log, s, nil)
	s.Rollouts = pastRollouts(budget.Status.Rollouts, b.rollouts, recorded)
	s.Images = pastImages(budget.Status.Images, l.images(b), now)
	return s, true, nil
}

// sinceReady are the sights from the first at which anything served: measuring begins with it.
func (b *lookedAt) sinceReady() []downtime.Sight {
	first := slices.IndexFunc(b.sights, func(s seenState) bool {
		return s.State == v1alpha1.AvailabilityUp || s.State == v1alpha1.AvailabilityDegraded
	})
	if first < 0 {
		return nil
	}
	return sightsOf(b.sights[first:])
}

func sightsOf(states []seenState) []downtime.Sight {
	sights := make([]downtime.Sight, 0, len(states))
	for _, s := range states {
		sights = append(sights, s.Sight)
	}
	return sights
}

// since are the sights from the end of a log on. until is how long what the log says last is known to have lasted: until
// the last stamp of a lookout before.
//
//	log ----------| lasted until the stamp |    gap    | first sight of this process ---- now
//	log ----------------------------| no gap: this process looked already ---------------- now
func (b *lookedAt) since(log downtime.Log, until time.Time, unchanged bool) []downtime.Sight {
	lasting := lastOfLog(log)
	first := b.sights[0].Sight
	if !first.At.After(until) {
		return continued(lasting, sightsOf(b.sights))
	}
	before := lasting
	before.At = until
	gap := downtime.Gap{Before: before, After: first, Unchanged: unchanged, ReadySince: b.first.readySince}
	return carried(append([]downtime.Sight{lasting}, append(gap.Sights(), sightsOf(b.sights[1:])...)...))
}

// lastOfLog is what the log says last. A brownout lies over what was seen.
func lastOfLog(log downtime.Log) downtime.Sight {
	s := downtime.Sight{At: log.Until, State: log.State}
	if n := len(log.Intervals); n > 0 && log.Intervals[n-1].EndTime == nil {
		s.Cause, s.Workload = log.Intervals[n-1].Cause, log.Intervals[n-1].Workload
	}
	if s.Cause == v1alpha1.CauseBrownout {
		s = downtime.Sight{At: log.Until, State: v1alpha1.AvailabilityUp}
	}
	return s
}

// continued goes on where a log ends that the sights overlap. Where another replica wrote it, that one may have seen the
// last change a little earlier.
func continued(lasting downtime.Sight, sights []downtime.Sight) []downtime.Sight {
	next := slices.IndexFunc(sights, func(s downtime.Sight) bool { return s.At.After(lasting.At) })
	if next < 0 {
		next = len(sights)
	}
	then := sights[max(0, next-1)]
	if then.State == lasting.State {
		if lasting.Cause == v1alpha1.CauseUnknown { // whoever wrote it had not heard the cause
			lasting.Cause, lasting.Workload = then.Cause, then.Workload
		}
		return carried(append([]downtime.Sight{lasting}, sights[next:]...))
	}
	if next < len(sights) && sights[next].State == lasting.State && sights[next].At.Sub(lasting.At) <= agreed {
		return carried(append([]downtime.Sight{lasting}, sights[next:]...))
	}
	then.At = lasting.At
	return append([]downtime.Sight{then}, sights[next:]...)
}

// carried leaves a state the cause that it had, where it goes on: what brought it about was seen then.
func carried(sights []downtime.Sight) []downtime.Sight {
	for i := 1; i < len(sights); i++ {
		before := sights[i-1]
		if sights[i].State == before.State && before.Cause != "" && before.Cause != v1alpha1.CauseUnknown {
			sights[i].Cause, sights[i].Workload = before.Cause, before.Workload
		}
	}
	return sights
}

// unchanged says that nothing happened to the EndpointSlices between the last stamp and the first look of this process:
// they are those of the status, or none is younger than the stamp. One that was deleted meanwhile can only have made
// fewer ready, and what is the same at both ends was then so all the time.
func (l *lookout) unchanged(b *lookedAt, budget *v1alpha1.DowntimeBudget) bool {
	if !b.first.taken {
		return false
	}
	stored := budget.Status.EndpointsDigest
	return stored != "" && stored == b.first.digest ||
		b.first.versions && l.stamp.covers(keyOf(budget)) && b.first.latest <= l.stamp.version
}

func (l *lookout) expected(b *lookedAt) int32 {
	var sum int32
	for _, s := range l.counted(b) {
		sum += s.expected
	}
	return sum
}

func (l *lookout) names(b *lookedAt) string {
	var names []string
	if api := l.apis[b.api]; api != nil {
		names = api.services
	}
	return "Service " + strings.Join(names, ", ")
}

// problem is why an API cannot be measured as it should be.
func (l *lookout) problem(b *lookedAt) *downtime.Problem {
	api := l.apis[b.api]
	switch {
	case api == nil || !api.there:
		return &downtime.Problem{Reason: v1alpha1.ReasonAPINotFound, Text: fmt.Sprintf("there is no CustomerAPI %s: create it, or name another in apiRef", b.api.Name)}
	case len(api.services) == 0:
		return &downtime.Problem{Reason: v1alpha1.ReasonNoServices, Text: fmt.Sprintf("CustomerAPI %s names no Service: list those that carry it in carriedBy.services, or write an availability query", b.api.Name)}
	}
	for i, s := range l.backings(b) {
		if text := s.foreign(api.services[i], l.clock.gone()); text != "" {
			return &downtime.Problem{Reason: v1alpha1.ReasonForeignEndpoints, Text: text}
		}
	}
	return nil
}

// foreign says where somebody else than Kubernetes writes EndpointSlices. Without a selector somebody always does,
// whatever name they write under.
func (s *backing) foreign(service string, gone time.Duration) string {
	if len(s.selector) == 0 && len(s.slices) > 0 {
		return fmt.Sprintf("Service %s has no selector, so that whoever writes its EndpointSlices says whether it is up: give it one", service)
	}
	for _, name := range slices.Sorted(maps.Keys(s.slices)) {
		if s.slices[name].foreign {
			return fmt.Sprintf("EndpointSlice %s of Service %s is not written by Kubernetes and does not count: delete it", name, service)
		}
		if s.misnamed(s.slices[name], gone) {
			return fmt.Sprintf("EndpointSlice %s of Service %s names what is no pod of it, and that does not count: delete it", name, service)
		}
	}
	return ""
}
