package signal_test

import (
	"testing"
	"time"

	"forewarn.dev/forewarn/internal/signal"
)

func TestWhatLeadsAway(t *testing.T) {
	order := browning(ofSchedule("a", "v1"), "first", end)
	gone := away(t, "v1")
	left := rewrite(t, signal.Route{Rules: rules(t, owners), Record: gone.Record}, noon.Add(time.Minute), order)
	for name, c := range map[string]struct {
		record string
		want   bool
	}{
		"nothing was written":       {"", false},
		"headers":                   {rewrite(t, signal.Route{Rules: rules(t, owners)}, noon, ofSchedule("a")).Record, false},
		"a rule that is away":       {gone.Record, true},
		"one that its owner has":    {left.Record, false},
		"one that was put back":     {rewrite(t, next(gone), end, ofSchedule("a")).Record, false},
		"what somebody wrote there": {"{", true},
	} {
		if got := signal.LeadsAway(c.record); got != c.want {
			t.Errorf("%s: %t", name, got)
		}
	}
}
