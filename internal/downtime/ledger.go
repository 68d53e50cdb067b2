package downtime

import (
	"slices"
	"time"

	v1alpha1 "forewarn.dev/forewarn/api/v1alpha1"
)

// Sum is how long an API was down.
type Sum struct{ Unplanned, Planned, Unobserved time.Duration }

func (s *Sum) add(other Sum) {
	s.Unplanned += other.Unplanned
	s.Planned += other.Planned
	s.Unobserved += other.Unobserved
}

// piece is a time of one kind. What is open lasts until far in the future.
type piece struct {
	start, end time.Time
	kind       func(*Sum) *time.Duration
}

// lump is what lay somewhere before a moment.
type lump struct {
	until time.Time
	sum   Sum
}

// ledger is a log as it is counted by the terms of a budget.
type ledger struct {
	terms  Terms
	pieces []piece
	lumps  []lump
}

// newLedger counts what is open until a moment.
func newLedger(log Log, terms Terms, until time.Time) *ledger {
	l := &ledger{terms: terms}
	for i := range log.Intervals {
		interval := &log.Intervals[i]
		p := piece{start: interval.StartTime.Time, end: until, kind: kindOf(interval)}
		if interval.EndTime != nil {
			p.end = interval.EndTime.Time
		}
		if p.start.Before(p.end) {
			l.pieces = append(l.pieces, p)
		}
	}
	for i := range log.Older {
		l.lumps = append(l.lumps, lump{until: log.Older[i].UntilTime.Time, sum: sumOf(&log.Older[i])})
	}
	return l
}

func kindOf(interval *v1alpha1.DowntimeInterval) func(*Sum) *time.Duration {
	switch {
	case interval.State == v1alpha1.AvailabilityUnobserved:
		return func(s *Sum) *time.Duration { return &s.Unobserved }
	case interval.Notice != "":
		return func(s *Sum) *time.Duration { return &s.Planned }
	}
	return func(s *Sum) *time.Duration { return &s.Unplanned }
}

// between sums up what lies between two moments. A lump counts as a whole as long as any of it may lie there.
func (l *ledger) between(from, to time.Time) Sum {
	var s Sum
	for i := range l.pieces {
		p := &l.pieces[i]
		if overlap := firstOf(p.end, to).Sub(lastOf(p.start, from)); overlap > 0 {
			*p.kind(&s) += overlap
		}
	}
	for i := range l.lumps {
		if l.lumps[i].until.After(from) && !l.lumps[i].until.After(to) {
			s.add(l.lumps[i].sum)
		}
	}
	return s
}

// used is what was used of the minutes at a moment.
func (l *ledger) used(at time.Time) time.Duration {
	return l.terms.used(l.between(l.terms.Frame.Start(at), at))
}

func (l *ledger) spent(at time.Time) bool { return l.terms.spent(l.used(at)) }

// turns are the moments at which what is used begins to change in another way: something begins, ends, or begins or
// ends to leave the frame. Between two of them it only grows, or only shrinks.
func (l *ledger) turns() []time.Time {
	var turns []time.Time
	add := func(t time.Time) {
		turns = append(turns, t)
		if days := l.terms.Frame.Days; days > 0 {
			turns = append(turns, l.terms.Frame.End(t))
		}
	}
	for i := range l.pieces {
		add(l.pieces[i].start)
		add(l.pieces[i].end)
	}
	for i := range l.lumps {
		add(l.lumps[i].until)
	}
	slices.SortFunc(turns, time.Time.Compare)
	return turns
}

// firstAt is the first moment after one and at or before another at which something holds: it does at the latter, and
// from then on. It is exact to the microsecond, which is what a log is kept in.
func firstAt(after, at time.Time, holds func(time.Time) bool) time.Time {
	for at.Sub(after) > tick {
		middle := after.Add(at.Sub(after) / 2).Truncate(tick)
		if !middle.After(after) {
			break
		}
		if holds(middle) {
			at = middle
		} else {
			after = middle
		}
	}
	return at
}

func firstOf(a, b time.Time) time.Time {
	if b.Before(a) {
		return b
	}
	return a
}

func lastOf(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}

// inSeconds rounds up to the second.
func inSeconds(d time.Duration) time.Duration {
	if rest := d % time.Second; rest > 0 {
		d += time.Second - rest
	}
	return d
}

// atNextSecond is the first whole second that is not before t.
func atNextSecond(t time.Time) time.Time {
	return t.Add(time.Second - time.Nanosecond).Truncate(time.Second).UTC()
}
