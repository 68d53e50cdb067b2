package downtime

import (
	"slices"
	"time"

	v1alpha1 "forewarn.dev/forewarn/api/v1alpha1"
)

const (
	// mostIntervals are as many as a status may hold.
	mostIntervals = 200
	// remembered is the longest window that a budget can have.
	remembered = 366 * day
)

// Compact makes a log fit for a status. It forgets what no window can reach any more, and sums up the oldest of more
// intervals than there is room for, those that ended on one day together. What is summed up counts for a little longer
// than it would have, never for less.
func Compact(log Log, now time.Time) Log {
	from := now.Add(-remembered)
	log.Older = slices.DeleteFunc(slices.Clone(log.Older), func(s v1alpha1.DowntimeSum) bool {
		return !s.UntilTime.After(from)
	})
	log.Intervals = slices.DeleteFunc(slices.Clone(log.Intervals), func(i v1alpha1.DowntimeInterval) bool {
		return i.EndTime != nil && !i.EndTime.After(from)
	})
	for excess := len(log.Intervals) - mostIntervals; excess > 0; excess-- {
		log.Older = sumUp(log.Older, &log.Intervals[0])
		log.Intervals = log.Intervals[1:]
	}
	return log
}

// sumUp adds an interval that is over to the sum of the day on which it ended.
func sumUp(older []v1alpha1.DowntimeSum, interval *v1alpha1.DowntimeInterval) []v1alpha1.DowntimeSum {
	var s Sum
	*kindOf(interval)(&s) = inSeconds(interval.EndTime.Sub(interval.StartTime.Time))
	until := interval.EndTime
	if n := len(older); n > 0 && older[n-1].UntilTime.UTC().Truncate(day).Equal(until.UTC().Truncate(day)) {
		s.add(sumOf(&older[n-1]))
		older = older[:n-1]
	}
	return append(older, v1alpha1.DowntimeSum{
		UntilTime: until, UnplannedSeconds: inWhole(s.Unplanned), PlannedSeconds: inWhole(s.Planned), UnobservedSeconds: inWhole(s.Unobserved),
	})
}

func sumOf(s *v1alpha1.DowntimeSum) Sum {
	of := func(seconds *int64) time.Duration {
		if seconds == nil {
			return 0
		}
		return time.Duration(*seconds) * time.Second
	}
	return Sum{Unplanned: of(s.UnplannedSeconds), Planned: of(s.PlannedSeconds), Unobserved: of(s.UnobservedSeconds)}
}

func inWhole(d time.Duration) *int64 {
	if d == 0 {
		return nil
	}
	return ptrTo(seconds(d))
}
