package notice

import (
	"cmp"
	"slices"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	v1alpha1 "forewarn.dev/forewarn/api/v1alpha1"
	"forewarn.dev/forewarn/internal/downtime"
)

// aside says that a notice is about no contract: it plans a downtime, or is sorry for one. Whatever it lists, it covers
// no change.
func aside(spec *v1alpha1.ChangeNoticeSpec) bool {
	return spec.DowntimeMinutes > 0 || spec.ApologyFor != ""
}

// Windows are the planned downtimes that customers were told of: those to come, the one that is open, and those that are
// over, by start. Stability is that of a version, as in Whole.
func (l *Ledger) Windows(stability func(version string) v1alpha1.Stability, now time.Time) []downtime.Window {
	var windows []downtime.Window
	for _, r := range l.records {
		if w, planned := l.window(r, stability, now); planned {
			windows = append(windows, w)
		}
	}
	slices.SortStableFunc(windows, func(a, b downtime.Window) int {
		return cmp.Or(a.Start.Compare(b.Start), a.End.Compare(b.End), cmp.Compare(a.Notice, b.Notice))
	})
	return windows
}

// Window is the planned downtime that the notice of that name tells of.
func (l *Ledger) Window(name string, stability func(version string) v1alpha1.Stability, now time.Time) (downtime.Window, bool) {
	i := slices.IndexFunc(l.records, func(r *record) bool { return r.notice.Name == name })
	if i < 0 {
		return downtime.Window{}, false
	}
	return l.window(l.records[i], stability, now)
}

// window is what a notice plans: it begins at its date, or when the notice matures, and is over so many minutes after its
// date, whenever it began.
//
//	date ────────────────────────────── date + downtimeMinutes
//	   └─ not matured ─┘└─── the window ───┘  withdrawn, replaced, lapsed: over at once
//
// A date that moves is told anew, and so is what is owed for it: whoever may move a window at an hour's notice owes
// nobody anything. One that has begun does not move any more: to be down again takes a new notice.
func (l *Ledger) window(r *record, stability func(version string) v1alpha1.Stability, now time.Time) (downtime.Window, bool) {
	if r.notice.Spec.DowntimeMinutes <= 0 || !r.sound {
		return downtime.Window{}, false
	}
	dates := r.dates(now)
	for i, date := range dates {
		w, planned := l.windowAt(r, date, stability)
		if !planned {
			continue
		}
		if last := i == len(dates)-1; !last {
			if dates[i+1].since.Before(w.Start) {
				continue // moved before it began
			}
			w.End = earlier(w.End, dates[i+1].since)
		}
		w.End = earlier(w.End, r.over(date.at, now))
		unknown := !now.Before(w.Start) && !RemindersKnown(r.notice)
		return w, w.Start.Before(w.End) && !unknown
	}
	return downtime.Window{}, false
}

// toldDate is a date that customers were told, and the moment since when they were.
type toldDate struct{ at, since time.Time }

// dates are those that customers were told, the last at the end. A move that was not recorded yet counts from now. Where
// the first of many moves are not known any more, nobody can say whether the window had begun: none.
func (r *record) dates(now time.Time) []toldDate {
	status := &r.notice.Status
	moves := status.Postponements
	if len(moves) > 0 && (moves[0].Number > 1 || moves[0].From == nil) {
		return nil
	}
	first := r.effective
	if status.EffectiveTime != nil {
		first = status.EffectiveTime.UTC()
	}
	if len(moves) > 0 {
		first = moves[0].From.UTC()
	}
	dates := []toldDate{{at: first, since: r.stamped}}
	for _, move := range moves {
		if move.To == nil || move.Time == nil {
			return nil
		}
		dates = append(dates, toldDate{at: move.To.UTC(), since: move.Time.UTC()})
	}
	if r.effective.After(dates[len(dates)-1].at) {
		dates = append(dates, toldDate{at: r.effective, since: now})
	}
	return dates
}

// windowAt is the window of a notice with that date, were it never moved or taken back.
func (l *Ledger) windowAt(r *record, date toldDate, stability func(version string) v1alpha1.Stability) (downtime.Window, bool) {
	if r.start.IsZero() {
		return downtime.Window{}, false
	}
	told := *r
	told.start, told.effective = later(r.start, date.since), date.at
	w := downtime.Window{Notice: r.notice.Name, Start: date.at, End: date.at.Add(time.Duration(r.notice.Spec.DowntimeMinutes) * time.Minute)}
	w.Partial = partial(l.versions, r.entries)
	for _, entry := range told.entries {
		c := Change{Version: string(entry.Version), Classes: l.policies.ClassesCovered(entry)}
		c.Stability = stability(c.Version)
		matures, _, ok := l.matures(&told, entry, c)
		if !ok {
			return downtime.Window{}, false
		}
		w.Start = later(w.Start, matures)
	}
	return w, w.Start.Before(w.End)
}

// Partial says that what a notice covers leaves out a version of the API, or names no more than some of its operations.
func Partial(api *v1alpha1.CustomerAPI, covers []v1alpha1.CoveredChange) bool {
	return partial(reliedOn(api), covers)
}

func partial(versions []v1alpha1.VersionName, covers []v1alpha1.CoveredChange) bool {
	return slices.ContainsFunc(versions, func(version v1alpha1.VersionName) bool {
		return !slices.ContainsFunc(covers, func(e v1alpha1.CoveredChange) bool {
			return e.Version == version && e.Operation == "" && e.Rule == "" && e.Fingerprint == ""
		})
	})
}

// over is the moment from which a notice with that date plans nothing more.
func (r *record) over(date, now time.Time) time.Time {
	over := r.validity.Lapse(date)
	if at, lapsed := LapsedBy(r.notice, now); lapsed {
		over = earlier(over, at)
	}
	if r.withdrawn() {
		over = earlier(over, stampOr(r.notice.Status.WithdrawnTime, now))
	}
	if r.by != "" {
		over = earlier(over, r.replaced)
	}
	if stamp := r.notice.Status.SupersededTime; stamp != nil { // by one that is not there any more
		over = earlier(over, stamp.UTC())
	}
	return over
}

// stampOr is the moment of a stamp or, before it was made, now.
func stampOr(stamp *metav1.Time, now time.Time) time.Time {
	if stamp == nil {
		return now
	}
	return stamp.UTC()
}
