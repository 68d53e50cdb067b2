package snapshot

import (
	"slices"
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	v1alpha1 "forewarn.dev/forewarn/api/v1alpha1"
)

func labelled(labels map[string]string) *metav1.LabelSelector {
	return &metav1.LabelSelector{MatchLabels: labels}
}

func policyFor(name string, namespaces, apis *metav1.LabelSelector) *v1alpha1.NoticePolicy {
	policy := &v1alpha1.NoticePolicy{ObjectMeta: metav1.ObjectMeta{Name: name}}
	policy.Spec.AppliesTo = v1alpha1.PolicySelector{NamespaceSelector: namespaces, APISelector: apis}
	return policy
}

func TestPolicies(t *testing.T) {
	production := labelled(map[string]string{"env": "production"})
	public := labelled(map[string]string{"public": "true"})
	unreadable := &metav1.LabelSelector{MatchExpressions: []metav1.LabelSelectorRequirement{{Key: "env", Operator: "Likes"}}}
	tightened := policyFor("tightened", labelled(map[string]string{"env": "staging"}), nil)
	tightened.Status.InForce = v1alpha1.PolicyInForce{Generation: 1, Spec: policyFor("", production, nil).Spec}

	reader := FromManifests([]client.Object{
		&corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: "shop", Labels: map[string]string{"env": "production"}}},
		policyFor("all", nil, nil),
		policyFor("all-by-empty-selectors", &metav1.LabelSelector{}, &metav1.LabelSelector{}),
		policyFor("production", production, nil),
		policyFor("public", nil, public),
		policyFor("public-production", production, public),
		policyFor("unreadable", unreadable, nil),
		policyFor("unreadable-for-apis", labelled(map[string]string{"env": "staging"}), unreadable),
		tightened,
	})
	tests := map[string]struct {
		namespace string
		labels    map[string]string
		want      []string
	}{
		"a public API in production": {
			namespace: "shop", labels: map[string]string{"public": "true"},
			want: []string{"all", "all-by-empty-selectors", "production", "public", "public-production", "tightened"},
		},
		"an internal API in production": {
			namespace: "shop",
			want:      []string{"all", "all-by-empty-selectors", "production", "tightened"},
		},
		"a public API in a namespace that no manifest declares": {
			namespace: "elsewhere", labels: map[string]string{"public": "true"},
			want: []string{"all", "all-by-empty-selectors", "public"},
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			api := &v1alpha1.CustomerAPI{ObjectMeta: metav1.ObjectMeta{Namespace: test.namespace, Name: "orders", Labels: test.labels}}
			policies, err := New(reader, reader).Policies(t.Context(), api)
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for i := range policies {
				got = append(got, policies[i].Name)
			}
			if !slices.Equal(got, test.want) {
				t.Errorf("got %v, want %v", got, test.want)
			}
		})
	}
}

func TestSelectsSaysWhatCannotBeRead(t *testing.T) {
	unreadable := &metav1.LabelSelector{MatchExpressions: []metav1.LabelSelectorRequirement{{Key: "env", Operator: "Likes"}}}
	nowhere := labelled(map[string]string{"env": "nowhere"})
	for _, policy := range []*v1alpha1.NoticePolicy{policyFor("a", unreadable, nil), policyFor("b", nowhere, unreadable)} {
		if ok, err := Selects(policy, nil, nil); ok || err == nil {
			t.Errorf("policy %s: got %v, %v", policy.Name, ok, err)
		}
	}
}
