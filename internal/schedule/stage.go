package schedule

import (
	"slices"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	v1alpha1 "forewarn.dev/forewarn/api/v1alpha1"
)

// Stage is where on its way out something is. Each stage begins at the date that customers were told last:
//
//	Announced -> Deprecated -> (Brownout -> Deprecated)* -> Sunset -> Removable
//
// A brownout does not come before the notice of it has matured, and Removable needs what Removal asks for.
func Stage(s *v1alpha1.DeprecationSchedule, now time.Time) v1alpha1.ScheduleStage {
	status := &s.Status
	switch {
	case s.Spec.State == v1alpha1.NoticeWithdrawn || status.WithdrawnTime != nil:
		return v1alpha1.StageWithdrawn
	case status.PublishedTime == nil || s.Spec.DeprecateTime == nil || s.Spec.SunsetTime == nil:
		return v1alpha1.StageDraft
	case status.RemovedTime != nil:
		return v1alpha1.StageRemoved
	}
	if !now.Before(toldDate(s, v1alpha1.StepSunset, "", s.Spec.SunsetTime)) {
		if allowed, _, _, _ := Removal(s, now); allowed {
			return v1alpha1.StageRemovable
		}
		return v1alpha1.StageSunset
	}
	for _, b := range spans(s) {
		if !now.Before(b.start) && now.Before(b.end) {
			return v1alpha1.StageBrownout
		}
	}
	if now.Before(toldDate(s, v1alpha1.StepAnnouncement, "", s.Spec.DeprecateTime)) {
		return v1alpha1.StageAnnounced
	}
	return v1alpha1.StageDeprecated
}

// Next is the stage that comes next, and when. Without a time it is not known when: it waits for something else than a
// date. Empty: nothing comes by itself.
func Next(s *v1alpha1.DeprecationSchedule, now time.Time) (v1alpha1.ScheduleStage, *time.Time) {
	stage := Stage(s, now)
	switch stage {
	case v1alpha1.StageDraft, v1alpha1.StageWithdrawn, v1alpha1.StageRemoved, v1alpha1.StageRemovable:
		return "", nil
	}
	for _, at := range dates(s) {
		if !at.After(now) {
			continue
		}
		if next := Stage(s, at); next != stage {
			return next, &at
		}
	}
	if date := RemovableTime(s); date != nil && date.After(now) {
		return v1alpha1.StageRemovable, date
	}
	return v1alpha1.StageRemovable, nil
}

// dates are the moments at which the stage may change by a date, in order.
func dates(s *v1alpha1.DeprecationSchedule) []time.Time {
	all := []time.Time{toldDate(s, v1alpha1.StepAnnouncement, "", s.Spec.DeprecateTime)}
	for _, b := range spans(s) {
		all = append(all, b.start, b.end)
	}
	all = append(all, toldDate(s, v1alpha1.StepSunset, "", s.Spec.SunsetTime))
	if matures, known := begins(s, v1alpha1.StepSunset, "", s.Spec.SunsetTime); known {
		all = append(all, matures)
	}
	if date := RemovableTime(s); date != nil {
		all = append(all, *date)
	}
	slices.SortFunc(all, time.Time.Compare)
	return all
}

// span is a brownout: from start until before end.
type span struct{ start, end time.Time }

// spans are the brownouts that customers were told of. One whose notice matures late begins late, and ends as it was to.
func spans(s *v1alpha1.DeprecationSchedule) []span {
	var all []span
	for i := range s.Spec.Brownouts {
		b := &s.Spec.Brownouts[i]
		if b.StartTime == nil {
			continue
		}
		start, known := begins(s, v1alpha1.StepBrownout, b.Name, b.StartTime)
		end := toldDate(s, v1alpha1.StepBrownout, b.Name, b.StartTime).Add(time.Duration(b.Minutes) * time.Minute)
		if known && start.Before(end) {
			all = append(all, span{start: start, end: end})
		}
	}
	return all
}

// begins is the moment at which a step comes: at its date, and not before its notice has matured. It is not known while
// the notice has no such day.
func begins(s *v1alpha1.DeprecationSchedule, step v1alpha1.ScheduleStep, brownout string, date *metav1.Time) (time.Time, bool) {
	told := noticeOf(s, step, brownout)
	if told == nil || told.PublishedTime == nil || told.MaturesTime == nil {
		return time.Time{}, false
	}
	return later(toldDate(s, step, brownout, date), told.MaturesTime.UTC()), true
}

// toldDate is the date of a step that customers were told last, or that they are about to be told.
func toldDate(s *v1alpha1.DeprecationSchedule, step v1alpha1.ScheduleStep, brownout string, date *metav1.Time) time.Time {
	told := noticeOf(s, step, brownout)
	if told == nil || told.PublishedTime == nil || told.EffectiveTime == nil {
		return date.UTC()
	}
	return later(date.UTC(), told.EffectiveTime.UTC())
}

func noticeOf(s *v1alpha1.DeprecationSchedule, step v1alpha1.ScheduleStep, brownout string) *v1alpha1.ScheduledNotice {
	for i := range s.Status.Notices {
		if n := &s.Status.Notices[i]; n.Step == step && n.Brownout == brownout {
			return n
		}
	}
	return nil
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}
