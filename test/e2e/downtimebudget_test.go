//go:build unix

package e2e

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	. "github.com/onsi/gomega"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/ptr"

	v1alpha1 "forewarn.dev/forewarn/api/v1alpha1"
)

// probes is a Prometheus that remembers since when an API was up or not.
type probes struct {
	mu     sync.Mutex
	since  []time.Time
	values []string
	broken bool
}

func (p *probes) say(value string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.since, p.values = append(p.since, time.Now()), append(p.values, value)
}

func (p *probes) breaks(broken bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.broken = broken
}

func (p *probes) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	p.mu.Lock()
	defer p.mu.Unlock()
	start, _ := strconv.ParseInt(r.FormValue("start"), 10, 64)
	end, _ := strconv.ParseInt(r.FormValue("end"), 10, 64)
	step, err := strconv.ParseInt(r.FormValue("step"), 10, 64)
	if err != nil || p.broken {
		w.WriteHeader(http.StatusBadGateway)
		return
	}
	var samples []string
	for at := start; at <= end; at += step {
		value := "1"
		for i, since := range p.since {
			if !time.Unix(at, 0).Before(since) {
				value = p.values[i]
			}
		}
		samples = append(samples, fmt.Sprintf(`[%d,"%s"]`, at, value))
	}
	fmt.Fprintf(w, `{"status":"success","data":{"resultType":"matrix","result":[{"metric":{},"values":[%s]}]}}`, strings.Join(samples, ","))
}

func (e *env) budget(name, url string) *v1alpha1.DowntimeBudget {
	b := &v1alpha1.DowntimeBudget{ObjectMeta: metav1.ObjectMeta{Namespace: e.namespace, Name: name}}
	b.Spec.APIRef.Name, b.Spec.AllowedMinutes = "orders", ptr.To[int32](0)
	b.Spec.Availability = v1alpha1.AvailabilityQuery{URL: url, Query: "probe_success", StepSeconds: 5, AllowedRanges: []string{"127.0.0.1/32"}}
	return b
}

// budgetIs waits until the status of a budget is as it has to be.
func (e *env) budgetIs(name string, is func(g Gomega, status *v1alpha1.DowntimeBudgetStatus)) *v1alpha1.DowntimeBudgetStatus {
	e.t.Helper()
	b := &v1alpha1.DowntimeBudget{}
	e.Eventually(func(g Gomega) {
		e.get(b, name)
		is(g, &b.Status)
	}).Should(Succeed())
	return &b.Status
}

// A budget is spent, its server breaks and the manager ends meanwhile: what the server remembers is made up for, and until
// then nobody says that the API is up.
func TestADowntimeBudgetByAQuery(t *testing.T) {
	e := newEnv(t)
	server := &probes{}
	listener := httptest.NewServer(server)
	t.Cleanup(listener.Close)
	e.api("orders")
	misfit := e.meta("misfit")
	e.misfit("downtimebudgets", map[string]any{"kind": "DowntimeBudget", "metadata": misfit,
		"spec": map[string]any{"apiRef": map[string]any{"name": "orders"}, "allowedMinutes": "43m"}})
	e.create(e.budget("slo", listener.URL))
	says := func(status *v1alpha1.DowntimeBudgetStatus, kind string) string {
		for _, c := range status.Conditions {
			if c.Type == kind {
				return fmt.Sprint(c.Status, " ", c.Reason)
			}
		}
		return "absent"
	}
	up := e.budgetIs("slo", func(g Gomega, s *v1alpha1.DowntimeBudgetStatus) {
		g.Expect(s.State).To(Equal(v1alpha1.AvailabilityUp))
		g.Expect(says(s, v1alpha1.ConditionReady)).To(Equal("True Ready"))
		g.Expect(says(s, v1alpha1.ConditionWithinBudget)).To(Equal("True WithinBudget"))
	})
	e.Expect(up.Used).To(Equal("0s of 0s"))
	e.Eventually(func() []string { return e.events("misfit") }).Should(ContainElement(v1alpha1.ReasonUnreadable))
	e.Expect(e.metric("forewarn_unreadable_objects", "DowntimeBudget")).To(Equal(1.0))

	server.say("0")
	down := e.budgetIs("slo", func(g Gomega, s *v1alpha1.DowntimeBudgetStatus) {
		g.Expect(s.State).To(Equal(v1alpha1.AvailabilityDown))
		g.Expect(says(s, v1alpha1.ConditionWithinBudget)).To(Equal("False Spent"))
		g.Expect(s.SpentTime).NotTo(BeNil())
	})
	e.Expect(says(down, v1alpha1.ConditionReady)).To(Equal("True Spent"))
	e.Expect(e.metric("forewarn_downtime_budgets_spent", "")).To(Equal(1.0))
	e.Eventually(func() []string { return e.events("slo") }).Should(ContainElements("Down", "Spent"))

	server.breaks(true)
	server.say("1")
	e.budgetIs("slo", func(g Gomega, s *v1alpha1.DowntimeBudgetStatus) {
		g.Expect(s.State).To(Equal(v1alpha1.AvailabilityUnobserved))
		g.Expect(says(s, v1alpha1.ConditionMeasured)).To(Equal("False QueryFailed"))
		g.Expect(says(s, v1alpha1.ConditionObserved)).To(Equal("False Gaps"))
	})
	e.stop()
	server.breaks(false)
	e.startManager(0)
	over := e.budgetIs("slo", func(g Gomega, s *v1alpha1.DowntimeBudgetStatus) {
		g.Expect(s.State).To(Equal(v1alpha1.AvailabilityUp))
		g.Expect(says(s, v1alpha1.ConditionMeasured)).To(Equal("True Measured"))
	})
	e.Expect(over.Intervals).To(HaveLen(1))
	e.Expect(over.Intervals[0].State).To(Equal(v1alpha1.AvailabilityDown))
	e.Expect(over.Intervals[0].StartTime).To(Equal(down.Intervals[0].StartTime))
	e.Expect(*over.UnobservedSeconds).To(BeZero())
	e.Expect(over.SpentTime).To(Equal(down.SpentTime))
	length := over.Intervals[0].EndTime.Sub(over.Intervals[0].StartTime.Time)
	e.Expect(length % (5 * time.Second)).To(BeZero())
	e.Expect(over.FreesTime.Time).To(BeTemporally("==", over.Intervals[0].EndTime.Add(30*24*time.Hour)))

	api := &v1alpha1.CustomerAPI{}
	e.get(api, "orders")
	e.Expect(e.admin.Delete(e.ctx, api)).To(Succeed())
	e.budgetIs("slo", func(g Gomega, s *v1alpha1.DowntimeBudgetStatus) {
		g.Expect(says(s, v1alpha1.ConditionReady)).To(Equal("False APINotFound"))
	})
}
