package controllers

import (
	"context"
	"fmt"
	"time"

	apiequality "k8s.io/apimachinery/pkg/api/equality"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/ptr"
	ctrl "sigs.k8s.io/controller-runtime"

	v1alpha1 "forewarn.dev/forewarn/api/v1alpha1"
	"forewarn.dev/forewarn/internal/audience"
	"forewarn.dev/forewarn/internal/snapshot"
)

// listInterval is how soon a list that was written anew is noticed. Secrets are not watched: that would take the
// right to list all Secrets of a namespace, where reading those that are named is enough.
const listInterval = time.Minute

// AudienceReconciler says how many customers there are, and what they are owed beyond the policies.
type AudienceReconciler struct {
	shared
}

// Secrets are read where the owner of a namespace permits it: config/rbac/secret_reader.yaml.
// +kubebuilder:rbac:groups=forewarn.dev,resources=audiences,verbs=get;list;watch
// +kubebuilder:rbac:groups=forewarn.dev,resources=audiences/status,verbs=update

// Reconcile looks at one Audience.
func (r *AudienceReconciler) Reconcile(ctx context.Context, req ctrl.Request) (ctrl.Result, error) {
	a := &v1alpha1.Audience{}
	if err := r.client.Get(ctx, req.NamespacedName, a); err != nil {
		if apierrors.IsNotFound(err) {
			return r.agenda.wakeAt("Audience", req.NamespacedName, time.Time{}, nil), nil
		}
		return ctrl.Result{}, err
	}
	now, err := r.clock.Now(ctx)
	if err != nil {
		return ctrl.Result{}, err
	}
	before := a.DeepCopy()
	customers, err := r.snapshot.Customers(ctx, a)
	if err != nil {
		setLookupFailed(&a.Status.Conditions, a.Generation, now, err)
		same := apiequality.Semantic.DeepEqual(before.Status, a.Status)
		return ctrl.Result{}, firstError(err, r.writeStatus(ctx, a, same))
	}
	setAudienceStatus(a, customers, now)
	if err := r.writeStatus(ctx, a, apiequality.Semantic.DeepEqual(before.Status, a.Status)); err != nil {
		return ctrl.Result{}, err
	}
	r.announceConditions(a, before.Status.Conditions, a.Status.Conditions, v1alpha1.ConditionReady, v1alpha1.ConditionReachable)
	result := r.agenda.wakeAt("Audience", req.NamespacedName, now, timeOf(a.Status.NextChangeTime))
	if result.RequeueAfter == 0 || result.RequeueAfter > listInterval {
		result.RequeueAfter = listInterval
	}
	return result, nil
}

// setAudienceStatus writes down what the list says. One that cannot be believed changes nothing but the conditions.
func setAudienceStatus(a *v1alpha1.Audience, customers snapshot.Customers, now time.Time) {
	status := &a.Status
	status.ObservedGeneration = ptr.To(a.Generation)
	c := conditions{list: &status.Conditions, generation: a.Generation, now: now}
	problem := customers.Problem
	var summary audience.Summary
	if problem == nil {
		var err error
		if summary, err = audience.Summarise(customers.All); err != nil {
			problem = &snapshot.ListProblem{Reason: v1alpha1.ReasonListInvalid, Message: err.Error()}
		}
	}
	if problem != nil {
		c.set(v1alpha1.ConditionReady, metav1.ConditionFalse, problem.Reason, problem.Message)
		c.set(v1alpha1.ConditionReachable, metav1.ConditionUnknown, problem.Reason, "the list of customers cannot be read")
		return
	}
	status.Customers = ptr.To(int32(summary.Customers))
	status.Unreachable = ptr.To(int32(customers.Unreachable))
	status.Calendars, status.Terms, status.Locales = summary.Calendars, summary.Terms, summary.Locales
	status.ListDigest, status.ListTime = customers.Digest, optionalTime(customers.Written)

	stale, until := staleness(a, customers, now)
	status.NextChangeTime = optionalTime(until)
	if stale != "" {
		c.set(v1alpha1.ConditionReady, metav1.ConditionFalse, v1alpha1.ReasonListStale, stale)
	} else {
		c.set(v1alpha1.ConditionReady, metav1.ConditionTrue, v1alpha1.ReasonReady, fmt.Sprintf("%d customers", summary.Customers))
	}
	if customers.Unreachable > 0 {
		c.set(v1alpha1.ConditionReachable, metav1.ConditionFalse, v1alpha1.ReasonCustomersUnreachable, fmt.Sprintf(
			"no contact leads to %d of %d customers: give each at least one", customers.Unreachable, summary.Customers))
	} else {
		c.set(v1alpha1.ConditionReachable, metav1.ConditionTrue, v1alpha1.ReasonAllReachable, "a contact leads to each customer")
	}
}

// staleness says why the list is too old to be believed, or else until when it can be.
func staleness(a *v1alpha1.Audience, customers snapshot.Customers, now time.Time) (stale string, until *time.Time) {
	if a.Spec.StaleAfterDays <= 0 || a.Spec.CustomersFrom.Name == "" {
		return "", nil
	}
	const advice = "let whatever writes it set the annotation " + v1alpha1.ListedAtAnnotation + " to the moment at which it does"
	switch {
	case customers.Written == nil:
		return "nothing says how old the list is: " + advice, nil
	case customers.Written.After(now):
		return "the list says that it was written in the future: " + advice, nil
	}
	end := customers.Written.Add(time.Duration(a.Spec.StaleAfterDays) * 24 * time.Hour)
	if !now.Before(end) {
		return fmt.Sprintf("the list was written %s and is stale since %s (staleAfterDays: %d): write it anew, and %s",
			customers.Written.Format(time.RFC3339), end.Format(time.RFC3339), a.Spec.StaleAfterDays, advice), nil
	}
	return "", &end
}

func timeOf(t *metav1.Time) *time.Time {
	if t == nil {
		return nil
	}
	return &t.Time
}
