package schedule_test

import (
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	v1alpha1 "forewarn.dev/forewarn/api/v1alpha1"
	"forewarn.dev/forewarn/internal/schedule"
)

func instant(t *testing.T, s string) time.Time {
	t.Helper()
	at, err := time.Parse(time.RFC3339, s)
	if err != nil {
		t.Fatal(err)
	}
	return at
}

// ending is a published schedule whose sunset is at the beginning of July.
func ending(t *testing.T, days int32, requires v1alpha1.RemovalRequirement, edits ...func(*v1alpha1.DeprecationSchedule)) *v1alpha1.DeprecationSchedule {
	t.Helper()
	s := &v1alpha1.DeprecationSchedule{}
	s.Name = "orders-v1"
	s.Spec.State, s.Spec.Version = v1alpha1.NoticePublished, "v1"
	s.Spec.SunsetTime = &metav1.Time{Time: instant(t, "2027-07-01T00:00:00Z")}
	s.Spec.RemoveAfterDays, s.Spec.RemovalRequires = &days, requires
	s.Status.PublishedTime = &metav1.Time{Time: instant(t, "2027-01-01T00:00:00Z")}
	s.Status.Notices = []v1alpha1.ScheduledNotice{{
		Notice: "orders-v1-sunset", Step: v1alpha1.StepSunset, EffectiveTime: s.Spec.SunsetTime,
		PublishedTime: s.Status.PublishedTime, MaturesTime: s.Spec.SunsetTime,
	}}
	for _, edit := range edits {
		edit(s)
	}
	return s
}

// used says that so many customers use it, as was asked then; of those who are listed so many acknowledged its end.
func used(at time.Time, customers, listed, acknowledged int32) func(*v1alpha1.DeprecationSchedule) {
	return func(s *v1alpha1.DeprecationSchedule) {
		s.Status.StillUsing, s.Status.UsageTime = &customers, &metav1.Time{Time: at}
		s.Status.Stragglers = make([]v1alpha1.Straggler, listed)
		for i := range acknowledged {
			s.Status.Stragglers[i].AcknowledgedTime = &metav1.Time{Time: at}
		}
	}
}

func TestRemoval(t *testing.T) {
	type edit = func(*v1alpha1.DeprecationSchedule)
	const date, unused, either = v1alpha1.RemovalAtDate, v1alpha1.RemovalUnused, v1alpha1.RemovalUnusedOrAcknowledged
	asked := instant(t, "2027-08-01T06:00:00Z")
	matures := func(at string) edit {
		return func(s *v1alpha1.DeprecationSchedule) {
			s.Status.Notices[0].MaturesTime = nil
			if at != "" {
				s.Status.Notices[0].MaturesTime = &metav1.Time{Time: instant(t, at)}
			}
		}
	}
	in := func(zone string) edit { return func(s *v1alpha1.DeprecationSchedule) { s.Status.TimeZone = zone } }
	cases := map[string]struct {
		days     int32
		requires v1alpha1.RemovalRequirement
		edit     edit
		at       string
		want     string // the reason
		next     string
	}{
		"not a second before its sunset":              {0, date, nil, "2027-06-30T23:59:59Z", "NotYet", "2027-07-01T00:00:00Z"},
		"at its sunset":                               {0, date, nil, "2027-07-01T00:00:00Z", "Removable", ""},
		"without a requirement, its date":             {0, "", nil, "2027-07-01T00:00:00Z", "Removable", ""},
		"not a second before the end of the last day": {30, date, nil, "2027-07-30T23:59:59Z", "NotYet", "2027-07-31T00:00:00Z"},
		"at the end of the last day":                  {30, date, nil, "2027-07-31T00:00:00Z", "Removable", ""},
		"only full days of the zone count":            {1, date, in("Europe/Berlin"), "2027-07-02T21:59:59Z", "NotYet", "2027-07-02T22:00:00Z"},
		"in the zone, at their end":                   {1, date, in("Europe/Berlin"), "2027-07-02T22:00:00Z", "Removable", ""},
		"a zone that is not known":                    {1, date, in("CST"), "2030-07-02T22:00:00Z", "NotYet", ""},
		"days that cannot be counted":                 {-1, date, nil, "2030-07-02T22:00:00Z", "NotYet", ""},

		"its notice matures late":          {0, date, matures("2027-07-08T00:00:00Z"), "2027-07-07T23:59:59Z", "NotYet", "2027-07-08T00:00:00Z"},
		"its notice matures late, at last": {0, date, matures("2027-07-08T00:00:00Z"), "2027-07-08T00:00:00Z", "Removable", ""},
		"its notice never matures":         {0, date, matures(""), "2027-08-01T00:00:00Z", "NotYet", ""},
		"it does so before the answer is a day old": {0, unused, func(s *v1alpha1.DeprecationSchedule) {
			used(asked, 0, 0, 0)(s)
			matures("2027-08-02T05:59:59Z")(s)
		}, "2027-08-01T06:00:00Z", "NotYet", "2027-08-02T05:59:59Z"},
		"the answer is a day old before it does": {0, unused, func(s *v1alpha1.DeprecationSchedule) {
			used(asked, 0, 0, 0)(s)
			matures("2027-08-02T06:00:01Z")(s)
		}, "2027-08-01T06:00:00Z", "NotYet", "2027-08-02T06:00:00Z"},
		"its date, which is later": {30, date, matures("2027-07-08T00:00:00Z"), "2027-07-30T23:59:59Z", "NotYet", "2027-07-31T00:00:00Z"},

		"before its date, whoever uses it": {0, unused, used(asked, 3, 3, 0), "2027-06-30T23:59:59Z", "NotYet", "2027-07-01T00:00:00Z"},
		"nobody ever asked":                {0, unused, nil, "2027-08-01T06:00:00Z", "UsageNotKnown", ""},
		"nobody uses it":                   {0, unused, used(asked, 0, 0, 0), "2027-08-01T06:00:00Z", "Removable", "2027-08-02T06:00:00Z"},
		"nobody did, almost a day ago":     {0, unused, used(asked, 0, 0, 0), "2027-08-02T05:59:59Z", "Removable", "2027-08-02T06:00:00Z"},
		"nobody did, a day ago":            {0, unused, used(asked, 0, 0, 0), "2027-08-02T06:00:00Z", "UsageNotKnown", ""},
		"an answer from the future":        {0, unused, used(asked, 0, 0, 0), "2027-08-01T05:59:59Z", "UsageNotKnown", "2027-08-01T06:00:00Z"},
		"a count that cannot be":           {0, unused, used(asked, -1, 0, 0), "2027-08-01T06:00:00Z", "UsageNotKnown", ""},
		"one uses it, who acknowledged":    {0, unused, used(asked, 1, 1, 1), "2027-08-01T06:00:00Z", "StillUsed", "2027-08-02T06:00:00Z"},
		"listed, and yet not counted":      {0, unused, used(asked, 0, 1, 1), "2027-08-01T06:00:00Z", "StillUsed", "2027-08-02T06:00:00Z"},
		"a requirement nobody knows":       {0, "Whenever", used(asked, 1, 1, 1), "2027-08-01T06:00:00Z", "StillUsed", "2027-08-02T06:00:00Z"},

		"all who use it acknowledged": {0, either, used(asked, 2, 2, 2), "2027-08-01T06:00:00Z", "Removable", "2027-08-02T06:00:00Z"},
		"they did, a day ago":         {0, either, used(asked, 2, 2, 2), "2027-08-02T06:00:00Z", "UsageNotKnown", ""},
		"one did not":                 {0, either, used(asked, 2, 2, 1), "2027-08-01T06:00:00Z", "NotAcknowledged", "2027-08-02T06:00:00Z"},
		"one is in no list":           {0, either, used(asked, 3, 2, 2), "2027-08-01T06:00:00Z", "NotAcknowledged", "2027-08-02T06:00:00Z"},
		"as many as fit":              {0, either, used(asked, 200, 200, 200), "2027-08-01T06:00:00Z", "Removable", "2027-08-02T06:00:00Z"},
		"one more than fits":          {0, either, used(asked, 201, 200, 200), "2027-08-01T06:00:00Z", "NotAcknowledged", "2027-08-02T06:00:00Z"},
		"or nobody uses it":           {0, either, used(asked, 0, 0, 0), "2027-08-01T06:00:00Z", "Removable", "2027-08-02T06:00:00Z"},

		"a draft":                  {0, date, func(s *v1alpha1.DeprecationSchedule) { s.Spec.State = v1alpha1.NoticeDraft }, "2028-01-01T00:00:00Z", "Draft", ""},
		"of which nobody was told": {0, date, func(s *v1alpha1.DeprecationSchedule) { s.Status.PublishedTime = nil }, "2028-01-01T00:00:00Z", "NotPublished", ""},
		"that is withdrawn":        {0, date, func(s *v1alpha1.DeprecationSchedule) { s.Spec.State = v1alpha1.NoticeWithdrawn }, "2028-01-01T00:00:00Z", "Withdrawn", ""},
		"without an end":           {0, date, func(s *v1alpha1.DeprecationSchedule) { s.Spec.SunsetTime = nil }, "2028-01-01T00:00:00Z", "NotYet", ""},
		"that was removed, all else aside": {0, unused, func(s *v1alpha1.DeprecationSchedule) {
			s.Status.RemovedTime = &metav1.Time{Time: asked}
		}, "2028-01-01T00:00:00Z", "Removed", ""},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			s := ending(t, c.days, c.requires)
			if c.edit != nil {
				c.edit(s)
			}
			allowed, reason, message, next := schedule.Removal(s, instant(t, c.at))
			got := ""
			if next != nil {
				got = next.Format(time.RFC3339)
			}
			if reason != c.want || got != c.next || message == "" {
				t.Errorf("%s (%s), next %q; want %s, next %q", reason, message, got, c.want, c.next)
			}
			if want := c.want == v1alpha1.ReasonRemovable || c.want == v1alpha1.ReasonRemoved; allowed != want {
				t.Errorf("allowed: %t, want %t", allowed, want)
			}
		})
	}
}

func TestRemovalSaysWhatToDo(t *testing.T) {
	asked := instant(t, "2027-08-01T06:00:00Z")
	cases := map[string]struct {
		schedule *v1alpha1.DeprecationSchedule
		at       time.Time
		want     string
	}{
		"until when": {
			ending(t, 30, v1alpha1.RemovalUnusedOrAcknowledged), asked.AddDate(0, -2, 0),
			"it is kept until 2027-07-31T00:00:00Z, 30 full days after its sunset, and then while a customer uses it who did not acknowledge its end",
		},
		"who uses it": {
			ending(t, 0, v1alpha1.RemovalUnused, used(asked, 1, 1, 1)), asked,
			"it is kept while 1 customer uses it, because it requires that nobody does",
		},
		"who did not answer": {
			ending(t, 0, v1alpha1.RemovalUnusedOrAcknowledged, used(asked, 3, 3, 1)), asked,
			"it is kept while 3 customers use it and 2 of them did not acknowledge its end",
		},
		"what its notice waits for": {
			ending(t, 0, v1alpha1.RemovalAtDate, func(s *v1alpha1.DeprecationSchedule) { s.Status.Notices[0].MaturesTime = nil }), asked,
			"it is kept until changenotice/orders-v1-sunset has matured: its condition Matured says why it has not",
		},
		"whom to ask": {
			ending(t, 0, v1alpha1.RemovalUnused, used(asked, 0, 0, 0)), asked.Add(24 * time.Hour),
			"it is kept until it is known who uses it: that was last answered at 2027-08-01T06:00:00Z, a day ago or longer: the Audience of the API has to name a usage query, and its server has to answer (condition UsageKnown of the Audience)",
		},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			if _, _, message, _ := schedule.Removal(c.schedule, c.at); message != c.want {
				t.Errorf("got  %s\nwant %s", message, c.want)
			}
		})
	}
}
