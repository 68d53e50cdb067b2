package schedule

import (
	"fmt"
	"time"

	v1alpha1 "forewarn.dev/forewarn/api/v1alpha1"
	"forewarn.dev/forewarn/internal/notice"
)

// Removal says whether what a schedule takes away may be removed at now, and else why not: the reason and the message of
// the condition RemovalAllowed. next is the moment at which that changes by itself. The date is the end of the last of
// removeAfterDays full days after sunsetTime, counted in status.timeZone.
func Removal(s *v1alpha1.DeprecationSchedule, now time.Time) (allowed bool, reason, message string, next *time.Time) {
	v := removal(s, now)
	switch {
	case v.Kept != "":
		message = "it is kept " + v.Kept
	case v.Reason == v1alpha1.ReasonRemoved:
		message = "it is served no more"
	default:
		message = "its date has come, and nothing stands in the way"
	}
	return v.Allowed, v.Reason, message, v.Next
}

// RemovableTime is the moment from which its date allows to remove what a schedule takes away. It is nil where that
// cannot be counted.
func RemovableTime(s *v1alpha1.DeprecationSchedule) *time.Time {
	if s.Spec.SunsetTime == nil {
		return nil
	}
	terms := removalTerms(s)
	date, err := terms.Date()
	if err != nil {
		return nil
	}
	return &date
}

func removal(s *v1alpha1.DeprecationSchedule, now time.Time) notice.RemovalVerdict {
	switch status := &s.Status; {
	case status.RemovedTime != nil:
		return notice.RemovalVerdict{Allowed: true, Reason: v1alpha1.ReasonRemoved}
	case s.Spec.State == v1alpha1.NoticeWithdrawn || status.WithdrawnTime != nil:
		return notice.RemovalVerdict{Reason: v1alpha1.ReasonWithdrawn, Kept: "because the schedule was withdrawn: make a new one to remove it"}
	case s.Spec.State != v1alpha1.NoticePublished:
		return notice.RemovalVerdict{Reason: v1alpha1.ReasonDraft, Kept: "because customers were not told: publish the schedule (spec.state: Published)"}
	case status.PublishedTime == nil:
		return notice.RemovalVerdict{Reason: v1alpha1.ReasonNotPublished, Kept: "because not all of its notices are published: its condition Published says why"}
	case s.Spec.SunsetTime == nil:
		return notice.RemovalVerdict{Reason: v1alpha1.ReasonNotYet, Kept: "because it has no sunsetTime: say from when customers cannot count on it"}
	}
	terms := removalTerms(s)
	v := terms.At(now)
	matures, known := begins(s, v1alpha1.StepSunset, "", s.Spec.SunsetTime)
	if !v.Allowed || known && !now.Before(matures) {
		return v
	}
	// Late delivery moves the day, and so does whatever else keeps customers from having been told in time.
	kept := notice.RemovalVerdict{Reason: v1alpha1.ReasonNotYet, Next: v.Next, Kept: fmt.Sprintf(
		"until changenotice/%s has matured: its condition Matured says why it has not", NoticeName(s.Name, v1alpha1.StepSunset, ""))}
	if known && (v.Next == nil || matures.Before(*v.Next)) {
		kept.Next = &matures
	}
	return kept
}

func removalTerms(s *v1alpha1.DeprecationSchedule) notice.Removal {
	terms := notice.Removal{
		End: s.Spec.SunsetTime.UTC(), Zone: s.Status.TimeZone,
		Requires: s.Spec.RemovalRequires, Use: Use(&s.Status),
	}
	if days := s.Spec.RemoveAfterDays; days != nil {
		terms.Days = *days
	}
	return terms
}

// Use is who uses what a schedule takes away, as its status has it. Those who are in no list, or did not fit into it, did
// not acknowledge anything.
func Use(status *v1alpha1.DeprecationScheduleStatus) notice.RemovalUse {
	if status.StillUsing == nil || *status.StillUsing < 0 || status.UsageTime == nil {
		return notice.RemovalUse{}
	}
	listed := int32(len(status.Stragglers))
	use := notice.RemovalUse{Asked: status.UsageTime.UTC(), Customers: max(*status.StillUsing, listed)}
	use.Unacknowledged = use.Customers
	for i := range status.Stragglers {
		if status.Stragglers[i].AcknowledgedTime != nil {
			use.Unacknowledged--
		}
	}
	return use
}
