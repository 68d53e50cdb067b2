package controllers

import (
	"context"
	"time"

	apiequality "k8s.io/apimachinery/pkg/api/equality"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/ptr"
	ctrl "sigs.k8s.io/controller-runtime"

	v1alpha1 "forewarn.dev/forewarn/api/v1alpha1"
	"forewarn.dev/forewarn/internal/gate"
)

// ChangeNoticeReconciler publishes notices: it stamps the moment, and what starts the clock.
type ChangeNoticeReconciler struct {
	shared
	// noAnswers says that customers cannot answer.
	noAnswers bool
	// behind are the notices that wait for what forewarn has not seen or read yet.
	behind spells
}

// +kubebuilder:rbac:groups=forewarn.dev,resources=changenotices,verbs=get;list;watch
// +kubebuilder:rbac:groups=forewarn.dev,resources=changenotices/status,verbs=update

// Reconcile looks at one notice. The stamp is written by an Update of the very object that was judged (A11): one
// whose text was changed meanwhile is a conflict, and is judged again.
func (r *ChangeNoticeReconciler) Reconcile(ctx context.Context, req ctrl.Request) (ctrl.Result, error) {
	notice := &v1alpha1.ChangeNotice{}
	if err := r.client.Get(ctx, req.NamespacedName, notice); err != nil {
		if apierrors.IsNotFound(err) {
			r.behind.end(req.NamespacedName)
			return r.agenda.wakeAt("ChangeNotice", req.NamespacedName, time.Time{}, nil), nil
		}
		return ctrl.Result{}, err
	}
	now, err := r.clock.Now(ctx)
	if err != nil {
		return ctrl.Result{}, err
	}
	input, verdict, err := r.judge(ctx, notice, now)
	if err == nil && verdict.Publishable {
		if err = r.current(ctx, input); err == nil {
			// The first verdict may be older than what was found to be current.
			input, verdict, err = r.judge(ctx, notice, now)
		}
	}
	if err != nil {
		return r.unjudged(ctx, notice, now, err)
	}
	r.behind.end(req.NamespacedName)
	before := notice.DeepCopy()
	setNoticeStatus(notice, verdict, now)
	stampInForce(notice, input.API)
	if err := r.writeStatus(ctx, notice, apiequality.Semantic.DeepEqual(before.Status, notice.Status)); err != nil {
		return ctrl.Result{}, err
	}
	r.announceConditions(notice, before.Status.Conditions, notice.Status.Conditions,
		v1alpha1.ConditionPublished, v1alpha1.ConditionMatured)
	return r.agenda.wakeAt("ChangeNotice", req.NamespacedName, now, verdict.NextChange), nil
}

func (r *ChangeNoticeReconciler) judge(ctx context.Context, notice *v1alpha1.ChangeNotice, now time.Time) (gate.NoticeInput, gate.NoticeVerdict, error) {
	input, err := r.snapshot.Notice(ctx, now, notice)
	if err != nil {
		return input, gate.NoticeVerdict{}, err
	}
	input.NoAnswers = r.noAnswers
	return input, gate.EvaluateNotice(input), nil
}

// setNoticeStatus stamps what is due and writes the rest down.
func setNoticeStatus(notice *v1alpha1.ChangeNotice, verdict gate.NoticeVerdict, now time.Time) {
	status := &notice.Status
	status.ObservedGeneration = ptr.To(notice.Generation)
	if verdict.Publishable {
		status.PublishedTime = fromSecond(now)
		status.PublishedDigest = verdict.Digest
		status.Owed = verdict.Owed
		status.Validity = verdict.Validity
		status.Clock = verdict.Clock
		status.Reminders = verdict.Reminders
		status.Roles = verdict.Roles
	}
	told := status.PublishedTime != nil
	if told && notice.Spec.State == v1alpha1.NoticeWithdrawn && status.WithdrawnTime == nil {
		status.WithdrawnTime = atSecond(now)
	}
	if told && verdict.MaturedReason == v1alpha1.ReasonLapsed && status.LapsedTime == nil {
		status.LapsedTime = optionalTime(verdict.Lapses)
	}
	status.EarliestTime = optionalTime(verdict.Earliest)
	status.MaturesTime = optionalTime(verdict.Matures)
	status.LapsesTime = optionalTime(verdict.Lapses)
	status.DaysLeft = verdict.DaysLeft
	status.SupersededBy = v1alpha1.ObjectName(verdict.SupersededBy)
	status.RemovalUse = verdict.RemovalUse
	if verdict.Removal.Schedule != "" {
		status.Removal = verdict.Removal
	}
	stampTold(notice, now)

	c := conditions{list: &status.Conditions, generation: notice.Generation, now: now}
	c.set(v1alpha1.ConditionPublished, isTrue(verdict.Published), verdict.Reason, verdict.Message)
	c.set(v1alpha1.ConditionMatured, isTrue(verdict.Matured), verdict.MaturedReason, verdict.MaturedMessage)
	switch verdict.Reason {
	case v1alpha1.ReasonTooSoon, v1alpha1.ReasonIncomplete, v1alpha1.ReasonPolicyInvalid, v1alpha1.ReasonDigestMismatch,
		v1alpha1.ReasonTerminating, v1alpha1.ReasonContentRefused:
		c.set(v1alpha1.ConditionReady, metav1.ConditionFalse, verdict.Reason, verdict.Message)
	default:
		c.set(v1alpha1.ConditionReady, metav1.ConditionTrue, v1alpha1.ReasonReady, verdict.Message)
	}
}
