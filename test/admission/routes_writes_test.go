//go:build unix

package admission

import (
	"strings"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/ptr"
	"sigs.k8s.io/controller-runtime/pkg/client"
	gatewayv1 "sigs.k8s.io/gateway-api/apis/v1"
)

// knows are ports by which HTTPRoutes led to Services of an API: "orders:80".
func (g *gate) knows(api string, ports ...string) *gate {
	return g.line("lead", api, g.tables["lead"][api]+" "+strings.Join(ports, " "))
}

func newRoute(rules ...gatewayv1.HTTPRouteRule) *gatewayv1.HTTPRoute {
	route := &gatewayv1.HTTPRoute{ObjectMeta: metav1.ObjectMeta{Name: "orders"}}
	route.Spec.Rules = rules
	return route
}

type routeWrite = func(*gatewayv1.HTTPRouteSpec)

func becoming(rules ...gatewayv1.HTTPRouteRule) routeWrite {
	return func(s *gatewayv1.HTTPRouteSpec) { s.Rules = rules }
}

// byPort is a rule whose first backend has another port.
func byPort(number gatewayv1.PortNumber, r gatewayv1.HTTPRouteRule) gatewayv1.HTTPRouteRule {
	r.BackendRefs[0].Port = &number
	return r
}

// rewriting is a rule whose first backend asks something else.
func rewriting(r gatewayv1.HTTPRouteRule) gatewayv1.HTTPRouteRule {
	r.BackendRefs[0].Filters = []gatewayv1.HTTPRouteFilter{filter(gatewayv1.HTTPRouteFilterURLRewrite)}
	return r
}

// Bypass 23: what no write may do is not done in several. All but the last pass; want is what the last would lose.
func TestBypass23SeveralWrites(t *testing.T) {
	t.Parallel()
	const known = "orders-primary:80 orders-primary:8080 orders-canary:80"
	g := governed(t, routed().knows("orders", strings.Fields(known)...))
	both := func() gatewayv1.HTTPRouteRule { return rule("/orders", "orders-primary=100", "orders-canary=0") }
	beside := func(r gatewayv1.HTTPRouteRule) gatewayv1.HTTPRouteRule {
		r.Matches = append(r.Matches, match("/nobody"))
		return r
	}
	get := gatewayv1.HTTPMethodGet
	byMethod := rule("/orders", "orders-primary")
	byMethod.Matches[0].Method = &get
	renamed := both()
	renamed.Name = ptr.To(gatewayv1.SectionName("orders"))
	mixed := func(path string) gatewayv1.HTTPRouteRule { return rule(path, "orders-primary=90", "beside=10") }
	grpc := func(backends ...string) gatewayv1.HTTPRouteRule {
		r := byPort(9090, rule("/grpc", backends...))
		r.BackendRefs[1].Port = r.BackendRefs[0].Port
		return r
	}
	for name, tc := range map[string]struct {
		from   []gatewayv1.HTTPRouteRule // both() where there are none
		writes []routeWrite
		want   string
	}{
		"out and in by a port that nothing listens on": {
			writes: []routeWrite{becoming(rule("/orders", "orders-canary")), becoming(byPort(9, both()))}, want: "PathPrefix /orders",
		},
		"out and in as it was":       {writes: []routeWrite{becoming(rule("/orders", "orders-canary")), becoming(both())}},
		"out and in by a port of it": {writes: []routeWrite{becoming(rule("/orders", "orders-canary")), becoming(byPort(8080, both()))}},
		"out and in with a rewrite":  {writes: []routeWrite{becoming(rule("/orders", "orders-canary")), becoming(rewriting(both()))}, want: "PathPrefix /orders"},
		"in by that port, without any weight": {
			writes: []routeWrite{becoming(byPort(9, rule("/orders", "orders-canary=0", "orders-primary=1")))}, want: "PathPrefix /orders",
		},
		"in with a rewrite, without any weight": {
			writes: []routeWrite{becoming(rewriting(rule("/orders", "orders-canary=0", "orders-primary=1")))}, want: "PathPrefix /orders",
		},
		"the port, where nobody comes by": {
			writes: []routeWrite{becoming(both(), byPort(9, rule("/nobody", "orders-primary"))), becoming(byPort(9, both()), byPort(9, rule("/nobody", "orders-primary")))},
			want:   "PathPrefix /orders",
		},
		"the rewrite, where nobody comes by": {
			writes: []routeWrite{becoming(both(), rewriting(rule("/nobody", "orders-primary"))), becoming(rewriting(both()), rewriting(rule("/nobody", "orders-primary")))},
			want:   "PathPrefix /orders",
		},
		"a part of it, to who is beside it where nobody comes by": {
			writes: []routeWrite{becoming(both(), mixed("/nobody")), becoming(both(), mixed("/nobody"), mixed("/orders/1"))}, want: "PathPrefix /orders/1",
		},
		"all of it, to who is beside it where nobody comes by": {
			writes: []routeWrite{becoming(both(), mixed("/nobody")), becoming(beside(mixed("/orders")))}, want: "PathPrefix /orders",
		},
		"out from beside it, and in with more": {
			from:   []gatewayv1.HTTPRouteRule{mixed("/orders")},
			writes: []routeWrite{becoming(both()), becoming(mixed("/orders"))}, want: "PathPrefix /orders",
		},
		"split in two, and one half led elsewhere": {
			writes: []routeWrite{becoming(both(), byMethod), becoming(both(), matching(rule("", "decoy"), byMethod.Matches...))},
			want:   "PathPrefix /orders method GET",
		},
		"split in two, and in one again":  {writes: []routeWrite{becoming(both(), byMethod), becoming(both())}},
		"split in two, and one half left": {writes: []routeWrite{becoming(both(), byMethod), becoming(byMethod)}, want: "PathPrefix /orders"},
		"renamed":                         {writes: []routeWrite{becoming(renamed), becoming(both())}},
		"renamed, and led elsewhere":      {writes: []routeWrite{becoming(renamed), becoming(rule("/orders", "decoy"))}, want: "PathPrefix /orders"},
		"a wider match, and the old one":  {writes: []routeWrite{becoming(rule("/", "orders-primary")), becoming(both())}, want: "PathPrefix /"},
		"no rules at all":                 {writes: []routeWrite{becoming()}, want: "PathPrefix /orders"},
		"every hostname, and another": {
			writes: []routeWrite{
				func(s *gatewayv1.HTTPRouteSpec) { s.Hostnames = nil },
				func(s *gatewayv1.HTTPRouteSpec) { s.Hostnames = []gatewayv1.Hostname{"else.example"} },
			}, want: "every hostname but else.example",
		},
		"a parent more, and that one alone": {
			writes: []routeWrite{
				func(s *gatewayv1.HTTPRouteSpec) {
					s.ParentRefs = append(s.ParentRefs, gatewayv1.ParentReference{Name: "more"})
				},
				func(s *gatewayv1.HTTPRouteSpec) { s.ParentRefs = s.ParentRefs[1:] },
			}, want: "parent <namespace>/public",
		},
		// What is not within it was never its own, and takes what is left over.
		"left to a rule that comes before the rest of it": {
			from:   []gatewayv1.HTTPRouteRule{rule("/", "orders-primary"), rule("/carts", "cart"), rule("/carts/legacy", "orders-primary")},
			writes: []routeWrite{becoming(rule("/", "orders-primary"), rule("/carts", "cart"))}, want: "PathPrefix /carts/legacy",
		},
		"left to one of more conditions": {
			from: []gatewayv1.HTTPRouteRule{
				rule("/orders", "orders-primary"), matching(rule("", "cart"), withHeader(match("/orders"), "x", "y")), rule("=/orders", "orders-primary"),
			},
			writes: []routeWrite{becoming(rule("/orders", "orders-primary"), matching(rule("", "cart"), withHeader(match("/orders"), "x", "y")))},
			want:   "Exact /orders",
		},
		"left to the rest of it": {
			from:   []gatewayv1.HTTPRouteRule{rule("/", "orders-primary"), rule("/carts", "cart"), rule("/legacy", "orders-primary")},
			writes: []routeWrite{becoming(rule("/", "orders-primary"), rule("/carts", "cart"))},
		},
		"the first of two rules for the same": {
			from:   []gatewayv1.HTTPRouteRule{rule("/orders", "orders-primary"), rule("/orders", "decoy")},
			writes: []routeWrite{becoming(rule("/orders", "decoy"), rule("/orders", "orders-canary"))}, want: "PathPrefix /orders",
		},
		"the second of two rules for the same": {
			from:   []gatewayv1.HTTPRouteRule{rule("/orders", "decoy"), rule("/orders", "orders-primary")},
			writes: []routeWrite{becoming(rule("/orders", "orders-canary"), rule("/orders", "decoy"))},
		},
		// A path of its own on a port of its own keeps it, and its weights move.
		"another port for another path": {
			writes: []routeWrite{
				becoming(both(), grpc("orders-primary=100", "orders-canary=0")),
				becoming(both(), grpc("orders-primary=50", "orders-canary=50")),
				becoming(both(), grpc("orders-primary=100", "orders-canary=0")),
				becoming(both(), rule("/grpc", "decoy")),
			}, want: "PathPrefix /grpc",
		},
	} {
		t.Run(name, func(t *testing.T) {
			s := g.with(t)
			route := newRoute(tc.from...)
			if tc.from == nil {
				route.Spec.Rules = []gatewayv1.HTTPRouteRule{both()}
			}
			route.Spec.ParentRefs = []gatewayv1.ParentReference{{Name: "public"}}
			route.Spec.Hostnames = []gatewayv1.Hostname{"api.shop.example"}
			route = inNamespace(s.name, route)
			s.must(client.IgnoreNotFound(s.admin.Delete(t.Context(), route.DeepCopy())))
			s.must(s.admin.Create(t.Context(), route))
			for i, write := range tc.writes {
				write(&route.Spec)
				err := s.admin.Update(t.Context(), route.DeepCopy())
				if i < len(tc.writes)-1 || tc.want == "" {
					s.must(err)
					s.must(s.admin.Get(t.Context(), client.ObjectKeyFromObject(route), route))
					continue
				}
				want := strings.ReplaceAll(tc.want, "<namespace>", s.name)
				s.refused(err, routes, strings.Replace(lost(s, want), "orders-primary, orders-canary", strings.ReplaceAll(known, " ", ", "), 1))
			}
		})
	}
}

// What comes by one route for several APIs stays with each of them.
func TestBypass23RoutesOfTwoAPIs(t *testing.T) {
	t.Parallel()
	g := shop().api("cart", "app=cart").carries("orders", "services/orders", "services/orders-canary", "services/common", "httproutes/orders")
	s := governed(t, g.carries("cart", "services/cart", "services/cart-canary", "services/common", "httproutes/orders"))
	route := inNamespace(s.name, newRoute(rule("/orders", "orders"), rule("/carts", "cart"), rule("/common", "common")))
	s.must(s.admin.Create(t.Context(), route))
	for name, tc := range map[string]struct {
		rules []gatewayv1.HTTPRouteRule
		want  string
	}{
		"each to its canary":        {rules: []gatewayv1.HTTPRouteRule{rule("/orders", "orders-canary"), rule("/carts", "cart-canary"), rule("/common", "common")}},
		"one to the other":          {rules: []gatewayv1.HTTPRouteRule{rule("/orders", "cart"), rule("/carts", "cart"), rule("/common", "common")}, want: "PathPrefix /orders"},
		"a part of one to it":       {rules: []gatewayv1.HTTPRouteRule{rule("/orders", "orders=9", "cart=1"), rule("/carts", "cart"), rule("/common", "common")}, want: "PathPrefix /orders"},
		"a path of one to it":       {rules: []gatewayv1.HTTPRouteRule{rule("/orders", "orders"), rule("/carts", "cart"), rule("/common", "common"), rule("/orders/1", "cart")}, want: "PathPrefix /orders/1"},
		"what both have, to one":    {rules: []gatewayv1.HTTPRouteRule{rule("/orders", "orders"), rule("/carts", "cart"), rule("/common", "cart")}, want: "PathPrefix /common"},
		"what is new to either one": {rules: []gatewayv1.HTTPRouteRule{rule("/orders", "orders"), rule("/carts", "cart"), rule("/common", "common"), rule("/new", "cart")}},
	} {
		t.Run(name, func(t *testing.T) {
			s := s.with(t)
			changed := route.DeepCopy()
			changed.Spec.Rules = tc.rules
			err := s.admin.Update(t.Context(), changed, client.DryRunAll)
			if tc.want == "" {
				s.must(err)
				return
			}
			want := strings.Replace(lost(s, tc.want), "orders: ", "orders, cart: ", 1)
			s.refused(err, routes, strings.Replace(want, "orders-primary, orders-canary", "orders, orders-canary, common, cart, cart-canary, common", 1))
		})
	}
	// In a planned downtime of the one, what led to the other stays.
	s.gates["deny"].line("open", "orders", "2200-01-01T00:00:00Z")
	s.rewrite("deny")
	changed := route.DeepCopy()
	changed.Spec.Rules = []gatewayv1.HTTPRouteRule{rule("/orders", "decoy"), rule("/carts", "cart"), rule("/common", "common")}
	s.must(s.admin.Update(t.Context(), changed, client.DryRunAll))
	changed.Spec.Rules[1] = rule("/carts", "orders")
	want := strings.Replace(lost(s, "PathPrefix /carts"), "orders: ", "cart: ", 1)
	s.refused(s.admin.Update(t.Context(), changed, client.DryRunAll), routes,
		strings.Replace(want, "orders-primary, orders-canary", "cart, cart-canary, common", 1))
}
