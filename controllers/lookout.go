package controllers

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/go-logr/logr"
	"github.com/prometheus/client_golang/prometheus"
	coordinationv1 "k8s.io/api/coordination/v1"
	"k8s.io/apimachinery/pkg/types"
	toolscache "k8s.io/client-go/tools/cache"
	"sigs.k8s.io/controller-runtime/pkg/cache"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/manager"
	"sigs.k8s.io/controller-runtime/pkg/source"

	v1alpha1 "forewarn.dev/forewarn/api/v1alpha1"
	"forewarn.dev/forewarn/internal/downtime"
)

// lookout looks at the APIs that have a budget, in every replica and from its start: whoever takes over has seen it all.
// It keeps what it sees in memory until the leader asks, and polls nothing.
//
//	EndpointSlice --> which of its pods are ready ---\
//	Service, workloads --> how many are wanted -------+--> state of the API, by each budget --> a sight, where it changed
//	HTTPRoutes --> which Services rest ---------------/
//	Pod, Deployment --> what happened to them -------/         |                                   |
//	Lease of an API server --> the time                       wakes the reconciler, which asks what was seen
type lookout struct {
	informers cache.Cache
	// pods reads pods from the cache.
	pods  client.Reader
	clock *lookoutClock
	line  *lookoutLine
	woken *waker
	// routes wakes whoever reads the HTTPRoutes of an API.
	routes *waker
	log    logr.Logger

	mu sync.Mutex
	// begun says that all there is was read.
	begun bool
	// told is the latest moment that anybody was told.
	told time.Time
	// stamp is what the leader before wrote down last; nil until this process leads and has read it.
	stamp    *lookoutStamp
	budgets  map[types.NamespacedName]*lookedAt
	apis     map[types.NamespacedName]*lookedFor
	services map[types.NamespacedName]*backing
	// inNamespace are the same by their namespace.
	inNamespace map[string]map[*backing]bool
	// homes are the Services of the EndpointSlices.
	homes map[types.NamespacedName]types.NamespacedName
	// workloads are those of a namespace.
	workloads map[string]map[v1alpha1.WorkloadRef]*workloadSeen
	disrupted *disruptions
	// version is the latest resourceVersion of an EndpointSlice that was seen.
	version uint64
}

// lookedFor is an API by name, whether there is one or not.
type lookedFor struct {
	there    bool
	services []string
	// routes are the HTTPRoutes by which customers come to these.
	routes  []string
	rest    restSeen
	budgets map[types.NamespacedName]bool
}

func newLookout(informers cache.Cache, line *lookoutLine) *lookout {
	return &lookout{
		informers: informers, pods: informers, clock: newLookoutClock(line.gone), line: line, woken: &waker{}, routes: &waker{},
		budgets:     map[types.NamespacedName]*lookedAt{},
		apis:        map[types.NamespacedName]*lookedFor{},
		services:    map[types.NamespacedName]*backing{},
		inNamespace: map[string]map[*backing]bool{},
		homes:       map[types.NamespacedName]types.NamespacedName{},
		workloads:   map[string]map[v1alpha1.WorkloadRef]*workloadSeen{},
		disrupted:   newDisruptions(),
	}
}

// addLookout adds what looks at the APIs, and what stamps until when.
func addLookout(mgr manager.Manager, o Options) (*lookout, error) {
	l := newLookout(mgr.GetCache(), o.line)
	l.log = mgr.GetLogger().WithName("lookout")
	return l, errors.Join(o.Metrics.Register(l.unwatched()), mgr.Add(l), mgr.Add(&stamper{
		lookout: l, live: o.Leader.Live, identity: o.Leader.Identity, own: o.Own,
		lease: types.NamespacedName{Namespace: o.Namespace, Name: LookoutLeaseName},
		log:   l.log,
	}))
}

// unwatched says for how long nothing was heard.
func (l *lookout) unwatched() prometheus.Collector {
	return prometheus.NewGaugeFunc(prometheus.GaugeOpts{
		Name: "forewarn_unwatched_seconds",
		Help: "For how long nothing was heard of the EndpointSlices. 0 while they are watched.",
	}, func() float64 {
		gone := l.clock.gone()
		return (gone - l.line.since(gone)).Seconds()
	})
}

// NeedLeaderElection implements manager.LeaderElectionRunnable: every replica looks.
func (l *lookout) NeedLeaderElection() bool { return false }

// +kubebuilder:rbac:groups=discovery.k8s.io,resources=endpointslices,verbs=get;list;watch
// +kubebuilder:rbac:groups=forewarn.dev,resources=downtimebudgets,verbs=get;list;watch

// Start implements manager.Runnable.
func (l *lookout) Start(ctx context.Context) error {
	var synced []toolscache.InformerSynced
	for _, look := range l.looks() {
		informer, err := l.informers.GetInformer(ctx, look.object)
		if err != nil {
			return fmt.Errorf("looking at %T: %w", look.object, err)
		}
		registration, err := informer.AddEventHandler(look.handler)
		if err != nil {
			return fmt.Errorf("looking at %T: %w", look.object, err)
		}
		synced = append(synced, registration.HasSynced)
	}
	if !toolscache.WaitForCacheSync(ctx.Done(), synced...) {
		return nil // the manager ends
	}
	budgets := l.begin()
	l.log.Info("Looking at the APIs that have a budget", "budgets", budgets)
	<-ctx.Done()
	return nil
}

type look struct {
	object  client.Object
	handler toolscache.ResourceEventHandler
}

// onEach lifts what is to be done with an object, and with one that is gone.
func onEach[T client.Object](seen func(T), gone func(T)) toolscache.ResourceEventHandler {
	return toolscache.ResourceEventHandlerFuncs{
		AddFunc: func(object any) {
			if typed, ok := object.(T); ok {
				seen(typed)
			}
		},
		UpdateFunc: func(_, object any) {
			if typed, ok := object.(T); ok {
				seen(typed)
			}
		},
		DeleteFunc: func(object any) {
			if missed, ok := object.(toolscache.DeletedFinalStateUnknown); ok {
				object = missed.Obj
			}
			if typed, ok := object.(T); ok {
				gone(typed)
			}
		},
	}
}

// begin takes the first look, at all there is, and returns for how many budgets.
func (l *lookout) begin() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.begun = true
	now := l.clock.gone()
	for _, d := range l.disrupted.order {
		l.attribute(d)
	}
	for _, b := range l.budgets {
		l.restore(b)
	}
	for key, b := range l.budgets {
		l.see(key, b, now, false)
		b.first = l.firstLook(b)
	}
	return len(l.budgets)
}

// seeLease is how the time is told.
func (l *lookout) seeLease(lease *coordinationv1.Lease) {
	l.line.hear(false)
	if l.line.pods != nil {
		l.line.pods.hear(false)
	}
	l.mu.Lock() // from the moment at which the clock goes until all has its time, nobody is told of anything
	defer l.mu.Unlock()
	goes := lease.Spec.RenewTime != nil && l.clock.renew(lease.Namespace+"/"+lease.Name, lease.Spec.RenewTime.Time)
	l.settle(l.clock.gone())
	if !goes {
		return
	}
	for key, b := range l.budgets { // what was seen before has its time now
		l.date(b)
		l.woken.wake(key)
	}
}

// date tells the time of what was seen before the clock went.
func (l *lookout) date(b *lookedAt) {
	for i := range b.sights {
		if b.sights[i].At.IsZero() {
			b.sights[i].At, _ = l.clock.at(b.sights[i].gone)
		}
	}
}

// changed implements sightings.
func (l *lookout) changed() source.Source { return l.woken }

// recorded implements sightings. The last sight before the moment says what is so since.
func (l *lookout) recorded(key types.NamespacedName, until time.Time) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if b, ok := l.budgets[key]; ok {
		b.recorded = until
		b.prune(until)
	}
}

// forget implements sightings. The budget is looked at all the same, since it may be measured again.
func (l *lookout) forget(key types.NamespacedName) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if b, ok := l.budgets[key]; ok {
		b.elsewhere = true
	}
}

// known is the moment until which all is known. It never goes back.
func (l *lookout) known() (time.Time, bool) {
	now, ok := l.clock.at(l.line.since(l.clock.gone()))
	if now.After(l.told) {
		l.told = now
	}
	return l.told, ok
}

// knownOf is the moment until which all is known of a budget: none from where on it waits for a proof.
func (l *lookout) knownOf(b *lookedAt, now time.Time) time.Time {
	if b.waiting != nil {
		if at, ok := l.clock.at(b.waiting.since); ok && at.Before(now) {
			now = at.Add(-time.Microsecond)
		}
	}
	if now.After(b.told) {
		b.told = now
	}
	return b.told
}

// moment is when something is seen that nobody was told of yet. Zero: nobody knows yet.
func (l *lookout) moment(b *lookedAt, gone time.Duration) time.Time {
	at, ok := l.clock.at(gone)
	if last, looked := b.last(); looked && at.Before(last.At) && ok { // the clock follows the API servers
		at = last.At
	}
	if ok && !at.After(b.told) {
		return b.told.Add(time.Microsecond)
	}
	return at
}

// see compares what an API is with what it was last. slice says that one of its EndpointSlices changed.
func (l *lookout) see(key types.NamespacedName, b *lookedAt, gone time.Duration, slice bool) {
	if !l.begun {
		return
	}
	since := gone
	if slice {
		since = l.line.since(gone)
	}
	state, known := l.stateOf(b)
	if l.askBefore(b, state, known, gone) {
		state, known = l.stateOf(b)
	}
	if !known {
		b.wait(gone, since)
		return
	}
	if b.waiting != nil {
		l.woken.wake(key)
	}
	gone, since = b.waited(gone, since, slice)
	last, looked := b.last()
	turned := !looked || last.State != state || since < gone
	if !turned && last.Cause != v1alpha1.CauseUnknown {
		return
	}
	next := downtime.Sight{State: state}
	if state == v1alpha1.AvailabilityDegraded || state == v1alpha1.AvailabilityDown {
		next.Cause, next.Workload = l.explain(b, gone)
	}
	if !turned && next.Cause == v1alpha1.CauseUnknown {
		return
	}
	next.At = l.moment(b, gone)
	for _, sight := range l.bridged(b, next, since, gone) {
		b.add(gone, sight)
	}
	l.woken.wake(key)
}

// bridged is a sight and, where what it is about may have happened at any moment since another, what is known of the time
// between.
func (l *lookout) bridged(b *lookedAt, next downtime.Sight, since, gone time.Duration) []downtime.Sight {
	from, goes := l.clock.at(since)
	last, looked := b.last()
	if !goes || !looked || since == gone {
		return []downtime.Sight{next}
	}
	before := last.Sight
	if from.After(before.At) {
		before.At = from
	}
	return downtime.Gap{Before: before, After: next, ReadySince: l.readySince(b)}.Sights()
}
