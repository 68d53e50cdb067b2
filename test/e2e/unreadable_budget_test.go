//go:build unix

package e2e

import (
	"testing"
	"time"

	. "github.com/onsi/gomega"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	v1alpha1 "forewarn.dev/forewarn/api/v1alpha1"
)

// A budget that is spent and then cannot be read opens nothing: to a manager that runs, and to one that starts.
func TestBypass40ABudgetThatDoesNotFitItsKind(t *testing.T) {
	e := adopted(t)
	e.spent("orders-slo", time.Now().Add(time.Hour))
	refused := func(text string) {
		t.Helper()
		e.Eventually(func() error { return e.try("orders-1", "orders:2") }).
			Should(And(Satisfy(apierrors.IsForbidden), MatchError(ContainSubstring(text))))
	}
	const spent = "orders is out of downtime: 1m of 1m used in 1 day (budget orders-slo)"
	refused(spent)
	put := func(patch string) func() error {
		return func() error { // which no type of ours reads
			object := &unstructured.Unstructured{}
			object.SetGroupVersionKind(v1alpha1.GroupVersion.WithKind("DowntimeBudget"))
			object.SetNamespace(e.namespace)
			object.SetName("orders-slo")
			return e.admin.Patch(e.ctx, object, client.RawPatch(types.MergePatchType, []byte(patch)))
		}
	}
	e.looser("downtimebudgets", put(`{"spec":{"allowedMinutes":"1m"}}`))
	const unread = "nobody knows whether orders is out of downtime; budget orders-slo cannot be read (spec.allowedMinutes holds a value of type string, which does not fit); " +
		"who may approve (ClusterRole forewarn-approve) puts it right: kubectl edit downtimebudget orders-slo -n "
	refused(unread + e.namespace + "; a fix passes with forewarn.dev/fixes: orders-slo by who may approve (ClusterRole forewarn-approve)")
	e.restartManager(0)
	refused(unread)
	e.Expect(e.try("orders-1", "orders:1")).To(Succeed()) // what runs
	fix := e.deployment("orders", "orders-1", "orders:2")
	fix.Name, fix.Spec.Template.Annotations[v1alpha1.FixesAnnotation] = "other", "orders-slo"
	e.Expect(client.NewDryRunClient(e.developer).Create(e.ctx, fix.DeepCopy())).To(MatchError(ContainSubstring(unread)))
	e.Expect(client.NewDryRunClient(e.admin).Create(e.ctx, fix)).To(Succeed())

	e.Expect(put(`{"spec":{"allowedMinutes":1}}`)()).To(Succeed())
	refused(spent)
	e.looser("downtimebudgets", put(`{"spec":{"apiRef":"orders"}}`))
	refused("budget orders-slo cannot be read (spec.apiRef holds a value of type string, which does not fit)")
	e.Expect(put(`{"spec":{"apiRef":{"name":"carts"}}}`)()).To(Succeed())
	e.Eventually(func() error { return e.try("orders-1", "orders:2") }).Should(Succeed())
}
