package controllers

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"

	v1alpha1 "forewarn.dev/forewarn/api/v1alpha1"
	"forewarn.dev/forewarn/internal/usage/prom"
)

// handClock is moved by hand.
type handClock struct{ now time.Time }

func (c *handClock) Now(context.Context) (time.Time, error) { return c.now, nil }

// remembered is a Prometheus that knows for every moment whether an API was up.
type remembered struct {
	// value is what it says of a moment; empty for nothing.
	value  func(time.Time) string
	broken bool
	asked  []string // from-until, in minutes from noon
}

func (p *remembered) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	seconds := func(key string) int64 {
		n, err := strconv.ParseInt(r.FormValue(key), 10, 64)
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
		}
		return n
	}
	start, end, step := seconds("start"), seconds("end"), seconds("step")
	p.asked = append(p.asked, fmt.Sprintf("%v-%v", time.Unix(start, 0).Sub(noon), time.Unix(end, 0).Sub(noon)))
	if p.broken {
		w.WriteHeader(http.StatusBadGateway)
		return
	}
	var values []string
	for at := start; at <= end; at += step {
		if value := p.value(time.Unix(at, 0)); value != "" {
			values = append(values, fmt.Sprintf(`[%d,"%s"]`, at, value))
		}
	}
	fmt.Fprintf(w, `{"status":"success","data":{"resultType":"matrix","result":[{"metric":{},"values":[%s]}]}}`, strings.Join(values, ","))
}

// askingMeasure measures by a query.
type askingMeasure struct {
	*measure
	clock  *handClock
	server *remembered
	asks   *AvailabilityReconciler
	query  v1alpha1.AvailabilityQuery
	last   ctrl.Result
}

func byQuery(url string) func(*v1alpha1.DowntimeBudget) {
	return func(b *v1alpha1.DowntimeBudget) {
		b.Spec.Availability = v1alpha1.AvailabilityQuery{URL: url, Query: "up", AllowedRanges: []string{"127.0.0.1/32"}}
	}
}

func newAskingMeasure(t *testing.T, change ...func(*v1alpha1.DowntimeBudget)) *askingMeasure {
	t.Helper()
	a := &askingMeasure{clock: &handClock{noon}, server: &remembered{value: func(time.Time) string { return "1" }}}
	server := httptest.NewServer(a.server)
	t.Cleanup(server.Close)
	a.query = budgetOf(byQuery(server.URL)).Spec.Availability
	a.measure = newMeasure(t, budgetOf(append([]func(*v1alpha1.DowntimeBudget){byQuery(server.URL)}, change...)...), ordersAPI())
	a.r.clock = a.clock
	a.restart()
	return a
}

// restart forgets all but what is in the cluster.
func (a *askingMeasure) restart() {
	desk := newAvailabilityDesk(a.r.shared, dispatch{inside: []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}}, 0)
	a.asks, a.r.asked = &AvailabilityReconciler{shared: a.r.shared, desk: desk}, desk
}

// after asks, and counts, at so long after noon.
func (a *askingMeasure) after(d time.Duration) *v1alpha1.DowntimeBudgetStatus {
	a.t.Helper()
	a.clock.now = noon.Add(d)
	request := ctrl.Request{NamespacedName: client.ObjectKey{Namespace: "shop", Name: "orders-slo"}}
	for again := true; again; again = a.last.RequeueAfter == time.Millisecond {
		var err error
		if a.last, err = a.asks.Reconcile(a.t.Context(), request); err != nil {
			a.t.Fatal(err)
		}
		if _, err := a.r.Reconcile(a.t.Context(), request); err != nil {
			a.t.Fatal(err)
		}
	}
	return &a.budget().Status
}

// intervals are those of a status, after noon.
func intervals(status *v1alpha1.DowntimeBudgetStatus) string {
	var texts []string
	for _, i := range status.Intervals {
		end := ""
		if i.EndTime != nil {
			end = i.EndTime.Sub(noon).String()
		}
		texts = append(texts, fmt.Sprintf("%s %s-%s", i.State, i.StartTime.Sub(noon), end))
	}
	return strings.Join(texts, ", ")
}

// within says what the value is for a while after noon, and "1" at other times.
func within(from, until time.Duration, value string) func(time.Time) string {
	return func(t time.Time) string {
		if d := t.Sub(noon); d >= from && d < until {
			return value
		}
		return "1"
	}
}

func TestAvailabilityByAQuery(t *testing.T) {
	a := newAskingMeasure(t)
	if status := a.after(10 * time.Second); status.State != v1alpha1.AvailabilityUp || a.last.RequeueAfter != 20*time.Second {
		t.Errorf("%+v, back after %s", status, a.last.RequeueAfter)
	}
	a.want("Ready", a.says(v1alpha1.ConditionReady), "True Ready: the query is asked every 30s")
	a.server.value = within(time.Minute, 2*time.Minute, "0")
	a.after(60 * time.Second)
	if status := a.after(91 * time.Second); status.State != v1alpha1.AvailabilityDown || intervals(status) != "Down 1m0s-" {
		t.Errorf("%s: %s", status.State, intervals(status))
	}
	a.want("intervals", intervals(a.after(2*time.Minute+5*time.Second)), "Down 1m0s-2m0s")
	if a.gone == 0 {
		t.Error("the EndpointSlices are looked at, too")
	}

	// Nobody knows, and the server is asked again for all of it.
	a.server.broken = true
	a.server.value = within(3*time.Minute, 4*time.Minute, "0")
	status := a.after(2*time.Minute + 40*time.Second)
	if status.State != v1alpha1.AvailabilityUnobserved || intervals(status) != "Down 1m0s-2m0s, Unobserved 2m0s-" || a.last.RequeueAfter != 30*time.Second {
		t.Errorf("%s: %s, back after %s", status.State, intervals(status), a.last.RequeueAfter)
	}
	a.want("Measured", a.says(v1alpha1.ConditionMeasured), "False QueryFailed: what answers (HTTP 502) is not as Prometheus answers, or broken off: "+
		"see to the server, or correct spec.availability.url. Until it answers nobody knows whether the API is up")
	if got := a.says(v1alpha1.ConditionReady); !strings.HasPrefix(got, "False QueryFailed") {
		t.Error(got)
	}
	if status := a.after(10 * time.Minute); *status.UnobservedSeconds != 480 || *status.UnplannedSeconds != 60 {
		t.Errorf("%+v", status)
	}
	a.restart()
	a.after(11 * time.Minute)
	a.server.broken = false
	a.want("intervals", intervals(a.after(12*time.Minute)), "Down 1m0s-2m0s, Down 3m0s-4m0s")
	a.want("Ready", a.says(v1alpha1.ConditionReady), "True Ready: the query is asked every 30s")
	a.want("Observed", a.says(v1alpha1.ConditionObserved), "True Observed: somebody looked all the time since 2026-11-22T12:00:00Z")
	a.want("queries", a.counted("forewarn_availability_queries_total"), "Measured 5, QueryFailed 3")
}

func TestWhatNoSampleTellsIsUnobserved(t *testing.T) {
	for name, value := range map[string]string{"no sample": "", "not a number": "NaN"} {
		t.Run(name, func(t *testing.T) {
			a := newAskingMeasure(t)
			a.server.value = within(time.Minute, 2*time.Minute, value)
			a.after(0)
			status := a.after(70 * time.Second)
			a.want("Measured", a.says(v1alpha1.ConditionMeasured), "False QueryFailed: there is no sample, or none that is a number, since 2026-11-22T12:01:00Z. "+
				"A metric that does not exist answers the same: try the query on the server")
			if status.State != v1alpha1.AvailabilityUnobserved {
				t.Error(status.State)
			}
			a.want("intervals", intervals(a.after(3*time.Minute)), "Unobserved 1m0s-2m0s")
		})
	}
}

// A manager that was away asks for the time since, as far back as is bounded, a part at a time.
func TestARestartBackfills(t *testing.T) {
	a := newAskingMeasure(t, func(b *v1alpha1.DowntimeBudget) { b.Spec.Availability.StepSeconds = 5 })
	a.after(0)
	a.restart()
	a.server.value = within(time.Hour, 2*time.Hour, "0")
	a.server.asked = nil
	status := a.after(10 * time.Hour)
	a.want("intervals", intervals(status), "Down 1h0m0s-2h0m0s")
	if !slices.Equal(a.server.asked, []string{"0s-6h56m35s", "6h56m35s-10h0m0s"}) || (prom.MaxSteps-1)*5*time.Second != 6*time.Hour+56*time.Minute+35*time.Second {
		t.Errorf("asked for %s", a.server.asked)
	}
	if status.SpentTime.Sub(noon) != time.Hour+42*time.Minute+59*time.Second {
		t.Errorf("spent %s", status.SpentTime)
	}

	b := a.budget()
	b.Spec.Availability.StepSeconds = 600
	if err := a.r.client.Update(t.Context(), b); err != nil {
		t.Fatal(err)
	}
	const later = 50 * 24 * time.Hour // of which it is asked for 31 days
	a.restart()
	a.want("intervals", intervals(a.after(later)), "Down 1h0m0s-2h0m0s, Unobserved 10h0m0s-456h0m0s")
}

// An API that was up for weeks is known to have been, whatever the server remembers when the manager starts again.
func TestWhatWasAnsweredIsKept(t *testing.T) {
	a := newAskingMeasure(t)
	for hours := range 50 {
		if a.after(time.Duration(hours) * time.Hour); a.writes != hours+1 {
			t.Fatalf("%d writes after %d hours", a.writes, hours)
		}
		a.after(time.Duration(hours)*time.Hour + 59*time.Minute)
	}
	a.restart()
	a.server.value = within(0, 49*time.Hour, "")
	a.want("intervals", intervals(a.after(51*time.Hour)), "")
}

// A server that never answered is no way round a budget that counts what nobody saw.
func TestAQueryThatNeverAnswers(t *testing.T) {
	a := newAskingMeasure(t, func(b *v1alpha1.DowntimeBudget) { b.Spec.Unobserved = v1alpha1.UnobservedSpend })
	a.server.broken = true
	a.after(0)
	status := a.after(50 * time.Minute)
	if status.State != v1alpha1.AvailabilityUnobserved || *status.UnobservedSeconds != 3000 || status.SpentTime == nil {
		t.Errorf("%+v", status)
	}
}

func TestWhatCannotBeAsked(t *testing.T) {
	for name, c := range map[string]struct {
		change func(*v1alpha1.DowntimeBudget)
		offset time.Duration
		says   string
	}{
		"a token that is not there": {func(b *v1alpha1.DowntimeBudget) {
			b.Spec.Availability.TokenFrom = v1alpha1.SecretKeyRef{Name: "token", Key: "t"}
		}, 0, "there is no secret/token with the key t: create it, or name another in spec.availability"},
		"a range that is not open": {func(b *v1alpha1.DowntimeBudget) {
			b.Spec.Availability.AllowedRanges = []string{"10.0.0.0/8"}
		}, 0, "spec.availability.allowedRanges: the manager may not connect to 10.0.0.0/8"},
		"an address inside": {func(b *v1alpha1.DowntimeBudget) { b.Spec.Availability.AllowedRanges = nil }, 0, "name its range in spec.availability.allowedRanges"},
		"the future":        {func(*v1alpha1.DowntimeBudget) {}, time.Hour, "the clock is moved on by 1h0m0s"},
	} {
		t.Run(name, func(t *testing.T) {
			a := newAskingMeasure(t, c.change)
			a.asks.desk.offset = c.offset
			a.after(0)
			if got := a.says(v1alpha1.ConditionMeasured); !strings.HasPrefix(got, "False QueryFailed: ") || !strings.Contains(got, c.says) {
				t.Error(got)
			}
		})
	}
}

// The clock of whoever asked before was ahead: what lies in the future no server is asked for.
func TestAQueryWaitsUntilWhatIsKnownIsOver(t *testing.T) {
	a := newAskingMeasure(t)
	a.server.value = within(10*time.Minute, time.Hour, "0")
	const known = 11 * time.Minute
	a.after(0)
	a.after(known)
	for _, failed := range []bool{false, true} {
		a.restart()
		a.server.asked = nil
		if failed {
			a.server.broken = true
			a.after(known)
			a.server.broken, a.server.asked = false, nil
		}
		a.after(known - time.Second)
		if len(a.server.asked) > 0 || a.last.RequeueAfter != time.Second {
			t.Errorf("failed before %t: it asks for %v, and comes back after %s", failed, a.server.asked, a.last.RequeueAfter)
		}
		if got := a.after(known); intervals(got) != "Down 10m0s-" || len(a.server.asked) != 1 {
			t.Errorf("failed before %t: %s, asked for %v", failed, intervals(got), a.server.asked)
		}
	}
}

// Who begins to ask a server keeps what was seen before, of which that knows nothing.
func TestAQueryTakesOverFromWhoWatched(t *testing.T) {
	a := newAskingMeasure(t, func(b *v1alpha1.DowntimeBudget) { b.Spec.Availability = v1alpha1.AvailabilityQuery{} })
	const weeks = 21 * 24 * time.Hour
	request := ctrl.Request{NamespacedName: client.ObjectKey{Namespace: "shop", Name: "orders-slo"}}
	watched := func(after time.Duration) {
		t.Helper()
		a.clock.now, a.sighting.Now, a.sighting.Digest = noon.Add(after), noon.Add(after), "seen"
		if _, err := a.r.Reconcile(t.Context(), request); err != nil {
			t.Fatal(err)
		}
	}
	a.sees(v1alpha1.AvailabilityUp, 0)
	watched(0)
	watched(weeks)
	if a.writes != 1 {
		t.Errorf("%d writes", a.writes)
	}
	b := a.budget()
	b.Generation++
	b.Spec.Availability = a.query
	if err := a.r.client.Update(t.Context(), b); err != nil {
		t.Fatal(err)
	}
	a.server.value = within(0, weeks+time.Hour, "")
	a.sighting.Now = noon.Add(weeks + time.Minute)
	a.blind = true
	a.want("intervals", intervals(a.after(weeks+time.Minute)), "") // who watched says first until when
	a.blind = false
	a.after(weeks + time.Minute)
	a.want("intervals", intervals(a.after(weeks+2*time.Minute)), "Unobserved 504h1m0s-")
	a.want("intervals", intervals(a.after(weeks+2*time.Hour)), "Unobserved 504h1m0s-505h0m0s")
	if got := a.budget().Status.EndpointsDigest; got != "" {
		t.Errorf("it is measured by %s", got)
	}
}
