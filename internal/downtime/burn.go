package downtime

import "time"

// burn is what was used in the last 24 hours, in percent of what may be used in as long a part of the window, rounded up.
// Where nothing may be, it is 100 as soon as anything was.
func (t Terms) burn(lastDay time.Duration, now time.Time) int64 {
	switch {
	case lastDay <= 0:
		return 0
	case t.Allowed == 0:
		return 100
	}
	window := t.Frame.length()
	if t.Frame.Days == 0 {
		start, end := t.Frame.month(now)
		window = end.Sub(start)
	}
	used := 100 * seconds(lastDay) * seconds(window)
	may := seconds(day) * seconds(t.Allowed)
	return (used + may - 1) / may
}

// exhausted is the moment at which the rest is used at the rate of the last 24 hours, to the minute: it is no more than
// a guess. Nil: not before all that was used until now has left the window.
func (t Terms) exhausted(left, lastDay time.Duration, now time.Time) *time.Time {
	if lastDay <= 0 || t.Allowed == 0 {
		return nil
	}
	rest := t.Frame.End(now).Sub(now)
	takes := seconds(left) * seconds(day) / seconds(lastDay)
	if takes >= seconds(rest) { // as a number: a Duration holds no more than 292 years
		return nil
	}
	at := lastOf(now, now.Add(time.Duration(takes)*time.Second).Truncate(time.Minute))
	return &at
}

func seconds(d time.Duration) int64 { return int64(inSeconds(d) / time.Second) }
