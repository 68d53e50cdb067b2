//go:build unix

package e2e

import (
	"fmt"
	"testing"
	"time"

	. "github.com/onsi/gomega"
	appsv1 "k8s.io/api/apps/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	v1alpha1 "forewarn.dev/forewarn/api/v1alpha1"
)

// undo is what a developer types in an incident.
func (e *env) undo() {
	e.t.Helper()
	e.kubectl("--context", "developer", "--namespace", e.namespace, "rollout", "undo", "deployment/orders")
}

// plan changes how "orders" is rolled out, and more.
func (e *env) plan(patch string) error {
	orders := &appsv1.Deployment{ObjectMeta: metav1.ObjectMeta{Namespace: e.namespace, Name: "orders"}}
	return e.developer.Patch(e.ctx, orders, client.RawPatch(types.StrategicMergePatchType, []byte(patch)))
}

// R11: what was rolled out by a full stop, in a planned downtime and under the name that it had, is undone after it. No
// budget measures the API, and its revision lists no images: forewarn saw them run.
func TestAFullStopIsUndone(t *testing.T) {
	e := adopted(t)
	planned := e.downtime("orders-moves", time.Now().Add(3*time.Second))
	e.noticeIs(planned.Name, "True Published", "True Matured")
	e.Eventually(e.scaled).Should(Succeed())
	e.Expect(e.plan(`{"spec":{"strategy":{"$retainKeys":["type"],"type":"Recreate"},"template":{"spec":{"containers":[{"name":"app","image":"orders:2"}]}}}}`)).
		To(Succeed())
	e.rolledOut("orders", "orders:2")
	e.get(planned, planned.Name)
	planned.Spec.State = v1alpha1.NoticeWithdrawn
	e.Expect(e.developer.Update(e.ctx, planned)).To(Succeed())
	e.Eventually(e.scaled).Should(MatchError(ContainSubstring("none is planned")))

	const stops = "the strategy Recreate stops all pods of deployments/orders before others are ready"
	e.Expect(e.release("orders", "orders-1", "orders:3")).To(MatchError(ContainSubstring(stops)))
	e.restartManager(0)
	e.undo()
	e.rolledOut("orders", "orders:1")
	e.undo() // and forth: it ran, too
	e.rolledOut("orders", "orders:2")
	e.Expect(e.plan(`{"spec":{"template":{"spec":{"containers":[{"name":"app","env":[{"name":"LEVEL","value":"debug"}]}]}}}}`)).
		To(MatchError(ContainSubstring(stops)))
	api := &v1alpha1.CustomerAPI{}
	e.Eventually(func(g Gomega) {
		e.get(api, "orders")
		g.Expect(api.Status.Images).To(HaveLen(2))
		g.Expect(api.Status.Images[0]).To(Equal(v1alpha1.PastImage{Image: "orders:2"}))
		g.Expect(api.Status.Images[1].Image).To(Equal("orders:1"))
		g.Expect(api.Status.Images[1].LastTime).NotTo(BeNil())
	}).Should(Succeed())
}

// R15: while a rollout does not get ready, as few replicas as it may stop are refused, and more are not; and none when it is
// undone, or was never there.
func TestARolloutIsNotScaledDownToAStop(t *testing.T) {
	e := adopted(t)
	e.Expect(e.plan(`{"spec":{"replicas":4,"strategy":{"rollingUpdate":{"maxUnavailable":2,"maxSurge":1}}}}`)).To(Succeed())
	e.rolledOut("orders", "orders:1")
	scaledTo := func(n int) func() error {
		return func() error {
			replicas := client.RawPatch(types.MergePatchType, fmt.Appendf(nil, `{"spec":{"replicas":%d}}`, n))
			orders := &appsv1.Deployment{ObjectMeta: metav1.ObjectMeta{Namespace: e.namespace, Name: "orders"}}
			return e.developer.SubResource("scale").Patch(e.ctx, orders, replicas, client.DryRunAll)
		}
	}
	e.Expect(scaledTo(1)()).To(Succeed())
	e.roll("orders", "orders:2", true)
	e.Eventually(scaledTo(2)).Should(MatchError(ContainSubstring("with 2 replicas the rollout that is under way stops all pods of " +
		"deployments/orders before others are ready (until it is done or undone, keep 3), and customers were told of no downtime now (R15)")))
	e.Expect(scaledTo(1)()).NotTo(Succeed())
	e.Expect(scaledTo(3)()).To(Succeed())
	e.Expect(scaledTo(9)()).To(Succeed())
	e.undo()
	e.Eventually(scaledTo(1)).Should(Succeed())
}
