package controllers

import (
	"slices"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	"k8s.io/apimachinery/pkg/types"

	v1alpha1 "forewarn.dev/forewarn/api/v1alpha1"
)

// become makes a pod what it is to be, before whoever looks hears of it.
func (w *world) become(pod string, ready corev1.ConditionStatus, change ...func(*corev1.Pod)) *corev1.Pod {
	made := &corev1.Pod{ObjectMeta: meta(pod)}
	made.UID, made.Labels = types.UID("uid-"+pod), map[string]string{"app": "orders"}
	made.Spec.Containers = []corev1.Container{{Image: "orders:" + pod}}
	made.Status.Conditions = []corev1.PodCondition{{Type: corev1.PodReady, Status: ready}}
	for _, f := range change {
		f(made)
	}
	w.pods[pod] = made
	return made
}

// beats lets time go by in which the API servers renew their Leases.
func (w *world) beats(d time.Duration) {
	w.now += d
	w.looking.line.hear(true)
	w.beat(w.looking)
}

func (w *world) problem() string {
	s, _, _ := w.looking.seen(w.t.Context(), w.budget, w.log)
	if s.Problem == nil {
		return ""
	}
	return s.Problem.Reason
}

// What somebody says in the name of Kubernetes is not so, and nobody is told that it was.
func TestLookoutBelievesPods(t *testing.T) {
	const foreign = v1alpha1.ReasonForeignEndpoints
	for name, tc := range map[string]struct {
		pod     func(w *world) // what there is of the pod that the slice names
		slice   func(slice *discoveryv1.EndpointSlice)
		problem string
	}{
		"a pod that there is not": {pod: func(w *world) { delete(w.pods, "forged") }, problem: foreign},
		"a pod that is not ready": {pod: func(w *world) { w.become("forged", corev1.ConditionFalse) }},
		"a pod that says nothing": {pod: func(w *world) { w.become("forged", "", func(p *corev1.Pod) { p.Status.Conditions = nil }) }},
		"a pod that goes": {pod: func(w *world) {
			w.become("forged", corev1.ConditionTrue, func(p *corev1.Pod) { p.DeletionTimestamp = &p.CreationTimestamp })
		}},
		"a pod of something else": {pod: func(w *world) {
			w.become("forged", corev1.ConditionTrue, func(p *corev1.Pod) { p.Labels["app"] = "decoy" })
		}, problem: foreign},
		"a pod that was": {pod: func(w *world) {
			w.become("forged", corev1.ConditionTrue, func(p *corev1.Pod) { p.UID = "uid-other" })
		}, problem: foreign},
		"an address alone": {slice: func(s *discoveryv1.EndpointSlice) {
			s.Endpoints = []discoveryv1.Endpoint{{Addresses: []string{"10.9.9.9"}}}
		}, problem: foreign},
		"a pod without a name": {slice: func(s *discoveryv1.EndpointSlice) { s.Endpoints[0].TargetRef.Name = "" }, problem: foreign},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			w.pass(5)
			w.ready()
			w.expect("Down Unknown 15s-now")
			slice := w.slice("forged", "forged")
			if tc.pod != nil {
				tc.pod(w)
			}
			if tc.slice != nil {
				tc.slice(slice)
			}
			w.looking.seeSlice(slice)
			w.expect("Down Unknown 15s-now")
			for range 3 {
				w.beats(proofTime)
				w.expect("Down Unknown 15s-now")
			}
			if got := w.problem(); got != tc.problem {
				t.Errorf("problem %q, want %q", got, tc.problem)
			}
			if images := w.looking.images(w.looking.budgets[keyOf(w.budget)]); len(images) > 0 {
				t.Errorf("%v ran", images)
			}
			if until := w.log.Until.Sub(dawn).Round(time.Millisecond); until != 30*time.Second {
				t.Errorf("it is known until %s", until)
			}
			w.looking.loseSlice(slice)
			w.expect("Down Unknown 15s-now")
			if got := w.problem(); got != "" {
				t.Errorf("the slice is gone, and the problem %q is not", got)
			}
			w.pass(1)
			w.ready("c")
			w.expect("Down Unknown 15s-31s")
		})
	}
}

// A slice that was forged beside the real one keeps nobody up, in whatever order things are heard.
func TestLookoutForgedBesideTheReal(t *testing.T) {
	for name, podFirst := range map[string]bool{"the pod is heard first": true, "the slice is heard first": false} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			w.ready("c")
			w.expect()
			w.looking.seeSlice(w.slice("forged", "c"))
			w.pass(5)
			emptied := w.slice("orders-1")
			pod := w.become("c", corev1.ConditionFalse)
			if podFirst {
				w.looking.seePod(pod)
				w.looking.seeSlice(emptied)
			} else {
				w.pods["c"] = w.become("c", corev1.ConditionTrue)
				w.looking.seeSlice(emptied)
				w.pods["c"] = pod
				w.looking.seePod(pod)
			}
			w.expect()
			w.beats(proofTime)
			w.expect("Down Unknown 15s-now")
		})
	}
}

// The pod that bears a slice out may be heard of after it, whatever was asked and stamped meanwhile.
func TestLookoutKeepsTheMomentOfTheSlice(t *testing.T) {
	w := newWorld(t)
	w.pass(5)
	w.ready()
	w.expect("Down Unknown 15s-now")
	w.pass(7)
	unready := w.become("c", corev1.ConditionFalse)
	ready := w.become("c", corev1.ConditionTrue)
	w.pods["c"] = unready
	slice := w.slice("orders-1", "c")
	w.looking.seeSlice(slice)
	w.now += time.Second
	w.looking.line.hear(true)
	w.expect("Down Unknown 15s-now")
	if until := w.log.Until.Sub(dawn).Round(time.Millisecond); until != 22*time.Second {
		t.Errorf("it is known until %s", until)
	}
	if stamp := w.lease(); stamp.covers(keyOf(w.budget)) {
		t.Error("the Lease speaks of what waits for a pod")
	}
	w.looking.seePod(unready)
	w.pods["c"] = ready
	w.looking.seePod(ready)
	w.expect("Down Unknown 15s-22s")
	if w.log.State != v1alpha1.AvailabilityUp {
		t.Errorf("it is %s", w.log.State)
	}
	if images := w.looking.images(w.looking.budgets[keyOf(w.budget)]); !slices.Equal(images, []string{"orders:c"}) {
		t.Errorf("%v ran", images)
	}
	if stamp := w.lease(); !stamp.covers(keyOf(w.budget)) {
		t.Error("the Lease does not speak of what waits no more")
	}
}

// A pod alone takes nothing down until its slice had the time to follow.
func TestLookoutWaitsForTheSlice(t *testing.T) {
	fails := func(w *world) { w.looking.seePod(w.become("c", corev1.ConditionFalse)) }
	for name, tc := range map[string]struct {
		happens func(w *world)
		want    []string
	}{
		"which follows":   {func(w *world) { fails(w); w.pass(1); w.looking.seeSlice(w.slice("orders-1")) }, []string{"Down Unknown 16s-now"}},
		"of the pod gone": {func(w *world) { w.looking.losePod(w.pods["c"]); w.pass(1); w.looking.seeSlice(w.slice("orders-1")) }, []string{"Down Unknown 16s-now"}},
		"of a pod that is ready again": {func(w *world) {
			fails(w)
			w.pass(1)
			w.looking.seePod(w.become("c", corev1.ConditionTrue))
			w.beats(proofTime)
		}, nil},
		"for less than 5 s":     {func(w *world) { fails(w); w.beats(proofTime - time.Nanosecond) }, nil},
		"for 5 s":               {func(w *world) { fails(w); w.beats(proofTime) }, []string{"Down Unknown 15s-now"}},
		"and pods are not read": {func(w *world) { w.looking.line.pods.lose(0); w.pass(2); fails(w); w.beats(proofTime) }, nil},
		"and pods are read again": {func(w *world) {
			w.looking.line.pods.lose(0)
			w.pass(2)
			fails(w)
			w.beats(proofTime)
			w.looking.line.pods.hear(true)
			w.beats(catchUp)
		}, []string{"Down Unknown 17s-now"}},
		"of a pod that was let go": {func(w *world) {
			w.looking.seePod(w.become("c", corev1.ConditionTrue, func(p *corev1.Pod) { p.Labels = nil }))
			w.beats(proofTime)
		}, []string{"Down Unknown 15s-now"}},
		"of a Service that moves": {func(w *world) {
			service := &corev1.Service{ObjectMeta: meta("orders")}
			service.Spec.Selector = map[string]string{"app": "blue"}
			w.looking.seeService(service)
			w.pass(1)
			blue := w.slice("orders-1", "d")
			w.become("d", corev1.ConditionTrue, func(p *corev1.Pod) { p.Labels["app"] = "blue" })
			w.looking.seeSlice(blue)
			w.beats(proofTime)
		}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			w.ready("c")
			w.looking.line.pods.hear(true)
			w.pass(5)
			w.expect()
			tc.happens(w)
			w.expect(tc.want...)
		})
	}
}

// Each new forgery is worth its few seconds and no more: what was so before it is told.
func TestLookoutIsNotHeldUpForEver(t *testing.T) {
	w := newWorld(t)
	w.pass(5)
	w.ready()
	w.expect("Down Unknown 15s-now")
	for _, name := range []string{"x", "y", "z"} {
		slice := w.slice(name, name)
		delete(w.pods, name)
		w.looking.seeSlice(slice)
		w.beats(proofTime)
		w.expect("Down Unknown 15s-now")
	}
	if until := w.log.Until.Sub(dawn).Round(time.Millisecond); until != 30*time.Second {
		t.Errorf("it is known until %s", until)
	}
}

// What was missed in a silence is not dated to its end because a pod is heard of later still.
func TestLookoutProvesWhatItMissed(t *testing.T) {
	w := newWorld(t)
	w.expect()
	w.pass(5)
	w.looking.line.lose(0)
	w.now += time.Minute
	w.looking.line.hear(true)
	slice := w.slice("orders-1", "c")
	pod := w.pods["c"]
	delete(w.pods, "c")
	w.looking.seeSlice(slice)
	w.expect()
	w.pass(1)
	w.pods["c"] = pod
	w.looking.seePod(pod)
	w.pass(6) // until nothing can be on its way any more
	w.expect("Unobserved NotWatching 15s-1m15s")
}

// Of a Service without a selector what is written by hand is all there is: it counts, is named, and nothing of it ran.
func TestLookoutWithoutASelector(t *testing.T) {
	w := newWorld(t)
	w.pass(5)
	w.looking.seeService(&corev1.Service{ObjectMeta: meta("orders")})
	slice := w.slice("orders-1", "c")
	slice.Endpoints = append(slice.Endpoints, discoveryv1.Endpoint{Addresses: []string{"10.9.9.9"}})
	w.looking.seeSlice(slice)
	w.beats(proofTime)
	w.expect()
	if got := w.problem(); got != v1alpha1.ReasonForeignEndpoints {
		t.Errorf("problem %q", got)
	}
	if images := w.looking.images(w.looking.budgets[keyOf(w.budget)]); len(images) > 0 {
		t.Errorf("%v ran", images)
	}
}

// A slice that was forged before a pod was ready does not date back when it was.
func TestLookoutForgedBeforeTheReal(t *testing.T) {
	for name, tc := range map[string]struct {
		forged string
		before func(w *world) // what is known of the pods when the slice is heard
	}{
		"of another pod, and the pod is heard first":   {forged: "x"},
		"of another pod, and the slice is heard first": {forged: "x", before: func(w *world) { clear(w.pods) }},
		"of the same pod": {forged: "c", before: func(w *world) {
			w.become("c", corev1.ConditionFalse)
			w.become("d", corev1.ConditionFalse)
		}},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			w.pass(5)
			w.ready()
			w.expect("Down Unknown 15s-now")
			forged := w.slice("forged", tc.forged)
			if delete(w.pods, tc.forged); tc.before != nil {
				tc.before(w)
			}
			w.looking.seeSlice(forged)
			w.pass(4)
			clear(w.pods)
			slice := w.slice("orders-1", "c", "d")
			ready := []*corev1.Pod{w.pods["c"], w.pods["d"]}
			if tc.before != nil {
				tc.before(w)
			}
			w.looking.seeSlice(slice)
			w.pass(1)
			for _, pod := range ready {
				w.pods[pod.Name] = pod
				w.looking.seePod(pod)
			}
			w.expect("Down Unknown 15s-19s")
			w.beats(proofTime)
			w.expect("Down Unknown 15s-19s")
		})
	}
}
