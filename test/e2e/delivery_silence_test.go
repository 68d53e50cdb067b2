//go:build unix

package e2e

import (
	"testing"
	"time"

	. "github.com/onsi/gomega"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/ptr"

	v1alpha1 "forewarn.dev/forewarn/api/v1alpha1"
	"forewarn.dev/forewarn/internal/audience"
	"forewarn.dev/forewarn/internal/delivery"
	"forewarn.dev/forewarn/internal/notice"
	plans "forewarn.dev/forewarn/internal/telling"
)

// publishedBefore is a notice that was published and delivered so long before its date, and a reminder of which is owed 30
// days before: as a manager left it that has been down since.
func (s *telling) publishedBefore(name string, days int, date time.Time) *v1alpha1.ChangeNotice {
	s.t.Helper()
	published := date.AddDate(0, 0, -days)
	n := s.announce(name, date)
	n.Status.PublishedTime, n.Status.PublishedDigest = ptr.To(metav1.NewTime(published)), notice.Digest(&n.Spec)
	n.Status.Clock.StartsAt = v1alpha1.StartsAtPublished
	n.Status.Reminders = []v1alpha1.NoticeReminder{{Days: 30, Policy: s.namespace, Missed: v1alpha1.MissedReminderDelay}}
	s.Expect(s.asManager().Status().Update(s.ctx, n)).To(Succeed())
	s.recordDelivered(n, delivery.Published, published)
	return n
}

// recordDelivered writes down that the three customers were told then.
func (s *telling) recordDelivered(n *v1alpha1.ChangeNotice, stage delivery.Stage, at time.Time) {
	s.t.Helper()
	var customers []audience.Customer
	for _, id := range []v1alpha1.CustomerID{"c-1", "c-2", "c-3"} {
		customers = append(customers, audience.Customer{ID: id, Contacts: []audience.Contact{{Channel: "mail"}}})
	}
	for _, planned := range plans.Plan(n, v1alpha1.NoticeStage(stage), customers, at) {
		record := planned.DeepCopy()
		s.Expect(s.asManager().Create(s.ctx, record)).To(Succeed())
		record.Status = planned.Status
		for i := range record.Status.Deliveries {
			d := &record.Status.Deliveries[i]
			d.State, d.DeliveredTime = v1alpha1.DeliveryDelivered, ptr.To(metav1.NewTime(at))
		}
		s.Expect(s.asManager().Status().Update(s.ctx, record)).To(Succeed())
	}
}

// A manager was down when customers were to be reminded. They hear late, and the change comes as much later.
func TestRadioSilenceDelaysTheDate(t *testing.T) {
	s := newTelling(t, customersByMail, func(spec *v1alpha1.NoticePolicySpec) {
		spec.ReminderDays, spec.MissedReminder = []int32{30}, v1alpha1.MissedReminderDelay
	})
	s.create(s.mailChannel())
	first := s.announce("first", time.Now().Add(48*time.Hour))
	s.Eventually(func() []v1alpha1.NoticeReminder {
		s.get(first, "first")
		return first.Status.Reminders
	}).Should(Equal([]v1alpha1.NoticeReminder{{Days: 30, Policy: s.namespace, Missed: v1alpha1.MissedReminderDelay}}))
	s.reminded("first", "Unknown NotYetDue")
	s.hears("orders: ")
	s.stop()
	date := time.Now().UTC().Add(8 * time.Second).Truncate(time.Second)
	s.publishedBefore("silent", 40, date)
	s.recordDelivered(s.publishedBefore("kept", 40, date), delivery.ReminderStage(30), date.AddDate(0, 0, -30).Add(time.Hour))
	s.startManager(0)

	s.hears("Reminder, ")
	s.Eventually(func() string { return s.reminded("silent", "False RadioSilence") }).Should(MatchRegexp(
		`^customers were not reminded 30 days before \(due .*; policy ` + s.namespace + `\); reached 20`))
	s.Expect(s.reminded("kept", "True KeptReminders")).To(Equal("customers were reminded 30 days before"))
	s.noticeIs("kept", "True Published", "True Matured")
	s.Expect(s.noticeIs("silent", "True Published", "False RadioSilence")).To(ContainSubstring("; delayed by radio silence: "))
	silent := &v1alpha1.ChangeNotice{}
	s.get(silent, "silent")
	s.Expect(silent.Status.MissedReminders).To(HaveLen(1))
	told := silent.Status.MissedReminders[0].ToldTime
	s.Expect(silent.Status.MaturesTime.Time).To(BeTemporally("==", told.AddDate(0, 0, 30)))
	s.Expect(s.metric("forewarn_missed_reminders_total", "")).To(BeEquivalentTo(1))
	s.Expect(s.events("silent")).To(ContainElement("RadioSilence"))
	s.nothingPersonal()
}

// reminded waits for the condition Reminded of a notice, and returns its message.
func (s *telling) reminded(name, state string) string {
	s.t.Helper()
	var message string
	s.Eventually(func(g Gomega) {
		var is string
		is, message = s.condition(&v1alpha1.ChangeNotice{}, name, v1alpha1.ConditionReminded)
		g.Expect(is).To(Equal(state), message)
	}).Should(Succeed())
	return message
}
