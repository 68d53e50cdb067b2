package controllers

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"k8s.io/utils/ptr"

	v1alpha1 "forewarn.dev/forewarn/api/v1alpha1"
	"forewarn.dev/forewarn/internal/delivery"
)

// What a customer answers while a message to it is under way stays, whatever becomes of the message.
func TestSettleKeepsTheAnswer(t *testing.T) {
	planned := v1alpha1.Delivery{
		Customer: "c-1", ID: "0123456789abcdef0123456789abcdef", State: v1alpha1.DeliveryWaiting, Reason: "Timeout",
		Attempts: ptr.To[int32](1), PlannedTime: timeAt(noon), NextAttemptTime: timeAt(noon),
	}
	answered := *planned.DeepCopy()
	answered.Answer, answered.AnswerTime, answered.NeededUntil = v1alpha1.AnswerNeedsTime, timeAt(noon.Add(time.Second)), timeAt(noon.AddDate(1, 0, 0))
	for name, o := range map[string]outcome{
		"delivered":   {begun: true, receipt: timeAt(noon)},
		"not begun":   {},
		"interrupted": {begun: true, failure: &delivery.Failure{Reason: delivery.ReasonInterrupted}},
		"refused":     {begun: true, failure: &delivery.Failure{Reason: "MailRefused", Permanent: true}},
		"deferred":    {begun: true, failure: &delivery.Failure{Reason: "MailDeferred"}},
		"no channel":  {failure: &delivery.Failure{Reason: "Unreachable", Channel: true}},
	} {
		for order, entries := range map[string][2]v1alpha1.Delivery{"answered meanwhile": {planned, answered}, "taken back meanwhile": {answered, planned}} {
			was, e := *entries[0].DeepCopy(), *entries[1].DeepCopy()
			settle(&e, &was, o, noon)
			got := v1alpha1.Delivery{Answer: e.Answer, AnswerTime: e.AnswerTime, NeededUntil: e.NeededUntil}
			want := v1alpha1.Delivery{Answer: entries[1].Answer, AnswerTime: entries[1].AnswerTime, NeededUntil: entries[1].NeededUntil}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("%s, %s:\n%s", name, order, diff)
			}
		}
	}
}
