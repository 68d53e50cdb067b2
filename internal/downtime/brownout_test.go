package downtime

import (
	"fmt"
	"strings"
	"testing"
	"time"

	v1alpha1 "forewarn.dev/forewarn/api/v1alpha1"
)

// told are intervals, in minutes from noon: 0-5 Down Brownout works.
func told(log Log) string {
	var texts []string
	for _, i := range log.Intervals {
		end := "open"
		if i.EndTime != nil {
			end = fmt.Sprint(i.EndTime.Sub(noon).Minutes())
		}
		texts = append(texts, strings.TrimSpace(fmt.Sprintf("%v-%s %s %s %s", i.StartTime.Sub(noon).Minutes(), end, i.State, i.Cause, i.Notice)))
	}
	return strings.Join(texts, "; ")
}

func TestBrownouts(t *testing.T) {
	minute := func(n int) time.Time { return noon.Add(time.Duration(n) * time.Minute) }
	up := func(n int) Sight { return Sight{At: minute(n), State: v1alpha1.AvailabilityUp} }
	failed := func(n int) Sight {
		return Sight{At: minute(n), State: v1alpha1.AvailabilityDown, Cause: v1alpha1.CauseDrain}
	}
	fewer := func(n int) Sight {
		return Sight{At: minute(n), State: v1alpha1.AvailabilityDegraded, Cause: v1alpha1.CauseDrain}
	}
	healthy := Log{State: v1alpha1.AvailabilityUp, StateTime: minute(-60), Since: minute(-60), Until: minute(0)}
	browned := Record(healthy, Sighting{Now: minute(10), Sights: []Sight{up(-60), {At: minute(5), State: v1alpha1.AvailabilityDown, Cause: v1alpha1.CauseBrownout}}}, nil)
	window := []Window{{Notice: "works", Start: minute(5), End: minute(15)}}
	for name, c := range map[string]struct {
		log    Log
		sights []Sight
		since  *time.Time
		want   string
		state  v1alpha1.Availability
	}{
		"none":                       {healthy, []Sight{up(-60)}, nil, "", v1alpha1.AvailabilityUp},
		"one that began":             {healthy, []Sight{up(-60)}, ptrTo(minute(5)), "5-15 Down Brownout works; 15-open Down Brownout", v1alpha1.AvailabilityDown},
		"one that began long before": {healthy, []Sight{up(-60)}, ptrTo(minute(-5)), "0-5 Down Brownout; 5-15 Down Brownout works; 15-open Down Brownout", v1alpha1.AvailabilityDown},
		"one that is to begin":       {healthy, []Sight{up(-60)}, ptrTo(minute(21)), "", v1alpha1.AvailabilityUp},
		"one that goes on":           {browned, []Sight{up(-60)}, ptrTo(minute(5)), "5-10 Down Brownout; 10-15 Down Brownout works; 15-open Down Brownout", v1alpha1.AvailabilityDown},
		"one that is over":           {browned, []Sight{up(-60)}, nil, "5-10 Down Brownout; 10-15 Down Brownout works; 15-20 Down Brownout", v1alpha1.AvailabilityUp},
		"over what failed": {
			healthy, []Sight{up(-60), failed(8), up(12)}, ptrTo(minute(5)),
			"5-8 Down Brownout works; 8-12 Down Drain works; 12-15 Down Brownout works; 15-open Down Brownout", v1alpha1.AvailabilityDown,
		},
		"over what was degraded":              {healthy, []Sight{fewer(-60)}, ptrTo(minute(5)), "0-5 Degraded Drain; 5-15 Down Brownout works; 15-open Down Brownout", v1alpha1.AvailabilityDown},
		"over what nobody saw":                {healthy, nil, ptrTo(minute(5)), "0-5 Unobserved NotWatching; 5-15 Down Brownout works; 15-open Down Brownout", v1alpha1.AvailabilityDown},
		"one that is over, and what is there": {browned, []Sight{up(-60), failed(12)}, nil, "5-10 Down Brownout; 10-12 Down Brownout works; 12-15 Down Drain works; 15-open Down Drain", v1alpha1.AvailabilityDown},
	} {
		t.Run(name, func(t *testing.T) {
			s := WithBrownout(c.log, Sighting{Now: minute(20), Sights: c.sights}, c.since)
			got := Record(c.log, s, window)
			if told(got) != c.want || got.State != c.state {
				t.Errorf("%s, %s\nwant %s, %s", told(got), got.State, c.want, c.state)
			}
		})
	}
}
