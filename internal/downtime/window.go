package downtime

import "time"

const (
	day = 24 * time.Hour
	// usualDays are those that count where a budget says nothing of it.
	usualDays = 30
	// longestMonth holds any month of any time zone that is under way: it stands in for one that cannot be told.
	longestMonth = 31
)

// Frame is the time that downtime is counted in: the last days, or the present month.
type Frame struct {
	// Days are of 24 hours each. 0: it is the month of Zone.
	Days int
	Zone *time.Location
}

// Start is the moment at which the frame begins that t lies in.
func (f Frame) Start(t time.Time) time.Time {
	if f.Days > 0 {
		return t.Add(-f.length())
	}
	start, _ := f.month(t)
	return start
}

// End is the moment at which all that lies before t has left the frame.
func (f Frame) End(t time.Time) time.Time {
	if f.Days > 0 {
		return t.Add(f.length())
	}
	_, end := f.month(t)
	return end
}

func (f Frame) length() time.Duration { return time.Duration(f.Days) * day }

// month is the month that t lies in.
func (f Frame) month(t time.Time) (start, end time.Time) {
	year, month, _ := t.In(f.Zone).Date()
	start, end = monthStart(year, month, f.Zone), monthStart(year, month+1, f.Zone)
	if !end.After(t) { // the clocks went back over its end, and read the old month again
		start, end = end, monthStart(year, month+2, f.Zone)
	}
	return start, end
}

// monthStart is the moment at which the clocks of a zone first read the midnight that a month begins with, or a later
// time where they leave it out.
func monthStart(year int, month time.Month, zone *time.Location) time.Time {
	midnight := time.Date(year, month, 1, 0, 0, 0, 0, time.UTC)
	for at := midnight.Add(-day); ; { // no zone is a whole day away
		_, offset := at.In(zone).Zone()
		reads := midnight.Add(-time.Duration(offset) * time.Second)
		if reads.Before(at) {
			reads = at
		}
		_, end := at.In(zone).ZoneBounds()
		if end.IsZero() || reads.Before(end) {
			return reads
		}
		if !end.After(at) { // ZoneBounds lets a leap year end a day early, and then looks back
			end = at.Add(time.Hour)
		}
		at = end.UTC()
	}
}
