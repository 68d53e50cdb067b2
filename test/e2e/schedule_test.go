//go:build unix

package e2e

import (
	"errors"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	. "github.com/onsi/gomega"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/ptr"
	"sigs.k8s.io/controller-runtime/pkg/client"

	v1alpha1 "forewarn.dev/forewarn/api/v1alpha1"
	"forewarn.dev/forewarn/test/prometheus"
)

const day = 24 * time.Hour

// inDays is midnight (UTC) so many days from now.
func inDays(days int) *metav1.Time {
	return ptr.To(metav1.NewTime(time.Now().UTC().Truncate(day).AddDate(0, 0, days)))
}

// retiring is a schedule for v1 of orders: deprecated in 10 days, out for 30 minutes in 60, gone in sunset days.
func (s *telling) retiring(sunset int, change ...func(*v1alpha1.DeprecationScheduleSpec)) *v1alpha1.DeprecationSchedule {
	s.t.Helper()
	schedule := &v1alpha1.DeprecationSchedule{ObjectMeta: metav1.ObjectMeta{Namespace: s.namespace, Name: "orders-v1"}}
	schedule.Spec = v1alpha1.DeprecationScheduleSpec{
		APIRef: v1alpha1.APIRef{Name: "orders"}, Version: "v1", State: v1alpha1.NoticePublished,
		DeprecateTime: inDays(10), SunsetTime: inDays(sunset),
		Brownouts:      []v1alpha1.Brownout{{Name: "first", StartTime: inDays(60), Minutes: 30}},
		Replacement:    v1alpha1.Replacement{Version: "v2"},
		MigrationGuide: "https://docs.acme.example/orders/v2",
	}
	for _, f := range change {
		f(&schedule.Spec)
	}
	s.create(schedule)
	return schedule
}

// reschedule changes a schedule, whoever else writes it.
func (s *telling) reschedule(change func(*v1alpha1.DeprecationScheduleSpec)) {
	s.t.Helper()
	s.Eventually(func() error {
		schedule := &v1alpha1.DeprecationSchedule{}
		s.get(schedule, "orders-v1")
		change(&schedule.Spec)
		return s.admin.Update(s.ctx, schedule)
	}).Should(Succeed())
}

// scheduleIs waits for a condition of the schedule, and returns its message.
func (s *telling) scheduleIs(kind, state string) string {
	s.t.Helper()
	var message string
	s.Eventually(func(g Gomega) {
		var is string
		is, message = s.condition(&v1alpha1.DeprecationSchedule{}, "orders-v1", kind)
		g.Expect(is).To(Equal(state), message)
	}).Should(Succeed())
	return message
}

// noticeNames are the names of all notices of the namespace, each with its UID.
func (s *telling) noticeNames() map[string]string {
	var list v1alpha1.ChangeNoticeList
	s.Expect(s.admin.List(s.ctx, &list, client.InNamespace(s.namespace))).To(Succeed())
	names := map[string]string{}
	for i := range list.Items {
		names[list.Items[i].Name] = string(list.Items[i].UID)
	}
	return names
}

func strictly(spec *v1alpha1.NoticePolicySpec) {
	spec.Owed = []v1alpha1.OwedTerm{{Class: v1alpha1.ClassRemoval, Days: ptr.To[int32](180)}, {Class: v1alpha1.ClassDowntime, Days: ptr.To[int32](30)}}
	spec.TimeZone = "Europe/Berlin"
	spec.Content.Rules = []v1alpha1.ContentRule{
		v1alpha1.ContentDateInTitle, v1alpha1.ContentChangeInTitle, v1alpha1.ContentWhatToDo, v1alpha1.ContentHelp, v1alpha1.ContentPhrasing,
	}
}

// Customers are told of all of a schedule, or of nothing; then of what moves to later, of what is taken out and of what
// is added. What they were told stays when the schedule is gone.
func TestAScheduleTellsCustomers(t *testing.T) {
	s := newTelling(t, customersByMail, strictly)
	s.create(s.mailChannel())
	schedule := s.retiring(170)
	s.Expect(s.scheduleIs(v1alpha1.ConditionPublished, "False TooSoon")).To(SatisfyAll(
		HavePrefix("sunsetTime: "+inDays(170).UTC().Format(time.RFC3339)+" is too soon"),
		ContainSubstring("set it to "), Not(ContainSubstring("deprecateTime"))))
	s.scheduleIs(v1alpha1.ConditionReady, "False TooSoon")
	s.Expect(s.noticeNames()).To(BeEmpty(), "nobody is told a part of it")

	s.reschedule(func(spec *v1alpha1.DeprecationScheduleSpec) { spec.SunsetTime = inDays(200) })
	s.scheduleIs(v1alpha1.ConditionPublished, "True Published")
	s.scheduleIs(v1alpha1.ConditionReady, "True Ready")
	for _, name := range []string{"orders-v1-announced", "orders-v1-brownout-first", "orders-v1-sunset"} {
		s.delivered(name, "True Delivered")
	}
	s.Expect(s.noticeNames()).To(HaveLen(3))
	s.Eventually(func(g Gomega) { // those that are planned downtimes have a day a moment later
		s.get(schedule, "orders-v1")
		for _, n := range schedule.Status.Notices {
			g.Expect(n.MaturesTime).NotTo(BeNil(), n.Notice)
		}
	}).Should(Succeed())
	s.Expect(schedule.Status.Stage).To(Equal(v1alpha1.StageAnnounced))
	s.Expect(schedule.Status.NextStage).To(Equal(v1alpha1.StageDeprecated))
	s.Expect(schedule.Status.NextTime.Equal(inDays(10))).To(BeTrue())
	s.Expect(schedule.Status.RemovableTime.Equal(inDays(200))).To(BeTrue())
	s.Expect(schedule.Status.TimeZone).To(Equal("Europe/Berlin"))
	for i, step := range []v1alpha1.ScheduleStep{v1alpha1.StepAnnouncement, v1alpha1.StepBrownout, v1alpha1.StepSunset} {
		n := schedule.Status.Notices[i]
		s.Expect(n.Step).To(Equal(step))
		s.Expect(n.UID).To(Equal(s.noticeNames()[string(n.Notice)]))
		s.Expect(n.PublishedTime).NotTo(BeNil())
	}
	s.hears("orders: orders v1 is deprecated from ")
	s.hears("orders: orders v1 goes away on ")
	s.hears("orders: orders v1 is not available for 30 minutes on ")
	s.Eventually(func() []string { return s.events("orders-v1") }).Should(ContainElements("Published", "Announced"))

	s.reschedule(func(spec *v1alpha1.DeprecationScheduleSpec) { spec.SunsetTime = inDays(230) })
	s.hears("Postponed to ")
	s.Eventually(func(g Gomega) {
		s.get(schedule, "orders-v1")
		g.Expect(schedule.Status.Notices[2].EffectiveTime.Equal(inDays(230))).To(BeTrue())
		g.Expect(schedule.Status.RemovableTime.Equal(inDays(230))).To(BeTrue())
	}).Should(Succeed())
	schedule.Spec.SunsetTime = inDays(229)
	s.Expect(s.admin.Update(s.ctx, schedule)).To(MatchError(ContainSubstring("the dates of a published schedule can only move to later")))

	s.reschedule(func(spec *v1alpha1.DeprecationScheduleSpec) {
		spec.Brownouts = []v1alpha1.Brownout{{Name: "second", StartTime: inDays(90), Minutes: 60}}
	})
	s.hears("Withdrawn: ")
	s.hears("orders: orders v1 is not available for 60 minutes on ")
	s.reschedule(func(spec *v1alpha1.DeprecationScheduleSpec) {
		spec.Brownouts = append(spec.Brownouts, v1alpha1.Brownout{Name: "third", StartTime: inDays(20), Minutes: 60})
	})
	s.Expect(s.scheduleIs(v1alpha1.ConditionPublished, "False TooSoon")).To(HavePrefix("brownouts[third].startTime: "))
	s.reschedule(func(spec *v1alpha1.DeprecationScheduleSpec) { spec.Brownouts = spec.Brownouts[:1] })
	s.scheduleIs(v1alpha1.ConditionPublished, "True Published")
	s.restartManager(0)
	s.Expect(s.noticeNames()).To(HaveLen(4))

	s.get(schedule, "orders-v1")
	s.Expect(s.admin.Delete(s.ctx, schedule)).To(Succeed())
	s.Eventually(func() error { return s.admin.Get(s.ctx, client.ObjectKeyFromObject(schedule), schedule) }).ShouldNot(Succeed())
	s.retiring(240)
	s.Expect(s.scheduleIs(v1alpha1.ConditionReady, "False NoticeInTheWay")).To(ContainSubstring("changenotice/orders-v1-sunset is there, and this schedule did not make it"))
	notice := &v1alpha1.ChangeNotice{}
	s.get(notice, "orders-v1-sunset")
	s.Expect(notice.Spec.State).To(Equal(v1alpha1.NoticePublished))
	s.Expect(notice.Spec.EffectiveTime.Equal(inDays(230))).To(BeTrue())
	s.Expect(s.noticeNames()).To(HaveLen(4))
	s.nothingPersonal()
}

// A notice that somebody else has written is left alone, and so is what somebody did to one of ours.
func TestAScheduleLeavesAloneWhatItDidNotMake(t *testing.T) {
	s := newTelling(t, customersByMail)
	foreign := &v1alpha1.ChangeNotice{ObjectMeta: metav1.ObjectMeta{Namespace: s.namespace, Name: "orders-v1-announced"}}
	foreign.Spec = v1alpha1.ChangeNoticeSpec{
		APIRef: v1alpha1.APIRef{Name: "orders"}, State: v1alpha1.NoticeDraft, Title: "Mine", Covers: []v1alpha1.CoveredChange{{Version: "v1"}},
	}
	s.Expect(s.developer.Create(s.ctx, foreign)).To(Succeed())
	s.retiring(200)
	s.scheduleIs(v1alpha1.ConditionReady, "False NoticeInTheWay")
	s.scheduleIs(v1alpha1.ConditionPublished, "False Incomplete")
	s.Expect(s.noticeNames()).To(Equal(map[string]string{foreign.Name: string(foreign.UID)}))
	s.Expect(s.developer.Delete(s.ctx, foreign)).To(Succeed())
	s.scheduleIs(v1alpha1.ConditionPublished, "True Published")

	notice := &v1alpha1.ChangeNotice{}
	s.edit("orders-v1-sunset", func(spec *v1alpha1.ChangeNoticeSpec) { spec.EffectiveTime = inDays(210) })
	s.Expect(s.scheduleIs(v1alpha1.ConditionReady, "False NoticeDiffers")).To(Equal(
		"customers were told " + inDays(210).UTC().Format(time.RFC3339) + " by changenotice/orders-v1-sunset, and a date moves to later only: set sunsetTime to that, or later"))
	s.reschedule(func(spec *v1alpha1.DeprecationScheduleSpec) { spec.SunsetTime = inDays(210) })
	s.scheduleIs(v1alpha1.ConditionReady, "True Ready")

	s.edit("orders-v1-brownout-first", func(spec *v1alpha1.ChangeNoticeSpec) { spec.State = v1alpha1.NoticeWithdrawn })
	s.scheduleIs(v1alpha1.ConditionReady, "False NoticeDiffers")
	s.reschedule(func(spec *v1alpha1.DeprecationScheduleSpec) { spec.Brownouts = nil })
	s.scheduleIs(v1alpha1.ConditionReady, "True Ready")

	s.reschedule(func(spec *v1alpha1.DeprecationScheduleSpec) { spec.State = v1alpha1.NoticeWithdrawn })
	s.scheduleIs(v1alpha1.ConditionPublished, "False Withdrawn")
	s.Eventually(func(g Gomega) {
		for name := range s.noticeNames() {
			s.get(notice, name)
			g.Expect(notice.Status.WithdrawnTime).NotTo(BeNil(), name)
		}
	}).Should(Succeed())
	schedule := &v1alpha1.DeprecationSchedule{}
	s.get(schedule, "orders-v1")
	s.Expect(schedule.Status.Stage).To(Equal(v1alpha1.StageWithdrawn))
	s.Expect(schedule.Status.WithdrawnTime).NotTo(BeNil())
}

// severed breaks when a notice was made, and before that is written down.
type severed struct {
	next       http.RoundTripper
	made, lost atomic.Bool
}

func (c *severed) RoundTrip(request *http.Request) (*http.Response, error) {
	path := request.URL.Path
	if request.Method == http.MethodPost && strings.HasSuffix(path, "/changenotices") && request.URL.Query().Get("dryRun") == "" {
		c.made.Store(true)
	}
	if c.made.Load() && request.Method == http.MethodPut && strings.Contains(path, "/deprecationschedules/") {
		c.lost.Store(true)
		return nil, errors.New("the connection broke")
	}
	return c.next.RoundTrip(request)
}

// The manager ends between two notices, and nothing says that the first was made: whoever goes on makes the rest, and
// none twice.
func TestTheManagerEndsBetweenTwoNoticesOfASchedule(t *testing.T) {
	s := newTelling(t, customersByMail)
	s.create(s.mailChannel())
	s.stop()
	cut := &severed{}
	s.transport = func(next http.RoundTripper) http.RoundTripper { cut.next = next; return cut }
	s.startManager(0)
	s.retiring(200)
	s.Eventually(cut.lost.Load).Should(BeTrue())
	s.stop()
	first := s.noticeNames()
	s.Expect(first).To(HaveLen(1))
	s.Expect(first).To(HaveKey("orders-v1-sunset"), "nobody reads of its day before it is told")
	schedule := &v1alpha1.DeprecationSchedule{}
	s.get(schedule, "orders-v1")
	s.Expect(schedule.Status.Notices).To(BeEmpty())

	s.transport = nil
	s.startManager(0)
	s.scheduleIs(v1alpha1.ConditionPublished, "True Published")
	all := s.noticeNames()
	s.Expect(all).To(HaveLen(3))
	s.Expect(all).To(HaveKeyWithValue("orders-v1-sunset", first["orders-v1-sunset"]))
	for name := range all {
		s.delivered(name, "True Delivered")
	}
	s.Expect(s.mail.Taken()).To(HaveLen(9), "nobody is told twice")
}

// Each stage comes on its day, whoever looks.
func TestTheStagesOfASchedule(t *testing.T) {
	s := newTelling(t, manyByMail(3)) // by the clocks of UTC
	s.rehearse()
	s.retiring(200, func(spec *v1alpha1.DeprecationScheduleSpec) { spec.RemoveAfterDays = ptr.To[int32](30) })
	s.scheduleIs(v1alpha1.ConditionPublished, "True Published")
	for _, c := range []struct {
		at          *metav1.Time
		plus        time.Duration
		stage, next v1alpha1.ScheduleStage
		when        *metav1.Time
		removal     string
	}{
		{inDays(10), time.Hour, v1alpha1.StageDeprecated, v1alpha1.StageBrownout, inDays(60), "False NotYet"},
		{inDays(60), 10 * time.Minute, v1alpha1.StageBrownout, v1alpha1.StageDeprecated, ptr.To(metav1.NewTime(inDays(60).Add(30 * time.Minute))), "False NotYet"},
		{inDays(60), time.Hour, v1alpha1.StageDeprecated, v1alpha1.StageSunset, inDays(200), "False NotYet"},
		{inDays(200), time.Hour, v1alpha1.StageSunset, v1alpha1.StageRemovable, inDays(230), "False NotYet"},
		{inDays(230), time.Hour, v1alpha1.StageRemovable, "", nil, "True Removable"},
	} {
		s.restartManager(time.Until(c.at.Add(c.plus)))
		schedule := &v1alpha1.DeprecationSchedule{}
		s.Eventually(func(g Gomega) {
			s.get(schedule, "orders-v1")
			g.Expect(schedule.Status.Stage).To(Equal(c.stage))
			g.Expect(schedule.Status.NextStage).To(Equal(c.next))
			g.Expect(schedule.Status.NextTime.Equal(c.when)).To(BeTrue(), "%s", schedule.Status.NextTime)
		}).Should(Succeed())
		s.scheduleIs(v1alpha1.ConditionRemovalAllowed, c.removal)
		s.Eventually(func() []string { return s.events("orders-v1") }).Should(ContainElement(string(c.stage)))
	}
}

// Who still uses what goes away is shown, with who acknowledged its end; while it is not known nobody says it is unused.
func TestWhoStillUsesAVersion(t *testing.T) {
	server := prometheus.Start(t, counted("c-1", "DELETE /orders/{id}"), counted("c-2", "GET /orders"), counted("c-9", "GET /orders"))
	s := newTelling(t, customersByMail)
	s.create(s.mailChannel())
	s.asks(server)
	s.usageIs("True UsageKnown")
	schedule := s.retiring(200, func(spec *v1alpha1.DeprecationScheduleSpec) {
		spec.RemovalRequires = v1alpha1.RemovalUnusedOrAcknowledged
	})
	use := func(users *int32, stragglers ...v1alpha1.CustomerID) {
		s.t.Helper()
		s.Eventually(func(g Gomega) {
			s.get(schedule, "orders-v1")
			var ids []v1alpha1.CustomerID
			for _, straggler := range schedule.Status.Stragglers {
				ids = append(ids, straggler.Customer)
			}
			g.Expect(schedule.Status.StillUsing).To(Equal(users))
			g.Expect(ids).To(Equal(stragglers))
		}).Should(Succeed())
	}
	use(ptr.To[int32](3), "c-1", "c-2")
	asked := schedule.Status.UsageTime
	s.Expect(schedule.Status.Stragglers[0].AcknowledgedTime).To(BeNil())

	s.delivered("orders-v1-sunset", "True Delivered")
	s.answer("c-1", v1alpha1.AnswerUnderstood, time.Now(), nil)
	use(ptr.To[int32](3), "c-2", "c-1") // those first who did not
	s.Expect(schedule.Status.Stragglers[1].AcknowledgedTime).NotTo(BeNil())
	s.answer("c-2", v1alpha1.AnswerNeedsTime, time.Now(), nil)
	s.Eventually(func() string {
		notice := &v1alpha1.ChangeNotice{}
		s.get(notice, "orders-v1-sunset")
		return string(ptr.Deref(notice.Status.Answers.NeedsTime, 0) + '0')
	}).Should(Equal("1"))
	use(ptr.To[int32](3), "c-2", "c-1")
	s.Expect(schedule.Status.UsageTime).To(Equal(asked), "asked once an hour")

	s.restartManager(0)
	server.Stop()
	s.asksOf(29) // something else, which was never answered
	use(nil)
	s.Expect(schedule.Status.UsageTime).To(BeNil())
	s.nothingPersonal()
}

// Bypass 40: a schedule that was stored while its schema was looser is named, and another is told all the same.
func TestBypass40AScheduleThatDoesNotFitItsKind(t *testing.T) {
	s := newTelling(t, customersByMail)
	s.misfit("deprecationschedules", map[string]any{"kind": "DeprecationSchedule", "metadata": s.meta("misfit"),
		"spec": map[string]any{"removeAfterDays": "90d", "apiRef": map[string]any{"name": "orders"}}})
	s.Eventually(func() []string { return s.events("misfit") }).Should(ContainElement(v1alpha1.ReasonUnreadable))
	s.Expect(s.metric("forewarn_unreadable_objects", "DeprecationSchedule")).To(Equal(1.0))
	s.retiring(200, func(spec *v1alpha1.DeprecationScheduleSpec) {
		spec.Routes = []v1alpha1.ScheduleRoute{{Name: "orders", Rules: []string{"v1"}, WrittenBy: v1alpha1.RouteWrittenByOwner}}
	})
	s.scheduleIs(v1alpha1.ConditionPublished, "True Published")
	s.Expect(s.forewarn("headers", "deprecationschedule/orders-v1")).To(ContainSubstring("name: Sunset"))
	s.restartManager(0)
	s.reschedule(func(spec *v1alpha1.DeprecationScheduleSpec) { spec.State = v1alpha1.NoticeWithdrawn })
	s.scheduleIs(v1alpha1.ConditionPublished, "False Withdrawn")
}

// An operation goes on its day and not before, by the schedule alone; the stages come by themselves.
func TestAnOperationGoesAsItsScheduleSays(t *testing.T) {
	s := newTelling(t, customersByMail, func(spec *v1alpha1.NoticePolicySpec) {
		spec.Enforcement, spec.SettleHours = v1alpha1.EnforcementDeny, ptr.To[int32](0)
	})
	s.revision("orders-1", "orders", openAPI(listOrders, deleteOrder))
	s.judged("orders-1", "True Baseline")
	s.Expect(s.release("orders", "orders-1", "orders:1")).To(Succeed())
	s.promises("orders", "orders-1")
	s.bites()
	soon := time.Now().Truncate(time.Second)
	schedule := s.retiring(200, func(spec *v1alpha1.DeprecationScheduleSpec) {
		spec.Operations, spec.Brownouts = []string{"DELETE /orders/{id}"}, nil
		spec.DeprecateTime, spec.SunsetTime = ptr.To(metav1.NewTime(soon.Add(8*time.Second))), ptr.To(metav1.NewTime(soon.Add(14*time.Second)))
	})
	stage := func(want v1alpha1.ScheduleStage) {
		s.t.Helper()
		s.Eventually(func() v1alpha1.ScheduleStage {
			s.get(schedule, "orders-v1")
			return schedule.Status.Stage
		}).Should(Equal(want))
	}
	stage(v1alpha1.StageAnnounced)
	s.revision("orders-2", "orders", openAPI(listOrders))
	s.judged("orders-2", "False Kept")
	stage(v1alpha1.StageDeprecated)
	s.Expect(time.Now()).NotTo(BeTemporally("<", schedule.Spec.DeprecateTime.Time))
	s.scheduleIs(v1alpha1.ConditionRemovalAllowed, "False NotYet")
	stage(v1alpha1.StageRemovable)
	s.Expect(time.Now()).NotTo(BeTemporally("<", schedule.Spec.SunsetTime.Time))
	s.scheduleIs(v1alpha1.ConditionRemovalAllowed, "True Removable")
	s.Expect(schedule.Status.RemovedTime).To(BeNil(), "its date has come, and it is served")
	s.judged("orders-2", "True NoticeGiven")
	s.Eventually(func() error { return s.release("orders", "orders-2", "orders:2") }).Should(Succeed())
	s.rolledOut("orders", "orders:2")
	s.promises("orders", "orders-2")
	stage(v1alpha1.StageRemoved)
	s.scheduleIs(v1alpha1.ConditionRemovalAllowed, "True Removed")

	s.Expect(s.release("orders", "orders-1", "orders:1")).To(Succeed(), "the way back is always open")
	s.promises("orders", "orders-1")
	stage(v1alpha1.StageRemovable) // it is there again
}
