package controllers

import (
	"context"
	"fmt"
	"time"

	apiequality "k8s.io/apimachinery/pkg/api/equality"
	apimeta "k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/builder"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/manager"
	"sigs.k8s.io/controller-runtime/pkg/predicate"

	v1alpha1 "forewarn.dev/forewarn/api/v1alpha1"
	"forewarn.dev/forewarn/internal/notice"
	"forewarn.dev/forewarn/internal/usage"
)

const (
	// usageInterval is how old an answer gets before it is asked again, and usageRetry how soon after one that could not
	// be believed.
	usageInterval = time.Hour
	usageRetry    = 5 * time.Minute
)

// UsageReconciler asks which customers used what. It stands beside the one that reads the list, which does not wait for
// a server that hangs.
type UsageReconciler struct {
	shared
	desk   *usageDesk
	offset time.Duration
}

func addUsage(mgr manager.Manager, s shared, o Options) error {
	return ctrl.NewControllerManagedBy(mgr).Named("usage").
		For(&v1alpha1.Audience{}, builder.WithPredicates(predicate.GenerationChangedPredicate{})).
		WithOptions(controllerOptions()).
		Complete(patient{&UsageReconciler{shared: s, desk: newUsageDesk(s, dispatch{own: o.Own, inside: o.EgressRanges}), offset: o.Offset}})
}

// Reconcile asks for one Audience when that is due.
func (r *UsageReconciler) Reconcile(ctx context.Context, req ctrl.Request) (ctrl.Result, error) {
	a := &v1alpha1.Audience{}
	if err := r.client.Get(ctx, req.NamespacedName, a); err != nil {
		return ctrl.Result{}, client.IgnoreNotFound(err)
	}
	now, err := r.clock.Now(ctx)
	if err != nil {
		return ctrl.Result{}, err
	}
	if a.Spec.Usage.Query == "" {
		return ctrl.Result{}, r.write(ctx, a, func(a *v1alpha1.Audience) {
			a.Status.Usage = v1alpha1.CustomerUsage{}
			apimeta.RemoveStatusCondition(&a.Status.Conditions, v1alpha1.ConditionUsageKnown)
		})
	}
	if due := usageDue(a); now.Before(due) {
		return ctrl.Result{RequeueAfter: due.Sub(now)}, nil
	}
	kept, problem, err := r.ask(ctx, a, now)
	if err != nil {
		return ctrl.Result{}, err
	}
	asked := a.Generation
	// What was read before is old by now: a server may take its time.
	if err := r.live.Get(ctx, req.NamespacedName, a); err != nil {
		return ctrl.Result{}, client.IgnoreNotFound(err)
	}
	if a.Generation != asked {
		return ctrl.Result{RequeueAfter: conflictPause}, nil
	}
	if err := r.write(ctx, a, func(a *v1alpha1.Audience) { setUsage(a, kept, problem, now) }); err != nil {
		return ctrl.Result{}, err
	}
	if problem != nil {
		r.metrics.usage.WithLabelValues(problem.Reason).Inc()
		return ctrl.Result{RequeueAfter: usageRetry}, nil
	}
	r.metrics.usage.WithLabelValues(v1alpha1.ReasonUsageKnown).Inc()
	return ctrl.Result{RequeueAfter: usageInterval}, nil
}

// usageDue is when to ask again; zero for at once.
func usageDue(a *v1alpha1.Audience) time.Time {
	last := &a.Status.Usage
	if last.Time == nil || last.QueryDigest != notice.UsageDigest(&a.Spec.Usage) {
		return time.Time{}
	}
	return last.Time.Add(usageInterval)
}

func (r *UsageReconciler) ask(ctx context.Context, a *v1alpha1.Audience, now time.Time) (v1alpha1.CustomerUsage, *usage.Problem, error) {
	if r.offset != 0 {
		return v1alpha1.CustomerUsage{}, &usage.Problem{Reason: v1alpha1.ReasonClockOffset, Text: fmt.Sprintf(
			"the clock is moved on by %s: what customers will have used by then nobody knows", r.offset)}, nil
	}
	customers, err := r.snapshot.Customers(ctx, a)
	if err != nil {
		return v1alpha1.CustomerUsage{}, nil, err
	}
	_, kept, problem, err := r.desk.ask(ctx, a, customers, now)
	return kept, problem, err
}

func (r *UsageReconciler) write(ctx context.Context, a *v1alpha1.Audience, change func(*v1alpha1.Audience)) error {
	before := a.DeepCopy()
	change(a)
	if err := r.writeStatus(ctx, a, apiequality.Semantic.DeepEqual(before.Status, a.Status)); err != nil {
		return err
	}
	r.announceConditions(a, before.Status.Conditions, a.Status.Conditions, v1alpha1.ConditionUsageKnown)
	return nil
}

// setUsage writes an answer down, or why there is none. An earlier one to the same query counts until it is a day old.
func setUsage(a *v1alpha1.Audience, kept v1alpha1.CustomerUsage, problem *usage.Problem, now time.Time) {
	c := conditions{list: &a.Status.Conditions, generation: a.Generation, now: now}
	if problem == nil {
		a.Status.Usage = kept
		c.set(v1alpha1.ConditionUsageKnown, metav1.ConditionTrue, v1alpha1.ReasonUsageKnown, fmt.Sprintf(
			"%d customers used %d operations in the last %d days%s", *kept.Customers, len(kept.Operations), kept.WindowDays, besides(kept.Unlisted)))
		return
	}
	last := &a.Status.Usage
	message := problem.Text + "; until it is known who used what, a change affects all customers"
	if last.Time != nil && last.QueryDigest == notice.UsageDigest(&a.Spec.Usage) && now.Before(last.Time.Add(notice.UsageBelieved)) {
		message = fmt.Sprintf("%s; the answer of %s counts until %s", problem.Text,
			last.Time.UTC().Format(time.RFC3339), last.Time.Add(notice.UsageBelieved).UTC().Format(time.RFC3339))
	} else {
		a.Status.Usage = v1alpha1.CustomerUsage{}
	}
	c.set(v1alpha1.ConditionUsageKnown, metav1.ConditionFalse, problem.Reason, message)
}

func besides(unlisted int32) string {
	if unlisted == 0 {
		return ""
	}
	return fmt.Sprintf(", and so did %d who are not in the list: add them to it", unlisted)
}
