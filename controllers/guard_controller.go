package controllers

import (
	"context"
	"fmt"

	admissionregistrationv1 "k8s.io/api/admissionregistration/v1"
	"k8s.io/client-go/util/workqueue"
	"k8s.io/utils/ptr"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/manager"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"
	"sigs.k8s.io/controller-runtime/pkg/source"

	"forewarn.dev/forewarn/config/admission"
)

// GuardReconciler compares the admission policies and bindings that are installed with those that this version ships. The
// canary tries one binding of one policy; this sees that any is deleted or edited, as soon as it is.
type GuardReconciler struct {
	cache   client.Reader
	shipped guards
	canary  *Canary
}

// +kubebuilder:rbac:groups=admissionregistration.k8s.io,resources=validatingadmissionpolicies;validatingadmissionpolicybindings,verbs=list;watch

// Reconcile compares all of them.
func (r *GuardReconciler) Reconcile(ctx context.Context, _ ctrl.Request) (ctrl.Result, error) {
	var policies admissionregistrationv1.ValidatingAdmissionPolicyList
	if err := r.cache.List(ctx, &policies, client.UnsafeDisableDeepCopy); err != nil {
		return ctrl.Result{}, fmt.Errorf("listing admission policies: %w", err)
	}
	var bindings admissionregistrationv1.ValidatingAdmissionPolicyBindingList
	if err := r.cache.List(ctx, &bindings, client.UnsafeDisableDeepCopy); err != nil {
		return ctrl.Result{}, fmt.Errorf("listing bindings of admission policies: %w", err)
	}
	installed := guards{}
	for i := range policies.Items {
		installed.policy(&policies.Items[i])
	}
	for i := range bindings.Items {
		installed.binding(&bindings.Items[i])
	}
	r.canary.installed(ctx, r.shipped.differences(installed))
	return ctrl.Result{}, nil
}

func addGuards(mgr manager.Manager, o Options, canary *Canary) error {
	shipped, err := readGuards(admission.Manifests, mgr.GetScheme(), o.Namespace)
	if err != nil {
		return err
	}
	all := enqueue(func(context.Context, client.Object) []ctrl.Request { return []ctrl.Request{{}} })
	options := controllerOptions()
	options.NeedLeaderElection = ptr.To(false) // as the canary: each replica tells what it sees
	return ctrl.NewControllerManagedBy(mgr).Named("guard").
		Watches(&admissionregistrationv1.ValidatingAdmissionPolicy{}, all).
		Watches(&admissionregistrationv1.ValidatingAdmissionPolicyBinding{}, all).
		// Where none is installed, nothing happens to any.
		WatchesRawSource(source.Func(func(_ context.Context, queue workqueue.TypedRateLimitingInterface[reconcile.Request]) error {
			queue.Add(reconcile.Request{})
			return nil
		})).
		WithOptions(options).
		Complete(&GuardReconciler{cache: mgr.GetClient(), shipped: shipped, canary: canary})
}
