//go:build unix

package admission

import (
	"fmt"
	"testing"

	. "github.com/onsi/gomega"
	appsv1 "k8s.io/api/apps/v1"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"
	gatewayv1 "sigs.k8s.io/gateway-api/apis/v1"

	v1alpha1 "forewarn.dev/forewarn/api/v1alpha1"
)

const (
	disruption = "forewarn-disruption"
	heldSpace  = "customers rely on what is here (orders): publish notices that cover its removal"
)

// deletable is one of each kind whose DELETE is asked about, by its resource.
func deletable(name string) map[string]client.Object {
	objects := map[string]client.Object{}
	of := workloads("", name, template("orders-1", "app", "orders"))
	for i, resource := range []string{"deployments", "statefulsets", "daemonsets", "replicasets", "rollouts"} {
		objects[resource] = of[i]
	}
	none, never := int32(0), true
	pod := template("orders-1", "app", "orders")
	objects["replicationcontrollers"] = &corev1.ReplicationController{Spec: corev1.ReplicationControllerSpec{
		Replicas: &none, Selector: map[string]string{"app": "orders"}, Template: &pod,
	}}
	job := batchv1.JobSpec{Suspend: &never, Template: *pod.DeepCopy()}
	job.Template.Spec.RestartPolicy = corev1.RestartPolicyNever
	objects["jobs"] = &batchv1.Job{Spec: job}
	objects["cronjobs"] = &batchv1.CronJob{Spec: batchv1.CronJobSpec{Schedule: "0 0 1 1 *", JobTemplate: batchv1.JobTemplateSpec{Spec: job}}}
	objects["services"] = &corev1.Service{Spec: corev1.ServiceSpec{Ports: []corev1.ServicePort{{Port: 80}}}}
	objects["customerapis"] = customerAPI(name)
	objects["gateways"] = &gatewayv1.Gateway{Spec: gatewayv1.GatewaySpec{
		GatewayClassName: "example", Listeners: []gatewayv1.Listener{{Name: "http", Port: 80, Protocol: gatewayv1.HTTPProtocolType}},
	}}
	for _, object := range objects {
		object.SetName(name)
	}
	return objects
}

func customerAPI(name string) *v1alpha1.CustomerAPI {
	return &v1alpha1.CustomerAPI{
		ObjectMeta: metav1.ObjectMeta{Name: name},
		Spec: v1alpha1.CustomerAPISpec{
			Title:     "Orders API",
			Versions:  []v1alpha1.APIVersion{{Name: "v1", Stability: v1alpha1.StabilityStable}},
			CarriedBy: v1alpha1.Carrier{Services: []string{"orders"}},
		},
	}
}

// R15, bypass 10 and 11: one by one, however it is asked, and in a collection.
func TestA6Bypass10Bypass11DeletingWhatCustomersUse(t *testing.T) {
	t.Parallel()
	for resource := range deletable("orders") {
		t.Run(resource, func(t *testing.T) {
			t.Parallel()
			kept, other := deletable("orders")[resource], deletable("orders-old")[resource]
			s := governed(t, shop().keep("orders", held, resource+"/orders"), kept, other)
			for _, u := range []*user{s.tenant, s.admin} {
				for name, option := range map[string]client.DeleteOption{
					"at once":       client.GracePeriodSeconds(0),
					"as an orphan":  client.PropagationPolicy(metav1.DeletePropagationOrphan),
					"in foreground": client.PropagationPolicy(metav1.DeletePropagationForeground),
					"as a dry run":  client.DryRunAll,
				} {
					t.Run(name, func(t *testing.T) {
						s.with(t).refused(u.Delete(t.Context(), kept, option), disruption, held)
					})
				}
			}
			s.must(s.tenant.Delete(t.Context(), other))
			t.Run("A6: in a collection", func(t *testing.T) {
				s.with(t).refused(s.tenant.DeleteAllOf(t.Context(), kept, client.InNamespace(s.name)), disruption, held)
			})
			s.must(s.tenant.Get(t.Context(), client.ObjectKeyFromObject(kept), kept))
			// A matured notice covers it: the controller lets go, and it goes.
			s.gates["deny"].without("keep").without("hold")
			s.rewrite("deny")
			s.must(s.tenant.Delete(t.Context(), kept))
		})
	}
}

// A Service may carry several APIs; each says why it has to stay.
func TestDeletingAServiceOfTwoAPIs(t *testing.T) {
	t.Parallel()
	service := deletable("shop")["services"]
	deny := shop().keep("cart", "customers rely on cart", "services/shop").keep("orders", held, "services/shop")
	s := governed(t, deny, service)
	s.refused(s.tenant.Delete(t.Context(), service), disruption, "customers rely on cart; "+held)
	s.gates["deny"].without("hold")
	s.rewrite("deny")
	s.refused(s.tenant.Delete(t.Context(), service), disruption, "cart: customers rely on it; orders: customers rely on it")
}

// Names that only begin or end alike are other objects.
func TestDeletingWhatIsCalledAlike(t *testing.T) {
	t.Parallel()
	var before []client.Object
	for _, name := range []string{"orders", "orders-2", "my-orders", "deployments"} {
		before = append(before, deployment("", name, "orders-1", "app", "orders"))
	}
	s := governed(t, shop().keep("orders", held, "deployments/orders", "services/orders-2"), before...)
	for i, want := range []string{held, "", "", ""} {
		s.judged(s.tenant.Delete(t.Context(), before[i]), disruption, want)
	}
}

// R15, A2, bypass 12: whether a namespace may go is asked once. Then all that
// is in it goes, whatever a gate still says.
func TestA2Bypass12DeletingNamespaces(t *testing.T) {
	t.Parallel()
	objects := deletable("orders")
	var before []client.Object
	deny := shop().set("hold-namespace", heldSpace)
	for resource, object := range objects {
		before = append(before, object)
		deny.keep("orders", held, resource+"/orders")
	}
	s := governed(t, deny, before...)
	published := notice("told", v1alpha1.NoticePublished)
	s.create(published)
	s.publish(published)
	kept, record := inNamespace(s.name, keptContract("sha256-1")), inNamespace(s.name, deliveryRecord("told-1"))
	s.must(s.manager.Create(t.Context(), kept))
	s.must(s.manager.Create(t.Context(), record))

	ns := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: s.name}}
	s.refused(s.admin.Delete(t.Context(), ns), disruption, heldSpace)
	s.refused(s.admin.Delete(t.Context(), ns, client.PropagationPolicy(metav1.DeletePropagationOrphan)), disruption, heldSpace)

	// Permitted, and held up by a finalizer: what is in it can go all the same.
	holder := &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Name: "holder", Finalizers: []string{"test.forewarn.dev/hold"}}}
	s.create(holder)
	s.gates["deny"].without("hold-namespace")
	s.rewrite("deny")
	s.must(s.admin.Delete(t.Context(), ns))
	s.must(client.IgnoreNotFound(s.admin.Delete(t.Context(), ns)))
	NewWithT(t).Eventually(func(g Gomega) {
		for _, object := range append(before, published, kept, record, &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Namespace: s.name, Name: gateName("deny")}}) {
			err := s.admin.Get(t.Context(), client.ObjectKeyFromObject(object), object)
			g.Expect(apierrors.IsNotFound(err)).To(BeTrue(), fmt.Sprintf("%T: %v", object, err))
		}
	}).WithTimeout(patience).WithPolling(often).Should(Succeed())
	s.must(s.admin.Get(t.Context(), client.ObjectKeyFromObject(holder), holder))
	holder.Finalizers = nil
	s.must(s.admin.Update(t.Context(), holder))
	NewWithT(t).Eventually(func() bool {
		return apierrors.IsNotFound(s.admin.Get(t.Context(), client.ObjectKeyFromObject(ns), ns))
	}).WithTimeout(patience).WithPolling(often).Should(BeTrue())
}

// A2: the garbage collector is not held up by what it collects (bypass 13 is
// found afterwards, not refused).
func TestA2GarbageCollection(t *testing.T) {
	t.Parallel()
	owner := &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Name: "owner"}}
	s := newSpace(t)
	s.create(owner)
	kept := deployment("", "orders", "orders-1", "app", "orders")
	kept.OwnerReferences = []metav1.OwnerReference{{APIVersion: "v1", Kind: "ConfigMap", Name: "owner", UID: owner.UID}}
	s.create(kept)
	s.govern(map[string]*gate{"deny": shop().keep("orders", held, "deployments/orders")})
	s.refused(s.tenant.Delete(t.Context(), kept), disruption, held)
	s.must(s.tenant.Delete(t.Context(), owner))
	NewWithT(t).Eventually(func() bool {
		return apierrors.IsNotFound(s.tenant.Get(t.Context(), client.ObjectKeyFromObject(kept), kept))
	}).WithTimeout(patience).WithPolling(often).Should(BeTrue())
}

// Bypass 14: what is on its way out is judged like anything else, and can still go.
func TestBypass14ChangingWhatIsBeingDeleted(t *testing.T) {
	t.Parallel()
	d := deployment("", "d", "orders-1", "app", "orders")
	d.Finalizers = []string{"test.forewarn.dev/hold"}
	s := governed(t, shop(), d)
	s.must(s.tenant.Delete(t.Context(), d))
	s.refused(s.change(s.tenant, d, revision("orders-2")), rollouts, breaks)
	s.refused(s.change(s.tenant, d, func(d *appsv1.Deployment) {
		revision("orders-2")(d)
		d.Finalizers = nil
	}), rollouts, breaks)
	s.must(s.change(s.tenant, d, func(d *appsv1.Deployment) { d.Finalizers = nil }))
}
