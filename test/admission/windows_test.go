//go:build unix

package admission

import (
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	. "github.com/onsi/gomega"
	appsv1 "k8s.io/api/apps/v1"
	coordinationv1 "k8s.io/api/coordination/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/utils/ptr"
	"sigs.k8s.io/controller-runtime/pkg/client"

	v1alpha1 "forewarn.dev/forewarn/api/v1alpha1"
)

const windows = "forewarn-windows"

// What outages.yaml explains is the same in windows.yaml.
func TestWindowsSayWhatOutagesSay(t *testing.T) {
	t.Parallel()
	m := render(t, admissionFolder)
	first := map[string]string{}
	for _, v := range m.policies[outages].Spec.Variables {
		first[v.Name] = v.Expression
	}
	for _, v := range m.policies[windows].Spec.Variables {
		if slices.Contains([]string{"now", "over", "what", "refusals"}, v.Name) {
			continue
		}
		if diff := cmp.Diff(first[v.Name], v.Expression); diff != "" {
			t.Errorf("variable %s:\n%s", v.Name, diff)
		}
	}
	const strategy = "request.?subResource.orValue('') == '' &&" // what follows is about that
	part := func(policy string) string {
		condition := m.policies[policy].Spec.MatchConditions[0].Expression
		return condition[strings.Index(condition, strategy):]
	}
	if diff := cmp.Diff(part(outages), part(windows)); diff != "" {
		t.Errorf("the conditions say of strategies:\n%s", diff)
	}
}

func routeTo(name string) *unstructured.Unstructured {
	u := &unstructured.Unstructured{Object: map[string]any{"spec": map[string]any{"hostnames": []any{"orders.example"}}}}
	u.SetAPIVersion("gateway.networking.k8s.io/v1")
	u.SetKind("HTTPRoute")
	u.SetName(name)
	return u
}

// R15: what carries an API is not deleted outside of a planned downtime, and the API itself and its namespace not even in
// one: that takes a notice of the removal.
func TestBypass10Bypass11Bypass12InAPlannedDowntime(t *testing.T) {
	t.Parallel()
	s := newSpace(t)
	route, objects := routeTo("orders"), deletable("orders")
	all := []client.Object{route, objects["deployments"], objects["services"], objects["statefulsets"]}
	s.create(all...)
	api := objects["customerapis"]
	s.create(api)
	deny := keeping("httproutes/orders", "deployments/orders", "services/orders", "statefulsets/orders", "customerapis/orders")
	s.govern(map[string]*gate{"deny": deny.set("hold-namespace", heldSpace)})
	const want = held + "; in a planned downtime it may go, too: " + nextWindow + tryThen
	ns := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: s.name}}
	for _, u := range []*user{s.tenant, s.admin} {
		for _, object := range all {
			s.refused(u.Delete(t.Context(), object), disruption, want)
			s.refused(u.Delete(t.Context(), object, client.GracePeriodSeconds(0)), disruption, want) // as kubectl replace --force does
			s.refused(u.Delete(t.Context(), object, client.PropagationPolicy(metav1.DeletePropagationOrphan)), disruption, want)
			s.refused(u.DeleteAllOf(t.Context(), object, client.InNamespace(s.name)), disruption, want)
		}
		s.refused(u.Delete(t.Context(), api), disruption, held)
	}
	s.opens()
	for _, object := range all {
		s.must(s.tenant.Delete(t.Context(), object))
	}
	s.refused(s.tenant.Delete(t.Context(), api), disruption, held)
	s.refused(s.admin.Delete(t.Context(), ns), disruption, heldSpace)
}

// Bypass 16: the label goes with an image that no notice allows. In a planned downtime it may go, and by itself.
func TestBypass16LabelsInAPlannedDowntime(t *testing.T) {
	t.Parallel()
	d := deployment("", "orders", "orders-1", "app", "orders")
	s := governed(t, keeping("deployments/orders"), d)
	leaves := func(d *appsv1.Deployment) { delete(d.Spec.Template.Labels, "app") }
	leavesChanged := func(d *appsv1.Deployment) {
		leaves(d)
		revision("orders-2")(d)
		imageIs("shop/orders:2")(d)
	}
	for _, u := range []*user{s.tenant, s.admin} {
		s.refused(s.change(u, d, leaves), rollouts, held)
		s.refused(s.change(u, d, leavesChanged), rollouts, breaks+"; "+held)
	}
	s.opens()
	s.refused(s.change(s.tenant, d, leavesChanged), rollouts, breaks)
	s.must(s.change(s.tenant, d, leaves))
}

// nodesNowhere are the fields of a pod that say on which nodes it runs, such that it runs on none.
func nodesNowhere() map[string]any {
	expression := map[string]any{"key": "nowhere", "operator": "Exists"}
	return map[string]any{
		"nodeName": "nowhere", "nodeSelector": map[string]any{"nowhere": "true"},
		"affinity": map[string]any{"nodeAffinity": map[string]any{"requiredDuringSchedulingIgnoredDuringExecution": map[string]any{
			"nodeSelectorTerms": []any{map[string]any{"matchExpressions": []any{expression}}},
		}}},
	}
}

// tryAny is try of an object of whatever kind.
func (s *space) tryAny(object client.Object, changes ...func(*unstructured.Unstructured)) error {
	s.Helper()
	gvk, err := s.tenant.GroupVersionKindFor(object)
	s.must(err)
	fresh := &unstructured.Unstructured{}
	fresh.SetGroupVersionKind(gvk)
	return retryConflicts(func() error {
		s.must(s.tenant.Get(s.Context(), client.ObjectKeyFromObject(object), fresh))
		for _, change := range changes {
			change(fresh)
		}
		return s.tenant.Update(s.Context(), fresh, client.DryRunAll)
	})
}

// open is a namespace in which a planned downtime of orders is open as far as the gate says, and ends at a moment.
func open(t *testing.T, end string, objects ...client.Object) *space {
	t.Helper()
	s := newSpace(t)
	s.create(objects...)
	s.govern(map[string]*gate{"deny": keeping("deployments/orders")})
	s.opens()
	s.annotate(map[string]string{v1alpha1.WindowAnnotationPrefix + "orders": end + " deployments/orders services/orders httproutes/orders"})
	return s
}

// A4, to the second: with nothing of ours running, what the gate still lets pass is refused from the moment on at which the
// planned downtime is over, by the clock of the API server. Here is one more, of a server whose clock is where the test wants
// it.
func TestA4WindowsCloseToTheSecond(t *testing.T) {
	t.Parallel()
	const at = "2100-01-01T00:00:00Z"
	end := time.Date(2100, 1, 1, 0, 0, 0, 0, time.UTC)
	kept := scalable("orders")["deployments"].(*appsv1.Deployment)
	daemons := workloads("", "daemons", template("orders-1", "app", "orders"))[2].(*appsv1.DaemonSet)
	daemons.Spec.Template.Spec.NodeSelector = nil
	daemons.Spec.Template.Spec.Tolerations = []corev1.Toleration{{Operator: corev1.TolerationOpExists, Effect: corev1.TaintEffectNoSchedule}}
	none := workloads("", "none", template("orders-1", "app", "orders"))[2]
	sets := scalable("sets")["statefulsets"]
	s := open(t, at, kept, daemons, none, sets)
	s.eventuallyReady(daemons, 2)
	s.eventuallyReady(sets, 2)
	lease := &coordinationv1.Lease{ObjectMeta: metav1.ObjectMeta{
		Namespace: metav1.NamespaceSystem, Name: "apiserver-of-the-windows", Labels: map[string]string{"apiserver.kubernetes.io/identity": "kube-apiserver"},
	}}
	lease.Spec.RenewTime = &metav1.MicroTime{Time: time.Now()} // without one, nothing that ends is open, for any test
	s.must(s.admin.Create(t.Context(), lease))
	t.Cleanup(func() { s.must(s.admin.Delete(context.WithoutCancel(t.Context()), lease)) })
	for name, tc := range map[string]struct {
		now  time.Time
		over bool
	}{
		"a microsecond before": {now: end.Add(-time.Microsecond)},
		"a second before":      {now: end.Add(-time.Second)},
		"at the moment":        {now: end, over: true},
		"a microsecond after":  {now: end.Add(time.Microsecond), over: true},
		"a day after":          {now: end.AddDate(0, 0, 1), over: true},
	} {
		t.Run(name, func(t *testing.T) {
			s := s.with(t)
			now := metav1.NewMicroTime(tc.now)
			lease.Spec.RenewTime = &now
			s.must(s.admin.Update(t.Context(), lease))
			marker := now.UTC().Truncate(time.Second).Format(time.RFC3339)
			s.annotate(map[string]string{
				v1alpha1.WindowAnnotationPrefix + "orders":   at + " deployments/orders daemonsets/daemons daemonsets/none statefulsets/sets",
				v1alpha1.UntilAnnotationPrefix + "orders-1b": marker,
			})
			// When the marker has ended, the Lease has been seen, too.
			s.eventuallyRefused(deployment(s.name, "marker", "orders-1b", "app", "orders"), "orders-1b was admissible until "+marker)
			over := func(what string) string {
				if !tc.over {
					return ""
				}
				return "orders: " + what + ", and its planned downtime was over " + at + " (R15)" + tryThen
			}
			s.judged(s.try(kept, replicas(0)), windows, over("deployments/orders would have no replicas"))
			s.judged(s.try(kept, replicas(1)), windows, "")
			misfit := func(what, of string) string {
				return over("the change of " + what + " stops pods of " + of + " that no longer fit")
			}
			for field, value := range nodesNowhere() {
				move := put(value, "spec", "template", "spec", field)
				s.judged(s.tryAny(daemons, move), windows, misfit(field, "daemonsets/daemons"))
				s.judged(s.tryAny(daemons, move, put(int64(0), "spec", "updateStrategy", "rollingUpdate", "maxUnavailable"),
					put(int64(1), "spec", "updateStrategy", "rollingUpdate", "maxSurge")), windows, misfit(field, "daemonsets/daemons"))
				s.judged(s.tryAny(none, move), windows, "")
			}
			s.judged(s.tryAny(daemons, remove("spec", "template", "spec", "tolerations")), windows, misfit("tolerations", "daemonsets/daemons"))
			s.judged(s.tryAny(daemons, put("another", "spec", "template", "metadata", "annotations", "restarted")), windows, "")
			s.judged(s.tryAny(sets, put(int64(5), "spec", "ordinals", "start")), windows, misfit("ordinals.start", "statefulsets/sets"))
			s.judged(s.tryAny(sets, put(int64(0), "spec", "ordinals", "start")), windows, "")
		})
	}
}

// A4: whatever a planned downtime lets pass is refused when it is over; what it has no part in passes.
func TestA4WhatWindowsClose(t *testing.T) {
	t.Parallel()
	const over = "2001-01-01T00:00:00Z"
	kept, other := scalable("orders")["deployments"].(*appsv1.Deployment), scalable("other")["deployments"].(*appsv1.Deployment)
	service := deletable("orders")["services"].(*corev1.Service)
	elsewhere := service.DeepCopy()
	elsewhere.Name = "other"
	s := open(t, over, kept, other, service, elsewhere, routeTo("orders"))
	s.eventuallyReady(kept, 2)
	refusal := func(what string) string {
		return "orders: " + what + ", and its planned downtime was over " + over + " (R15)" + tryThen
	}
	NewWithT(t).Eventually(func() error { return s.try(kept, replicas(0)) }).WithTimeout(patience).WithPolling(often).
		Should(MatchError(ContainSubstring(refusal("deployments/orders would have no replicas"))))
	var sets appsv1.ReplicaSetList
	s.must(s.tenant.List(t.Context(), &sets, client.InNamespace(s.name), client.MatchingLabels{"test-selector": "orders"}))
	for _, u := range []*user{s.tenant, s.admin} {
		for name, scale := range waysOfScaling(t, u, &sets.Items[0]) {
			if err := scale(0); name == "scale" {
				s.refused(err, windows, refusal("replicasets/"+sets.Items[0].Name+" would have no replicas"))
			}
		}
		for _, object := range []client.Object{kept, service, routeTo("orders")} {
			object.SetNamespace(s.name)
			gvk, err := u.GroupVersionKindFor(object)
			s.must(err)
			own := map[string]string{"Deployment": "deployments", "Service": "services", "HTTPRoute": "httproutes"}[gvk.Kind] + "/orders"
			s.refused(u.Delete(t.Context(), object), windows, refusal(own+" would be deleted"))
			s.refused(u.DeleteAllOf(t.Context(), object, client.InNamespace(s.name)), windows, refusal(own+" would be deleted"))
		}
		moved := merge(t, map[string]any{"spec": map[string]any{"selector": map[string]string{"app": "cart"}}})
		s.refused(u.Patch(t.Context(), service.DeepCopy(), moved), windows, refusal("services/orders would lead elsewhere"))
		s.must(u.Patch(t.Context(), elsewhere.DeepCopy(), moved))
		route := routeTo("orders")
		route.SetNamespace(s.name)
		s.refused(u.Patch(t.Context(), route, merge(t, map[string]any{"spec": map[string]any{"hostnames": []any{"x.example"}}})), windows,
			refusal("httproutes/orders would lead elsewhere"))
	}
	old := sets.Items[0].DeepCopy() // of a rollout that is over: what its pods were has no pods
	old.ObjectMeta = metav1.ObjectMeta{Namespace: s.name, Name: "orders-old", Labels: old.Labels, OwnerReferences: old.OwnerReferences}
	old.Spec.Replicas = ptr.To(int32(0))
	s.must(s.admin.Create(t.Context(), old))
	s.must(s.tenant.Delete(t.Context(), old))
	s.refused(s.tenant.Delete(t.Context(), &sets.Items[0]), windows, refusal("replicasets/"+sets.Items[0].Name+" would be deleted"))
	s.refused(s.try(kept, recreate), windows, refusal("deployments/orders would stop all its pods before others are ready"))
	s.refused(s.try(kept, func(d *appsv1.Deployment) { d.Spec.Template.Labels["app"] = "backoffice" }), windows,
		refusal("the pods of deployments/orders would have other labels"))
	s.must(s.try(kept, imageIs("shop/orders:2")))
	s.must(s.try(kept, func(d *appsv1.Deployment) { d.Spec.Template.Annotations["restarted"] = "now" }))
	s.must(s.try(kept, replicas(5)))
	s.must(s.try(other, replicas(0)))
	s.must(s.tenant.Patch(t.Context(), service.DeepCopy(), merge(t, map[string]any{"metadata": map[string]any{"labels": map[string]string{"a": "b"}}})))

	for _, odd := range []string{"deployments/orders", "2200-01-01T00:00:00+01:00 deployments/orders", "never deployments/orders"} {
		s.annotate(map[string]string{v1alpha1.WindowAnnotationPrefix + "orders": odd})
		NewWithT(t).Eventually(func() error { return s.try(kept, replicas(0)) }).WithTimeout(patience).WithPolling(often).
			Should(MatchError(ContainSubstring("would have no replicas")), odd)
	}
}
