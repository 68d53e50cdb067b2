// Package downtime measures how long an API was down, and holds it against what was promised. It is pure: what was seen,
// and when, is handed in.
package downtime

import (
	"time"

	v1alpha1 "forewarn.dev/forewarn/api/v1alpha1"
)

// Window is a planned downtime that customers were told of in time: what is down from Start until End was announced.
type Window struct {
	// Notice is the ChangeNotice that told them.
	Notice string
	Start  time.Time
	// End is the first moment after it.
	End time.Time
	// Partial says that some of the API was announced to be away, and not all: that it is down as a whole was not.
	Partial bool
}

// Contains says that t lies in the window.
func (w Window) Contains(t time.Time) bool { return !t.Before(w.Start) && t.Before(w.End) }

// Sight is a change of what an API was, as it was seen.
type Sight struct {
	At    time.Time
	State v1alpha1.Availability
	// Cause and Workload are what brought it about, where State is not Up.
	Cause    v1alpha1.DowntimeCause
	Workload v1alpha1.WorkloadRef
}

// Log is what is known of an API until a moment: the part of the status of a DowntimeBudget that is kept.
type Log struct {
	// State is what it is since StateTime, Unobserved before anything was seen.
	State     v1alpha1.Availability
	StateTime time.Time
	// Since is the moment at which measuring began, Until the one until which all is known.
	Since time.Time
	Until time.Time
	// Intervals are sorted by start, do not overlap, and end at the bounds of windows. The last may be open.
	Intervals []v1alpha1.DowntimeInterval
	// Older sums up, by the day, what is not in Intervals any more.
	Older []v1alpha1.DowntimeSum
}
