package delivery

import (
	"cmp"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// maxSubject is the length of a subject in characters: room for a title of 200 and for what stands before it.
const maxSubject = 300

// Letter is the message as plain text: a frame in English around the notice's own words. The subject is one
// line; the lines of the body end with "\n". What people wrote is indented, so that it cannot pass for ours, and
// holds no character that a mail program or a terminal would act on.
func Letter(m Message) (subject, body string) {
	l := letter{Message: m}
	l.heading()
	l.reason()
	l.words()
	l.answer()
	l.footer()
	return clipped(l.subject(), maxSubject), l.text.String()
}

type letter struct {
	Message
	text strings.Builder
}

// api is what the customer knows the API by.
func (l *letter) api() string { return cmp.Or(line(l.Notice.APITitle), line(l.Notice.API)) }

func (l *letter) subject() string {
	var occasion string
	switch l.Stage.Kind() {
	case Reminder:
		occasion = "Reminder, " + l.left() + ": "
	case Postponed:
		occasion = "Postponed to " + l.day(l.Notice.Effective) + ": "
	case Updated:
		occasion = "Updated: "
	case Withdrawn:
		occasion = "Withdrawn: "
	case Superseded:
		occasion = "Replaced: "
	case InForce:
		occasion = "Now in force: "
	}
	return occasion + l.api() + ": " + line(l.Notice.Title)
}

// heading says what and when.
func (l *letter) heading() {
	l.print("%s: %s\n", l.api(), line(l.Notice.Title))
	switch l.Stage.Kind() {
	case Postponed:
		l.print("When: %s\n", l.moment(l.Notice.Effective))
		if !l.Notice.Previous.IsZero() {
			l.print("Before: %s\n", l.moment(l.Notice.Previous))
		}
	case Withdrawn, Superseded:
		l.print("Was planned for: %s\n", l.moment(l.Notice.Effective))
	case InForce:
		l.print("Announced for: %s\n", l.moment(l.Notice.Effective))
	default:
		l.print("When: %s\n", l.moment(l.Notice.Effective))
	}
}

// reason says why the customer is told now.
func (l *letter) reason() {
	var why string
	switch l.Stage.Kind() {
	case Reminder:
		why = "This is a reminder: " + l.left() + "."
	case Postponed:
		why = "The change comes later than you were told."
		if !l.Notice.Previous.IsZero() {
			why = fmt.Sprintf("The change was postponed from %s to %s.", l.day(l.Notice.Previous), l.day(l.Notice.Effective))
		}
	case Updated:
		why = "Something was added to what you were told."
	case Withdrawn:
		why = "This change was withdrawn. It does not come."
	case Superseded:
		why = "Another notice replaces this one. What holds is what that one says."
		if by := line(l.Notice.SupersededBy); by != "" {
			why = "The notice " + by + " replaces this one. What holds is what that one says."
		}
	case InForce:
		why = "This change is in force now."
	default:
		why = "This is the first notice of this change."
	}
	l.print("\n%s\n", why)
}

// words are the notice's own. Of a change that does not come nothing is to be done.
func (l *letter) words() {
	n := l.Notice
	if l.Stage.Kind() == Withdrawn {
		l.section("What would have changed", n.WhatChanges)
	} else {
		l.section("What changes", n.WhatChanges)
		l.section("What to do", n.WhatToDo)
	}
	l.section("Versions", strings.Join(n.Versions, ", "))
	l.list("Operations", n.Operations)
	l.list("Updates", n.Updates)
	l.section("Help", n.Help)
}

// answer says how to. Whoever reads it is to know that the link is worth something.
func (l *letter) answer() {
	if l.AnswerURL == "" {
		return
	}
	l.section("Tell us", "Have you understood, or do you need more time? Answer here:\n"+l.AnswerURL+
		"\nWhoever has this link can answer in your place.")
}

func (l *letter) footer() {
	l.section("All notices of this API", l.Notice.FeedURL)
	l.print("\nNotice %s/%s", line(l.Notice.Namespace), line(l.Notice.Name))
	if !l.Notice.Published.IsZero() {
		l.print(", published %s", l.Notice.Published.UTC().Format(time.RFC3339))
	}
	l.print("\nReference %s\n", line(l.ID))
}

func (l *letter) section(heading, text string) {
	if strings.TrimSpace(text) == "" {
		return
	}
	l.print("\n%s\n", heading)
	for _, row := range lines(text) {
		l.indented("  ", row)
	}
}

func (l *letter) list(heading string, items []string) {
	if len(items) == 0 {
		return
	}
	l.print("\n%s\n", heading)
	for _, item := range items {
		for i, row := range lines(item) {
			bullet := "    "
			if i == 0 {
				bullet = "  - "
			}
			l.indented(bullet, row)
		}
	}
}

func (l *letter) indented(indent, row string) {
	l.print("%s\n", strings.TrimRight(indent+row, " "))
}

func (l *letter) print(format string, args ...any) { fmt.Fprintf(&l.text, format, args...) }

// moment is the date in the customer's zone and in UTC, or in UTC alone.
func (l *letter) moment(t time.Time) string {
	const date, clock = "Monday, 2 January 2006", "15:04:05"
	inUTC := t.UTC().Format(date+", "+clock) + " UTC"
	if zone := l.zone(); zone != time.UTC {
		return t.In(zone).Format(date+", "+clock) + " (" + line(zone.String()) + "), which is " + inUTC
	}
	return inUTC
}

// day is the date as it is in the customer's zone.
func (l *letter) day(t time.Time) string { return t.In(l.zone()).Format("2 January 2006") }

func (l *letter) zone() *time.Location {
	if l.Zone == nil || l.Zone.String() == time.UTC.String() {
		return time.UTC
	}
	return l.Zone
}

// left is how many full days of the customer's are left when the letter is written; less is never made more.
func (l *letter) left() string {
	from, to := l.Sent.In(l.zone()), l.Notice.Effective
	if !from.Before(to) {
		return "the day has come"
	}
	// A day of the calendar has 23 to 25 hours: start below and count up.
	days := max(int(to.Sub(from).Hours()/25)-1, 0)
	for !from.AddDate(0, 0, days+1).After(to) {
		days++
	}
	switch days {
	case 0:
		return "less than a day left"
	case 1:
		return "1 day left"
	}
	return strconv.Itoa(days) + " days left"
}
