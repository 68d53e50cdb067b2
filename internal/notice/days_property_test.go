package notice

import (
	"maps"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"
)

func zoneNames(t testing.TB) []string {
	t.Helper()
	zones, err := database()
	if err != nil {
		t.Fatal(err)
	}
	return append(slices.Sorted(maps.Keys(zones.names)), "UTC")
}

// instants are within the second around the beginning of a local day as often as anywhere else: that
// is where answers change. Zones had offsets of less than a minute until 1972.
func instants(zone *time.Location) *rapid.Generator[time.Time] {
	return rapid.Custom(func(t *rapid.T) time.Time {
		d := day(rapid.Int64Range(int64(dayOf(1973, 1, 1)), int64(dayOf(2100, 1, 1))).Draw(t, "day"))
		local := localDays{zone: zone}
		at := time.Unix(local.begins(d), 0).UTC()
		if rapid.Bool().Draw(t, "at a boundary") {
			return at.Add(time.Duration(rapid.SampledFrom([]int64{-1e9, -1, 0, 1, 1e9}).Draw(t, "ns")))
		}
		return at.Add(time.Duration(rapid.Int64Range(0, 25*3600).Draw(t, "seconds")) * time.Second)
	})
}

func periods(names []string) *rapid.Generator[Period] {
	codes := slices.Sorted(maps.Keys(calendars))
	return rapid.Custom(func(t *rapid.T) Period {
		return Period{
			Days:     rapid.OneOf(rapid.IntRange(0, 5), rapid.IntRange(0, 400), rapid.Just(maxDays)).Draw(t, "days"),
			Business: rapid.Bool().Draw(t, "business"),
			Zone:     rapid.SampledFrom(names).Draw(t, "zone"),
			Holidays: rapid.SliceOfN(rapid.SampledFrom(codes), 0, 3).Draw(t, "holidays"),
			Closed:   rapid.SliceOfN(rapid.StringMatching(`20[2-9][0-9]-(0[1-9]|1[0-2])-(0[1-9]|1[0-9]|2[0-8])`), 0, 5).Draw(t, "closed"),
		}
	})
}

func mustEnd(t *rapid.T, p Period, start time.Time) time.Time {
	t.Helper()
	end, err := p.End(start)
	if err != nil {
		t.Fatalf("End(%s) of %+v: %v", start, p, err)
	}
	return end
}

func property(t *testing.T, check func(t *rapid.T, p Period, start time.Time)) {
	t.Helper()
	names := zoneNames(t)
	rapid.Check(t, func(rt *rapid.T) {
		p := periods(names).Draw(rt, "period")
		check(rt, p, instants(zone(t, p.Zone)).Draw(rt, "start"))
	})
}

func TestMoreDaysNeverEndEarlierR13(t *testing.T) {
	property(t, func(t *rapid.T, p Period, start time.Time) {
		longer := p
		longer.Days = rapid.IntRange(p.Days, maxDays).Draw(t, "more days")
		if end, later := mustEnd(t, p, start), mustEnd(t, longer, start); later.Before(end) {
			t.Errorf("%d days end on %s, %d days on %s", p.Days, end, longer.Days, later)
		}
	})
}

func TestALaterStartNeverEndsEarlierR13(t *testing.T) {
	property(t, func(t *rapid.T, p Period, start time.Time) {
		later := start.Add(time.Duration(rapid.Int64Range(1, 72*3600).Draw(t, "seconds later")) * time.Second)
		if end, endOfLater := mustEnd(t, p, start), mustEnd(t, p, later); endOfLater.Before(end) {
			t.Errorf("from %s it ends on %s, from %s on %s", start, end, later, endOfLater)
		}
	})
}

func TestBusinessDaysNeverEndBeforeCalendarDaysR13(t *testing.T) {
	property(t, func(t *rapid.T, p Period, start time.Time) {
		calendar, business := p, p
		calendar.Business, business.Business = false, true
		if end, later := mustEnd(t, calendar, start), mustEnd(t, business, start); later.Before(end) {
			t.Errorf("%d calendar days end on %s, business days on %s", p.Days, end, later)
		}
	})
}

func TestMoreHolidaysNeverEndEarlierR13(t *testing.T) {
	property(t, func(t *rapid.T, p Period, start time.Time) {
		p.Business = true
		fewer := p
		fewer.Holidays, fewer.Closed = nil, nil
		if end, later := mustEnd(t, fewer, start), mustEnd(t, p, start); later.Before(end) {
			t.Errorf("without holidays it ends on %s, with them on %s", end, later)
		}
	})
}

func TestLatestStartIsTheInverseOfEndR13(t *testing.T) {
	property(t, func(t *rapid.T, p Period, end time.Time) {
		end = end.AddDate(25, 0, 0) // so that no start is before 1970
		start, err := p.LatestStart(end)
		if err != nil {
			t.Fatalf("LatestStart(%s) of %+v: %v", end, p, err)
		}
		if got := mustEnd(t, p, start); got.After(end) {
			t.Errorf("from %s it ends on %s, after %s", start, got, end)
		}
		for _, later := range []time.Duration{1, time.Second} {
			if got := mustEnd(t, p, start.Add(later)); !got.After(end) {
				t.Errorf("%s after %s it still ends on %s, not after %s", later, start, got, end)
			}
		}
	})
}

// The strictest reading, without the arithmetic of localDays: look at the calendar on the wall once a
// minute, from days before the start to days after the end. A day is full when it was seen in between
// and at no other time. There are as many as are owed, no fewer and no more.
func TestAPeriodHoldsTheFullDaysThatAreOwedR13(t *testing.T) {
	names := zoneNames(t)
	rapid.Check(t, func(rt *rapid.T) {
		p := Period{
			Days: rapid.IntRange(1, 30).Draw(rt, "days"),
			Zone: rapid.SampledFrom(names).Draw(rt, "zone"),
		}
		wall := zone(t, p.Zone)
		start := aroundAChange(wall).Draw(rt, "start")
		end := mustEnd(rt, p, start)

		full := map[string]bool{}
		for at := start.Truncate(time.Minute).Add(-72 * time.Hour); at.Before(end.Add(72 * time.Hour)); at = at.Add(time.Minute) {
			date := at.In(wall).Format(time.DateOnly)
			inside := !at.Before(start) && at.Before(end)
			if before, seen := full[date]; !seen || before {
				full[date] = inside
			}
		}
		got := 0
		for _, inside := range full {
			if inside {
				got++
			}
		}
		if got != p.Days {
			rt.Errorf("%d full days of %s between %s and %s, want %d", got, p.Zone, start, end, p.Days)
		}
		if left := DaysLeft(start, end, wall); left != got {
			rt.Errorf("DaysLeft = %d between %s and %s in %s, want %d", left, start, end, p.Zone, got)
		}
	})
}

// aroundAChange prefers the days on which the zone's clocks change.
func aroundAChange(zone *time.Location) *rapid.Generator[time.Time] {
	return rapid.Custom(func(t *rapid.T) time.Time {
		at := instants(zone).Draw(t, "instant")
		if _, change := at.In(zone).ZoneBounds(); change.Year() > 1973 && rapid.Bool().Draw(t, "at a change") {
			at = change.UTC().Add(time.Duration(rapid.Int64Range(-36*60, 36*60).Draw(t, "minutes")) * time.Minute)
		}
		return at
	})
}
