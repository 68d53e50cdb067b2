//go:build unix

package e2e

import (
	"testing"

	. "github.com/onsi/gomega"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/ptr"

	v1alpha1 "forewarn.dev/forewarn/api/v1alpha1"
)

// edit changes what carries the API "orders", as somebody who may approve, and waits until that was looked at.
func (e *env) edit(carrier v1alpha1.Carrier) {
	e.t.Helper()
	api := &v1alpha1.CustomerAPI{}
	e.Eventually(func() error {
		e.get(api, "orders")
		api.Spec.CarriedBy = carrier
		return e.admin.Update(e.ctx, api)
	}).Should(Succeed())
	e.Eventually(func(g Gomega) {
		found := &v1alpha1.CustomerAPI{}
		e.get(found, "orders")
		g.Expect(found.Status.ObservedGeneration).To(HaveValue(Equal(api.Generation)))
	}).Should(Succeed())
}

// lead has a Service select other pods, as the developer.
func (e *env) lead(name string, selector map[string]string) error {
	service := &corev1.Service{}
	e.get(service, name)
	service.Spec.Selector = selector
	return e.developer.Update(e.ctx, service)
}

// held waits until the gate holds these selectors of the API "orders".
func (e *env) held(selectors string) {
	e.t.Helper()
	e.Eventually(func(g Gomega) {
		found := &corev1.ConfigMap{}
		e.get(found, "forewarn-gate-deny-v1")
		g.Expect(found.Data["select.s"]).To(Equal("\norders " + selectors + "\n"))
	}).Should(Succeed())
}

// A10, R15: whoever may edit carriedBy cannot let go of what serves.
func TestAnAPIStaysGovernedWhateverCarriesIt(t *testing.T) {
	e := adopted(t)
	e.revision("orders-2", "orders", openAPI(listOrders))
	e.judged("orders-2", "False NoticeMissing")
	tests := []struct {
		name, ready, message, held string
		carrier                    v1alpha1.Carrier
	}{
		{
			name: "a slot key that leaves nothing", carrier: v1alpha1.Carrier{Services: []string{"orders"}, SlotKeys: []string{"app"}},
			ready: "False CarrierNotFound", message: "no Service orders that selects pods once slot keys are left out, the labels last known stay", held: "app=orders",
		},
		{
			name: "a Service that does not exist", carrier: v1alpha1.Carrier{Services: []string{"nosuch"}},
			ready: "False CarrierNotFound", message: "app=orders (of service/orders) stays in force although carriedBy gives it no more: deployment/orders serves by it alone", held: "app=orders",
		},
		{
			name: "labels of other pods", carrier: v1alpha1.Carrier{MatchLabels: map[string]string{"app": "decoy"}},
			ready: "False CarrierChanged", message: "deployment/orders serves by it alone", held: "app=decoy;app=orders",
		},
		{
			name: "and then a slot key", carrier: v1alpha1.Carrier{MatchLabels: map[string]string{"app": "decoy"}, SlotKeys: []string{"app"}},
			ready: "False CarrierNotFound", message: "deployment/orders serves by it alone", held: "app=decoy;app=orders",
		},
	}
	for _, test := range tests {
		e.edit(test.carrier)
		e.held(test.held)
		state, message := e.condition(&v1alpha1.CustomerAPI{}, "orders", v1alpha1.ConditionReady)
		e.Expect(state).To(Equal(test.ready), test.name)
		e.Expect(message).To(ContainSubstring(test.message), test.name)
		e.serves("orders", "orders-1")
		e.bites()
		e.Expect(e.release("orders", "orders-2", "orders:2")).To(MatchError(ContainSubstring("orders-2 breaks v1")), test.name)
		e.Expect(e.try("orders-2", "orders:2")).To(MatchError(ContainSubstring("orders-2 breaks v1")), test.name)
		e.Expect(e.developer.Delete(e.ctx, &corev1.Service{ObjectMeta: metav1.ObjectMeta{Namespace: e.namespace, Name: "orders"}})).
			To(MatchError(ContainSubstring("deleting what serves")), test.name)
	}
	e.restartManager(0) // it is kept in the status, not in the process
	e.held("app=decoy;app=orders")
	e.Expect(e.release("orders", "orders-2", "orders:2")).To(MatchError(ContainSubstring("orders-2 breaks v1")))

	e.edit(v1alpha1.Carrier{Services: []string{"orders"}})
	e.held("app=orders")
	e.Eventually(func() string { return e.ready("orders") }).Should(Equal("True Ready"))
}

// Labels can be changed all the same: a workload with the new ones takes over, and the old ones leave by themselves.
func TestLabelsMigrate(t *testing.T) {
	e := adopted(t)
	api := &v1alpha1.CustomerAPI{}
	e.get(api, "orders")
	api.Spec.CarriedBy.MatchLabels = map[string]string{"app": "orders-next"}
	e.Expect(e.developer.Update(e.ctx, api)).To(Succeed())
	e.held("app=orders;app=orders-next")
	successor := e.deployment("orders-next", "orders-1", "orders:1")
	e.Expect(e.developer.Create(e.ctx, successor)).To(Succeed())
	e.rolledOut("orders-next", "orders:1")
	e.Eventually(func() error { return e.lead("orders", map[string]string{"app": "orders-next"}) }).Should(Succeed())

	e.held("app=orders;app=orders-next")
	e.Eventually(func() string { return e.ready("orders") }).Should(Equal("False CarrierChanged"))
	e.revision("orders-2", "orders", openAPI(listOrders))
	e.judged("orders-2", "False NoticeMissing")
	e.bites()
	for _, name := range []string{"orders", "orders-next"} {
		e.Eventually(func() error { return e.release(name, "orders-2", "orders:2") }).
			Should(MatchError(ContainSubstring("orders-2 breaks v1")), name)
	}

	e.Eventually(func(g Gomega) {
		old := &appsv1.Deployment{}
		e.get(old, "orders")
		old.Spec.Replicas = ptr.To[int32](0)
		g.Expect(e.developer.Update(e.ctx, old)).To(Succeed())
	}).Should(Succeed())
	e.held("app=orders-next")
	e.Eventually(func() string { return e.ready("orders") }).Should(Equal("True Ready"))
	e.serves("orders", "orders-1")
	e.Expect(e.release("orders-next", "orders-2", "orders:2")).To(MatchError(ContainSubstring("orders-2 breaks v1")))
}
