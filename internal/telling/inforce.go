package telling

import (
	v1alpha1 "forewarn.dev/forewarn/api/v1alpha1"
	"forewarn.dev/forewarn/internal/delivery"
)

// inForce is the stage that tells that the change serves; empty while it does not, and once customers know.
func (t *told) inForce() v1alpha1.NoticeStage {
	stage := v1alpha1.NoticeStage(delivery.InForce)
	if t.Notice.Status.InForceTime == nil || t.stages[stage].complete() ||
		!t.stages[v1alpha1.NoticeStage(delivery.Published)].complete() {
		return ""
	}
	return stage
}
