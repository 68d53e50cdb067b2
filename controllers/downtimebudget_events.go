package controllers

import (
	"fmt"
	"slices"

	corev1 "k8s.io/api/core/v1"

	v1alpha1 "forewarn.dev/forewarn/api/v1alpha1"
	"forewarn.dev/forewarn/internal/downtime"
)

// mostDownTold is of how many intervals events tell at once: an API may flicker.
const mostDownTold = 5

// tell announces what changed, after it was written.
func (r *DowntimeBudgetReconciler) tell(before, budget *v1alpha1.DowntimeBudget) {
	begun := begunSince(&before.Status, &budget.Status)
	for i := range begun {
		r.metrics.outages.WithLabelValues(string(begun[i].Cause)).Inc()
	}
	last := begun[max(0, len(begun)-mostDownTold):]
	for i := range last {
		interval := &last[i]
		eventType := corev1.EventTypeWarning
		if interval.Notice != "" {
			eventType = corev1.EventTypeNormal
		}
		r.announce(budget, eventType, string(interval.State), "Measure", intervalText(interval))
	}
	was, is := before.Status.State, budget.Status.State
	if (was != is || len(begun) > 0) && was != "" && is == v1alpha1.AvailabilityUp {
		r.announce(budget, corev1.EventTypeNormal, string(is), "Measure", fmt.Sprintf(
			"%s is up again since %s; %s is used", budget.Spec.APIRef.Name, secondsOf(budget.Status.StateTime.Time), budget.Status.Used))
	}
	r.announceConditions(budget, before.Status.Conditions, budget.Status.Conditions,
		v1alpha1.ConditionMeasured, v1alpha1.ConditionWithinBudget, v1alpha1.ConditionReady)
}

// begunSince are the intervals that a status did not have before. What is unobserved until an answer comes begins once.
func begunSince(before, status *v1alpha1.DowntimeBudgetStatus) []v1alpha1.DowntimeInterval {
	known := map[int64]bool{}
	for i := range before.Intervals {
		known[before.Intervals[i].StartTime.UnixMicro()] = true
	}
	first := slices.IndexFunc(status.Intervals, func(i v1alpha1.DowntimeInterval) bool {
		return !known[i.StartTime.UnixMicro()] && (before.ObservedTime == nil || !i.StartTime.Time.Before(before.ObservedTime.Time))
	})
	if first < 0 {
		return nil
	}
	return status.Intervals[first:]
}

func intervalText(i *v1alpha1.DowntimeInterval) string {
	text := string(i.State) + " since " + secondsOf(i.StartTime.Time)
	if i.EndTime != nil {
		text = fmt.Sprintf("%s from %s for %s", i.State, secondsOf(i.StartTime.Time), downtime.Lasts(i.EndTime.Sub(i.StartTime.Time)))
	}
	text += " (" + string(i.Cause)
	if i.Workload.Name != "" {
		text += fmt.Sprintf(" of %s %s", i.Workload.Kind, i.Workload.Name)
	}
	text += ")"
	if i.Notice != "" {
		text += ", as customers were told by changenotice/" + string(i.Notice)
	}
	return text
}
