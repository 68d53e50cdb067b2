//go:build unix

package admission

import (
	"testing"

	. "github.com/onsi/gomega"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	v1alpha1 "forewarn.dev/forewarn/api/v1alpha1"
)

// Bypass 6: nothing of a workload that is judged can be written through its
// status, so the policies need not look there. Pods are another matter, and so
// are Argo Rollouts, which are resumed that way: each has a test of its own.
func TestBypass6StatusOfWorkloads(t *testing.T) {
	t.Parallel()
	before := workloads("", "w", template("orders-1", "app", "orders"))
	s := governed(t, shop(), before...)
	for _, u := range []*user{s.tenant, s.admin} {
		for _, object := range before {
			gvk, err := u.GroupVersionKindFor(object)
			s.must(err)
			fresh := &unstructured.Unstructured{}
			fresh.SetGroupVersionKind(gvk)
			s.must(retryConflicts(func() error {
				s.must(u.Get(t.Context(), client.ObjectKeyFromObject(object), fresh))
				changed := fresh.DeepCopy()
				put("orders-2", "spec", "template", "metadata", "annotations", v1alpha1.RevisionAnnotation)(changed)
				put("backoffice", "spec", "template", "metadata", "labels", "app")(changed)
				put(int64(3), "spec", "replicas")(changed)
				return u.Status().Update(t.Context(), changed)
			}))
			s.must(u.Get(t.Context(), client.ObjectKeyFromObject(object), fresh))
			got, _, _ := unstructured.NestedStringMap(fresh.Object, "spec", "template", "metadata", "annotations")
			labels, _, _ := unstructured.NestedStringMap(fresh.Object, "spec", "template", "metadata", "labels")
			NewWithT(t).Expect(got).To(Equal(map[string]string{v1alpha1.RevisionAnnotation: "orders-1"}), gvk.Kind)
			NewWithT(t).Expect(labels).To(HaveKeyWithValue("app", "orders"), gvk.Kind)
		}
	}
}

// Bypass 15: applied by the server, over somebody else's fields, or under a
// name that does not exist or is made up by the server.
func TestBypass15WaysOfWriting(t *testing.T) {
	t.Parallel()
	existing := deployment("", "existing", "orders-1", "app", "orders")
	s := governed(t, shop(), existing)
	apply := func(u *user, name, revision string) error {
		d := deployment(s.name, name, revision, "app", "orders")
		content := &unstructured.Unstructured{Object: plain(d)}
		content.SetAPIVersion("apps/v1")
		content.SetKind("Deployment")
		return u.Apply(t.Context(), client.ApplyConfigurationFromUnstructured(content), client.FieldOwner("somebody"), client.ForceOwnership)
	}
	for name, u := range map[string]*user{"tenant": s.tenant, "admin": s.admin} {
		t.Run(name, func(t *testing.T) {
			s := s.with(t)
			s.refused(apply(u, "existing", "orders-2"), rollouts, breaks)
			s.refused(apply(u, "new-"+name, "orders-2"), rollouts, breaks)
			s.refused(apply(u, "new-"+name, ""), rollouts, "orders"+nameIt)
			s.judged(apply(u, "new-"+name, "orders-1"), rollouts, "")

			generated := deployment(s.name, "", "orders-2", "app", "orders")
			generated.GenerateName = "generated-"
			generated.Spec.Selector.MatchLabels["test-selector"], generated.Spec.Template.Labels["test-selector"] = "generated", "generated"
			s.refused(u.Create(t.Context(), generated), rollouts, breaks)

			change := map[string]any{"spec": map[string]any{"template": map[string]any{"metadata": map[string]any{
				"annotations": map[string]string{v1alpha1.RevisionAnnotation: "orders-2"},
			}}}}
			s.refused(u.Patch(t.Context(), existing.DeepCopy(), merge(t, change)), rollouts, breaks)
			without := client.RawPatch(types.JSONPatchType, []byte(`[{"op": "remove", "path": "/spec/template/metadata/annotations"}]`))
			s.refused(u.Patch(t.Context(), existing.DeepCopy(), without), rollouts, "orders"+nameIt)
		})
	}
}

// Bypass 17: the same object through another version of its API.
func TestBypass17OtherVersions(t *testing.T) {
	t.Parallel()
	old := argo("", "old", map[string]any{"template": plainTemplate("orders-1"), "replicas": int64(0)})
	s := governed(t, shop().keep("orders", held, "rollouts/old"), old)
	for name, u := range map[string]*user{"tenant": s.tenant, "admin": s.admin} {
		made := argo(s.name, "new-"+name, map[string]any{"template": plainTemplate("orders-2")})
		made.SetAPIVersion("argoproj.io/v1beta1")
		s.refused(u.Create(t.Context(), made), rollouts, breaks)
		other := old.DeepCopy()
		other.SetAPIVersion("argoproj.io/v1beta1")
		put(plainTemplate("orders-2"), "spec", "template")(other)
		s.refused(u.Update(t.Context(), other), rollouts, breaks)
		s.refused(u.Delete(t.Context(), other), disruption, held)
	}
	admitted := argo(s.name, "admitted", map[string]any{"template": plainTemplate("orders-1")})
	admitted.SetAPIVersion("argoproj.io/v1beta1")
	s.judged(s.tenant.Create(t.Context(), admitted), rollouts, "")
}

// Bypass 20b: the green half is judged when it is made. Switching the Service
// to it is not asked about again, and the blue one can go once the green one
// is what customers rely on.
func TestBypass20bBlueGreen(t *testing.T) {
	t.Parallel()
	blue := deployment("", "blue", "orders-1", "app", "orders", "slot", "blue")
	service := &corev1.Service{ObjectMeta: metav1.ObjectMeta{Name: "orders"}, Spec: corev1.ServiceSpec{
		Selector: map[string]string{"app": "orders", "slot": "blue"}, Ports: []corev1.ServicePort{{Port: 80}},
	}}
	s := governed(t, shop().keep("orders", held, "deployments/blue", "services/orders"), blue, service)
	green := func(revision string) *appsv1.Deployment {
		return deployment(s.name, "green", revision, "app", "orders", "slot", "green")
	}
	s.refused(s.tenant.Create(t.Context(), green("orders-2")), rollouts, breaks)
	s.must(s.tenant.Create(t.Context(), green("orders-1b")))
	s.refused(s.tenant.Delete(t.Context(), blue), disruption, held)
	s.must(s.tenant.Patch(t.Context(), service, merge(t, map[string]any{"spec": map[string]any{"selector": map[string]string{"slot": "green"}}})))
	s.gates["deny"].without("keep").keep("orders", held, "deployments/green", "services/orders")
	s.rewrite("deny")
	s.must(s.tenant.Delete(t.Context(), blue))
	s.refused(s.tenant.Delete(t.Context(), green("")), disruption, held)
}

// A14: the rehearsal that the manager holds in its own namespace, which is not
// governed. Not parallel: there is one such namespace.
func TestA14Canary(t *testing.T) {
	manager, err := managerConfig()
	if err != nil {
		t.Fatal(err)
	}
	u := newUser(t, manager)
	s := &space{TB: t, name: ownNamespace, manager: u}
	canary := &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Namespace: ownNamespace, Name: "forewarn-gate-canary-v1"}, Data: map[string]string{
		"format": "1", "epoch": "0", "apis": "1",
		"pair.e": "\nforewarn.dev/canary=true forewarn-canary\n", "select.y": "\nforewarn-canary forewarn.dev/canary=true\n",
	}}
	s.must(u.Create(t.Context(), canary))
	violation := func() *appsv1.Deployment {
		d := deployment(ownNamespace, "forewarn-canary", "", "forewarn.dev/canary", "true")
		d.Labels = map[string]string{"forewarn.dev/canary": "true"}
		return d
	}
	NewWithT(t).Eventually(func() error {
		err = u.Create(t.Context(), violation(), client.DryRunAll)
		return err
	}).WithTimeout(patience).WithPolling(often).Should(HaveOccurred())
	s.refused(err, rollouts, "forewarn-canary"+nameIt)
	unmarked := violation()
	unmarked.Labels = nil
	s.must(u.Create(t.Context(), unmarked, client.DryRunAll))

	elsewhere := newSpace(t)
	elsewhere.create(inNamespace(elsewhere.name, violation()))
}
