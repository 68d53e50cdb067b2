//go:build unix

package admission

import (
	"testing"

	. "github.com/onsi/gomega"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	v1alpha1 "forewarn.dev/forewarn/api/v1alpha1"
)

const bindings = "forewarn-bindings"

// Bypass 21: what is bound to a node can be given labels and annotations, over
// those with which it was judged.
func TestBypass21Bindings(t *testing.T) {
	t.Parallel()
	s := governed(t, shop())
	serves := func(pair string) string {
		return "a Binding does not bring labels by which pods serve customers: " + pair + "; they are the pod's to have from the start"
	}
	const named = "a Binding does not bring the annotation forewarn.dev/revision; it is the pod's to have from the start"
	revised := func(revision string) map[string]string {
		return map[string]string{v1alpha1.RevisionAnnotation: revision}
	}
	for name, tc := range map[string]struct {
		labels, annotations map[string]string
		want                string
	}{
		"nothing":                    {},
		"what the API server adds":   {labels: map[string]string{corev1.LabelTopologyZone: "zone-0", corev1.LabelTopologyRegion: "local"}},
		"a label of somebody":        {labels: map[string]string{"somebody": "else"}},
		"another value of the label": {labels: map[string]string{"app": "order", "role": "orders-batc"}},
		"half of a value":            {labels: map[string]string{"app": "rders", "tier": "bac"}},
		"an annotation of somebody":  {annotations: map[string]string{"somebody.example/else": "x"}},
		"labels of the Service":      {labels: map[string]string{"app": "orders"}, want: serves("app=orders")},
		"of another selector":        {labels: map[string]string{"role": "orders-batch"}, want: serves("role=orders-batch")},
		"half of a selector":         {labels: map[string]string{"tier": "back"}, want: serves("tier=back")},
		"a label without a value":    {labels: map[string]string{"app": ""}, want: serves("app=")},
		"beside a zone":              {labels: map[string]string{corev1.LabelTopologyZone: "z", "cart": "v1"}, want: serves("cart=v1")},
		"with the name of a revision": {
			labels: map[string]string{"app": "orders"}, annotations: revised("orders-1"), want: serves("app=orders"),
		},
		"an admitted revision": {annotations: revised("orders-1"), want: named},
		"no revision any more": {annotations: revised(""), want: named},
	} {
		for path, bind := range map[string]func(*user, *corev1.Pod, *corev1.Binding) error{
			"pods/binding": func(u *user, pod *corev1.Pod, b *corev1.Binding) error {
				return u.SubResource("binding").Create(t.Context(), pod, b)
			},
			"bindings": func(u *user, _ *corev1.Pod, b *corev1.Binding) error { return u.Create(t.Context(), b) },
		} {
			t.Run(name+" through "+path, func(t *testing.T) {
				s := s.with(t)
				pod := bare(slug(name+" "+path), "", "app", "backoffice")
				pod.Spec.SchedulerName = "nobody"
				s.create(pod)
				who := s.tenant
				if path == "bindings" {
					who = s.admin // a path that no role of a tenant grants
				}
				b := &corev1.Binding{
					ObjectMeta: metav1.ObjectMeta{Namespace: s.name, Name: pod.Name, Labels: tc.labels, Annotations: tc.annotations},
					Target:     corev1.ObjectReference{Kind: "Node", Name: "nowhere"},
				}
				s.judged(bind(who, pod, b), bindings, tc.want)
				s.must(s.admin.Get(t.Context(), client.ObjectKeyFromObject(pod), pod))
				if bound := pod.Spec.NodeName != ""; bound != (tc.want == "") {
					t.Errorf("it is bound: %t", bound)
				}
				if tc.want == "" { // it is this way that labels take
					for key, value := range tc.labels {
						NewWithT(t).Expect(pod.Labels).To(HaveKeyWithValue(key, value))
					}
				}
			})
		}
	}
}

// Where nothing is governed, or only warned of, a Binding brings what it likes.
func TestBypass21BindingsElsewhere(t *testing.T) {
	t.Parallel()
	bind := func(s *space, name string) {
		s.Helper()
		pod := bare(name, "", "app", "backoffice")
		pod.Spec.SchedulerName = "nobody"
		s.create(pod)
		b := &corev1.Binding{
			ObjectMeta: metav1.ObjectMeta{Namespace: s.name, Name: name, Labels: map[string]string{"app": "orders"}},
			Target:     corev1.ObjectReference{Kind: "Node", Name: "nowhere"},
		}
		s.tenant.warnings.take()
		s.must(s.tenant.SubResource("binding").Create(t.Context(), pod, b))
	}
	free := newSpace(t)
	bind(free, "free")
	free.warned(bindings)

	warns := newSpace(t)
	warns.govern(map[string]*gate{"warn": shop()})
	warns.rewrite("warn")
	bind(warns, "warned")
	warns.warned(bindings, "a Binding does not bring labels by which pods serve customers: app=orders; they are the pod's to have from the start")
}

// The real scheduler binds the pods of a governed API, and the API server adds
// the labels of their nodes on the way.
func TestA13Scheduling(t *testing.T) {
	t.Parallel()
	s := governed(t, shop(), serving("orders", "orders-1"))
	s.rolledOut("deployment/orders")
	s.must(s.kubectl("patch", "deployment/orders", "-p", rename("orders-1b")))
	s.rolledOut("deployment/orders")
	s.eventuallyRuns(map[string]int{"orders-1b": 3})
	var list corev1.PodList
	s.must(s.tenant.List(t.Context(), &list, client.InNamespace(s.name), client.MatchingLabels{"app": "orders"}))
	for i := range list.Items {
		pod := &list.Items[i]
		NewWithT(t).Expect(pod.Spec.NodeName).NotTo(BeEmpty())
		NewWithT(t).Expect(pod.Labels).To(HaveKey(corev1.LabelTopologyZone))
	}
}
