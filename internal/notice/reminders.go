package notice

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	v1alpha1 "forewarn.dev/forewarn/api/v1alpha1"
)

// maxOwedReminders is how many the status of a notice holds.
const maxOwedReminders = 64

const reminderDay = hoursPerDay * time.Hour

// missedReminder reads what becomes of a notice. What is not known delays it.
func (r *policyReader) missedReminder(spec *v1alpha1.NoticePolicySpec) {
	switch spec.MissedReminder {
	case v1alpha1.MissedReminderReport, v1alpha1.MissedReminderDelay:
		r.policy.MissedReminder = spec.MissedReminder
	case "":
		r.policy.MissedReminder = v1alpha1.MissedReminderReport
	default:
		r.policy.MissedReminder = v1alpha1.MissedReminderDelay
		r.refuse("missedReminder", fmt.Errorf("%q is not known: write Report or Delay", shortened(string(spec.MissedReminder))))
	}
}

// Reminders are those that customers are owed of a notice which is published now, as they are frozen with it, by days.
// Of several policies that ask for the same one, one that delays the notice counts. Of more than a status holds, those
// that delay it stay, and then those that come last.
func (ps Policies) Reminders() []v1alpha1.NoticeReminder {
	owed := map[int32]v1alpha1.NoticeReminder{}
	for _, p := range ps {
		for _, days := range p.ReminderDays {
			known, there := owed[days]
			if !there || delays(p.MissedReminder) && !delays(known.Missed) {
				owed[days] = v1alpha1.NoticeReminder{Days: days, Policy: p.Name, Missed: p.MissedReminder}
			}
		}
	}
	var all []v1alpha1.NoticeReminder
	for _, reminder := range owed {
		all = append(all, reminder)
	}
	slices.SortFunc(all, func(a, b v1alpha1.NoticeReminder) int {
		if delays(a.Missed) != delays(b.Missed) {
			return cmp.Compare(bit(delays(b.Missed)), bit(delays(a.Missed)))
		}
		return cmp.Compare(a.Days, b.Days)
	})
	all = all[:min(len(all), maxOwedReminders)]
	slices.SortFunc(all, func(a, b v1alpha1.NoticeReminder) int { return cmp.Compare(b.Days, a.Days) })
	return all
}

// delays: what is not known does.
func delays(rule v1alpha1.MissedReminderRule) bool {
	return rule != "" && rule != v1alpha1.MissedReminderReport
}

func bit(b bool) int {
	if b {
		return 1
	}
	return 0
}

// ReminderDue is when the reminder so many days before a date is due, and the moment before which customers have to
// have got it: a day later, and before the date.
func ReminderDue(date time.Time, days int32) (due, deadline time.Time) {
	due = date.Add(-time.Duration(days) * reminderDay)
	return due, earlier(due.Add(reminderDay), date)
}

// Silence is a missed reminder that delays a notice: customers who heard nothing for long are not to be surprised.
type Silence struct {
	v1alpha1.MissedReminder
	Policy string
	// Until is the moment before which the notice does not mature: as many days after customers were reached as the
	// reminder was to come before the date. Zero: they were not reached.
	Until time.Time
}

// SilenceOf is what delays a notice longest, by what was written down of its reminders. A missed reminder stays one when
// the date moves: telling customers of that reaches them, and no more.
func SilenceOf(n *v1alpha1.ChangeNotice) (longest Silence, delayed bool) {
	for _, missed := range n.Status.MissedReminders {
		i := slices.IndexFunc(n.Status.Reminders, func(r v1alpha1.NoticeReminder) bool { return r.Days == missed.Days })
		if i < 0 || !delays(n.Status.Reminders[i].Missed) {
			continue
		}
		s := Silence{MissedReminder: missed, Policy: n.Status.Reminders[i].Policy}
		if missed.ToldTime != nil {
			s.Until = missed.ToldTime.Add(time.Duration(missed.Days) * reminderDay).UTC()
		}
		if !delayed || !longest.Until.IsZero() && (s.Until.IsZero() || s.Until.After(longest.Until)) {
			longest, delayed = s, true
		}
	}
	return longest, delayed
}

// RemindersKnown says that it was found out which reminders of the date were missed, of those that could delay the
// notice.
func RemindersKnown(n *v1alpha1.ChangeNotice) bool {
	if n.Status.PublishedTime == nil || n.Spec.EffectiveTime == nil {
		return true
	}
	for _, reminder := range n.Status.Reminders {
		due, deadline := ReminderDue(n.Spec.EffectiveTime.UTC(), reminder.Days)
		known := n.Status.RemindersTime
		if delays(reminder.Missed) && due.After(n.Status.PublishedTime.Time) && (known == nil || known.Time.Before(deadline)) {
			return false
		}
	}
	return true
}

// unreached says that customers were not reminded of a notice, and have not been reached since.
func (r *record) unreached() bool { return r.delayed && r.silence.Until.IsZero() }

// unknown says that the notice would have matured by now, and that nobody has looked yet whether customers were reminded.
func (r *record) unknown(c Coverage, now time.Time) bool {
	return !now.Before(c.Matures) && !RemindersKnown(r.notice)
}

// silenceUntil is what delays a notice until that moment: a missed reminder of it, or of one whose clock it keeps.
func (l *Ledger) silenceUntil(r *record, matures time.Time) *Silence {
	for ; r != nil; r = l.replacedBy(r) {
		if r.delayed && r.silence.Until.Equal(matures) && matures.After(r.effective) {
			silence := r.silence
			return &silence
		}
	}
	return nil
}
