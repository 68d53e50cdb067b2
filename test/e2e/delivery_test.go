//go:build unix

package e2e

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	. "github.com/onsi/gomega"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/ptr"
	"sigs.k8s.io/controller-runtime/pkg/client"

	v1alpha1 "forewarn.dev/forewarn/api/v1alpha1"
	"forewarn.dev/forewarn/test/internet"
)

// customersByMail is a list of three. The domain of the addresses is to be found nowhere but in the mails.
const customersByMail = `id,locale,time_zone,contacts
c-1,de-AT,Europe/Vienna,Operations:mail=jane.doe@customer.example
c-2,,,Operations:mail=ops@customer.example
c-3,,,Billing:mail=billing@customer.example
`

// telling is a namespace whose API has customers, and what they are told by.
type telling struct {
	*env
	authority *internet.Authority
	mail      *internet.MailServer
}

// newTelling has no channel yet.
func newTelling(t testing.TB, list string, change ...func(*v1alpha1.NoticePolicySpec)) *telling {
	t.Helper()
	e := newEnv(t)
	e.policy(append([]func(*v1alpha1.NoticePolicySpec){func(spec *v1alpha1.NoticePolicySpec) {
		spec.Owed = []v1alpha1.OwedTerm{{Class: v1alpha1.ClassRemoval, Days: ptr.To[int32](0)}}
	}}, change...)...)
	authority := internet.NewAuthority(t)
	s := &telling{env: e, authority: authority, mail: internet.NewMailServer(t, authority)}
	s.permitSecrets()
	credentials := s.secret("smtp", "username", internet.MailUsername)
	credentials.StringData["password"] = internet.MailPassword
	s.create(credentials, s.secret("authority", "ca.pem", authority.PEM()), s.secret("customers", "list", list))
	audience := &v1alpha1.Audience{ObjectMeta: metav1.ObjectMeta{Namespace: s.namespace, Name: "customers"}}
	audience.Spec.CustomersFrom = v1alpha1.SecretKeyRef{Name: "customers", Key: "list"}
	s.create(audience)
	api := s.api("orders")
	before := api.DeepCopy()
	api.Spec.AudienceRef.Name = "customers"
	s.Expect(s.admin.Patch(s.ctx, api, client.MergeFrom(before))).To(Succeed()) // its status may have been written meanwhile
	return s
}

// mailChannel is the channel "mail", by the server of the test.
func (s *telling) mailChannel() *v1alpha1.NoticeChannel {
	channel := &v1alpha1.NoticeChannel{ObjectMeta: metav1.ObjectMeta{Namespace: s.namespace, Name: "mail"}}
	channel.Spec.Mail = v1alpha1.MailChannel{
		Host: "127.0.0.1", Port: int32(s.mail.Port), From: "notices@acme.example",
		CredentialsFrom: v1alpha1.SecretRef{Name: "smtp"}, AuthoritiesFrom: v1alpha1.SecretKeyRef{Name: "authority", Key: "ca.pem"},
	}
	channel.Spec.AllowedRanges = []string{"127.0.0.0/8"}
	return channel
}

// announce publishes a notice with that date.
func (s *telling) announce(name string, effective time.Time) *v1alpha1.ChangeNotice {
	s.t.Helper()
	notice := &v1alpha1.ChangeNotice{ObjectMeta: metav1.ObjectMeta{Namespace: s.namespace, Name: name}}
	notice.Spec = v1alpha1.ChangeNoticeSpec{
		APIRef: v1alpha1.APIRef{Name: "orders"}, State: v1alpha1.NoticePublished, EffectiveTime: ptr.To(metav1.NewTime(effective.Truncate(time.Second))),
		Title: "Orders can no longer be deleted", WhatChanges: "It answers 404", WhatToDo: "Cancel them", Help: "https://help.example",
		Covers: []v1alpha1.CoveredChange{{Version: "v1", Operation: "DELETE /orders/{id}", Class: v1alpha1.ClassRemoval}},
	}
	s.create(notice)
	return notice
}

// delivered waits for the condition Delivered of a notice, and returns its message.
func (s *telling) delivered(name, state string) string {
	s.t.Helper()
	var message string
	s.Eventually(func(g Gomega) {
		var is string
		is, message = s.condition(&v1alpha1.ChangeNotice{}, name, v1alpha1.ConditionDelivered)
		g.Expect(is).To(Equal(state), message)
	}).Should(Succeed())
	return message
}

// letters are the mails whose subject begins so, by recipient.
func (s *telling) letters(subject string) map[string][]internet.Letter {
	by := map[string][]internet.Letter{}
	for _, letter := range s.mail.Taken() {
		if strings.HasPrefix(letter.Subject, subject) {
			by[letter.To] = append(by[letter.To], letter)
		}
	}
	return by
}

// hears waits until each of the three was told once with such a subject.
func (s *telling) hears(subject string) map[string][]internet.Letter {
	s.t.Helper()
	s.Eventually(func(g Gomega) {
		g.Expect(s.letters(subject)).To(HaveLen(3), "%v", s.mail.Taken())
	}).Should(Succeed())
	for to, letters := range s.letters(subject) {
		s.Expect(letters).To(HaveLen(1), to)
	}
	return s.letters(subject)
}

// states counts the entries of all records of a stage by their state and reason.
func (s *telling) states(stage string) map[string]int {
	var list v1alpha1.DeliveryRecordList
	s.Expect(s.admin.List(s.ctx, &list, client.InNamespace(s.namespace))).To(Succeed())
	states := map[string]int{}
	for i := range list.Items {
		if string(list.Items[i].Spec.Stage) != stage {
			continue
		}
		for _, d := range list.Items[i].Status.Deliveries {
			states[strings.TrimSpace(fmt.Sprint(d.State, " ", d.Reason))]++
		}
	}
	return states
}

// nothingPersonal looks for what is only in Secrets.
func (s *telling) nothingPersonal() {
	s.t.Helper()
	for _, secret := range []string{"customer.example", "jane", "receiver-path", internet.MailUsername, internet.MailPassword} {
		s.Expect(s.everything()).NotTo(ContainSubstring(secret))
		s.Expect(s.logs.String()).NotTo(ContainSubstring(secret))
	}
}

// Customers are told of a notice, reminded, and told when it is taken back: the same people each time.
func TestTellingCustomersByMail(t *testing.T) {
	s := newTelling(t, customersByMail, func(spec *v1alpha1.NoticePolicySpec) { spec.ReminderDays = []int32{30, 1} })
	s.create(s.mailChannel())
	s.Eventually(func() string {
		state, _ := s.condition(&v1alpha1.NoticeChannel{}, "mail", v1alpha1.ConditionReady)
		return state
	}).Should(Equal("True Ready"))
	notice := s.announce("no-delete", time.Now().Add(24*time.Hour+8*time.Second))
	s.Expect(s.delivered("no-delete", "True Delivered")).To(Equal("delivered to 3 of 3 customers"))
	s.get(notice, "no-delete")
	s.Expect(notice.Status.Delivery.Affected).To(Equal(ptr.To[int32](3)))
	s.Expect(notice.Status.Delivery.Delivered).To(Equal(ptr.To[int32](3)))
	s.Expect(notice.Status.Delivery.CoveredTime).NotTo(BeNil())
	s.Eventually(func() []string { return s.events("no-delete") }).Should(ContainElement("Delivered")) // written after the status
	first := s.hears("orders: Orders can no longer be deleted")
	s.Expect(first["jane.doe@customer.example"][0].Content).To(ContainSubstring("Europe/Vienna"))
	s.Expect(s.states("Published")).To(Equal(map[string]int{"Delivered": 3}))
	s.Expect(s.metric("forewarn_deliveries_total", "Mail")).To(BeEquivalentTo(3))

	// The list is emptied: who was told stays, and hears all the rest.
	list := s.secret("customers", "list", "id\n")
	s.Expect(s.admin.Update(s.ctx, list)).To(Succeed())
	s.touch("customers", 30)
	s.audienceIs("customers", "False ListInvalid", "Unknown ListInvalid")
	s.Eventually(func() map[string]int { return s.states("Reminder-1") }).Should(Equal(map[string]int{"Planned": 3}))
	s.Eventually(func() string {
		_, message := s.condition(notice, "no-delete", v1alpha1.ConditionDelivered)
		return message
	}).Should(SatisfyAll(HavePrefix("delivered to 3 of 3 customers"), ContainSubstring("a notice to nobody is not a notice")))
	list = s.secret("customers", "list", customersByMail)
	s.Expect(s.admin.Update(s.ctx, list)).To(Succeed())
	s.touch("customers", 31)
	s.restartManager(0)
	s.hears("Reminder, ")

	s.edit("no-delete", func(spec *v1alpha1.ChangeNoticeSpec) {
		spec.EffectiveTime = ptr.To(metav1.NewTime(spec.EffectiveTime.Add(48 * time.Hour)))
	})
	for _, letters := range s.hears("Postponed to ") {
		s.Expect(letters[0].Content).To(ContainSubstring("Before: "))
	}

	patch := client.RawPatch("application/merge-patch+json", []byte(`{"spec":{"state":"Withdrawn"}}`))
	s.Expect(s.admin.Patch(s.ctx, notice, patch)).To(Succeed())
	withdrawn := s.hears("Withdrawn: ")
	var ids []string
	for _, letter := range s.mail.Taken() {
		ids = append(ids, letter.MessageID)
	}
	slices.Sort(ids)
	s.Expect(slices.Compact(ids)).To(HaveLen(12))
	s.Expect(withdrawn).To(HaveKey("jane.doe@customer.example"))
	s.Eventually(func() map[string]int { return s.states("Withdrawn") }).Should(Equal(map[string]int{"Delivered": 3}))
	s.nothingPersonal()
}

// One whom the server does not take keeps nobody from hearing, and the notice says that it is so.
func TestOneCustomerIsRefused(t *testing.T) {
	s := newTelling(t, customersByMail)
	s.create(s.mailChannel())
	s.mail.Refuse("jane.doe@customer.example")
	notice := s.announce("no-delete", time.Now().Add(48*time.Hour))
	s.Expect(s.delivered("no-delete", "False Undeliverable")).To(HavePrefix(
		"delivered to 2 of 3 customers; Published: failed 1 (MailRefused 1); put it right in the Audience"))
	s.get(notice, "no-delete")
	s.Expect(notice.Status.Delivery.Failed).To(Equal(ptr.To[int32](1)))
	s.Expect(notice.Status.Delivery.CoveredTime).To(BeNil())
	s.Expect(s.states("Published")).To(Equal(map[string]int{"Delivered": 2, "Failed MailRefused": 1}))
	s.nothingPersonal()
}

// Where the clock starts with the delivery, it starts when the share is reached that the policy asks for, and not before.
func TestTheClockStartsWithTheDelivery(t *testing.T) {
	for name, tc := range map[string]struct {
		percent   int32
		delivered string
	}{
		"two of three are enough":     {percent: 66, delivered: "True Delivered"},
		"two of three are not enough": {percent: 67, delivered: "False Undeliverable"},
	} {
		t.Run(name, func(t *testing.T) {
			s := newTelling(t, customersByMail, func(spec *v1alpha1.NoticePolicySpec) {
				spec.StartsAt, spec.CoveragePercent = v1alpha1.StartsAtDelivered, tc.percent
			})
			s.create(s.mailChannel())
			s.mail.Refuse("ops@customer.example")
			notice := s.announce("no-delete", time.Now().Add(48*time.Hour))
			s.Expect(s.delivered("no-delete", tc.delivered)).To(HavePrefix("delivered to 2 of 3 customers; Published: failed 1 (MailRefused 1)"))
			s.get(notice, "no-delete")
			s.Expect(notice.Status.Clock.CoveragePercent).To(Equal(tc.percent))
			s.Expect(notice.Status.Delivery.CoveredTime != nil).To(Equal(strings.HasPrefix(tc.delivered, "True")))
		})
	}
}

// manyByMail is a list of so many customers.
func manyByMail(customers int) string {
	var list strings.Builder
	list.WriteString("id,contacts\n")
	for n := range customers {
		fmt.Fprintf(&list, "c-%d,Operations:mail=ops-%d@customer.example\n", n, n)
	}
	return list.String()
}

// Customers who are more than a record and a batch hold are told each once.
func TestManyCustomersByMail(t *testing.T) {
	const customers = 620
	s := newTelling(t, manyByMail(customers))
	s.create(s.mailChannel())
	s.announce("no-delete", time.Now().Add(48*time.Hour))
	began := time.Now()
	s.Expect(s.delivered("no-delete", "True Delivered")).To(Equal("delivered to 620 of 620 customers"))
	t.Logf("%d customers were told within %s", customers, time.Since(began).Round(100*time.Millisecond))
	s.Expect(s.letters("orders: ")).To(HaveLen(customers))
	s.Expect(s.mail.Taken()).To(HaveLen(customers), "nobody is told twice")
	s.Expect(s.states("Published")).To(Equal(map[string]int{"Delivered": customers}))
	s.nothingPersonal()
}
