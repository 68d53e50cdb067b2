package controllers

import (
	"time"

	apiequality "k8s.io/apimachinery/pkg/api/equality"
	apimeta "k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/ptr"

	v1alpha1 "forewarn.dev/forewarn/api/v1alpha1"
	"forewarn.dev/forewarn/internal/downtime"
)

// spentSlack is how much later the moment at which a budget was spent may seem to be once intervals of a day are summed up.
// It is the same spending all the same, which an apology is about; a later one follows a time at which something was left.
const spentSlack = 24 * time.Hour

// logOf is the log that a status keeps. What lies past the moment until which it is known is asked for again.
func logOf(status *v1alpha1.DowntimeBudgetStatus) downtime.Log {
	if status.MeasuredSince == nil || status.ObservedTime == nil || status.StateTime == nil {
		return downtime.Log{State: v1alpha1.AvailabilityUnobserved}
	}
	log := downtime.Log{
		State: status.State, StateTime: status.StateTime.Time, Since: status.MeasuredSince.Time, Until: status.ObservedTime.Time,
		Intervals: status.Intervals, Older: status.Older,
	}
	for n := len(log.Intervals); n > 0 && !log.Intervals[n-1].StartTime.Time.Before(log.Until); n-- {
		log.Intervals = log.Intervals[:n-1]
		log.State, log.StateTime = v1alpha1.AvailabilityUp, log.Since
		if n > 1 {
			last := &log.Intervals[n-2]
			log.State, log.StateTime = last.State, last.StartTime.Time
			if last.EndTime != nil && last.EndTime.Time.Before(log.Until) {
				log.State, log.StateTime = v1alpha1.AvailabilityUp, last.EndTime.Time
			}
		}
	}
	return log
}

func setLog(status *v1alpha1.DowntimeBudgetStatus, log downtime.Log, settled time.Time) {
	if log.Since.IsZero() {
		return
	}
	status.State, status.StateTime = log.State, atMicrosecond(log.StateTime)
	status.MeasuredSince, status.ObservedTime = atMicrosecond(log.Since), atMicrosecond(log.Until)
	if settled.Before(log.Until) {
		status.ObservedTime = atMicrosecond(settled)
	}
	status.Intervals, status.Older = log.Intervals, log.Older
}

// atMicrosecond is a moment as the API server keeps it.
func atMicrosecond(t time.Time) *metav1.MicroTime {
	kept := metav1.NewMicroTime(t.UTC().Truncate(time.Microsecond))
	return &kept
}

// setNotMeasured says of a budget that is new that nobody looked yet. What is known of another stays.
func setNotMeasured(budget *v1alpha1.DowntimeBudget, now time.Time) {
	if apimeta.FindStatusCondition(budget.Status.Conditions, v1alpha1.ConditionMeasured) != nil {
		return
	}
	c := conditions{list: &budget.Status.Conditions, generation: budget.Generation, now: now}
	for _, kind := range []string{v1alpha1.ConditionMeasured, v1alpha1.ConditionObserved, v1alpha1.ConditionWithinBudget, v1alpha1.ConditionReady} {
		c.set(kind, metav1.ConditionUnknown, v1alpha1.ReasonNotMeasured, "nobody looked at the API yet")
	}
}

// setBudgetStatus writes down what was found, and says how much of it is used.
func setBudgetStatus(budget *v1alpha1.DowntimeBudget, found *foundDown) downtime.Account {
	status := &budget.Status
	status.ObservedGeneration = ptr.To(budget.Generation)
	setLog(status, found.log, found.settled)
	s := &found.sighting
	status.ExpectedReady, status.EndpointsDigest, status.Rollouts, status.Images = s.Expected, s.Digest, s.Rollouts, s.Images

	account := downtime.Of(found.log, found.terms, found.now)
	status.WindowStartTime = atSecond(account.WindowStart)
	status.Used = downtime.Lasts(account.Used) + " of " + downtime.Lasts(found.terms.Allowed)
	status.UnplannedSeconds = inSeconds(account.Unplanned)
	status.PlannedSeconds = inSeconds(account.Planned)
	status.UnobservedSeconds = inSeconds(account.Unobserved)
	status.LeftSeconds = inSeconds(account.Left)
	status.BurnRatePercent = ptr.To(account.BurnPercent)
	status.ExhaustedTime = laterSecond(account.Exhausted)
	status.FreesTime = laterSecond(account.Frees)
	status.NextChangeTime = laterSecond(account.NextChange)
	switch {
	case account.Spent == nil:
		status.SpentTime = nil
	case status.SpentTime == nil || account.Spent.Sub(status.SpentTime.Time) > spentSlack:
		status.SpentTime = atSecond(*account.Spent)
	}
	t := budgetTexts{budget: budget, found: found, account: account}
	t.setConditions(conditions{list: &status.Conditions, generation: budget.Generation, now: found.now})
	return account
}

func inSeconds(d time.Duration) *int64 { return ptr.To(int64(d / time.Second)) }

func laterSecond(t *time.Time) *metav1.Time {
	if t == nil {
		return nil
	}
	return fromSecond(*t)
}

// alike says that nothing changed but the moment until which it holds.
func alike(was, is *v1alpha1.DowntimeBudgetStatus) bool {
	now := *is
	now.ObservedTime, now.WindowStartTime = was.ObservedTime, was.WindowStartTime
	if was.ObservedTime == nil && is.ObservedTime != nil {
		return false
	}
	return apiequality.Semantic.DeepEqual(*was, now)
}

// settledDue says that it has to be written until when a query was answered.
func settledDue(before *v1alpha1.DowntimeBudget, found *foundDown) bool {
	observed := before.Status.ObservedTime
	return found.asked && observed != nil && found.settled.Sub(observed.Time) >= settledInterval
}

// restOf is how long not to write yet: where nothing changed but numbers that change all the time, once a minute is often
// enough. written is when it was last. Zero: write, if there is anything to.
func restOf(was, is *v1alpha1.DowntimeBudgetStatus, written, now time.Time) time.Duration {
	if was.ObservedTime == nil || alike(was, is) {
		return 0
	}
	steady := is.DeepCopy()
	steady.Used, steady.UnplannedSeconds, steady.PlannedSeconds = was.Used, was.UnplannedSeconds, was.PlannedSeconds
	steady.UnobservedSeconds, steady.LeftSeconds, steady.BurnRatePercent = was.UnobservedSeconds, was.LeftSeconds, was.BurnRatePercent
	steady.ExhaustedTime, steady.FreesTime, steady.EndpointsDigest = was.ExhaustedTime, was.FreesTime, was.EndpointsDigest
	if was.SpentTime == nil { // what is down spends it at that moment
		steady.NextChangeTime = was.NextChangeTime
	}
	for i := range steady.Conditions {
		c := &steady.Conditions[i]
		if before := apimeta.FindStatusCondition(was.Conditions, c.Type); before != nil && before.Status == c.Status && before.Reason == c.Reason {
			c.Message = before.Message
		}
	}
	if !alike(was, steady) {
		return 0
	}
	return max(0, written.Add(driftInterval).Sub(now))
}
