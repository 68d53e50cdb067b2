package gate_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"

	v1alpha1 "forewarn.dev/forewarn/api/v1alpha1"
	"forewarn.dev/forewarn/internal/gate"
)

// object is a workload with two pods that are ready, one pod at a time, with the changes put into it.
func object(changes ...func(o map[string]any)) map[string]any {
	o := map[string]any{
		"spec": map[string]any{"replicas": int64(2), "template": map[string]any{
			"metadata": map[string]any{"labels": map[string]any{"app": "orders"}, "annotations": map[string]any{v1alpha1.RevisionAnnotation: "orders-1"}},
			"spec": map[string]any{
				"containers":  []any{map[string]any{"name": "orders", "image": "shop/orders:1"}},
				"tolerations": []any{map[string]any{"operator": "Exists"}},
			},
		}},
		"status": map[string]any{"readyReplicas": int64(2), "desiredNumberScheduled": int64(2)},
	}
	for _, change := range changes {
		change(o)
	}
	return o
}

func put(value any, path ...string) func(map[string]any) {
	return func(o map[string]any) {
		if err := unstructured.SetNestedField(o, runtime.DeepCopyJSONValue(value), path...); err != nil {
			panic(err)
		}
	}
}

func podField(field string) []string { return []string{"spec", "template", "spec", field} }

func TestWorkloadChangesThatStopPods(t *testing.T) {
	const (
		annotations = "annotations"
		stops       = "the strategy Recreate stops all pods of deployments/orders before others are ready"
	)
	recreate := put("Recreate", "spec", "strategy", "type")
	image := put([]any{map[string]any{"name": "orders", "image": "shop/orders:2"}}, podField("containers")...)
	another := put("orders-2", "spec", "template", "metadata", annotations, v1alpha1.RevisionAnnotation)
	restart := put("now", "spec", "template", "metadata", annotations, "kubectl.kubernetes.io/restartedAt")
	paused, resumed := put(true, "spec", "paused"), put(false, "spec", "paused")
	none := put(int64(0), "spec", "replicas")
	down := put(int64(0), "status", "readyReplicas")
	nowhere := put(map[string]any{"nowhere": "true"}, podField("nodeSelector")...)
	rollingOut := func(o map[string]any) {
		put(int64(4), "spec", "replicas")(o)
		put(map[string]any{"replicas": int64(5), "updatedReplicas": int64(3), "readyReplicas": int64(2)}, "status")(o)
	}
	two := put(int64(2), "spec", "strategy", "rollingUpdate", "maxUnavailable")
	type changes []func(map[string]any)
	for name, c := range map[string]struct {
		resource      string
		before, after changes // after: besides before
		returns       bool
		rolls         bool
		want          []string
	}{
		"nothing":                          {resource: "deployments", before: changes{recreate}},
		"another image":                    {resource: "deployments", before: changes{recreate}, after: changes{image}, rolls: true, want: []string{stops}},
		"another revision":                 {resource: "deployments", before: changes{recreate}, after: changes{another}, rolls: true, want: []string{stops}},
		"another label":                    {resource: "deployments", before: changes{recreate}, after: changes{put("a", "spec", "template", "metadata", "labels", "b")}, rolls: true, want: []string{stops}},
		"R11 back to what served":          {resource: "deployments", before: changes{recreate}, after: changes{another}, returns: true, rolls: true},
		"a restart":                        {resource: "deployments", before: changes{recreate}, after: changes{restart}},
		"one that rolls by the pod":        {resource: "deployments", after: changes{image}, rolls: true},
		"planning it":                      {resource: "deployments", after: changes{recreate}, want: []string{stops}},
		"R11 planning it and back":         {resource: "deployments", after: changes{recreate, another}, returns: true, rolls: true},
		"planning another that stops all":  {resource: "deployments", before: changes{recreate}, after: changes{put("RollingUpdate", "spec", "strategy", "type"), put("100%", "spec", "strategy", "rollingUpdate", "maxUnavailable")}},
		"to rolling, and another image":    {resource: "deployments", before: changes{recreate}, after: changes{put("RollingUpdate", "spec", "strategy", "type"), image}, rolls: true},
		"held back":                        {resource: "deployments", before: changes{recreate}, after: changes{paused, image}},
		"what was held back is let go":     {resource: "deployments", before: changes{recreate, paused}, after: changes{resumed}, rolls: true, want: []string{stops}},
		"where no pod is ready":            {resource: "deployments", before: changes{recreate, down}, after: changes{image}, rolls: true},
		"to no replicas":                   {resource: "deployments", after: changes{none}, want: []string{"deployments/orders would have no replicas"}},
		"to no replicas, none being ready": {resource: "deployments", before: changes{down}, after: changes{none}, want: []string{"deployments/orders would have no replicas"}},
		"fewer while a rollout is under way": {
			resource: "deployments", before: changes{rollingOut, two}, after: changes{put(int64(2), "spec", "replicas")},
			want: []string{"with 2 replicas the rollout that is under way stops all pods of deployments/orders before others are ready (until it is done or undone, keep 3)"},
		},
		"one while a rollout is under way": {
			resource: "deployments", before: changes{rollingOut, two}, after: changes{put(int64(1), "spec", "replicas")},
			want: []string{"with 1 replica the rollout that is under way stops all pods of deployments/orders before others are ready (until it is done or undone, keep 3)"},
		},
		"not too few while a rollout is": {resource: "deployments", before: changes{rollingOut, two}, after: changes{put(int64(3), "spec", "replicas")}},
		"fewer while none is":            {resource: "deployments", before: changes{rollingOut, two, put(int64(5), "status", "updatedReplicas")}, after: changes{put(int64(2), "spec", "replicas")}},
		"fewer while it is held back":    {resource: "deployments", before: changes{rollingOut, two}, after: changes{put(int64(2), "spec", "replicas"), paused}},
		"fewer before it was looked at":  {resource: "deployments", before: changes{rollingOut, two, put(int64(5), "status", "updatedReplicas"), put(int64(9), "metadata", "generation")}, after: changes{put(int64(2), "spec", "replicas")}, want: []string{"with 2 replicas the rollout that is under way stops all pods of deployments/orders before others are ready (until it is done or undone, keep 3)"}},
		"fewer daemons than none":        {resource: "daemonsets", before: changes{rollingOut}, after: changes{put(int64(2), "spec", "replicas")}},
		"from no replicas":               {resource: "deployments", before: changes{none, recreate}, after: changes{put(int64(2), "spec", "replicas")}},
		"a partition that goes": {
			resource: "statefulsets", before: changes{put(map[string]any{"partition": int64(1), "maxUnavailable": "100%"}, "spec", "updateStrategy", "rollingUpdate")},
			after: changes{put(int64(0), "spec", "updateStrategy", "rollingUpdate", "partition")}, rolls: true,
			want: []string{"maxUnavailable 100% of 2 stops all pods of statefulsets/orders before others are ready"},
		},
		"other ordinals": {
			resource: "statefulsets", after: changes{put(int64(5), "spec", "ordinals", "start")},
			want: []string{"the change of ordinals.start stops pods of statefulsets/orders that no longer fit"},
		},
		"daemons elsewhere": {
			resource: "daemonsets", before: changes{put(int64(2), "status", "numberReady")}, after: changes{nowhere}, rolls: true,
			want: []string{"the change of nodeSelector stops pods of daemonsets/orders that no longer fit"},
		},
		"R11 daemons back":               {resource: "daemonsets", after: changes{nowhere, another}, returns: true, rolls: true},
		"daemons that tolerate the same": {resource: "daemonsets", after: changes{put([]any{map[string]any{"key": "a"}, map[string]any{"operator": "Exists"}}, podField("tolerations")...)}, rolls: true},
		"daemons that tolerate less": {
			resource: "daemonsets", after: changes{put([]any{map[string]any{"key": "a"}}, podField("tolerations")...)}, rolls: true,
			want: []string{"the change of tolerations stops pods of daemonsets/orders that no longer fit"},
		},
		"daemons on any node": {resource: "daemonsets", before: changes{nowhere}, after: changes{func(o map[string]any) { unstructured.RemoveNestedField(o, podField("nodeSelector")...) }}, rolls: true},
		"a set elsewhere":     {resource: "statefulsets", after: changes{nowhere}, rolls: true},
	} {
		t.Run(name, func(t *testing.T) {
			change := gate.WorkloadChange{
				Resource: c.resource, Name: "orders", Before: object(c.before...), After: object(append(c.before[:len(c.before):len(c.before)], c.after...)...),
			}
			if got := change.Rolls(); got != c.rolls {
				t.Errorf("rolls: %t", got)
			}
			if diff := cmp.Diff(c.want, change.Stops(c.returns)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestAnyRolloutThatStopsPods(t *testing.T) {
	recreate := put("Recreate", "spec", "strategy", "type")
	for name, c := range map[string]struct {
		before map[string]any
		want   int
	}{
		"one pod at a time":     {object(), 0},
		"Recreate":              {object(recreate), 1},
		"Recreate of what fell": {object(recreate, put(int64(0), "status", "readyReplicas")), 0},
	} {
		if got := (gate.WorkloadChange{Resource: "deployments", Name: "orders", Before: c.before}).StopsAnyRollout(); len(got) != c.want {
			t.Errorf("%s: %q", name, got)
		}
	}
}

// R11: to the second of the way back, and for all of the APIs that would go down.
func TestWorkloadChangesThatReturn(t *testing.T) {
	until := metav1.NewTime(now.Add(time.Hour))
	ofOrders := []string{"shop/orders:0", "shop/orders:1"}
	orders, cart := v1alpha1.CustomerAPI{}, v1alpha1.CustomerAPI{}
	orders.Name, cart.Name = "orders", "cart"
	orders.Status.Serving = []v1alpha1.ServingRevision{{Revision: "orders-1"}}
	orders.Status.WayBack = []v1alpha1.PastRevision{{Revision: "orders-0", UntilTime: &until}}
	cart.Status.Serving = []v1alpha1.ServingRevision{{Revision: "cart-1"}}
	named := func(names string) func(map[string]any) {
		return put(names, "spec", "template", "metadata", "annotations", v1alpha1.RevisionAnnotation)
	}
	image := func(name string) func(map[string]any) {
		return put([]any{map[string]any{"name": "orders", "image": name}}, podField("containers")...)
	}
	for name, c := range map[string]struct {
		after map[string]any
		ran   [][]string
		now   time.Time
		want  bool
	}{
		"to what served":               {object(named("orders-0")), [][]string{ofOrders}, now, true},
		"in the last second":           {object(named("orders-0")), [][]string{ofOrders}, until.Add(-time.Second), true},
		"a second too late":            {object(named("orders-0")), [][]string{ofOrders}, until.Time, false},
		"to what serves, as before":    {object(image("shop/orders:2")), [][]string{ofOrders}, now, false},
		"to two that served":           {object(named(" orders-0, cart-1")), [][]string{ofOrders}, now, true},
		"to one that did not":          {object(named("orders-0,orders-9")), [][]string{ofOrders}, now, false},
		"to images without a name":     {object(named(""), image("shop/orders:0")), [][]string{ofOrders}, now, true},
		"to others without a name":     {object(named(""), image("shop/orders:9")), [][]string{ofOrders}, now, false},
		"to images of one API of two":  {object(named(""), image("shop/orders:0")), [][]string{ofOrders, nil}, now, false},
		"to images that ran":           {object(image("shop/orders:0")), [][]string{ofOrders}, now, true},
		"to images of no API of two":   {object(image("shop/orders:0")), [][]string{ofOrders, {"shop/cart:0"}}, now, false},
		"to images, and other nodes":   {object(image("shop/orders:0"), put("nowhere", podField("nodeName")...)), [][]string{ofOrders}, now, false},
		"to the same without the name": {object(named("")), [][]string{ofOrders}, now, false},
	} {
		change := gate.WorkloadChange{Resource: "deployments", Name: "orders", Before: object(), After: c.after}
		if got := change.Returns([]v1alpha1.CustomerAPI{orders, cart}, c.ran, c.now); got != c.want {
			t.Errorf("%s: got %t", name, got)
		}
	}
}

// The gate says who needs what, and while a planned downtime is open not of which workload.
func TestNeededIn(t *testing.T) {
	api := &v1alpha1.CustomerAPI{}
	api.Name, api.Namespace, api.Spec.CarriedBy.Services = "orders", "shop", []string{"orders"}
	api.Status.Selectors = []v1alpha1.PodSelector{{Service: "orders", MatchLabels: map[string]string{"app": "orders"}}}
	keeper := deployment("orders")
	for name, c := range map[string]struct {
		held         bool
		open         string
		orders, blue bool
	}{
		"customers rely on it": {held: true, orders: true},
		"nobody relies on it":  {},
		"it may be down now":   {held: true, open: "2026-11-22T11:00:00Z", orders: true, blue: true},
	} {
		t.Run(name, func(t *testing.T) {
			published := gate.Publish(gate.NamespaceInput{Now: now, Namespace: "shop", OwnNamespace: "forewarn-system", APIs: []gate.PublishedAPI{{
				API: api, Governed: true, Enforcement: v1alpha1.EnforcementDeny, Keepers: []v1alpha1.WorkloadRef{keeper}, Held: c.held, WindowOpen: c.open,
			}}})
			data := published.Gates[v1alpha1.EnforcementDeny]
			if got := gate.NeededIn(data, "orders", "deployments", "orders"); got != c.orders {
				t.Errorf("the keeper: %t", got)
			}
			if got := gate.NeededIn(data, "orders", "deployments", "blue"); got != c.blue {
				t.Errorf("another: %t", got)
			}
		})
	}
}
