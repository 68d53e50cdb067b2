package gate_test

import (
	"strings"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"pgregory.net/rapid"

	v1alpha1 "forewarn.dev/forewarn/api/v1alpha1"
	"forewarn.dev/forewarn/internal/gate"
	"forewarn.dev/forewarn/test/builders"
)

// objections say how many of 20 customers need more time, of whom 10% may; latest is the last date asked for.
func objections(open int32, latest string) func(*v1alpha1.ChangeNoticeStatus) {
	return func(s *v1alpha1.ChangeNoticeStatus) {
		hold, affected := int32(10), int32(20)
		s.Clock.HoldAboveObjectionPercent, s.Delivery.Affected = &hold, &affected
		s.Answers = v1alpha1.NoticeAnswers{Answered: &open, NeedsTime: &open}
		if at, err := time.Parse(time.RFC3339, latest); err == nil {
			s.Answers.LatestTime = &metav1.Time{Time: at}
		}
	}
}

const (
	needTime = "3 of 20 customers need more time, until 2027-08-01 at the latest, which holds it above 10%: " +
		"answer them with an update that says answers: Objections, or move effectiveTime to 2027-08-02T00:00:00Z or later"
	august = "2027-08-02T00:00:00Z"
)

// 180 days are owed. The notice was published on 22 November, at eleven in Berlin, for 1 June.
func TestTheLifeOfANoticeThatIsHeld(t *testing.T) {
	const runs, matured = "what it covers may serve from 2027-06-01T00:00:00Z", "what it covers may serve until 2027-11-28T01:00:00Z"
	one := func(s *v1alpha1.ChangeNoticeStatus) {
		objections(1, "")(s)
		*s.Clock.HoldAboveObjectionPercent = 0
	}
	waiting := func(s *v1alpha1.ChangeNoticeStatus) {
		s.Clock = v1alpha1.NoticeClock{StartsAt: v1alpha1.StartsAtDelivered, CoveragePercent: 95}
		delivered := int32(7)
		s.Delivery.Delivered = &delivered
		objections(3, august)(s)
	}
	type want struct{ at, reason, message, matures, next string }
	cases := map[string]struct {
		status func(*v1alpha1.ChangeNoticeStatus)
		want   want
	}{
		"as many as may object": {objections(2, august), want{"2027-05-31T23:59:59Z", "Running", runs, "2027-06-01T00:00:00Z", "2027-06-01T00:00:00Z"}},
		"and its date has come": {objections(2, august), want{"2027-06-01T00:00:00Z", "Matured", matured, "2027-06-01T00:00:00Z", "2027-11-28T01:00:00Z"}},
		"one more objects":      {objections(3, august), want{"2027-05-31T23:59:59Z", "Held", needTime, "", "2027-11-28T01:00:00Z"}},
		"and its date had come": {objections(3, august), want{"2027-06-01T00:00:00Z", "Held", needTime, "", "2027-11-28T01:00:00Z"}},
		"nobody knows until when": {one, want{"2027-06-01T00:00:00Z", "Held",
			"1 of 20 customers needs more time, which holds it above 0%: answer them with an update that says answers: Objections, or move effectiveTime", "", "2027-11-28T01:00:00Z"}},
		"its clock has not started": {waiting, want{"2027-06-01T00:00:00Z", "Running", "its clock starts when it was delivered to 95% of 20 customers; 7 so far; " + needTime, "", "2027-11-28T01:00:00Z"}},
		"a second before it lapses": {objections(3, august), want{"2027-11-28T00:59:59Z", "Held", needTime, "", "2027-11-28T01:00:00Z"}},
		"it has lapsed":             {objections(3, august), want{"2027-11-28T01:00:00Z", "Lapsed", "it covers nothing since 2027-11-28T01:00:00Z, and a later date does not bring it back: publish a new one", "", ""}},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			in := noticing(toPublish(when(t, "2027-06-01T00:00:00Z")).Published(now).Owed("v1", "Removal", "public-apis", "Europe/Berlin", 180).Status(c.status))
			in.Now = when(t, c.want.at)
			v := gate.EvaluateNotice(in)
			got := want{at: c.want.at, reason: v.MaturedReason, message: v.MaturedMessage}
			if v.Matures != nil {
				got.matures = v.Matures.Format(time.RFC3339)
			}
			if v.NextChange != nil && c.want.next != "" {
				got.next = v.NextChange.Format(time.RFC3339)
			}
			if got != c.want || !v.Published || v.Publishable || v.Matured != (c.want.reason == "Matured") {
				t.Errorf("\n got %+v\nwant %+v\n%s", got, c.want, v.Message)
			}
			if v.Lapses == nil || !v.Lapses.Equal(when(t, "2027-11-28T01:00:00Z")) {
				t.Errorf("lapses %v", v.Lapses)
			}
		})
	}
}

// What is held is no change that nobody was told of.
func TestARevisionWhoseNoticeIsHeld(t *testing.T) {
	held := tellingDelete("n").Status(objections(3, august))
	other := builders.Removed("v1", "GET /orders")
	cases := map[string]struct {
		edits []edit
		want  outcome
		text  string
	}{
		"as many as may object": {[]edit{changing(deleteOrders), telling(tellingDelete("n").Status(objections(2, august)))},
			outcome{"True", "NoticeGiven"}, "as customers were told: 1 change"},
		"one more objects": {[]edit{changing(deleteOrders), telling(held)}, outcome{"False", "Held"},
			"orders-9f31c2aa breaks v1: 1 change that customers were told of (DELETE /orders/{id} removed), by notice n, which is held: " + needTime +
				"; or ship today by keeping v1 and adding v2; see: forewarn explain apirevision/orders-9f31c2aa -n shop"},
		"another notice covers it": {[]edit{changing(deleteOrders), telling(held, tellingDelete("o"))},
			outcome{"True", "NoticeGiven"}, "by notice o"},
		"the first of two that are held": {[]edit{changing(deleteOrders), telling(tellingDelete("m").Status(objections(4, august)), held)},
			outcome{"False", "Held"}, "by notice m, which is held: 4 of 20 customers"},
		"of another change nobody was told": {[]edit{changing(deleteOrders, other), telling(held)},
			outcome{"False", "NoticeMissing"}, "2 changes nobody was told of"},
		"another one runs": {[]edit{changing(deleteOrders, other), telling(held, builders.Notice("o", "orders").CoversOperation("v1", "GET /orders").
			Published(now.Add(-10*day)).Effective(now.Add(300*day)))}, outcome{"False", "Held"}, "1 change that customers were told of (DELETE"},
		"what is held has lapsed": {[]edit{changing(deleteOrders), telling(held), asOf(now.Add(200 * day))},
			outcome{"False", "NoticeMissing"}, "1 change nobody was told of"},
		"it serves already": {[]edit{changing(deleteOrders), telling(held), against(servingOrders().Serving("orders", "orders-9f31c2aa", now.Add(-day)))},
			outcome{"True", "Serving"}, "what serves may always be restarted"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			v := gate.Evaluate(proposing(c.edits...))
			if outcomeOf(v) != c.want || !strings.Contains(v.Message, c.text) {
				t.Errorf("%s: %s\nwant %s: %s", v.Reason, v.Message, c.want, c.text)
			}
		})
	}
	v := gate.Evaluate(proposing(changing(deleteOrders), telling(held)))
	if v.Uncovered != 1 || v.Earliest == nil || v.NextChange == nil || len(v.Findings) != 2 || v.Findings[0].Reason != v1alpha1.ReasonHeld {
		t.Fatalf("%d uncovered, earliest %v, next change %v, found %+v", v.Uncovered, v.Earliest, v.NextChange, v.Findings)
	}
	const idle = "notice n lists 1 change and covers none of them: customers need more time, and hold it until somebody answers them: its condition Matured says how"
	if f := v.Findings[1]; f.Message != idle || f.Blocks || f.Path != "changenotice/n" || f.ClearsAt == nil {
		t.Errorf("%+v", f)
	}
}

func TestADeletionWhoseNoticeIsHeldR15(t *testing.T) {
	gone := func(open int32) edit {
		return telling(builders.Notice("n", "orders").CoversVersion("v1").Published(now.Add(-300 * day)).Effective(now.Add(-day)).Status(objections(open, august)))
	}
	if held, message, _ := gate.Deletion(proposing(gone(2))); held {
		t.Error(message)
	}
	held, message, next := gate.Deletion(proposing(gone(3)))
	const want = "deleting what serves customerapi/orders removes v1, as customers were told by notice n, which is held: " + needTime
	if !held || message != want || next == nil {
		t.Errorf("held %v, next change %v: %s", held, next, message)
	}
	lapses := when(t, "2027-05-20T09:00:00Z")
	if _, _, next := gate.Deletion(proposing(gone(3), asOf(lapses.Add(-time.Minute)))); next == nil || !next.Equal(lapses) {
		t.Errorf("next change %v, and it lapses %s", next, lapses)
	}
	if held, message, _ := gate.Deletion(proposing(gone(3), asOf(lapses))); !held || !strings.Contains(message, "nobody was told that v1 goes") {
		t.Errorf("when it has lapsed: %s", message)
	}
}

// Whoever objects in addition: no verdict is better for it, at any time.
func TestMoreObjectionsAreNeverBetter(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		more := someInput(t)
		less := cloned(more)
		for i := range more.Notices {
			n := &more.Notices[i]
			someObjections(t)(&n.Status)
			fewer := n.Status.DeepCopy()
			*fewer.Answers.NeedsTime = rapid.Int32Range(0, *fewer.Answers.NeedsTime).Draw(t, "fewer")
			less.Notices[i].Status = *fewer
		}
		notWorse(t, more, less, someMoments(t, more))
	})
}
