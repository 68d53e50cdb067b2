package gate_test

import (
	"testing"

	v1alpha1 "forewarn.dev/forewarn/api/v1alpha1"
	"forewarn.dev/forewarn/internal/gate"
)

func TestKeeper(t *testing.T) {
	workload := func(name string, traffic bool, ready, pods int32) gate.Observation {
		return gate.Observation{
			Workload: deployment(name), TakesTraffic: traffic, Ready: ready,
			Running: []gate.Running{{Revision: "a", Pods: pods, Wanted: pods}},
		}
	}
	tests := map[string]struct {
		prev     string
		observed []gate.Observation
		want     string
	}{
		"R15 no workload, no keeper":                     {prev: "gone"},
		"R15 the one with most ready pods":               {observed: []gate.Observation{workload("a", true, 1, 5), workload("b", true, 2, 2)}, want: "b"},
		"R15 the first by name of equals":                {observed: []gate.Observation{workload("b", true, 2, 2), workload("a", true, 2, 2)}, want: "a"},
		"R15 it takes traffic, however few its pods":     {observed: []gate.Observation{workload("a", false, 9, 9), workload("b", true, 0, 1)}, want: "b"},
		"R15 it stays while another has more pods":       {prev: "a", observed: []gate.Observation{workload("a", true, 1, 1), workload("b", true, 9, 9)}, want: "a"},
		"R15 it stays while none of its pods is ready":   {prev: "a", observed: []gate.Observation{workload("a", true, 0, 1), workload("b", true, 9, 9)}, want: "a"},
		"R15 it moves when it is gone":                   {prev: "a", observed: []gate.Observation{workload("b", true, 1, 1), workload("c", true, 9, 9)}, want: "c"},
		"R15 it moves with the traffic, so blue can go":  {prev: "blue", observed: []gate.Observation{workload("blue", false, 9, 9), workload("green", true, 1, 1)}, want: "green"},
		"R15 it moves when it stands at zero":            {prev: "a", observed: []gate.Observation{workload("a", true, 0, 0), workload("b", true, 1, 1)}, want: "b"},
		"R15 it stays when no traffic goes anywhere":     {prev: "a", observed: []gate.Observation{workload("a", false, 1, 1), workload("b", false, 9, 9)}, want: "a"},
		"R15 it stays when all stand at zero":            {prev: "b", observed: []gate.Observation{workload("a", true, 0, 0), workload("b", true, 0, 0)}, want: "b"},
		"R15 what serves comes before what only could":   {observed: []gate.Observation{workload("a", true, 0, 0), workload("b", false, 1, 1)}, want: "b"},
		"R15 a new one takes over where there was none":  {observed: []gate.Observation{workload("a", true, 0, 1)}, want: "a"},
		"R15 one of another kind is not the same keeper": {prev: "StatefulSet/a", observed: []gate.Observation{workload("a", true, 1, 1), workload("b", true, 2, 2)}, want: "b"},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			in := gate.PromiseInput{Now: noon, API: &v1alpha1.CustomerAPI{}, Observed: tc.observed}
			if tc.prev != "" {
				ref := deployment(tc.prev)
				if tc.prev == "StatefulSet/a" {
					ref = v1alpha1.WorkloadRef{Kind: "StatefulSet", Name: "a"}
				}
				in.Keeper = &ref
			}
			var got string
			if keeper := gate.Promise(in).Keeper; keeper != nil {
				got = keeper.Name
			}
			if got != tc.want {
				t.Errorf("keeper is %q, want %q", got, tc.want)
			}
		})
	}
}
