package downtime

import (
	"slices"
	"time"

	v1alpha1 "forewarn.dev/forewarn/api/v1alpha1"
)

// WithBrownout lays a brownout over what was seen: its routes answer nobody, whatever is ready behind them. since is the
// moment at which the one that is under way began; nil: none is. One that the log leaves open, and that is not under way
// any more, ends now: nobody knows when before it did.
//
//	seen:      Up------------Down----Up-----------      the log ends, or the brownout began
//	brownout:       |--------------------|
//	both:      Up---|Brownout|Down--|Brown|Up------
func WithBrownout(log Log, s Sighting, since *time.Time) Sighting {
	var from time.Time
	n := len(log.Intervals)
	open := n > 0 && log.Intervals[n-1].EndTime == nil && log.Intervals[n-1].Cause == v1alpha1.CauseBrownout
	switch {
	case open:
		from = log.Until
	case since != nil:
		from = lastOf(*since, log.Until)
	default:
		return s
	}
	if from.After(s.Now) {
		return s
	}
	over := Sight{At: from, State: v1alpha1.AvailabilityDown, Cause: v1alpha1.CauseBrownout}
	under := Sight{State: v1alpha1.AvailabilityUnobserved, Cause: v1alpha1.CauseNotWatching} // what was seen at from
	var before, within []Sight
	for _, sight := range s.Sights {
		if !sight.At.After(from) {
			before, under = append(before, sight), sight
			continue
		}
		within = append(within, worse(sight, over))
	}
	under.At = from
	merged := slices.Concat(before, []Sight{worse(under, over)}, within)
	if since == nil { // it is over
		last := under
		if len(within) > 0 {
			last = s.Sights[len(s.Sights)-1]
		}
		last.At = s.Now
		merged = append(merged, last)
	}
	s.Sights = merged
	return s
}

// worse is what both bring about. Of two alike what was seen names the cause.
func worse(seen, over Sight) Sight {
	if seen.State == v1alpha1.AvailabilityDown {
		return seen
	}
	over.At = seen.At
	return over
}
