package gate

import (
	"fmt"
	"time"

	v1alpha1 "forewarn.dev/forewarn/api/v1alpha1"
)

// clockSkew is how far clocks of one cluster may be apart.
const clockSkew = time.Minute

// checkClock finds that now is before the revision was created: then it is not now (R12). A clock that is
// ahead is not seen here; whoever hands in the time bounds it by the API server's.
func checkClock(r *reading) []Finding {
	reliable := r.Revision.CreationTimestamp.Add(-clockSkew)
	if year := r.Now.Year(); year < 1970 || year > 9999 {
		return []Finding{{
			Reason: v1alpha1.ReasonClockUnreliable, Blocks: true, Path: "metadata.creationTimestamp",
			Message: "the clock of forewarn is not set: set it",
		}}
	}
	if r.Revision.CreationTimestamp.IsZero() || !r.Now.Before(reliable) {
		return nil
	}
	clears := reliable.UTC()
	return []Finding{{
		Reason: v1alpha1.ReasonClockUnreliable, Blocks: true, Path: "metadata.creationTimestamp", ClearsAt: &clears,
		Message: fmt.Sprintf("the clock of forewarn says %s, and the revision was created %s: put the clock right",
			moment(r.Now, ""), moment(r.Revision.CreationTimestamp.UTC(), "")),
	}}
}
