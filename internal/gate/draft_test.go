package gate_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	v1alpha1 "forewarn.dev/forewarn/api/v1alpha1"
	"forewarn.dev/forewarn/internal/contract"
	"forewarn.dev/forewarn/internal/gate"
	"forewarn.dev/forewarn/test/builders"
)

func drafted(in gate.Input) *v1alpha1.ChangeNotice { return gate.Draft(in, gate.Evaluate(in)) }

func TestDraftCoversExactlyWhatIsUncovered(t *testing.T) {
	listOrders := builders.Broken("v1", "get  /orders")
	got := drafted(proposing(
		changing(listOrders, deleteOrders, builders.Broken("v1", "GET /told"), builders.Added("v1", "POST /new")),
		telling(builders.Notice("told", "orders").CoversOperation("v1", "GET /told").Published(now).Effective(now.Add(100*day))),
	))
	want := &v1alpha1.ChangeNotice{
		TypeMeta:   metav1.TypeMeta{APIVersion: "forewarn.dev/v1alpha1", Kind: "ChangeNotice"},
		ObjectMeta: metav1.ObjectMeta{Name: "orders-9f31c2aa", Namespace: "shop"},
		Spec: v1alpha1.ChangeNoticeSpec{
			APIRef:        v1alpha1.APIRef{Name: "orders"},
			State:         v1alpha1.NoticeDraft,
			EffectiveTime: &metav1.Time{Time: when(t, "2027-05-21T22:00:00Z")},
			Title:         "From 2027-05-22 orders API v1: DELETE /orders/{id} removed and 1 more",
			WhatChanges:   "- v1: DELETE /orders/{id} removed\n- v1: get /orders: removed the property id from the response",
			Covers: []v1alpha1.CoveredChange{
				{Version: "v1", Operation: "DELETE /orders/{id}", Class: "Removal", Fingerprint: deleteOrders.Fingerprint},
				{Version: "v1", Operation: "GET /orders", Class: "Breaking", Fingerprint: listOrders.Fingerprint},
			},
		},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestNothingToDraft(t *testing.T) {
	for name, in := range map[string]gate.Input{
		"nothing changes":          proposing(),
		"all is covered, and runs": proposing(changing(deleteOrders), telling(tellingDelete("n").Effective(now.Add(day)))),
		"nothing is promised":      proposing(against(builders.API("orders").Version("v1", "Stable"))),
		"no API":                   proposing(func(in *gate.Input) { in.API = nil }),
		"no revision":              proposing(func(in *gate.Input) { in.Revision = nil }),
	} {
		if n := drafted(in); n != nil {
			t.Errorf("%s: %+v", name, n.Spec)
		}
	}
}

// A draft does what it was made for: published within the hour it is in time, and the revision can serve from
// its date on, to the second.
func TestADraftWillDoWithinTheHour(t *testing.T) {
	gone := edit(proposedAs(revised().Contract("v2", "v2")))
	cases := map[string][]edit{
		"an operation":                     {changing(deleteOrders)},
		"a version":                        {gone},
		"a declared change":                {proposedAs(revised().Contract("v1", "x").Declares("even", "Price", "v1", "", "More"))},
		"an hour before midnight":          {changing(deleteOrders), asOf(when(t, "2026-11-22T22:30:00Z"))},
		"a second before midnight":         {changing(deleteOrders), asOf(when(t, "2026-11-22T22:59:59Z"))},
		"midnight":                         {changing(deleteOrders), asOf(when(t, "2026-11-22T23:00:00Z"))},
		"business days, on a Friday night": {changing(deleteOrders), asOf(when(t, "2026-11-27T23:30:00Z")), boundBy(builders.Policy("p").OwesBusinessDays("Removal", 5))},
		"no days owed":                     {changing(deleteOrders), boundBy(builders.Policy("p").Owes("Removal", 0))},
		"no days owed, on the hour":        {changing(deleteOrders), boundBy(builders.Policy("p").Owes("Removal", 0)), asOf(when(t, "2026-11-22T11:00:00Z"))},
		"a zone of half hours":             {changing(deleteOrders), boundBy(publicAPIs().Zone("Asia/Kolkata")), asOf(when(t, "2026-11-22T18:15:00Z"))},
		"what else the revision waits for": {changing(deleteOrders, builders.Broken("v1", "GET /told")), telling(builders.Notice("told", "orders").
			CoversOperation("v1", "GET /told").Published(now).Effective(now.Add(300 * day)))},
		"notices that will have lapsed": {changing(deleteOrders, builders.Broken("v1", "GET /told")), telling(builders.Notice("told", "orders").
			CoversOperation("v1", "GET /told").Published(now.Add(-300 * day)).Effective(now.Add(-170 * day)))},
	}
	for name, edits := range cases {
		t.Run(name, func(t *testing.T) {
			in := proposing(edits...)
			draft := drafted(in)
			if draft == nil {
				t.Fatal("there is none")
			}
			draft.Spec.State = v1alpha1.NoticePublished
			for _, late := range []time.Duration{0, time.Minute, time.Hour} {
				v := gate.EvaluateNotice(gate.NoticeInput{Now: in.Now.Add(late), API: in.API, Policies: in.Policies, Notice: draft, Others: in.Notices})
				if !v.Publishable {
					t.Fatalf("after %s: %s", late, v.Message)
				}
				told := draft.DeepCopy()
				told.Status.PublishedTime = &metav1.Time{Time: in.Now.Add(late)}
				told.Status.PublishedDigest, told.Status.Owed = v.Digest, v.Owed
				then := in
				then.Notices = append(append([]v1alpha1.ChangeNotice{}, in.Notices...), *told)
				for at, want := range map[time.Time]bool{
					draft.Spec.EffectiveTime.Time:              true,
					draft.Spec.EffectiveTime.Add(-time.Second): false,
				} {
					then.Now = at
					if v := gate.Evaluate(then); v.OnMerit != want {
						t.Errorf("published after %s, at %s on its merits %v: %s", late, at.Format(time.RFC3339), v.OnMerit, v.Message)
					}
				}
			}
		})
	}
}

func TestADraftOfManyChangesFitsANotice(t *testing.T) {
	many := func(operations, each, rules int) (changes []contract.Change) {
		for o := range operations {
			for i := range each {
				c := builders.Broken("v1", fmt.Sprintf("GET /%d", o))
				c.Rule = fmt.Sprintf("rule-%d", (o+i)%rules)
				c.Location = fmt.Sprintf("/properties/%d", i)
				c.Fingerprint = string(builders.DigestOf(fmt.Sprint(o, i)))[:12]
				changes = append(changes, c)
			}
		}
		return changes
	}
	atLarge := func(schemes int) (changes []contract.Change) {
		for i := range schemes {
			c := builders.Broken("v1", "")
			c.Rule, c.Location = "api-security-component-type-changed", fmt.Sprintf("security scheme %d", i)
			c.Fingerprint = string(builders.DigestOf(c.Location))[:12]
			changes = append(changes, c)
		}
		return changes
	}
	cases := map[string]struct {
		changes []contract.Change
		covers  int
		all     bool
	}{
		"200 changes are listed one by one":           {many(100, 2, 2), 200, true},
		"more by their operations":                    {many(150, 2, 2), 150, true},
		"of more operations as many as there is room": {many(201, 1, 1), 200, false},
		"what is of no operation by its rule":         {append(many(10, 1, 1), atLarge(300)...), 11, true},
		"and only where that is needed":               {append(many(10, 1, 1), atLarge(190)...), 200, true},
		"fingerprints count where that is shorter":    {many(1, 3, 1), 3, true},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			in := proposing(changing(c.changes...))
			draft := drafted(in)
			if len(draft.Spec.Covers) != c.covers || len(draft.Spec.WhatChanges) > 4096 || len(draft.Spec.Title) > 200 {
				t.Fatalf("%d entries, %d bytes of text, %d of title", len(draft.Spec.Covers), len(draft.Spec.WhatChanges), len(draft.Spec.Title))
			}
			told := *draft
			told.Spec.State = v1alpha1.NoticePublished
			v := gate.EvaluateNotice(gate.NoticeInput{Now: now, API: in.API, Policies: in.Policies, Notice: &told})
			if !v.Publishable {
				t.Fatal(v.Message)
			}
			told.Status.PublishedTime, told.Status.PublishedDigest = &metav1.Time{Time: now}, v.Digest
			in.Notices = []v1alpha1.ChangeNotice{told}
			if left := gate.Evaluate(in).Uncovered; (left == 0) != c.all {
				t.Errorf("%d of %d changes are left", left, len(c.changes))
			}
		})
	}
}

func TestADraftShowsNoControlCharacters(t *testing.T) {
	c := deleteOrders
	c.Operation, c.Text, c.Location = "DELETE /"+hostile, hostile, hostile
	in := proposing(changing(c))
	in.API.Spec.Title = hostile
	n := drafted(in)
	if text := n.Spec.Title + strings.ReplaceAll(n.Spec.WhatChanges, "\n", ""); strings.ContainsAny(text, "\x1b\r\u2028\u202e\x00\t") {
		t.Errorf("%q", text)
	}
}
