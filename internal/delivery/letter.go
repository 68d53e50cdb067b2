package delivery

import (
	"cmp"
	"fmt"
	"strings"
	"time"
)

// maxSubject is the length of a subject in characters: room for a title of 200 and for what stands before it.
const maxSubject = 300

// Letter is the message as plain text: a frame around the notice's own words, in their language where we speak it. The subject is one
// line; the lines of the body end with "\n". What people wrote is indented, so that it cannot pass for ours, and
// holds no character that a mail program or a terminal would act on.
func Letter(m Message) (subject, body string) {
	l := letter{Message: m, frame: frameOf(m.Notice.Locale)}
	l.heading()
	l.reason()
	l.words()
	l.answer()
	l.footer()
	return clipped(l.subject(), maxSubject), l.text.String()
}

type letter struct {
	Message
	frame *frame
	text  strings.Builder
}

// api is what the customer knows the API by.
func (l *letter) api() string { return cmp.Or(line(l.Notice.APITitle), line(l.Notice.API)) }

func (l *letter) subject() string {
	var occasion string
	switch l.Stage.Kind() {
	case Reminder:
		occasion = fmt.Sprintf(l.frame.reminder, l.left())
	case Postponed:
		occasion = fmt.Sprintf(l.frame.postponed, l.day(l.Notice.Effective))
	case Updated:
		occasion = l.frame.updated
	case Withdrawn:
		occasion = l.frame.withdrawn
	case Superseded:
		occasion = l.frame.superseded
	case InForce:
		occasion = l.frame.inForce
	}
	return occasion + l.api() + ": " + line(l.Notice.Title)
}

// heading says what and when.
func (l *letter) heading() {
	l.print("%s: %s\n", l.api(), line(l.Notice.Title))
	if l.Notice.Apology {
		l.date(l.frame.promised, l.Notice.Effective)
		return
	}
	switch l.Stage.Kind() {
	case Postponed:
		l.dates(l.frame.when)
		if !l.Notice.Previous.IsZero() {
			l.date(l.frame.before, l.Notice.Previous)
		}
	case Withdrawn, Superseded:
		l.dates(l.frame.planned)
	case InForce:
		l.dates(l.frame.announced)
	default:
		l.dates(l.frame.when)
	}
}

// dates are from when, and until when where that is known: of a planned downtime.
func (l *letter) dates(what string) {
	l.date(what, l.Notice.Effective)
	if !l.Notice.Until.IsZero() {
		l.date(l.frame.until, l.Notice.Until)
	}
}

func (l *letter) date(what string, t time.Time) {
	l.print("%s%s%s\n", what, l.frame.colon, l.moment(t))
}

// reason says why the customer is told now.
func (l *letter) reason() {
	var why string
	switch l.Stage.Kind() {
	case Reminder:
		why = fmt.Sprintf(l.frame.isReminder, l.left())
	case Postponed:
		why = l.frame.isLater
		if !l.Notice.Previous.IsZero() {
			why = fmt.Sprintf(l.frame.isPostponed, l.day(l.Notice.Previous), l.day(l.Notice.Effective))
		}
	case Updated:
		why = l.frame.isUpdated
	case Withdrawn:
		if why = l.frame.isWithdrawn; l.Notice.Apology {
			why = l.frame.isTakenBack
		}
	case Superseded:
		why = l.frame.isReplaced
		if by := line(l.Notice.SupersededBy); by != "" {
			why = fmt.Sprintf(l.frame.isReplacedBy, by)
		}
	case InForce:
		why = l.frame.isInForce
	default:
		if why = l.frame.isFirst; l.Notice.Apology {
			why = l.frame.isApology
		}
	}
	l.print("\n%s\n", why)
}

// words are the notice's own. Of a change that does not come nothing is to be done.
func (l *letter) words() {
	n := l.Notice
	if n.Apology {
		l.section(l.frame.happened, n.WhatChanges)
		l.section(l.frame.next, n.WhatToDo)
	} else if l.Stage.Kind() == Withdrawn {
		l.section(l.frame.wouldChange, n.WhatChanges)
	} else {
		l.section(l.frame.changes, n.WhatChanges)
		l.section(l.frame.toDo, n.WhatToDo)
	}
	l.section(l.frame.versions, strings.Join(n.Versions, ", "))
	l.list(l.frame.operations, n.Operations)
	l.list(l.frame.updates, n.Updates)
	l.section(l.frame.help, n.Help)
}

// answer says how to. Whoever reads it is to know that the link is worth something.
func (l *letter) answer() {
	if l.AnswerURL == "" {
		return
	}
	l.section(l.frame.tellUs, l.frame.answer+"\n"+l.AnswerURL+"\n"+l.frame.whoever)
}

func (l *letter) footer() {
	l.section(l.frame.all, l.Notice.FeedURL)
	l.print("\n"+l.frame.notice, line(l.Notice.Namespace)+"/"+line(l.Notice.Name))
	if !l.Notice.Published.IsZero() {
		l.print(l.frame.published, l.Notice.Published.UTC().Format(time.RFC3339))
	}
	l.print("\n"+l.frame.reference+"\n", line(l.ID))
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
	inUTC := l.frame.moment(t.UTC()) + " UTC"
	if zone := l.zone(); zone != time.UTC {
		return l.frame.moment(t.In(zone)) + " (" + line(zone.String()) + ")" + l.frame.otherwise + inUTC
	}
	return inUTC
}

// day is the date as it is in the customer's zone.
func (l *letter) day(t time.Time) string { return l.frame.day(t.In(l.zone())) }

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
		return l.frame.come
	}
	// A day of the calendar has 23 to 25 hours: start below and count up.
	days := max(int(to.Sub(from).Hours()/25)-1, 0)
	for !from.AddDate(0, 0, days+1).After(to) {
		days++
	}
	return l.frame.left(days)
}
