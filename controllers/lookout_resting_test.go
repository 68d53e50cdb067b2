package controllers

import (
	"context"
	"errors"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	"k8s.io/apimachinery/pkg/types"

	v1alpha1 "forewarn.dev/forewarn/api/v1alpha1"
)

// flagged is a world in which a Service leads to a canary beside that which customers come to, and a route to both.
type flagged struct {
	*world
	// resting are the Services to which the route leads nobody; err is why it cannot be read.
	resting []string
	err     error
	reads   int
}

func newFlagged(t *testing.T) *flagged {
	w := &flagged{world: newWorld(t), resting: []string{"orders-canary"}}
	canary := &corev1.Service{ObjectMeta: meta("orders-canary")}
	canary.Spec.Selector = map[string]string{"app": "orders"}
	w.looking.seeService(canary)
	w.carriedBy(v1alpha1.Carrier{Services: []string{"orders", "orders-canary"}, HTTPRoutes: []string{"orders"}})
	w.read()
	w.expect()
	w.pass(5)
	return w
}

func (w *flagged) carriedBy(carrier v1alpha1.Carrier) {
	api := &v1alpha1.CustomerAPI{ObjectMeta: meta("orders")}
	api.Spec.CarriedBy = carrier
	w.looking.seeAPI(api)
}

// read is what the reader does once it is woken.
func (w *flagged) read() {
	reader := &restReader{lookout: w.looking, resting: func(context.Context, *v1alpha1.CustomerAPI) ([]string, error) {
		w.reads++
		return w.resting, w.err
	}}
	_, err := reader.Reconcile(w.t.Context(), requests(types.NamespacedName{Namespace: "shop", Name: "orders"})[0])
	if !errors.Is(err, w.err) {
		w.t.Errorf("reading: %v, want %v", err, w.err)
	}
}

// shift has the route lead nobody to these, and says so.
func (w *flagged) shift(resting ...string) {
	w.resting = resting
	w.looking.seeRoute(types.NamespacedName{Namespace: "shop", Name: "orders"})
}

// canary says which of its pods are ready from now on.
func (w *flagged) canary(pods ...string) {
	slice := w.slice("orders-canary-1", pods...)
	slice.Labels[discoveryv1.LabelServiceName] = "orders-canary"
	w.looking.seeSlice(slice)
}

func TestLookoutLetsACanaryRest(t *testing.T) {
	later := 30 * time.Millisecond // until the routes were read
	for name, tc := range map[string]struct {
		happens func(w *flagged)
		want    []string
	}{
		"rests without pods": {func(w *flagged) { w.pass(60) }, nil},
		"runs, and its pods go before the route is heard of": {func(w *flagged) {
			w.shift()
			w.canary("c") // as the weight comes
			w.read()
			w.pass(5)
			w.resting = []string{"orders-canary"}
			w.canary()
			w.expect()
			w.now += later
			w.read()
		}, nil},
		"runs, and its pods go": {func(w *flagged) {
			w.canary("c")
			w.shift()
			w.read()
			w.pass(5)
			w.canary()
			w.expect()
			w.now += later
			w.read()
			w.pass(5)
			w.canary("d")
		}, []string{"Down Unknown 20s-25.03s"}},
		"gets a part without pods, until that is taken back": {func(w *flagged) {
			w.shift()
			w.now += later
			w.read()
			w.pass(5)
			w.shift("orders-canary")
			w.now += later
			w.read()
		}, []string{"Down Unknown 15s-20.03s"}},
		"gets a part that is taken back before it was read": {func(w *flagged) {
			w.shift()
			w.now += later
			w.shift("orders-canary")
			w.read()
		}, nil},
		"and what customers come to goes": {func(w *flagged) {
			w.canary("c")
			w.pass(5)
			w.ready()
			w.expect()
			w.now += later
			w.read()
		}, []string{"Down Unknown 20s-now"}},
		"and nothing is left, whatever rests": {func(w *flagged) {
			reads := w.reads
			w.ready()
			w.expect("Down Unknown 15s-now")
			if w.reads != reads {
				w.t.Error("the routes were waited for")
			}
		}, []string{"Down Unknown 15s-now"}},
		"and takes over": {func(w *flagged) {
			w.canary("c")
			w.shift("orders")
			w.read()
			w.pass(5)
			w.ready()
			w.read()
		}, nil},
		"and is led to by no route of the API": {func(w *flagged) {
			w.carriedBy(v1alpha1.Carrier{Services: []string{"orders", "orders-canary"}})
		}, []string{"Down Unknown 15s-now"}},
		"and no routes are served any more": {func(w *flagged) {
			w.resting = nil
			w.looking.seeRoutes()
			w.now += later
			w.read()
		}, []string{"Down Unknown 15s-now"}},
		"and nobody can read its route for less than a second": {func(w *flagged) {
			w.err = errors.New("no answer")
			w.shift("orders-canary")
			w.now += restAnswerLimit - time.Millisecond
			w.read()
			w.expect()
			w.err = nil
			w.read()
		}, nil},
		"and nobody can read its route for a second": {func(w *flagged) {
			w.err = errors.New("no answer")
			w.shift("orders-canary")
			w.now += restAnswerLimit
			w.read()
			w.expect("Down Unknown 15s-now")
			w.pass(4)
			w.err = nil
			w.read()
		}, []string{"Down Unknown 15s-20s"}},
	} {
		t.Run(name, func(t *testing.T) {
			w := newFlagged(t)
			tc.happens(w)
			w.expect(tc.want...)
		})
	}
}

// What is measured is told of no moment at which it is not known what rests, and the routes are read no more than needed.
func TestLookoutAsksRoutesRarely(t *testing.T) {
	w := newFlagged(t)
	reads := w.reads
	for range 50 {
		w.pass(1)
		w.ready("a")
		w.canary("c")
		w.read()
		w.ready("a", "b")
		w.canary()
		w.read()
	}
	if w.reads != reads {
		t.Errorf("%d reads, while the canary rested", w.reads-reads)
	}
	w.looking.seeRoute(types.NamespacedName{Namespace: "shop", Name: "another"})
	w.looking.seeRoute(types.NamespacedName{Namespace: "another", Name: "orders"})
	w.read()
	if w.reads != reads {
		t.Error("read for the route of another")
	}
	w.shift("orders-canary")
	before := w.now
	w.pass(3)
	if s, _, _ := w.looking.seen(t.Context(), w.budget, w.log); s.Now.Sub(dawn) > before {
		t.Errorf("told until %s, while it is not known since %s", s.Now.Sub(dawn), before)
	}
	w.read()
	w.read()
	if w.reads != reads+1 {
		t.Errorf("%d reads for one change", w.reads-reads)
	}
}

// An answer to what was asked before something else changed is none.
func TestLookoutTakesNoAnswerThatIsTooOld(t *testing.T) {
	w := newFlagged(t)
	key := types.NamespacedName{Namespace: "shop", Name: "orders"}
	w.canary("c")
	w.shift()
	_, asked := w.looking.question(key)
	w.canary()
	w.looking.answer(key, asked, nil, nil)
	w.expect()
	w.resting = []string{"orders-canary"}
	w.read()
	w.expect()

	w.canary("c")
	w.shift()
	_, asked = w.looking.question(key)
	w.canary()
	w.now += restAnswerLimit // for which what is asked has changed all the time
	w.looking.answer(key, asked, []string{"orders-canary"}, nil)
	w.expect()

	w.shift()
	_, asked = w.looking.question(key)
	w.carriedBy(v1alpha1.Carrier{Services: []string{"orders-canary"}, HTTPRoutes: []string{"orders"}})
	w.looking.answer(key, asked, []string{"orders-canary"}, nil)
	w.expect("Down Unknown 16s-now")
	if api, _ := w.looking.question(key); api != nil {
		t.Error("of one Service none can rest")
	}
}
