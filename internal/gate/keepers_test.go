package gate_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	v1alpha1 "forewarn.dev/forewarn/api/v1alpha1"
	"forewarn.dev/forewarn/internal/gate"
)

// Of one Service, and of labels without any, one workload is kept.
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
		"R15 it stays while none of its pods is ready":   {prev: "a", observed: []gate.Observation{workload("a", true, 0, 1), workload("b", true, 9, 9)}, want: "a b"},
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
		prev := []v1alpha1.WorkloadRef{}
		if tc.prev == "StatefulSet/a" {
			prev = append(prev, v1alpha1.WorkloadRef{Kind: "StatefulSet", Name: "a"})
		} else if tc.prev != "" {
			prev = append(prev, deployment(tc.prev))
		}
		var want []v1alpha1.WorkloadRef
		for _, name := range strings.Fields(tc.want) {
			want = append(want, deployment(name))
		}
		t.Run(name, func(t *testing.T) {
			in := gate.PromiseInput{Now: noon, API: &v1alpha1.CustomerAPI{}, Observed: tc.observed, Keepers: prev}
			if diff := cmp.Diff(want, gate.Promise(in).Keepers); diff != "" {
				t.Errorf("by labels (-want +got):\n%s", diff)
			}
			in.API = ledBy("orders")
			in.Observed = slices.Clone(tc.observed)
			for i := range in.Observed {
				o := &in.Observed[i]
				o.Template = map[string]string{"app": "orders"} // and a slot, by which its Service tells halves apart
				if o.TakesTraffic {
					o.LedBy = []string{"orders"}
				}
			}
			if diff := cmp.Diff(want, gate.Promise(in).Keepers); diff != "" {
				t.Errorf("by a Service (-want +got):\n%s", diff)
			}
		})
	}
}

// ledBy is an API that these Services carry, whose pods have their names as app.
func ledBy(services ...string) *v1alpha1.CustomerAPI {
	api := &v1alpha1.CustomerAPI{}
	api.Name, api.Spec.CarriedBy.Services = "orders", services
	for _, s := range services {
		api.Status.Selectors = append(api.Status.Selectors, v1alpha1.PodSelector{Service: s, MatchLabels: map[string]string{"app": s}})
	}
	return api
}

// What each Service by which customers come needs is kept (R15).
func TestKeepers(t *testing.T) {
	// Two pods of a workload, whose labels are app=<app>, and the Services that lead to them.
	serving := func(name, app string, by ...string) gate.Observation {
		labels := map[string]string{"app": app}
		return gate.Observation{
			Workload: deployment(name), TakesTraffic: len(by) > 0, LedBy: by, Ready: 2, Template: labels,
			Running: []gate.Running{{Revision: "a", Pods: 2, Wanted: 2, Labels: []map[string]string{labels}}},
		}
	}
	more := func(o gate.Observation) gate.Observation {
		o.Ready = 9
		return o
	}
	idle := func(o gate.Observation) gate.Observation {
		o.Ready, o.Running = 0, nil
		return o
	}
	unready := func(o gate.Observation) gate.Observation {
		o.Ready = 0
		return o
	}
	both := ledBy("orders", "reports")
	out := ledBy("orders", "reports")
	out.Spec.CarriedBy.Services = []string{"orders"}
	out.Status.Selectors[1].KeptFor = v1alpha1.KeptForServing
	moved := ledBy("orders", "orders-primary")
	moved.Status.Selectors = []v1alpha1.PodSelector{
		{Service: "orders", MatchLabels: map[string]string{"app": "orders-primary"}},
		{Service: "orders-primary", MatchLabels: map[string]string{"app": "orders-primary"}},
		{MatchLabels: map[string]string{"app": "orders"}},
		{Service: "orders", MatchLabels: map[string]string{"app": "orders"}, KeptFor: v1alpha1.KeptForServing},
	}
	unseen := ledBy("orders")
	unseen.Spec.CarriedBy.Services = []string{"orders", "reports"}
	halves := ledBy("orders", "preview")
	halves.Status.Selectors[1].MatchLabels = halves.Status.Selectors[0].MatchLabels
	beside := ledBy("orders")
	beside.Status.Selectors = append(beside.Status.Selectors, v1alpha1.PodSelector{MatchLabels: map[string]string{"app": "jobs"}})
	nowhere := ledBy("nowhere")
	orders, reports := serving("orders", "orders", "orders"), serving("reports", "reports", "reports")
	tests := map[string]struct {
		api      *v1alpha1.CustomerAPI
		prev     []string
		observed []gate.Observation
		want     []string
	}{
		"two Services with a workload each":          {both, nil, []gate.Observation{orders, reports}, []string{"orders", "reports"}},
		"in order, whichever is seen first":          {both, nil, []gate.Observation{reports, orders}, []string{"orders", "reports"}},
		"two Services that lead to one workload":     {both, nil, []gate.Observation{serving("all", "all", "orders", "reports")}, []string{"all"}},
		"one that stands at zero stays all the same": {both, []string{"orders", "reports"}, []gate.Observation{orders, idle(reports)}, []string{"orders", "reports"}},
		"both at zero":                                       {both, nil, []gate.Observation{idle(orders), idle(reports)}, []string{"orders", "reports"}},
		"a Service that leads to nothing":                    {both, nil, []gate.Observation{orders}, []string{"orders"}},
		"a Service that was never seen":                      {unseen, nil, []gate.Observation{orders, serving("other", "other")}, []string{"orders"}},
		"no Service leads to anything":                       {nowhere, nil, []gate.Observation{serving("a", "a"), more(serving("b", "b"))}, []string{"b"}},
		"what is governed by labels beside a Service may go": {beside, []string{"jobs"}, []gate.Observation{more(serving("jobs", "jobs")), orders}, []string{"orders"}},
		"a Service stays with the workload that it had": {
			both, []string{"old", "reports"},
			[]gate.Observation{more(serving("new", "orders", "orders")), serving("old", "orders", "orders"), more(serving("another", "reports", "reports")), reports},
			[]string{"old", "reports"},
		},
		"a Service moves when its workload is gone, and the other does not": {
			both, []string{"old", "reports"},
			[]gate.Observation{serving("new", "orders", "orders"), more(serving("another", "reports", "reports")), reports},
			[]string{"new", "reports"},
		},
		"a Service taken out of carriedBy, while it leads to what serves": {out, nil, []gate.Observation{orders, reports}, []string{"orders", "reports"}},
		"and when nothing of that serves any more":                        {out, []string{"orders", "reports"}, []gate.Observation{orders, idle(reports)}, []string{"orders"}},
		"what is kept has no pod that is ready, and another has": {
			both, []string{"broken", "reports"},
			[]gate.Observation{unready(serving("broken", "orders", "orders")), serving("orders", "orders", "orders"), reports},
			[]string{"broken", "orders", "reports"},
		},
		"its pods are ready again": {
			both, []string{"broken", "orders", "reports"},
			[]gate.Observation{more(serving("broken", "orders", "orders")), serving("orders", "orders", "orders"), reports},
			[]string{"broken", "reports"},
		},
		"no pod of any is ready": {
			both, []string{"orders", "reports"},
			[]gate.Observation{unready(orders), unready(serving("new", "orders", "orders")), reports},
			[]string{"orders", "reports"},
		},
		"what is ready beside it waits": {
			ledBy("orders"), []string{"blue"},
			[]gate.Observation{unready(serving("blue", "orders", "orders")), serving("green", "orders")},
			[]string{"blue"},
		},
		"no Service leads to what is ready": {nowhere, []string{"a"}, []gate.Observation{unready(serving("a", "a")), serving("b", "b")}, []string{"a", "b"}},
		"two halves behind one Service": {
			ledBy("orders"), []string{"blue"}, []gate.Observation{serving("blue", "orders", "orders"), more(serving("green", "orders"))}, []string{"blue"},
		},
		"two halves, and a Service for each": {
			halves, nil, []gate.Observation{serving("blue", "orders", "orders"), more(serving("green", "orders", "preview"))}, []string{"blue", "green"},
		},
		"two halves, and a Service for each, which have changed places": {
			halves, []string{"blue", "green"},
			[]gate.Observation{serving("blue", "orders", "preview"), more(serving("green", "orders", "orders"))}, []string{"blue", "green"},
		},
		"Flagger has promoted, and the canary rests": {
			moved, []string{"orders", "orders-primary"},
			[]gate.Observation{serving("orders", "orders"), serving("orders-primary", "orders-primary", "orders", "orders-primary")},
			[]string{"orders-primary"},
		},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			in := gate.PromiseInput{Now: noon, API: tc.api, Observed: tc.observed}
			for _, name := range tc.prev {
				in.Keepers = append(in.Keepers, deployment(name))
			}
			var got []string
			for _, ref := range gate.Promise(in).Keepers {
				got = append(got, ref.Name)
			}
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// fleetOfServices is what is seen of a few workloads, to which some of a few Services lead.
func fleetOfServices(t *rapid.T) gate.PromiseInput {
	names := rapid.SliceOfNDistinct(rapid.SampledFrom([]string{"s1", "s2", "s3"}), 0, 3, rapid.ID)
	in := gate.PromiseInput{Now: noon, API: ledBy(names.Draw(t, "listed")...)}
	for _, name := range names.Draw(t, "named no more") {
		in.API.Status.Selectors = append(in.API.Status.Selectors, v1alpha1.PodSelector{
			Service: name, MatchLabels: map[string]string{"app": name}, KeptFor: v1alpha1.KeptForServing,
		})
	}
	for i := range rapid.IntRange(0, 5).Draw(t, "workloads") {
		o := gate.Observation{
			Workload: deployment(fmt.Sprintf("w%d", i)), TakesTraffic: rapid.Bool().Draw(t, "traffic"),
			Ready: rapid.Int32Range(0, 3).Draw(t, "ready"), LedBy: names.Draw(t, "led by"),
			Template: map[string]string{"app": rapid.SampledFrom([]string{"s1", "s2", "other"}).Draw(t, "app")},
		}
		if rapid.Bool().Draw(t, "serves") {
			o.Running = []gate.Running{{Pods: 1, Labels: []map[string]string{o.Template}}}
		}
		in.Observed = append(in.Observed, o)
		if rapid.Bool().Draw(t, "was kept") {
			in.Keepers = append(in.Keepers, o.Workload)
		}
	}
	return in
}

// Whatever there is: no Service that is listed and leads to something is left with nothing that is kept, nor one that leads to
// ready pods with none of these, no more are kept than two of each Service, and pods that become ready or do not make none a
// keeper that was none, but where a keeper has no ready pod.
func TestEachServiceIsKept(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		in := fleetOfServices(t)
		got := gate.Promise(in).Keepers
		services := map[string]bool{}
		for _, s := range in.API.Status.Selectors {
			services[s.Service] = true
		}
		if len(got) > 2*max(1, len(services)) || len(got) == 0 && len(in.Observed) > 0 {
			t.Fatalf("%v of %d Services", got, len(services))
		}
		if !slices.IsSortedFunc(got, func(a, b v1alpha1.WorkloadRef) int { return strings.Compare(a.Name, b.Name) }) ||
			len(slices.Compact(slices.Clone(got))) < len(got) {
			t.Fatalf("twice, or in no order: %v", got)
		}
		for _, service := range in.API.Spec.CarriedBy.Services {
			led := func(o gate.Observation) bool { return slices.Contains(o.LedBy, service) && len(o.Running) > 0 }
			kept := func(o gate.Observation) bool { return led(o) && slices.Contains(got, o.Workload) }
			if slices.ContainsFunc(in.Observed, led) && !slices.ContainsFunc(in.Observed, kept) {
				t.Fatalf("%s leads customers to nothing that is kept: %v", service, got)
			}
			ready := func(by func(gate.Observation) bool) func(gate.Observation) bool {
				return func(o gate.Observation) bool { return by(o) && o.Ready > 0 }
			}
			if slices.ContainsFunc(in.Observed, ready(led)) && !slices.ContainsFunc(in.Observed, ready(kept)) {
				t.Fatalf("%s leads customers to ready pods, and none of them is kept: %v", service, got)
			}
		}
		again := in
		again.Keepers = got
		again.Observed = slices.Clone(in.Observed)
		for i := range again.Observed {
			again.Observed[i].Ready = rapid.Int32Range(0, 3).Draw(t, "ready later")
		}
		down := slices.ContainsFunc(again.Observed, func(o gate.Observation) bool { return o.Ready == 0 && slices.Contains(got, o.Workload) })
		for _, ref := range gate.Promise(again).Keepers {
			if !down && !slices.Contains(got, ref) {
				t.Fatalf("%v is kept for its ready pods, beside %v", ref, got)
			}
		}
		slices.Reverse(again.Observed)
		again.Keepers = in.Keepers
		reversed := gate.Promise(again).Keepers
		slices.Reverse(again.Observed)
		if diff := cmp.Diff(gate.Promise(again).Keepers, reversed); diff != "" {
			t.Fatalf("in another order: %s", diff)
		}
	})
}

// A Service to which HTTPRoutes lead nobody asks for nothing (R15), unless it is all that there is.
func TestRestingServices(t *testing.T) {
	led := func(name string, by ...string) gate.Observation {
		return gate.Observation{Workload: deployment(name), TakesTraffic: true, LedBy: by, Ready: 1, Running: []gate.Running{{Pods: 1}}}
	}
	in := gate.PromiseInput{
		Now: noon, API: ledBy("canary", "orders", "primary"), Keepers: []v1alpha1.WorkloadRef{deployment("orders"), deployment("orders-primary")},
		Observed: []gate.Observation{led("orders", "canary"), led("orders-primary", "orders", "primary")},
	}
	for name, tc := range map[string]struct {
		resting []string
		want    []v1alpha1.WorkloadRef
	}{
		"none":                 {nil, []v1alpha1.WorkloadRef{deployment("orders"), deployment("orders-primary")}},
		"the canary":           {[]string{"canary"}, []v1alpha1.WorkloadRef{deployment("orders-primary")}},
		"one of two that lead": {[]string{"primary"}, []v1alpha1.WorkloadRef{deployment("orders"), deployment("orders-primary")}},
		"both that lead":       {[]string{"orders", "primary"}, []v1alpha1.WorkloadRef{deployment("orders")}},
		"all":                  {[]string{"canary", "orders", "primary"}, []v1alpha1.WorkloadRef{deployment("orders")}},
	} {
		t.Run(name, func(t *testing.T) {
			in.Resting = tc.resting
			if diff := cmp.Diff(tc.want, gate.Promise(in).Keepers); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// Where an HTTPRoute gives a Service no weight and no pod runs behind it, none begins to lead customers there.
func TestPublishRestingServices(t *testing.T) {
	a := governed("orders", nil, map[string]string{"app": "primary"}, map[string]string{"app": "orders"})
	a.API.Spec.CarriedBy.Services = []string{"primary", "canary"}
	a.API.Status.Selectors[0].Service, a.API.Status.Selectors[1].Service = "primary", "canary"
	a.Held = true
	set := func(app string) gate.RunningSet {
		return gate.RunningSet{LabelSet: gate.LabelSet{Labels: map[string]string{"app": app, "slot": "x"}}}
	}
	for name, tc := range map[string]struct {
		resting []string
		running []gate.RunningSet
		want    string
	}{
		"it is led to, and all its pods are gone": {nil, []gate.RunningSet{set("primary")}, "canary primary"},
		"it rests, and its pods are gone":         {[]string{"canary"}, []gate.RunningSet{set("primary"), set("other")}, "primary"},
		"it rests, and a pod is there":            {[]string{"canary"}, []gate.RunningSet{set("primary"), set("orders")}, "canary primary"},
	} {
		t.Run(name, func(t *testing.T) {
			a.Resting, a.Running = tc.resting, tc.running
			data := flat(gate.Publish(namespace(a)).Gates[deny])
			if got := data["lead.orders"]; got != tc.want {
				t.Errorf("routes may lead to %q, want %q", got, tc.want)
			}
			if data["carry.services/canary"] != "orders" || data["keep.services/canary"] != "orders" {
				t.Errorf("the Service itself is kept in any case: %v", data)
			}
		})
	}
}
