package controllers

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	apimeta "k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/tools/events"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/fake"
	"sigs.k8s.io/controller-runtime/pkg/client/interceptor"

	v1alpha1 "forewarn.dev/forewarn/api/v1alpha1"
	"forewarn.dev/forewarn/internal/signal"
	"forewarn.dev/forewarn/internal/snapshot"
	"forewarn.dev/forewarn/test/builders"
)

// writing is a RouteReconciler over a cluster with the brownout of "orders" at noon.
type writing struct {
	*RouteReconciler
	t     *testing.T
	clock *handClock
	// wrote is what was written, in order: a verb and a kind.
	wrote []string
	// refused are the errors of such writes.
	refused map[string]error
	result  ctrl.Result
}

func newWriting(t *testing.T, objects ...client.Object) *writing {
	t.Helper()
	scheme, err := NewScheme()
	if err != nil {
		t.Fatal(err)
	}
	w := &writing{t: t, clock: &handClock{now: noon.Add(-time.Minute)}, refused: map[string]error{}}
	s, n := browningOut()
	api := builders.API("orders").Version("v1", v1alpha1.StabilityStable).Obj()
	api.Namespace = s.Namespace
	namespace := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: s.Namespace}}
	objects = append(objects, s, n, api, namespace, routeOf("orders"))
	did := func(verb string, object client.Object) error {
		what := verb + " " + object.GetObjectKind().GroupVersionKind().Kind
		if err := w.refused[what]; err != nil {
			return err
		}
		w.wrote = append(w.wrote, what)
		return nil
	}
	b := fake.NewClientBuilder().WithScheme(scheme).WithObjects(objects...).WithStatusSubresource(&v1alpha1.DeprecationSchedule{}).
		WithInterceptorFuncs(interceptor.Funcs{
			Get: func(ctx context.Context, c client.WithWatch, key client.ObjectKey, o client.Object, opts ...client.GetOption) error {
				if err := w.refused["get "+o.GetObjectKind().GroupVersionKind().Kind]; err != nil {
					return err
				}
				return c.Get(ctx, key, o, opts...)
			},
			List: metadataOf,
			Create: func(ctx context.Context, c client.WithWatch, o client.Object, opts ...client.CreateOption) error {
				if err := did("create", o); err != nil {
					return err
				}
				return c.Create(ctx, o, opts...)
			},
			Update: func(ctx context.Context, c client.WithWatch, o client.Object, opts ...client.UpdateOption) error {
				if err := did("update", o); err != nil {
					return err
				}
				return c.Update(ctx, o, opts...)
			},
			Delete: func(ctx context.Context, c client.WithWatch, o client.Object, opts ...client.DeleteOption) error {
				if err := did("delete", o); err != nil {
					return err
				}
				return c.Delete(ctx, o, opts...)
			},
		})
	if err := snapshot.AddIndexes(t.Context(), fieldIndexer{b}); err != nil {
		t.Fatal(err)
	}
	c := b.Build()
	backend := signal.Backend{Namespace: shippedNamespace, Name: brownoutService, Port: brownoutPort}
	w.RouteReconciler = &RouteReconciler{
		routes: &routes{answers: true, backend: backend, shared: shared{
			client: c, live: c, snapshot: snapshot.New(c, c), clock: w.clock, agenda: newAgenda(), namespace: shippedNamespace,
			events: events.NewFakeRecorder(100),
		}},
		failures: &sync.Map{}, wake: func(...types.NamespacedName) {},
	}
	return w
}

// metadataOf lists the metadata of HTTPRoutes, which the client of these tests cannot.
func metadataOf(ctx context.Context, c client.WithWatch, list client.ObjectList, opts ...client.ListOption) error {
	metadata, ok := list.(*metav1.PartialObjectMetadataList)
	if !ok {
		return c.List(ctx, list, opts...)
	}
	routes := &unstructured.UnstructuredList{}
	routes.SetGroupVersionKind(list.GetObjectKind().GroupVersionKind())
	if err := c.List(ctx, routes, opts...); err != nil {
		return err
	}
	for _, route := range routes.Items {
		metadata.Items = append(metadata.Items, metav1.PartialObjectMetadata{ObjectMeta: metav1.ObjectMeta{Annotations: route.GetAnnotations()}})
	}
	return nil
}

func routeOf(name string) *unstructured.Unstructured {
	route := newHTTPRoute()
	route.SetNamespace("shop")
	route.SetName(name)
	route.Object["spec"] = map[string]any{"rules": []any{
		map[string]any{"name": "v1", "backendRefs": []any{map[string]any{"name": "orders", "port": int64(80)}}},
	}}
	return route
}

// at looks at a route at a moment, and returns what that wrote.
func (w *writing) at(now time.Time, route string) ([]string, error) {
	w.t.Helper()
	w.clock.now, w.wrote = now, nil
	var err error
	w.result, err = w.Reconcile(w.t.Context(), ctrl.Request{NamespacedName: types.NamespacedName{Namespace: "shop", Name: route}})
	return w.wrote, err
}

func (w *writing) away(name string) bool {
	w.t.Helper()
	return strings.Contains(fmt.Sprint(w.route(name).Object["spec"]), brownoutService)
}

func (w *writing) says(name string) bool {
	w.t.Helper()
	return strings.Contains(fmt.Sprint(w.route(name).Object["spec"]), signal.HeaderSunset)
}

func (w *writing) route(name string) *unstructured.Unstructured {
	w.t.Helper()
	route := newHTTPRoute()
	if err := w.live.Get(w.t.Context(), client.ObjectKey{Namespace: "shop", Name: name}, route); err != nil {
		w.t.Fatal(err)
	}
	return route
}

func (w *writing) granted() bool {
	w.t.Helper()
	grant := w.newGrant("shop")
	err := w.live.Get(w.t.Context(), client.ObjectKeyFromObject(grant), grant)
	if client.IgnoreNotFound(err) != nil {
		w.t.Fatal(err)
	}
	return err == nil
}

var end = noon.Add(5 * time.Minute)

var (
	errAway  = errors.New("away for now")
	noGrants = &apimeta.NoKindMatchError{GroupKind: schema.GroupKind{Group: "gateway.networking.k8s.io", Kind: "ReferenceGrant"}}
)

func TestNoRouteLeadsAwayWithoutItsGrant(t *testing.T) {
	w := newWriting(t)
	for _, step := range []struct {
		at         time.Time
		want       []string
		wantAway   bool
		wantGrants bool
	}{
		{noon.Add(-time.Minute), []string{"create ReferenceGrant", "update HTTPRoute"}, false, true},
		{noon, []string{"create ReferenceGrant", "update HTTPRoute"}, true, true},
		{end.Add(-time.Second), []string{"create ReferenceGrant"}, true, true},
		{end, []string{"update HTTPRoute", "delete ReferenceGrant"}, false, false},
		{end.Add(time.Second), nil, false, false},
	} {
		wrote, err := w.at(step.at, "orders")
		if err != nil || !slices.Equal(wrote, step.want) || w.away("orders") != step.wantAway || w.granted() != step.wantGrants {
			t.Errorf("%s: wrote %v (%v), away %t, granted %t", step.at, wrote, err, w.away("orders"), w.granted())
		}
	}
}

// Whatever happens to a grant, customers get back what they had, and headers are written.
func TestAGrantThatFailsKeepsNoRouteAway(t *testing.T) {
	for name, refused := range map[string]error{"refused": errAway, "not served": noGrants} {
		t.Run(name, func(t *testing.T) {
			w := newWriting(t)
			w.refused["create ReferenceGrant"] = refused
			for _, at := range []time.Time{noon.Add(-time.Minute), noon} {
				if _, err := w.at(at, "orders"); !errors.Is(err, refused) || w.away("orders") || !w.says("orders") {
					t.Errorf("%s, without a grant: %v, away %t, says it %t", at, err, w.away("orders"), w.says("orders"))
				}
			}
			delete(w.refused, "create ReferenceGrant")
			if _, err := w.at(noon.Add(time.Minute), "orders"); err != nil || !w.away("orders") {
				t.Errorf("granted after all: %v, away %t", err, w.away("orders"))
			}
			w.refused["create ReferenceGrant"], w.refused["delete ReferenceGrant"] = refused, refused
			_, err := w.at(end, "orders")
			if w.away("orders") || !w.says("orders") {
				t.Errorf("at the end: %v, away %t, says it %t", err, w.away("orders"), w.says("orders"))
			}
			if served := errors.Is(refused, errAway); served != errors.Is(err, refused) {
				t.Errorf("that it stays is said: %v", err)
			}
			delete(w.refused, "delete ReferenceGrant")
			if wrote, err := w.at(end.Add(time.Second), "orders"); err != nil || errors.Is(refused, errAway) && w.granted() {
				t.Errorf("deleted later: %v (%v)", wrote, err)
			}
		})
	}
}

// update is what somebody else writes.
func (w *writing) update(object client.Object) {
	w.t.Helper()
	if err := w.client.Update(w.t.Context(), object); err != nil {
		w.t.Fatal(err)
	}
}

// A grant that somebody deleted is made again: for a brownout that comes, as it begins, and while it lasts.
func TestAGrantThatSomebodyDeletedIsMadeAgain(t *testing.T) {
	w := newWriting(t)
	for _, at := range []time.Time{noon.Add(-time.Hour), noon.Add(-time.Minute), noon, noon.Add(time.Minute), end.Add(-time.Second)} {
		if _, err := w.at(at, "orders"); err != nil || !w.granted() {
			t.Fatalf("%s: granted %t, %v", at, w.granted(), err)
		}
		if late := at.Add(w.result.RequeueAfter); w.away("orders") && (w.result.RequeueAfter == 0 || w.result.RequeueAfter > grantInterval || late.After(end)) {
			t.Errorf("%s: looks again at %s", at, late)
		}
		if err := w.client.Delete(t.Context(), w.newGrant("shop")); err != nil {
			t.Fatal(err)
		}
	}
}

// The grant is that of a namespace: it goes when none of its routes needs it, whichever of them is looked at.
func TestAGrantIsNotJudgedByOneRoute(t *testing.T) {
	look := func(w *writing, at time.Time, want bool) {
		t.Helper()
		wrote, err := w.at(at, "cart")
		if err != nil || w.granted() != want {
			t.Errorf("%s, at another: wrote %v (%v), granted %t", at, wrote, err, w.granted())
		}
	}
	// Customers were told of noon, and the schedule says an hour before.
	w := newWriting(t, routeOf("cart"))
	s := &v1alpha1.DeprecationSchedule{}
	if err := w.client.Get(t.Context(), ordersV1, s); err != nil {
		t.Fatal(err)
	}
	s.Spec.Brownouts[0].StartTime.Time = noon.Add(-time.Hour)
	w.update(s)
	for _, at := range []time.Time{noon.Add(-time.Minute), noon, end.Add(-time.Second)} {
		if _, err := w.at(at, "orders"); err != nil || w.away("orders") != !at.Before(noon) {
			t.Errorf("%s: away %t, %v", at, w.away("orders"), err)
		}
		look(w, at, true)
	}
	look(w, end, true) // the other is still away
	if _, err := w.at(end, "orders"); err != nil || w.granted() || w.away("orders") {
		t.Errorf("at the end: granted %t, away %t, %v", w.granted(), w.away("orders"), err)
	}
	look(w, end, false)
	// One that is away goes, and nobody looks at another.
	w = newWriting(t)
	if _, err := w.at(noon, "orders"); err != nil {
		t.Fatal(err)
	}
	if err := w.client.Delete(t.Context(), w.route("orders")); err != nil {
		t.Fatal(err)
	}
	if _, err := w.at(end.Add(-time.Second), "orders"); err != nil || !w.granted() {
		t.Errorf("before the end: granted %t, %v", w.granted(), err)
	}
	if _, err := w.at(end, "orders"); err != nil || w.granted() {
		t.Errorf("without its route: granted %t, %v", w.granted(), err)
	}
}
