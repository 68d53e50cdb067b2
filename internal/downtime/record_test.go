package downtime

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	v1alpha1 "forewarn.dev/forewarn/api/v1alpha1"
)

const (
	up         = v1alpha1.AvailabilityUp
	degraded   = v1alpha1.AvailabilityDegraded
	down       = v1alpha1.AvailabilityDown
	unobserved = v1alpha1.AvailabilityUnobserved
)

var began = time.Date(2027, 3, 1, 10, 0, 0, 0, time.UTC)

// ms is that many milliseconds after measuring began.
func ms(n int) time.Time { return began.Add(time.Duration(n) * time.Millisecond) }

func sight(at int, state v1alpha1.Availability, cause ...v1alpha1.DowntimeCause) Sight {
	s := Sight{At: ms(at), State: state}
	if len(cause) > 0 {
		s.Cause = cause[0]
	}
	return s
}

// span is an interval with the moments in milliseconds; to is -1 while it is open.
type span struct {
	From, To int
	State    v1alpha1.Availability
	Cause    v1alpha1.DowntimeCause
	Notice   string
}

func spans(log Log) []span {
	var all []span
	for _, i := range log.Intervals {
		s := span{From: int(i.StartTime.Sub(began).Milliseconds()), To: -1, State: i.State, Cause: i.Cause, Notice: string(i.Notice)}
		if i.EndTime != nil {
			s.To = int(i.EndTime.Sub(began).Milliseconds())
		}
		all = append(all, s)
	}
	return all
}

func TestRecord(t *testing.T) {
	const (
		rollout = v1alpha1.CauseRollout
		unknown = v1alpha1.CauseUnknown
		away    = v1alpha1.CauseNotWatching
	)
	planned := []Window{{Notice: "upkeep", Start: ms(2000), End: ms(4000)}}
	for name, tc := range map[string]struct {
		log     Log
		sights  []Sight
		windows []Window
		now     int
		want    []span
		state   v1alpha1.Availability
		since   int
	}{
		"what is up has no intervals":             {sights: []Sight{sight(0, up)}, now: 9000, state: up},
		"what is down has one that is open":       {sights: []Sight{sight(0, up), sight(1000, down, rollout)}, now: 1001, want: []span{{1000, -1, down, rollout, ""}}, state: down, since: 1000},
		"it ends at the moment it is up again":    {sights: []Sight{sight(0, up), sight(1000, down, rollout), sight(2500, up)}, now: 2500, want: []span{{1000, 2500, down, rollout, ""}}, state: up, since: 2500},
		"a state without a cause has an unknown":  {sights: []Sight{sight(0, down)}, now: 5, want: []span{{0, -1, down, unknown, ""}}, state: down},
		"a state of no length leaves no interval": {sights: []Sight{sight(0, up), sight(1000, down), sight(1000, up)}, now: 2000, state: up},
		"what is seen just now is the state":      {sights: []Sight{sight(0, up), sight(1000, down)}, now: 1000, state: down, since: 1000},
		"what is seen later than now is not":      {sights: []Sight{sight(0, up), sight(1001, down)}, now: 1000, state: up},
		"degraded and down are apart": {
			sights: []Sight{sight(0, degraded, rollout), sight(10, down, rollout), sight(20, degraded, rollout)}, now: 30,
			want: []span{{0, 10, degraded, rollout, ""}, {10, 20, down, rollout, ""}, {20, -1, degraded, rollout, ""}}, state: degraded, since: 20,
		},
		"a window for some of an API plans its brownout, and no more": {
			sights: []Sight{sight(0, up), sight(2000, down, v1alpha1.CauseBrownout), sight(2500, down, rollout), sight(3000, up)}, now: 5000,
			windows: []Window{{Notice: "upkeep", Start: ms(2000), End: ms(4000), Partial: true}},
			want:    []span{{2000, 2500, down, v1alpha1.CauseBrownout, "upkeep"}, {2500, 3000, down, rollout, ""}},
			state:   up, since: 3000,
		},
		"a window cuts where it begins and ends": {
			sights: []Sight{sight(0, up), sight(1000, down)}, now: 5000, windows: planned,
			want:  []span{{1000, 2000, down, unknown, ""}, {2000, 4000, down, unknown, "upkeep"}, {4000, -1, down, unknown, ""}},
			state: down, since: 1000,
		},
		"what begins and ends with the window is planned": {
			sights: []Sight{sight(0, up), sight(2000, down), sight(4000, up)}, now: 5000, windows: planned,
			want: []span{{2000, 4000, down, unknown, "upkeep"}}, state: up, since: 4000,
		},
		"a millisecond before and after is not": {
			sights: []Sight{sight(0, up), sight(1999, down), sight(4001, up)}, now: 5000, windows: planned,
			want:  []span{{1999, 2000, down, unknown, ""}, {2000, 4000, down, unknown, "upkeep"}, {4000, 4001, down, unknown, ""}},
			state: up, since: 4001,
		},
		"of two windows the earlier counts": {
			sights: []Sight{sight(0, up), sight(1000, down)}, now: 6000,
			windows: []Window{{Notice: "b", Start: ms(3000), End: ms(5000)}, planned[0]},
			want: []span{{1000, 2000, down, unknown, ""}, {2000, 4000, down, unknown, "upkeep"}, {4000, 5000, down, unknown, "b"},
				{5000, -1, down, unknown, ""}}, state: down, since: 1000,
		},
		"time that nobody saw is never planned": {
			sights: []Sight{sight(0, up), sight(1000, unobserved), sight(6000, up)}, now: 7000, windows: planned,
			want: []span{{1000, 6000, unobserved, away, ""}}, state: up, since: 6000,
		},
		"a cause that is found out later is that of all of it": {
			sights: []Sight{sight(0, up), sight(1000, down), sight(3000, down, rollout)}, now: 6000, windows: planned,
			want:  []span{{1000, 2000, down, rollout, ""}, {2000, 4000, down, rollout, "upkeep"}, {4000, -1, down, rollout, ""}},
			state: down, since: 1000,
		},
		"another cause begins another interval": {
			sights: []Sight{sight(0, down, rollout), sight(1000, down, v1alpha1.CauseDrain)}, now: 2000,
			want:  []span{{0, 1000, down, rollout, ""}, {1000, -1, down, v1alpha1.CauseDrain, ""}},
			state: down,
		},
		"a brownout explains nothing but itself": {
			sights: []Sight{sight(0, down), sight(1000, down, v1alpha1.CauseBrownout)}, now: 2000,
			want:  []span{{0, 1000, down, unknown, ""}, {1000, -1, down, v1alpha1.CauseBrownout, ""}},
			state: down,
		},
		"time before the first sight is unobserved": {
			log: Log{State: up, StateTime: ms(0), Since: ms(0), Until: ms(1000)}, sights: []Sight{sight(1500, up)}, now: 2000,
			want: []span{{1000, 1500, unobserved, away, ""}}, state: up, since: 1500,
		},
		"and so is all of it where nothing was seen": {
			log: Log{State: up, StateTime: ms(0), Since: ms(0), Until: ms(1000)}, now: 2000,
			want: []span{{1000, -1, unobserved, away, ""}}, state: unobserved, since: 1000,
		},
		"what is written down stays": {
			log: Log{State: up, StateTime: ms(0), Since: ms(0), Until: ms(3000)}, sights: []Sight{sight(1000, down), sight(2000, up)}, now: 4000, state: up,
		},
		"nothing is known of what never was seen": {now: 1000},
	} {
		t.Run(name, func(t *testing.T) {
			got := Record(tc.log, Sighting{Now: ms(tc.now), Sights: tc.sights}, tc.windows)
			if diff := cmp.Diff(tc.want, spans(got)); diff != "" {
				t.Error(diff)
			}
			if got.State != tc.state || tc.state != "" && (!got.StateTime.Equal(ms(tc.since)) || !got.Until.Equal(ms(tc.now)) || !got.Since.Equal(began)) {
				t.Errorf("%s since %s, measured from %s until %s", got.State, got.StateTime, got.Since, got.Until)
			}
		})
	}
}

// A clock that stands or goes back records nothing.
func TestRecordNothingTwice(t *testing.T) {
	log := Record(Log{}, Sighting{Now: ms(5000), Sights: []Sight{sight(0, up), sight(1000, down)}}, nil)
	for _, now := range []int{5000, 4999, 0} {
		if diff := cmp.Diff(log, Record(log, Sighting{Now: ms(now), Sights: []Sight{sight(0, up)}}, nil)); diff != "" {
			t.Errorf("at %d ms:\n%s", now, diff)
		}
	}
}

// history is what happened to an API, what was planned, and at which moments it was written down.
type history struct {
	sights  []Sight
	windows []Window
	cuts    []int
	end     int
}

// histories are in milliseconds that often coincide.
var histories = rapid.Custom(func(t *rapid.T) history {
	moment := rapid.IntRange(0, 60)
	var h history
	at := 0
	for range rapid.IntRange(1, 12).Draw(t, "sights") {
		state := rapid.SampledFrom([]v1alpha1.Availability{up, degraded, down, unobserved}).Draw(t, "state")
		cause := rapid.SampledFrom([]v1alpha1.DowntimeCause{"", v1alpha1.CauseUnknown, v1alpha1.CauseRollout, v1alpha1.CauseDrain, v1alpha1.CauseBrownout}).Draw(t, "cause")
		h.sights = append(h.sights, sight(at, state, cause))
		at += rapid.IntRange(0, 9).Draw(t, "later")
	}
	for range rapid.IntRange(0, 3).Draw(t, "windows") {
		start := moment.Draw(t, "start")
		h.windows = append(h.windows, Window{
			Notice: rapid.SampledFrom([]string{"a", "b"}).Draw(t, "notice"),
			Start:  ms(start), End: ms(start + rapid.IntRange(1, 20).Draw(t, "length")),
		})
	}
	h.end = at + rapid.IntRange(1, 20).Draw(t, "rest")
	h.cuts = rapid.SliceOfN(rapid.IntRange(0, h.end), 0, 8).Draw(t, "cuts")
	return h
})

func TestRecordInPiecesIsRecordInOneGo(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		h := histories.Draw(t, "history")
		whole := Record(Log{}, Sighting{Now: ms(h.end), Sights: h.sights}, h.windows)
		var pieces Log
		for _, cut := range append(h.cuts, h.end) {
			pieces = Record(pieces, Sighting{Now: ms(cut), Sights: h.sights}, h.windows)
		}
		if diff := cmp.Diff(whole, pieces); diff != "" {
			t.Fatal(diff)
		}
	})
}

// Each millisecond is in the intervals as what it was last seen to be, and once.
func TestRecordCountsEachMomentOnce(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		h := histories.Draw(t, "history")
		log := Record(Log{}, Sighting{Now: ms(h.end), Sights: h.sights}, h.windows)
		for at := range h.end {
			want := up
			for _, s := range h.sights {
				if !s.At.After(ms(at)) {
					want = s.State
				}
			}
			var found []v1alpha1.Availability
			for _, i := range log.Intervals {
				end := log.Until
				if i.EndTime != nil {
					end = i.EndTime.Time
				}
				if (Window{Start: i.StartTime.Time, End: end}).Contains(ms(at)) {
					found = append(found, i.State)
					in := false
					for _, w := range h.windows {
						in = in || w.Contains(ms(at))
					}
					if (i.Notice != "") != (in && i.State != unobserved) {
						t.Fatalf("%d ms is planned by %q, in a window: %v", at, i.Notice, in)
					}
				}
			}
			if want == up && len(found) > 0 || want != up && (len(found) != 1 || found[0] != want) {
				t.Fatalf("%d ms was %s and counts as %s", at, want, found)
			}
		}
		for i := range log.Intervals {
			if open := log.Intervals[i].EndTime == nil; open != (i == len(log.Intervals)-1 && log.State != up) {
				t.Fatalf("interval %d of %d is open: %v", i, len(log.Intervals), open)
			}
		}
	})
}
