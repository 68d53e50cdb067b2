package gate_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	v1alpha1 "forewarn.dev/forewarn/api/v1alpha1"
	"forewarn.dev/forewarn/internal/downtime"
	"forewarn.dev/forewarn/internal/gate"
	"forewarn.dev/forewarn/test/builders"
)

// plannedDowntime is a notice of so many minutes of downtime, told so long ago.
func plannedDowntime(name string, ago time.Duration, from time.Time, minutes int32) *v1alpha1.ChangeNotice {
	n := builders.Notice(name, "orders").Effective(from).Published(now.Add(-ago)).
		Covers(v1alpha1.CoveredChange{Version: "v1", Class: v1alpha1.ClassDowntime}).Downtime(minutes)
	return n.Obj()
}

func TestWindowsOfAnAPI(t *testing.T) {
	at := now.Add(time.Hour).Truncate(time.Second)
	in := gate.Input{
		Now: now, API: servingOrders().Obj(),
		Policies: []v1alpha1.NoticePolicy{*builders.Policy("p").Owes("Removal", 180).Owes("Downtime", 10).Zone("UTC").Obj()},
		Notices: []v1alpha1.ChangeNotice{
			*plannedDowntime("too-late", 3*day, at, 30), // a policy asks for ten days
			*plannedDowntime("in-time", 12*day, at.Add(time.Minute), 30),
			*builders.Notice("a-change", "orders").CoversVersion("v1").Published(now.Add(-300 * day)).Effective(at).Obj(),
		},
	}
	want := []downtime.Window{{Notice: "in-time", Start: at.Add(time.Minute), End: at.Add(31 * time.Minute)}}
	if diff := cmp.Diff(want, gate.Windows(in)); diff != "" {
		t.Errorf("(-want +got) %s", diff)
	}
	in.API = nil
	if got := gate.Windows(in); got != nil {
		t.Errorf("of no API: %v", got)
	}
}

// A notice of downtime is no notice of a removal, however it is worded (R15).
func TestDowntimeDeletesNothing(t *testing.T) {
	blanket := builders.Notice("n", "orders").CoversVersion("v1").Downtime(30).Published(now.Add(-300 * day)).Effective(now.Add(-time.Minute)).Obj()
	held, _, _ := gate.Deletion(gate.Input{
		Now: now, API: servingOrders().Obj(), Policies: []v1alpha1.NoticePolicy{*publicAPIs().Obj()},
		Notices: []v1alpha1.ChangeNotice{*blanket},
	})
	if !held {
		t.Error("a planned downtime lets the API be deleted")
	}
}

// downtimePolicy owes ten days in Berlin for a downtime.
func downtimePolicy() *builders.PolicyBuilder {
	return builders.Policy("public-apis").Owes("Removal", 180).Owes("Downtime", 10).Zone("Europe/Berlin")
}

// From 10:00 of 22 November (UTC), ten full days in Berlin are over with 2 December.
func TestNoticeOfADowntime(t *testing.T) {
	inTime := when(t, "2026-12-02T23:00:00Z")
	toPlan := func(from time.Time) *builders.NoticeBuilder {
		return builders.Notice("n", "orders").State(v1alpha1.NoticePublished).Effective(from).Downtime(30).
			Covers(v1alpha1.CoveredChange{Version: "v1", Class: v1alpha1.ClassDowntime})
	}
	told := func() *builders.NoticeBuilder { return toPlan(inTime.Add(time.Hour)).Published(now) }
	at := func(s string) time.Time { return when(t, s) }
	late := func(s *v1alpha1.ChangeNoticeStatus) { // delivered when ten days before the date were over
		s.Clock.StartsAt, s.Clock.CoveragePercent = v1alpha1.StartsAtDelivered, 95
		s.Delivery.CoveredTime = &metav1.Time{Time: at("2026-11-23T10:00:00Z")}
	}
	const customersTold = "customers were told that orders may be down from 2026-12-03T00:00:00Z until 2026-12-03T00:30:00Z"
	cases := map[string]struct {
		notice           *builders.NoticeBuilder
		now              time.Time
		reason, message  string
		matured, says    string
		matures, changes string
	}{
		"in time to the second": {toPlan(inTime), now, "Published",
			"customers were told that orders may be down from 2026-12-02T23:00:00Z until 2026-12-02T23:30:00Z", "Running",
			"its window opens 2026-12-02T23:00:00Z and closes 2026-12-02T23:30:00Z", "2026-12-02T23:00:00Z", "2026-11-22T23:00:01Z"},
		"a second too soon": {toPlan(inTime.Add(-time.Second)), now, "TooSoon",
			"its effectiveTime 2026-12-02T22:59:59Z is too soon, customers are owed 10 days (policy public-apis): set it to 2026-12-02T23:00:00Z or later",
			"NotPublished", "it was not published", "", ""},
		"of another class": {toPlan(inTime).Covers(v1alpha1.CoveredChange{Version: "v1", Class: "Removal"}), now, "Incomplete",
			"covers[1] has not the class Downtime: a notice of downtime tells of nothing else", "NotPublished", "it was not published",
			"2027-05-21T22:00:00Z", ""},
		"a week and a minute": {toPlan(inTime).Downtime(10081), now, "Incomplete",
			"its downtimeMinutes 10081 are not between 1 and 10080: plan several windows, each by a notice of its own", "NotPublished",
			"it was not published", "2026-12-02T23:00:00Z", ""},
		"a second before it opens": {told(), at("2026-12-02T23:59:59Z"), "Published", customersTold, "Running",
			"its window opens 2026-12-03T00:00:00Z and closes 2026-12-03T00:30:00Z", "2026-12-03T00:00:00Z", "2026-12-03T00:00:00Z"},
		"as it opens": {told(), at("2026-12-03T00:00:00Z"), "Published", customersTold, "Matured",
			"its window is open until 2026-12-03T00:30:00Z: orders may be taken down, and not be deleted", "2026-12-03T00:00:00Z", "2026-12-03T00:30:00Z"},
		"a second before it closes": {told(), at("2026-12-03T00:29:59Z"), "Published", customersTold, "Matured",
			"its window is open until 2026-12-03T00:30:00Z: orders may be taken down, and not be deleted", "2026-12-03T00:00:00Z", "2026-12-03T00:30:00Z"},
		"as it closes": {told(), at("2026-12-03T00:30:00Z"), "Published", customersTold, "Lapsed",
			"its window was open from 2026-12-03T00:00:00Z until 2026-12-03T00:30:00Z and is over: to be down again, publish a new notice",
			"2026-12-03T00:00:00Z", ""},
		"delivered too late": {told().Status(late), at("2026-12-03T00:00:00Z"), "Published", "customers were told", "Running",
			"it opens no window: when all that customers are owed has run since they were told of this date, it is over; " +
				"customers are owed 10 days (policy public-apis): publish a new one", "", "2026-12-03T00:30:00Z"},
		"delivered too late, and over": {told().Status(late), at("2026-12-03T00:30:00Z"), "Published", "customers were told", "Lapsed",
			"it opens no window: when all that customers are owed has run since they were told of this date, it is over; " +
				"customers are owed 10 days (policy public-apis): publish a new one", "", ""},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			in := gate.NoticeInput{
				Now: c.now, API: servingOrders().Obj(), Policies: []v1alpha1.NoticePolicy{*downtimePolicy().Obj()}, Notice: c.notice.Obj(),
			}
			v := gate.EvaluateNotice(in)
			if v.Reason != c.reason || v.Message != c.message {
				t.Errorf("Published: %s: %s", v.Reason, v.Message)
			}
			if v.MaturedReason != c.matured || v.MaturedMessage != c.says || v.Matured != (c.matured == "Matured") {
				t.Errorf("Matured %v: %s: %s", v.Matured, v.MaturedReason, v.MaturedMessage)
			}
			if got := momentText(v.Matures); got != c.matures {
				t.Errorf("matures %s, want %s", got, c.matures)
			}
			if got := momentText(v.NextChange); got != c.changes && v.Published {
				t.Errorf("changes next %s, want %s", got, c.changes)
			}
		})
	}
}

func momentText(at *time.Time) string {
	if at == nil {
		return ""
	}
	return at.Format(time.RFC3339)
}

// Which rules of a route carry a version nobody can tell from the rules: whatever part of an API is taken away for a while,
// customers are owed what they are owed for its most stable version.
func TestDowntimeOfAPartIsOwedAsOfTheMostStable(t *testing.T) {
	stable, beta, alpha := v1alpha1.StabilityStable, v1alpha1.StabilityBeta, v1alpha1.StabilityAlpha
	policy := builders.Policy("p").Zone("UTC").OwesFor(stable, "Downtime", 30).OwesFor(beta, "Downtime", 10).OwesFor(alpha, "Downtime", 2)
	// From 10:00 of 22 November, so many full days are over with 24 November, 2 and 22 December.
	const two, ten, thirty = "2026-11-25T00:00:00Z", "2026-12-03T00:00:00Z", "2026-12-23T00:00:00Z"
	of := func(first v1alpha1.Stability, others ...v1alpha1.Stability) *builders.APIBuilder {
		api := builders.API("orders").Version("v1", first).Promised("v1", "orders-1", "", first, now.Add(-30*day))
		for _, s := range others {
			api.Version("v2", s)
		}
		return api
	}
	whole := []v1alpha1.CoveredChange{{Version: "v1", Class: "Downtime"}}
	for name, c := range map[string]struct {
		api    *builders.APIBuilder
		covers []v1alpha1.CoveredChange
		owed   string
	}{
		"of an alpha version beside a stable one":  {api: of(alpha, stable), covers: whole, owed: thirty},
		"of an alpha version beside a beta one":    {api: of(alpha, beta), covers: whole, owed: ten},
		"of an alpha version that is the only one": {api: of(alpha), covers: whole, owed: two},
		"of a beta version beside an alpha one":    {api: of(beta, alpha), covers: whole, owed: ten},
		"of some of the only version": {
			api: of(alpha), covers: []v1alpha1.CoveredChange{{Version: "v1", Operation: "GET /orders", Class: "Downtime"}}, owed: two,
		},
		"of some of an alpha version": {
			api: of(alpha, stable), covers: []v1alpha1.CoveredChange{{Version: "v1", Operation: "GET /orders", Class: "Downtime"}}, owed: thirty,
		},
		"of a version that is gone from the list": {
			api:    of(alpha).Promised("v0", "orders-1", "", stable, now.Add(-30*day)),
			covers: whole, owed: thirty,
		},
	} {
		t.Run(name, func(t *testing.T) {
			at := when(t, c.owed)
			n := builders.Notice("n", "orders").State(v1alpha1.NoticePublished).Downtime(30)
			for _, entry := range c.covers {
				n.Covers(entry)
			}
			judged := func(effective time.Time) gate.NoticeVerdict {
				return gate.EvaluateNotice(gate.NoticeInput{
					Now: now, API: c.api.Obj(), Policies: []v1alpha1.NoticePolicy{*policy.Obj()}, Notice: n.Effective(effective).Obj(),
				})
			}
			if v := judged(at.Add(-time.Second)); v.Reason != v1alpha1.ReasonTooSoon || v.Earliest == nil || !v.Earliest.Equal(at) {
				t.Errorf("a second too soon: %s %s", v.Reason, v.Message)
			}
			if v := judged(at); v.Reason != v1alpha1.ReasonPublished {
				t.Errorf("in time to the second: %s %s", v.Reason, v.Message)
			}
			// Nor does a window open sooner that nothing was frozen for.
			in := gate.Input{Now: now, API: c.api.Obj(), Policies: []v1alpha1.NoticePolicy{*policy.Obj()},
				Notices: []v1alpha1.ChangeNotice{*n.Published(now).Effective(at.Add(-time.Second)).Obj()}}
			if w := gate.Windows(in); len(w) != 1 || !w[0].Start.Equal(at) {
				t.Errorf("told a second too late: %v", w)
			}
		})
	}
}

// What nobody used is owed less, but for a part: what it takes away may be used.
func TestDowntimeOfAPartThatNobodyUsed(t *testing.T) {
	fourteen := int32(14)
	policy := builders.Policy("p").Zone("UTC").Owes("Downtime", 30).Spec(func(s *v1alpha1.NoticePolicySpec) { s.UnusedDays = &fourteen })
	const less, full = "2026-12-07T00:00:00Z", "2026-12-23T00:00:00Z"
	unused := func(a *v1alpha1.Audience) { a.Status.Usage.Versions, a.Status.Usage.Operations = nil, nil }
	for name, c := range map[string]struct {
		covers v1alpha1.CoveredChange
		want   string
	}{
		"all of it":  {v1alpha1.CoveredChange{Version: "v1", Class: "Downtime"}, less},
		"some of it": {v1alpha1.CoveredChange{Version: "v1", Operation: "GET /orders", Class: "Downtime"}, full},
	} {
		t.Run(name, func(t *testing.T) {
			api := servingOrders().Obj()
			api.Spec.AudienceRef.Name = "customers"
			v := gate.EvaluateNotice(gate.NoticeInput{
				Now: now, API: api, Policies: []v1alpha1.NoticePolicy{*policy.Obj()}, Audience: using(unused),
				Notice: builders.Notice("n", "orders").State(v1alpha1.NoticePublished).Covers(c.covers).Downtime(30).Effective(now.Add(day)).Obj(),
			})
			if v.Earliest == nil || v.Earliest.Format(time.RFC3339) != c.want {
				t.Errorf("%s %s", v.Reason, v.Message)
			}
		})
	}
}
