package notice

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"time"

	v1alpha1 "forewarn.dev/forewarn/api/v1alpha1"
)

// quietHorizon is how far ahead a moment is looked for that suits everybody: all days of the week.
const quietHorizon = 7 * secondsPerDay

// QuietTimes are the hours of one policy in which customers are left alone, by the clock of each.
type QuietTimes struct {
	from, to           int64 // seconds of the day
	weekends, holidays bool
	// calendar is that of the policy, for customers who have none.
	calendar Period
}

// Quiet says whether customers are to be left alone at a moment.
type Quiet struct {
	// Until is when they can be told. Zero: now.
	Until time.Time
	// Disturbed is for how many of the Customers it is a quiet hour even then, since none within 7 days suits all.
	Disturbed, Customers int
	// Policy is one that says so.
	Policy string
}

// QuietAt says whether it is a quiet hour of any customer, and when it is one of none or, where no moment of the next
// 7 days suits all, of the fewest.
func (ps Policies) QuietAt(calendars []v1alpha1.CustomerCalendar, now time.Time) (Quiet, error) {
	groups, by, err := ps.quietGroups(calendars)
	if err != nil || len(groups) == 0 {
		return Quiet{}, err
	}
	best := Quiet{Disturbed: disturbed(groups, now.Unix()), Policy: by}
	for _, g := range groups {
		best.Customers += g.customers
	}
	if best.Disturbed == 0 {
		return best, nil
	}
	for _, at := range opportunities(groups, now.Unix()) {
		if n := disturbed(groups, at); n < best.Disturbed {
			best.Disturbed, best.Until = n, time.Unix(at, 0).UTC()
		}
		if best.Disturbed == 0 {
			break
		}
	}
	return best, nil
}

// quietGroup are customers with the same clock and holidays.
type quietGroup struct {
	customers int
	clocks    []*quietClock // one for each policy with quiet hours
}

type quietClock struct {
	QuietTimes
	local  localDays
	closed *closedDays
}

func (ps Policies) quietGroups(calendars []v1alpha1.CustomerCalendar) (groups []quietGroup, by string, err error) {
	for i := range calendars {
		c := &calendars[i]
		g := quietGroup{customers: int(c.Customers)}
		for _, p := range ps {
			if p.Quiet == nil {
				continue
			}
			clock, err := p.Quiet.of(c)
			if err != nil {
				return nil, "", fmt.Errorf("reading the quiet hours of policy %s: %w", p.Name, err)
			}
			g.clocks, by = append(g.clocks, clock), cmp.Or(by, p.Name)
		}
		if len(g.clocks) > 0 {
			groups = append(groups, g)
		}
	}
	return groups, by, nil
}

func (q QuietTimes) of(c *v1alpha1.CustomerCalendar) (*quietClock, error) {
	zone, err := ParseZone(cmp.Or(c.TimeZone, q.calendar.Zone))
	if err != nil {
		return nil, err
	}
	holidays := slices.Concat(q.calendar.Holidays, c.Holidays)
	slices.Sort(holidays)
	closed, err := newClosedDays(slices.Compact(holidays), q.calendar.Closed)
	if err != nil {
		return nil, err
	}
	return &quietClock{QuietTimes: q, local: localDays{zone: zone}, closed: closed}, nil
}

// at says whether the hour is quiet by what the clock on the wall reads.
func (q *quietClock) at(t int64) bool {
	reads := t + q.local.spanAt(t).offset
	today := day(reads / secondsPerDay)
	if q.weekends && (today.weekday() == time.Saturday || today.weekday() == time.Sunday) || q.holidays && q.closed.holiday(today) {
		return true
	}
	second := reads % secondsPerDay
	if q.from < q.to {
		return q.from <= second && second < q.to
	}
	return q.from <= second || second < q.to
}

func disturbed(groups []quietGroup, t int64) int {
	n := 0
	for _, g := range groups {
		if slices.ContainsFunc(g.clocks, func(q *quietClock) bool { return q.at(t) }) {
			n += g.customers
		}
	}
	return n
}

// opportunities are the moments after now at which a quiet time may end somewhere, in order: at which a clock reads the
// end or midnight, each time that it does, or at which it is put forward or back.
func opportunities(groups []quietGroup, now int64) []int64 {
	moments := map[int64]bool{}
	for _, g := range groups {
		for _, q := range g.clocks {
			for at := now; at <= now+quietHorizon; {
				span := q.local.spanAt(at)
				moments[span.from] = true
				last := min(span.to, now+quietHorizon)
				for midnight := (at + span.offset) / secondsPerDay * secondsPerDay; midnight-span.offset <= last; midnight += secondsPerDay {
					for _, reads := range []int64{midnight, midnight + q.to} {
						if t := reads - span.offset; span.from <= t && t < span.to {
							moments[t] = true
						}
					}
				}
				at = span.to
			}
		}
	}
	maps.DeleteFunc(moments, func(t int64, _ bool) bool { return t <= now || t > now+quietHorizon })
	return slices.Sorted(maps.Keys(moments))
}
