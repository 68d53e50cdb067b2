package controllers

import (
	"context"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/builder"
	"sigs.k8s.io/controller-runtime/pkg/manager"
	"sigs.k8s.io/controller-runtime/pkg/predicate"

	v1alpha1 "forewarn.dev/forewarn/api/v1alpha1"
)

// AvailabilityReconciler asks Prometheus servers whether APIs are up, every step. It stands beside the one that counts,
// which does not wait for a server that hangs.
type AvailabilityReconciler struct {
	shared
	desk *availabilityDesk
}

// availabilityRetry is how soon a server that did not answer is asked again, at the earliest.
const availabilityRetry = 10 * time.Second

func addAvailability(mgr manager.Manager, s shared, desk *availabilityDesk) error {
	return ctrl.NewControllerManagedBy(mgr).Named("availability").
		For(&v1alpha1.DowntimeBudget{}, builder.WithPredicates(predicate.GenerationChangedPredicate{})).
		WithOptions(controllerOptions()).
		Complete(patient{&AvailabilityReconciler{shared: s, desk: desk}})
}

// Reconcile asks for one budget when that is due.
func (r *AvailabilityReconciler) Reconcile(ctx context.Context, req ctrl.Request) (ctrl.Result, error) {
	budget := &v1alpha1.DowntimeBudget{}
	if err := r.client.Get(ctx, req.NamespacedName, budget); err != nil {
		if apierrors.IsNotFound(err) {
			r.desk.forget(req.NamespacedName)
			return ctrl.Result{}, nil
		}
		return ctrl.Result{}, err
	}
	if budget.Spec.Availability.Query == "" {
		r.desk.forget(req.NamespacedName)
		return ctrl.Result{}, nil
	}
	now, err := r.clock.Now(ctx)
	if err != nil {
		return ctrl.Result{}, err
	}
	step := stepOf(&budget.Spec.Availability)
	q := r.desk.next(budget, now)
	if q.wait > 0 {
		return ctrl.Result{RequeueAfter: q.wait}, nil
	}
	points, text, err := r.desk.ask(ctx, budget, q)
	if err != nil {
		return ctrl.Result{}, err
	}
	if text != "" {
		r.desk.fail(req.NamespacedName, q, now, text)
		r.desk.wakes.wake(req.NamespacedName)
		r.metrics.availability.WithLabelValues(v1alpha1.ReasonQueryFailed).Inc()
		return ctrl.Result{RequeueAfter: max(step, availabilityRetry)}, nil
	}
	problem, changed := r.desk.answer(req.NamespacedName, q, step, points)
	if changed {
		r.desk.wakes.wake(req.NamespacedName)
	}
	if problem != nil {
		r.metrics.availability.WithLabelValues(v1alpha1.ReasonQueryFailed).Inc()
	} else {
		r.metrics.availability.WithLabelValues(v1alpha1.ReasonMeasured).Inc()
	}
	if q.more {
		return ctrl.Result{RequeueAfter: time.Millisecond}, nil
	}
	return ctrl.Result{RequeueAfter: max(q.until.Add(step).Sub(now), time.Millisecond)}, nil
}
