package notice

import (
	"testing"
	"time"

	v1alpha1 "forewarn.dev/forewarn/api/v1alpha1"
)

func TestLapseIsCountedInDaysOfTheZoneR13(t *testing.T) {
	cases := map[string]struct {
		validity  Validity
		effective string
		want      string
	}{
		"at the same time of day":                   {Validity{180, "UTC"}, "2027-06-01T10:20:30Z", "2027-11-28T10:20:30Z"},
		"at midnight":                               {Validity{1, "UTC"}, "2027-06-01T00:00:00Z", "2027-06-02T00:00:00Z"},
		"with the day that a leap year has":         {Validity{366, "UTC"}, "2028-02-29T00:00:00Z", "2029-03-01T00:00:00Z"},
		"when clocks went back meanwhile":           {Validity{180, "Europe/Berlin"}, "2027-06-01T10:00:00Z", "2027-11-28T11:00:00Z"},
		"when clocks went on meanwhile":             {Validity{30, "Europe/Berlin"}, "2027-03-10T10:00:00Z", "2027-04-09T09:00:00Z"},
		"a time that is skipped, when it is":        {Validity{1, "Europe/Berlin"}, "2027-03-27T01:30:00Z", "2027-03-28T01:00:00Z"},
		"a second before the time that is skipped":  {Validity{1, "Europe/Berlin"}, "2027-03-27T00:59:59Z", "2027-03-28T00:59:59Z"},
		"a time that comes twice, the first time":   {Validity{1, "Europe/Berlin"}, "2027-10-30T00:30:00Z", "2027-10-31T00:30:00Z"},
		"the second time that such a time came":     {Validity{1, "Europe/Berlin"}, "2027-10-31T01:30:00Z", "2027-11-01T01:30:00Z"},
		"in a zone that is not known, as in UTC":    {Validity{1, "CST"}, "2027-06-01T00:00:00Z", "2027-06-02T00:00:00Z"},
		"no later than what can be written":         {Validity{3650, "UTC"}, "9999-06-01T00:00:00Z", "9999-12-31T23:59:59Z"},
		"a date that the zone skips as a whole day": {Validity{1, "Pacific/Apia"}, "2011-12-29T20:00:00Z", "2011-12-30T10:00:00Z"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			if got := c.validity.Lapse(instant(t, c.effective)); !got.Equal(instant(t, c.want)) {
				t.Errorf("%s, want %s", got.Format(time.RFC3339), c.want)
			}
		})
	}
}

func TestTheValidityByWhichANoticeLapsesFirstCounts(t *testing.T) {
	in := func(zone string, days int32) v1alpha1.NoticePolicy {
		return owing(zone, 1, func(s *policySpec) { s.TimeZone, s.ValidForDays = zone, days })
	}
	effective := instant(t, "2027-06-01T10:00:00Z")
	for name, policies := range map[string]Policies{
		"in order":      reading(t, in("Europe/Berlin", 180), in("UTC", 180), in("UTC", 181)),
		"in the others": reading(t, in("UTC", 181), in("UTC", 180), in("Europe/Berlin", 180)),
	} {
		if got := policies.Validity(effective); got != (Validity{180, "UTC"}) {
			t.Errorf("%s: %+v", name, got)
		}
	}
}

// What was known to lapse on 30 June, or to lapse later.
func TestALaterDateBringsNothingBackR7(t *testing.T) {
	const lapse = "2027-06-30T00:00:00Z"
	known := func(n *v1alpha1.ChangeNotice) { n.Status.LapsesTime = must(lapse) }
	stamped := func(n *v1alpha1.ChangeNotice) { known(n); n.Status.LapsedTime = must(lapse) }
	cases := map[string]struct {
		at     string
		change func(*v1alpha1.ChangeNotice)
		want   string
	}{
		"a second before the lapse that was known":     {"2027-06-29T23:59:59Z", known, v1alpha1.ReasonPublished},
		"at the lapse that was known":                  {lapse, known, v1alpha1.ReasonLapsed},
		"a second before, once stamped":                {"2027-06-29T23:59:59Z", stamped, v1alpha1.ReasonPublished},
		"at the stamp":                                 {lapse, stamped, v1alpha1.ReasonLapsed},
		"a stamp alone":                                {lapse, func(n *v1alpha1.ChangeNotice) { n.Status.LapsedTime = must(lapse) }, v1alpha1.ReasonLapsed},
		"the later date was known in time":             {lapse, func(n *v1alpha1.ChangeNotice) { n.Status.LapsesTime = must("2027-08-30T00:00:00Z") }, v1alpha1.ReasonPublished},
		"what a draft would have lapsed at counts not": {lapse, func(n *v1alpha1.ChangeNotice) { known(n); n.Status.PublishedTime = nil }, v1alpha1.ReasonNotPublished},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			moved := told("n", "2026-11-22T10:00:00Z", "2027-03-03T00:00:00Z", c.change)
			policies := reading(t, owing("p", 1))
			ledger := NewLedger(ordersAPI, []v1alpha1.ChangeNotice{moved}, policies)
			if got, _ := ledger.Standing("n", instant(t, c.at)); got != c.want {
				t.Errorf("%s, want %s", got, c.want)
			}
			covers := len(ledger.Coverage(v1Gone, instant(t, c.at))) > 0
			if covers != (c.want == v1alpha1.ReasonPublished) {
				t.Errorf("it covers %v", covers)
			}
		})
	}
}

func TestValidityIsFrozenWithThePublicationR8(t *testing.T) {
	valid := func(days int32) func(*v1alpha1.ChangeNotice) {
		return func(n *v1alpha1.ChangeNotice) {
			n.Status.Validity = v1alpha1.NoticeValidity{Days: days, TimeZone: "UTC"}
		}
	}
	today := owing("p", 1, func(s *policySpec) { s.ValidForDays = 30 })
	for name, c := range map[string]struct {
		change func(*v1alpha1.ChangeNotice)
		lapse  string
	}{
		"a policy that was tightened shortens nothing": {valid(60), "2027-05-02T00:00:00Z"},
		"a policy that was loosened lengthens nothing": {valid(10), "2027-03-13T00:00:00Z"},
		"where nothing was frozen, what holds today":   {valid(0), "2027-04-02T00:00:00Z"},
	} {
		t.Run(name, func(t *testing.T) {
			n := told("n", "2026-11-22T10:00:00Z", "2027-03-03T00:00:00Z", c.change)
			whole, ok := NewLedger(ordersAPI, []v1alpha1.ChangeNotice{n}, reading(t, today)).
				Whole("n", func(string) v1alpha1.Stability { return v1alpha1.StabilityStable })
			if !ok || !whole.Lapses.Equal(instant(t, c.lapse)) {
				t.Errorf("%s, want %s", whole.Lapses.Format(time.RFC3339), c.lapse)
			}
		})
	}
}

// A notice that names one which had lapsed has a clock of its own, whatever date the older has by now.
func TestALaterDateKeepsNoClockR7(t *testing.T) {
	for name, c := range map[string]struct{ lapses, matures string }{
		"the older had lapsed":          {"2026-11-22T10:00:00Z", "2026-12-03T00:00:00Z"},
		"it lapsed a second afterwards": {"2026-11-22T10:00:01Z", "2026-11-24T00:00:00Z"},
	} {
		t.Run(name, func(t *testing.T) {
			older := told("older", "2026-05-01T00:00:00Z", "2026-11-20T00:00:00Z", func(n *v1alpha1.ChangeNotice) { n.Status.LapsesTime = must(c.lapses) })
			newer := told("newer", "2026-11-22T10:00:00Z", "2026-11-24T00:00:00Z", supersedes("older"))
			got := NewLedger(ordersAPI, []v1alpha1.ChangeNotice{older, newer}, reading(t, owing("p", 10))).Coverage(v1Gone, instant(t, "2026-11-22T10:00:00Z"))
			if len(got) != 1 || !got[0].Matures.Equal(instant(t, c.matures)) {
				t.Errorf("%+v, want one that matures %s", got, c.matures)
			}
		})
	}
}
