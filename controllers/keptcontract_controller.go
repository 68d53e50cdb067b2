package controllers

import (
	"context"
	"fmt"
	"slices"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"

	v1alpha1 "forewarn.dev/forewarn/api/v1alpha1"
)

// keptAtLeast is how long a contract is kept whoever refers to it: it is written before the status that refers to it.
const keptAtLeast = time.Hour

// KeptContractReconciler deletes the contracts that nothing refers to any more. It reads their metadata alone.
type KeptContractReconciler struct {
	shared
}

func keptContractMetadata() *metav1.PartialObjectMetadata {
	metadata := &metav1.PartialObjectMetadata{}
	metadata.SetGroupVersionKind(v1alpha1.GroupVersion.WithKind("KeptContract"))
	return metadata
}

// Reconcile looks at one contract.
func (r *KeptContractReconciler) Reconcile(ctx context.Context, req ctrl.Request) (ctrl.Result, error) {
	kept := keptContractMetadata()
	if err := r.client.Get(ctx, req.NamespacedName, kept); err != nil {
		return ctrl.Result{}, client.IgnoreNotFound(err)
	}
	now, err := r.clock.Now(ctx)
	if err != nil {
		return ctrl.Result{}, err
	}
	needed, err := r.needed(ctx, req.NamespacedName)
	if err != nil || needed || !kept.DeletionTimestamp.IsZero() {
		return ctrl.Result{}, err
	}
	if rest := kept.CreationTimestamp.Add(keptAtLeast).Sub(now); rest > 0 {
		return ctrl.Result{RequeueAfter: rest}, nil
	}
	err = r.client.Delete(ctx, kept, client.Preconditions{UID: &kept.UID, ResourceVersion: &kept.ResourceVersion})
	if client.IgnoreNotFound(err) != nil {
		return ctrl.Result{}, fmt.Errorf("deleting kept contract %s: %w", req.Name, err)
	}
	ctrl.LoggerFrom(ctx).Info("Kept contract deleted, nothing refers to it")
	return ctrl.Result{}, nil
}

// needed says whether anything refers to the contract, or is about to: a revision that is not judged in full may be
// of the very same document. What one refers to that cannot be read is not known, which is an error.
func (r *KeptContractReconciler) needed(ctx context.Context, key types.NamespacedName) (bool, error) {
	var apis v1alpha1.CustomerAPIList
	if err := r.snapshot.ListWhole(ctx, &apis, client.InNamespace(key.Namespace), client.UnsafeDisableDeepCopy); err != nil {
		return false, fmt.Errorf("listing customer APIs: %w", err)
	}
	for i := range apis.Items {
		if slices.Contains(promisedBy(&apis.Items[i]), key.Name) {
			return true, nil
		}
	}
	var revisions v1alpha1.APIRevisionList
	if err := r.snapshot.ListWhole(ctx, &revisions, client.InNamespace(key.Namespace), client.UnsafeDisableDeepCopy); err != nil {
		return false, fmt.Errorf("listing API revisions: %w", err)
	}
	for i := range revisions.Items {
		revision := &revisions.Items[i]
		unjudged := len(revision.Status.Contracts) < len(revision.Spec.Contracts)
		if unjudged || slices.Contains(judgedBy(revision), key.Name) {
			return true, nil
		}
	}
	return false, nil
}

func promisedBy(api *v1alpha1.CustomerAPI) []string {
	var names []string
	for _, promised := range api.Status.Promised {
		names = append(names, string(promised.Contract))
	}
	return names
}

func judgedBy(revision *v1alpha1.APIRevision) []string {
	var names []string
	for _, judged := range revision.Status.Contracts {
		names = append(names, string(judged.Contract))
	}
	return names
}

// released maps an object that goes, or no longer refers to some contracts, to these.
func released(_ context.Context, object client.Object) []ctrl.Request {
	var names []string
	switch o := object.(type) {
	case *v1alpha1.APIRevision:
		names = judgedBy(o)
	case *v1alpha1.CustomerAPI:
		names = promisedBy(o)
	}
	var keys []types.NamespacedName
	for _, name := range names {
		keys = append(keys, types.NamespacedName{Namespace: object.GetNamespace(), Name: name})
	}
	return requests(keys...)
}
