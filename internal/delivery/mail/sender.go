// Package mail tells a customer by mail: SMTP (RFC 5321) over TLS (RFC 3207, RFC 8314), one letter for each
// customer. No List-Unsubscribe is sent: these are notices that customers are owed.
package mail

import (
	"cmp"
	"context"
	"crypto/x509"
	"net"
	"net/mail"
	"strconv"
	"strings"
	"time"

	"k8s.io/utils/clock"

	"forewarn.dev/forewarn/internal/delivery"
	"forewarn.dev/forewarn/internal/delivery/egress"
)

// Security is how the connection is made safe.
type Security string

const (
	// StartTLS turns the connection safe before anything else is said, and goes no further where the server
	// does not offer that. It is what the empty value means.
	StartTLS Security = "StartTLS"
	// Implicit begins with TLS.
	Implicit Security = "Implicit"
	// None goes without. No password is sent then.
	None Security = "None"
)

// DefaultTimeout bounds what is said for one mail. RFC 5321, section 4.5.3.2.6, gives a server 10 minutes for
// the answer to the data, since whoever gives up early sends the mail twice.
const DefaultTimeout = 10 * time.Minute

// Sender sends mails by one server. It may be used by many at once, a Session of it by one.
type Sender struct {
	// Host is the name of the server; its certificate must be for that name.
	Host string
	// Port of the server. Zero: 587, 465 with Implicit, 25 with None.
	Port int
	// Security: see there.
	Security Security
	// Username and Password to sign in with. Both empty: the server wants none.
	Username, Password string
	// From is an address with or without a name before it, such as "Acme APIs <notices@acme.example>". Its domain is
	// the right half of each Message-ID, and the name that the server is greeted with.
	From string
	// ReplyTo is where answers go. Empty: to From.
	ReplyTo string
	// ReturnTo is where servers send back what they cannot deliver: the sender in the envelope. Empty: to From.
	ReturnTo string
	// Dialer connects.
	Dialer egress.Dialer
	// RootCAs are the authorities that are trusted. Nil: the system's.
	RootCAs *x509.CertPool
	// Timeout bounds the sending of one mail, connecting included. Zero: DefaultTimeout.
	Timeout time.Duration
	// Clock dates the receipt.
	Clock clock.PassiveClock
}

// Send tells one customer, by a connection for this one mail. The error is always a *delivery.Failure.
func (s *Sender) Send(ctx context.Context, to string, m delivery.Message) (delivery.Receipt, error) {
	session := s.Session()
	defer session.Close()
	return session.Send(ctx, to, m)
}

// Session sends many mails by one connection. It is connected when there is the first mail to send, and again
// whenever the server has closed. Close it.
func (s *Sender) Session() *Session { return &Session{sender: s} }

// Check says what the sender is set to that cannot work, without asking anybody. Nil: nothing.
func (s *Sender) Check() *delivery.Failure {
	_, _, failure := s.check()
	return failure
}

// check refuses a sender that is set to what cannot work, and returns who the mails are from.
func (s *Sender) check() (from, replyTo *mail.Address, failure *delivery.Failure) {
	switch s.Security {
	case "", StartTLS, Implicit:
	case None:
		if s.Username != "" || s.Password != "" {
			return nil, nil, invalid("a password is sent by a safe connection only: set StartTLS or Implicit")
		}
	default:
		return nil, nil, invalid("the security of the connection is StartTLS, Implicit or None")
	}
	if s.Host == "" {
		return nil, nil, invalid("no mail server is set")
	}
	from, err := named(s.From)
	if err != nil {
		return nil, nil, invalid("the address that mails are from is none")
	}
	if s.ReturnTo != "" {
		if _, err := bare(s.ReturnTo); err != nil {
			return nil, nil, invalid("the address that mails come back to is none")
		}
	}
	if s.ReplyTo == "" {
		return from, nil, nil
	}
	if replyTo, err = named(s.ReplyTo); err != nil {
		return nil, nil, invalid("the address that answers go to is none")
	}
	return from, replyTo, nil
}

// envelope is the sender that servers are told.
func (s *Sender) envelope(from *mail.Address) string {
	if to, err := bare(s.ReturnTo); err == nil {
		return to
	}
	return from.Address
}

func (s *Sender) address() string {
	port := 587
	switch s.Security {
	case Implicit:
		port = 465
	case None:
		port = 25
	}
	return net.JoinHostPort(s.Host, strconv.Itoa(cmp.Or(s.Port, port)))
}

func domain(address string) string { return address[strings.LastIndexByte(address, '@')+1:] }

func invalid(text string) *delivery.Failure {
	return &delivery.Failure{Reason: delivery.ReasonChannelInvalid, Text: text, Channel: true}
}
