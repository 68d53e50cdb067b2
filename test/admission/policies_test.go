//go:build unix

package admission

import (
	"bytes"
	"errors"
	"io"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	. "github.com/onsi/gomega"
	admissionregistrationv1 "k8s.io/api/admissionregistration/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/util/version"
	utilyaml "k8s.io/apimachinery/pkg/util/yaml"
	plugincel "k8s.io/apiserver/pkg/admission/plugin/cel"
	"k8s.io/apiserver/pkg/admission/plugin/policy/validating"
	"k8s.io/apiserver/pkg/admission/plugin/webhook/matchconditions"
	"k8s.io/apiserver/pkg/cel/environment"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/yaml"

	v1alpha1 "forewarn.dev/forewarn/api/v1alpha1"
)

// manifests are policies and bindings by name, as kustomize renders a folder.
type manifests struct {
	policies map[string]*admissionregistrationv1.ValidatingAdmissionPolicy
	bindings map[string]*admissionregistrationv1.ValidatingAdmissionPolicyBinding
	all      []*unstructured.Unstructured
}

func render(t *testing.T, folder string) manifests {
	t.Helper()
	rendered, err := kubectl(t.Context(), nil, "kustomize", folder)
	if err != nil {
		t.Fatal(err)
	}
	m := manifests{
		policies: map[string]*admissionregistrationv1.ValidatingAdmissionPolicy{},
		bindings: map[string]*admissionregistrationv1.ValidatingAdmissionPolicyBinding{},
	}
	documents := utilyaml.NewYAMLOrJSONDecoder(bytes.NewReader(rendered), 4096)
	for {
		u := &unstructured.Unstructured{}
		if err := documents.Decode(u); errors.Is(err, io.EOF) {
			return m
		} else if err != nil {
			t.Fatal(err)
		}
		m.all = append(m.all, u)
		switch u.GetKind() {
		case "ValidatingAdmissionPolicy":
			m.policies[u.GetName()] = typed[admissionregistrationv1.ValidatingAdmissionPolicy](t, u)
		case "ValidatingAdmissionPolicyBinding":
			m.bindings[u.GetName()] = typed[admissionregistrationv1.ValidatingAdmissionPolicyBinding](t, u)
		}
	}
}

func typed[T any](t *testing.T, u *unstructured.Unstructured) *T {
	t.Helper()
	var value T
	if err := runtime.DefaultUnstructuredConverter.FromUnstructuredWithValidation(u.Object, &value, true); err != nil {
		t.Fatal(err)
	}
	return &value
}

var admissionFolder = filepath.Join("..", "..", "config", "admission")

// A1: whatever a policy refuses, it forbids; and every policy is bound.
func TestA1PoliciesForbid(t *testing.T) {
	t.Parallel()
	m := render(t, admissionFolder)
	bound := map[string]bool{}
	for name, b := range m.bindings {
		bound[b.Spec.PolicyName] = true
		if m.policies[b.Spec.PolicyName] == nil || !strings.HasPrefix(name, b.Spec.PolicyName) {
			t.Errorf("binding %s is of policy %s", name, b.Spec.PolicyName)
		}
	}
	for name, p := range m.policies {
		if !bound[name] {
			t.Errorf("%s is not bound", name)
		}
		if p.Spec.FailurePolicy == nil || *p.Spec.FailurePolicy != admissionregistrationv1.Fail {
			t.Errorf("%s lets pass what it cannot decide", name)
		}
		for i, v := range p.Spec.Validations {
			if v.Reason == nil || *v.Reason != metav1.StatusReasonForbidden {
				t.Errorf("validation %d of %s answers 422, on which tools delete and create anew", i, name)
			}
			if v.Message == "" && v.MessageExpression == "" {
				t.Errorf("validation %d of %s says nothing", i, name)
			}
		}
	}
}

// A gate that refuses is always looked at, the others where the namespace does not say that they hold nothing.
func TestGatesThatAreLookedAt(t *testing.T) {
	t.Parallel()
	type of struct{ policy, gate string }
	found := map[of]bool{}
	for name, b := range render(t, admissionFolder).bindings {
		if b.Spec.ParamRef == nil || !strings.HasPrefix(b.Spec.ParamRef.Name, "forewarn-gate-") || strings.HasSuffix(name, "-canary") {
			continue
		}
		gate := strings.TrimPrefix(b.Spec.ParamRef.Name, "forewarn-gate-")
		selector := metav1.LabelSelector{MatchLabels: map[string]string{v1alpha1.GovernedLabel: "true"}}
		if label := map[string]string{"warn-v1": v1alpha1.WarningLabel, "audit-v1": v1alpha1.AuditingLabel}[gate]; label != "" {
			selector.MatchExpressions = []metav1.LabelSelectorRequirement{{Key: label, Operator: metav1.LabelSelectorOpNotIn, Values: []string{"false"}}}
		}
		if diff := cmp.Diff(&selector, b.Spec.MatchResources.NamespaceSelector); diff != "" {
			t.Errorf("%s is bound to other namespaces (-want +got):\n%s", name, diff)
		}
		found[of{b.Spec.PolicyName, gate}] = true
	}
	for at := range found {
		for _, gate := range []string{"deny-v1", "warn-v1", "audit-v1"} {
			if !found[of{at.policy, gate}] && at.policy != early {
				t.Errorf("%s does not look at %s", at.policy, gate)
			}
		}
	}
	if len(found) < 25 {
		t.Errorf("there are %d such bindings", len(found))
	}
}

// What rollouts.yaml explains once is the same wherever it is used.
func TestPoliciesShareVariables(t *testing.T) {
	t.Parallel()
	m := render(t, admissionFolder)
	first := map[string]string{}
	for _, v := range m.policies[rollouts].Spec.Variables {
		first[v.Name] = v.Expression
	}
	for policy, own := range map[string][]string{
		pods:  {"meta", "oldMeta", "pod", "oldPod", "judged", "unchanged", "inPlace", "asked", "overspent", "refusals"},
		early: {"meta", "early"},
		outages: {"scale", "name", "owners", "made", "own", "key", "keys", "derived", "ofRollout", "exempt", "stops", "plans", "by", "downs", "rolled", "planned", "floor",
			"misfits", "renumbered", "up", "apis", "names", "returns", "what", "refusals"},
		expiry: {"meta", "ends", "now", "ended", "rolled", "made", "judged"},
	} {
		for _, v := range m.policies[policy].Spec.Variables {
			if slices.Contains(own, v.Name) {
				continue
			}
			if diff := cmp.Diff(first[v.Name], v.Expression); diff != "" {
				t.Errorf("variable %s of %s differs from that of %s:\n%s", v.Name, policy, rollouts, diff)
			}
		}
	}
}

// The API server itself finds nothing wrong with the types in any expression,
// now that every kind is there; and it would say so.
func TestPoliciesTypeCheck(t *testing.T) {
	t.Parallel()
	s := newSpace(t)
	wrong := render(t, admissionFolder).policies["forewarn-waivers"]
	wrong.Name = "wrong"
	wrong.Spec.Validations[1].Expression = "object.spec.requestedby == request.userInfo.username"
	policies := render(t, admissionFolder).policies
	policies[wrong.Name] = wrong
	for name, p := range policies {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			// A copy without bindings, for the original may be older than the kinds.
			check := &admissionregistrationv1.ValidatingAdmissionPolicy{ObjectMeta: metav1.ObjectMeta{Name: "type-check-" + p.Name}, Spec: p.Spec}
			s := s.with(t)
			s.must(s.admin.Create(t.Context(), check))
			NewWithT(t).Eventually(func(g Gomega) {
				g.Expect(s.admin.Get(t.Context(), client.ObjectKeyFromObject(check), check)).To(Succeed())
				g.Expect(check.Status.ObservedGeneration).To(Equal(check.Generation))
				g.Expect(check.Status.TypeChecking).NotTo(BeNil())
			}).WithTimeout(patience).WithPolling(often).Should(Succeed())
			if got := check.Status.TypeChecking.ExpressionWarnings; (len(got) > 0) != (p.Name == "wrong") {
				t.Errorf("warnings: %+v", got)
			}
			s.must(s.admin.Delete(t.Context(), check))
		})
	}
}

// A17: an overlay puts the account's name into every expression that has it,
// and leaves nothing of the usual namespace behind.
func TestA17AnotherNamespace(t *testing.T) {
	t.Parallel()
	usual, other := texts(t, filepath.Join("..", "..", "config", "default")), texts(t, filepath.Join("testdata", "another-namespace"))
	if diff := cmp.Diff(strings.ReplaceAll(usual, ownNamespace, "promises"), other); diff != "" {
		t.Errorf("rendered for another namespace (-want +got):\n%s", diff)
	}
	if got := strings.Count(other, "system:serviceaccount:promises:forewarn-manager"); got != 4 {
		t.Errorf("the account is named %d times, want 4", got)
	}
}

// texts are all manifests of a folder, one after the other.
func texts(t *testing.T, folder string) string {
	t.Helper()
	var b strings.Builder
	for _, u := range render(t, folder).all {
		if strings.HasPrefix(u.GetKind(), "ValidatingAdmissionPolicy") && u.GetNamespace() != "" {
			t.Errorf("%s %s has no namespace", u.GetKind(), u.GetName())
		}
		text, err := yaml.Marshal(u.Object)
		if err != nil {
			t.Fatal(err)
		}
		b.Write(text)
	}
	return b.String()
}

// Kubernetes 1.30 is the oldest with policies of version v1. An API server
// compiles new expressions with what its predecessor knows.
func TestPoliciesCompileOnTheOldest(t *testing.T) {
	t.Parallel()
	oldest := environment.MustBaseEnvSet(version.MajorMinor(1, 29))
	for name, p := range render(t, admissionFolder).policies {
		compiler, err := plugincel.NewCompositedCompiler(oldest)
		if err != nil {
			t.Fatal(err)
		}
		options := plugincel.OptionalVariableDeclarations{HasParams: p.Spec.ParamKind != nil, HasAuthorizer: true}
		compile := func(what string, expression plugincel.ExpressionAccessor) {
			if result := compiler.CompileCELExpression(expression, options, environment.NewExpressions); result.Error != nil {
				t.Errorf("%s, %s: %v", name, what, result.Error)
			}
		}
		for _, v := range p.Spec.Variables {
			variable := &validating.Variable{Name: v.Name, Expression: v.Expression}
			if result := compiler.CompileAndStoreVariable(variable, options, environment.NewExpressions); result.Error != nil {
				t.Errorf("%s, variable %s: %v", name, v.Name, result.Error)
			}
		}
		for i := range p.Spec.MatchConditions {
			compile(p.Spec.MatchConditions[i].Name, (*matchconditions.MatchCondition)(&p.Spec.MatchConditions[i]))
		}
		for _, v := range p.Spec.Validations {
			compile(v.Expression, &validating.ValidationCondition{Expression: v.Expression})
			if v.MessageExpression != "" {
				compile(v.MessageExpression, &validating.MessageExpressionCondition{MessageExpression: v.MessageExpression})
			}
		}
	}
}
