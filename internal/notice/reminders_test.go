package notice

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	v1alpha1 "forewarn.dev/forewarn/api/v1alpha1"
)

func reminding(name string, missed v1alpha1.MissedReminderRule, days ...int32) v1alpha1.NoticePolicy {
	return owing(name, 10, func(s *policySpec) { s.ReminderDays, s.MissedReminder = days, missed })
}

func TestRemindersAreThoseOfAllPolicies(t *testing.T) {
	const report, delay = v1alpha1.MissedReminderReport, v1alpha1.MissedReminderDelay
	type all = []v1alpha1.NoticeReminder
	cases := map[string]struct {
		policies []v1alpha1.NoticePolicy
		want     all
	}{
		"no policy":                    {nil, nil},
		"one that asks for none":       {[]v1alpha1.NoticePolicy{reminding("a", delay)}, nil},
		"one, the first to come first": {[]v1alpha1.NoticePolicy{reminding("a", "", 7, 30)}, all{{Days: 30, Policy: "a", Missed: report}, {Days: 7, Policy: "a", Missed: report}}},
		"two that ask for others":      {[]v1alpha1.NoticePolicy{reminding("a", report, 30), reminding("b", delay, 7)}, all{{Days: 30, Policy: "a", Missed: report}, {Days: 7, Policy: "b", Missed: delay}}},
		"two that ask for the same":    {[]v1alpha1.NoticePolicy{reminding("b", report, 7), reminding("a", report, 7)}, all{{Days: 7, Policy: "a", Missed: report}}},
		"two, and the second delays":   {[]v1alpha1.NoticePolicy{reminding("a", report, 7), reminding("b", delay, 7)}, all{{Days: 7, Policy: "b", Missed: delay}}},
		"two, and the first delays":    {[]v1alpha1.NoticePolicy{reminding("a", delay, 7), reminding("b", report, 7)}, all{{Days: 7, Policy: "a", Missed: delay}}},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(c.want, reading(t, c.policies...).Reminders()); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestOfTooManyRemindersThoseThatDelayStay(t *testing.T) {
	var policies []v1alpha1.NoticePolicy
	for i := range int32(5) {
		var days []int32
		for d := range int32(16) {
			days = append(days, 1+i*16+d)
		}
		missed := v1alpha1.MissedReminderReport
		if i == 4 {
			missed = v1alpha1.MissedReminderDelay
		}
		policies = append(policies, reminding(string(rune('a'+i)), missed, days...))
	}
	got := reading(t, policies...).Reminders()
	if len(got) != 64 || got[0].Days != 80 || got[15].Days != 65 || got[16].Days != 48 || got[63].Days != 1 {
		t.Errorf("%d: %+v", len(got), got)
	}
}

func TestWhenAReminderIsDue(t *testing.T) {
	date := must("2027-07-01T00:00:00Z").Time
	for days, want := range map[int32][2]string{
		30: {"2027-06-01T00:00:00Z", "2027-06-02T00:00:00Z"},
		2:  {"2027-06-29T00:00:00Z", "2027-06-30T00:00:00Z"},
		1:  {"2027-06-30T00:00:00Z", "2027-07-01T00:00:00Z"},
	} {
		due, deadline := ReminderDue(date, days)
		if !due.Equal(must(want[0]).Time) || !deadline.Equal(must(want[1]).Time) {
			t.Errorf("%d days before: from %s until %s", days, due, deadline)
		}
	}
}

// missed says of reminders when customers were reached after all; empty: not yet. What is not frozen delays nothing.
func missed(frozen []v1alpha1.NoticeReminder, reached map[int32]string) func(*v1alpha1.ChangeNotice) {
	return func(n *v1alpha1.ChangeNotice) {
		n.Status.Reminders = frozen
		for _, days := range []int32{30, 7} {
			at, ok := reached[days]
			if !ok {
				continue
			}
			m := v1alpha1.MissedReminder{Days: days, Time: &metav1.Time{Time: n.Spec.EffectiveTime.AddDate(0, 0, -int(days))}}
			if at != "" {
				m.ToldTime = must(at)
			}
			n.Status.MissedReminders = append(n.Status.MissedReminders, m)
		}
		n.Status.RemindersTime = n.Spec.EffectiveTime
	}
}

var (
	delaying  = []v1alpha1.NoticeReminder{{Days: 30, Policy: "p", Missed: v1alpha1.MissedReminderDelay}, {Days: 7, Policy: "q", Missed: v1alpha1.MissedReminderDelay}}
	reporting = []v1alpha1.NoticeReminder{{Days: 30, Policy: "p", Missed: v1alpha1.MissedReminderReport}, {Days: 7, Policy: "p"}}
)

// Ten days are owed; the notice was published on 1 November, for 1 March.
func TestAMissedReminderDelaysANotice(t *testing.T) {
	const first, date = "2026-11-01T10:00:00Z", "2027-03-01T00:00:00Z"
	cases := map[string]struct {
		notices []v1alpha1.ChangeNotice
		matures string // empty: covered by none
		by      int32  // the days of the reminder that it comes from, 0: from none
	}{
		"none was missed":                             {[]v1alpha1.ChangeNotice{told("n", first, date, missed(delaying, nil))}, date, 0},
		"one that is reported":                        {[]v1alpha1.ChangeNotice{told("n", first, date, missed(reporting, map[int32]string{30: "", 7: ""}))}, date, 0},
		"one that nobody froze":                       {[]v1alpha1.ChangeNotice{told("n", first, date, missed(nil, map[int32]string{30: ""}))}, date, 0},
		"customers were not reached":                  {[]v1alpha1.ChangeNotice{told("n", first, date, missed(delaying, map[int32]string{30: ""}))}, "", 0},
		"they were, 30 days before":                   {[]v1alpha1.ChangeNotice{told("n", first, date, missed(delaying, map[int32]string{30: "2027-01-30T00:00:00Z"}))}, date, 0},
		"they were, a second later":                   {[]v1alpha1.ChangeNotice{told("n", first, date, missed(delaying, map[int32]string{30: "2027-01-30T00:00:01Z"}))}, "2027-03-01T00:00:01Z", 30},
		"of two the larger delay counts":              {[]v1alpha1.ChangeNotice{told("n", first, date, missed(delaying, map[int32]string{30: "2027-02-10T00:00:00Z", 7: "2027-02-28T00:00:00Z"}))}, "2027-03-12T00:00:00Z", 30},
		"whichever it is":                             {[]v1alpha1.ChangeNotice{told("n", first, date, missed(delaying, map[int32]string{30: "2027-02-10T00:00:00Z", 7: "2027-03-08T00:00:00Z"}))}, "2027-03-15T00:00:00Z", 7},
		"of two one was not reached":                  {[]v1alpha1.ChangeNotice{told("n", first, date, missed(delaying, map[int32]string{30: "2027-02-10T00:00:00Z", 7: ""}))}, "", 0},
		"or the other":                                {[]v1alpha1.ChangeNotice{told("n", first, date, missed(delaying, map[int32]string{30: "", 7: "2027-02-28T00:00:00Z"}))}, "", 0},
		"a delay until after it lapses":               {[]v1alpha1.ChangeNotice{told("n", first, date, missed(delaying, map[int32]string{30: "2027-08-01T00:00:00Z"}))}, "", 0},
		"one that replaces it keeps the delay":        {[]v1alpha1.ChangeNotice{told("n", first, date, missed(delaying, map[int32]string{30: "2027-02-10T00:00:00Z"})), told("o", "2027-03-09T00:00:00Z", "2027-03-10T00:00:00Z", supersedes("n"))}, "2027-03-12T00:00:00Z", 30},
		"or has a clock of its own, which is shorter": {[]v1alpha1.ChangeNotice{told("n", first, date, missed(delaying, map[int32]string{30: "2027-02-28T00:00:00Z"})), told("o", "2027-03-09T00:00:00Z", "2027-03-10T00:00:00Z", supersedes("n"))}, "2027-03-19T00:00:00Z", 0},
		"or has one where nobody was reached":         {[]v1alpha1.ChangeNotice{told("n", first, date, missed(delaying, map[int32]string{30: ""})), told("o", "2027-03-09T00:00:00Z", "2027-03-10T00:00:00Z", supersedes("n"))}, "2027-03-19T00:00:00Z", 0},
		"a delay of its own holds up the older clock": {[]v1alpha1.ChangeNotice{told("n", first, date), told("o", "2027-01-09T00:00:00Z", date, supersedes("n"), missed(delaying, map[int32]string{30: "2027-02-10T00:00:00Z"}))}, "2027-03-12T00:00:00Z", 30},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			ledger := NewLedger(ordersAPI, c.notices, reading(t, owing("p", 10)))
			got := ledger.Coverage(v1Gone, instant(t, "2027-02-11T00:00:00Z"))
			switch {
			case c.matures == "":
				if len(got) > 0 {
					t.Errorf("%+v, want none", got)
				}
			case len(got) != 1 || !got[0].Matures.Equal(instant(t, c.matures)):
				t.Errorf("%+v, want one that matures %s", got, c.matures)
			case (got[0].Silence == nil) != (c.by == 0) || c.by != 0 && got[0].Silence.Days != c.by:
				t.Errorf("it comes from %+v, want %d days", got[0].Silence, c.by)
			}
		})
	}
}

// At the date nobody may know yet whether customers were reminded the day before. Until somebody does, nothing matures.
func TestNothingMaturesBeforeItIsKnownWhetherCustomersWereReminded(t *testing.T) {
	const first, date = "2026-11-01T10:00:00Z", "2027-03-01T00:00:00Z"
	one := []v1alpha1.NoticeReminder{{Days: 30, Policy: "p", Missed: v1alpha1.MissedReminderDelay}, {Days: 1, Policy: "p", Missed: v1alpha1.MissedReminderDelay}}
	with := func(reminders []v1alpha1.NoticeReminder, known string) func(*v1alpha1.ChangeNotice) {
		return func(n *v1alpha1.ChangeNotice) {
			n.Status.Reminders = reminders
			if known != "" {
				n.Status.RemindersTime = must(known)
			}
		}
	}
	cases := map[string]struct {
		change func(*v1alpha1.ChangeNotice)
		now    string
		want   string // why it covers nothing
	}{
		"a second before the date":                    {with(one, ""), "2027-02-28T23:59:59Z", ""},
		"at the date":                                 {with(one, ""), date, v1alpha1.ReasonRadioSilence},
		"at the date, known until the second before":  {with(one, "2027-02-28T23:59:59Z"), date, v1alpha1.ReasonRadioSilence},
		"at the date, known":                          {with(one, date), date, ""},
		"what is reported holds up nothing":           {with(reporting, ""), date, ""},
		"what was due before the publication neither": {with([]v1alpha1.NoticeReminder{{Days: 200, Policy: "p", Missed: v1alpha1.MissedReminderDelay}}, ""), date, ""},
		"long after it":                               {with(one, ""), "2027-04-01T00:00:00Z", v1alpha1.ReasonRadioSilence},
		"one that waits for customers to be reached":  {missed(delaying, map[int32]string{7: ""}), date, v1alpha1.ReasonRadioSilence},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			n := told("n", first, date, c.change)
			ledger, now := NewLedger(ordersAPI, []v1alpha1.ChangeNotice{n}, reading(t, owing("p", 10))), instant(t, c.now)
			idle, is := ledger.Idle(v1Gone, now)["n"]
			if got := len(ledger.Coverage(v1Gone, now)); (got == 1) != (c.want == "") || is != (c.want != "") || idle.Reason != c.want {
				t.Errorf("%d cover, and it is idle for %+v", got, idle)
			}
			if is && !idle.Until.Equal(n.Spec.EffectiveTime.Add(180*24*time.Hour)) {
				t.Errorf("until %s", idle.Until)
			}
			if listed := ledger.Listing(v1Gone, now); len(listed) != 1 {
				t.Errorf("it is listed by %v", listed)
			}
		})
	}
}
