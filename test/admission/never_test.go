//go:build unix

package admission

import (
	"context"
	"testing"

	. "github.com/onsi/gomega"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	policyv1 "k8s.io/api/policy/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/intstr"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// fragile is a Deployment that customers need and that stops all its pods to roll out: whatever may be refused of it would be.
func fragile(t *testing.T) *space {
	t.Helper()
	d := serving("orders", "orders-1")
	recreate(d)
	d.Spec.Template.Spec.Containers[0].Resources.Requests = corev1.ResourceList{corev1.ResourceCPU: resource.MustParse("100m")}
	s := newSpace(t)
	s.create(d)
	s.eventuallyReady(d, 3)
	deny := keeping("deployments/orders", "services/orders", "customerapis/orders").served("orders-1", "orders")
	s.govern(map[string]*gate{"deny": deny})
	return s
}

func (s *space) podsOfOrders() []corev1.Pod {
	s.Helper()
	var list corev1.PodList
	s.must(s.tenant.List(s.Context(), &list, client.InNamespace(s.name), client.MatchingLabels{"app": "orders"}))
	return list.Items
}

// Bypass 4: a pod is resized where it runs.
func TestBypass4ResizingPods(t *testing.T) {
	t.Parallel()
	s := fragile(t)
	pod := &s.podsOfOrders()[0]
	// As a kubelet says that it can; that of kwok says nothing.
	s.must(retryConflicts(func() error {
		s.must(s.admin.Get(t.Context(), client.ObjectKeyFromObject(pod), pod))
		for i := range pod.Status.ContainerStatuses {
			pod.Status.ContainerStatuses[i].Resources = pod.Spec.Containers[0].Resources.DeepCopy()
		}
		return s.admin.Status().Update(t.Context(), pod)
	}))
	more := merge(t, map[string]any{"spec": map[string]any{"containers": []any{map[string]any{
		"name": "main", "image": "shop/orders:1", "resources": map[string]any{"requests": map[string]any{"cpu": "200m"}},
	}}}})
	s.must(s.tenant.SubResource("resize").Patch(t.Context(), pod, more))
}

// Bypass 5: evictions, one pod or all; each comes back.
func TestBypass5EvictionsAndDrains(t *testing.T) {
	t.Parallel()
	s := fragile(t)
	gone := s.podsOfOrders()
	for i := range gone {
		eviction := &policyv1.Eviction{ObjectMeta: metav1.ObjectMeta{Namespace: s.name, Name: gone[i].Name}}
		s.must(s.tenant.SubResource("eviction").Create(t.Context(), &gone[i], eviction))
	}
	s.eventuallyReplaced(gone)
	gone = s.podsOfOrders()
	s.must(s.kubectl("delete", "pods", "--selector=app=orders", "--wait=false"))
	s.eventuallyReplaced(gone)
}

// eventuallyReplaced waits until there are three pods, and none of these.
func (s *space) eventuallyReplaced(gone []corev1.Pod) {
	s.Helper()
	NewWithT(s).Eventually(func(g Gomega) {
		names := map[string]bool{}
		for _, pod := range s.podsOfOrders() {
			names[pod.Name] = true
		}
		g.Expect(names).To(HaveLen(3))
		for i := range gone {
			g.Expect(names).NotTo(HaveKey(gone[i].Name))
		}
	}).WithTimeout(patience).WithPolling(often).Should(Succeed())
}

// R11: restarting, scaling up and the way back, with the real controllers.
func TestNeverBlockedRestartScaleAndRollback(t *testing.T) {
	t.Parallel()
	s := fragile(t)
	s.must(s.kubectl("rollout", "restart", "deployment/orders"))
	s.rolledOut("deployment/orders")
	s.must(s.kubectl("scale", "deployment/orders", "--replicas=5"))
	s.rolledOut("deployment/orders")
	s.must(s.kubectl("scale", "deployment/orders", "--replicas=3"))
	s.refused(asStatus(s.kubectl("patch", "deployment/orders", "-p", rename("orders-1b"))), outages,
		noDowntime("the strategy Recreate stops all pods of deployments/orders before others are ready"))
	// It rolls out in a planned downtime, and goes back when that is over.
	s.opens()
	s.must(s.kubectl("patch", "deployment/orders", "-p", rename("orders-1b")))
	s.rolledOut("deployment/orders")
	s.eventuallyRuns(map[string]int{"orders-1b": 3})
	s.gates["deny"].keep("orders", held, "deployments/orders").outage("orders", nextWindow)
	s.rewrite("deny")
	s.must(s.kubectl("rollout", "undo", "deployment/orders"))
	s.rolledOut("deployment/orders")
	s.eventuallyRuns(map[string]int{"orders-1": 3})
}

// Bypass 26: none of this is refused. What it takes down counts as downtime.
func TestBypass26WhatCountsInstead(t *testing.T) {
	t.Parallel()
	s := newSpace(t)
	name := "doomed-" + s.name
	node := &corev1.Node{ObjectMeta: metav1.ObjectMeta{Name: name, Labels: map[string]string{"kwok.x-k8s.io/node": "fake", "doomed": s.name}}}
	node.Spec.Taints = []corev1.Taint{{Key: "doomed", Value: s.name, Effect: corev1.TaintEffectNoSchedule}}
	room := corev1.ResourceList{corev1.ResourceCPU: resource.MustParse("8"), corev1.ResourceMemory: resource.MustParse("8Gi"), corev1.ResourcePods: resource.MustParse("20")}
	node.Status.Capacity, node.Status.Allocatable = room, room
	s.must(s.admin.Create(t.Context(), node))
	t.Cleanup(func() { _ = client.IgnoreNotFound(s.admin.Delete(context.WithoutCancel(t.Context()), node)) })
	d := serving("orders", "orders-1")
	d.Spec.Template.Spec.NodeSelector = map[string]string{"doomed": s.name}
	d.Spec.Template.Spec.Tolerations = []corev1.Toleration{{Key: "doomed", Value: s.name, Effect: corev1.TaintEffectNoSchedule}}
	one := intstr.FromInt32(1)
	budget := &policyv1.PodDisruptionBudget{ObjectMeta: metav1.ObjectMeta{Name: "orders"}, Spec: policyv1.PodDisruptionBudgetSpec{
		MinAvailable: &one, Selector: &metav1.LabelSelector{MatchLabels: map[string]string{"app": "orders"}},
	}}
	s.create(d, budget)
	s.eventuallyReady(d, 3)
	s.govern(map[string]*gate{"deny": keeping("deployments/orders", "services/orders", "customerapis/orders")})

	s.must(s.tenant.Delete(t.Context(), budget))
	s.must(s.tenant.Create(t.Context(), &networkingv1.NetworkPolicy{ObjectMeta: metav1.ObjectMeta{Namespace: s.name, Name: "deny-all"}}))
	quota := &corev1.ResourceQuota{ObjectMeta: metav1.ObjectMeta{Namespace: s.name, Name: "none"}}
	quota.Spec.Hard = corev1.ResourceList{corev1.ResourcePods: resource.MustParse("10")}
	s.must(s.tenant.Create(t.Context(), quota))
	gone := s.podsOfOrders()
	s.must(retryConflicts(func() error {
		s.must(s.admin.Get(t.Context(), client.ObjectKeyFromObject(node), node))
		node.Spec.Taints = append(node.Spec.Taints, corev1.Taint{Key: "node.kubernetes.io/unreachable", Effect: corev1.TaintEffectNoExecute},
			corev1.Taint{Key: "lost", Effect: corev1.TaintEffectNoExecute})
		return s.admin.Update(t.Context(), node)
	}))
	s.eventuallyReplaced(gone)
	s.must(s.admin.Delete(t.Context(), node))
	var after appsv1.Deployment
	s.must(s.tenant.Get(t.Context(), client.ObjectKeyFromObject(d), &after))
}
