package gate_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	v1alpha1 "forewarn.dev/forewarn/api/v1alpha1"
	"forewarn.dev/forewarn/internal/gate"
)

// onMerit are the facts of a revision with these contracts, written version=document.
func onMerit(contracts ...string) gate.RevisionFacts {
	f := gate.RevisionFacts{Decided: true, OnMerit: true, Judged: noon.Add(-time.Hour)}
	for _, c := range contracts {
		version, document, _ := strings.Cut(c, "=")
		f.Contracts = append(f.Contracts, v1alpha1.JudgedContract{
			Version: v1alpha1.VersionName(version), Contract: v1alpha1.ObjectName(document),
		})
	}
	return f
}

// breaking are the facts of one that customers were not told of.
func breaking(contracts ...string) gate.RevisionFacts {
	f := onMerit(contracts...)
	f.OnMerit, f.Uncovered, f.Merits = false, 3, "breaks v1: 3 changes nobody was told of"
	return f
}

func promisedBy(revision, contract string, since time.Duration) v1alpha1.PromisedContract {
	version, document, _ := strings.Cut(contract, "=")
	return v1alpha1.PromisedContract{
		Version: v1alpha1.VersionName(version), Stability: v1alpha1.StabilityStable,
		Revision: v1alpha1.ObjectName(revision), Contract: v1alpha1.ObjectName(document), Since: at(since),
	}
}

func orders(status v1alpha1.CustomerAPIStatus) *v1alpha1.CustomerAPI {
	api := &v1alpha1.CustomerAPI{Status: status}
	api.Namespace, api.Name = "shop", "orders"
	api.Spec.Versions = []v1alpha1.APIVersion{
		{Name: "v1", Stability: v1alpha1.StabilityStable}, {Name: "v2", Stability: v1alpha1.StabilityBeta},
	}
	return api
}

func policy(settleHours, rollbackDays int32) v1alpha1.NoticePolicy {
	return v1alpha1.NoticePolicy{Spec: v1alpha1.NoticePolicySpec{SettleHours: &settleHours, RollbackDays: &rollbackDays}}
}

func TestPromised(t *testing.T) {
	const settled = 72 * time.Hour
	byA := []v1alpha1.PromisedContract{promisedBy("a", "v1=one", -time.Hour)}
	onlyA := []v1alpha1.ServingRevision{served("web", "a", 0, 0)}
	onlyB := []v1alpha1.ServingRevision{served("web", "b", 0, 0)}
	both := []v1alpha1.ServingRevision{served("blue", "a", 0, 0), served("green", "b", 0, 0)}
	type facts = map[string]gate.RevisionFacts
	tests := map[string]struct {
		promised []v1alpha1.PromisedContract
		serving  []v1alpha1.ServingRevision // and all of it has pods
		facts    facts
		policies []v1alpha1.NoticePolicy
		now      time.Duration
		want     []v1alpha1.PromisedContract
	}{
		"R10 the first that serves is promised at once, before its rollout is complete": {
			serving: []v1alpha1.ServingRevision{served("web", "a", 0)},
			facts:   facts{"a": onMerit("v1=one")},
			want:    []v1alpha1.PromisedContract{promisedBy("a", "v1=one", 0)},
		},
		"R10 the first is promised for what it is, on its merits or not": {
			serving: onlyA, facts: facts{"a": breaking("v1=one")},
			want: []v1alpha1.PromisedContract{promisedBy("a", "v1=one", 0)},
		},
		"R10 the first two that serve together are both the baseline": {
			serving: both, facts: facts{"a": onMerit("v1=one"), "b": onMerit("v1=two")},
			want: []v1alpha1.PromisedContract{promisedBy("a", "v1=one", 0), promisedBy("b", "v1=two", 0)},
		},
		"R12 what could not be decided is no baseline": {
			serving: onlyA, facts: facts{"a": {Contracts: onMerit("v1=one").Contracts}},
		},
		"what names no revision promises nothing": {
			serving: []v1alpha1.ServingRevision{served("web", "", 0, 0)}, facts: facts{"": onMerit("v1=one")},
		},
		"R10 an addition is free one second before it has settled": {
			promised: byA, serving: onlyB, facts: facts{"b": onMerit("v1=two")},
			now: settled - time.Second, want: byA,
		},
		"R10 an addition is a promise once it has settled": {
			promised: byA, serving: onlyB, facts: facts{"b": onMerit("v1=two")},
			now: settled, want: []v1alpha1.PromisedContract{promisedBy("b", "v1=two", settled)},
		},
		"R10 the longest settleHours counts, one second before": {
			promised: byA, serving: onlyB, facts: facts{"b": onMerit("v1=two")},
			policies: []v1alpha1.NoticePolicy{policy(1, 1), policy(4, 1)},
			now:      4*time.Hour - time.Second, want: byA,
		},
		"R10 the longest settleHours counts": {
			promised: byA, serving: onlyB, facts: facts{"b": onMerit("v1=two")},
			policies: []v1alpha1.NoticePolicy{policy(1, 1), policy(4, 1)},
			now:      4 * time.Hour, want: []v1alpha1.PromisedContract{promisedBy("b", "v1=two", 4*time.Hour)},
		},
		"R10 no settleHours settle at once": {
			promised: byA, serving: onlyB, facts: facts{"b": onMerit("v1=two")},
			policies: []v1alpha1.NoticePolicy{policy(0, 1)},
			want:     []v1alpha1.PromisedContract{promisedBy("b", "v1=two", 0)},
		},
		"R10 a rollout that is not complete never settles": {
			promised: byA, serving: []v1alpha1.ServingRevision{served("web", "b", 0)},
			facts: facts{"b": onMerit("v1=two")}, now: 1000 * time.Hour, want: byA,
		},
		"R10 what is not on its merits never settles, so what it broke stays owed": {
			promised: byA, serving: onlyB, facts: facts{"b": breaking("v1=two")},
			now: 1000 * time.Hour, want: byA,
		},
		"R11 a revision that was pruned promises nothing new": {
			promised: byA, serving: onlyB, now: 1000 * time.Hour, want: byA,
		},
		"R10 both are promised while two serve": {
			promised: byA, serving: both, facts: facts{"a": breaking("v1=one"), "b": onMerit("v1=two")},
			now:  settled,
			want: []v1alpha1.PromisedContract{promisedBy("a", "v1=one", -time.Hour), promisedBy("b", "v1=two", settled)},
		},
		"R10 what serves no more stays promised while what serves has not settled": {
			promised: []v1alpha1.PromisedContract{promisedBy("a", "v1=one", 0), promisedBy("c", "v1=three", 0)},
			serving:  onlyB, facts: facts{"b": onMerit("v1=two")}, now: settled - time.Second,
			want: []v1alpha1.PromisedContract{promisedBy("a", "v1=one", 0), promisedBy("c", "v1=three", 0)},
		},
		"R10 the way back does not shrink the promise": {
			promised: []v1alpha1.PromisedContract{promisedBy("b", "v1=two", 0)},
			serving:  onlyA, facts: facts{"a": breaking("v1=one")}, now: 1000 * time.Hour,
			want: []v1alpha1.PromisedContract{promisedBy("b", "v1=two", 0)},
		},
		"R10 a document that both have keeps its day, and the name of the one that still serves": {
			promised: byA, serving: onlyB, facts: facts{"b": onMerit("v1=one", "v2=new")}, now: settled,
			want: []v1alpha1.PromisedContract{
				promisedBy("b", "v1=one", -time.Hour), betaBy("b", "v2=new", settled),
			},
		},
		"R8 a version declared Beta stays promised as Stable": {
			promised: []v1alpha1.PromisedContract{promisedBy("a", "v2=two", 0)}, serving: onlyA,
			want: []v1alpha1.PromisedContract{promisedBy("a", "v2=two", 0)},
		},
		"R8 a version declared Stable is promised as Stable": {
			promised: []v1alpha1.PromisedContract{betaBy("a", "v1=one", 0)}, serving: onlyA,
			want: []v1alpha1.PromisedContract{promisedBy("a", "v1=one", 0)},
		},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			in := gate.PromiseInput{
				Now: noon.Add(tc.now), Policies: tc.policies, Revisions: tc.facts,
				API: orders(v1alpha1.CustomerAPIStatus{Promised: tc.promised, Serving: tc.serving}),
			}
			for _, e := range tc.serving {
				in.Observed = append(in.Observed, rolling(e.Workload.Name, string(e.Revision), pods(string(e.Revision), 1)))
			}
			got := gate.Promise(in)
			if diff := cmp.Diff(tc.want, got.Promised, cmpopts.EquateEmpty()); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func betaBy(revision, contract string, since time.Duration) v1alpha1.PromisedContract {
	c := promisedBy(revision, contract, since)
	c.Stability = v1alpha1.StabilityBeta
	return c
}

func TestNextChange(t *testing.T) {
	past := func(until time.Duration) []v1alpha1.PastRevision {
		return []v1alpha1.PastRevision{{Revision: "z", UntilTime: at(until)}}
	}
	byA := []v1alpha1.PromisedContract{promisedBy("a", "v1=one", 0)}
	tests := map[string]struct {
		status v1alpha1.CustomerAPIStatus
		facts  map[string]gate.RevisionFacts
		now    time.Duration
		want   time.Duration // 0 for none
	}{
		"nothing is to come": {
			status: v1alpha1.CustomerAPIStatus{Promised: byA, Serving: []v1alpha1.ServingRevision{served("web", "a", 0, 0)}},
			facts:  map[string]gate.RevisionFacts{"a": onMerit("v1=one")},
		},
		"R10 an addition will settle": {
			status: v1alpha1.CustomerAPIStatus{Promised: byA, Serving: []v1alpha1.ServingRevision{served("web", "b", 0, time.Hour)}},
			facts:  map[string]gate.RevisionFacts{"b": onMerit("v1=two")},
			now:    time.Hour, want: 73 * time.Hour,
		},
		"R10 what is not on its merits will not": {
			status: v1alpha1.CustomerAPIStatus{Promised: byA, Serving: []v1alpha1.ServingRevision{served("web", "b", 0, time.Hour)}},
			facts:  map[string]gate.RevisionFacts{"b": breaking("v1=two")},
			now:    time.Hour,
		},
		"R11 a way back will end": {
			status: v1alpha1.CustomerAPIStatus{WayBack: past(5 * time.Hour)}, now: 5*time.Hour - time.Second, want: 5 * time.Hour,
		},
		"R11 a way back has ended": {
			status: v1alpha1.CustomerAPIStatus{WayBack: past(5 * time.Hour)}, now: 5 * time.Hour,
		},
		"R11 what is remembered of one that serves again does not end": {
			status: v1alpha1.CustomerAPIStatus{
				Serving: []v1alpha1.ServingRevision{served("web", "a", 0, 0)}, WayBack: []v1alpha1.PastRevision{wayOf("a", "d1", 5*time.Hour)},
			},
			facts: map[string]gate.RevisionFacts{"a": {Digest: "d2"}},
		},
		"the earlier of both": {
			status: v1alpha1.CustomerAPIStatus{
				Promised: byA, WayBack: past(80 * time.Hour), Serving: []v1alpha1.ServingRevision{served("web", "b", 0, time.Hour)},
			},
			facts: map[string]gate.RevisionFacts{"b": onMerit("v1=two")},
			now:   time.Hour, want: 73 * time.Hour,
		},
		"the clock was set back: what settles, settles from now": {
			status: v1alpha1.CustomerAPIStatus{Promised: byA, Serving: []v1alpha1.ServingRevision{served("web", "b", 0, 0)}},
			facts:  map[string]gate.RevisionFacts{"b": onMerit("v1=two")},
			now:    -10 * time.Hour, want: 62 * time.Hour,
		},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			got := gate.Promise(gate.PromiseInput{Now: noon.Add(tc.now), API: orders(tc.status), Revisions: tc.facts}).NextChange
			switch {
			case got == nil && tc.want != 0:
				t.Errorf("none, want %v", noon.Add(tc.want))
			case got != nil && !got.Equal(noon.Add(tc.want)):
				t.Errorf("%v, want %v", got, noon.Add(tc.want))
			}
		})
	}
}

func TestServingRevision(t *testing.T) {
	many := func(n int) (list []v1alpha1.ServingRevision) {
		for i := range n {
			list = append(list, served("web", fmt.Sprintf("%s-%02d", strings.Repeat("x", 60), i), time.Duration(i)*time.Second))
		}
		return list
	}
	tests := map[string]struct {
		serving []v1alpha1.ServingRevision
		want    string
	}{
		"nothing serves":               {},
		"what names none has no name":  {serving: []v1alpha1.ServingRevision{served("web", "", 0)}},
		"the latest comes last":        {serving: []v1alpha1.ServingRevision{served("web", "a", time.Hour), served("web", "b", 0)}, want: "b,a"},
		"one in two workloads is once": {serving: []v1alpha1.ServingRevision{served("blue", "a", 0), served("green", "a", 0)}, want: "a"},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			in := gate.PromiseInput{Now: noon.Add(time.Hour), API: orders(v1alpha1.CustomerAPIStatus{Serving: tc.serving})}
			if got := gate.Promise(in).ServingRevision; got != tc.want {
				t.Errorf("%q, want %q", got, tc.want)
			}
		})
	}
	in := gate.PromiseInput{Now: noon.Add(time.Hour), API: orders(v1alpha1.CustomerAPIStatus{Serving: many(40)})}
	got := gate.Promise(in).ServingRevision
	if len(got) > 2048 || !strings.HasSuffix(got, "-31") {
		t.Errorf("%d characters, ending in %q: whole names up to 2048", len(got), got[len(got)-3:])
	}
}

func TestPromisedIsBoundedAndKeepsTheOldest(t *testing.T) {
	status := v1alpha1.CustomerAPIStatus{
		Serving: []v1alpha1.ServingRevision{served("web", "a", 0, 0), served("next", "b", 0, 0)},
	}
	for i := range 63 {
		status.Promised = append(status.Promised, promisedBy("a", fmt.Sprintf("v1=doc-%02d", i), time.Duration(i)*time.Second))
	}
	got := gate.Promise(gate.PromiseInput{
		Now: noon.Add(100 * time.Hour), API: orders(status),
		Revisions: map[string]gate.RevisionFacts{"b": onMerit("v1=new-1", "v1=new-2")},
	}).Promised
	if len(got) != 64 || got[0].Contract != "doc-00" || got[63].Contract != "new-1" {
		t.Errorf("%d contracts from %s to %s, want all 63 and one of the new", len(got), got[0].Contract, got[len(got)-1].Contract)
	}
}

func TestPromiseReadsAStatusWithoutTimes(t *testing.T) {
	var status v1alpha1.CustomerAPIStatus
	status.Serving = []v1alpha1.ServingRevision{{Workload: deployment("web"), Revision: "a"}}
	status.WayBack = []v1alpha1.PastRevision{{Revision: "z"}}
	status.Promised = []v1alpha1.PromisedContract{{Version: "v1", Contract: "one", Revision: "a"}, {Version: "v1", Contract: "two", Revision: "a"}}
	status.BrokenPromises = []v1alpha1.BrokenPromise{{Revision: "a"}}
	got := gate.Promise(gate.PromiseInput{
		Now: noon, API: orders(status), Policies: []v1alpha1.NoticePolicy{policy(0, 0)},
		Observed:  []gate.Observation{rolledOut("web", "a", pods("a", 1))},
		Revisions: map[string]gate.RevisionFacts{"a": onMerit("v1=one")},
	})
	if diff := cmp.Diff([]v1alpha1.ServingRevision{served("web", "a", 0, 0)}, got.Serving); diff != "" {
		t.Errorf("serving: %s", diff)
	}
	if len(got.WayBack) != 0 || len(got.Promised) != 2 || len(got.Broken) != 1 {
		t.Errorf("%d ways back, %d promised, %d broken", len(got.WayBack), len(got.Promised), len(got.Broken))
	}
}

// What an API that is being deleted has promised stands, and nothing is added: it would be gone with the object.
func TestAnAPIThatIsBeingDeletedPromisesNothingNewR10(t *testing.T) {
	byA := []v1alpha1.PromisedContract{promisedBy("a", "v1=one", -time.Hour)}
	tests := map[string]struct {
		promised []v1alpha1.PromisedContract
		facts    gate.RevisionFacts
	}{
		"no baseline":            {nil, onMerit("v1=one")},
		"nothing that settled":   {byA, onMerit("v1=two")},
		"nothing is taken away":  {byA, onMerit()},
		"not the way back, too":  {byA, breaking("v1=two")},
		"not what it had before": {byA, onMerit("v1=one", "v2=new")},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			api := orders(v1alpha1.CustomerAPIStatus{Promised: tc.promised, Serving: []v1alpha1.ServingRevision{served("web", "b", 0, 0)}})
			api.DeletionTimestamp = at(0)
			out := gate.Promise(gate.PromiseInput{
				Now: noon.Add(1000 * time.Hour), API: api, Revisions: map[string]gate.RevisionFacts{"b": tc.facts},
				Observed: []gate.Observation{{
					Workload: served("web", "b", 0).Workload, Completed: true, Current: "b", TakesTraffic: true, Ready: 1,
					Running: []gate.Running{{Revision: "b", Pods: 1, Wanted: 1}},
				}},
			})
			if diff := cmp.Diff(tc.promised, out.Promised, cmpopts.EquateEmpty()); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			if len(out.Serving) != 1 || out.NextChange != nil {
				t.Errorf("serving %v, next change %v", out.Serving, out.NextChange)
			}
		})
	}
}
