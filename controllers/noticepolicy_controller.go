package controllers

import (
	"context"
	"errors"
	"fmt"
	"time"

	apiequality "k8s.io/apimachinery/pkg/api/equality"
	apimeta "k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/ptr"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"

	v1alpha1 "forewarn.dev/forewarn/api/v1alpha1"
	"forewarn.dev/forewarn/internal/notice"
	"forewarn.dev/forewarn/internal/snapshot"
)

// NoticePolicyReconciler keeps the last generation of each policy that could be read in force.
type NoticePolicyReconciler struct {
	shared
	canary *Canary
	offset time.Duration
}

// +kubebuilder:rbac:groups=forewarn.dev,resources=noticepolicies,verbs=get;list;watch
// +kubebuilder:rbac:groups=forewarn.dev,resources=noticepolicies/status,verbs=update

// Reconcile reads one policy.
func (r *NoticePolicyReconciler) Reconcile(ctx context.Context, req ctrl.Request) (ctrl.Result, error) {
	policy := &v1alpha1.NoticePolicy{}
	if err := r.client.Get(ctx, req.NamespacedName, policy); err != nil {
		return ctrl.Result{}, client.IgnoreNotFound(err)
	}
	// One that is being deleted binds until it is gone: it is read like any other.
	now, err := r.clock.Now(ctx)
	if err != nil {
		return ctrl.Result{}, err
	}
	before := policy.DeepCopy()
	if err := r.reconcile(ctx, policy, now); err != nil {
		return ctrl.Result{}, err
	}
	if err := r.writeStatus(ctx, policy, apiequality.Semantic.DeepEqual(before.Status, policy.Status)); err != nil {
		return ctrl.Result{}, err
	}
	r.announceConditions(policy, before.Status.Conditions, policy.Status.Conditions,
		v1alpha1.ConditionReady, v1alpha1.ConditionAdmissionWorks, v1alpha1.ConditionRehearsal)
	return ctrl.Result{}, nil
}

func (r *NoticePolicyReconciler) reconcile(ctx context.Context, policy *v1alpha1.NoticePolicy, now time.Time) error {
	status := &policy.Status
	status.ObservedGeneration = ptr.To(policy.Generation)
	c := conditions{list: &status.Conditions, generation: policy.Generation, now: now}
	if read, err := readable(policy); err != nil {
		message := oneLine(err.Error())
		if g := status.InForce.Generation; g > 0 {
			message = fmt.Sprintf("%s; generation %d stays in force", message, g)
		}
		c.set(v1alpha1.ConditionReady, metav1.ConditionFalse, v1alpha1.ReasonPolicyInvalid, message)
	} else {
		status.InForce = v1alpha1.PolicyInForce{
			Generation: policy.Generation, Enforcement: read.Enforcement, Spec: *policy.Spec.DeepCopy(),
		}
		c.set(v1alpha1.ConditionReady, metav1.ConditionTrue, v1alpha1.ReasonReady, "in force")
	}
	selected, err := r.snapshot.Selected(ctx, policy)
	if err != nil && status.InForce.Generation > 0 {
		return err // what is in force can be read, so it is the lookup that failed
	}
	status.SelectedAPIs = ptr.To(int32(len(selected)))
	r.canary.setCondition(c)
	r.setRehearsal(c)
	return nil
}

// readable reads the spec of a policy, and says what is wrong in it.
func readable(policy *v1alpha1.NoticePolicy) (notice.Policy, error) {
	var wrong []error
	read, fields := notice.ReadSpec(policy.Name, &policy.Spec)
	for _, err := range fields {
		wrong = append(wrong, err)
	}
	proposed := &v1alpha1.NoticePolicy{Spec: policy.Spec}
	if _, err := snapshot.Selects(proposed, nil, nil); err != nil {
		wrong = append(wrong, err)
	}
	return read, errors.Join(wrong...)
}

func (r *NoticePolicyReconciler) setRehearsal(c conditions) {
	if r.offset == 0 {
		apimeta.RemoveStatusCondition(c.list, v1alpha1.ConditionRehearsal)
		return
	}
	c.set(v1alpha1.ConditionRehearsal, metav1.ConditionTrue, v1alpha1.ReasonClockOffset,
		snapshot.RehearsalMessage(r.offset))
}
