package controllers

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	admissionregistrationv1 "k8s.io/api/admissionregistration/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/ptr"
	"sigs.k8s.io/yaml"

	"forewarn.dev/forewarn/config/admission"
)

type (
	policySpec  = admissionregistrationv1.ValidatingAdmissionPolicySpec
	bindingSpec = admissionregistrationv1.ValidatingAdmissionPolicyBindingSpec
)

// shippedTo is what a manager in that namespace expects.
func shippedTo(t *testing.T, namespace string) guards {
	t.Helper()
	scheme, err := NewScheme()
	if err != nil {
		t.Fatal(err)
	}
	shipped, err := readGuards(admission.Manifests, scheme, namespace)
	if err != nil {
		t.Fatal(err)
	}
	return shipped
}

func TestBypass33Differences(t *testing.T) {
	changed := func(name string) string { return "not as this version of forewarn ships it: " + name }
	for name, tc := range map[string]struct {
		change func(guards)
		want   string
	}{
		"all are as they were shipped": {change: func(guards) {}},
		"one more, of somebody":        {change: func(g guards) { g["policy somebody"] = &policySpec{} }},
		"a policy is missing":          {change: func(g guards) { delete(g, "policy forewarn-pods") }, want: "missing: policy forewarn-pods"},
		"bindings are missing": {change: func(g guards) {
			delete(g, "binding forewarn-rollouts-warn")
			delete(g, "binding forewarn-rollouts-deny")
		}, want: "missing: binding forewarn-rollouts-deny, binding forewarn-rollouts-warn"},
		"a binding only audits": {change: func(g guards) {
			g["binding forewarn-pods-deny"].(*bindingSpec).ValidationActions = []admissionregistrationv1.ValidationAction{admissionregistrationv1.Audit}
		}, want: changed("binding forewarn-pods-deny")},
		"a binding looks elsewhere": {change: func(g guards) {
			g["binding forewarn-pods-deny"].(*bindingSpec).MatchResources.NamespaceSelector.MatchLabels["a"] = "b"
		}, want: changed("binding forewarn-pods-deny")},
		"a binding has another gate": {change: func(g guards) {
			g["binding forewarn-pods-deny"].(*bindingSpec).ParamRef.Name = "forewarn-gate-warn-v1"
		}, want: changed("binding forewarn-pods-deny")},
		"a policy lets pass what it cannot decide": {change: func(g guards) {
			g["policy forewarn-pods"].(*policySpec).FailurePolicy = ptr.To(admissionregistrationv1.Ignore)
		}, want: changed("policy forewarn-pods")},
		"a policy excludes something": {change: func(g guards) {
			match := g["policy forewarn-pods"].(*policySpec).MatchConstraints
			match.ExcludeResourceRules = match.ResourceRules
		}, want: changed("policy forewarn-pods")},
		"a policy has a condition more": {change: func(g guards) {
			spec := g["policy forewarn-pods"].(*policySpec)
			spec.MatchConditions = append(spec.MatchConditions, admissionregistrationv1.MatchCondition{Name: "never", Expression: "false"})
		}, want: changed("policy forewarn-pods")},
		"a policy names another manager": {change: func(g guards) {
			g["policy forewarn-evidence"].(*policySpec).Variables[0].Expression = "request.userInfo.username"
		}, want: changed("policy forewarn-evidence")},
		"one is missing and one is not the same": {change: func(g guards) {
			delete(g, "policy forewarn-crds")
			g["binding forewarn-pods-deny"].(*bindingSpec).ValidationActions = nil
		}, want: "missing: policy forewarn-crds; " + changed("binding forewarn-pods-deny")},
	} {
		t.Run(name, func(t *testing.T) {
			installed := shippedTo(t, shippedNamespace)
			tc.change(installed)
			if got := shippedTo(t, shippedNamespace).differences(installed); got != tc.want {
				t.Errorf("got %q, want %q", got, tc.want)
			}
		})
	}
}

// What the API server fills in is no difference.
func TestBypass33Defaults(t *testing.T) {
	written, kept := guards{}, guards{}
	rules := func() []admissionregistrationv1.NamedRuleWithOperations {
		return []admissionregistrationv1.NamedRuleWithOperations{{}}
	}
	written.policy(&admissionregistrationv1.ValidatingAdmissionPolicy{Spec: policySpec{
		MatchConstraints: &admissionregistrationv1.MatchResources{ResourceRules: rules(), ExcludeResourceRules: rules()},
	}})
	rule := rules()
	rule[0].Scope = ptr.To(admissionregistrationv1.AllScopes)
	kept.policy(&admissionregistrationv1.ValidatingAdmissionPolicy{Spec: policySpec{
		FailurePolicy: ptr.To(admissionregistrationv1.Fail),
		MatchConstraints: &admissionregistrationv1.MatchResources{
			NamespaceSelector: &metav1.LabelSelector{}, ObjectSelector: &metav1.LabelSelector{},
			MatchPolicy: ptr.To(admissionregistrationv1.Equivalent), ResourceRules: rule, ExcludeResourceRules: rule,
		},
	}})
	if got := written.differences(kept); got != "" {
		t.Error(got)
	}
}

// The manifests that are compared are those that are installed, all of them.
func TestBypass33ShippedIsInstalled(t *testing.T) {
	text, err := admission.Manifests.ReadFile("kustomization.yaml")
	if err != nil {
		t.Fatal(err)
	}
	var kustomization struct{ Resources []string }
	if err := yaml.Unmarshal(text, &kustomization); err != nil {
		t.Fatal(err)
	}
	entries, err := admission.Manifests.ReadDir(".")
	if err != nil {
		t.Fatal(err)
	}
	for _, entry := range entries {
		if name := entry.Name(); name != "kustomization.yaml" && !slices.Contains(kustomization.Resources, name) {
			t.Errorf("%s is not installed", name)
		}
	}
	if len(entries) != len(kustomization.Resources)+1 {
		t.Errorf("%d files are embedded, %v are installed", len(entries), kustomization.Resources)
	}
}

// As kustomize renders it; TestA17AnotherNamespace holds that it renders no more than that.
func TestBypass33AnotherNamespace(t *testing.T) {
	shipped := shippedTo(t, "promises")
	for _, policy := range []string{"policy forewarn-evidence", "policy forewarn-namespaces", "policy forewarn-routes", "policy forewarn-signals"} {
		i := slices.IndexFunc(shipped[policy].(*policySpec).Variables, func(v admissionregistrationv1.Variable) bool { return v.Name == "manager" })
		if got := shipped[policy].(*policySpec).Variables[i].Expression; got != "'system:serviceaccount:promises:forewarn-manager'" {
			t.Errorf("%s takes %s for the manager", policy, got)
		}
	}
	canary := shipped["binding forewarn-rollouts-canary"].(*bindingSpec).MatchResources.NamespaceSelector.MatchExpressions
	if got := canary[0].Values; !slices.Equal(got, []string{"promises"}) {
		t.Errorf("the canary is in %v", got)
	}
	want := "binding forewarn-rollouts-canary, policy forewarn-evidence, policy forewarn-namespaces, policy forewarn-routes, policy forewarn-signals"
	if got := shipped.differences(shippedTo(t, shippedNamespace)); !strings.HasSuffix(got, ": "+want) {
		t.Errorf("got %s, want %s", got, want)
	}
}

// kustomize writes a line break inside of a text as two, and what is installed then is not what is shipped.
func TestShippedGuardsAreTheSameThroughKustomize(t *testing.T) {
	for name, spec := range shippedTo(t, "forewarn-system") {
		text, err := json.Marshal(spec)
		if err != nil {
			t.Fatal(err)
		}
		if strings.Contains(string(text), `\n  `) {
			t.Errorf("%s: a text breaks before an indented line", name)
		}
	}
}
