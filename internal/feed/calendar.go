package feed

import (
	"bytes"
	"fmt"
	"strings"

	ics "github.com/arran4/golang-ical"
)

// renderCalendar is calendar.ics: one event for each notice, at the moment from which the change holds, and for
// a planned downtime until it is over.
//
// It has no METHOD: without one a calendar is a snapshot (RFC 5545, 3.7.2), and whoever subscribes replaces the one
// they hold. Each METHOD of RFC 5546 needs an organiser's address in every event, and counts for all events, so that
// no calendar could hold one event that stands and one that was cancelled. What does not come any more says so by
// STATUS:CANCELLED, by a raised SEQUENCE, and in its first word, since some programs do not look at the status. It
// stays in the calendar: an event that vanishes is kept for ever by whoever imported it.
func renderCalendar(base string, a *API) ([]byte, error) {
	cal := ics.NewCalendar()
	cal.SetProductId("-//forewarn.dev//forewarn//EN")
	cal.SetCalscale("GREGORIAN")
	cal.SetName(a.Title)
	cal.SetXWRCalName(a.Title)
	cal.SetRefreshInterval("PT1H")
	cal.SetXPublishedTTL("PT1H")
	page := address(base, a)
	if page != "" {
		cal.SetUrl(page)
	}
	if len(a.Notices) == 0 {
		addSomething(cal)
	}
	for i := range a.Notices {
		n := &a.Notices[i]
		event := cal.AddEvent(n.ID + "@forewarn.dev")
		event.SetSequence(calendarSequence(n))
		event.SetDtStampTime(n.Updated) // without a METHOD: when the event was last revised
		event.SetCreatedTime(n.Published)
		event.SetModifiedAt(n.Updated)
		event.SetStartAt(n.Effective) // and no end: a change has none
		if n.Until != nil {
			event.SetEndAt(*n.Until)
		}
		event.SetStatus(ics.ObjectStatusConfirmed)
		if n.off() {
			event.SetStatus(ics.ObjectStatusCancelled)
		}
		event.SetTimeTransparency(ics.TransparencyTransparent) // it takes up nobody's time
		event.SetSummary(a.Title + ": " + n.headline())
		event.SetDescription(plainText(a, n))
		if page != "" {
			event.SetURL(page + "#" + anchor(n.Name))
		}
	}
	var b bytes.Buffer
	if err := cal.SerializeTo(&b, ics.WithNewLineWindows, ics.WithLineLength(75)); err != nil {
		return nil, fmt.Errorf("encoding the calendar: %w", err)
	}
	return b.Bytes(), nil
}

// addSomething makes a calendar without events a legal one: it must hold some component (RFC 5545, 3.6).
func addSomething(cal *ics.Calendar) {
	standard := cal.AddTimezone("Etc/UTC").AddStandard()
	standard.AddProperty(ics.ComponentPropertyDtStart, "19700101T000000")
	standard.AddProperty(ics.ComponentProperty(ics.PropertyTzoffsetfrom), "+0000")
	standard.AddProperty(ics.ComponentProperty(ics.PropertyTzoffsetto), "+0000")
}

// calendarSequence also rises when a notice is replaced, and again when it is withdrawn.
func calendarSequence(n *Notice) int {
	switch n.State {
	case Superseded:
		return n.Sequence + 1
	case Withdrawn:
		return n.Sequence + 2
	}
	return n.Sequence
}

// plainText is the notice where nothing but text is shown.
func plainText(a *API, n *Notice) string {
	v := view(a, n)
	when := v.Sentence + " " + v.When
	if v.End != "" {
		when += ", until " + v.End
	}
	parts := []string{when + "."}
	add := func(title, text string) {
		if text != "" {
			parts = append(parts, title+": "+text)
		}
	}
	add("Before it was postponed", v.Before)
	add("Replaced by", v.Replacement)
	add(n.What(), n.WhatChanges)
	add(n.ToDo(), n.WhatToDo)
	add("Help", n.Help)
	add("Versions", strings.Join(n.Versions, ", "))
	add("Operations", strings.Join(n.Operations, ", "))
	for _, u := range n.Updates {
		add("Update of "+inBrief(u.Time, a.Zone), u.Text)
	}
	return strings.Join(parts, "\n\n")
}
