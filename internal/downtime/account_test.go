package downtime

import (
	"testing"
	"time"

	v1alpha1 "forewarn.dev/forewarn/api/v1alpha1"
)

func at(text string) time.Time {
	t, err := time.Parse(time.RFC3339Nano, text)
	if err != nil {
		panic(err)
	}
	return t.UTC()
}

// lasting is an interval; the zero end leaves it open.
func lasting(state v1alpha1.Availability, notice string, start, end time.Time) v1alpha1.DowntimeInterval {
	i := v1alpha1.DowntimeInterval{StartTime: micro(start), State: state, Cause: v1alpha1.CauseUnknown, Notice: v1alpha1.ObjectName(notice)}
	if !end.IsZero() {
		i.EndTime = micro(end)
	}
	return i
}

func wentDown(start, end time.Time) v1alpha1.DowntimeInterval {
	return lasting(v1alpha1.AvailabilityDown, "", start, end)
}

func logOf(intervals ...v1alpha1.DowntimeInterval) Log { return Log{Intervals: intervals} }

func days(n int, allowed time.Duration) Terms { return Terms{Allowed: allowed, Frame: Frame{Days: n}} }

func moment(t *time.Time) string {
	if t == nil {
		return "never"
	}
	return t.UTC().Format(time.RFC3339Nano)
}

var noon = at("2027-03-01T12:00:00Z")

func TestWhatCounts(t *testing.T) {
	ago := func(d time.Duration) time.Time { return noon.Add(-d) }
	ten := 10 * time.Minute
	for name, c := range map[string]struct {
		log        Log
		terms      Terms
		used, left time.Duration
		sum        Sum
	}{
		"nothing": {Log{}, days(30, time.Hour), 0, time.Hour, Sum{}},
		"down":    {logOf(wentDown(ago(ten), ago(0))), days(30, time.Hour), ten, 50 * time.Minute, Sum{Unplanned: ten}},
		"degraded counts as down": {
			logOf(lasting(v1alpha1.AvailabilityDegraded, "", ago(ten), ago(0))), days(30, time.Hour), ten, 50 * time.Minute, Sum{Unplanned: ten},
		},
		"still down":            {logOf(wentDown(ago(ten), time.Time{})), days(30, time.Hour), ten, 50 * time.Minute, Sum{Unplanned: ten}},
		"used is rounded up":    {logOf(wentDown(ago(time.Microsecond), ago(0))), days(30, time.Hour), time.Second, time.Hour - time.Second, Sum{Unplanned: time.Second}},
		"as much as is allowed": {logOf(wentDown(ago(time.Hour), ago(0))), days(30, time.Hour), time.Hour, 0, Sum{Unplanned: time.Hour}},
		"more than is allowed":  {logOf(wentDown(ago(2*time.Hour), ago(0))), days(30, time.Hour), 2 * time.Hour, 0, Sum{Unplanned: 2 * time.Hour}},
		"planned": {
			logOf(lasting(v1alpha1.AvailabilityDown, "works", ago(ten), ago(0))), days(30, time.Hour), 0, time.Hour, Sum{Planned: ten},
		},
		"planned beyond what may be planned": {
			logOf(lasting(v1alpha1.AvailabilityDown, "works", ago(ten), ago(0))),
			Terms{Allowed: time.Hour, Planned: ptrTo(4 * time.Minute), Frame: Frame{Days: 30}}, 6 * time.Minute, 54 * time.Minute, Sum{Planned: ten},
		},
		"nobody looked": {
			logOf(lasting(v1alpha1.AvailabilityUnobserved, "", ago(ten), ago(0))), days(30, time.Hour), 0, time.Hour, Sum{Unobserved: ten},
		},
		"nobody looked, which spends": {
			logOf(lasting(v1alpha1.AvailabilityUnobserved, "", ago(ten), ago(0))),
			Terms{Allowed: time.Hour, Frame: Frame{Days: 30}, SpendUnobserved: true}, ten, 50 * time.Minute, Sum{Unobserved: ten},
		},
		"half of it has left": {
			logOf(wentDown(ago(30*day+ten), ago(30*day-ten))), days(30, time.Hour), ten, 50 * time.Minute, Sum{Unplanned: ten},
		},
		"summed up, and its last second is in the window": {
			Log{Older: []v1alpha1.DowntimeSum{{UntilTime: micro(ago(30*day - time.Microsecond)), UnplannedSeconds: ptrTo(int64(600)), UnobservedSeconds: ptrTo(int64(5))}}},
			days(30, time.Hour), ten, 50 * time.Minute, Sum{Unplanned: ten, Unobserved: 5 * time.Second},
		},
		"summed up, and has left": {
			Log{Older: []v1alpha1.DowntimeSum{{UntilTime: micro(ago(30 * day)), UnplannedSeconds: ptrTo(int64(600))}}}, days(30, time.Hour), 0, time.Hour, Sum{},
		},
	} {
		t.Run(name, func(t *testing.T) {
			got := Of(c.log, c.terms, noon)
			if got.Used != c.used || got.Left != c.left || got.Sum != c.sum {
				t.Errorf("used %s, left %s, %+v; want %s, %s, %+v", got.Used, got.Left, got.Sum, c.used, c.left, c.sum)
			}
		})
	}
}

func TestSpentToTheSecond(t *testing.T) {
	began := at("2027-02-01T10:00:00.25Z")
	for name, c := range map[string]struct {
		log         Log
		allowed     time.Duration
		now         time.Time
		spent, free string
		next        string
	}{
		"a second is left": {
			logOf(wentDown(began, began.Add(43*time.Minute-time.Second))), 43 * time.Minute, noon, "never", "never", "never",
		},
		"less than a second is left": {
			logOf(wentDown(began, began.Add(43*time.Minute-time.Second+time.Microsecond))), 43 * time.Minute, noon,
			"2027-02-01T10:42:59.250001Z", "2027-03-03T10:00:01Z", "2027-03-03T10:00:01Z",
		},
		"two minutes too many": {
			logOf(wentDown(began, began.Add(45*time.Minute))), 43 * time.Minute, noon,
			"2027-02-01T10:42:59.250001Z", "2027-03-03T10:02:02Z", "2027-03-03T10:02:02Z",
		},
		"in two pieces": {
			logOf(wentDown(began, began.Add(20*time.Minute)), wentDown(began.Add(day), began.Add(day+23*time.Minute))), 43 * time.Minute, noon,
			"2027-02-02T10:22:59.250001Z", "2027-03-03T10:00:02Z", "2027-03-03T10:00:02Z",
		},
		"nothing is allowed": {
			logOf(wentDown(began, began.Add(time.Microsecond))), 0, noon, "2027-02-01T10:00:00.250001Z", "2027-03-03T10:00:01Z", "2027-03-03T10:00:01Z",
		},
		"nothing is allowed, and nothing was used": {Log{}, 0, noon, "never", "never", "never"},
		"still down, and it is spent": {
			logOf(wentDown(noon.Add(-time.Hour), time.Time{})), 43 * time.Minute, noon, "2027-03-01T11:42:59.000001Z", "2027-03-31T11:17:01Z", "never",
		},
		"still down, and some is left": {
			logOf(wentDown(noon.Add(-40*time.Minute), time.Time{})), 43 * time.Minute, noon, "never", "never", "2027-03-01T12:02:59.000001Z",
		},
		"summed up": {
			Log{Older: []v1alpha1.DowntimeSum{{UntilTime: micro(began), UnplannedSeconds: ptrTo(int64(2580))}}}, 43 * time.Minute, noon,
			"2027-02-01T10:00:00.25Z", "2027-03-03T10:00:01Z", "2027-03-03T10:00:01Z",
		},
	} {
		t.Run(name, func(t *testing.T) {
			got := Of(c.log, days(30, c.allowed), c.now)
			if moment(got.Spent) != c.spent || moment(got.Frees) != c.free || moment(got.NextChange) != c.next {
				t.Errorf("spent %s, frees %s, next %s; want %s, %s, %s", moment(got.Spent), moment(got.Frees), moment(got.NextChange), c.spent, c.free, c.next)
			}
		})
	}
}

func TestProjection(t *testing.T) {
	ago := func(d time.Duration) time.Time { return noon.Add(-d) }
	limited := days(30, time.Hour)
	limited.Planned = ptrTo(15 * time.Minute)
	spending := days(30, time.Hour)
	spending.SpendUnobserved = true
	for name, c := range map[string]struct {
		log       Log
		terms     Terms
		burn      int64
		exhausted string
	}{
		"up":                             {Log{}, days(30, time.Hour), 0, "never"},
		"two minutes today":              {logOf(wentDown(ago(2*time.Minute), ago(0))), days(30, time.Hour), 100, "2027-03-30T12:00:00Z"},
		"a second more":                  {logOf(wentDown(ago(2*time.Minute+time.Second), ago(0))), days(30, time.Hour), 101, "2027-03-30T06:02:00Z"},
		"so little that it never will":   {logOf(wentDown(ago(time.Minute), ago(0))), days(30, time.Hour), 50, "never"},
		"the day before":                 {logOf(wentDown(ago(day+time.Hour), ago(day))), days(30, 2*time.Hour), 0, "never"},
		"half of it the day before":      {logOf(wentDown(ago(day+time.Hour), ago(day-time.Hour))), days(30, 4*time.Hour), 750, "2027-03-03T12:00:00Z"},
		"down":                           {logOf(wentDown(ago(2*time.Minute), time.Time{})), days(30, time.Hour), 100, "2027-03-01T12:57:59.000001Z"},
		"down as planned":                {logOf(lasting(v1alpha1.AvailabilityDown, "works", ago(2*time.Minute), time.Time{})), days(30, time.Hour), 0, "never"},
		"down as planned, which is full": {logOf(lasting(v1alpha1.AvailabilityDown, "works", ago(5*time.Minute), time.Time{})), limited, 0, "2027-03-01T13:09:59.000001Z"},
		"nobody looks":                   {logOf(lasting(v1alpha1.AvailabilityUnobserved, "", ago(2*time.Minute), time.Time{})), days(30, time.Hour), 0, "never"},
		"nobody looks, which spends":     {logOf(lasting(v1alpha1.AvailabilityUnobserved, "", ago(2*time.Minute), time.Time{})), spending, 100, "2027-03-01T12:57:59.000001Z"},
		"nothing is allowed":             {logOf(wentDown(ago(2*time.Minute), ago(0))), days(30, 0), 100, "never"},
		"a second of as much as can be":  {logOf(wentDown(ago(time.Second), ago(0))), days(31, 44640*time.Minute), 1, "never"},
		"a second of a day and a half":   {logOf(wentDown(ago(time.Second), ago(0))), days(30, 36*time.Hour), 1, "never"},
	} {
		t.Run(name, func(t *testing.T) {
			got := Of(c.log, c.terms, noon)
			if got.BurnPercent != c.burn || moment(got.Exhausted) != c.exhausted {
				t.Errorf("%d %%, exhausted %s; want %d %%, %s", got.BurnPercent, moment(got.Exhausted), c.burn, c.exhausted)
			}
		})
	}
}

func TestWhatPeopleReadDrifts(t *testing.T) {
	began := at("2027-02-01T10:00:00Z")
	log := logOf(wentDown(began, began.Add(time.Hour)))
	for now, want := range map[string]string{
		"2027-02-01T12:00:00Z": "2027-02-02T10:00:00Z", // it leaves the last 24 hours
		"2027-02-02T10:30:00Z": "2027-02-02T10:30:00Z",
		"2027-02-02T11:00:00Z": "2027-03-03T10:00:00Z", // it leaves the window
		"2027-03-03T10:59:59Z": "2027-03-03T10:59:59Z",
		"2027-03-03T11:00:00Z": "never",
	} {
		if got := moment(Of(log, days(30, 43*time.Minute), at(now)).Drifts); got != want {
			t.Errorf("at %s: %s, want %s", now, got, want)
		}
	}
	if got := moment(Of(logOf(wentDown(began, time.Time{})), days(30, 43*time.Minute), noon).Drifts); got != moment(&noon) {
		t.Errorf("down: %s", got)
	}
}

func TestTermsOf(t *testing.T) {
	berlin := zone(t, "Europe/Berlin")
	spec := &v1alpha1.DowntimeBudgetSpec{AllowedMinutes: ptrTo(int32(43)), Unobserved: v1alpha1.UnobservedSpend, PlannedMinutes: ptrTo(int32(0))}
	got := TermsOf(spec, nil)
	if got.Allowed != 43*time.Minute || got.Frame.Days != 30 || !got.SpendUnobserved || got.Planned == nil || *got.Planned != 0 {
		t.Errorf("%+v", got)
	}
	spec.Window.Days = 7
	if got := TermsOf(spec, nil); got.Frame.Days != 7 {
		t.Errorf("%+v", got)
	}
	spec.Window = v1alpha1.DowntimeWindow{Calendar: v1alpha1.CalendarMonth, TimeZone: "Europe/Berlin"}
	if got := TermsOf(spec, berlin); got.Frame.Days != 0 || got.Frame.Zone != berlin {
		t.Errorf("%+v", got)
	}
	if got := TermsOf(spec, nil); got.Frame.Days != 31 { // nobody knows which zone: any month that is under way
		t.Errorf("%+v", got)
	}
}
