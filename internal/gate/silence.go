package gate

import (
	"fmt"
	"time"

	v1alpha1 "forewarn.dev/forewarn/api/v1alpha1"
	"forewarn.dev/forewarn/internal/notice"
)

// SilenceText says which reminder was missed, who asks for it, and when customers were reached after all.
func SilenceText(s notice.Silence) string {
	due := "an unknown moment"
	if s.Time != nil {
		due = s.Time.UTC().Format(time.RFC3339)
	}
	text := fmt.Sprintf("customers were not reminded %s before (due %s; policy %s); ", countOf(int(s.Days), "day"), due, short(s.Policy))
	if s.ToldTime == nil {
		return text + "they have not been reached since"
	}
	return text + "reached " + s.ToldTime.UTC().Format(time.RFC3339)
}

// delayText follows the moment at which a notice matures, where that comes from a missed reminder.
func delayText(s *notice.Silence) string {
	if s == nil {
		return ""
	}
	return "; delayed by radio silence: " + SilenceText(*s)
}

// reminders are those that are frozen with the publication. Where nobody knows who the customers are, nobody is reminded.
func (n *notification) reminders() []v1alpha1.NoticeReminder {
	if n.API.Spec.AudienceRef.Name == "" {
		return nil
	}
	return n.policies.Reminders()
}

// hushed is why a published notice covers nothing although its clock runs; empty where it does: customers were not
// reminded of it and have not been reached since, or its date has come and nobody has looked yet.
func (n *notification) hushed() string {
	if s, delayed := notice.SilenceOf(n.Notice); delayed && s.Until.IsZero() {
		return "radio silence: " + SilenceText(s) + "; it matures " + countOf(int(s.Days), "day") +
			" after they were: its condition Delivered says what is in the way, and an update or a later date reaches them, too"
	}
	if n.readable && !n.Now.Before(n.whole.Matures) && !notice.RemindersKnown(n.Notice) {
		return "whether customers were reminded in time is being found out"
	}
	return ""
}

// silent is the verdict on one that is.
func (n *notification) silent(why string) NoticeVerdict {
	v := NoticeVerdict{Published: true, Reason: v1alpha1.ReasonPublished, Lapses: &n.whole.Lapses}
	at, lapsed := notice.LapsedBy(n.Notice, n.Now)
	if !lapsed && !n.Now.Before(n.whole.Lapses) {
		at, lapsed = n.whole.Lapses, true
	}
	if lapsed {
		return n.over(v, at, n.Notice.Status.Validity.TimeZone)
	}
	v.Message, v.MaturedReason, v.MaturedMessage = "customers were told; "+why, v1alpha1.ReasonRadioSilence, why
	v.NextChange = firstOf(momentsAfter(n.Now, map[time.Time]bool{n.whole.Lapses: true}))
	return v
}
