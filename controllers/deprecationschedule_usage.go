package controllers

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"sync"
	"time"

	apiequality "k8s.io/apimachinery/pkg/api/equality"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/util/retry"
	"k8s.io/utils/ptr"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/builder"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/manager"
	"sigs.k8s.io/controller-runtime/pkg/predicate"

	v1alpha1 "forewarn.dev/forewarn/api/v1alpha1"
	"forewarn.dev/forewarn/internal/gate"
	"forewarn.dev/forewarn/internal/notice"
	"forewarn.dev/forewarn/internal/schedule"
	"forewarn.dev/forewarn/internal/snapshot"
	"forewarn.dev/forewarn/internal/telling"
)

// maxStragglers is how many a status names.
const maxStragglers = 200

// ScheduleUsageReconciler finds out who still uses what goes away, and who acknowledged its end. It stands beside the one
// that tells customers, which does not wait for a server that hangs.
type ScheduleUsageReconciler struct {
	shared
	desk   *usageDesk
	offset time.Duration
	tries  *tries
}

func addScheduleUsage(mgr manager.Manager, s shared, w watches, o Options) error {
	return ctrl.NewControllerManagedBy(mgr).Named("scheduleusage").
		For(&v1alpha1.DeprecationSchedule{}, builder.WithPredicates(whenChanged(matterOfUse))).
		Watches(&v1alpha1.ChangeNotice{}, enqueue(w.toSchedules), builder.WithPredicates(whenChanged(matterOfAnswers))).
		Watches(&v1alpha1.CustomerAPI{}, enqueue(w.toSchedules), builder.WithPredicates(predicate.GenerationChangedPredicate{})).
		Watches(&v1alpha1.Audience{}, enqueue(w.toSchedules), builder.WithPredicates(predicate.GenerationChangedPredicate{})).
		WithOptions(controllerOptions()).
		Complete(patient{&ScheduleUsageReconciler{
			shared: s, desk: newUsageDesk(s, dispatch{own: o.Own, inside: o.EgressRanges}), offset: o.Offset, tries: newTries(),
		}})
}

// matterOfUse is what of a schedule says whether anybody wants to know who uses it.
func matterOfUse(s *v1alpha1.DeprecationSchedule) any {
	return []any{s.Generation, s.Status.PublishedTime, s.Status.WithdrawnTime, s.Status.RemovedTime}
}

// matterOfAnswers is what of a notice says that somebody acknowledged it.
func matterOfAnswers(n *v1alpha1.ChangeNotice) any { return []any{n.Labels, n.Status.Answers} }

// Reconcile asks for one schedule when that is due, and looks at the answers to its sunset whenever there are new ones.
func (r *ScheduleUsageReconciler) Reconcile(ctx context.Context, req ctrl.Request) (ctrl.Result, error) {
	s := &v1alpha1.DeprecationSchedule{}
	if err := r.client.Get(ctx, req.NamespacedName, s); err != nil {
		r.tries.forget(req.NamespacedName)
		return ctrl.Result{}, client.IgnoreNotFound(err)
	}
	now, err := r.clock.Now(ctx)
	if err != nil {
		return ctrl.Result{}, err
	}
	before := s.DeepCopy()
	again, err := r.look(ctx, s, now)
	if err != nil {
		return ctrl.Result{}, err
	}
	if same := apiequality.Semantic.DeepEqual(before.Status, s.Status); !same {
		// What was read before is old by now: a server may take its time.
		if err := r.writeUse(ctx, s, before); err != nil {
			return ctrl.Result{}, err
		}
	}
	return ctrl.Result{RequeueAfter: again}, nil
}

// writeUse writes what was found out into the schedule as it is by now, unless it is about something else by now. Others
// write that status, too: an answer is not to wait for the next try because of them.
func (r *ScheduleUsageReconciler) writeUse(ctx context.Context, found, asked *v1alpha1.DeprecationSchedule) error {
	return retry.RetryOnConflict(retry.DefaultRetry, func() error {
		is := &v1alpha1.DeprecationSchedule{}
		if err := r.live.Get(ctx, keyOf(found), is); err != nil {
			return client.IgnoreNotFound(err)
		}
		if is.UID != asked.UID || is.Generation != asked.Generation {
			return nil // its event has it looked at again
		}
		is.Status.StillUsing, is.Status.Stragglers = found.Status.StillUsing, found.Status.Stragglers
		is.Status.UsageTime, is.Status.QueryDigest = found.Status.UsageTime, found.Status.QueryDigest
		return r.client.Status().Update(ctx, is)
	})
}

// look fills in who uses it, and returns how soon to look again; 0: when something changes.
func (r *ScheduleUsageReconciler) look(ctx context.Context, s *v1alpha1.DeprecationSchedule, now time.Time) (time.Duration, error) {
	status := &s.Status
	api, audience, err := r.asked(ctx, s)
	if err != nil {
		return 0, err
	}
	if audience == nil || audience.Spec.Usage.Query == "" || r.offset != 0 { // what will be used by then nobody knows
		forgetUse(status)
		return 0, nil
	}
	digest := notice.UsageDigest(&audience.Spec.Usage)
	if status.QueryDigest != digest {
		forgetUse(status)
	}
	acknowledged, err := r.acknowledged(ctx, s)
	if err != nil {
		return 0, err
	}
	wait := r.tries.wait(keyOf(s), digest, now)
	if due := status.UsageTime; due != nil {
		wait = max(wait, due.Add(usageInterval).Sub(now))
	}
	if wait <= 0 {
		if wait, err = r.ask(ctx, s, api, audience, acknowledged, now); err != nil {
			return 0, err
		}
	}
	believe(status, acknowledged, now)
	return wait, nil
}

// asked is whom to ask about. No Audience: nobody wants to know, or nobody can tell.
func (r *ScheduleUsageReconciler) asked(ctx context.Context, s *v1alpha1.DeprecationSchedule) (*v1alpha1.CustomerAPI, *v1alpha1.Audience, error) {
	status := &s.Status
	if status.PublishedTime == nil || status.WithdrawnTime != nil || status.RemovedTime != nil || s.DeletionTimestamp != nil {
		return nil, nil, nil
	}
	api := &v1alpha1.CustomerAPI{}
	key := client.ObjectKey{Namespace: s.Namespace, Name: string(s.Spec.APIRef.Name)}
	if err := r.client.Get(ctx, key, api); err != nil {
		return nil, nil, client.IgnoreNotFound(err)
	}
	audience, err := r.snapshot.Audience(ctx, api)
	return api, audience, err
}

// ask asks the server of the Audience, and returns how soon to ask again.
func (r *ScheduleUsageReconciler) ask(
	ctx context.Context, s *v1alpha1.DeprecationSchedule, api *v1alpha1.CustomerAPI, audience *v1alpha1.Audience,
	acknowledged map[v1alpha1.CustomerID]time.Time, now time.Time,
) (time.Duration, error) {
	digest := notice.UsageDigest(&audience.Spec.Usage)
	customers, err := r.snapshot.Customers(ctx, audience)
	if err != nil {
		return 0, err
	}
	r.tries.tried(keyOf(s), digest, now)
	answer, _, problem, err := r.desk.ask(ctx, audience, customers, now)
	if err != nil {
		return 0, err
	}
	if problem != nil {
		r.metrics.usage.WithLabelValues(problem.Reason).Inc()
		return usageRetry, nil // the last answer counts until it is a day old
	}
	r.metrics.usage.WithLabelValues(v1alpha1.ReasonUsageKnown).Inc()
	subjects, _ := gate.Subjects(&v1alpha1.ChangeNotice{Spec: v1alpha1.ChangeNoticeSpec{Covers: schedule.Covers(s, v1alpha1.StepSunset)}})
	users, unlisted, known := answer.Users(subjects, gate.Versions(api))
	forgetUse(&s.Status)
	s.Status.QueryDigest = digest
	if !known { // somebody used what may be it by another name
		return usageInterval, nil
	}
	s.Status.UsageTime = atSecond(now)
	s.Status.StillUsing = ptr.To(int32(len(users)) + unlisted)
	s.Status.Stragglers = stragglers(users, acknowledged)
	return usageInterval, nil
}

// acknowledged are the customers who answered the notice of the sunset with Understood, and when.
func (r *ScheduleUsageReconciler) acknowledged(ctx context.Context, s *v1alpha1.DeprecationSchedule) (map[v1alpha1.CustomerID]time.Time, error) {
	n := &v1alpha1.ChangeNotice{}
	key := client.ObjectKey{Namespace: s.Namespace, Name: schedule.NoticeName(s.Name, v1alpha1.StepSunset, "")}
	if err := r.client.Get(ctx, key, n); err != nil || !schedule.Made(s, n) {
		return nil, client.IgnoreNotFound(err)
	}
	var records v1alpha1.DeliveryRecordList
	if err := r.client.List(ctx, &records, client.InNamespace(s.Namespace), snapshot.OfNotice(string(n.UID)), client.UnsafeDisableDeepCopy); err != nil {
		return nil, fmt.Errorf("listing the delivery records of %s: %w", key, err)
	}
	at := map[v1alpha1.CustomerID]time.Time{}
	for _, a := range telling.Each(n, records.Items) {
		if a.What == v1alpha1.AnswerUnderstood {
			at[a.Customer] = a.Time
		}
	}
	return at, nil
}

// stragglers are customers, those first who did not acknowledge: the others are left out first.
func stragglers(users []v1alpha1.CustomerID, acknowledged map[v1alpha1.CustomerID]time.Time) []v1alpha1.Straggler {
	var all []v1alpha1.Straggler
	for _, id := range users {
		s := v1alpha1.Straggler{Customer: id}
		if at, did := acknowledged[id]; did {
			s.AcknowledgedTime = atSecond(at)
		}
		all = append(all, s)
	}
	slices.SortFunc(all, func(a, b v1alpha1.Straggler) int {
		return cmp.Or(cmp.Compare(did(a), did(b)), cmp.Compare(a.Customer, b.Customer))
	})
	return all[:min(len(all), maxStragglers)]
}

func did(s v1alpha1.Straggler) int {
	if s.AcknowledgedTime == nil {
		return 0
	}
	return 1
}

// believe brings up to date who acknowledged, and forgets what is a day old.
func believe(status *v1alpha1.DeprecationScheduleStatus, acknowledged map[v1alpha1.CustomerID]time.Time, now time.Time) {
	if status.UsageTime == nil || !now.Before(status.UsageTime.Add(notice.UsageBelieved)) {
		digest := status.QueryDigest
		forgetUse(status)
		status.QueryDigest = digest
		return
	}
	var users []v1alpha1.CustomerID
	for i := range status.Stragglers {
		users = append(users, status.Stragglers[i].Customer)
	}
	status.Stragglers = stragglers(users, acknowledged)
}

func forgetUse(status *v1alpha1.DeprecationScheduleStatus) {
	status.StillUsing, status.Stragglers, status.UsageTime, status.QueryDigest = nil, nil, (*metav1.Time)(nil), ""
}

// tries are when each schedule was asked for last, so that what fails is not tried again with each event.
type tries struct {
	mu   sync.Mutex
	last map[types.NamespacedName]try
}

type try struct {
	digest v1alpha1.Digest
	at     time.Time
}

func newTries() *tries { return &tries{last: map[types.NamespacedName]try{}} }

func (t *tries) tried(key types.NamespacedName, digest v1alpha1.Digest, at time.Time) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.last[key] = try{digest, at}
}

func (t *tries) forget(key types.NamespacedName) {
	t.mu.Lock()
	defer t.mu.Unlock()
	delete(t.last, key)
}

// wait is how long to wait before the next try of a query; another is asked at once.
func (t *tries) wait(key types.NamespacedName, digest v1alpha1.Digest, now time.Time) time.Duration {
	t.mu.Lock()
	defer t.mu.Unlock()
	last, known := t.last[key]
	if !known || last.digest != digest {
		return 0
	}
	return last.at.Add(usageRetry).Sub(now)
}
