package snapshot

import (
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	v1alpha1 "forewarn.dev/forewarn/api/v1alpha1"
)

func TestRehearsalOffset(t *testing.T) {
	policy := func(reason, message string) v1alpha1.NoticePolicy {
		var p v1alpha1.NoticePolicy
		p.Status.Conditions = []metav1.Condition{{
			Type: v1alpha1.ConditionRehearsal, Status: metav1.ConditionTrue, Reason: reason, Message: message,
		}}
		return p
	}
	const halfAYear = 4368*time.Hour + 30*time.Second
	for name, tt := range map[string]struct {
		policies []v1alpha1.NoticePolicy
		want     time.Duration
	}{
		"no policies":    {nil, 0},
		"no rehearsal":   {[]v1alpha1.NoticePolicy{{}}, 0},
		"half a year":    {[]v1alpha1.NoticePolicy{{}, policy(v1alpha1.ReasonClockOffset, RehearsalMessage(halfAYear))}, halfAYear},
		"another reason": {[]v1alpha1.NoticePolicy{policy("Other", RehearsalMessage(halfAYear))}, 0},
		"another text":   {[]v1alpha1.NoticePolicy{policy(v1alpha1.ReasonClockOffset, "the clock was changed")}, 0},
	} {
		t.Run(name, func(t *testing.T) {
			if got := RehearsalOffset(tt.policies); got != tt.want {
				t.Errorf("got %s, want %s", got, tt.want)
			}
		})
	}
}
