package controllers

import (
	"errors"
	"strings"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"

	v1alpha1 "forewarn.dev/forewarn/api/v1alpha1"
	"forewarn.dev/forewarn/internal/downtime"
	"forewarn.dev/forewarn/internal/notice"
)

func TestAnOutageSpendsABudget(t *testing.T) {
	m := newMeasure(t, budgetOf(), ordersAPI())
	m.sees(v1alpha1.AvailabilityUp, 0)
	m.at(0)
	m.want("Ready", m.says(v1alpha1.ConditionReady), "True Ready: the EndpointSlices of its Services are watched")
	m.want("Observed", m.says(v1alpha1.ConditionObserved), "True Observed: somebody looked all the time since 2026-11-22T12:00:00Z")
	m.want("WithinBudget", m.says(v1alpha1.ConditionWithinBudget), "True WithinBudget: 0s of 43m is used in the last 30 days, 43m is left")
	m.told()

	for after := range 3 { // a healthy API is not written again and again
		if result := m.at(time.Duration(after) * time.Hour); result.RequeueAfter != 0 {
			t.Errorf("it comes back after %s", result.RequeueAfter)
		}
	}
	if m.writes != 1 || !m.until.Equal(noon.Add(2*time.Hour)) {
		t.Errorf("%d writes, recorded until %s", m.writes, m.until)
	}

	down := 3 * time.Hour
	m.sees(v1alpha1.AvailabilityDown, down)
	if result := m.at(down + 500*time.Millisecond); result.RequeueAfter != time.Minute {
		t.Errorf("it comes back after %s", result.RequeueAfter)
	}
	m.want("events", m.told(), "Warning Down Down since 2026-11-22T15:00:00Z (Rollout of Deployment orders)")
	m.at(down + 30*time.Second)
	if got := m.budget().Status; m.writes != 2 || *got.UnplannedSeconds != 1 || got.NextChangeTime.UTC().Format(time.TimeOnly) != "15:43:00" {
		t.Errorf("%d writes: %+v", m.writes, got)
	}
	m.at(down + 61*time.Second)
	if got := m.budget().Status; m.writes != 3 || got.Used != "1m1s of 43m" || *got.LeftSeconds != 41*60+59 {
		t.Errorf("%d writes: %+v", m.writes, got)
	}

	// The last moment at which a second is left, and the first at which none is.
	last := down + 42*time.Minute + 59*time.Second
	result := m.at(last)
	if m.budget().Status.SpentTime != nil || result.RequeueAfter != time.Millisecond {
		t.Errorf("%+v, back after %s", m.budget().Status, result.RequeueAfter)
	}
	m.at(last + time.Millisecond)
	m.want("WithinBudget", m.says(v1alpha1.ConditionWithinBudget), "False Spent: orders is out of downtime: 43m of 43m is used in the last 30 days; "+
		"rollouts of it are refused, unless who may approve them marks them as a fix (annotation forewarn.dev/fixes: orders-slo); "+
		"it frees up 2026-12-22T15:00:01Z if it is up from now on")
	if got := m.says(v1alpha1.ConditionReady); !strings.HasPrefix(got, "True Spent: orders is out of downtime") {
		t.Error(got)
	}
	if got := m.told(); !strings.Contains(got, "Warning Spent orders is out of downtime") {
		t.Error(got)
	}

	up := down + 45*time.Minute
	m.sees(v1alpha1.AvailabilityUp, up)
	m.at(up + time.Second)
	m.want("events", m.told(), "Normal Up orders is up again since 2026-11-22T15:45:00Z; 45m of 43m is used")
	frees := noon.Add(30*24*time.Hour + down + 2*time.Minute + time.Second)
	status := m.budget().Status
	if !status.FreesTime.Time.Equal(frees) || !status.NextChangeTime.Time.Equal(frees) || status.SpentTime.UTC().Format(time.TimeOnly) != "15:42:59" {
		t.Errorf("frees %s, next %s, spent %s", status.FreesTime, status.NextChangeTime, status.SpentTime)
	}
	m.want("outages", m.counted("forewarn_outages_total"), "Rollout 1")

	if result := m.at(frees.Sub(noon) - time.Second); m.budget().Status.SpentTime == nil || result.RequeueAfter != time.Second {
		t.Errorf("a second before: %+v, back after %s", m.budget().Status, result.RequeueAfter)
	}
	m.told()
	m.at(frees.Sub(noon))
	m.want("WithinBudget", m.says(v1alpha1.ConditionWithinBudget), "True WithinBudget: 42m59s of 43m is used in the last 30 days, 1s is left")
	if status := m.budget().Status; status.SpentTime != nil || status.FreesTime != nil {
		t.Errorf("%+v", status)
	}
	if got := m.told(); !strings.Contains(got, "Normal WithinBudget") {
		t.Error(got)
	}
}

func TestWhatNobodyCanKnowIsNotWritten(t *testing.T) {
	m := newMeasure(t, budgetOf(), ordersAPI())
	m.blind = true
	m.at(0)
	for _, kind := range []string{v1alpha1.ConditionMeasured, v1alpha1.ConditionObserved, v1alpha1.ConditionWithinBudget, v1alpha1.ConditionReady} {
		m.want(kind, m.says(kind), "Unknown NotMeasured: nobody looked at the API yet")
	}
	if m.budget().Status.State != "" || !m.until.IsZero() {
		t.Errorf("%+v, recorded until %s", m.budget().Status, m.until)
	}
	m.blind = false
	m.sees(v1alpha1.AvailabilityUp, 0)
	m.at(time.Minute)
	m.blind = true
	m.at(2 * time.Minute)
	m.want("Ready", m.says(v1alpha1.ConditionReady), "True Ready: the EndpointSlices of its Services are watched")

	// What could not be written is not recorded, and is written later.
	m.blind = false
	m.refused = errors.New("exceeded quota")
	m.sees(v1alpha1.AvailabilityDown, 3*time.Minute)
	m.sighting.Now = noon.Add(4 * time.Minute)
	if _, err := m.r.Reconcile(t.Context(), ctrl.Request{NamespacedName: keyOf(m.budget())}); !errors.Is(err, m.refused) {
		t.Error(err)
	}
	if !m.until.Equal(noon.Add(time.Minute)) {
		t.Errorf("recorded until %s", m.until)
	}
	m.refused = nil
	m.sees(v1alpha1.AvailabilityUp, 5*time.Minute)
	m.at(6 * time.Minute)
	if got := m.budget().Status; len(got.Intervals) != 1 || *got.UnplannedSeconds != 120 {
		t.Errorf("%+v", got)
	}
}

func TestWhatABudgetLacks(t *testing.T) {
	month := func(zone string) func(*v1alpha1.DowntimeBudget) {
		return func(b *v1alpha1.DowntimeBudget) {
			b.Spec.Window = v1alpha1.DowntimeWindow{Calendar: v1alpha1.CalendarMonth, TimeZone: zone}
		}
	}
	for name, c := range map[string]struct {
		objects []client.Object
		problem *downtime.Problem
		ready   string
		unseen  int64
	}{
		"an API": {[]client.Object{budgetOf()}, nil, "False APINotFound: there is no customerapi/orders: create it, or name another in spec.apiRef", 60},
		"a zone": {[]client.Object{budgetOf(month("CST")), ordersAPI()}, nil,
			`False WindowInvalid: spec.window: time zone "CST" does not say which place is meant: write America/Chicago, America/Havana or Asia/Shanghai. ` +
				"Until then as much counts as would in any zone: the last 31 days", 0},
		"nothing, in a zone": {[]client.Object{budgetOf(month("Europe/Berlin")), ordersAPI()}, nil, "True Ready: the EndpointSlices of its Services are watched", 0},
		"Services": {[]client.Object{budgetOf(), ordersAPI()}, &downtime.Problem{Reason: v1alpha1.ReasonNoServices, Text: "name one in spec.carriedBy"},
			"False NoServices: name one in spec.carriedBy", 0},
	} {
		t.Run(name, func(t *testing.T) {
			m := newMeasure(t, c.objects...)
			m.sees(v1alpha1.AvailabilityUp, 0)
			b := m.budget()
			setLog(&b.Status, downtime.Log{State: v1alpha1.AvailabilityUp, StateTime: noon, Since: noon, Until: noon}, noon)
			if err := m.r.client.Status().Update(t.Context(), b); err != nil {
				t.Fatal(err)
			}
			m.sighting.Problem = c.problem
			m.at(time.Minute)
			m.want("Ready", m.says(v1alpha1.ConditionReady), c.ready)
			if got := *m.budget().Status.UnobservedSeconds; got != c.unseen {
				t.Errorf("%d s unobserved, want %d", got, c.unseen)
			}
		})
	}
}

func TestPlannedDowntimeAndBrownouts(t *testing.T) {
	works := &v1alpha1.ChangeNotice{ObjectMeta: metav1.ObjectMeta{Namespace: "shop", Name: "works"}}
	works.Spec = v1alpha1.ChangeNoticeSpec{
		APIRef: v1alpha1.APIRef{Name: "orders"}, State: v1alpha1.NoticePublished, EffectiveTime: timeAt(noon.Add(10 * time.Minute)), DowntimeMinutes: 5,
		Covers: []v1alpha1.CoveredChange{{Version: "v1", Class: v1alpha1.ClassDowntime}},
	}
	works.Status.PublishedTime, works.Status.PublishedDigest = timeAt(noon.Add(-time.Hour)), notice.Digest(&works.Spec)
	schedule := &v1alpha1.DeprecationSchedule{ObjectMeta: metav1.ObjectMeta{Namespace: "shop", Name: "orders-v1"}}
	schedule.Spec.APIRef.Name = "orders"
	schedule.Status.Routes = []v1alpha1.ScheduledRoute{{Name: "orders", Brownout: "first", BrownoutStartTime: timeAt(noon.Add(10 * time.Minute))}}
	m := newMeasure(t, budgetOf(), ordersAPI(), works, schedule)
	m.sees(v1alpha1.AvailabilityUp, 0)
	if result := m.at(time.Minute); result.RequeueAfter != 0 {
		t.Errorf("it comes back after %s", result.RequeueAfter)
	}
	m.told()
	m.at(10*time.Minute + time.Second)
	m.want("events", m.told(), "Normal Down Down since 2026-11-22T12:10:00Z (Brownout), as customers were told by changenotice/works")
	if got := m.budget().Status; *got.PlannedSeconds != 1 || *got.UnplannedSeconds != 0 || got.NextChangeTime != nil {
		t.Errorf("%+v", got)
	}
	if result := m.at(14*time.Minute + 30*time.Second); result.RequeueAfter != 30*time.Second { // the window ends
		t.Errorf("it comes back after %s", result.RequeueAfter)
	}
	m.at(15*time.Minute + 2*time.Second)
	if got := m.budget().Status; *got.PlannedSeconds != 300 || *got.UnplannedSeconds != 2 || got.NextChangeTime == nil {
		t.Errorf("%+v", got)
	}
	schedule.Status.Routes[0].Brownout, schedule.Status.Routes[0].BrownoutStartTime = "", nil
	if err := m.r.client.Update(t.Context(), schedule); err != nil {
		t.Fatal(err)
	}
	m.at(15*time.Minute + 3*time.Second)
	if got := m.budget().Status; got.State != v1alpha1.AvailabilityUp || *got.UnplannedSeconds != 3 || len(got.Intervals) != 2 {
		t.Errorf("%+v", got)
	}
}

// A clock that is behind takes nothing back.
func TestAClockThatIsBehind(t *testing.T) {
	m := newMeasure(t, budgetOf(), ordersAPI())
	m.sees(v1alpha1.AvailabilityUp, 0)
	m.sees(v1alpha1.AvailabilityDown, 3*time.Minute)
	m.at(4 * time.Minute)
	m.sighting.Problem = &downtime.Problem{Reason: v1alpha1.ReasonForeignEndpoints, Text: "take them away"} // it is written
	m.at(2 * time.Minute)
	if got := m.budget().Status; !got.ObservedTime.Time.Equal(noon.Add(4*time.Minute)) || *got.UnplannedSeconds != 60 {
		t.Errorf("%+v", got)
	}
	m.at(5 * time.Minute)
	if got := m.budget().Status; intervals(&got) != "Down 3m0s-" || *got.UnplannedSeconds != 120 || !got.ObservedTime.Time.Equal(noon.Add(5*time.Minute)) {
		t.Errorf("%s: %+v", intervals(&got), got)
	}
	if m.writes != 3 {
		t.Errorf("%d writes", m.writes)
	}
}

func TestABudgetThatIsGone(t *testing.T) {
	m := newMeasure(t)
	m.at(0)
	if m.gone != 1 || m.r.asked.(*watcher).gone != 1 {
		t.Error("somebody still looks")
	}
}

// What a query has no answer to yet is asked for again: the log of a status ends before it.
func TestALogEndsWhereItIsSettled(t *testing.T) {
	minute := func(n int) time.Time { return noon.Add(time.Duration(n) * time.Minute) }
	sight := func(n int, state v1alpha1.Availability) downtime.Sight {
		return downtime.Sight{At: minute(n), State: state}
	}
	unseen := sight(10, v1alpha1.AvailabilityUnobserved)
	for name, c := range map[string]struct {
		sights []downtime.Sight
		state  v1alpha1.Availability
		since  int
		left   int
	}{
		"was up":                    {[]downtime.Sight{sight(0, v1alpha1.AvailabilityUp), unseen}, v1alpha1.AvailabilityUp, 0, 0},
		"was down":                  {[]downtime.Sight{sight(0, v1alpha1.AvailabilityUp), sight(5, v1alpha1.AvailabilityDown), unseen}, v1alpha1.AvailabilityDown, 5, 1},
		"was down and up":           {[]downtime.Sight{sight(0, v1alpha1.AvailabilityDown), sight(5, v1alpha1.AvailabilityUp), unseen}, v1alpha1.AvailabilityUp, 5, 1},
		"was not seen before":       {[]downtime.Sight{sight(0, v1alpha1.AvailabilityUp), sight(5, v1alpha1.AvailabilityUnobserved)}, v1alpha1.AvailabilityUnobserved, 5, 1},
		"was never seen":            {[]downtime.Sight{unseen}, v1alpha1.AvailabilityUp, 10, 0},
		"nothing is to be asked of": {[]downtime.Sight{sight(0, v1alpha1.AvailabilityUp)}, v1alpha1.AvailabilityUp, 0, 0},
	} {
		t.Run(name, func(t *testing.T) {
			log := downtime.Record(downtime.Log{}, downtime.Sighting{Now: minute(20), Sights: c.sights}, nil)
			status := &v1alpha1.DowntimeBudgetStatus{}
			setLog(status, log, minute(10))
			got := logOf(status)
			if !got.Until.Equal(minute(10)) || got.State != c.state || !got.StateTime.Equal(minute(c.since)) || len(got.Intervals) != c.left {
				t.Errorf("%+v", got)
			}
			again := downtime.Record(got, downtime.Sighting{Now: minute(20), Sights: c.sights}, nil)
			if len(again.Intervals) != len(log.Intervals) || again.State != log.State || !again.StateTime.Equal(log.StateTime) {
				t.Errorf("once it is known: %+v\nnot %+v", again, log)
			}
		})
	}
}

// A server that does not answer is asked again and again. What is unobserved since grows with each look.
func TestWhatNobodyAnswersIsWrittenOnceAMinute(t *testing.T) {
	m := newMeasure(t, budgetOf(func(b *v1alpha1.DowntimeBudget) { b.Spec.Availability.Query = "up" }), ordersAPI())
	m.r.asked = m.watcher
	m.sees(v1alpha1.AvailabilityUp, 0)
	m.sees(v1alpha1.AvailabilityUnobserved, time.Minute)
	m.sighting.Settled = noon.Add(time.Minute)
	m.sighting.Problem = &downtime.Problem{Reason: v1alpha1.ReasonQueryFailed, Text: "it does not answer"}
	for after := 2 * time.Minute; after <= 5*time.Minute; after += 10 * time.Second {
		if result := m.at(after); result.RequeueAfter <= 0 || result.RequeueAfter > time.Minute {
			t.Errorf("after %s it comes back after %s", after, result.RequeueAfter)
		}
	}
	if got := m.budget().Status; m.writes != 4 || *got.UnobservedSeconds != 240 || !got.ObservedTime.Time.Equal(noon.Add(time.Minute)) {
		t.Errorf("%d writes, %+v", m.writes, got)
	}
	m.sees(v1alpha1.AvailabilityUp, 5*time.Minute+time.Second)
	m.sighting.Settled, m.sighting.Problem = time.Time{}, nil
	m.at(5*time.Minute + 2*time.Second)
	if m.writes != 5 {
		t.Errorf("what changed waits: %d writes", m.writes)
	}
}
