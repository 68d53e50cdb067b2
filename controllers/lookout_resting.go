package controllers

import (
	"slices"
	"time"

	"k8s.io/apimachinery/pkg/types"

	v1alpha1 "forewarn.dev/forewarn/api/v1alpha1"
	"forewarn.dev/forewarn/internal/downtime"
)

// restAnswerLimit is how long nobody is told of an API while its routes cannot be read. Then none of its Services rests.
const restAnswerLimit = time.Second

// restSeen is which Services of an API rest: those to which its HTTPRoutes lead nobody, which do not count. The routes
// themselves are asked: as they change, and before it is said that an API is less than it was. A rollout tool takes the
// weight away, and then the pods: whoever has seen the pods go, and then reads the routes, sees the weight go, too.
//
//	slice   ----| no pods of the canary
//	routes   -|   ^ ... read ... |
//	            ^ what it is counts from here on, be it that the canary rests
type restSeen struct {
	// services are those that rested when the routes were read last.
	services []string
	// asked counts the questions, and answered is the last that was; since is from when on there is one.
	asked, answered uint64
	since           time.Duration
	// answering says that they were read just now.
	answering bool
	// unread says that they could not be, and are read again.
	unread bool
}

func (r *restSeen) open() bool { return r.asked != r.answered }

// routed says that a Service of an API can rest.
func (a *lookedFor) routed() bool { return len(a.services) > 1 && len(a.routes) > 0 }

// ask has the routes of an API read for whatever budget looks at it.
func (l *lookout) ask(key types.NamespacedName, api *lookedFor, gone time.Duration) {
	if !api.routed() || len(api.budgets) == 0 {
		return
	}
	if !api.rest.open() {
		api.rest.since = gone
	}
	api.rest.asked++
	l.routes.wake(key)
}

// askBefore asks before it is told that an API is less than it was. What happens while that is open asks again.
func (l *lookout) askBefore(b *lookedAt, state v1alpha1.Availability, known bool, gone time.Duration) (asked bool) {
	api := l.apis[b.api]
	if api == nil || !api.routed() || api.rest.answering {
		return false
	}
	last, _ := b.last()
	lost := known && state != last.State &&
		(state == v1alpha1.AvailabilityDown || state == v1alpha1.AvailabilityDegraded)
	if !lost && (known || !api.rest.open()) {
		return false
	}
	l.ask(b.api, api, gone)
	return true
}

// seeRoute takes in that an HTTPRoute changed, came or went.
func (l *lookout) seeRoute(route types.NamespacedName) {
	l.askAll(func(key types.NamespacedName, api *lookedFor) bool {
		return key.Namespace == route.Namespace && slices.Contains(api.routes, route.Name)
	})
}

// seeRoutes takes in that the cluster begins to serve HTTPRoutes, or does no more.
func (l *lookout) seeRoutes() {
	l.askAll(func(types.NamespacedName, *lookedFor) bool { return true })
}

func (l *lookout) askAll(concerned func(types.NamespacedName, *lookedFor) bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	gone := l.clock.gone()
	for key, api := range l.apis {
		if !api.routed() || !concerned(key, api) {
			continue
		}
		l.ask(key, api, gone)
		for budget := range api.budgets {
			l.see(budget, l.budgets[budget], gone, false)
		}
	}
}

// question is what is asked of the routes of an API, and which it is; none where nobody asks.
func (l *lookout) question(key types.NamespacedName) (*v1alpha1.CustomerAPI, uint64) {
	l.mu.Lock()
	defer l.mu.Unlock()
	api := l.apis[key]
	if api == nil || !api.routed() || !api.rest.open() && !api.rest.unread {
		return nil, 0
	}
	asked := &v1alpha1.CustomerAPI{}
	asked.Namespace, asked.Name = key.Namespace, key.Name
	asked.Spec.CarriedBy = v1alpha1.Carrier{Services: slices.Clone(api.services), HTTPRoutes: slices.Clone(api.routes)}
	return asked, api.rest.asked
}

// answer takes in which Services rest. What somebody asked meanwhile is read anew, unless that goes on and on.
func (l *lookout) answer(key types.NamespacedName, asked uint64, resting []string, err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	api, gone := l.apis[key], l.clock.gone()
	if api == nil || asked < api.rest.answered {
		return
	}
	if asked != api.rest.asked && gone-api.rest.since < restAnswerLimit {
		return
	}
	if err != nil {
		if api.rest.open() && gone-api.rest.since < restAnswerLimit {
			return
		}
		resting = nil
	}
	api.rest.services, api.rest.answered, api.rest.unread = resting, api.rest.asked, err != nil
	api.rest.answering = true
	defer func() { api.rest.answering = false }()
	for key := range api.budgets {
		b := l.budgets[key]
		_, looked := b.last()
		l.see(key, b, gone, false)
		if !looked && b.first.taken { // only now it is known which Services count
			b.first.readySince = l.readySince(b)
		}
	}
}

// counted are the Services of the API of a budget that do not rest.
func (l *lookout) counted(b *lookedAt) []*backing {
	all := l.backings(b)
	api := l.apis[b.api]
	if api == nil || len(api.rest.services) == 0 {
		return all
	}
	var counted []*backing
	for i, s := range all {
		if !slices.Contains(api.rest.services, api.services[i]) {
			counted = append(counted, s)
		}
	}
	return counted
}

// stateOf is what an API is, and whether that is known: not while it depends on endpoints whose proof is open, or on
// whether a Service rests that the routes are asked of.
func (l *lookout) stateOf(b *lookedAt) (state v1alpha1.Availability, known bool) {
	api := l.apis[b.api]
	asking := api != nil && api.rest.open()
	counted := l.counted(b)
	if asking {
		counted = l.backings(b)
	}
	if len(counted) == 0 {
		return v1alpha1.AvailabilityUnobserved, true
	}
	var sure, maybe []downtime.Backing
	for _, s := range counted {
		sure = append(sure, downtime.Backing{Ready: s.sure, Expected: s.expected})
		maybe = append(maybe, downtime.Backing{Ready: s.sure + s.maybe, Expected: s.expected})
	}
	of := func(services []downtime.Backing) v1alpha1.Availability {
		return downtime.StateOf(services, b.minReady, b.minReadyPercent)
	}
	state = of(sure)
	if !asking {
		return state, state == of(maybe)
	}
	for i := range maybe { // any of them may be the only one that does not rest
		if of(maybe[i:i+1]) != state {
			return state, false
		}
	}
	return state, true
}
