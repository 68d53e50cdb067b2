package gate_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	v1alpha1 "forewarn.dev/forewarn/api/v1alpha1"
	"forewarn.dev/forewarn/internal/contract"
	"forewarn.dev/forewarn/internal/gate"
	"forewarn.dev/forewarn/internal/notice"
	"forewarn.dev/forewarn/test/builders"
)

// askedAt is when it was last asked who used what.
var askedAt = now.Add(-time.Hour)

// using is an Audience of 100 customers. In v1, 7 of them used GET /orders and nobody else used anything.
func using(edits ...func(*v1alpha1.Audience)) *v1alpha1.Audience {
	a := &v1alpha1.Audience{}
	a.Spec.Usage = v1alpha1.UsageQuery{URL: "https://prometheus.acme.example", Query: "used[$window]", WindowDays: 90}
	all, some := int32(100), int32(7)
	a.Status.Customers = &all
	a.Status.Usage = v1alpha1.CustomerUsage{
		Time: &metav1.Time{Time: askedAt}, QueryDigest: notice.UsageDigest(&a.Spec.Usage), WindowDays: 90, Customers: &some,
		Versions:   []v1alpha1.UsedVersion{{Version: "v1", Customers: &some}},
		Operations: []v1alpha1.UsedOperation{{Version: "v1", Operation: "GET /orders", Customers: &some}},
	}
	for _, edit := range edits {
		edit(a)
	}
	return a
}

func promising(days int32) func(*v1alpha1.Audience) {
	return func(a *v1alpha1.Audience) {
		a.Status.Terms = []v1alpha1.ContractTerm{{
			Customer: "c-1", Customers: 1, TimeZone: "Europe/Berlin", Owed: v1alpha1.OwedTerm{Class: v1alpha1.ClassRemoval, Days: &days},
		}}
	}
}

func usedBy(a *v1alpha1.Audience) edit {
	return func(in *gate.Input) {
		in.API.Spec.AudienceRef.Name = "customers"
		in.Audience = a
	}
}

// leniently is the policy of most tests, which owes 14 days for what nobody used.
func leniently() *builders.PolicyBuilder {
	return publicAPIs().Spec(func(s *v1alpha1.NoticePolicySpec) {
		days := int32(14)
		s.UnusedDays = &days
	})
}

// shown is what is shown of one change.
type shown struct {
	Affected, Days int32
	By             string
}

func TestWhatNobodyUsedIsOwedLess(t *testing.T) {
	removesOrders := builders.Removed("v1", "GET /orders")
	lines := builders.Removed("v1", "DELETE /orders/{orderId}")
	for name, c := range map[string]struct {
		change contract.Change
		edits  []edit
		want   shown
		says   string
	}{
		"nobody used it":             {lines, nil, shown{0, 14, "public-apis"}, "customers are owed 14 days (policy public-apis, since nobody used it in 90 days); published today it could ship 2026-12-07"},
		"somebody used it":           {removesOrders, nil, shown{7, 180, "public-apis"}, "customers are owed 180 days (policy public-apis); "},
		"a contract promises more":   {lines, []edit{usedBy(using(promising(60)))}, shown{0, 60, "customer/c-1"}, "60 days (contract with customer c-1)"},
		"a second before a day old":  {lines, []edit{asOf(askedAt.Add(24*time.Hour - time.Second))}, shown{0, 14, "public-apis"}, "nobody used it"},
		"a day old":                  {lines, []edit{asOf(askedAt.Add(24 * time.Hour))}, shown{100, 180, "public-apis"}, "180 days (policy public-apis)"},
		"a policy that does not ask": {lines, []edit{boundBy(publicAPIs())}, shown{0, 180, "public-apis"}, "180 days"},
		"another policy that does not": {lines, []edit{boundBy(leniently(), builders.Policy("strict").Owes(v1alpha1.ClassRemoval, 30))},
			shown{0, 30, "strict"}, "30 days (policy strict, since nobody used it in 90 days)"},
		"used by somebody who is not in the list": {lines, []edit{usedBy(using(func(a *v1alpha1.Audience) {
			a.Status.Usage.Operations = append(a.Status.Usage.Operations, v1alpha1.UsedOperation{
				Version: "v1", Operation: "DELETE /orders/{}", Customers: new(int32), Unlisted: 1,
			})
		}))}, shown{1, 180, "public-apis"}, "180 days"},
		"used by the value of its parameter": {lines, []edit{usedBy(using(func(a *v1alpha1.Audience) {
			a.Status.Usage.Operations[0].Operation = "DELETE /api/orders/17"
		}))}, shown{100, 180, "public-apis"}, "180 days"},
		"of a class by one policy and another by another": {lines, []edit{boundBy(leniently().Rule(builders.RuleRemoved, "Access"), leniently())},
			shown{0, 180, "public-apis"}, "180 days"},
	} {
		t.Run(name, func(t *testing.T) {
			in := proposing(append([]edit{boundBy(leniently()), usedBy(using()), changing(c.change)}, c.edits...)...)
			v := gate.Evaluate(in)
			j := v.Changes[0]
			if j.Affected == nil || j.OwedDays == nil {
				t.Fatalf("%+v", j)
			}
			if diff := cmp.Diff(c.want, shown{*j.Affected, *j.OwedDays, j.OwedBy}); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			if !strings.Contains(v.Message, c.says) {
				t.Errorf("%q does not say %q", v.Message, c.says)
			}
		})
	}
}

func TestWhoIsAffectedIsNotKnown(t *testing.T) {
	for name, edits := range map[string][]edit{
		"no audience":           {changing(deleteOrders)},
		"one that was not read": {changing(deleteOrders), usedBy(&v1alpha1.Audience{})},
		"nobody is to be told":  {changing(builders.Added("v1", "POST /new")), usedBy(using())},
	} {
		if v := gate.Evaluate(proposing(edits...)); v.Changes[0].Affected != nil {
			t.Errorf("%s: %d", name, *v.Changes[0].Affected)
		}
	}
}

// The answer counts for a day, and the verdict is another then.
func TestVerdictsWakeWhenUsageGetsStale(t *testing.T) {
	fresh := using(func(a *v1alpha1.Audience) {
		a.Status.Usage.Time = &metav1.Time{Time: now.Add(-23*time.Hour - 59*time.Minute)}
	})
	want := now.Add(time.Minute)
	in := proposing(boundBy(leniently()), usedBy(fresh), changing(deleteOrders))
	if v := gate.Evaluate(in); v.NextChange == nil || !v.NextChange.Equal(want) {
		t.Errorf("the verdict changes %v, want %s", v.NextChange, want)
	}
	draft := noticing(toPublish(now.Add(300 * day)).State(v1alpha1.NoticeDraft))
	draft.Policies, draft.Audience = in.Policies, fresh
	if v := gate.EvaluateNotice(draft); v.NextChange == nil || !v.NextChange.Equal(want) {
		t.Errorf("the draft changes %v, want %s", v.NextChange, want)
	}
}

func TestNoticesOfWhatNobodyUsed(t *testing.T) {
	removed := contract.VersionRemoved("v1")
	nobody := func(a *v1alpha1.Audience) { a.Status.Usage.Versions, a.Status.Usage.Operations = nil, nil }
	const short, full = "2026-12-06T23:00:00Z", "2027-05-21T22:00:00Z"
	for name, c := range map[string]struct {
		covers []v1alpha1.CoveredChange
		edits  []func(*v1alpha1.Audience)
		want   string // the earliest date
		frozen []int32
	}{
		"an operation":                  {[]v1alpha1.CoveredChange{{Version: "v1", Operation: "delete /orders/{id}", Class: "Removal"}}, nil, short, []int32{90}},
		"an operation of any class":     {[]v1alpha1.CoveredChange{{Version: "v1", Operation: "DELETE /orders/{id}"}}, nil, short, []int32{90, 90, 0, 90}},
		"one that is used":              {[]v1alpha1.CoveredChange{{Version: "v1", Operation: "GET /orders", Class: "Removal"}}, nil, full, []int32{0}},
		"one that is used, besides":     {[]v1alpha1.CoveredChange{{Version: "v1", Operation: "DELETE /orders/{id}", Class: "Removal"}, {Version: "v1", Operation: "GET /orders"}}, nil, full, []int32{0, 0, 0, 0}},
		"one that is used, of a class":  {[]v1alpha1.CoveredChange{{Version: "v1", Operation: "DELETE /orders/{id}", Class: "Removal"}, {Version: "v1", Operation: "GET /orders", Class: "Behaviour"}}, nil, "2026-12-22T23:00:00Z", []int32{0, 90}},
		"one of a version that is used": {[]v1alpha1.CoveredChange{{Version: "v1", Operation: "DELETE /orders/{id}", Class: "Removal"}, {Version: "v2", Operation: "GET /orders", Class: "Removal"}}, nil, short, []int32{90, 90}},
		"a fingerprint alone":           {[]v1alpha1.CoveredChange{{Version: "v1", Fingerprint: "0a1b2c3d4e5f", Class: "Removal"}}, nil, full, []int32{0}},
		"a version that is used":        {[]v1alpha1.CoveredChange{{Version: "v1", Class: "Removal"}}, nil, full, []int32{0}},
		"a version that nobody used":    {[]v1alpha1.CoveredChange{{Version: "v1", Class: "Removal"}}, []func(*v1alpha1.Audience){nobody}, short, []int32{90}},
		"by its fingerprint":            {[]v1alpha1.CoveredChange{{Version: "v1", Fingerprint: removed.Fingerprint, Class: "Removal"}}, []func(*v1alpha1.Audience){nobody}, short, []int32{90}},
		"while a contract binds":        {[]v1alpha1.CoveredChange{{Version: "v1", Operation: "DELETE /orders/{id}", Class: "Removal"}}, []func(*v1alpha1.Audience){promising(60)}, "2027-01-21T23:00:00Z", []int32{90}},
		"when the answer is a day old": {[]v1alpha1.CoveredChange{{Version: "v1", Operation: "DELETE /orders/{id}", Class: "Removal"}}, []func(*v1alpha1.Audience){func(a *v1alpha1.Audience) {
			a.Status.Usage.Time = &metav1.Time{Time: now.Add(-24 * time.Hour)}
		}}, full, []int32{0}},
	} {
		t.Run(name, func(t *testing.T) {
			earliest := when(t, c.want)
			n := builders.Notice("n", "orders").State(v1alpha1.NoticePublished).Effective(earliest)
			for _, entry := range c.covers {
				n.Covers(entry)
			}
			in := noticing(n)
			in.Policies, in.Audience = []v1alpha1.NoticePolicy{*leniently().Obj()}, using(c.edits...)
			v := gate.EvaluateNotice(in)
			if !v.Publishable || !v.Matures.Equal(earliest) {
				t.Fatalf("publishable %t, matures %s: %s", v.Publishable, v.Matures, v.Message)
			}
			var frozen []int32
			for _, owed := range v.Owed {
				frozen = append(frozen, owed.UnusedForDays)
			}
			if diff := cmp.Diff(c.frozen, frozen); diff != "" {
				t.Errorf("frozen, for so many days without use (-want +got):\n%s", diff)
			}
			n.Effective(earliest.Add(-time.Second))
			in.Notice = n.Obj()
			if v := gate.EvaluateNotice(in); v.Reason != v1alpha1.ReasonTooSoon || !v.Earliest.Equal(earliest) {
				t.Errorf("a second earlier: %s: %s", v.Reason, v.Message)
			}
		})
	}
}

// What was frozen stays, whatever becomes of the answer: customers were told that date.
func TestWhatWasFrozenStaysWhenUsageIsKnownNoMore(t *testing.T) {
	in := proposing(boundBy(leniently()), usedBy(using()), changing(deleteOrders))
	draft := gate.Draft(in, gate.Evaluate(in))
	draft.Spec.State = v1alpha1.NoticePublished
	publication := gate.NoticeInput{Now: now, API: in.API, Policies: in.Policies, Audience: in.Audience, Notice: draft}
	v := gate.EvaluateNotice(publication)
	if want := when(t, "2026-12-06T23:00:00Z"); !v.Publishable || !draft.Spec.EffectiveTime.Time.Equal(want) {
		t.Fatalf("drafted for %s: %s", draft.Spec.EffectiveTime, v.Message)
	}
	draft.Status.PublishedTime, draft.Status.PublishedDigest = &metav1.Time{Time: now}, v.Digest
	draft.Status.Owed, draft.Status.Validity = v.Owed, v.Validity
	in.Notices, in.Audience = []v1alpha1.ChangeNotice{*draft}, using(func(a *v1alpha1.Audience) { a.Status.Usage = v1alpha1.CustomerUsage{} })
	for at, want := range map[time.Time]bool{
		draft.Spec.EffectiveTime.Add(-time.Second): false,
		draft.Spec.EffectiveTime.UTC():             true,
	} {
		in.Now = at
		if v := gate.Evaluate(in); v.OnMerit != want {
			t.Errorf("at %s: %s", at, v.Message)
		}
	}
}

// One draft tells of what is used and of what is not. Its date is what both need.
func TestDraftsOfWhatSomeUsed(t *testing.T) {
	in := proposing(boundBy(leniently()), usedBy(using()), changing(deleteOrders, builders.Removed("v1", "GET /orders")))
	draft := gate.Draft(in, gate.Evaluate(in))
	draft.Spec.State = v1alpha1.NoticePublished
	v := gate.EvaluateNotice(gate.NoticeInput{Now: now, API: in.API, Policies: in.Policies, Audience: in.Audience, Notice: draft})
	if want := when(t, "2027-05-21T22:00:00Z"); !v.Publishable || !v.Matures.Equal(want) {
		t.Errorf("matures %v: %s", v.Matures, v.Message)
	}
}
