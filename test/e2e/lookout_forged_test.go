//go:build unix

package e2e

import (
	"fmt"
	"testing"

	. "github.com/onsi/gomega"
	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/ptr"
	"sigs.k8s.io/controller-runtime/pkg/client"

	v1alpha1 "forewarn.dev/forewarn/api/v1alpha1"
)

// forge writes, as the developer, an EndpointSlice in the name of Kubernetes that says of pods that they take the traffic
// of a Service. Kubernetes takes it away again, whenever it gets to it.
func (e *env) forge(service string, pods ...corev1.Pod) {
	e.t.Helper()
	slice := &discoveryv1.EndpointSlice{
		ObjectMeta: metav1.ObjectMeta{Namespace: e.namespace, GenerateName: service + "-", Labels: map[string]string{
			discoveryv1.LabelServiceName: service, discoveryv1.LabelManagedBy: "endpointslice-controller.k8s.io",
		}},
		AddressType: discoveryv1.AddressTypeIPv4,
	}
	for i, pod := range pods {
		slice.Endpoints = append(slice.Endpoints, discoveryv1.Endpoint{
			Addresses:  []string{fmt.Sprintf("10.9.9.%d", i+1)},
			Conditions: discoveryv1.EndpointConditions{Ready: ptr.To(true)},
			TargetRef:  &corev1.ObjectReference{Kind: "Pod", Namespace: e.namespace, Name: pod.Name, UID: pod.UID},
		})
	}
	e.Expect(e.developer.Create(e.ctx, slice)).To(Succeed())
	e.Eventually(func() error { return client.IgnoreNotFound(e.admin.Delete(e.ctx, slice)) }).Should(Succeed())
}

// An API that is down is not up for a moment because of what a tenant writes, and what he names never ran.
func TestForgedEndpointSlices(t *testing.T) {
	e := newEnv(t)
	e.measured(bad, nil)
	is := func(state v1alpha1.Availability) *v1alpha1.DowntimeBudgetStatus {
		t.Helper()
		return e.budgetIs(bad, func(g Gomega, s *v1alpha1.DowntimeBudgetStatus) { g.Expect(s.State).To(Equal(state)) })
	}
	is(v1alpha1.AvailabilityUp)
	e.Expect(e.developer.Create(e.ctx, e.deployment("decoy", "", "decoy:1"))).To(Succeed())
	e.rolledOut("decoy", "decoy:1")
	e.roll(bad, bad+":2", true)
	is(v1alpha1.AvailabilityDown)
	e.Eventually(func() []corev1.Pod { return e.podsOf(bad) }).Should(ConsistOf(HaveField("Spec.Containers", ContainElement(HaveField("Image", bad+":2")))))
	var nobody corev1.Pod
	nobody.Name, nobody.UID = "nobody", "nobody"
	for range 3 {
		e.forge(bad, e.podsOf(bad)...)
		e.forge(bad, e.podsOf("decoy")...)
		e.forge(bad, nobody)
	}
	e.roll(bad, bad+":3", false)
	up := is(v1alpha1.AvailabilityUp)
	e.Expect(up.Intervals).To(HaveLen(1), "%v", up.Intervals)
	e.Expect(up.Intervals[0].State).To(Equal(v1alpha1.AvailabilityDown))
	e.budgetIs(bad, func(g Gomega, s *v1alpha1.DowntimeBudgetStatus) {
		var images []string
		for _, image := range s.Images {
			images = append(images, fmt.Sprint(image.Image, " ", image.LastTime == nil))
		}
		g.Expect(images).To(Equal([]string{bad + ":3 true", bad + ":1 false"}))
	})
}
