//go:build unix

package e2e

import (
	"testing"
	"time"

	. "github.com/onsi/gomega"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	v1alpha1 "forewarn.dev/forewarn/api/v1alpha1"
	"forewarn.dev/forewarn/test/internet"
)

// fromDelivery lets the clock start when all customers were reached.
func fromDelivery(spec *v1alpha1.NoticePolicySpec) { spec.StartsAt = v1alpha1.StartsAtDelivered }

// noClock says that the clock of a notice has not started, and for whom it waits.
func (s *telling) noClock(name, waits string) {
	s.t.Helper()
	s.Eventually(func() string {
		state, message := s.condition(&v1alpha1.ChangeNotice{}, name, v1alpha1.ConditionMatured)
		return state + ": " + message
	}).Should(SatisfyAll(HavePrefix("False "), ContainSubstring("its clock starts when it was delivered to 100% of "+waits)))
	notice := &v1alpha1.ChangeNotice{}
	s.get(notice, name)
	s.Expect(notice.Status.Delivery.CoveredTime).To(BeNil())
}

// message waits until the condition of a notice holds all these texts.
func (s *telling) message(name, kind string, texts ...string) {
	s.t.Helper()
	s.Eventually(func(g Gomega) {
		_, message := s.condition(&v1alpha1.ChangeNotice{}, name, kind)
		for _, text := range texts {
			g.Expect(message).To(ContainSubstring(text))
		}
	}).Should(Succeed())
}

// Whatever is wrong with a channel or an address, the notice says so, the others are told, and no clock starts.
func TestNoClockStartsForWhomNobodyReaches(t *testing.T) {
	s := newTelling(t, `id,contacts
c-well,Operations:mail=ops@customer.example
c-down,Operations:down=jane.doe@customer.example
c-expired,Operations:expired=jane.doe@customer.example
c-password,Operations:password=jane.doe@customer.example
c-nosecret,Operations:nosecret=jane.doe@customer.example
c-nochannel,Operations:nochannel=jane.doe@customer.example
c-nobody,
`, fromDelivery)
	s.create(s.secret("line-end", "address", "ops@customer.example\r\nBcc: jane.doe@customer.example"),
		s.secret("separator", "address", "ops@customer.example\u2028jane.doe@customer.example"))
	audience := &v1alpha1.Audience{}
	s.get(audience, "customers")
	before := audience.DeepCopy()
	for _, name := range []string{"line-end", "separator"} {
		customer := v1alpha1.Customer{ID: v1alpha1.CustomerID("c-" + name)}
		customer.Contacts = []v1alpha1.Contact{{Role: "Operations", Channel: "mail", AddressFrom: v1alpha1.SecretKeyRef{Name: name, Key: "address"}}}
		audience.Spec.Customers = append(audience.Spec.Customers, customer)
	}
	s.Expect(s.admin.Patch(s.ctx, audience, client.MergeFrom(before))).To(Succeed())

	down, expired := internet.NewMailServer(t, s.authority), internet.NewMailServer(t, s.authority)
	down.Stop()
	expired.Expire()
	wrong := s.secret("wrong", "username", internet.MailUsername)
	wrong.StringData["password"] = "not-the-password"
	s.create(wrong, s.mailChannel())
	for name, change := range map[string]func(*v1alpha1.MailChannel){
		"down":     func(m *v1alpha1.MailChannel) { m.Port = int32(down.Port) },
		"expired":  func(m *v1alpha1.MailChannel) { m.Port = int32(expired.Port) },
		"password": func(m *v1alpha1.MailChannel) { m.CredentialsFrom.Name = "wrong" },
		"nosecret": func(m *v1alpha1.MailChannel) { m.CredentialsFrom.Name = "nosuch" },
	} {
		channel := s.mailChannel()
		channel.Name = name
		change(&channel.Spec.Mail)
		s.create(channel)
	}
	s.Eventually(func(g Gomega) {
		s.get(audience, "customers")
		g.Expect(audience.Status.Customers).To(HaveValue(BeEquivalentTo(9)))
	}).Should(Succeed())

	s.announce("no-delete", time.Now().Add(48*time.Hour))
	s.message("no-delete", v1alpha1.ConditionDelivered,
		"delivered to 1 of 9 customers", "failed 2 (AddressInvalid 2)", "no contact leads to 1",
		"noticechannel/down: Unreachable: the host refuses the connection",
		"noticechannel/expired: TLSFailed: the certificate of the host has expired",
		"noticechannel/password: CredentialsRefused: the mail server answered 535 5.7.8",
		"noticechannel/nosecret: SecretNotFound: there is no secret/nosuch with the key username",
		"noticechannel/nochannel: ChannelNotFound: there is no noticechannel/nochannel: create it")
	s.delivered("no-delete", "False Delivering")
	s.noClock("no-delete", "9 customers; 1 so far")
	s.Expect(s.channelIs("expired", "False SendingFailed")).To(ContainSubstring("TLSFailed: the certificate of the host has expired"))
	s.Expect(s.mail.Taken()).To(HaveLen(1))
	s.Expect(s.mail.Taken()[0].To).To(Equal("ops@customer.example"))
	s.Expect(expired.Taken()).To(BeEmpty())
	s.nothingPersonal()
}

// A notice to nobody is none; and whatever becomes of the list after the publication, who was to be told still is, and
// until then no clock starts.
func TestNoClockStartsWithoutTheList(t *testing.T) {
	s := newTelling(t, "id\n", fromDelivery)
	list := func(text string, days int32) {
		s.Expect(s.admin.Update(s.ctx, s.secret("customers", "list", text))).To(Succeed())
		s.touch("customers", days)
	}
	s.Expect(s.audienceIs("customers", "False ListInvalid", "Unknown ListInvalid")).To(ContainSubstring("a notice to nobody is not a notice"))
	s.announce("no-delete", time.Now().Add(48*time.Hour))
	s.Eventually(func() string {
		state, _ := s.condition(&v1alpha1.ChangeNotice{}, "no-delete", v1alpha1.ConditionPublished)
		return state
	}).Should(Equal("False AudienceUnknown"))
	s.Expect(s.ids("Published")).To(BeEmpty())

	list(customersByMail, 30)
	s.Eventually(func() map[string]int { return s.states("Published") }).Should(Equal(map[string]int{"Planned": 3}))
	s.noClock("no-delete", "3 customers; 0 so far")
	const unread = "delivered to 0 of 3 customers; Published: still to be delivered 3; the addresses cannot be read: "
	list("id\n", 31)
	s.create(s.mailChannel())
	s.restartManager(0) // which looks at once, rather than within a minute
	s.message("no-delete", v1alpha1.ConditionDelivered, unread, "a notice to nobody is not a notice")
	s.Expect(s.admin.Delete(s.ctx, s.secret("customers", "", ""))).To(Succeed())
	s.restartManager(0)
	s.message("no-delete", v1alpha1.ConditionDelivered, unread+"there is no secret/customers with the key list: create it")
	audience := &v1alpha1.Audience{ObjectMeta: metav1.ObjectMeta{Namespace: s.namespace, Name: "customers"}}
	s.Expect(s.admin.Delete(s.ctx, audience)).To(Succeed())
	s.message("no-delete", v1alpha1.ConditionDelivered, unread+"the CustomerAPI names no Audience that is there: name one in audienceRef")
	s.noClock("no-delete", "3 customers; 0 so far")
	s.Expect(s.mail.Taken()).To(BeEmpty())

	s.create(s.secret("customers", "list", customersByMail))
	audience = &v1alpha1.Audience{ObjectMeta: metav1.ObjectMeta{Namespace: s.namespace, Name: "customers"}}
	audience.Spec.CustomersFrom = v1alpha1.SecretKeyRef{Name: "customers", Key: "list"}
	s.create(audience)
	s.delivered("no-delete", "True Delivered")
	s.hears("orders: ")
}
