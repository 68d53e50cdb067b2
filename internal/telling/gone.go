package telling

import (
	"time"

	v1alpha1 "forewarn.dev/forewarn/api/v1alpha1"
	"forewarn.dev/forewarn/internal/delivery"
)

// Gone are the customers whose receiver answered by a channel that it wants no more (410). written is when anything that
// their addresses are read from was last written: an answer to a message that was planned by then may be that of another
// address.
func Gone(records []v1alpha1.DeliveryRecord, channel v1alpha1.ObjectName, written time.Time) map[v1alpha1.CustomerID]bool {
	gone := map[v1alpha1.CustomerID]bool{}
	for i := range records {
		if records[i].Spec.Channel != channel {
			continue
		}
		for j := range records[i].Status.Deliveries {
			d := &records[i].Status.Deliveries[j]
			if d.State == v1alpha1.DeliveryFailed && d.Reason == delivery.ReasonWebhookGone && d.PlannedTime != nil && d.PlannedTime.After(written) {
				gone[d.Customer] = true
			}
		}
	}
	return gone
}
