//go:build unix

package admission

import (
	"fmt"
	"testing"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// oddCase is an Argo Rollout of ten pods, of which a rollout is under way while fewer are updated, and what is written of it
// next, each by itself.
type oddCase struct {
	canary  map[string]any
	paused  bool
	updated int64
	then    []oddWrite
}

type oddWrite struct {
	changes []func(*unstructured.Unstructured)
	want    func(of string) string
}

func oddCases() map[string]oddCase {
	type change = func(*unstructured.Unstructured)
	most := func(value any) change { return put(value, "spec", "strategy", "canary", "maxUnavailable") }
	more := func(value any) change { return put(value, "spec", "strategy", "canary", "maxSurge") }
	pods := func(n int64) change { return put(n, "spec", "replicas") }
	another, resumed := put("2", "spec", "template", "metadata", "labels", "tier"), put(false, "spec", "paused")
	passes := func(changes ...change) oddWrite {
		return oddWrite{changes, func(string) string { return "" }}
	}
	stops := func(by string, changes ...change) oddWrite {
		return oddWrite{changes, func(of string) string { return noDowntime(by + " all pods of " + of + " before others are ready") }}
	}
	shrinks := func(n int32, changes ...change) oddWrite {
		return oddWrite{changes, func(of string) string { return stopsWith(n, n, of) }}
	}
	const all, text, less = "maxUnavailable 100% of 10 stops", `maxUnavailable "100" (100%) of 10 stops`, "maxSurge -1 of 10 may stop"
	return map[string]oddCase{
		"more by a text": {canary: map[string]any{"maxSurge": "1"}, updated: 3, then: []oddWrite{
			passes(another), passes(more("+0%")), passes(most("")), stops(all, most("100%")), stops(text, most("100"), another),
		}},
		"more by a text, and two of ten": {canary: map[string]any{"maxSurge": "1", "maxUnavailable": int64(2)}, updated: 10, then: []oddWrite{
			passes(another), passes(more("2")), passes(pods(9)), stops("maxUnavailable 2 of 2 stops", pods(2), another),
		}},
		"none more by a plus": {canary: map[string]any{"maxSurge": "+0%", "maxUnavailable": "1%"}, updated: 10, then: []oddWrite{
			passes(another), passes(more("1")), stops(`maxSurge "+0%" (0%) of 1 stops`, another, pods(1)),
		}},
		"none more by two signs": {canary: map[string]any{"maxSurge": "0%%", "maxUnavailable": "1"}, updated: 3, then: []oddWrite{
			passes(another), passes(pods(2)), shrinks(1, pods(1)),
		}},
		"nothing in a text": {canary: map[string]any{"maxUnavailable": ""}, updated: 3, then: []oddWrite{
			passes(another), passes(more("1")), passes(most("25%")), stops(all, most("100%")), passes(most("all")), passes(pods(1)),
		}},
		"what is no number before all": {canary: map[string]any{"maxUnavailable": "100%", "maxSurge": "more"}, updated: 3, then: []oddWrite{
			passes(another), passes(most("25%"), more("1")), stops(all, more("1")), stops(all, more("1"), another), passes(more("many"), another),
		}},
		"all, and paused": {canary: map[string]any{"maxUnavailable": "100%"}, paused: true, updated: 3, then: []oddWrite{
			passes(another), passes(resumed, most("")), passes(resumed, most("1")), stops(all, resumed), stops(text, resumed, most("100")),
		}},
		"all": {canary: map[string]any{"maxUnavailable": "100%"}, updated: 3, then: []oddWrite{
			passes(more("-1%")), passes(most("100")), stops(all, another), stops(`maxUnavailable "+100%" (100%) of 10 stops`, another, most("+100%")),
		}},
		"less than nothing": {canary: map[string]any{"maxSurge": int64(-1), "maxUnavailable": int64(5)}, updated: 3, then: []oddWrite{
			stops(less, another), passes(more(int64(1))), passes(more(int64(1)), another), passes(more(int64(-2))), passes(most("all"), another),
			stops(all, most("100%")), stops("maxUnavailable 10 of 10 stops", most(int64(10))), passes(pods(6)), shrinks(5, pods(5)),
		}},
		"the usual": {canary: map[string]any{}, updated: 3, then: []oddWrite{
			passes(another), stops(less, more(int64(-1))), stops(`maxSurge "-1%" (-1%) of 10 may stop`, more("-1%")), passes(more(""), another),
			passes(more("1"), another), stops("maxSurge 0 of 1 stops", more(int64(0)), pods(1)),
		}},
	}
}

// R15: an odd amount of an Argo Rollout hides no full stop, whatever is written first, and holds up nothing else.
func TestOutagesOfOddAmounts(t *testing.T) {
	t.Parallel()
	s := newSpace(t)
	deny, standing := keeping(), map[string]*unstructured.Unstructured{}
	for name, c := range oddCases() {
		r := scalable(slug(name))["rollouts"].(*unstructured.Unstructured)
		put(map[string]any{"canary": c.canary}, "spec", "strategy")(r)
		put(c.paused, "spec", "paused")(r)
		put(int64(10), "spec", "replicas")(r)
		s.create(r)
		put(map[string]any{"replicas": int64(10), "readyReplicas": int64(10), "updatedReplicas": c.updated,
			"observedGeneration": fmt.Sprint(r.GetGeneration())}, "status")(r)
		s.must(s.admin.Status().Update(t.Context(), r))
		deny.keep("orders", held, "rollouts/"+r.GetName())
		standing[name] = r
	}
	s.govern(map[string]*gate{"deny": deny})
	for name, c := range oddCases() {
		for i, write := range c.then {
			t.Run(fmt.Sprintf("%s, %d", name, i), func(t *testing.T) {
				s := s.with(t)
				before := s.unstructured(standing[name])
				s.must(s.tenant.Get(t.Context(), client.ObjectKeyFromObject(standing[name]), before))
				after := before.DeepCopy()
				for _, change := range write.changes {
					change(after)
				}
				want := write.want("rollouts/" + before.GetName())
				s.judged(s.tenant.Update(t.Context(), after.DeepCopy(), client.DryRunAll), outages, want)
				if got := said("rollouts", before, after); got != want {
					t.Errorf("the command line says %q, want %q", got, want)
				}
			})
		}
	}
}
