package downtime

import (
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	v1alpha1 "forewarn.dev/forewarn/api/v1alpha1"
)

// short are spans as they are kept, of whole seconds often: that is where answers change.
func short(most time.Duration) *rapid.Generator[time.Duration] {
	return rapid.OneOf(
		rapid.Custom(func(t *rapid.T) time.Duration {
			return time.Duration(rapid.Int64Range(1, int64(most/time.Second)).Draw(t, "seconds")) * time.Second
		}),
		rapid.Custom(func(t *rapid.T) time.Duration {
			return time.Duration(rapid.Int64Range(1, int64(most/time.Microsecond)).Draw(t, "microseconds")) * time.Microsecond
		}),
	)
}

// logs are over by noon, unless they are open.
func logs(most int, open bool) *rapid.Generator[Log] {
	return rapid.Custom(func(t *rapid.T) Log {
		log := Log{Older: rapid.SliceOfN(rapid.Custom(func(t *rapid.T) v1alpha1.DowntimeSum {
			until := noon.Add(-20 * day).Add(-short(20*day).Draw(t, "ago"))
			return v1alpha1.DowntimeSum{UntilTime: micro(until), UnplannedSeconds: ptrTo(rapid.Int64Range(0, 3600).Draw(t, "summed"))}
		}), 0, 2).Draw(t, "older")}
		end := noon.Add(-short(time.Hour).Draw(t, "last"))
		for range rapid.IntRange(0, most).Draw(t, "intervals") {
			start := end.Add(-short(3*time.Hour).Draw(t, "length"))
			log.Intervals = append(log.Intervals, lasting(
				rapid.SampledFrom([]v1alpha1.Availability{v1alpha1.AvailabilityDown, v1alpha1.AvailabilityDegraded, v1alpha1.AvailabilityUnobserved}).Draw(t, "state"),
				rapid.SampledFrom([]string{"", "", "works"}).Draw(t, "notice"), start, end))
			end = start.Add(-short(4*day).Draw(t, "up"))
		}
		slices.Reverse(log.Intervals)
		if n := len(log.Intervals); open && n > 0 && rapid.Bool().Draw(t, "open") {
			log.Intervals[n-1].EndTime = nil
		}
		return log
	})
}

func termsOf(tt *testing.T) *rapid.Generator[Terms] {
	berlin := zone(tt, "Europe/Berlin")
	return rapid.Custom(func(t *rapid.T) Terms {
		terms := Terms{
			Allowed:         time.Duration(rapid.IntRange(0, 600).Draw(t, "allowed")) * time.Minute,
			Frame:           Frame{Days: rapid.SampledFrom([]int{1, 7, 30, 40}).Draw(t, "days")},
			SpendUnobserved: rapid.Bool().Draw(t, "spends"),
		}
		if rapid.Bool().Draw(t, "month") {
			terms.Frame = Frame{Zone: berlin}
		}
		if rapid.Bool().Draw(t, "limited") {
			terms.Planned = ptrTo(time.Duration(rapid.IntRange(0, 600).Draw(t, "planned")) * time.Minute)
		}
		return terms
	})
}

func property(t *testing.T, most int, open bool, check func(t *rapid.T, log Log, terms Terms)) {
	t.Helper()
	terms := termsOf(t)
	rapid.Check(t, func(rt *rapid.T) {
		check(rt, logs(most, open).Draw(rt, "log"), terms.Draw(rt, "terms"))
	})
}

func TestUsedNeverFallsWhenAnIntervalGrows(t *testing.T) {
	property(t, 6, true, func(t *rapid.T, log Log, terms Terms) {
		if len(log.Intervals) == 0 {
			t.Skip("nothing can grow")
		}
		grown := Log{Intervals: slices.Clone(log.Intervals), Older: log.Older}
		i := rapid.IntRange(0, len(log.Intervals)-1).Draw(t, "which")
		if end := log.Intervals[i].EndTime; end != nil && rapid.Bool().Draw(t, "at its end") {
			limit := noon
			if i+1 < len(log.Intervals) {
				limit = log.Intervals[i+1].StartTime.Time
			}
			grown.Intervals[i].EndTime = micro(firstOf(limit, end.Add(short(day).Draw(t, "by"))))
		} else {
			limit := at("2000-01-01T00:00:00Z")
			if i > 0 {
				limit = log.Intervals[i-1].EndTime.Time
			}
			grown.Intervals[i].StartTime = micro(lastOf(limit, log.Intervals[i].StartTime.Add(-short(day).Draw(t, "by"))))
		}
		before, after := Of(log, terms, noon), Of(grown, terms, noon)
		if after.Used < before.Used || after.Left > before.Left {
			t.Errorf("used %s, left %s, and when it is longer %s, %s", before.Used, before.Left, after.Used, after.Left)
		}
		if before.Spent != nil && (after.Spent == nil || after.Spent.After(*before.Spent) || after.Frees.Before(*before.Frees)) {
			t.Errorf("spent %s, frees %s, and when it is longer %s, %s", moment(before.Spent), moment(before.Frees), moment(after.Spent), moment(after.Frees))
		}
	})
}

func TestFreesAtTheFirstMoment(t *testing.T) {
	property(t, 6, false, func(t *rapid.T, log Log, terms Terms) {
		account := Of(log, terms, noon)
		if account.Spent == nil {
			if account.Frees != nil {
				t.Errorf("frees %s, and is not spent", account.Frees)
			}
			return
		}
		frees := *account.Frees
		if frees.Truncate(time.Second) != frees || !frees.After(noon) {
			t.Fatalf("frees %s", moment(&frees))
		}
		if got := Of(log, terms, frees); got.Spent != nil {
			t.Errorf("is spent when it frees at %s: %s of %s", moment(&frees), got.Used, terms.Allowed)
		}
		for _, before := range []time.Duration{time.Second, time.Minute, day} {
			if earlier := frees.Add(-before); !earlier.Before(noon) && Of(log, terms, earlier).Spent == nil {
				t.Errorf("frees %s, and was free %s before", moment(&frees), before)
			}
		}
	})
}

func TestSpentSinceTheFirstMoment(t *testing.T) {
	property(t, 6, true, func(t *rapid.T, log Log, terms Terms) {
		account := Of(log, terms, noon)
		if account.Spent == nil {
			return
		}
		l := newLedger(log, terms, noon)
		since := *account.Spent
		if !l.spent(since) {
			t.Errorf("is not spent at %s", moment(&since))
		}
		if l.spent(since.Add(-2 * time.Microsecond)) {
			t.Errorf("was spent before %s", moment(&since))
		}
		from := rapid.Int64Range(0, int64(noon.Sub(since)/time.Microsecond)).Draw(t, "after")
		if between := since.Add(time.Duration(from) * time.Microsecond); !l.spent(between) {
			t.Errorf("is spent since %s, and is not at %s", moment(&since), moment(&between))
		}
	})
}

func TestSplitIntervalsCountAsOne(t *testing.T) {
	property(t, 6, true, func(t *rapid.T, log Log, terms Terms) {
		if len(log.Intervals) == 0 {
			t.Skip("nothing to split")
		}
		i := rapid.IntRange(0, len(log.Intervals)-1).Draw(t, "which")
		first, second := log.Intervals[i], log.Intervals[i]
		end := noon
		if first.EndTime != nil {
			end = first.EndTime.Time
		}
		length := int64(end.Sub(first.StartTime.Time) / time.Microsecond)
		cut := first.StartTime.Add(time.Duration(rapid.Int64Range(0, length).Draw(t, "cut")) * time.Microsecond)
		first.EndTime, second.StartTime = micro(cut), micro(cut)
		split := Log{Intervals: slices.Concat(log.Intervals[:i], []v1alpha1.DowntimeInterval{first, second}, log.Intervals[i+1:]), Older: log.Older}
		one, two := Of(log, terms, noon), Of(split, terms, noon)
		if one.Used != two.Used || one.Sum != two.Sum || one.BurnPercent != two.BurnPercent ||
			moment(one.Spent) != moment(two.Spent) || moment(one.Frees) != moment(two.Frees) {
			t.Errorf("%+v, and split %+v", one, two)
		}
	})
}

func TestACompactLogNeverCountsLess(t *testing.T) {
	property(t, 250, true, func(t *rapid.T, log Log, terms Terms) {
		compact := Compact(log, noon)
		if len(compact.Intervals) > mostIntervals {
			t.Fatalf("%d intervals", len(compact.Intervals))
		}
		if again := Compact(compact, noon); len(again.Intervals) != len(compact.Intervals) || len(again.Older) != len(compact.Older) {
			t.Errorf("compacted again: %d and %d, not %d and %d", len(again.Intervals), len(again.Older), len(compact.Intervals), len(compact.Older))
		}
		now := noon.Add(short(40*day).Draw(t, "later"))
		before, after := Of(log, terms, now), Of(compact, terms, now)
		if after.Used < before.Used || after.Planned < before.Planned || after.Unobserved < before.Unobserved {
			t.Errorf("at %s: used %s, and compacted %s", now, before.Used, after.Used)
		}
	})
}

// What is down now is spent at the moment that was foretold, and not before.
func TestExhaustedAtTheFirstMoment(t *testing.T) {
	property(t, 3, false, func(t *rapid.T, log Log, terms Terms) {
		log.Older, terms.Frame = nil, Frame{Days: 40} // nothing leaves meanwhile
		log.Intervals = append(log.Intervals, wentDown(noon.Add(-time.Second), time.Time{}))
		account := Of(log, terms, noon)
		if account.Exhausted == nil {
			return
		}
		if Of(log, terms, *account.Exhausted).Spent == nil || Of(log, terms, account.Exhausted.Add(-tick)).Spent != nil {
			t.Errorf("is not first spent at %s", moment(account.Exhausted))
		}
	})
}

// A month that is under way is in the last 31 days in every zone.
func TestAZoneThatCannotBeReadLoosensNothing(t *testing.T) {
	zones := []*time.Location{zone(t, "Europe/Berlin"), zone(t, "Pacific/Kiritimati"), zone(t, "Pacific/Pago_Pago"), time.UTC}
	rapid.Check(t, func(t *rapid.T) {
		log := logs(6, true).Draw(t, "log")
		spec := &v1alpha1.DowntimeBudgetSpec{AllowedMinutes: ptrTo(int32(43)), Window: v1alpha1.DowntimeWindow{Calendar: v1alpha1.CalendarMonth}}
		now := noon.Add(short(40*day).Draw(t, "later"))
		known, unknown := Of(log, TermsOf(spec, rapid.SampledFrom(zones).Draw(t, "zone")), now), Of(log, TermsOf(spec, nil), now)
		if unknown.Used < known.Used {
			t.Errorf("used %s, and where the zone is not known %s", known.Used, unknown.Used)
		}
	})
}
