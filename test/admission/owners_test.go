//go:build unix

package admission

import (
	"fmt"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	v1alpha1 "forewarn.dev/forewarn/api/v1alpha1"
)

const owners = "forewarn-owners"

// owner is what something is deleted with.
func (s *space) owner(name string) metav1.OwnerReference {
	s.Helper()
	c := &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Namespace: s.name, Name: name}}
	s.must(s.tenant.Create(s.Context(), c))
	return metav1.OwnerReference{APIVersion: "v1", Kind: "ConfigMap", Name: name, UID: c.UID}
}

func refuseOwner(resource, name string) string {
	return fmt.Sprintf("what customers are told and promised has no owner that it is deleted with; leave metadata.ownerReferences out of %s.forewarn.dev %q", resource, name)
}

// A2: the garbage collector, which may not approve, is not left to delete a budget for ever.
func TestA2BudgetsHaveNoOwner(t *testing.T) {
	t.Parallel()
	s := newSpace(t)
	s.create(apiRevision("first")) // its role counts
	first, second := s.owner("first"), s.owner("second")
	owned := func(name string, refs ...metav1.OwnerReference) *v1alpha1.DowntimeBudget {
		b := inNamespace(s.name, downtimeBudget(name))
		b.OwnerReferences = refs
		return b
	}
	before := owned("before", first)
	s.must(s.tenant.Create(t.Context(), before)) // where nothing is governed
	s.govern(map[string]*gate{"deny": newGate()})

	want := refuseOwner("downtimebudgets", "orders-slo")
	s.refused(s.tenant.Create(t.Context(), owned("orders-slo", first)), owners, want)
	s.refused(s.tenant.Create(t.Context(), owned("orders-slo", *metav1.NewControllerRef(before, v1alpha1.GroupVersion.WithKind("DowntimeBudget")))), owners, want)
	b := owned("orders-slo")
	s.must(s.tenant.Create(t.Context(), b))
	own := func(b client.Object, refs ...metav1.OwnerReference) error {
		return s.tenant.Patch(t.Context(), b, merge(t, map[string]any{"metadata": map[string]any{"ownerReferences": refs}}))
	}
	s.refused(own(b, first), owners, want)
	s.refused(s.admin.Patch(t.Context(), owned("orders-slo"), merge(t, map[string]any{
		"metadata": map[string]any{"ownerReferences": []metav1.OwnerReference{second}}})), owners, want)
	s.must(s.tenant.Patch(t.Context(), b, merge(t, map[string]any{"spec": map[string]any{"allowedMinutes": 42}})))

	// What has an owner already.
	s.must(s.tenant.Patch(t.Context(), before, merge(t, map[string]any{"spec": map[string]any{"allowedMinutes": 42}})))
	s.refused(own(before, first, second), owners, refuseOwner("downtimebudgets", "before"))
	s.refused(own(before, second), owners, refuseOwner("downtimebudgets", "before"))
	blocks := true
	first.BlockOwnerDeletion = &blocks // the garbage collector writes that
	s.must(own(before, first))
	s.must(own(before))
	s.refused(own(before, first), owners, refuseOwner("downtimebudgets", "before"))
}

// What customers were told does not go with something else, nor is it published as what would.
func TestA2WhatWasToldHasNoOwner(t *testing.T) {
	t.Parallel()
	s := newSpace(t)
	s.create(apiRevision("first")) // its role counts
	first := s.owner("first")
	for name, make := range map[string]func(name string, state v1alpha1.NoticeState) client.Object{
		"changenotices": func(name string, state v1alpha1.NoticeState) client.Object {
			return inNamespace(s.name, notice(name, state))
		},
		"deprecationschedules": func(name string, state v1alpha1.NoticeState) client.Object {
			d := &v1alpha1.DeprecationSchedule{ObjectMeta: metav1.ObjectMeta{Name: name}}
			deprecate, sunset := metav1.NewTime(time.Date(2028, 1, 1, 0, 0, 0, 0, time.UTC)), metav1.NewTime(time.Date(2029, 1, 1, 0, 0, 0, 0, time.UTC))
			d.Spec.APIRef.Name, d.Spec.Version, d.Spec.State, d.Spec.DeprecateTime, d.Spec.SunsetTime = "orders", "v1", state, &deprecate, &sunset
			return inNamespace(s.name, d)
		},
	} {
		t.Run(name, func(t *testing.T) {
			s := s.with(t)
			change := func(o client.Object, part string, with map[string]any) error {
				return s.tenant.Patch(t.Context(), o.DeepCopyObject().(client.Object), merge(t, map[string]any{part: with}))
			}
			refs := map[string]any{"ownerReferences": []metav1.OwnerReference{first}}
			told, draft := make("told", v1alpha1.NoticePublished), make("draft", v1alpha1.NoticeDraft)
			owned := make("owned", v1alpha1.NoticePublished)
			owned.SetOwnerReferences([]metav1.OwnerReference{first})
			s.refused(s.tenant.Create(t.Context(), owned), owners, refuseOwner(name, "owned"))
			s.must(s.tenant.Create(t.Context(), told))
			s.refused(change(told, "metadata", refs), owners, refuseOwner(name, "told"))
			s.must(change(told, "metadata", map[string]any{"labels": map[string]string{"app.kubernetes.io/instance": "shop"}}))
			s.must(change(told, "spec", map[string]any{"state": "Withdrawn"}))
			s.refused(change(told, "metadata", refs), owners, refuseOwner(name, "told"))

			draft.SetOwnerReferences([]metav1.OwnerReference{first})
			s.must(s.tenant.Create(t.Context(), draft))
			s.refused(change(draft, "spec", map[string]any{"state": "Published"}), owners, refuseOwner(name, "draft"))
			s.must(change(draft, "metadata", map[string]any{"ownerReferences": nil}))
			s.must(change(draft, "spec", map[string]any{"state": "Published"}))
		})
	}
}
