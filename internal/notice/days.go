// Package notice counts the notice that customers are owed: periods of days in their time zone, and
// what a notice covers. It is pure: the same arguments give the same answer on every machine.
package notice

import (
	"fmt"
	"time"
)

const (
	maxDays     = 3650
	maxHolidays = 32
	maxClosed   = 1000
	// maxWalk bounds a count of business days: 3,650 of them take about 15 years.
	maxWalk = 30 * 366
	// maxDaysLeft is what DaysLeft answers for everything farther away: a century.
	maxDaysLeft = 36525
)

// Period is how much notice one rule owes: full calendar days in the customers' time zone.
type Period struct {
	// Days is how many days, 0 to 3650.
	Days int
	// Business counts Monday to Friday only, without Holidays and Closed.
	Business bool
	// Zone is the customers' time zone, an IANA name such as Europe/Berlin, or UTC.
	Zone string
	// Holidays names the calendars whose holidays are no business days: ISO 3166 codes of countries or of
	// their parts, such as US or DE-BE. A day that is a holiday in one of them does not count.
	Holidays []string
	// Closed are further dates that are no business days, such as 2027-12-24.
	Closed []string
}

// Validate says what is wrong with the period, also in fields that only business days need.
func (p Period) Validate() error {
	_, err := p.counter()
	return err
}

// End is the moment the period is over when its clock starts at start: the end of its last day.
//
// Only full days count. A clock that starts on the instant at which the local date changes gets that
// day; one that starts a moment later gets the next day as its first. A period of no days ends at start.
func (p Period) End(start time.Time) (time.Time, error) {
	c, err := p.counter()
	if err != nil {
		return time.Time{}, err
	}
	if err := checkInstant(start); err != nil {
		return time.Time{}, err
	}
	if p.Days == 0 {
		return start.UTC(), nil
	}
	last, err := c.walk(c.local.firstFull(start), +1, p.Days)
	if err != nil {
		return time.Time{}, err
	}
	end := time.Unix(c.local.ends(last), 0).UTC()
	if err := checkInstant(end); err != nil {
		return time.Time{}, fmt.Errorf("ending %d days after %s: %w", p.Days, start.UTC().Format(time.RFC3339), err)
	}
	return end, nil
}

// LatestStart is the last moment at which a clock can start for the period to be over by end: End of it
// is at or before end, and End of any later moment is after end.
func (p Period) LatestStart(end time.Time) (time.Time, error) {
	c, err := p.counter()
	if err != nil {
		return time.Time{}, err
	}
	if err := checkInstant(end); err != nil {
		return time.Time{}, err
	}
	if p.Days == 0 {
		return end.UTC(), nil
	}
	first, err := c.walk(c.local.lastFull(end), -1, p.Days)
	if err != nil {
		return time.Time{}, err
	}
	start := time.Unix(c.local.begins(first), 0).UTC()
	if err := checkInstant(start); err != nil {
		return time.Time{}, fmt.Errorf("starting %d days before %s: %w", p.Days, end.UTC().Format(time.RFC3339), err)
	}
	return start, nil
}

// DaysLeft is how many full calendar days of the zone lie between now and end. The day under way and a
// last day that end cuts short do not count, so that whoever plans by the number never finds a day
// missing; 0 says less than a full day, not that end has come. It stops counting at a century.
func DaysLeft(now, end time.Time, zone *time.Location) int {
	if zone == nil {
		zone = time.UTC
	}
	local := localDays{zone: zone}
	left := 0
	for d := local.firstFull(now); left < maxDaysLeft && local.ends(d) <= end.Unix(); d++ {
		if local.exists(d) {
			left++
		}
	}
	return left
}

// counter counts the days that make up a period.
type counter struct {
	local  localDays
	closed func(day) bool // nil: every day counts
}

func (p Period) counter() (*counter, error) {
	if p.Days < 0 || p.Days > maxDays {
		return nil, fmt.Errorf("%d days of notice are not between 0 and %d", p.Days, maxDays)
	}
	zone, err := ParseZone(p.Zone)
	if err != nil {
		return nil, err
	}
	closed, err := newClosedDays(p.Holidays, p.Closed)
	if err != nil {
		return nil, err
	}
	c := &counter{local: localDays{zone: zone}}
	if p.Business {
		c.closed = closed.has
	}
	return c, nil
}

func (c *counter) counts(d day) bool {
	return (c.closed == nil || !c.closed(d)) && c.local.exists(d)
}

// walk goes from one day to the next, or to the one before, until it has met the given number of days
// that count, and says which was the last.
func (c *counter) walk(from, step day, days int) (day, error) {
	d, left := from, days
	for range maxWalk {
		if c.counts(d) {
			left--
		}
		if left == 0 {
			return d, nil
		}
		d += step
	}
	return 0, fmt.Errorf("there are no %d business days between %s and %s: too much is closed",
		days, min(from, d).time().Format(time.DateOnly), max(from, d).time().Format(time.DateOnly))
}
