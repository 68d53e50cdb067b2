package schedule_test

import (
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	v1alpha1 "forewarn.dev/forewarn/api/v1alpha1"
	"forewarn.dev/forewarn/internal/schedule"
)

func moment(t *testing.T, s string) *metav1.Time {
	t.Helper()
	return &metav1.Time{Time: instant(t, s)}
}

// told is a published schedule: deprecated in January, out for 30 minutes in March and in May, gone in July, each notice
// of it mature at its date.
func told(t *testing.T, edits ...func(*v1alpha1.DeprecationSchedule)) *v1alpha1.DeprecationSchedule {
	t.Helper()
	s := &v1alpha1.DeprecationSchedule{}
	s.Namespace, s.Name, s.UID = "shop", "orders-v1", "7"
	s.Spec = v1alpha1.DeprecationScheduleSpec{
		APIRef: v1alpha1.APIRef{Name: "orders"}, Version: "v1", State: v1alpha1.NoticePublished,
		DeprecateTime: moment(t, "2027-01-01T00:00:00Z"), SunsetTime: moment(t, "2027-07-01T00:00:00Z"),
		Brownouts: []v1alpha1.Brownout{
			{Name: "first", StartTime: moment(t, "2027-03-01T09:00:00Z"), Minutes: 30},
			{Name: "second", StartTime: moment(t, "2027-05-01T09:00:00Z"), Minutes: 30},
		},
	}
	published := moment(t, "2026-11-01T00:00:00Z")
	s.Status.PublishedTime = published
	for _, n := range []v1alpha1.ScheduledNotice{
		{Step: v1alpha1.StepAnnouncement, EffectiveTime: s.Spec.DeprecateTime},
		{Step: v1alpha1.StepBrownout, Brownout: "first", EffectiveTime: s.Spec.Brownouts[0].StartTime},
		{Step: v1alpha1.StepBrownout, Brownout: "second", EffectiveTime: s.Spec.Brownouts[1].StartTime},
		{Step: v1alpha1.StepSunset, EffectiveTime: s.Spec.SunsetTime},
	} {
		n.PublishedTime, n.MaturesTime = published, n.EffectiveTime
		s.Status.Notices = append(s.Status.Notices, n)
	}
	for _, edit := range edits {
		edit(s)
	}
	return s
}

func TestStages(t *testing.T) {
	const (
		announced, deprecated, brownout, sunset, removable = v1alpha1.StageAnnounced, v1alpha1.StageDeprecated, v1alpha1.StageBrownout, v1alpha1.StageSunset, v1alpha1.StageRemovable
		draft, removed, withdrawn                          = v1alpha1.StageDraft, v1alpha1.StageRemoved, v1alpha1.StageWithdrawn
	)
	type edit = func(*v1alpha1.DeprecationSchedule)
	removal := func(days int32, requires v1alpha1.RemovalRequirement, more ...edit) edit {
		return func(s *v1alpha1.DeprecationSchedule) {
			s.Spec.RemoveAfterDays, s.Spec.RemovalRequires = &days, requires
			for _, e := range more {
				e(s)
			}
		}
	}
	matures := func(i int, at *metav1.Time) edit {
		return func(s *v1alpha1.DeprecationSchedule) { s.Status.Notices[i].MaturesTime = at }
	}
	berlin := func(s *v1alpha1.DeprecationSchedule) { s.Status.TimeZone = "Europe/Berlin" }
	unused := used(instant(t, "2027-08-01T06:00:00Z"), 0, 0, 0)
	cases := map[string]struct {
		edit        edit
		at          string
		stage, next v1alpha1.ScheduleStage
		when        string
	}{
		"a second before it is deprecated":     {nil, "2026-12-31T23:59:59Z", announced, deprecated, "2027-01-01T00:00:00Z"},
		"the second it is deprecated":          {nil, "2027-01-01T00:00:00Z", deprecated, brownout, "2027-03-01T09:00:00Z"},
		"a second before a brownout":           {nil, "2027-03-01T08:59:59Z", deprecated, brownout, "2027-03-01T09:00:00Z"},
		"the second a brownout begins":         {nil, "2027-03-01T09:00:00Z", brownout, deprecated, "2027-03-01T09:30:00Z"},
		"the last second of a brownout":        {nil, "2027-03-01T09:29:59Z", brownout, deprecated, "2027-03-01T09:30:00Z"},
		"the second a brownout is over":        {nil, "2027-03-01T09:30:00Z", deprecated, brownout, "2027-05-01T09:00:00Z"},
		"after the last brownout":              {nil, "2027-05-01T09:30:00Z", deprecated, removable, "2027-07-01T00:00:00Z"},
		"a second before its end":              {removal(30, "Date"), "2027-06-30T23:59:59Z", deprecated, sunset, "2027-07-01T00:00:00Z"},
		"the second of its end":                {removal(30, "Date"), "2027-07-01T00:00:00Z", sunset, removable, "2027-07-31T00:00:00Z"},
		"a second before the last day is over": {removal(30, "Date"), "2027-07-30T23:59:59Z", sunset, removable, "2027-07-31T00:00:00Z"},
		"the last day is over":                 {removal(30, "Date"), "2027-07-31T00:00:00Z", removable, "", ""},
		"no days after its end":                {nil, "2027-07-01T00:00:00Z", removable, "", ""},

		"days of a zone, a second before":  {removal(1, "Date", berlin), "2027-07-02T21:59:59Z", sunset, removable, "2027-07-02T22:00:00Z"},
		"days of a zone, over":             {removal(1, "Date", berlin), "2027-07-02T22:00:00Z", removable, "", ""},
		"a zone that is none never ends":   {removal(1, "Date", func(s *v1alpha1.DeprecationSchedule) { s.Status.TimeZone = "CST" }), "2029-01-01T00:00:00Z", sunset, removable, ""},
		"it is used, or nobody knows":      {removal(30, "Unused"), "2027-07-31T00:00:00Z", sunset, removable, ""},
		"before its day, whoever uses it":  {removal(30, "Unused"), "2027-07-01T00:00:00Z", sunset, removable, "2027-07-31T00:00:00Z"},
		"nobody uses it":                   {removal(30, "Unused", unused), "2027-08-02T05:59:59Z", removable, "", ""},
		"nobody has known for a day":       {removal(30, "Unused", unused), "2027-08-02T06:00:00Z", sunset, removable, ""},
		"it was removed":                   {func(s *v1alpha1.DeprecationSchedule) { s.Status.RemovedTime = moment(t, "2027-07-02T00:00:00Z") }, "2027-07-02T00:00:00Z", removed, "", ""},
		"it was withdrawn":                 {func(s *v1alpha1.DeprecationSchedule) { s.Spec.State = v1alpha1.NoticeWithdrawn }, "2027-02-01T00:00:00Z", withdrawn, "", ""},
		"not all of it is published":       {func(s *v1alpha1.DeprecationSchedule) { s.Status.PublishedTime = nil }, "2027-02-01T00:00:00Z", draft, "", ""},
		"its notice matures late, before":  {matures(3, moment(t, "2027-07-08T00:00:00Z")), "2027-07-07T23:59:59Z", sunset, removable, "2027-07-08T00:00:00Z"},
		"its notice matures late, at last": {matures(3, moment(t, "2027-07-08T00:00:00Z")), "2027-07-08T00:00:00Z", removable, "", ""},
		"its notice never matures":         {matures(3, nil), "2027-08-01T00:00:00Z", sunset, removable, ""},

		"a brownout that matures late, before":      {matures(1, moment(t, "2027-03-01T09:10:00Z")), "2027-03-01T09:09:59Z", deprecated, brownout, "2027-03-01T09:10:00Z"},
		"a brownout that matures late ends as told": {matures(1, moment(t, "2027-03-01T09:10:00Z")), "2027-03-01T09:29:59Z", brownout, deprecated, "2027-03-01T09:30:00Z"},
		"a brownout that matures when it is over":   {matures(1, moment(t, "2027-03-01T09:30:00Z")), "2027-03-01T09:29:59Z", deprecated, brownout, "2027-05-01T09:00:00Z"},
		"a brownout of which nobody was told":       {func(s *v1alpha1.DeprecationSchedule) { s.Status.Notices[1].PublishedTime = nil }, "2027-03-01T09:10:00Z", deprecated, brownout, "2027-05-01T09:00:00Z"},
		"a brownout that ends with all of it": {func(s *v1alpha1.DeprecationSchedule) {
			s.Spec.SunsetTime = moment(t, "2027-05-01T09:30:00Z")
			s.Status.Notices[3].EffectiveTime = s.Spec.SunsetTime
			s.Status.Notices[3].MaturesTime = s.Spec.SunsetTime
		}, "2027-05-01T09:29:59Z", brownout, removable, "2027-05-01T09:30:00Z"},
		"the date that customers were told is later": {func(s *v1alpha1.DeprecationSchedule) {
			s.Status.Notices[0].EffectiveTime = moment(t, "2027-01-02T00:00:00Z")
		}, "2027-01-01T23:59:59Z", announced, deprecated, "2027-01-02T00:00:00Z"},
		"the date of the schedule is later": {func(s *v1alpha1.DeprecationSchedule) { s.Spec.DeprecateTime = moment(t, "2027-01-03T00:00:00Z") }, "2027-01-02T23:59:59Z", announced, deprecated, "2027-01-03T00:00:00Z"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			s := told(t)
			if c.edit != nil {
				c.edit(s)
			}
			now := instant(t, c.at)
			if got := schedule.Stage(s, now); got != c.stage {
				t.Errorf("it is %s, want %s", got, c.stage)
			}
			next, at := schedule.Next(s, now)
			got := ""
			if at != nil {
				got = at.Format(time.RFC3339)
			}
			if next != c.next || got != c.when {
				t.Errorf("next is %s at %q, want %s at %q", next, got, c.next, c.when)
			}
		})
	}
}

// Bypass 36: days after a date are full days, in the strictest reading of any of the customers.
func TestBypass36DaysAfterTheSunset(t *testing.T) {
	cases := map[string]struct {
		sunset, zone string
		days         int32
		want         string // empty: it cannot be counted, and so never comes
	}{
		"31 January and 30 days":                  {"2027-01-31T00:00:00Z", "UTC", 30, "2027-03-02T00:00:00Z"},
		"31 January, a second later":              {"2027-01-31T00:00:01Z", "UTC", 30, "2027-03-03T00:00:00Z"},
		"31 January in a leap year":               {"2028-01-31T00:00:00Z", "UTC", 30, "2028-03-01T00:00:00Z"},
		"29 February":                             {"2028-02-29T00:00:00Z", "UTC", 365, "2029-02-28T00:00:00Z"},
		"over a gap: clocks go forward":           {"2027-03-27T23:00:00Z", "Europe/Berlin", 1, "2027-03-28T22:00:00Z"},
		"over an overlap: clocks go back":         {"2027-10-30T22:00:00Z", "Europe/Berlin", 1, "2027-10-31T23:00:00Z"},
		"from within an overlap":                  {"2027-10-31T00:30:00Z", "Europe/Berlin", 1, "2027-11-01T23:00:00Z"},
		"a day that begins late":                  {"2027-03-26T22:00:00Z", "Asia/Beirut", 1, "2027-03-27T22:00:00Z"},
		"a zone ahead":                            {"2027-07-01T00:00:00Z", "Pacific/Kiritimati", 1, "2027-07-02T10:00:00Z"},
		"a zone behind":                           {"2027-07-01T00:00:00Z", "Pacific/Pago_Pago", 1, "2027-07-02T11:00:00Z"},
		"no days":                                 {"2027-01-31T00:00:00Z", "Europe/Berlin", 0, "2027-01-31T00:00:00Z"},
		"no days, in a zone that is ambiguous":    {"2027-01-31T00:00:00Z", "CST", 0, ""},
		"a zone that is ambiguous":                {"2027-01-31T00:00:00Z", "CST", 30, ""},
		"days that are fewer than none":           {"2027-01-31T00:00:00Z", "UTC", -1, ""},
		"more days than anybody may ask for":      {"2027-01-31T00:00:00Z", "UTC", 9999999, ""},
		"as many days as may be asked for":        {"2027-01-31T00:00:00Z", "UTC", 3650, "2037-01-28T00:00:00Z"},
		"an end that has no four digits any more": {"9999-12-31T00:00:00Z", "UTC", 30, ""},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			s := told(t, func(s *v1alpha1.DeprecationSchedule) {
				s.Spec.SunsetTime, s.Spec.RemoveAfterDays, s.Status.TimeZone = moment(t, c.sunset), &c.days, c.zone
				s.Status.Notices[3].EffectiveTime, s.Status.Notices[3].MaturesTime = s.Spec.SunsetTime, s.Spec.SunsetTime
			})
			got := ""
			if date := schedule.RemovableTime(s); date != nil {
				got = date.Format(time.RFC3339)
			}
			if got != c.want {
				t.Fatalf("removable from %q, want %q", got, c.want)
			}
			if c.want == "" {
				if stage := schedule.Stage(s, instant(t, "9999-12-31T23:59:59Z")); stage != v1alpha1.StageSunset {
					t.Errorf("it is %s", stage)
				}
				return
			}
			at := instant(t, c.want)
			if stage := schedule.Stage(s, at.Add(-time.Second)); stage == v1alpha1.StageRemovable {
				t.Errorf("a second before it is %s", stage)
			}
			if stage := schedule.Stage(s, at); stage != v1alpha1.StageRemovable {
				t.Errorf("at that moment it is %s", stage)
			}
		})
	}
}
