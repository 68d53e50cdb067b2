package controllers

import (
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	v1alpha1 "forewarn.dev/forewarn/api/v1alpha1"
	"forewarn.dev/forewarn/internal/audience"
	"forewarn.dev/forewarn/internal/telling"
)

func TestReminded(t *testing.T) {
	missed := func(days int32, reached *metav1.Time) v1alpha1.MissedReminder {
		return v1alpha1.MissedReminder{Days: days, Time: timeAt(june.AddDate(0, 0, -int(days))), ToldTime: reached}
	}
	type all = []v1alpha1.MissedReminder
	owed := []v1alpha1.NoticeReminder{{Days: 30, Policy: "public-apis"}, {Days: 7, Policy: "partners"}, {Days: 1, Policy: "public-apis"}}
	const (
		month = "customers were not reminded 30 days before (due 2027-05-02T00:00:00Z; policy public-apis); "
		week  = "customers were not reminded 7 days before (due 2027-05-25T00:00:00Z; policy partners); "
		last  = "customers were not reminded 1 day before (due 2027-05-31T00:00:00Z; policy public-apis); "
		never = "they have not been reached since"
	)
	tests := map[string]struct {
		silence telling.Silence
		want    string
	}{
		"nothing is due":             {telling.Silence{}, "Unknown NotYetDue: no reminder is due"},
		"the first is to come":       {telling.Silence{First: &june.Time}, "Unknown NotYetDue: the first reminder is due 2027-06-01T00:00:00Z"},
		"one was kept":               {telling.Silence{Kept: []int32{30}, First: &june.Time}, "True KeptReminders: customers were reminded 30 days before"},
		"all were":                   {telling.Silence{Kept: []int32{30, 7, 1}}, "True KeptReminders: customers were reminded 30, 7 and 1 days before"},
		"the last was":               {telling.Silence{Kept: []int32{1}}, "True KeptReminders: customers were reminded 1 day before"},
		"one was missed":             {telling.Silence{Missed: all{missed(30, nil)}, Kept: []int32{7}}, "False RadioSilence: " + month + never},
		"one, and they heard later":  {telling.Silence{Missed: all{missed(30, &june)}}, "False RadioSilence: " + month + "reached 2027-06-01T00:00:00Z"},
		"two, the latest first":      {telling.Silence{Missed: all{missed(30, &june), missed(7, nil)}}, "False RadioSilence: " + week + never + "; " + month + "reached 2027-06-01T00:00:00Z"},
		"more than anybody can read": {telling.Silence{Missed: all{missed(30, nil), missed(30, nil), missed(30, nil), missed(7, nil), missed(1, nil)}}, "False RadioSilence: " + last + never + "; " + week + never + "; " + month + never + "; and 2 before"},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			state, reason, message := reminded(tc.silence, owed)
			if got := string(state) + " " + reason + ": " + message; got != tc.want {
				t.Errorf("\n got %s\nwant %s", got, tc.want)
			}
		})
	}
}

// What is known goes on, and not back; in a rehearsal nothing is missed, and nothing waits either.
func TestWhatIsKnownOfReminders(t *testing.T) {
	deadline := june.AddDate(0, 0, -29)
	known := func(n *v1alpha1.ChangeNotice) { n.Status.RemindersTime = timeAt(deadline.Add(time.Hour)) }
	owing := func(n *v1alpha1.ChangeNotice) {
		n.Status.Reminders = []v1alpha1.NoticeReminder{{Days: 30, Policy: "public-apis", Missed: v1alpha1.MissedReminderDelay}}
	}
	tests := map[string]struct {
		notice     *v1alpha1.ChangeNotice
		now        time.Time
		offset     time.Duration
		want       time.Time // zero: nothing is
		wantMissed int
		wantNext   time.Time
		wantReason string
	}{
		"none is owed":           {notice: toldNotice(), now: deadline},
		"a second before":        {notice: toldNotice(owing), now: deadline.Add(-time.Second), wantNext: deadline, wantReason: v1alpha1.ReasonNotYetDue},
		"a day after it was due": {notice: toldNotice(owing), now: deadline, want: deadline, wantMissed: 1, wantReason: v1alpha1.ReasonRadioSilence},
		"it does not go back":    {notice: toldNotice(owing, known), now: deadline, want: deadline.Add(time.Hour), wantMissed: 1, wantReason: v1alpha1.ReasonRadioSilence},
		"in a rehearsal":         {notice: toldNotice(owing), now: deadline, offset: time.Hour, want: deadline, wantReason: v1alpha1.ReasonClockOffset},
		"what was not published": {notice: toldNotice(owing, func(n *v1alpha1.ChangeNotice) { n.Status.PublishedTime = nil }), now: deadline},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			d := &round{DeliveryReconciler: &DeliveryReconciler{offset: tc.offset}, notice: tc.notice, now: tc.now}
			d.Records = telling.Plan(tc.notice, "Published", []audience.Customer{{ID: "c-1", Contacts: []audience.Contact{{Channel: "mail"}}}}, toldAt.Time)
			d.setReminders(conditions{list: &tc.notice.Status.Conditions, now: tc.now})
			status := &tc.notice.Status
			if got := status.RemindersTime; (got == nil) != tc.want.IsZero() || got != nil && !got.Time.Equal(tc.want) {
				t.Errorf("known until %v, want %s", got, tc.want)
			}
			if len(status.MissedReminders) != tc.wantMissed {
				t.Errorf("missed %v", status.MissedReminders)
			}
			if (d.next == nil) != tc.wantNext.IsZero() || d.next != nil && !d.next.Equal(tc.wantNext) {
				t.Errorf("it looks again at %v, want %s", d.next, tc.wantNext)
			}
			reason := ""
			if len(status.Conditions) > 0 {
				reason = status.Conditions[0].Reason
			}
			if reason != tc.wantReason {
				t.Errorf("it says %q, want %q", reason, tc.wantReason)
			}
		})
	}
}

func TestNewlyMissed(t *testing.T) {
	a := v1alpha1.MissedReminder{Days: 30, Time: &june}
	reached := v1alpha1.MissedReminder{Days: 30, Time: &june, ToldTime: &july}
	b, c := v1alpha1.MissedReminder{Days: 7, Time: &june}, v1alpha1.MissedReminder{Days: 30, Time: &july}
	for name, tc := range map[string]struct {
		before, after []v1alpha1.MissedReminder
		want          int
	}{
		"none":                     {nil, nil, 0},
		"the first":                {nil, []v1alpha1.MissedReminder{a}, 1},
		"the same, reached since":  {[]v1alpha1.MissedReminder{a}, []v1alpha1.MissedReminder{reached}, 0},
		"two more":                 {[]v1alpha1.MissedReminder{a}, []v1alpha1.MissedReminder{a, b, c}, 2},
		"one that was none at all": {[]v1alpha1.MissedReminder{a, b}, []v1alpha1.MissedReminder{b}, 0},
	} {
		t.Run(name, func(t *testing.T) {
			if got := newlyMissed(tc.before, tc.after); got != tc.want {
				t.Errorf("%d, want %d", got, tc.want)
			}
		})
	}
}
