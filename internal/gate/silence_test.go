package gate_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	v1alpha1 "forewarn.dev/forewarn/api/v1alpha1"
	"forewarn.dev/forewarn/internal/gate"
	"forewarn.dev/forewarn/test/builders"
)

// Reminders are frozen with the publication, for customers whom somebody knows.
func TestRemindersAreFrozenWithThePublication(t *testing.T) {
	in := noticing(toPublish(when(t, "2027-05-21T22:00:00Z")))
	in.Policies[0].Spec.ReminderDays, in.Policies[0].Spec.MissedReminder = []int32{7, 30}, v1alpha1.MissedReminderDelay
	if v := gate.EvaluateNotice(in); !v.Publishable || v.Reminders != nil {
		t.Errorf("nobody knows who the customers are, and %+v are owed: %s", v.Reminders, v.Message)
	}
	customers := int32(5)
	in.API.Spec.AudienceRef.Name = "customers"
	in.Audience = &v1alpha1.Audience{Status: v1alpha1.AudienceStatus{Customers: &customers}}
	v := gate.EvaluateNotice(in)
	want := []v1alpha1.NoticeReminder{
		{Days: 30, Policy: "public-apis", Missed: v1alpha1.MissedReminderDelay}, {Days: 7, Policy: "public-apis", Missed: v1alpha1.MissedReminderDelay},
	}
	if diff := cmp.Diff(want, v.Reminders); diff != "" || !v.Publishable {
		t.Errorf("%s: %s", v.Message, diff)
	}
}

// missedAMonthBefore is that the reminder 30 days before a date was missed, which delays the notice; reached is zero where
// customers were not, and known the moment until which anything is known.
func missedAMonthBefore(date, reached, known time.Time) func(*v1alpha1.ChangeNoticeStatus) {
	return func(s *v1alpha1.ChangeNoticeStatus) {
		s.Reminders = []v1alpha1.NoticeReminder{{Days: 30, Policy: "public-apis", Missed: v1alpha1.MissedReminderDelay}}
		missed := v1alpha1.MissedReminder{Days: 30, Time: &metav1.Time{Time: date.Add(-30 * day)}}
		if !reached.IsZero() {
			missed.ToldTime = &metav1.Time{Time: reached}
		}
		s.MissedReminders = []v1alpha1.MissedReminder{missed}
		s.RemindersTime = &metav1.Time{Time: known}
	}
}

// 180 days are owed. The notice was published on 22 November, for 1 July, and nobody was reminded on 1 June.
func TestTheLifeOfANoticeThatIsDelayedByRadioSilence(t *testing.T) {
	at := func(s string) time.Time { return when(t, s) }
	date := at("2027-07-01T00:00:00Z")
	reached, known := at("2027-06-11T09:00:00Z"), at("2027-06-02T00:00:00Z")
	unknown := func(s *v1alpha1.ChangeNoticeStatus) {
		missedAMonthBefore(date, reached, known)(s)
		s.MissedReminders, s.RemindersTime = nil, nil
	}
	const (
		silence = "customers were not reminded 30 days before (due 2027-06-01T00:00:00Z; policy public-apis); "
		delayed = "what it covers may serve from 2027-07-11T09:00:00Z; delayed by radio silence: " + silence + "reached 2027-06-11T09:00:00Z"
		waits   = "radio silence: " + silence + "they have not been reached since; it matures 30 days after they were: " +
			"its condition Delivered says what is in the way, and an update or a later date reaches them, too"
		unseen = "whether customers were reminded in time is being found out"
		over   = "it covers nothing since 2027-12-28T01:00:00Z, and a later date does not bring it back: publish a new one"
	)
	type want struct{ at, reason, message, matures, next string }
	cases := map[string]struct {
		status func(*v1alpha1.ChangeNoticeStatus)
		want   want
	}{
		"customers were reached late": {missedAMonthBefore(date, reached, known),
			want{"2027-07-01T00:00:00Z", "RadioSilence", delayed, "2027-07-11T09:00:00Z", "2027-07-01T00:00:01Z"}},
		"a second before it matures": {missedAMonthBefore(date, reached, known),
			want{"2027-07-11T08:59:59Z", "RadioSilence", delayed, "2027-07-11T09:00:00Z", "2027-07-11T09:00:00Z"}},
		"it has matured": {missedAMonthBefore(date, reached, known),
			want{"2027-07-11T09:00:00Z", "Matured", "what it covers may serve until 2027-12-28T01:00:00Z", "2027-07-11T09:00:00Z", "2027-12-28T01:00:00Z"}},
		"reached in the second in which it was due, it is not delayed": {missedAMonthBefore(date, date.Add(-30*day), known),
			want{"2027-07-01T00:00:00Z", "Matured", "what it covers may serve until 2027-12-28T01:00:00Z", "2027-07-01T00:00:00Z", "2027-12-28T01:00:00Z"}},
		"customers were not reached": {missedAMonthBefore(date, time.Time{}, known),
			want{"2027-06-20T00:00:00Z", "RadioSilence", waits, "", "2027-12-28T01:00:00Z"}},
		"nor after the date": {missedAMonthBefore(date, time.Time{}, known),
			want{"2027-12-28T00:59:59Z", "RadioSilence", waits, "", "2027-12-28T01:00:00Z"}},
		"and it has lapsed": {missedAMonthBefore(date, time.Time{}, known), want{"2027-12-28T01:00:00Z", "Lapsed", over, "", ""}},
		"nobody has looked yet, a second before the date": {unknown,
			want{"2027-06-30T23:59:59Z", "Running", "what it covers may serve from 2027-07-01", "2027-07-01T00:00:00Z", "2027-07-01T00:00:00Z"}},
		"nobody has looked when the date comes": {unknown, want{"2027-07-01T00:00:00Z", "RadioSilence", unseen, "", "2027-12-28T01:00:00Z"}},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			in := noticing(toPublish(date).Published(now).Owed("v1", "Removal", "public-apis", "UTC", 180).Status(c.status))
			in.Now = at(c.want.at)
			v := gate.EvaluateNotice(in)
			got := want{at: c.want.at, reason: v.MaturedReason, message: v.MaturedMessage}
			if v.Matures != nil {
				got.matures = v.Matures.Format(time.RFC3339)
			}
			if v.NextChange != nil {
				got.next = v.NextChange.Format(time.RFC3339)
			}
			if diff := cmp.Diff(c.want, got, cmp.AllowUnexported(want{})); diff != "" || !v.Published || v.Matured != (c.want.reason == "Matured") {
				t.Errorf("(-want +got):\n%s%s", diff, v.Message)
			}
		})
	}
}

// A revision waits for the delayed day, and whoever asks for it learns why.
func TestARevisionWhoseNoticeIsDelayedByRadioSilence(t *testing.T) {
	date := now.Add(-day)
	told := func(status func(*v1alpha1.ChangeNoticeStatus)) edit {
		return telling(builders.Notice("n", "orders").CoversOperation("v1", "DELETE /orders/{id}").
			Published(now.Add(-300 * day)).Effective(date).Status(status))
	}
	known := date.Add(-29 * day)
	if v := gate.Evaluate(proposing(changing(deleteOrders), told(missedAMonthBefore(date, date.Add(-30*day), known)))); v.Reason != v1alpha1.ReasonNoticeGiven {
		t.Errorf("they were reached when it was due: %s", v.Message)
	}
	until := now.Add(5 * day)
	reached := missedAMonthBefore(date, until.Add(-30*day), known)
	v := gate.Evaluate(proposing(changing(deleteOrders), told(reached)))
	const why = "; delayed by radio silence: customers were not reminded 30 days before (due 2026-10-22T10:00:00Z; policy public-apis); reached 2026-10-28T10:00:00Z"
	if v.Reason != v1alpha1.ReasonNoticeRunning || v.Admissible || !strings.Contains(v.Message, why) || !v.NextChange.Equal(until) || !v.Earliest.Equal(until) {
		t.Errorf("%s: %s\nnext change %v, earliest %v", v.Reason, v.Message, v.NextChange, v.Earliest)
	}
	if len(v.Findings) != 1 || !strings.HasSuffix(v.Findings[0].Message, ", by notice n"+why) {
		t.Errorf("%+v", v.Findings)
	}
	for at, want := range map[time.Time]bool{until.Add(-time.Second): false, until: true} {
		if v := gate.Evaluate(proposing(changing(deleteOrders), told(reached), asOf(at))); v.Admissible != want {
			t.Errorf("at %s: %s", at, v.Message)
		}
	}

	v = gate.Evaluate(proposing(changing(deleteOrders), told(missedAMonthBefore(date, time.Time{}, known))))
	const idle = "notice n lists 1 change and covers none of them: customers were not reminded of it: its status says of what, and what it waits for"
	found := false
	for _, f := range v.Findings {
		found = found || f.Message == idle && f.Reason == v1alpha1.ReasonRadioSilence && !f.Blocks && f.ClearsAt != nil
	}
	if v.Reason != v1alpha1.ReasonNoticeMissing || !found {
		t.Errorf("%s: %+v", v.Message, v.Findings)
	}
}
