//go:build unix

package admission

import (
	"strings"
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
	onlyLabel  = "only forewarn itself writes the labels forewarn.dev/governed, forewarn.dev/expiring, forewarn.dev/warning and forewarn.dev/auditing"
	onlyUntil  = "only forewarn itself writes annotations that begin with until.forewarn.dev/ or window.forewarn.dev/"
)

// A15, bypass 8: which namespaces are governed is for forewarn to say, by
// whichever path.
func TestA15Bypass8NamespacesAreGuarded(t *testing.T) {
	t.Parallel()
	s := governed(t, shop())
	s.annotate(map[string]string{
		"until.forewarn.dev/orders-7": "2200-01-01T00:00:00Z", "window.forewarn.dev/orders": "2200-01-01T00:00:00Z deployments/orders",
	})
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
		"nothing warns, it says":    {change: func(ns *corev1.Namespace) { ns.Labels["forewarn.dev/warning"] = "false" }, want: onlyLabel},
		"nothing audits, it says":   {change: func(ns *corev1.Namespace) { ns.Labels["forewarn.dev/auditing"] = "false" }, want: onlyLabel},
		"a moment is moved":         {change: until("orders-7", "2300-01-01T00:00:00Z"), want: onlyUntil},
		"a moment goes":             {change: func(ns *corev1.Namespace) { ns.Annotations = nil }, want: onlyUntil},
		"a moment comes":            {change: until("orders-8", "2300-01-01T00:00:00Z"), want: onlyUntil},
		"a window is moved":         {change: window("orders", "2300-01-01T00:00:00Z deployments/orders"), want: onlyUntil},
		"a window comes":            {change: window("cart", "2300-01-01T00:00:00Z deployments/cart"), want: onlyUntil},
		"a window goes":             {change: func(ns *corev1.Namespace) { delete(ns.Annotations, v1alpha1.WindowAnnotationPrefix+"orders") }, want: onlyUntil},
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

func window(api, value string) func(*corev1.Namespace) {
	return func(ns *corev1.Namespace) { ns.Annotations[v1alpha1.WindowAnnotationPrefix+api] = value }
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

// A kind goes only after somebody said that all its objects may.
func TestA7Bypass34aDeletingKinds(t *testing.T) {
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

// A kind is changed as a newer release changes it; but by a change its objects
// do not go out of reach of the guards, unless somebody said that they may.
func TestA7Bypass34aChangingKinds(t *testing.T) {
	t.Parallel()
	s := newSpace(t)
	const group = ".forewarn.dev"
	newer := func(crd *apiextensionsv1.CustomResourceDefinition) {
		next := crd.Spec.Versions[0].DeepCopy()
		next.Name, next.Storage = "v1alpha2", false
		crd.Spec.Versions = append(crd.Spec.Versions, *next)
	}
	for name, tc := range map[string]struct {
		kind   string // all of ours where it is left out
		change func(*apiextensionsv1.CustomResourceDefinition)
		want   string // what is taken away
	}{
		"nothing": {change: func(*apiextensionsv1.CustomResourceDefinition) {}},
		"a newer release": {change: func(crd *apiextensionsv1.CustomResourceDefinition) {
			newer(crd)
			crd.Spec.Names.Categories = append(crd.Spec.Names.Categories, "all")
			crd.Spec.Versions[0].Storage, crd.Spec.Versions[1].Storage = false, true
			crd.Spec.Versions[0].Deprecated = true
			crd.Spec.Versions[1].Schema.OpenAPIV3Schema.Properties["new"] = apiextensionsv1.JSONSchemaProps{Type: "string"}
		}},
		"not served": {change: func(crd *apiextensionsv1.CustomResourceDefinition) { crd.Spec.Versions[0].Served = false }, want: "v1alpha1 is no longer served"},
		"not served, another is": {change: func(crd *apiextensionsv1.CustomResourceDefinition) {
			newer(crd)
			crd.Spec.Versions[0].Served, crd.Spec.Versions[0].Storage, crd.Spec.Versions[1].Storage = false, false, true
		}, want: "v1alpha1 is no longer served"},
		"a status like any field": {
			kind:   "noticepolicies",
			change: func(crd *apiextensionsv1.CustomResourceDefinition) { crd.Spec.Versions[0].Subresources = nil },
			want:   "the status of v1alpha1 is no longer written by itself",
		},
		"a webhook that converts": {change: func(crd *apiextensionsv1.CustomResourceDefinition) {
			url := "https://somebody.example"
			crd.Spec.Conversion = &apiextensionsv1.CustomResourceConversion{Strategy: apiextensionsv1.WebhookConverter, Webhook: &apiextensionsv1.WebhookConversion{
				ClientConfig: &apiextensionsv1.WebhookClientConfig{URL: &url}, ConversionReviewVersions: []string{"v1"},
			}}
		}, want: "a webhook converts its objects"},
	} {
		t.Run(name, func(t *testing.T) {
			var kinds apiextensionsv1.CustomResourceDefinitionList
			s.must(s.admin.List(t.Context(), &kinds))
			tried := 0
			for i := range kinds.Items {
				crd := &kinds.Items[i]
				if !strings.HasSuffix(crd.Name, group) || !strings.HasPrefix(crd.Name, tc.kind) {
					continue
				}
				tried++
				update := func(confirm string) error {
					return retryConflicts(func() error {
						s.must(s.admin.Get(t.Context(), client.ObjectKeyFromObject(crd), crd))
						if tc.change(crd); confirm != "" {
							crd.Annotations[v1alpha1.ConfirmChangeAnnotation] = confirm
						}
						return s.admin.Update(t.Context(), crd, client.DryRunAll)
					})
				}
				want := ""
				if tc.want != "" {
					want = "this takes away what forewarn rests on: " + tc.want + "; confirm first: kubectl annotate crd " +
						crd.Name + " forewarn.dev/confirm-change=" + crd.Name
				}
				s.with(t).judged(update(""), "forewarn-crds", want)
				s.with(t).judged(update("yes"), "forewarn-crds", want)
				s.with(t).judged(update(crd.Name), "forewarn-crds", "")
			}
			if tried == 0 || tc.kind == "" && tried < 6 {
				t.Errorf("%d kinds were tried", tried)
			}
		})
	}
	argo := &apiextensionsv1.CustomResourceDefinition{ObjectMeta: metav1.ObjectMeta{Name: "rollouts.argoproj.io"}}
	s.must(retryConflicts(func() error {
		s.must(s.admin.Get(t.Context(), client.ObjectKeyFromObject(argo), argo))
		argo.Spec.Versions[0].Served = false
		return s.admin.Update(t.Context(), argo, client.DryRunAll)
	}))
}
