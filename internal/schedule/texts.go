package schedule

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	v1alpha1 "forewarn.dev/forewarn/api/v1alpha1"
	"forewarn.dev/forewarn/internal/notice"
	"forewarn.dev/forewarn/internal/notice/content"
)

// maxTitle is how long the title of a notice can be.
const maxTitle = 200

// defaultLocale is the language of what is put together here.
const defaultLocale = "en"

func wantsDate(p notice.Policy) bool {
	return slices.Contains(p.Content.Rules, v1alpha1.ContentDateInTitle)
}

// writer writes the texts of a schedule.
type writer struct {
	schedule *v1alpha1.DeprecationSchedule
	api      *v1alpha1.CustomerAPI
	zone     *time.Location
	problems []string
}

// write fills in the texts of a step: those of the schedule and, where it says nothing, ours.
func (w *writer) write(spec *v1alpha1.ChangeNoticeSpec, step v1alpha1.ScheduleStep, date time.Time, minutes int32) {
	texts, guide := &w.schedule.Spec.Notice, &w.schedule.Spec
	own := w.filled(textOf(texts.Announcement, texts.Brownout, texts.Sunset, step), "notice."+fieldOf(step), string(texts.Locale), date, minutes)
	ours := w.ours(step, date, minutes)
	spec.Locale = texts.Locale
	spec.Title = cmp.Or(own.Title, ours.Title)
	spec.WhatChanges = cmp.Or(own.WhatChanges, ours.WhatChanges)
	spec.WhatToDo = cmp.Or(own.WhatToDo, ours.WhatToDo)
	spec.Help = cmp.Or(texts.Help, guide.MigrationGuide, guide.Replacement.URL)
	for i := range texts.Translations {
		t := &texts.Translations[i]
		at := fmt.Sprintf("notice.translations[%s].%s", t.Locale, fieldOf(step))
		own := w.filled(textOf(t.Announcement, t.Brownout, t.Sunset, step), at, string(t.Locale), date, minutes)
		if own.Title == "" { // nobody is told in half a language
			continue
		}
		spec.Translations = append(spec.Translations, v1alpha1.NoticeTranslation{
			Locale: t.Locale, Title: own.Title, WhatChanges: own.WhatChanges, WhatToDo: own.WhatToDo,
		})
	}
}

func textOf(announcement, brownout, sunset v1alpha1.ScheduleText, step v1alpha1.ScheduleStep) v1alpha1.ScheduleText {
	switch step {
	case v1alpha1.StepAnnouncement:
		return announcement
	case v1alpha1.StepBrownout:
		return brownout
	}
	return sunset
}

func fieldOf(step v1alpha1.ScheduleStep) string { return strings.ToLower(string(step)) }

const minutesVariable = "$minutes"

// filled is a text with what its variables stand for, in its language.
func (w *writer) filled(text v1alpha1.ScheduleText, at, locale string, date time.Time, minutes int32) v1alpha1.ScheduleText {
	locale = cmp.Or(locale, defaultLocale)
	variables := []string{
		"$date", w.day(date, locale), "$time", w.clock(date),
		"$version", string(w.schedule.Spec.Version), "$sunset", w.day(w.schedule.Spec.SunsetTime.Time, locale),
	}
	if minutes > 0 {
		variables = append(variables, minutesVariable, fmt.Sprint(minutes))
	}
	fill := strings.NewReplacer(variables...)
	for _, part := range []struct {
		field string
		text  *string
	}{{"title", &text.Title}, {"whatChanges", &text.WhatChanges}, {"whatToDo", &text.WhatToDo}} {
		if minutes == 0 && strings.Contains(*part.text, minutesVariable) {
			w.problems = append(w.problems, fmt.Sprintf("%s.%s: %s is the length of a brownout, and this tells of none: leave it out", at, part.field, minutesVariable))
		}
		*part.text = fill.Replace(*part.text)
	}
	if length := utf8.RuneCountInString(text.Title); length > maxTitle {
		w.problems = append(w.problems, fmt.Sprintf("%s.title has %d characters once it is filled in, and %d are read: shorten it", at, length, maxTitle))
	}
	return text
}

func (w *writer) day(t time.Time, locale string) string { return content.Written(t.In(w.zone), locale) }

// clock is a time of day that means one moment to everybody, also when clocks go back.
func (w *writer) clock(t time.Time) string {
	t = t.In(w.zone)
	layout := "15:04"
	if t.Second() != 0 {
		layout = time.TimeOnly
	}
	if _, offset := t.Zone(); offset == 0 {
		return t.Format(layout) + " UTC"
	}
	return t.Format(layout + " (UTC-07:00)")
}

// ours is what is said in English where the schedule says nothing.
func (w *writer) ours(step v1alpha1.ScheduleStep, date time.Time, minutes int32) v1alpha1.ScheduleText {
	on, sunset := w.day(date, defaultLocale), w.day(w.schedule.Spec.SunsetTime.Time, defaultLocale)
	what := w.what()
	switch step {
	case v1alpha1.StepAnnouncement:
		return v1alpha1.ScheduleText{
			Title: w.title("%s is deprecated from "+on, what),
			WhatChanges: fmt.Sprintf("From %s %s is deprecated: it works as before, and nothing new should be built on it. It goes away on %s.%s",
				on, what.full(), sunset, w.rehearsals()),
			WhatToDo: w.move(sunset),
		}
	case v1alpha1.StepBrownout:
		return v1alpha1.ScheduleText{
			Title: w.title(fmt.Sprintf("%%s is not available for %s on %s", minutesText(minutes), on), what),
			WhatChanges: fmt.Sprintf("On %s at %s %s is not available for %s: a rehearsal of its end on %s. Afterwards it works as before.",
				on, w.clock(date), what.full(), minutesText(minutes), sunset),
			WhatToDo: "If requests of yours fail at that time, you still use it. " + w.move(sunset),
		}
	}
	return v1alpha1.ScheduleText{
		Title:       w.title("%s goes away on "+on, what),
		WhatChanges: fmt.Sprintf("From %s at %s %s cannot be counted on any more. Requests to it fail once it is taken away.", on, w.clock(date), what.full()),
		WhatToDo:    w.move(sunset),
	}
}

func minutesText(minutes int32) string {
	if minutes == 1 {
		return "1 minute"
	}
	return fmt.Sprintf("%d minutes", minutes)
}

// rehearsals says that there are brownouts, and not when: each is told by itself, and may move.
func (w *writer) rehearsals() string {
	switch n := len(w.schedule.Spec.Brownouts); n {
	case 0:
		return ""
	case 1:
		return " Before that it is once not available for a while, so that you notice where you still use it; you are told when."
	default:
		return fmt.Sprintf(" Before that it is %d times not available for a while, so that you notice where you still use it; you are told when.", n)
	}
}

// move says what to do instead, and by when.
func (w *writer) move(sunset string) string {
	spec := &w.schedule.Spec
	var text string
	switch version, url := spec.Replacement.Version, spec.Replacement.URL; {
	case version != "" && url != "":
		text = fmt.Sprintf("Move to %s (%s) before %s.", version, url, sunset)
	case version != "" || url != "":
		text = fmt.Sprintf("Move to %s before %s.", cmp.Or(string(version), url), sunset)
	default:
		text = fmt.Sprintf("Stop using it before %s. Nothing takes its place.", sunset)
	}
	if spec.MigrationGuide != "" {
		text += " How to: " + spec.MigrationGuide
	}
	return text
}

// subject is what goes away, as customers call it: the names of it from the longest to the shortest.
type subject []string

func (s subject) full() string { return s[0] }

func (w *writer) what() subject {
	version := string(w.schedule.Spec.Version)
	of := []string{version}
	if w.api != nil && w.api.Spec.Title != "" {
		of = []string{w.api.Spec.Title + " " + version, version}
	}
	operations := w.schedule.Spec.Operations
	if len(operations) == 0 {
		return of
	}
	count := fmt.Sprintf("a set of %d operations", len(operations))
	names := []string{count}
	if len(operations) == 1 {
		names = []string{operations[0], "an operation"}
	}
	var all subject
	for _, name := range names {
		for _, whole := range of {
			all = append(all, name+" of "+whole)
		}
	}
	return all
}

// title is the first that is short enough to be one.
func (w *writer) title(format string, what subject) string {
	for _, name := range what {
		if title := fmt.Sprintf(format, name); utf8.RuneCountInString(title) <= maxTitle {
			return title
		}
	}
	return fmt.Sprintf(format, what[len(what)-1])
}
