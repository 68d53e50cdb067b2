package gate

import (
	"slices"
	"time"
)

// heldAt says that each of the changes may serve at t.
func heldAt(changes []*weighed, t time.Time) bool {
	return !slices.ContainsFunc(changes, func(w *weighed) bool { return !w.holdsAt(t) })
}

// turns are the moments after t at which a notice for one of the changes matures or lapses, in order.
func turns(changes []*weighed, t time.Time) []time.Time {
	seen := map[time.Time]bool{}
	for _, w := range changes {
		for _, c := range w.coverage {
			seen[c.Matures], seen[c.Lapses] = true, true
		}
	}
	return momentsAfter(t, seen)
}

func momentsAfter(t time.Time, seen map[time.Time]bool) []time.Time {
	var moments []time.Time
	for m := range seen {
		if m.After(t) {
			moments = append(moments, m)
		}
	}
	slices.SortFunc(moments, time.Time.Compare)
	return moments
}

// firstHeld is the first moment from t on at which all of the changes may serve. There may be none: a notice
// can lapse before another matures.
func firstHeld(changes []*weighed, t time.Time) (time.Time, bool) {
	if heldAt(changes, t) {
		return t, true
	}
	for _, turn := range turns(changes, t) {
		if heldAt(changes, turn) {
			return turn, true
		}
	}
	return time.Time{}, false
}

// prospect is when a revision can serve on its merits, and what that takes.
type prospect struct {
	// at is zero where nothing in the revision is owed notice.
	at time.Time
	// untold are the changes that a notice has to be published for, now.
	untold []*weighed
	// atOnce says that it can serve as soon as that is done: no time is owed. Then at is the next full hour,
	// since a notice with a date that is over by the time it is written could not be published.
	atOnce bool
}

// prospect looks ahead, with the notices that stand.
func (r *reading) prospect() prospect {
	told, untold := r.told()
	if len(untold) > 0 {
		return r.telling(untold, told)
	}
	if len(told) == 0 {
		return prospect{}
	}
	if heldAt(told, r.Now) {
		return prospect{at: heldSince(told, r.Now)}
	}
	if at, ok := firstHeld(told, r.Now); ok {
		return prospect{at: at}
	}
	return r.telling(told, nil)
}

// told are the changes that are covered, whether or not that has matured, and those that are not.
func (r *reading) told() (told, untold []*weighed) {
	for _, w := range r.needing() {
		if w.rank == rankUncovered {
			untold = append(untold, w)
		} else {
			told = append(told, w)
		}
	}
	return told, untold
}

// telling is the prospect when the untold changes are published now, and those that were told come to hold.
// Where these do not hold together with the others, they have to be told anew.
func (r *reading) telling(untold, told []*weighed) prospect {
	p := prospect{untold: untold}
	held := false
	if end := binding(untold).End; end.After(r.Now) {
		p.at, held = firstHeld(told, end)
	} else if p.at, held = firstHeld(told, r.Now); held && p.at.Equal(r.Now) {
		p.at = nextHour(r.Now)
		p.atOnce, held = true, heldAt(told, p.at)
	}
	if !held {
		return r.telling(slices.Concat(told, untold), nil)
	}
	return p
}

func nextHour(t time.Time) time.Time {
	return t.Truncate(time.Hour).Add(time.Hour)
}

// heldSince is the moment at which the last of the changes matured, where all hold at now.
func heldSince(changes []*weighed, now time.Time) time.Time {
	var since time.Time
	for _, w := range changes {
		i := slices.IndexFunc(w.coverage, coverageHolding(now))
		if m := w.coverage[i].Matures; m.After(since) {
			since = m
		}
	}
	return since
}

// ticks are the moments at which what is owed from now on changes: usually midnight, when a notice that is
// published later in the night ends a day later. One that is held lapses all the same.
func (r *reading) ticks(p prospect) []time.Time {
	var ticks []time.Time
	if p.atOnce {
		ticks = append(ticks, p.at)
	}
	for _, w := range p.untold {
		if !w.owed.tick.IsZero() {
			ticks = append(ticks, w.owed.tick)
		}
		if w.held != nil {
			ticks = append(ticks, r.ledger.Idle(w.subject, r.Now)[w.held.Name].Until)
		}
	}
	return ticks
}
