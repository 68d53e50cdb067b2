//go:build unix

package e2e

import (
	"bytes"
	"errors"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	. "github.com/onsi/gomega"
	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	v1alpha1 "forewarn.dev/forewarn/api/v1alpha1"
	"forewarn.dev/forewarn/test/internet"
)

// untilTried is how long it takes until a channel that failed, or was put right, is tried again.
const untilTried = 90 * time.Second

// channelIs waits for the condition Ready of a channel, and returns its message.
func (s *telling) channelIs(name, state string) string {
	s.t.Helper()
	var message string
	s.Eventually(func(g Gomega) {
		var is string
		is, message = s.condition(&v1alpha1.NoticeChannel{}, name, v1alpha1.ConditionReady)
		g.Expect(is).To(Equal(state), message)
	}).WithTimeout(untilTried).Should(Succeed())
	return message
}

// ids are those of all messages of a stage.
func (s *telling) ids(stage string) []string {
	s.t.Helper()
	var list v1alpha1.DeliveryRecordList
	s.Expect(s.admin.List(s.ctx, &list, client.InNamespace(s.namespace))).To(Succeed())
	var ids []string
	for i := range list.Items {
		for _, d := range list.Items[i].Status.Deliveries {
			if string(list.Items[i].Spec.Stage) == stage {
				ids = append(ids, d.ID)
			}
		}
	}
	return ids
}

// A mail server that is down counts against nobody: all wait, and are told when it is back.
func TestTheMailServerIsDown(t *testing.T) {
	s := newTelling(t, customersByMail)
	s.mail.Stop()
	s.create(s.mailChannel())
	s.announce("no-delete", time.Now().Add(48*time.Hour))
	s.Eventually(func() map[string]int { return s.states("Published") }).Should(Equal(map[string]int{"Waiting Unreachable": 3}))
	s.Expect(s.channelIs("mail", "False SendingFailed")).To(ContainSubstring("Unreachable: the host refuses the connection"))
	s.Eventually(func() string { return s.delivered("no-delete", "False Delivering") }).Should(Equal("delivered to 0 of 3 customers; " +
		"Published: still to be delivered 3 (Unreachable 3); noticechannel/mail: Unreachable: the host refuses the connection"))
	ids := s.ids("Published")

	s.restartManager(0)
	s.mail.Start()
	s.Eventually(func() map[string]int { return s.states("Published") }).WithTimeout(untilTried).Should(Equal(map[string]int{"Delivered": 3}))
	s.delivered("no-delete", "True Delivered")
	s.channelIs("mail", "True Ready")
	for _, letters := range s.hears("orders: ") {
		id := strings.TrimSuffix(strings.TrimPrefix(letters[0].MessageID, "<"), "@acme.example>")
		s.Expect(ids).To(ContainElement(id))
	}
	s.nothingPersonal()
}

// A wrong password is named where the operator looks, and not tried for each customer.
func TestTheMailPasswordIsWrong(t *testing.T) {
	s := newTelling(t, customersByMail)
	wrong := s.secret("smtp", "username", internet.MailUsername)
	wrong.StringData["password"] = "not-the-password"
	s.Expect(s.admin.Update(s.ctx, wrong)).To(Succeed())
	s.create(s.mailChannel())
	s.announce("no-delete", time.Now().Add(48*time.Hour))
	message := s.channelIs("mail", "False SendingFailed")
	s.Expect(message).To(ContainSubstring("CredentialsRefused: the mail server answered 535 5.7.8 to the user name and password"))
	s.Eventually(func() string {
		_, message := s.condition(&v1alpha1.ChangeNotice{}, "no-delete", v1alpha1.ConditionDelivered)
		return message
	}).Should(ContainSubstring("noticechannel/mail: CredentialsRefused"))
	s.Expect(s.mail.Refused()).To(Equal(1))
	s.nothingPersonal()
}

// What is missing is named, and once it is there, customers are told.
func TestASecretOfAChannelIsMissing(t *testing.T) {
	s := newTelling(t, customersByMail)
	credentials := s.secret("smtp", "", "")
	s.Expect(s.admin.Delete(s.ctx, credentials)).To(Succeed())
	s.announce("no-delete", time.Now().Add(48*time.Hour))
	s.Eventually(func() string {
		_, message := s.condition(&v1alpha1.ChangeNotice{}, "no-delete", v1alpha1.ConditionDelivered)
		return message
	}).Should(Equal("delivered to 0 of 3 customers; Published: still to be delivered 3; " +
		"noticechannel/mail: ChannelNotFound: there is no noticechannel/mail: create it, or name another in the contacts"))
	s.create(s.mailChannel())
	s.Expect(s.channelIs("mail", "False SecretNotFound")).To(ContainSubstring("there is no secret/smtp with the key username"))
	s.Eventually(func() string {
		_, message := s.condition(&v1alpha1.ChangeNotice{}, "no-delete", v1alpha1.ConditionDelivered)
		return message
	}).Should(ContainSubstring("noticechannel/mail: SecretNotFound: there is no secret/smtp with the key username"))
	s.Expect(s.states("Published")).To(Equal(map[string]int{"Planned": 3}))

	credentials = s.secret("smtp", "username", internet.MailUsername)
	credentials.StringData["password"] = internet.MailPassword
	s.create(credentials)
	s.restartManager(0) // which looks at once
	s.delivered("no-delete", "True Delivered")
	s.channelIs("mail", "True Ready")
	s.Expect(s.admin.Delete(s.ctx, s.secret("authority", "", ""))).To(Succeed())
	s.create(s.secret("authority", "ca.pem", "nothing that is a certificate"))
	s.restartManager(0)
	s.Expect(s.channelIs("mail", "False ChannelInvalid")).To(ContainSubstring("holds no certificate as PEM"))
	s.nothingPersonal()
}

// A channel whose Secrets the owner of the namespace does not let forewarn read says what to type, and that mends it.
func TestAChannelMayNotReadItsSecrets(t *testing.T) {
	s := newTelling(t, customersByMail)
	permission := &rbacv1.RoleBinding{ObjectMeta: metav1.ObjectMeta{Namespace: s.namespace, Name: "forewarn-secret-reader"}}
	s.Expect(s.admin.Delete(s.ctx, permission)).To(Succeed())
	s.create(s.mailChannel())
	message := s.channelIs("mail", "False SecretDenied")
	_, command, _ := strings.Cut(message, "(")
	command = strings.TrimSuffix(command, ")")
	s.Expect(command).To(Equal("kubectl create rolebinding forewarn-secret-reader -n " + s.namespace +
		" --clusterrole=forewarn-secret-reader --serviceaccount=forewarn-system:forewarn-manager"))
	words := strings.Fields(command)
	kubectl := exec.CommandContext(s.ctx, filepath.Join(cluster.BinDir(), words[0]), append(words[1:], "--context", "admin")...)
	kubectl.Env = append(os.Environ(), "KUBECONFIG="+cluster.Kubeconfig())
	output, err := kubectl.CombinedOutput()
	s.Expect(err).NotTo(HaveOccurred(), string(output))
	s.restartManager(0) // which looks at once
	s.channelIs("mail", "True Ready")
}

// cutOff lets everything pass until somebody writes that a message was delivered: that, and whatever is written about
// deliveries after it, never arrives.
type cutOff struct {
	next http.RoundTripper
	once sync.Once
	cut  chan struct{}
}

func (c *cutOff) RoundTrip(request *http.Request) (*http.Response, error) {
	if request.Method == http.MethodPut && strings.Contains(request.URL.Path, "/deliveryrecords/") {
		body, err := io.ReadAll(request.Body)
		if err != nil {
			return nil, err
		}
		request.Body = io.NopCloser(bytes.NewReader(body))
		if bytes.Contains(body, []byte(`"state":"Delivered"`)) {
			c.once.Do(func() { close(c.cut) })
		}
		select {
		case <-c.cut:
			return nil, errors.New("the connection broke")
		default:
		}
	}
	return c.next.RoundTrip(request)
}

// The server took the mails, and the manager ends before it could write that down: they are sent again, each with the
// id it had, and nobody is lost.
func TestTheManagerEndsBeforeTheReceipt(t *testing.T) {
	s := newTelling(t, customersByMail)
	s.stop()
	cut := &cutOff{cut: make(chan struct{})}
	s.transport = func(next http.RoundTripper) http.RoundTripper { cut.next = next; return cut }
	s.startManager(0)
	s.create(s.mailChannel())
	s.announce("no-delete", time.Now().Add(48*time.Hour))
	s.Eventually(cut.cut).Should(BeClosed())
	s.stop()
	s.Expect(s.mail.Taken()).To(HaveLen(3))
	s.Expect(s.states("Published")).To(Equal(map[string]int{"Sending": 3}))

	s.transport = nil
	s.startManager(0)
	s.delivered("no-delete", "True Delivered")
	s.Expect(s.states("Published")).To(Equal(map[string]int{"Delivered": 3}))
	s.Expect(s.mail.Taken()).To(HaveLen(6))
	for to, letters := range s.letters("orders: ") {
		s.Expect(letters).To(HaveLen(2), to)
		s.Expect(letters[0]).To(Equal(letters[1]), "it is the same mail again")
	}
	s.nothingPersonal()
}

// In a rehearsal nobody is told, and the notice says so.
func TestARehearsalTellsNobody(t *testing.T) {
	s := newTelling(t, customersByMail)
	s.create(s.mailChannel())
	s.rehearse()
	s.restartManager(time.Hour)
	notice := s.announce("no-delete", time.Now().Add(48*time.Hour))
	s.Expect(s.delivered("no-delete", "False ClockOffset")).To(Equal("the clock is moved on by 1h0m0s: in a rehearsal nobody is told"))
	s.noticeIs("no-delete", "True Published", "False Running")
	s.get(notice, "no-delete")
	s.Expect(notice.Status.Delivery.Affected).To(BeNil())
	s.Expect(s.ids("Published")).To(BeEmpty())
	s.Expect(s.mail.Taken()).To(BeEmpty())
}

// What could not be sent before the notice was withdrawn is not sent afterwards.
func TestWhatWasOvertakenIsNotSent(t *testing.T) {
	s := newTelling(t, customersByMail)
	s.mail.Stop()
	s.create(s.mailChannel())
	notice := s.announce("no-delete", time.Now().Add(48*time.Hour))
	s.Eventually(func() map[string]int { return s.states("Published") }).Should(Equal(map[string]int{"Waiting Unreachable": 3}))
	patch := client.RawPatch("application/merge-patch+json", []byte(`{"spec":{"state":"Withdrawn"}}`))
	s.Expect(s.admin.Patch(s.ctx, notice, patch)).To(Succeed())
	s.Eventually(func() map[string]int { return s.states("Published") }).Should(Equal(map[string]int{"Failed Overtaken": 3}))
	s.mail.Start()
	s.restartManager(0) // which knows of no fault
	s.Eventually(func() map[string]int { return s.states("Withdrawn") }).WithTimeout(untilTried).Should(Equal(map[string]int{"Delivered": 3}))
	s.Expect(s.letters("orders: ")).To(BeEmpty())
	s.Expect(s.letters("Withdrawn: ")).To(HaveLen(3))
}
