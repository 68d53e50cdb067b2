//go:build unix

package admission

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/utils/ptr"
	gatewayv1 "sigs.k8s.io/gateway-api/apis/v1"
)

// Bypass 23: whatever is written in whatever order, no request is led less to the API than it ever was. What a request is
// led to is told by the rules of the Gateway API, as an implementation of it would. Of each seed the same is tried.
func TestBypass23Search(t *testing.T) {
	t.Parallel()
	policy := judgeOf(t, routes)
	data := routed().knows("orders", "orders-primary:80", "orders-canary:80").data()
	passed := 0
	for seed := range 120 {
		r := routeWriter{rand.New(rand.NewPCG(uint64(seed), 0))}
		route := inNamespace("shop", newRoute(r.rules()...))
		most := map[asked]float64{}
		for range 12 {
			next := route.DeepCopy()
			r.write(&next.Spec)
			if !policy.allows(data, asWrite(t, route, next)) {
				continue
			}
			passed++
			for q := range everything() {
				most[q] = max(most[q], ledToAPI(&route.Spec, q))
				if is := ledToAPI(&next.Spec, q); is < most[q]-1e-5 {
					t.Fatalf("seed %d: of %+v the API had %.3f and has %.3f:\n%s\nhas become\n%s",
						seed, q, most[q], is, rulesText(&route.Spec), rulesText(&next.Spec))
				}
			}
			route = next
		}
	}
	if passed < 100 {
		t.Errorf("of all writes %d passed: nothing was tried", passed)
	}
}

// asked is a request: its path, and the value of one header.
type asked struct{ path, header string }

func everything() map[asked]bool {
	all := map[asked]bool{}
	for _, path := range []string{"/", "/a", "/a/b", "/a/b/c", "/d", "/d/e"} {
		for _, header := range []string{"", "1", "2"} {
			all[asked{path, header}] = true
		}
	}
	return all
}

// ledToAPI is the share of a request that its rule leads to a Service of the API, by its port and as it was asked.
func ledToAPI(s *gatewayv1.HTTPRouteSpec, q asked) float64 {
	rule := takenBy(s, q)
	if rule == nil || len(rule.Filters) > 0 {
		return 0
	}
	var all, own int32
	for _, b := range rule.BackendRefs {
		all += *b.Weight
		if strings.HasPrefix(string(b.Name), "orders-") && *b.Port == 80 && len(b.Filters) == 0 {
			own += *b.Weight
		}
	}
	return float64(own) / float64(max(all, 1))
}

// takenBy is the rule of the most specific match: an exact path, then the longest, then the most headers, then the first.
func takenBy(s *gatewayv1.HTTPRouteSpec, q asked) (taken *gatewayv1.HTTPRouteRule) {
	best := -1
	for i := range s.Rules {
		for _, m := range s.Rules[i].Matches {
			path := strings.TrimSuffix(*m.Path.Value, "/")
			exact := *m.Path.Type == gatewayv1.PathMatchExact
			if q.path != *m.Path.Value && (exact || q.path != path && !strings.HasPrefix(q.path, path+"/")) ||
				len(m.Headers) > 0 && m.Headers[0].Value != q.header {
				continue
			}
			rank := len(*m.Path.Value)*10 + len(m.Headers)
			if exact {
				rank += 1000
			}
			if rank > best {
				best, taken = rank, &s.Rules[i]
			}
		}
	}
	return taken
}

// routeWriter is somebody who writes whatever comes to mind.
type routeWriter struct{ *rand.Rand }

func (r routeWriter) match() gatewayv1.HTTPRouteMatch {
	m := match([]string{"/", "/a", "=/a", "/a/b", "=/a/b", "/a/b/c", "/d", "/d/e"}[r.IntN(8)])
	if r.IntN(3) == 0 {
		m = withHeader(m, "x", fmt.Sprint(1+r.IntN(2)))
	}
	return m
}

func (r routeWriter) weight() int32 { return []int32{0, 1, 9, 50}[r.IntN(4)] }

func (r routeWriter) backend() gatewayv1.HTTPBackendRef {
	b := rule("", []string{"orders-primary", "orders-canary", "decoy", "cart"}[r.IntN(4)]).BackendRefs[0]
	b.Weight = ptr.To(r.weight())
	if r.IntN(5) == 0 {
		b.Port = ptr.To[gatewayv1.PortNumber](9)
	}
	if r.IntN(8) == 0 {
		b.Filters = []gatewayv1.HTTPRouteFilter{filter(gatewayv1.HTTPRouteFilterURLRewrite)}
	}
	return b
}

func (r routeWriter) rule() gatewayv1.HTTPRouteRule {
	made := gatewayv1.HTTPRouteRule{
		Matches: []gatewayv1.HTTPRouteMatch{r.match(), r.match()}[r.IntN(2):], BackendRefs: []gatewayv1.HTTPBackendRef{r.backend(), r.backend()}[r.IntN(2):],
	}
	if r.IntN(8) == 0 {
		made.Filters = []gatewayv1.HTTPRouteFilter{filter(gatewayv1.HTTPRouteFilterURLRewrite)}
	}
	return made
}

func (r routeWriter) rules() (rules []gatewayv1.HTTPRouteRule) {
	for range 1 + r.IntN(4) {
		rules = append(rules, r.rule())
	}
	return rules
}

// write does one to three things to a route.
func (r routeWriter) write(s *gatewayv1.HTTPRouteSpec) {
	for range 1 + r.IntN(3) {
		if len(s.Rules) == 0 {
			s.Rules = r.rules()
			continue
		}
		i := r.IntN(len(s.Rules))
		changed := &s.Rules[i]
		switch r.IntN(8) {
		case 0:
			s.Rules = append(s.Rules[:i:i], append([]gatewayv1.HTTPRouteRule{r.rule()}, s.Rules[i:]...)...)
		case 1:
			s.Rules = append(s.Rules[:i:i], s.Rules[i+1:]...)
		case 2:
			j := r.IntN(len(s.Rules))
			s.Rules[i], s.Rules[j] = s.Rules[j], s.Rules[i]
		case 3:
			changed.BackendRefs = r.rule().BackendRefs
		case 4:
			changed.BackendRefs[r.IntN(len(changed.BackendRefs))].Weight = ptr.To(r.weight())
		case 5:
			changed.BackendRefs = append(changed.BackendRefs, r.backend())
		case 6:
			changed.Matches = append(changed.Matches, r.match())
		case 7:
			changed.Matches = r.rule().Matches
		}
	}
}

func rulesText(s *gatewayv1.HTTPRouteSpec) string {
	var b strings.Builder
	for _, rule := range s.Rules {
		for _, m := range rule.Matches {
			fmt.Fprintf(&b, " %s %s %v", *m.Path.Type, *m.Path.Value, m.Headers)
		}
		fmt.Fprintf(&b, " -> %d filters", len(rule.Filters))
		for _, backend := range rule.BackendRefs {
			fmt.Fprintf(&b, " %s:%d=%d (%d filters)", backend.Name, *backend.Port, *backend.Weight, len(backend.Filters))
		}
		b.WriteString("\n")
	}
	return b.String()
}

func asWrite(t *testing.T, before, after *gatewayv1.HTTPRoute) write {
	t.Helper()
	kind := schema.GroupVersion{Group: gatewayv1.GroupName, Version: "v1"}.WithKind("HTTPRoute")
	return write{kind: kind, resource: "httproutes", old: untyped(t, before, kind), object: untyped(t, after, kind)}
}
