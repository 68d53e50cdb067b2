//go:build unix

package e2e

import (
	"context"
	"testing"

	. "github.com/onsi/gomega"
	admissionregistrationv1 "k8s.io/api/admissionregistration/v1"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	v1alpha1 "forewarn.dev/forewarn/api/v1alpha1"
)

// asManager is a client with the rights of the manager and its name.
func (e *env) asManager() client.Client {
	e.t.Helper()
	manager, err := client.New(cluster.manager, client.Options{Scheme: e.admin.Scheme()})
	e.Expect(err).NotTo(HaveOccurred())
	return manager
}

// A ReplicaSet that was refused is nudged when a gate has changed: by itself it waits for longer with each time. Here
// a policy of the test's own keeps refusing, so that it does not get away by itself first.
func TestA3WhatWasRefusedIsNudged(t *testing.T) {
	e := adopted(t)
	e.stop()
	policy, binding := e.noPods()
	e.Eventually(func() error {
		pod := &corev1.Pod{ObjectMeta: metav1.ObjectMeta{Namespace: e.namespace, Name: "any"}}
		pod.Spec = e.deployment("any", "", "any:1").Spec.Template.Spec
		return client.NewDryRunClient(e.admin).Create(e.ctx, pod)
	}).Should(MatchError(ContainSubstring("no pods for now")))
	e.Expect(e.developer.DeleteAllOf(e.ctx, &corev1.Pod{}, client.InNamespace(e.namespace), client.MatchingLabels{"app": "orders"})).To(Succeed())
	set := func() appsv1.ReplicaSet {
		var sets appsv1.ReplicaSetList
		e.Expect(e.admin.List(e.ctx, &sets, client.InNamespace(e.namespace))).To(Succeed())
		e.Expect(sets.Items).To(HaveLen(1))
		return sets.Items[0]
	}
	e.Eventually(set).Should(HaveField("Status.Conditions", ContainElement(HaveField("Message", ContainSubstring("no pods for now")))))
	e.Expect(set().Annotations).NotTo(HaveKey("forewarn.dev/nudged"))

	e.startManager(0)
	e.Eventually(func() map[string]string { return set().Annotations }).Should(HaveKey("forewarn.dev/nudged"))
	e.Expect(e.admin.Delete(e.ctx, binding)).To(Succeed())
	e.Expect(e.admin.Delete(e.ctx, policy)).To(Succeed())
	e.rolledOut("orders", "orders:1")
}

// noPods is a policy that refuses every new pod in the namespace, under a name like one of ours.
func (e *env) noPods() (*admissionregistrationv1.ValidatingAdmissionPolicy, *admissionregistrationv1.ValidatingAdmissionPolicyBinding) {
	e.t.Helper()
	named := metav1.ObjectMeta{Name: "forewarn-test-" + e.namespace}
	policy := &admissionregistrationv1.ValidatingAdmissionPolicy{ObjectMeta: named}
	policy.Spec.MatchConstraints = &admissionregistrationv1.MatchResources{
		ResourceRules: []admissionregistrationv1.NamedRuleWithOperations{{RuleWithOperations: admissionregistrationv1.RuleWithOperations{
			Operations: []admissionregistrationv1.OperationType{admissionregistrationv1.Create},
			Rule:       admissionregistrationv1.Rule{APIGroups: []string{""}, APIVersions: []string{"v1"}, Resources: []string{"pods"}},
		}}},
	}
	policy.Spec.Validations = []admissionregistrationv1.Validation{{Expression: "false", Message: "no pods for now"}}
	binding := &admissionregistrationv1.ValidatingAdmissionPolicyBinding{ObjectMeta: named}
	binding.Spec.PolicyName = named.Name
	binding.Spec.ValidationActions = []admissionregistrationv1.ValidationAction{admissionregistrationv1.Deny}
	binding.Spec.MatchResources = &admissionregistrationv1.MatchResources{
		NamespaceSelector: &metav1.LabelSelector{MatchLabels: map[string]string{"test": e.namespace}},
	}
	e.create(policy, binding)
	return policy, binding
}

// A gate that is gone, or says something else, is put right by whoever leads next.
func TestAGateIsPutRight(t *testing.T) {
	e := adopted(t)
	gate := &corev1.ConfigMap{}
	e.get(gate, "forewarn-gate-deny-v1")
	e.stop()
	e.Expect(e.asManager().Delete(e.ctx, gate)).To(Succeed())
	e.startManager(0)
	e.Eventually(func(g Gomega) {
		found := &corev1.ConfigMap{}
		g.Expect(e.admin.Get(e.ctx, client.ObjectKeyFromObject(gate), found)).To(Succeed())
		for _, differs := range []string{"epoch", "run.s"} { // pods get ready meanwhile
			delete(found.Data, differs)
			delete(gate.Data, differs)
		}
		g.Expect(found.Data).To(Equal(gate.Data))
		g.Expect(found.Labels).To(HaveKeyWithValue("app.kubernetes.io/part-of", "forewarn"))
	}).Should(Succeed())
}

// A quota that leaves no room for the gate is said where people look, and nothing is called judged meanwhile.
func TestA18AGateThatCannotBeWritten(t *testing.T) {
	e := newEnv(t)
	e.create(quota(e.namespace, "count/configmaps", "1")) // Kubernetes puts one of its own there
	e.policy()
	e.api("orders")
	e.Expect(e.release("orders", "", "orders:0")).To(Succeed())
	e.revision("orders-1", "orders", openAPI(listOrders))
	e.Eventually(func() string { return e.ready("orders") }).Should(Equal("False GateNotWritten"))
	e.Eventually(func() string { return e.judgedCondition("orders-1") }).Should(Equal("False GateNotWritten"))
	e.Expect(e.labels()).NotTo(HaveKey("forewarn.dev/governed"))

	e.Expect(e.admin.Delete(e.ctx, quota(e.namespace, "count/configmaps", "1"))).To(Succeed())
	e.judged("orders-1", "True Baseline")
	e.Eventually(func() string { return e.ready("orders") }).Should(Equal("True Ready"))
}

// A manager is not ready while the API server lets through what it must refuse, and every policy says so.
func TestA14AdmissionThatDoesNotWorkIsFound(t *testing.T) {
	e := newEnv(t)
	e.policy()
	e.policyIs("Ready")
	e.stop()
	binding := &admissionregistrationv1.ValidatingAdmissionPolicyBinding{ObjectMeta: metav1.ObjectMeta{Name: "forewarn-rollouts-canary"}}
	e.Expect(e.admin.Get(e.ctx, client.ObjectKeyFromObject(binding), binding)).To(Succeed())
	e.Expect(e.admin.Delete(e.ctx, binding)).To(Succeed())
	t.Cleanup(func() { _ = e.admin.Create(context.WithoutCancel(e.ctx), binding) }) // the other tests need it
	binding.ResourceVersion, binding.UID = "", ""
	e.Eventually(func() error { // until the API server has noticed
		rollout := e.deployment("canary", "", "canary:1")
		rollout.Namespace, rollout.Labels = ownNamespace, map[string]string{"forewarn.dev/canary": "true"}
		rollout.Spec.Template.Labels["forewarn.dev/canary"] = "true"
		return client.NewDryRunClient(e.admin).Create(e.ctx, rollout)
	}).Should(Succeed())

	works := func() string {
		state, _ := e.condition(&v1alpha1.NoticePolicy{}, "", v1alpha1.ConditionAdmissionWorks)
		return state
	}
	ready := e.launchManager(0)
	e.Eventually(works).Should(Equal("False CanaryPassed"))
	e.Expect(ready()).NotTo(Succeed())
	e.Expect(e.metric("forewarn_canary", v1alpha1.ReasonCanaryPassed)).To(BeEquivalentTo(1))
	e.Expect(e.admin.Create(e.ctx, binding.DeepCopy())).To(Succeed())
	e.Eventually(works).Should(Equal("True CanaryRefused"))
	e.Eventually(ready).Should(Succeed())
}
