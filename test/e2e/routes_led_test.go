//go:build unix

package e2e

import (
	"strings"
	"testing"

	. "github.com/onsi/gomega"
	corev1 "k8s.io/api/core/v1"
	apimeta "k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/util/intstr"

	v1alpha1 "forewarn.dev/forewarn/api/v1alpha1"
)

// ledBy waits until the gate knows by what ports customers come to the API.
func (e *env) ledBy(line string) {
	e.t.Helper()
	e.Eventually(func(g Gomega) {
		found := &corev1.ConfigMap{}
		e.get(found, "forewarn-gate-deny-v1")
		g.Expect(found.Data["lead.s"]).To(Equal("\norders " + line + "\n"))
	}).Should(Succeed())
}

func backend(name string, port, weight int64) any {
	return map[string]any{"group": "", "kind": "Service", "name": name, "port": port, "weight": weight}
}

// backends leads all rules of the route there.
func (e *env) backends(backends ...any) error {
	e.t.Helper()
	route := routeObject()
	e.get(route, "orders")
	rules := e.rules(e)
	for _, rule := range rules {
		rule.(map[string]any)["backendRefs"] = backends
	}
	e.Expect(unstructured.SetNestedSlice(route.Object, rules, "spec", "rules")).To(Succeed())
	return e.admin.Update(e.ctx, route)
}

// listeners are one for each port, of which the first is called "http".
func listeners(ports ...int64) []any {
	var list []any
	for i, port := range ports {
		list = append(list, map[string]any{"name": []string{"http", "beside"}[i], "port": port, "protocol": "HTTP"})
	}
	return list
}

// listens has the Gateway listen there.
func (e *env) listens(gateway *unstructured.Unstructured, ports ...int64) error {
	e.t.Helper()
	e.get(gateway, gateway.GetName())
	e.Expect(unstructured.SetNestedSlice(gateway.Object, listeners(ports...), "spec", "listeners")).To(Succeed())
	return e.admin.Update(e.ctx, gateway)
}

// Bypass 23: a Service that left a route comes back by the port that customers came by, also to a manager that never saw it
// there.
func TestAServiceComesBackToItsRoute(t *testing.T) {
	e := adopted(t)
	e.gatewayAPI()
	e.t.Cleanup(e.noGatewayAPI)
	canary := &corev1.Service{ObjectMeta: metav1.ObjectMeta{Namespace: e.namespace, Name: "orders-canary"}}
	canary.Spec.Selector = map[string]string{"app": "orders"}
	canary.Spec.Ports = []corev1.ServicePort{
		{Name: "http", Port: 8080, TargetPort: intstr.FromInt32(80)}, {Name: "admin", Port: 9, TargetPort: intstr.FromInt32(9)},
	}
	e.create(canary)
	e.route()
	gateway := &unstructured.Unstructured{Object: map[string]any{"spec": map[string]any{
		"gatewayClassName": "example", "listeners": listeners(80),
	}}}
	gateway.SetGroupVersionKind(routeObject().GroupVersionKind().GroupVersion().WithKind("Gateway"))
	gateway.SetNamespace(e.namespace)
	gateway.SetName("public")
	e.create(gateway)
	e.edit(v1alpha1.Carrier{Services: []string{"orders", "orders-canary"}, HTTPRoutes: []string{"orders"}})
	// No route led to the canary yet: it may come by the port that leads where those of the others lead.
	e.ledBy("orders orders-canary orders:80 orders-canary:8080")
	want := MatchError(ContainSubstring("PathPrefix /v1; PathPrefix /v2; lead them to a Service of it (orders:80, orders-canary:8080)"))
	e.Expect(e.backends(backend("orders", 80, 1), backend("orders-canary", 9, 0))).To(want)
	e.Expect(e.backends(backend("orders", 80, 1), backend("orders-canary", 8080, 0))).To(Succeed())
	e.Expect(e.backends(backend("orders-canary", 8080, 1))).To(Succeed())
	keeps := MatchError(ContainSubstring("deleting what serves customerapi/orders"))
	e.Expect(e.admin.Delete(e.ctx, gateway)).To(keeps)
	closed := MatchError(ContainSubstring("these would not take them as they do: listener http (80 HTTP); leave them"))
	e.Expect(e.listens(gateway, 8080)).To(closed)
	e.restartManager(0)
	e.ledBy("orders orders-canary orders:80 orders-canary:8080")
	e.Expect(e.admin.Delete(e.ctx, gateway)).To(keeps)
	e.Expect(e.listens(gateway, 8080)).To(closed)
	e.Expect(e.listens(gateway, 80, 8080)).To(Succeed())
	e.Expect(e.backends(backend("orders-canary", 8080, 1), backend("orders", 81, 0))).To(want)
	e.Expect(e.backends(backend("orders-canary", 8080, 0), backend("orders", 80, 1))).To(Succeed())
}

// parentSays writes what the Gateway "public" says of the route; nothing for no words.
func (e *env) parentSays(words ...string) {
	e.t.Helper()
	route := routeObject()
	e.get(route, "orders")
	parents := []any{}
	if len(words) > 0 {
		said := func(kind, text string) any {
			status, reason, _ := strings.Cut(text, " ")
			return map[string]any{
				"type": kind, "status": status, "reason": reason, "message": "", "lastTransitionTime": "2026-01-01T00:00:00Z",
			}
		}
		parents = append(parents, map[string]any{
			"parentRef": map[string]any{"name": "public"}, "controllerName": "example.com/gateway",
			"conditions": []any{said("Accepted", words[0]), said("ResolvedRefs", words[1])},
		})
	}
	route.Object["status"] = map[string]any{"parents": parents}
	e.Expect(e.admin.Status().Update(e.ctx, route)).To(Succeed())
}

func (e *env) routesAre(want string) {
	e.t.Helper()
	e.Eventually(func(g Gomega) {
		api := &v1alpha1.CustomerAPI{}
		e.get(api, "orders")
		is := apimeta.FindStatusCondition(api.Status.Conditions, v1alpha1.ConditionRoutesAccepted)
		if want == "" {
			g.Expect(is).To(BeNil())
			return
		}
		g.Expect(is).NotTo(BeNil())
		g.Expect(string(is.Status) + " " + is.Reason).To(Equal(want))
	}).Should(Succeed())
}

// Bypass 23: that a Gateway, a listener or a ReferenceGrant goes is found in what the Gateways say of the routes.
func TestRoutesThatNoGatewayTakesAreFound(t *testing.T) {
	e := newEnv(t)
	e.noGatewayAPI()
	e.policy()
	e.api("orders")
	e.routesAre("")
	e.edit(v1alpha1.Carrier{Services: []string{"orders"}, HTTPRoutes: []string{"orders"}})
	e.routesAre("Unknown NoGatewayAPI")
	e.gatewayAPI()
	e.t.Cleanup(e.noGatewayAPI)
	e.routesAre("False RouteNotFound")
	e.route()
	e.routesAre("Unknown RouteNotReported")
	e.parentSays("True Accepted", "True ResolvedRefs")
	e.routesAre("True RoutesAccepted")
	e.parentSays("False NoMatchingListenerHostname", "True ResolvedRefs")
	e.routesAre("False RouteNotAccepted")
	e.parentSays("True Accepted", "False RefNotPermitted")
	e.routesAre("False RefsNotResolved")
	e.parentSays()
	e.routesAre("False RouteNotReported")
	e.Eventually(func() []string { return e.events("orders") }).Should(ContainElements("RouteNotAccepted", "RefsNotResolved"))
	e.edit(v1alpha1.Carrier{Services: []string{"orders"}})
	e.routesAre("")
}
