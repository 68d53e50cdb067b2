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
		switch w.rank {
		case rankUncovered:
			f.Reason = v1alpha1.ReasonNoticeMissing
			f.Message = fmt.Sprintf("%s: no notice covers it, and %s", describe(w), owedText(w.owed.Owed))
		case rankRunning:
			next := w.coverage[0]
			f.Reason, f.ClearsAt = v1alpha1.ReasonNoticeRunning, &next.Matures
			f.Message = fmt.Sprintf("%s: may serve from %s, by notice %s",
				describe(w), moment(next.Matures, next.Owed.Period.Zone), next.Notice)
		default:
			continue
		}
		found = append(found, f)
	}
	return found
}
