package gate_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	v1alpha1 "forewarn.dev/forewarn/api/v1alpha1"
	"forewarn.dev/forewarn/internal/gate"
)

// What a gate says of a workload that a rollout may stop: of others it says nothing.
func TestPublishStopping(t *testing.T) {
	web := v1alpha1.WorkloadRef{Kind: "Deployment", Name: "web"}
	kept := func(change ...func(*gate.PublishedAPI)) gate.PublishedAPI {
		a := governed("orders", nil, map[string]string{"app": "orders"})
		a.Keepers, a.Held, a.Outage = []v1alpha1.WorkloadRef{web}, true, "none is planned"
		a.Downtime = gate.SpentVerdict{Serving: []string{"shop/orders:1"}, Past: []string{"shop/orders:0"}}
		for _, f := range change {
			f(&a)
		}
		return a
	}
	stopping := map[v1alpha1.WorkloadRef]int32{web: 0}
	const ran = "shop/orders:1 shop/orders:0"
	tests := map[string]struct {
		api      gate.PublishedAPI
		stopping map[v1alpha1.WorkloadRef]int32
		want     map[string]string
	}{
		"an ordinary rolling update":     {api: kept(), want: map[string]string{"outage.orders": "none is planned"}},
		"another workload":               {api: kept(), stopping: map[v1alpha1.WorkloadRef]int32{{Kind: "StatefulSet", Name: "web"}: 5}, want: map[string]string{"outage.orders": "none is planned"}},
		"one that may stop":              {api: kept(), stopping: stopping, want: map[string]string{"outage.orders": "none is planned", "ran.orders": ran}},
		"one whose rollout is under way": {api: kept(), stopping: map[v1alpha1.WorkloadRef]int32{web: 5}, want: map[string]string{"outage.orders": "none is planned", "outage.deployments/web": "5", "ran.orders": ran}},
		"an Argo Rollout, of which nobody knows": {api: kept(func(a *gate.PublishedAPI) { a.Keepers = []v1alpha1.WorkloadRef{{Kind: "Rollout", Name: "web"}} }),
			want: map[string]string{"outage.orders": "none is planned", "ran.orders": ran}},
		"the second of two": {api: kept(func(a *gate.PublishedAPI) {
			a.Keepers = append(a.Keepers, v1alpha1.WorkloadRef{Kind: "StatefulSet", Name: "db"})
		}),
			stopping: map[v1alpha1.WorkloadRef]int32{{Kind: "StatefulSet", Name: "db"}: 3},
			want:     map[string]string{"outage.orders": "none is planned", "outage.statefulsets/db": "3", "ran.orders": ran}},
		"nothing that ran is known": {api: kept(func(a *gate.PublishedAPI) { a.Downtime = gate.SpentVerdict{} }), stopping: stopping,
			want: map[string]string{"outage.orders": "none is planned", "ran.orders": ""}},
		"in a planned downtime": {api: kept(func(a *gate.PublishedAPI) { a.WindowOpen = "2027-03-07T01:30:00Z" }), stopping: map[v1alpha1.WorkloadRef]int32{web: 5}},
		"what may go":           {api: kept(func(a *gate.PublishedAPI) { a.Held = false }), stopping: map[v1alpha1.WorkloadRef]int32{web: 5}},
		"nothing keeps it":      {api: kept(func(a *gate.PublishedAPI) { a.Keepers = nil }), stopping: map[v1alpha1.WorkloadRef]int32{web: 5}, want: map[string]string{"outage.orders": "none is planned"}},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			in := namespace(tc.api)
			in.Stopping = tc.stopping
			got := map[string]string{}
			for key, value := range flat(gate.Publish(in).Gates[deny]) {
				if strings.HasPrefix(key, "ran.") || strings.HasPrefix(key, "outage.") || key == "budgets" {
					got[key] = value
				}
			}
			if diff := cmp.Diff(tc.want, got, cmpopts.EquateEmpty()); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}

	// A18: when it is full, what serves stays.
	in := namespace(kept())
	in.Stopping = stopping
	in.Limit = sizeOf(gate.Publish(in).Gates[deny]) - 1
	full := gate.Publish(in)
	if diff := cmp.Diff([]string{"deny images that ran of orders"}, denyOnly(full.Dropped)); diff != "" {
		t.Errorf("dropped (-want +got):\n%s", diff)
	}
	if got := flat(full.Gates[deny])["ran.orders"]; got != "shop/orders:1" {
		t.Errorf("left are %q", got)
	}
}
