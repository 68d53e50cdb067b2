package controllers

import (
	"context"

	apiequality "k8s.io/apimachinery/pkg/api/equality"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/ptr"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"

	v1alpha1 "forewarn.dev/forewarn/api/v1alpha1"
)

// NoticeChannelReconciler says whether notices can be sent by a channel. It sends none to find out.
type NoticeChannelReconciler struct {
	shared
	dispatch
	pauses *pauses
	// answers is the port that mails which come back are handed in at, too. Nil: there is none.
	answers *Answers
}

// Secrets are read where the owner of a namespace permits it: config/rbac/secret_reader.yaml.
// +kubebuilder:rbac:groups=forewarn.dev,resources=noticechannels,verbs=get;list;watch
// +kubebuilder:rbac:groups=forewarn.dev,resources=noticechannels/status,verbs=update

// Reconcile looks at one channel, and again a minute later: its Secrets are not watched.
func (r *NoticeChannelReconciler) Reconcile(ctx context.Context, req ctrl.Request) (ctrl.Result, error) {
	channel := &v1alpha1.NoticeChannel{}
	if err := r.client.Get(ctx, req.NamespacedName, channel); err != nil {
		return ctrl.Result{}, client.IgnoreNotFound(err)
	}
	now, err := r.clock.Now(ctx)
	if err != nil {
		return ctrl.Result{}, err
	}
	before := channel.DeepCopy()
	status := &channel.Status
	secrets, err := r.snapshot.ChannelSecrets(ctx, channel)
	if err == nil {
		err = r.setTakesBounces(ctx, channel, now)
	}
	if err != nil {
		setLookupFailed(&status.Conditions, channel.Generation, now, err)
		return ctrl.Result{}, firstError(err, r.writeStatus(ctx, channel, apiequality.Semantic.DeepEqual(before.Status, *status)))
	}
	status.ObservedGeneration = ptr.To(channel.Generation)
	c := conditions{list: &status.Conditions, generation: channel.Generation, now: now}
	_, failure := r.newCourier(channel, secrets)
	failed, paused := r.pauses.of(req.NamespacedName, secrets.Digest)
	switch {
	case failure != nil:
		c.set(v1alpha1.ConditionReady, metav1.ConditionFalse, failure.Reason, failure.Text)
	case paused:
		c.set(v1alpha1.ConditionReady, metav1.ConditionFalse, v1alpha1.ReasonSendingFailed,
			"the last attempt failed: "+failed.failure.Error()+". What waits is tried again within the hour, and within a minute once the channel or a Secret of it changes")
	default:
		c.set(v1alpha1.ConditionReady, metav1.ConditionTrue, v1alpha1.ReasonReady, "notices can be sent")
	}
	if err := r.writeStatus(ctx, channel, apiequality.Semantic.DeepEqual(before.Status, *status)); err != nil {
		return ctrl.Result{}, err
	}
	r.announceConditions(channel, before.Status.Conditions, status.Conditions, v1alpha1.ConditionReady, v1alpha1.ConditionTakesBounces)
	return ctrl.Result{RequeueAfter: listInterval}, nil
}
