package controllers

import (
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	apimeta "k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/utils/ptr"
	"sigs.k8s.io/controller-runtime/pkg/client/fake"

	v1alpha1 "forewarn.dev/forewarn/api/v1alpha1"
	"forewarn.dev/forewarn/internal/schedule"
)

func TestStragglersAreNamedWhoDidNotAcknowledgeFirst(t *testing.T) {
	at := time.Date(2027, time.July, 1, 9, 0, 0, 0, time.UTC)
	users := []v1alpha1.CustomerID{"c-3", "c-1", "c-2"}
	got := stragglers(users, map[v1alpha1.CustomerID]time.Time{"c-1": at, "c-7": at})
	want := []v1alpha1.Straggler{{Customer: "c-2"}, {Customer: "c-3"}, {Customer: "c-1", AcknowledgedTime: &metav1.Time{Time: at}}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	acknowledged := map[v1alpha1.CustomerID]time.Time{}
	users = nil
	for i := range 2 * maxStragglers {
		id := v1alpha1.CustomerID(fmt.Sprintf("c-%03d", i))
		users = append(users, id)
		if i < maxStragglers {
			acknowledged[id] = at
		}
	}
	got = stragglers(users, acknowledged)
	if len(got) != maxStragglers || got[0].Customer != "c-200" || got[maxStragglers-1].AcknowledgedTime != nil {
		t.Errorf("%d, from %v to %v", len(got), got[0], got[len(got)-1])
	}
	if got := stragglers(nil, acknowledged); got != nil {
		t.Errorf("nobody is %v", got)
	}
}

func TestWhoStillUsesItIsBelievedForADay(t *testing.T) {
	asked := time.Date(2027, time.July, 1, 9, 0, 0, 0, time.UTC)
	status := v1alpha1.DeprecationScheduleStatus{
		StillUsing: ptr.To[int32](1), Stragglers: []v1alpha1.Straggler{{Customer: "c-1"}}, UsageTime: &metav1.Time{Time: asked}, QueryDigest: "d",
	}
	kept := *status.DeepCopy()
	believe(&kept, map[v1alpha1.CustomerID]time.Time{"c-1": asked.Add(time.Hour)}, asked.Add(24*time.Hour-time.Second))
	want := *status.DeepCopy()
	want.Stragglers[0].AcknowledgedTime = &metav1.Time{Time: asked.Add(time.Hour)}
	if diff := cmp.Diff(want, kept); diff != "" {
		t.Errorf("a second before: %s", diff)
	}
	believe(&kept, nil, asked.Add(24*time.Hour))
	if diff := cmp.Diff(v1alpha1.DeprecationScheduleStatus{QueryDigest: "d"}, kept); diff != "" {
		t.Errorf("a day later: %s", diff)
	}
}

func TestWhatFailsIsNotAskedWithEachEvent(t *testing.T) {
	now := time.Date(2027, time.July, 1, 9, 0, 0, 0, time.UTC)
	key := types.NamespacedName{Namespace: "shop", Name: "orders-v1"}
	tried := newTries()
	if wait := tried.wait(key, "a", now); wait > 0 {
		t.Errorf("never asked, it waits %s", wait)
	}
	tried.tried(key, "a", now)
	for name, c := range map[string]struct {
		key    types.NamespacedName
		digest v1alpha1.Digest
		at     time.Time
		waits  bool
	}{
		"at once":                  {key, "a", now, true},
		"a second before":          {key, "a", now.Add(usageRetry - time.Second), true},
		"when it is due":           {key, "a", now.Add(usageRetry), false},
		"another query":            {key, "b", now, false},
		"of another schedule":      {types.NamespacedName{Name: "other"}, "a", now, false},
		"after the clock moved on": {key, "a", now.Add(24 * time.Hour), false},
	} {
		if got := tried.wait(c.key, c.digest, c.at) > 0; got != c.waits {
			t.Errorf("%s: waits %t", name, got)
		}
	}
	tried.forget(key)
	if tried.wait(key, "a", now) > 0 {
		t.Error("what was forgotten waits")
	}
}

// What a notice of a schedule tells of stays on its list when the notice is gone, if customers were told.
func TestTheNoticesOfASchedule(t *testing.T) {
	at := &metav1.Time{Time: time.Date(2027, time.July, 1, 0, 0, 0, 0, time.UTC)}
	s := &v1alpha1.DeprecationSchedule{ObjectMeta: metav1.ObjectMeta{Name: "orders-v1"}}
	s.Spec.Brownouts = []v1alpha1.Brownout{{Name: "a-announced", StartTime: at, Minutes: 5}}
	s.Status.Notices = []v1alpha1.ScheduledNotice{
		{Notice: "orders-v1-sunset", UID: "1", Step: v1alpha1.StepSunset, EffectiveTime: at, PublishedTime: at, MaturesTime: at},
		{Notice: "orders-v1-brownout-old", UID: "2", Step: v1alpha1.StepBrownout, Brownout: "old", EffectiveTime: at},
	}
	mine := map[string]*v1alpha1.ChangeNotice{}
	for _, name := range []string{"orders-v1-announced", "orders-v1-brownout-a-announced", "orders-v1-brownout-never-told"} {
		mine[name] = &v1alpha1.ChangeNotice{ObjectMeta: metav1.ObjectMeta{Name: name, UID: types.UID(name)}, Spec: v1alpha1.ChangeNoticeSpec{EffectiveTime: at}}
	}
	p := &schedulePass{schedule: s, mine: mine}
	want := []v1alpha1.ScheduledNotice{
		{Notice: "orders-v1-announced", UID: "orders-v1-announced", Step: v1alpha1.StepAnnouncement, EffectiveTime: at},
		{Notice: "orders-v1-brownout-a-announced", UID: "orders-v1-brownout-a-announced", Step: v1alpha1.StepBrownout, Brownout: "a-announced", EffectiveTime: at},
		{Notice: "orders-v1-sunset", UID: "1", Step: v1alpha1.StepSunset, EffectiveTime: at, PublishedTime: at},
	}
	if diff := cmp.Diff(want, p.notices()); diff != "" {
		t.Error(diff)
	}
}

// Until it is published somebody may edit a notice of a schedule, and take its date out. No list can hold it then.
func TestTheNoticesOfAScheduleWithoutADate(t *testing.T) {
	at := &metav1.Time{Time: time.Date(2027, time.July, 1, 0, 0, 0, 0, time.UTC)}
	s := &v1alpha1.DeprecationSchedule{ObjectMeta: metav1.ObjectMeta{Name: "orders-v1"}}
	s.Spec.Brownouts = []v1alpha1.Brownout{{Name: "first", StartTime: at, Minutes: 5}, {Name: "second", StartTime: at, Minutes: 5}}
	mine := map[string]*v1alpha1.ChangeNotice{}
	for name, date := range map[string]*metav1.Time{"orders-v1-sunset": nil, "orders-v1-brownout-first": at, "orders-v1-brownout-second": nil} {
		mine[name] = &v1alpha1.ChangeNotice{ObjectMeta: metav1.ObjectMeta{Name: name}, Spec: v1alpha1.ChangeNoticeSpec{EffectiveTime: date}}
	}
	var got []string
	for _, n := range (&schedulePass{schedule: s, mine: mine}).notices() {
		got = append(got, string(n.Notice))
	}
	want := []string{"orders-v1-brownout-first"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

// A brownout moves until it begins. Whoever was told of a later date than that would wait for what never comes.
func TestABrownoutThatHasBegunDoesNotMove(t *testing.T) {
	scheme, err := NewScheme()
	if err != nil {
		t.Fatal(err)
	}
	date := time.Date(2027, time.March, 1, 9, 0, 0, 0, time.UTC)
	at := func(t time.Time) *metav1.Time { return &metav1.Time{Time: t} }
	for name, c := range map[string]struct {
		now     time.Time
		matures *metav1.Time
		step    v1alpha1.ScheduleStep
		moves   bool
	}{
		"a second before it begins":      {date.Add(-time.Second), at(date), v1alpha1.StepBrownout, true},
		"the second it begins":           {date, at(date), v1alpha1.StepBrownout, false},
		"when it is over":                {date.Add(time.Hour), at(date), v1alpha1.StepBrownout, false},
		"a second before it has matured": {date.Add(10*time.Minute - time.Second), at(date.Add(10 * time.Minute)), v1alpha1.StepBrownout, true},
		"the second it has matured":      {date.Add(10 * time.Minute), at(date.Add(10 * time.Minute)), v1alpha1.StepBrownout, false},
		"one that had matured long ago":  {date.Add(-time.Second), at(date.AddDate(0, -1, 0)), v1alpha1.StepBrownout, true},
		"one that opened no window":      {date.Add(time.Hour), nil, v1alpha1.StepBrownout, true},
		"what is no brownout":            {date.Add(time.Hour), at(date), v1alpha1.StepSunset, true},
	} {
		t.Run(name, func(t *testing.T) {
			planned := &schedule.Planned{Step: c.step, Field: "startTime"}
			planned.Notice.Namespace, planned.Notice.Name = "shop", "orders-v1-step"
			planned.Notice.Spec = v1alpha1.ChangeNoticeSpec{State: v1alpha1.NoticePublished, EffectiveTime: at(date)}
			if c.step == v1alpha1.StepBrownout {
				planned.Brownout = "first"
			}
			have := planned.Notice.DeepCopy()
			have.Status.PublishedTime, have.Status.MaturesTime = at(date.AddDate(0, -2, 0)), c.matures
			api := fake.NewClientBuilder().WithScheme(scheme).WithObjects(have).Build()
			p := &schedulePass{DeprecationScheduleReconciler: &DeprecationScheduleReconciler{shared: shared{client: api}}, now: c.now}
			planned.Notice.Spec.EffectiveTime = at(date.AddDate(0, 0, 7))
			if err := api.Get(t.Context(), keyOf(have), have); err != nil {
				t.Fatal(err)
			}
			if err := p.keep(t.Context(), planned, have); err != nil {
				t.Fatal(err)
			}
			if err := api.Get(t.Context(), keyOf(have), have); err != nil {
				t.Fatal(err)
			}
			if moved := !have.Spec.EffectiveTime.Time.Equal(date); moved != c.moves || moved == (len(p.problems) > 0) {
				t.Errorf("moved: %t, %v", moved, p.problems)
			}
		})
	}
}

// What is said of a notice that is gone is what can be done: it is not restored.
func TestANoticeThatIsGone(t *testing.T) {
	at := metav1.NewTime(time.Date(2027, time.July, 1, 0, 0, 0, 0, time.UTC))
	const gone = "is gone, nobody is told twice, and nobody puts it back, as only forewarn says when a notice was published and by which schedule: "
	for name, c := range map[string]struct {
		planned schedule.Planned
		want    string
	}{
		"orders-v1-sunset":         {schedule.Planned{Step: v1alpha1.StepSunset}, gone + "withdraw the schedule, and make another under a new name"},
		"orders-v1-brownout-first": {schedule.Planned{Step: v1alpha1.StepBrownout, Brownout: "first"}, gone + "take the brownout first out, and add another under a new name"},
	} {
		c.planned.Notice.Name = name
		s := &v1alpha1.DeprecationSchedule{}
		s.Status.Notices = []v1alpha1.ScheduledNotice{{Notice: v1alpha1.ObjectName(name), PublishedTime: &at}}
		p := &schedulePass{schedule: s, plan: []schedule.Planned{c.planned}}
		if err := p.tell(t.Context()); err != nil {
			t.Fatal(err)
		}
		want := []saying{{v1alpha1.ReasonNoticeDiffers, "changenotice/" + name + ", by which customers were told, " + c.want}}
		if diff := cmp.Diff(want, p.problems, cmp.AllowUnexported(saying{})); diff != "" {
			t.Error(diff)
		}
	}
}

// Why several notices would not be published is said once, in the words of the schedule.
func TestRefusalsAreSaidOnce(t *testing.T) {
	var none refusals
	if said := none.said(); said != nil {
		t.Error(said)
	}
	var all refusals
	all.add("deprecateTime", v1alpha1.ReasonTooSoon, "its effectiveTime A is too soon")
	all.add("sunsetTime", v1alpha1.ReasonIncomplete, "it has no title")
	all.add("brownouts[first].startTime", v1alpha1.ReasonTooSoon, "its effectiveTime A is too soon")
	want := saying{v1alpha1.ReasonTooSoon, "deprecateTime, brownouts[first].startTime: A is too soon; sunsetTime: it has no title"}
	if said := all.said(); said == nil || *said != want {
		t.Errorf("%+v", said)
	}
}

// A draft is not held to anything: it is ready, and its reason says what would be refused.
func TestADraftThatWouldBeRefusedIsReady(t *testing.T) {
	for wouldBe, want := range map[string]string{"": v1alpha1.ReasonReady, v1alpha1.ReasonTooSoon: v1alpha1.ReasonTooSoon} {
		s := &v1alpha1.DeprecationSchedule{Spec: v1alpha1.DeprecationScheduleSpec{State: v1alpha1.NoticeDraft}}
		p := &schedulePass{schedule: s, published: saying{v1alpha1.ReasonDraft, "it is a draft"}, wouldBe: wouldBe}
		p.setPublished(conditions{list: &s.Status.Conditions})
		ready := apimeta.FindStatusCondition(s.Status.Conditions, v1alpha1.ConditionReady)
		published := apimeta.FindStatusCondition(s.Status.Conditions, v1alpha1.ConditionPublished)
		if ready.Status != metav1.ConditionTrue || ready.Reason != want || published.Reason != v1alpha1.ReasonDraft {
			t.Errorf("%q: %+v, %+v", wouldBe, ready, published)
		}
	}
}
