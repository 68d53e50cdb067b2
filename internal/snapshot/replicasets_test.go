package snapshot

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	appsv1 "k8s.io/api/apps/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	v1alpha1 "forewarn.dev/forewarn/api/v1alpha1"
	"forewarn.dev/forewarn/internal/gate"
)

// Which ReplicaSets a workload has, by which of its Services customers come to pods of them that are ready, and which
// rollout each is of.
func TestObserveReplicaSets(t *testing.T) {
	const hash = "rollouts-pod-template-hash"
	both := v1alpha1.Carrier{Services: []string{"stable", "canary"}}
	of := func(name string) carried { return orders(hash, name) }
	turn := func(name, number string, replicas int32) client.Object {
		rs := of(name).replicaSet("orders", name, "orders-1", replicas)
		rs.Annotations = map[string]string{TurnAnnotation: number}
		return rs
	}
	ready := func(pod, name string) client.Object {
		return of(name).pod(pod, "ReplicaSet", "orders-"+name, "orders-1", true)
	}
	goes := of("bbb").replicaSet("orders", "bbb", "orders-1", 2)
	goes.DeletionTimestamp, goes.Finalizers = &metav1.Time{Time: noon}, []string{"x"}
	leaving := of("bbb").pod("b", "ReplicaSet", "orders-bbb", "orders-1", true)
	leaving.DeletionTimestamp, leaving.Finalizers = &metav1.Time{Time: noon}, []string{"x"}
	all := []client.Object{service("all", set{"app": "orders"})}
	halves := []client.Object{service("stable", set{"app": "orders", hash: "aaa"}), service("canary", set{"app": "orders", hash: "bbb"})}
	tests := map[string]struct {
		carrier v1alpha1.Carrier
		objects []client.Object
		want    []gate.ReplicaSet
	}{
		"behind one Service": {
			carrier: v1alpha1.Carrier{Services: []string{"all"}},
			objects: append(all, turn("aaa", "7", 3), turn("bbb", "8", 1), ready("a", "aaa"), ready("b", "bbb")),
			want: []gate.ReplicaSet{
				{Name: "orders-aaa", Wanted: 3, Turn: 7, Ways: []string{"all"}}, {Name: "orders-bbb", Wanted: 1, Turn: 8, Ways: []string{"all"}},
			},
		},
		"a Service for each": {
			carrier: both, objects: append(halves, turn("aaa", "7", 3), turn("bbb", "8", 3), ready("a", "aaa"), ready("b", "bbb")),
			want: []gate.ReplicaSet{
				{Name: "orders-aaa", Wanted: 3, Turn: 7, Ways: []string{"stable"}}, {Name: "orders-bbb", Wanted: 3, Turn: 8, Ways: []string{"canary"}},
			},
		},
		"two Services that lead to one": {
			carrier: v1alpha1.Carrier{Services: []string{"canary", "all"}},
			objects: append(append(halves, all...), turn("bbb", "8", 1), ready("b", "bbb"), ready("c", "bbb")),
			want:    []gate.ReplicaSet{{Name: "orders-bbb", Wanted: 1, Turn: 8, Ways: []string{"all", "canary"}}},
		},
		"labels without a Service": {
			carrier: v1alpha1.Carrier{MatchLabels: set{"app": "orders"}}, objects: []client.Object{turn("bbb", "8", 1), ready("b", "bbb")},
			want: []gate.ReplicaSet{{Name: "orders-bbb", Wanted: 1, Turn: 8, Ways: []string{""}}},
		},
		"a half that is ready and that nobody is led to": {
			carrier: v1alpha1.Carrier{Services: []string{"stable"}}, objects: append(halves, turn("aaa", "7", 3), turn("bbb", "8", 3), ready("a", "aaa"), ready("b", "bbb")),
			want: []gate.ReplicaSet{{Name: "orders-aaa", Wanted: 3, Turn: 7, Ways: []string{"stable"}}, {Name: "orders-bbb", Wanted: 3, Turn: 8}},
		},
		"pods that are not ready, that go, or are of none": {
			carrier: v1alpha1.Carrier{Services: []string{"all"}},
			objects: append(all, turn("aaa", "x", 3), turn("bbb", "", 1), leaving, of("aaa").pod("a", "ReplicaSet", "orders-aaa", "orders-1", false),
				of("aaa").pod("c", "Rollout", "orders", "orders-1", true)),
			want: []gate.ReplicaSet{{Name: "orders-aaa", Wanted: 3}, {Name: "orders-bbb", Wanted: 1}},
		},
		"one that goes, and one without replicas": {
			carrier: v1alpha1.Carrier{Services: []string{"all"}},
			objects: append(all, turn("aaa", "7", 3), goes, turn("ccc", "6", 0), ready("a", "aaa"), ready("b", "bbb"), ready("c", "ccc")),
			want:    []gate.ReplicaSet{{Name: "orders-aaa", Wanted: 3, Turn: 7, Ways: []string{"all"}}},
		},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			api := apiCarriedBy(tc.carrier)
			s := New(FromManifests(tc.objects), nil)
			carriers, err := s.Carriers(t.Context(), api)
			if err != nil {
				t.Fatal(err)
			}
			observed, err := s.Observe(t.Context(), api, carriers)
			if err != nil {
				t.Fatal(err)
			}
			i := slices.IndexFunc(observed, func(o gate.Observation) bool { return o.Workload == ref("Deployment", "orders") })
			if i < 0 {
				t.Fatalf("%v", observed)
			}
			if diff := cmp.Diff(tc.want, observed[i].ReplicaSets); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// A ReplicaSet is of what made it, whatever somebody writes into it.
func TestMakerOf(t *testing.T) {
	named := func(name, key, hash string, owner ...metav1.OwnerReference) *appsv1.ReplicaSet {
		rs := &appsv1.ReplicaSet{ObjectMeta: metav1.ObjectMeta{Name: name, OwnerReferences: owner}}
		rs.Spec.Selector = &metav1.LabelSelector{MatchLabels: set{"app": "orders", key: hash}}
		return rs
	}
	by := func(kind, name string) metav1.OwnerReference { return ownedBy(kind, name)[0] }
	holds := by("Deployment", "orders")
	holds.Controller = nil
	bare := &appsv1.ReplicaSet{ObjectMeta: metav1.ObjectMeta{Name: "orders-aaa", OwnerReferences: ownedBy("Deployment", "orders")}}
	const deployed, rolled = "pod-template-hash", "rollouts-pod-template-hash"
	itself := ref("ReplicaSet", "orders-aaa")
	long := strings.Repeat("a", 250)
	for name, tc := range map[string]struct {
		set  *appsv1.ReplicaSet
		want v1alpha1.WorkloadRef
	}{
		"of a Deployment":                     {named("orders-aaa", deployed, "aaa", by("Deployment", "orders")), ref("Deployment", "orders")},
		"of a Rollout":                        {named("orders-aaa", rolled, "aaa", by("Rollout", "orders")), ref("Rollout", "orders")},
		"of a Deployment, under another":      {named("orders-aaa", deployed, "aaa", by("Deployment", "mine")), ref("Deployment", "orders")},
		"of a Deployment, under a Rollout":    {named("orders-aaa", deployed, "aaa", by("Rollout", "orders")), ref("Deployment", "orders")},
		"of a long name, cut":                 {named(long[:249]+"-aaa", deployed, "aaa", by("Deployment", long)), ref("Deployment", long)},
		"of a long name, under another":       {named(long[:249]+"-aaa", deployed, "aaa", by("Deployment", "mine")), ref("Deployment", long[:249])},
		"of one that begins like it":          {named("orders-aaa", deployed, "aaa", by("Deployment", "orders-2")), ref("Deployment", "orders")},
		"that lost its owner":                 {named("orders-aaa", deployed, "aaa"), itself},
		"that somebody holds":                 {named("orders-aaa", deployed, "aaa", holds), itself},
		"of nobody, under a Deployment":       {named("orders-aaa", "app", "orders", by("Deployment", "orders")), itself},
		"of another hash, under a Deployment": {named("orders-aaa", deployed, "bbb", by("Deployment", "orders")), itself},
		"of an empty hash":                    {named("orders-aaa", deployed, "", by("Deployment", "orders")), itself},
		"that selects nothing":                {bare, itself},
	} {
		t.Run(name, func(t *testing.T) {
			if got := MakerOf(tc.set); got != tc.want {
				t.Errorf("%v, want %v", got, tc.want)
			}
		})
	}
}
