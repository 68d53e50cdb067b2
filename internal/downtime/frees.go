package downtime

import (
	"slices"
	"time"
)

// frees is the first whole second after now at which something is left, if the API is up from now on.
func (l *ledger) frees(now time.Time) *time.Time {
	if l.terms.Frame.Days == 0 {
		end := atNextSecond(l.terms.Frame.End(now))
		return &end
	}
	before := now
	for _, turn := range l.turns() {
		if !turn.After(now) {
			continue
		}
		if !l.spent(turn) {
			at := atNextSecond(firstAt(before, turn, func(t time.Time) bool { return !l.spent(t) }))
			return &at
		}
		before = turn
	}
	return nil // nothing is used once all has left
}

// spentSince is the moment since which nothing is left, where nothing is.
func (l *ledger) spentSince(now time.Time) time.Time {
	turns := l.turns()
	if l.terms.Frame.Days == 0 {
		turns = append(turns, l.terms.Frame.Start(now))
		slices.SortFunc(turns, time.Time.Compare)
	}
	since := now
	for _, turn := range slices.Backward(turns) {
		if turn.After(since) {
			continue
		}
		if !l.spent(turn) {
			return firstAt(turn, since, l.spent)
		}
		since = turn
	}
	return since
}
