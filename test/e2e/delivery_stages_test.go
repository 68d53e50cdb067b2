//go:build unix

package e2e

import (
	"fmt"
	"testing"
	"time"

	. "github.com/onsi/gomega"

	v1alpha1 "forewarn.dev/forewarn/api/v1alpha1"
)

// edit changes a notice, whoever else writes it.
func (s *telling) edit(name string, change func(*v1alpha1.ChangeNoticeSpec)) {
	s.t.Helper()
	s.Eventually(func() error {
		notice := &v1alpha1.ChangeNotice{}
		s.get(notice, name)
		change(&notice.Spec)
		return s.admin.Update(s.ctx, notice)
	}).Should(Succeed())
}

// add appends updates to a published notice.
func (s *telling) add(name string, texts ...string) {
	s.t.Helper()
	s.edit(name, func(spec *v1alpha1.ChangeNoticeSpec) {
		for _, text := range texts {
			spec.Updates = append(spec.Updates, v1alpha1.NoticeUpdate{Text: text})
		}
	})
}

// What is added to a notice reaches those who were told of it: what was added together in one letter, and nothing twice.
func TestCustomersHearOfUpdates(t *testing.T) {
	s := newTelling(t, customersByMail)
	s.create(s.mailChannel())
	s.announce("no-delete", time.Now().Add(48*time.Hour))
	s.hears("orders: ")
	s.add("no-delete", "Carts are as they were.")
	for _, letters := range s.hears("Updated: ") {
		s.Expect(letters[0].Content).To(ContainSubstring("Carts are as they were."))
	}
	s.add("no-delete", "The button goes, too.", "Ask us.")
	s.Eventually(func() map[string]int { return s.states("Updated-3") }).Should(Equal(map[string]int{"Delivered": 3}))
	for to, letters := range s.letters("Updated: ") {
		s.Expect(letters).To(HaveLen(2), to)
		s.Expect(letters[1].Content).To(And(ContainSubstring("The button goes, too."), ContainSubstring("Ask us.")))
	}
	s.restartManager(0)
	s.Eventually(func() string { return s.delivered("no-delete", "True Delivered") }).Should(Equal("delivered to 3 of 3 customers"))
	s.Expect(s.mail.Taken()).To(HaveLen(9), fmt.Sprint(s.states("Updated-2")))
	s.nothingPersonal()
}

// Customers hear that a change is in force when it really serves, and not on its date: once, whatever is rolled back.
func TestCustomersHearThatAChangeIsInForce(t *testing.T) {
	s := newTelling(t, customersByMail)
	s.create(s.mailChannel())
	s.revision("orders-1", "orders", openAPI(listOrders, deleteOrder))
	s.judged("orders-1", "True Baseline")
	s.Expect(s.release("orders", "orders-1", "orders:1")).To(Succeed())
	s.rolledOut("orders", "orders:1")
	s.promises("orders", "orders-1")
	s.revision("orders-2", "orders", openAPI(listOrders))
	s.announce("no-delete", time.Now().Add(8*time.Second))
	s.hears("orders: ")
	s.judged("orders-2", "True NoticeGiven")
	notice := &v1alpha1.ChangeNotice{}
	s.get(notice, "no-delete")
	s.Expect(notice.Status.InForceTime).To(BeNil(), "its date has come, and nothing of it serves")

	s.Expect(s.release("orders", "orders-2", "orders:2")).To(Succeed())
	for _, letters := range s.hears("Now in force: ") {
		s.Expect(letters[0].Content).To(ContainSubstring("This change is in force now."))
	}
	s.rolledOut("orders", "orders:2")
	s.promises("orders", "orders-2")
	s.get(notice, "no-delete")
	since := notice.Status.InForceTime
	s.Expect(since.Before(notice.Spec.EffectiveTime)).To(BeFalse())

	s.Expect(s.release("orders", "orders-1", "orders:1")).To(Succeed(), "the way back is always open")
	s.rolledOut("orders", "orders:1")
	s.serves("orders", "orders-1")
	s.restartManager(0)
	s.Expect(s.release("orders", "orders-2", "orders:2")).To(Succeed())
	s.rolledOut("orders", "orders:2")
	s.serves("orders", "orders-2")
	s.get(notice, "no-delete")
	s.Expect(notice.Status.InForceTime).To(Equal(since))
	s.Expect(s.letters("Now in force: ")).To(HaveLen(3))
	s.Expect(s.mail.Taken()).To(HaveLen(6))
	s.nothingPersonal()
}
