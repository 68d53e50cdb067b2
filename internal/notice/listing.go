package notice

import (
	"time"

	v1alpha1 "forewarn.dev/forewarn/api/v1alpha1"
)

// Listing is a notice that lists a change.
type Listing struct {
	Notice string
	// Published is the moment at which customers were told of it.
	Published time.Time
}

// Listing are the notices that stand at now and list the change, by name. Whether they let it serve does not matter:
// also what comes before its date is what customers were told of.
func (l *Ledger) Listing(c Change, now time.Time) []Listing {
	var all []Listing
	c.Operation = Operation(c.Operation)
	for _, r := range l.records {
		if r.lists(&c) && r.standing(now) == v1alpha1.ReasonPublished {
			all = append(all, Listing{Notice: r.notice.Name, Published: r.stamped})
		}
	}
	return all
}
