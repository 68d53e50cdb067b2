package feed

import (
	"strings"
	"time"
)

// inWords is a moment as people read it, with its weekday and its zone. Where customers read another zone than
// UTC, UTC stands beside it: the days may differ.
func inWords(t time.Time, zone *time.Location) string {
	if zone == time.UTC {
		return day(t) + ", " + clock(t) + " Coordinated Universal Time (UTC)"
	}
	utc := clock(t.UTC()) + " UTC"
	if local := t.In(zone); day(local) != day(t.UTC()) {
		utc = day(t.UTC()) + ", " + utc
	}
	return inBrief(t, zone) + " (" + utc + ")"
}

// inBrief is inWords for moments that nobody has to act by.
func inBrief(t time.Time, zone *time.Location) string {
	t = t.In(zone)
	return day(t) + ", " + clock(t) + " " + zoneName(zone)
}

func day(t time.Time) string { return t.Format("Monday 2 January 2006") }

func clock(t time.Time) string {
	if t.Second() != 0 {
		return t.Format("15:04:05")
	}
	return t.Format("15:04")
}

// zoneName is "Berlin time" for Europe/Berlin: abbreviations such as CST mean several zones.
func zoneName(zone *time.Location) string {
	name := zone.String()
	if zone == time.UTC {
		return name
	}
	return strings.ReplaceAll(name[strings.LastIndex(name, "/")+1:], "_", " ") + " time"
}

// stamp is a moment as programs read it.
func stamp(t time.Time) string { return t.UTC().Format(time.RFC3339) }
