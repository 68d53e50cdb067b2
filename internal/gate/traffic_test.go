package gate_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	v1alpha1 "forewarn.dev/forewarn/api/v1alpha1"
	"forewarn.dev/forewarn/internal/gate"
)

// apart are pods that no Service leads to.
func apart(revision string, n int32, images ...string) gate.Running {
	r := pods(revision, n, images...)
	r.Sets = []gate.LabelSet{{Labels: map[string]string{"app": "orders", "slot": "green"}, Ready: true}}
	return r
}

// What waits is told from what customers were led to, for as long as it is remembered.
func TestWhatWaits(t *testing.T) {
	waits := func(e v1alpha1.ServingRevision, since time.Duration) v1alpha1.ServingRevision {
		e.WaitingSince = at(since)
		return e
	}
	waited := func(past v1alpha1.PastRevision) v1alpha1.PastRevision { past.WaitingSince = at(0); return past }
	tests := map[string]struct {
		serving  []v1alpha1.ServingRevision
		wayBack  []v1alpha1.PastRevision
		observed []gate.Observation
		want     map[string]*metav1.Time // of what serves
		wantPast map[string]*metav1.Time // of what served
		deny     bool
		facts    gate.RevisionFacts // of b
	}{
		"a half that is seen for the first time": {
			observed: []gate.Observation{rolledOut("green", "b", apart("b", 1))}, want: map[string]*metav1.Time{"b": at(time.Hour)},
		},
		"a ReplicaSet to which a Service leads": {
			observed: []gate.Observation{rolledOut("web", "b", gate.Running{Sets: led, Revision: "b", Wanted: 1})}, want: map[string]*metav1.Time{"b": nil},
		},
		"a half that goes on waiting": {
			serving:  []v1alpha1.ServingRevision{waits(served("green", "b", 0), 0)},
			observed: []gate.Observation{rolledOut("green", "b", apart("b", 1))}, want: map[string]*metav1.Time{"b": at(0)},
		},
		"since a clock that was ahead": {
			serving:  []v1alpha1.ServingRevision{waits(served("green", "b", 0), 9*time.Hour)},
			observed: []gate.Observation{rolledOut("green", "b", apart("b", 1))}, want: map[string]*metav1.Time{"b": at(time.Hour)},
		},
		"a half that customers are led to now": {
			serving:  []v1alpha1.ServingRevision{waits(served("green", "b", 0), 0)},
			observed: []gate.Observation{rolledOut("green", "b", pods("b", 1))}, want: map[string]*metav1.Time{"b": nil},
		},
		"a half that they are led to, admissible": {
			serving: []v1alpha1.ServingRevision{waits(served("green", "b", 0), 0)}, deny: true, facts: gate.RevisionFacts{OnMerit: true},
			observed: []gate.Observation{rolledOut("green", "b", pods("b", 1))}, want: map[string]*metav1.Time{"b": nil},
		},
		"a half that they are led to, by a waiver": {
			serving: []v1alpha1.ServingRevision{waits(served("green", "b", 0), 0)}, deny: true, facts: gate.RevisionFacts{Waiver: "tonight"},
			observed: []gate.Observation{rolledOut("green", "b", pods("b", 1))}, want: map[string]*metav1.Time{"b": nil},
		},
		"bypass 28: a half that they are led to past the gate": {
			serving: []v1alpha1.ServingRevision{waits(served("green", "b", 0), 0)}, deny: true,
			observed: []gate.Observation{rolledOut("green", "b", pods("b", 1))}, want: map[string]*metav1.Time{"b": at(0)},
		},
		"R11 what came in where they are led to, past the gate": {
			deny: true, observed: []gate.Observation{rolledOut("web", "b", pods("b", 1))}, want: map[string]*metav1.Time{"b": nil},
		},
		"R11 a half that they were led to, whatever serves now": {
			serving:  []v1alpha1.ServingRevision{served("blue", "a", 0)},
			observed: []gate.Observation{rolledOut("blue", "a", apart("a", 1))}, want: map[string]*metav1.Time{"a": nil},
		},
		"another workload of what they are led to": {
			serving:  []v1alpha1.ServingRevision{served("blue", "a", 0)},
			observed: []gate.Observation{rolledOut("blue", "a", pods("a", 1)), rolledOut("green", "a", apart("a", 1))}, want: map[string]*metav1.Time{"a": nil},
		},
		"R11 what is back that they were led to": {
			wayBack:  []v1alpha1.PastRevision{wayOf("a", "d1", 2*time.Hour)},
			observed: []gate.Observation{rolledOut("green", "a", apart("a", 1))}, want: map[string]*metav1.Time{"a": nil},
		},
		"what is back too late": {
			wayBack:  []v1alpha1.PastRevision{wayOf("a", "d1", time.Hour)},
			observed: []gate.Observation{rolledOut("green", "a", apart("a", 1))}, want: map[string]*metav1.Time{"a": at(time.Hour)},
		},
		"what is back and only ever waited": {
			wayBack:  []v1alpha1.PastRevision{waited(wayOf("a", "d1", 2*time.Hour))},
			observed: []gate.Observation{rolledOut("green", "a", apart("a", 1))}, want: map[string]*metav1.Time{"a": at(time.Hour)},
		},
		"what leaves": {
			serving:  []v1alpha1.ServingRevision{served("blue", "a", 0), waits(served("green", "b", 0), 0)},
			observed: []gate.Observation{rolledOut("web", "c", pods("c", 1))}, want: map[string]*metav1.Time{"c": nil},
			wantPast: map[string]*metav1.Time{"a": nil, "b": at(0)},
		},
		"what leaves, and waited in one of two workloads": {
			serving:  []v1alpha1.ServingRevision{served("blue", "a", 0), waits(served("green", "a", 0), 0)},
			observed: []gate.Observation{rolledOut("web", "c", pods("c", 1))}, want: map[string]*metav1.Time{"c": nil},
			wantPast: map[string]*metav1.Time{"a": nil},
		},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			api := &v1alpha1.CustomerAPI{}
			api.Status.Serving, api.Status.WayBack = tc.serving, tc.wayBack
			in := gate.PromiseInput{
				Now: noon.Add(time.Hour), API: api, Observed: tc.observed, Revisions: map[string]gate.RevisionFacts{"b": tc.facts},
			}
			if tc.deny {
				in.Policies = []v1alpha1.NoticePolicy{{Spec: v1alpha1.NoticePolicySpec{Enforcement: v1alpha1.EnforcementDeny}}}
			}
			out := gate.Promise(in)
			got, past := map[string]*metav1.Time{}, map[string]*metav1.Time{}
			for _, e := range out.Serving {
				got[string(e.Revision)] = e.WaitingSince
			}
			for _, p := range out.WayBack {
				past[string(p.Revision)] = p.WaitingSince
			}
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Errorf("serves: %s", diff)
			}
			if diff := cmp.Diff(tc.wantPast, past, cmpopts.EquateEmpty()); diff != "" {
				t.Errorf("served: %s", diff)
			}
		})
	}
}

func TestRunningSets(t *testing.T) {
	set := func(slot string, ready bool) gate.LabelSet {
		return gate.LabelSet{Labels: map[string]string{"app": "orders", "slot": slot}, Ready: ready}
	}
	observed := []gate.Observation{
		{Running: []gate.Running{{Revision: "a", Images: []string{"i"}, Sets: []gate.LabelSet{set("z", false), set("b", true)}}, {Revision: "Not A Name"}}},
		{Running: []gate.Running{{Revision: "Not A Name", Sets: []gate.LabelSet{set("c", true)}}}},
	}
	want := []gate.RunningSet{
		{LabelSet: set("b", true), Revision: "a", Images: []string{"i"}}, {LabelSet: set("z", false), Revision: "a", Images: []string{"i"}},
		{LabelSet: set("c", true)},
	}
	if diff := cmp.Diff(want, gate.RunningSets(observed)); diff != "" {
		t.Error(diff)
	}
}

func TestSharedLabels(t *testing.T) {
	labels := map[string]string{
		"app": "orders", "rollouts-pod-template-hash": "aaa", "pod-template-hash": "bbb", "slot": "blue",
		"controller-revision-hash": "x", "statefulset.kubernetes.io/pod-name": "x", "apps.kubernetes.io/pod-index": "0",
		"topology.kubernetes.io/zone": "x", "topology.kubernetes.io/region": "x",
	}
	want := map[string]string{"app": "orders", "rollouts-pod-template-hash": "aaa", "pod-template-hash": "bbb", "slot": "blue"}
	if diff := cmp.Diff(want, gate.SharedLabels(labels)); diff != "" {
		t.Error(diff)
	}
}
