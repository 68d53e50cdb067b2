//go:build unix

package admission

import (
	"testing"

	. "github.com/onsi/gomega"
	corev1 "k8s.io/api/core/v1"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
	"sigs.k8s.io/controller-runtime/pkg/client"

	v1alpha1 "forewarn.dev/forewarn/api/v1alpha1"
)

const (
	namespaces = "forewarn-namespaces"
	onlyLabel  = "only forewarn itself writes the labels forewarn.dev/governed and forewarn.dev/expiring"
	onlyUntil  = "only forewarn itself writes annotations that begin with until.forewarn.dev/"
)

// A15, bypass 8: which namespaces are governed is for forewarn to say, by
// whichever path.
func TestA15NamespacesAreGuarded(t *testing.T) {
	t.Parallel()
	s := governed(t, shop())
	s.annotate(map[string]string{"until.forewarn.dev/orders-7": "2200-01-01T00:00:00Z"})
	editor := person(t, "namespace-editor-"+s.name, "system:masters")
	clientset, err := kubernetes.NewForConfig(editor.config)
	s.must(err)
	paths := map[string]func(*corev1.Namespace) error{
		"namespaces":          func(ns *corev1.Namespace) error { return editor.Update(t.Context(), ns) },
		"namespaces/status":   func(ns *corev1.Namespace) error { return editor.Status().Update(t.Context(), ns) },
		"namespaces/finalize": func(ns *corev1.Namespace) error { return finalize(t, clientset, ns) },
	}
	for name, tc := range map[string]struct {
		change func(*corev1.Namespace)
		want   string
	}{
		"the label goes":            {change: func(ns *corev1.Namespace) { delete(ns.Labels, v1alpha1.GovernedLabel) }, want: onlyLabel},
		"all labels go":             {change: func(ns *corev1.Namespace) { ns.Labels = nil }, want: onlyLabel},
		"the label says no":         {change: func(ns *corev1.Namespace) { ns.Labels[v1alpha1.GovernedLabel] = "false" }, want: onlyLabel},
		"the label says nothing":    {change: func(ns *corev1.Namespace) { ns.Labels[v1alpha1.GovernedLabel] = "" }, want: onlyLabel},
		"nothing ends, it says":     {change: func(ns *corev1.Namespace) { ns.Labels["forewarn.dev/expiring"] = "false" }, want: onlyLabel},
		"a moment is moved":         {change: until("orders-7", "2300-01-01T00:00:00Z"), want: onlyUntil},
		"a moment goes":             {change: func(ns *corev1.Namespace) { ns.Annotations = nil }, want: onlyUntil},
		"a moment comes":            {change: until("orders-8", "2300-01-01T00:00:00Z"), want: onlyUntil},
		"an annotation of somebody": {change: func(ns *corev1.Namespace) { ns.Annotations["somebody.example/else"] = "x" }},
		"a label of somebody":       {change: func(ns *corev1.Namespace) { ns.Labels["somebody"] = "else" }},
	} {
		for path, write := range paths {
			t.Run(name+" through "+path, func(t *testing.T) {
				err := retryConflicts(func() error {
					var ns corev1.Namespace
					s.must(s.admin.Get(t.Context(), client.ObjectKey{Name: s.name}, &ns))
					tc.change(&ns)
					return write(&ns)
				})
				s.with(t).judged(err, namespaces, tc.want)
			})
		}
	}
	// It is still governed, whichever of these passed.
	s.refused(s.tenant.Create(t.Context(), deployment(s.name, "d", "orders-2", "app", "orders")), rollouts, breaks)

	made := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: s.name + "-made", Labels: map[string]string{v1alpha1.GovernedLabel: "true"}}}
	s.refused(editor.Create(t.Context(), made), namespaces, onlyLabel)
	made.Labels, made.Annotations = nil, map[string]string{"until.forewarn.dev/x": "2200-01-01T00:00:00Z"}
	s.refused(editor.Create(t.Context(), made), namespaces, onlyUntil)
	made.Annotations = map[string]string{"a": "b"}
	s.must(editor.Create(t.Context(), made))
	s.annotate(nil)
}

func until(revision, moment string) func(*corev1.Namespace) {
	return func(ns *corev1.Namespace) { ns.Annotations[v1alpha1.UntilAnnotationPrefix+revision] = moment }
}

func finalize(t *testing.T, c kubernetes.Interface, ns *corev1.Namespace) error {
	_, err := c.CoreV1().Namespaces().Finalize(t.Context(), ns, metav1.UpdateOptions{})
	return err
}

// annotate writes the annotations of the namespace, as forewarn.
func (s *space) annotate(annotations map[string]string) {
	s.Helper()
	s.must(retryConflicts(func() error {
		var ns corev1.Namespace
		s.must(s.manager.Get(s.Context(), client.ObjectKey{Name: s.name}, &ns))
		ns.Annotations = annotations
		return s.manager.Update(s.Context(), &ns)
	}))
}

// A7, bypass 34a: a kind goes only after somebody said that all its objects may.
func TestA7DeletingKinds(t *testing.T) {
	t.Parallel()
	s := newSpace(t)
	var kinds apiextensionsv1.CustomResourceDefinitionList
	s.must(s.admin.List(t.Context(), &kinds))
	ours := 0
	for i := range kinds.Items {
		crd := &kinds.Items[i]
		if crd.Spec.Group != "forewarn.dev" {
			continue
		}
		ours++
		want := "deleting this kind deletes all its objects; confirm first: kubectl annotate crd " + crd.Name + " forewarn.dev/confirm-delete=" + crd.Name
		s.refused(s.admin.Delete(t.Context(), crd), "forewarn-crds", want)
		s.refused(s.admin.DeleteAllOf(t.Context(), crd, client.MatchingFields{"metadata.name": crd.Name}), "forewarn-crds", want)
		s.must(s.admin.Patch(t.Context(), crd, merge(t, annotation("yes"))))
		s.refused(s.admin.Delete(t.Context(), crd), "forewarn-crds", want)
		s.must(s.admin.Patch(t.Context(), crd, merge(t, annotation(crd.Name))))
		s.must(s.admin.Delete(t.Context(), crd, client.DryRunAll))
		s.must(s.admin.Patch(t.Context(), crd, merge(t, annotation(nil))))
	}
	NewWithT(t).Expect(ours).To(BeNumerically(">=", 6))
	argo := &apiextensionsv1.CustomResourceDefinition{ObjectMeta: metav1.ObjectMeta{Name: "rollouts.argoproj.io"}}
	s.must(s.admin.Delete(t.Context(), argo, client.DryRunAll))
}

func annotation(value any) map[string]any {
	return map[string]any{"metadata": map[string]any{"annotations": map[string]any{v1alpha1.ConfirmDeleteAnnotation: value}}}
}
