package controllers

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/ptr"

	v1alpha1 "forewarn.dev/forewarn/api/v1alpha1"
	"forewarn.dev/forewarn/internal/schedule"
)

// maxScheduledNotices is how many a status holds.
const maxScheduledNotices = 32

// setStatus writes down what was seen and done. failed is why not all could be.
func (p *schedulePass) setStatus(failed error) {
	s := p.schedule
	status := &s.Status
	status.ObservedGeneration = ptr.To(s.Generation)
	c := conditions{list: &status.Conditions, generation: s.Generation, now: p.now}
	if p.mine != nil {
		status.Notices = p.notices()
	}
	if failed != nil {
		setLookupFailed(&status.Conditions, s.Generation, p.now, failed)
		return
	}
	p.stamp()
	status.Stage = schedule.Stage(s, p.now)
	var at *time.Time
	status.NextStage, at = schedule.Next(s, p.now)
	status.NextTime, status.RemovableTime = optionalTime(at), nil
	p.next = earliest(p.next, at)
	if status.PublishedTime != nil {
		status.RemovableTime = optionalTime(schedule.RemovableTime(s))
	}
	p.setPublished(c)
	p.setRemoval(c)
}

// stamp keeps the moments that do not change afterwards.
func (p *schedulePass) stamp() {
	s, status := p.schedule, &p.schedule.Status
	if status.PublishedTime == nil && s.Spec.State == v1alpha1.NoticePublished {
		if at := p.allPublished(); at != nil {
			status.PublishedTime = at
			status.TimeZone = p.mine[schedule.NoticeName(s.Name, v1alpha1.StepSunset, "")].Status.Removal.TimeZone
		}
	}
	if s.Spec.State == v1alpha1.NoticeWithdrawn && status.WithdrawnTime == nil {
		status.WithdrawnTime = atSecond(p.now)
	}
	switch {
	case !p.removed:
		status.RemovedTime = nil
	case status.RemovedTime == nil:
		status.RemovedTime = atSecond(p.now)
	}
}

// allPublished is the moment at which the last of all that is planned was published; nil while not all are.
func (p *schedulePass) allPublished() *metav1.Time {
	if len(p.plan) == 0 || len(p.problems) > 0 {
		return nil
	}
	var last *metav1.Time
	for i := range p.plan {
		have := p.mine[p.plan[i].Notice.Name]
		if have == nil || have.Status.PublishedTime == nil {
			return nil
		}
		if last == nil || last.Before(have.Status.PublishedTime) {
			last = have.Status.PublishedTime.DeepCopy()
		}
	}
	return last
}

// notices are those that the schedule made, in the order of its steps. One by which customers were told stays in the
// list when it is gone.
func (p *schedulePass) notices() []v1alpha1.ScheduledNotice {
	var all []v1alpha1.ScheduledNotice
	for name, have := range p.mine {
		if have.Spec.EffectiveTime == nil { // somebody took it out before it was published: it tells of no date
			continue
		}
		step, brownout := p.stepOf(name)
		all = append(all, v1alpha1.ScheduledNotice{
			Notice: v1alpha1.ObjectName(name), UID: string(have.UID), Step: step, Brownout: brownout,
			EffectiveTime: have.Spec.EffectiveTime, PublishedTime: have.Status.PublishedTime, MaturesTime: have.Status.MaturesTime,
		})
	}
	for _, known := range p.schedule.Status.Notices {
		if p.mine[string(known.Notice)] == nil && known.PublishedTime != nil {
			known.MaturesTime = nil
			all = append(all, known)
		}
	}
	order := []v1alpha1.ScheduleStep{v1alpha1.StepAnnouncement, v1alpha1.StepBrownout, v1alpha1.StepSunset}
	slices.SortFunc(all, func(a, b v1alpha1.ScheduledNotice) int {
		return cmp.Or(cmp.Compare(slices.Index(order, a.Step), slices.Index(order, b.Step)),
			a.EffectiveTime.Compare(b.EffectiveTime.Time), cmp.Compare(a.Notice, b.Notice))
	})
	// Brownouts that were taken out make room for the others.
	all = slices.DeleteFunc(all, func(n v1alpha1.ScheduledNotice) bool {
		taken := n.Step == v1alpha1.StepBrownout && !slices.ContainsFunc(p.schedule.Spec.Brownouts, func(b v1alpha1.Brownout) bool { return b.Name == n.Brownout })
		return taken && (n.PublishedTime == nil || len(p.mine) > maxScheduledNotices)
	})
	return all[:min(len(all), maxScheduledNotices)]
}

// stepOf is the step that a notice of the schedule tells of, by its name.
func (p *schedulePass) stepOf(name string) (step v1alpha1.ScheduleStep, brownout string) {
	for _, step := range []v1alpha1.ScheduleStep{v1alpha1.StepAnnouncement, v1alpha1.StepSunset} {
		if name == schedule.NoticeName(p.schedule.Name, step, "") {
			return step, ""
		}
	}
	return v1alpha1.StepBrownout, strings.TrimPrefix(name, schedule.NoticeName(p.schedule.Name, v1alpha1.StepBrownout, ""))
}

// setPublished says whether customers were told, and what has to be put right.
func (p *schedulePass) setPublished(c conditions) {
	s := p.schedule
	told, says := false, p.published
	switch {
	case s.Spec.State == v1alpha1.NoticeWithdrawn && s.Status.PublishedTime == nil:
		says = saying{v1alpha1.ReasonWithdrawn, "it was withdrawn before all of it was published"}
	case s.Spec.State == v1alpha1.NoticeWithdrawn:
		says = saying{v1alpha1.ReasonWithdrawn, "customers were told that it does not come"}
	case len(p.problems) > 0 && s.Status.PublishedTime == nil:
		says = p.allProblems()
	case says.reason == "":
		told, says = true, saying{v1alpha1.ReasonPublished, fmt.Sprintf(
			"customers are told by %s; status.delivery of each says how many it reached", noticesText(len(s.Status.Notices)))}
	}
	c.set(v1alpha1.ConditionPublished, isTrue(told), publishedReason(says.reason), says.message)

	ready := saying{v1alpha1.ReasonReady, says.message}
	switch {
	case len(p.problems) > 0 && s.Spec.State != v1alpha1.NoticeWithdrawn:
		ready = p.allProblems()
	case !told:
		switch says.reason {
		case v1alpha1.ReasonTooSoon, v1alpha1.ReasonIncomplete, v1alpha1.ReasonPolicyInvalid, v1alpha1.ReasonDigestMismatch,
			v1alpha1.ReasonTerminating, v1alpha1.ReasonContentRefused, v1alpha1.ReasonAudienceUnknown, v1alpha1.ReasonNoAnswers:
			ready.reason = says.reason
		}
	}
	is := isTrue(ready.reason == v1alpha1.ReasonReady)
	if ready.reason == v1alpha1.ReasonReady && p.wouldBe != "" { // a draft is not held to anything, and a list shows what is wrong with it
		ready.reason = p.wouldBe
	}
	c.set(v1alpha1.ConditionReady, is, ready.reason, ready.message)
}

// publishedReason is a reason of Published for what is a reason of Ready alone.
func publishedReason(reason string) string {
	switch reason {
	case v1alpha1.ReasonAPINotFound, v1alpha1.ReasonNoticeInTheWay, v1alpha1.ReasonNoticeDiffers:
		return v1alpha1.ReasonIncomplete
	}
	return reason
}

func (p *schedulePass) allProblems() saying {
	texts := make([]string, 0, len(p.problems))
	for _, problem := range p.problems {
		texts = append(texts, problem.message)
	}
	return saying{p.problems[0].reason, strings.Join(texts, "; ")}
}

// setRemoval says whether it may be removed.
func (p *schedulePass) setRemoval(c conditions) {
	allowed, reason, message, next := schedule.Removal(p.schedule, p.now)
	p.next = earliest(p.next, next)
	is := isTrue(allowed)
	if reason == v1alpha1.ReasonUsageNotKnown {
		is = metav1.ConditionUnknown
	}
	c.set(v1alpha1.ConditionRemovalAllowed, is, reason, message)
}

// stageText says where it is, and what comes next.
func stageText(s *v1alpha1.DeprecationSchedule) string {
	text := "its stage is " + string(s.Status.Stage)
	switch {
	case s.Status.NextStage == "":
	case s.Status.NextTime == nil:
		text += fmt.Sprintf("; next is %s", s.Status.NextStage)
	default:
		text += fmt.Sprintf("; next is %s, from %s on", s.Status.NextStage, s.Status.NextTime.UTC().Format(time.RFC3339))
	}
	return text
}
