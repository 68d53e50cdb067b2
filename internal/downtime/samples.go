package downtime

import (
	"math"
	"time"

	v1alpha1 "forewarn.dev/forewarn/api/v1alpha1"
)

// Sample is what a query answered for a moment: above 0 the API was up.
type Sample struct {
	At    time.Time
	Value float64
}

// OfSamples are the sights that the sorted samples of every step from one moment until another make. Each holds until the
// next. A step that has none, or one that is not a number, nobody saw.
func OfSamples(samples []Sample, from, until time.Time, step time.Duration) []Sight {
	var sights []Sight
	for at := from; !at.After(until); at = at.Add(step) {
		for len(samples) > 0 && samples[0].At.Before(at) {
			samples = samples[1:]
		}
		sight := Sight{At: at, State: v1alpha1.AvailabilityUnobserved, Cause: v1alpha1.CauseNotWatching}
		if len(samples) > 0 && samples[0].At.Equal(at) {
			sight.State, sight.Cause = stateOf(samples[0].Value)
		}
		if n := len(sights); n == 0 || sights[n-1].State != sight.State {
			sights = append(sights, sight)
		}
	}
	return sights
}

func stateOf(value float64) (v1alpha1.Availability, v1alpha1.DowntimeCause) {
	switch {
	case math.IsNaN(value):
		return v1alpha1.AvailabilityUnobserved, v1alpha1.CauseNotWatching
	case value > 0:
		return v1alpha1.AvailabilityUp, ""
	}
	return v1alpha1.AvailabilityDown, v1alpha1.CauseUnknown
}
