package downtime

import (
	"cmp"
	"slices"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	v1alpha1 "forewarn.dev/forewarn/api/v1alpha1"
)

// tick is how exactly the API server keeps moments. What is finer would differ once it was read back.
const tick = time.Microsecond

// Record writes down what was seen of an API since log.Until, until s.Now. What was known before stays as it is, but for
// the cause of what nobody could explain until now. Time that no sight is about is unobserved.
//
//	log:      ....Up....|---Down---                        intervals: [Down, open)
//	sights:                  ^Up      ^Down
//	windows:                             [ planned )
//	becomes:  ....Up....|---Down--|Up-|-Down|planned|      the last one open again
func Record(log Log, s Sighting, windows []Window) Log {
	now := s.Now.Truncate(tick)
	if !log.Since.IsZero() && !now.After(log.Until) {
		return log
	}
	sights := effective(s.Sights, log, now)
	if len(sights) == 0 {
		return log
	}
	if log.Since.IsZero() {
		log.Since, log.Until = sights[0].At, sights[0].At
	}
	r := &recorder{log: log, windows: windows}
	r.log.Intervals = slices.Clone(log.Intervals)
	r.closeLast()
	for i, sight := range sights {
		until := now
		if i+1 < len(sights) {
			until = sights[i+1].At
		}
		r.holds(sight, until)
	}
	r.log.Until = now
	r.join()
	r.openLast()
	return r.log
}

// effective are the sights that something is to be written of: one for each moment, the last, from the end of the log on.
// They leave nothing out.
func effective(sights []Sight, log Log, now time.Time) []Sight {
	var kept []Sight
	if !log.Since.IsZero() {
		kept = append(kept, explained(Sight{At: log.Until, State: v1alpha1.AvailabilityUnobserved}))
	}
	for _, sight := range sights {
		sight.At = sight.At.Truncate(tick)
		if sight.At.After(now) {
			break
		}
		if n := len(kept); n > 0 && !sight.At.After(kept[n-1].At) {
			sight.At = kept[n-1].At
			kept = kept[:n-1]
		}
		kept = append(kept, explained(sight))
	}
	return kept
}

// explained has the cause that a state must have.
func explained(s Sight) Sight {
	switch s.State {
	case v1alpha1.AvailabilityUp:
		s.Cause, s.Workload = "", v1alpha1.WorkloadRef{}
	case v1alpha1.AvailabilityUnobserved:
		s.Cause, s.Workload = v1alpha1.CauseNotWatching, v1alpha1.WorkloadRef{}
	default:
		s.Cause = cmp.Or(s.Cause, v1alpha1.CauseUnknown)
	}
	return s
}

// recorder holds a log whose intervals are all closed.
type recorder struct {
	log     Log
	windows []Window
}

// closeLast ends the interval that is open where the log does.
func (r *recorder) closeLast() {
	if n := len(r.log.Intervals); n > 0 && r.log.Intervals[n-1].EndTime == nil {
		r.log.Intervals[n-1].EndTime = micro(r.log.Until)
	}
}

// openLast leaves the last interval open where it goes on.
func (r *recorder) openLast() {
	n := len(r.log.Intervals)
	if n > 0 && r.log.State != v1alpha1.AvailabilityUp && r.log.Intervals[n-1].EndTime.Time.Equal(r.log.Until) {
		r.log.Intervals[n-1].EndTime = nil
	}
}

// holds writes down that a sight holds until a moment.
func (r *recorder) holds(sight Sight, until time.Time) {
	if r.log.State != sight.State {
		r.log.State, r.log.StateTime = sight.State, sight.At
	}
	if sight.State == v1alpha1.AvailabilityUp {
		return
	}
	r.explain(sight)
	for from := sight.At; from.Before(until); {
		notice, to := r.planned(sight, from, until)
		if sight.State == v1alpha1.AvailabilityUnobserved {
			notice, to = "", until
		}
		r.log.Intervals = append(r.log.Intervals, v1alpha1.DowntimeInterval{
			StartTime: micro(from), EndTime: micro(to), State: sight.State,
			Cause: sight.Cause, Workload: sight.Workload, Notice: v1alpha1.ObjectName(notice),
		})
		from = to
	}
}

// planned is the notice that told customers of what a sight saw at a moment, if any, and until when that is so, before
// until. Of several windows the earliest counts. A brownout takes away some of an API, as was announced; whatever else takes
// it down, takes all.
func (r *recorder) planned(sight Sight, at, until time.Time) (notice string, to time.Time) {
	to = until
	var in *Window
	for i := range r.windows {
		w := &r.windows[i]
		for _, bound := range []time.Time{w.Start.Truncate(tick), w.End.Truncate(tick)} {
			if bound.After(at) && bound.Before(to) {
				to = bound
			}
		}
		within := Window{Start: w.Start.Truncate(tick), End: w.End.Truncate(tick)}
		told := !w.Partial || sight.Cause == v1alpha1.CauseBrownout
		if told && within.Contains(at) && (in == nil || earlier(w, in)) {
			in = w
		}
	}
	if in == nil {
		return "", to
	}
	return in.Notice, to
}

func earlier(a, b *Window) bool {
	return cmp.Or(a.Start.Compare(b.Start), cmp.Compare(a.Notice, b.Notice)) < 0
}

// explain gives what goes on at the moment of a sight the cause that is known by now: pods are seen apart from what they
// are ready for, and often later. A brownout explains nothing but itself.
func (r *recorder) explain(sight Sight) {
	if sight.Cause == v1alpha1.CauseUnknown || sight.Cause == v1alpha1.CauseBrownout {
		return
	}
	at := sight.At
	for i, interval := range slices.Backward(r.log.Intervals) {
		if !interval.EndTime.Time.Equal(at) || interval.State != sight.State || interval.Cause != v1alpha1.CauseUnknown {
			return
		}
		at = interval.StartTime.Time
		r.log.Intervals[i].Cause, r.log.Intervals[i].Workload = sight.Cause, sight.Workload
	}
}

// join makes one of intervals that touch and are alike.
func (r *recorder) join() {
	var joined []v1alpha1.DowntimeInterval
	for _, next := range r.log.Intervals {
		if n := len(joined); n > 0 && joined[n-1].EndTime.Time.Equal(next.StartTime.Time) && alike(joined[n-1], next) {
			joined[n-1].EndTime = next.EndTime
			continue
		}
		joined = append(joined, next)
	}
	r.log.Intervals = joined
}

func alike(a, b v1alpha1.DowntimeInterval) bool {
	return a.State == b.State && a.Cause == b.Cause && a.Workload == b.Workload && a.Notice == b.Notice
}

func micro(t time.Time) *metav1.MicroTime {
	kept := metav1.NewMicroTime(t.UTC())
	return &kept
}
