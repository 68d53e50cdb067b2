package snapshot

import (
	"strings"
	"testing"

	appsv1 "k8s.io/api/apps/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	v1alpha1 "forewarn.dev/forewarn/api/v1alpha1"
)

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
			if got := makerOf(tc.set); got != tc.want {
				t.Errorf("%v, want %v", got, tc.want)
			}
		})
	}
}
