package snapshot

import (
	"fmt"
	"strings"
	"time"

	apimeta "k8s.io/apimachinery/pkg/api/meta"

	v1alpha1 "forewarn.dev/forewarn/api/v1alpha1"
)

const (
	rehearsalBefore = "the clock is moved on by "
	rehearsalAfter  = ": no verdict is about today"
)

// RehearsalMessage is that of the condition Rehearsal. It is all that tells whoever judges outside the manager by how
// much the clock was moved on.
func RehearsalMessage(offset time.Duration) string {
	return fmt.Sprintf("%s%s%s", rehearsalBefore, offset, rehearsalAfter)
}

// RehearsalOffset is by how much the clock of forewarn is moved on in the cluster that has these policies.
func RehearsalOffset(policies []v1alpha1.NoticePolicy) time.Duration {
	for i := range policies {
		rehearsal := apimeta.FindStatusCondition(policies[i].Status.Conditions, v1alpha1.ConditionRehearsal)
		if rehearsal == nil || rehearsal.Reason != v1alpha1.ReasonClockOffset {
			continue
		}
		text, _ := strings.CutPrefix(rehearsal.Message, rehearsalBefore)
		text, _ = strings.CutSuffix(text, rehearsalAfter)
		if offset, err := time.ParseDuration(text); err == nil {
			return offset
		}
	}
	return 0
}
