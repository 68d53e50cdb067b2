// Package telling says who is to be told of a notice, on which occasion and when, and what the records of it
// prove. It is pure: controllers send, and write down what came of it.
package telling

import (
	"time"

	v1alpha1 "forewarn.dev/forewarn/api/v1alpha1"
	"forewarn.dev/forewarn/internal/delivery"
	"forewarn.dev/forewarn/internal/notice"
)

// The same limit as in the schema: a policy on disk was never compared with one.
const maxReminderDays = 3650

const reminderDay = 24 * time.Hour

// DueInput is all that the stages which are due depend on.
type DueInput struct {
	Now    time.Time
	Notice *v1alpha1.ChangeNotice
	// ReminderDays are those of all policies that bind.
	ReminderDays []int32
	// Told are the records of this notice. Those of another that had its name do not count.
	Told []v1alpha1.DeliveryRecord
}

// Due are the stages that are to be told by now, in order. One that was planned in part is due until the rest of it
// is planned, too (Missing). next is the moment at which another becomes due by itself.
//
// What does not stand any more is not published late, and what nobody was told of is not withdrawn. A reminder counts
// from the date that customers were told last: one whose moment was over by then is left out, and of several that are
// late the last alone is due.
func Due(in DueInput) (stages []v1alpha1.NoticeStage, next *time.Time) {
	apology := in.Notice.Spec.ApologyFor != ""
	if apology { // what it is about is over: it does not come nearer, or later
		in.ReminderDays = nil
	}
	t := toldOf(in)
	if in.Notice.Status.PublishedTime == nil || !genuine(in.Notice) || t.over() {
		return nil, nil
	}
	if ended := ending(in.Notice); ended != "" {
		if t.stages[v1alpha1.NoticeStage(delivery.Published)] == nil {
			return nil, nil
		}
		return []v1alpha1.NoticeStage{ended}, nil
	}
	if _, lapsed := notice.LapsedBy(in.Notice, in.Now); lapsed {
		return nil, nil
	}
	published := v1alpha1.NoticeStage(delivery.Published)
	if !t.stages[published].complete() {
		stages = append(stages, published)
	}
	if t.stages[published] == nil {
		_, next = t.reminder(in.Now)
		return stages, next
	}
	since := t.since()
	if stage := t.postponement(); stage != "" && !apology {
		stages = append(stages, stage)
		if t.stages[stage] == nil {
			since = in.Now // they learn the date now
		}
	}
	if stage := t.update(); stage != "" {
		stages = append(stages, stage)
	}
	if stage := t.inForce(); stage != "" {
		stages = append(stages, stage)
	}
	reminder, next := t.reminder(since)
	if reminder != "" {
		stages = append(stages, reminder)
	}
	return stages, next
}

// genuine says that the notice has a date and says what was published. Nobody is told what was not.
func genuine(n *v1alpha1.ChangeNotice) bool {
	return n.Spec.EffectiveTime != nil && n.Status.PublishedDigest == notice.Digest(&n.Spec)
}

// ending is the stage that ends a notice; empty for one that stands. Of one that is both replaced and withdrawn, what
// the other says is what holds.
func ending(n *v1alpha1.ChangeNotice) v1alpha1.NoticeStage {
	switch {
	case n.Status.SupersededBy != "":
		return v1alpha1.NoticeStage(delivery.Superseded)
	case n.Spec.State == v1alpha1.NoticeWithdrawn || n.Status.WithdrawnTime != nil:
		return v1alpha1.NoticeStage(delivery.Withdrawn)
	}
	return ""
}
