package gate

import (
	"fmt"

	v1alpha1 "forewarn.dev/forewarn/api/v1alpha1"
)

// checkNotices finds the changes that customers were not told of, or not long enough ago (R4). An API that no
// policy selects owes nothing to anybody.
func checkNotices(r *reading) []Finding {
	if len(r.policies) == 0 {
		return nil
	}
	var found []Finding
	for _, w := range r.needing() {
		f := Finding{Path: fmt.Sprintf("changes[%s]", w.Fingerprint), Blocks: true}
		switch {
		case w.held != nil:
			f.Reason = v1alpha1.ReasonHeld
			f.Message = fmt.Sprintf("%s: customers were told by notice %s, which is held: %s", describe(w), short(w.held.Name), heldText(w.held))
		case w.rank == rankUncovered:
			f.Reason = v1alpha1.ReasonNoticeMissing
			f.Message = fmt.Sprintf("%s: no notice covers it, and %s", describe(w), owedText(w.owed.Owed))
		case w.rank == rankRunning:
			next := w.coverage[0]
			f.Reason, f.ClearsAt = v1alpha1.ReasonNoticeRunning, &next.Matures
			f.Message = fmt.Sprintf("%s: may serve from %s, by notice %s%s",
				describe(w), moment(next.Matures, next.Owed.Period.Zone), next.Notice, delayText(next.Silence))
		default:
			continue
		}
		found = append(found, f)
	}
	return found
}
