package controllers

import (
	"context"
	"fmt"
	"net/netip"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	appsv1 "k8s.io/api/apps/v1"
	coordinationv1 "k8s.io/api/coordination/v1"
	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/util/workqueue"
	"k8s.io/utils/clock"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/builder"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/controller"
	"sigs.k8s.io/controller-runtime/pkg/handler"
	"sigs.k8s.io/controller-runtime/pkg/manager"
	"sigs.k8s.io/controller-runtime/pkg/predicate"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	v1alpha1 "forewarn.dev/forewarn/api/v1alpha1"
	"forewarn.dev/forewarn/internal/snapshot"
)

// Options are what the reconcilers are set up with.
type Options struct {
	// Namespace is that of forewarn itself.
	Namespace string
	// Clock tells the time that verdicts are for.
	Clock snapshot.Clock
	// Own measures how long things take, and when to rehearse next.
	Own clock.WithTicker
	// Offset is how far Clock is moved on, to be shown.
	Offset time.Duration
	// Leader tells the epoch of this process.
	Leader Leader
	// Metrics takes the metrics.
	Metrics prometheus.Registerer
	// EgressRanges are what channels may open of the network inside.
	EgressRanges []netip.Prefix
	// Feed is what customers can subscribe to.
	Feed Feed
	// Answers is how customers answer.
	Answers *Answers
	// Brownouts is where this manager answers in place of what a brownout takes away; empty or "0" for nowhere.
	Brownouts string

	// line knows when EndpointSlices are watched.
	line *lookoutLine
}

// account is the ServiceAccount of the manager, which config/admission names, too.
const account = "forewarn-manager"

const (
	// workers is how many objects of a kind are looked at side by side. One that takes long, such as a contract of
	// thousands of operations, leaves the others a way.
	workers = 4
	// firstRetry doubles up to lastRetry: what was put right, such as a quota, is to be noticed soon.
	firstRetry = 5 * time.Millisecond
	lastRetry  = 30 * time.Second
)

func controllerOptions() controller.Options {
	return controller.Options{
		MaxConcurrentReconciles: workers,
		RateLimiter:             workqueue.NewTypedItemExponentialFailureRateLimiter[reconcile.Request](firstRetry, lastRetry),
	}
}

// +kubebuilder:rbac:groups=coordination.k8s.io,resources=leases,verbs=get;list;watch
// +kubebuilder:rbac:groups=events.k8s.io,resources=events,verbs=create;patch

// Setup adds all reconcilers and the canary to the manager. The cache of the manager must be made by CacheOptions.
func Setup(ctx context.Context, mgr manager.Manager, o Options) (*Canary, error) {
	if err := snapshot.AddIndexes(ctx, mgr.GetFieldIndexer()); err != nil {
		return nil, err
	}
	// Nothing is to be decided before all of it was read (A12): known before the manager starts, caches are synced
	// before the first reconciler runs.
	for _, object := range cached() {
		if _, err := mgr.GetCache().GetInformer(ctx, object); err != nil {
			return nil, fmt.Errorf("caching %T: %w", object, err)
		}
	}
	s, err := newShared(mgr, o)
	if err != nil {
		return nil, err
	}
	policies := &waker{}
	canary, err := newCanary(mgr, s, o, policies)
	if err != nil {
		return nil, err
	}
	looked, err := addLookout(mgr, o)
	if err != nil {
		return nil, err
	}
	w := watches{cache: mgr.GetClient()}
	for _, add := range []func() error{
		func() error { return addGuards(mgr, o, canary) },
		func() error { return addNoticePolicy(mgr, s, w, o, canary, policies) },
		func() error { return addCustomerAPI(mgr, s, w) },
		func() error { return addAPIRevision(mgr, s, w, o) },
		func() error { return addChangeNotice(mgr, s, w, o) },
		func() error { return addDeprecationSchedule(mgr, s, w, o) },
		func() error { return addScheduleUsage(mgr, s, w, o) },
		func() error { return addAudience(mgr, s) },
		func() error { return addUsage(mgr, s, o) },
		func() error { return addDelivery(mgr, s, w, o) },
		func() error { return addDowntimeBudget(mgr, s, w, o, looked) },
		func() error { return addApology(mgr, s, w) },
		func() error { return addWaiver(mgr, s, w, o.Offset) },
		func() error { return addProposal(mgr, s) },
		func() error { return addKeptContract(mgr, s) },
		func() error { return addGate(mgr, s, w, o) },
		func() error { return addFeed(mgr, s, o) },
		func() error { return addAnswers(ctx, mgr, s, o) },
		func() error { return addRoutes(ctx, mgr, s, w, o) },
		func() error { return addRest(mgr, s, looked) },
		func() error { return mgr.Add(unreadable{shared: s, cache: mgr.GetCache(), log: mgr.GetLogger()}) },
	} {
		if err := add(); err != nil {
			return nil, err
		}
	}
	return canary, nil
}

func cached() []client.Object {
	return []client.Object{
		&v1alpha1.NoticePolicy{}, &v1alpha1.CustomerAPI{}, &v1alpha1.APIRevision{}, &v1alpha1.ChangeNotice{}, &v1alpha1.Waiver{},
		&v1alpha1.DeprecationSchedule{}, &v1alpha1.Audience{}, &v1alpha1.NoticeChannel{}, &v1alpha1.DeliveryRecord{},
		&v1alpha1.DowntimeBudget{},
		keptContractMetadata(),
		&corev1.Namespace{}, &corev1.Service{}, &discoveryv1.EndpointSlice{}, &corev1.Pod{}, &corev1.ConfigMap{},
		&appsv1.Deployment{}, &appsv1.ReplicaSet{}, &appsv1.StatefulSet{}, &appsv1.DaemonSet{},
		&coordinationv1.Lease{}, // which nobody watches: the clock reads them
	}
}

func newShared(mgr manager.Manager, o Options) (shared, error) {
	m, err := newMetrics(o.Metrics)
	if err != nil {
		return shared{}, fmt.Errorf("registering metrics: %w", err)
	}
	m.offset.Set(o.Offset.Seconds())
	agenda := newAgenda()
	if err := o.Metrics.Register(newScraped(mgr.GetClient(), agenda, o.Clock)); err != nil {
		return shared{}, fmt.Errorf("registering metrics: %w", err)
	}
	return shared{
		client:        readableClient{Client: mgr.GetClient(), readable: snapshot.Readable(mgr.GetClient())},
		live:          mgr.GetAPIReader(),
		snapshot:      snapshot.New(mgr.GetClient(), mgr.GetAPIReader()).As(types.NamespacedName{Namespace: o.Namespace, Name: account}),
		board:         newBoard(),
		led:           newLedBook(),
		agenda:        agenda,
		clock:         o.Clock,
		events:        mgr.GetEventRecorder("forewarn"),
		metrics:       m,
		namespace:     o.Namespace,
		routeInformer: &routeInformer{cache: mgr.GetCache(), mapper: mgr.GetRESTMapper()},
	}, nil
}

func newCanary(mgr manager.Manager, s shared, o Options, policies *waker) (*Canary, error) {
	live, err := client.New(mgr.GetConfig(), client.Options{Scheme: mgr.GetScheme(), Mapper: mgr.GetRESTMapper()})
	if err != nil {
		return nil, fmt.Errorf("connecting the canary: %w", err)
	}
	canary := &Canary{
		config: mgr.GetConfig(), live: live, namespace: o.Namespace, clock: o.Own, metrics: s.metrics, policies: policies,
		proven: make(chan struct{}),
		log:    mgr.GetLogger().WithName("canary"),
	}
	return canary, mgr.Add(canary)
}

func addNoticePolicy(mgr manager.Manager, s shared, w watches, o Options, canary *Canary, policies *waker) error {
	return ctrl.NewControllerManagedBy(mgr).Named("noticepolicy").
		For(&v1alpha1.NoticePolicy{}).
		Watches(&v1alpha1.CustomerAPI{}, enqueue(w.toPolicies), builder.WithPredicates(predicate.LabelChangedPredicate{})).
		Watches(&corev1.Namespace{}, enqueue(w.toPolicies), builder.WithPredicates(predicate.LabelChangedPredicate{})).
		WatchesRawSource(policies).
		WithOptions(controllerOptions()).
		Complete(patient{&NoticePolicyReconciler{shared: s, canary: canary, offset: o.Offset}})
}

func addCustomerAPI(mgr manager.Manager, s shared, w watches) error {
	b := ctrl.NewControllerManagedBy(mgr).Named("customerapi").
		For(&v1alpha1.CustomerAPI{}).
		Watches(&v1alpha1.APIRevision{}, enqueue(w.toAPIs), builder.WithPredicates(whenChanged(matterOfRevision))).
		Watches(&v1alpha1.ChangeNotice{}, enqueue(w.toAPIs), builder.WithPredicates(whenChanged(matterOfNotice))).
		Watches(&v1alpha1.Waiver{}, enqueue(w.toAPIs), builder.WithPredicates(predicate.GenerationChangedPredicate{})).
		Watches(&v1alpha1.NoticePolicy{}, enqueue(w.toAPIs), builder.WithPredicates(whenChanged(matterOfPolicy))).
		Watches(&corev1.Namespace{}, enqueue(w.toAPIs), builder.WithPredicates(predicate.LabelChangedPredicate{})).
		WatchesRawSource(s.board.apis).
		WithOptions(controllerOptions())
	carried := func(object client.Object, changed predicate.Predicate) {
		b = b.Watches(object, enqueue(w.toCarried), builder.WithPredicates(changed))
	}
	carried(&corev1.Service{}, whenChanged(observable[*corev1.Service]))
	carried(&corev1.Pod{}, whenChanged(observable[*corev1.Pod]))
	carried(&appsv1.ReplicaSet{}, whenChanged(observable[*appsv1.ReplicaSet]))
	carried(&appsv1.Deployment{}, whenChanged(observable[*appsv1.Deployment]))
	carried(&appsv1.StatefulSet{}, whenChanged(observable[*appsv1.StatefulSet]))
	carried(&appsv1.DaemonSet{}, whenChanged(observable[*appsv1.DaemonSet]))
	return b.Complete(patient{&CustomerAPIReconciler{shared: s}})
}

func addAPIRevision(mgr manager.Manager, s shared, w watches, o Options) error {
	return ctrl.NewControllerManagedBy(mgr).Named("apirevision").
		For(&v1alpha1.APIRevision{}).
		Watches(&v1alpha1.CustomerAPI{}, enqueue(w.toRevisions), builder.WithPredicates(whenChanged(matterOfAPI))).
		Watches(&v1alpha1.ChangeNotice{}, enqueue(w.toRevisions), builder.WithPredicates(whenChanged(matterOfNotice))).
		Watches(&v1alpha1.Waiver{}, enqueue(w.toRevisions), builder.WithPredicates(predicate.GenerationChangedPredicate{})).
		Watches(&v1alpha1.NoticePolicy{}, enqueue(w.toRevisions), builder.WithPredicates(whenChanged(matterOfPolicy))).
		Watches(&v1alpha1.Audience{}, enqueue(w.toRevisions), builder.WithPredicates(whenChanged(matterOfAudience))).
		Watches(&v1alpha1.DeprecationSchedule{}, enqueue(w.toRevisions), builder.WithPredicates(whenChanged(matterOfDeprecation))).
		Watches(&corev1.Namespace{}, enqueue(w.toRevisions), builder.WithPredicates(predicate.LabelChangedPredicate{})).
		Watches(&corev1.ConfigMap{}, &handler.EnqueueRequestForObject{}). // the proposal of the same name
		WatchesRawSource(s.board.revisions).
		WithOptions(controllerOptions()).
		Complete(patient{&APIRevisionReconciler{shared: s, began: newStopwatch(o.Own)}})
}

func addChangeNotice(mgr manager.Manager, s shared, w watches, o Options) error {
	return ctrl.NewControllerManagedBy(mgr).Named("changenotice").
		For(&v1alpha1.ChangeNotice{}).
		Watches(&v1alpha1.ChangeNotice{}, enqueue(w.toNotices), builder.WithPredicates(whenChanged(matterOfNotice))).
		Watches(&v1alpha1.CustomerAPI{}, enqueue(w.toNotices), builder.WithPredicates(whenChanged(matterOfAPI))).
		Watches(&v1alpha1.NoticePolicy{}, enqueue(w.toNotices), builder.WithPredicates(whenChanged(matterOfPolicy))).
		Watches(&v1alpha1.Audience{}, enqueue(w.toNotices), builder.WithPredicates(whenChanged(matterOfAudience))).
		Watches(&v1alpha1.DeprecationSchedule{}, enqueue(toScheduled), builder.WithPredicates(whenChanged(matterOfSchedule))).
		Watches(&corev1.Namespace{}, enqueue(w.toNotices), builder.WithPredicates(predicate.LabelChangedPredicate{})).
		WithOptions(controllerOptions()).
		Complete(patient{&ChangeNoticeReconciler{shared: s, noAnswers: o.noAnswers()}})
}

func addAudience(mgr manager.Manager, s shared) error {
	return ctrl.NewControllerManagedBy(mgr).Named("audience").
		For(&v1alpha1.Audience{}, builder.WithPredicates(predicate.GenerationChangedPredicate{})).
		WithOptions(controllerOptions()).
		Complete(patient{&AudienceReconciler{shared: s}})
}

func addWaiver(mgr manager.Manager, s shared, w watches, offset time.Duration) error {
	return ctrl.NewControllerManagedBy(mgr).Named("waiver").
		For(&v1alpha1.Waiver{}).
		Watches(&v1alpha1.APIRevision{}, enqueue(w.toWaivers), builder.WithPredicates(predicate.GenerationChangedPredicate{})).
		WithOptions(controllerOptions()).
		Complete(patient{&WaiverReconciler{shared: s, offset: offset}})
}

func addProposal(mgr manager.Manager, s shared) error {
	return ctrl.NewControllerManagedBy(mgr).Named("proposal").
		For(&corev1.ConfigMap{}).
		Watches(&v1alpha1.APIRevision{}, &handler.EnqueueRequestForObject{}, builder.WithPredicates(predicate.GenerationChangedPredicate{})).
		WithOptions(controllerOptions()).
		Complete(patient{&ProposalReconciler{shared: s}})
}

func addKeptContract(mgr manager.Manager, s shared) error {
	return ctrl.NewControllerManagedBy(mgr).Named("keptcontract").
		For(&v1alpha1.KeptContract{}, builder.OnlyMetadata).
		Watches(&v1alpha1.APIRevision{}, enqueue(released), builder.WithPredicates(whenChanged(func(r *v1alpha1.APIRevision) any {
			return r.Status.Contracts
		}))).
		Watches(&v1alpha1.CustomerAPI{}, enqueue(released), builder.WithPredicates(whenChanged(func(a *v1alpha1.CustomerAPI) any {
			return a.Status.Promised
		}))).
		WithOptions(controllerOptions()).
		Complete(patient{&KeptContractReconciler{shared: s}})
}

func addGate(mgr manager.Manager, s shared, w watches, o Options) error {
	reconciler := &GateReconciler{
		shared: s, leader: o.Leader, pace: newPace(o.Own), changes: &gateChanges{at: map[string]time.Time{}},
	}
	return ctrl.NewControllerManagedBy(mgr).Named("gate").
		For(&corev1.Namespace{}, builder.WithPredicates(whenChanged(observable[*corev1.Namespace]))).
		Watches(&v1alpha1.CustomerAPI{}, enqueue(w.toNamespaces), builder.WithPredicates(whenChanged(matterOfGate))).
		Watches(&v1alpha1.ChangeNotice{}, enqueue(w.toNamespaces), builder.WithPredicates(whenChanged(matterOfNotice))).
		Watches(&v1alpha1.DeprecationSchedule{}, enqueue(w.toNamespaces), builder.WithPredicates(whenChanged(matterOfSignals))).
		Watches(&v1alpha1.NoticePolicy{}, enqueue(w.toNamespaces), builder.WithPredicates(whenChanged(matterOfPolicy))).
		Watches(&v1alpha1.DowntimeBudget{}, enqueue(w.toNamespaces), builder.WithPredicates(whenChanged(matterOfBudget))).
		Watches(&appsv1.Deployment{}, enqueue(w.toNamespaces), builder.WithPredicates(whenStopping())).
		Watches(&appsv1.StatefulSet{}, enqueue(w.toNamespaces), builder.WithPredicates(whenStopping())).
		Watches(&appsv1.DaemonSet{}, enqueue(w.toNamespaces), builder.WithPredicates(whenStopping())).
		Watches(&appsv1.ReplicaSet{}, enqueue(w.toNamespaces), builder.WithPredicates(predicate.NewPredicateFuncs(func(o client.Object) bool {
			set, ok := o.(*appsv1.ReplicaSet)
			return ok && replicaSetRefused(set)
		}))).
		WatchesRawSource(s.board.gates).
		WithOptions(controllerOptions()).
		Complete(patient{reconciler})
}
