//go:build linux

package mailservers

import (
	"fmt"
	"os/exec"
	"testing"

	. "github.com/onsi/gomega"

	"forewarn.dev/forewarn/internal/delivery"
)

// openSMTPD is in the words of smtpd.conf(5). Its queue is that of the system, and only one runs on a machine. It goes
// without TLS: that of Debian 12 (6.8.0p2 with OpenSSL 3) fails to sign, with OpenSSL's own client, too.
const openSMTPD = `table boxes { "known" = "%[4]d:%[4]d:%[3]s", "later" = "%[4]d:%[4]d:%[3]s" }
smtp max-message-size "%[1]d"
filter greylist phase rcpt-to match rcpt-to { "later@customer.example" } reject "451 4.7.1 Greylisted <later@customer.example>"
listen on 127.0.0.1 port %[2]d hostname "mail.customer.example" filter greylist
action deliver maildir "%[3]s" userbase <boxes>
match from any for domain "customer.example" action deliver
`

// OpenSMTPD takes over what is right, and each of its refusals is told apart.
func TestOpenSMTPD(t *testing.T) {
	s := newServer(t, "smtpd")
	if exec.Command("smtpctl", "show", "status").Run() == nil {
		t.Skip("another smtpd runs on this machine")
	}
	s.start("smtpd", "-d", "-f", s.write("smtpd.conf", fmt.Sprintf(openSMTPD, maxSize, s.port, s.mailbox, nobody)))
	s.sends(s.sender(), refusals{
		unknown: "the mail server answered 550 to the recipient",
		later:   "the mail server answered 451 4.7.1 to the recipient",
		large:   "the mail server answered 554 5.3.4 to the mail",
	})
	// It knows neither STARTTLS, as it is set up here, nor SMTPUTF8.
	s.Expect(s.refused(s.sender(), "jürgen@customer.example", message(6)).Reason).To(Equal(delivery.ReasonAddressInvalid))
	strict := s.sender()
	strict.Security = ""
	s.Expect(s.refused(strict, known, message(7))).To(HaveValue(Equal(delivery.Failure{
		Reason: delivery.ReasonTLSFailed, Text: "the mail server does not offer STARTTLS", Channel: true,
	})))
}
