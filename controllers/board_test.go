package controllers

import (
	"slices"
	"testing"
	"time"

	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/util/workqueue"
	"k8s.io/utils/ptr"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	v1alpha1 "forewarn.dev/forewarn/api/v1alpha1"
	"forewarn.dev/forewarn/internal/gate"
)

// queued is a waker whose queue a test can look into.
func queued(t *testing.T, w *waker) func() []string {
	t.Helper()
	queue := workqueue.NewTypedRateLimitingQueue(workqueue.DefaultTypedControllerRateLimiter[reconcile.Request]())
	t.Cleanup(queue.ShutDown)
	if err := w.Start(t.Context(), queue); err != nil {
		t.Fatal(err)
	}
	return func() []string {
		var names []string
		for queue.Len() > 0 {
			request, _ := queue.Get()
			queue.Done(request)
			names = append(names, request.Name)
		}
		slices.Sort(names)
		return names
	}
}

func in(name string) types.NamespacedName { return types.NamespacedName{Namespace: "shop", Name: name} }

func TestAVerdictIsHeldOnlyOnceTheGateWasWritten(t *testing.T) {
	b := newBoard()
	gates, revisions := queued(t, b.gates), queued(t, b.revisions)
	verdict := &gate.Verdict{Decided: true, Admissible: true, Message: "fine"}

	if held, _ := b.putRevision(in("a"), verdict); held {
		t.Error("held before any gate was written")
	}
	if got := gates(); !slices.Equal(got, []string{"shop"}) {
		t.Errorf("gates woken: %v", got)
	}
	page, complete := b.read("shop", nil, []string{"a"})
	if !complete {
		t.Fatal("all that exists is on the board")
	}
	b.putRevision(in("b"), verdict) // comes while the gate is written
	b.written("shop", page.change, gateState{})
	if got := revisions(); !slices.Equal(got, []string{"a"}) {
		t.Errorf("revisions woken: %v", got)
	}
	if held, _ := b.putRevision(in("a"), verdict); !held {
		t.Error("a is in the gate")
	}
	if held, _ := b.putRevision(in("b"), verdict); held {
		t.Error("b is not in the gate")
	}
	if held, _ := b.putRevision(in("a"), &gate.Verdict{Decided: true, Message: "no more"}); held {
		t.Error("another verdict is not in the gate")
	}
}

func TestWhatNoGateShowsWakesNobody(t *testing.T) {
	b := newBoard()
	gates := queued(t, b.gates)
	now := time.Unix(1, 0)
	b.putRevision(in("a"), &gate.Verdict{Admissible: true, NextChange: &now})
	gates()
	later := now.Add(time.Hour)
	b.putRevision(in("a"), &gate.Verdict{Admissible: true, NextChange: &later, Breaking: 3})
	if got := gates(); len(got) > 0 {
		t.Errorf("gates woken: %v", got)
	}
	b.putRevision(in("a"), &gate.Verdict{Admissible: true, AdmissibleUntil: &later})
	if got := gates(); len(got) != 1 {
		t.Errorf("the end of an admission is in the gate: %v", got)
	}
}

func TestAPageIsIncompleteWhileSomethingIsMissing(t *testing.T) {
	b := newBoard()
	queued(t, b.gates)
	read := func(apis, revisions []string) (page, bool) { return b.read("shop", apis, revisions) }
	if _, complete := read([]string{"orders", "gone"}, []string{"a", "b"}); complete {
		t.Error("nothing is there yet")
	}
	b.putRevision(in("a"), &gate.Verdict{Admissible: true})
	b.putUnjudged(in("b"))
	if _, complete := read([]string{"orders", "gone"}, []string{"a", "b"}); complete {
		t.Error("an API that nobody observed")
	}
	keepers := []v1alpha1.WorkloadRef{{Kind: "Deployment", Name: "orders"}, {Kind: "Deployment", Name: "reports"}}
	b.putAPI(in("orders"), observedAPI{keepers: keepers, resting: []string{"canary"}})
	page, complete := read([]string{"orders"}, []string{"a", "b", "new"})
	if !complete {
		t.Error("what is deleted meanwhile, or comes later, keeps nobody waiting")
	}
	if !slices.Equal(page.apis["orders"].keepers, keepers) || len(page.apis["orders"].resting) != 1 || page.verdicts["a"] == nil || page.verdicts["b"] != nil || page.verdicts["new"] != nil {
		t.Errorf("got %+v", page)
	}
	if _, complete := read([]string{"orders", "late"}, []string{"a", "new"}); !complete {
		t.Error("once complete, always complete")
	}
	b.dropNamespace("shop")
	if _, complete := read([]string{"orders"}, nil); complete {
		t.Error("a namespace made anew begins anew")
	}
}

func TestAVerdictThatWasThereIsKeptWhenNoneIsToBeHad(t *testing.T) {
	b := newBoard()
	queued(t, b.gates)
	b.putRevision(in("a"), &gate.Verdict{Admissible: true})
	b.putUnjudged(in("a"))
	if page, _ := b.read("shop", nil, []string{"a"}); page.verdicts["a"] == nil {
		t.Error("the verdict is gone")
	}
}

func TestAGateThatCannotBeWrittenIsToldOnce(t *testing.T) {
	b := newBoard()
	queued(t, b.gates)
	revisions, apis := queued(t, b.revisions), queued(t, b.apis)
	b.putAPI(in("orders"), observedAPI{})
	b.putRevision(in("a"), &gate.Verdict{Admissible: true})
	page, _ := b.read("shop", []string{"orders"}, []string{"a"})
	b.written("shop", page.change, gateState{Failure: "quota"})
	if r, a := revisions(), apis(); len(r) != 1 || len(a) != 1 {
		t.Errorf("woken: %v, %v", r, a)
	}
	held, state := b.putRevision(in("a"), &gate.Verdict{Admissible: true})
	if held || state.Failure != "quota" {
		t.Errorf("held %v, state %+v", held, state)
	}
	b.written("shop", page.change, gateState{Failure: "quota", APIs: map[string]bool{"orders": true}})
	if r, a := revisions(), apis(); len(r)+len(a) > 0 {
		t.Errorf("woken by the same failure again: %v, %v", r, a)
	}
	b.written("shop", page.change, gateState{APIs: map[string]bool{"orders": true}})
	if r, a := revisions(), apis(); len(r) != 1 || len(a) != 1 {
		t.Errorf("woken by success: %v, %v", r, a)
	}
}

func TestKeepersAreRemembered(t *testing.T) {
	b := newBoard()
	gates := queued(t, b.gates)
	if _, known := b.keepers(in("orders")); known {
		t.Error("nothing is known yet")
	}
	b.putAPI(in("orders"), observedAPI{})
	if keepers, known := b.keepers(in("orders")); !known || keepers != nil {
		t.Error("known to have none")
	}
	gates()
	one := v1alpha1.WorkloadRef{Kind: "Deployment", Name: "orders"}
	other := v1alpha1.WorkloadRef{Kind: "Deployment", Name: "reports"}
	for _, step := range []struct {
		name    string
		keepers []v1alpha1.WorkloadRef
		resting []string
		wakes   int
	}{
		{"the first", []v1alpha1.WorkloadRef{one}, nil, 1},
		{"a second", []v1alpha1.WorkloadRef{one, other}, nil, 1},
		{"the same", []v1alpha1.WorkloadRef{one, other}, nil, 0},
		{"the second alone", []v1alpha1.WorkloadRef{other}, nil, 1},
		{"and a Service that rests", []v1alpha1.WorkloadRef{other}, []string{"canary"}, 1},
	} {
		b.putAPI(in("orders"), observedAPI{keepers: step.keepers, resting: step.resting})
		if woken := gates(); len(woken) != step.wakes {
			t.Errorf("%s: gates woken: %v", step.name, woken)
		}
		if keepers, known := b.keepers(in("orders")); !known || !slices.Equal(keepers, step.keepers) {
			t.Errorf("%s: %v", step.name, keepers)
		}
	}
	b.dropNamespace("shop")
	if _, known := b.keepers(in("orders")); known {
		t.Error("the namespace is gone")
	}
}

func TestAgenda(t *testing.T) {
	a := newAgenda()
	now := time.Unix(1000, 0)
	if _, due := a.earliest(); due {
		t.Error("it begins empty")
	}
	if got := a.wakeAt("A", in("x"), now, ptr.To(now.Add(time.Hour))); got.RequeueAfter != time.Hour {
		t.Errorf("got %v", got)
	}
	if got := a.wakeAt("B", in("x"), now, ptr.To(now.Add(-time.Hour))); got.RequeueAfter <= 0 || got.RequeueAfter > time.Second {
		t.Errorf("what is due is due at once: %v", got)
	}
	a.wakeAt("B", in("x"), now, ptr.To(now.Add(time.Minute)))
	if got, _ := a.earliest(); !got.Equal(now.Add(time.Minute)) {
		t.Errorf("got %v", got)
	}
	if got := a.wakeAt("B", in("x"), now, nil); got != (reconcile.Result{}) {
		t.Errorf("got %v", got)
	}
	if got, _ := a.earliest(); !got.Equal(now.Add(time.Hour)) {
		t.Errorf("got %v", got)
	}
}

func TestAWakerForgetsWhatCameBeforeItsController(t *testing.T) {
	w := &waker{}
	w.wake(in("early"))
	names := queued(t, w)
	w.wake(in("a"), in("b"), in("a"))
	if got := names(); !slices.Equal(got, []string{"a", "b"}) {
		t.Errorf("got %v", got)
	}
}
