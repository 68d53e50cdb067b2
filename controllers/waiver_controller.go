package controllers

import (
	"context"
	"fmt"
	"time"

	apiequality "k8s.io/apimachinery/pkg/api/equality"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/utils/ptr"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"

	v1alpha1 "forewarn.dev/forewarn/api/v1alpha1"
	"forewarn.dev/forewarn/internal/gate"
)

// WaiverReconciler says of each waiver whether it counts.
type WaiverReconciler struct {
	shared
	// offset is how far the clock is moved on for a rehearsal.
	offset time.Duration
}

// +kubebuilder:rbac:groups=forewarn.dev,resources=waivers,verbs=get;list;watch
// +kubebuilder:rbac:groups=forewarn.dev,resources=waivers/status,verbs=update

// Reconcile looks at one waiver.
func (r *WaiverReconciler) Reconcile(ctx context.Context, req ctrl.Request) (ctrl.Result, error) {
	waiver := &v1alpha1.Waiver{}
	if err := r.client.Get(ctx, req.NamespacedName, waiver); err != nil {
		if apierrors.IsNotFound(err) {
			return r.agenda.wakeAt("Waiver", req.NamespacedName, time.Time{}, nil), nil
		}
		return ctrl.Result{}, err
	}
	now, err := r.clock.Now(ctx)
	if err != nil {
		return ctrl.Result{}, err
	}
	before := waiver.DeepCopy()
	next, err := r.reconcile(ctx, waiver, now)
	if err != nil {
		return ctrl.Result{}, err
	}
	if err := r.writeStatus(ctx, waiver, apiequality.Semantic.DeepEqual(before.Status, waiver.Status)); err != nil {
		return ctrl.Result{}, err
	}
	r.announceConditions(waiver, before.Status.Conditions, waiver.Status.Conditions, v1alpha1.ConditionActive)
	return r.agenda.wakeAt("Waiver", req.NamespacedName, now, next), nil
}

func (r *WaiverReconciler) reconcile(ctx context.Context, waiver *v1alpha1.Waiver, now time.Time) (*time.Time, error) {
	active, reason, message, next := gate.EvaluateWaiver(waiver, now)
	if reason == v1alpha1.ReasonExpired {
		message = expiredMessage(waiver, now, r.offset, message)
	}
	waiver.Status.ObservedGeneration = ptr.To(waiver.Generation)
	c := conditions{list: &waiver.Status.Conditions, generation: waiver.Generation, now: now}
	c.set(v1alpha1.ConditionActive, isTrue(active), reason, message)

	revision := types.NamespacedName{Namespace: waiver.Namespace, Name: string(waiver.Spec.Revision)}
	err := r.client.Get(ctx, revision, &v1alpha1.APIRevision{}, client.UnsafeDisableDeepCopy)
	switch {
	case apierrors.IsNotFound(err):
		c.set(v1alpha1.ConditionReady, metav1.ConditionFalse, v1alpha1.ReasonRevisionNotFound,
			"there is no APIRevision "+revision.Name+" in this namespace: the waiver lets nothing pass")
	case err != nil:
		return nil, err
	case active || reason == v1alpha1.ReasonExpired:
		c.set(v1alpha1.ConditionReady, metav1.ConditionTrue, v1alpha1.ReasonReady, message)
	default:
		c.set(v1alpha1.ConditionReady, metav1.ConditionFalse, reason, message)
	}
	return next, nil
}

// expiredMessage says of a waiver that is over for the clock of a rehearsal alone that this is so: it is created by the
// clock of the API server, which nobody moves on, and can end no later than 24 hours after that.
func expiredMessage(waiver *v1alpha1.Waiver, now time.Time, offset time.Duration, message string) string {
	if active, _, _, _ := gate.EvaluateWaiver(waiver, now.Add(-offset)); offset == 0 || !active {
		return message
	}
	return fmt.Sprintf("%s by the clock of this rehearsal, which is moved on by %s; it counts once the manager runs without --clock-offset", message, offset)
}
