package downtime

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	v1alpha1 "forewarn.dev/forewarn/api/v1alpha1"
)

// blips are of a tenth of a second each, one every two hours, the last at noon.
func blips(n int) Log {
	var log Log
	for i := range n {
		end := noon.Add(-time.Duration(n-1-i) * 2 * time.Hour)
		log.Intervals = append(log.Intervals, wentDown(end.Add(-100*time.Millisecond), end))
	}
	return log
}

func TestCompact(t *testing.T) {
	for n, older := range map[int]int{199: 0, 200: 0, 201: 1, 211: 1, 212: 2} {
		got := Compact(blips(n), noon)
		if len(got.Intervals) != min(n, 200) || len(got.Older) != older {
			t.Errorf("of %d: %d intervals, %d sums", n, len(got.Intervals), len(got.Older))
		}
	}
	// Those of one day are one sum, which says when the last was over.
	got := Compact(blips(214), noon)
	want := []v1alpha1.DowntimeSum{
		{UntilTime: micro(at("2027-02-11T22:00:00Z")), UnplannedSeconds: ptrTo(int64(3))},
		{UntilTime: micro(at("2027-02-12T20:00:00Z")), UnplannedSeconds: ptrTo(int64(11))},
	}
	if diff := cmp.Diff(want, got.Older); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestCompactKeepsKindsApart(t *testing.T) {
	log := blips(203)
	log.Intervals[1].Notice = "works"
	log.Intervals[2].State = v1alpha1.AvailabilityUnobserved
	got := Compact(log, noon)
	want := []v1alpha1.DowntimeSum{{
		UntilTime: log.Intervals[2].EndTime, UnplannedSeconds: ptrTo(int64(1)), PlannedSeconds: ptrTo(int64(1)), UnobservedSeconds: ptrTo(int64(1)),
	}}
	if diff := cmp.Diff(want, got.Older); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// An API that flickers for a year is not down for longer and longer.
func TestASumLeavesTheWindow(t *testing.T) {
	var log Log
	for i := range 366 * 12 {
		end := noon.Add(time.Duration(i-366*12+1) * 2 * time.Hour)
		log.Intervals = append(log.Intervals, wentDown(end.Add(-time.Second), end))
		log = Compact(log, end)
	}
	if got := Of(log, days(30, time.Hour), noon).Used; got < 360*time.Second || got > 372*time.Second {
		t.Errorf("used %s, of 360 times a second in the window", got)
	}
	if len(log.Older) > 367 {
		t.Errorf("%d sums", len(log.Older))
	}
}

func TestCompactForgetsWhatNoWindowReaches(t *testing.T) {
	edge := noon.Add(-366 * day)
	log := logOf(wentDown(edge.Add(-time.Hour), edge), wentDown(edge.Add(time.Minute), edge.Add(time.Hour)))
	log.Older = []v1alpha1.DowntimeSum{{UntilTime: micro(edge)}, {UntilTime: micro(edge.Add(time.Microsecond))}}
	got := Compact(log, noon)
	if len(got.Intervals) != 1 || len(got.Older) != 1 || !got.Older[0].UntilTime.After(edge) {
		t.Errorf("%+v", got)
	}
	if len(log.Intervals) != 2 || len(log.Older) != 2 || !log.Intervals[0].EndTime.Equal(micro(edge)) {
		t.Error("what was handed in was changed")
	}
}
