package controllers

import (
	"context"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	"forewarn.dev/forewarn/internal/snapshot"
)

// conflictPause is time for the cache to see the object that was written meanwhile, often by ourselves.
const conflictPause = 20 * time.Millisecond

// unreadPause is how long nobody looks again for what cannot be read, unless it changes.
const unreadPause = time.Minute

// patient looks again after a conflict. It is how an optimistic lock works, and nothing to report.
type patient struct{ reconcile.Reconciler }

func (p patient) Reconcile(ctx context.Context, req ctrl.Request) (ctrl.Result, error) {
	result, err := p.Reconciler.Reconcile(ctx, req)
	if ctx.Err() != nil {
		return ctrl.Result{}, nil //nolint:nilerr // the manager ends, and whatever failed failed because of that
	}
	if apierrors.IsConflict(err) {
		ctrl.LoggerFrom(ctx).V(1).Info("Looking again after a conflict", "conflict", err.Error())
		return ctrl.Result{RequeueAfter: conflictPause}, nil
	}
	if isBehind(err) {
		ctrl.LoggerFrom(ctx).V(1).Info("Waiting for what was not seen yet", "cause", err.Error())
		return result, nil
	}
	if snapshot.IsUnreadable(err) {
		// Its own event brings back whoever depends on it. The pause makes up for a status that was not written.
		ctrl.LoggerFrom(ctx).V(1).Info("Waiting for what cannot be read", "cause", err.Error())
		if result.RequeueAfter <= 0 || result.RequeueAfter > unreadPause {
			result.RequeueAfter = unreadPause
		}
		return result, nil
	}
	if apierrors.HasStatusCause(err, corev1.NamespaceTerminatingCause) {
		return ctrl.Result{}, nil // it goes with its namespace
	}
	return result, err
}
