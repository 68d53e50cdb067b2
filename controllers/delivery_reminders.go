package controllers

import (
	"fmt"
	"slices"
	"strings"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	v1alpha1 "forewarn.dev/forewarn/api/v1alpha1"
	"forewarn.dev/forewarn/internal/gate"
	"forewarn.dev/forewarn/internal/notice"
	"forewarn.dev/forewarn/internal/telling"
)

// maxSilences is how many missed reminders a condition names.
const maxSilences = 3

// setReminders writes down which reminders were missed, and until when that is known: a notice that a missed reminder
// delays does not mature before. In a rehearsal nobody is told, and nothing is missed.
func (d *round) setReminders(c conditions) {
	status := &d.notice.Status
	if status.PublishedTime == nil || len(status.Reminders) == 0 {
		return
	}
	silence := telling.Silent(telling.DueInput{Now: d.now, Notice: d.notice, Told: d.Records})
	if known := silence.Known; !known.IsZero() && (status.RemindersTime == nil || status.RemindersTime.Time.Before(known)) {
		status.RemindersTime = atSecond(known)
	}
	if silence.Next != nil {
		d.wake(*silence.Next)
	}
	if d.offset != 0 {
		c.set(v1alpha1.ConditionReminded, metav1.ConditionUnknown, v1alpha1.ReasonClockOffset, "in a rehearsal nobody is reminded")
		return
	}
	status.MissedReminders = silence.Missed
	state, reason, message := reminded(silence, status.Reminders)
	c.set(v1alpha1.ConditionReminded, state, reason, message)
}

// reminded is the condition of that name.
func reminded(silence telling.Silence, owed []v1alpha1.NoticeReminder) (state metav1.ConditionStatus, reason, message string) {
	var texts []string
	for _, missed := range slices.Backward(silence.Missed) {
		s := notice.Silence{MissedReminder: missed}
		for _, reminder := range owed {
			if reminder.Days == missed.Days {
				s.Policy = reminder.Policy
			}
		}
		if len(texts) == maxSilences {
			texts = append(texts, fmt.Sprintf("and %d before", len(silence.Missed)-maxSilences))
			break
		}
		texts = append(texts, gate.SilenceText(s))
	}
	switch {
	case len(texts) > 0:
		return metav1.ConditionFalse, v1alpha1.ReasonRadioSilence, strings.Join(texts, "; ")
	case len(silence.Kept) > 0:
		return metav1.ConditionTrue, v1alpha1.ReasonKeptReminders, "customers were reminded " + daysBefore(silence.Kept)
	case silence.First != nil:
		return metav1.ConditionUnknown, v1alpha1.ReasonNotYetDue, "the first reminder is due " + silence.First.UTC().Format(time.RFC3339)
	}
	return metav1.ConditionUnknown, v1alpha1.ReasonNotYetDue, "no reminder is due"
}

// daysBefore is for instance "30 and 7 days before".
func daysBefore(days []int32) string {
	var numbers []string
	for _, n := range days {
		numbers = append(numbers, fmt.Sprint(n))
	}
	text := strings.Join(numbers, ", ")
	if i := strings.LastIndex(text, ", "); i >= 0 {
		text = text[:i] + " and " + text[i+len(", "):]
	}
	if text == "1" {
		return "1 day before"
	}
	return text + " days before"
}

// newlyMissed counts the reminders that were found to be missed since.
func newlyMissed(before, after []v1alpha1.MissedReminder) int {
	found := 0
	for _, missed := range after {
		if !slices.ContainsFunc(before, func(known v1alpha1.MissedReminder) bool {
			return known.Days == missed.Days && known.Time.Equal(missed.Time)
		}) {
			found++
		}
	}
	return found
}
