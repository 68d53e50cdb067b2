//go:build unix

package e2e

import (
	"strings"
	"testing"
	"time"

	. "github.com/onsi/gomega"
	apimeta "k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/ptr"
	"sigs.k8s.io/controller-runtime/pkg/client"

	v1alpha1 "forewarn.dev/forewarn/api/v1alpha1"
	"forewarn.dev/forewarn/test/prometheus"
)

// retires publishes a schedule for operations of v1 of "orders": deprecated in 10 days, gone in 60, and removed two full
// days later at the earliest.
func (e *env) retires(name string, operations ...string) *v1alpha1.DeprecationSchedule {
	e.t.Helper()
	s := &v1alpha1.DeprecationSchedule{ObjectMeta: metav1.ObjectMeta{Namespace: e.namespace, Name: name}}
	s.Spec = v1alpha1.DeprecationScheduleSpec{
		APIRef: v1alpha1.APIRef{Name: "orders"}, Version: "v1", Operations: operations, State: v1alpha1.NoticeDraft,
		DeprecateTime: inDays(10), SunsetTime: inDays(60), RemoveAfterDays: ptr.To[int32](2),
		MigrationGuide: "https://docs.shop.example/v2",
	}
	e.create(s)
	e.published(s)
	return s
}

// judgedSince is when a revision became what it is judged, by the clock of the manager.
func (e *env) judgedSince(name string) time.Time {
	e.t.Helper()
	revision := &v1alpha1.APIRevision{}
	e.get(revision, name)
	return apimeta.FindStatusCondition(revision.Status.Conditions, v1alpha1.ConditionAdmissible).LastTransitionTime.Time
}

// What a schedule takes away stays until the end of the last of its full days, at the gate as in what it says; and not a
// moment shorter when the schedule is deleted.
func TestARemovalWaitsForItsDate(t *testing.T) {
	const removesDelete, removesList = "orders-2", "orders-3"
	e := adopted(t, soonGone)
	e.rehearse()
	kept := e.retires("orders-delete", "DELETE /orders/{id}")
	deleted := e.retires("orders-list", "GET /orders")
	removable := inDays(62).UTC()
	until := " keeps it until " + removable.Format(time.RFC3339) + ", 2 full days after its sunset"
	e.Expect(kept.Status.RemovableTime.Time).To(BeTemporally("==", removable))
	e.revision(removesDelete, "orders", openAPI(listOrders))
	e.Expect(e.judged(removesDelete, "False Kept")).To(ContainSubstring("schedule orders-delete" + until))
	e.Eventually(func() error { return e.try(removesDelete, "orders:2") }).Should(MatchError(ContainSubstring("schedule orders-delete" + until)))

	e.restartManager(time.Until(inDays(60).Add(time.Hour))) // its sunset has come, and the date of its removal has not
	e.Expect(e.admin.Delete(e.ctx, deleted)).To(Succeed())
	e.Eventually(func() error { return e.admin.Get(e.ctx, client.ObjectKeyFromObject(deleted), deleted) }).ShouldNot(Succeed())
	e.revision(removesList, "orders", openAPI(deleteOrder))
	e.Expect(e.judged(removesList, "False Kept")).To(ContainSubstring("schedule orders-list" + until))
	e.judged(removesDelete, "False Kept")
	e.restartManager(time.Until(removable.Add(-time.Hour)))
	e.revision("orders-4", "orders", openAPI(listOrders, cancelOrder))
	e.Expect(e.judged("orders-4", "False Kept")).To(ContainSubstring("schedule orders-delete" + until))
	e.Expect(e.release("orders", removesDelete, "orders:2")).To(MatchError(ContainSubstring("schedule orders-delete keeps it")))

	e.restartManager(time.Until(removable) - 8*time.Second)
	for _, name := range []string{removesDelete, removesList} {
		e.judged(name, "True NoticeGiven")
		e.Expect(e.judgedSince(name)).NotTo(BeTemporally("<", removable), name)
	}
	e.Eventually(func() error { return e.release("orders", removesDelete, "orders:2") }).Should(Succeed())
	e.rolledOut("orders", "orders:2")
	e.promises("orders", removesDelete)
	e.Eventually(func() v1alpha1.ScheduleStage {
		e.get(kept, "orders-delete")
		return kept.Status.Stage
	}).Should(Equal(v1alpha1.StageRemoved))
}

// stillUsing is a namespace in which c-1 used what goes away until today, and c-2 until three weeks ago. Its sunset has
// come, and it goes as soon as each who used it in the last days acknowledged that.
func stillUsing(t *testing.T) *telling {
	t.Helper()
	before := counted("c-2", "DELETE /orders/{id}")
	before.End = before.End.Add(-21 * day)
	server := prometheus.Start(t, counted("c-1", "DELETE /orders/{id}"), before)
	s := newTelling(t, customersByMail, func(spec *v1alpha1.NoticePolicySpec) {
		spec.Enforcement, spec.SettleHours = v1alpha1.EnforcementDeny, ptr.To[int32](0)
	})
	s.create(s.mailChannel())
	s.asks(server)
	s.usageIs("True UsageKnown")
	s.revision("orders-1", "orders", openAPI(listOrders, deleteOrder))
	s.judged("orders-1", "True Baseline")
	s.Expect(s.release("orders", "orders-1", "orders:1")).To(Succeed())
	s.promises("orders", "orders-1")
	s.bites()
	soon := time.Now().Truncate(time.Second)
	s.retiring(200, func(spec *v1alpha1.DeprecationScheduleSpec) {
		spec.Operations, spec.Brownouts = []string{"DELETE /orders/{id}"}, nil
		spec.RemovalRequires = v1alpha1.RemovalUnusedOrAcknowledged
		spec.DeprecateTime, spec.SunsetTime = ptr.To(metav1.NewTime(soon.Add(6*time.Second))), ptr.To(metav1.NewTime(soon.Add(7*time.Second)))
	})
	s.revision("orders-2", "orders", openAPI(listOrders))
	s.keeps("NotAcknowledged", "while 2 customers use it and 2 of them did not acknowledge its end")
	s.delivered("orders-v1-sunset", "True Delivered")
	s.answer("c-1", v1alpha1.AnswerUnderstood, time.Now(), nil)
	s.keeps("NotAcknowledged", "while 2 customers use it and 1 of them did not acknowledge its end")
	return s
}

// keeps waits until the schedule keeps it for that reason, and so does the gate.
func (s *telling) keeps(reason, text string) {
	s.t.Helper()
	s.Eventually(func(g Gomega) {
		state, message := s.condition(&v1alpha1.DeprecationSchedule{}, "orders-v1", v1alpha1.ConditionRemovalAllowed)
		g.Expect(state).To(Equal("False " + reason))
		g.Expect(message).To(ContainSubstring(text))
		state, message = s.condition(&v1alpha1.APIRevision{}, "orders-2", v1alpha1.ConditionAdmissible)
		g.Expect(state).To(Equal("False Kept"))
		g.Expect(message).To(ContainSubstring("schedule orders-v1 keeps it " + text))
		g.Expect(s.try("orders-2", "orders:2")).To(MatchError(ContainSubstring("schedule orders-v1 keeps it " + text)))
	}).Should(Succeed())
}

// goes waits until it may go, at the gate too.
func (s *telling) goes() {
	s.t.Helper()
	s.scheduleIs(v1alpha1.ConditionRemovalAllowed, "True Removable")
	s.judged("orders-2", "True NoticeGiven")
	s.Eventually(func() error { return s.release("orders", "orders-2", "orders:2") }).Should(Succeed())
	s.promises("orders", "orders-2")
	s.scheduleIs(v1alpha1.ConditionRemovalAllowed, "True Removed")
}

// What somebody still uses stays until each who does has acknowledged its end, or uses it no more; and while nobody
// knows that.
func TestARemovalWaitsForWhoStillUsesIt(t *testing.T) {
	t.Run("the last of them acknowledges it", func(t *testing.T) {
		s := stillUsing(t)
		s.answer("c-2", v1alpha1.AnswerUnderstood, time.Now(), nil)
		s.goes()
	})
	t.Run("the last of them uses it no more", func(t *testing.T) {
		s := stillUsing(t)
		s.asksOf(14)
		s.goes()
	})
	t.Run("nobody asks any more", func(t *testing.T) {
		s := stillUsing(t)
		schedule := &v1alpha1.DeprecationSchedule{}
		s.get(schedule, "orders-v1")
		s.Expect(s.admin.Delete(s.ctx, schedule)).To(Succeed())
		s.Eventually(func() string { return s.judged("orders-2", "False Kept") }).Should(
			ContainSubstring("schedule orders-v1 keeps it until it is known who uses it"))
		s.answer("c-2", v1alpha1.AnswerUnderstood, time.Now(), nil)
		s.restartManager(0)
		s.revision("orders-3", "orders", openAPI(listOrders, cancelOrder))
		s.judged("orders-3", "False Kept")
		s.Expect(s.release("orders", "orders-2", "orders:2")).To(MatchError(ContainSubstring("schedule orders-v1 keeps it until it is known")))
		// The way out: customers are told that it stays, and anew that it goes.
		s.edit("orders-v1-sunset", func(spec *v1alpha1.ChangeNoticeSpec) { spec.State = v1alpha1.NoticeWithdrawn })
		s.judged("orders-2", "False NoticeMissing")
	})
}

// Once something is deprecated a contract says so, where the policy asks for it: what is proposed from then on. What
// serves goes on.
func TestAContractHasToSayWhatIsDeprecated(t *testing.T) {
	e := adopted(t, soonGone, func(spec *v1alpha1.NoticePolicySpec) { spec.DeprecatedMarks = v1alpha1.MarksDeny })
	e.rehearse()
	e.retires("orders-delete", "DELETE /orders/{id}")
	e.revision("unmarked", "orders", openAPI(listOrders, deleteOrder, cancelOrder))
	marked := openAPI(listOrders, strings.Replace(deleteOrder, "operationId", "deprecated: true\n      operationId", 1), cancelOrder)
	e.revision("marked", "orders", marked)
	for _, name := range []string{"unmarked", "marked"} {
		e.judged(name, "True Compatible")
		e.Eventually(func() error { return e.try(name, "orders:2") }).Should(Succeed())
	}
	e.restartManager(time.Until(inDays(10).Time) - 8*time.Second)
	e.Expect(e.judged("unmarked", "False DeprecationNotMarked")).To(ContainSubstring(
		"schedule orders-delete deprecated DELETE /orders/{id} of v1 since " + inDays(10).UTC().Format(time.RFC3339) + ", and the contract does not say so"))
	e.Expect(e.judgedSince("unmarked")).NotTo(BeTemporally("<", inDays(10).Time))
	e.Eventually(func() error { return e.try("unmarked", "orders:2") }).Should(MatchError(ContainSubstring("mark it with deprecated: true")))

	e.Expect(e.release("orders", "orders-1", "orders:1b")).To(Succeed(), "what serves")
	e.rolledOut("orders", "orders:1b")
	e.judged("marked", "True Compatible")
	e.Expect(e.release("orders", "marked", "orders:2")).To(Succeed())
	e.rolledOut("orders", "orders:2")
	e.promises("orders", "marked")
}
