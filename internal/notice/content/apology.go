package content

import (
	"cmp"
	"fmt"
	"strings"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	v1alpha1 "forewarn.dev/forewarn/api/v1alpha1"
)

const (
	// maxWhatHappened leaves room below the limit of whatChanges for what has to be translated.
	maxWhatHappened = 4000
	// maxNameShown is how much of what customers call an API there is room for in a title.
	maxNameShown = 100
)

// Spending is a downtime budget that was spent.
type Spending struct {
	Budget *v1alpha1.DowntimeBudget
	API    *v1alpha1.CustomerAPI
	// Zone is the one that times are written in. Nil: UTC.
	Zone *time.Location
}

// Apology drafts what customers are told of a budget that was spent: what happened, and when. What happens next is for
// people to say: where the budget does not hold it, the draft says so and cannot be published.
func Apology(s Spending) v1alpha1.ChangeNoticeSpec {
	d := drafting{Spending: s, words: apologyIn(string(s.Budget.Spec.Apology.Locale)), zone: cmp.Or(s.Zone, time.UTC)}
	b, at := s.Budget, s.Budget.Status.SpentTime.UTC().Truncate(time.Second)
	name := clippedTo(cmp.Or(strings.Join(strings.Fields(s.API.Spec.Title), " "), s.API.Name), maxNameShown)
	spec := v1alpha1.ChangeNoticeSpec{
		APIRef: b.Spec.APIRef, State: v1alpha1.NoticeDraft, EffectiveTime: &metav1.Time{Time: at},
		Title: fmt.Sprintf(d.words.title, inWords(at.In(d.zone), d.words.language), name), WhatChanges: d.whatHappened(name),
		WhatToDo: b.Spec.Apology.WhatHappensNext, Help: b.Spec.Apology.Help, Locale: b.Spec.Apology.Locale, ApologyFor: v1alpha1.ObjectName(b.Name),
	}
	if strings.TrimSpace(spec.WhatToDo) == "" {
		spec.WhatToDo = unfinished(d.words.next)
	}
	if d.words.foreign {
		spec.WhatChanges = unfinished(d.words.translate) + "\n\n" + spec.WhatChanges
	}
	for _, v := range s.API.Spec.Versions {
		spec.Covers = append(spec.Covers, v1alpha1.CoveredChange{Version: v.Name, Class: v1alpha1.ClassDowntime})
	}
	return spec
}

// drafting is a Spending with what it is written in.
type drafting struct {
	Spending
	words apologyWords
	zone  *time.Location
}

// whatHappened says how long the API was down, and when. Where there is no room for all times, the first are left out.
func (d *drafting) whatHappened(name string) string {
	head := fmt.Sprintf(d.words.sorry, name, d.window(), d.length(d.down()), d.length(d.allowed()))
	var rows []string
	for _, i := range d.Budget.Status.Intervals {
		if d.counts(i) {
			rows = append(rows, d.row(i))
		}
	}
	head += "\n\n" + fmt.Sprintf(d.words.times, d.zone)
	left := 0
	room := maxWhatHappened - len(head) - len(d.words.more) - len("\n- ") - 20
	for size := len(strings.Join(rows, "\n- ")) + len("\n- "); len(rows) > 0 && size > room; left++ {
		size -= len(rows[0]) + len("\n- ")
		rows = rows[1:]
	}
	if left > 0 {
		rows = append([]string{fmt.Sprintf(d.words.more, left)}, rows...)
	}
	if len(rows) == 0 {
		return head[:strings.LastIndex(head, "\n\n")]
	}
	return head + "\n- " + strings.Join(rows, "\n- ")
}

// counts says that a time was spent of the budget: nobody was told of it before, and it lies in the window.
func (d *drafting) counts(i v1alpha1.DowntimeInterval) bool {
	if i.StartTime == nil || i.Notice != "" || i.State == v1alpha1.AvailabilityUnobserved && d.Budget.Spec.Unobserved != v1alpha1.UnobservedSpend {
		return false
	}
	from := d.Budget.Status.WindowStartTime
	return i.EndTime == nil || from == nil || i.EndTime.After(from.Time)
}

// row is one time: from when until when, for how long, and why.
func (d *drafting) row(i v1alpha1.DowntimeInterval) string {
	start := i.StartTime.In(d.zone)
	text := inWords(start, d.words.language) + ", " + start.Format(time.TimeOnly)
	if i.EndTime == nil {
		text = fmt.Sprintf(d.words.since, text)
	} else {
		end := i.EndTime.In(d.zone)
		until := end.Format(time.TimeOnly)
		if !sameDay(start, end) {
			until = inWords(end, d.words.language) + ", " + until
		}
		text += fmt.Sprintf(d.words.until, until, d.length(end.Sub(start)))
	}
	what := d.words.states[i.State]
	if cause := d.words.causes[i.Cause]; cause != "" && i.State != v1alpha1.AvailabilityUnobserved {
		what += ", " + cause
	}
	return text + ": " + what
}

func sameDay(a, b time.Time) bool { return a.Format(time.DateOnly) == b.Format(time.DateOnly) }

// down is how long it was, as the budget counts it.
func (d *drafting) down() time.Duration {
	status := &d.Budget.Status
	var seconds int64
	if status.UnplannedSeconds != nil {
		seconds = *status.UnplannedSeconds
	}
	if status.UnobservedSeconds != nil && d.Budget.Spec.Unobserved == v1alpha1.UnobservedSpend {
		seconds += *status.UnobservedSeconds
	}
	return time.Duration(seconds) * time.Second
}

func (d *drafting) allowed() time.Duration {
	if d.Budget.Spec.AllowedMinutes == nil {
		return 0
	}
	return time.Duration(*d.Budget.Spec.AllowedMinutes) * time.Minute
}

// window is the time that was promised for, such as "in the last 30 days".
func (d *drafting) window() string {
	w := d.Budget.Spec.Window
	switch {
	case w.Calendar != "":
		return d.words.month
	case w.Days == 1:
		return d.words.oneDay
	}
	return fmt.Sprintf(d.words.days, cmp.Or(int(w.Days), 30))
}

// length is how long something took, in words: rounded up, so that it is never shorter than it was.
func (d *drafting) length(t time.Duration) string {
	seconds := int((t + time.Second - time.Nanosecond) / time.Second)
	var parts []string
	for i, size := range []int{3600, 60, 1} {
		n := seconds / size
		seconds %= size
		if n > 0 || size == 1 && len(parts) == 0 {
			unit := d.words.units[i]
			if n != 1 {
				unit = d.words.manyUnits[i]
			}
			parts = append(parts, fmt.Sprintf("%d %s", n, unit))
		}
	}
	return strings.Join(parts, " ")
}

// clippedTo is s with at most so many characters.
func clippedTo(s string, most int) string {
	runes := []rune(s)
	if len(runes) <= most {
		return s
	}
	return string(runes[:most-3]) + "..."
}
