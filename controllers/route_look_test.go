package controllers

import (
	"errors"
	"strings"
	"testing"
	"time"

	apimeta "k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/types"
	ctrl "sigs.k8s.io/controller-runtime"

	v1alpha1 "forewarn.dev/forewarn/api/v1alpha1"
	"forewarn.dev/forewarn/internal/signal"
)

var ordersV1 = types.NamespacedName{Namespace: "shop", Name: "orders-v1"}

// look has the schedule look at its routes, and returns what it says of the first, and its condition.
func (w *writing) look(now time.Time) (is v1alpha1.ScheduledRoute, condition string, err error) {
	w.t.Helper()
	w.clock.now = now
	looking := &SignalReconciler{routes: w.routes, failures: w.failures}
	_, err = looking.Reconcile(w.t.Context(), ctrl.Request{NamespacedName: ordersV1})
	s := &v1alpha1.DeprecationSchedule{}
	if err := w.live.Get(w.t.Context(), ordersV1, s); err != nil {
		w.t.Fatal(err)
	}
	c := apimeta.FindStatusCondition(s.Status.Conditions, v1alpha1.ConditionSignalled)
	if c == nil || len(s.Status.Routes) != 1 {
		w.t.Fatalf("the schedule says %+v", s.Status)
	}
	return s.Status.Routes[0], string(c.Status) + " " + c.Reason + " " + c.Message, err
}

// What a route does is not over because it cannot be read: a budget would count the rest of a brownout as up.
func TestABrownoutThatCannotBeReadGoesOn(t *testing.T) {
	for name, c := range map[string]struct {
		unread func(*writing)
		want   string
	}{
		"the server is away": {func(w *writing) { w.refused["get HTTPRoute"] = errAway }, "Unknown LookupFailed reading HTTPRoute shop/orders: away for now"},
		"its rules are no list": {func(w *writing) {
			route := w.route("orders")
			route.Object["spec"] = map[string]any{"rules": "none"}
			w.update(route)
		}, "Unknown LookupFailed reading the rules of HTTPRoute shop/orders: "},
		"what was written down is no record": {func(w *writing) {
			route := w.route("orders")
			route.SetAnnotations(map[string]string{signal.RecordAnnotation: "{"})
			w.update(route)
		}, "False SignalsMissing orders: reading the annotation forewarn.dev/written: "},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWriting(t)
			if _, err := w.at(noon, "orders"); err != nil {
				t.Fatal(err)
			}
			before, _, err := w.look(noon.Add(time.Second))
			if err != nil || before.Brownout != "first" || !before.BrownoutStartTime.Time.Equal(noon) {
				t.Fatalf("in the brownout: %+v, %v", before, err)
			}
			c.unread(w)
			after, condition, _ := w.look(noon.Add(time.Minute))
			if after.Brownout != before.Brownout || !after.BrownoutStartTime.Equal(before.BrownoutStartTime) || !strings.Contains(condition, c.want) {
				t.Errorf("unread: %+v, %s", after, condition)
			}
		})
	}
}

// What is not there any more is over.
func TestABrownoutIsOverWithItsRoute(t *testing.T) {
	w := newWriting(t)
	if _, err := w.at(noon, "orders"); err != nil {
		t.Fatal(err)
	}
	if is, _, err := w.look(noon); err != nil || is.Brownout != "first" {
		t.Fatalf("in the brownout: %+v, %v", is, err)
	}
	if err := w.client.Delete(t.Context(), w.route("orders")); err != nil {
		t.Fatal(err)
	}
	if is, _, err := w.look(noon.Add(time.Second)); err != nil || is != (v1alpha1.ScheduledRoute{Name: "orders", Signals: v1alpha1.SignalsNoRoute}) {
		t.Errorf("without its route: %+v, %v", is, err)
	}
	w.refused["get HTTPRoute"] = errAway
	if is, _, err := w.look(noon.Add(time.Second)); !errors.Is(err, errAway) || is.Signals != v1alpha1.SignalsNoRoute {
		t.Errorf("unread, of which nothing is known: %+v, %v", is, err)
	}
}

// A schedule that goes takes with it when it would have been looked at: the next change of all is not one in the past.
func TestTheAgendaForgetsASchedule(t *testing.T) {
	w := newWriting(t)
	if _, err := w.at(noon, "orders"); err != nil {
		t.Fatal(err)
	}
	if _, _, err := w.look(noon); err != nil {
		t.Fatal(err)
	}
	entry := agendaKey{kind: "Signals", name: ordersV1}
	if at, ok := w.agenda.entries[entry]; !ok || !at.Equal(end.Add(time.Second)) {
		t.Fatalf("in the brownout it looks again at %s", at)
	}
	s := &v1alpha1.DeprecationSchedule{}
	if err := w.client.Get(t.Context(), ordersV1, s); err != nil {
		t.Fatal(err)
	}
	s.Finalizers = []string{"example.com/hold"}
	w.update(s)
	for _, step := range []string{"is being deleted", "is gone"} {
		w.agenda.entries[entry] = end
		if step == "is gone" {
			s.Finalizers = nil
			w.update(s)
		} else if err := w.client.Delete(t.Context(), s); err != nil {
			t.Fatal(err)
		} else if err := w.client.Get(t.Context(), ordersV1, s); err != nil {
			t.Fatal(err)
		}
		looking := &SignalReconciler{routes: w.routes, failures: w.failures}
		if _, err := looking.Reconcile(t.Context(), ctrl.Request{NamespacedName: ordersV1}); err != nil {
			t.Fatal(err)
		}
		if at, ok := w.agenda.entries[entry]; ok {
			t.Errorf("%s: looks again at %s", step, at)
		}
	}
}

// That an owner ended a brownout by hand is said for as long as it would have lasted.
func TestABrownoutThatItsOwnerEndedIsSaid(t *testing.T) {
	w := newWriting(t)
	const said = "; brownout first on orders ended when its owner gave it other backends"
	tell := func(at time.Time, want bool) {
		t.Helper()
		if _, err := w.at(at, "orders"); err != nil {
			t.Fatal(err)
		}
		if is, condition, err := w.look(at); err != nil || strings.HasSuffix(condition, said) != want || !strings.HasPrefix(condition, "True Signalled ") {
			t.Errorf("%s: %+v, %s, %v", at, is, condition, err)
		}
	}
	tell(noon, false)
	route := w.route("orders")
	route.Object["spec"] = routeOf("orders").Object["spec"]
	w.update(route)
	tell(noon.Add(time.Second), true)
	tell(end.Add(-time.Second), true)
	tell(end, false)
}
