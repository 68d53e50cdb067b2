//go:build unix

package admission

import (
	"fmt"
	"testing"
	"time"

	. "github.com/onsi/gomega"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	v1alpha1 "forewarn.dev/forewarn/api/v1alpha1"
	controllergate "forewarn.dev/forewarn/internal/gate"
)

// The gates that the controller writes say to the policies what it meant.
func TestGatesOfTheController(t *testing.T) {
	t.Parallel()
	const name = "app.kubernetes.io/name"
	now := time.Date(2001, 1, 1, 0, 0, 0, 0, time.UTC)
	over := now.Add(time.Hour)
	keeper := deployment("", "keeper", "orders-1", name, "orders", "app.kubernetes.io/part-of", "shop")
	replicas(1)(keeper)
	s := newSpace(t)
	s.create(keeper)
	published := publishedShop(s.name, now, over)
	if len(published.Dropped) > 0 || len(published.LostSelectors) > 0 {
		t.Fatalf("dropped %v, lost selectors of %v", published.Dropped, published.LostSelectors)
	}
	for enforcement, data := range published.Gates {
		cm := &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Namespace: s.name, Name: controllergate.NameOf(enforcement)}, Data: data}
		s.must(s.manager.Create(t.Context(), cm))
	}
	s.annotate(published.Until)
	s.label(v1alpha1.GovernedLabel, "true")
	orders := []string{name, "orders", "app.kubernetes.io/part-of", "shop"}
	s.eventuallyRefused(deployment(s.name, "d", "orders-2", orders...), breaks)
	s.tenant.warnings.take()

	for i, tc := range []struct {
		revisions string
		labels    []string
		want      string
	}{
		{"orders-1", orders, ""},
		{"orders-2", orders, breaks},
		{"orders-9", orders, "orders-9" + notYet},
		{"", orders, "orders" + nameIt},
		{"cart-1", orders, "orders" + exactly1 + "cart-1 of cart"},
		{"orders-2", orders[:2], ""}, // half a selector
		{"", []string{"legacy", ""}, ""},
		{"pinned-1", []string{"pinned", "true"}, ""},
		{"cart-1", []string{"cart", "true"}, ""},
	} {
		s.judged(s.tenant.Create(t.Context(), deployment(s.name, fmt.Sprint("d-", i), tc.revisions, tc.labels...)), rollouts, tc.want)
	}
	s.warned(rollouts)
	s.must(s.tenant.Create(t.Context(), deployment(s.name, "warned", "cart-2", "cart", "true")))
	s.warned(rollouts, "cart-2 breaks v1")
	foreign := deployment(s.name, "foreign", "pinned-1", "pinned", "true")
	image("shop/orders:2")(&foreign.Spec.Template)
	s.refused(s.tenant.Create(t.Context(), foreign), rollouts, "pinned-1 does not list the image shop/orders:2")

	s.refused(s.tenant.Delete(t.Context(), keeper), disruption, held+"; in a planned downtime it may go, too: "+nextWindow+tryThen)
	s.refused(s.change(s.tenant, keeper, replicas(0)), outages, noDowntime("deployments/keeper would have no replicas"))
	s.refused(s.change(s.tenant, keeper, func(d *appsv1.Deployment) { delete(d.Spec.Template.Labels, name) }), rollouts, held)
	err := s.admin.Delete(t.Context(), &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: s.name}})
	NewWithT(t).Expect(err).To(MatchError(ContainSubstring("(orders)")))
	NewWithT(t).Expect(published.Until).To(HaveKey("until.forewarn.dev/orders-3"))
	s.refused(s.tenant.Create(t.Context(), deployment(s.name, "over", "orders-3", orders...), client.DryRunAll), expiry,
		"orders-3 was admissible until "+over.UTC().Format(time.RFC3339))
}

// publishedShop is what the controller makes of four APIs: orders and pinned
// (whose images are compared) in Deny, legacy without a name, cart in Warn.
func publishedShop(namespace string, now, over time.Time) controllergate.Published {
	selector := map[string]string{"app.kubernetes.io/name": "orders", "app.kubernetes.io/part-of": "shop"}
	api := func(name, serving string, selector map[string]string) controllergate.PublishedAPI {
		a := customerAPI(name)
		a.Status.Selectors = []v1alpha1.PodSelector{{MatchLabels: selector}}
		a.Status.Serving = []v1alpha1.ServingRevision{{
			Workload: v1alpha1.WorkloadRef{Kind: "Deployment", Name: "keeper"}, Revision: v1alpha1.ObjectName(serving),
			Since: &metav1.Time{Time: now}, Images: []string{"shop/orders:1"},
		}}
		return controllergate.PublishedAPI{API: a, Governed: true, Enforcement: v1alpha1.EnforcementDeny}
	}
	orders, legacy := api("orders", "orders-1", selector), api("legacy", "", map[string]string{"legacy": ""})
	pinned, cart := api("pinned", "pinned-0", map[string]string{"pinned": "true"}), api("cart", "cart-1", map[string]string{"cart": "true"})
	orders.Outage = nextWindow
	orders.Held, orders.Hold, orders.Keepers = true, held, []v1alpha1.WorkloadRef{{Kind: "Deployment", Name: "keeper"}}
	pinned.ImagesRequired, cart.Enforcement = true, v1alpha1.EnforcementWarn
	return controllergate.Publish(controllergate.NamespaceInput{
		Now: now, Namespace: namespace, OwnNamespace: ownNamespace, Epoch: 1,
		APIs: []controllergate.PublishedAPI{orders, legacy, pinned, cart},
		Revisions: []controllergate.PublishedRevision{
			{Name: "orders-2", API: "orders", Verdict: &controllergate.Verdict{Decided: true, Message: breaks}},
			{Name: "orders-3", API: "orders", Verdict: &controllergate.Verdict{Decided: true, Admissible: true, AdmissibleUntil: &over}},
			{Name: "pinned-1", API: "pinned", Images: []string{"shop/orders:1"}, Verdict: &controllergate.Verdict{Decided: true, Admissible: true}},
			{Name: "cart-2", API: "cart", Verdict: &controllergate.Verdict{Decided: true, Message: "cart-2 breaks v1"}},
		},
	})
}
