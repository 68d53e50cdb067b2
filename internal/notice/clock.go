package notice

import (
	"time"

	v1alpha1 "forewarn.dev/forewarn/api/v1alpha1"
)

// Clock is what starts the clock of a notice that is published now, as it is frozen with it: the later event that a
// policy asks for and, where that is the delivery, the largest share of customers that one does. by names a policy
// that asks for as much, and is empty where the publication starts it.
func (ps Policies) Clock() (clock v1alpha1.NoticeClock, by string) {
	clock.StartsAt = v1alpha1.StartsAtPublished
	for _, p := range ps {
		if p.StartsAt == v1alpha1.StartsAtDelivered && p.CoveragePercent > clock.CoveragePercent {
			clock, by = v1alpha1.NoticeClock{StartsAt: p.StartsAt, CoveragePercent: p.CoveragePercent}, p.Name
		}
	}
	return clock, by
}

// StartOf is the moment at which the clock of a notice started (R2): when it was published or, where what was frozen
// with it says so, when it was delivered to enough customers, and never before it was there. It has not started where
// it was not published, where too few were reached, and where it is not known what starts it.
func StartOf(n *v1alpha1.ChangeNotice) (start time.Time, started bool) {
	if n.Status.PublishedTime == nil {
		return time.Time{}, false
	}
	switch n.Status.Clock.StartsAt {
	case "", v1alpha1.StartsAtPublished:
		return stampedAt(n), true
	case v1alpha1.StartsAtDelivered:
		if covered := n.Status.Delivery.CoveredTime; covered != nil {
			return later(covered.UTC(), stampedAt(n)), true
		}
	}
	return time.Time{}, false
}

// stampedAt is when a published notice was published. A stamp cannot be older than what it is on.
func stampedAt(n *v1alpha1.ChangeNotice) time.Time {
	return later(n.Status.PublishedTime.UTC(), n.CreationTimestamp.UTC())
}
