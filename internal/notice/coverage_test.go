package notice

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	v1alpha1 "forewarn.dev/forewarn/api/v1alpha1"
)

func TestCoversR5(t *testing.T) {
	deleted := Change{
		Version: "v1", Operation: "DELETE /orders/{id}", Rule: "api-removed", Fingerprint: "0123456789ab",
		Class: v1alpha1.ClassRemoval,
	}
	versionGone := Change{Version: "v1", Rule: RuleVersionRemoved, Fingerprint: "ba9876543210", Class: v1alpha1.ClassRemoval}
	serverGone := Change{Version: "v1", Rule: "api-server-path-removed", Fingerprint: "cccccccccccc", Class: v1alpha1.ClassBreaking}
	declared := Change{Version: "v1", Rule: "declared", Fingerprint: "aaaaaaaaaaaa", Class: v1alpha1.ClassBehaviour}
	deprecated := Change{Version: "v1", Operation: "GET /orders", Rule: "endpoint-deprecated", Fingerprint: "dddddddddddd", Class: v1alpha1.ClassDeprecation}
	declaredSo := Change{Version: "v1", Operation: "GET /orders", Rule: "declared", Fingerprint: "eeeeeeeeeeee", Class: v1alpha1.ClassDeprecation}
	cases := map[string]struct {
		entry  v1alpha1.CoveredChange
		change Change
		want   bool
	}{
		"all that is set matches": {v1alpha1.CoveredChange{
			Version: "v1", Operation: "DELETE /orders/{id}", Rule: "api-removed", Class: "Removal", Fingerprint: "0123456789ab",
		}, deleted, true},
		"the operation is enough":                   {v1alpha1.CoveredChange{Version: "v1", Operation: "DELETE /orders/{id}"}, deleted, true},
		"a method in small letters is the same":     {v1alpha1.CoveredChange{Version: "v1", Operation: " delete   /orders/{id} "}, deleted, true},
		"a path in other letters is another":        {v1alpha1.CoveredChange{Version: "v1", Operation: "DELETE /Orders/{id}"}, deleted, false},
		"another name of a parameter is another":    {v1alpha1.CoveredChange{Version: "v1", Operation: "DELETE /orders/{key}"}, deleted, false},
		"a path is not a pattern":                   {v1alpha1.CoveredChange{Version: "v1", Operation: "DELETE /orders"}, deleted, false},
		"the rule and the operation":                {v1alpha1.CoveredChange{Version: "v1", Rule: "api-removed", Operation: "DELETE /orders/{id}"}, deleted, true},
		"the rule is not enough in an operation":    {v1alpha1.CoveredChange{Version: "v1", Rule: "api-removed"}, deleted, false},
		"with the class neither":                    {v1alpha1.CoveredChange{Version: "v1", Rule: "api-removed", Class: "Removal"}, deleted, false},
		"the rule is enough in no operation":        {v1alpha1.CoveredChange{Version: "v1", Rule: "api-server-path-removed"}, serverGone, true},
		"another rule is not":                       {v1alpha1.CoveredChange{Version: "v1", Rule: "api-global-security-removed"}, serverGone, false},
		"in no operation a blanket is not":          {v1alpha1.CoveredChange{Version: "v1", Class: "Breaking"}, serverGone, false},
		"everything is no operation":                {v1alpha1.CoveredChange{Version: "v1", Operation: "*"}, deleted, false},
		"the fingerprint is enough":                 {v1alpha1.CoveredChange{Version: "v1", Fingerprint: "0123456789ab"}, deleted, true},
		"another version":                           {v1alpha1.CoveredChange{Version: "v2", Fingerprint: "0123456789ab"}, deleted, false},
		"no version":                                {v1alpha1.CoveredChange{Operation: "DELETE /orders/{id}"}, deleted, false},
		"another operation":                         {v1alpha1.CoveredChange{Version: "v1", Operation: "GET /orders/{id}"}, deleted, false},
		"another rule":                              {v1alpha1.CoveredChange{Version: "v1", Operation: "DELETE /orders/{id}", Rule: "x"}, deleted, false},
		"another class":                             {v1alpha1.CoveredChange{Version: "v1", Operation: "DELETE /orders/{id}", Class: "Breaking"}, deleted, false},
		"another fingerprint":                       {v1alpha1.CoveredChange{Version: "v1", Operation: "DELETE /orders/{id}", Fingerprint: "ffffffffffff"}, deleted, false},
		"a blanket covers no operation":             {v1alpha1.CoveredChange{Version: "v1"}, deleted, false},
		"a blanket with a class neither":            {v1alpha1.CoveredChange{Version: "v1", Class: "Removal"}, deleted, false},
		"a blanket covers no declared change":       {v1alpha1.CoveredChange{Version: "v1", Class: "Behaviour"}, declared, false},
		"a blanket covers the version's removal":    {v1alpha1.CoveredChange{Version: "v1"}, versionGone, true},
		"with the class of a removal, too":          {v1alpha1.CoveredChange{Version: "v1", Class: "Removal"}, versionGone, true},
		"with another class it does not":            {v1alpha1.CoveredChange{Version: "v1", Class: "Breaking"}, versionGone, false},
		"of another version it does not":            {v1alpha1.CoveredChange{Version: "v2"}, versionGone, false},
		"an operation does not cover the version":   {v1alpha1.CoveredChange{Version: "v1", Operation: "DELETE /orders/{id}"}, versionGone, false},
		"a declared change by its fingerprint":      {v1alpha1.CoveredChange{Version: "v1", Fingerprint: "aaaaaaaaaaaa"}, declared, true},
		"a declared change by nothing but declared": {v1alpha1.CoveredChange{Version: "v1", Rule: "declared"}, declared, false},
		"a deprecated version is so in each part":   {v1alpha1.CoveredChange{Version: "v1", Class: "Deprecation"}, deprecated, true},
		"and in that of no other version":           {v1alpha1.CoveredChange{Version: "v2", Class: "Deprecation"}, deprecated, false},
		"and nothing of it may go":                  {v1alpha1.CoveredChange{Version: "v1", Class: "Deprecation"}, deleted, false},
		"nor all of it":                             {v1alpha1.CoveredChange{Version: "v1", Class: "Deprecation"}, versionGone, false},
		"nor change":                                {v1alpha1.CoveredChange{Version: "v1", Class: "Deprecation"}, serverGone, false},
		"nor what somebody calls so":                {v1alpha1.CoveredChange{Version: "v1", Class: "Deprecation"}, declaredSo, false},
		"the removal of a version deprecates none":  {v1alpha1.CoveredChange{Version: "v1"}, deprecated, false},
		"the version's removal by its rule":         {v1alpha1.CoveredChange{Version: "v1", Rule: RuleVersionRemoved}, versionGone, true},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			n := told("n", "2026-11-22T10:00:00Z", "2026-11-22T10:00:00Z", signed(func(n *v1alpha1.ChangeNotice) {
				n.Spec.Covers = []v1alpha1.CoveredChange{c.entry}
			}))
			ledger := NewLedger(ordersAPI, []v1alpha1.ChangeNotice{n}, reading(t, owing("p", 1)))
			if got := ledger.Coverage(c.change, instant(t, "2026-11-22T10:00:00Z")); (len(got) > 0) != c.want {
				t.Errorf("%+v, want %v", got, c.want)
			}
		})
	}
}

// told is a notice of orders that was published and covers the removal of v1.
func told(name, published, effective string, changes ...func(*v1alpha1.ChangeNotice)) v1alpha1.ChangeNotice {
	n := v1alpha1.ChangeNotice{ObjectMeta: metav1.ObjectMeta{Name: name, Namespace: "shop"}}
	n.Spec = v1alpha1.ChangeNoticeSpec{
		APIRef: v1alpha1.APIRef{Name: "orders"}, State: v1alpha1.NoticePublished, Title: name,
		EffectiveTime: must(effective), Covers: []v1alpha1.CoveredChange{{Version: "v1"}},
	}
	n.Status.PublishedTime = must(published)
	n.Status.PublishedDigest = Digest(&n.Spec)
	for _, change := range changes {
		change(&n)
	}
	return n
}

func must(s string) *metav1.Time {
	t, err := time.Parse(time.RFC3339, s)
	if err != nil {
		panic(err)
	}
	return &metav1.Time{Time: t}
}

// signed restores the digest after a change that belongs to what was published.
func signed(change func(*v1alpha1.ChangeNotice)) func(*v1alpha1.ChangeNotice) {
	return func(n *v1alpha1.ChangeNotice) {
		change(n)
		n.Status.PublishedDigest = Digest(&n.Spec)
	}
}

func frozen(class v1alpha1.ChangeClass, days int32) func(*v1alpha1.ChangeNotice) {
	return func(n *v1alpha1.ChangeNotice) {
		n.Status.Owed = append(n.Status.Owed, v1alpha1.OwedNotice{Version: "v1", Class: class, Policy: "then", Days: &days})
	}
}

func supersedes(older string) func(*v1alpha1.ChangeNotice) {
	return signed(func(n *v1alpha1.ChangeNotice) { n.Spec.Supersedes = v1alpha1.ObjectName(older) })
}

var (
	ordersAPI = &v1alpha1.CustomerAPI{ObjectMeta: metav1.ObjectMeta{Name: "orders", Namespace: "shop"}}
	v1Gone    = Change{
		Version: "v1", Rule: RuleVersionRemoved, Fingerprint: "0123456789ab", Stability: v1alpha1.StabilityStable,
		Class: v1alpha1.ClassRemoval, Classes: classes{v1alpha1.ClassRemoval},
	}
)

func TestCoverageMatures(t *testing.T) {
	policy := owing("p", 10)
	cases := map[string]struct {
		notice  v1alpha1.ChangeNotice
		matures string
	}{
		"R3 at its date, which is the later": {
			told("n", "2026-11-22T10:00:00Z", "2027-07-01T00:00:00Z"), "2027-07-01T00:00:00Z"},
		"R3 at the end of what is owed, which is the later": {
			told("n", "2026-11-22T10:00:00Z", "2026-11-25T00:00:00Z"), "2026-12-03T00:00:00Z"},
		"R2 no clock starts before the object was created": {
			told("n", "2026-11-01T10:00:00Z", "2026-11-25T00:00:00Z", func(n *v1alpha1.ChangeNotice) {
				n.CreationTimestamp = *must("2026-11-22T10:00:00Z")
			}), "2026-12-03T00:00:00Z"},
		"R8 what was owed then, and not what is owed today": {
			told("n", "2026-11-22T10:00:00Z", "2026-11-25T00:00:00Z", frozen("Removal", 5)), "2026-11-28T00:00:00Z"},
		"R8 what was owed then, when it was more": {
			told("n", "2026-11-22T10:00:00Z", "2026-11-25T00:00:00Z", frozen("Removal", 20)), "2026-12-13T00:00:00Z"},
		"a class that was not frozen is owed what is owed today": {
			told("n", "2026-11-22T10:00:00Z", "2026-11-25T00:00:00Z", frozen("Breaking", 300)), "2026-12-03T00:00:00Z"},
		"of two that were frozen for the class, the longer": {
			told("n", "2026-11-22T10:00:00Z", "2026-11-25T00:00:00Z", frozen("Removal", 5), frozen("Removal", 7)), "2026-11-30T00:00:00Z"},
		"a version that was frozen is not another": {
			told("n", "2026-11-22T10:00:00Z", "2026-11-25T00:00:00Z", frozen("Removal", 5), func(n *v1alpha1.ChangeNotice) {
				n.Status.Owed[0].Version = "v2"
			}), "2026-12-03T00:00:00Z"},
		"R13 business days are counted as they were frozen": {
			told("n", "2026-11-22T10:00:00Z", "2026-11-23T00:00:00Z", frozen("Removal", 5), func(n *v1alpha1.ChangeNotice) {
				n.Status.Owed[0].CountedAs = v1alpha1.CountBusinessDays
				n.Status.Owed[0].ClosedDates = []string{"2026-11-27"}
			}), "2026-12-01T00:00:00Z"},
		"R13 in the zone that was frozen": {
			told("n", "2026-11-22T10:00:00Z", "2026-11-23T00:00:00Z", frozen("Removal", 5), func(n *v1alpha1.ChangeNotice) {
				n.Status.Owed[0].TimeZone = "America/Chicago"
			}), "2026-11-28T06:00:00Z"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			ledger := NewLedger(ordersAPI, []v1alpha1.ChangeNotice{c.notice}, reading(t, policy))
			got := ledger.Coverage(v1Gone, instant(t, "2026-11-22T10:00:00Z"))
			if len(got) != 1 || !got[0].Matures.Equal(instant(t, c.matures)) {
				t.Fatalf("%+v, want one that matures %s", got, c.matures)
			}
			if !got[0].Lapses.Equal(c.notice.Spec.EffectiveTime.Add(180 * 24 * time.Hour)) {
				t.Errorf("lapses %s", got[0].Lapses)
			}
			if got[0].HoldsAt(got[0].Matures.Add(-time.Second)) || !got[0].HoldsAt(got[0].Matures) {
				t.Error("it holds before it has matured, or does not when it has")
			}
			if !got[0].HoldsAt(got[0].Lapses.Add(-time.Second)) || got[0].HoldsAt(got[0].Lapses) {
				t.Error("it does not hold until it lapses, or does when it has")
			}
		})
	}
}

func TestNoticesThatCoverNothing(t *testing.T) {
	cases := map[string]struct {
		change func(*v1alpha1.ChangeNotice)
		want   string
	}{
		"R6 a draft": {func(n *v1alpha1.ChangeNotice) {
			n.Spec.State, n.Status = v1alpha1.NoticeDraft, v1alpha1.ChangeNoticeStatus{}
		}, v1alpha1.ReasonDraft},
		"R6 one that is to be published and was not": {func(n *v1alpha1.ChangeNotice) {
			n.Status = v1alpha1.ChangeNoticeStatus{}
		}, v1alpha1.ReasonNotPublished},
		"R6 one that is withdrawn":              {func(n *v1alpha1.ChangeNotice) { n.Spec.State = v1alpha1.NoticeWithdrawn }, v1alpha1.ReasonWithdrawn},
		"R6 one that was withdrawn once":        {func(n *v1alpha1.ChangeNotice) { n.Status.WithdrawnTime = must("2026-11-23T00:00:00Z") }, v1alpha1.ReasonWithdrawn},
		"R6 one whose covers were changed":      {func(n *v1alpha1.ChangeNotice) { n.Spec.Covers[0].Version = "v2" }, v1alpha1.ReasonDigestMismatch},
		"R6 one whose text was changed":         {func(n *v1alpha1.ChangeNotice) { n.Spec.WhatToDo = "Nothing" }, v1alpha1.ReasonDigestMismatch},
		"R6 one without the digest":             {func(n *v1alpha1.ChangeNotice) { n.Status.PublishedDigest = "" }, v1alpha1.ReasonDigestMismatch},
		"one that has no date any more":         {func(n *v1alpha1.ChangeNotice) { n.Spec.EffectiveTime = nil }, v1alpha1.ReasonDigestMismatch},
		"one that is made a draft again":        {func(n *v1alpha1.ChangeNotice) { n.Spec.State = v1alpha1.NoticeDraft }, v1alpha1.ReasonDigestMismatch},
		"R7 one that lapsed":                    {func(n *v1alpha1.ChangeNotice) { n.Spec.EffectiveTime = must("2026-06-01T00:00:00Z") }, v1alpha1.ReasonLapsed},
		"R2 one that was not delivered":         {delivered(""), v1alpha1.ReasonPublished},
		"R2 one that was not, and owes no days": {func(n *v1alpha1.ChangeNotice) { delivered("")(n); frozen("Removal", 0)(n) }, v1alpha1.ReasonPublished},
		"R2 one that nobody knows the start of": {func(n *v1alpha1.ChangeNotice) { n.Status.Clock.StartsAt = "Acknowledged" }, v1alpha1.ReasonPublished},
		"one that supersedes itself":            {supersedes("n"), v1alpha1.ReasonSuperseded},
		"one that owes what cannot be read":     {func(n *v1alpha1.ChangeNotice) { frozen("Removal", -1)(n) }, v1alpha1.ReasonPublished},
		"one that owes days nobody counts":      {func(n *v1alpha1.ChangeNotice) { frozen("Removal", 1)(n); n.Status.Owed[0].CountedAs = "Weeks" }, v1alpha1.ReasonPublished},
		"one that owes no number of days":       {func(n *v1alpha1.ChangeNotice) { frozen("Removal", 1)(n); n.Status.Owed[0].Days = nil }, v1alpha1.ReasonPublished},
		"one of another version":                {signed(func(n *v1alpha1.ChangeNotice) { n.Spec.Covers[0].Version = "v2" }), v1alpha1.ReasonPublished},
		"one that lapses before it matures":     {frozen("Removal", 400), v1alpha1.ReasonPublished},
		"one of another API":                    {signed(func(n *v1alpha1.ChangeNotice) { n.Spec.APIRef.Name = "billing" }), v1alpha1.ReasonNotPublished},
		"one of an API in another namespace":    {func(n *v1alpha1.ChangeNotice) { n.Namespace = "staging" }, v1alpha1.ReasonNotPublished},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			now := instant(t, "2027-01-05T00:00:00Z")
			n := told("n", "2026-11-22T10:00:00Z", "2027-01-01T00:00:00Z")
			if got := NewLedger(ordersAPI, []v1alpha1.ChangeNotice{n}, reading(t, owing("p", 10))).Coverage(v1Gone, now); len(got) != 1 {
				t.Fatal("the notice covers nothing to begin with")
			}
			c.change(&n)
			ledger := NewLedger(ordersAPI, []v1alpha1.ChangeNotice{n}, reading(t, owing("p", 10)))
			if got := ledger.Coverage(v1Gone, now); len(got) != 0 {
				t.Errorf("it covers %+v", got)
			}
			if reason, _ := ledger.Standing("n", now); reason != c.want {
				t.Errorf("reason %s, want %s", reason, c.want)
			}
		})
	}
}

func TestLaterDatesAndUpdatesKeepTheClockR6(t *testing.T) {
	n := told("n", "2026-11-22T10:00:00Z", "2027-01-01T00:00:00Z")
	n.Spec.EffectiveTime = must("2027-02-01T00:00:00Z")
	n.Spec.Updates = []v1alpha1.NoticeUpdate{{Text: "Use POST /orders/{id}/cancel"}}
	got := NewLedger(ordersAPI, []v1alpha1.ChangeNotice{n}, reading(t, owing("p", 10))).Coverage(v1Gone, instant(t, "2026-12-01T00:00:00Z"))
	if len(got) != 1 || !got[0].Matures.Equal(instant(t, "2027-02-01T00:00:00Z")) {
		t.Errorf("%+v, want one that matures at the later date", got)
	}
}

func TestTheEarliestToMatureCountsForTheChange(t *testing.T) {
	notices := []v1alpha1.ChangeNotice{
		told("late", "2026-11-22T10:00:00Z", "2027-03-01T00:00:00Z"),
		told("early", "2026-11-22T10:00:00Z", "2027-01-01T00:00:00Z"),
		told("same", "2026-11-22T10:00:00Z", "2027-01-01T00:00:00Z"),
	}
	got := NewLedger(ordersAPI, notices, reading(t, owing("p", 10))).Coverage(v1Gone, instant(t, "2026-12-01T00:00:00Z"))
	var names []string
	for _, c := range got {
		names = append(names, c.Notice)
	}
	if len(names) != 3 || names[0] != "early" || names[1] != "same" || names[2] != "late" {
		t.Errorf("in the order %v", names)
	}
}

func TestLapseIsCountedByTheShortestPolicyR7(t *testing.T) {
	short := owing("short", 1, func(s *policySpec) { s.ValidForDays = 30 })
	ledger := NewLedger(ordersAPI, []v1alpha1.ChangeNotice{told("n", "2026-11-22T10:00:00Z", "2027-01-01T00:00:00Z")},
		reading(t, owing("p", 10), short))
	lapse := instant(t, "2027-01-31T00:00:00Z")
	if got := ledger.Coverage(v1Gone, lapse.Add(-time.Second)); len(got) != 1 {
		t.Error("it covers nothing a second before it lapses")
	}
	if got := ledger.Coverage(v1Gone, lapse); len(got) != 0 {
		t.Errorf("it covers %+v when it has lapsed", got)
	}
}

func TestIdleNamesNoticesThatListAChangeAndDoNotCoverIt(t *testing.T) {
	notices := []v1alpha1.ChangeNotice{
		told("covers", "2026-11-22T10:00:00Z", "2027-01-01T00:00:00Z"),
		told("draft", "2026-11-22T10:00:00Z", "2027-01-01T00:00:00Z", func(n *v1alpha1.ChangeNotice) {
			n.Spec.State, n.Status = v1alpha1.NoticeDraft, v1alpha1.ChangeNoticeStatus{}
		}),
		told("lapsed", "2026-01-01T00:00:00Z", "2026-02-01T00:00:00Z"),
		told("undelivered", "2026-11-22T10:00:00Z", "2027-01-01T00:00:00Z", delivered("")),
		told("unanswered", "2026-11-22T10:00:00Z", "2027-01-01T00:00:00Z", acknowledged("")),
		told("held", "2026-11-22T10:00:00Z", "2027-01-01T00:00:00Z", objected(1, 10, 5)),
		told("unanswered-and-held", "2026-11-22T10:00:00Z", "2027-01-01T00:00:00Z", acknowledged(""), objected(1, 10, 5)),
		told("lapses-first", "2026-11-22T10:00:00Z", "2027-01-01T00:00:00Z", frozen("Removal", 400)),
		told("other", "2026-01-01T00:00:00Z", "2026-02-01T00:00:00Z", signed(func(n *v1alpha1.ChangeNotice) { n.Spec.Covers[0].Version = "v2" })),
	}
	got := NewLedger(ordersAPI, notices, reading(t, owing("p", 10))).Idle(v1Gone, instant(t, "2026-12-05T00:00:00Z"))
	lapsed := Idle{Reason: v1alpha1.ReasonLapsed}
	lapses := instant(t, "2027-06-30T00:00:00Z")
	want := map[string]Idle{
		"draft": {Reason: v1alpha1.ReasonDraft}, "lapsed": lapsed, "lapses-first": lapsed,
		"undelivered": {Reason: v1alpha1.ReasonDelivering, Until: lapses}, "unanswered": {Reason: v1alpha1.ReasonAcknowledging, Until: lapses},
		"held": {Reason: v1alpha1.ReasonHeld, Until: lapses}, "unanswered-and-held": {Reason: v1alpha1.ReasonAcknowledging, Until: lapses},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}
