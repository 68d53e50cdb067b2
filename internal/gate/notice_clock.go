package gate

import (
	"fmt"
	"time"

	v1alpha1 "forewarn.dev/forewarn/api/v1alpha1"
	"forewarn.dev/forewarn/internal/notice"
)

// stamped is the verdict on a notice in the moment of its publication.
func (n *notification) stamped() NoticeVerdict {
	clock, _ := n.policies.Clock()
	v := n.standing()
	if clock.StartsAt != v1alpha1.StartsAtPublished {
		v = n.waiting(clock, v1alpha1.NoticeDelivery{}, n.binding.Period.Zone)
	}
	v.Clock = clock
	return v
}

// atOnce follows a date that is worked out as though the clock started with the publication, where it does not.
func (n *notification) atOnce() string {
	clock, by := n.policies.Clock()
	if by == "" {
		return ""
	}
	return fmt.Sprintf(", if it is delivered at once: its clock starts when it was delivered to %d%% of its customers (policy %s)",
		clock.CoveragePercent, short(by))
}

// waiting is the verdict on a published notice whose clock has not started: it covers nothing, and its time to do so
// runs out all the same.
func (n *notification) waiting(clock v1alpha1.NoticeClock, delivered v1alpha1.NoticeDelivery, zone string) NoticeVerdict {
	v := NoticeVerdict{Published: true, Reason: v1alpha1.ReasonPublished, Lapses: &n.whole.Lapses}
	at, lapsed := notice.LapsedBy(n.Notice, n.Now)
	if !lapsed && !n.Now.Before(n.whole.Lapses) {
		at, lapsed = n.whole.Lapses, true
	}
	if lapsed {
		v = n.over(v, at, zone)
		v.Message = "it was published, and has lapsed; " + startText(clock, delivered)
		return v
	}
	v.Message = "it was published; " + startText(clock, delivered)
	v.MaturedReason, v.MaturedMessage = v1alpha1.ReasonRunning, startText(clock, delivered)
	v.NextChange = firstOf(momentsAfter(n.Now, map[time.Time]bool{n.whole.Lapses: true}))
	return v
}

// startText says what a clock waits for that has not started.
func startText(clock v1alpha1.NoticeClock, delivered v1alpha1.NoticeDelivery) string {
	percent := clock.CoveragePercent
	if percent == 0 {
		percent = 100
	}
	switch {
	case clock.StartsAt != v1alpha1.StartsAtDelivered:
		return fmt.Sprintf("what starts its clock is not known: %q", short(string(clock.StartsAt)))
	case delivered.Affected == nil:
		return fmt.Sprintf("its clock starts when it was delivered to %d%% of its customers; none so far", percent)
	}
	reached := int32(0)
	if delivered.Delivered != nil {
		reached = *delivered.Delivered
	}
	return fmt.Sprintf("its clock starts when it was delivered to %d%% of %s; %d so far", percent, countOf(int(*delivered.Affected), "customer"), reached)
}
