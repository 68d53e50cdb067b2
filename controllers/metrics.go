package controllers

import (
	"cmp"
	"context"
	"errors"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	apimeta "k8s.io/apimachinery/pkg/api/meta"
	"sigs.k8s.io/controller-runtime/pkg/client"

	v1alpha1 "forewarn.dev/forewarn/api/v1alpha1"
	"forewarn.dev/forewarn/internal/snapshot"
)

// metrics are what forewarn tells about itself. Labels hold reasons and outcomes, never names of objects.
type metrics struct {
	verdicts   *prometheus.CounterVec
	toVerdict  prometheus.Histogram
	gates      *prometheus.CounterVec
	broken     *prometheus.CounterVec
	deliveries *prometheus.CounterVec
	// missedReminders counts what customers did not hear.
	missedReminders prometheus.Counter
	usage           *prometheus.CounterVec
	// outages and availability count times at which an API was down, and questions whether it is.
	outages      *prometheus.CounterVec
	availability *prometheus.CounterVec
	canary       *prometheus.GaugeVec
	offset       prometheus.Gauge
}

func newMetrics(registry prometheus.Registerer) (*metrics, error) {
	m := &metrics{
		verdicts: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "forewarn_verdicts_total",
			Help: "Verdicts on API revisions that were reached, by reason. A verdict that did not change counts once.",
		}, []string{"reason"}),
		toVerdict: prometheus.NewHistogram(prometheus.HistogramOpts{
			Name:    "forewarn_time_to_verdict_seconds",
			Help:    "Time from the first look at a new API revision to its verdict being in the gate and in its status.",
			Buckets: []float64{.01, .02, .05, .1, .2, .5, 1, 2, 5, 10, 30},
		}),
		gates: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "forewarn_gate_writes_total",
			Help: "Gates that were written, by outcome: Written, Conflict or Failed.",
		}, []string{"outcome"}),
		broken: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "forewarn_broken_promises_total",
			Help: "Changes that reached customers without the notice they were owed, by cause.",
		}, []string{"cause"}),
		deliveries: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "forewarn_deliveries_total",
			Help: "Attempts to tell a customer, by the type of the channel and what the message was after: Delivered, Waiting for another attempt, Failed, or still Sending where nobody knows.",
		}, []string{"channel_type", "outcome"}),
		missedReminders: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "forewarn_missed_reminders_total",
			Help: "Reminders that too few customers got in time.",
		}),
		usage: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "forewarn_usage_queries_total",
			Help: "Usage queries that were due, by what the condition UsageKnown says of the answer.",
		}, []string{"reason"}),
		outages: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "forewarn_outages_total",
			Help: "Times at which the API of a downtime budget went down, became degraded or was not looked at, by cause.",
		}, []string{"cause"}),
		availability: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "forewarn_availability_queries_total",
			Help: "Availability queries that were due, by what the condition Measured says of the answer.",
		}, []string{"reason"}),
		canary: prometheus.NewGaugeVec(prometheus.GaugeOpts{
			Name: "forewarn_canary",
			Help: "1 for what is known of admission, by the reason of the condition AdmissionWorks, and 0 for the others.",
		}, []string{"reason"}),
		offset: prometheus.NewGauge(prometheus.GaugeOpts{
			Name: "forewarn_clock_offset_seconds",
			Help: "How far the clock was moved on for a rehearsal. 0 where verdicts are about today.",
		}),
	}
	var errs []error
	for _, collector := range []prometheus.Collector{m.verdicts, m.toVerdict, m.gates, m.broken, m.deliveries, m.missedReminders, m.usage, m.outages, m.availability, m.canary, m.offset} {
		errs = append(errs, registry.Register(collector))
	}
	return m, errors.Join(errs...)
}

func (m *metrics) gateWritten(err error) {
	outcome := "Written"
	switch {
	case apierrors.IsConflict(err), apierrors.IsAlreadyExists(err):
		outcome = "Conflict"
	case err != nil:
		outcome = "Failed"
	}
	m.gates.WithLabelValues(outcome).Inc()
}

func (m *metrics) promiseBroken(cause v1alpha1.BreachCause) {
	m.broken.WithLabelValues(string(cause)).Inc()
}

func (m *metrics) canarySays(reason string) {
	for _, known := range []string{
		v1alpha1.ReasonCanaryRefused, v1alpha1.ReasonCanaryPassed, v1alpha1.ReasonCanaryFailed, v1alpha1.ReasonPoliciesChanged,
	} {
		value := 0.0
		if known == reason {
			value = 1
		}
		m.canary.WithLabelValues(known).Set(value)
	}
}

// scraped are gauges that are worked out when somebody asks.
type scraped struct {
	cache  client.Reader
	agenda *agenda
	clock  snapshot.Clock

	nextChange *prometheus.Desc
	waivers    *prometheus.Desc
	unreadable *prometheus.Desc
	budgets    *prometheus.Desc
	spent      *prometheus.Desc
}

const scrapeLimit = 5 * time.Second

func newScraped(cache client.Reader, agenda *agenda, clock snapshot.Clock) *scraped {
	return &scraped{
		cache: cache, agenda: agenda, clock: clock,
		nextChange: prometheus.NewDesc("forewarn_next_change_seconds",
			"Time until what is admissible next changes by itself. Absent while no such moment is known.", nil, nil),
		waivers: prometheus.NewDesc("forewarn_waivers_active", "Waivers that let a revision pass now.", nil, nil),
		unreadable: prometheus.NewDesc("forewarn_unreadable_objects",
			"Objects that do not fit their kind, by kind. Each is left out, and refuses what depends on it.", []string{"kind"}, nil),
		budgets: prometheus.NewDesc("forewarn_downtime_budgets", "Downtime budgets, by what their API is now.", []string{"state"}, nil),
		spent:   prometheus.NewDesc("forewarn_downtime_budgets_spent", "Downtime budgets of which nothing is left.", nil, nil),
	}
}

// Describe implements prometheus.Collector.
func (s *scraped) Describe(descriptions chan<- *prometheus.Desc) {
	descriptions <- s.nextChange
	descriptions <- s.waivers
	descriptions <- s.unreadable
	descriptions <- s.budgets
	descriptions <- s.spent
}

// Collect implements prometheus.Collector. What cannot be read now is absent.
func (s *scraped) Collect(collected chan<- prometheus.Metric) {
	ctx, cancel := context.WithTimeout(context.Background(), scrapeLimit)
	defer cancel()
	if next, ok := s.agenda.earliest(); ok {
		if now, err := s.clock.Now(ctx); err == nil {
			collected <- prometheus.MustNewConstMetric(s.nextChange, prometheus.GaugeValue, next.Sub(now).Seconds())
		}
	}
	for _, kind := range lenientKinds() {
		if err := s.cache.List(ctx, kind.list, client.UnsafeDisableDeepCopy); err == nil {
			left := float64(len(snapshot.KeepReadable(kind.list)))
			collected <- prometheus.MustNewConstMetric(s.unreadable, prometheus.GaugeValue, left, kind.name)
		}
	}
	s.collectBudgets(ctx, collected)
	var waivers v1alpha1.WaiverList
	if err := s.cache.List(ctx, &waivers, client.UnsafeDisableDeepCopy); err != nil {
		return
	}
	active := 0
	for i := range waivers.Items {
		if apimeta.IsStatusConditionTrue(waivers.Items[i].Status.Conditions, v1alpha1.ConditionActive) {
			active++
		}
	}
	collected <- prometheus.MustNewConstMetric(s.waivers, prometheus.GaugeValue, float64(active))
}

func (s *scraped) collectBudgets(ctx context.Context, collected chan<- prometheus.Metric) {
	var budgets v1alpha1.DowntimeBudgetList
	if err := s.cache.List(ctx, &budgets, client.UnsafeDisableDeepCopy); err != nil {
		return
	}
	states, spent := map[v1alpha1.Availability]int{}, 0
	for i := range budgets.Items {
		status := &budgets.Items[i].Status
		states[cmp.Or(status.State, v1alpha1.AvailabilityUnobserved)]++
		if status.SpentTime != nil {
			spent++
		}
	}
	for _, state := range []v1alpha1.Availability{
		v1alpha1.AvailabilityUp, v1alpha1.AvailabilityDegraded, v1alpha1.AvailabilityDown, v1alpha1.AvailabilityUnobserved,
	} {
		collected <- prometheus.MustNewConstMetric(s.budgets, prometheus.GaugeValue, float64(states[state]), string(state))
	}
	collected <- prometheus.MustNewConstMetric(s.spent, prometheus.GaugeValue, float64(spent))
}
