package controllers

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	apimeta "k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/controller-runtime/pkg/client"
	gatewayv1 "sigs.k8s.io/gateway-api/apis/v1"

	v1alpha1 "forewarn.dev/forewarn/api/v1alpha1"
	"forewarn.dev/forewarn/internal/signal"
)

// +kubebuilder:rbac:groups=gateway.networking.k8s.io,resources=referencegrants,verbs=create;delete,namespace=forewarn-system

// grantInterval is how soon in a brownout a grant that somebody deleted is made again: requests get 500 meanwhile.
const grantInterval = 10 * time.Second

// grantBook is about the ReferenceGrants that let the routes of a namespace lead to the Service that answers in a brownout.
type grantBook struct {
	// mu is held for reading from a grant until what it is for is written, and for writing while one is deleted.
	mu sync.RWMutex
	// revoked are the namespaces that have none. That one has is never taken for granted: somebody may have deleted it.
	revoked sync.Map
}

// bring writes a route. None leads away before it is granted, and the grant goes when no route of the namespace does any
// more:
//
//	grant -> write -> revoke
//
// A grant that fails holds up a brownout and nothing else: where it cannot be made, none takes place.
func (r *RouteReconciler) bring(ctx context.Context, route *unstructured.Unstructured, orders []signal.Order, now time.Time) (bool, error) {
	changed, err := r.bringGranted(ctx, route, orders, now)
	if err != nil {
		return changed, err
	}
	return changed, r.revoke(ctx, route.GetNamespace(), now)
}

func (r *RouteReconciler) bringGranted(ctx context.Context, route *unstructured.Unstructured, orders []signal.Order, now time.Time) (bool, error) {
	r.grants.mu.RLock()
	defer r.grants.mu.RUnlock()
	granted := r.grant(ctx, route.GetNamespace(), orders, now)
	if granted != nil {
		orders = withoutBrownouts(orders)
	}
	changed, err := r.write(ctx, route, orders, now)
	return changed, firstError(err, granted)
}

func withoutBrownouts(orders []signal.Order) []signal.Order {
	without := slices.Clone(orders)
	for i := range without {
		without[i].Brownout = nil
	}
	return without
}

func brownsOut(orders []signal.Order) bool {
	return slices.ContainsFunc(orders, func(o signal.Order) bool { return o.Brownout != nil })
}

// grant makes the grant of a namespace where brownouts are to come, and each time that one is under way.
func (r *RouteReconciler) grant(ctx context.Context, namespace string, orders []signal.Order, now time.Time) error {
	if namespace == r.namespace {
		return nil
	}
	if !brownsOut(orders) {
		if come, err := r.brownoutsCome(ctx, namespace, now); err != nil || !come {
			return err
		}
	}
	r.grants.revoked.Delete(namespace)
	grant := r.newGrant(namespace)
	if err := r.client.Create(ctx, grant); err != nil && !apierrors.IsAlreadyExists(err) {
		return fmt.Errorf("creating ReferenceGrant %s: %w", grant.GetName(), err)
	}
	return nil
}

// revoke deletes the grant of a namespace where no brownout is to come and no route leads away any more.
func (r *RouteReconciler) revoke(ctx context.Context, namespace string, now time.Time) error {
	if _, known := r.grants.revoked.Load(namespace); known || namespace == r.namespace {
		return nil
	}
	r.grants.mu.Lock()
	defer r.grants.mu.Unlock()
	needed, err := r.brownoutsCome(ctx, namespace, now)
	if err == nil && !needed {
		needed, err = r.leadsAway(ctx, namespace)
	}
	if err != nil || needed {
		return err
	}
	grant := r.newGrant(namespace)
	if err := client.IgnoreNotFound(r.client.Delete(ctx, grant)); err != nil && !apimeta.IsNoMatchError(err) {
		return fmt.Errorf("deleting ReferenceGrant %s: %w", grant.GetName(), err)
	}
	r.grants.revoked.Store(namespace, true)
	return nil
}

// leadsAway says that a route of the namespace is away, by what is written on it now.
func (r *RouteReconciler) leadsAway(ctx context.Context, namespace string) (bool, error) {
	var list metav1.PartialObjectMetadataList
	list.SetGroupVersionKind(httpRouteKind.GroupVersion().WithKind(httpRouteKind.Kind + "List"))
	if err := r.live.List(ctx, &list, client.InNamespace(namespace)); err != nil {
		return false, fmt.Errorf("listing HTTPRoutes in %s: %w", namespace, err)
	}
	return slices.ContainsFunc(list.Items, func(route metav1.PartialObjectMetadata) bool {
		return signal.LeadsAway(route.Annotations[signal.RecordAnnotation])
	}), nil
}

// brownoutsCome says that a schedule of the namespace has a brownout that is not over, by its own dates or by those that
// customers were told, on a route that is ours to write. What cannot be found out may be one.
func (r *RouteReconciler) brownoutsCome(ctx context.Context, namespace string, now time.Time) (bool, error) {
	if !r.answers {
		return false, nil
	}
	var schedules v1alpha1.DeprecationScheduleList
	if err := r.client.List(ctx, &schedules, client.InNamespace(namespace), client.UnsafeDisableDeepCopy); err != nil {
		return false, fmt.Errorf("listing deprecation schedules in %s: %w", namespace, err)
	}
	return slices.ContainsFunc(schedules.Items, func(s v1alpha1.DeprecationSchedule) bool {
		ours := func(of v1alpha1.ScheduleRoute) bool { return of.WrittenBy == v1alpha1.RouteWrittenByForewarn }
		comes := func(b v1alpha1.Brownout) bool { return b.StartTime != nil && now.Before(endOf(&b)) }
		if !signal.Due(&s) || !slices.ContainsFunc(s.Spec.Routes, ours) {
			return false
		}
		if slices.ContainsFunc(s.Spec.Brownouts, comes) {
			return true
		}
		under, next, err := r.brownout(ctx, now, &s)
		return under != nil || next != nil || err != nil
	}), nil
}

func (r *RouteReconciler) newGrant(namespace string) *unstructured.Unstructured {
	grant := &unstructured.Unstructured{Object: map[string]any{"spec": map[string]any{
		"from": []any{map[string]any{"group": gatewayv1.GroupName, "kind": "HTTPRoute", "namespace": namespace}},
		"to":   []any{map[string]any{"group": "", "kind": "Service", "name": r.backend.Name}},
	}}}
	grant.SetAPIVersion(gatewayv1.GroupName + "/v1beta1") // which all versions of the Gateway API serve
	grant.SetKind("ReferenceGrant")
	grant.SetNamespace(r.namespace)
	grant.SetName(brownoutService + "-" + namespace)
	return grant
}
