package controllers

import (
	"context"
	"fmt"
	"sync"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	apimeta "k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	ctrl "sigs.k8s.io/controller-runtime"
	gatewayv1 "sigs.k8s.io/gateway-api/apis/v1"

	"forewarn.dev/forewarn/internal/signal"
)

// annotationRoom is what the annotations of an object may hold, less some for whoever else writes one.
const annotationRoom = 240 << 10

// RouteReconciler writes into HTTPRoutes what schedules ask for, and takes back what none asks for any more:
//
//	schedules that name it, their notices -> orders -> signal.Rewrite -> Update, with the version that was read
//
// All that it knows of what it wrote is on the route itself.
type RouteReconciler struct {
	*routes
	// failures are why routes could not be written, by key.
	failures *sync.Map
	// wake has the schedules looked at which name a route.
	wake   func(...types.NamespacedName)
	grants grantBook
}

// +kubebuilder:rbac:groups=gateway.networking.k8s.io,resources=httproutes,verbs=get;list;watch;update

// Reconcile brings one route up to date.
func (r *RouteReconciler) Reconcile(ctx context.Context, req ctrl.Request) (ctrl.Result, error) {
	now, err := r.clock.Now(ctx)
	if err != nil {
		return ctrl.Result{}, err
	}
	route := newHTTPRoute()
	if err := r.live.Get(ctx, req.NamespacedName, route); err != nil {
		r.failures.Delete(req.NamespacedName)
		switch {
		case apimeta.IsNoMatchError(err):
			return r.agenda.wakeAt("HTTPRoute", req.NamespacedName, now, nil), nil
		case apierrors.IsNotFound(err): // it may have been the last that led away
			return r.agenda.wakeAt("HTTPRoute", req.NamespacedName, now, nil), r.revoke(ctx, req.Namespace, now)
		}
		return ctrl.Result{}, fmt.Errorf("reading HTTPRoute %s: %w", req.NamespacedName, err)
	}
	if route.GetDeletionTimestamp() != nil {
		return ctrl.Result{}, nil
	}
	orders, next, unknown := r.orders(ctx, now, req.NamespacedName)
	if orders == nil && unknown != nil {
		return ctrl.Result{}, unknown
	}
	changed, err := r.bring(ctx, route, orders, now)
	if apierrors.IsConflict(err) {
		return ctrl.Result{}, err
	}
	if err != nil {
		r.failures.Store(req.NamespacedName, oneLine(err.Error()))
	} else {
		_, failed := r.failures.LoadAndDelete(req.NamespacedName)
		changed = changed || failed
	}
	if changed || err != nil {
		schedules, listErr := r.toSchedules(ctx, req.NamespacedName)
		r.wake(schedules...)
		err = firstError(err, listErr)
	}
	result := r.agenda.wakeAt("HTTPRoute", req.NamespacedName, now, next)
	if brownsOut(orders) && (result.RequeueAfter == 0 || result.RequeueAfter > grantInterval) {
		result.RequeueAfter = grantInterval
	}
	return result, firstError(err, unknown)
}

// write updates the very object that was read: an edit of its owner in between is a conflict, and looked at again.
func (r *RouteReconciler) write(ctx context.Context, route *unstructured.Unstructured, orders []signal.Order, now time.Time) (bool, error) {
	known, err := readRoute(route)
	if err != nil {
		return false, err
	}
	rewritten, err := signal.Rewrite(known, orders, r.backend, now.Truncate(time.Second))
	if err != nil || !rewritten.Changed {
		return false, err
	}
	if err := unstructured.SetNestedSlice(route.Object, rewritten.Rules, "spec", "rules"); err != nil {
		return false, err
	}
	annotations := route.GetAnnotations()
	if annotations == nil {
		annotations = map[string]string{}
	}
	annotations[signal.RecordAnnotation] = rewritten.Record
	if rewritten.Record == "" {
		delete(annotations, signal.RecordAnnotation)
	}
	route.SetAnnotations(annotations)
	if err := r.client.Update(ctx, route); err != nil {
		return false, fmt.Errorf("writing HTTPRoute %s: %w", keyOf(route), err)
	}
	ctrl.LoggerFrom(ctx).Info("HTTPRoute written")
	return true, nil
}

var httpRouteKind = schema.GroupVersionKind{Group: gatewayv1.GroupName, Version: gatewayv1.GroupVersion.Version, Kind: "HTTPRoute"}

func newHTTPRoute() *unstructured.Unstructured {
	route := &unstructured.Unstructured{}
	route.SetGroupVersionKind(httpRouteKind)
	return route
}

func httpRouteMetadata() *metav1.PartialObjectMetadata {
	metadata := &metav1.PartialObjectMetadata{}
	metadata.SetGroupVersionKind(httpRouteKind)
	return metadata
}

func readRoute(route *unstructured.Unstructured) (signal.Route, error) {
	rules, _, err := unstructured.NestedSlice(route.Object, "spec", "rules")
	if err != nil {
		return signal.Route{}, fmt.Errorf("reading the rules of HTTPRoute %s: %w", keyOf(route), err)
	}
	others := 0
	for key, value := range route.GetAnnotations() {
		if key != signal.RecordAnnotation {
			others += len(key) + len(value)
		}
	}
	return signal.Route{
		Rules: rules, Record: route.GetAnnotations()[signal.RecordAnnotation], Room: annotationRoom - others,
	}, nil
}

// matterOfRoute is what is done again for.
func matterOfRoute(route *metav1.PartialObjectMetadata) any {
	return []any{route.Generation, route.Annotations[signal.RecordAnnotation], route.DeletionTimestamp}
}
