package controllers

import (
	"context"
	"sync"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/types"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/builder"
	"sigs.k8s.io/controller-runtime/pkg/manager"
	"sigs.k8s.io/controller-runtime/pkg/predicate"
	"sigs.k8s.io/controller-runtime/pkg/source"

	v1alpha1 "forewarn.dev/forewarn/api/v1alpha1"
	"forewarn.dev/forewarn/internal/downtime"
)

// sightings is who looks at the APIs, whether anybody asks or not. What was seen is kept until it is in a status:
//
//	EndpointSlices, samples -> sightings -> Record, Compact: the log -> Of: the account -> status
//	                               ^                                                         |
//	                               +--------------------- recorded --------------------------+
type sightings interface {
	// seen is what was seen of the API of a budget since its log. ok is false as long as this process cannot know: then
	// nothing is written down, and the budget is woken once it can.
	seen(ctx context.Context, budget *v1alpha1.DowntimeBudget, log downtime.Log) (s downtime.Sighting, ok bool, err error)
	// recorded says that the status holds all until a moment.
	recorded(key types.NamespacedName, until time.Time)
	// forget is for a budget that is gone, or whose API somebody else looks at.
	forget(key types.NamespacedName)
	// changed enqueues budgets of whose API something was seen.
	changed() source.Source
}

// DowntimeBudgetReconciler writes down how long an API was down, and how much of its budget that uses.
type DowntimeBudgetReconciler struct {
	shared
	// looked are sightings of EndpointSlices, and asked those of queries.
	looked, asked sightings
	// written is when this process last wrote each status, by key: what one says itself may be settled long before.
	written sync.Map
}

const (
	// driftInterval is how often numbers that change all the time are written.
	driftInterval = time.Minute
	// settledInterval is how often it is written until when a query was answered: a server that is asked for what came
	// after it need not remember for longer, however long an API was up.
	settledInterval = time.Hour
)

func addDowntimeBudget(mgr manager.Manager, s shared, w watches, o Options, looked sightings) error {
	desk := newAvailabilityDesk(s, dispatch{own: o.Own, inside: o.EgressRanges}, o.Offset)
	if err := addAvailability(mgr, s, desk); err != nil {
		return err
	}
	return ctrl.NewControllerManagedBy(mgr).Named("downtimebudget").
		For(&v1alpha1.DowntimeBudget{}, builder.WithPredicates(predicate.GenerationChangedPredicate{})).
		Watches(&v1alpha1.CustomerAPI{}, enqueue(w.toBudgets), builder.WithPredicates(predicate.GenerationChangedPredicate{})).
		Watches(&v1alpha1.ChangeNotice{}, enqueue(w.toBudgets), builder.WithPredicates(whenChanged(matterOfWindow))).
		Watches(&v1alpha1.DeprecationSchedule{}, enqueue(w.toBudgets), builder.WithPredicates(whenChanged(matterOfBrownout))).
		WatchesRawSource(looked.changed()).
		WatchesRawSource(desk.changed()).
		WithOptions(controllerOptions()).
		Complete(patient{&DowntimeBudgetReconciler{shared: s, looked: looked, asked: desk}})
}

// +kubebuilder:rbac:groups=forewarn.dev,resources=downtimebudgets,verbs=get;list;watch
// +kubebuilder:rbac:groups=forewarn.dev,resources=downtimebudgets/status,verbs=update
// +kubebuilder:rbac:groups=forewarn.dev,resources=deprecationschedules,verbs=get;list;watch

// Reconcile brings one budget up to date.
func (r *DowntimeBudgetReconciler) Reconcile(ctx context.Context, req ctrl.Request) (ctrl.Result, error) {
	budget := &v1alpha1.DowntimeBudget{}
	if err := r.client.Get(ctx, req.NamespacedName, budget); err != nil {
		if apierrors.IsNotFound(err) {
			r.looked.forget(req.NamespacedName)
			r.asked.forget(req.NamespacedName)
			r.written.Delete(req.NamespacedName)
			return r.agenda.wakeAt("DowntimeBudget", req.NamespacedName, time.Time{}, nil), nil
		}
		return ctrl.Result{}, err
	}
	now, err := r.clock.Now(ctx)
	if err != nil {
		return ctrl.Result{}, err
	}
	before := budget.DeepCopy()
	source, handsOver := r.sourceOf(budget)
	found, err := r.look(ctx, budget, source, now)
	if err != nil {
		setLookupFailed(&budget.Status.Conditions, budget.Generation, now, err)
		return ctrl.Result{}, firstError(err, r.writeStatus(ctx, budget, alike(&before.Status, &budget.Status)))
	}
	if found == nil { // somebody will wake us
		setNotMeasured(budget, now)
		return ctrl.Result{}, r.writeStatus(ctx, budget, alike(&before.Status, &budget.Status))
	}
	if handsOver {
		found.sighting.Digest = ""
	}
	result := setBudgetStatus(budget, found)
	rest := restOf(&before.Status, &budget.Status, r.writtenTime(before), found.now)
	if handsOver || rest == 0 {
		same := alike(&before.Status, &budget.Status) && !settledDue(before, found)
		if err := r.writeStatus(ctx, budget, same); err != nil {
			return ctrl.Result{}, err
		}
		if !same {
			r.written.Store(req.NamespacedName, found.now)
		}
		r.tell(before, budget)
	}
	source.recorded(req.NamespacedName, found.now)
	if handsOver { // whoever goes on does so from here, once the cache has it
		return ctrl.Result{RequeueAfter: conflictPause}, nil
	}
	return r.comeBack(req.NamespacedName, found, result, rest), nil
}

// writtenTime is when a status was last written, as far as is known.
func (r *DowntimeBudgetReconciler) writtenTime(budget *v1alpha1.DowntimeBudget) time.Time {
	var at time.Time
	if observed := budget.Status.ObservedTime; observed != nil {
		at = observed.Time
	}
	if own, ok := r.written.Load(keyOf(budget)); ok {
		at = laterOf(at, own.(time.Time))
	}
	return at
}

// sourceOf is who looks at the API of a budget; the other need not any more. A budget that was watched until now and is to
// be asked for is handed over: what was seen is written down first, which nobody has to do of an API that stays up.
func (r *DowntimeBudgetReconciler) sourceOf(budget *v1alpha1.DowntimeBudget) (source sightings, handsOver bool) {
	switch {
	case budget.Spec.Availability.Query == "":
		r.asked.forget(keyOf(budget))
		return r.looked, false
	case budget.Status.EndpointsDigest != "":
		return r.looked, true
	}
	r.looked.forget(keyOf(budget))
	return r.asked, false
}

// comeBack is when to look again: at the moment at which what is refused changes, and as often as the numbers do.
func (r *DowntimeBudgetReconciler) comeBack(key types.NamespacedName, found *foundDown, account downtime.Account, rest time.Duration) ctrl.Result {
	result := r.agenda.wakeAt("DowntimeBudget", key, found.now, account.NextChange)
	sooner := func(after time.Duration) {
		if result.RequeueAfter == 0 || after < result.RequeueAfter {
			result.RequeueAfter = max(after, time.Millisecond)
		}
	}
	if account.Drifts != nil {
		sooner(max(driftInterval, account.Drifts.Sub(found.now)))
	}
	if rest > 0 {
		sooner(rest)
	}
	if found.asked {
		sooner(settledInterval)
	}
	if found.nextBound != nil {
		sooner(found.nextBound.Sub(found.now))
	}
	return result
}
