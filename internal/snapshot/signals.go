package snapshot

import (
	"context"
	"fmt"
	"slices"

	"sigs.k8s.io/controller-runtime/pkg/client"

	v1alpha1 "forewarn.dev/forewarn/api/v1alpha1"
	"forewarn.dev/forewarn/internal/gate"
	"forewarn.dev/forewarn/internal/signal"
)

// signals fills in what the owners of HTTPRoutes have to write into them for each of the APIs.
func (s *Snapshot) signals(ctx context.Context, namespace string, apis []gate.PublishedAPI) error {
	var schedules v1alpha1.DeprecationScheduleList
	if err := s.objects.List(ctx, &schedules, client.InNamespace(namespace), client.UnsafeDisableDeepCopy); err != nil {
		return fmt.Errorf("listing deprecation schedules in %s: %w", namespace, err)
	}
	all := make([]*v1alpha1.CustomerAPI, 0, len(apis))
	for i := range apis {
		all = append(all, apis[i].API)
	}
	orders := map[string][]signal.Order{}
	apiOf := map[string]string{}
	for i := range schedules.Items {
		schedule := &schedules.Items[i]
		apiOf[schedule.Name] = string(schedule.Spec.APIRef.Name)
		for _, order := range RouteOrders(schedule, "") {
			if order.Due && !ElsewhereCarried(order.Route, string(schedule.Spec.APIRef.Name), all) {
				orders[order.Route] = append(orders[order.Route], order.Order)
			}
		}
	}
	for route, of := range orders {
		for _, found := range routeSignals(route, of) {
			i := slices.IndexFunc(apis, func(a gate.PublishedAPI) bool { return a.API.Name == apiOf[found.Schedule] })
			if i >= 0 {
				apis[i].Signals = append(apis[i].Signals, found)
			}
		}
	}
	return nil
}

// ElsewhereCarried says that customers come by a route to other APIs, and not to the one of that name: a schedule of this
// one has no say in it.
func ElsewhereCarried(route, api string, apis []*v1alpha1.CustomerAPI) bool {
	elsewhere := false
	for _, a := range apis {
		if slices.Contains(a.Spec.CarriedBy.HTTPRoutes, route) {
			if a.Name == api {
				return false
			}
			elsewhere = true
		}
	}
	return elsewhere
}

// RouteOrder is what a schedule asks of one of its routes.
type RouteOrder struct {
	Route string
	signal.Order
}

// RouteOrders are what a schedule asks of its routes. Where it has no migration guide, page is where customers read
// about it. Brownouts are not among it.
func RouteOrders(s *v1alpha1.DeprecationSchedule, page string) []RouteOrder {
	var orders []RouteOrder
	for _, named := range s.Spec.Routes {
		order := signal.Order{
			Schedule: s.Name, Rules: named.Rules, Ours: named.WrittenBy == v1alpha1.RouteWrittenByForewarn, Due: signal.Due(s),
		}
		if order.Due {
			order.Says = signal.Of(s, page)
		}
		orders = append(orders, RouteOrder{Route: named.Name, Order: order})
	}
	return orders
}

// routeSignals are the headers that the orders ask for together, rule by rule, for each schedule that asks.
func routeSignals(route string, orders []signal.Order) []gate.RouteSignal {
	keys := []string{gate.AnyRule}
	for i := range orders {
		keys = append(keys, orders[i].Rules...)
	}
	slices.Sort(keys)
	var found []gate.RouteSignal
	for _, key := range slices.Compact(keys) {
		ours := slices.ContainsFunc(orders, func(o signal.Order) bool { return o.Ours && o.Concerns(key) })
		for i := range orders {
			if !orders[i].Concerns(key) {
				continue
			}
			if ours {
				found = append(found, gate.RouteSignal{Route: route, Rule: key, Schedule: orders[i].Schedule})
				continue
			}
			for _, h := range signal.Needed(orders, key) {
				found = append(found, gate.RouteSignal{Route: route, Rule: key, Schedule: orders[i].Schedule, Header: h.Name, Value: h.Value})
			}
		}
	}
	return found
}
