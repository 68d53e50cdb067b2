//go:build unix

package admission

import (
	"context"
	"fmt"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/utils/ptr"
	"sigs.k8s.io/controller-runtime/pkg/client"
	gatewayv1 "sigs.k8s.io/gateway-api/apis/v1"
)

const routes = "forewarn-routes"

// gatewayCRDs are the files with the kinds HTTPRoute and Gateway, as the Gateway API ships them.
func gatewayCRDs(ctx context.Context) (routes, gateways string, err error) {
	dir, err := exec.CommandContext(ctx, "go", "list", "-m", "-f", "{{.Dir}}", "sigs.k8s.io/gateway-api").Output()
	if err != nil {
		return "", "", fmt.Errorf("looking for the Gateway API: %w", err)
	}
	folder := filepath.Join(strings.TrimSpace(string(dir)), "config", "crd", "standard")
	return filepath.Join(folder, "gateway.networking.k8s.io_httproutes.yaml"), filepath.Join(folder, "gateway.networking.k8s.io_gateways.yaml"), nil
}

// routed is shop with a route by which customers come to the Services orders-primary and orders-canary.
func routed() *gate {
	return shop().carries("orders", "services/orders-primary", "services/orders-canary", "httproutes/orders")
}

// rule leads a path prefix to backends: "orders-primary" or "orders-primary=10".
func rule(path string, backends ...string) gatewayv1.HTTPRouteRule {
	r := gatewayv1.HTTPRouteRule{Matches: []gatewayv1.HTTPRouteMatch{match(path)}}
	for _, b := range backends {
		name, weight, weighted := strings.Cut(b, "=")
		ref := gatewayv1.HTTPBackendRef{BackendRef: gatewayv1.BackendRef{
			BackendObjectReference: gatewayv1.BackendObjectReference{Name: gatewayv1.ObjectName(name), Port: ptr.To(gatewayv1.PortNumber(80))},
		}}
		if weighted {
			var n int32
			if _, err := fmt.Sscan(weight, &n); err != nil {
				panic(err)
			}
			ref.Weight = &n
		}
		r.BackendRefs = append(r.BackendRefs, ref)
	}
	return r
}

// match is of a path prefix; "=/x" is that path alone.
func match(path string) gatewayv1.HTTPRouteMatch {
	kind := gatewayv1.PathMatchPathPrefix
	if exact, ok := strings.CutPrefix(path, "="); ok {
		kind, path = gatewayv1.PathMatchExact, exact
	}
	return gatewayv1.HTTPRouteMatch{Path: &gatewayv1.HTTPPathMatch{Type: &kind, Value: &path}}
}

func withHeader(m gatewayv1.HTTPRouteMatch, name, value string) gatewayv1.HTTPRouteMatch {
	m.Headers = append(m.Headers, gatewayv1.HTTPHeaderMatch{Name: gatewayv1.HTTPHeaderName(name), Value: value})
	return m
}

func ordersRoute() *gatewayv1.HTTPRoute {
	route := &gatewayv1.HTTPRoute{ObjectMeta: metav1.ObjectMeta{Name: "orders"}}
	route.Spec.ParentRefs = []gatewayv1.ParentReference{{Name: "public"}, {Name: "partners", SectionName: ptr.To(gatewayv1.SectionName("https"))}}
	route.Spec.Hostnames = []gatewayv1.Hostname{"api.shop.example", "shop.example"}
	route.Spec.Rules = []gatewayv1.HTTPRouteRule{
		rule("/orders", "orders-primary=100", "orders-canary=0"),
		rule("=/legacy", "orders-primary"),
		rule("/carts", "cart"),
	}
	versioned := rule("/versioned", "orders-primary")
	versioned.Matches[0] = withHeader(match("/versioned"), "X-Version", "1")
	route.Spec.Rules = append(route.Spec.Rules, versioned, rule("/mixed", "orders-primary=90", "beside=10"))
	port(4, 0, 8080)(&route.Spec)
	return route
}

func filter(kind gatewayv1.HTTPRouteFilterType) gatewayv1.HTTPRouteFilter {
	f := gatewayv1.HTTPRouteFilter{Type: kind}
	header := &gatewayv1.HTTPHeaderFilter{Set: []gatewayv1.HTTPHeader{{Name: "x", Value: "y"}}}
	switch kind {
	case gatewayv1.HTTPRouteFilterRequestHeaderModifier:
		f.RequestHeaderModifier = header
	case gatewayv1.HTTPRouteFilterResponseHeaderModifier:
		f.ResponseHeaderModifier = header
	case gatewayv1.HTTPRouteFilterRequestMirror:
		f.RequestMirror = &gatewayv1.HTTPRequestMirrorFilter{BackendRef: gatewayv1.BackendObjectReference{Name: "mirror", Port: ptr.To(gatewayv1.PortNumber(80))}}
	case gatewayv1.HTTPRouteFilterURLRewrite:
		f.URLRewrite = &gatewayv1.HTTPURLRewriteFilter{Hostname: ptr.To(gatewayv1.PreciseHostname("else.example"))}
	case gatewayv1.HTTPRouteFilterRequestRedirect:
		f.RequestRedirect = &gatewayv1.HTTPRequestRedirectFilter{Hostname: ptr.To(gatewayv1.PreciseHostname("else.example"))}
	case gatewayv1.HTTPRouteFilterExtensionRef:
		f.ExtensionRef = &gatewayv1.LocalObjectReference{Group: "example.com", Kind: "Chaos", Name: "x"}
	}
	return f
}

func filtered(i int, kind gatewayv1.HTTPRouteFilterType) func(*gatewayv1.HTTPRouteSpec) {
	return func(s *gatewayv1.HTTPRouteSpec) { s.Rules[i].Filters = append(s.Rules[i].Filters, filter(kind)) }
}

func backendFiltered(kind gatewayv1.HTTPRouteFilterType) func(*gatewayv1.HTTPRouteSpec) {
	return func(s *gatewayv1.HTTPRouteSpec) {
		s.Rules[1].BackendRefs[0].Filters = []gatewayv1.HTTPRouteFilter{filter(kind)}
	}
}

func weights(primary, canary int32) func(*gatewayv1.HTTPRouteSpec) {
	return func(s *gatewayv1.HTTPRouteSpec) {
		s.Rules[0].BackendRefs[0].Weight, s.Rules[0].BackendRefs[1].Weight = &primary, &canary
	}
}

func port(i, j int, number gatewayv1.PortNumber) func(*gatewayv1.HTTPRouteSpec) {
	return func(s *gatewayv1.HTTPRouteSpec) { s.Rules[i].BackendRefs[j].Port = &number }
}

func leading(i int, rule gatewayv1.HTTPRouteRule) func(*gatewayv1.HTTPRouteSpec) {
	return func(s *gatewayv1.HTTPRouteSpec) { s.Rules[i].BackendRefs = rule.BackendRefs }
}

// first puts rules before the others.
func first(rules ...gatewayv1.HTTPRouteRule) func(*gatewayv1.HTTPRouteSpec) {
	return func(s *gatewayv1.HTTPRouteSpec) { s.Rules = append(rules, s.Rules...) }
}

func matching(rule gatewayv1.HTTPRouteRule, matches ...gatewayv1.HTTPRouteMatch) gatewayv1.HTTPRouteRule {
	rule.Matches = matches
	return rule
}

func lost(s *space, what string) string {
	return "orders: customers come by HTTPRoute orders, and these would not reach it as they do: " + what +
		"; lead them to a Service of it (orders-primary, orders-canary) or " + planned(s)
}

// Bypass 23: what an HTTPRoute that customers come by may become.
func TestBypass23MovingRoutes(t *testing.T) {
	t.Parallel()
	s := governed(t, routed())
	get := gatewayv1.HTTPMethodGet
	regular := gatewayv1.PathMatchRegularExpression
	elsewhere := func(paths ...string) gatewayv1.HTTPRouteRule {
		r := rule("/", "decoy")
		r.Matches = nil
		for _, path := range paths {
			r.Matches = append(r.Matches, match(path))
		}
		return r
	}
	for name, tc := range map[string]struct {
		change func(*gatewayv1.HTTPRouteSpec)
		want   string // what would not reach it
	}{
		"a timeout": {change: func(s *gatewayv1.HTTPRouteSpec) {
			s.Rules[0].Timeouts = &gatewayv1.HTTPRouteTimeouts{Request: ptr.To(gatewayv1.Duration("9s"))}
		}},
		"weights between its own": {change: weights(50, 50)},
		"all to the canary":       {change: weights(0, 100)},
		"none to anybody":         {change: weights(0, 0), want: "PathPrefix /orders"},
		// One in a hundred is a customer's, too: whoever answers it is not the API, and the next write makes it 1:99.
		"a backend beside its own":         {change: leading(0, rule("", "orders-primary=99", "decoy=1")), want: "PathPrefix /orders"},
		"a heavy backend beside its own":   {change: leading(0, rule("", "orders-primary=1", "decoy=999")), want: "PathPrefix /orders"},
		"one of another rule":              {change: leading(0, rule("", "orders-primary", "cart")), want: "PathPrefix /orders"},
		"one of nobody without weight":     {change: leading(0, rule("", "orders-primary", "decoy=0"))},
		"one beside, by a rule before":     {change: first(rule("/orders", "orders-primary", "decoy=9")), want: "PathPrefix /orders"},
		"one beside, by a path of its own": {change: first(rule("/orders/1", "orders-primary", "decoy=9")), want: "PathPrefix /orders/1"},
		"one that was beside":              {change: leading(4, rule("", "orders-canary=90", "beside=10"))},
		"as much of it, of less":           {change: leading(4, rule("", "orders-primary=89", "beside=10")), want: "PathPrefix /mixed"},
		"less of one that was beside":      {change: leading(4, rule("", "orders-primary=90", "beside=9"))},
		"none of one that was beside":      {change: leading(4, rule("", "orders-primary=90"))},
		"more of one that was beside":      {change: leading(4, rule("", "orders-primary=90", "beside=11")), want: "PathPrefix /mixed"},
		"one that was beside, twice":       {change: leading(4, rule("", "orders-primary=90", "beside=10", "beside=10")), want: "PathPrefix /mixed"},
		"to the rule with one beside": {change: func(s *gatewayv1.HTTPRouteSpec) {
			s.Rules[1].Matches, s.Rules[4].Matches = s.Rules[4].Matches, append(s.Rules[4].Matches, s.Rules[1].Matches...)
		}, want: "Exact /legacy"},
		"a port that nothing listens on": {change: port(1, 0, 9), want: "Exact /legacy"},
		"that port, of one of two":       {change: func(s *gatewayv1.HTTPRouteSpec) { weights(1, 99)(s); port(0, 1, 9)(s) }, want: "PathPrefix /orders"},
		"that port, without weight":      {change: port(0, 1, 9), want: "PathPrefix /orders"}, // which the next write gives it
		"a port of it by another rule":   {change: port(1, 0, 8080)},
		"a port of others":               {change: port(2, 0, 9)},
		"a rewrite of one of two": {change: func(s *gatewayv1.HTTPRouteSpec) {
			weights(1, 99)(s)
			s.Rules[0].BackendRefs[1].Filters = []gatewayv1.HTTPRouteFilter{filter(gatewayv1.HTTPRouteFilterURLRewrite)}
		}, want: "PathPrefix /orders"},
		"another backend":        {change: leading(0, rule("", "decoy")), want: "PathPrefix /orders"},
		"its own without weight": {change: leading(0, rule("", "orders-primary=0", "decoy=1")), want: "PathPrefix /orders"},
		"no backend":             {change: leading(0, rule("")), want: "PathPrefix /orders"},
		"the name in another namespace": {change: func(s *gatewayv1.HTTPRouteSpec) {
			s.Rules[1].BackendRefs[0].Namespace = ptr.To(gatewayv1.Namespace("else"))
		}, want: "Exact /legacy"},
		"the name in forewarn's namespace": {change: func(s *gatewayv1.HTTPRouteSpec) {
			s.Rules[1].BackendRefs[0].Namespace = ptr.To(gatewayv1.Namespace(ownNamespace))
		}, want: "Exact /legacy"},
		"the name of another kind": {change: func(s *gatewayv1.HTTPRouteSpec) {
			s.Rules[1].BackendRefs[0].Kind, s.Rules[1].BackendRefs[0].Group = ptr.To(gatewayv1.Kind("Bucket")), ptr.To(gatewayv1.Group("example.com"))
		}, want: "Exact /legacy"},
		"its own namespace, spelled out": {change: func(spec *gatewayv1.HTTPRouteSpec) {
			spec.Rules[1].BackendRefs[0].Namespace = ptr.To(gatewayv1.Namespace(s.name))
		}},
		"what is of nobody":    {change: func(s *gatewayv1.HTTPRouteSpec) { s.Rules[2] = rule("/wishes", "decoy") }},
		"a rule less":          {change: func(s *gatewayv1.HTTPRouteSpec) { s.Rules = s.Rules[1:] }, want: "PathPrefix /orders"},
		"two rules less":       {change: func(s *gatewayv1.HTTPRouteSpec) { s.Rules = s.Rules[2:] }, want: "PathPrefix /orders; Exact /legacy"},
		"three rules less":     {change: func(s *gatewayv1.HTTPRouteSpec) { s.Rules = s.Rules[2:3] }, want: "PathPrefix /orders; Exact /legacy and 2 more"},
		"rules in other order": {change: func(s *gatewayv1.HTTPRouteSpec) { s.Rules[0], s.Rules[3] = s.Rules[3], s.Rules[0] }},
		"a match less, which another takes": {change: func(s *gatewayv1.HTTPRouteSpec) {
			s.Rules[0].Matches = []gatewayv1.HTTPRouteMatch{match("/")}
		}},
		"a match by more":       {change: func(s *gatewayv1.HTTPRouteSpec) { s.Rules[0].Matches[0].Method = &get }, want: "PathPrefix /orders"},
		"a match of less":       {change: func(s *gatewayv1.HTTPRouteSpec) { s.Rules[0].Matches[0] = match("/orders/") }},
		"a match of much less":  {change: func(s *gatewayv1.HTTPRouteSpec) { s.Rules[0].Matches[0] = match("/orders/1") }, want: "PathPrefix /orders"},
		"a match that is alike": {change: func(s *gatewayv1.HTTPRouteSpec) { s.Rules[1].Matches[0] = match("=/legac") }, want: "Exact /legacy"},
		"no condition any more": {change: func(s *gatewayv1.HTTPRouteSpec) { s.Rules[3].Matches[0].Headers = nil }},
		"another condition":     {change: func(s *gatewayv1.HTTPRouteSpec) { s.Rules[3].Matches[0].Headers[0].Value = "2" }, want: "PathPrefix /versioned header Exact x-version 1"},
		"a header in capitals":  {change: func(s *gatewayv1.HTTPRouteSpec) { s.Rules[3].Matches[0].Headers[0].Name = "X-VERSION" }},
		"a hostname more":       {change: func(s *gatewayv1.HTTPRouteSpec) { s.Hostnames = append(s.Hostnames, "more.example") }},
		"a hostname less":       {change: func(s *gatewayv1.HTTPRouteSpec) { s.Hostnames = s.Hostnames[1:] }, want: "hostname api.shop.example"},
		"every hostname":        {change: func(s *gatewayv1.HTTPRouteSpec) { s.Hostnames = nil }},
		"a parent more": {change: func(s *gatewayv1.HTTPRouteSpec) {
			s.ParentRefs = append(s.ParentRefs, gatewayv1.ParentReference{Name: "more"})
		}},
		"a parent less":       {change: func(s *gatewayv1.HTTPRouteSpec) { s.ParentRefs = s.ParentRefs[:1] }, want: "parent " + s.name + "/partners https"},
		"no parents":          {change: func(s *gatewayv1.HTTPRouteSpec) { s.ParentRefs = nil }, want: "parent " + s.name + "/public; parent " + s.name + "/partners https"},
		"another section":     {change: func(s *gatewayv1.HTTPRouteSpec) { s.ParentRefs[1].SectionName = ptr.To(gatewayv1.SectionName("http")) }, want: "parent " + s.name + "/partners https"},
		"headers of requests": {change: filtered(0, gatewayv1.HTTPRouteFilterRequestHeaderModifier)},
		"headers of answers":  {change: filtered(0, gatewayv1.HTTPRouteFilterResponseHeaderModifier)},
		"a mirror":            {change: filtered(0, gatewayv1.HTTPRouteFilterRequestMirror)},
		"a rewrite":           {change: filtered(0, gatewayv1.HTTPRouteFilterURLRewrite), want: "PathPrefix /orders"},
		"an extension":        {change: filtered(1, gatewayv1.HTTPRouteFilterExtensionRef), want: "Exact /legacy"},
		"a redirect": {change: func(s *gatewayv1.HTTPRouteSpec) {
			s.Rules[1].BackendRefs = nil
			filtered(1, gatewayv1.HTTPRouteFilterRequestRedirect)(s)
		}, want: "Exact /legacy"},
		"a redirect of others": {change: func(s *gatewayv1.HTTPRouteSpec) {
			s.Rules[2].BackendRefs = nil
			filtered(2, gatewayv1.HTTPRouteFilterRequestRedirect)(s)
		}},
		"headers of a backend":         {change: backendFiltered(gatewayv1.HTTPRouteFilterResponseHeaderModifier)},
		"a rewrite of a backend":       {change: backendFiltered(gatewayv1.HTTPRouteFilterURLRewrite), want: "Exact /legacy"},
		"a path of nobody elsewhere":   {change: first(elsewhere("/wishes"))},
		"a path beside its own":        {change: first(elsewhere("/ordersx"))},
		"a path around its own":        {change: first(elsewhere("/"))},
		"a path of its own":            {change: first(elsewhere("/orders/cancelled")), want: "PathPrefix /orders/cancelled"},
		"the path itself":              {change: first(elsewhere("/orders")), want: "PathPrefix /orders"},
		"the path alone":               {change: first(elsewhere("=/orders")), want: "Exact /orders"},
		"a prefix of a path alone":     {change: first(elsewhere("/legacy"))},
		"whatever an expression takes": {change: first(matching(rule("", "decoy"), gatewayv1.HTTPRouteMatch{Path: &gatewayv1.HTTPPathMatch{Type: &regular, Value: ptr.To("/ord.*")}})), want: "RegularExpression /ord.*"},
		"one method of its own":        {change: first(matching(rule("", "decoy"), gatewayv1.HTTPRouteMatch{Path: match("/orders").Path, Method: &get})), want: "PathPrefix /orders method GET"},
		"another header":               {change: first(matching(rule("", "decoy"), withHeader(match("/versioned"), "x-version", "2")))},
		"the same header and more":     {change: first(matching(rule("", "decoy"), withHeader(withHeader(match("/versioned"), "x-version", "1"), "x", "y"))), want: "PathPrefix /versioned header Exact x-version 1 header Exact x y"},
		"no header, which gives way":   {change: first(elsewhere("/versioned"))},
		"a path of its own to its own": {change: first(rule("/orders/cancelled", "orders-canary"))},
		"a path of its own, rewritten": {change: func(s *gatewayv1.HTTPRouteSpec) {
			first(rule("/orders/cancelled", "orders-canary"))(s)
			filtered(0, gatewayv1.HTTPRouteFilterURLRewrite)(s)
		}, want: "PathPrefix /orders/cancelled"},
	} {
		for how, write := range writers() {
			t.Run(name+" by "+how, func(t *testing.T) {
				s := s.with(t)
				route := inNamespace(s.name, ordersRoute())
				s.must(client.IgnoreAlreadyExists(s.admin.Create(t.Context(), route)))
				s.must(s.admin.Get(t.Context(), client.ObjectKeyFromObject(route), route))
				before := route.DeepCopy()
				tc.change(&route.Spec)
				want := tc.want
				if want != "" {
					want = lost(s, want)
				}
				s.judged(write(t, s.admin, before, route), routes, want)
			})
		}
	}
}

// What Flagger writes as it shifts weights, mirrors, and lets visitors stick (pkg/router/gateway_api.go); and what
// the plugin of Argo Rollouts writes: weights, and a rule of its own for a header.
func TestFlaggerAndArgoRolloutsShiftWeights(t *testing.T) {
	t.Parallel()
	s := governed(t, routed())
	route := inNamespace(s.name, ordersRoute())
	route.Spec.Rules = []gatewayv1.HTTPRouteRule{rule("/", "orders-primary=100", "orders-canary=0")}
	s.must(s.admin.Create(t.Context(), route))
	cookie := func(path string) gatewayv1.HTTPRouteMatch {
		m := withHeader(match(path), "Cookie", ".*flagger-cookie.*abc.*")
		m.Headers[0].Type = ptr.To(gatewayv1.HeaderMatchRegularExpression)
		return m
	}
	mirrored := rule("/", "orders-primary=100", "orders-canary=0")
	mirrored.Filters = []gatewayv1.HTTPRouteFilter{filter(gatewayv1.HTTPRouteFilterRequestMirror)}
	sticky := matching(rule("", "orders-primary=0", "orders-canary=100"), cookie("/"))
	weighted := rule("/", "orders-primary=50", "orders-canary=50")
	weighted.BackendRefs[1].Filters = []gatewayv1.HTTPRouteFilter{filter(gatewayv1.HTTPRouteFilterResponseHeaderModifier)}
	header := matching(rule("", "orders-canary=100"), withHeader(match("/"), "X-Canary", "yes"))
	for _, rules := range [][]gatewayv1.HTTPRouteRule{
		{rule("/", "orders-primary=90", "orders-canary=10")},
		{mirrored},
		{sticky, weighted},
		{rule("/", "orders-primary=100", "orders-canary=0")}, // and nobody sticks any more
		{header, rule("/", "orders-primary=95", "orders-canary=5")},
		{rule("/", "orders-primary=0", "orders-canary=100")},
		{rule("/", "orders-primary=100", "orders-canary=0")},
	} {
		route.Spec.Rules = rules
		s.must(s.admin.Update(t.Context(), route))
	}
	// What comes by a name that was not there brings its port.
	route.Spec.Rules = []gatewayv1.HTTPRouteRule{rule("/", "orders-primary")}
	s.must(s.admin.Update(t.Context(), route))
	route.Spec.Rules = []gatewayv1.HTTPRouteRule{rule("/", "orders-canary")}
	port(0, 0, 8080)(&route.Spec)
	s.must(s.admin.Update(t.Context(), route))
	route.Spec.Rules = []gatewayv1.HTTPRouteRule{header}
	port(0, 0, 8080)(&route.Spec)
	s.refused(s.admin.Update(t.Context(), route), routes, lost(s, "PathPrefix /"))
}

// Bypass 15, 17: whoever writes, and by whichever path or version.
func TestBypass15Bypass23Routes(t *testing.T) {
	t.Parallel()
	s := governed(t, routed())
	route := inNamespace(s.name, ordersRoute())
	s.must(s.admin.Create(t.Context(), route))
	for _, version := range []string{"v1", "v1beta1"} {
		manifest := fmt.Sprintf(`{"apiVersion":"gateway.networking.k8s.io/%s","kind":"HTTPRoute","metadata":{"name":"orders"},"spec":{"rules":[{"backendRefs":[{"name":"decoy","port":80}]}]}}`, version)
		object := argo(s.name, "orders", nil)
		object.SetAPIVersion("gateway.networking.k8s.io/" + version)
		object.SetKind("HTTPRoute")
		err := s.admin.Patch(t.Context(), object, client.RawPatch(types.ApplyPatchType, []byte(manifest)), client.ForceOwnership, client.FieldOwner("somebody"))
		s.refused(err, routes, lost(s, "PathPrefix /orders; Exact /legacy and 2 more"))
	}
	// A status takes nothing with it.
	moved := route.DeepCopy()
	moved.Spec.Rules, moved.Status.Parents = moved.Spec.Rules[2:3], []gatewayv1.RouteParentStatus{}
	s.must(s.admin.Status().Update(t.Context(), moved))
	s.must(s.admin.Get(t.Context(), client.ObjectKeyFromObject(route), route))
	if len(route.Spec.Rules) != 5 {
		t.Errorf("a write to the status left %d rules", len(route.Spec.Rules))
	}
	// In a planned downtime it moves.
	moved = route.DeepCopy()
	moved.Spec.Rules = moved.Spec.Rules[2:3]
	s.gates["deny"].line("open", "orders", "2200-01-01T00:00:00Z")
	s.rewrite("deny")
	s.must(s.admin.Update(t.Context(), moved, client.DryRunAll))
	s.gates["deny"].without("open")
	s.rewrite("deny")
	s.refused(s.admin.Update(t.Context(), moved, client.DryRunAll), routes, lost(s, "PathPrefix /orders; Exact /legacy and 2 more"))
	// Finalizers come off, whatever the gate says of it.
	route.Finalizers = []string{"test.forewarn.dev/hold"}
	s.must(s.admin.Update(t.Context(), route))
	s.must(s.admin.Delete(t.Context(), route))
	s.must(retryConflicts(func() error {
		s.must(s.admin.Get(t.Context(), client.ObjectKeyFromObject(route), route))
		route.Finalizers = nil
		return s.admin.Update(t.Context(), route)
	}))
}

// Forewarn leads customers to its own answer for the minutes of a brownout, and back; nobody else leads them there, and
// nobody takes the route apart meanwhile.
func TestBrownoutsPass(t *testing.T) {
	t.Parallel()
	s := governed(t, routed())
	route := inNamespace(s.name, ordersRoute())
	s.must(s.admin.Create(t.Context(), route))
	original := route.DeepCopy()
	brown := rule("", "forewarn").BackendRefs
	brown[0].Namespace = ptr.To(gatewayv1.Namespace(ownNamespace))
	route.Spec.Rules[0].BackendRefs = brown
	s.refused(s.admin.Update(t.Context(), route.DeepCopy()), routes, lost(s, "PathPrefix /orders"))
	s.must(s.manager.Update(t.Context(), route))
	edited := route.DeepCopy()
	edited.Spec.Rules[0].Filters = []gatewayv1.HTTPRouteFilter{filter(gatewayv1.HTTPRouteFilterResponseHeaderModifier)}
	s.must(s.admin.Update(t.Context(), edited.DeepCopy(), client.DryRunAll)) // somebody applies what else there is
	edited.Spec.Rules = edited.Spec.Rules[1:]
	s.refused(s.admin.Update(t.Context(), edited.DeepCopy()), routes, lost(s, "PathPrefix /orders"))
	edited = route.DeepCopy()
	edited.Spec.Rules[0].BackendRefs = rule("", "decoy").BackendRefs
	s.refused(s.admin.Update(t.Context(), edited), routes, lost(s, "PathPrefix /orders"))
	edited = route.DeepCopy()
	edited.Spec.Rules[1].BackendRefs = brown // what else there is does not go the same way
	s.refused(s.admin.Update(t.Context(), edited), routes, lost(s, "Exact /legacy"))
	edited = route.DeepCopy()
	edited.Spec.Rules = original.Spec.Rules // a tool that reverts it
	s.must(s.admin.Update(t.Context(), edited, client.DryRunAll))
	route.Spec.Rules = original.Spec.Rules
	s.must(s.manager.Update(t.Context(), route))
}

// A5: the largest route that there can be is judged, and a gate that says nothing of it says nothing.
func TestA5Routes(t *testing.T) {
	t.Parallel()
	for name, g := range map[string]*gate{
		"nothing": newGate(), "no table": routed().without("carry"), "an empty one": routed().blanked("carry"), "no Services": routed().without("lead"),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := governed(t, g)
			route := inNamespace(s.name, ordersRoute())
			s.must(s.admin.Create(t.Context(), route))
			route.Spec = gatewayv1.HTTPRouteSpec{}
			s.must(s.admin.Update(t.Context(), route))
		})
	}
	s := governed(t, routed().knows("orders", "orders-primary:80", "orders-canary:80"))
	route := inNamespace(s.name, &gatewayv1.HTTPRoute{ObjectMeta: metav1.ObjectMeta{Name: "orders"}})
	for i := range 16 {
		r := rule("", "orders-primary=100", "orders-canary=0")
		for j := range 14 { // 16 backends are the most, too
			r.BackendRefs = append(r.BackendRefs, rule("", fmt.Sprintf("beside-of-some-length-%d=%d", j, j+1)).BackendRefs...)
		}
		r.Matches = nil
		for j := range 8 { // 128 of all rules together is the most
			r.Matches = append(r.Matches, withHeader(match(fmt.Sprintf("/orders/of/some/length/%d/%d", i, j)), "X-Version", "1"))
		}
		route.Spec.Rules = append(route.Spec.Rules, r)
	}
	s.must(s.admin.Create(t.Context(), route))
	for i := range route.Spec.Rules {
		route.Spec.Rules[i].BackendRefs[1].Weight = ptr.To[int32](50)
	}
	s.must(s.admin.Update(t.Context(), route))
	for i := range route.Spec.Rules {
		route.Spec.Rules[i].BackendRefs = rule("", "decoy").BackendRefs
	}
	want := lost(s, "PathPrefix /orders/of/some/length/0/0 header Exact x-version 1; "+
		"PathPrefix /orders/of/some/length/0/1 header Exact x-version 1 and 126 more")
	s.refused(s.admin.Update(t.Context(), route), routes, strings.Replace(want, "orders-primary, orders-canary", "orders-primary:80, orders-canary:80", 1))
}
