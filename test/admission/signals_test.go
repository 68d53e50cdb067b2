//go:build unix

package admission

import (
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	. "github.com/onsi/gomega"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/yaml"
)

const (
	signals     = "forewarn-signals"
	deprecation = "@1798761600"
	sunset      = "Thu, 01 Jul 2027 00:00:00 GMT"
	guide       = `<https://docs.acme.example/v2>; rel="deprecation"`
	// saying are filters by which responses say all of it.
	saying = `filters: [{type: ResponseHeaderModifier, responseHeaderModifier: {
    set: [{name: X, value: z}, {name: deprecation, value: "` + deprecation + `"}, {name: Sunset, value: "` + sunset + `"}],
    add: [{name: Link, value: '<https://a.example/>; rel="next", ` + guide + `'}]}}]`
)

// lacks is what is refused where a rule lacks one header, or more.
func lacks(rule, operation, header, value, more string) string {
	return "rule " + rule + " does not say that what it carries goes away, as deprecationschedule/orders-v1 told customers; add to its " +
		"filters {type: ResponseHeaderModifier, responseHeaderModifier: {" + operation + ": [{name: " + header + ", value: '" + value + "'}]}}" +
		more + "; all of it: forewarn headers deprecationschedule/orders-v1 -n "
}

// signalling asks for all headers in rule v1 of the route "orders", for one in the others, and for none in "ours".
func signalling() *gate {
	return newGate().set("apis", "1").set("signals", "1").line("signal", "orders", strings.Join([]string{
		"* orders-v1 Sunset " + sunset, "ours orders-v1",
		"v1 orders-v1 Deprecation " + deprecation, "v1 orders-v1 Link " + guide, "v1 orders-v1 Sunset " + sunset,
	}, "\t"))
}

func httpRoute(t testing.TB, namespace, name, rules string) *unstructured.Unstructured {
	t.Helper()
	var list []any
	if err := yaml.Unmarshal([]byte(rules), &list); err != nil {
		t.Fatal(err)
	}
	route := &unstructured.Unstructured{Object: map[string]any{"spec": map[string]any{"rules": list}}}
	route.SetAPIVersion("gateway.networking.k8s.io/v1")
	route.SetKind("HTTPRoute")
	route.SetNamespace(namespace)
	route.SetName(name)
	return route
}

// serveHTTPRoutes has the cluster serve them.
func serveHTTPRoutes(t *testing.T) {
	t.Helper()
	folder, err := exec.CommandContext(t.Context(), "go", "list", "-m", "-f", "{{.Dir}}", "sigs.k8s.io/gateway-api").Output()
	if err != nil {
		t.Fatal(err)
	}
	crd := filepath.Join(strings.TrimSpace(string(folder)), "config/crd/standard/gateway.networking.k8s.io_httproutes.yaml")
	for _, args := range [][]string{{"apply", "--server-side", "-f", crd}, {"wait", "--for=condition=Established", "--timeout=60s", "-f", crd}} {
		if _, err := kubectl(t.Context(), nil, args...); err != nil {
			t.Fatal(err)
		}
	}
}

// biteOnRoutes waits until the policy does: a kind that came after it is known to it only later.
func biteOnRoutes(t *testing.T, s *space) {
	t.Helper()
	NewWithT(t).Eventually(func() error {
		return s.admin.Create(t.Context(), httpRoute(t, s.name, "orders", `[{name: v1}]`), client.DryRunAll)
	}).WithTimeout(patience).WithPolling(often).Should(MatchError(ContainSubstring(signals)))
}

func TestWritingRoutesThatSayNothing(t *testing.T) {
	serveHTTPRoutes(t)
	s := governed(t, signalling())
	biteOnRoutes(t, s)
	first, more := lacks("v1", "set", "Deprecation", deprecation, " and more"), ""
	for name, tc := range map[string]struct{ route, rules, want string }{
		"all of it":                          {"orders", `[{name: v1, ` + saying + `}]`, ""},
		"nothing":                            {"orders", `[{name: v1}]`, first},
		"an empty filter":                    {"orders", `[{name: v1, filters: [{type: ResponseHeaderModifier, responseHeaderModifier: {}}]}]`, first},
		"other filters":                      {"orders", `[{name: v1, filters: [{type: RequestHeaderModifier, requestHeaderModifier: {set: [{name: Sunset, value: x}]}}]}]`, first},
		"no link":                            {"orders", `[{name: v1, ` + strings.Replace(saying, guide, "", 1) + `}]`, lacks("v1", "add", "Link", guide, more)},
		"another date":                       {"orders", `[{name: v1, ` + strings.Replace(saying, deprecation, "@1798761601", 1) + `}]`, lacks("v1", "set", "Deprecation", deprecation, more)},
		"said and removed":                   {"orders", `[{name: v1, ` + strings.Replace(saying, "set:", "remove: [SUNSET], set:", 1) + `}]`, lacks("v1", "set", "Sunset", sunset, more)},
		"another rule":                       {"orders", `[{name: v2}]`, lacks("v2", "set", "Sunset", sunset, more)},
		"a rule without a name":              {"orders", `[{matches: [{path: {value: /}}]}]`, lacks("without a name", "set", "Sunset", sunset, more)},
		"another rule that says so":          {"orders", `[{name: v2, ` + saying + `}]`, ""},
		"a rule that forewarn writes":        {"orders", `[{name: ours}]`, ""},
		"the second of two":                  {"orders", `[{name: ours}, {name: v1}]`, first},
		"another route":                      {"orders2", `[{name: v1}]`, ""},
		"a route whose name ends like it":    {"my-orders", `[{name: v1}]`, ""},
		"a rule whose name begins like it":   {"orders", `[{name: v10, ` + saying + `}]`, ""},
		"a rule whose name begins otherwise": {"orders", `[{name: v10}]`, lacks("v10", "set", "Sunset", sunset, more)},
	} {
		t.Run(name, func(t *testing.T) {
			for _, u := range []*user{s.tenant, s.admin} {
				want := tc.want
				if want != "" {
					want += s.name
				}
				s.with(t).judged(u.Create(t.Context(), httpRoute(t, s.name, tc.route, tc.rules), client.DryRunAll), signals, want)
			}
			s.with(t).must(s.manager.Create(t.Context(), httpRoute(t, s.name, tc.route, tc.rules), client.DryRunAll))
		})
	}
}

// A6: what is deleted is asked about nowhere, one by one or in a collection. An incident is not the moment to argue.
func TestA6RoutesThatSaidNothingBefore(t *testing.T) {
	serveHTTPRoutes(t)
	s := newSpace(t)
	const was = `[{name: v1, backendRefs: [{name: orders, port: 80}]}]`
	route := httpRoute(t, s.name, "orders", was)
	s.must(s.admin.Create(t.Context(), route))
	s.govern(map[string]*gate{"deny": signalling()})
	biteOnRoutes(t, s)
	want := lacks("v1", "set", "Deprecation", deprecation, " and more") + s.name
	for name, tc := range map[string]struct {
		change func(*unstructured.Unstructured)
		want   string
	}{
		"a label":     {change: func(u *unstructured.Unstructured) { u.SetLabels(map[string]string{"a": "b"}) }},
		"a finalizer": {change: func(u *unstructured.Unstructured) { u.SetFinalizers([]string{"acme.example/a"}) }},
		"traffic to another": {change: func(u *unstructured.Unstructured) {
			s.rules(u, `[{name: v1, backendRefs: [{name: orders, port: 81, weight: 3}]}]`)
		}},
		"a host name": {change: func(u *unstructured.Unstructured) {
			u.Object["spec"].(map[string]any)["hostnames"] = []any{"a.example"}
		}},
		"another path": {change: func(u *unstructured.Unstructured) { s.rules(u, `[{name: v1, matches: [{path: {value: /b}}]}]`) }, want: want},
		"another name": {change: func(u *unstructured.Unstructured) { s.rules(u, `[{name: v2}]`) }, want: lacks("v2", "set", "Sunset", sunset, "") + s.name},
		"another filter": {change: func(u *unstructured.Unstructured) {
			s.rules(u, `[{name: v1, filters: [{type: URLRewrite, urlRewrite: {hostname: a}}]}]`)
		}, want: want},
		"what is asked for":      {change: func(u *unstructured.Unstructured) { s.rules(u, `[{name: v1, `+saying+`}]`) }},
		"one more that lacks it": {change: func(u *unstructured.Unstructured) { s.rules(u, `[{name: v1}, {name: ours}]`) }, want: want},
	} {
		t.Run(name, func(t *testing.T) {
			changed := route.DeepCopy()
			s.must(s.admin.Get(t.Context(), client.ObjectKeyFromObject(route), changed))
			tc.change(changed)
			s.with(t).judged(s.tenant.Update(t.Context(), changed, client.DryRunAll), signals, tc.want)
		})
	}
	s.must(s.tenant.Delete(t.Context(), route, client.DryRunAll))
	s.must(s.tenant.DeleteAllOf(t.Context(), route, client.InNamespace(s.name)))
}

func (s *space) rules(u *unstructured.Unstructured, rules string) {
	s.Helper()
	u.Object["spec"] = httpRoute(s, "", "", rules).Object["spec"]
}

// A5: a gate that says nothing of routes, or half of it.
func TestA5GatesThatSayNothingOfRoutes(t *testing.T) {
	serveHTTPRoutes(t)
	witness := governed(t, signalling())
	biteOnRoutes(t, witness)
	for name, g := range map[string]*gate{
		"nothing at all":     newGate(),
		"no table":           newGate().set("signals", "1"),
		"an empty table":     signalling().blanked("signal"),
		"no count":           signalling().without("signals"),
		"an empty line":      newGate().set("signals", "1").line("signal", "orders", ""),
		"half a line":        newGate().set("signals", "1").line("signal", "orders", "v1 orders-v1 Sunset"),
		"tabs and no signal": newGate().set("signals", "1").line("signal", "orders", "\t\t"),
	} {
		t.Run(name, func(t *testing.T) {
			s := governed(t, g)
			for _, rules := range []string{`[{name: v1}]`, `[{matches: [{path: {value: /}}]}]`} {
				s.must(s.tenant.Create(t.Context(), httpRoute(t, s.name, "orders", rules), client.DryRunAll))
			}
		})
	}
}

func TestRoutesAreWarnedOfOrAudited(t *testing.T) {
	serveHTTPRoutes(t)
	witness := governed(t, signalling())
	biteOnRoutes(t, witness)
	s := newSpace(t)
	s.govern(map[string]*gate{"warn": signalling()})
	s.tenant.warnings.take()
	s.must(s.tenant.Create(t.Context(), httpRoute(t, s.name, "orders", `[{name: v1}]`), client.DryRunAll))
	s.warned(signals, lacks("v1", "set", "Deprecation", deprecation, " and more")+s.name)
	audited := newSpace(t)
	audited.govern(map[string]*gate{"audit": signalling()})
	s.must(s.tenant.Create(t.Context(), httpRoute(t, audited.name, "orders", `[{name: v1}]`), client.DryRunAll))
	s.warned(signals)
}
