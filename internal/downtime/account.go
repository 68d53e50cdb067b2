package downtime

import (
	"time"

	v1alpha1 "forewarn.dev/forewarn/api/v1alpha1"
)

// Terms are what a budget allows.
type Terms struct {
	// Allowed is how long an API may be down unannounced, and Planned announced; nil: as long as was announced.
	Allowed time.Duration
	Planned *time.Duration
	Frame   Frame
	// SpendUnobserved counts time at which nobody looked as downtime.
	SpendUnobserved bool
}

// TermsOf are those of a budget. zone is that of its window; nil where it cannot be read: then as much counts as would
// in any zone.
func TermsOf(spec *v1alpha1.DowntimeBudgetSpec, zone *time.Location) Terms {
	t := Terms{Frame: Frame{Days: usualDays}, SpendUnobserved: spec.Unobserved == v1alpha1.UnobservedSpend}
	if spec.AllowedMinutes != nil {
		t.Allowed = time.Duration(*spec.AllowedMinutes) * time.Minute
	}
	if spec.PlannedMinutes != nil {
		planned := time.Duration(*spec.PlannedMinutes) * time.Minute
		t.Planned = &planned
	}
	switch {
	case spec.Window.Calendar != "" && zone != nil:
		t.Frame = Frame{Zone: zone}
	case spec.Window.Calendar != "":
		t.Frame.Days = longestMonth
	case spec.Window.Days > 0:
		t.Frame.Days = int(spec.Window.Days)
	}
	return t
}

// used is how much of what is allowed a sum uses.
func (t Terms) used(s Sum) time.Duration {
	used := s.Unplanned
	if t.SpendUnobserved {
		used += s.Unobserved
	}
	if t.Planned != nil && s.Planned > *t.Planned {
		used += s.Planned - *t.Planned
	}
	return used
}

// spent says that nothing is left, as people read it: what is used is rounded up.
func (t Terms) spent(used time.Duration) bool {
	if t.Allowed == 0 {
		return used > 0
	}
	return inSeconds(used) >= t.Allowed
}

// untilSpent is how much longer it takes until all is spent, to the microsecond.
func (t Terms) untilSpent(used time.Duration) time.Duration {
	return max(0, t.Allowed-time.Second-used) + tick
}

// Account is how much of a budget is used at a moment.
type Account struct {
	// WindowStart is the moment at which the window begins.
	WindowStart time.Time
	// Sum is what lies in it. It and Used, which is what that uses of the minutes allowed, are rounded up to the second,
	// Left is rounded down.
	Sum
	Used, Left time.Duration
	// BurnPercent is how fast it went in the last 24 hours: with 100 all is spent just as the window ends.
	BurnPercent int64
	// Exhausted is the moment at which all is spent, if the API stays down or, where it is up, at that rate.
	Exhausted *time.Time
	// Spent is the moment at which all was spent. Nil: something is left.
	Spent *time.Time
	// Frees is the moment, a whole second, at which something is left again, if the API is up until then.
	Frees *time.Time
	// NextChange is the moment at which it is spent, or something is left again, by itself.
	NextChange *time.Time
	// Drifts is the moment from which on the numbers change by themselves, now at the earliest. Nil: they stay.
	Drifts *time.Time
}

// Of counts what a log holds until a moment.
func Of(log Log, terms Terms, now time.Time) Account {
	l := newLedger(log, terms, now)
	start := terms.Frame.Start(now)
	sum := l.between(start, now)
	used := terms.used(sum)
	a := Account{
		WindowStart: start,
		Sum:         Sum{Unplanned: inSeconds(sum.Unplanned), Planned: inSeconds(sum.Planned), Unobserved: inSeconds(sum.Unobserved)},
		Used:        inSeconds(used),
		Left:        max(0, terms.Allowed-inSeconds(used)),
		Drifts:      l.drifts(log, now),
	}
	rate := terms.used(l.between(now.Add(-day), now))
	a.BurnPercent = terms.burn(rate, now)
	spends := spendsIn(log, terms, sum)
	if terms.spent(used) {
		since := l.spentSince(now)
		a.Spent, a.Frees = &since, l.frees(now)
		if spends == nil {
			a.NextChange = a.Frees
		}
		return a
	}
	if spends != nil {
		at := now.Add(*spends + terms.untilSpent(used))
		if end := terms.Frame.End(now); terms.Frame.Days == 0 && !at.Before(end) { // the next month has it all again
			at = end.Add(*spendsIn(log, terms, Sum{}) + terms.untilSpent(0))
		}
		a.Exhausted = &at
		a.NextChange = a.Exhausted
		return a
	}
	a.Exhausted = terms.exhausted(a.Left, rate, now)
	return a
}

// spendsIn is how soon the state in which an API is begins to spend. Nil: it does not.
func spendsIn(log Log, terms Terms, sum Sum) *time.Duration {
	if len(log.Intervals) == 0 || log.Intervals[len(log.Intervals)-1].EndTime != nil {
		return nil
	}
	switch open := &log.Intervals[len(log.Intervals)-1]; {
	case open.State == v1alpha1.AvailabilityUnobserved:
		if !terms.SpendUnobserved {
			return nil
		}
	case open.Notice != "":
		if terms.Planned == nil {
			return nil
		}
		return ptrTo(max(0, *terms.Planned-sum.Planned))
	}
	return ptrTo(time.Duration(0))
}

// drifts is the moment from which on what people read changes by itself.
func (l *ledger) drifts(log Log, now time.Time) *time.Time {
	if n := len(log.Intervals); n > 0 && log.Intervals[n-1].EndTime == nil {
		return &now
	}
	var first *time.Time
	leaving := func(from, to time.Time) { // of a window that all leaves in the order in which it came
		if at := lastOf(from, now); to.After(now) && (first == nil || at.Before(*first)) {
			first = &at
		}
	}
	for i := range l.pieces {
		p := &l.pieces[i]
		leaving(p.start.Add(day), p.end.Add(day)) // the rate of the last day
		leaving(l.terms.Frame.End(p.start), l.terms.Frame.End(p.end))
	}
	for i := range l.lumps {
		at := l.terms.Frame.End(l.lumps[i].until)
		leaving(at, at)
	}
	return first
}

func ptrTo[T any](v T) *T { return &v }
