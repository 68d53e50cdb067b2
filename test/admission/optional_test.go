//go:build unix

package admission

import (
	"context"
	"fmt"
	"strings"
	"testing"

	. "github.com/onsi/gomega"
	admissionregistrationv1 "k8s.io/api/admissionregistration/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// looseGate is a gate that no policy guards, so that it can be what no manager
// writes; bindings of its own lead to it from namespaces with the label.
const (
	looseGate  = "loose-gate"
	looseLabel = "test.forewarn.dev/loose"
)

// bindLoosely makes those bindings, and waits until they bite.
func bindLoosely(t *testing.T) *space {
	t.Helper()
	s := newSpace(t)
	allow := admissionregistrationv1.AllowAction
	for _, policy := range []string{rollouts, pods, disruption} {
		binding := &admissionregistrationv1.ValidatingAdmissionPolicyBinding{ObjectMeta: metav1.ObjectMeta{Name: "loose-" + policy}}
		binding.Spec = admissionregistrationv1.ValidatingAdmissionPolicyBindingSpec{
			PolicyName:        policy,
			ValidationActions: []admissionregistrationv1.ValidationAction{admissionregistrationv1.Deny},
			ParamRef:          &admissionregistrationv1.ParamRef{Name: looseGate, ParameterNotFoundAction: &allow},
			MatchResources: &admissionregistrationv1.MatchResources{
				NamespaceSelector: &metav1.LabelSelector{MatchLabels: map[string]string{looseLabel: "true"}},
			},
		}
		s.must(s.admin.Create(t.Context(), binding))
		t.Cleanup(func() { s.must(s.admin.Delete(context.WithoutCancel(t.Context()), binding)) })
	}
	s.loosen(shop())
	for _, object := range []client.Object{deployment(s.name, "d", "", "app", "orders"), inNamespace(s.name, bare("p", "", "app", "orders"))} {
		NewWithT(t).Eventually(func() error {
			return s.admin.Create(t.Context(), object, client.DryRunAll)
		}).WithTimeout(patience).WithPolling(often).Should(MatchError(ContainSubstring(nameIt)))
	}
	return s
}

func inNamespace[T client.Object](name string, object T) T {
	object.SetNamespace(name)
	return object
}

// loosen writes a loose gate; nil for none.
func (s *space) loosen(g *gate) {
	s.Helper()
	var ns corev1.Namespace
	s.must(s.admin.Get(s.Context(), client.ObjectKey{Name: s.name}, &ns))
	ns.Labels[looseLabel] = "true"
	s.must(s.admin.Update(s.Context(), &ns))
	if g != nil {
		s.must(s.admin.Create(s.Context(), &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Namespace: s.name, Name: looseGate}, Data: g.data()}))
	}
}

// A5: a gate lacks whatever it has nothing to say about. An error would be a
// refusal, and with 422 at that.
func TestA5GatesWithoutSomething(t *testing.T) {
	first := bindLoosely(t)
	without := func(table string) *gate { return shop().without(table) }
	blank := func(table string) *gate { return shop().blanked(table) }
	none := newGate().without("format").without("epoch")
	full := expected{refused: breaks, nameless: "orders" + nameIt}
	unknown := expected{admitted: "orders-1" + notYet, refused: "orders-2" + notYet, nameless: "orders" + nameIt}
	dropped := expected{admitted: "orders-1 is not admissible; its status says why", refused: breaks, nameless: "orders" + nameIt}
	short := expected{refused: "orders-2 is not admissible; its status says why", nameless: "orders" + nameIt}
	for name, tc := range map[string]struct {
		gate *gate
		want expected
	}{
		"no gate":          {},
		"no data":          {gate: none},
		"no APIs":          {gate: newGate()},
		"no index":         {gate: without("pair")},
		"an empty index":   {gate: blank("pair")},
		"no count":         {gate: without("apis")},
		"no selectors":     {gate: without("select")},
		"empty selectors":  {gate: blank("select")},
		"no revisions":     {gate: without("of"), want: unknown},
		"empty revisions":  {gate: blank("of"), want: unknown},
		"none admitted":    {gate: without("admit"), want: dropped},
		"empty admissions": {gate: blank("admit"), want: dropped},
		"no texts":         {gate: without("refuse"), want: short},
		"empty texts":      {gate: blank("refuse"), want: short},
		"no images":        {gate: without("images"), want: full},
		"empty images":     {gate: blank("images"), want: full},
		"none unnamed":     {gate: without("unnamed"), want: full},
		"empty unnamed":    {gate: blank("unnamed"), want: full},
		"no format":        {gate: without("format"), want: full},
		"nothing missing":  {gate: shop(), want: full},
	} {
		t.Run(name, func(t *testing.T) {
			s := newSpace(t)
			s.loosen(tc.gate)
			// What first sees now is written before anything that s writes: the namespaces and gates above are seen, too.
			first.with(t).sees()
			for revision, want := range map[string]string{"orders-1": tc.want.admitted, "orders-2": tc.want.refused, "": tc.want.nameless} {
				s.judged(s.admin.Create(t.Context(), deployment(s.name, "d"+revision, revision, "app", "orders")), rollouts, want)
				s.judged(s.admin.Create(t.Context(), inNamespace(s.name, bare("p"+revision, revision, "app", "orders"))), pods, want)
			}
			service := &corev1.Service{ObjectMeta: metav1.ObjectMeta{Name: "any"}, Spec: corev1.ServiceSpec{Ports: []corev1.ServicePort{{Port: 80}}}}
			s.must(s.admin.Create(t.Context(), inNamespace(s.name, service)))
			s.judged(s.admin.Delete(t.Context(), service), disruption, "")
		})
	}
}

// expected says what becomes of three workloads; "" passes.
type expected struct{ admitted, refused, nameless string }

// sees waits until the API server judges by a loose gate that is written now.
func (s *space) sees() {
	s.Helper()
	s.writes++
	token := fmt.Sprintf("seen %d", s.writes)
	var cm corev1.ConfigMap
	s.must(s.admin.Get(s.Context(), client.ObjectKey{Namespace: s.name, Name: looseGate}, &cm))
	cm.Data = shop().refuse("orders-2", "orders", token).data()
	s.must(s.admin.Update(s.Context(), &cm))
	NewWithT(s).Eventually(func() error {
		return s.admin.Create(s.Context(), deployment(s.name, "seen", "orders-2", "app", "orders"), client.DryRunAll)
	}).WithTimeout(patience).WithPolling(often).Should(MatchError(ContainSubstring(token)))
}

// A5: workloads lack whatever is optional in them. The schema of an Argo
// Rollout demands nothing, so it can lack anything.
func TestA5WorkloadsWithoutSomething(t *testing.T) {
	t.Parallel()
	s := governed(t, shop())
	full := func() map[string]any { return map[string]any{"template": plainTemplate("orders-2")} }
	for name, tc := range map[string]struct {
		cut  []string
		put  any
		want string
	}{
		"nothing missing":     {want: breaks},
		"no spec":             {cut: []string{"spec"}},
		"an empty spec":       {cut: []string{"spec"}, put: map[string]any{}},
		"no template":         {cut: []string{"spec", "template"}},
		"an empty template":   {cut: []string{"spec", "template"}, put: map[string]any{}},
		"no metadata":         {cut: []string{"spec", "template", "metadata"}},
		"empty metadata":      {cut: []string{"spec", "template", "metadata"}, put: map[string]any{}},
		"no labels":           {cut: []string{"spec", "template", "metadata", "labels"}},
		"empty labels":        {cut: []string{"spec", "template", "metadata", "labels"}, put: map[string]any{}},
		"no annotations":      {cut: []string{"spec", "template", "metadata", "annotations"}, want: "orders" + nameIt},
		"empty annotations":   {cut: []string{"spec", "template", "metadata", "annotations"}, put: map[string]any{}, want: "orders" + nameIt},
		"no spec of the pods": {cut: []string{"spec", "template", "spec"}, want: breaks},
		"no containers":       {cut: []string{"spec", "template", "spec", "containers"}, want: breaks},
		"an empty list":       {cut: []string{"spec", "template", "spec", "containers"}, put: []any{}, want: breaks},
		"a container of no image": {
			cut: []string{"spec", "template", "spec", "containers"}, put: []any{map[string]any{"name": "main"}}, want: breaks,
		},
	} {
		t.Run(name, func(t *testing.T) {
			s := s.with(t)
			cut := func(name string) *unstructured.Unstructured {
				u := argo(s.name, name, full())
				if tc.cut != nil {
					remove(tc.cut...)(u)
				}
				if tc.put != nil {
					put(tc.put, tc.cut...)(u)
				}
				return u
			}
			s.judged(s.tenant.Create(t.Context(), cut(slug(name))), rollouts, tc.want)

			// From nothing to that, and from that to nothing.
			old := argo(s.name, slug(name)+"-filled", map[string]any{})
			s.must(s.tenant.Create(t.Context(), old))
			filled := cut(old.GetName())
			filled.SetResourceVersion(old.GetResourceVersion())
			s.judged(s.tenant.Update(t.Context(), filled), rollouts, tc.want)
			if tc.want == "" {
				emptied := argo(s.name, old.GetName(), map[string]any{})
				emptied.SetResourceVersion(filled.GetResourceVersion())
				s.judged(s.tenant.Update(t.Context(), emptied), rollouts, "")
			}
		})
	}
}

// A5, for kinds that the API server fills in: each optional left out, and each
// written as what it means.
func TestA5BuiltInWorkloads(t *testing.T) {
	t.Parallel()
	s := governed(t, shop())
	for _, revision := range []string{"orders-1", "orders-2", ""} {
		want := map[string]string{"orders-1": "", "orders-2": breaks, "": "orders" + nameIt}[revision]
		for i, kind := range []string{"Deployment", "StatefulSet", "DaemonSet", "ReplicaSet"} {
			t.Run(strings.Join([]string{kind, revision}, " "), func(t *testing.T) {
				name := slug(fmt.Sprintf("least %d %s", i, revision))
				pod := template(revision, "app", "orders")
				least := &unstructured.Unstructured{Object: map[string]any{"spec": map[string]any{
					"selector": map[string]any{"matchLabels": map[string]any{"app": "orders"}},
					"template": plain(&pod),
				}}}
				least.SetAPIVersion("apps/v1")
				least.SetKind(kind)
				least.SetName(name)
				s.with(t).judged(s.tenant.Create(t.Context(), inNamespace(s.name, least), client.FieldOwner("test")), rollouts, want)
			})
		}
	}
}
