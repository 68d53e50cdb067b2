package telling

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	v1alpha1 "forewarn.dev/forewarn/api/v1alpha1"
	"forewarn.dev/forewarn/internal/delivery"
)

func TestGone(t *testing.T) {
	written := time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)
	entry := func(id v1alpha1.CustomerID, state v1alpha1.DeliveryState, reason string, after time.Duration) v1alpha1.Delivery {
		return v1alpha1.Delivery{Customer: id, State: state, Reason: reason, PlannedTime: &metav1.Time{Time: written.Add(after)}}
	}
	record := func(channel v1alpha1.ObjectName, entries ...v1alpha1.Delivery) v1alpha1.DeliveryRecord {
		r := v1alpha1.DeliveryRecord{Spec: v1alpha1.DeliveryRecordSpec{Channel: channel}}
		r.Status.Deliveries = entries
		return r
	}
	const failed, gone = v1alpha1.DeliveryFailed, delivery.ReasonWebhookGone
	got := Gone([]v1alpha1.DeliveryRecord{
		record("hook",
			entry("a second later", failed, gone, time.Second),
			entry("in the same second", failed, gone, 0),
			entry("before", failed, gone, -time.Second),
			entry("before, and later again", failed, gone, -time.Hour),
			entry("refused", failed, delivery.ReasonWebhookRefused, time.Hour),
			entry("waits", v1alpha1.DeliveryWaiting, gone, time.Hour),
			v1alpha1.Delivery{Customer: "at no time", State: failed, Reason: gone}),
		record("other", entry("by another channel", failed, gone, time.Hour)),
		record("hook", entry("before, and later again", failed, gone, time.Hour)),
	}, "hook", written)
	if diff := cmp.Diff(map[v1alpha1.CustomerID]bool{"a second later": true, "before, and later again": true}, got); diff != "" {
		t.Error(diff)
	}
}
