//go:build unix

package e2e

import (
	"fmt"
	"testing"
	"time"

	. "github.com/onsi/gomega"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/utils/ptr"
	"sigs.k8s.io/controller-runtime/pkg/client"

	v1alpha1 "forewarn.dev/forewarn/api/v1alpha1"
)

// service leads to the pods of an app.
func (e *env) service(name, app string) {
	e.t.Helper()
	service := &corev1.Service{ObjectMeta: metav1.ObjectMeta{Namespace: e.namespace, Name: name}}
	service.Spec.Selector = map[string]string{"app": app}
	service.Spec.Ports = []corev1.ServicePort{{Port: 80}}
	e.create(service)
}

// scale is what admission answers to a scale of a Deployment.
func (e *env) scale(name string, replicas int, options ...client.SubResourcePatchOption) error {
	patch := client.RawPatch(types.MergePatchType, fmt.Appendf(nil, `{"spec":{"replicas":%d}}`, replicas))
	return e.developer.SubResource("scale").Patch(e.ctx, e.named(name), patch, options...)
}

func (e *env) named(name string) *appsv1.Deployment {
	return &appsv1.Deployment{ObjectMeta: metav1.ObjectMeta{Namespace: e.namespace, Name: name}}
}

// toNone is the same, of a scale to zero that has no consequences.
func (e *env) toNone(name string) func() error {
	return func() error { return e.scale(name, 0, client.DryRunAll) }
}

func noReplicas(name string) OmegaMatcher {
	return ContainSubstring("deployments/" + name + " would have no replicas")
}

// R15, bypass 1 and 10: what each Service leads to is kept, across restarts and planned downtimes, for as long as customers
// come by it.
func TestWhatEachServiceNeedsIsKept(t *testing.T) {
	e := adopted(t)
	e.service("reports", "reports")
	e.edit(v1alpha1.Carrier{Services: []string{"orders", "reports"}})
	e.held("app=orders;app=reports")
	e.Expect(e.release("reports", "orders-1", "orders:1")).To(Succeed())
	e.rolledOut("reports", "orders:1")
	refused := func() {
		t.Helper()
		for _, name := range []string{"orders", "reports"} {
			e.Eventually(e.toNone(name)).Should(MatchError(noReplicas(name)))
			e.Expect(e.developer.Delete(e.ctx, e.named(name), client.DryRunAll)).To(MatchError(ContainSubstring("deleting what serves")), name)
		}
	}
	refused()
	e.restartManager(0)
	refused()

	planned := e.downtime("orders-moves", time.Now().Add(3*time.Second))
	for _, name := range []string{"orders", "reports"} {
		e.Eventually(e.toNone(name)).Should(Succeed(), name)
	}
	end := planned.Spec.EffectiveTime.Add(time.Minute).UTC().Format(time.RFC3339)
	e.Expect(e.windowMark()).To(Equal(end + " deployments/orders deployments/reports services/orders services/reports"))
	e.get(planned, planned.Name)
	planned.Spec.State = v1alpha1.NoticeWithdrawn
	e.Expect(e.developer.Update(e.ctx, planned)).To(Succeed())
	refused()

	// Named no more, by somebody who may say so, it leads customers there still.
	e.edit(v1alpha1.Carrier{Services: []string{"orders"}})
	refused()
	e.Eventually(func() error { return e.lead("reports", map[string]string{"app": "orders"}) }).Should(Succeed())
	e.Eventually(e.toNone("reports")).Should(Succeed())
	e.Eventually(e.toNone("orders")).Should(MatchError(noReplicas("orders")))
}

// initialized is what Flagger makes of "orders" as it begins (pkg/controller/scheduler.go): a copy that serves in its place,
// and the target at rest.
func (e *env) initialized() {
	e.t.Helper()
	e.edit(v1alpha1.Carrier{Services: []string{"orders", "orders-primary"}, MatchLabels: map[string]string{"app": "orders"}})
	e.service("orders-primary", "orders-primary")
	e.service("orders-canary", "orders")
	e.held("app=orders;app=orders-primary")
	e.Expect(e.developer.Create(e.ctx, e.deployment("orders-primary", "orders-1", "orders:1"))).To(Succeed())
	e.rolledOut("orders-primary", "orders:1")
	e.Eventually(e.toNone("orders")).Should(MatchError(noReplicas("orders")), "customers still come to it")
	e.Eventually(func() error { return e.lead("orders", map[string]string{"app": "orders-primary"}) }).Should(Succeed())
	// Kubernetes sees Services and pods by watches of their own: where that of Services is late, the old pods are gone, the
	// Service is the old one, and nobody is ready for a moment. That would be an outage.
	e.touchSlices("orders")
	e.rests()
}

// rests scales the target of Flagger to zero, while its copy stays.
func (e *env) rests() {
	e.t.Helper()
	e.Eventually(func() error { return e.scale("orders", 0) }).Should(Succeed())
	e.Eventually(e.toNone("orders-primary")).Should(MatchError(noReplicas("orders-primary")))
}

// upSinceNow measures the API from now on. What it returns says that it was not down for a moment since.
func (e *env) upSinceNow() (still func()) {
	e.t.Helper()
	budget := &v1alpha1.DowntimeBudget{ObjectMeta: metav1.ObjectMeta{Namespace: e.namespace, Name: "slo"}}
	budget.Spec.APIRef.Name, budget.Spec.AllowedMinutes = "orders", ptr.To[int32](1)
	e.create(budget)
	still = func() {
		e.t.Helper()
		asked := time.Now()
		e.get(budget, "slo")
		*budget.Spec.AllowedMinutes++ // for what is known by now to be written at once
		e.Expect(e.admin.Update(e.ctx, budget)).To(Succeed())
		e.budgetIs("slo", func(g Gomega, s *v1alpha1.DowntimeBudgetStatus) {
			g.Expect(s.ObservedGeneration).To(HaveValue(Equal(budget.Generation)))
			g.Expect(s.ObservedTime).NotTo(BeNil())
			g.Expect(s.ObservedTime.Time).To(BeTemporally(">", asked.Add(-time.Second)), "by the clock of the API server")
			g.Expect(s.State).To(Equal(v1alpha1.AvailabilityUp))
			g.Expect(s.Intervals).NotTo(ContainElement(HaveField("State", Not(Equal(v1alpha1.AvailabilityUnobserved)))))
		})
	}
	e.budgetIs("slo", func(g Gomega, s *v1alpha1.DowntimeBudgetStatus) { g.Expect(s.State).To(Equal(v1alpha1.AvailabilityUp)) })
	return still
}

// canary has the target run a revision.
func (e *env) canary(revision, image string) {
	e.t.Helper()
	e.Expect(e.release("orders", revision, image)).To(Succeed())
	e.Expect(e.scale("orders", 2)).To(Succeed())
	e.rolledOut("orders", image)
}

// What Flagger does to a Deployment from its first look to the end of a canary: each time the target rests again, and what
// customers come to never does.
func TestFlaggerLetsItsCanaryRest(t *testing.T) {
	e := adopted(t)
	e.initialized()
	up := e.upSinceNow()
	// What is in the canary is judged before it gets a pod.
	e.revision("orders-2", "orders", openAPI(listOrders))
	e.judged("orders-2", "False NoticeMissing")
	e.Eventually(func() error { return e.release("orders", "orders-2", "orders:2") }).Should(MatchError(ContainSubstring("orders-2 breaks v1")))
	e.revision("orders-3", "orders", openAPI(listOrders, deleteOrder, cancelOrder))
	e.judged("orders-3", "True Compatible")
	e.canary("orders-3", "orders:3")
	e.Expect(e.release("orders-primary", "orders-3", "orders:3")).To(Succeed())
	e.rolledOut("orders-primary", "orders:3")
	e.rests()

	// The Canary is deleted, and what it was made for serves again.
	e.canary("orders-3", "orders:3")
	e.Eventually(func() error { return e.lead("orders", map[string]string{"app": "orders"}) }).Should(Succeed())
	e.Eventually(e.toNone("orders")).Should(MatchError(noReplicas("orders")))
	up()
}

// shift writes the weights of an HTTPRoute as Flagger does (pkg/router/gateway_api.go): both are always there.
func (e *env) shift(primary, canary int64, options ...client.UpdateOption) func() error {
	backend := func(name string, weight int64) any {
		return map[string]any{"group": "", "kind": "Service", "name": name, "port": int64(80), "weight": weight}
	}
	rules := []any{map[string]any{"backendRefs": []any{backend("orders-primary", primary), backend("orders-canary", canary)}}}
	return func() error {
		route := routeObject()
		route.SetNamespace(e.namespace)
		route.SetName("orders")
		route.Object["spec"] = map[string]any{"rules": rules, "parentRefs": []any{map[string]any{"name": "public"}}}
		err := e.admin.Create(e.ctx, route)
		if !apierrors.IsAlreadyExists(err) {
			return err
		}
		found := routeObject()
		e.Expect(e.admin.Get(e.ctx, client.ObjectKeyFromObject(route), found)).To(Succeed())
		e.Expect(unstructured.SetNestedSlice(found.Object, rules, "spec", "rules")).To(Succeed())
		return e.admin.Update(e.ctx, found, options...)
	}
}

// A canary that an HTTPRoute gives a part is kept for as long as it has one, and gets one only while it runs.
func TestFlaggerShiftsWeights(t *testing.T) {
	e := adopted(t)
	e.gatewayAPI()
	t.Cleanup(e.noGatewayAPI)
	e.initialized()
	e.Expect(e.shift(100, 0)()).To(Succeed())
	all := v1alpha1.Carrier{
		Services:    []string{"orders", "orders-primary", "orders-canary"},
		HTTPRoutes:  []string{"orders"},
		MatchLabels: map[string]string{"app": "orders"},
	}
	e.edit(all)
	away := MatchError(ContainSubstring("lead them to a Service of it (orders:80, orders-primary:80)"))
	e.Eventually(e.shift(90, 10, client.DryRunAll)).Should(away)
	up := e.upSinceNow()

	e.revision("orders-2", "orders", openAPI(listOrders, deleteOrder, cancelOrder))
	e.judged("orders-2", "True Compatible")
	e.canary("orders-2", "orders:2")
	e.Eventually(e.shift(90, 10)).Should(Succeed())
	for _, name := range []string{"orders", "orders-primary"} {
		e.Eventually(e.toNone(name)).Should(MatchError(noReplicas(name)))
	}
	e.Expect(e.shift(0, 100)()).To(Succeed())
	e.Expect(e.release("orders-primary", "orders-2", "orders:2")).To(Succeed())
	e.rolledOut("orders-primary", "orders:2")
	e.Expect(e.toNone("orders")()).To(MatchError(noReplicas("orders")))
	e.Expect(e.shift(100, 0)()).To(Succeed())
	e.rests()
	e.gone("orders")
	up()
	e.Eventually(e.shift(0, 100, client.DryRunAll)).Should(away)
	e.restartManager(0)
	up()
	e.Eventually(e.toNone("orders-primary")).Should(MatchError(noReplicas("orders-primary")))
	e.Expect(e.shift(0, 100)()).To(away)

	// Where nobody knows any more where customers are led, all counts, and all is kept.
	is := func(state v1alpha1.Availability) {
		t.Helper()
		e.budgetIs("slo", func(g Gomega, s *v1alpha1.DowntimeBudgetStatus) { g.Expect(s.State).To(Equal(state)) })
	}
	e.noGatewayAPI()
	is(v1alpha1.AvailabilityDown)
	e.gatewayAPI()
	e.Eventually(e.shift(100, 0)).Should(Succeed())
	is(v1alpha1.AvailabilityUp)
	e.Expect(e.scale("orders", 1)).To(Succeed())
	e.rolledOut("orders", "orders:2")
	e.Eventually(e.toNone("orders")).Should(Succeed())
	e.noGatewayAPI()
	e.Eventually(e.toNone("orders")).Should(MatchError(noReplicas("orders")))
}

// gone waits until nothing of a Deployment is left.
func (e *env) gone(name string) {
	e.t.Helper()
	e.Eventually(func() []corev1.Pod { return e.podsOf(name) }).Should(BeEmpty())
}
