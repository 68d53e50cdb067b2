package controllers

import (
	"fmt"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/types"

	v1alpha1 "forewarn.dev/forewarn/api/v1alpha1"
)

func evicted(pod, reason string) *corev1.Pod {
	p := &corev1.Pod{ObjectMeta: meta(pod)}
	p.UID = types.UID("uid-" + pod)
	p.Status.Conditions = []corev1.PodCondition{{Type: corev1.DisruptionTarget, Status: corev1.ConditionTrue, Reason: reason}}
	return p
}

// Whoever takes over while it is down did not see which pods went, and hears later why.
func TestLookoutNamesTheCauseOfWhatItDidNotSeeBegin(t *testing.T) {
	w := newWorld(t)
	w.expect()
	w.pass(5)
	w.ready()
	w.expect("Down Unknown 15s-now")
	stamp := w.lease()
	w.lead(w.start(), stamp)
	other := evicted("other", "EvictionByEvictionAPI")
	w.looking.seePod(other)
	w.expect("Down Unknown 15s-now")
	pod := evicted("a", "DeletionByPodGC")
	pod.Labels = map[string]string{"app": "orders"}
	w.looking.seePod(pod)
	w.pass(1)
	w.expect("Down NodeLost 15s-now")
}

// What happened to pods may be read before the Services that select them.
func TestLookoutNamesTheCauseOfWhatItReadFirst(t *testing.T) {
	w := newWorld(t)
	w.expect()
	w.pass(5)
	w.ready()
	w.expect("Down Unknown 15s-now")
	stamp := w.lease()
	pod := evicted("a", "DeletionByPodGC")
	pod.Labels = map[string]string{"app": "orders"}
	w.pass(1)
	w.lead(w.start(pod), stamp)
	w.expect("Down NodeLost 15s-now")
}

// A standby may have heard the cause before the moment until which a leader that had not wrote down what it knew.
func TestLookoutKnowsTheCauseThatALeaderHadNotHeard(t *testing.T) {
	w := newWorld(t)
	standby, leader := w.start(), w.looking
	w.expect()
	stamp := w.lease()
	w.pass(5)
	standby.line.hear(true)
	w.ready()
	standby.seeSlice(w.slices["orders-1"])
	w.expect("Down Unknown 25s-now")
	w.now += time.Second
	standby.line.hear(true)
	standby.seePod(evicted("a", "EvictionByEvictionAPI"))
	w.now += time.Second
	leader.line.hear(true)
	w.expect("Down Unknown 25s-now")
	w.now += time.Second
	standby.line.hear(true)
	w.lead(standby, stamp)
	w.expect("Down Drain 25s-now")
}

func TestLookoutNamesTheCause(t *testing.T) {
	for name, tc := range map[string]struct {
		before, after func(w *world)
		want          v1alpha1.DowntimeCause
	}{
		"a rollout":                     {before: func(w *world) { w.looking.seeDeployment(w.deployment(2, true)) }, want: v1alpha1.CauseRollout},
		"a rollout, heard later":        {after: func(w *world) { w.looking.seeDeployment(w.deployment(2, true)) }, want: v1alpha1.CauseRollout},
		"fewer are wanted":              {before: func(w *world) { w.looking.seeDeployment(w.deployment(0, false)) }, want: v1alpha1.CauseScaledDown},
		"an eviction":                   {before: func(w *world) { w.looking.seePod(evicted("a", "EvictionByEvictionAPI")) }, want: v1alpha1.CauseDrain},
		"an eviction, heard later":      {after: func(w *world) { w.looking.seePod(evicted("b", "EvictionByEvictionAPI")) }, want: v1alpha1.CauseDrain},
		"a node that is given up later": {after: func(w *world) { w.pass(90); w.looking.seePod(evicted("a", "DeletionByPodGC")) }, want: v1alpha1.CauseNodeLost},
		"an eviction long before": {before: func(w *world) {
			w.looking.seePod(evicted("a", "EvictionByEvictionAPI"))
			w.looking.seeSlice(w.slice("orders-1", "b"))
			w.pass(61)
		}, want: v1alpha1.CauseUnknown},
		"a lost node":              {before: func(w *world) { w.looking.seePod(evicted("a", "DeletionByPodGC")) }, want: v1alpha1.CauseNodeLost},
		"somebody else's eviction": {before: func(w *world) { w.looking.seePod(evicted("other", "EvictionByEvictionAPI")) }, want: v1alpha1.CauseUnknown},
		"a selector that moved": {before: func(w *world) {
			service := &corev1.Service{ObjectMeta: meta("orders")}
			service.Spec.Selector = map[string]string{"app": "blue"}
			w.looking.seeService(service)
		}, want: v1alpha1.CauseTraffic},
		"a rollout, of which the Deployment says that it is over": {before: func(w *world) {
			w.looking.seeDeployment(w.image("orders:2", false))
			w.looking.seeDeployment(w.image("orders:2", false))
		}, want: v1alpha1.CauseRollout},
		"another image that was there": {before: func(w *world) {
			w.looking.seeDeployment(w.image("orders:2", false))
			w.looking.seeDeployment(w.image("orders:2", true))
		}, want: v1alpha1.CauseUnknown},
		"a rollout that was over": {before: func(w *world) {
			w.looking.seeDeployment(w.deployment(2, true))
			w.looking.seeDeployment(w.deployment(2, false))
		}, want: v1alpha1.CauseUnknown},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			w.pass(5)
			if tc.before != nil {
				tc.before(w)
			}
			start := w.now
			w.ready()
			if tc.after != nil {
				w.expect("Down Unknown 15s-now")
				w.pass(1)
				tc.after(w)
			}
			w.pass(1)
			w.expect(fmt.Sprintf("Down %s %s-now", tc.want, start))
		})
	}
}

// The ReplicaSet of a Deployment is not looked at for itself, and goes as others do.
func TestLookoutLosesWhatItNeverTookIn(t *testing.T) {
	w := newWorld(t)
	d := w.deployment(2, false)
	for _, kind := range []string{"ReplicaSet", "StatefulSet", "DaemonSet"} {
		w.looking.seeWorkload(d, kind, nil)
	}
	if got := len(w.looking.workloads[d.Namespace]); got != 1 {
		t.Errorf("%d workloads are left, want the Deployment", got)
	}
}

// What brought an outage about long ago explains none that follows a time at which the API had no Services.
func TestLookoutForgetsACauseWhileThereIsNothingToLookAt(t *testing.T) {
	w := newWorld(t)
	w.expect()
	w.pass(5)
	w.looking.seePod(evicted("a", "EvictionByEvictionAPI"))
	w.ready()
	w.expect("Down Drain 15s-now")
	w.pass(5)
	w.ready("c")
	w.pass(100)
	orders := types.NamespacedName{Namespace: "shop", Name: "orders"}
	w.looking.serve(orders, true, v1alpha1.Carrier{})
	w.pass(5)
	w.ready()
	w.looking.serve(orders, true, v1alpha1.Carrier{Services: []string{"orders"}})
	w.pass(1)
	w.expect("Down Drain 15s-20s", "Unobserved NotWatching 2m0s-2m5s", "Down Unknown 2m5s-now")
}
