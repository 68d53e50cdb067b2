//go:build unix

package e2e

import (
	"fmt"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	. "github.com/onsi/gomega"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/utils/ptr"
	"sigs.k8s.io/controller-runtime/pkg/client"

	v1alpha1 "forewarn.dev/forewarn/api/v1alpha1"
)

const hashLabel = "rollouts-pod-template-hash"

// argo is an Argo Rollout in the namespace of a test, which writes what its controller does.
type argo struct {
	*env
	rollout *unstructured.Unstructured
}

func (e *env) argo() argo {
	e.t.Helper()
	kubectl := exec.CommandContext(e.ctx, filepath.Join(cluster.BinDir(), "kubectl"), "--kubeconfig", cluster.Kubeconfig(), "--context", "admin",
		"apply", "-f", "../admission/testdata/argo.yaml")
	output, err := kubectl.CombinedOutput()
	e.Expect(err).NotTo(HaveOccurred(), string(output))
	a := argo{env: e, rollout: &unstructured.Unstructured{Object: map[string]any{"spec": map[string]any{"replicas": int64(0)}}}}
	a.rollout.SetAPIVersion("argoproj.io/v1alpha1")
	a.rollout.SetKind("Rollout")
	a.rollout.SetNamespace(e.namespace)
	a.rollout.SetName("orders")
	e.Eventually(func() error { return e.admin.Create(e.ctx, a.rollout) }).Should(Succeed())
	return a
}

// set is a ReplicaSet of the Rollout, with two pods.
func (a argo) set(hash, revision string) *appsv1.ReplicaSet {
	labels := map[string]string{"app": "orders", hashLabel: hash}
	set := &appsv1.ReplicaSet{ObjectMeta: metav1.ObjectMeta{Namespace: a.namespace, Name: "orders-" + hash, Labels: labels}}
	set.OwnerReferences = []metav1.OwnerReference{*metav1.NewControllerRef(a.rollout, a.rollout.GroupVersionKind())}
	set.Spec.Replicas = ptr.To[int32](2)
	set.Spec.Selector = &metav1.LabelSelector{MatchLabels: labels}
	set.Spec.Template = a.deployment("orders", revision, "orders:1").Spec.Template
	set.Spec.Template.Labels = labels
	return set
}

// available waits as Argo Rollouts does (IsReplicaSetAvailable), and returns when that was.
func (a argo) available(set *appsv1.ReplicaSet) time.Time {
	a.t.Helper()
	a.Eventually(func(g Gomega) {
		g.Expect(a.admin.Get(a.ctx, client.ObjectKeyFromObject(set), set)).To(Succeed())
		g.Expect(set.Status.AvailableReplicas).To(Equal(*set.Spec.Replicas))
	}).WithPolling(5 * time.Millisecond).Should(Succeed())
	return time.Now()
}

// switchTo patches a Service as rollout/service.go of Argo Rollouts does.
func (a argo) switchTo(hash string, options ...client.PatchOption) error {
	service := &corev1.Service{ObjectMeta: metav1.ObjectMeta{Namespace: a.namespace, Name: "orders"}}
	patch := fmt.Sprintf(`{
	"spec": {
		"selector": {
			"%s": "%s"
		}
	}
}`, hashLabel, hash)
	return a.admin.Patch(a.ctx, service, client.RawPatch(types.StrategicMergePatchType, []byte(patch)), options...)
}

// controller is the client of the controller of Argo Rollouts, whose ReplicaSets these are.
func (a argo) controller() client.Client {
	config, err := cluster.ConfigFor("system:serviceaccount:argo-rollouts:argo-rollouts",
		"system:serviceaccounts", "system:serviceaccounts:argo-rollouts", "system:masters", "system:authenticated")
	a.Expect(err).NotTo(HaveOccurred())
	c, err := client.New(config, client.Options{Scheme: a.admin.Scheme()})
	a.Expect(err).NotTo(HaveOccurred())
	return c
}

// Bypass 22: Argo Rollouts switches the Service to what is ready and admissible, within seconds, and to nothing
// else; also when what is ready was admissible as it was rolled out.
func TestArgoRolloutsLeadCustomers(t *testing.T) {
	e := newEnv(t)
	e.policy()
	e.api("orders")
	e.rehearse()
	a := e.argo()
	e.revision("orders-1", "orders", openAPI(listOrders, deleteOrder))
	e.judged("orders-1", "True Baseline")
	e.create(a.set("aaa", "orders-1"))
	e.serves("orders", "orders-1")
	e.promises("orders", "orders-1")
	e.bites()
	e.Eventually(func() error { return a.switchTo("nowhere", client.DryRunAll) }).Should(MatchError(ContainSubstring("no pod is ready")))
	e.Eventually(func() error { return a.switchTo("aaa") }).Should(Succeed())

	e.revision("orders-2", "orders", openAPI(listOrders, deleteOrder, cancelOrder))
	e.judged("orders-2", "True Compatible")
	for i := range 5 {
		hash := fmt.Sprintf("b%d", i)
		set := a.set(hash, "orders-2")
		e.create(set)
		ready := a.available(set)
		e.Eventually(func() error { return a.switchTo(hash) }).WithPolling(5 * time.Millisecond).Should(Succeed())
		t.Logf("switched %s after the ReplicaSet was available", time.Since(ready))
	}
	e.Expect(a.switchTo("aaa")).To(Succeed(), "aborted")
	e.Expect(a.switchTo("b4")).To(Succeed())

	notice := e.notice("no-delete")
	e.publish(notice, notice.Status.EarliestTime)
	e.noticeIs("no-delete", "True Published", "False Running")
	e.revision("orders-3", "orders", openAPI(listOrders, cancelOrder))
	e.restartManager(halfAYear)
	e.judged("orders-3", "True NoticeGiven")
	green := a.set("ccc", "orders-3")
	e.Eventually(func() error { return e.admin.Create(e.ctx, green.DeepCopy()) }).Should(Succeed())
	a.available(green.DeepCopy())
	e.Eventually(func() error { return a.switchTo("ccc", client.DryRunAll) }).Should(Succeed())

	e.get(notice, "no-delete")
	notice.Spec.State = v1alpha1.NoticeWithdrawn
	e.Expect(e.developer.Update(e.ctx, notice)).To(Succeed())
	refused := MatchError(ContainSubstring("orders: Service orders would lead customers to orders-3 breaks v1: 1 change"))
	e.Eventually(func() error { return a.switchTo("ccc", client.DryRunAll) }).Should(refused)
	e.restartManager(halfAYear)
	e.Expect(a.switchTo("ccc")).To(refused)
	api := &v1alpha1.CustomerAPI{}
	e.get(api, "orders")
	for _, s := range api.Status.Serving {
		e.Expect(s.WaitingSince != nil).To(Equal(s.Revision == "orders-3"), "%s %v", s.Revision, s.WaitingSince)
	}
	e.Expect(a.switchTo("aaa")).To(Succeed(), "the way back is always open")
	e.Expect(a.switchTo("b4")).To(Succeed())

	// What ran without customers has a way back to running, and none to them.
	e.Expect(a.controller().Delete(e.ctx, green.DeepCopy())).To(Succeed())
	e.Eventually(func(g Gomega) {
		e.get(api, "orders")
		g.Expect(api.Status.WayBack).To(ContainElement(HaveField("Revision", v1alpha1.ObjectName("orders-3"))))
	}).Should(Succeed())
	e.Eventually(func() error { return e.admin.Create(e.ctx, green.DeepCopy()) }).Should(Succeed())
	a.available(green.DeepCopy())
	e.serves("orders", "orders-1,orders-2,orders-3")
	e.Expect(a.switchTo("ccc")).To(MatchError(ContainSubstring("orders: ")))
	e.Eventually(func() error { return a.switchTo("ccc") }).Should(refused)
}

// Flagger copies the Deployment, leads the Service to the copy, and lets the original rest.
func TestFlaggerLeadsCustomers(t *testing.T) {
	e := adopted(t)
	e.edit(v1alpha1.Carrier{Services: []string{"orders", "orders-primary", "orders-canary"}})
	for name, app := range map[string]string{"orders-primary": "orders-primary", "orders-canary": "orders"} {
		service := &corev1.Service{ObjectMeta: metav1.ObjectMeta{Namespace: e.namespace, Name: name}}
		service.Spec.Selector = map[string]string{"app": app}
		service.Spec.Ports = []corev1.ServicePort{{Name: "http", Port: 80}}
		e.create(service)
	}
	e.held("app=orders;app=orders-primary")
	e.create(e.deployment("orders-primary", "orders-1", "orders:1"))
	e.rolledOut("orders-primary", "orders:1")
	e.Eventually(func() error { return e.lead("orders", map[string]string{"app": "orders-primary"}) }).Should(Succeed())

	// A canary that customers were told nothing of gets nowhere, and neither does the primary.
	e.revision("orders-2", "orders", openAPI(listOrders))
	e.judged("orders-2", "False NoticeMissing")
	for _, name := range []string{"orders", "orders-primary"} {
		e.Expect(e.release(name, "orders-2", "orders:2")).To(MatchError(ContainSubstring("orders-2 breaks v1")), name)
	}
	e.revision("orders-3", "orders", openAPI(listOrders, deleteOrder, cancelOrder))
	e.judged("orders-3", "True Compatible")
	for _, name := range []string{"orders", "orders-primary"} {
		e.Expect(e.release(name, "orders-3", "orders:3")).To(Succeed(), name)
		e.rolledOut(name, "orders:3")
	}
	e.Eventually(func() error { return e.lead("orders", map[string]string{"app": "orders"}) }).Should(Succeed(), "the Canary is deleted")
}

// Bypass 28: whatever a tenant does to a CustomerAPI, its customers keep what they have.
func TestBypass28(t *testing.T) {
	e := adopted(t, func(p *v1alpha1.NoticePolicySpec) {
		p.Owed = []v1alpha1.OwedTerm{
			{Class: v1alpha1.ClassRemoval, Stability: v1alpha1.StabilityStable, Days: ptr.To[int32](180)},
			{Class: v1alpha1.ClassRemoval, Stability: v1alpha1.StabilityBeta, Days: ptr.To[int32](1)},
		}
	})
	change := func(f func(*v1alpha1.CustomerAPI)) error {
		api := &v1alpha1.CustomerAPI{}
		e.get(api, "orders")
		f(api)
		return e.developer.Update(e.ctx, api)
	}
	changed := func(f func(*v1alpha1.CustomerAPI)) {
		t.Helper()
		e.Eventually(func() error { return change(f) }).Should(Succeed())
	}

	// Relabelled Beta, and what its customers were promised is owed as before.
	changed(func(a *v1alpha1.CustomerAPI) { a.Spec.Versions[0].Stability = v1alpha1.StabilityBeta })
	e.revision("orders-2", "orders", openAPI(listOrders))
	e.Expect(e.judged("orders-2", "False NoticeMissing")).To(ContainSubstring("180 days"))

	// Its version taken out, and a revision without it removes it.
	changed(func(a *v1alpha1.CustomerAPI) {
		a.Spec.Versions = []v1alpha1.APIVersion{{Name: "v2", Stability: v1alpha1.StabilityBeta}}
	})
	shrunk := e.revisionObject("orders-3", "orders", openAPI(listOrders, deleteOrder))
	shrunk.Spec.Contracts[0].Version = "v2"
	e.Expect(e.developer.Create(e.ctx, shrunk)).To(Succeed())
	e.Expect(e.judged("orders-3", "False NoticeMissing")).To(ContainSubstring("180 days"))

	// Deleted, to be made anew under another name or under its own.
	api := &v1alpha1.CustomerAPI{ObjectMeta: metav1.ObjectMeta{Namespace: e.namespace, Name: "orders"}}
	e.Expect(e.developer.Delete(e.ctx, api)).To(MatchError(ContainSubstring("deleting what serves")))
	twin := &v1alpha1.CustomerAPI{ObjectMeta: metav1.ObjectMeta{Namespace: e.namespace, Name: "twin"}}
	e.get(api, "orders")
	twin.Spec = *api.Spec.DeepCopy()
	twin.Spec.Versions[0].Name = "v1"
	e.Expect(e.developer.Create(e.ctx, twin)).To(Succeed())
	e.revision("twin-1", "twin", openAPI(listOrders))
	e.judged("twin-1", "True Baseline")
	e.Expect(e.release("orders", "twin-1", "orders:2")).To(MatchError(ContainSubstring("orders: exactly one of its revisions is to be named")))

	// Taken out of it, what customers come by.
	out := MatchError(ContainSubstring("taken out of carriedBy"))
	e.Expect(change(func(a *v1alpha1.CustomerAPI) { a.Spec.CarriedBy.Services = []string{"nosuch"} })).To(out)
	e.Expect(change(func(a *v1alpha1.CustomerAPI) {
		a.Spec.CarriedBy = v1alpha1.Carrier{MatchLabels: map[string]string{"app": "orders"}}
	})).To(out)
	changed(func(a *v1alpha1.CustomerAPI) { a.Spec.CarriedBy.HTTPRoutes = []string{"orders"} })
	e.Eventually(func(g Gomega) {
		found := &corev1.ConfigMap{}
		e.get(found, "forewarn-gate-deny-v1")
		g.Expect(found.Data["carry.s"]).To(ContainSubstring("\nhttproutes/orders orders\n"))
	}).Should(Succeed())
	e.Expect(change(func(a *v1alpha1.CustomerAPI) { a.Spec.CarriedBy.HTTPRoutes = nil })).To(out)
	e.Expect(e.lead("orders", map[string]string{"app": "decoy"})).To(MatchError(ContainSubstring("the pods of orders have app=orders")))
}

// Bypass 22, 28: pods that nobody judged are declared to be the API's, and then customers are led to them; by labels, by
// another Service, by what somebody writes into an EndpointSlice, by slots that come and go.
func TestDecoysGetNoCustomers(t *testing.T) {
	e := adopted(t)
	e.revision("orders-2", "orders", openAPI(listOrders))
	e.judged("orders-2", "False NoticeMissing")
	decoy := e.deployment("decoy", "orders-2", "orders:2")
	e.Expect(e.developer.Create(e.ctx, decoy)).To(Succeed()) // which serves nothing
	nameless := e.deployment("nameless", "", "orders:3")
	e.Expect(e.developer.Create(e.ctx, nameless)).To(Succeed())
	for _, name := range []string{"decoy", "nameless"} {
		e.rolledOut(name, map[string]string{"decoy": "orders:2", "nameless": "orders:3"}[name])
		service := &corev1.Service{ObjectMeta: metav1.ObjectMeta{Namespace: e.namespace, Name: name}}
		service.Spec.Selector = map[string]string{"app": name}
		service.Spec.Ports = []corev1.ServicePort{{Port: 80}}
		e.Expect(e.developer.Create(e.ctx, service)).To(Succeed())
	}
	api := &v1alpha1.CustomerAPI{}
	e.Eventually(func() error {
		e.get(api, "orders")
		api.Spec.CarriedBy.Services = []string{"orders", "decoy", "nameless"}
		return e.developer.Update(e.ctx, api)
	}).Should(Succeed())
	e.held("app=decoy;app=nameless;app=orders")
	slice := &discoveryv1.EndpointSlice{
		ObjectMeta:  metav1.ObjectMeta{Namespace: e.namespace, Name: "by-hand", Labels: map[string]string{discoveryv1.LabelServiceName: "orders"}},
		AddressType: discoveryv1.AddressTypeIPv4,
		Endpoints:   []discoveryv1.Endpoint{{Addresses: []string{"10.9.9.9"}, TargetRef: &corev1.ObjectReference{Kind: "Pod", Namespace: e.namespace, Name: "decoy"}}},
	}
	e.create(slice)
	tried := func() {
		t.Helper()
		e.Eventually(func() error { return e.lead("orders", map[string]string{"app": "decoy"}) }).
			Should(MatchError(ContainSubstring("orders: Service orders would lead customers to orders-2 breaks v1")))
		e.Eventually(func() error { return e.lead("orders", map[string]string{"app": "nameless"}) }).
			Should(MatchError(ContainSubstring("orders: Service orders would lead customers to pods that name no revision")))
		e.get(api, "orders")
		for _, s := range api.Status.Serving {
			e.Expect(s.WaitingSince != nil).To(Equal(s.Workload.Name != "orders"), "%s %v", s.Workload.Name, s.WaitingSince)
		}
	}
	e.serves("orders", "orders-1,orders-2")
	tried()
	e.restartManager(0) // it is kept in the status, not in the process
	e.serves("orders", "orders-1,orders-2")
	tried()
}
