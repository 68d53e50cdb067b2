package cli

import (
	"fmt"
	"time"

	"github.com/jedib0t/go-pretty/v6/text"
)

// eventColors are those of what takes something away.
var eventColors = map[string]text.Color{
	EventBrownout: text.FgYellow, EventDowntime: text.FgYellow, EventSunset: text.FgRed, EventRemoval: text.FgRed,
}

// calendar lists what is coming, month by month.
func (p *page) calendar(found *CalendarResult, plans *plans) {
	where := "in all namespaces"
	switch {
	case plans.namespace != "":
		where = "in namespace " + safe(plans.namespace)
	case !plans.all:
		where = "by the manifests"
	}
	z := plans.zone
	p.line("What is coming %s, from %s to %s (%s)", where, z.day(found.FromTime.Time), z.day(found.UntilTime.Time), z.name)
	if len(found.Events) == 0 {
		p.blank()
		p.line("%s", nothing(plans, where))
	}
	columns := []string{"day", "time", "what", "api", "by"}
	month := ""
	var rows [][]string
	flush := func() {
		if len(rows) > 0 {
			p.heading(month)
			p.table(2, columns, rows, 2, 4)
			rows = nil
		}
	}
	for _, e := range found.Events {
		if m := e.Time.In(z.location).Format("January 2006"); m != month {
			flush()
			month = m
		}
		api := e.API
		if plans.all && e.Namespace != "" {
			api = e.Namespace + "/" + api
		}
		what := safe(e.Title)
		if color, has := eventColors[e.Kind]; has {
			what = p.paint(color, what)
		}
		if e.Draft {
			what += " (draft)"
		}
		rows = append(rows, []string{e.Time.In(z.location).Format("Mon 02"), clockTimes(&e, z), what, safe(api), safe(e.About)})
	}
	flush()
	p.later(plans)
}

// nothing says why nothing is shown: a name that is misspelt shows nothing, too.
func nothing(plans *plans, where string) string {
	switch {
	case len(plans.schedules)+len(plans.notices) == 0:
		return "There is no DeprecationSchedule and no ChangeNotice " + where + "."
	case len(plans.later) > 0:
		return "Nothing is planned in these months."
	}
	return "Nothing is planned."
}

// later says that there is more than what is shown, and how to see it.
func (p *page) later(plans *plans) {
	if len(plans.later) == 0 {
		return
	}
	first := &plans.later[0]
	p.blank()
	p.paragraph("", "", safe(fmt.Sprintf("After that: %s. The first is %s (%s), on %s. To see it: --at %s",
		counted(len(plans.later), "event"), first.Title, first.About, plans.zone.day(first.Time.Time), first.Time.UTC().Format(time.RFC3339))))
}

// clockTimes is when an event holds or begins and, where it ends by itself, until when. An end on another day says on which.
func clockTimes(e *CalendarEvent, z zone) string {
	start := e.Time.In(z.location)
	shown := start.Format(minuteOr(start))
	if e.EndTime == nil {
		return shown
	}
	end := e.EndTime.In(z.location)
	if start.Format(time.DateOnly) == end.Format(time.DateOnly) {
		return fmt.Sprintf("%s to %s", shown, end.Format(minuteOr(end)))
	}
	return fmt.Sprintf("%s to %s", shown, end.Format("Mon 02 Jan "+minuteOr(end)))
}

// minuteOr is the layout of a time of day: with the second where there is one.
func minuteOr(t time.Time) string {
	if t.Second() != 0 {
		return time.TimeOnly
	}
	return "15:04"
}
