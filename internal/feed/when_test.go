package feed

import (
	"testing"
	"time"
)

func TestDatesInWords(t *testing.T) {
	zone := func(name string) *time.Location {
		location, err := time.LoadLocation(name)
		if err != nil {
			t.Fatal(err)
		}
		return location
	}
	for name, tc := range map[string]struct {
		at    time.Time
		zone  *time.Location
		want  string
		brief string
	}{
		"UTC is spelled out": {
			date(2027, time.July, 1, 0), time.UTC,
			"Thursday 1 July 2027, 00:00 Coordinated Universal Time (UTC)",
			"Thursday 1 July 2027, 00:00 UTC",
		},
		"the days of the zone and of UTC differ": {
			date(2027, time.June, 30, 22), zone("Europe/Berlin"),
			"Thursday 1 July 2027, 00:00 Berlin time (Wednesday 30 June 2027, 22:00 UTC)",
			"Thursday 1 July 2027, 00:00 Berlin time",
		},
		"a second before midnight in Berlin it is the day before": {
			date(2027, time.June, 30, 22).Add(-time.Second), zone("Europe/Berlin"),
			"Wednesday 30 June 2027, 23:59:59 Berlin time (21:59:59 UTC)",
			"Wednesday 30 June 2027, 23:59:59 Berlin time",
		},
		"standard time": {
			date(2027, time.January, 4, 12), zone("Europe/Berlin"),
			"Monday 4 January 2027, 13:00 Berlin time (12:00 UTC)",
			"Monday 4 January 2027, 13:00 Berlin time",
		},
		"a zone of several words": {
			date(2027, time.January, 1, 1), zone("America/New_York"),
			"Thursday 31 December 2026, 20:00 New York time (Friday 1 January 2027, 01:00 UTC)",
			"Thursday 31 December 2026, 20:00 New York time",
		},
		"a zone of three parts": {
			date(2027, time.January, 1, 12), zone("America/Argentina/Buenos_Aires"),
			"Friday 1 January 2027, 09:00 Buenos Aires time (12:00 UTC)",
			"Friday 1 January 2027, 09:00 Buenos Aires time",
		},
	} {
		t.Run(name, func(t *testing.T) {
			if got := inWords(tc.at, tc.zone); got != tc.want {
				t.Errorf("inWords: %q, want %q", got, tc.want)
			}
			if got := inBrief(tc.at, tc.zone); got != tc.brief {
				t.Errorf("inBrief: %q, want %q", got, tc.brief)
			}
		})
	}
}
