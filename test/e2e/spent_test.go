//go:build unix

package e2e

import (
	"strings"
	"testing"
	"time"

	. "github.com/onsi/gomega"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/util/retry"
	"k8s.io/utils/ptr"
	"sigs.k8s.io/controller-runtime/pkg/client"

	v1alpha1 "forewarn.dev/forewarn/api/v1alpha1"
)

// spent is a budget of a minute a day, of which an outage a day ago took all: what its status says is what measuring it again
// says, too. It frees up at the moment given, a second after the outage begins to leave the window.
func (e *env) spent(name string, frees time.Time) *v1alpha1.DowntimeBudget {
	e.t.Helper()
	budget := &v1alpha1.DowntimeBudget{ObjectMeta: metav1.ObjectMeta{Namespace: e.namespace, Name: name}}
	budget.Spec.APIRef.Name, budget.Spec.AllowedMinutes = "orders", ptr.To[int32](1)
	budget.Spec.Window.Days = 1
	e.create(budget)
	frees = frees.UTC().Truncate(time.Second)
	start := frees.Add(-24*time.Hour - time.Second)
	end := start.Add(time.Minute)
	e.write(budget, func(s *v1alpha1.DowntimeBudgetStatus) {
		s.State, s.StateTime = v1alpha1.AvailabilityUp, ptr.To(metav1.NewMicroTime(end))
		s.MeasuredSince, s.ObservedTime = ptr.To(metav1.NewMicroTime(start.Add(-time.Hour))), ptr.To(metav1.NowMicro())
		s.Used, s.UnplannedSeconds, s.LeftSeconds = "1m of 1m", ptr.To[int64](60), ptr.To[int64](0)
		s.SpentTime, s.FreesTime = ptr.To(metav1.NewTime(end)), ptr.To(metav1.NewTime(frees))
		s.Intervals = []v1alpha1.DowntimeInterval{{
			StartTime: ptr.To(metav1.NewMicroTime(start)), EndTime: ptr.To(metav1.NewMicroTime(end)),
			State: v1alpha1.AvailabilityDown, Cause: v1alpha1.CauseRollout,
		}}
	})
	return budget
}

// write writes the status of a budget as the manager does.
func (e *env) write(budget *v1alpha1.DowntimeBudget, change func(*v1alpha1.DowntimeBudgetStatus)) {
	e.t.Helper()
	manager := e.asManager()
	e.Expect(retry.RetryOnConflict(retry.DefaultBackoff, func() error {
		if err := e.admin.Get(e.ctx, client.ObjectKeyFromObject(budget), budget); err != nil {
			return err
		}
		change(&budget.Status)
		return manager.Status().Update(e.ctx, budget)
	})).To(Succeed())
}

// A budget that is spent refuses what is new, and nothing else, until the very moment at which it frees up.
func TestSpentBudgetRefusesWhatIsNew(t *testing.T) {
	e := adopted(t)
	e.Expect(e.try("orders-1", "orders:2")).To(Succeed())
	frees := time.Now().Add(15 * time.Second)
	e.spent("orders-slo", frees)
	e.Eventually(func() error { return e.try("orders-1", "orders:2") }).Should(And(
		Satisfy(apierrors.IsForbidden),
		MatchError(ContainSubstring("orders is out of downtime: 1m of 1m used in 1 day (budget orders-slo); it frees up "+frees.UTC().Format(time.RFC3339)+
			"; a fix passes with forewarn.dev/fixes: orders-slo by who may approve (ClusterRole forewarn-approve); see: kubectl get downtimebudgets -n "+e.namespace))))
	e.Expect(e.release("orders", "orders-1", "orders:2")).NotTo(Succeed())
	e.Expect(e.try("orders-1", "orders:1")).To(Succeed())
	e.Expect(time.Now()).To(BeTemporally("<", frees), "the machine is too slow to tell")

	e.Eventually(func() error { return e.try("orders-1", "orders:2") }).Should(Succeed())
	e.Expect(time.Now()).To(BeTemporally(">=", frees.Truncate(time.Second)))
	e.Expect(e.release("orders", "orders-1", "orders:2")).To(Succeed())
}

// A budget that is spent drafts an apology, which a person completes and publishes, and which customers are told.
func TestApologyIsDraftedCompletedAndTold(t *testing.T) {
	s := newTelling(t, customersByMail)
	s.create(s.mailChannel())
	frees := time.Now().Add(time.Hour)
	budget := s.spent("orders-slo", frees)
	name := "orders-slo-" + budget.Status.SpentTime.UTC().Format("20060102")
	draft := &v1alpha1.ChangeNotice{}
	read := func() error {
		return s.admin.Get(s.ctx, client.ObjectKey{Namespace: s.namespace, Name: name}, draft)
	}
	s.Eventually(read).Should(Succeed())
	s.Expect(draft.Labels).To(HaveKeyWithValue(v1alpha1.BudgetLabel, "orders-slo"))
	s.Expect(draft.Spec.ApologyFor).To(BeEquivalentTo("orders-slo"))
	s.Expect(draft.Spec.WhatChanges).To(ContainSubstring("(1 minute): it did not answer, while we brought out a new version"))
	s.Eventually(func(g Gomega) {
		g.Expect(s.admin.Get(s.ctx, client.ObjectKeyFromObject(budget), budget)).To(Succeed())
		g.Expect(string(budget.Status.Apology)).To(Equal(name))
	}).Should(Succeed())

	// What happened goes on being written down until somebody edits it.
	s.write(budget, func(status *v1alpha1.DowntimeBudgetStatus) { status.Intervals[0].Cause = v1alpha1.CauseNodeLost })
	s.Eventually(func(g Gomega) {
		g.Expect(read()).To(Succeed())
		g.Expect(draft.Spec.WhatChanges).To(ContainSubstring("because a server failed"))
	}).Should(Succeed())

	edit := func(change func(*v1alpha1.ChangeNoticeSpec)) {
		s.Expect(retry.RetryOnConflict(retry.DefaultBackoff, func() error {
			if err := read(); err != nil {
				return err
			}
			change(&draft.Spec)
			return s.developer.Update(s.ctx, draft)
		})).To(Succeed())
	}
	edit(func(spec *v1alpha1.ChangeNoticeSpec) { spec.State = v1alpha1.NoticePublished })
	s.Eventually(func() string {
		status, message := s.condition(&v1alpha1.ChangeNotice{}, name, v1alpha1.ConditionPublished)
		return status + " " + message
	}).Should(HaveSuffix("it is not finished: put your words where [[ and ]] stand in whatToDo"))
	s.write(budget, func(status *v1alpha1.DowntimeBudgetStatus) { status.Intervals[0].Cause = v1alpha1.CauseUnknown })
	s.restartManager(0)
	edit(func(spec *v1alpha1.ChangeNoticeSpec) { spec.WhatToDo = "You get a tenth of your bill back." })
	s.delivered(name, "True Delivered")

	letters := s.hears("orders: On ")
	for to, told := range letters {
		s.Expect(told[0].Content).To(And(ContainSubstring("We are sorry."), ContainSubstring("What happened"),
			ContainSubstring("because a server failed"), ContainSubstring("What happens next"), ContainSubstring("You get a tenth of your bill back.")), to)
		s.Expect(strings.Contains(told[0].Content, "What changes")).To(BeFalse())
	}
	status, message := s.condition(&v1alpha1.ChangeNotice{}, name, v1alpha1.ConditionMatured)
	s.Expect(status).To(HavePrefix("False"), message)
	s.Expect(message).To(Equal("an apology covers nothing"))

	// One that was told stays; nothing else is drafted for the same time.
	var all v1alpha1.ChangeNoticeList
	s.Expect(s.admin.List(s.ctx, &all, client.InNamespace(s.namespace))).To(Succeed())
	s.Expect(all.Items).To(HaveLen(1))
}

// An API that comes after its budget was spent, or back, is apologised for all the same.
func TestApologyForAnAPIThatComesLater(t *testing.T) {
	e := newEnv(t)
	e.policy()
	budget := e.spent("orders-slo", time.Now().Add(time.Hour))
	key := client.ObjectKey{Namespace: e.namespace, Name: "orders-slo-" + budget.Status.SpentTime.UTC().Format("20060102")}
	read := func() error { return e.admin.Get(e.ctx, key, &v1alpha1.ChangeNotice{}) }
	e.Consistently(read, time.Second).Should(Satisfy(apierrors.IsNotFound))
	e.api("orders")
	e.Eventually(read).Should(Succeed())
}
