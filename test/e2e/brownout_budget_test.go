//go:build unix

package e2e

import (
	"testing"
	"time"

	. "github.com/onsi/gomega"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/ptr"

	v1alpha1 "forewarn.dev/forewarn/api/v1alpha1"
)

// A brownout is downtime of its API, whatever is ready behind the route: planned for as long as customers were told, and
// unplanned from then on.
//
// It takes that minute: a brownout is announced in whole minutes, does not begin before customers were told, and is measured
// by a clock that no rehearsal moves on. No other story runs beside it, since the cluster has one manager, and the Gateway
// API for this one.
func TestABrownoutCountsAsDowntime(t *testing.T) {
	e := newEnv(t)
	e.gatewayAPI()
	e.t.Cleanup(e.noGatewayAPI)
	e.stop()
	e.brownoutAddress = e.freeAddress()
	e.startManager(0)
	e.policy(soonGone)
	e.api("orders")
	slo := e.budget("slo", "")
	slo.Spec.AllowedMinutes, slo.Spec.Availability = ptr.To[int32](10), v1alpha1.AvailabilityQuery{}
	e.create(slo, e.deployment("orders", "", "orders:1"))
	e.isUp()
	e.route()

	begins := time.Now().Add(8 * time.Second).Truncate(time.Second).UTC()
	ends := begins.Add(time.Minute)
	e.published(e.goingAway(v1alpha1.RouteWrittenByForewarn, begins, func(spec *v1alpha1.DeprecationScheduleSpec) {
		spec.DeprecateTime, spec.Brownouts[0].Minutes = ptr.To(metav1.NewTime(begins.Add(-time.Second))), 1
	}))
	e.away()
	planned := e.off(1, begins)[0]
	e.Expect(planned.EndTime).To(BeNil())
	e.Expect(planned.Notice).To(BeEquivalentTo("orders-v1-brownout-first"))
	again := e.noRoutes()
	e.SetDefaultEventuallyTimeout(time.Until(ends) + patience)
	off := e.off(2, begins)
	e.Expect(time.Now()).NotTo(BeTemporally("<", ends))
	e.Expect(off[0].EndTime.Time).To(BeTemporally("==", ends))
	e.Expect(off[0].Notice).To(Equal(planned.Notice))
	e.Expect(off[1].StartTime.Time).To(BeTemporally("==", ends))
	e.Expect(off[1].Notice).To(BeEmpty())

	again()
	e.signalled("True Signalled", v1alpha1.ScheduledRoute{Signals: v1alpha1.SignalsPresent})
	status := e.isUp()
	e.Expect(status.Intervals).To(HaveLen(2))
	e.Expect(off[0].StartTime.Time).To(BeTemporally("==", status.Intervals[0].StartTime.Time))
	told, overrun := ends.Sub(off[0].StartTime.Time), status.Intervals[1].EndTime.Sub(ends)
	e.Expect(*status.PlannedSeconds).To(BeNumerically("~", told.Seconds(), 1))
	e.Expect(*status.UnplannedSeconds).To(BeNumerically("~", overrun.Seconds(), 1))
	e.Expect(*status.UnplannedSeconds).To(BeNumerically(">", 0))
}

// isUp waits until the budget "slo" says that the API is up.
func (e *env) isUp() *v1alpha1.DowntimeBudgetStatus {
	e.t.Helper()
	return e.budgetIs("slo", func(g Gomega, s *v1alpha1.DowntimeBudgetStatus) { g.Expect(s.State).To(Equal(v1alpha1.AvailabilityUp)) })
}

// off waits until the budget "slo" has so many intervals, of a brownout that did not begin before that moment.
func (e *env) off(intervals int, begins time.Time) []v1alpha1.DowntimeInterval {
	e.t.Helper()
	return e.budgetIs("slo", func(g Gomega, s *v1alpha1.DowntimeBudgetStatus) {
		g.Expect(s.Intervals).To(HaveLen(intervals))
		for _, i := range s.Intervals {
			g.Expect(i.State).To(Equal(v1alpha1.AvailabilityDown))
			g.Expect(i.Cause).To(Equal(v1alpha1.CauseBrownout))
			g.Expect(i.StartTime.Time).NotTo(BeTemporally("<", begins))
		}
	}).Intervals
}
