package controllers

import (
	"context"
	"fmt"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/utils/ptr"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/apiutil"

	v1alpha1 "forewarn.dev/forewarn/api/v1alpha1"
	"forewarn.dev/forewarn/internal/gate"
	"forewarn.dev/forewarn/internal/snapshot"
)

// What a publication is judged by, and who is to have seen the last that people wrote:
//
//	API server -> cache, asked past it here -> policies and the Audience: status, as their reconcilers read them -> verdict
//
// What is published stays so, and neither caches of several kinds nor reconcilers keep the order in which people write.

// edition is an object as somebody last wrote its spec.
type edition struct {
	UID        types.UID
	Generation int64
	// Marks are the labels by which policies select it, and the policies that were let go for it: no generation counts them.
	Marks string
}

func editionOf(o client.Object) edition {
	return edition{UID: o.GetUID(), Generation: o.GetGeneration()}
}

func markedEditionOf(o client.Object) edition {
	e := editionOf(o)
	e.Marks = labels.FormatLabels(o.GetLabels()) + " " + o.GetAnnotations()[v1alpha1.LoosenedAnnotation]
	return e
}

// current returns a behindError where what a publication is judged by is not what the API server has.
func (r *ChangeNoticeReconciler) current(ctx context.Context, input gate.NoticeInput) error {
	namespace := &corev1.Namespace{}
	if err := r.client.Get(ctx, client.ObjectKey{Name: input.API.Namespace}, namespace); err != nil {
		return fmt.Errorf("reading namespace %s: %w", input.API.Namespace, err)
	}
	for _, selected := range []client.Object{input.API, namespace} {
		if err := r.currentObject(ctx, selected, markedEditionOf); err != nil {
			return err
		}
	}
	if a := input.Audience; a != nil {
		if err := r.currentObject(ctx, a, editionOf); err != nil {
			return err
		}
		if !isRead(a, a.Status.ObservedGeneration) {
			return unread("audience", a, fmt.Sprintf("its condition Ready says why: kubectl describe audience %s -n %s", a.Name, a.Namespace))
		}
	}
	return r.currentPolicies(ctx, namespace, input.API)
}

func (r *ChangeNoticeReconciler) currentObject(ctx context.Context, known client.Object, editionOf func(client.Object) edition) error {
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
		return r.unseen(gvk.Kind, known.GetName())
	}
	return nil
}

func (r *ChangeNoticeReconciler) currentPolicies(ctx context.Context, namespace *corev1.Namespace, api *v1alpha1.CustomerAPI) error {
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
			return r.unseen("NoticePolicy", live.Items[i].Name)
		}
	}
	for i := range known.Items {
		policy := &known.Items[i]
		// Where nothing was ever in force, the spec itself binds.
		if policy.Status.InForce.Generation > 0 && !isRead(policy, policy.Status.ObservedGeneration) && mayBind(policy, namespace, api) {
			return unread("noticepolicy", policy, fmt.Sprintf(
				"the log of the manager says why: kubectl logs deployment/%s -n %s", account, r.namespace))
		}
	}
	return nil
}

// isRead says that the reconciler of an object has read it as it is. What it found wrong is then in the conditions.
func isRead(o client.Object, observed *int64) bool {
	return ptr.Deref(observed, 0) == o.GetGeneration()
}

// mayBind says that a policy selects the API, or will once its spec is in force. A spec that cannot be read never is.
func mayBind(policy *v1alpha1.NoticePolicy, namespace *corev1.Namespace, api *v1alpha1.CustomerAPI) bool {
	for _, p := range []*v1alpha1.NoticePolicy{policy, {Spec: policy.Spec}} {
		if selects, err := snapshot.Selects(p, namespace.Labels, api.Labels); err == nil && selects {
			return true
		}
	}
	return false
}
