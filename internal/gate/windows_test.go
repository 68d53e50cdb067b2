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
