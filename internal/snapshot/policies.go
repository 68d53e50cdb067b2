package snapshot

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"sigs.k8s.io/controller-runtime/pkg/client"

	v1alpha1 "forewarn.dev/forewarn/api/v1alpha1"
	"forewarn.dev/forewarn/internal/notice"
)

// Binding returns the policies that bind the API at now: those that select it and, under a name of their own, those
// that did before they were loosened (R8).
func (s *Snapshot) Binding(ctx context.Context, now time.Time, api *v1alpha1.CustomerAPI) ([]v1alpha1.NoticePolicy, error) {
	policies, err := s.Policies(ctx, api)
	return withLoosened(api, policies, now), err
}

// withLoosened adds what was loosened to the policies that select the API.
func withLoosened(api *v1alpha1.CustomerAPI, policies []v1alpha1.NoticePolicy, now time.Time) []v1alpha1.NoticePolicy {
	all := slices.Concat(policies, notice.Loosened(Bound(api, policies, now)))
	slices.SortFunc(all, func(a, b v1alpha1.NoticePolicy) int { return strings.Compare(a.Name, b.Name) })
	return all
}

// Bound is what binds the API for its status. Nobody relies yet on what never served.
func Bound(api *v1alpha1.CustomerAPI, policies []v1alpha1.NoticePolicy, now time.Time) []v1alpha1.BoundPolicy {
	known := api.Status.Bound
	if !EverServed(api) {
		known = nil
	}
	var loosened []string
	for name := range strings.SplitSeq(api.Annotations[v1alpha1.LoosenedAnnotation], ",") {
		loosened = append(loosened, strings.TrimSpace(name))
	}
	return notice.Ratchet(known, policies, loosened, now)
}

// Policies returns those that select the API. One that cannot be read may select anything.
func (s *Snapshot) Policies(ctx context.Context, api *v1alpha1.CustomerAPI) ([]v1alpha1.NoticePolicy, error) {
	var namespace corev1.Namespace
	if err := s.objects.Get(ctx, client.ObjectKey{Name: api.Namespace}, &namespace); err != nil {
		return nil, fmt.Errorf("reading namespace %s: %w", api.Namespace, err)
	}
	var all v1alpha1.NoticePolicyList
	if err := s.all.List(ctx, &all); err != nil {
		return nil, fmt.Errorf("listing notice policies: %w", err)
	}
	return selecting(all.Items, namespace.Labels, api.Labels), nil
}

func selecting(all []v1alpha1.NoticePolicy, namespaceLabels, apiLabels map[string]string) []v1alpha1.NoticePolicy {
	var found []v1alpha1.NoticePolicy
	for i := range all {
		// One that cannot be read and never could binds nobody; its own status says so.
		if ok, err := Selects(&all[i], namespaceLabels, apiLabels); err == nil && ok {
			found = append(found, all[i])
		}
	}
	slices.SortFunc(found, func(a, b v1alpha1.NoticePolicy) int { return strings.Compare(a.Name, b.Name) }) // a cache has no order
	return found
}

// inForce is the last generation of a policy that could be read, or its spec where no status says which that is.
func inForce(policy *v1alpha1.NoticePolicy) *v1alpha1.NoticePolicySpec {
	if policy.Status.InForce.Generation > 0 {
		return &policy.Status.InForce.Spec
	}
	return &policy.Spec
}

// Selected returns the APIs that the policy selects.
func (s *Snapshot) Selected(ctx context.Context, policy *v1alpha1.NoticePolicy) ([]v1alpha1.CustomerAPI, error) {
	var namespaces corev1.NamespaceList
	if err := s.objects.List(ctx, &namespaces, client.UnsafeDisableDeepCopy); err != nil {
		return nil, fmt.Errorf("listing namespaces: %w", err)
	}
	labelsOf := make(map[string]map[string]string, len(namespaces.Items))
	for i := range namespaces.Items {
		labelsOf[namespaces.Items[i].Name] = namespaces.Items[i].Labels
	}
	var apis v1alpha1.CustomerAPIList
	if err := s.objects.List(ctx, &apis); err != nil {
		return nil, fmt.Errorf("listing customer APIs: %w", err)
	}
	var selected []v1alpha1.CustomerAPI
	for i := range apis.Items {
		ok, err := Selects(policy, labelsOf[apis.Items[i].Namespace], apis.Items[i].Labels)
		if err != nil {
			return nil, err
		}
		if ok {
			selected = append(selected, apis.Items[i])
		}
	}
	return selected, nil
}

// Selects says whether the generation of the policy that is in force, or else its spec, selects an API. Selectors
// that cannot be read select nothing.
func Selects(policy *v1alpha1.NoticePolicy, namespaceLabels, apiLabels map[string]string) (bool, error) {
	appliesTo := inForce(policy).AppliesTo
	namespaces, err := parsed(appliesTo.NamespaceSelector)
	if err != nil {
		return false, fmt.Errorf("reading appliesTo.namespaceSelector: %w", err)
	}
	apis, err := parsed(appliesTo.APISelector)
	if err != nil {
		return false, fmt.Errorf("reading appliesTo.apiSelector: %w", err)
	}
	return namespaces.Matches(labels.Set(namespaceLabels)) && apis.Matches(labels.Set(apiLabels)), nil
}

// parsed reads a selector that is left out as one that selects all, where metav1 reads it as none.
func parsed(selector *metav1.LabelSelector) (labels.Selector, error) {
	if selector == nil {
		return labels.Everything(), nil
	}
	return metav1.LabelSelectorAsSelector(selector)
}
