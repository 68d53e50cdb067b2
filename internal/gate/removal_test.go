package gate_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	v1alpha1 "forewarn.dev/forewarn/api/v1alpha1"
	"forewarn.dev/forewarn/internal/contract"
	"forewarn.dev/forewarn/internal/gate"
	"forewarn.dev/forewarn/test/builders"
)

const (
	unused = v1alpha1.RemovalUnused
	either = v1alpha1.RemovalUnusedOrAcknowledged
	atDate = v1alpha1.RemovalAtDate
)

// sunset tells of the end of v1 on 1 June, which was published on 22 November; 180 days are owed and over by then.
func sunset(days int32, requires v1alpha1.RemovalRequirement) *builders.NoticeBuilder {
	return builders.Notice("orders-v1-sunset", "orders").Covers(v1alpha1.CoveredChange{Version: "v1", Class: v1alpha1.ClassRemoval}).
		Published(now).Effective(june).Owed("v1", "Removal", "public-apis", "Europe/Berlin", 180).
		Removes("orders-v1", "UTC", days, requires)
}

var june = time.Date(2027, time.June, 1, 0, 0, 0, 0, time.UTC)

// withoutV1 serves v2 alone.
func withoutV1() edit {
	return proposedAs(builders.Revision("orders-2", "orders").Created(now.Add(-time.Minute)).Contract("v2", "v2"))
}

func TestAScheduleKeepsAVersion(t *testing.T) {
	july := when(t, "2027-07-01T00:00:00Z")
	early := builders.Notice("early", "orders").CoversVersion("v1").Published(now).Effective(june.Add(-day))
	cases := map[string]struct {
		edits []edit
		at    time.Time
		want  outcome
		text  string
		next  string
	}{
		"a second before its sunset": {[]edit{telling(sunset(0, atDate))}, june.Add(-time.Second), outcome{"False", "Kept"},
			"schedule orders-v1 keeps it until 2027-06-01T00:00:00Z, its sunset; see: forewarn explain deprecationschedule/orders-v1 -n shop", "2027-06-01T00:00:00Z"},
		"its notice runs, and that goes without saying": {[]edit{telling(sunset(0, atDate))}, june.Add(-time.Second), outcome{"False", "Kept"},
			"its sunset; see: forewarn explain deprecationschedule/orders-v1 -n shop; see: forewarn explain apirevision/orders-2 -n shop", "2027-06-01T00:00:00Z"},
		"at its sunset": {[]edit{telling(sunset(0, atDate))}, june, outcome{"True", "NoticeGiven"}, "by notice orders-v1-sunset", "2027-11-28T01:00:00Z"},
		"a second before the last of its days is over": {[]edit{telling(sunset(30, atDate))}, july.Add(-time.Second), outcome{"False", "Kept"},
			"keeps it until 2027-07-01T00:00:00Z, 30 full days after its sunset", "2027-07-01T00:00:00Z"},
		"when it is": {[]edit{telling(sunset(30, atDate))}, july, outcome{"True", "NoticeGiven"}, "by notice orders-v1-sunset", "2027-12-28T01:00:00Z"},

		"somebody uses it": {[]edit{telling(sunset(0, unused).Used(june, 3, 0))}, june, outcome{"False", "Kept"},
			"orders-2 is not admissible: version v1 removed: schedule orders-v1 keeps it while 3 customers use it, because it requires that nobody does; see: forewarn explain deprecationschedule/orders-v1 -n shop; see: ", "2027-06-02T00:00:00Z"},
		"somebody did not acknowledge it":          {[]edit{telling(sunset(0, either).Used(june, 3, 1))}, june, outcome{"False", "Kept"}, "and 1 of them did not acknowledge", "2027-06-02T00:00:00Z"},
		"all did":                                  {[]edit{telling(sunset(0, either).Used(june, 3, 0))}, june, outcome{"True", "NoticeGiven"}, "by notice orders-v1-sunset", "2027-06-02T00:00:00Z"},
		"nobody uses it":                           {[]edit{telling(sunset(0, unused).Used(june, 0, 0))}, june, outcome{"True", "NoticeGiven"}, "", "2027-06-02T00:00:00Z"},
		"nobody did, a second less than a day ago": {[]edit{telling(sunset(0, unused).Used(june, 0, 0))}, june.Add(day - time.Second), outcome{"True", "NoticeGiven"}, "", "2027-06-02T00:00:00Z"},
		"nobody did, a day ago":                    {[]edit{telling(sunset(0, unused).Used(june, 0, 0))}, june.Add(day), outcome{"False", "Kept"}, "until it is known who uses it", "2027-11-28T01:00:00Z"},
		"nobody knows who uses it":                 {[]edit{telling(sunset(0, unused))}, june, outcome{"False", "Kept"}, "until it is known who uses it", "2027-11-28T01:00:00Z"},
		"its label is gone": {[]edit{telling(sunset(0, unused).Status(func(*v1alpha1.ChangeNoticeStatus) {})), func(in *gate.Input) { in.Notices[0].Labels = nil }}, june,
			outcome{"False", "Kept"}, "until it is known who uses it", "2027-11-28T01:00:00Z"},
		"what is frozen cannot be counted": {[]edit{telling(sunset(0, atDate).Removes("orders-v1", "CST", 0, atDate))}, june, outcome{"False", "Kept"},
			"because the day of its removal cannot be counted", ""},
		"somebody uses it, and the notice has lapsed": {[]edit{telling(sunset(0, unused).Used(june.Add(200*day), 3, 0))}, june.Add(200 * day), outcome{"False", "Kept"}, "while 3 customers use it", "2027-12-18T23:00:01Z"},

		"another notice with an earlier date":        {[]edit{telling(sunset(30, atDate), early)}, june, outcome{"False", "Kept"}, "keeps it until 2027-07-01T00:00:00Z", "2027-07-01T00:00:00Z"},
		"another notice, and somebody uses it":       {[]edit{telling(sunset(0, unused).Used(june, 1, 1), early)}, june, outcome{"False", "Kept"}, "while 1 customer uses it", "2027-06-02T00:00:00Z"},
		"another notice that replaces it":            {[]edit{telling(sunset(30, atDate), builders.Notice("new", "orders").CoversVersion("v1").Supersedes("orders-v1-sunset").Published(now).Effective(june))}, june, outcome{"False", "Kept"}, "keeps it until 2027-07-01T00:00:00Z", "2027-07-01T00:00:00Z"},
		"another notice, once it is withdrawn":       {[]edit{telling(sunset(30, atDate).Withdrawn(now), early)}, june, outcome{"True", "NoticeGiven"}, "by notice early", ""},
		"nobody asks any more, once it is withdrawn": {[]edit{telling(sunset(0, unused).Withdrawn(now))}, june, outcome{"False", "NoticeMissing"}, "nobody was told", ""},
		"the whole version, of which it keeps an operation": {[]edit{telling(
			builders.Notice("orders-delete-sunset", "orders").CoversOperation("v1", "DELETE /orders/{id}").Published(now).Effective(june).Removes("orders-delete", "UTC", 30, atDate), early)},
			june, outcome{"False", "Kept"}, "schedule orders-delete keeps it until 2027-07-01T00:00:00Z", "2027-07-01T00:00:00Z"},
		"an operation that it does not list": {[]edit{proposedAs(revised().Contract("v1", "v1 as proposed")), changing(deleteOrders), telling(sunset(30, atDate),
			builders.Notice("o", "orders").CoversOperation("v1", "DELETE /orders/{id}").Published(now).Effective(june))}, june, outcome{"True", "NoticeGiven"}, "by notice o", ""},

		"it serves":                 {[]edit{telling(sunset(30, atDate)), against(servingOrders().Serving("orders", "orders-2", now))}, june, outcome{"True", "Serving"}, "on its merits: orders-2 is not admissible", ""},
		"no policy selects the API": {[]edit{telling(sunset(30, atDate)), boundBy()}, june, outcome{"True", "NotGoverned"}, "", ""},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			in := proposing(append([]edit{withoutV1(), asOf(c.at)}, c.edits...)...)
			v := gate.Evaluate(in)
			if outcomeOf(v) != c.want || !strings.Contains(v.Message, c.text) {
				t.Errorf("%s: %s\nwant %s: %s", v.Reason, v.Message, c.want, c.text)
			}
			if got := moments(v); c.next != "" && !strings.HasSuffix(got, " "+c.next) {
				t.Errorf("moments %s, want the next %s", got, c.next)
			}
			held, message, _ := gate.Deletion(in)
			if wantHeld := v.Reason == v1alpha1.ReasonKept; strings.Contains(name, "version") && held != wantHeld && c.want.Reason != "Serving" {
				t.Errorf("deleting: %t: %s", held, message)
			}
		})
	}
}

// What a schedule keeps by a date alone can be planned for; what it keeps while somebody uses it cannot.
func TestFromWhenOnWhatAScheduleKeepsMayServe(t *testing.T) {
	at := func(n *builders.NoticeBuilder) *time.Time {
		return gate.Evaluate(proposing(withoutV1(), asOf(june), telling(n))).Earliest
	}
	if got := at(sunset(30, atDate)); got == nil || !got.Equal(june.Add(30*day)) {
		t.Errorf("by a date: %v", got)
	}
	if got := at(sunset(30, unused)); got != nil {
		t.Errorf("when nobody uses it: %v", got)
	}
}

func TestDeletingWhatAScheduleKeepsR15(t *testing.T) {
	in := proposing(asOf(june), telling(sunset(0, unused).Used(june, 3, 3)))
	held, message, next := gate.Deletion(in)
	const want = "deleting what serves customerapi/orders removes v1: schedule orders-v1 keeps v1 while 3 customers use it, " +
		"because it requires that nobody does; see: forewarn explain deprecationschedule/orders-v1 -n shop"
	if !held || message != want || next == nil || !next.Equal(june.Add(day)) {
		t.Errorf("%t %s, next %v", held, message, next)
	}
	in = proposing(asOf(june), telling(sunset(0, unused).Used(june, 0, 0)))
	if held, message, next := gate.Deletion(in); held || next == nil || !next.Equal(june.Add(day)) {
		t.Errorf("nobody uses it: %t %s, next %v", held, message, next)
	}
}

func TestTheLifeOfTheNoticeOfASunset(t *testing.T) {
	july := when(t, "2027-07-01T00:00:00Z")
	type want struct{ reason, message, next string }
	cases := map[string]struct {
		notice *builders.NoticeBuilder
		at     time.Time
		want   want
	}{
		"it runs": {sunset(30, atDate), july.Add(-time.Second), want{"Running", "what it covers may serve from 2027-07-01T00:00:00Z", "2027-07-01T00:00:00Z"}},
		"it runs, and who uses it will count": {sunset(30, unused), july.Add(-time.Second),
			want{"Running", "what it covers may serve from 2027-07-01T00:00:00Z, if no customer uses it then", "2027-07-01T00:00:00Z"}},
		"it has matured":  {sunset(30, atDate), july, want{"Matured", "what it covers may serve until 2027-12-28T01:00:00Z", "2027-12-28T01:00:00Z"}},
		"nobody uses it":  {sunset(30, unused).Used(july, 0, 0), july, want{"Matured", "what it covers may serve until 2027-12-28T01:00:00Z", "2027-07-02T00:00:00Z"}},
		"somebody does":   {sunset(30, unused).Used(july, 1, 0), july, want{"Kept", "schedule orders-v1 keeps it while 1 customer uses it, because it requires that nobody does", "2027-07-02T00:00:00Z"}},
		"nobody knows":    {sunset(30, either), july, want{"Kept", "schedule orders-v1 keeps it until it is known who uses it: the Audience of the API has to name a usage query, and its server has to answer (condition UsageKnown of the Audience)", "2027-12-28T01:00:00Z"}},
		"it is no number": {sunset(0, atDate).Removes("orders-v1", "CST", 0, atDate), july, want{"Kept", "", "2027-11-28T01:00:00Z"}},
		"it lapsed":       {sunset(30, unused).Used(july, 1, 0), when(t, "2027-12-28T01:00:00Z"), want{"Lapsed", "", ""}},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			in := noticing(c.notice)
			in.Now = c.at
			in.Schedule = builders.Schedule("orders-v1", "orders", "v1").Lists("orders-v1-sunset", v1alpha1.StepSunset).Obj()
			if use := c.notice.Obj().Status.RemovalUse; use.Time != nil {
				in.Schedule = builders.Schedule("orders-v1", "orders", "v1").Lists("orders-v1-sunset", v1alpha1.StepSunset).
					Used(use.Time.Time, *use.Customers, int(*use.Customers), int(*use.Customers-*use.Unacknowledged)).Obj()
			}
			v := gate.EvaluateNotice(in)
			got := want{reason: v.MaturedReason, message: v.MaturedMessage}
			if v.NextChange != nil {
				got.next = v.NextChange.Format(time.RFC3339)
			}
			if c.want.message == "" {
				got.message = ""
			}
			if diff := cmp.Diff(c.want, got, cmp.AllowUnexported(want{})); diff != "" || v.Matured != (c.want.reason == "Matured") {
				t.Errorf("%s\n%s", diff, v.Message)
			}
		})
	}
}

// A tenant makes a schedule anew under the old name, or about something that nobody uses, or points a notice at it.
func TestWhoUsesItIsKnownFromItsOwnScheduleAlone(t *testing.T) {
	mine := func() *builders.ScheduleBuilder {
		return builders.Schedule("orders-v1", "orders", "v1").Lists("orders-v1-sunset", v1alpha1.StepSunset).Used(june, 0, 0, 0)
	}
	cases := map[string]struct {
		schedule *v1alpha1.DeprecationSchedule
		want     string
	}{
		"its own":                     {mine().Obj(), "Matured"},
		"gone":                        {nil, "Kept"},
		"one that does not list it":   {builders.Schedule("orders-v1", "orders", "v1").Used(june, 0, 0, 0).Obj(), "Kept"},
		"one that lists another step": {builders.Schedule("orders-v1", "orders", "v1").Lists("orders-v1-sunset", v1alpha1.StepAnnouncement).Used(june, 0, 0, 0).Obj(), "Kept"},
		"one of another version":      {mine().Edit(func(s *v1alpha1.DeprecationSchedule) { s.Spec.Version = "v2" }).Obj(), "Kept"},
		"one of an operation":         {mine().Operations("GET /orders").Obj(), "Kept"},
		"one of another API":          {mine().Edit(func(s *v1alpha1.DeprecationSchedule) { s.Spec.APIRef.Name = "other" }).Obj(), "Kept"},
		"one of another name":         {mine().Edit(func(s *v1alpha1.DeprecationSchedule) { s.Name = "other" }).Obj(), "Kept"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			in := noticing(sunset(0, unused).Used(june, 0, 0))
			in.Now, in.Schedule = june, c.schedule
			v := gate.EvaluateNotice(in)
			if v.MaturedReason != c.want {
				t.Errorf("%s: %s", v.MaturedReason, v.MaturedMessage)
			}
			if known := v.RemovalUse.Time != nil; known != (c.want == "Matured") {
				t.Errorf("known: %+v", v.RemovalUse)
			}
		})
	}
}

func TestWhatARemovalNeedsIsFrozen(t *testing.T) {
	labelled := func() *builders.NoticeBuilder {
		return builders.Notice("orders-v1-sunset", "orders").State(v1alpha1.NoticePublished).Effective(june).
			Covers(v1alpha1.CoveredChange{Version: "v1", Class: v1alpha1.ClassRemoval}).Removes("orders-v1", "", 0, "").
			Status(func(s *v1alpha1.ChangeNoticeStatus) { s.Removal = v1alpha1.NoticeRemoval{} })
	}
	mine := builders.Schedule("orders-v1", "orders", "v1").Requires(30, unused)
	days := int32(30)
	frozen := v1alpha1.NoticeRemoval{Schedule: "orders-v1", Days: &days, TimeZone: "Europe/Berlin", Requires: unused}
	berlin := when(t, "2027-07-01T22:00:00Z") // midnight of UTC is two hours into the first day
	cases := map[string]struct {
		notice   *builders.NoticeBuilder
		schedule *v1alpha1.DeprecationSchedule
		want     v1alpha1.NoticeRemoval
		reason   string
		matures  time.Time
	}{
		"of its sunset":             {labelled(), mine.Lists("orders-v1-sunset", v1alpha1.StepSunset).Obj(), frozen, "Published", berlin},
		"of another step":           {labelled(), builders.Schedule("orders-v1", "orders", "v1").Lists("orders-v1-sunset", v1alpha1.StepAnnouncement).Obj(), v1alpha1.NoticeRemoval{}, "Published", june},
		"before it is listed":       {labelled(), builders.Schedule("orders-v1", "orders", "v1").Obj(), v1alpha1.NoticeRemoval{}, "NotPublished", time.Time{}},
		"of a schedule that is not": {labelled(), nil, v1alpha1.NoticeRemoval{}, "NotPublished", time.Time{}},
		"of people":                 {toPublish(june), nil, v1alpha1.NoticeRemoval{}, "Published", june},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			in := noticing(c.notice)
			in.Schedule = c.schedule
			v := gate.EvaluateNotice(in)
			if diff := cmp.Diff(c.want, v.Removal); diff != "" || v.Reason != c.reason {
				t.Errorf("%s: %s\n%s", v.Reason, v.Message, diff)
			}
			if v.Reason == "Published" && (v.Matures == nil || !v.Matures.Equal(c.matures)) {
				t.Errorf("matures %v, want %s", v.Matures, c.matures)
			}
		})
	}
}

// Customers count days where they are.
func TestTheDaysOfARemovalEndLastForCustomers(t *testing.T) {
	n := builders.Notice("orders-v1-sunset", "orders").State(v1alpha1.NoticePublished).Effective(june).
		Covers(v1alpha1.CoveredChange{Version: "v1", Class: v1alpha1.ClassRemoval})
	for name, c := range map[string]struct {
		calendars []v1alpha1.CustomerCalendar
		zone      string
		want      string
	}{
		"the policy":        {nil, "", "Europe/Berlin"},
		"a customer":        {[]v1alpha1.CustomerCalendar{{Customers: 1}, {TimeZone: "America/Chicago", Customers: 1}}, "", "Europe/Berlin"},
		"another customer":  {[]v1alpha1.CustomerCalendar{{TimeZone: "Europe/London", Customers: 1}}, "", "Europe/London"},
		"the schedule says": {nil, "Europe/London", "Europe/London"},
	} {
		t.Run(name, func(t *testing.T) {
			in := noticing(n)
			in.Schedule = builders.Schedule("orders-v1", "orders", "v1").Requires(30, atDate).Lists("orders-v1-sunset", v1alpha1.StepSunset).
				Edit(func(s *v1alpha1.DeprecationSchedule) { s.Status.TimeZone = c.zone }).Obj()
			if c.calendars != nil {
				customers := int32(1)
				in.API.Spec.AudienceRef.Name = "customers"
				in.Audience = &v1alpha1.Audience{Status: v1alpha1.AudienceStatus{Customers: &customers, Calendars: c.calendars}}
			}
			in.Notice.Labels = map[string]string{v1alpha1.ScheduleLabel: "orders-v1"}
			if v := gate.EvaluateNotice(in); v.Removal.TimeZone != c.want {
				t.Errorf("%q, want %s: %s", v.Removal.TimeZone, c.want, v.Message)
			}
		})
	}
}

func TestNothingReplacesTheNoticeOfASunset(t *testing.T) {
	n := toPublish(june.Add(100 * day)).Supersedes("orders-v1-sunset")
	v := gate.EvaluateNotice(noticing(n, sunset(30, unused)))
	const want = "it supersedes orders-v1-sunset, which tells of the end that schedule orders-v1 sets: move sunsetTime of the schedule, or withdraw the schedule"
	if v.Publishable || v.Reason != v1alpha1.ReasonIncomplete || v.Message != want {
		t.Errorf("%s: %s", v.Reason, v.Message)
	}
}

// An operation that another API of the product serves unchanged is not gone.
func TestNothingKeepsWhatHasMoved(t *testing.T) {
	kept := builders.Notice("orders-delete-sunset", "orders").CoversOperation("v1", "DELETE /orders/{id}").
		Published(now).Effective(june).Removes("orders-delete", "UTC", 30, atDate)
	moved := func(in *gate.Input) { in.Proposal.Moved = map[string]string{deleteOrders.Fingerprint: "other"} }
	for name, c := range map[string]struct {
		change contract.Change
		edit   edit
		want   string
	}{
		"gone":  {deleteOrders, func(*gate.Input) {}, "Kept"},
		"moved": {deleteOrders, moved, "Compatible"},
	} {
		if v := gate.Evaluate(proposing(changing(c.change), c.edit, telling(kept), asOf(june))); v.Reason != c.want {
			t.Errorf("%s: %s: %s", name, v.Reason, v.Message)
		}
	}
}
