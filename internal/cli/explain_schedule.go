package cli

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/ptr"

	v1alpha1 "forewarn.dev/forewarn/api/v1alpha1"
	"forewarn.dev/forewarn/internal/schedule"
)

// ScheduleResult explains a DeprecationSchedule.
type ScheduleResult struct {
	API        string   `json:"api"`
	Version    string   `json:"version"`
	Operations []string `json:"operations,omitempty"`
	State      string   `json:"state"`
	// Stage and what comes next are those of the moment asked for, by what forewarn
	// wrote last. They are left out where it has not looked yet.
	Stage     string       `json:"stage,omitempty"`
	NextStage string       `json:"nextStage,omitempty"`
	NextTime  *metav1.Time `json:"nextTime,omitempty"`
	// Published is the condition as forewarn wrote it last.
	Published ConditionResult `json:"published"`
	// Signalled says whether responses say it, as forewarn wrote it last. It is left
	// out where the schedule names no route.
	Signalled *ConditionResult `json:"signalled,omitempty"`
	// Removal says whether what goes away may be removed, at the moment asked for.
	Removal ConditionResult `json:"removal"`
	// RemovalChangesTime is when that is another by itself.
	RemovalChangesTime *metav1.Time     `json:"removalChangesTime,omitempty"`
	Steps              []CalendarEvent  `json:"steps,omitempty"`
	Notices            []ScheduleNotice `json:"notices,omitempty"`
	// StillUsing is left out where it is not known.
	StillUsing *int32       `json:"stillUsing,omitempty"`
	UsageTime  *metav1.Time `json:"usageTime,omitempty"`
	// Requires is what a removal needs besides its date.
	Requires string `json:"requires,omitempty"`
	// NotAcknowledged are the ids of those who use it and did not acknowledge its
	// end, as far as they are listed.
	NotAcknowledged []string `json:"notAcknowledged,omitempty"`
	// Unlisted is how many use it besides those whom the schedule lists.
	Unlisted int32 `json:"unlisted,omitempty"`

	withdrawn *metav1.Time
	// ready is the reason of that condition: of a draft it says why it would not be published.
	ready string
}

// ScheduleNotice is a notice by which customers are told of a schedule.
type ScheduleNotice struct {
	Name          string       `json:"name"`
	Step          string       `json:"step"`
	Brownout      string       `json:"brownout,omitempty"`
	EffectiveTime *metav1.Time `json:"effectiveTime,omitempty"`
	PublishedTime *metav1.Time `json:"publishedTime,omitempty"`
}

// shownStragglers are how many customers a page lists.
const shownStragglers = 20

func (e *explainer) explainSchedule() (*explanation, error) {
	s, err := e.scheduleNamed(e.about.name)
	if err != nil {
		return nil, err
	}
	e.zone = zoneOf(e.policies, "")
	found := e.scheduleResult(s)
	return &explanation{
		result: Result{Schedule: found, Next: e.scheduleSteps(found)},
		text:   func(p *page) { e.schedulePage(p, found) },
	}, nil
}

func (e *explainer) scheduleNamed(name string) (*v1alpha1.DeprecationSchedule, error) {
	var known []string
	for i := range e.schedules {
		if e.schedules[i].Name == name {
			return &e.schedules[i], nil
		}
		known = append(known, e.schedules[i].Name)
	}
	return nil, e.missing("DeprecationSchedule", name, known)
}

func (e *explainer) scheduleResult(s *v1alpha1.DeprecationSchedule) *ScheduleResult {
	status := &s.Status
	found := &ScheduleResult{
		API: string(s.Spec.APIRef.Name), Version: string(s.Spec.Version), Operations: s.Spec.Operations, State: string(s.Spec.State),
		Published: conditionOr(status.Conditions, v1alpha1.ConditionPublished, v1alpha1.ReasonNotPublished),
		ready:     conditionOr(status.Conditions, v1alpha1.ConditionReady, v1alpha1.ReasonReady).Reason,
		Steps:     scheduleEvents(s), StillUsing: status.StillUsing, UsageTime: status.UsageTime,
		Requires: string(s.Spec.RemovalRequires), withdrawn: status.WithdrawnTime,
	}
	if status.Stage != "" {
		next, at := schedule.Next(s, e.now)
		found.Stage, found.NextStage, found.NextTime = string(schedule.Stage(s, e.now)), string(next), metaTime(at)
	}
	if len(s.Spec.Routes) > 0 && status.Stage != "" {
		signalled := conditionResult(status.Conditions, v1alpha1.ConditionSignalled)
		found.Signalled = &signalled
	}
	allowed, reason, message, next := schedule.Removal(s, e.now)
	found.Removal = ConditionResult{Status: allowed, Reason: reason, Message: message}
	found.RemovalChangesTime = metaTime(next)
	for _, n := range status.Notices {
		found.Notices = append(found.Notices, ScheduleNotice{
			Name: string(n.Notice), Step: string(n.Step), Brownout: n.Brownout,
			EffectiveTime: n.EffectiveTime, PublishedTime: n.PublishedTime,
		})
	}
	found.Unlisted = max(0, ptr.Deref(status.StillUsing, 0)-int32(len(status.Stragglers)))
	for i := range status.Stragglers {
		if status.Stragglers[i].AcknowledgedTime == nil {
			found.NotAcknowledged = append(found.NotAcknowledged, string(status.Stragglers[i].Customer))
		}
	}
	return found
}

func (e *explainer) schedulePage(p *page, found *ScheduleResult) {
	p.line("%s, the way out of %s of customerapi/%s", e.title(), safe(found.Version), safe(found.API))
	for _, operation := range found.Operations {
		p.paragraph("  ", "- ", safe(operation))
	}
	stage := found.Stage
	if stage == "" {
		stage = "not known yet"
	}
	p.heading("Stage: " + safe(stage))
	if found.NextStage != "" {
		when := "; nobody knows when"
		if found.NextTime != nil {
			when = ", " + e.zone.moment(found.NextTime.Time)
		}
		p.paragraph("  ", "", safe("next: "+found.NextStage+when))
	}
	if !found.Published.Status {
		p.heading("Published: " + safe(found.Published.Reason))
		p.paragraph("  ", "", safe(found.Published.Message))
		p.why("  ", found.Published.Reason)
	}
	if found.Signalled != nil {
		p.heading("Responses: " + safe(found.Signalled.Reason))
		p.paragraph("  ", "", safe(found.Signalled.Message))
	}
	p.heading("Removal: " + found.Removal.Reason)
	p.paragraph("  ", "", safe(found.Removal.Message))
	p.why("  ", found.Removal.Reason)
	p.scheduleSteps(found, e)
	p.stragglers(found, e.zone)
}

func (p *page) scheduleSteps(found *ScheduleResult, e *explainer) {
	var rows [][]string
	for i := range found.Steps {
		step := &found.Steps[i]
		rows = append(rows, []string{e.zone.day(step.Time.Time), safe(step.Title), stepState(step, found.withdrawn, e.now)})
	}
	if len(rows) > 0 {
		p.heading("Dates")
		p.table(2, []string{"when", "what", ""}, rows, 1)
	}
	rows = nil
	for _, n := range found.Notices {
		told := "not yet"
		if n.PublishedTime != nil {
			told = e.zone.day(n.PublishedTime.Time)
		}
		rows = append(rows, []string{safe(n.Name), safe(n.Step), told})
	}
	if len(rows) > 0 {
		p.heading("Notices")
		p.table(2, []string{"notice", "step", "published"}, rows, 0)
	}
}

// stepState says where now is beside the date of a step.
func stepState(step *CalendarEvent, withdrawn *metav1.Time, now time.Time) string {
	switch {
	case step.Cancelled && (withdrawn == nil || withdrawn.Time.Before(step.Time.Time)):
		return "withdrawn"
	case now.Before(step.Time.Time):
		return "to come"
	case step.EndTime != nil && now.Before(step.EndTime.Time):
		return "now"
	}
	return "past"
}

// stragglers says who still uses it.
func (p *page) stragglers(found *ScheduleResult, z zone) {
	p.heading("Who still uses it")
	if found.StillUsing == nil || found.UsageTime == nil {
		p.paragraph("  ", "", "that is not known")
		return
	}
	customers := strconv.Itoa(int(*found.StillUsing)) + " customers"
	if *found.StillUsing == 1 {
		customers = "1 customer"
	}
	p.paragraph("  ", "", safe(customers+", as was asked "+z.moment(found.UsageTime.Time)))
	shown := found.NotAcknowledged[:min(len(found.NotAcknowledged), shownStragglers)]
	list := strings.Join(shown, ", ")
	if more := len(found.NotAcknowledged) - len(shown); more > 0 {
		list += fmt.Sprintf(", %d more", more)
	}
	if found.Unlisted > 0 {
		list = strings.TrimPrefix(list+fmt.Sprintf(", %d who are in no list", found.Unlisted), ", ")
	}
	if list != "" {
		p.paragraph("  ", "", safe("did not acknowledge its end: "+list))
	}
}

// scheduleSteps are what to do about a schedule, the first thing first.
func (e *explainer) scheduleSteps(found *ScheduleResult) []Step {
	return slices.Concat(e.removalSteps(found), e.signalSteps(found), e.usageSteps(found))
}

// signalSteps lead to responses that say it.
func (e *explainer) signalSteps(found *ScheduleResult) []Step {
	if found.Signalled == nil || found.Signalled.Status {
		return nil
	}
	switch found.Signalled.Reason {
	case v1alpha1.ReasonSignalsMissing:
		return []Step{{Text: "Let the responses say it: add what is printed to the HTTPRoute.", Commands: []string{e.hints.command("headers", e.about.String())}}}
	case v1alpha1.ReasonRouteNotFound:
		return []Step{{Text: "Name the HTTPRoute, and the rules, that there are.",
			Commands: []string{e.hints.kubectl("get", "httproutes"), e.hints.kubectl("edit", e.about.String())}}}
	}
	return nil
}

// usageSteps say in time what would keep it for good: nobody knows who uses it.
func (e *explainer) usageSteps(found *ScheduleResult) []Step {
	switch found.Removal.Reason {
	case v1alpha1.ReasonDraft, v1alpha1.ReasonNotPublished, v1alpha1.ReasonNotYet:
	default:
		return nil
	}
	if found.StillUsing != nil || found.Requires == "" || found.Requires == string(v1alpha1.RemovalAtDate) {
		return nil
	}
	text := "By the time of its removal let the Audience of the API name a usage query: as long as nobody knows who uses it, it is kept, also after its date."
	if found.Removal.Reason == v1alpha1.ReasonDraft {
		text += " Or leave removalRequires out while this is a draft."
	}
	return []Step{{Text: text, Commands: e.usageCommands(found)}}
}

func (e *explainer) usageCommands(found *ScheduleResult) []string {
	return []string{e.hints.kubectl("get", "customerapi/"+found.API, "-o", "jsonpath={.spec.audienceRef.name}"), e.hints.kubectl("describe", "audiences")}
}

// removalSteps lead to the removal.
func (e *explainer) removalSteps(found *ScheduleResult) []Step {
	edit := []string{e.hints.kubectl("edit", e.about.String())}
	sunset := ""
	var matures, unpublished []string
	for _, n := range found.Notices {
		if n.Step == string(v1alpha1.StepSunset) {
			sunset, matures = n.Name, []string{e.hints.command("explain", "changenotice/"+n.Name)}
		}
		if n.PublishedTime == nil {
			unpublished = append(unpublished, e.hints.command("explain", "changenotice/"+n.Name))
		}
	}
	switch found.Removal.Reason {
	case v1alpha1.ReasonDraft:
		if found.ready != v1alpha1.ReasonReady {
			return []Step{{Text: "Put right what is said above, and then set state: Published.", Commands: edit}}
		}
		return []Step{{Text: "Set state: Published. Forewarn then tells customers of each step, by notices of their own.", Commands: edit}}
	case v1alpha1.ReasonNotPublished:
		return []Step{{Text: "See what the notices lack, and put it right in the schedule: until all of them are published its dates can be edited.",
			Commands: append(unpublished, edit...)}}
	case v1alpha1.ReasonNotYet:
		if found.RemovalChangesTime == nil {
			return []Step{{Text: "See what the notice of its end lacks, and put the dates right.", Commands: append(matures, edit...)}}
		}
		return []Step{{Text: "Keep it until " + e.zone.moment(found.RemovalChangesTime.Time) + "."}}
	case v1alpha1.ReasonStillUsed, v1alpha1.ReasonNotAcknowledged:
		steps := []Step{{Text: "Write to those who still use it, or give them more time: sunsetTime can move to later.",
			Commands: []string{e.hints.kubectl("get", e.about.String(), "-o", "jsonpath={.status.stragglers[*].customer}")}}}
		if sunset != "" && found.Removal.Reason == v1alpha1.ReasonNotAcknowledged {
			steps = append(steps, Step{Text: "See what they answered:", Commands: []string{e.hints.command("notice", "answers", sunset)}})
		}
		return steps
	case v1alpha1.ReasonUsageNotKnown:
		return []Step{{Text: "Let the Audience of the API name a usage query, and see whether its server answers.",
			Commands: e.usageCommands(found)}}
	case v1alpha1.ReasonRemovable:
		if e.isInForce(sunset) {
			return []Step{{Text: "Nothing: what serves is without it. The stage is Removed once nobody may roll back to what has it."}}
		}
		return []Step{{Text: "Release a revision without it" + e.beforeLapse(sunset) + "."}}
	}
	return nil
}

// isInForce says that something serves which does what the notice tells of.
func (e *explainer) isInForce(name string) bool {
	return slices.ContainsFunc(e.notices, func(n v1alpha1.ChangeNotice) bool { return n.Name == name && n.Status.InForceTime != nil })
}

// beforeLapse is until when the notice of the end lets it be removed.
func (e *explainer) beforeLapse(sunset string) string {
	for i := range e.notices {
		if lapses := e.notices[i].Status.LapsesTime; e.notices[i].Name == sunset && lapses != nil {
			return " before " + e.zone.moment(lapses.Time)
		}
	}
	return ""
}
