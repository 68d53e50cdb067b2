package controllers

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	v1alpha1 "forewarn.dev/forewarn/api/v1alpha1"
	"forewarn.dev/forewarn/internal/feed"
	"forewarn.dev/forewarn/internal/signal"
	"forewarn.dev/forewarn/internal/snapshot"
)

// brownoutService is the Service in the namespace of forewarn that answers in a brownout: config/brownout.
const (
	brownoutService = "forewarn-brownout"
	brownoutPort    = 80
)

// routes is what the reconcilers of routes and of what schedules find on them have in common.
type routes struct {
	shared
	feedURL string
	// answers says that this manager answers in a brownout. Without, none begins: requests would lead nowhere.
	answers bool
	backend signal.Backend
}

// orders are what the schedules of a namespace ask of a route, and the moment at which that changes by itself. What
// cannot be found out of a brownout is an error besides, and it is then none.
func (r *routes) orders(ctx context.Context, now time.Time, route types.NamespacedName) ([]signal.Order, *time.Time, error) {
	var schedules v1alpha1.DeprecationScheduleList
	if err := r.client.List(ctx, &schedules, client.InNamespace(route.Namespace)); err != nil {
		return nil, nil, fmt.Errorf("listing deprecation schedules in %s: %w", route.Namespace, err)
	}
	var list v1alpha1.CustomerAPIList
	if err := r.client.List(ctx, &list, client.InNamespace(route.Namespace)); err != nil {
		return nil, nil, fmt.Errorf("listing customer APIs in %s: %w", route.Namespace, err)
	}
	apis := make([]*v1alpha1.CustomerAPI, 0, len(list.Items))
	for i := range list.Items {
		apis = append(apis, &list.Items[i])
	}
	var (
		orders []signal.Order
		next   *time.Time
		failed []error
	)
	for i := range schedules.Items {
		s := &schedules.Items[i]
		for _, order := range snapshot.RouteOrders(s, pageOf(ctx, r.client, r.feedURL, s)) {
			if order.Route != route.Name || snapshot.ElsewhereCarried(route.Name, string(s.Spec.APIRef.Name), apis) {
				continue
			}
			if order.Due && order.Ours && r.answers {
				under, at, err := r.brownout(ctx, now, s)
				order.Brownout, next = under, earliest(next, at)
				failed = append(failed, err)
			}
			orders = append(orders, order.Order)
		}
	}
	return orders, next, errors.Join(failed...)
}

// pageOf is where customers read about the API of a schedule; empty where they do not.
func pageOf(ctx context.Context, cache client.Reader, feedURL string, s *v1alpha1.DeprecationSchedule) string {
	api := &v1alpha1.CustomerAPI{}
	key := types.NamespacedName{Namespace: s.Namespace, Name: string(s.Spec.APIRef.Name)}
	if feedURL == "" || cache.Get(ctx, key, api) != nil || api.Spec.Feed != v1alpha1.FeedPublic {
		return ""
	}
	return feed.PageURL(feedURL, key.Namespace, key.Name)
}

// brownout is the one of a schedule that is under way: within the window that customers were told of in time, and nowhere
// else. at is when the answer may be another.
func (r *routes) brownout(ctx context.Context, now time.Time, s *v1alpha1.DeprecationSchedule) (under *signal.Brownout, at *time.Time, err error) {
	if len(s.Spec.Brownouts) == 0 {
		return nil, nil, nil
	}
	api := &v1alpha1.CustomerAPI{}
	if err := r.client.Get(ctx, types.NamespacedName{Namespace: s.Namespace, Name: string(s.Spec.APIRef.Name)}, api); err != nil {
		return nil, nil, client.IgnoreNotFound(err)
	}
	windows, err := r.snapshot.Windows(ctx, now, api)
	if err != nil {
		return nil, nil, err
	}
	for i := range s.Spec.Brownouts {
		b := &s.Spec.Brownouts[i]
		n, readErr := noticeOf(ctx, r.client, s, b)
		if readErr != nil || n == nil {
			err = errors.Join(err, readErr)
			continue
		}
		for _, w := range windows {
			// Where the schedule was moved on and the notice not yet, both hold.
			if w.Start = laterOf(w.Start, b.StartTime.Time); w.Notice != n.Name || !now.Before(w.End) {
				continue // never late into what is over
			}
			if now.Before(w.Start) {
				at = earliest(at, &w.Start)
				continue
			}
			at = earliest(at, &w.End)
			if under == nil || w.End.After(under.End) {
				under = &signal.Brownout{Namespace: s.Namespace, Schedule: s.Name, Name: b.Name, End: w.End}
			}
		}
	}
	return under, at, err
}

// noticeOf is the notice by which customers were told of a brownout; nil where there is none that says the same.
func noticeOf(ctx context.Context, cache client.Reader, s *v1alpha1.DeprecationSchedule, b *v1alpha1.Brownout) (*v1alpha1.ChangeNotice, error) {
	i := slices.IndexFunc(s.Status.Notices, func(n v1alpha1.ScheduledNotice) bool {
		return n.Step == v1alpha1.StepBrownout && n.Brownout == b.Name
	})
	if i < 0 || b.StartTime == nil {
		return nil, nil
	}
	n := &v1alpha1.ChangeNotice{}
	key := types.NamespacedName{Namespace: s.Namespace, Name: string(s.Status.Notices[i].Notice)}
	if err := cache.Get(ctx, key, n); err != nil {
		if apierrors.IsNotFound(err) {
			return nil, nil
		}
		return nil, fmt.Errorf("reading change notice %s: %w", key, err)
	}
	if n.Spec.APIRef != s.Spec.APIRef || n.Spec.DowntimeMinutes != b.Minutes || n.Spec.EffectiveTime == nil ||
		n.Spec.State != v1alpha1.NoticePublished {
		return nil, nil
	}
	return n, nil
}

// brownoutEnd is the first moment after the brownout that a notice tells of.
func brownoutEnd(n *v1alpha1.ChangeNotice) time.Time {
	return n.Spec.EffectiveTime.Add(time.Duration(n.Spec.DowntimeMinutes) * time.Minute)
}

func laterOf(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}

// toRoutes maps a schedule, or a notice of one, to the routes that it names or named.
func (r *routes) toRoutes(ctx context.Context, object client.Object) []types.NamespacedName {
	s, ok := object.(*v1alpha1.DeprecationSchedule)
	if n, is := object.(*v1alpha1.ChangeNotice); is {
		s, ok = &v1alpha1.DeprecationSchedule{}, n.Labels[v1alpha1.ScheduleLabel] != ""
		if ok && r.client.Get(ctx, types.NamespacedName{Namespace: n.Namespace, Name: n.Labels[v1alpha1.ScheduleLabel]}, s) != nil {
			return nil // its schedule is gone, and what that asked for with it
		}
	}
	if !ok {
		return nil
	}
	var keys []types.NamespacedName
	for _, named := range s.Spec.Routes {
		keys = append(keys, types.NamespacedName{Namespace: s.Namespace, Name: named.Name})
	}
	for _, known := range s.Status.Routes {
		keys = append(keys, types.NamespacedName{Namespace: s.Namespace, Name: known.Name})
	}
	return keys
}

// toSchedules maps a route to the schedules that name it.
func (r *routes) toSchedules(ctx context.Context, route types.NamespacedName) ([]types.NamespacedName, error) {
	var schedules v1alpha1.DeprecationScheduleList
	if err := r.client.List(ctx, &schedules, client.InNamespace(route.Namespace), client.UnsafeDisableDeepCopy); err != nil {
		return nil, fmt.Errorf("listing deprecation schedules in %s: %w", route.Namespace, err)
	}
	var keys []types.NamespacedName
	for i := range schedules.Items {
		s := &schedules.Items[i]
		named := slices.ContainsFunc(s.Spec.Routes, func(of v1alpha1.ScheduleRoute) bool { return of.Name == route.Name })
		known := slices.ContainsFunc(s.Status.Routes, func(of v1alpha1.ScheduledRoute) bool { return of.Name == route.Name })
		if named || known {
			keys = append(keys, keyOf(s))
		}
	}
	return keys, nil
}
