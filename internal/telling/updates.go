package telling

import (
	v1alpha1 "forewarn.dev/forewarn/api/v1alpha1"
	"forewarn.dev/forewarn/internal/delivery"
)

// update is the stage that tells what was added to the notice since customers were told; empty where they know all of
// it. What was added together is told together, under the number of the last.
func (t *told) update() v1alpha1.NoticeStage {
	publication := t.stages[v1alpha1.NoticeStage(delivery.Published)]
	if !publication.complete() {
		return "" // all that is told later goes to the same people, and they are still being written down
	}
	number, known := len(t.Notice.Spec.Updates), publication.updates
	for stage, s := range t.stages {
		if n := numberOf(stage, delivery.Updated); s.complete() {
			known = max(known, n)
		}
	}
	if number <= known {
		return ""
	}
	return v1alpha1.NoticeStage(delivery.UpdatedStage(number))
}
