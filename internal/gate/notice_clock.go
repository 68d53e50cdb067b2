package gate

import (
	"fmt"
	"strconv"
	"time"

	"k8s.io/utils/ptr"

	v1alpha1 "forewarn.dev/forewarn/api/v1alpha1"
	"forewarn.dev/forewarn/internal/notice"
)

// stamped is the verdict on a notice in the moment of its publication.
func (n *notification) stamped() NoticeVerdict {
	clock, _ := n.policies.Clock()
	v := n.standing()
	if clock.StartsAt != v1alpha1.StartsAtPublished {
		v = n.waiting(v1alpha1.ReasonRunning, startText(&v1alpha1.ChangeNoticeStatus{Clock: clock}), n.binding.Period.Zone)
	}
	v.Clock, v.Reminders = clock, n.reminders()
	return v
}

// atOnce follows a date that is worked out as though the clock started with the publication, where it does not.
func (n *notification) atOnce() string {
	clock, by := n.policies.Clock()
	switch {
	case by == "":
		return ""
	case clock.StartsAt == v1alpha1.StartsAtAcknowledged:
		return fmt.Sprintf(", if it is acknowledged at once: its clock starts when %d%% of its customers acknowledged it (policy %s)",
			clock.CoveragePercent, short(by))
	}
	return fmt.Sprintf(", if it is delivered at once: its clock starts when it was delivered to %d%% of its customers (policy %s)",
		clock.CoveragePercent, short(by))
}

// idle is the verdict on a published notice that lets nothing serve for now; nil for one that does.
func (n *notification) idle() *NoticeVerdict {
	status := &n.Notice.Status
	reason, text := v1alpha1.ReasonRunning, startText(status)
	switch held := notice.Held(n.Notice); {
	case held && n.started:
		reason, text = v1alpha1.ReasonHeld, heldText(n.Notice)
	case held:
		text += "; " + heldText(n.Notice)
	case n.started:
		return nil
	}
	v := n.waiting(reason, text, status.Validity.TimeZone)
	return &v
}

// waiting is the verdict on a published notice that covers nothing for a reason which somebody else may end. Its time
// to cover anything runs out all the same.
func (n *notification) waiting(reason, text, zone string) NoticeVerdict {
	v := NoticeVerdict{Published: true, Reason: v1alpha1.ReasonPublished, Lapses: &n.whole.Lapses}
	at, lapsed := notice.LapsedBy(n.Notice, n.Now)
	if !lapsed && !n.Now.Before(n.whole.Lapses) {
		at, lapsed = n.whole.Lapses, true
	}
	if lapsed {
		v = n.over(v, at, zone)
		v.Message = "it was published, and has lapsed; " + text
		return v
	}
	v.Message = "it was published; " + text
	v.MaturedReason, v.MaturedMessage = reason, text
	v.NextChange = firstOf(momentsAfter(n.Now, map[time.Time]bool{n.whole.Lapses: true}))
	return v
}

// startText says what a clock waits for that has not started.
func startText(status *v1alpha1.ChangeNoticeStatus) string {
	percent := status.Clock.CoveragePercent
	if percent == 0 {
		percent = 100
	}
	customers := "its customers"
	if affected := status.Delivery.Affected; affected != nil {
		customers = countOf(int(*affected), "customer")
	}
	switch status.Clock.StartsAt {
	case v1alpha1.StartsAtDelivered:
		return fmt.Sprintf("its clock starts when it was delivered to %d%% of %s; %s so far", percent, customers, soFar(status, status.Delivery.Delivered))
	case v1alpha1.StartsAtAcknowledged:
		return fmt.Sprintf("its clock starts when %d%% of %s acknowledged it; %s so far", percent, customers, soFar(status, status.Answers.Answered))
	}
	return fmt.Sprintf("what starts its clock is not known: %q", short(string(status.Clock.StartsAt)))
}

func soFar(status *v1alpha1.ChangeNoticeStatus, reached *int32) string {
	if status.Delivery.Affected == nil {
		return "none"
	}
	return strconv.Itoa(int(ptr.Deref(reached, 0)))
}
