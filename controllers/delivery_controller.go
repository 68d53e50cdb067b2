package controllers

import (
	"context"
	"errors"
	"slices"
	"time"

	apiequality "k8s.io/apimachinery/pkg/api/equality"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"

	v1alpha1 "forewarn.dev/forewarn/api/v1alpha1"
	"forewarn.dev/forewarn/internal/delivery"
	"forewarn.dev/forewarn/internal/snapshot"
	"forewarn.dev/forewarn/internal/telling"
)

// DeliveryReconciler tells customers of notices that were published: each at least once, and always with the same id.
//
//	published -> records planned -> affected stamped -> Sending written -> sent -> what came of it written
//	                                                          ^                          |
//	                                                          +--- next batch, or later -+
//
// It may end at each arrow. Who is found Sending may have been told, and is told again.
type DeliveryReconciler struct {
	shared
	dispatch
	desk   *usageDesk
	offset time.Duration
	pauses *pauses
	// feedURL is where customers reach the feed. Empty: nobody said.
	feedURL string
	// written is what the cache is waited for.
	written *lastWritten
	// answers makes the links in messages.
	answers *Answers
	// noAnswers says that customers cannot answer.
	noAnswers bool
}

// Secrets are read where the owner of a namespace permits it: config/rbac/secret_reader.yaml.
// +kubebuilder:rbac:groups=forewarn.dev,resources=deliveryrecords,verbs=get;list;watch;create
// +kubebuilder:rbac:groups=forewarn.dev,resources=deliveryrecords/status,verbs=update

// Reconcile looks at one notice, and sends at most one batch: others wait for their turn, too.
func (r *DeliveryReconciler) Reconcile(ctx context.Context, req ctrl.Request) (ctrl.Result, error) {
	notice := &v1alpha1.ChangeNotice{}
	if err := r.client.Get(ctx, req.NamespacedName, notice); err != nil {
		return ctrl.Result{}, client.IgnoreNotFound(err)
	}
	now, err := r.clock.Now(ctx)
	if err != nil {
		return ctrl.Result{}, err
	}
	found, err := r.snapshot.Telling(ctx, notice)
	if err != nil {
		return ctrl.Result{}, err
	}
	if r.written.unseen(req.NamespacedName, found.Records) {
		return ctrl.Result{RequeueAfter: conflictPause}, nil
	}
	d := &round{DeliveryReconciler: r, Telling: found, notice: notice, before: notice.DeepCopy(), now: now, channels: map[v1alpha1.ObjectName]*openChannel{}}
	if d.nobodyToTell() {
		return ctrl.Result{}, nil
	}
	defer d.close()
	err = d.run(ctx)
	return d.result(), err
}

// round is one look at one notice.
type round struct {
	*DeliveryReconciler
	snapshot.Telling
	notice, before *v1alpha1.ChangeNotice
	now            time.Time

	// stages are due, and were not planned to the end.
	stages []v1alpha1.NoticeStage
	// customers are read once, when somebody asks.
	customers *snapshot.Customers
	channels  map[v1alpha1.ObjectName]*openChannel
	// next is the moment at which to look again. Nil: something has to happen first.
	next *time.Time
}

func (d *round) nobodyToTell() bool {
	return len(d.Records) == 0 && len(d.notice.Status.Reminders) == 0 && (d.API == nil || d.API.Spec.AudienceRef.Name == "")
}

// run leaves a status that says how far it is, whatever else happens.
func (d *round) run(ctx context.Context) error {
	if d.notice.Status.PublishedTime == nil || d.offset != 0 {
		return d.writeStatus(ctx)
	}
	d.stages, d.next = telling.Due(telling.DueInput{
		Now: d.now, Notice: d.notice, ReminderDays: d.ReminderDays, Told: d.Records,
	})
	batch, done, err := d.prepare(ctx)
	if err != nil {
		// What was not written counts for nothing. What the records prove does: evidence taken back, and who needs more time.
		d.notice.Status = *d.before.Status.DeepCopy()
		return errors.Join(err, d.writeStatus(ctx))
	}
	if done {
		return nil
	}
	if err := d.writeStatus(ctx); err != nil || batch == nil {
		return err
	}
	return d.sendBatch(ctx, batch)
}

// prepare does what comes before the next batch is sent. done: what it wrote is for the next look.
func (d *round) prepare(ctx context.Context) (next *batch, done bool, err error) {
	planned, err := d.plan(ctx)
	if err != nil || planned {
		return nil, planned, err
	}
	if err := d.stamp(ctx); err != nil {
		return nil, false, err
	}
	if err := d.overtake(ctx); err != nil {
		return nil, false, err
	}
	next, err = d.pick(ctx)
	return next, false, err
}

// wake brings the notice back at that moment at the latest.
func (d *round) wake(at time.Time) { d.next = earliest(d.next, &at) }

func (d *round) result() ctrl.Result {
	if d.next == nil {
		return ctrl.Result{}
	}
	return ctrl.Result{RequeueAfter: max(d.next.Sub(d.now), conflictPause)}
}

func (d *round) close() {
	for _, channel := range d.channels {
		if channel.courier != nil {
			channel.courier.close()
		}
	}
}

// writeStatus writes what the records prove by now. It is an Update of the notice that was read, so that a stamp stands
// on what was seen (A11).
func (d *round) writeStatus(ctx context.Context) error {
	d.setStatus()
	if err := d.shared.writeStatus(ctx, d.notice, apiequality.Semantic.DeepEqual(d.before.Status, d.notice.Status)); err != nil {
		return err
	}
	d.metrics.missedReminders.Add(float64(newlyMissed(d.before.Status.MissedReminders, d.notice.Status.MissedReminders)))
	d.announceConditions(d.notice, d.before.Status.Conditions, d.notice.Status.Conditions, v1alpha1.ConditionDelivered, v1alpha1.ConditionReminded)
	d.before = d.notice.DeepCopy()
	return nil
}

func (d *round) isDue(stage delivery.Stage) bool {
	return slices.Contains(d.stages, v1alpha1.NoticeStage(stage))
}
