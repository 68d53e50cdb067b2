package gate_test

import (
	"slices"
	"testing"
	"time"

	v1alpha1 "forewarn.dev/forewarn/api/v1alpha1"
	"forewarn.dev/forewarn/internal/gate"
	"forewarn.dev/forewarn/test/builders"
)

func TestEvaluate(t *testing.T) {
	listOrders := builders.Broken("v1", "GET /orders")
	added := builders.Added("v1", "POST /orders/{id}/cancel")
	deprecated := builders.Added("v1", "GET /old")
	deprecated.Class = "Deprecation"
	unclassed := listOrders
	unclassed.Class = ""
	rounding := revised().Contract("v1", "v1 as proposed").
		Declares("half-even", v1alpha1.ClassBehaviour, "v1", "GET /invoices/{id}", "Totals round half to even")
	roundingTold := builders.Notice("rounding", "orders").
		Covers(v1alpha1.CoveredChange{Version: "v1", Operation: "GET /invoices/{id}", Class: v1alpha1.ClassBehaviour}).
		Published(now.Add(-40 * day)).Effective(now.Add(-time.Hour))

	cases := map[string]struct {
		edits []edit
		want  outcome
	}{
		"nothing changes": {nil, outcome{"True", v1alpha1.ReasonCompatible}},
		"an addition needs no notice": {
			[]edit{changing(added)}, outcome{"True", v1alpha1.ReasonCompatible}},
		"a deprecation needs none": {
			[]edit{changing(deprecated)}, outcome{"True", v1alpha1.ReasonCompatible}},
		"a deprecation needs one where a policy says so": {
			[]edit{changing(deprecated), boundBy(publicAPIs().Owes(v1alpha1.ClassDeprecation, 0))}, outcome{"False", v1alpha1.ReasonNoticeMissing}},
		"R4 a removal that nobody was told of": {
			[]edit{changing(deleteOrders)}, outcome{"False", v1alpha1.ReasonNoticeMissing}},
		"R4 a removal that customers were told of in time": {
			[]edit{changing(deleteOrders), telling(tellingDelete("n"))}, outcome{"True", v1alpha1.ReasonNoticeGiven}},
		"R4 one of two changes is not covered": {
			[]edit{changing(deleteOrders, listOrders), telling(tellingDelete("n"))}, outcome{"False", v1alpha1.ReasonNoticeMissing}},
		"R4 told, and the date has not come": {
			[]edit{changing(deleteOrders), telling(tellingDelete("n").Effective(now.Add(day)))}, outcome{"False", v1alpha1.ReasonNoticeRunning}},
		"R3 told, and the period has not run": {
			[]edit{changing(deleteOrders), telling(tellingDelete("n").Published(now.Add(-100 * day)))}, outcome{"False", v1alpha1.ReasonNoticeRunning}},
		"R4 what nobody was told of comes before what still runs": {
			[]edit{changing(deleteOrders, listOrders), telling(tellingDelete("n").Effective(now.Add(day)))}, outcome{"False", v1alpha1.ReasonNoticeMissing}},
		"R5 a notice of the version does not cover an operation": {
			[]edit{changing(deleteOrders), telling(builders.Notice("n", "orders").CoversVersion("v1").
				Published(now.Add(-300 * day)).Effective(now.Add(-7 * day)))}, outcome{"False", v1alpha1.ReasonNoticeMissing}},
		"R6 the notice was withdrawn": {
			[]edit{changing(deleteOrders), telling(tellingDelete("n").Withdrawn(now.Add(-day)))}, outcome{"False", v1alpha1.ReasonNoticeMissing}},
		"R6 the notice is a draft": {
			[]edit{changing(deleteOrders), telling(builders.Notice("n", "orders").CoversOperation("v1", "DELETE /orders/{id}").
				Effective(now.Add(-7 * day)))}, outcome{"False", v1alpha1.ReasonNoticeMissing}},
		"R7 the notice lapsed": {
			[]edit{changing(deleteOrders), telling(tellingDelete("n").Published(now.Add(-600 * day)).Effective(now.Add(-181 * day)))},
			outcome{"False", v1alpha1.ReasonNoticeMissing}},
		"R9 a promised version is missing": {
			[]edit{proposedAs(revised().Contract("v2", "v2 as proposed"))}, outcome{"False", v1alpha1.ReasonNoticeMissing}},
		"R9 a promised version is missing, as customers were told": {
			[]edit{proposedAs(revised().Contract("v2", "v2 as proposed")), telling(builders.Notice("n", "orders").CoversVersion("v1").
				Published(now.Add(-300 * day)).Effective(now.Add(-7 * day)))}, outcome{"True", v1alpha1.ReasonNoticeGiven}},
		"R9 a version is added": {
			[]edit{proposedAs(revised().Contract("v1", "v1 as proposed").Contract("v2", "v2 as proposed"))}, outcome{"True", v1alpha1.ReasonCompatible}},
		"R10 nothing is promised yet": {
			[]edit{against(builders.API("orders").Version("v1", v1alpha1.StabilityStable))}, outcome{"True", v1alpha1.ReasonBaseline}},
		"R10 unnamed pods serve, and nothing is promised yet": {
			[]edit{against(builders.API("orders").Version("v1", v1alpha1.StabilityStable).Serving("orders", "", now.Add(-day), "orders:1"))},
			outcome{"True", v1alpha1.ReasonBaseline}},
		"R10 what was declared against no promise reaches nobody": {
			[]edit{against(builders.API("orders").Version("v1", v1alpha1.StabilityStable)), proposedAs(rounding)}, outcome{"True", v1alpha1.ReasonBaseline}},
		"R16 a declared change that nobody was told of": {
			[]edit{proposedAs(rounding)}, outcome{"False", v1alpha1.ReasonNoticeMissing}},
		"R16 a declared change that customers were told of": {
			[]edit{proposedAs(rounding), telling(roundingTold)}, outcome{"True", v1alpha1.ReasonNoticeGiven}},
		"R16 a declared correction is judged like any other": {
			[]edit{proposedAs(revised().Contract("v1", "v1 as proposed").Declares("typo", v1alpha1.ClassCorrection, "v1", "", "It was always 404"))},
			outcome{"False", v1alpha1.ReasonNoticeMissing}},
		"R16 a declared change of a version that nobody relies on": {
			[]edit{proposedAs(revised().Contract("v1", "v1 as proposed").Contract("v2", "v2").
				Declares("beta", v1alpha1.ClassBehaviour, "v2", "", "Beta changes"))}, outcome{"True", v1alpha1.ReasonCompatible}},
		"R16 an operation has moved to another API of the product": {
			[]edit{changing(deleteOrders), func(in *gate.Input) { in.Proposal.Moved = map[string]string{deleteOrders.Fingerprint: "billing"} }},
			outcome{"True", v1alpha1.ReasonCompatible}},
		"R16 what breaks has not moved": {
			[]edit{changing(listOrders), func(in *gate.Input) { in.Proposal.Moved = map[string]string{listOrders.Fingerprint: "billing"} }},
			outcome{"False", v1alpha1.ReasonNoticeMissing}},
		"R16 what people declare to be gone has not moved": {
			[]edit{proposedAs(revised().Contract("v1", "v1 as proposed").Declares("x", v1alpha1.ClassRemoval, "v1", "GET /x", "Gone")),
				func(in *gate.Input) {
					in.Proposal.Moved = map[string]string{}
					for _, c := range gate.Evaluate(*in).Changes {
						in.Proposal.Moved[c.Fingerprint] = "billing"
					}
				}}, outcome{"False", v1alpha1.ReasonNoticeMissing}},
		"R12 a change without a class is one to be told of": {
			[]edit{changing(unclassed)}, outcome{"False", v1alpha1.ReasonNoticeMissing}},
		"no policy selects the API": {
			[]edit{changing(deleteOrders), boundBy()}, outcome{"True", v1alpha1.ReasonNotGoverned}},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			v := gate.Evaluate(proposing(c.edits...))
			if got := outcomeOf(v); got != c.want {
				t.Errorf("%+v, want %+v\n%s", got, c.want, v.Message)
			}
			if v.OnMerit != (c.want.Status == "True") {
				t.Errorf("on its merits: %v", v.OnMerit)
			}
		})
	}
}

func TestUnknownIsNoR12(t *testing.T) {
	problem := func(version, reason string) edit {
		return func(in *gate.Input) {
			in.Proposal.Contracts = nil
			in.Proposal.Problems = append(in.Proposal.Problems, gate.Problem{Version: version, Reason: reason, Message: "line 3: no"})
		}
	}
	unknown := func(reason string) outcome { return outcome{"Unknown", reason} }
	cases := map[string]struct {
		edits []edit
		want  outcome
	}{
		"a document is not there":         {[]edit{problem("v1", v1alpha1.ReasonContractNotFound)}, unknown(v1alpha1.ReasonContractNotFound)},
		"a document cannot be read":       {[]edit{problem("v1", v1alpha1.ReasonContractUnreadable)}, unknown(v1alpha1.ReasonContractUnreadable)},
		"a document is too large":         {[]edit{problem("v1", v1alpha1.ReasonContractTooLarge)}, unknown(v1alpha1.ReasonContractTooLarge)},
		"a document is empty":             {[]edit{problem("v1", v1alpha1.ReasonContractEmpty)}, unknown(v1alpha1.ReasonContractEmpty)},
		"what is promised cannot be read": {[]edit{problem("v1", v1alpha1.ReasonPromiseUnreadable)}, unknown(v1alpha1.ReasonPromiseUnreadable)},
		"a problem gives no reason":       {[]edit{problem("v1", "")}, unknown(v1alpha1.ReasonContractUnreadable)},
		"a problem gives a new reason":    {[]edit{problem("v1", "Haunted")}, unknown("Haunted")},
		"a document was never looked at":  {[]edit{func(in *gate.Input) { in.Proposal.Contracts = []v1alpha1.JudgedContract{} }}, unknown(v1alpha1.ReasonContractUnreadable)},
		"a version is listed twice":       {[]edit{proposedAs(revised().Contract("v1", "a").Contract("v1", "b"))}, unknown(v1alpha1.ReasonContractUnreadable)},
		"no contract is listed":           {[]edit{proposedAs(revised())}, unknown(v1alpha1.ReasonContractEmpty)},
		"also where nothing is promised": {
			[]edit{against(builders.API("orders").Version("v1", v1alpha1.StabilityStable)), problem("v1", v1alpha1.ReasonContractUnreadable)},
			unknown(v1alpha1.ReasonContractUnreadable)},
		"also where a change is not covered": {
			[]edit{changing(deleteOrders), problem("v1", v1alpha1.ReasonContractUnreadable)}, unknown(v1alpha1.ReasonContractUnreadable)},
		"a policy cannot be read": {
			[]edit{boundBy(publicAPIs().Zone("CST"))}, unknown(v1alpha1.ReasonPolicyInvalid)},
		"one of two policies cannot be read": {
			[]edit{boundBy(publicAPIs(), builders.Policy("other").Owes(v1alpha1.ClassRemoval, -1))}, unknown(v1alpha1.ReasonPolicyInvalid)},
		"a policy does not fit its kind": {
			[]edit{boundBy(publicAPIs(), publicAPIs()), func(in *gate.Input) { v1alpha1.MarkUnreadable(&in.Policies[1], "spec.owed") }},
			unknown(v1alpha1.ReasonPolicyInvalid)},
		"a policy owes nothing": {
			[]edit{boundBy(builders.Policy("empty"))}, unknown(v1alpha1.ReasonPolicyInvalid)},
		"the clock ran backwards": {
			[]edit{asOf(now.Add(-time.Hour))}, unknown(v1alpha1.ReasonClockUnreliable)},
		"the clock was never set": {
			[]edit{asOf(time.Time{})}, unknown(v1alpha1.ReasonClockUnreliable)},
		"it is a revision of another API": {
			[]edit{proposedAs(builders.Revision("billing-1", "billing").Contract("v1", "x"))}, unknown(v1alpha1.ReasonAPINotFound)},
		"it is in another namespace": {
			[]edit{proposedAs(revised().Namespace("staging").Contract("v1", "x"))}, unknown(v1alpha1.ReasonAPINotFound)},
		"there is no such API": {
			[]edit{func(in *gate.Input) { in.API = nil }}, unknown(v1alpha1.ReasonAPINotFound)},
		"there is no revision": {
			[]edit{func(in *gate.Input) { in.Revision = nil }}, unknown(v1alpha1.ReasonAPINotFound)},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			v := gate.Evaluate(proposing(c.edits...))
			if got := outcomeOf(v); got != c.want || v.OnMerit || v.Admissible || v.Decided {
				t.Errorf("%+v, want %+v\n%s", got, c.want, v.Message)
			}
			if v.Earliest != nil {
				t.Errorf("it could serve from %s", v.Earliest)
			}
		})
	}
}

func TestWhatIsDecidedlyNotAdmissible(t *testing.T) {
	judged := func() *builders.RevisionBuilder { return revised().Contract("v1", "v1 as proposed") }
	digest := proposing().Proposal.Digest
	refused := func(reason string) outcome { return outcome{"False", reason} }
	cases := map[string]struct {
		edits []edit
		want  outcome
	}{
		"a version that the API does not declare": {
			[]edit{proposedAs(judged().Contract("v3", "v3"))}, refused(v1alpha1.ReasonVersionUndeclared)},
		"a version that is promised needs no declaration": {
			[]edit{against(builders.API("orders").Version("v2", "Beta").Promised("v1", "orders-1", "v1 as promised", "Stable", now.Add(-day)))},
			outcome{"True", v1alpha1.ReasonCompatible}},
		"a declared change of a version that nobody declares": {
			[]edit{proposedAs(judged().Declares("x", v1alpha1.ClassBehaviour, "V1", "", "Another"))}, refused(v1alpha1.ReasonVersionUndeclared)},
		"A9 a name that was made for other contents": {
			[]edit{proposedAs(judged().Annotation(v1alpha1.DigestAnnotation, string(builders.DigestOf("other"))))}, refused(v1alpha1.ReasonDigestMismatch)},
		"A9 a name that was made for these": {
			[]edit{proposedAs(judged().Annotation(v1alpha1.DigestAnnotation, string(digest)))}, outcome{"True", v1alpha1.ReasonCompatible}},
		"A9 no images, and a policy compares them": {
			[]edit{boundBy(publicAPIs(), builders.Policy("strict").Owes(v1alpha1.ClassRemoval, 1).ImagesRequired())}, refused(v1alpha1.ReasonImagesMissing)},
		"A9 images, and a policy compares them": {
			[]edit{boundBy(publicAPIs().ImagesRequired()), proposedAs(judged().Image("shop.example/orders@sha256:1"))},
			outcome{"True", v1alpha1.ReasonCompatible}},
		"R11 a name under which something else served lately": {
			[]edit{against(servingOrders().WayBack("orders-9f31c2aa", builders.DigestOf("other"), now.Add(day)))}, refused(v1alpha1.ReasonNameReused)},
		"R11 a name under which something else is promised": {
			[]edit{proposedAs(builders.Revision("orders-1", "orders").Contract("v1", "v1 as proposed"))}, refused(v1alpha1.ReasonNameReused)},
		"R11 a name under which a version is promised that is not there": {
			[]edit{proposedAs(builders.Revision("orders-1", "orders").Contract("v2", "v2"))}, refused(v1alpha1.ReasonNameReused)},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			v := gate.Evaluate(proposing(c.edits...))
			if got := outcomeOf(v); got != c.want || !v.Decided {
				t.Errorf("%+v, decided %v, want %+v\n%s", got, v.Decided, c.want, v.Message)
			}
		})
	}
}

func TestAllFindingsAreReported(t *testing.T) {
	v := gate.Evaluate(proposing(
		boundBy(publicAPIs().ImagesRequired(), builders.Policy("broken")),
		proposedAs(revised().Contract("v1", "a").Contract("v3", "c").Annotation(v1alpha1.DigestAnnotation, "0000")),
		changing(deleteOrders, builders.Broken("v1", "GET /orders")),
		telling(tellingDelete("n").Effective(now.Add(day)), tellingDelete("gone").Withdrawn(now)),
		func(in *gate.Input) {
			in.Proposal.Contracts = builders.Judged(in.Revision)[:1]
			in.Proposal.Problems = []gate.Problem{{Version: "v3", Reason: v1alpha1.ReasonContractEmpty, Message: "empty"}}
			in.Proposal.Digest = builders.DigestOf("this")
		},
	))
	var got []string
	for _, f := range v.Findings {
		got = append(got, f.Reason)
	}
	want := []string{
		v1alpha1.ReasonPolicyInvalid, v1alpha1.ReasonContractEmpty, v1alpha1.ReasonDigestMismatch,
		v1alpha1.ReasonVersionUndeclared, v1alpha1.ReasonImagesMissing, v1alpha1.ReasonNoticeMissing, v1alpha1.ReasonNoticeRunning,
	}
	if !slices.Equal(got, want) {
		t.Errorf("%v, want %v", got, want)
	}
	if v.Reason != v1alpha1.ReasonPolicyInvalid || v.Breaking != 2 || v.Uncovered != 1 {
		t.Errorf("%s, %d breaking, %d uncovered", v.Reason, v.Breaking, v.Uncovered)
	}
}
