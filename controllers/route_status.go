package controllers

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	apiequality "k8s.io/apimachinery/pkg/api/equality"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	apimeta "k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"

	v1alpha1 "forewarn.dev/forewarn/api/v1alpha1"
	"forewarn.dev/forewarn/internal/signal"
)

// SignalReconciler says what the routes of a schedule say and do. It stands beside the one that looks after the schedule,
// writes no more of its status than routes and the condition Signalled, and both write the version that they read.
type SignalReconciler struct {
	*routes
	failures *sync.Map
}

// +kubebuilder:rbac:groups=forewarn.dev,resources=deprecationschedules,verbs=get;list;watch
// +kubebuilder:rbac:groups=forewarn.dev,resources=deprecationschedules/status,verbs=update

// Reconcile looks at the routes of one schedule.
func (r *SignalReconciler) Reconcile(ctx context.Context, req ctrl.Request) (ctrl.Result, error) {
	s := &v1alpha1.DeprecationSchedule{}
	err := r.client.Get(ctx, req.NamespacedName, s)
	if client.IgnoreNotFound(err) != nil {
		return ctrl.Result{}, err
	}
	if apierrors.IsNotFound(err) || s.DeletionTimestamp != nil {
		return r.agenda.wakeAt("Signals", req.NamespacedName, time.Time{}, nil), nil
	}
	now, err := r.clock.Now(ctx)
	if err != nil {
		return ctrl.Result{}, err
	}
	before := s.DeepCopy()
	looked := &routesLook{schedule: s, now: now}
	for i := range s.Spec.Routes {
		if err := r.look(ctx, looked, &s.Spec.Routes[i]); err != nil {
			looked.unknown = err
		}
	}
	looked.write()
	if err := r.writeStatus(ctx, s, apiequality.Semantic.DeepEqual(before.Status, s.Status)); err != nil {
		return ctrl.Result{}, err
	}
	r.announceConditions(s, before.Status.Conditions, s.Status.Conditions, v1alpha1.ConditionSignalled)
	return r.agenda.wakeAt("Signals", req.NamespacedName, now, looked.next), looked.unknown
}

// look finds out about one route. Of one that cannot be read holds what was known: a brownout is over when that is seen.
func (r *SignalReconciler) look(ctx context.Context, looked *routesLook, named *v1alpha1.ScheduleRoute) error {
	known := looked.known(named.Name)
	is := v1alpha1.ScheduledRoute{Name: named.Name, Signals: v1alpha1.SignalsNoRoute}
	defer func() { looked.routes = append(looked.routes, is) }()
	key := types.NamespacedName{Namespace: looked.schedule.Namespace, Name: named.Name}
	object := newHTTPRoute()
	switch err := r.live.Get(ctx, key, object); {
	case apimeta.IsNoMatchError(err):
		looked.noGatewayAPI = true
		return nil
	case apierrors.IsNotFound(err):
		looked.absent = append(looked.absent, "HTTPRoute "+named.Name+" does not exist")
		return nil
	case err != nil:
		is = known
		return fmt.Errorf("reading HTTPRoute %s: %w", key, err)
	}
	orders, _, unknown := r.orders(ctx, looked.now, key)
	route, err := readRoute(object)
	if err != nil || orders == nil && unknown != nil {
		is = known
		return firstError(err, unknown)
	}
	is.Signals = v1alpha1.SignalsNotDue
	seen, err := signal.See(route, orders, looked.schedule.Name, r.backend)
	if err != nil {
		is = known
		is.Signals = v1alpha1.SignalsMissing
		looked.missing = append(looked.missing, named.Name+": "+err.Error())
		return nil
	}
	if signal.Due(looked.schedule) {
		is.Signals = v1alpha1.SignalsPresent
	}
	if seen.Missing != "" {
		is.Signals = v1alpha1.SignalsMissing
		looked.missing = append(looked.missing, named.Name+": "+seen.Missing)
	}
	for _, rule := range seen.Absent {
		looked.absent = append(looked.absent, fmt.Sprintf("HTTPRoute %s has no rule %s", named.Name, rule))
	}
	if seen.Brownout != "" {
		is.Brownout, is.BrownoutStartTime = seen.Brownout, atSecond(seen.Since)
		looked.under(named.Name, seen.Brownout)
	}
	if seen.Left != "" {
		looked.left = append(looked.left, fmt.Sprintf("brownout %s on %s ended when its owner gave it other backends", seen.Left, named.Name))
	}
	if named.WrittenBy == v1alpha1.RouteWrittenByForewarn {
		r.problems(looked, key, route, orders)
	}
	return unknown
}

// problems are why forewarn could not do to a route what it had to.
func (r *SignalReconciler) problems(looked *routesLook, key types.NamespacedName, route signal.Route, orders []signal.Order) {
	if why, failed := r.failures.Load(key); failed {
		looked.trouble = append(looked.trouble, fmt.Sprintf("%s: %s", key.Name, why))
	}
	rewritten, err := signal.Rewrite(route, orders, r.backend, looked.now)
	if err == nil {
		for _, problem := range rewritten.Problems[looked.schedule.Name] {
			looked.trouble = append(looked.trouble, key.Name+": "+problem)
		}
	}
	for i := range looked.schedule.Spec.Brownouts {
		b := &looked.schedule.Spec.Brownouts[i]
		if !r.answers && b.StartTime != nil && signal.Due(looked.schedule) && looked.now.Before(endOf(b)) {
			looked.brownouts = append(looked.brownouts, fmt.Sprintf(
				"brownout %s will not happen: no manager answers in its place; set --brownout-address (config/brownout)", b.Name))
			return
		}
	}
}

func endOf(b *v1alpha1.Brownout) time.Time {
	return b.StartTime.Add(time.Duration(b.Minutes) * time.Minute)
}

// routesLook is what was found on the routes of one schedule.
type routesLook struct {
	schedule *v1alpha1.DeprecationSchedule
	now      time.Time

	routes       []v1alpha1.ScheduledRoute
	noGatewayAPI bool
	unknown      error
	absent       []string
	missing      []string
	trouble      []string
	brownouts    []string
	left         []string
	next         *time.Time
}

// known is what the schedule said of a route until now.
func (l *routesLook) known(name string) v1alpha1.ScheduledRoute {
	i := slices.IndexFunc(l.schedule.Status.Routes, func(of v1alpha1.ScheduledRoute) bool { return of.Name == name })
	if i < 0 {
		return v1alpha1.ScheduledRoute{Name: name, Signals: v1alpha1.SignalsNoRoute}
	}
	return l.schedule.Status.Routes[i]
}

// under says of a brownout that is under way when it should be over, where it should.
func (l *routesLook) under(route, name string) {
	for i := range l.schedule.Spec.Brownouts {
		b := &l.schedule.Spec.Brownouts[i]
		if b.Name != name || b.StartTime == nil {
			continue
		}
		// A moment later, so that what ends in time is seen to have ended.
		late := endOf(b).Add(time.Second)
		if l.now.Before(late) {
			l.next = earliest(l.next, &late)
			return
		}
		l.brownouts = append(l.brownouts, fmt.Sprintf("brownout %s on %s was to end at %s and is still under way", name, route,
			endOf(b).UTC().Format(time.RFC3339)))
		return
	}
}

// write sets what this reconciler has to say.
func (l *routesLook) write() {
	status := &l.schedule.Status
	status.Routes = l.routes
	c := conditions{list: &status.Conditions, generation: l.schedule.Generation, now: l.now}
	state, reason, message := l.condition()
	c.set(v1alpha1.ConditionSignalled, state, reason, oneLine(message))
}

func (l *routesLook) condition() (metav1.ConditionStatus, string, string) {
	see := fmt.Sprintf("; see: forewarn headers deprecationschedule/%s -n %s", l.schedule.Name, l.schedule.Namespace)
	switch {
	case len(l.schedule.Spec.Routes) == 0:
		return metav1.ConditionTrue, v1alpha1.ReasonNoRoutes, "the schedule names no route: no response says that it goes away"
	case l.noGatewayAPI:
		return metav1.ConditionUnknown, v1alpha1.ReasonNoGatewayAPI,
			"this cluster does not serve HTTPRoutes: install the Gateway API, or take routes out of the schedule"
	case l.unknown != nil && !errors.Is(l.unknown, context.Canceled):
		return metav1.ConditionUnknown, v1alpha1.ReasonLookupFailed, l.unknown.Error()
	case len(l.brownouts) > 0:
		return metav1.ConditionFalse, v1alpha1.ReasonBrownoutFailed, strings.Join(append(l.brownouts, l.trouble...), "; ")
	case len(l.absent) > 0:
		return metav1.ConditionFalse, v1alpha1.ReasonRouteNotFound, strings.Join(l.absent, "; ") + ": create it, or name another in routes"
	case len(l.trouble)+len(l.missing) > 0:
		return metav1.ConditionFalse, v1alpha1.ReasonSignalsMissing, strings.Join(append(l.trouble, l.missing...), "; ") + see
	case !signal.Due(l.schedule):
		return metav1.ConditionTrue, v1alpha1.ReasonSignalled, "responses need not say anything"
	}
	return metav1.ConditionTrue, v1alpha1.ReasonSignalled,
		strings.Join(append([]string{"the responses of each route say that it goes away"}, l.left...), "; ")
}
