package notice

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	v1alpha1 "forewarn.dev/forewarn/api/v1alpha1"
)

func quietly(t testing.TB, zone string, hours v1alpha1.QuietHours) Policies {
	t.Helper()
	p, errs := ReadSpec("public-apis", &v1alpha1.NoticePolicySpec{
		TimeZone: zone, Holidays: []string{"DE"}, ClosedDates: []string{"2026-11-27"},
		Owed:    []v1alpha1.OwedTerm{{Class: v1alpha1.ClassRemoval, Days: new(int32)}},
		Content: v1alpha1.ContentRules{QuietHours: hours},
	})
	if len(errs) > 0 {
		t.Fatal(errs)
	}
	return Policies{p}
}

func hours(from, to v1alpha1.ClockTime, days ...v1alpha1.QuietDays) v1alpha1.QuietHours {
	return v1alpha1.QuietHours{From: from, To: to, WholeDays: days}
}

func in(zone string, customers int32, holidays ...string) v1alpha1.CustomerCalendar {
	return v1alpha1.CustomerCalendar{TimeZone: zone, Customers: customers, Holidays: holidays}
}

// Each case gives moments and until when each is quiet; empty: it is not.
func TestQuietAt(t *testing.T) {
	const weekends, holidays = v1alpha1.QuietWeekends, v1alpha1.QuietHolidays
	night := hours("20:00", "08:00")
	berlin := []v1alpha1.CustomerCalendar{in("Europe/Berlin", 1)}
	for name, tc := range map[string]struct {
		hours     v1alpha1.QuietHours
		calendars []v1alpha1.CustomerCalendar
		until     map[string]string
	}{
		"a night": {night, berlin, map[string]string{
			"2026-11-23T18:59:59Z": "", "2026-11-23T19:00:00Z": "2026-11-24T07:00:00Z",
			"2026-11-24T06:59:59Z": "2026-11-24T07:00:00Z", "2026-11-24T06:59:59.9Z": "2026-11-24T07:00:00Z", "2026-11-24T07:00:00Z": "",
		}},
		"within a day": {hours("12:00", "13:00"), berlin, map[string]string{
			"2026-11-23T10:59:59Z": "", "2026-11-23T11:00:00Z": "2026-11-23T12:00:00Z",
			"2026-11-23T11:59:59Z": "2026-11-23T12:00:00Z", "2026-11-23T12:00:00Z": "",
		}},
		"the zone of the policy where there is none": {night, []v1alpha1.CustomerCalendar{in("", 1)}, map[string]string{
			"2026-11-24T01:59:59Z": "", "2026-11-24T02:00:00Z": "2026-11-24T14:00:00Z", "2026-11-24T13:59:59Z": "2026-11-24T14:00:00Z", "2026-11-24T14:00:00Z": "",
		}},
		"a weekend": {hours("20:00", "08:00", weekends), berlin, map[string]string{
			"2026-11-20T18:59:59Z": "", "2026-11-20T19:00:00Z": "2026-11-23T07:00:00Z", // from Friday evening to Monday morning
			"2026-11-21T12:00:00Z": "2026-11-23T07:00:00Z", "2026-11-22T22:59:59Z": "2026-11-23T07:00:00Z", "2026-11-23T07:00:00Z": "",
		}},
		"a weekend with quiet hours at noon": {hours("12:00", "13:00", weekends), berlin, map[string]string{
			"2026-11-20T22:59:59Z": "", "2026-11-20T23:00:00Z": "2026-11-22T23:00:00Z", "2026-11-22T22:59:59Z": "2026-11-22T23:00:00Z", "2026-11-22T23:00:00Z": "",
		}},
		"a weekend that is not quiet": {night, berlin, map[string]string{"2026-11-21T12:00:00Z": ""}},
		"a holiday of the customer": {hours("20:00", "08:00", holidays), []v1alpha1.CustomerCalendar{in("Europe/Vienna", 1, "AT")}, map[string]string{
			"2026-12-07T18:59:59Z": "", "2026-12-07T19:00:00Z": "2026-12-09T07:00:00Z", "2026-12-08T12:00:00Z": "2026-12-09T07:00:00Z", // 8 December
		}},
		"one of the policy, and a date of its": {hours("20:00", "08:00", holidays), berlin, map[string]string{
			"2026-12-25T12:00:00Z": "2026-12-27T07:00:00Z", "2026-12-08T12:00:00Z": "", // AT alone
			"2026-11-27T12:00:00Z": "2026-11-28T07:00:00Z",
		}},
		"a holiday that is not quiet": {night, []v1alpha1.CustomerCalendar{in("Europe/Vienna", 1, "AT")}, map[string]string{"2026-12-08T12:00:00Z": ""}},
		"two zones": {night, []v1alpha1.CustomerCalendar{in("Europe/Berlin", 1), in("America/New_York", 1)}, map[string]string{
			"2026-11-23T08:00:00Z": "2026-11-23T13:00:00Z", "2026-11-23T13:00:00Z": "", "2026-11-23T18:59:59Z": "", "2026-11-23T19:00:00Z": "2026-11-24T13:00:00Z",
		}},
		"the clock put forward over the end": {hours("20:00", "02:30"), berlin, map[string]string{ // 02:00 is 03:00 on 28 March 2027
			"2027-03-28T00:59:59Z": "2027-03-28T01:00:00Z", "2027-03-28T01:00:00Z": "",
		}},
		"the clock put forward over the beginning": {hours("02:30", "04:00"), berlin, map[string]string{
			"2027-03-28T00:59:59Z": "", "2027-03-28T01:00:00Z": "2027-03-28T02:00:00Z", "2027-03-28T02:00:00Z": "",
		}},
		"a night that is an hour shorter": {night, berlin, map[string]string{
			"2027-03-27T18:59:59Z": "", "2027-03-27T19:00:00Z": "2027-03-28T06:00:00Z", "2027-03-28T05:59:59Z": "2027-03-28T06:00:00Z", "2027-03-28T06:00:00Z": "",
		}},
		"the clock put back over the end": {hours("20:00", "02:30"), berlin, map[string]string{ // 03:00 is 02:00 on 31 October 2027
			"2027-10-31T00:29:59Z": "2027-10-31T00:30:00Z", "2027-10-31T00:30:00Z": "", "2027-10-31T00:59:59Z": "",
			"2027-10-31T01:00:00Z": "2027-10-31T01:30:00Z", "2027-10-31T01:30:00Z": "",
		}},
		"a day without midnight": {hours("22:00", "00:00"), []v1alpha1.CustomerCalendar{in("America/Asuncion", 1)}, map[string]string{ // 00:00 is 01:00 on 1 October 2023
			"2023-10-01T03:59:59Z": "2023-10-01T04:00:00Z", "2023-10-01T04:00:00Z": "",
		}},
		"nobody to disturb": {night, nil, map[string]string{"2026-11-23T23:00:00Z": ""}},
		"no quiet hours":    {v1alpha1.QuietHours{}, berlin, map[string]string{"2026-11-23T23:00:00Z": ""}},
	} {
		t.Run(name, func(t *testing.T) {
			ps := quietly(t, "America/Chicago", tc.hours)
			for now, want := range tc.until {
				got, err := ps.QuietAt(tc.calendars, instant(t, now))
				if err != nil || got.Disturbed != 0 {
					t.Fatal(got, err)
				}
				until := ""
				if !got.Until.IsZero() {
					until = got.Until.Format(time.RFC3339)
				}
				if until != want {
					t.Errorf("%s: quiet until %q and not %q", now, until, want)
				}
			}
		})
	}
}

// Where no moment suits all, it is the one that disturbs the fewest, and then it is.
func TestQuietForTheFewest(t *testing.T) {
	ps := quietly(t, "", hours("20:00", "08:00"))
	calendars := []v1alpha1.CustomerCalendar{in("Europe/Berlin", 1), in("America/New_York", 5), in("Asia/Tokyo", 3)}
	for now, want := range map[string]Quiet{
		"2026-11-23T08:00:00Z": {Until: instant(t, "2026-11-23T23:00:00Z"), Disturbed: 1, Customers: 9, Policy: "public-apis"},
		"2026-11-23T22:59:59Z": {Until: instant(t, "2026-11-23T23:00:00Z"), Disturbed: 1, Customers: 9, Policy: "public-apis"},
		"2026-11-23T23:00:00Z": {Disturbed: 1, Customers: 9, Policy: "public-apis"},
		"2026-11-24T00:59:59Z": {Disturbed: 1, Customers: 9, Policy: "public-apis"},
		"2026-11-24T01:00:00Z": {Until: instant(t, "2026-11-24T23:00:00Z"), Disturbed: 1, Customers: 9, Policy: "public-apis"},
	} {
		got, err := ps.QuietAt(calendars, instant(t, now))
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s: %s", now, diff)
		}
	}
}

// The quiet hours of each policy count.
func TestQuietByTwoPolicies(t *testing.T) {
	ps := append(quietly(t, "", hours("20:00", "08:00")), quietly(t, "", hours("07:00", "09:00"))...)
	got, err := ps.QuietAt([]v1alpha1.CustomerCalendar{in("Europe/Berlin", 1)}, instant(t, "2026-11-24T05:00:00Z"))
	if want := instant(t, "2026-11-24T08:00:00Z"); err != nil || !got.Until.Equal(want) {
		t.Error(got, err)
	}
}

// What the library says by the clock on the wall, and by looking at each second quarter of an hour.
func TestQuietProperty(t *testing.T) {
	zones := []string{"Europe/Berlin", "America/New_York", "Asia/Tokyo", "Australia/Lord_Howe", "America/St_Johns", "Pacific/Apia", "UTC"}
	times := []v1alpha1.ClockTime{"00:00", "02:00", "02:30", "07:15", "08:00", "20:00", "23:45"}
	rapid.Check(t, func(t *rapid.T) {
		from, to := rapid.SampledFrom(times).Draw(t, "from"), rapid.SampledFrom(times).Draw(t, "to")
		if from == to {
			t.Skip("no time is quiet from a moment until the same")
		}
		weekends := rapid.Bool().Draw(t, "weekends")
		ps := Policies{{Name: "p", Quiet: &QuietTimes{from: secondOfDay(from), to: secondOfDay(to), weekends: weekends, calendar: Period{Zone: "UTC"}}}}
		var calendars []v1alpha1.CustomerCalendar
		for _, zone := range rapid.SliceOfNDistinct(rapid.SampledFrom(zones), 1, 3, rapid.ID).Draw(t, "zones") {
			calendars = append(calendars, in(zone, int32(rapid.IntRange(1, 3).Draw(t, "customers"))))
		}
		now := time.Date(2027, 1, 1, 0, 0, rapid.IntRange(0, 365*secondsPerDay).Draw(t, "second"), 0, time.UTC)
		got, err := ps.QuietAt(calendars, now)
		if err != nil {
			t.Fatal(err)
		}
		until := got.Until
		if until.IsZero() {
			until = now
		}
		if n := quietFor(t, calendars, until, from, to, weekends); n != got.Disturbed {
			t.Fatalf("at %s it disturbs %d and not %d", until, n, got.Disturbed)
		}
		for at := now; at.Before(until); at = at.Add(15 * time.Minute) {
			if n := quietFor(t, calendars, at, from, to, weekends); n <= got.Disturbed {
				t.Fatalf("at %s, before %s, it disturbs %d", at, until, n)
			}
		}
		for range calendars { // it is put off only for fewer, and not for ever
			if again, _ := ps.QuietAt(calendars, until); !again.Until.IsZero() {
				until = again.Until
			}
		}
		if last, _ := ps.QuietAt(calendars, until); !last.Until.IsZero() {
			t.Fatalf("at %s it is put off again", until)
		}
	})
}

func quietFor(t *rapid.T, calendars []v1alpha1.CustomerCalendar, at time.Time, from, to v1alpha1.ClockTime, weekends bool) int {
	n := 0
	for _, c := range calendars {
		zone, err := time.LoadLocation(c.TimeZone)
		if err != nil {
			t.Fatal(err)
		}
		local := at.In(zone)
		wall := v1alpha1.ClockTime(local.Format("15:04"))
		quiet := from < to && from <= wall && wall < to || from > to && (from <= wall || wall < to)
		if weekends && (local.Weekday() == time.Saturday || local.Weekday() == time.Sunday) {
			quiet = true
		}
		if quiet {
			n += int(c.Customers)
		}
	}
	return n
}

func TestContentThatCannotBeRead(t *testing.T) {
	for name, tc := range map[string]struct {
		rules v1alpha1.ContentRules
		want  string
	}{
		"a rule that is none":      {v1alpha1.ContentRules{Rules: []v1alpha1.ContentRule{"Help", "help"}}, `policy p: content.rules[1]: "help" is no rule: the rules are DateInTitle, ChangeInTitle, WhatToDo, Help, Locales, Phrasing`},
		"phrases without the rule": {v1alpha1.ContentRules{BannedPhrases: []string{"x"}}, "policy p: content.rules: bannedPhrases and allowedPhrases go with the rule Phrasing: add it"},
		"a phrase without a word":  {v1alpha1.ContentRules{Rules: []v1alpha1.ContentRule{"Phrasing"}, AllowedPhrases: []string{"?!"}}, "policy p: content.allowedPhrases[0]: it has no word"},
		"a class that is none":     {v1alpha1.ContentRules{Roles: []v1alpha1.ClassRoles{{Class: "price", Roles: []v1alpha1.ContactRole{"Billing"}}}}, `policy p: content.roles[0]: class "price" is not one: write for example Removal, Breaking or Behaviour`},
		"a role that is none":      {v1alpha1.ContentRules{Roles: []v1alpha1.ClassRoles{{Class: "Price", Roles: []v1alpha1.ContactRole{"billing"}}}}, "policy p: content.roles[0]: it names no role, or one that is none: write for example roles: [Billing]"},
		"no role":                  {v1alpha1.ContentRules{Roles: []v1alpha1.ClassRoles{{Class: "Price"}}}, "policy p: content.roles[0]: it names no role, or one that is none: write for example roles: [Billing]"},
		"an hour that is none":     {v1alpha1.ContentRules{QuietHours: hours("24:00", "08:00")}, `policy p: content.quietHours: "24:00" is no time of a day: write it like 20:00`},
		"no end":                   {v1alpha1.ContentRules{QuietHours: hours("20:00", "")}, `policy p: content.quietHours: "" is no time of a day: write it like 20:00`},
		"days alone":               {v1alpha1.ContentRules{QuietHours: hours("", "", v1alpha1.QuietWeekends)}, `policy p: content.quietHours: "" is no time of a day: write it like 20:00`},
		"no hours at all":          {v1alpha1.ContentRules{QuietHours: hours("08:00", "08:00")}, "policy p: content.quietHours: from and to are the same: quiet hours begin at one time and end at another"},
		"days that are not known":  {v1alpha1.ContentRules{QuietHours: hours("20:00", "08:00", "Mondays")}, `policy p: content.quietHours.wholeDays[0]: "Mondays" is not known: write Weekends or Holidays`},
	} {
		_, errs := ReadSpec("p", &v1alpha1.NoticePolicySpec{Owed: []v1alpha1.OwedTerm{{Class: v1alpha1.ClassRemoval, Days: new(int32)}}, Content: tc.rules})
		if len(errs) != 1 || errs[0].Error() != tc.want {
			t.Errorf("%s: %v", name, errs)
		}
	}
}
