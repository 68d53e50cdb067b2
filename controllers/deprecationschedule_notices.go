package controllers

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	apiequality "k8s.io/apimachinery/pkg/api/equality"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"sigs.k8s.io/controller-runtime/pkg/client"

	v1alpha1 "forewarn.dev/forewarn/api/v1alpha1"
	"forewarn.dev/forewarn/internal/gate"
	"forewarn.dev/forewarn/internal/schedule"
)

// tell makes the notices that are missing, and moves the dates of the others.
func (p *schedulePass) tell(ctx context.Context) error {
	var pending []*schedule.Planned
	for i := range p.plan {
		planned := &p.plan[i]
		have := p.mine[planned.Notice.Name]
		switch {
		case have == nil && p.wasTold(planned.Notice.Name):
			p.problem(v1alpha1.ReasonNoticeDiffers, "changenotice/%s, by which customers were told, is gone, nobody is told twice, and nobody puts it back, as only forewarn says when a notice was published and by which schedule: %s",
				planned.Notice.Name, afterLoss(planned))
		case have == nil && p.inTheWay[planned.Notice.Name]:
			p.problem(v1alpha1.ReasonNoticeInTheWay, "changenotice/%s is there, and this schedule did not make it: delete it while it is a draft, or give the schedule another name", planned.Notice.Name)
		case have == nil || have.Status.PublishedTime == nil:
			pending = append(pending, planned)
		default:
			if err := p.keep(ctx, planned, have); err != nil {
				return err
			}
		}
	}
	if err := p.takeBackRest(ctx); err != nil {
		return err
	}
	if len(p.problems) > 0 || len(pending) == 0 {
		return nil
	}
	return p.publish(ctx, pending)
}

// afterLoss is what can be done about a notice that is gone.
func afterLoss(planned *schedule.Planned) string {
	if planned.Brownout != "" {
		return fmt.Sprintf("take the brownout %s out, and add another under a new name", planned.Brownout)
	}
	return "withdraw the schedule, and make another under a new name"
}

// wasTold says that customers were told by a notice of that name, as far as the status remembers.
func (p *schedulePass) wasTold(name string) bool {
	return slices.ContainsFunc(p.schedule.Status.Notices, func(n v1alpha1.ScheduledNotice) bool {
		return string(n.Notice) == name && n.PublishedTime != nil
	})
}

// keep moves the date of a published notice to later, which tells customers again. All else that somebody changed in it
// stands: they were told.
func (p *schedulePass) keep(ctx context.Context, planned *schedule.Planned, have *v1alpha1.ChangeNotice) error {
	name, wanted := have.Name, planned.Notice.Spec.EffectiveTime
	switch told := have.Spec.EffectiveTime; {
	case have.Spec.State != v1alpha1.NoticePublished && planned.Brownout != "":
		p.problem(v1alpha1.ReasonNoticeDiffers, "customers were told that the brownout %s does not come (changenotice/%s): take it out, and add another under a new name", planned.Brownout, name)
	case have.Spec.State != v1alpha1.NoticePublished:
		p.problem(v1alpha1.ReasonNoticeDiffers, "changenotice/%s was withdrawn, and customers were told: withdraw the schedule, and make another", name)
	case have.Status.SupersededBy != "":
		p.problem(v1alpha1.ReasonNoticeDiffers, "changenotice/%s replaces %s, and customers were told: withdraw the schedule, and make another", have.Status.SupersededBy, name)
	case !sameSubject(&have.Spec, &planned.Notice.Spec):
		p.problem(v1alpha1.ReasonNoticeDiffers, "customers were told of something else by changenotice/%s: let the schedule say the same, or withdraw it", name)
	case told.Equal(wanted):
	case wanted.Before(told):
		p.problem(v1alpha1.ReasonNoticeDiffers, "customers were told %s by changenotice/%s, and a date moves to later only: set %s to that, or later",
			told.UTC().Format(time.RFC3339), name, planned.Field)
	case planned.Brownout != "" && p.hasBegun(have):
		p.problem(v1alpha1.ReasonNoticeDiffers, "the brownout %s has begun (changenotice/%s), and does not begin again: take it out, and add another under a new name", planned.Brownout, name)
	case have.Status.LapsedTime != nil:
		p.problem(v1alpha1.ReasonNoticeDiffers, "changenotice/%s has lapsed, and a later date does not bring it back: withdraw the schedule, and make another", name)
	default:
		have.Spec.EffectiveTime = wanted
		if err := p.client.Update(ctx, have); err != nil {
			return p.orInvalid(err, name)
		}
	}
	return nil
}

func sameSubject(a, b *v1alpha1.ChangeNoticeSpec) bool {
	return a.APIRef == b.APIRef && a.DowntimeMinutes == b.DowntimeMinutes && slices.Equal(a.Covers, b.Covers)
}

// takeBackRest withdraws the notices of brownouts that the schedule has no more, but for those that are over.
func (p *schedulePass) takeBackRest(ctx context.Context) error {
	if len(p.plan) == 0 { // what there is to be is not known
		return nil
	}
	for name, have := range p.mine {
		planned := slices.ContainsFunc(p.plan, func(s schedule.Planned) bool { return s.Notice.Name == name })
		if planned || p.isOver(have) {
			continue
		}
		if err := p.setState(ctx, have, v1alpha1.NoticeWithdrawn); err != nil {
			return err
		}
	}
	return nil
}

// hasBegun says that the downtime has which a notice told of. Who is told of another date then is told of what never comes.
func (p *schedulePass) hasBegun(n *v1alpha1.ChangeNotice) bool {
	matures := n.Status.MaturesTime // nil where it opened no window
	return matures != nil && !p.now.Before(laterOf(matures.Time, n.Spec.EffectiveTime.Time))
}

// isOver says that the downtime which a notice told of has been.
func (p *schedulePass) isOver(n *v1alpha1.ChangeNotice) bool {
	if n.Spec.DowntimeMinutes == 0 || n.Spec.EffectiveTime == nil || n.Status.PublishedTime == nil {
		return false
	}
	return !p.now.Before(n.Spec.EffectiveTime.Add(time.Duration(n.Spec.DowntimeMinutes) * time.Minute))
}

func (p *schedulePass) setState(ctx context.Context, n *v1alpha1.ChangeNotice, state v1alpha1.NoticeState) error {
	if n.Spec.State == state || n.DeletionTimestamp != nil {
		return nil
	}
	n.Spec.State = state
	return p.orInvalid(p.client.Update(ctx, n), n.Name)
}

// withdraw takes back what customers were told, and what they were about to be told.
func (p *schedulePass) withdraw(ctx context.Context) error {
	for _, have := range p.mine {
		if p.isOver(have) {
			continue
		}
		if err := p.setState(ctx, have, v1alpha1.NoticeWithdrawn); err != nil {
			return err
		}
	}
	return nil
}

// draft lets nobody be told, and finds out what would be.
func (p *schedulePass) draft(ctx context.Context) error {
	for _, have := range p.mine {
		if have.Status.PublishedTime != nil {
			p.problem(v1alpha1.ReasonNoticeDiffers, "customers were told by changenotice/%s already: publish the schedule again, or withdraw it", have.Name)
			continue
		}
		if have.Spec.State == v1alpha1.NoticePublished {
			if err := p.setState(ctx, have, v1alpha1.NoticeDraft); err != nil {
				return err
			}
		}
	}
	if len(p.problems) > 0 {
		return nil
	}
	pending := make([]*schedule.Planned, 0, len(p.plan))
	for i := range p.plan {
		pending = append(pending, &p.plan[i])
	}
	refused, err := p.judge(ctx, pending)
	if err != nil {
		return err
	}
	p.published = saying{v1alpha1.ReasonDraft, fmt.Sprintf("it is a draft: with state: Published customers are told, by %s", noticesText(len(pending)))}
	if refused != nil {
		p.published.message = "it is a draft, and would not be published: " + refused.message
		p.wouldBe = refused.reason
	}
	return nil
}

// publish makes notices when all of them would be published. Those of a step are made when those of the step before are
// published: the sunset, the brownouts, the announcement.
func (p *schedulePass) publish(ctx context.Context, pending []*schedule.Planned) error {
	refused, err := p.judge(ctx, pending)
	if err != nil {
		return err
	}
	if refused != nil {
		p.published = *refused
		return nil
	}
	p.published = saying{v1alpha1.ReasonNotPublished, fmt.Sprintf("customers are being told: %d of %s published", len(p.plan)-len(pending), areText(len(p.plan)))}
	if err := p.rehearse(ctx, pending); err != nil || len(p.problems) > 0 || p.again {
		return err
	}
	for _, step := range []v1alpha1.ScheduleStep{v1alpha1.StepSunset, v1alpha1.StepBrownout, v1alpha1.StepAnnouncement} {
		waits := false
		for _, planned := range pending {
			if planned.Step != step {
				continue
			}
			waits = true
			if err := p.make(ctx, planned); err != nil || len(p.problems) > 0 || p.again {
				return err
			}
		}
		if waits {
			break
		}
	}
	return nil
}

// judge says why one of the notices would not be published now, and nothing where all would. It is the same verdict as
// on any notice (R14).
func (p *schedulePass) judge(ctx context.Context, pending []*schedule.Planned) (*saying, error) {
	if len(pending) > 0 {
		if wrong, err := p.misnamed(ctx); err != nil || wrong != nil {
			return wrong, err
		}
	}
	var refused refusals
	listing := p.schedule.DeepCopy()
	listing.Status.Notices = p.listed()
	for _, planned := range pending {
		input, err := p.snapshot.Notice(ctx, p.now, p.wanted(planned))
		if err != nil {
			return nil, err
		}
		input.NoAnswers, input.Schedule = p.noAnswers, listing
		verdict := gate.EvaluateNotice(input)
		p.next = earliest(p.next, verdict.NextChange)
		if verdict.Publishable {
			continue
		}
		refused.add(planned.Field, verdict.Reason, verdict.Message)
	}
	return refused.said(), nil
}

// misnamed says what the schedule names that cannot be. What cannot be read is asked of a schedule that names operations
// alone.
func (p *schedulePass) misnamed(ctx context.Context) (*saying, error) {
	var promised []string
	if len(p.schedule.Spec.Operations) > 0 && p.schedule.Status.PublishedTime == nil {
		var problem *gate.Problem
		var err error
		if promised, problem, err = p.snapshot.PromisedOperations(ctx, p.api, p.schedule.Spec.Version); err != nil {
			return nil, err
		}
		if problem != nil {
			return &saying{problem.Reason, "operations: " + problem.Message}, nil
		}
	}
	if wrong := schedule.Misnamed(p.schedule, p.api, promised); wrong != "" {
		return &saying{v1alpha1.ReasonIncomplete, wrong}, nil
	}
	return nil, nil
}

// refusals are why notices would not be published: what several are refused for is said once.
type refusals struct {
	reason        string
	texts, fields []string
}

func (r *refusals) add(field, reason, message string) {
	if r.reason == "" {
		r.reason = reason
	}
	// The date that its author wrote is that of the schedule.
	message = strings.TrimPrefix(message, "its effectiveTime ")
	if i := slices.Index(r.texts, message); i >= 0 {
		r.fields[i] += ", " + field
		return
	}
	r.texts, r.fields = append(r.texts, message), append(r.fields, field)
}

func (r *refusals) said() *saying {
	if r.reason == "" {
		return nil
	}
	all := make([]string, 0, len(r.texts))
	for i, text := range r.texts {
		all = append(all, r.fields[i]+": "+text)
	}
	return &saying{r.reason, strings.Join(all, "; ")}
}

// listed are the notices as the status lists them once all are made: none is published before it is listed.
func (p *schedulePass) listed() []v1alpha1.ScheduledNotice {
	listed := make([]v1alpha1.ScheduledNotice, 0, len(p.plan))
	for i := range p.plan {
		planned := &p.plan[i]
		listed = append(listed, v1alpha1.ScheduledNotice{Notice: v1alpha1.ObjectName(planned.Notice.Name), Step: planned.Step, Brownout: planned.Brownout})
	}
	return listed
}

// wanted is a notice as it is to be: that which is there, with what the schedule says by now.
func (p *schedulePass) wanted(planned *schedule.Planned) *v1alpha1.ChangeNotice {
	have := p.mine[planned.Notice.Name]
	if have == nil {
		return planned.Notice.DeepCopy()
	}
	wanted := have.DeepCopy()
	wanted.Spec = *planned.Notice.Spec.DeepCopy()
	return wanted
}

// rehearse asks the API server whether it would take all of them, before the first is made.
func (p *schedulePass) rehearse(ctx context.Context, pending []*schedule.Planned) error {
	for _, planned := range pending {
		if p.mine[planned.Notice.Name] != nil {
			continue
		}
		if err := p.created(p.client.Create(ctx, planned.Notice.DeepCopy(), client.DryRunAll), planned.Notice.Name); err != nil {
			return err
		}
	}
	return nil
}

// make creates a notice, or brings the one that is there up to what the schedule says.
func (p *schedulePass) make(ctx context.Context, planned *schedule.Planned) error {
	have, wanted := p.mine[planned.Notice.Name], p.wanted(planned)
	if have == nil {
		err := p.created(p.client.Create(ctx, wanted), wanted.Name)
		if err == nil && wanted.UID != "" {
			p.mine[wanted.Name] = wanted
		}
		return err
	}
	if apiequality.Semantic.DeepEqual(have.Spec, wanted.Spec) {
		return nil
	}
	if err := p.orInvalid(p.client.Update(ctx, wanted), wanted.Name); err != nil {
		return err
	}
	p.mine[wanted.Name] = wanted
	return nil
}

// created takes an error of a creation that another look, or whoever wrote the schedule, has to put right.
func (p *schedulePass) created(err error, name string) error {
	if apierrors.IsAlreadyExists(err) { // since we looked
		p.again = true
		return nil
	}
	return p.orInvalid(err, name)
}

func (p *schedulePass) orInvalid(err error, name string) error {
	if !apierrors.IsInvalid(err) {
		return err
	}
	p.problem(v1alpha1.ReasonIncomplete, "changenotice/%s cannot say that: %s", name, oneLine(err.Error()))
	return nil
}

func noticesText(n int) string {
	if n == 1 {
		return "1 notice"
	}
	return fmt.Sprintf("%d notices", n)
}

func areText(n int) string {
	if n == 1 {
		return "1 notice is"
	}
	return fmt.Sprintf("%d notices are", n)
}
