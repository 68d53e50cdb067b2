package gate_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	v1alpha1 "forewarn.dev/forewarn/api/v1alpha1"
	"forewarn.dev/forewarn/internal/gate"
)

// as are the facts of an object with that digest and those images.
func as(f gate.RevisionFacts, digest string, images ...string) gate.RevisionFacts {
	f.Digest, f.Images = v1alpha1.Digest(digest), images
	return f
}

// servedAs is an entry of which is recorded what served.
func servedAs(e v1alpha1.ServingRevision, digest string, images ...string) v1alpha1.ServingRevision {
	e.Digest, e.Images = v1alpha1.Digest(digest), images
	return e
}

func TestWhatServesIsRecordedByItsContents(t *testing.T) {
	onA := rolledOut("web", "a", pods("a", 1, "shop/web:1"))
	alsoA := rolledOut("other", "a", pods("a", 1))
	webA, otherA := served("web", "a", 0, 0), served("other", "a", 0, 0)
	first, evil := as(onMerit("v1=one"), "d1", "shop/web:1"), as(onMerit("v1=evil"), "d2", "shop/evil:1")
	type facts = map[string]gate.RevisionFacts
	tests := map[string]struct {
		serving  []v1alpha1.ServingRevision
		wayBack  []v1alpha1.PastRevision
		promised []v1alpha1.PromisedContract
		observed []gate.Observation
		facts    facts
		want     []v1alpha1.ServingRevision
	}{
		"A9 as it is when it is first seen, with the images that it lists": {
			observed: []gate.Observation{onA}, facts: facts{"a": as(onMerit("v1=one"), "d1", "shop/web:1", "shop/job:1")},
			want: []v1alpha1.ServingRevision{servedAs(webA, "d1", "shop/job:1", "shop/web:1")},
		},
		"A9 one that could be read before it could be judged": {
			observed: []gate.Observation{onA}, facts: facts{"a": as(gate.RevisionFacts{}, "d1", "shop/web:1")},
			want: []v1alpha1.ServingRevision{servedAs(webA, "d1", "shop/web:1")},
		},
		"A9 of one that nobody could read, nothing, not even its images": {
			observed: []gate.Observation{onA}, facts: facts{"a": as(gate.RevisionFacts{}, "", "shop/web:1")},
			want: []v1alpha1.ServingRevision{webA},
		},
		"A9 of one whose object is not there, nothing": {
			observed: []gate.Observation{onA}, want: []v1alpha1.ServingRevision{webA},
		},
		"A9 as it is when that is first known": {
			serving: []v1alpha1.ServingRevision{webA}, observed: []gate.Observation{onA}, facts: facts{"a": first},
			want: []v1alpha1.ServingRevision{servedAs(webA, "d1", "shop/web:1")},
		},
		"A9 an object made anew changes nothing": {
			serving:  []v1alpha1.ServingRevision{servedAs(webA, "d1", "shop/web:1")},
			observed: []gate.Observation{onA}, facts: facts{"a": evil},
			want: []v1alpha1.ServingRevision{servedAs(webA, "d1", "shop/web:1")},
		},
		"A9 nor does one that lists images where the first listed none": {
			serving:  []v1alpha1.ServingRevision{servedAs(webA, "d1")},
			observed: []gate.Observation{onA}, facts: facts{"a": evil},
			want: []v1alpha1.ServingRevision{servedAs(webA, "d1")},
		},
		"A9 nor that it is pruned": {
			serving:  []v1alpha1.ServingRevision{servedAs(webA, "d1", "shop/web:1")},
			observed: []gate.Observation{onA},
			want:     []v1alpha1.ServingRevision{servedAs(webA, "d1", "shop/web:1")},
		},
		"A9 another workload serves what the first one serves": {
			serving:  []v1alpha1.ServingRevision{servedAs(webA, "d1", "shop/web:1")},
			observed: []gate.Observation{onA, alsoA}, facts: facts{"a": evil},
			want: []v1alpha1.ServingRevision{servedAs(otherA, "d1", "shop/web:1"), servedAs(webA, "d1", "shop/web:1")},
		},
		"A9 also one that takes its place in the same moment": {
			serving:  []v1alpha1.ServingRevision{servedAs(webA, "d1", "shop/web:1")},
			observed: []gate.Observation{alsoA}, facts: facts{"a": evil},
			want: []v1alpha1.ServingRevision{servedAs(otherA, "d1", "shop/web:1")},
		},
		"A9 two that are first seen together are the same": {
			observed: []gate.Observation{onA, alsoA}, facts: facts{"a": first},
			want: []v1alpha1.ServingRevision{servedAs(otherA, "d1", "shop/web:1"), servedAs(webA, "d1", "shop/web:1")},
		},
		"A9 what comes back is what served": {
			wayBack:  []v1alpha1.PastRevision{wayOf("a", "d1", time.Hour, "shop/web:1")},
			observed: []gate.Observation{onA}, facts: facts{"a": evil},
			want: []v1alpha1.ServingRevision{servedAs(webA, "d1", "shop/web:1")},
		},
		"A9 also when its time is just over": {
			wayBack:  []v1alpha1.PastRevision{wayOf("a", "d1", 0, "shop/web:1")},
			observed: []gate.Observation{onA}, facts: facts{"a": evil},
			want: []v1alpha1.ServingRevision{servedAs(webA, "d1", "shop/web:1")},
		},
		"A9 what comes back, and was never known, is not known now either": {
			wayBack:  []v1alpha1.PastRevision{wayOf("a", "", time.Hour, "shop/web:1")},
			observed: []gate.Observation{onA}, want: []v1alpha1.ServingRevision{webA},
		},
		"A9 an object that took the name of a promise is not recorded": {
			observed: []gate.Observation{onA}, facts: facts{"a": {Digest: "d2", NameReused: true}},
			want: []v1alpha1.ServingRevision{webA},
		},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			got := gate.Promise(gate.PromiseInput{
				Now: noon, Observed: tc.observed, Revisions: tc.facts,
				API: orders(v1alpha1.CustomerAPIStatus{Serving: tc.serving, WayBack: tc.wayBack}),
			})
			if diff := cmp.Diff(tc.want, got.Serving); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// An object that took the name of what serves has none of its rights and none of its duties.
func TestAnObjectMadeAnewIsNotWhatServes(t *testing.T) {
	s := servingA()
	s.facts["b"] = as(onMerit("v1=two"), "d1", "shop/web:2")
	onB := rolledOut("web", "b", pods("b", 1))
	s.after(time.Hour, onB)

	s.facts["b"] = as(onMerit("v1=evil"), "d2", "shop/evil:1")
	out := s.after(1000*time.Hour, onB)
	if diff := cmp.Diff([]v1alpha1.PromisedContract{promisedBy("a", "v1=one", 0)}, out.Promised); diff != "" {
		t.Errorf("the promise moved to what does not serve: %s", diff)
	}
	s.facts["b"] = as(breaking("v1=evil"), "d2", "shop/evil:1")
	if out = s.after(time.Hour, onB); len(out.Broken) != 0 {
		t.Errorf("what does not serve breaks nothing: %v", out.Broken)
	}
	s.facts["b"] = as(onMerit("v1=two"), "d1", "shop/web:2")
	out = s.after(0, onB)
	if diff := cmp.Diff([]v1alpha1.PromisedContract{promisedBy("b", "v1=two", 1002*time.Hour)}, out.Promised); diff != "" {
		t.Errorf("the same contents again are what serves: %s", diff)
	}

	s.facts["b"] = as(onMerit("v1=evil"), "d2", "shop/evil:1")
	out = s.after(time.Hour, rolledOut("web", "a", pods("a", 1)))
	want := since(time.Hour, wayOf("b", "d1", s.now+14*24*time.Hour, "shop/web:2"))
	if diff := cmp.Diff([]v1alpha1.PastRevision{want}, out.WayBack); diff != "" {
		t.Errorf("what may come back is what served: %s", diff)
	}
}
