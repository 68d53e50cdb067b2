package cli

import (
	"fmt"
	"io"
	"time"

	ics "github.com/arran4/golang-ical"
)

// writeCalendar writes the events as iCalendar (RFC 5545). It has no METHOD: it is a snapshot, and whoever imports it again
// replaces what they hold, by UID and SEQUENCE. What does not come any more stays in it, cancelled: an event that
// vanishes is kept for ever by whoever imported it.
func writeCalendar(out io.Writer, events []CalendarEvent, now time.Time) error {
	cal := ics.NewCalendar()
	cal.SetProductId("-//forewarn.dev//forewarn//EN")
	cal.SetCalscale("GREGORIAN")
	cal.SetName("forewarn")
	cal.SetXWRCalName("forewarn")
	if len(events) == 0 { // a calendar holds some component (RFC 5545, 3.6)
		standard := cal.AddTimezone("Etc/UTC").AddStandard()
		standard.AddProperty(ics.ComponentPropertyDtStart, "19700101T000000")
		standard.AddProperty(ics.ComponentProperty(ics.PropertyTzoffsetfrom), "+0000")
		standard.AddProperty(ics.ComponentProperty(ics.PropertyTzoffsetto), "+0000")
	}
	for i := range events {
		e := &events[i]
		event := cal.AddEvent(e.id + "@forewarn.dev")
		event.SetSequence(int(e.sequence))
		event.SetDtStampTime(now)
		event.SetStartAt(e.Time.Time)
		if e.EndTime != nil {
			event.SetEndAt(e.EndTime.Time)
		}
		summary := e.API + ": " + e.Title
		switch {
		case e.Cancelled:
			event.SetStatus(ics.ObjectStatusCancelled)
			summary = "Cancelled: " + summary
		case e.Draft:
			event.SetStatus(ics.ObjectStatusTentative)
			summary += " (draft)"
		default:
			event.SetStatus(ics.ObjectStatusConfirmed)
		}
		event.SetTimeTransparency(ics.TransparencyTransparent) // it takes up nobody's time
		event.SetSummary(safe(summary))
		event.AddProperty(ics.ComponentPropertyCategories, e.Kind)
		about := e.About
		if e.Namespace != "" {
			about += " in namespace " + e.Namespace
		}
		event.SetDescription(safe(about))
	}
	if err := cal.SerializeTo(out, ics.WithNewLineWindows, ics.WithLineLength(75)); err != nil {
		return fmt.Errorf("encoding the calendar: %w", err)
	}
	return nil
}
