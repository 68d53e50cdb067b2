//go:build linux

package mailservers

import (
	"fmt"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	. "github.com/onsi/gomega"

	"forewarn.dev/forewarn/internal/delivery"
	channel "forewarn.dev/forewarn/internal/delivery/mail"
	"forewarn.dev/forewarn/test/internet"
)

// Configuration in the words of postconf(5) and master(5).
const (
	postfixMain = `compatibility_level = 3.6
queue_directory = %[1]s/queue
data_directory = %[1]s/data
maillog_file = %[1]s/log
maillog_file_prefixes = %[1]s
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
myhostname = mail.customer.example
mydestination =
mynetworks =
alias_maps =
alias_database =
local_recipient_maps =
message_size_limit = %[2]d
virtual_mailbox_domains = customer.example
virtual_mailbox_base = /
virtual_mailbox_maps = inline:{known@customer.example=%[3]s/, later@customer.example=%[3]s/, jürgen@customer.example=%[3]s/}
virtual_mailbox_limit = 0
virtual_uid_maps = static:%[4]d
virtual_gid_maps = static:%[4]d
virtual_transport = virtual
smtpd_tls_security_level = encrypt
smtpd_tls_cert_file = %[1]s/cert.pem
smtpd_tls_key_file = %[1]s/key.pem
smtpd_tls_received_header = yes
smtpd_recipient_restrictions = reject_unauth_destination, check_recipient_access inline:{{later@customer.example = 450 4.2.0 Greylisted}}
`
	postfixMaster = `127.0.0.1:%d inet n - n - - smtpd
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
tlsmgr unix - - n 1000? 1 tlsmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
verify unix - - n - 1 verify
proxymap unix - - n - - proxymap
error unix - - n - - error
retry unix - - n - - error
virtual unix - n n - - virtual
anvil unix - - n - 1 anvil
postlog unix-dgram n - n - 1 postlogd
`
)

// Postfix takes over what is right, and each of its refusals is told apart.
func TestPostfix(t *testing.T) {
	s := newServer(t, "postfix")
	s.safe = true
	s.writeKeys()
	account, err := user.Lookup("postfix")
	s.Expect(err).NotTo(HaveOccurred())
	id, err := strconv.Atoi(account.Uid)
	s.Expect(err).NotTo(HaveOccurred())
	s.Expect(os.Mkdir(filepath.Join(s.dir, "queue"), 0o755)).To(Succeed())
	s.Expect(os.Mkdir(filepath.Join(s.dir, "data"), 0o700)).To(Succeed())
	s.Expect(os.Chown(filepath.Join(s.dir, "data"), id, -1)).To(Succeed())
	s.write("main.cf", fmt.Sprintf(postfixMain, s.dir, maxSize, s.mailbox, nobody))
	s.write("master.cf", fmt.Sprintf(postfixMaster, s.port))
	// The command would leave the master behind if the test were killed, so that is started here.
	output, err := exec.Command("postfix", "-c", s.dir, "check").CombinedOutput()
	s.Expect(err).NotTo(HaveOccurred(), string(output))
	programs, err := exec.Command("postconf", "-h", "daemon_directory").Output()
	s.Expect(err).NotTo(HaveOccurred())
	s.start(filepath.Join(strings.TrimSpace(string(programs)), "master"), "-d", "-c", s.dir)
	s.sends(s.sender(), refusals{
		unknown: "the mail server answered 550 5.1.1 to the recipient",
		later:   "the mail server answered 450 4.2.0 to the recipient",
		large:   "the mail server answered 552 5.3.4 to the mail",
	})
	// It knows SMTPUTF8.
	_, err = s.sender().Send(t.Context(), "jürgen@customer.example", message(7))
	s.Expect(err).NotTo(HaveOccurred())
	s.arrive(message(1), message(5), message(7))

	stranger := s.sender()
	stranger.RootCAs = internet.NewAuthority(t).Pool()
	s.Expect(s.refused(stranger, known, message(8))).To(HaveValue(Equal(delivery.Failure{
		Reason: delivery.ReasonTLSFailed, Text: "the certificate of the host is not signed by an authority that is trusted", Channel: true,
	})))
	open := s.sender()
	open.Security = channel.None
	s.Expect(s.refused(open, known, message(9))).To(HaveValue(Equal(delivery.Failure{
		Reason: delivery.ReasonCredentialsRefused, Text: "the mail server answered 530 5.7.0 to the sender", Channel: true,
	})))
}
