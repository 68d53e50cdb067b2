package controllers

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	apimeta "k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/controller-runtime/pkg/client"
	gatewayv1 "sigs.k8s.io/gateway-api/apis/v1"

	"forewarn.dev/forewarn/internal/signal"
)

// +kubebuilder:rbac:groups=gateway.networking.k8s.io,resources=referencegrants,verbs=create;delete,namespace=forewarn-system

// grantBook is what is known of the ReferenceGrants that let the routes of a namespace lead to the Service that answers in
// a brownout.
type grantBook struct {
	mu sync.Mutex
	// granted are the namespaces whose grant is as it has to be.
	granted map[string]bool
}

// bring writes a route. None leads away before it is granted, and the grant goes when the route is back:
//
//	grant -> write -> revoke
//
// A grant that fails holds up a brownout and nothing else: where it cannot be made, none takes place.
func (r *RouteReconciler) bring(ctx context.Context, route *unstructured.Unstructured, orders []signal.Order, now time.Time) (bool, error) {
	namespace := route.GetNamespace()
	needed, granted := r.grantNeeded(ctx, namespace, orders, now)
	if granted == nil && needed {
		granted = r.setGrant(ctx, namespace, true)
	}
	if granted != nil {
		orders = withoutBrownouts(orders)
	}
	changed, err := r.write(ctx, route, orders, now)
	if err == nil && granted == nil && !needed {
		granted = r.setGrant(ctx, namespace, false)
	}
	return changed, firstError(err, granted)
}

func withoutBrownouts(orders []signal.Order) []signal.Order {
	without := slices.Clone(orders)
	for i := range without {
		without[i].Brownout = nil
	}
	return without
}

// setGrant makes the grant of a namespace, or deletes it.
func (r *RouteReconciler) setGrant(ctx context.Context, namespace string, needed bool) error {
	if namespace == r.namespace {
		return nil
	}
	r.grants.mu.Lock()
	defer r.grants.mu.Unlock()
	if granted, known := r.grants.granted[namespace]; known && granted == needed {
		return nil
	}
	grant := r.newGrant(namespace)
	var err error
	if needed {
		err = r.client.Create(ctx, grant)
		if apierrors.IsAlreadyExists(err) {
			err = nil
		}
	} else if err = client.IgnoreNotFound(r.client.Delete(ctx, grant)); apimeta.IsNoMatchError(err) {
		err = nil
	}
	if err != nil {
		return fmt.Errorf("writing ReferenceGrant %s: %w", grant.GetName(), err)
	}
	if r.grants.granted == nil {
		r.grants.granted = map[string]bool{}
	}
	r.grants.granted[namespace] = needed
	return nil
}

// grantNeeded says that a route of the namespace may be taken away some time, or is.
func (r *RouteReconciler) grantNeeded(ctx context.Context, namespace string, orders []signal.Order, now time.Time) (bool, error) {
	for _, o := range orders {
		if o.Brownout != nil {
			return true, nil
		}
	}
	if !r.answers {
		return false, nil
	}
	return r.brownoutsCome(ctx, namespace, now)
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
