package controllers

import (
	"context"
	"fmt"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/apiutil"

	v1alpha1 "forewarn.dev/forewarn/api/v1alpha1"
	"forewarn.dev/forewarn/internal/gate"
)

// edition is an object as somebody last wrote its spec.
type edition struct {
	UID        types.UID
	Generation int64
}

func editionOf(o client.Object) edition { return edition{o.GetUID(), o.GetGeneration()} }

// current returns a conflict where the cache is behind in what a publication is judged by: what is published stays so,
// and caches of several kinds do not keep the order in which people write.
func (r *ChangeNoticeReconciler) current(ctx context.Context, input gate.NoticeInput) error {
	judgedBy := []client.Object{input.API}
	if input.Audience != nil {
		judgedBy = append(judgedBy, input.Audience)
	}
	for _, known := range judgedBy {
		gvk, err := apiutil.GVKForObject(known, r.client.Scheme())
		if err != nil {
			return err
		}
		live := &metav1.PartialObjectMetadata{} // what does not fit its kind has metadata, too
		live.SetGroupVersionKind(gvk)
		if err := r.live.Get(ctx, client.ObjectKeyFromObject(known), live); client.IgnoreNotFound(err) != nil {
			return fmt.Errorf("reading %s %s: %w", gvk.Kind, known.GetName(), err)
		}
		if editionOf(live) != editionOf(known) {
			return behind(gvk.Kind, known.GetName())
		}
	}
	return r.currentPolicies(ctx)
}

func (r *ChangeNoticeReconciler) currentPolicies(ctx context.Context) error {
	var known v1alpha1.NoticePolicyList
	if err := r.client.List(ctx, &known, client.UnsafeDisableDeepCopy); err != nil {
		return fmt.Errorf("listing notice policies: %w", err)
	}
	live := &metav1.PartialObjectMetadataList{}
	live.SetGroupVersionKind(v1alpha1.GroupVersion.WithKind("NoticePolicyList"))
	if err := r.live.List(ctx, live); err != nil {
		return fmt.Errorf("listing notice policies: %w", err)
	}
	editions := map[string]edition{}
	for i := range known.Items {
		editions[known.Items[i].Name] = editionOf(&known.Items[i])
	}
	for i := range live.Items {
		if editionOf(&live.Items[i]) != editions[live.Items[i].Name] {
			return behind("NoticePolicy", live.Items[i].Name)
		}
	}
	return nil
}

func behind(kind, name string) error {
	return apierrors.NewConflict(v1alpha1.GroupVersion.WithResource(kind).GroupResource(), name, fmt.Errorf("its cache is behind"))
}
