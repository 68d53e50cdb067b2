package notice

import "time"

const secondsPerDay = 24 * 60 * 60

// day is a date of the calendar, counted from 1970-01-01. It has no hours: where it begins and ends on
// the time line, localDays says.
type day int64

func dayOf(year int, month time.Month, date int) day {
	return day(time.Date(year, month, date, 0, 0, 0, 0, time.UTC).Unix() / secondsPerDay)
}

func (d day) time() time.Time       { return time.Unix(int64(d)*secondsPerDay, 0).UTC() }
func (d day) year() int             { return d.time().Year() }
func (d day) weekday() time.Weekday { return d.time().Weekday() }

// localDays says where the days of a time zone lie. A day begins at the first instant whose local date
// is that day or a later one, and it is over at the last instant at which the local date turns to a
// later one. Usually the one's end is the next one's beginning:
//
//	          |---- 24 h ----|-- 23 h --|
//	          |              |     clocks 00:00 -> 01:00: the day begins at 01:00
//	----------+--------------+----------+-------> time
//
// Where clocks went back from past midnight to before it (America/St_Johns at 00:01, until 2010), the new
// day begins before the old one is over; both count against whoever owes the notice. A date that the zone skipped (Pacific/Apia
// had no 2011-12-30) begins and ends at once: it does not exist.
type localDays struct {
	zone *time.Location
	last offsetSpan
}

// offsetSpan is a stretch of time, from <= t < to, that has one offset from UTC. All are seconds.
type offsetSpan struct{ from, to, offset int64 }

// begins is the Unix time at which d begins.
func (l *localDays) begins(d day) int64 { return l.reads(int64(d) * secondsPerDay) }

// reads is the Unix time at which the clocks of the zone first read that time or a later one. It is given as though
// local time were UTC.
func (l *localDays) reads(local int64) int64 {
	for at := local - secondsPerDay; ; { // no zone is a whole day away
		span := l.spanAt(at)
		if first := max(at, local-span.offset); first < span.to {
			return first
		}
		at = span.to
	}
}

// ends is the Unix time at which d is over for good.
func (l *localDays) ends(d day) int64 {
	midnight := int64(d+1) * secondsPerDay
	end := midnight - secondsPerDay
	for at := end; at < midnight+secondsPerDay; {
		span := l.spanAt(at)
		if last := min(span.to, midnight-span.offset); last > at {
			end = last
		}
		at = span.to
	}
	return end
}

func (l *localDays) exists(d day) bool { return l.begins(d) < l.ends(d) }

// on is the local date at t.
func (l *localDays) on(t time.Time) day { return dayOf(t.In(l.zone).Date()) }

// firstFull is the first day that has not begun before t.
func (l *localDays) firstFull(t time.Time) day {
	at := t.Unix()
	if t.Nanosecond() > 0 {
		at++ // days begin on whole seconds
	}
	d := l.on(t)
	for l.begins(d) < at {
		d++
	}
	return d
}

// lastFull is the last day that is over by t.
func (l *localDays) lastFull(t time.Time) day {
	d := l.on(t)
	for l.ends(d) > t.Unix() {
		d--
	}
	return d
}

// spanAt finds the span that holds at. It is asked for neighbouring days and remembers the last span.
// Spans are only followed forwards, from some way before: the start that ZoneBounds gives may lie before
// the last change it has on record.
func (l *localDays) spanAt(at int64) offsetSpan {
	const wayBack = 100 * secondsPerDay
	for from := at - wayBack; at < l.last.from || at >= l.last.to; {
		l.last = spanFrom(from, l.zone)
		from = l.last.to
	}
	return l.last
}

func spanFrom(from int64, zone *time.Location) offsetSpan {
	t := time.Unix(from, 0).In(zone)
	_, offset := t.Zone()
	_, end := t.ZoneBounds()
	to := end.Unix()
	switch {
	case end.IsZero(): // no change to come
		to = from + 2*365*secondsPerDay
	case to <= from: // ZoneBounds lets a leap year end a day early, and then looks back
		to = (from/secondsPerDay + 1) * secondsPerDay
	}
	return offsetSpan{from: from, to: to, offset: int64(offset)}
}
