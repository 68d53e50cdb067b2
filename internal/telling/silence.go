package telling

import (
	"cmp"
	"slices"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	v1alpha1 "forewarn.dev/forewarn/api/v1alpha1"
	"forewarn.dev/forewarn/internal/delivery"
	"forewarn.dev/forewarn/internal/notice"
)

// maxMissed is how many the status of a notice holds.
const maxMissed = 64

// Silence is what the records say of the reminders that customers were owed.
type Silence struct {
	// Missed are those that too few customers got in time, the latest last.
	Missed []v1alpha1.MissedReminder
	// Kept are those of the present date that enough got, in days before it, the longest first.
	Kept []int32
	// Known is the moment until which that is found out: the last at which a reminder of the present date had to have
	// arrived. Zero: none has come.
	Known time.Time
	// Next is the moment at which more is found out, First when the next reminder is due that will be looked at.
	Next, First *time.Time
}

// Silent is what became of the reminders that were frozen with a notice. One is kept when it was delivered to the share
// of customers that the clock needs, and to all where the clock needs none, before a day has gone and before the date.
// Of the customers those count whom the publication was planned for by then, and not those whom it cannot be delivered
// to. One that nobody could send, since forewarn was down, is missed like any other.
//
// A date that moves to later brings reminders anew. What was missed until customers were told of that stays missed, and
// that telling is what reached them. And what the status says was missed stays missed, whatever becomes of the customers
// who were not reminded: that a mail comes back later is no reminder.
func Silent(in DueInput) Silence {
	t := toldOf(in)
	var s Silence
	if in.Notice.Status.PublishedTime == nil {
		return s
	}
	all := t.dates()
	for i, d := range all {
		for _, reminder := range in.Notice.Status.Reminders {
			t.look(&s, d, reminder.Days, i == len(all)-1)
		}
	}
	for _, reminder := range in.Notice.Status.Reminders {
		if in.Notice.Spec.EffectiveTime == nil {
			break
		}
		if _, deadline := notice.ReminderDue(in.Notice.Spec.EffectiveTime.UTC(), reminder.Days); !deadline.After(in.Now) && deadline.After(s.Known) {
			s.Known = deadline
		}
	}
	for _, known := range in.Notice.Status.MissedReminders {
		if known.Time != nil && !slices.ContainsFunc(s.Missed, func(m v1alpha1.MissedReminder) bool { return m.Days == known.Days && m.Time.Equal(known.Time) }) {
			s.Missed = append(s.Missed, known)
			s.Kept = slices.DeleteFunc(s.Kept, func(days int32) bool { return days == known.Days && in.isOf(known) })
		}
	}
	if len(s.Kept) == 0 {
		s.Kept = nil
	}
	slices.SortFunc(s.Missed, func(a, b v1alpha1.MissedReminder) int {
		return cmp.Or(a.Time.Compare(b.Time.Time), cmp.Compare(b.Days, a.Days))
	})
	s.Missed = bounded(s.Missed, in.Notice)
	return s
}

// isOf says that a missed reminder is one of the present date.
func (in *DueInput) isOf(missed v1alpha1.MissedReminder) bool {
	if in.Notice.Spec.EffectiveTime == nil {
		return false
	}
	due, _ := notice.ReminderDue(in.Notice.Spec.EffectiveTime.UTC(), missed.Days)
	return missed.Time.Time.Equal(due)
}

// date is one that customers were told.
type date struct {
	number      int // of the postponement, 0 for the first
	at          time.Time
	since, till time.Time // from when until when they believed in it; till is zero for the present one
}

// dates are those that customers were told, in order. What is over, or in force, has no date to come.
func (t *told) dates() []date {
	var all []date
	for stage, s := range t.stages {
		kind := delivery.Stage(stage).Kind()
		if (kind != delivery.Published && kind != delivery.Postponed) || s.effective.IsZero() {
			continue
		}
		since := s.begun
		if kind == delivery.Published {
			since = latest(since, t.Notice.Status.PublishedTime.UTC())
		}
		all = append(all, date{number: numberOf(stage, delivery.Postponed), at: s.effective, since: since})
	}
	slices.SortFunc(all, func(a, b date) int { return cmp.Compare(a.number, b.number) })
	for i := range all {
		all[i].till = t.end()
		if i+1 < len(all) {
			all[i].till = earliest(all[i].till, all[i+1].since)
		}
	}
	return all
}

// end is the moment from which nobody is reminded any more; zero where that has not come.
func (t *told) end() time.Time {
	var end time.Time
	status := &t.Notice.Status
	for _, at := range []*metav1.Time{status.WithdrawnTime, status.SupersededTime, status.LapsedTime, status.InForceTime} {
		if at != nil {
			end = earliest(end, at.UTC())
		}
	}
	return end
}

// look finds out what became of one reminder of one date.
func (t *told) look(s *Silence, d date, days int32, present bool) {
	due, deadline := notice.ReminderDue(d.at, days)
	switch {
	case !due.After(d.since), !d.till.IsZero() && deadline.After(d.till):
		return // it was over when they were told the date, or came to nothing
	case deadline.After(t.Now):
		s.Next = earlierOf(s.Next, deadline)
		s.First = earlierOf(s.First, due)
		return
	}
	customers := t.customersAt(due)
	share := int(needed(t.Notice.Status.Clock, int32(len(customers))))
	if share == 0 {
		return // nobody was told of the notice by then
	}
	reminded := t.reached(customers, func(stage v1alpha1.NoticeStage) bool { return stage == reminder(int(days), d.number) }, due)
	if len(reminded) >= share && reminded[share-1].Before(deadline) {
		if present {
			s.Kept = append(s.Kept, days)
		}
		return
	}
	missed := v1alpha1.MissedReminder{Days: days, Time: &metav1.Time{Time: due}}
	if after := t.reached(customers, func(v1alpha1.NoticeStage) bool { return true }, due); len(after) >= share {
		missed.ToldTime = &metav1.Time{Time: after[share-1]}
	}
	s.Missed = append(s.Missed, missed)
}

// customersAt are those whom the publication was planned for by then and either reached, or may still reach.
func (t *told) customersAt(due time.Time) map[v1alpha1.CustomerID]bool {
	customers := map[v1alpha1.CustomerID]bool{}
	for _, r := range t.records {
		if r.Spec.Stage != v1alpha1.NoticeStage(delivery.Published) {
			continue
		}
		for i := range r.Status.Deliveries {
			d := &r.Status.Deliveries[i]
			if d.PlannedTime == nil || d.PlannedTime.After(due) {
				continue
			}
			switch d.State {
			case v1alpha1.DeliveryPlanned, v1alpha1.DeliverySending, v1alpha1.DeliveryWaiting, v1alpha1.DeliveryDelivered:
				customers[d.Customer] = true
			}
		}
	}
	return customers
}

// reached are the moments, in order, at which the customers were first reached from then on by one of those stages.
func (t *told) reached(customers map[v1alpha1.CustomerID]bool, by func(v1alpha1.NoticeStage) bool, from time.Time) []time.Time {
	first := map[v1alpha1.CustomerID]time.Time{}
	for _, r := range t.records {
		if !by(r.Spec.Stage) {
			continue
		}
		for i := range r.Status.Deliveries {
			d := &r.Status.Deliveries[i]
			if d.State != v1alpha1.DeliveryDelivered || d.DeliveredTime == nil || d.DeliveredTime.Time.Before(from) || !customers[d.Customer] {
				continue
			}
			first[d.Customer] = earliest(first[d.Customer], d.DeliveredTime.UTC())
		}
	}
	moments := make([]time.Time, 0, len(first))
	for _, at := range first {
		moments = append(moments, at)
	}
	slices.SortFunc(moments, time.Time.Compare)
	return moments
}

// late is the reminder that is sent after the date: one that delays the notice until customers are reached, and which
// they never got. Of several the last will do.
func (t *told) late() v1alpha1.NoticeStage {
	last := int32(0)
	for _, missed := range Silent(t.DueInput).Missed {
		n := v1alpha1.ChangeNotice{Status: v1alpha1.ChangeNoticeStatus{
			Reminders: t.Notice.Status.Reminders, MissedReminders: []v1alpha1.MissedReminder{missed},
		}}
		if _, delayed := notice.SilenceOf(&n); delayed && missed.ToldTime == nil && (last == 0 || missed.Days < last) {
			last = missed.Days
		}
	}
	stage := reminder(int(last), t.postponed())
	if last == 0 || t.stages[stage].complete() {
		return ""
	}
	return stage
}

// bounded leaves out the oldest of too many, those first that delay nothing.
func bounded(missed []v1alpha1.MissedReminder, n *v1alpha1.ChangeNotice) []v1alpha1.MissedReminder {
	harmless := func(m v1alpha1.MissedReminder) bool {
		return slices.ContainsFunc(n.Status.Reminders, func(r v1alpha1.NoticeReminder) bool {
			return r.Days == m.Days && r.Missed != v1alpha1.MissedReminderDelay
		})
	}
	for len(missed) > maxMissed {
		i := max(slices.IndexFunc(missed, harmless), 0)
		missed = slices.Delete(missed, i, i+1)
	}
	return missed
}

// earliest takes the zero time for none.
func earliest(a, b time.Time) time.Time {
	if a.IsZero() || !b.IsZero() && b.Before(a) {
		return b
	}
	return a
}

func latest(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}

func earlierOf(known *time.Time, at time.Time) *time.Time {
	if known == nil || at.Before(*known) {
		return &at
	}
	return known
}
