package telling

import (
	"slices"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	v1alpha1 "forewarn.dev/forewarn/api/v1alpha1"
	"forewarn.dev/forewarn/internal/delivery"
)

const wholePercent = 100

// Reached is whom the publication reached, by the records of its stage. A customer counts once, however many
// channels lead to it, from the first moment at which one did; a delivery that failed later counts for nothing.
// CoveredTime is the moment at which it was delivered to as many as the clock needs: nil while it is not, and for a
// notice to nobody.
func Reached(clock v1alpha1.NoticeClock, affected int32, records []v1alpha1.DeliveryRecord) v1alpha1.NoticeDelivery {
	affected = max(affected, 0)
	customers := map[v1alpha1.CustomerID]*outcome{}
	for i := range records {
		if records[i].Spec.Stage != v1alpha1.NoticeStage(delivery.Published) {
			continue
		}
		for j := range records[i].Status.Deliveries {
			d := &records[i].Status.Deliveries[j]
			if customers[d.Customer] == nil {
				customers[d.Customer] = &outcome{}
			}
			customers[d.Customer].add(d)
		}
	}
	var reached []time.Time
	failed := int32(0)
	for _, o := range customers {
		switch {
		case !o.reached.IsZero():
			reached = append(reached, o.reached)
		case !o.pending:
			failed++
		}
	}
	slices.SortFunc(reached, time.Time.Compare)
	delivered := min(int32(len(reached)), affected)
	failed = min(failed, affected-delivered)
	unreachable := max(affected-int32(len(customers)), 0)
	d := v1alpha1.NoticeDelivery{Affected: &affected, Delivered: &delivered, Failed: &failed, Unreachable: &unreachable}
	if k := needed(clock, affected); k > 0 && int(k) <= len(reached) {
		d.CoveredTime = &metav1.Time{Time: reached[k-1]}
	}
	return d
}

// outcome is what became of one customer's messages.
type outcome struct {
	reached time.Time // zero: by no channel
	pending bool
}

func (o *outcome) add(d *v1alpha1.Delivery) {
	switch {
	case d.State == v1alpha1.DeliveryDelivered && d.DeliveredTime != nil:
		if o.reached.IsZero() || d.DeliveredTime.Time.Before(o.reached) {
			o.reached = d.DeliveredTime.UTC()
		}
	case d.State != v1alpha1.DeliveryFailed:
		o.pending = true
	}
}

// needed is how many of those affected it has to be delivered to: the share of the clock, and part of a customer is
// one. A share that is none of 1 to 100 means all.
func needed(clock v1alpha1.NoticeClock, affected int32) int32 {
	percent := int64(clock.CoveragePercent)
	if percent < 1 || percent > wholePercent {
		percent = wholePercent
	}
	return int32((percent*int64(affected) + wholePercent - 1) / wholePercent)
}
