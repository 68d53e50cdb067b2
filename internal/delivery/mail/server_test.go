package mail

import (
	"crypto/tls"
	"errors"
	"io"
	"log"
	"net"
	"net/netip"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/emersion/go-sasl"
	"github.com/emersion/go-smtp"
	clocktesting "k8s.io/utils/clock/testing"

	"forewarn.dev/forewarn/internal/delivery"
	"forewarn.dev/forewarn/internal/delivery/egress"
	"forewarn.dev/forewarn/test/internet"
)

const (
	host     = "mail.example.test"
	username = "user-of-the-operator"
	password = "password-of-the-operator"
	// secret is in the customer's address, and in all that the server says: no failure may tell it.
	secret = "jane.doe"
	jane   = secret + "@customer.example"
)

var (
	now      = time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)
	loopback = []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}
)

// server is an SMTP server. The hooks answer a step of a mail; nil says yes.
type server struct {
	*smtp.Server
	authority *internet.Authority
	names     *internet.Names
	port      int
	listener  net.Listener

	onMail func(*smtp.Conn) error
	onRcpt func(to string) error
	onData func(*smtp.Conn) error
	ways   []string // to sign in by

	mutex    sync.Mutex
	got      []received
	sessions int
	signedIn []string
	begun    int // MAIL commands
}

// received is a mail as the server got it.
type received struct {
	from, to string
	utf8     bool
	safe     bool
	content  string
}

// newServer makes one with STARTTLS; start starts it.
func newServer(t testing.TB) *server {
	t.Helper()
	s := &server{authority: internet.NewAuthority(t), names: internet.NewNames(t), ways: []string{sasl.Plain}}
	s.names.Set(host, "127.0.0.1")
	s.Server = smtp.NewServer(smtp.BackendFunc(func(c *smtp.Conn) (smtp.Session, error) {
		s.mutex.Lock()
		defer s.mutex.Unlock()
		s.sessions++
		return &session{server: s, conn: c}, nil
	}))
	s.Domain, s.TLSConfig, s.ErrorLog = host, s.authority.Server(t, host), log.New(io.Discard, "", 0)
	return s
}

func (s *server) start(t testing.TB, security Security) *Sender {
	t.Helper()
	listener, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s.port, s.listener = portOf(t, listener), listener
	if security == Implicit {
		listener = tls.NewListener(listener, s.TLSConfig)
	}
	go func() { _ = s.Serve(listener) }()
	t.Cleanup(func() { _ = s.Close() })
	return s.sender(security)
}

// sender is one that reaches the server and signs in.
func (s *server) sender(security Security) *Sender {
	sender := &Sender{
		Host: host, Port: s.port, Security: security, Username: username, Password: password,
		From: "Acme APIs <notices@acme.example>", ReplyTo: "help@acme.example", RootCAs: s.authority.Pool(),
		Dialer: egress.Dialer{Allowed: loopback, Resolver: s.names.Resolver()}, Clock: clocktesting.NewFakePassiveClock(now),
	}
	if security == None {
		sender.Username, sender.Password = "", ""
	}
	return sender
}

func (s *server) mails() []received {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	return s.got
}

// heard is how many sessions, names that signed in, and mails that began there were.
func (s *server) heard() (sessions, signedIn, begun int) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	return s.sessions, len(s.signedIn), s.begun
}

type session struct {
	server *server
	conn   *smtp.Conn
	mail   received
}

func (s *session) AuthMechanisms() []string { return s.server.ways }

func (s *session) Auth(way string) (sasl.Server, error) {
	check := func(name, word string) error {
		s.server.mutex.Lock()
		defer s.server.mutex.Unlock()
		s.server.signedIn = append(s.server.signedIn, name)
		if name != username || word != password {
			return saying(535, "5.7.8")
		}
		return nil
	}
	if way == sasl.Login {
		return &login{check: check}, nil
	}
	return sasl.NewPlainServer(func(_, name, word string) error { return check(name, word) }), nil
}

func (s *session) Mail(from string, options *smtp.MailOptions) error {
	s.server.mutex.Lock()
	s.server.begun++
	s.server.mutex.Unlock()
	_, safe := s.conn.TLSConnectionState()
	s.mail = received{from: from, utf8: options.UTF8, safe: safe}
	if s.server.onMail != nil {
		return s.server.onMail(s.conn)
	}
	return nil
}

func (s *session) Rcpt(to string, _ *smtp.RcptOptions) error {
	s.mail.to = to
	if s.server.onRcpt != nil {
		return s.server.onRcpt(to)
	}
	return nil
}

func (s *session) Data(r io.Reader) error {
	content, err := io.ReadAll(r)
	if err != nil {
		return err
	}
	if s.server.onData != nil {
		if err := s.server.onData(s.conn); err != nil {
			return err
		}
	}
	s.mail.content = string(content)
	s.server.mutex.Lock()
	defer s.server.mutex.Unlock()
	s.server.got = append(s.server.got, s.mail)
	return nil
}

func (s *session) Reset()        {}
func (s *session) Logout() error { return nil }

// login is the server's side of LOGIN.
type login struct {
	check func(name, word string) error
	name  *string
}

func (l *login) Next(response []byte) (challenge []byte, done bool, err error) {
	switch {
	case response == nil:
		return []byte("Username:"), false, nil
	case l.name == nil:
		name := string(response)
		l.name = &name
		return []byte("Password:"), false, nil
	}
	return nil, true, l.check(*l.name, string(response))
}

// saying is an answer that tells the customer's address.
func saying(code int, enhanced string) error {
	answer := &smtp.SMTPError{Code: code, EnhancedCode: smtp.NoEnhancedCode, Message: "<" + jane + ">: no, not " + secret}
	if enhanced != "" {
		for i, part := range strings.Split(enhanced, ".") {
			answer.EnhancedCode[i], _ = strconv.Atoi(part)
		}
	}
	return answer
}

// failed is the error as a failure, which tells nothing of the customer and of the operator's password.
func failed(t *testing.T, err error) *delivery.Failure {
	t.Helper()
	var f *delivery.Failure
	if !errors.As(err, &f) {
		t.Fatalf("%v is no failure", err)
	}
	for _, private := range []string{secret, "customer.example", "@", username, password, "127.0.0.1", host} {
		if strings.Contains(err.Error(), private) {
			t.Errorf("%q tells %q", err, private)
		}
	}
	if strings.ContainsAny(err.Error(), "\r\n") {
		t.Errorf("%q has lines", err)
	}
	return f
}

func message() delivery.Message {
	return delivery.Message{
		ID: "0123456789abcdef0123456789abcdef", Stage: delivery.Published, Customer: "c-17",
		Sent: time.Date(2026, 11, 22, 12, 0, 0, 0, time.FixedZone("", 3600)),
		Notice: delivery.Notice{
			Namespace: "shop", Name: "orders-no-delete", UID: "u", API: "orders", APITitle: "Orders API",
			Title:       "From 1 July 2027 orders can no longer be deleted",
			WhatChanges: "DELETE /orders/{id} answers 404 — for good.\n.\n. is a line of its own, and so is the next:\nFrom here on.",
			Effective:   time.Date(2027, 7, 1, 0, 0, 0, 0, time.UTC),
		},
	}
}

func portOf(t testing.TB, listener net.Listener) int {
	t.Helper()
	address, err := netip.ParseAddrPort(listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	return int(address.Port())
}
