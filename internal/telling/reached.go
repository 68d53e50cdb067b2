package telling

import (
	"slices"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	v1alpha1 "forewarn.dev/forewarn/api/v1alpha1"
)

const wholePercent = 100

// Reached is whom the publication reached, by the records of its stage. A customer counts once, however many
// channels lead to it, from the first moment at which one did; a delivery that failed later counts for nothing. One
// that a partner serves counts when it, or the partner, answered. CoveredTime is the moment at which it was delivered
// to as many as the clock needs or, where acknowledgement starts the clock, answered by as many: nil while it is not,
// and for a notice to nobody.
func Reached(clock v1alpha1.NoticeClock, affected int32, records []v1alpha1.DeliveryRecord) v1alpha1.NoticeDelivery {
	affected = max(affected, 0)
	customers := heardFrom(records)
	var reached, acknowledged []time.Time
	failed := int32(0)
	for _, e := range customers {
		if at := customers.deliveredAt(e); !at.IsZero() {
			reached = append(reached, at)
		} else if !customers.open(e) {
			failed++
		}
		if at := customers.acknowledgedAt(e); !at.IsZero() {
			acknowledged = append(acknowledged, at)
		}
	}
	delivered := min(int32(len(reached)), affected)
	failed = min(failed, affected-delivered)
	unreachable := max(affected-int32(len(customers)), 0)
	d := v1alpha1.NoticeDelivery{Affected: &affected, Delivered: &delivered, Failed: &failed, Unreachable: &unreachable}
	start := reached
	if clock.StartsAt == v1alpha1.StartsAtAcknowledged {
		start = acknowledged
	}
	slices.SortFunc(start, time.Time.Compare)
	if k := needed(clock, affected); k > 0 && int(k) <= len(start) {
		d.CoveredTime = &metav1.Time{Time: start[k-1]}
	}
	return d
}

// Enough says that it was delivered to as many customers as the clock needs, whether or not that starts it.
func Enough(clock v1alpha1.NoticeClock, d v1alpha1.NoticeDelivery) bool {
	if d.Affected == nil || d.Delivered == nil {
		return false
	}
	k := needed(clock, *d.Affected)
	return k > 0 && k <= *d.Delivered
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
