package downtime

import (
	"time"

	v1alpha1 "forewarn.dev/forewarn/api/v1alpha1"
)

// Gap is a time at which nobody looked, between two at which somebody did.
type Gap struct {
	// Before is what the API was last, and After what it is first. Their moments are where the gap begins and ends.
	Before, After Sight
	// Unchanged says that nothing happened to its EndpointSlices meanwhile.
	Unchanged bool
	// ReadySince is the earliest moment since which enough to serve is ready now, as the pods say. Zero: nobody knows.
	ReadySince time.Time
}

// Sights are what is known of the gap all the same, up to and with its end. Nothing that was not seen is up.
//
//	unchanged, same state         lasted
//	down, and down now            down
//	down, and up now              down until the pods say that they were ready, then unobserved
//	anything else                 unobserved
func (g Gap) Sights() []Sight {
	if !g.After.At.After(g.Before.At) {
		return []Sight{g.After}
	}
	same := g.Before.State == g.After.State
	switch {
	case same && (g.Unchanged || notUp(g.Before.State)):
		return []Sight{g.Before, g.After}
	case g.Before.State == v1alpha1.AvailabilityDown && g.After.State == v1alpha1.AvailabilityUp && g.ReadySince.After(g.Before.At):
		ready := g.ReadySince
		if ready.After(g.After.At) { // by another clock, or just now
			ready = g.After.At
		}
		return []Sight{g.Before, notWatched(ready), g.After}
	}
	return []Sight{notWatched(g.Before.At), g.After}
}

// notUp are the states that are worse. What was so at both ends is taken to have lasted.
func notUp(state v1alpha1.Availability) bool {
	return state == v1alpha1.AvailabilityDown || state == v1alpha1.AvailabilityDegraded
}

func notWatched(at time.Time) Sight {
	return Sight{At: at, State: v1alpha1.AvailabilityUnobserved, Cause: v1alpha1.CauseNotWatching}
}
