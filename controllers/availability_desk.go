package controllers

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"time"

	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/source"

	v1alpha1 "forewarn.dev/forewarn/api/v1alpha1"
	"forewarn.dev/forewarn/internal/delivery/egress"
	"forewarn.dev/forewarn/internal/downtime"
	"forewarn.dev/forewarn/internal/snapshot"
	"forewarn.dev/forewarn/internal/usage/prom"
)

const (
	// usualStep is how far apart samples are where a budget says nothing of it.
	usualStep = 30 * time.Second
	// longestBackfill is how far back a server is asked for what nobody asked it in time.
	longestBackfill = 31 * 24 * time.Hour
	// mostUnrecorded is how many sights may wait to be written down before more is asked for.
	mostUnrecorded = 2 * prom.MaxSteps
)

func stepOf(query *v1alpha1.AvailabilityQuery) time.Duration {
	if query.StepSeconds == 0 {
		return usualStep
	}
	return time.Duration(query.StepSeconds) * time.Second
}

// availabilityDesk holds what Prometheus servers answered until it is in the status of a budget. A server that does not
// answer is asked for the same time again: it may remember.
type availabilityDesk struct {
	dispatch
	snapshot *snapshot.Snapshot
	offset   time.Duration
	turns    chan struct{}
	wakes    *waker

	mu    sync.Mutex
	known map[types.NamespacedName]*answeredUntil
}

// answeredUntil is what is known of one budget.
type answeredUntil struct {
	sights []downtime.Sight
	// until is the last step that was answered.
	until time.Time
	// failed is when it was asked in vain since.
	failed  time.Time
	problem *downtime.Problem
}

func newAvailabilityDesk(s shared, d dispatch, offset time.Duration) *availabilityDesk {
	return &availabilityDesk{
		dispatch: d, snapshot: s.snapshot, offset: offset, turns: make(chan struct{}, askedAtOnce), wakes: &waker{},
		known: map[types.NamespacedName]*answeredUntil{},
	}
}

func (d *availabilityDesk) changed() source.Source { return d.wakes }

// seen implements sightings.
func (d *availabilityDesk) seen(_ context.Context, budget *v1alpha1.DowntimeBudget, _ downtime.Log) (downtime.Sighting, bool, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	a := d.known[keyOf(budget)]
	if a == nil {
		return downtime.Sighting{}, false, nil
	}
	s := downtime.Sighting{Now: a.until, Sights: append([]downtime.Sight(nil), a.sights...), Problem: a.problem}
	if a.failed.After(a.until) {
		s.Now, s.Settled = a.failed, a.until
		s.Sights = append(s.Sights, downtime.Sight{At: a.until, State: v1alpha1.AvailabilityUnobserved, Cause: v1alpha1.CauseNotWatching})
	}
	return s, true, nil
}

// recorded implements sightings. The last sight before holds on.
func (d *availabilityDesk) recorded(key types.NamespacedName, until time.Time) {
	d.mu.Lock()
	defer d.mu.Unlock()
	a := d.known[key]
	if a == nil {
		return
	}
	for len(a.sights) > 1 && !a.sights[1].At.After(until) {
		a.sights = a.sights[1:]
	}
}

// forget implements sightings.
func (d *availabilityDesk) forget(key types.NamespacedName) {
	d.mu.Lock()
	defer d.mu.Unlock()
	delete(d.known, key)
}

// question is the time to ask about next.
type question struct {
	from, until time.Time
	// wait is how long before it can be asked; more says that there is another one at once.
	wait time.Duration
	more bool
}

// next is what to ask of a budget. Samples are those of the whole steps of the clock, so that whoever asks asks for the same.
func (d *availabilityDesk) next(budget *v1alpha1.DowntimeBudget, now time.Time) question {
	step := stepOf(&budget.Spec.Availability)
	until := now.Truncate(step)
	d.mu.Lock()
	defer d.mu.Unlock()
	a := d.known[keyOf(budget)]
	from := until
	switch {
	case a != nil && len(a.sights) > mostUnrecorded:
		return question{wait: time.Second}
	case a != nil && !a.until.IsZero():
		from = a.until.Truncate(step)
		if !until.After(from) && a.failed.IsZero() {
			return question{wait: from.Add(step).Sub(now)}
		}
	case budget.Status.ObservedTime != nil:
		from = budget.Status.ObservedTime.Truncate(step)
	}
	if first := until.Add(-longestBackfill); from.Before(first) {
		from = first
	}
	if from.After(until) { // the clock of whoever asked before was ahead
		return question{wait: from.Sub(now)}
	}
	q := question{from: from, until: until}
	if most := from.Add((prom.MaxSteps - 1) * step); q.until.After(most) {
		q.until, q.more = most, true
	}
	return q
}

// answer keeps the samples that a question was answered with. changed says that somebody has to know.
func (d *availabilityDesk) answer(key types.NamespacedName, q question, step time.Duration, points []prom.Point) (problem *downtime.Problem, changed bool) {
	samples := make([]downtime.Sample, 0, len(points))
	for _, p := range points {
		samples = append(samples, downtime.Sample{At: p.At, Value: p.Value})
	}
	sights := downtime.OfSamples(samples, q.from, q.until, step)
	d.mu.Lock()
	defer d.mu.Unlock()
	a := d.of(key)
	changed = a.until.IsZero() || a.problem != nil || !a.failed.IsZero()
	for _, sight := range sights {
		if n := len(a.sights); n == 0 || a.sights[n-1].State != sight.State {
			a.sights, changed = append(a.sights, sight), true
		}
	}
	last := a.sights[len(a.sights)-1]
	a.until, a.failed, a.problem = q.until, time.Time{}, nil
	if last.State == v1alpha1.AvailabilityUnobserved {
		a.problem = queryFailed(fmt.Sprintf("there is no sample, or none that is a number, since %s. A metric that does not exist answers the same: try the query on the server",
			secondsOf(last.At)))
	}
	return a.problem, changed || last.State != v1alpha1.AvailabilityUp
}

// fail keeps that a question was asked in vain.
func (d *availabilityDesk) fail(key types.NamespacedName, q question, now time.Time, text string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	a := d.of(key)
	if a.until.IsZero() {
		a.until = q.from
	}
	a.failed, a.problem = now, queryFailed(text+". Until it answers nobody knows whether the API is up")
}

func (d *availabilityDesk) of(key types.NamespacedName) *answeredUntil {
	if d.known[key] == nil {
		d.known[key] = &answeredUntil{}
	}
	return d.known[key]
}

func queryFailed(text string) *downtime.Problem {
	return &downtime.Problem{Reason: v1alpha1.ReasonQueryFailed, Text: text}
}

// ask asks the server of a budget. The text is why there is no answer to believe.
func (d *availabilityDesk) ask(ctx context.Context, budget *v1alpha1.DowntimeBudget, q question) (points []prom.Point, text string, err error) {
	if d.offset != 0 {
		return nil, fmt.Sprintf("the clock is moved on by %s, and no server knows what will be", d.offset), nil
	}
	query := &budget.Spec.Availability
	secrets, err := d.snapshot.AvailabilitySecrets(ctx, budget)
	switch {
	case err != nil:
		return nil, "", err
	case secrets.Problem != nil:
		return nil, secrets.Problem.Message, nil
	case secrets.Token != "" && !strings.HasPrefix(query.URL, "https://"):
		return nil, "a token is sent by a safe connection only: write an https URL in spec.availability, or leave out tokenFrom", nil
	}
	dialer, authorities, failure := d.wayOut(query.AllowedRanges, secrets.Authorities)
	if failure != nil {
		return nil, "spec.availability." + failure.Text, nil
	}
	select {
	case d.turns <- struct{}{}:
		defer func() { <-d.turns }()
	case <-ctx.Done():
		return nil, "", ctx.Err()
	}
	server := prom.Server{
		URL: query.URL, Client: egress.BoundedClient(dialer, authorities, prom.MaxRangeBytes),
		Token: strings.TrimSpace(secrets.Token), Field: "spec.availability",
	}
	points, problem := server.Range(ctx, query.Query, q.from, q.until, stepOf(query))
	if problem != nil {
		return nil, problem.Text, nil
	}
	return points, "", nil
}
