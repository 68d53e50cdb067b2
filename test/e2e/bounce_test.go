//go:build unix

package e2e

import (
	"bytes"
	"encoding/base64"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	. "github.com/onsi/gomega"
	"k8s.io/utils/ptr"
	"sigs.k8s.io/controller-runtime/pkg/client"

	v1alpha1 "forewarn.dev/forewarn/api/v1alpha1"
	"forewarn.dev/forewarn/internal/cli"
	"forewarn.dev/forewarn/test/internet"
)

// untilItMatures is enough for all of a notice to be told before its date.
const untilItMatures = 12 * time.Second

// returning is a namespace with an API that serves, whose customers have to be reached for a clock to start, and whose
// mails come back to the manager. key is the file that they are signed with.
func returning(t *testing.T) (s *telling, key string) {
	t.Helper()
	s = answering(t, func(spec *v1alpha1.NoticePolicySpec) {
		spec.StartsAt, spec.CoveragePercent = v1alpha1.StartsAtDelivered, 100
	})
	text := "whsec_" + base64.StdEncoding.EncodeToString([]byte(strings.Repeat("bounces!", 4)))
	key = filepath.Join(t.TempDir(), "key")
	s.Expect(os.WriteFile(key, []byte(text), 0o600)).To(Succeed())
	s.create(s.secret("bounces", "current", text))
	channel := &v1alpha1.NoticeChannel{}
	s.get(channel, "mail")
	patch := client.RawPatch("application/merge-patch+json",
		[]byte(`{"spec":{"mail":{"bounces":{"address":"bounces@acme.example","keysFrom":{"name":"bounces"}}}}}`))
	s.Expect(s.admin.Patch(s.ctx, channel, patch)).To(Succeed())
	s.Eventually(func(g Gomega) {
		state, message := s.condition(channel, "mail", v1alpha1.ConditionTakesBounces)
		g.Expect(state).To(Equal("True Ready"), message)
		g.Expect(message).To(HaveSuffix(s.answersAddress + "/bounces/" + s.namespace + "/mail"))
	}).Should(Succeed())

	s.revision("orders-1", "orders", openAPI(listOrders, deleteOrder))
	s.judged("orders-1", "True Baseline")
	s.Expect(s.release("orders", "orders-1", "orders:1")).To(Succeed())
	s.rolledOut("orders", "orders:1")
	s.serves("orders", "orders-1")
	s.promises("orders", "orders-1")
	s.bites()
	s.revision("orders-2", "orders", openAPI(listOrders))
	s.judged("orders-2", "False NoticeMissing")
	return s, key
}

// takeBack hands a mail in as a mail server does.
func (s *telling) takeBack(key, mail string) (code int, said string) {
	var out bytes.Buffer
	code = cli.Run([]string{
		"bounce", "--url", "http://" + s.answersAddress, "-n", s.namespace, "--channel", "mail", "--key-file", key,
	}, cli.Streams{In: strings.NewReader(mail), Out: &out, Err: &out, Now: time.Now})
	return code, out.String()
}

// returned is what a server sends back to whoever sent a mail.
func returned(letter internet.Letter, action, status string) string {
	return strings.Join([]string{
		"From: MAILER-DAEMON@mx.customer.example", "To: " + letter.From, "MIME-Version: 1.0",
		`Content-Type: multipart/report; report-type=delivery-status; boundary="b"`, "",
		"--b", "Content-Type: text/plain", "", "<" + letter.To + ">: there is no jane here", "",
		"--b", "Content-Type: message/delivery-status", "", "Reporting-MTA: dns; mx.customer.example", "",
		"Final-Recipient: rfc822; " + letter.To, "Action: " + action, "Status: " + status, "",
		"--b", "Content-Type: message/rfc822", "", letter.Content,
		"--b--", "",
	}, "\r\n")
}

// A mail that comes back after all counts for nothing: the clock goes back, and the gate closes that was open already.
func TestAMailThatComesBackTakesTheClockBack(t *testing.T) {
	s, key := returning(t)
	notice := s.announce("no-delete", time.Now().Add(untilItMatures))
	s.delivered("no-delete", "True Delivered")
	s.noticeIs("no-delete", "True Published", "True Matured")
	s.judged("orders-2", "True NoticeGiven")
	s.Eventually(func() error { return s.try("orders-2", "orders:2") }).Should(Succeed())
	letter := s.hears("orders: ")["jane.doe@customer.example"][0]
	s.Expect(letter.From).To(Equal("bounces@acme.example"))

	code, said := s.takeBack(key, returned(letter, "delayed", "4.4.7"))
	s.Expect(code).To(Equal(cli.ExitAdmissible), said)
	s.Expect(s.states("Published")).To(Equal(map[string]int{"Delivered": 3}))
	code, said = s.takeBack(key, "Subject: on holiday\r\n\r\nuntil Monday\r\n")
	s.Expect(code).To(Equal(cli.ExitBlocked), said)
	other := filepath.Join(t.TempDir(), "key")
	s.Expect(os.WriteFile(other, []byte(base64.StdEncoding.EncodeToString([]byte(strings.Repeat("guessed!", 4)))), 0o600)).To(Succeed())
	code, said = s.takeBack(other, returned(letter, "failed", "5.1.1"))
	s.Expect(code).To(Equal(cli.ExitTryLater), said)
	s.Expect(s.states("Published")).To(Equal(map[string]int{"Delivered": 3}))

	code, said = s.takeBack(key, returned(letter, "failed", "5.1.1"))
	s.Expect(code).To(Equal(cli.ExitAdmissible), said)
	s.Expect(said).To(HavePrefix("taken"))
	s.Expect(s.states("Published")).To(Equal(map[string]int{"Delivered": 2, "Failed Bounced": 1}))
	s.Expect(s.delivered("no-delete", "False Undeliverable")).To(HavePrefix(
		"delivered to 2 of 3 customers; Published: failed 1 (Bounced 1); put it right in the Audience"))
	s.get(notice, "no-delete")
	s.Expect(notice.Status.Delivery.CoveredTime).To(BeNil())
	s.Expect(notice.Status.Delivery.Failed).To(Equal(ptr.To[int32](1)))
	s.Eventually(func(g Gomega) {
		state, message := s.condition(notice, "no-delete", v1alpha1.ConditionMatured)
		g.Expect(state).To(HavePrefix("False "), message)
	}).Should(Succeed())
	s.judged("orders-2", "False NoticeMissing")
	s.Eventually(func() error { return s.try("orders-2", "orders:2") }).Should(MatchError(ContainSubstring("orders-2")))

	code, said = s.takeBack(key, returned(letter, "failed", "5.1.1"))
	s.Expect(code).To(Equal(cli.ExitAdmissible), said)
	s.Expect(said).To(HavePrefix("nothing changes"))
	s.restartManager(0)
	s.Consistently(func() map[string]int { return s.states("Published") }, time.Second).Should(Equal(map[string]int{"Delivered": 2, "Failed Bounced": 1}))
	s.Expect(s.letters("orders: ")).To(HaveLen(3))
	s.Expect(s.mail.Taken()).To(HaveLen(3), "nobody is told again")
	s.nothingPersonal()
}

// R11: what serves already goes on serving, whatever comes back.
func TestWhatServesStaysWhenAMailComesBack(t *testing.T) {
	s, key := returning(t)
	s.announce("no-delete", time.Now().Add(untilItMatures))
	s.delivered("no-delete", "True Delivered")
	s.judged("orders-2", "True NoticeGiven")
	s.Eventually(func() error { return s.release("orders", "orders-2", "orders:2") }).Should(Succeed())
	s.rolledOut("orders", "orders:2")
	s.serves("orders", "orders-2")
	s.promises("orders", "orders-2")

	for _, letters := range s.hears("orders: ") {
		code, said := s.takeBack(key, returned(letters[0], "failed", "5.1.1"))
		s.Expect(code).To(Equal(cli.ExitAdmissible), said)
	}
	s.delivered("no-delete", "False Undeliverable")
	s.Eventually(func(g Gomega) {
		state, message := s.condition(&v1alpha1.ChangeNotice{}, "no-delete", v1alpha1.ConditionMatured)
		g.Expect(state).To(HavePrefix("False "), message)
	}).Should(Succeed())
	s.serves("orders", "orders-2")
	s.Expect(s.try("orders-2", "orders:2")).To(Succeed())
	api := &v1alpha1.CustomerAPI{}
	s.get(api, "orders")
	s.Expect(api.Status.BrokenPromises).To(BeEmpty())
}
