//go:build unix

package admission

import (
	"testing"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	v1alpha1 "forewarn.dev/forewarn/api/v1alpha1"
	controllergate "forewarn.dev/forewarn/internal/gate"
)

// behind is what is seen of a workload of two pods, to which these Services lead.
func behind(kind, name string, services ...string) controllergate.Observation {
	return controllergate.Observation{
		Workload: v1alpha1.WorkloadRef{Kind: kind, Name: name}, TakesTraffic: len(services) > 0, LedBy: services, Ready: 2, Completed: true,
		Running: []controllergate.Running{{Revision: "orders-1", Pods: 2, Wanted: 2, Images: []string{"shop/orders:1"}}},
	}
}

// publish writes the gates of an API with three Services, as the controller does, and waits until they bite: open is the
// end of the planned downtime that it thinks is open, empty for none.
func publish(t *testing.T, s *space, open string) {
	t.Helper()
	now := time.Date(2001, 1, 1, 0, 0, 0, 0, time.UTC)
	a := customerAPI("orders")
	a.Spec.CarriedBy.Services = []string{"orders", "reports", "ledger"}
	a.Status.Selectors = []v1alpha1.PodSelector{{Service: "orders", MatchLabels: map[string]string{"app": "orders"}}}
	a.Status.Serving = []v1alpha1.ServingRevision{{
		Workload: v1alpha1.WorkloadRef{Kind: "Deployment", Name: "orders"}, Revision: "orders-1", Since: &metav1.Time{Time: now},
	}}
	promise := controllergate.Promise(controllergate.PromiseInput{Now: now, API: a, Observed: []controllergate.Observation{
		behind("Deployment", "orders", "orders"), behind("Deployment", "orders-green"), behind("Deployment", "reports", "reports"),
		behind("StatefulSet", "ledger", "ledger"),
	}})
	text := "canary of a planned downtime until [" + open + "]"
	published := controllergate.Publish(controllergate.NamespaceInput{
		Now: now, Namespace: s.name, OwnNamespace: ownNamespace, Epoch: 1,
		APIs: []controllergate.PublishedAPI{{
			API: a, Governed: true, Enforcement: v1alpha1.EnforcementDeny, Keepers: promise.Keepers,
			Held: true, Hold: held, Outage: nextWindow, WindowOpen: open,
		}},
		Revisions: []controllergate.PublishedRevision{{Name: "orders-9", API: "orders", Verdict: &controllergate.Verdict{Decided: true, Message: text}}},
	})
	s.annotate(published.Until)
	for enforcement, data := range published.Gates {
		cm := &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Namespace: s.name, Name: controllergate.NameOf(enforcement)}, Data: data}
		if err := s.manager.Create(t.Context(), cm); apierrors.IsAlreadyExists(err) {
			s.must(s.manager.Update(t.Context(), cm))
		} else {
			s.must(err)
		}
	}
	s.label(v1alpha1.GovernedLabel, "true")
	s.eventuallyRefused(deployment(s.name, "canary", "orders-9", "app", "orders"), text)
}

// answers are what is said to whoever takes a workload away, empty where that passes.
type answers struct {
	outage, deletion       string // the policies
	toNone, toStop, toGone string
}

// takenAway tries all that takes a workload of two pods away, as somebody who may do everything. What passes has no
// consequences, or is put back.
func (s *space) takenAway(object client.Object, want answers) {
	s.Helper()
	s.eventuallyReady(object, 2)
	if d, ok := object.(*appsv1.Deployment); ok {
		s.judged(s.try(d.DeepCopy(), recreate), want.outage, want.toStop)
	}
	for _, opts := range [][]client.DeleteOption{
		{client.DryRunAll}, {client.DryRunAll, client.PropagationPolicy(metav1.DeletePropagationOrphan)}, {client.DryRunAll, client.GracePeriodSeconds(0)},
	} {
		s.judged(s.admin.Delete(s.Context(), object, opts...), want.deletion, want.toGone)
	}
	collection := client.MatchingFields{"metadata.name": object.GetName()}
	s.judged(s.admin.DeleteAllOf(s.Context(), object, client.InNamespace(s.name), collection, client.DryRunAll), want.deletion, want.toGone)
}

// R15, bypass 1, 10, 11 and A4: what each Service of an API leads to is kept, and not only the first of them.
func TestBypass1Bypass10WhatEachServiceNeeds(t *testing.T) {
	t.Parallel()
	kept := map[string]client.Object{
		"deployments/orders": scalable("orders")["deployments"], "deployments/reports": scalable("reports")["deployments"],
		"statefulsets/ledger": scalable("ledger")["statefulsets"],
	}
	waiting := scalable("orders-green")["deployments"]
	s := newSpace(t)
	s.create(kept["deployments/orders"], kept["deployments/reports"], kept["statefulsets/ledger"], waiting)
	const end = "2001-01-01T00:00:00Z"
	over := func(what string) string {
		return "orders: " + what + ", and its planned downtime was over " + end + " (R15)" + tryThen
	}
	for _, phase := range []struct {
		name, open string
		answers    func(key string) answers
	}{
		{"no planned downtime is open", "", func(key string) answers {
			return answers{
				outages, disruption, noDowntime(key + " would have no replicas"),
				noDowntime("the strategy Recreate stops all pods of " + key + " before others are ready"),
				held + "; in a planned downtime it may go, too: " + nextWindow + tryThen,
			}
		}},
		{"in a planned downtime", "2200-01-01T00:00:00Z", func(string) answers { return answers{} }},
		{"it is over, and nobody writes that into the gate", end, func(key string) answers {
			return answers{
				windows, windows, over(key + " would have no replicas"), over(key + " would stop all its pods before others are ready"),
				over(key + " would be deleted"),
			}
		}},
	} {
		publish(t, s, phase.open)
		try := func(name string, object client.Object, want answers) {
			t.Run(phase.name+" "+name, func(t *testing.T) {
				s := s.with(t)
				s.takenAway(object, want)
				for _, scale := range waysOfScaling(t, s.admin, object) {
					s.judged(scale(0), want.outage, want.toNone)
					s.must(scale(2))
				}
			})
		}
		for key, object := range kept {
			try(key, object, phase.answers(key))
		}
		try("the half that waits", waiting, answers{})
	}
}
