package schedule_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	v1alpha1 "forewarn.dev/forewarn/api/v1alpha1"
	"forewarn.dev/forewarn/internal/notice"
	"forewarn.dev/forewarn/internal/notice/content"
	"forewarn.dev/forewarn/internal/schedule"
	"forewarn.dev/forewarn/test/builders"
)

func policies(t *testing.T, made ...*builders.PolicyBuilder) notice.Policies {
	t.Helper()
	var all []v1alpha1.NoticePolicy
	for _, p := range made {
		all = append(all, *p.Obj())
	}
	read, errs := notice.ReadPolicies(all)
	if len(errs) > 0 {
		t.Fatal(errs)
	}
	return read
}

// strict wants of the texts all that can be wanted of them.
func strict(zone string) *builders.PolicyBuilder {
	return builders.Policy("public-apis").Zone(zone).Owes(v1alpha1.ClassRemoval, 180).Spec(func(spec *v1alpha1.NoticePolicySpec) {
		spec.Content.Rules = []v1alpha1.ContentRule{
			v1alpha1.ContentDateInTitle, v1alpha1.ContentChangeInTitle, v1alpha1.ContentWhatToDo, v1alpha1.ContentHelp, v1alpha1.ContentPhrasing,
		}
	})
}

func orders() *v1alpha1.CustomerAPI {
	return builders.API("orders").Title("Orders API").Version("v1", v1alpha1.StabilityStable).Obj()
}

func planned(t *testing.T, s *v1alpha1.DeprecationSchedule, zone string) []schedule.Planned {
	t.Helper()
	plan, problems := schedule.Plan(s, orders(), zone)
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	return plan
}

func TestPlan(t *testing.T) {
	s := told(t, func(s *v1alpha1.DeprecationSchedule) {
		s.Spec.Replacement = v1alpha1.Replacement{Version: "v2", URL: "https://api.acme.example/v2"}
		s.Spec.MigrationGuide = "https://docs.acme.example/v2"
	})
	type line struct {
		Name, At, Class, Title, Changes, ToDo, Help string
		Minutes                                     int32
	}
	const move = "Move to v2 (https://api.acme.example/v2) before 1 July 2027. How to: https://docs.acme.example/v2"
	const help = "https://docs.acme.example/v2"
	want := []line{
		{
			"orders-v1-announced", "2027-01-01T00:00:00Z", "Deprecation", "Orders API v1 is deprecated from 1 January 2027",
			"From 1 January 2027 Orders API v1 is deprecated: it works as before, and nothing new should be built on it. It goes away on 1 July 2027. " +
				"Before that it is 2 times not available for a while, so that you notice where you still use it; you are told when.", move, help, 0,
		},
		{
			"orders-v1-brownout-first", "2027-03-01T09:00:00Z", "Downtime", "Orders API v1 is not available for 30 minutes on 1 March 2027",
			"On 1 March 2027 at 10:00 (UTC+01:00) Orders API v1 is not available for 30 minutes: a rehearsal of its end on 1 July 2027. Afterwards it works as before.",
			"If requests of yours fail at that time, you still use it. " + move, help, 30,
		},
		{
			"orders-v1-brownout-second", "2027-05-01T09:00:00Z", "Downtime", "Orders API v1 is not available for 30 minutes on 1 May 2027",
			"On 1 May 2027 at 11:00 (UTC+02:00) Orders API v1 is not available for 30 minutes: a rehearsal of its end on 1 July 2027. Afterwards it works as before.",
			"If requests of yours fail at that time, you still use it. " + move, help, 30,
		},
		{
			"orders-v1-sunset", "2027-07-01T00:00:00Z", "", "Orders API v1 goes away on 1 July 2027",
			"From 1 July 2027 at 02:00 (UTC+02:00) Orders API v1 cannot be counted on any more. Requests to it fail once it is taken away.", move, help, 0,
		},
	}
	var got []line
	for _, p := range planned(t, s, "Europe/Berlin") {
		n := &p.Notice
		if !schedule.Made(s, n) || n.Namespace != "shop" || n.Spec.State != v1alpha1.NoticePublished || n.Spec.APIRef.Name != "orders" {
			t.Errorf("%s is not of the schedule: %v", n.Name, n.ObjectMeta)
		}
		if len(n.Spec.Covers) != 1 || n.Spec.Covers[0].Version != "v1" || n.Spec.Covers[0].Operation != "" {
			t.Errorf("%s covers %v", n.Name, n.Spec.Covers)
		}
		got = append(got, line{
			n.Name, n.Spec.EffectiveTime.UTC().Format("2006-01-02T15:04:05Z07:00"), string(n.Spec.Covers[0].Class),
			n.Spec.Title, n.Spec.WhatChanges, n.Spec.WhatToDo, n.Spec.Help, n.Spec.DowntimeMinutes,
		})
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestPlanOfOperations(t *testing.T) {
	s := told(t, func(s *v1alpha1.DeprecationSchedule) {
		s.Spec.Operations = []string{"DELETE /orders/{id}", "GET /carts"}
	})
	for i, class := range []v1alpha1.ChangeClass{v1alpha1.ClassDeprecation, v1alpha1.ClassDowntime, v1alpha1.ClassDowntime, v1alpha1.ClassRemoval} {
		want := []v1alpha1.CoveredChange{{Version: "v1", Operation: "DELETE /orders/{id}", Class: class}, {Version: "v1", Operation: "GET /carts", Class: class}}
		if diff := cmp.Diff(want, planned(t, s, "UTC")[i].Notice.Spec.Covers); diff != "" {
			t.Error(diff)
		}
	}
}

// Whatever is put together here is what the strictest policy asks of a notice, in any zone.
func TestOurTextsKeepTheRulesForContent(t *testing.T) {
	type edit = func(*v1alpha1.DeprecationSchedule)
	cases := map[string]edit{
		"a version":             func(*v1alpha1.DeprecationSchedule) {},
		"nothing instead of it": func(s *v1alpha1.DeprecationSchedule) { s.Spec.Notice.Help = "help@acme.example" },
		"an address instead":    func(s *v1alpha1.DeprecationSchedule) { s.Spec.Replacement.URL = "https://api.acme.example/v2" },
		"an operation":          func(s *v1alpha1.DeprecationSchedule) { s.Spec.Operations = []string{"DELETE /orders/{id}"} },
		"a long operation": func(s *v1alpha1.DeprecationSchedule) {
			s.Spec.Operations = []string{"GET /" + strings.Repeat("o", 500)}
		},
		"operations": func(s *v1alpha1.DeprecationSchedule) {
			s.Spec.Operations = []string{"DELETE /orders/{id}", "GET /carts"}
		},
		"one brownout": func(s *v1alpha1.DeprecationSchedule) {
			s.Spec.Brownouts = s.Spec.Brownouts[:1]
			s.Spec.Brownouts[0].Minutes = 1
		},
		"no brownout":             func(s *v1alpha1.DeprecationSchedule) { s.Spec.Brownouts = nil },
		"a version like a date":   func(s *v1alpha1.DeprecationSchedule) { s.Spec.Version = "2026-10-01" },
		"a version like a number": func(s *v1alpha1.DeprecationSchedule) { s.Spec.Version = "1.12" },
		"a long version":          func(s *v1alpha1.DeprecationSchedule) { s.Spec.Version = v1alpha1.VersionName(strings.Repeat("v", 63)) },
	}
	for _, zone := range []string{"Europe/Berlin", "America/Los_Angeles", "Pacific/Kiritimati", "UTC"} {
		for name, edit := range cases {
			t.Run(zone+"/"+name, func(t *testing.T) {
				s := told(t, func(s *v1alpha1.DeprecationSchedule) { s.Spec.MigrationGuide = "https://docs.acme.example/v2" }, edit)
				bound := policies(t, strict(zone))
				api := builders.API("orders").Title("Orders API " + strings.Repeat("of Acme ", 13)).Obj()
				plan, problems := schedule.Plan(s, api, schedule.TextZone(bound))
				if len(problems) > 0 {
					t.Fatal(problems)
				}
				for i := range plan {
					n := &plan[i].Notice
					for _, f := range content.Check(content.Input{Notice: n, API: api, Policies: bound}) {
						t.Errorf("%s: %s", n.Name, f)
					}
					if len(n.Spec.Title) > 200 || len(n.Spec.WhatChanges) > 4096 || len(n.Spec.WhatToDo) > 4096 {
						t.Errorf("%s is too long: %q", n.Name, n.Spec.Title)
					}
				}
			})
		}
	}
}

// The schedule's own words are told in its languages, each with the date as it is written there.
func TestTextsOfTheSchedule(t *testing.T) {
	words := v1alpha1.ScheduleText{Title: "$version: $date $time", WhatChanges: "$date, $sunset", WhatToDo: "$$date $dates $other"}
	s := told(t, func(s *v1alpha1.DeprecationSchedule) {
		s.Spec.Notice = v1alpha1.ScheduleNotice{
			Locale: "de-AT", Help: "hilfe@acme.example", Sunset: words,
			Brownout: v1alpha1.ScheduleText{Title: "$version: $minutes Minuten am $date"},
			Translations: []v1alpha1.ScheduleTranslation{
				{Locale: "fr", Sunset: words, Announcement: v1alpha1.ScheduleText{WhatToDo: "sans titre"}},
				{Locale: "es", Sunset: v1alpha1.ScheduleText{Title: "v1 desaparece el $date"}},
				{Locale: "it", Sunset: v1alpha1.ScheduleText{Title: "$date"}},
			},
		}
	})
	plan := planned(t, s, "Europe/Berlin")
	sunset := &plan[3].Notice.Spec
	want := v1alpha1.ChangeNoticeSpec{
		Locale: "de-AT", Help: "hilfe@acme.example",
		Title: "v1: 1. Juli 2027 02:00 (UTC+02:00)", WhatChanges: "1. Juli 2027, 1. Juli 2027", WhatToDo: "$1. Juli 2027 1. Juli 2027s $other",
		Translations: []v1alpha1.NoticeTranslation{
			{Locale: "fr", Title: "v1: 1er juillet 2027 02:00 (UTC+02:00)", WhatChanges: "1er juillet 2027, 1er juillet 2027", WhatToDo: "$1er juillet 2027 1er juillet 2027s $other"},
			{Locale: "es", Title: "v1 desaparece el 1 de julio de 2027"},
			{Locale: "it", Title: "2027-07-01"},
		},
	}
	want.APIRef, want.State, want.EffectiveTime, want.Covers = sunset.APIRef, sunset.State, sunset.EffectiveTime, sunset.Covers
	if diff := cmp.Diff(want, *sunset); diff != "" {
		t.Error(diff)
	}
	if got := plan[1].Notice.Spec; got.Title != "v1: 30 Minuten am 1. März 2027" || !strings.HasPrefix(got.WhatChanges, "On 1 March 2027 at 10:00 (UTC+01:00)") {
		t.Errorf("%q, %q", got.Title, got.WhatChanges)
	}
	if got := plan[0].Notice.Spec.Translations; got != nil {
		t.Errorf("a text without a title was translated: %v", got)
	}
}

// A date means one moment to everybody, also in an hour that comes twice.
func TestBypass36TimesInTexts(t *testing.T) {
	cases := map[string]struct{ zone, at, want string }{
		"the first of two":       {"Europe/Berlin", "2027-10-31T00:30:00Z", "31 October 2027 02:30 (UTC+02:00)"},
		"the second of two":      {"Europe/Berlin", "2027-10-31T01:30:00Z", "31 October 2027 02:30 (UTC+01:00)"},
		"after a gap":            {"Europe/Berlin", "2027-03-28T01:00:00Z", "28 March 2027 03:00 (UTC+02:00)"},
		"another day than UTC":   {"America/Chicago", "2027-02-01T05:59:59Z", "31 January 2027 23:59:59 (UTC-06:00)"},
		"29 February":            {"UTC", "2028-02-29T12:00:00Z", "29 February 2028 12:00 UTC"},
		"a zone of half an hour": {"Asia/Kolkata", "2027-07-01T00:00:00Z", "1 July 2027 05:30 (UTC+05:30)"},
		"London in winter":       {"Europe/London", "2027-01-01T00:00:00Z", "1 January 2027 00:00 UTC"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			s := told(t, func(s *v1alpha1.DeprecationSchedule) {
				s.Spec.SunsetTime, s.Spec.Notice.Sunset.Title = moment(t, c.at), "$date $time"
			})
			plan := planned(t, s, c.zone)
			if got := plan[len(plan)-1].Notice.Spec; got.Title != c.want || !got.EffectiveTime.Equal(moment(t, c.at)) {
				t.Errorf("told %q for %s, want %q", got.Title, got.EffectiveTime, c.want)
			}
		})
	}
}

func TestWhatNobodyCanBeTold(t *testing.T) {
	type edit = func(*v1alpha1.DeprecationSchedule)
	cases := map[string]struct {
		edit edit
		zone string
		want string
	}{
		"a zone that is ambiguous": {func(*v1alpha1.DeprecationSchedule) {}, "CST", `time zone "CST" does not say which place is meant`},
		"no date":                  {func(s *v1alpha1.DeprecationSchedule) { s.Spec.SunsetTime = nil }, "UTC", "deprecateTime or sunsetTime is missing"},
		"a brownout without one":   {func(s *v1alpha1.DeprecationSchedule) { s.Spec.Brownouts[1].StartTime = nil }, "UTC", "brownouts[second].startTime is missing"},
		"minutes of no brownout": {
			func(s *v1alpha1.DeprecationSchedule) { s.Spec.Notice.Sunset.WhatToDo = "for $minutes minutes" }, "UTC",
			"notice.sunset.whatToDo: $minutes is the length of a brownout, and this tells of none: leave it out",
		},
		"a title that grows": {
			func(s *v1alpha1.DeprecationSchedule) { s.Spec.Notice.Announcement.Title = strings.Repeat("$date ", 26) }, "UTC",
			"notice.announcement.title has 390 characters once it is filled in, and 200 are read: shorten it",
		},
		"a translation that does": {
			func(s *v1alpha1.DeprecationSchedule) {
				s.Spec.Notice.Translations = []v1alpha1.ScheduleTranslation{{Locale: "de", Sunset: v1alpha1.ScheduleText{Title: strings.Repeat("$date ", 26)}}}
			}, "UTC", "notice.translations[de].sunset.title has 338 characters",
		},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			s := told(t, c.edit)
			_, problems := schedule.Plan(s, orders(), c.zone)
			if got := strings.Join(problems, "; "); !strings.HasPrefix(got, c.want) || c.want == "" {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}

func TestTextZone(t *testing.T) {
	plain := func(name, zone string) *builders.PolicyBuilder {
		return builders.Policy(name).Zone(zone).Owes(v1alpha1.ClassRemoval, 1)
	}
	for name, c := range map[string]struct {
		policies notice.Policies
		want     string
	}{
		"nobody's":              {nil, "UTC"},
		"of the first":          {policies(t, plain("b", "Asia/Tokyo"), plain("a", "Europe/Berlin")), "Europe/Berlin"},
		"of who wants the date": {policies(t, plain("a", "Europe/Berlin"), strict("Asia/Tokyo")), "Asia/Tokyo"},
	} {
		if got := schedule.TextZone(c.policies); got != c.want {
			t.Errorf("%s: %s, want %s", name, got, c.want)
		}
	}
}

// A notice is of a schedule when it has its name and its UID: not one of a tenant, nor one of an earlier schedule.
func TestMade(t *testing.T) {
	s := told(t)
	for name, c := range map[string]struct {
		edit func(*v1alpha1.ChangeNotice)
		want bool
	}{
		"made":                     {func(*v1alpha1.ChangeNotice) {}, true},
		"without its label":        {func(n *v1alpha1.ChangeNotice) { n.Labels = nil }, false},
		"of another":               {func(n *v1alpha1.ChangeNotice) { n.Labels[v1alpha1.ScheduleLabel] = "orders-v2" }, false},
		"of one that had the name": {func(n *v1alpha1.ChangeNotice) { n.Annotations[v1alpha1.ScheduleUIDAnnotation] = "6" }, false},
		"without a UID":            {func(n *v1alpha1.ChangeNotice) { n.Annotations = nil }, false},
	} {
		n := planned(t, s, "UTC")[0].Notice.DeepCopy()
		c.edit(n)
		if got := schedule.Made(s, n); got != c.want {
			t.Errorf("%s: %t", name, got)
		}
	}
	nobody := told(t, func(s *v1alpha1.DeprecationSchedule) { s.UID = "" })
	n := planned(t, nobody, "UTC")[0].Notice
	if schedule.Made(nobody, &n) {
		t.Error("a schedule that was never stored made nothing")
	}
}
