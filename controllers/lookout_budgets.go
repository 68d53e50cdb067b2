package controllers

import (
	"slices"
	"time"

	"k8s.io/apimachinery/pkg/types"

	v1alpha1 "forewarn.dev/forewarn/api/v1alpha1"
	"forewarn.dev/forewarn/internal/downtime"
	"forewarn.dev/forewarn/internal/snapshot"
)

// lookedAt is what was seen of the API of a budget since this process began, or since more was seen than is kept.
type lookedAt struct {
	api                       types.NamespacedName
	minReady, minReadyPercent int32
	// elsewhere says that it is measured by a query.
	elsewhere bool
	// stored is the number of pods that were expected as the status says; nil where it does not.
	stored *int32
	sights []seenState
	// leftUp is when it last came to be down or degraded.
	leftUp time.Duration
	first  firstLook
	// recorded is the moment until which the status holds all. Zero: it was not looked at by this process.
	recorded time.Time
	// told is the latest moment that anybody was told of it.
	told     time.Time
	waiting  *waiting
	rollouts []rolloutSeen
}

// seenState is a sight, and how much time had gone by. It has no moment until the clock goes.
type seenState struct {
	gone time.Duration
	downtime.Sight
}

// firstLook is what there was when this process began.
type firstLook struct {
	taken bool
	// digest, latest and versions are what a lookout before may have seen, too.
	digest   v1alpha1.Digest
	latest   uint64
	versions bool
	// readySince is since when the pods say that they are ready.
	readySince time.Time
}

// maxSights is how many changes of a state are kept until the leader has written them down. What is older than these was
// then not seen.
const maxSights = 256

func (b *lookedAt) last() (seenState, bool) {
	if len(b.sights) == 0 {
		return seenState{}, false
	}
	return b.sights[len(b.sights)-1], true
}

func (b *lookedAt) add(gone time.Duration, sight downtime.Sight) {
	b.sights = append(b.sights, seenState{gone, sight})
	if over := len(b.sights) - maxSights; over > 0 {
		b.sights = slices.Delete(b.sights, 0, over)
		b.first = firstLook{}
	}
}

// prune forgets what the status holds, but for the last before it.
func (b *lookedAt) prune(until time.Time) {
	for len(b.sights) > 1 && !b.sights[1].At.IsZero() && !b.sights[1].At.After(until) {
		b.sights = slices.Delete(b.sights, 0, 1)
		b.first = firstLook{}
	}
	b.rollouts = slices.DeleteFunc(b.rollouts, func(r rolloutSeen) bool { return !r.end.After(until) })
}

func (l *lookout) api(key types.NamespacedName) *lookedFor {
	api, ok := l.apis[key]
	if !ok {
		api = &lookedFor{budgets: map[types.NamespacedName]bool{}}
		l.apis[key] = api
	}
	return api
}

func (l *lookout) seeAPI(api *v1alpha1.CustomerAPI) {
	if snapshot.Read(api) != nil { // what it was is what counts
		return
	}
	l.serve(keyOf(api), true, api.Spec.CarriedBy)
}

func (l *lookout) loseAPI(api *v1alpha1.CustomerAPI) { l.serve(keyOf(api), false, v1alpha1.Carrier{}) }

// serve takes in which Services an API needs, and which routes lead to them.
func (l *lookout) serve(key types.NamespacedName, there bool, carrier v1alpha1.Carrier) {
	l.mu.Lock()
	defer l.mu.Unlock()
	api := l.api(key)
	if api.there == there && slices.Equal(api.services, carrier.Services) && slices.Equal(api.routes, carrier.HTTPRoutes) {
		return
	}
	for _, name := range api.services {
		service := types.NamespacedName{Namespace: key.Namespace, Name: name}
		delete(l.service(service).apis, key)
		l.tidy(service, l.service(service))
	}
	api.there, api.services, api.routes = there, slices.Clone(carrier.Services), slices.Clone(carrier.HTTPRoutes)
	for _, name := range api.services {
		l.service(types.NamespacedName{Namespace: key.Namespace, Name: name}).apis[key] = true
	}
	gone := l.clock.gone()
	api.rest = restSeen{asked: api.rest.asked + 1, answered: api.rest.asked + 1} // what is on its way is no answer to this
	l.ask(key, api, gone)
	for budget := range api.budgets {
		l.see(budget, l.budgets[budget], gone, false)
	}
	l.tidyAPI(key, api)
}

func (l *lookout) tidyAPI(key types.NamespacedName, api *lookedFor) {
	if !api.there && len(api.budgets) == 0 {
		delete(l.apis, key)
	}
}

func (l *lookout) seeBudget(budget *v1alpha1.DowntimeBudget) {
	if snapshot.Read(budget) != nil {
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	key := keyOf(budget)
	b, known := l.budgets[key]
	if !known {
		b = &lookedAt{stored: budget.Status.ExpectedReady}
		l.budgets[key] = b
	}
	api := types.NamespacedName{Namespace: key.Namespace, Name: string(budget.Spec.APIRef.Name)}
	if known && b.api != api {
		l.unbind(key, b)
	}
	b.api, b.elsewhere = api, budget.Spec.Availability.URL != ""
	b.minReady, b.minReadyPercent = budget.Spec.MinReady, budget.Spec.MinReadyPercent
	gone, carried := l.clock.gone(), l.api(api)
	if !carried.budgets[key] {
		carried.budgets[key] = true
		l.ask(api, carried, gone)
	}
	l.see(key, b, gone, false)
}

func (l *lookout) loseBudget(budget *v1alpha1.DowntimeBudget) {
	l.mu.Lock()
	defer l.mu.Unlock()
	key := keyOf(budget)
	if b, ok := l.budgets[key]; ok {
		l.unbind(key, b)
		delete(l.budgets, key)
	}
}

func (l *lookout) unbind(key types.NamespacedName, b *lookedAt) {
	delete(l.api(b.api).budgets, key)
	l.tidyAPI(b.api, l.api(b.api))
}

// restore takes up how many pods were expected. Of several Services nobody wrote down of which: it may be too many for
// one of which not all were ready ever since.
func (l *lookout) restore(b *lookedAt) {
	if b.stored == nil {
		return
	}
	for _, s := range l.backings(b) {
		s.expected = max(s.expected, *b.stored)
		s.expected = downtime.Expected(s.expected, s.sure, s.wanted)
	}
}

// firstLook is what can be told of the time before this process.
func (l *lookout) firstLook(b *lookedAt) firstLook {
	first := firstLook{taken: true, readySince: l.readySince(b)}
	first.digest, first.latest, first.versions = l.digest(b)
	return first
}
