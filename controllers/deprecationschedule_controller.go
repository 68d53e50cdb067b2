package controllers

import (
	"context"
	"fmt"
	"time"

	corev1 "k8s.io/api/core/v1"
	apiequality "k8s.io/apimachinery/pkg/api/equality"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/builder"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/manager"
	"sigs.k8s.io/controller-runtime/pkg/predicate"

	v1alpha1 "forewarn.dev/forewarn/api/v1alpha1"
	"forewarn.dev/forewarn/internal/notice"
	"forewarn.dev/forewarn/internal/schedule"
)

// DeprecationScheduleReconciler tells customers of a schedule, by notices that keep the same rules as anybody's:
//
//	schedule -> plan -> would each be published? -> no: the condition says why, and nobody is told anything
//	                                             -> yes: made in turn, the sunset first and the announcement last
//
// The announcement names the day of the sunset, so nobody reads it before that day is told. What customers were told
// stays when the schedule goes: the notices are known by a label, and not owned.
type DeprecationScheduleReconciler struct {
	shared
	// noAnswers says that customers cannot answer.
	noAnswers bool
}

// +kubebuilder:rbac:groups=forewarn.dev,resources=deprecationschedules,verbs=get;list;watch
// +kubebuilder:rbac:groups=forewarn.dev,resources=deprecationschedules/status,verbs=update
// +kubebuilder:rbac:groups=forewarn.dev,resources=changenotices,verbs=create;update

func addDeprecationSchedule(mgr manager.Manager, s shared, w watches, o Options) error {
	return ctrl.NewControllerManagedBy(mgr).Named("deprecationschedule").
		For(&v1alpha1.DeprecationSchedule{}).
		Watches(&v1alpha1.ChangeNotice{}, enqueue(w.toSchedules), builder.WithPredicates(whenChanged(matterOfStep))).
		Watches(&v1alpha1.CustomerAPI{}, enqueue(w.toSchedules), builder.WithPredicates(whenChanged(matterOfAPI))).
		Watches(&v1alpha1.NoticePolicy{}, enqueue(w.toSchedules), builder.WithPredicates(whenChanged(matterOfPolicy))).
		Watches(&v1alpha1.Audience{}, enqueue(w.toSchedules), builder.WithPredicates(whenChanged(matterOfAudience))).
		Watches(&corev1.Namespace{}, enqueue(w.toSchedules), builder.WithPredicates(predicate.LabelChangedPredicate{})).
		WithOptions(controllerOptions()).
		Complete(patient{&DeprecationScheduleReconciler{shared: s, noAnswers: o.noAnswers()}})
}

// Reconcile looks at one schedule.
func (r *DeprecationScheduleReconciler) Reconcile(ctx context.Context, req ctrl.Request) (ctrl.Result, error) {
	s := &v1alpha1.DeprecationSchedule{}
	if err := r.client.Get(ctx, req.NamespacedName, s); err != nil {
		if apierrors.IsNotFound(err) {
			return r.agenda.wakeAt("DeprecationSchedule", req.NamespacedName, time.Time{}, nil), nil
		}
		return ctrl.Result{}, err
	}
	if s.DeletionTimestamp != nil { // customers were told what they were told
		return r.agenda.wakeAt("DeprecationSchedule", req.NamespacedName, time.Time{}, nil), nil
	}
	now, err := r.clock.Now(ctx)
	if err != nil {
		return ctrl.Result{}, err
	}
	before := s.DeepCopy()
	p := &schedulePass{DeprecationScheduleReconciler: r, schedule: s, now: now}
	failed := p.run(ctx)
	if apierrors.IsConflict(failed) {
		return ctrl.Result{}, failed
	}
	p.setStatus(failed)
	if err := r.writeStatus(ctx, s, apiequality.Semantic.DeepEqual(before.Status, s.Status)); err != nil {
		return ctrl.Result{}, firstError(failed, err)
	}
	r.announceConditions(s, before.Status.Conditions, s.Status.Conditions, v1alpha1.ConditionPublished, v1alpha1.ConditionRemovalAllowed, v1alpha1.ConditionReady)
	if before.Status.Stage != s.Status.Stage {
		r.announce(s, corev1.EventTypeNormal, string(s.Status.Stage), "Stage", stageText(s))
	}
	result := r.agenda.wakeAt("DeprecationSchedule", req.NamespacedName, now, p.next)
	if p.again {
		result.RequeueAfter = conflictPause
	}
	return result, failed
}

// schedulePass is one look at a schedule.
type schedulePass struct {
	*DeprecationScheduleReconciler
	schedule *v1alpha1.DeprecationSchedule
	now      time.Time

	// api is nil where there is none.
	api *v1alpha1.CustomerAPI
	// zone is where the dates of texts are read.
	zone string
	plan []schedule.Planned
	// mine are the notices that the schedule made, by name; inTheWay are the names that others have.
	mine     map[string]*v1alpha1.ChangeNotice
	inTheWay map[string]bool

	// problems have to be put right by somebody. published is what the condition Published says.
	problems  []saying
	published saying
	// wouldBe is the reason for which a draft would not be published.
	wouldBe string
	removed bool
	// next is when to look again, again says soon: the cache is behind.
	next  *time.Time
	again bool
}

// saying is what a condition says.
type saying struct{ reason, message string }

func (p *schedulePass) problem(reason, format string, args ...any) {
	p.problems = append(p.problems, saying{reason, fmt.Sprintf(format, args...)})
}

func (p *schedulePass) run(ctx context.Context) error {
	if err := p.read(ctx); err != nil {
		return err
	}
	var err error
	switch p.schedule.Spec.State {
	case v1alpha1.NoticePublished:
		err = p.tell(ctx)
	case v1alpha1.NoticeWithdrawn:
		err = p.withdraw(ctx)
	default:
		err = p.draft(ctx)
	}
	if err != nil {
		return err
	}
	p.removed, err = p.isRemoved(ctx)
	return err
}

// read reads what the plan depends on, and what was made of it.
func (p *schedulePass) read(ctx context.Context) error {
	s := p.schedule
	if err := p.readAPI(ctx); err != nil {
		return err
	}
	p.mine, p.inTheWay = map[string]*v1alpha1.ChangeNotice{}, map[string]bool{}
	var labelled v1alpha1.ChangeNoticeList
	if err := p.client.List(ctx, &labelled, client.InNamespace(s.Namespace), client.MatchingLabels{v1alpha1.ScheduleLabel: s.Name}); err != nil {
		return fmt.Errorf("listing the notices of %s: %w", keyOf(s), err)
	}
	for i := range labelled.Items {
		if n := &labelled.Items[i]; schedule.Made(s, n) {
			p.mine[n.Name] = n
		}
	}
	if p.api == nil {
		p.problem(v1alpha1.ReasonAPINotFound, "there is no customerapi/%s: create it, or name another in apiRef", s.Spec.APIRef.Name)
		return nil
	}
	var wrong []string
	p.plan, wrong = schedule.Plan(s, p.api, p.zone)
	for _, text := range wrong {
		p.problem(v1alpha1.ReasonIncomplete, "%s", text)
	}
	return p.readMissing(ctx)
}

func (p *schedulePass) readAPI(ctx context.Context) error {
	api := &v1alpha1.CustomerAPI{}
	key := client.ObjectKey{Namespace: p.schedule.Namespace, Name: string(p.schedule.Spec.APIRef.Name)}
	if err := p.client.Get(ctx, key, api); err != nil {
		return client.IgnoreNotFound(err)
	}
	binding, err := p.snapshot.Binding(ctx, p.now, api)
	if err != nil {
		return err
	}
	policies, _ := notice.ReadPolicies(binding) // what is wrong in them refuses the notices
	p.api, p.zone = api, schedule.TextZone(policies)
	return nil
}

// readMissing looks past the cache for the notices that are to be there: the cache may not have seen one that we made a
// moment ago, and what is not there is made.
func (p *schedulePass) readMissing(ctx context.Context) error {
	for i := range p.plan {
		planned := &p.plan[i].Notice
		if p.mine[planned.Name] != nil {
			continue
		}
		there := &v1alpha1.ChangeNotice{}
		err := p.live.Get(ctx, keyOf(planned), there)
		switch {
		case apierrors.IsNotFound(err):
		case err != nil:
			return fmt.Errorf("reading notice %s: %w", keyOf(planned), err)
		case schedule.Made(p.schedule, there):
			p.mine[there.Name] = there
		default:
			p.inTheWay[there.Name] = true
		}
	}
	return nil
}

// isRemoved says that what goes away is served no more: after its end, or since a revision serves that takes it away.
func (p *schedulePass) isRemoved(ctx context.Context) (bool, error) {
	s := p.schedule
	if s.Status.PublishedTime == nil || s.Spec.State == v1alpha1.NoticeWithdrawn {
		return false, nil
	}
	over := s.Spec.SunsetTime != nil && !p.now.Before(s.Spec.SunsetTime.Time)
	if p.api == nil { // that was refused until the removal was allowed
		return over, nil
	}
	told := p.mine[schedule.NoticeName(s.Name, v1alpha1.StepSunset, "")]
	if inForce := told != nil && told.Status.InForceTime != nil; !over && !inForce || len(p.api.Status.Promised) == 0 {
		return s.Status.RemovedTime != nil, nil
	}
	promised, err := p.snapshot.StillPromised(ctx, p.api, s.Spec.Version, s.Spec.Operations)
	return !promised, err
}
