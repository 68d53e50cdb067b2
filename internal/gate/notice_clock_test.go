package gate_test

import (
	"strings"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	v1alpha1 "forewarn.dev/forewarn/api/v1alpha1"
	"forewarn.dev/forewarn/internal/gate"
	"forewarn.dev/forewarn/test/builders"
)

// afterDelivery is that the policy public-apis starts the clock when 95% of five customers were reached.
func afterDelivery(in *gate.NoticeInput) {
	customers := int32(5)
	in.Policies[0].Spec.StartsAt, in.Policies[0].Spec.CoveragePercent = v1alpha1.StartsAtDelivered, 95
	in.API.Spec.AudienceRef.Name = "customers"
	in.Audience = &v1alpha1.Audience{Status: v1alpha1.AudienceStatus{Customers: &customers}}
}

// deliveredTo says how many of five customers were reached, and when that was enough; zero: it is not.
func deliveredTo(reached int32, covered time.Time) func(*v1alpha1.ChangeNoticeStatus) {
	return func(s *v1alpha1.ChangeNoticeStatus) {
		affected := int32(5)
		s.Clock = v1alpha1.NoticeClock{StartsAt: v1alpha1.StartsAtDelivered, CoveragePercent: 95}
		s.Delivery = v1alpha1.NoticeDelivery{Affected: &affected, Delivered: &reached}
		if !covered.IsZero() {
			s.Delivery.CoveredTime = &metav1.Time{Time: covered}
		}
	}
}

func TestWhatStartsTheClockIsFrozenWithThePublicationR2(t *testing.T) {
	in := noticing(toPublish(when(t, "2027-05-21T22:00:00Z")))
	v := gate.EvaluateNotice(in)
	if want := (v1alpha1.NoticeClock{StartsAt: v1alpha1.StartsAtPublished}); !v.Publishable || v.Clock != want || v.Matures == nil {
		t.Errorf("%+v: %s", v.Clock, v.Message)
	}
	afterDelivery(&in)
	v = gate.EvaluateNotice(in)
	if want := (v1alpha1.NoticeClock{StartsAt: v1alpha1.StartsAtDelivered, CoveragePercent: 95}); !v.Publishable || v.Clock != want {
		t.Errorf("publishable %v, %+v: %s", v.Publishable, v.Clock, v.Message)
	}
	const message = "its clock starts when it was delivered to 95% of its customers; none so far"
	if v.Matured || v.MaturedReason != v1alpha1.ReasonRunning || v.MaturedMessage != message || v.Matures != nil || v.DaysLeft != nil {
		t.Errorf("at its publication %s (%s), matures %v", v.MaturedReason, v.MaturedMessage, v.Matures)
	}
	if v.Message != "it was published; "+message || v.Lapses == nil || !v.NextChange.Equal(*v.Lapses) {
		t.Errorf("%s, lapses %v, next change %v", v.Message, v.Lapses, v.NextChange)
	}
}

func TestAClockThatTheDeliveryStartsNeedsCustomers(t *testing.T) {
	for name, state := range map[string]v1alpha1.NoticeState{"a draft": v1alpha1.NoticeDraft, "one to publish": v1alpha1.NoticePublished} {
		t.Run(name, func(t *testing.T) {
			in := noticing(toPublish(when(t, "2027-05-21T22:00:00Z")).State(state))
			afterDelivery(&in)
			in.API.Spec.AudienceRef.Name, in.Audience = "", nil
			v := gate.EvaluateNotice(in)
			const want = "by policy public-apis the clock starts when a notice was delivered, and customerapi/orders says nowhere who the customers are: set audienceRef"
			if v.Publishable || v.Reason != v1alpha1.ReasonAudienceUnknown || v.Message != want {
				t.Errorf("%s: %s", v.Reason, v.Message)
			}
		})
	}
}

func TestTheEarliestDateIsThatOfADeliveryAtOnce(t *testing.T) {
	const atOnce = ", if it is delivered at once: its clock starts when it was delivered to 95% of its customers (policy public-apis)"
	for name, c := range map[string]struct {
		notice *builders.NoticeBuilder
		want   string
	}{
		"a draft": {toPublish(when(t, "2027-05-21T22:00:00Z")).State(v1alpha1.NoticeDraft),
			"it is a draft: published now, its effectiveTime can be 2027-05-21T22:00:00Z or later" + atOnce},
		"too soon": {toPublish(when(t, "2027-05-21T21:59:59Z")),
			"its effectiveTime 2027-05-21T21:59:59Z is too soon, customers are owed 180 days (policy public-apis): set it to 2027-05-21T22:00:00Z or later" + atOnce},
	} {
		t.Run(name, func(t *testing.T) {
			in := noticing(c.notice)
			without := gate.EvaluateNotice(in)
			afterDelivery(&in)
			v := gate.EvaluateNotice(in)
			if v.Message != c.want || !v.Earliest.Equal(*without.Earliest) || without.Message != strings.TrimSuffix(c.want, atOnce) {
				t.Errorf("%s\nearliest %s, without %s", v.Message, v.Earliest, without.Earliest)
			}
		})
	}
}

// 180 days are owed. The notice was published on 22 November, at eleven in Berlin, for 1 April.
func TestTheLifeOfANoticeWhoseClockTheDeliveryStarts(t *testing.T) {
	at := func(s string) time.Time { return when(t, s) }
	// Midnight in Berlin when 10 December begins, 180 days before 8 June ends.
	covered := at("2026-12-09T23:00:00Z")
	const waits = "its clock starts when it was delivered to 95% of 5 customers; "
	unread := func(s *v1alpha1.ChangeNoticeStatus) {
		s.Clock = v1alpha1.NoticeClock{StartsAt: v1alpha1.StartsAtDelivered}
	}
	odd := func(s *v1alpha1.ChangeNoticeStatus) { s.Clock.StartsAt = "Heard" }
	type want struct {
		at, reason, message, matures, next string
	}
	cases := map[string]struct {
		status func(*v1alpha1.ChangeNoticeStatus)
		want   want
	}{
		"nobody was reached":            {deliveredTo(0, time.Time{}), want{"2026-11-22T10:00:01Z", "Running", waits + "0 so far", "", "2027-09-28T00:00:00Z"}},
		"too few were":                  {deliveredTo(3, time.Time{}), want{"2026-12-09T22:59:59Z", "Running", waits + "3 so far", "", "2027-09-28T00:00:00Z"}},
		"it was never begun":            {unread, want{"2026-12-09T23:00:00Z", "Running", "its clock starts when it was delivered to 100% of its customers; none so far", "", "2027-09-28T00:00:00Z"}},
		"it starts with something else": {odd, want{"2026-12-09T23:00:00Z", "Running", `what starts its clock is not known: "Heard"`, "", "2027-09-28T00:00:00Z"}},
		"enough were":                   {deliveredTo(5, covered), want{"2026-12-09T23:00:00Z", "Running", "what it covers may serve from 2027-06-08", "2027-06-07T22:00:00Z", "2026-12-09T23:00:01Z"}},
		"enough were, a second later": {deliveredTo(5, covered.Add(time.Second)),
			want{"2026-12-09T23:00:01Z", "Running", "what it covers may serve from 2027-06-09", "2027-06-08T22:00:00Z", "2026-12-10T23:00:01Z"}},
		"a second before it matures": {deliveredTo(5, covered),
			want{"2027-06-07T21:59:59Z", "Running", "what it covers may serve from 2027-06-08", "2027-06-07T22:00:00Z", "2027-06-07T22:00:00Z"}},
		"it has matured": {deliveredTo(5, covered),
			want{"2027-06-07T22:00:00Z", "Matured", "what it covers may serve until 2027-09-28T00:00:00Z", "2027-06-07T22:00:00Z", "2027-09-28T00:00:00Z"}},
		"the evidence was taken back": {deliveredTo(4, time.Time{}), want{"2027-06-07T22:00:00Z", "Running", waits + "4 so far", "", "2027-09-28T00:00:00Z"}},
		"a second before it lapses":   {deliveredTo(4, time.Time{}), want{"2027-09-27T23:59:59Z", "Running", waits + "4 so far", "", "2027-09-28T00:00:00Z"}},
		"it has lapsed": {deliveredTo(4, time.Time{}), want{"2027-09-28T00:00:00Z", "Lapsed",
			"it covers nothing since 2027-09-28T00:00:00Z, and a later date does not bring it back: publish a new one", "", ""}},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			in := noticing(toPublish(at("2027-04-01T00:00:00Z")).Published(now).Owed("v1", "Removal", "public-apis", "Europe/Berlin", 180).Status(c.status))
			afterDelivery(&in)
			in.Now = at(c.want.at)
			v := gate.EvaluateNotice(in)
			got := want{at: c.want.at, reason: v.MaturedReason, message: v.MaturedMessage}
			if v.Matures != nil {
				got.matures = v.Matures.Format(time.RFC3339)
			}
			if v.NextChange != nil {
				got.next = v.NextChange.Format(time.RFC3339)
			}
			if got != c.want || !v.Published || v.Publishable || v.Matured != (c.want.reason == "Matured") {
				t.Errorf("\n got %+v\nwant %+v\n%s", got, c.want, v.Message)
			}
			moved := in
			moved.Notice = in.Notice.DeepCopy()
			moved.Notice.Status.LapsesTime, moved.Notice.Spec.EffectiveTime = &metav1.Time{Time: at("2027-09-28T00:00:00Z")}, &metav1.Time{Time: at("2027-05-01T00:00:00Z")}
			moved.Now = at("2028-01-01T00:00:00Z")
			if late := gate.EvaluateNotice(moved); late.MaturedReason != v1alpha1.ReasonLapsed || !late.Lapses.Equal(at("2027-09-28T00:00:00Z")) {
				t.Errorf("a date that was moved too late: lapses %v, %s", late.Lapses, late.MaturedMessage)
			}
			if v.Lapses == nil || !v.Lapses.Equal(at("2027-09-28T00:00:00Z")) || len(v.Owed) != 1 {
				t.Errorf("lapses %v, owed %v", v.Lapses, v.Owed)
			}
		})
	}
}

// afterAnswers is that the policy public-apis starts the clock when 60% of five customers acknowledged a notice.
func afterAnswers(in *gate.NoticeInput) {
	afterDelivery(in)
	in.Policies[0].Spec.StartsAt, in.Policies[0].Spec.CoveragePercent = v1alpha1.StartsAtAcknowledged, 60
}

// answeredBy says how many of five customers answered, and when that was enough; zero: it is not.
func answeredBy(answered int32, covered time.Time) func(*v1alpha1.ChangeNoticeStatus) {
	return func(s *v1alpha1.ChangeNoticeStatus) {
		deliveredTo(5, covered)(s)
		s.Clock = v1alpha1.NoticeClock{StartsAt: v1alpha1.StartsAtAcknowledged, CoveragePercent: 60}
		if answered > 0 {
			s.Answers = v1alpha1.NoticeAnswers{Answered: &answered}
		}
	}
}

func TestTheLifeOfANoticeWhoseClockAnswersStart(t *testing.T) {
	covered := when(t, "2026-12-09T23:00:00Z") // as above
	type want struct{ at, reason, message, matures string }
	cases := map[string]struct {
		status func(*v1alpha1.ChangeNoticeStatus)
		want   want
	}{
		"nobody was told": {func(s *v1alpha1.ChangeNoticeStatus) {
			answeredBy(0, time.Time{})(s)
			s.Delivery = v1alpha1.NoticeDelivery{}
		}, want{"2026-12-09T23:00:00Z", "Running", "its clock starts when 60% of its customers acknowledged it; none so far", ""}},
		"nobody answered":          {answeredBy(0, time.Time{}), want{"2026-12-09T23:00:00Z", "Running", "its clock starts when 60% of 5 customers acknowledged it; 0 so far", ""}},
		"too few did":              {answeredBy(2, time.Time{}), want{"2026-12-09T22:59:59Z", "Running", "its clock starts when 60% of 5 customers acknowledged it; 2 so far", ""}},
		"enough did":               {answeredBy(3, covered), want{"2026-12-09T23:00:00Z", "Running", "what it covers may serve from 2027-06-08", "2027-06-07T22:00:00Z"}},
		"a second later":           {answeredBy(3, covered.Add(time.Second)), want{"2026-12-09T23:00:01Z", "Running", "what it covers may serve from 2027-06-09", "2027-06-08T22:00:00Z"}},
		"it has matured":           {answeredBy(3, covered), want{"2027-06-07T22:00:00Z", "Matured", "what it covers may serve until 2027-09-28T00:00:00Z", "2027-06-07T22:00:00Z"}},
		"an answer was taken back": {answeredBy(2, time.Time{}), want{"2027-06-07T22:00:00Z", "Running", "its clock starts when 60% of 5 customers acknowledged it; 2 so far", ""}},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			in := noticing(toPublish(when(t, "2027-04-01T00:00:00Z")).Published(now).Owed("v1", "Removal", "public-apis", "Europe/Berlin", 180).Status(c.status))
			afterAnswers(&in)
			in.Now = when(t, c.want.at)
			v := gate.EvaluateNotice(in)
			got := want{at: c.want.at, reason: v.MaturedReason, message: v.MaturedMessage}
			if v.Matures != nil {
				got.matures = v.Matures.Format(time.RFC3339)
			}
			if got != c.want || !v.Published || v.Matured != (c.want.reason == "Matured") {
				t.Errorf("\n got %+v\nwant %+v\n%s", got, c.want, v.Message)
			}
		})
	}
}

func TestPublishingWhatCustomersAreToAcknowledge(t *testing.T) {
	in := noticing(toPublish(when(t, "2027-05-21T22:00:00Z")))
	afterAnswers(&in)
	v := gate.EvaluateNotice(in)
	if !v.Publishable || v.Clock.StartsAt != v1alpha1.StartsAtAcknowledged || v.Clock.CoveragePercent != 60 ||
		v.Message != "it was published; its clock starts when 60% of its customers acknowledged it; none so far" {
		t.Errorf("publishable %v, %+v: %s", v.Publishable, v.Clock, v.Message)
	}
	in.NoAnswers = true
	const none = "by policy public-apis the clock starts when customers acknowledged a notice, and this forewarn takes no answers: " +
		"give its manager --answers-url, --answers-address and --answers-key-dir, or let the policy say startsAt: Delivered"
	if v := gate.EvaluateNotice(in); v.Publishable || v.Published || v.Reason != v1alpha1.ReasonNoAnswers || v.Message != none || v.Earliest == nil {
		t.Errorf("publishable %v, %s: %s", v.Publishable, v.Reason, v.Message)
	}
	in.Policies[0].Spec.StartsAt = v1alpha1.StartsAtDelivered
	if v := gate.EvaluateNotice(in); !v.Publishable {
		t.Errorf("nobody has to answer: %s: %s", v.Reason, v.Message)
	}
	afterAnswers(&in)
	in.Notice = toPublish(when(t, "2027-04-01T00:00:00Z")).Published(now).Status(answeredBy(3, now)).Obj()
	if v := gate.EvaluateNotice(in); !v.Published {
		t.Errorf("what was published stays so: %s: %s", v.Reason, v.Message)
	}
	in = noticing(toPublish(when(t, "2027-05-21T22:00:00Z")).State(v1alpha1.NoticeDraft))
	afterAnswers(&in)
	const draft = "it is a draft: published now, its effectiveTime can be 2027-05-21T22:00:00Z or later, " +
		"if it is acknowledged at once: its clock starts when 60% of its customers acknowledged it (policy public-apis)"
	if v := gate.EvaluateNotice(in); v.Message != draft {
		t.Error(v.Message)
	}
	in.API.Spec.AudienceRef.Name, in.Audience = "", nil
	const nobody = "by policy public-apis the clock starts when a notice was acknowledged, and customerapi/orders says nowhere who the customers are: set audienceRef"
	if v := gate.EvaluateNotice(in); v.Reason != v1alpha1.ReasonAudienceUnknown || v.Message != nobody {
		t.Errorf("%s: %s", v.Reason, v.Message)
	}
}

func TestHowManyMayObjectIsFrozenWithThePublicationR8(t *testing.T) {
	in := noticing(toPublish(when(t, "2027-05-21T22:00:00Z")))
	hold := int32(10)
	in.Policies[0].Spec.HoldAboveObjectionPercent = &hold
	v := gate.EvaluateNotice(in)
	if !v.Publishable || v.Clock.StartsAt != v1alpha1.StartsAtPublished || v.Clock.HoldAboveObjectionPercent == nil || *v.Clock.HoldAboveObjectionPercent != 10 {
		t.Errorf("%+v: %s", v.Clock, v.Message)
	}
}

// What no customer was delivered is covered by nothing, and whoever asks for the revision learns why.
func TestARevisionWhoseNoticeWasNotDelivered(t *testing.T) {
	told := func(status func(*v1alpha1.ChangeNoticeStatus)) edit {
		return func(in *gate.Input) {
			in.Notices = []v1alpha1.ChangeNotice{*toPublish(now.Add(-day)).Published(now.Add(-300 * day)).Status(status).Obj()}
		}
	}
	v := gate.Evaluate(proposing(changing(deleteOrders), told(deliveredTo(5, now.Add(-299*day)))))
	if v.Reason != v1alpha1.ReasonNoticeGiven {
		t.Errorf("delivered: %s", v.Message)
	}
	v = gate.Evaluate(proposing(changing(deleteOrders), told(answeredBy(2, time.Time{}))))
	if v.Reason != v1alpha1.ReasonNoticeMissing || len(v.Findings) != 2 || v.Findings[1].Reason != v1alpha1.ReasonAcknowledging ||
		!strings.Contains(v.Findings[1].Message, "it was not acknowledged by enough customers") {
		t.Errorf("not acknowledged: %s: %+v", v.Message, v.Findings)
	}
	v = gate.Evaluate(proposing(changing(deleteOrders), told(deliveredTo(4, time.Time{}))))
	if v.Reason != v1alpha1.ReasonNoticeMissing || v.Uncovered != 1 {
		t.Errorf("%s, %d uncovered: %s", v.Reason, v.Uncovered, v.Message)
	}
	const want = "notice n lists 1 change and covers none of them: it was not delivered to enough customers to start its clock: its status says who is missing"
	found := false
	for _, f := range v.Findings {
		found = found || f.Message == want && f.Reason == v1alpha1.ReasonDelivering && !f.Blocks &&
			f.ClearsAt != nil && f.ClearsAt.Equal(when(t, "2027-05-20T09:00:00Z")) // when it lapses
	}
	if !found {
		t.Errorf("nothing says why: %+v", v.Findings)
	}
}

func TestARevisionOfAnAPIThatNamesNobodyToDeliverTo(t *testing.T) {
	nobody := func(in *gate.Input) {
		for i := range in.Policies {
			in.Policies[i].Spec.StartsAt = v1alpha1.StartsAtDelivered
		}
	}
	if v := gate.Evaluate(proposing(nobody)); v.Reason != v1alpha1.ReasonCompatible {
		t.Errorf("nothing breaks: %s", v.Message)
	}
	v := gate.Evaluate(proposing(changing(deleteOrders), nobody))
	if v.Reason != v1alpha1.ReasonAudienceUnknown || v.Decided || !strings.Contains(v.Message, "set audienceRef") {
		t.Errorf("%s: %s", v.Reason, v.Message)
	}
}
