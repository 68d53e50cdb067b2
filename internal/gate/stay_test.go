package gate_test

import (
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	v1alpha1 "forewarn.dev/forewarn/api/v1alpha1"
	"forewarn.dev/forewarn/internal/gate"
)

// replicaSet is one behind the Service of the API, of so many replicas.
func replicaSet(name string, wanted int32, change ...func(*gate.ReplicaSet)) gate.ReplicaSet {
	s := gate.ReplicaSet{Name: name, Wanted: wanted, Ways: []string{"orders"}}
	for _, c := range change {
		c(&s)
	}
	return s
}

func seenWith(ref v1alpha1.WorkloadRef, sets ...gate.ReplicaSet) gate.Observation {
	return gate.Observation{
		Workload: ref, ReplicaSets: sets,
		Running: []gate.Running{{Sets: []gate.LabelSet{{Labels: map[string]string{"app": "orders"}}, {Labels: map[string]string{"app": "shop"}}}}},
	}
}

// Of several ReplicaSets those stay that the Services need, and never none: what their controller goes on to.
func TestStaying(t *testing.T) {
	by := func(services ...string) func(*gate.ReplicaSet) {
		return func(s *gate.ReplicaSet) { s.Ways = services }
	}
	turn := func(n int64) func(*gate.ReplicaSet) { return func(s *gate.ReplicaSet) { s.Turn = n } }
	for name, tc := range map[string]struct {
		sets []gate.ReplicaSet
		want string
	}{
		"none":                       {},
		"one":                        {sets: []gate.ReplicaSet{replicaSet("a", 1)}},
		"two, and none is ready":     {sets: []gate.ReplicaSet{replicaSet("a", 1, by()), replicaSet("b", 1, by())}},
		"two, and one is led to":     {sets: []gate.ReplicaSet{replicaSet("a", 1), replicaSet("b", 9, by(), turn(9))}, want: "a"},
		"as many, and one is new":    {sets: []gate.ReplicaSet{replicaSet("a", 1, turn(7)), replicaSet("b", 1, turn(8))}, want: "b"},
		"as many, and nobody counts": {sets: []gate.ReplicaSet{replicaSet("b", 1), replicaSet("a", 1)}, want: "a"},
		"a canary of a few":          {sets: []gate.ReplicaSet{replicaSet("a", 4, turn(7)), replicaSet("b", 1, turn(8))}, want: "a"},
		"a canary of all but one":    {sets: []gate.ReplicaSet{replicaSet("a", 1, turn(7)), replicaSet("b", 4, turn(8))}, want: "b"},
		"a Service for each":         {sets: []gate.ReplicaSet{replicaSet("a", 1), replicaSet("b", 4, by("canary"))}},
		"a Service for each of two": {
			sets: []gate.ReplicaSet{replicaSet("a", 1), replicaSet("b", 4, by("canary")), replicaSet("c", 9, by())}, want: "a b",
		},
		"a Service for all, and one for one": {
			sets: []gate.ReplicaSet{replicaSet("a", 1), replicaSet("b", 4, by("canary", "orders")), replicaSet("c", 2)}, want: "b",
		},
		"one behind both": {sets: []gate.ReplicaSet{replicaSet("a", 9, by()), replicaSet("b", 1, by("canary", "orders"))}, want: "b"},
	} {
		t.Run(name, func(t *testing.T) {
			rollout := v1alpha1.WorkloadRef{Kind: "Rollout", Name: "orders"}
			for _, s := range gate.RunningSets([]gate.Observation{seenWith(rollout, tc.sets...)}) {
				if s.Stays != tc.want || s.Workload != rollout {
					t.Errorf("%q of %v stays, want %q", s.Stays, s.Workload, tc.want)
				}
			}
		})
	}
}

// What stays is in the gate of the API while customers rely on it, whatever carries it.
func TestPublishStaying(t *testing.T) {
	rollout := v1alpha1.WorkloadRef{Kind: "Rollout", Name: "orders"}
	two := []gate.ReplicaSet{replicaSet("orders-a", 1), replicaSet("orders-b", 2)}
	sets := func(observed ...gate.Observation) []gate.RunningSet { return gate.RunningSets(observed) }
	for name, tc := range map[string]struct {
		change func(*gate.PublishedAPI)
		want   []string
	}{
		"two of a Rollout": {change: func(a *gate.PublishedAPI) { a.Running = sets(seenWith(rollout, two...)) }, want: []string{"stay.orders/rollouts/orders orders-b"}},
		"one":              {change: func(a *gate.PublishedAPI) { a.Running = sets(seenWith(rollout, two[1])) }},
		"of two workloads": {
			change: func(a *gate.PublishedAPI) {
				a.Running = sets(seenWith(rollout, two...), seenWith(v1alpha1.WorkloadRef{Kind: "Deployment", Name: "more"}, two...))
			},
			want: []string{"stay.orders/deployments/more orders-b", "stay.orders/rollouts/orders orders-b"},
		},
		"without a Service": {
			change: func(a *gate.PublishedAPI) {
				a.Running, a.API.Spec.CarriedBy.Services, a.API.Status.Selectors[0].Service = sets(seenWith(rollout, two...)), nil, ""
			},
			want: []string{"stay.orders/rollouts/orders orders-b"},
		},
		"nobody relies on it": {change: func(a *gate.PublishedAPI) { a.Running, a.Held = sets(seenWith(rollout, two...)), false }},
		"an owner that nobody can have": {change: func(a *gate.PublishedAPI) {
			a.Running = sets(seenWith(v1alpha1.WorkloadRef{Kind: "X\nkeep", Name: "orders"}, two...), seenWith(v1alpha1.WorkloadRef{Kind: "X", Name: "a b"}, two...))
		}},
	} {
		t.Run(name, func(t *testing.T) {
			a := relied("orders")
			tc.change(&a)
			if diff := cmp.Diff(tc.want, stayingIn(namespace(a))); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func stayingIn(in gate.NamespaceInput) (lines []string) {
	data := flat(gate.Publish(in).Gates[deny])
	for _, key := range slices.Sorted(maps.Keys(data)) {
		if strings.HasPrefix(key, "stay.") {
			lines = append(lines, key+" "+data[key])
		}
	}
	return lines
}

// A18: in a gate that is full nothing is known of what runs, and then none of it goes.
func TestA18StayingOfAFullGate(t *testing.T) {
	a := relied("orders")
	rollout := v1alpha1.WorkloadRef{Kind: "Rollout", Name: "orders"}
	a.Running = gate.RunningSets([]gate.Observation{seenWith(rollout, replicaSet("orders-a", 1), replicaSet("orders-b", 2))})
	in := namespace(a)
	if got := stayingIn(in); len(got) != 1 {
		t.Fatalf("%v", got)
	}
	in.Limit = 1
	if got := stayingIn(in); got != nil {
		t.Errorf("%v", got)
	}
}
