//go:build unix

package e2e

import (
	"testing"

	. "github.com/onsi/gomega"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/ptr"
	"sigs.k8s.io/controller-runtime/pkg/client"

	v1alpha1 "forewarn.dev/forewarn/api/v1alpha1"
	"forewarn.dev/forewarn/internal/gate"
	"forewarn.dev/forewarn/internal/notice"
)

func (e *env) policyIs(want string) *v1alpha1.NoticePolicy {
	e.t.Helper()
	policy := &v1alpha1.NoticePolicy{}
	e.Eventually(func(g Gomega) {
		g.Expect(e.admin.Get(e.ctx, client.ObjectKey{Name: e.namespace}, policy)).To(Succeed())
		g.Expect(policy.Status.ObservedGeneration).To(HaveValue(Equal(policy.Generation)))
		g.Expect(policy.Status.Conditions).To(ContainElement(SatisfyAll(
			HaveField("Type", v1alpha1.ConditionReady), HaveField("Reason", want), HaveField("ObservedGeneration", policy.Generation),
		)))
	}).Should(Succeed())
	return policy
}

// boundBy waits until so many policies bind the API, those included that were loosened.
func (e *env) boundBy(name string, policies int) []v1alpha1.BoundPolicy {
	e.t.Helper()
	api := &v1alpha1.CustomerAPI{}
	e.Eventually(func() []v1alpha1.BoundPolicy {
		e.get(api, name)
		return api.Status.Bound
	}).Should(HaveLen(policies))
	return api.Status.Bound
}

// letGo says, as somebody who may, that what was loosened binds no more.
func (e *env) letGo(name, policy string) {
	e.t.Helper()
	api := &v1alpha1.CustomerAPI{}
	e.get(api, name)
	before := client.MergeFrom(api.DeepCopy())
	api.Annotations = map[string]string{v1alpha1.LoosenedAnnotation: policy}
	e.Expect(e.admin.Patch(e.ctx, api, before)).To(Succeed())
}

// A policy that cannot be read leaves the last one that could be in force.
func TestA15APolicyThatCannotBeRead(t *testing.T) {
	e := adopted(t)
	e.revision("orders-2", "orders", openAPI(listOrders))
	e.judged("orders-2", "False NoticeMissing")
	policy := e.policyIs("Ready")
	e.Expect(policy.Status.SelectedAPIs).To(HaveValue(BeEquivalentTo(1)))
	e.Expect(policy.Status.Conditions).To(ContainElement(SatisfyAll(
		HaveField("Type", v1alpha1.ConditionAdmissionWorks), HaveField("Reason", v1alpha1.ReasonCanaryRefused))))

	policy.Spec.TimeZone = "Mars/Olympus"
	policy.Spec.Owed[0].Days = ptr.To[int32](0)
	e.Expect(e.admin.Update(e.ctx, policy)).To(Succeed())
	policy = e.policyIs("PolicyInvalid")
	e.Expect(policy.Status.InForce.Generation).To(BeEquivalentTo(1))
	e.restartManager(0)
	e.Expect(e.judged("orders-2", "False NoticeMissing")).To(ContainSubstring("180 days"))

	policy = e.policyIs("PolicyInvalid")
	policy.Spec.TimeZone = "Europe/Berlin"
	policy.Spec.Owed[0].Days = ptr.To[int32](200)
	e.Expect(e.admin.Update(e.ctx, policy)).To(Succeed())
	policy = e.policyIs("Ready")
	e.Expect(policy.Status.InForce.Generation).To(Equal(policy.Generation))
	e.Eventually(func() string { return e.judged("orders-2", "False NoticeMissing") }).Should(ContainSubstring("200 days"))
}

// What a policy leaves out is shown as it counts: kubectl reads no defaults.
func TestAPolicyThatLeavesItsEnforcementOut(t *testing.T) {
	e := newEnv(t)
	e.policy(func(spec *v1alpha1.NoticePolicySpec) { spec.Enforcement = "" })
	policy := e.policyIs("Ready")
	e.Expect(policy.Spec.Enforcement).To(BeEmpty())
	e.Expect(policy.Status.InForce.Enforcement).To(Equal(v1alpha1.EnforcementWarn))
	policy.Spec.Enforcement = v1alpha1.EnforcementAudit
	e.Expect(e.admin.Update(e.ctx, policy)).To(Succeed())
	e.Expect(e.policyIs("Ready").Status.InForce.Enforcement).To(Equal(v1alpha1.EnforcementAudit))

	// What cannot be read enforces nothing else yet.
	policy = e.policyIs("Ready")
	policy.Spec.Enforcement, policy.Spec.TimeZone = v1alpha1.EnforcementDeny, "Mars/Olympus"
	e.Expect(e.admin.Update(e.ctx, policy)).To(Succeed())
	e.Expect(e.policyIs("PolicyInvalid").Status.InForce.Enforcement).To(Equal(v1alpha1.EnforcementAudit))
}

// R8, bypass 27: a policy that is loosened, deleted, or made to select other APIs binds until the notice that it owed has
// run, also in the second in which that happens.
func TestBypass27LooseningAPolicy(t *testing.T) {
	ways := map[string]func(e *env, policy *v1alpha1.NoticePolicy) error{
		"days": func(e *env, policy *v1alpha1.NoticePolicy) error {
			policy.Spec.Owed[0].Days = ptr.To[int32](0)
			return e.admin.Update(e.ctx, policy)
		},
		"enforcement": func(e *env, policy *v1alpha1.NoticePolicy) error {
			policy.Spec.Enforcement = v1alpha1.EnforcementAudit
			return e.admin.Update(e.ctx, policy)
		},
		"selector": func(e *env, policy *v1alpha1.NoticePolicy) error {
			policy.Spec.AppliesTo.APISelector = &metav1.LabelSelector{MatchLabels: map[string]string{"no": "api"}}
			return e.admin.Update(e.ctx, policy)
		},
		"deletion": func(e *env, policy *v1alpha1.NoticePolicy) error { return e.admin.Delete(e.ctx, policy) },
	}
	for way, loosen := range ways {
		t.Run(way, func(t *testing.T) {
			e := adopted(t)
			e.revision("orders-2", "orders", openAPI(listOrders))
			e.judged("orders-2", "False NoticeMissing")
			bound := e.boundBy("orders", 1)
			e.Expect(bound[0].UntilTime).To(BeNil())
			as := notice.AsBound(&bound[0])

			e.Expect(loosen(e, e.policyIs("Ready"))).To(Succeed())
			e.Expect(e.release("orders", "orders-2", "orders:2")).To(MatchError(ContainSubstring("customers are owed 180 days")))
			e.Eventually(func(g Gomega) {
				api := &v1alpha1.CustomerAPI{}
				e.get(api, "orders")
				g.Expect(api.Status.Bound).To(ContainElement(SatisfyAll(HaveField("Name", e.namespace), HaveField("UntilTime", Not(BeNil())))))
			}).Should(Succeed())
			e.Eventually(func() string { return e.judged("orders-2", "False NoticeMissing") }).Should(ContainSubstring("customers are owed 180 days"))
			e.restartManager(0)
			e.Expect(e.release("orders", "orders-2", "orders:2")).To(MatchError(ContainSubstring("customers are owed 180 days")))
			// A manager that has just started does not say so before it has seen the gate.
			e.Eventually(func() string {
				_, governed := e.condition(&v1alpha1.CustomerAPI{}, "orders", v1alpha1.ConditionGoverned)
				return governed
			}).Should(ContainSubstring("what was loosened binds until the notice that it owed has run: " + as + " until "))
		})
	}
}

// With the last policy goes what it governed, once somebody who may says so: first the label, then the gates.
func TestAPolicyThatIsDeleted(t *testing.T) {
	e := adopted(t)
	e.revision("orders-2", "orders", openAPI(listOrders))
	e.judged("orders-2", "False NoticeMissing")
	for _, name := range []string{"forewarn-gate-deny-v1", "forewarn-gate-warn-v1", "forewarn-gate-audit-v1"} {
		e.get(&corev1.ConfigMap{}, name)
	}
	as := notice.AsBound(&e.boundBy("orders", 1)[0])
	e.Expect(e.admin.Delete(e.ctx, &v1alpha1.NoticePolicy{ObjectMeta: metav1.ObjectMeta{Name: e.namespace}})).To(Succeed())
	e.letGo("orders", as)
	e.judged("orders-2", "True NotGoverned")
	e.Eventually(e.labels).ShouldNot(HaveKey(v1alpha1.GovernedLabel))
	for _, label := range []string{v1alpha1.ExpiringLabel, v1alpha1.WarningLabel, v1alpha1.AuditingLabel} {
		e.Expect(e.labels()).NotTo(HaveKey(label))
	}
	e.Eventually(func() bool {
		err := e.admin.Get(e.ctx, client.ObjectKey{Namespace: e.namespace, Name: "forewarn-gate-deny-v1"}, &corev1.ConfigMap{})
		return apierrors.IsNotFound(err)
	}).Should(BeTrue())
	e.Eventually(func() string {
		state, _ := e.condition(&v1alpha1.CustomerAPI{}, "orders", v1alpha1.ConditionGoverned)
		return state
	}).Should(Equal("False NoPolicy"))
	e.Eventually(func() error { return e.release("orders", "orders-2", "orders:2") }).Should(Succeed())
}

// Enforcement moves an API from one gate to another: to a looser one once somebody who may says so (R8).
func TestFromWarnToDeny(t *testing.T) {
	e := adopted(t, func(spec *v1alpha1.NoticePolicySpec) { spec.Enforcement = v1alpha1.EnforcementDeny })
	policy := e.policyIs("Ready")
	as := notice.AsBound(&e.boundBy("orders", 1)[0])
	e.Eventually(e.labels).Should(SatisfyAll(
		HaveKeyWithValue(v1alpha1.WarningLabel, "false"), HaveKeyWithValue(v1alpha1.AuditingLabel, "false")))
	policy.Spec.Enforcement = v1alpha1.EnforcementWarn
	e.Expect(e.admin.Update(e.ctx, policy)).To(Succeed())
	e.boundBy("orders", 2)
	e.letGo("orders", as)
	gates := func(g Gomega, in, notIn string) {
		found := &corev1.ConfigMap{}
		e.get(found, in)
		g.Expect(gate.KeepersIn(found.Data, "orders")).NotTo(BeEmpty())
		e.get(found, notIn)
		g.Expect(gate.KeepersIn(found.Data, "orders")).To(BeEmpty())
	}
	e.Eventually(func(g Gomega) { gates(g, "forewarn-gate-warn-v1", "forewarn-gate-deny-v1") }).Should(Succeed())
	e.Expect(e.labels()).To(HaveKeyWithValue(v1alpha1.WarningLabel, "true"))
	e.Eventually(func() error {
		return client.NewDryRunClient(e.developer).Create(e.ctx, e.deployment("other", "", "orders:9"))
	}).Should(Succeed())
	policy = e.policyIs("Ready")
	policy.Spec.Enforcement = v1alpha1.EnforcementDeny
	e.Expect(e.admin.Update(e.ctx, policy)).To(Succeed())
	e.Eventually(func(g Gomega) { gates(g, "forewarn-gate-deny-v1", "forewarn-gate-warn-v1") }).Should(Succeed())
	e.Eventually(e.labels).Should(HaveKeyWithValue(v1alpha1.WarningLabel, "false"))
	e.Eventually(func() error { return e.try("", "orders:9") }).Should(MatchError(ContainSubstring("forewarn")))
}
