package gate_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	v1alpha1 "forewarn.dev/forewarn/api/v1alpha1"
	"forewarn.dev/forewarn/internal/gate"
)

// wayOf is a record of what served, that ends so long after noon.
func wayOf(revision, digest string, until time.Duration, images ...string) v1alpha1.PastRevision {
	return v1alpha1.PastRevision{
		Revision: v1alpha1.ObjectName(revision), Digest: v1alpha1.Digest(digest), UntilTime: at(until), Images: images,
	}
}

// since is a record of what served from so long after noon.
func since(d time.Duration, past v1alpha1.PastRevision) v1alpha1.PastRevision {
	past.Since = at(d)
	return past
}

func TestWayBack(t *testing.T) {
	const days14 = 14 * 24 * time.Hour
	type facts = map[string]gate.RevisionFacts
	unnamed := served("web", "", 0, 0)
	unnamed.Images = []string{"shop/web:1"}
	both := []v1alpha1.ServingRevision{served("web", "a", 0, 0), served("web", "b", 0, 0)}
	toB := []gate.Observation{rolledOut("web", "b", pods("b", 1, "shop/web:2"))}
	toA := []gate.Observation{rolledOut("web", "a", pods("a", 1))}
	tests := map[string]struct {
		serving  []v1alpha1.ServingRevision
		wayBack  []v1alpha1.PastRevision
		observed []gate.Observation
		facts    facts
		policies []v1alpha1.NoticePolicy
		now      time.Duration
		want     []v1alpha1.PastRevision
	}{
		"R11 what leaves may come back for 14 days, as it served": {
			serving: both, observed: toB, facts: facts{"a": {Digest: "d1", Images: []string{"shop/web:1"}}},
			want: []v1alpha1.PastRevision{since(0, wayOf("a", "d1", days14, "shop/web:1"))},
		},
		"R11 what leaves may come back although it was pruned": {
			serving: both, observed: toB, want: []v1alpha1.PastRevision{since(0, wayOf("a", "", days14))},
		},
		"R11 it served from when the first of its workloads did": {
			serving:  []v1alpha1.ServingRevision{served("web", "a", 0, 0), served("api", "a", -time.Hour, 0), served("web", "b", 0, 0)},
			observed: toB, want: []v1alpha1.PastRevision{since(-time.Hour, wayOf("a", "", days14))},
		},
		"R11 the longest rollbackDays counts": {
			serving: both, observed: toB, policies: []v1alpha1.NoticePolicy{policy(1, 3), policy(1, 30)},
			want: []v1alpha1.PastRevision{since(0, wayOf("a", "", 30*24*time.Hour))},
		},
		"R11 no rollbackDays are no way back": {
			serving: both, observed: toB, policies: []v1alpha1.NoticePolicy{policy(1, 0)},
		},
		"R11 what still serves in another workload did not leave": {
			serving:  []v1alpha1.ServingRevision{served("web", "a", 0, 0), served("api", "a", 0, 0), served("web", "b", 0, 0)},
			observed: append([]gate.Observation{rolledOut("api", "a", pods("a", 1))}, toB...),
		},
		"R11 it is open one second before it ends": {
			wayBack: []v1alpha1.PastRevision{wayOf("z", "d", time.Hour)}, now: time.Hour - time.Second,
			want: []v1alpha1.PastRevision{wayOf("z", "d", time.Hour)},
		},
		"R11 it is closed when it ends": {
			wayBack: []v1alpha1.PastRevision{wayOf("z", "d", time.Hour)}, now: time.Hour,
		},
		"R11 a shorter policy takes nothing back": {
			wayBack: []v1alpha1.PastRevision{wayOf("z", "d", days14)}, policies: []v1alpha1.NoticePolicy{policy(1, 0)},
			want: []v1alpha1.PastRevision{wayOf("z", "d", days14)},
		},
		"R11 what serves again is no way back": {
			wayBack: []v1alpha1.PastRevision{wayOf("a", "d1", time.Hour)}, observed: toA, facts: facts{"a": {Digest: "d1"}},
		},
		"A9 nor while its name stands for other contents: what serves is recorded there": {
			wayBack: []v1alpha1.PastRevision{wayOf("a", "d1", time.Hour)}, observed: toA, facts: facts{"a": {Digest: "d2"}},
		},
		"A9 what leaves may come back as it was recorded, whatever its object says now": {
			serving:  []v1alpha1.ServingRevision{servedAs(both[0], "d1", "shop/web:1"), both[1]},
			observed: toB, facts: facts{"a": {Digest: "d2", Images: []string{"shop/evil:1"}}},
			want: []v1alpha1.PastRevision{since(0, wayOf("a", "d1", days14, "shop/web:1"))},
		},
		"A9 and is what may come back when it leaves again": {
			serving: both, observed: toB, wayBack: []v1alpha1.PastRevision{wayOf("a", "d1", -time.Hour, "shop/web:1")},
			facts: facts{"a": {Digest: "d2", Images: []string{"shop/evil:1"}}},
			want:  []v1alpha1.PastRevision{since(0, wayOf("a", "d1", days14, "shop/web:1"))},
		},
		"A9 of an object that took the name, nothing is remembered as having served": {
			serving: both, observed: toB,
			facts: facts{"a": {Digest: "d2", Images: []string{"shop/evil:1"}, NameReused: true}},
			want:  []v1alpha1.PastRevision{since(0, wayOf("a", "", days14))},
		},
		"R11 pods that name no revision may come back with their images": {
			serving: []v1alpha1.ServingRevision{unnamed}, observed: toB,
			want: []v1alpha1.PastRevision{wayOf("", "", days14, "shop/web:1")},
		},
		"R11 pods that name no revision may come back with the images of an older template": {
			serving: []v1alpha1.ServingRevision{unnamed}, observed: []gate.Observation{rolledOut("web", "", pods("", 1, "shop/web:2"))},
			want: []v1alpha1.PastRevision{wayOf("", "", days14, "shop/web:1")},
		},
		"R11 and are no way back once they serve again": {
			wayBack:  []v1alpha1.PastRevision{wayOf("", "", time.Hour, "shop/web:1")},
			observed: []gate.Observation{rolledOut("web", "", pods("", 1, "shop/web:1", "shop/sidecar:1"))},
		},
		"R11 records of several sets of images stand beside each other": {
			wayBack: []v1alpha1.PastRevision{wayOf("", "", time.Hour, "shop/web:0")},
			serving: []v1alpha1.ServingRevision{unnamed}, observed: toB,
			want: []v1alpha1.PastRevision{wayOf("", "", time.Hour, "shop/web:0"), wayOf("", "", days14, "shop/web:1")},
		},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			got := gate.Promise(gate.PromiseInput{
				Now: noon.Add(tc.now), Policies: tc.policies, Observed: tc.observed, Revisions: tc.facts,
				API: orders(v1alpha1.CustomerAPIStatus{Serving: tc.serving, WayBack: tc.wayBack}),
			})
			if diff := cmp.Diff(tc.want, got.WayBack, cmpopts.EquateEmpty()); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestWayBackIsBoundedAndKeepsWhatLastsLongest(t *testing.T) {
	var status v1alpha1.CustomerAPIStatus
	for i := range 64 {
		status.WayBack = append(status.WayBack, wayOf(fmt.Sprintf("z%02d", i), "", time.Duration(64-i)*time.Hour))
	}
	status.Serving = []v1alpha1.ServingRevision{served("web", "a", 0, 0), served("web", "b", 0, 0)}
	got := gate.Promise(gate.PromiseInput{
		Now: noon, API: orders(status), Observed: []gate.Observation{rolledOut("web", "b", pods("b", 1))},
	}).WayBack
	has := func(name v1alpha1.ObjectName) bool {
		return slices.ContainsFunc(got, func(p v1alpha1.PastRevision) bool { return p.Revision == name })
	}
	if len(got) != 64 || !has("a") || !has("z62") || has("z63") {
		t.Errorf("%d records, a %v, z62 %v, z63 %v: z63 ends first and goes", len(got), has("a"), has("z62"), has("z63"))
	}
}
