//go:build unix

package e2e

import (
	"context"
	"errors"
	"testing"
	"time"

	. "github.com/onsi/gomega"
	admissionregistrationv1 "k8s.io/api/admissionregistration/v1"
	corev1 "k8s.io/api/core/v1"
	eventsv1 "k8s.io/api/events/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	v1alpha1 "forewarn.dev/forewarn/api/v1alpha1"
)

// found is how long it may take until an admission policy that was deleted or edited is found.
const found = 10 * time.Second

// Bypass 33: the canary tries one binding of one policy. That any other is deleted or edited is found all the same, told
// on every NoticePolicy, and told to be over when it is put right.
func TestBypass33PoliciesAreDeletedOrEdited(t *testing.T) {
	e := newEnv(t)
	e.policy()
	state := func() [2]string {
		reason, message := e.condition(&v1alpha1.NoticePolicy{}, "", v1alpha1.ConditionAdmissionWorks)
		return [2]string{reason, message}
	}
	works := HaveExactElements("True CanaryRefused", HavePrefix("a rehearsed violation is refused"))
	e.Eventually(state).Should(works)
	e.Expect(e.metric("forewarn_canary", v1alpha1.ReasonPoliciesChanged)).To(BeZero())

	deny := &admissionregistrationv1.ValidatingAdmissionPolicyBinding{ObjectMeta: metav1.ObjectMeta{Name: "forewarn-rollouts-deny"}}
	evidence := &admissionregistrationv1.ValidatingAdmissionPolicy{ObjectMeta: metav1.ObjectMeta{Name: "forewarn-evidence"}}
	for name, tc := range map[string]struct {
		object client.Object
		change func(client.Object) // nil: it is deleted
		want   string
	}{
		"a binding is deleted": {object: deny, want: "missing: binding forewarn-rollouts-deny"},
		"a binding only audits": {object: deny, change: func(o client.Object) {
			binding := o.(*admissionregistrationv1.ValidatingAdmissionPolicyBinding)
			binding.Spec.ValidationActions = []admissionregistrationv1.ValidationAction{admissionregistrationv1.Audit}
		}, want: "not as this version of forewarn ships it: binding forewarn-rollouts-deny"},
		"a policy is deleted": {object: evidence, want: "missing: policy forewarn-evidence"},
		"a policy takes somebody else for forewarn": {object: evidence, change: func(o client.Object) {
			policy := o.(*admissionregistrationv1.ValidatingAdmissionPolicy)
			policy.Spec.Variables[0].Expression = "request.userInfo.username"
		}, want: "not as this version of forewarn ships it: policy forewarn-evidence"},
	} {
		object := tc.object.DeepCopyObject().(client.Object)
		e.Expect(e.admin.Get(e.ctx, client.ObjectKeyFromObject(object), object)).To(Succeed(), name)
		shipped := object.DeepCopyObject().(client.Object)
		t.Cleanup(func() { e.putBack(shipped) }) // the other tests need it
		if tc.change == nil {
			e.Expect(e.admin.Delete(e.ctx, object)).To(Succeed(), name)
		} else {
			// The API server writes the status of a policy, too.
			e.Eventually(func() error {
				e.Expect(e.admin.Get(e.ctx, client.ObjectKeyFromObject(object), object)).To(Succeed(), name)
				tc.change(object)
				return e.admin.Update(e.ctx, object)
			}).Should(Succeed(), name)
		}
		e.Eventually(state).WithTimeout(found).Should(Equal([2]string{"False PoliciesChanged", tc.want}), name)
		e.Expect(e.metric("forewarn_canary", v1alpha1.ReasonPoliciesChanged)).To(BeEquivalentTo(1), name)
		e.Expect(e.metric("forewarn_canary", v1alpha1.ReasonCanaryRefused)).To(BeZero(), name)
		e.putBack(shipped)
		e.Eventually(state).WithTimeout(found).Should(works, name)
	}
	e.Eventually(e.warnings).Should(ContainElement("missing: binding forewarn-rollouts-deny"))
}

// Bypass 34: what was changed while no manager ran is found when one starts.
func TestBypass33WithoutAManager(t *testing.T) {
	e := newEnv(t)
	e.policy()
	e.stop()
	binding := &admissionregistrationv1.ValidatingAdmissionPolicyBinding{ObjectMeta: metav1.ObjectMeta{Name: "forewarn-pods-deny"}}
	e.Expect(e.admin.Get(e.ctx, client.ObjectKeyFromObject(binding), binding)).To(Succeed())
	shipped := binding.DeepCopy()
	t.Cleanup(func() { e.putBack(shipped) })
	e.Expect(e.admin.Delete(e.ctx, binding)).To(Succeed())
	e.startManager(0) // and is ready: the canary is refused
	e.Eventually(func() string {
		_, message := e.condition(&v1alpha1.NoticePolicy{}, "", v1alpha1.ConditionAdmissionWorks)
		return message
	}).WithTimeout(found).Should(Equal("missing: binding forewarn-pods-deny"))
}

// putBack makes an admission policy or a binding what it was.
func (e *env) putBack(shipped client.Object) {
	e.t.Helper()
	ctx := context.WithoutCancel(e.ctx)
	e.Eventually(func() error {
		object, now := shipped.DeepCopyObject().(client.Object), shipped.DeepCopyObject().(client.Object)
		err := e.admin.Get(ctx, client.ObjectKeyFromObject(now), now)
		if apierrors.IsNotFound(err) {
			object.SetResourceVersion("")
			return e.admin.Create(ctx, object)
		}
		object.SetResourceVersion(now.GetResourceVersion())
		object.SetUID(now.GetUID())
		return errors.Join(err, e.admin.Update(ctx, object))
	}).Should(Succeed())
}

// warnings are the notes of events of type Warning about the policy of the test.
func (e *env) warnings() []string {
	var list eventsv1.EventList
	e.Expect(e.admin.List(e.ctx, &list, client.InNamespace(metav1.NamespaceDefault))).To(Succeed())
	var notes []string
	for i := range list.Items {
		if event := &list.Items[i]; event.Regarding.Name == e.namespace && event.Type == corev1.EventTypeWarning {
			notes = append(notes, event.Note)
		}
	}
	return notes
}
