package gate_test

import (
	"testing"
	"time"

	v1alpha1 "forewarn.dev/forewarn/api/v1alpha1"
	"forewarn.dev/forewarn/internal/contract"
	"forewarn.dev/forewarn/internal/gate"
	"forewarn.dev/forewarn/test/builders"
)

// now is a Sunday morning. 180 days from here are over in Berlin when 22 May 2027 begins, 90 days when
// 21 February does.
var now = time.Date(2026, time.November, 22, 10, 0, 0, 0, time.UTC)

func when(t testing.TB, s string) time.Time {
	t.Helper()
	at, err := time.Parse(time.RFC3339, s)
	if err != nil {
		t.Fatalf("reading the instant of a test case: %v", err)
	}
	return at
}

const day = 24 * time.Hour

// servingOrders promises v1 as orders-1 serves it. v2 is declared, and nobody relies on it yet.
func servingOrders() *builders.APIBuilder {
	return builders.API("orders").
		Version("v1", v1alpha1.StabilityStable).Version("v2", v1alpha1.StabilityBeta).
		Promised("v1", "orders-1", "v1 as promised", v1alpha1.StabilityStable, now.Add(-30*day)).
		Serving("orders", "orders-1", now.Add(-30*day))
}

func publicAPIs() *builders.PolicyBuilder {
	return builders.Policy("public-apis").Enforcement(v1alpha1.EnforcementDeny).Zone("Europe/Berlin").
		Owes(v1alpha1.ClassRemoval, 180).Owes(v1alpha1.ClassBreaking, 90).Owes(v1alpha1.ClassBehaviour, 30)
}

type edit func(*gate.Input)

// proposing is orders-9f31c2aa, which serves v1 with another document and changes nothing, with edits.
func proposing(edits ...edit) gate.Input {
	in := gate.Input{
		Now:      now,
		API:      servingOrders().Obj(),
		Policies: []v1alpha1.NoticePolicy{*publicAPIs().Obj()},
		Revision: builders.Revision("orders-9f31c2aa", "orders").Created(now.Add(-time.Minute)).Contract("v1", "v1 as proposed").Obj(),
	}
	for _, edit := range edits {
		edit(&in)
	}
	if in.Proposal.Contracts == nil && in.Revision != nil {
		in.Proposal.Contracts = builders.Judged(in.Revision)
	}
	if in.Proposal.Digest == "" && in.Revision != nil && in.Proposal.Problems == nil {
		in.Proposal.Digest = gate.RevisionDigest(in.Revision.Spec, in.Proposal.Contracts)
	}
	return in
}

func asOf(t time.Time) edit { return func(in *gate.Input) { in.Now = t } }

func changing(changes ...contract.Change) edit {
	return func(in *gate.Input) { in.Proposal.Changes = append(in.Proposal.Changes, changes...) }
}

func against(api *builders.APIBuilder) edit { return func(in *gate.Input) { in.API = api.Obj() } }

func proposedAs(r *builders.RevisionBuilder) edit {
	return func(in *gate.Input) { in.Revision = r.Obj() }
}

func boundBy(policies ...*builders.PolicyBuilder) edit {
	return func(in *gate.Input) {
		in.Policies = nil
		for _, p := range policies {
			in.Policies = append(in.Policies, *p.Obj())
		}
	}
}

func telling(notices ...*builders.NoticeBuilder) edit {
	return func(in *gate.Input) {
		for _, n := range notices {
			in.Notices = append(in.Notices, *n.Obj())
		}
	}
}

func waived(waivers ...*builders.WaiverBuilder) edit {
	return func(in *gate.Input) {
		for _, w := range waivers {
			in.Waivers = append(in.Waivers, *w.Obj())
		}
	}
}

// deleteOrders is the change that most tests are about.
var deleteOrders = builders.Removed("v1", "DELETE /orders/{id}")

// tellingDelete is a notice of it that was published 200 days ago, for a week ago.
func tellingDelete(name string) *builders.NoticeBuilder {
	return builders.Notice(name, "orders").CoversOperation("v1", "DELETE /orders/{id}").
		Published(now.Add(-200 * day)).Effective(now.Add(-7 * day))
}

func revised() *builders.RevisionBuilder {
	return builders.Revision("orders-9f31c2aa", "orders").Created(now.Add(-time.Minute))
}

// outcome is what most tests compare of a verdict.
type outcome struct {
	Status string
	Reason string
}

func outcomeOf(v gate.Verdict) outcome { return outcome{string(v.Status()), v.Reason} }
