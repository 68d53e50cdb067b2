package cli

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	apimeta "k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	v1alpha1 "forewarn.dev/forewarn/api/v1alpha1"
	"forewarn.dev/forewarn/internal/downtime"
	"forewarn.dev/forewarn/internal/notice"
)

func (e *explainer) explainBudget(ctx context.Context) (*explanation, error) {
	budget, err := e.budget(ctx, e.about.name)
	if err != nil {
		return nil, err
	}
	e.zone = zoneOf(e.policies, "")
	var location *time.Location // nil: as much counts as would in any zone
	if budget.Spec.Window.Calendar != "" {
		name := cmp.Or(budget.Spec.Window.TimeZone, "UTC")
		if location, err = notice.ParseZone(name); err == nil {
			e.zone = zone{name: name, location: location}
		}
	}
	found := budgetResult(budget, downtime.TermsOf(&budget.Spec, location), e.now)
	return &explanation{
		result: Result{DowntimeBudget: found, Next: e.budgetSteps(budget, found)},
		text:   func(p *page) { e.budgetPage(p, found) },
	}, nil
}

// budget is the DowntimeBudget of that name.
func (e *explainer) budget(ctx context.Context, name string) (*v1alpha1.DowntimeBudget, error) {
	var budgets v1alpha1.DowntimeBudgetList
	if err := e.read(ctx, &budgets); err != nil {
		return nil, readable(err)
	}
	var known []string
	for i := range budgets.Items {
		if budgets.Items[i].Name == name {
			return &budgets.Items[i], nil
		}
		known = append(known, budgets.Items[i].Name)
	}
	return nil, e.missing("DowntimeBudget", name, known)
}

// budgetResult counts what the status holds at a moment: what the API is now it is taken to stay until then.
func budgetResult(budget *v1alpha1.DowntimeBudget, terms downtime.Terms, now time.Time) *BudgetResult {
	status := &budget.Status
	found := &BudgetResult{
		API: string(budget.Spec.APIRef.Name), State: string(cmp.Or(status.State, v1alpha1.AvailabilityUnobserved)),
		Measured:  conditionResult(status.Conditions, v1alpha1.ConditionMeasured),
		Intervals: slices.DeleteFunc(slices.Clone(status.Intervals), func(i v1alpha1.DowntimeInterval) bool { return i.StartTime.After(now) }),
		Older:     len(status.Older), Apology: string(status.Apology), Days: terms.Frame.Days,
	}
	if status.StateTime != nil {
		found.StateTime = &metav1.Time{Time: status.StateTime.Time}
	}
	log := downtime.Log{State: status.State, Intervals: found.Intervals, Older: status.Older}
	account := downtime.Of(log, terms, now)
	found.WindowStartTime = metav1.NewTime(account.WindowStart.UTC())
	found.AllowedSeconds, found.UsedSeconds, found.LeftSeconds = inSeconds(terms.Allowed), inSeconds(account.Used), inSeconds(account.Left)
	found.UnplannedSeconds, found.PlannedSeconds, found.UnobservedSeconds = inSeconds(account.Unplanned), inSeconds(account.Planned), inSeconds(account.Unobserved)
	found.BurnRatePercent = account.BurnPercent
	found.ExhaustedTime, found.SpentTime, found.FreesTime = metaTime(account.Exhausted), metaTime(account.Spent), metaTime(account.Frees)
	found.Refused = refusedBy(&budget.Spec, account.Spent != nil)
	return found
}

// conditionResult is a condition as the status has it.
func conditionResult(list []metav1.Condition, kind string) ConditionResult {
	return conditionOr(list, kind, reasonNotObserved)
}

// conditionOr is a condition as the status has it, with a reason for what is not there yet.
func conditionOr(list []metav1.Condition, kind, unseen string) ConditionResult {
	c := apimeta.FindStatusCondition(list, kind)
	if c == nil {
		return ConditionResult{Reason: unseen, Message: "forewarn has not looked at it yet"}
	}
	return ConditionResult{Status: c.Status == metav1.ConditionTrue, Reason: c.Reason, Message: c.Message}
}

// refusedBy is what is refused because of a budget.
func refusedBy(spec *v1alpha1.DowntimeBudgetSpec, spent bool) string {
	const passes = " Restarting, scaling up and rolling back pass."
	switch {
	case !spent:
		return "Nothing: it is not spent."
	case spec.WhenSpent == v1alpha1.SpentReport:
		return "Nothing: whenSpent is Report."
	case spec.WhenSpent == v1alpha1.SpentRefuseAll:
		return "All rollouts of the API." + passes
	}
	return "All rollouts of the API but those that somebody who may approve them marks as a fix." + passes
}

func inSeconds(d time.Duration) int64 { return int64(d / time.Second) }

func (e *explainer) budgetPage(p *page, found *BudgetResult) {
	p.line("%s, about customerapi/%s", e.title(), safe(found.API))
	state := found.State
	if found.StateTime != nil {
		state += " since " + e.zone.moment(found.StateTime.Time)
	}
	p.fields("", [][2]string{{"State", safe(state)}, {"Measured", safe(measuredText(found.Measured))}})
	p.heading("Budget")
	p.fields("  ", e.budgetFields(found))
	p.heading("Refused now")
	p.paragraph("  ", "", found.Refused)
	if found.SpentTime != nil && found.FreesTime != nil {
		p.paragraph("  ", "", "It frees up "+e.zone.moment(found.FreesTime.Time)+", if the API is up until then.")
	}
	p.heading("Intervals")
	e.intervals(p, found)
}

func measuredText(c ConditionResult) string {
	if c.Status {
		return "yes: " + c.Message
	}
	return "no (" + c.Reason + "): " + c.Message
}

func (e *explainer) budgetFields(found *BudgetResult) [][2]string {
	window := fmt.Sprintf("the last %d days, since ", found.Days)
	if found.Days == 0 {
		window = "this month, since "
	}
	fields := [][2]string{
		{"Window", window + e.zone.moment(found.WindowStartTime.Time)},
		{"Used", lasts(found.UsedSeconds) + " of " + lasts(found.AllowedSeconds)},
		{"Left", lasts(found.LeftSeconds)},
		{"Planned", lasts(found.PlannedSeconds)},
		{"Nobody looked", lasts(found.UnobservedSeconds)},
		{"Burn rate", fmt.Sprintf("%d%% in the last 24 hours", found.BurnRatePercent)},
	}
	exhausted := "Spent at this rate"
	if found.State != string(v1alpha1.AvailabilityUp) {
		exhausted = "Spent if it stays so"
	}
	for _, at := range []struct {
		name string
		time *metav1.Time
	}{{exhausted, found.ExhaustedTime}, {"Spent", found.SpentTime}, {"Frees up", found.FreesTime}} {
		if at.time != nil {
			fields = append(fields, [2]string{at.name, e.zone.moment(at.time.Time)})
		}
	}
	return fields
}

// intervals lists when the API was down, the latest first.
func (e *explainer) intervals(p *page, found *BudgetResult) {
	if len(found.Intervals) == 0 {
		none := "None: it was up whenever somebody looked."
		if found.StateTime == nil {
			none = "None: nobody looked yet."
		}
		p.paragraph("  ", "", none)
		return
	}
	var rows [][]string
	for _, i := range slices.Backward(found.Intervals) {
		length, end := "until now", e.now
		if i.EndTime != nil {
			end, length = i.EndTime.Time, ""
		}
		length = strings.TrimSpace(lasts(inSeconds(end.Sub(i.StartTime.Time)+time.Second-1)) + " " + length)
		by := "-"
		if i.Workload.Name != "" {
			by = fmt.Sprintf("%s/%s", i.Workload.Kind, i.Workload.Name)
		}
		told := "no"
		switch {
		case i.State == v1alpha1.AvailabilityUnobserved:
			told = "-"
		case i.Notice != "":
			told = "changenotice/" + string(i.Notice)
		}
		rows = append(rows, []string{e.zone.day(i.StartTime.Truncate(time.Second)), length, string(i.State), string(i.Cause), safe(by), safe(told)})
	}
	p.table(2, []string{"from (" + e.zone.name + ")", "for", "state", "cause", "by", "announced"}, rows, 4, 5)
	if found.Older > 0 {
		p.paragraph("  ", "", "Those before are summed up by the day: kubectl get -o yaml shows them (status.older).")
	}
}

// lasts is a time in seconds as people say it.
func lasts(seconds int64) string { return downtime.Lasts(time.Duration(seconds) * time.Second) }

// backStep leads out of a downtime: the other way than it came about.
func (e *explainer) backStep(found *BudgetResult, workload string) Step {
	step := Step{
		Text:     "Bring it back. Restarting, scaling up and rolling back are never refused:",
		Commands: []string{e.hints.kubectl("describe", workload), e.hints.kubectl("rollout", "undo", workload)},
	}
	if len(found.Intervals) == 0 {
		return step
	}
	last := &found.Intervals[len(found.Intervals)-1]
	if last.EndTime != nil {
		return step
	}
	if last.Cause == v1alpha1.CauseScaledDown {
		step.Commands[1] = e.hints.kubectl("scale", workload, "--replicas=REPLICAS")
	}
	for i := range e.notices {
		if n := &e.notices[i]; n.Name == string(last.Notice) && n.Status.LapsesTime != nil && e.now.Before(n.Status.LapsesTime.Time) {
			step.Text = "It is down by plan. Bring it back before " + e.zone.moment(n.Status.LapsesTime.Time) +
				": from then on it spends the budget. Restarting, scaling up and rolling back are never refused:"
		}
	}
	return step
}

func (e *explainer) budgetSteps(budget *v1alpha1.DowntimeBudget, found *BudgetResult) []Step {
	var steps []Step
	about := "downtimebudget/" + budget.Name
	if !found.Measured.Status && found.Measured.Reason != reasonNotObserved && found.Measured.Reason != v1alpha1.ReasonNotMeasured {
		steps = append(steps, Step{Text: "Put right what keeps it from being measured:", Commands: []string{e.hints.kubectl("edit", about)}})
	}
	workload := "deployment/NAME"
	for _, i := range slices.Backward(found.Intervals) {
		if i.Workload.Name != "" {
			workload = strings.ToLower(string(i.Workload.Kind)) + "/" + string(i.Workload.Name)
			break
		}
	}
	if found.State == string(v1alpha1.AvailabilityDown) || found.State == string(v1alpha1.AvailabilityDegraded) {
		steps = append(steps, e.backStep(found, workload))
	}
	if found.SpentTime == nil {
		return steps
	}
	if budget.Spec.WhenSpent == "" || budget.Spec.WhenSpent == v1alpha1.SpentRefuseUnlessFix {
		steps = append(steps, Step{
			Text: "Release a fix as somebody who may approve downtimebudgets, marked as one together with the new image:",
			Commands: []string{e.hints.kubectl("patch", workload, "-p",
				fmt.Sprintf(`{"spec":{"template":{"metadata":{"annotations":{"%s":"%s"}}}}}`, v1alpha1.FixesAnnotation, budget.Name))},
		})
	}
	if found.Apology != "" {
		steps = append(steps, Step{
			Text:     "Tell customers: complete the apology, and set state: Published.",
			Commands: []string{e.hints.kubectl("edit", "changenotice/"+found.Apology)},
		})
	}
	return steps
}
