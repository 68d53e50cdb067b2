package downtime

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	v1alpha1 "forewarn.dev/forewarn/api/v1alpha1"
)

func TestGap(t *testing.T) {
	const unknown = v1alpha1.CauseUnknown
	lost := func(from, to int) span { return span{from, to, unobserved, v1alpha1.CauseNotWatching, ""} }
	for name, tc := range map[string]struct {
		before, after v1alpha1.Availability
		unchanged     bool
		ready         time.Time
		want          []span
	}{
		"up at both ends is not up between":            {before: up, after: up, want: []span{lost(1000, 9000)}},
		"up at both ends, and nothing changed":         {before: up, after: up, unchanged: true},
		"up, then down":                                {before: up, after: down, want: []span{lost(1000, 9000), {9000, -1, down, unknown, ""}}},
		"up, then down, though nothing changed":        {before: up, after: down, unchanged: true, want: []span{lost(1000, 9000), {9000, -1, down, unknown, ""}}},
		"down at both ends":                            {before: down, after: down, want: []span{{500, -1, down, unknown, ""}}},
		"degraded at both ends":                        {before: degraded, after: degraded, want: []span{{500, -1, degraded, unknown, ""}}},
		"unobserved at both ends":                      {before: unobserved, after: unobserved, want: []span{{500, -1, unobserved, v1alpha1.CauseNotWatching, ""}}},
		"down, then up, and the pods say since when":   {before: down, after: up, ready: ms(4000), want: []span{{500, 4000, down, unknown, ""}, lost(4000, 9000)}},
		"down, then up just now":                       {before: down, after: up, ready: ms(9000), want: []span{{500, 9000, down, unknown, ""}}},
		"down, then up by a clock that is ahead":       {before: down, after: up, ready: ms(9500), want: []span{{500, 9000, down, unknown, ""}}},
		"down, then up, and the pods say nothing":      {before: down, after: up, want: []span{{500, 1000, down, unknown, ""}, lost(1000, 9000)}},
		"down, then up, though they were ready before": {before: down, after: up, ready: ms(1000), want: []span{{500, 1000, down, unknown, ""}, lost(1000, 9000)}},
		"ready just after":                             {before: down, after: up, ready: ms(1001), want: []span{{500, 1001, down, unknown, ""}, lost(1001, 9000)}},
		"down, then degraded":                          {before: down, after: degraded, ready: ms(4000), want: []span{{500, 1000, down, unknown, ""}, lost(1000, 9000), {9000, -1, degraded, unknown, ""}}},
		"degraded, then up":                            {before: degraded, after: up, ready: ms(4000), want: []span{{500, 1000, degraded, unknown, ""}, lost(1000, 9000)}},
	} {
		t.Run(name, func(t *testing.T) {
			gap := Gap{Before: sight(1000, tc.before), After: sight(9000, tc.after), Unchanged: tc.unchanged, ReadySince: tc.ready}
			sights := append([]Sight{sight(0, up), sight(500, tc.before)}, gap.Sights()...)
			got := Record(Log{}, Sighting{Now: ms(10000), Sights: sights}, nil)
			if diff := cmp.Diff(tc.want, spans(got)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// A gap is up only where nothing changed in it, and its sights leave nothing out.
func TestAGapIsNeverUp(t *testing.T) {
	states := rapid.SampledFrom([]v1alpha1.Availability{up, degraded, down, unobserved})
	rapid.Check(t, func(t *rapid.T) {
		gap := Gap{
			Before: sight(rapid.IntRange(0, 50).Draw(t, "from"), states.Draw(t, "before")),
			After:  sight(rapid.IntRange(0, 50).Draw(t, "to"), states.Draw(t, "after")),
		}
		if rapid.Bool().Draw(t, "pods") {
			gap.ReadySince = ms(rapid.IntRange(-10, 60).Draw(t, "ready"))
		}
		sights := gap.Sights()
		if last := sights[len(sights)-1]; last != gap.After {
			t.Fatalf("it ends with %v", last)
		}
		if !gap.After.At.After(gap.Before.At) {
			return
		}
		if !sights[0].At.Equal(gap.Before.At) {
			t.Fatalf("it begins at %s", sights[0].At)
		}
		for i, s := range sights[:len(sights)-1] {
			if s.State == up || sights[i+1].At.Before(s.At) {
				t.Fatalf("sight %d of %v", i, sights)
			}
		}
	})
}
