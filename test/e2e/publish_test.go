//go:build unix

package e2e

import (
	"context"
	"fmt"
	"testing"
	"time"

	. "github.com/onsi/gomega"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/ptr"
	"sigs.k8s.io/controller-runtime/pkg/client"

	v1alpha1 "forewarn.dev/forewarn/api/v1alpha1"
)

// What is published stays so. A notice that comes right after what makes its date too soon is judged by that, whatever
// forewarn sees first.
func TestANoticeRightAfterWhatItIsJudgedBy(t *testing.T) {
	gold := &metav1.LabelSelector{MatchLabels: map[string]string{"tier": "gold"}}
	label := []byte(`{"metadata":{"labels":{"tier":"gold"}}}`)
	in := func(days int) *metav1.Time {
		at := metav1.NewTime(time.Now().Add(time.Duration(days) * 24 * time.Hour).Truncate(time.Second))
		return &at
	}
	// publish leaves no time between: what is said about a draft may change meanwhile.
	publish := func(e *env, n *v1alpha1.ChangeNotice, effective *metav1.Time) {
		before := client.MergeFrom(n.DeepCopy())
		n.Spec.State, n.Spec.EffectiveTime = v1alpha1.NoticePublished, effective
		e.Expect(e.developer.Patch(e.ctx, n, before)).To(Succeed())
	}
	begin := func(t *testing.T) *env {
		e := newEnv(t)
		e.policy()
		e.api("orders")
		e.policyIs("Ready")
		return e
	}
	// goldPolicy owes a year to what has the label.
	goldPolicy := func(e *env, appliesTo v1alpha1.PolicySelector) {
		if appliesTo.NamespaceSelector == nil {
			appliesTo.NamespaceSelector = &metav1.LabelSelector{MatchLabels: map[string]string{"test": e.namespace}}
		} else {
			appliesTo.NamespaceSelector.MatchLabels["test"] = e.namespace
		}
		policy := &v1alpha1.NoticePolicy{ObjectMeta: metav1.ObjectMeta{Name: e.namespace + "-gold"}}
		policy.Spec = v1alpha1.NoticePolicySpec{
			AppliesTo: appliesTo, Enforcement: v1alpha1.EnforcementDeny,
			Owed: []v1alpha1.OwedTerm{{Class: v1alpha1.ClassRemoval, Days: ptr.To[int32](365)}},
		}
		e.create(policy)
		e.t.Cleanup(func() { _ = e.admin.Delete(context.WithoutCancel(e.ctx), policy) })
		e.Eventually(func(g Gomega) {
			g.Expect(e.admin.Get(e.ctx, client.ObjectKeyFromObject(policy), policy)).To(Succeed())
			g.Expect(policy.Status.InForce.Generation).To(Equal(policy.Generation))
		}).Should(Succeed())
	}

	t.Run("a policy owes more", func(t *testing.T) {
		e := begin(t)
		for days := 190; days <= 230; days += 10 {
			name := fmt.Sprintf("no-delete-%d", days)
			n := e.notice(name)
			policy := e.policyIs("Ready")
			policy.Spec.Owed[0].Days = ptr.To(int32(days))
			e.Expect(e.admin.Update(e.ctx, policy)).To(Succeed())
			publish(e, n, in(days-5))
			e.Expect(e.noticeIs(name, "False TooSoon", "False NotPublished")).To(ContainSubstring(fmt.Sprintf("owed %d days", days)))
		}
	})
	t.Run("the API gets a label", func(t *testing.T) {
		e := begin(t)
		goldPolicy(e, v1alpha1.PolicySelector{APISelector: gold})
		n := e.notice("no-delete")
		api := &v1alpha1.CustomerAPI{ObjectMeta: metav1.ObjectMeta{Namespace: e.namespace, Name: "orders"}}
		e.Expect(e.admin.Patch(e.ctx, api, client.RawPatch("application/merge-patch+json", label))).To(Succeed())
		publish(e, n, in(250))
		e.Expect(e.noticeIs("no-delete", "False TooSoon", "False NotPublished")).To(ContainSubstring("owed 365 days"))
	})
	t.Run("the namespace gets a label", func(t *testing.T) {
		e := begin(t)
		goldPolicy(e, v1alpha1.PolicySelector{NamespaceSelector: gold.DeepCopy()})
		n := e.notice("no-delete")
		namespace := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: e.namespace}}
		e.Expect(e.admin.Patch(e.ctx, namespace, client.RawPatch("application/merge-patch+json", label))).To(Succeed())
		publish(e, n, in(250))
		e.Expect(e.noticeIs("no-delete", "False TooSoon", "False NotPublished")).To(ContainSubstring("owed 365 days"))
	})
	t.Run("the policy is being deleted", func(t *testing.T) {
		e := begin(t)
		policy := e.policyIs("Ready")
		policy.Finalizers = []string{"backup.example/kept"}
		e.Expect(e.admin.Update(e.ctx, policy)).To(Succeed())
		t.Cleanup(func() {
			none := client.RawPatch("application/merge-patch+json", []byte(`{"metadata":{"finalizers":null}}`))
			_ = e.admin.Patch(context.WithoutCancel(e.ctx), policy, none)
		})
		n := e.notice("no-delete")
		e.Expect(e.admin.Delete(e.ctx, policy)).To(Succeed())
		publish(e, n, in(182))
		e.noticeIs("no-delete", "True Published", "False Running")
		e.get(n, "no-delete")
		e.Expect(n.Status.Owed).To(HaveLen(1))
		e.Expect(string(n.Status.Owed[0].Policy)).To(Equal(policy.Name))
	})
}
