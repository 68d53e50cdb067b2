package notice

import (
	"slices"
	"time"

	v1alpha1 "forewarn.dev/forewarn/api/v1alpha1"
)

// clockOrder are the events that start a clock, each later than the one before.
var clockOrder = []v1alpha1.ClockStart{v1alpha1.StartsAtPublished, v1alpha1.StartsAtDelivered, v1alpha1.StartsAtAcknowledged}

// Clock is what starts the clock of a notice that is published now, and what holds it, as it is frozen with it: the
// latest event that a policy asks for, the largest share of customers that one does and, of those that say how many may
// object, the smallest. by names a policy that asks for that event, and is empty where the publication starts it.
func (ps Policies) Clock() (clock v1alpha1.NoticeClock, by string) {
	clock.StartsAt = v1alpha1.StartsAtPublished
	asked := int32(0) // by the policy that is named
	for _, p := range ps {
		if hold := p.HoldAboveObjectionPercent; hold != nil && (clock.HoldAboveObjectionPercent == nil || *hold < *clock.HoldAboveObjectionPercent) {
			clock.HoldAboveObjectionPercent = hold
		}
		if p.StartsAt == v1alpha1.StartsAtPublished {
			continue
		}
		clock.CoveragePercent = max(clock.CoveragePercent, p.CoveragePercent)
		order := slices.Index(clockOrder, p.StartsAt) - slices.Index(clockOrder, clock.StartsAt)
		if order > 0 || order == 0 && p.CoveragePercent > asked {
			clock.StartsAt, by, asked = p.StartsAt, p.Name, p.CoveragePercent
		}
	}
	return clock, by
}

// StartOf is the moment at which the clock of a notice started (R2): when it was published or, where what was frozen
// with it says so, when it was delivered to enough customers or enough of them answered, and never before it was there.
// It has not started where it was not published, where too few were reached, and where it is not known what starts it.
func StartOf(n *v1alpha1.ChangeNotice) (start time.Time, started bool) {
	if n.Status.PublishedTime == nil {
		return time.Time{}, false
	}
	switch n.Status.Clock.StartsAt {
	case "", v1alpha1.StartsAtPublished:
		return stampedAt(n), true
	case v1alpha1.StartsAtDelivered, v1alpha1.StartsAtAcknowledged:
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
