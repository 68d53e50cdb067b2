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

	"forewarn.dev/forewarn/internal/snapshot"
)

// inside is the client of a controller of Argo Rollouts that is installed in the namespace itself.
func (a argo) inside() client.Client {
	a.t.Helper()
	config, err := cluster.ConfigFor("system:serviceaccount:"+a.namespace+":argo-rollouts",
		"system:serviceaccounts", "system:serviceaccounts:"+a.namespace, "system:masters", "system:authenticated")
	a.Expect(err).NotTo(HaveOccurred())
	c, err := client.New(config, client.Options{Scheme: a.admin.Scheme()})
	a.Expect(err).NotTo(HaveOccurred())
	return c
}

// named is a ReplicaSet of the Rollout, to be written to.
func (a argo) named(hash string) *appsv1.ReplicaSet {
	return &appsv1.ReplicaSet{ObjectMeta: metav1.ObjectMeta{Namespace: a.namespace, Name: "orders-" + hash}}
}

func replicasOf(n int) client.Patch {
	return client.RawPatch(types.MergePatchType, fmt.Appendf(nil, `{"spec":{"replicas":%d}}`, n))
}

// Of the ReplicaSets of a Rollout the one that customers are led to stays, and its controller takes the others down also where
// it is of the namespace itself: blue and green, a canary beside what is stable, and one pod beside another.
func TestArgoRolloutsOfTheNamespace(t *testing.T) {
	e := newEnv(t)
	e.policy()
	e.api("orders")
	a := e.argo()
	e.revision("orders-1", "orders", openAPI(listOrders, deleteOrder))
	e.judged("orders-1", "True Baseline")
	e.create(a.set("aaa", "orders-1"))
	e.serves("orders", "orders-1")
	e.promises("orders", "orders-1")
	e.bites()
	e.Eventually(func() error { return a.switchTo("aaa") }).Should(Succeed())
	inside := a.inside()
	goes := func(hash string) error {
		return firstError(
			inside.Patch(e.ctx, a.named(hash), replicasOf(0), client.DryRunAll),
			inside.SubResource("scale").Patch(e.ctx, a.named(hash), replicasOf(0), client.DryRunAll),
			inside.Delete(e.ctx, a.named(hash), client.DryRunAll))
	}
	stays := func(hash string) OmegaMatcher {
		return MatchError(ContainSubstring("replicasets/orders-" + hash + " would have no replicas, and customers were told of no downtime now (R15)"))
	}
	e.Eventually(func() error { return goes("aaa") }).Should(stays("aaa"))

	// Blue and green.
	e.revision("orders-2", "orders", openAPI(listOrders, deleteOrder, cancelOrder))
	e.judged("orders-2", "True Compatible")
	green := a.set("bbb", "orders-2")
	e.create(green)
	e.Eventually(func() error { return goes("bbb") }).Should(Succeed(), "nobody is led to it")
	a.available(green)
	e.Expect(goes("aaa")).To(stays("aaa"))
	e.Eventually(func() error { return a.switchTo("bbb") }).Should(Succeed())
	switched := time.Now()
	e.Eventually(func() error { return goes("aaa") }).WithPolling(5 * time.Millisecond).Should(Succeed())
	t.Logf("the old one may go %s after the switch", time.Since(switched))
	e.Expect(goes("bbb")).To(stays("bbb"))
	e.Expect(inside.Patch(e.ctx, a.named("aaa"), replicasOf(0))).To(Succeed())
	e.Expect(inside.Delete(e.ctx, a.named("aaa"))).To(Succeed())
	e.Expect(goes("bbb")).To(stays("bbb"))

	// A canary, behind the same Service.
	both := fmt.Appendf(nil, `{"spec":{"selector":{%q:null}}}`, hashLabel)
	orders := &corev1.Service{ObjectMeta: metav1.ObjectMeta{Namespace: e.namespace, Name: "orders"}}
	e.Eventually(func() error {
		return e.developer.Patch(e.ctx, orders, client.RawPatch(types.MergePatchType, both))
	}).Should(Succeed())
	canary := a.set("ccc", "orders-2")
	canary.Annotations = map[string]string{snapshot.TurnAnnotation: "3"}
	*canary.Spec.Replicas = 1
	e.create(canary)
	a.available(canary)
	e.Eventually(func() error { return goes("ccc") }).Should(Succeed(), "aborted")
	e.Expect(goes("bbb")).To(stays("bbb"))
	e.Expect(inside.Patch(e.ctx, a.named("bbb"), replicasOf(1))).To(Succeed())
	e.Eventually(func() error { return goes("bbb") }).Should(Succeed(), "one pod each: on to the later")
	e.Expect(goes("ccc")).To(stays("ccc"))

	// All at once.
	e.Expect(e.developer.DeleteAllOf(e.ctx, &appsv1.ReplicaSet{}, client.InNamespace(e.namespace))).
		To(MatchError(ContainSubstring("would go with replicasets/orders-ccc")))
	e.Expect(e.admin.Get(e.ctx, client.ObjectKeyFromObject(canary), canary)).To(Succeed())
	e.Expect(goes("ccc")).To(stays("ccc"))
}

func firstError(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}
