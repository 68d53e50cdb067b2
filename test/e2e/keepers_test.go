//go:build unix

package e2e

import (
	"fmt"
	"testing"
	"time"

	. "github.com/onsi/gomega"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
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

func noReplicas(name string) any {
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

// What Flagger does from its first look at a Deployment to the end of a canary (pkg/controller/scheduler.go): each time the
// target rests again, and what customers come to never does.
func TestFlaggerLetsItsCanaryRest(t *testing.T) {
	e := adopted(t)
	e.edit(v1alpha1.Carrier{Services: []string{"orders", "orders-primary"}, MatchLabels: map[string]string{"app": "orders"}})
	e.service("orders-primary", "orders-primary")
	e.service("orders-canary", "orders")
	e.held("app=orders;app=orders-primary")
	e.Expect(e.developer.Create(e.ctx, e.deployment("orders-primary", "orders-1", "orders:1"))).To(Succeed())
	e.rolledOut("orders-primary", "orders:1")
	e.Eventually(e.toNone("orders")).Should(MatchError(noReplicas("orders")), "customers still come to it")
	e.Eventually(func() error { return e.lead("orders", map[string]string{"app": "orders-primary"}) }).Should(Succeed())
	rests := func() {
		t.Helper()
		e.Eventually(func() error { return e.scale("orders", 0) }).Should(Succeed())
		e.Eventually(e.toNone("orders-primary")).Should(MatchError(noReplicas("orders-primary")))
	}
	rests()

	// What is in the canary is judged before it gets a pod.
	e.revision("orders-2", "orders", openAPI(listOrders))
	e.judged("orders-2", "False NoticeMissing")
	e.Eventually(func() error { return e.release("orders", "orders-2", "orders:2") }).Should(MatchError(ContainSubstring("orders-2 breaks v1")))
	e.revision("orders-3", "orders", openAPI(listOrders, deleteOrder, cancelOrder))
	e.judged("orders-3", "True Compatible")
	e.Expect(e.release("orders", "orders-3", "orders:3")).To(Succeed())
	e.Expect(e.scale("orders", 2)).To(Succeed())
	e.rolledOut("orders", "orders:3")
	e.Expect(e.release("orders-primary", "orders-3", "orders:3")).To(Succeed())
	e.rolledOut("orders-primary", "orders:3")
	rests()

	// The Canary is deleted, and what it was made for serves again.
	e.Expect(e.scale("orders", 2)).To(Succeed())
	e.rolledOut("orders", "orders:3")
	e.Eventually(func() error { return e.lead("orders", map[string]string{"app": "orders"}) }).Should(Succeed())
	e.Eventually(e.toNone("orders")).Should(MatchError(noReplicas("orders")))
}
