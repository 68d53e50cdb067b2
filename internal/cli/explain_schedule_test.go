package cli

import (
	"strings"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/ptr"

	v1alpha1 "forewarn.dev/forewarn/api/v1alpha1"
	"forewarn.dev/forewarn/test/builders"
)

func explaining(now time.Time) *explainer {
	return &explainer{cluster: &cluster{namespace: "shop", now: now}, about: target{kindSchedule, "orders-v1"}, zone: utc,
		hints: hints{program: "forewarn", flags: []string{"-n", "shop"}, cluster: true}}
}

// Where now is beside a step, to the second.
func TestStateOfAStep(t *testing.T) {
	at := calendarNow
	brownout := func(cancelled bool) *CalendarEvent {
		return &CalendarEvent{Time: metav1.NewTime(at), EndTime: ptr.To(metav1.NewTime(at.Add(5 * time.Minute))), Cancelled: cancelled}
	}
	end := func(cancelled bool) *CalendarEvent {
		return &CalendarEvent{Time: metav1.NewTime(at), Cancelled: cancelled}
	}
	for name, c := range map[string]struct {
		step      *CalendarEvent
		withdrawn *metav1.Time
		now       time.Time
		want      string
	}{
		"a second before it":               {brownout(false), nil, at.Add(-time.Second), "to come"},
		"when it begins":                   {brownout(false), nil, at, "now"},
		"in its last second":               {brownout(false), nil, at.Add(5*time.Minute - time.Second), "now"},
		"when it is over":                  {brownout(false), nil, at.Add(5 * time.Minute), "past"},
		"what is not over by itself":       {end(false), nil, at, "past"},
		"withdrawn before it came":         {end(true), ptr.To(metav1.NewTime(at.Add(-time.Second))), at.Add(time.Hour), "withdrawn"},
		"withdrawn when it was there":      {end(true), ptr.To(metav1.NewTime(at)), at.Add(time.Hour), "past"},
		"withdrawn, and nobody saw it yet": {end(true), nil, at.Add(-time.Hour), "withdrawn"},
	} {
		t.Run(name, func(t *testing.T) {
			if got := stepState(c.step, c.withdrawn, c.now); got != c.want {
				t.Errorf("%q instead of %q", got, c.want)
			}
		})
	}
}

// What to do about a schedule does not contradict what is said of it.
func TestStepsOfASchedule(t *testing.T) {
	said := func(kind string, status metav1.ConditionStatus, reason, message string) func(*v1alpha1.DeprecationSchedule) {
		return func(s *v1alpha1.DeprecationSchedule) {
			s.Status.Stage = v1alpha1.StageAnnounced
			s.Status.Conditions = append(s.Status.Conditions, metav1.Condition{Type: kind, Status: status, Reason: reason, Message: message})
		}
	}
	draft := func(s *v1alpha1.DeprecationSchedule) {
		s.Spec.State, s.Status.PublishedTime, s.Status.Stage = v1alpha1.NoticeDraft, nil, v1alpha1.StageDraft
	}
	routed := func(s *v1alpha1.DeprecationSchedule) { s.Spec.Routes = []v1alpha1.ScheduleRoute{{Name: "orders"}} }
	acknowledged := func(s *v1alpha1.DeprecationSchedule) {
		s.Spec.RemovalRequires = v1alpha1.RemovalUnusedOrAcknowledged
	}
	used := func(s *v1alpha1.DeprecationSchedule) {
		s.Status.StillUsing, s.Status.UsageTime = ptr.To(int32(0)), &metav1.Time{Time: calendarNow}
	}
	for name, c := range map[string]struct {
		edits []func(*v1alpha1.DeprecationSchedule)
		want  []string
	}{
		"a draft that can be published": {[]func(*v1alpha1.DeprecationSchedule){draft, said(v1alpha1.ConditionReady, metav1.ConditionTrue, v1alpha1.ReasonReady, "")},
			[]string{"Set state: Published."}},
		"a draft that would be refused": {[]func(*v1alpha1.DeprecationSchedule){draft, said(v1alpha1.ConditionReady, metav1.ConditionTrue, v1alpha1.ReasonTooSoon, "")},
			[]string{"Put right what is said above, and then set state: Published."}},
		"a draft that waits for what nobody knows": {[]func(*v1alpha1.DeprecationSchedule){draft, acknowledged},
			[]string{"Set state: Published.", "By the time of its removal let the Audience of the API name a usage query: as long as nobody knows who uses it, it is kept, also after its date. Or leave"}},
		"published, and waits for what nobody knows": {[]func(*v1alpha1.DeprecationSchedule){acknowledged}, []string{"Keep it until", "By the time of its removal let the Audience"}},
		"it is known who uses it":                    {[]func(*v1alpha1.DeprecationSchedule){acknowledged, used}, []string{"Keep it until"}},
		"its date alone":                             {nil, []string{"Keep it until"}},
		"a response does not say it": {[]func(*v1alpha1.DeprecationSchedule){routed, said(v1alpha1.ConditionSignalled, metav1.ConditionFalse, v1alpha1.ReasonSignalsMissing, "rule v1 lacks it")},
			[]string{"Keep it until", "Let the responses say it: add what is printed to the HTTPRoute. [forewarn headers deprecationschedule/orders-v1 -n shop]"}},
		"a route is not there": {[]func(*v1alpha1.DeprecationSchedule){routed, said(v1alpha1.ConditionSignalled, metav1.ConditionFalse, v1alpha1.ReasonRouteNotFound, "no")},
			[]string{"Keep it until", "Name the HTTPRoute, and the rules, that there are. [kubectl get httproutes -n shop kubectl edit"}},
		"the responses say it": {[]func(*v1alpha1.DeprecationSchedule){routed, said(v1alpha1.ConditionSignalled, metav1.ConditionTrue, v1alpha1.ReasonSignalled, "they do")},
			[]string{"Keep it until"}},
	} {
		t.Run(name, func(t *testing.T) {
			e := explaining(calendarNow)
			b := builders.Schedule("orders-v1", "orders", "v1").Dates(calendarNow.Add(calendarDay), calendarNow.Add(40*calendarDay)).Published(calendarNow)
			for _, edit := range c.edits {
				b.Edit(edit)
			}
			var got []string
			for _, step := range e.scheduleSteps(e.scheduleResult(b.Obj())) {
				got = append(got, step.Text+" ["+strings.Join(step.Commands, " ")+"]")
			}
			if len(got) != len(c.want) {
				t.Fatalf("%q", got)
			}
			for i, want := range c.want {
				if !strings.HasPrefix(got[i], want) {
					t.Errorf("%q instead of %q", got[i], want)
				}
			}
		})
	}
}

// A page says whether responses say it, and the stage at the moment asked for.
func TestThePageOfASchedule(t *testing.T) {
	s := builders.Schedule("orders-v1", "orders", "v1").Dates(calendarNow, calendarNow.Add(40*calendarDay)).Published(calendarNow.Add(-calendarDay)).
		Edit(func(s *v1alpha1.DeprecationSchedule) {
			s.Spec.Routes = []v1alpha1.ScheduleRoute{{Name: "orders"}}
			s.Status.Stage = v1alpha1.StageAnnounced
			s.Status.Conditions = []metav1.Condition{{Type: v1alpha1.ConditionSignalled, Status: metav1.ConditionFalse, Reason: v1alpha1.ReasonRouteNotFound, Message: "HTTPRoute orders\x1b does not exist"}}
		}).Obj()
	for now, want := range map[time.Time]string{
		calendarNow.Add(-time.Second): "\nStage: Announced\n  next: Deprecated, 2026-11-22",
		calendarNow:                   "\nStage: Deprecated\n  next: ",
	} {
		e := explaining(now)
		p := newPage(Streams{})
		e.schedulePage(p, e.scheduleResult(s))
		for _, text := range []string{want, "\nResponses: RouteNotFound\n  HTTPRoute orders\\x1b does not exist\n"} {
			if !strings.Contains(p.b.String(), text) {
				t.Errorf("at %s there is no %q in:\n%s", now, text, p.b.String())
			}
		}
	}
}

// Who has removed it is not told to remove it.
func TestStepsOfWhatMayBeRemoved(t *testing.T) {
	s := builders.Schedule("orders-v1", "orders", "v1").Dates(calendarNow.Add(-2*calendarDay), calendarNow.Add(-calendarDay)).
		Published(calendarNow.Add(-3*calendarDay)).Lists("orders-v1-sunset", v1alpha1.StepSunset).Obj()
	told := metav1.NewTime(calendarNow.Add(-calendarDay))
	s.Status.Notices[0].PublishedTime, s.Status.Notices[0].MaturesTime = &told, &told
	for name, c := range map[string]struct {
		inForce *metav1.Time
		want    string
	}{
		"nothing serves without it": {nil, "Release a revision without it."},
		"what serves is without it": {&metav1.Time{Time: calendarNow}, "Nothing: what serves is without it."},
	} {
		t.Run(name, func(t *testing.T) {
			e := explaining(calendarNow)
			n := builders.Notice("orders-v1-sunset", "orders").Obj()
			n.Status.LapsesTime, n.Status.InForceTime = nil, c.inForce
			e.notices = []v1alpha1.ChangeNotice{*n}
			if steps := e.scheduleSteps(e.scheduleResult(s)); len(steps) != 1 || !strings.HasPrefix(steps[0].Text, c.want) {
				t.Errorf("%+v", steps)
			}
		})
	}
}
