package gate_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	v1alpha1 "forewarn.dev/forewarn/api/v1alpha1"
	"forewarn.dev/forewarn/internal/contract"
	"forewarn.dev/forewarn/internal/gate"
	"forewarn.dev/forewarn/test/builders"
)

func moments(v gate.Verdict) string {
	text := ""
	for _, t := range []*time.Time{v.Earliest, v.AdmissibleUntil, v.NextChange} {
		if t == nil {
			text += " -"
		} else {
			text += " " + t.UTC().Format(time.RFC3339)
		}
	}
	return text[1:]
}

func TestMoments(t *testing.T) {
	listOrders := builders.Broken("v1", "GET /orders")
	tellingList := func() *builders.NoticeBuilder {
		return builders.Notice("list", "orders").CoversOperation("v1", "GET /orders").Published(now.Add(-200 * day))
	}
	removal := func(days int32) edit { return boundBy(builders.Policy("p").Owes("Removal", days)) }
	cases := map[string]struct {
		edits []edit
		want  string // earliest, admissible until, next change
	}{
		"nothing changes":           {nil, "- - -"},
		"nothing is promised":       {[]edit{against(builders.API("orders").Version("v1", "Stable"))}, "- - -"},
		"no policy":                 {[]edit{changing(deleteOrders), boundBy()}, "- - -"},
		"told, and it has matured":  {[]edit{changing(deleteOrders), telling(tellingDelete("n"))}, "2026-11-15T10:00:00Z 2027-05-14T09:00:00Z 2027-05-14T09:00:00Z"},
		"told, and it runs":         {[]edit{changing(deleteOrders), telling(tellingDelete("n").Effective(now.Add(day)))}, "2026-11-23T10:00:00Z - 2026-11-23T10:00:00Z"},
		"untold":                    {[]edit{changing(deleteOrders)}, "2027-05-21T22:00:00Z - 2026-11-22T23:00:01Z"},
		"untold, and it is night":   {[]edit{changing(deleteOrders), asOf(when(t, "2026-11-22T23:00:01Z"))}, "2027-05-22T22:00:00Z - 2026-11-23T23:00:01Z"},
		"untold, with no days owed": {[]edit{changing(deleteOrders), removal(0)}, "2026-11-22T11:00:00Z - 2026-11-22T11:00:00Z"},
		"untold, with no days owed, on the hour": {
			[]edit{changing(deleteOrders), removal(0), asOf(when(t, "2026-11-22T11:00:00Z"))}, "2026-11-22T12:00:00Z - 2026-11-22T12:00:00Z"},
		"untold, and another still runs": {
			[]edit{changing(deleteOrders, listOrders), telling(tellingList().Effective(when(t, "2027-06-01T00:00:00Z")))},
			"2027-06-01T00:00:00Z - 2026-11-22T23:00:01Z"},
		"untold, with no days owed, and another still runs": {
			[]edit{changing(deleteOrders, listOrders), removal(0), telling(tellingList().Effective(when(t, "2027-06-01T00:00:00Z")))},
			"2027-06-01T00:00:00Z - 2027-06-01T00:00:00Z"},
		"untold, and another will have lapsed": {
			[]edit{changing(deleteOrders, listOrders), telling(tellingList().Effective(now.Add(-170 * day)))},
			"2027-05-21T22:00:00Z - 2026-11-22T23:00:01Z"},
		"by notices that never hold together": {
			[]edit{changing(deleteOrders, listOrders), boundBy(builders.Policy("p").Owes("Removal", 10).Owes("Breaking", 20).ValidForDays(1)),
				telling(tellingDelete("n").Effective(now.Add(day)), tellingList().Effective(now.Add(2*day)))},
			"2026-12-13T00:00:00Z - 2026-11-23T00:00:01Z"},
		"by notices that hold together for a second": {
			[]edit{changing(deleteOrders, listOrders), boundBy(builders.Policy("p").Owes("Removal", 10).Owes("Breaking", 20).ValidForDays(1)),
				telling(tellingDelete("n").Effective(now.Add(day+time.Second)), tellingList().Effective(now.Add(2*day)))},
			"2026-11-24T10:00:00Z - 2026-11-23T10:00:01Z"},
		"told, and something else is wrong": {
			[]edit{changing(deleteOrders), telling(tellingDelete("n")), boundBy(publicAPIs().ImagesRequired())}, "- - 2027-05-14T09:00:00Z"},
		"it serves, and was never told": {
			[]edit{changing(deleteOrders), against(servingOrders().Serving("x", "orders-9f31c2aa", now))},
			"2027-05-21T22:00:00Z - 2026-11-22T23:00:01Z"},
		"the clock is to come to where the revision was created": {
			[]edit{asOf(now.Add(-time.Hour))}, "- - 2026-11-22T09:58:00Z"},
		"a waiver is to end": {
			[]edit{changing(deleteOrders), waived(builders.Waiver("w", "orders-9f31c2aa", now))},
			"2027-05-21T22:00:00Z 2026-11-22T11:00:00Z 2026-11-22T11:00:00Z"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			if got := moments(gate.Evaluate(proposing(c.edits...))); got != c.want {
				t.Errorf("\n got %s\nwant %s", got, c.want)
			}
		})
	}
}

func TestChangesSayWhatIsOwedAndTold(t *testing.T) {
	list := builders.Broken("v1", "GET /orders")
	list.Location = "/properties/id"
	added := builders.Added("v1", "POST /orders/{id}/cancel")
	get := builders.Broken("v1", "GET /orders/{id}")
	v := gate.Evaluate(proposing(
		changing(added, get, list, deleteOrders),
		proposedAs(revised().Contract("v1", "v1 as proposed").Declares("even", "Price", "v1", "", "It costs more")),
		telling(tellingDelete("spring"), builders.Notice("late", "orders").CoversOperation("v1", "GET /orders/{id}").
			Published(now.Add(-200*day)).Effective(now.Add(day)).Owed("v1", "Breaking", "old-policy", "UTC", 45)),
	))
	days := func(n int32) *int32 { return &n }
	at := func(s string) *metav1.Time { return &metav1.Time{Time: when(t, s)} }
	want := []v1alpha1.JudgedChange{
		{Fingerprint: list.Fingerprint, Rule: builders.RuleBroken, Class: "Breaking", Version: "v1", Operation: "GET /orders",
			Location: "/properties/id", Text: list.Text, OwedDays: days(90), OwedBy: "public-apis"},
		{Fingerprint: v.Changes[1].Fingerprint, Rule: "declared", Class: "Price", Version: "v1", Text: "It costs more",
			OwedDays: days(0), OwedBy: "public-apis"},
		{Fingerprint: get.Fingerprint, Rule: builders.RuleBroken, Class: "Breaking", Version: "v1", Operation: "GET /orders/{id}",
			Text: get.Text, OwedDays: days(45), OwedBy: "old-policy", CoveredBy: "late", MaturesTime: at("2026-11-23T10:00:00Z")},
		{Fingerprint: deleteOrders.Fingerprint, Rule: builders.RuleRemoved, Class: "Removal", Version: "v1", Operation: "DELETE /orders/{id}",
			Text: deleteOrders.Text, OwedDays: days(180), OwedBy: "public-apis", CoveredBy: "spring", MaturesTime: at("2026-11-15T10:00:00Z")},
		{Fingerprint: added.Fingerprint, Rule: builders.RuleAdded, Class: "Addition", Version: "v1", Operation: "POST /orders/{id}/cancel", Text: added.Text},
	}
	if diff := cmp.Diff(want, v.Changes); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if v.Breaking != 4 || v.Uncovered != 2 {
		t.Errorf("%d breaking, %d uncovered", v.Breaking, v.Uncovered)
	}
}

func TestTheFingerprintOfADeclaredChangeIsItsId(t *testing.T) {
	fingerprintOf := func(r *builders.RevisionBuilder) string {
		for _, c := range gate.Evaluate(proposing(proposedAs(r.Contract("v1", "x").Contract("v2", "y")))).Changes {
			if c.Rule == "declared" {
				return c.Fingerprint
			}
		}
		t.Fatal("the declared change is not judged")
		return ""
	}
	first := fingerprintOf(revised().Declares("even", "Behaviour", "v1", "GET /", "Totals"))
	if len(first) != 12 {
		t.Errorf("fingerprint %q", first)
	}
	same := builders.Revision("orders-2", "orders").Declares("even", "Price", "v1", "GET /invoices", "In other words")
	if got := fingerprintOf(same); got != first {
		t.Errorf("another wording in another revision: %s, want %s", got, first)
	}
	for name, other := range map[string]*builders.RevisionBuilder{
		"id": revised().Declares("odd", "Behaviour", "v1", "GET /", "Totals"), "version": revised().Declares("even", "Behaviour", "v2", "GET /", "Totals"),
	} {
		if fingerprintOf(other) == first {
			t.Errorf("another %s has the same fingerprint", name)
		}
	}
}

func TestRulesThatPoliciesMoveR16(t *testing.T) {
	breaks := builders.Broken("v1", "GET /orders")
	policy := func(name string, breaking, behaviour int32) *builders.PolicyBuilder {
		return builders.Policy(name).Owes("Breaking", breaking).Owes("Behaviour", behaviour)
	}
	cases := map[string]struct {
		policies  []*builders.PolicyBuilder
		wantClass v1alpha1.ChangeClass
		wantDays  int32
		wantBy    string
	}{
		"not moved":                       {[]*builders.PolicyBuilder{policy("a", 90, 30)}, "Breaking", 90, "a"},
		"moved to a class that owes less": {[]*builders.PolicyBuilder{policy("a", 90, 30).Rule(builders.RuleBroken, "Behaviour")}, "Behaviour", 30, "a"},
		"moved to a class that owes more": {[]*builders.PolicyBuilder{policy("a", 30, 90).Rule(builders.RuleBroken, "Behaviour")}, "Behaviour", 90, "a"},
		"moved to one that needs none":    {[]*builders.PolicyBuilder{policy("a", 90, 30).Rule(builders.RuleBroken, "Addition")}, "Addition", -1, ""},
		"moved by one of two policies":    {[]*builders.PolicyBuilder{policy("a", 90, 30).Rule(builders.RuleBroken, "Addition"), policy("b", 60, 10)}, "Breaking", 90, "a"},
		"moved by both": {[]*builders.PolicyBuilder{policy("a", 90, 30).Rule(builders.RuleBroken, "Addition"),
			policy("b", 60, 10).Rule(builders.RuleBroken, "Addition")}, "Addition", -1, ""},
		"moved by both, apart": {[]*builders.PolicyBuilder{policy("a", 90, 30).Rule(builders.RuleBroken, "Addition"),
			policy("b", 60, 10).Rule(builders.RuleBroken, "Behaviour")}, "Behaviour", 30, "a"},
		"moved to one that owes no days, by one of two": {[]*builders.PolicyBuilder{policy("a", 0, 0).Rule(builders.RuleBroken, "Addition"), policy("b", 0, 0)}, "Breaking", 0, "a"},
		"moved by both to what owes no days": {[]*builders.PolicyBuilder{policy("a", 0, 0).Rule(builders.RuleBroken, "Addition"),
			policy("b", 0, 0).Rule(builders.RuleBroken, "Behaviour")}, "Behaviour", 0, "a"},
		"another rule is moved": {[]*builders.PolicyBuilder{policy("a", 90, 30).Rule(builders.RuleRemoved, "Addition")}, "Breaking", 90, "a"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			v := gate.Evaluate(proposing(changing(breaks), boundBy(c.policies...)))
			got := v.Changes[0]
			days := int32(-1)
			if got.OwedDays != nil {
				days = *got.OwedDays
			}
			if got.Class != c.wantClass || days != c.wantDays || got.OwedBy != c.wantBy {
				t.Errorf("%s, %d days by %q, want %s, %d days by %q", got.Class, days, got.OwedBy, c.wantClass, c.wantDays, c.wantBy)
			}
			if v.Admissible != (c.wantDays < 0) {
				t.Error(v.Message)
			}
		})
	}
	declared := revised().Contract("v1", "x").Declares("even", "Behaviour", "v1", "", "Totals round half to even")
	if v := gate.Evaluate(proposing(proposedAs(declared), boundBy(policy("a", 1, 1).Rule("declared", "Addition")))); v.Admissible {
		t.Errorf("what is declared is no rule to move: %s", v.Message)
	}
}

func TestStabilityIsTheStrongestThatWasPromisedR8(t *testing.T) {
	policy := builders.Policy("p").OwesFor("Stable", "Removal", 300).OwesFor("Beta", "Removal", 60).OwesFor("Alpha", "Removal", 7)
	api := func(declared, promised v1alpha1.Stability) *builders.APIBuilder {
		return builders.API("orders").Version("v1", declared).Promised("v1", "orders-1", "v1 as promised", promised, now)
	}
	cases := map[string]struct {
		api  *builders.APIBuilder
		want int32
	}{
		"as declared and promised":           {api("Beta", "Beta"), 60},
		"relabelled as less":                 {api("Beta", "Stable"), 300},
		"relabelled as much less":            {api("Alpha", "Beta"), 60},
		"relabelled as more":                 {api("Stable", "Beta"), 300},
		"not declared any more":              {builders.API("orders").Promised("v1", "orders-1", "v1 as promised", "Alpha", now), 7},
		"of two promises the stronger":       {api("Alpha", "Alpha").Promised("v1", "orders-0", "v1 before", "Beta", now), 60},
		"of a stability that is not known":   {api("GA", "Alpha"), 300},
		"of a stability that is not said":    {api("", "Alpha"), 300},
		"of a version that nobody knows":     {builders.API("orders").Version("v2", "Alpha").Promised("v2", "orders-1", "v2", "Alpha", now), 300},
		"of another version makes no matter": {api("Alpha", "Alpha").Version("v2", "Stable"), 7},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			v := gate.Evaluate(proposing(changing(deleteOrders), against(c.api), boundBy(policy)))
			if got := v.Changes[0].OwedDays; got == nil || *got != c.want {
				t.Errorf("%v days, want %d", got, c.want)
			}
		})
	}
}

func TestRevisionDigest(t *testing.T) {
	spec := func(r *builders.RevisionBuilder) v1alpha1.APIRevisionSpec { return r.Obj().Spec }
	judged := builders.Judged(revised().Contract("v1", "a").Contract("v2", "b").Obj())
	full := func() *builders.RevisionBuilder {
		return revised().Contract("v1", "a").Contract("v2", "b").Declares("x", "Price", "v1", "", "More").Declares("y", "Terms", "v1", "", "Other").
			Image("a").Image("b")
	}
	first := gate.RevisionDigest(spec(full()), judged)
	if len(first) != 64 {
		t.Fatalf("digest %q", first)
	}
	reversed := full().Obj().Spec
	reversed.DeclaredChanges[0], reversed.DeclaredChanges[1] = reversed.DeclaredChanges[1], reversed.DeclaredChanges[0]
	reversed.Images[0], reversed.Images[1] = "b", "a"
	explicit := full().Obj().Spec
	explicit.Contracts[0].Format = v1alpha1.FormatOpenAPI
	elsewhere := full().Obj().Spec
	elsewhere.Contracts[0].Inline, elsewhere.Contracts[0].ConfigMapKeyRef = "", v1alpha1.ConfigMapKeyRef{Name: "orders", Key: "v1.yaml"}
	empty := revised().Contract("v1", "a").Contract("v2", "b").Obj().Spec
	empty.DeclaredChanges, empty.Images = []v1alpha1.DeclaredChange{}, []string{}
	counted := []v1alpha1.JudgedContract{judged[1], judged[0]}
	counted[0].Operations, counted[0].Contract = nil, ""
	for name, got := range map[string]v1alpha1.Digest{
		"in another order":                 gate.RevisionDigest(reversed, counted),
		"with the format that is meant":    gate.RevisionDigest(explicit, judged),
		"with the document in a ConfigMap": gate.RevisionDigest(elsewhere, judged),
	} {
		if got != first {
			t.Errorf("%s it differs", name)
		}
	}
	if none := spec(revised().Contract("v1", "a").Contract("v2", "b")); gate.RevisionDigest(none, judged) != gate.RevisionDigest(empty, judged) {
		t.Error("an empty list is not the same as none")
	}
	for name, got := range map[string]v1alpha1.Digest{
		"document":     gate.RevisionDigest(spec(full()), builders.Judged(revised().Contract("v1", "a").Contract("v2", "c").Obj())),
		"version":      gate.RevisionDigest(spec(full()), judged[:1]),
		"declaration":  gate.RevisionDigest(spec(full().Declares("z", "Price", "v1", "", "Most")), judged),
		"image":        gate.RevisionDigest(spec(full().Image("c")), judged),
		"API":          gate.RevisionDigest(spec(builders.Revision("x", "billing").Declares("x", "Price", "v1", "", "More").Declares("y", "Terms", "v1", "", "Other").Image("a").Image("b")), judged),
		"format of v2": gate.RevisionDigest(func() v1alpha1.APIRevisionSpec { s := spec(full()); s.Contracts[1].Format = "Smoke"; return s }(), judged),
	} {
		if got == first {
			t.Errorf("another %s has the same digest", name)
		}
	}
}

func TestTheSameChangeTwiceIsOneChange(t *testing.T) {
	v := gate.Evaluate(proposing(changing(deleteOrders, deleteOrders)))
	if len(v.Changes) != 1 || v.Breaking != 1 {
		t.Errorf("%d changes, %d breaking", len(v.Changes), v.Breaking)
	}
	other := contract.Change(deleteOrders)
	other.Location = "elsewhere"
	if v := gate.Evaluate(proposing(changing(deleteOrders, other))); len(v.Changes) != 2 {
		t.Errorf("%d changes", len(v.Changes))
	}
}

func TestNoticesThatSeemToBeThereAreNamed(t *testing.T) {
	cases := map[string]struct {
		notice *builders.NoticeBuilder
		reason string
	}{
		"a draft":                   {builders.Notice("n", "orders").CoversOperation("v1", "DELETE /orders/{id}"), v1alpha1.ReasonDraft},
		"one that is not published": {builders.Notice("n", "orders").CoversOperation("v1", "DELETE /orders/{id}").State("Published"), v1alpha1.ReasonNotPublished},
		"one that was withdrawn":    {tellingDelete("n").Withdrawn(now), v1alpha1.ReasonWithdrawn},
		"one that lapsed":           {tellingDelete("n").Effective(now.Add(-181 * day)), v1alpha1.ReasonLapsed},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			v := gate.Evaluate(proposing(changing(deleteOrders), telling(c.notice)))
			for _, f := range v.Findings {
				if f.Path == "changenotice/n" && f.Reason == c.reason && !f.Blocks && f.Message != "" {
					return
				}
			}
			t.Errorf("it is not among %+v", v.Findings)
		})
	}
}

func TestWhatHasMovedIsNamedR16(t *testing.T) {
	v := gate.Evaluate(proposing(changing(deleteOrders), func(in *gate.Input) { in.Proposal.Moved = map[string]string{deleteOrders.Fingerprint: "billing"} }))
	if len(v.Findings) != 1 || v.Findings[0].Blocks ||
		v.Findings[0].Message != "DELETE /orders/{id} removed: it has moved, customerapi/billing serves it unchanged" {
		t.Errorf("%+v", v.Findings)
	}
	if v.Breaking != 0 || len(v.Changes) != 1 || v.Changes[0].OwedDays != nil {
		t.Errorf("%d breaking, %+v", v.Breaking, v.Changes)
	}
}

// Whoever reads the status sees by which class a change counts, and which the rule has by itself.
func TestBothClassesOfARuleThatWasMovedAreShownR16(t *testing.T) {
	to := func(class v1alpha1.ChangeClass) *builders.PolicyBuilder {
		return builders.Policy("moves").Owes("Removal", 10).Owes("Breaking", 20).Owes("Behaviour", 30).Rule(builders.RuleRemoved, class)
	}
	stays := builders.Policy("stays").Owes("Removal", 40)
	cases := map[string]struct {
		policies       []*builders.PolicyBuilder
		class, foundAs v1alpha1.ChangeClass
	}{
		"no policy moves it": {[]*builders.PolicyBuilder{stays}, "Removal", ""},
		"to another class":   {[]*builders.PolicyBuilder{to("Behaviour")}, "Behaviour", "Removal"},
		"to its own":         {[]*builders.PolicyBuilder{to("Removal")}, "Removal", ""},
		"to an addition":     {[]*builders.PolicyBuilder{to("Addition")}, "Addition", "Removal"},
		"and another policy, which owes more, does not": {[]*builders.PolicyBuilder{to("Behaviour"), stays}, "Removal", ""},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			v := gate.Evaluate(proposing(changing(deleteOrders), boundBy(c.policies...)))
			if got := v.Changes[0]; got.Class != c.class || got.FoundAs != c.foundAs {
				t.Errorf("class %s, found as %q", got.Class, got.FoundAs)
			}
		})
	}
	declared := proposing(proposedAs(revised().Contract("v1", "x").Declares("even", "Price", "v1", "", "More")), boundBy(to("Behaviour")))
	if got := gate.Evaluate(declared).Changes[0]; got.Class != "Price" || got.FoundAs != "" {
		t.Errorf("a declared change: class %s, found as %q", got.Class, got.FoundAs)
	}
}
