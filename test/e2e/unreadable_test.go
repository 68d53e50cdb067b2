//go:build unix

package e2e

import (
	"context"
	"testing"

	. "github.com/onsi/gomega"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	v1alpha1 "forewarn.dev/forewarn/api/v1alpha1"
	"forewarn.dev/forewarn/test/controlplane"
)

// An object that was stored while the schema of its kind was looser is named, and all others are judged: by a manager
// that runs, and by one that starts.
func TestBypass40AnObjectThatDoesNotFitItsKind(t *testing.T) {
	e := adopted(t)
	e.misfit("changenotices", map[string]any{"kind": "ChangeNotice", "metadata": e.meta("misfit"),
		"spec": map[string]any{"title": int64(42), "apiRef": map[string]any{"name": "orders"}}})

	e.revision("while-running", "orders", openAPI(listOrders, deleteOrder))
	e.judged("while-running", "True Compatible")
	e.Eventually(func() []string { return e.events("misfit") }).Should(ContainElement(v1alpha1.ReasonUnreadable))
	e.Expect(e.metric("forewarn_unreadable_objects", "ChangeNotice")).To(Equal(1.0))

	e.restartManager(0)
	e.revision("after-a-start", "orders", openAPI(listOrders, deleteOrder))
	e.judged("after-a-start", "True Compatible")
	e.Expect(e.release("orders", "after-a-start", "orders:2")).To(Succeed())

	right := &unstructured.Unstructured{}
	right.SetGroupVersionKind(v1alpha1.GroupVersion.WithKind("ChangeNotice"))
	right.SetNamespace(e.namespace)
	right.SetName("misfit")
	e.Expect(e.admin.Patch(e.ctx, right, client.RawPatch(types.MergePatchType, []byte(`{"spec":{"state":"Draft","title":"Soon",
		"whatChanges":"No more orders","whatToDo":"Nothing","help":"https://help.example","effectiveTime":"2099-01-01T00:00:00Z",
		"covers":[{"version":"v1","operation":"DELETE /orders/{id}"}]}}`)))).To(Succeed())
	e.Eventually(func() string {
		state, _ := e.condition(&v1alpha1.ChangeNotice{}, "misfit", v1alpha1.ConditionPublished)
		return state
	}).Should(Equal("False Draft"))
	e.Expect(e.metric("forewarn_unreadable_objects", "ChangeNotice")).To(Equal(0.0))
}

// A policy that cannot be read may ask anything of anybody: what is new waits, and what was decided stands.
func TestBypass40APolicyThatDoesNotFitItsKind(t *testing.T) {
	e := adopted(t)
	e.revision("known", "orders", openAPI(listOrders, deleteOrder))
	e.judged("known", "True Compatible")
	name := e.namespace + "-misfit"
	policy := e.misfit("noticepolicies", map[string]any{"kind": "NoticePolicy", "metadata": map[string]any{"name": name},
		"spec": map[string]any{"owed": []any{map[string]any{"class": "Breaking", "days": "90d"}}}})
	for _, started := range []string{"while-running", "after-a-start"} {
		e.revision(started, "orders", openAPI(listOrders, deleteOrder, cancelOrder))
		e.Expect(e.judged(started, "Unknown PolicyInvalid")).To(And(ContainSubstring(name), ContainSubstring("spec.owed.days"), Not(ContainSubstring("90d"))))
		e.Expect(e.release("orders", started, "orders:3")).To(MatchError(ContainSubstring("not judged yet")))
		e.Eventually(func() string { return e.ready("orders") }).Should(Equal("Unknown LookupFailed"))
		e.Eventually(func() string {
			state, _ := e.condition(&v1alpha1.APIRevision{}, "orders-1", v1alpha1.ConditionAdmissible)
			return state
		}).Should(Equal("True Serving"))
		e.Expect(e.judgedCondition("orders-1")).To(Equal("False GateNotWritten"))
		e.Expect(e.try("orders-1", "orders:1")).To(Succeed(), "what serves")
		e.Expect(e.try("known", "orders:2")).To(Succeed(), "the last gate stands")
		if started == "while-running" {
			e.restartManager(0)
		}
	}
	e.Expect(e.release("orders", "known", "orders:2")).To(Succeed())
	e.Expect(e.admin.Delete(e.ctx, policy)).To(Succeed())
	e.judged("while-running", "True Compatible")
	e.judged("after-a-start", "True Compatible")
	e.serves("orders", "known")
	e.Expect(e.release("orders", "after-a-start", "orders:3")).To(Succeed())
}

// The lines of an API that cannot be read stay in the gate, and what it promised stays kept.
func TestBypass40AnAPIThatDoesNotFitItsKind(t *testing.T) {
	e := adopted(t)
	stored := &unstructured.Unstructured{}
	stored.SetGroupVersionKind(v1alpha1.GroupVersion.WithKind("CustomerAPI"))
	e.get(stored, "orders")
	fits := stored.DeepCopy()
	e.Expect(unstructured.SetNestedField(stored.Object, int64(42), "spec", "title")).To(Succeed())
	e.looser("customerapis", func() error { return e.admin.Update(e.ctx, stored) })
	e.api("carts")
	for range 2 {
		e.Eventually(func() string { return e.ready("carts") }).Should(Equal("False GateNotWritten"))
		e.Expect(e.try("orders-1", "orders:1")).To(Succeed(), "what serves")
		e.Expect(e.release("orders", "nothing", "orders:2")).To(MatchError(ContainSubstring("not judged yet")))
		e.restartManager(0)
	}
	e.get(stored, "orders")
	fits.SetResourceVersion(stored.GetResourceVersion())
	e.Expect(e.admin.Update(e.ctx, fits)).To(Succeed())
	e.Eventually(func() string { return e.ready("carts") }).ShouldNot(Equal("False GateNotWritten"))
	e.serves("orders", "orders-1")
}

func (e *env) meta(name string) map[string]any {
	return map[string]any{"name": name, "namespace": e.namespace}
}

// misfit stores an object while the schema of its kind lets anything pass.
func (e *env) misfit(resource string, content map[string]any) *unstructured.Unstructured {
	e.t.Helper()
	object := &unstructured.Unstructured{Object: content}
	object.SetAPIVersion(v1alpha1.GroupVersion.String())
	e.looser(resource, func() error { return client.IgnoreAlreadyExists(e.admin.Create(e.ctx, object)) })
	e.t.Cleanup(func() { _ = e.admin.Delete(context.WithoutCancel(e.ctx), object) })
	return object
}

// looser does something while the schema of a kind lets anything pass.
func (e *env) looser(resource string, do func() error) {
	e.t.Helper()
	name := resource + "." + v1alpha1.GroupVersion.Group
	e.Expect(controlplane.WhileLoose(e.ctx, e.admin, name, func(context.Context) error { return do() })).To(Succeed())
}
