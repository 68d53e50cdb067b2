package controllers

import (
	"context"
	"fmt"
	"slices"

	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"

	v1alpha1 "forewarn.dev/forewarn/api/v1alpha1"
)

// toAPIs has the APIs looked at whose customers come by a route: it may lead them elsewhere than it did. Their controller
// is another, so that there is nothing to do for the one that asks.
func (r *definitionReconciler) toAPIs(ctx context.Context, route client.Object) []ctrl.Request {
	err := r.wakeAPIs(ctx, func(api *v1alpha1.CustomerAPI) bool {
		return slices.Contains(api.Spec.CarriedBy.HTTPRoutes, route.GetName())
	}, client.InNamespace(route.GetNamespace()))
	if err != nil {
		ctrl.LoggerFrom(ctx).Error(err, "Listing what an event concerns")
	}
	return nil
}

// wakeRouted is for the APIs whose routes have gone with their definition: of these no event tells.
func (r *definitionReconciler) wakeRouted(ctx context.Context) error {
	return r.wakeAPIs(ctx, func(api *v1alpha1.CustomerAPI) bool { return len(api.Spec.CarriedBy.HTTPRoutes) > 0 })
}

func (r *definitionReconciler) wakeAPIs(ctx context.Context, concerned func(*v1alpha1.CustomerAPI) bool, opts ...client.ListOption) error {
	var apis v1alpha1.CustomerAPIList
	if err := r.both.client.List(ctx, &apis, append(opts, client.UnsafeDisableDeepCopy)...); err != nil {
		return fmt.Errorf("listing customer APIs: %w", err)
	}
	for i := range apis.Items {
		if concerned(&apis.Items[i]) {
			r.both.board.apis.wake(keyOf(&apis.Items[i]))
		}
	}
	return nil
}
