package controllers

import (
	"fmt"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	v1alpha1 "forewarn.dev/forewarn/api/v1alpha1"
	"forewarn.dev/forewarn/internal/downtime"
)

// budgetTexts says how it is about a budget.
type budgetTexts struct {
	budget  *v1alpha1.DowntimeBudget
	found   *foundDown
	account downtime.Account
}

func (t budgetTexts) setConditions(c conditions) {
	problem := t.found.sighting.Problem
	if problem != nil {
		c.set(v1alpha1.ConditionMeasured, metav1.ConditionFalse, problem.Reason, problem.Text)
	} else {
		c.set(v1alpha1.ConditionMeasured, metav1.ConditionTrue, v1alpha1.ReasonMeasured, t.measured())
	}
	if t.account.Unobserved > 0 || t.found.log.Since.IsZero() {
		c.set(v1alpha1.ConditionObserved, metav1.ConditionFalse, v1alpha1.ReasonGaps, t.gaps())
	} else {
		c.set(v1alpha1.ConditionObserved, metav1.ConditionTrue, v1alpha1.ReasonObserved, "somebody looked all the time since "+secondsOf(t.observedSince()))
	}
	spent := t.budget.Status.SpentTime != nil
	if spent {
		c.set(v1alpha1.ConditionWithinBudget, metav1.ConditionFalse, v1alpha1.ReasonSpent, t.spent())
	} else {
		c.set(v1alpha1.ConditionWithinBudget, metav1.ConditionTrue, v1alpha1.ReasonWithinBudget,
			fmt.Sprintf("%s is used %s, %s is left", t.budget.Status.Used, t.window(), downtime.Lasts(t.account.Left)))
	}
	switch {
	case t.found.zoneProblem != nil:
		c.set(v1alpha1.ConditionReady, metav1.ConditionFalse, v1alpha1.ReasonWindowInvalid,
			"spec.window: "+oneLine(t.found.zoneProblem.Error())+". Until then as much counts as would in any zone: the last 31 days")
	case problem != nil:
		c.set(v1alpha1.ConditionReady, metav1.ConditionFalse, problem.Reason, problem.Text)
	case spent: // it works as it should: tools that wait for Ready must not hold up the fix
		c.set(v1alpha1.ConditionReady, metav1.ConditionTrue, v1alpha1.ReasonSpent, t.spent())
	default:
		c.set(v1alpha1.ConditionReady, metav1.ConditionTrue, v1alpha1.ReasonReady, t.measured())
	}
}

func (t budgetTexts) measured() string {
	if t.budget.Spec.Availability.Query != "" {
		return fmt.Sprintf("the query is asked every %s", downtime.Lasts(stepOf(&t.budget.Spec.Availability)))
	}
	return "the EndpointSlices of its Services are watched"
}

func (t budgetTexts) window() string {
	if t.found.terms.Frame.Days == 0 {
		return "this month"
	}
	if t.found.terms.Frame.Days == 1 {
		return "in the last day"
	}
	return fmt.Sprintf("in the last %d days", t.found.terms.Frame.Days)
}

// spent says what is refused, until when, and what passes.
func (t budgetTexts) spent() string {
	spec := &t.budget.Spec
	refused := "rollouts of it are refused, unless who may approve them marks them as a fix (annotation " +
		v1alpha1.FixesAnnotation + ": " + t.budget.Name + ")"
	switch spec.WhenSpent {
	case v1alpha1.SpentRefuseAll:
		refused = "rollouts of it are refused; restarting, scaling up and rolling back are not"
	case v1alpha1.SpentReport:
		refused = "nothing is refused (whenSpent: Report)"
	case v1alpha1.SpentRefuseUnlessFix:
	}
	text := fmt.Sprintf("%s is out of downtime: %s is used %s; %s", spec.APIRef.Name, t.budget.Status.Used, t.window(), refused)
	if t.account.Frees == nil {
		return text
	}
	text += "; it frees up " + secondsOf(*t.account.Frees)
	if t.account.NextChange == nil {
		text += " if it is up from now on"
	}
	return text
}

// gaps says for how long nobody looked.
func (t budgetTexts) gaps() string {
	if t.found.log.Since.IsZero() {
		return "nobody looked at the API yet"
	}
	text := "nobody looked for " + downtime.Lasts(t.account.Unobserved) + " " + t.window()
	for i := len(t.found.log.Intervals) - 1; i >= 0; i-- {
		gap := &t.found.log.Intervals[i]
		if gap.State != v1alpha1.AvailabilityUnobserved {
			continue
		}
		text += ", last since " + secondsOf(gap.StartTime.Time)
		if gap.EndTime != nil {
			text += " until " + secondsOf(gap.EndTime.Time)
		}
		break
	}
	if t.found.terms.SpendUnobserved {
		return text + ": it counts as downtime (unobserved: Spend)"
	}
	return text + ": it counts neither as up nor as down (unobserved: Report)"
}

// observedSince is when somebody began to look, within the window.
func (t budgetTexts) observedSince() time.Time {
	if t.found.log.Since.After(t.account.WindowStart) || t.found.terms.Frame.Days > 0 {
		return t.found.log.Since // a window of the last days moves all the time
	}
	return t.account.WindowStart
}

func secondsOf(t time.Time) string { return t.UTC().Format(time.RFC3339) }
