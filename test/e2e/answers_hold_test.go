//go:build unix

package e2e

import (
	"context"
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

// answer writes down what a customer answered to a publication, as the manager does; "" takes it back.
func (s *telling) answer(customer v1alpha1.CustomerID, what v1alpha1.CustomerAnswer, at time.Time, until *metav1.Time) {
	s.t.Helper()
	manager, err := client.New(cluster.manager, client.Options{Scheme: s.admin.Scheme()})
	s.Expect(err).NotTo(HaveOccurred())
	var records v1alpha1.DeliveryRecordList
	s.Expect(manager.List(s.ctx, &records, client.InNamespace(s.namespace))).To(Succeed())
	answered := false
	for i := range records.Items {
		record := &records.Items[i]
		if record.Spec.Stage != "Published" {
			continue
		}
		s.Expect(retry.OnError(retry.DefaultRetry, apierrors.IsConflict, func() error {
			if err := manager.Get(s.ctx, client.ObjectKeyFromObject(record), record); err != nil {
				return err
			}
			for j := range record.Status.Deliveries {
				e := &record.Status.Deliveries[j]
				if e.Customer != customer {
					continue
				}
				answered = true
				if e.Answer, e.AnswerTime, e.NeededUntil = what, ptr.To(metav1.NewTime(at.Truncate(time.Second))), until; what == "" {
					e.AnswerTime = nil
				}
			}
			return manager.Status().Update(context.WithoutCancel(s.ctx), record)
		})).To(Succeed())
	}
	s.Expect(answered).To(BeTrue(), "nothing was ever planned for %s", customer)
}

func (s *telling) matures(name, state string) string {
	s.t.Helper()
	var message string
	s.Eventually(func(g Gomega) {
		var is string
		is, message = s.condition(&v1alpha1.ChangeNotice{}, name, v1alpha1.ConditionMatured)
		g.Expect(is).To(Equal(state), message)
	}).Should(Succeed())
	return message
}

// A change that customers object to is held: the gate closes, and opens when somebody has answered them.
func TestObjectionsHoldAChange(t *testing.T) {
	s := newTelling(t, customersByMail, func(spec *v1alpha1.NoticePolicySpec) {
		spec.Enforcement, spec.SettleHours, spec.HoldAboveObjectionPercent = v1alpha1.EnforcementDeny, ptr.To[int32](0), ptr.To[int32](33)
	})
	s.create(s.mailChannel())
	s.revision("orders-1", "orders", openAPI(listOrders, deleteOrder))
	s.judged("orders-1", "True Baseline")
	s.Expect(s.release("orders", "orders-1", "orders:1")).To(Succeed())
	s.promises("orders", "orders-1")
	s.bites()
	notice := s.announce("no-delete", time.Now().Add(5*time.Second))
	s.Expect(s.delivered("no-delete", "True Delivered")).To(Equal("delivered to 3 of 3 customers"))
	s.matures("no-delete", "True Matured")
	s.revision("orders-2", "orders", openAPI(listOrders))
	s.judged("orders-2", "True NoticeGiven")
	s.Eventually(func() error { return s.try("orders-2", "orders:2") }).Should(Succeed())

	until := ptr.To(metav1.NewTime(time.Now().UTC().Add(10 * 24 * time.Hour).Truncate(24 * time.Hour)))
	s.answer("c-1", v1alpha1.AnswerUnderstood, time.Now(), nil)
	s.answer("c-2", v1alpha1.AnswerNeedsTime, time.Now(), until)
	const one = "1 of 3 customers needs more time"
	s.Expect(s.matures("no-delete", "False Held")).To(SatisfyAll(HavePrefix(one), ContainSubstring("answers: Objections, or move effectiveTime to "+until.UTC().Format(time.RFC3339))))
	s.Expect(s.judged("orders-2", "False Held")).To(ContainSubstring("by notice no-delete, which is held: " + one))
	s.Eventually(func() error { return s.try("orders-2", "orders:2") }).Should(MatchError(ContainSubstring(one)))
	s.get(notice, "no-delete")
	s.Expect(notice.Status.MaturesTime).To(BeNil())
	s.Expect(*notice.Status.Answers.Answered).To(BeEquivalentTo(2))
	s.Expect(*notice.Status.Answers.Unanswered).To(BeEquivalentTo(1))
	s.Expect(notice.Status.Answers.LatestTime.Time).To(BeTemporally("==", until.Time))

	// An update that answers them opens it again, and whoever is not content with it holds it anew.
	notice.Spec.Updates = []v1alpha1.NoticeUpdate{{Text: "Deleting goes on for whoever asks.", Answers: v1alpha1.AnswersObjections}}
	s.Expect(s.admin.Update(s.ctx, notice)).To(Succeed())
	s.matures("no-delete", "True Matured")
	s.judged("orders-2", "True NoticeGiven")
	s.Eventually(func() error { return s.try("orders-2", "orders:2") }).Should(Succeed())
	s.get(notice, "no-delete")
	s.answer("c-2", v1alpha1.AnswerNeedsTime, notice.Status.UpdateTimes[0].Add(time.Second), until)
	s.matures("no-delete", "False Held")
	s.Eventually(func() error { return s.try("orders-2", "orders:2") }).Should(MatchError(ContainSubstring(one)))
	s.answer("c-2", "", time.Now(), nil)
	s.matures("no-delete", "True Matured")

	// What serves is not taken back.
	s.judged("orders-2", "True NoticeGiven")
	s.Eventually(func() error { return s.release("orders", "orders-2", "orders:2") }).Should(Succeed())
	s.serves("orders", "orders-2")
	s.answer("c-3", v1alpha1.AnswerNeedsTime, notice.Status.UpdateTimes[0].Add(time.Minute), until)
	s.matures("no-delete", "False Held")
	s.Expect(s.try("orders-2", "orders:2")).To(Succeed())
	s.nothingPersonal()
}

// Whoever a partner serves was told when the partner says so.
func TestCustomersOfAPartner(t *testing.T) {
	s := newTelling(t, "id,served_by,contacts\np-1,,Operations:mail=jane.doe@customer.example\nc-1,p-1,\nc-2,p-1,\n",
		func(spec *v1alpha1.NoticePolicySpec) { spec.StartsAt = v1alpha1.StartsAtDelivered })
	s.create(s.mailChannel())
	s.audienceIs("customers", "True Ready", "True AllReachable")
	notice := s.announce("no-delete", time.Now().Add(48*time.Hour))
	s.Eventually(func() string {
		_, message := s.condition(notice, "no-delete", v1alpha1.ConditionDelivered)
		return message
	}).Should(HavePrefix("delivered to 1 of 3 customers; waits for the acknowledgement of 1 partner"))
	s.get(notice, "no-delete")
	s.Expect(notice.Status.Delivery.Unreachable).To(Equal(ptr.To[int32](0)))
	s.Expect(notice.Status.Delivery.CoveredTime).To(BeNil())
	s.Expect(s.states("Published")).To(Equal(map[string]int{"Delivered": 1, "Relayed": 2}))
	s.Expect(s.mail.Taken()).To(HaveLen(1))

	at := time.Now().Add(time.Minute)
	s.answer("p-1", v1alpha1.AnswerUnderstood, at, nil)
	s.Expect(s.delivered("no-delete", "True Delivered")).To(Equal("delivered to 3 of 3 customers"))
	s.get(notice, "no-delete")
	s.Expect(notice.Status.Delivery.CoveredTime.Time).To(BeTemporally("==", at.Truncate(time.Second)))
	s.Expect(*notice.Status.Answers.Understood).To(BeEquivalentTo(3))
	s.Eventually(func() string {
		_, message := s.condition(notice, "no-delete", v1alpha1.ConditionMatured)
		return message
	}).Should(ContainSubstring("what it covers may serve from"))

	s.answer("p-1", "", at, nil)
	s.delivered("no-delete", "False Delivering")
	s.get(notice, "no-delete")
	s.Expect(notice.Status.Delivery.CoveredTime).To(BeNil())
	s.Expect(s.mail.Taken()).To(HaveLen(1), "nobody but the partner gets a message")
	s.nothingPersonal()
}

// What customers are to acknowledge is not published where they cannot.
func TestNoticesThatNobodyCanAcknowledge(t *testing.T) {
	s := newTelling(t, customersByMail, func(spec *v1alpha1.NoticePolicySpec) { spec.StartsAt = v1alpha1.StartsAtAcknowledged })
	s.create(s.mailChannel())
	notice := s.announce("no-delete", time.Now().Add(48*time.Hour))
	var message string
	s.Eventually(func() string {
		var state string
		state, message = s.condition(notice, "no-delete", v1alpha1.ConditionPublished)
		return state
	}).Should(Equal("False NoAnswers"))
	s.Expect(message).To(ContainSubstring("give its manager --answers-url"))
	s.get(notice, "no-delete")
	s.Expect(notice.Status.PublishedTime).To(BeNil())
	s.Expect(s.mail.Taken()).To(BeEmpty())
}
