package gate_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	v1alpha1 "forewarn.dev/forewarn/api/v1alpha1"
	"forewarn.dev/forewarn/internal/gate"
	"forewarn.dev/forewarn/internal/notice"
	"forewarn.dev/forewarn/test/builders"
)

// noticing is about a notice of orders, under the policy public-apis.
func noticing(n *builders.NoticeBuilder, others ...*builders.NoticeBuilder) gate.NoticeInput {
	in := gate.NoticeInput{Now: now, API: servingOrders().Obj(), Policies: []v1alpha1.NoticePolicy{*publicAPIs().Obj()}, Notice: n.Obj()}
	for _, other := range others {
		in.Others = append(in.Others, *other.Obj())
	}
	return in
}

// toPublish announces the removal of an operation, whose customers are owed 180 days until 22 May in Berlin.
func toPublish(effective time.Time) *builders.NoticeBuilder {
	return builders.Notice("n", "orders").State(v1alpha1.NoticePublished).Effective(effective).Covers(v1alpha1.CoveredChange{
		Version: "v1", Operation: "DELETE /orders/{id}", Class: v1alpha1.ClassRemoval,
	})
}

// contractOwes is that one customer, in Berlin, was promised that many days before anything is removed.
func contractOwes(days int32) func(*gate.NoticeInput) {
	return func(in *gate.NoticeInput) {
		customers := int32(1)
		in.API.Spec.AudienceRef.Name = "customers"
		in.Audience = &v1alpha1.Audience{Status: v1alpha1.AudienceStatus{Customers: &customers, Terms: []v1alpha1.ContractTerm{{
			Customer: "c-1", Customers: 1, TimeZone: "Europe/Berlin", Owed: v1alpha1.OwedTerm{Class: v1alpha1.ClassRemoval, Days: &days},
		}}}}
	}
}

func TestNoticesThatCanBePublishedR6(t *testing.T) {
	inTime := when(t, "2027-05-21T22:00:00Z")
	removal := func(in *gate.NoticeInput) {
		in.Policies = []v1alpha1.NoticePolicy{*builders.Policy("p").Owes("Removal", 0).Obj()}
	}
	cases := map[string]struct {
		notice *builders.NoticeBuilder
		others []*builders.NoticeBuilder
		edit   func(*gate.NoticeInput)
		want   string // reason; Published is publishable
	}{
		"in time to the second":                      {notice: toPublish(inTime), want: v1alpha1.ReasonPublished},
		"a second too soon":                          {notice: toPublish(inTime.Add(-time.Second)), want: v1alpha1.ReasonTooSoon},
		"R13 a second before midnight it is in time": {notice: toPublish(inTime), edit: func(in *gate.NoticeInput) { in.Now = when(t, "2026-11-22T23:00:00Z") }, want: v1alpha1.ReasonPublished},
		"R13 a second after midnight it is not":      {notice: toPublish(inTime), edit: func(in *gate.NoticeInput) { in.Now = when(t, "2026-11-22T23:00:01Z") }, want: v1alpha1.ReasonTooSoon},
		"a draft":                                    {notice: toPublish(inTime).State(v1alpha1.NoticeDraft), want: v1alpha1.ReasonDraft},
		"withdrawn":                                  {notice: toPublish(inTime).State(v1alpha1.NoticeWithdrawn), want: v1alpha1.ReasonWithdrawn},
		"a class that is left out counts as the longest": {
			notice: builders.Notice("n", "orders").State("Published").CoversOperation("v1", "GET /orders").Effective(when(t, "2027-02-20T23:00:00Z")), want: v1alpha1.ReasonTooSoon},
		"a class that is set counts as itself": {
			notice: builders.Notice("n", "orders").State("Published").Effective(when(t, "2027-02-20T23:00:00Z")).
				Covers(v1alpha1.CoveredChange{Version: "v1", Operation: "GET /orders", Class: "Breaking"}), want: v1alpha1.ReasonPublished},
		"a class that no policy names may come at once": {
			notice: builders.Notice("n", "orders").State("Published").Effective(now).
				Covers(v1alpha1.CoveredChange{Version: "v1", Operation: "GET /orders", Class: "Price"}), want: v1alpha1.ReasonPublished},
		"but not before":          {notice: toPublish(now.Add(-time.Second)), edit: removal, want: v1alpha1.ReasonTooSoon},
		"no days are owed":        {notice: toPublish(now), edit: removal, want: v1alpha1.ReasonPublished},
		"no policy selects it":    {notice: toPublish(now), edit: func(in *gate.NoticeInput) { in.Policies = nil }, want: v1alpha1.ReasonPublished},
		"a policy cannot be read": {notice: toPublish(inTime), edit: func(in *gate.NoticeInput) { in.Policies[0].Spec.TimeZone = "CST" }, want: v1alpha1.ReasonPolicyInvalid},
		"an audience that does not exist": {notice: toPublish(inTime), edit: func(in *gate.NoticeInput) {
			in.API.Spec.AudienceRef.Name = "customers"
		}, want: v1alpha1.ReasonAudienceUnknown},
		"an audience that was never read": {notice: toPublish(inTime), edit: func(in *gate.NoticeInput) {
			in.API.Spec.AudienceRef.Name = "customers"
			in.Audience = &v1alpha1.Audience{}
		}, want: v1alpha1.ReasonAudienceUnknown},
		"an audience whose contracts owe no more": {notice: toPublish(inTime), edit: contractOwes(180), want: v1alpha1.ReasonPublished},
		"R1 a contract owes a day more":           {notice: toPublish(inTime), edit: contractOwes(181), want: v1alpha1.ReasonTooSoon},
		"R1 a second policy owes more": {notice: toPublish(inTime), edit: func(in *gate.NoticeInput) {
			in.Policies = append(in.Policies, *builders.Policy("b").Owes("Removal", 181).Obj())
		}, want: v1alpha1.ReasonTooSoon},
		"R6 it keeps the clock of the one it supersedes": {
			notice: toPublish(now.Add(time.Hour)).Supersedes("older"),
			others: []*builders.NoticeBuilder{toPublish(now.Add(-day)).Published(now.Add(-300 * day)).Named("older")}, want: v1alpha1.ReasonPublished},
		"R6 but no date that is over": {
			notice: toPublish(now.Add(-time.Second)).Supersedes("older"),
			others: []*builders.NoticeBuilder{toPublish(now.Add(-day)).Published(now.Add(-300 * day)).Named("older")}, want: v1alpha1.ReasonTooSoon},
		"R6 but not for what the other did not say": {
			notice: toPublish(now.Add(time.Hour)).Supersedes("older").CoversOperation("v1", "GET /orders"),
			others: []*builders.NoticeBuilder{toPublish(now.Add(-day)).Published(now.Add(-300 * day)).Named("older")}, want: v1alpha1.ReasonTooSoon},
		"R6 nor before the date that the other said": {
			notice: toPublish(now.Add(time.Hour)).Supersedes("older"),
			others: []*builders.NoticeBuilder{toPublish(now.Add(2 * time.Hour)).Published(now.Add(-300 * day)).Named("older")}, want: v1alpha1.ReasonTooSoon},
		"R6 one that is being deleted": {notice: toPublish(inTime), edit: terminating, want: v1alpha1.ReasonTerminating},
		"R6 a draft that is being deleted": {
			notice: toPublish(inTime).State(v1alpha1.NoticeDraft), edit: terminating, want: v1alpha1.ReasonTerminating},
		"it is superseded before it was published": {
			notice: toPublish(inTime),
			others: []*builders.NoticeBuilder{toPublish(inTime).Published(now.Add(-day)).Named("newer").Supersedes("n")}, want: v1alpha1.ReasonSuperseded},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			in := noticing(c.notice, c.others...)
			if c.edit != nil {
				c.edit(&in)
			}
			v := gate.EvaluateNotice(in)
			published := c.want == v1alpha1.ReasonPublished
			if v.Reason != c.want || v.Publishable != published || v.Published != published {
				t.Errorf("%s, publishable %v: %s", v.Reason, v.Publishable, v.Message)
			}
			if published && v.Digest != notice.Digest(&in.Notice.Spec) {
				t.Error("the digest is not that of the notice")
			}
			if !published && (v.Matured || v.MaturedReason != v1alpha1.ReasonNotPublished) {
				t.Errorf("matured %v, %s", v.Matured, v.MaturedReason)
			}
		})
	}
}

// terminating says that the notice was deleted, and that a finalizer holds it.
func terminating(in *gate.NoticeInput) {
	in.Notice.DeletionTimestamp = &metav1.Time{Time: now.Add(-time.Second)}
}

// What customers were told stands for as long as the notice is there.
func TestAPublishedNoticeThatIsBeingDeletedStandsR6(t *testing.T) {
	in := noticing(toPublish(when(t, "2027-06-01T00:00:00Z")).Published(now).Owed("v1", "Removal", "public-apis", "Europe/Berlin", 180))
	want := gate.EvaluateNotice(in)
	terminating(&in)
	if diff := cmp.Diff(want, gate.EvaluateNotice(in)); diff != "" || !want.Published {
		t.Errorf("published %v, and being deleted changes (-want +got):\n%s", want.Published, diff)
	}
}

// covering replaces what the notice covers.
func covering(operation, rule string) func(*gate.NoticeInput) {
	return func(in *gate.NoticeInput) {
		in.Notice.Spec.Covers[0] = v1alpha1.CoveredChange{Version: "v1", Operation: operation, Rule: rule}
	}
}

func TestNoticesThatLackSomething(t *testing.T) {
	inTime := when(t, "2027-05-21T22:00:00Z")
	cases := map[string]struct {
		edit func(*gate.NoticeInput)
		want string
	}{
		"an API that is not there":  {func(in *gate.NoticeInput) { in.API = nil }, "there is no customerapi/orders"},
		"another API":               {func(in *gate.NoticeInput) { in.Notice.Spec.APIRef.Name = "billing" }, "there is no customerapi/billing"},
		"no title":                  {func(in *gate.NoticeInput) { in.Notice.Spec.Title = "" }, "it has no title"},
		"no date":                   {func(in *gate.NoticeInput) { in.Notice.Spec.EffectiveTime = nil }, "it has no effectiveTime"},
		"nothing that it covers":    {func(in *gate.NoticeInput) { in.Notice.Spec.Covers = nil }, "it covers nothing"},
		"a state that is not known": {func(in *gate.NoticeInput) { in.Notice.Spec.State = "Sent" }, `its state "Sent" is not known`},
		"a version that is not known": {func(in *gate.NoticeInput) { in.Notice.Spec.Covers[0].Version = "v9" },
			`covers[0] names version "v9", which customerapi/orders has not: it has v1`},
		"a class of another spelling": {func(in *gate.NoticeInput) { in.Notice.Spec.Covers[0].Class = "removal" }, `covers[0] class "removal" is not one`},
		"no fingerprint":              {func(in *gate.NoticeInput) { in.Notice.Spec.Covers[0].Fingerprint = "0123456789AB" }, `which is not 12 hex digits`},
		"a blanket": {func(in *gate.NoticeInput) {
			in.Notice.Spec.Covers[0] = v1alpha1.CoveredChange{Version: "v1", Class: "Breaking"}
		}, "covers[0] names no more than version v1 and class Breaking, which covers nothing"},
		"every operation":               {covering("*", ""), `covers[0] names operation "*", which is none`},
		"every path":                    {covering("DELETE *", ""), `covers[0] names operation "DELETE *", which is none`},
		"all below a path":              {covering("DELETE /orders/*", ""), `names operation "DELETE /orders/*", which is none`},
		"a method alone":                {covering("DELETE", ""), `names operation "DELETE", which is none`},
		"a path alone":                  {covering("/orders/{id}", ""), `names operation "/orders/{id}", which is none`},
		"a path of every method":        {covering("* /orders/{id}", ""), `names operation "* /orders/{id}", which is none`},
		"an operation in words":         {covering("the whole API", ""), `names operation "the whole API", which is none`},
		"a rule that is in operations":  {covering("", "response-optional-property-removed"), "names no more than version v1 and rule response-optional-property-removed, which tells nobody"},
		"whatever is declared":          {covering("", "declared"), "names no more than version v1 and rule declared, which tells nobody"},
		"a rule that is none":           {covering("DELETE /orders/{id}", "api-removed"), `names rule "api-removed", which finds nothing`},
		"an operation of the whole API": {covering("DELETE /orders/{id}", "api-server-path-removed"), "what the rule finds is of none: leave the operation out"},
		"a notice to supersede":         {func(in *gate.NoticeInput) { in.Notice.Spec.Supersedes = "older" }, "it supersedes older, which is no published notice"},
		"another notice to supersede":   {func(in *gate.NoticeInput) { in.Notice.Spec.Supersedes = "n" }, "it supersedes itself"},
		"more than one thing at a time": {func(in *gate.NoticeInput) { in.Notice.Spec.Title, in.Notice.Spec.EffectiveTime = "", nil }, "it has no title: say what changes and from when; it has no effectiveTime"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			in := noticing(toPublish(inTime))
			c.edit(&in)
			v := gate.EvaluateNotice(in)
			if v.Reason != v1alpha1.ReasonIncomplete || v.Publishable || v.Published || !strings.Contains(v.Message, c.want) {
				t.Errorf("%s: %s\nwant %s", v.Reason, v.Message, c.want)
			}
		})
	}
	for name, entry := range map[string]v1alpha1.CoveredChange{
		"an operation":                   {Operation: "get  /orders"},
		"the root":                       {Operation: "GET /"},
		"a webhook":                      {Operation: "POST webhook:order placed"},
		"a callback":                     {Operation: "POST callback:GET /orders hook {$request.body#/url}"},
		"an operation and its rule":      {Operation: "DELETE /orders/{id}", Rule: "api-removed-without-deprecation"},
		"a declared one":                 {Operation: "DELETE /orders/{id}", Rule: "declared"},
		"a fingerprint":                  {Fingerprint: "0123456789ab"},
		"a fingerprint and odd words":    {Operation: "the * whole", Fingerprint: "0123456789ab"},
		"a rule of no operation":         {Rule: "api-server-path-removed"},
		"another":                        {Rule: "api-global-security-removed"},
		"the rule of a version's end":    {Rule: notice.RuleVersionRemoved},
		"a version":                      {},
		"a version, and that it is gone": {Class: "Removal"},
	} {
		entry.Version = "v1"
		telling := builders.Notice("n", "orders").State("Published").Effective(inTime).Covers(entry)
		if v := gate.EvaluateNotice(noticing(telling)); !v.Publishable {
			t.Errorf("%s cannot be told: %s", name, v.Message)
		}
	}
	blanket := builders.Notice("n", "orders").State("Published").Effective(inTime).Covers(v1alpha1.CoveredChange{Version: "v1", Class: "Removal"})
	if v := gate.EvaluateNotice(noticing(blanket)); !v.Publishable {
		t.Errorf("the removal of a version cannot be told: %s", v.Message)
	}
}

// knownToLapse is what the status says of a notice that was to lapse in November 2027.
func knownToLapse(b *builders.NoticeBuilder) *builders.NoticeBuilder {
	return b.Lapses(time.Date(2027, time.November, 28, 1, 0, 0, 0, time.UTC))
}

// What was known of the lapse stays known, also while something else keeps the notice from covering anything.
func TestTheLapseStaysKnownR7(t *testing.T) {
	for name, edit := range map[string]func(*gate.NoticeInput){
		"it has lapsed":           func(in *gate.NoticeInput) { in.Now = when(t, "2028-02-01T00:00:00Z") },
		"the API is gone":         func(in *gate.NoticeInput) { in.API = nil },
		"it is withdrawn":         func(in *gate.NoticeInput) { in.Notice.Spec.State = v1alpha1.NoticeWithdrawn },
		"it says something else":  func(in *gate.NoticeInput) { in.Notice.Spec.Title = "x" },
		"what is owed is unknown": func(in *gate.NoticeInput) { in.Notice.Status.Owed[0].Days = nil },
	} {
		t.Run(name, func(t *testing.T) {
			in := noticing(knownToLapse(toPublish(when(t, "2028-01-01T00:00:00Z")).Published(now).
				Owed("v1", "Removal", "public-apis", "Europe/Berlin", 180)))
			edit(&in)
			if v := gate.EvaluateNotice(in); v.Lapses == nil || !v.Lapses.Equal(in.Notice.Status.LapsesTime.Time) {
				t.Errorf("%v: %s", v.Lapses, v.Message)
			}
		})
	}
}

func TestTheLifeOfANotice(t *testing.T) {
	told := func() *builders.NoticeBuilder {
		return toPublish(when(t, "2027-06-01T00:00:00Z")).Published(now).Owed("v1", "Removal", "public-apis", "Europe/Berlin", 180)
	}
	type want struct {
		at        string
		published bool
		matured   bool
		reason    string
		daysLeft  int32 // -1: not said
		next      string
	}
	cases := map[string]struct {
		notice *builders.NoticeBuilder
		others []*builders.NoticeBuilder
		want   want
	}{
		"it runs":                     {told(), nil, want{"2026-11-22T10:00:01Z", true, false, "Running", 190, "2026-11-22T23:00:01Z"}},
		"it runs for a day more":      {told(), nil, want{"2027-05-30T22:00:00Z", true, false, "Running", 1, "2027-05-30T22:00:01Z"}},
		"it runs for less than a day": {told(), nil, want{"2027-05-30T22:00:01Z", true, false, "Running", 0, "2027-06-01T00:00:00Z"}},
		"a second before it matures":  {told(), nil, want{"2027-05-31T23:59:59Z", true, false, "Running", 0, "2027-06-01T00:00:00Z"}},
		"it has matured":              {told(), nil, want{"2027-06-01T00:00:00Z", true, true, "Matured", 0, "2027-11-28T01:00:00Z"}},
		"a second before it lapses":   {told(), nil, want{"2027-11-28T00:59:59Z", true, true, "Matured", 0, "2027-11-28T01:00:00Z"}},
		"it has lapsed":               {told(), nil, want{"2027-11-28T01:00:00Z", true, false, "Lapsed", -1, ""}},
		"R7 a later date, a second before it lapses": {knownToLapse(told().Effective(when(t, "2028-01-01T00:00:00Z"))), nil,
			want{"2027-11-28T00:59:59Z", true, false, "Running", 33, "2027-11-28T23:00:01Z"}},
		"R7 a later date when it has lapsed": {knownToLapse(told().Effective(when(t, "2028-01-01T00:00:00Z"))), nil,
			want{"2027-11-28T01:00:00Z", true, false, "Lapsed", -1, ""}},
		"R7 a later date, which has come": {knownToLapse(told().Effective(when(t, "2028-01-01T00:00:00Z"))), nil,
			want{"2028-01-01T00:00:00Z", true, false, "Lapsed", -1, ""}},
		"R3 the period is the longer": {told().Effective(when(t, "2027-04-01T00:00:00Z")), nil, want{"2027-05-21T21:59:59Z", true, false, "Running", 0, "2027-05-21T22:00:00Z"}},
		"it is withdrawn":             {told().Withdrawn(now), nil, want{"2027-06-02T00:00:00Z", false, false, "Withdrawn", -1, ""}},
		"it is superseded": {told(), []*builders.NoticeBuilder{told().Named("newer").Supersedes("n")},
			want{"2027-06-02T00:00:00Z", false, false, "Superseded", -1, ""}},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			in := noticing(c.notice, c.others...)
			in.Now = when(t, c.want.at)
			v := gate.EvaluateNotice(in)
			got := want{c.want.at, v.Published, v.Matured, v.MaturedReason, -1, ""}
			if v.DaysLeft != nil {
				got.daysLeft = *v.DaysLeft
			}
			if v.NextChange != nil {
				got.next = v.NextChange.Format(time.RFC3339)
			}
			if got != c.want || v.Publishable || v.Message == "" || v.MaturedMessage == "" || v.Earliest != nil {
				t.Errorf("\n got %+v\nwant %+v\n%s", got, c.want, v.Message)
			}
			if diff := cmp.Diff(in.Notice.Status.Owed, v.Owed); diff != "" {
				t.Errorf("what was owed has changed: %s", diff)
			}
		})
	}
	changed := noticing(told())
	changed.Notice.Spec.Covers[0].Operation = "DELETE /everything"
	if v := gate.EvaluateNotice(changed); v.Published || v.Reason != v1alpha1.ReasonDigestMismatch {
		t.Errorf("%s: %s", v.Reason, v.Message)
	}
}

func TestWhatIsOwedIsFrozenWithThePublicationR8(t *testing.T) {
	in := noticing(builders.Notice("n", "orders").State("Published").Effective(when(t, "2028-01-01T00:00:00Z")).
		Covers(v1alpha1.CoveredChange{Version: "v1", Operation: "GET /a", Class: "Breaking"}).
		Covers(v1alpha1.CoveredChange{Version: "v1", Operation: "GET /b", Class: "Breaking"}).
		Covers(v1alpha1.CoveredChange{Version: "v1", Operation: "GET /c", Class: "Addition"}).
		Covers(v1alpha1.CoveredChange{Version: "v2", Operation: "GET /d"}))
	in.Policies = append(in.Policies, *builders.Policy("b").OwesBusinessDays("Breaking", 70).Holidays("DE").Obj())
	owed := func(version v1alpha1.VersionName, class v1alpha1.ChangeClass, days int32) v1alpha1.OwedNotice {
		return v1alpha1.OwedNotice{Version: version, Class: class, Policy: "public-apis", TimeZone: "Europe/Berlin", Days: &days}
	}
	business := func(version v1alpha1.VersionName) v1alpha1.OwedNotice {
		o := owed(version, "Breaking", 70)
		o.Policy, o.TimeZone, o.CountedAs, o.Holidays = "b", "UTC", v1alpha1.CountBusinessDays, []string{"DE"}
		return o
	}
	none := owed("v2", "Correction", 0)
	none.Policy, none.TimeZone = "b", "UTC"
	want := []v1alpha1.OwedNotice{business("v1"), owed("v2", "Behaviour", 30), business("v2"), none, owed("v2", "Removal", 180)}
	in.Policies[1].Spec.ValidForDays = 30
	v := gate.EvaluateNotice(in)
	if v.Validity != (v1alpha1.NoticeValidity{Days: 30, TimeZone: "UTC"}) {
		t.Errorf("valid for %+v", v.Validity)
	}
	if diff := cmp.Diff(want, v.Owed); diff != "" || !v.Publishable {
		t.Errorf("%s (-want +got):\n%s", v.Message, diff)
	}
}

func TestTooSoonSaysFromWhenItWouldDo(t *testing.T) {
	v := gate.EvaluateNotice(noticing(toPublish(when(t, "2027-01-01T00:00:00Z"))))
	want := "its effectiveTime 2027-01-01T00:00:00Z is too soon, customers are owed 180 days (policy public-apis): set it to 2027-05-21T22:00:00Z or later"
	if v.Message != want || v.Earliest == nil || !v.Earliest.Equal(when(t, "2027-05-21T22:00:00Z")) || v.NextChange.Format(time.RFC3339) != "2026-11-22T23:00:01Z" {
		t.Errorf("%s\nearliest %v, next change %v", v.Message, v.Earliest, v.NextChange)
	}
	again := noticing(toPublish(*v.Earliest))
	if v := gate.EvaluateNotice(again); !v.Publishable {
		t.Errorf("the date that it names does not do: %s", v.Message)
	}
	atOnce := noticing(toPublish(now.Add(-day)))
	atOnce.Policies = []v1alpha1.NoticePolicy{*builders.Policy("p").Owes("Removal", 0).Obj()}
	v = gate.EvaluateNotice(atOnce)
	if v.Earliest == nil || !v.Earliest.Equal(now.Add(time.Hour)) || !v.NextChange.Equal(now.Add(time.Hour)) {
		t.Errorf("earliest %v, next change %v", v.Earliest, v.NextChange)
	}
}

// What is owed is kept whole or not at all: a part would be owed as a later policy has it.
func TestWhatIsOwedFitsTheStatus(t *testing.T) {
	crowded := func(classes int) gate.NoticeInput {
		p := builders.Policy("p")
		n := builders.Notice("n", "orders").State("Published").Effective(when(t, "2029-01-01T00:00:00Z"))
		for i := range classes {
			class := v1alpha1.ChangeClass(fmt.Sprintf("Class%03d", i))
			p.OwesBusinessDays(class, 5)
			n.Covers(v1alpha1.CoveredChange{Version: "v1", Operation: "GET /", Class: class})
		}
		in := noticing(n)
		in.Policies = []v1alpha1.NoticePolicy{*p.Obj()}
		for d := range 366 {
			in.Policies[0].Spec.ClosedDates = append(in.Policies[0].Spec.ClosedDates, now.AddDate(0, 0, d).Format(time.DateOnly))
		}
		return in
	}
	const limit = 320 << 10
	fits := 0
	for classes := 60; classes < 75; classes++ {
		v := gate.EvaluateNotice(crowded(classes))
		if v.Publishable {
			fits = classes
			continue
		}
		if v.Reason != v1alpha1.ReasonIncomplete || !strings.Contains(v.Message, "too many classes of changes") {
			t.Fatalf("%d classes: %s", classes, v.Message)
		}
	}
	owed := gate.EvaluateNotice(crowded(fits)).Owed
	written, err := json.Marshal(owed)
	if err != nil || len(owed) != fits || len(written) > limit || len(written)+len(written)/fits < limit {
		t.Errorf("%d entries of %d bytes are kept, %v", len(owed), len(written), err)
	}
}
