package controllers

import (
	"cmp"
	"context"
	"fmt"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"sigs.k8s.io/controller-runtime/pkg/client"

	v1alpha1 "forewarn.dev/forewarn/api/v1alpha1"
	"forewarn.dev/forewarn/internal/downtime"
	"forewarn.dev/forewarn/internal/notice"
)

// foundDown is what is known of a budget now.
type foundDown struct {
	now      time.Time
	settled  time.Time
	asked    bool // by a query
	log      downtime.Log
	sighting downtime.Sighting
	terms    downtime.Terms
	// zoneProblem is why the time zone of the window cannot be read.
	zoneProblem error
	// nextBound is when a planned window next begins or ends.
	nextBound *time.Time
}

// look adds to the log of a budget what was seen. Nil: nobody can know yet.
func (r *DowntimeBudgetReconciler) look(ctx context.Context, budget *v1alpha1.DowntimeBudget, source sightings, now time.Time) (*foundDown, error) {
	log := logOf(&budget.Status)
	s, ok, err := source.seen(ctx, budget, log)
	if err != nil || !ok {
		return nil, err
	}
	if s.Now.IsZero() {
		s.Now = now
	}
	if s.Now.Before(log.Until) { // another clock was ahead: nothing is taken back
		s.Now = log.Until
	}
	key := client.ObjectKey{Namespace: budget.Namespace, Name: string(budget.Spec.APIRef.Name)}
	var windows []downtime.Window
	api := &v1alpha1.CustomerAPI{}
	switch err := r.client.Get(ctx, key, api); {
	case apierrors.IsNotFound(err):
		s.Sights, s.Problem = nil, &downtime.Problem{Reason: v1alpha1.ReasonAPINotFound, Text: fmt.Sprintf(
			"there is no customerapi/%s: create it, or name another in spec.apiRef", key.Name)}
	case err != nil:
		return nil, err
	default:
		if windows, err = r.snapshot.Windows(ctx, s.Now, api); err != nil {
			return nil, fmt.Errorf("reading which downtimes are planned: %w", err)
		}
	}
	brownout, err := r.brownoutSince(ctx, key)
	if err != nil {
		return nil, err
	}
	if len(s.Sights) > 0 || !log.Since.IsZero() { // else there is nothing to lay it over
		s = downtime.WithBrownout(log, s, brownout)
	}
	found := &foundDown{
		now: s.Now, settled: s.Now, asked: budget.Spec.Availability.Query != "",
		sighting: s, log: downtime.Compact(downtime.Record(log, s, windows), s.Now),
	}
	if !s.Settled.IsZero() {
		found.settled = s.Settled
		if s.Settled.Before(log.Until) {
			found.settled = log.Until
		}
	}
	if found.log.State != v1alpha1.AvailabilityUp {
		found.nextBound = nextBound(windows, s.Now)
	}
	found.terms, found.zoneProblem = termsOf(&budget.Spec)
	return found, nil
}

// termsOf are the terms of a budget. Where its zone cannot be read they are no looser than in any zone.
func termsOf(spec *v1alpha1.DowntimeBudgetSpec) (downtime.Terms, error) {
	if spec.Window.Calendar == "" {
		return downtime.TermsOf(spec, nil), nil
	}
	zone, err := notice.ParseZone(cmp.Or(spec.Window.TimeZone, "UTC"))
	if err != nil {
		return downtime.TermsOf(spec, nil), err
	}
	return downtime.TermsOf(spec, zone), nil
}

// brownoutSince is when the first of the brownouts began that are under way on routes of an API. Nil: none is.
func (r *DowntimeBudgetReconciler) brownoutSince(ctx context.Context, api client.ObjectKey) (*time.Time, error) {
	var schedules v1alpha1.DeprecationScheduleList
	if err := r.client.List(ctx, &schedules, client.InNamespace(api.Namespace), client.UnsafeDisableDeepCopy); err != nil {
		return nil, fmt.Errorf("listing deprecation schedules: %w", err)
	}
	var first *time.Time
	for i := range schedules.Items {
		if string(schedules.Items[i].Spec.APIRef.Name) != api.Name {
			continue
		}
		for _, route := range schedules.Items[i].Status.Routes {
			if route.Brownout != "" && route.BrownoutStartTime != nil {
				first = earliest(first, &route.BrownoutStartTime.Time)
			}
		}
	}
	return first, nil
}

func matterOfBrownout(s *v1alpha1.DeprecationSchedule) any {
	var matter []any
	for _, route := range s.Status.Routes {
		matter = append(matter, route.Name, route.Brownout, route.BrownoutStartTime)
	}
	return []any{s.Spec.APIRef, matter}
}

// matterOfWindow is what says when an API may be down.
func matterOfWindow(n *v1alpha1.ChangeNotice) any {
	status := &n.Status
	return []any{matterOfNotice(n), status.Postponements, status.EffectiveTime, status.SupersededBy, status.SupersededTime, status.LapsedTime}
}

func nextBound(windows []downtime.Window, now time.Time) *time.Time {
	var next *time.Time
	for i := range windows {
		for _, bound := range []time.Time{windows[i].Start, windows[i].End} {
			if bound.After(now) {
				next = earliest(next, &bound)
			}
		}
	}
	return next
}
