package downtime

import (
	"testing"
	"time"
	_ "time/tzdata"

	v1alpha1 "forewarn.dev/forewarn/api/v1alpha1"
)

func zone(t *testing.T, name string) *time.Location {
	t.Helper()
	z, err := time.LoadLocation(name)
	if err != nil {
		t.Fatal(err)
	}
	return z
}

func TestMonths(t *testing.T) {
	for _, c := range []struct{ zone, now, start, end string }{
		{"UTC", "2027-03-01T00:00:00Z", "2027-03-01T00:00:00Z", "2027-04-01T00:00:00Z"},
		{"UTC", "2027-03-31T23:59:59.999999Z", "2027-03-01T00:00:00Z", "2027-04-01T00:00:00Z"},
		{"UTC", "2027-12-31T12:00:00Z", "2027-12-01T00:00:00Z", "2028-01-01T00:00:00Z"},
		{"UTC", "2028-02-29T12:00:00Z", "2028-02-01T00:00:00Z", "2028-03-01T00:00:00Z"},
		{"UTC", "2027-02-28T12:00:00Z", "2027-02-01T00:00:00Z", "2027-03-01T00:00:00Z"},
		// The clocks go on during March, and back during October.
		{"Europe/Berlin", "2027-03-10T12:00:00Z", "2027-02-28T23:00:00Z", "2027-03-31T22:00:00Z"},
		{"Europe/Berlin", "2027-10-10T12:00:00Z", "2027-09-30T22:00:00Z", "2027-10-31T23:00:00Z"},
		{"Europe/Berlin", "2027-02-28T22:59:59Z", "2027-01-31T23:00:00Z", "2027-02-28T23:00:00Z"},
		{"Europe/Berlin", "2027-02-28T23:00:00Z", "2027-02-28T23:00:00Z", "2027-03-31T22:00:00Z"},
		// Paraguay left out midnight of 1 October 2017: 00:00 -> 01:00.
		{"America/Asuncion", "2017-10-01T03:59:59Z", "2017-09-01T04:00:00Z", "2017-10-01T04:00:00Z"},
		{"America/Asuncion", "2017-10-01T04:00:00Z", "2017-10-01T04:00:00Z", "2017-11-01T03:00:00Z"},
		// Newfoundland went from 00:01 back to 23:01 on 1 November 2009: October was over once.
		{"America/St_Johns", "2009-11-01T02:29:59Z", "2009-10-01T02:30:00Z", "2009-11-01T02:30:00Z"},
		{"America/St_Johns", "2009-11-01T02:30:30Z", "2009-11-01T02:30:00Z", "2009-12-01T03:30:00Z"},
		{"America/St_Johns", "2009-11-01T02:45:00Z", "2009-11-01T02:30:00Z", "2009-12-01T03:30:00Z"},
		// As far from UTC as there are zones.
		{"Asia/Kathmandu", "2027-05-10T12:00:00Z", "2027-04-30T18:15:00Z", "2027-05-31T18:15:00Z"},
		{"Pacific/Kiritimati", "2027-05-10T12:00:00Z", "2027-04-30T10:00:00Z", "2027-05-31T10:00:00Z"},
		{"Pacific/Pago_Pago", "2027-05-10T12:00:00Z", "2027-05-01T11:00:00Z", "2027-06-01T11:00:00Z"},
	} {
		f := Frame{Zone: zone(t, c.zone)}
		now := at(c.now)
		start, end := f.Start(now), f.End(now)
		if !start.Equal(at(c.start)) || !end.Equal(at(c.end)) {
			t.Errorf("%s in %s: %s to %s, want %s to %s", c.now, c.zone, moment(&start), moment(&end), c.start, c.end)
		}
	}
}

func TestLastDays(t *testing.T) {
	f := Frame{Days: 30} // of 24 hours, whatever the clocks do
	if start, end := f.Start(noon), f.End(noon); !start.Equal(at("2027-01-30T12:00:00Z")) || !end.Equal(at("2027-03-31T12:00:00Z")) {
		t.Errorf("%s to %s", start, end)
	}
}

func TestAMonthFreesAllAtItsEnd(t *testing.T) {
	terms := Terms{Allowed: 43 * time.Minute, Frame: Frame{Zone: zone(t, "Europe/Berlin")}}
	began := at("2027-03-31T21:00:00Z")
	end := "2027-03-31T22:00:00Z"
	log := logOf(wentDown(began, began.Add(43*time.Minute)))
	got := Of(log, terms, began.Add(50*time.Minute))
	if moment(got.Spent) != "2027-03-31T21:42:59.000001Z" || moment(got.Frees) != end || moment(got.NextChange) != end || moment(got.Drifts) != end {
		t.Errorf("spent %s, frees %s, next %s, drifts %s", moment(got.Spent), moment(got.Frees), moment(got.NextChange), moment(got.Drifts))
	}
	if got := Of(log, terms, at(end)); got.Spent != nil || got.Used != 0 || got.Left != 43*time.Minute {
		t.Errorf("in April: %+v", got)
	}
	if got := Of(log, terms, at(end).Add(-time.Microsecond)); got.Spent == nil {
		t.Error("it is free while it is March")
	}
	// What lasts over the end counts in each month for itself.
	over := logOf(wentDown(began, time.Time{}))
	if got := Of(over, terms, at(end).Add(10*time.Minute)); got.Used != 10*time.Minute || moment(got.Exhausted) != "2027-03-31T22:42:59.000001Z" {
		t.Errorf("over the end: used %s, exhausted %s", got.Used, moment(got.Exhausted))
	}
	if got := Of(over, terms, at(end).Add(time.Hour)); moment(got.Spent) != "2027-03-31T22:42:59.000001Z" || moment(got.Frees) != "2027-04-30T22:00:00Z" {
		t.Errorf("over the end: spent %s, frees %s", moment(got.Spent), moment(got.Frees))
	}
	// What is left in a month is left until that is over, and all of it in the next.
	for name, c := range map[string]struct {
		began time.Time
		want  string
	}{
		"spent in the last moment":   {at(end).Add(-43*time.Minute + time.Second - 2*tick), "2027-03-31T21:59:59.999999Z"},
		"spent as the month is over": {at(end).Add(-43*time.Minute + time.Second - tick), "2027-03-31T22:42:59.000001Z"},
		"spent in the next":          {at(end).Add(-20 * time.Minute), "2027-03-31T22:42:59.000001Z"},
	} {
		log := logOf(wentDown(c.began, time.Time{}))
		if got := Of(log, terms, at(end).Add(-10*time.Minute)); moment(got.Exhausted) != c.want || moment(got.NextChange) != c.want {
			t.Errorf("%s: exhausted %s, next %s, want %s", name, moment(got.Exhausted), moment(got.NextChange), c.want)
		}
	}
	terms.Planned = ptrTo(15 * time.Minute)
	planned := logOf(lasting(v1alpha1.AvailabilityDown, "works", at(end).Add(-10*time.Minute), time.Time{}))
	if got := Of(planned, terms, at(end).Add(-5*time.Minute)); moment(got.Exhausted) != "2027-03-31T22:57:59.000001Z" {
		t.Errorf("as planned, over the end: exhausted %s", moment(got.Exhausted))
	}
}
