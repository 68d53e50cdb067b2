package internet

import (
	"errors"
	"io"
	"log"
	"net"
	"net/mail"
	"net/netip"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/emersion/go-sasl"
	"github.com/emersion/go-smtp"
)

// What MailServer wants to be told.
const (
	MailUsername = "user-of-the-operator"
	MailPassword = "password-of-the-operator"
)

// MailServer is an SMTP server at 127.0.0.1 that speaks STARTTLS and wants a password.
type MailServer struct {
	Port int

	t         testing.TB
	authority *Authority

	mutex    sync.Mutex
	until    time.Time // until when its certificate holds
	listener net.Listener
	server   *smtp.Server
	taken    []Letter
	refuse   map[string]error
	refused  int
	before   func(n int)
}

// Letter is a mail that was taken over, from and to the addresses of its envelope.
type Letter struct {
	From, To, MessageID, Subject, Content string
}

// NewMailServer starts one.
func NewMailServer(t testing.TB, authority *Authority) *MailServer {
	t.Helper()
	m := &MailServer{t: t, authority: authority, refuse: map[string]error{}, until: Until}
	m.Start()
	t.Cleanup(m.Stop)
	return m
}

// Start makes it listen, at the port that it had before.
func (m *MailServer) Start() {
	m.t.Helper()
	listener, err := net.ListenTCP("tcp4", net.TCPAddrFromAddrPort(netip.AddrPortFrom(netip.MustParseAddr("127.0.0.1"), uint16(m.Port))))
	if err != nil {
		m.t.Fatal(err)
	}
	m.Port = int(listener.Addr().(*net.TCPAddr).AddrPort().Port())
	server := smtp.NewServer(smtp.BackendFunc(func(*smtp.Conn) (smtp.Session, error) { return &mailSession{server: m}, nil }))
	server.Domain, server.TLSConfig = "127.0.0.1", m.authority.ServerUntil(m.t, "127.0.0.1", m.until)
	server.ErrorLog = log.New(io.Discard, "", 0)
	m.mutex.Lock()
	m.server, m.listener = server, listener
	m.mutex.Unlock()
	go func() { _ = server.Serve(listener) }()
}

// Stop ends it with all its connections.
func (m *MailServer) Stop() {
	m.mutex.Lock()
	defer m.mutex.Unlock()
	_ = m.server.Close()
	_ = m.listener.Close() // it may not have come to serve yet
}

// Expire starts it anew with a certificate that has expired.
func (m *MailServer) Expire() {
	m.t.Helper()
	m.Stop()
	m.until = Since.AddDate(0, 0, 1)
	m.Start()
}

// Refuse makes it answer 550 to that recipient, and say the address with it.
func (m *MailServer) Refuse(to string) {
	m.mutex.Lock()
	defer m.mutex.Unlock()
	m.refuse[to] = &smtp.SMTPError{Code: 550, EnhancedCode: smtp.EnhancedCode{5, 1, 1}, Message: "no <" + to + "> here"}
}

// Before is called when the n-th mail was taken over, from 1, and before whoever sent it hears of that.
func (m *MailServer) Before(answer func(n int)) {
	m.mutex.Lock()
	defer m.mutex.Unlock()
	m.before = answer
}

// Taken are the mails that were taken over, in order.
func (m *MailServer) Taken() []Letter {
	m.mutex.Lock()
	defer m.mutex.Unlock()
	return append([]Letter(nil), m.taken...)
}

// Refused is how often somebody did not know the password.
func (m *MailServer) Refused() int {
	m.mutex.Lock()
	defer m.mutex.Unlock()
	return m.refused
}

type mailSession struct {
	server   *MailServer
	from, to string
}

func (s *mailSession) AuthMechanisms() []string { return []string{sasl.Plain} }

func (s *mailSession) Auth(string) (sasl.Server, error) {
	return sasl.NewPlainServer(func(_, name, word string) error {
		if name == MailUsername && word == MailPassword {
			return nil
		}
		s.server.mutex.Lock()
		defer s.server.mutex.Unlock()
		s.server.refused++
		return &smtp.SMTPError{Code: 535, EnhancedCode: smtp.EnhancedCode{5, 7, 8}, Message: name + ", I do not know you"}
	}), nil
}

func (s *mailSession) Mail(from string, _ *smtp.MailOptions) error {
	s.from = from
	return nil
}

func (s *mailSession) Rcpt(to string, _ *smtp.RcptOptions) error {
	s.to = to
	s.server.mutex.Lock()
	defer s.server.mutex.Unlock()
	return s.server.refuse[to]
}

func (s *mailSession) Data(r io.Reader) error {
	content, err := io.ReadAll(r)
	if err != nil {
		return err
	}
	message, err := mail.ReadMessage(strings.NewReader(string(content)))
	if err != nil {
		return errors.New("that is no mail")
	}
	s.server.mutex.Lock()
	defer s.server.mutex.Unlock()
	s.server.taken = append(s.server.taken, Letter{
		From: s.from, To: s.to, MessageID: message.Header.Get("Message-ID"), Subject: message.Header.Get("Subject"), Content: string(content),
	})
	if s.server.before != nil {
		s.server.before(len(s.server.taken))
	}
	return nil
}

func (s *mailSession) Reset()        {}
func (s *mailSession) Logout() error { return nil }
