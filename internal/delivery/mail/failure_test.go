package mail

import (
	"bufio"
	"context"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/emersion/go-smtp"

	"forewarn.dev/forewarn/internal/delivery"
	"forewarn.dev/forewarn/internal/delivery/egress"
	"forewarn.dev/forewarn/test/internet"
)

// An answer to the recipient or the mail is about the customer, one before that is about us.
func TestSendJudgesTheAnswer(t *testing.T) {
	mail := func(err error) func(*server) {
		return func(s *server) { s.onMail = func(*smtp.Conn) error { return err } }
	}
	rcpt := func(err error) func(*server) { return func(s *server) { s.onRcpt = func(string) error { return err } } }
	data := func(err error) func(*server) {
		return func(s *server) { s.onData = func(*smtp.Conn) error { return err } }
	}
	cases := map[string]struct {
		change func(*server)
		want   delivery.Failure
	}{
		"no such mailbox": {rcpt(saying(550, "5.1.1")), delivery.Failure{
			Reason: delivery.ReasonMailRefused, Text: "the mail server answered 550 5.1.1 to the recipient", Permanent: true}},
		"without a code of RFC 3463": {rcpt(saying(550, "")), delivery.Failure{
			Reason: delivery.ReasonMailRefused, Text: "the mail server answered 550 to the recipient", Permanent: true}},
		"the last 5xx": {rcpt(saying(599, "5.0.0")), delivery.Failure{
			Reason: delivery.ReasonMailRefused, Text: "the mail server answered 599 5.0.0 to the recipient", Permanent: true}},
		"the mail is refused": {data(saying(554, "5.7.1")), delivery.Failure{
			Reason: delivery.ReasonMailRefused, Text: "the mail server answered 554 5.7.1 to the mail", Permanent: true}},
		"greylisted": {rcpt(saying(450, "4.2.0")), delivery.Failure{
			Reason: delivery.ReasonMailDeferred, Text: "the mail server answered 450 4.2.0 to the recipient"}},
		"the last 4xx": {rcpt(saying(499, "")), delivery.Failure{
			Reason: delivery.ReasonMailDeferred, Text: "the mail server answered 499 to the recipient"}},
		"no room for the mail": {data(saying(452, "4.3.1")), delivery.Failure{
			Reason: delivery.ReasonMailDeferred, Text: "the mail server answered 452 4.3.1 to the mail"}},
		"closing at the recipient": {rcpt(saying(421, "4.3.2")), delivery.Failure{
			Reason: delivery.ReasonMailDeferred, Text: "the mail server answered 421 4.3.2 to the recipient", Channel: true}},
		"the sender is refused": {mail(saying(553, "5.7.1")), delivery.Failure{
			Reason: delivery.ReasonSenderRefused, Text: "the mail server answered 553 5.7.1 to the sender", Channel: true}},
		"the sender is put off": {mail(saying(451, "")), delivery.Failure{
			Reason: delivery.ReasonMailDeferred, Text: "the mail server answered 451 to the sender", Channel: true}},
		"it wants a password": {mail(saying(530, "5.7.0")), delivery.Failure{
			Reason: delivery.ReasonCredentialsRefused, Text: "the mail server answered 530 5.7.0 to the sender", Channel: true}},
		"it wants a password for the recipient": {rcpt(saying(530, "5.7.0")), delivery.Failure{
			Reason: delivery.ReasonCredentialsRefused, Text: "the mail server answered 530 5.7.0 to the recipient", Channel: true}},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			s := newServer(t)
			c.change(s)
			_, err := s.start(t, StartTLS).Send(t.Context(), jane, message())
			if got := failed(t, err); *got != c.want {
				t.Errorf("%+v, want %+v", got, c.want)
			}
			if len(s.mails()) > 0 {
				t.Error("there is a mail")
			}
		})
	}
}

func TestSendWithTheWrongPassword(t *testing.T) {
	for _, security := range []Security{StartTLS, Implicit} {
		s := newServer(t)
		sender := s.start(t, security)
		sender.Password = password + "?"
		_, err := sender.Send(t.Context(), jane, message())
		want := delivery.Failure{
			Reason: delivery.ReasonCredentialsRefused, Text: "the mail server answered 535 5.7.8 to the user name and password", Channel: true,
		}
		if got := failed(t, err); *got != want {
			t.Errorf("%s: %+v, want %+v", security, got, want)
		}
		if _, _, begun := s.heard(); begun > 0 {
			t.Errorf("%s: it went on", security)
		}
	}
}

func TestSendWithNoWayToSignIn(t *testing.T) {
	for _, ways := range [][]string{nil, {"XOAUTH2"}, {"PLAINER"}} {
		s := newServer(t)
		s.ways = ways
		_, err := s.start(t, StartTLS).Send(t.Context(), jane, message())
		if got := failed(t, err); got.Reason != delivery.ReasonCredentialsRefused || got.Permanent || !got.Channel {
			t.Errorf("%v: %+v", ways, got)
		}
	}
}

// Whatever is wrong with TLS, the server hears neither a password nor a mail.
func TestSendSpeaksToNobodyUnsafe(t *testing.T) {
	cases := map[string]struct {
		change func(*testing.T, *server)
		want   string
	}{
		"an expired certificate": {func(t *testing.T, s *server) {
			s.TLSConfig = s.authority.ServerUntil(t, host, internet.Since.AddDate(0, 0, 1))
		}, "the certificate of the host has expired, or does not hold yet"},
		"a certificate for another name": {func(t *testing.T, s *server) { s.TLSConfig = s.authority.Server(t, "other.example.test") },
			"the certificate of the host is for another name"},
		"a certificate for the address": {func(t *testing.T, s *server) { s.TLSConfig = s.authority.Server(t, "127.0.0.1") },
			"the certificate of the host is for another name"},
		"a certificate of another authority": {func(t *testing.T, s *server) { s.TLSConfig = internet.NewAuthority(t).Server(t, host) },
			"the certificate of the host is not signed by an authority that is trusted"},
		"TLS that is too old": {func(_ *testing.T, s *server) { s.TLSConfig.MinVersion, s.TLSConfig.MaxVersion = 0x0301, 0x0302 },
			"TLS with the host did not come about"},
	}
	for name, c := range cases {
		for _, security := range []Security{StartTLS, Implicit} {
			t.Run(name+" by "+string(security), func(t *testing.T) {
				s := newServer(t)
				c.change(t, s)
				_, err := s.start(t, security).Send(t.Context(), jane, message())
				want := delivery.Failure{Reason: delivery.ReasonTLSFailed, Text: c.want, Channel: true}
				if got := failed(t, err); *got != want {
					t.Errorf("%+v, want %+v", got, want)
				}
				if _, signedIn, begun := s.heard(); signedIn+begun > 0 {
					t.Error("the server heard a password or a mail")
				}
			})
		}
	}
}

// Somebody in between who takes the offer out must not get to read the password.
func TestSendWithSTARTTLSStripped(t *testing.T) {
	s := newServer(t)
	s.TLSConfig, s.AllowInsecureAuth = nil, true
	_, err := s.start(t, StartTLS).Send(t.Context(), jane, message())
	want := delivery.Failure{Reason: delivery.ReasonTLSFailed, Text: "the mail server does not offer STARTTLS", Channel: true}
	if got := failed(t, err); *got != want {
		t.Errorf("%+v, want %+v", got, want)
	}
	if _, signedIn, begun := s.heard(); signedIn+begun > 0 {
		t.Error("the server heard a password or a mail")
	}
}

func TestSendWhenTheServerIsNoMailServer(t *testing.T) {
	const greeting, offers = "220 hello\r\n", "250-hello\r\n250 STARTTLS\r\n"
	cases := map[string]struct {
		security Security
		says     []string // one after each line that it hears, the first at once
		want     delivery.Failure
	}{
		"it wants no mail": {StartTLS, []string{"554 5.3.2 go away " + jane + "\r\n"}, delivery.Failure{
			Reason: delivery.ReasonSenderRefused, Text: "the mail server answered 554 5.3.2 to the greeting"}},
		"it is busy": {StartTLS, []string{"421 later\r\n"}, delivery.Failure{
			Reason: delivery.ReasonMailDeferred, Text: "the mail server answered 421 to the greeting"}},
		"it does not let us turn safe": {StartTLS, []string{greeting, offers, "454 4.7.0 not now\r\n"}, delivery.Failure{
			Reason: delivery.ReasonTLSFailed, Text: "the mail server answered 454 4.7.0 to STARTTLS"}},
		"it says yes and does not": {StartTLS, []string{greeting, offers, "220 go\r\nnot TLS\r\n"}, delivery.Failure{
			Reason: delivery.ReasonTLSFailed, Text: "TLS with the host did not come about"}},
		"it does not speak TLS": {Implicit, []string{greeting}, delivery.Failure{
			Reason: delivery.ReasonTLSFailed, Text: "the host does not speak TLS"}},
		"it speaks HTTP": {StartTLS, []string{"HTTP/1.1 400 Bad Request\r\n\r\n"}, delivery.Failure{
			Reason: delivery.ReasonConnectionLost, Text: "the connection broke before there was an answer that could be read"}},
		"it hangs up": {StartTLS, []string{""}, delivery.Failure{
			Reason: delivery.ReasonConnectionLost, Text: "the connection broke before there was an answer that could be read"}},
		"its line does not end": {StartTLS, []string{"220 " + strings.Repeat("x", 1<<20)}, delivery.Failure{
			Reason: delivery.ReasonConnectionLost, Text: "the connection broke before there was an answer that could be read"}},
		"its lines do not end": {StartTLS, []string{strings.Repeat("220-hello\r\n", 1<<17)}, delivery.Failure{
			Reason: delivery.ReasonConnectionLost, Text: "the connection broke before there was an answer that could be read"}},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			s := newServer(t)
			s.port = scripted(t, c.says)
			_, err := s.sender(c.security).Send(t.Context(), jane, message())
			c.want.Channel = true
			if got := failed(t, err); *got != c.want {
				t.Errorf("%+v, want %+v", got, c.want)
			}
		})
	}
}

func TestSendToWhereNobodyIs(t *testing.T) {
	cases := map[string]struct {
		change func(*server, *Sender)
		want   delivery.Failure
	}{
		"inside": {func(_ *server, sender *Sender) { sender.Dialer.Allowed = nil }, delivery.Failure{Reason: delivery.ReasonEgressRefused,
			Text: "the host has an address that is not a public one, and the channel's policy does not allow its range"}},
		"inside by its address": {func(_ *server, sender *Sender) { sender.Dialer, sender.Host = egress.Dialer{}, "127.0.0.1" },
			delivery.Failure{Reason: delivery.ReasonEgressRefused,
				Text: "the host has an address that is not a public one, and the channel's policy does not allow its range"}},
		"no such name": {func(s *server, _ *Sender) { s.names.Set(host) },
			delivery.Failure{Reason: delivery.ReasonUnreachable, Text: "the name of the host does not resolve"}},
		"nobody listens": {func(s *server, _ *Sender) { _ = s.listener.Close() },
			delivery.Failure{Reason: delivery.ReasonUnreachable, Text: "the host refuses the connection"}},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			s := newServer(t)
			sender := s.start(t, StartTLS)
			c.change(s, sender)
			_, err := sender.Send(t.Context(), jane, message())
			c.want.Channel = true
			if got := failed(t, err); *got != c.want {
				t.Errorf("%+v, want %+v", got, c.want)
			}
		})
	}
}

// Whether a mail arrived is not known when the server dies between the data and its answer: it is sent again,
// and has the same Message-ID.
func TestSendWhenTheServerDiesBeforeItAnswers(t *testing.T) {
	s := newServer(t)
	s.onData = func(c *smtp.Conn) error { return c.Conn().Close() }
	_, err := s.start(t, StartTLS).Send(t.Context(), jane, message())
	want := delivery.Failure{
		Reason: delivery.ReasonConnectionLost,
		Text:   "the connection broke before there was an answer that could be read; the server may have taken the mail",
	}
	if got := failed(t, err); *got != want {
		t.Errorf("%+v, want %+v", got, want)
	}
}

func TestSendWaitsForTheAnswer(t *testing.T) {
	s := newServer(t)
	read, answer := make(chan struct{}), make(chan struct{})
	s.onData = func(*smtp.Conn) error {
		close(read)
		<-answer
		return nil
	}
	sender := s.start(t, StartTLS)
	sent := make(chan error, 1)
	go func() {
		_, err := sender.Send(t.Context(), jane, message())
		sent <- err
	}()
	<-read
	select {
	case err := <-sent:
		t.Fatalf("it did not wait: %v", err)
	default:
	}
	close(answer)
	if err := <-sent; err != nil {
		t.Error(err)
	}
}

// An answer that is too late is none; and the connection is of no use for the next mail.
func TestSendDoesNotWaitForever(t *testing.T) {
	s := newServer(t)
	ctx := &expiring{Context: t.Context(), done: make(chan struct{})}
	answer, late := make(chan struct{}), true
	s.onData = func(*smtp.Conn) error {
		if late {
			close(ctx.done)
			<-answer
		}
		return nil
	}
	session := s.start(t, Implicit).Session()
	t.Cleanup(session.Close)
	_, err := session.Send(ctx, jane, message())
	want := delivery.Failure{Reason: delivery.ReasonTimeout, Text: "no answer in time; the server may have taken the mail"}
	if got := failed(t, err); *got != want {
		t.Errorf("%+v, want %+v", got, want)
	}
	late = false
	close(answer)
	if _, err := session.Send(t.Context(), jane, message()); err != nil {
		t.Error(err)
	}
	if sessions, _, _ := s.heard(); sessions != 2 {
		t.Errorf("%d sessions", sessions)
	}
}

// expiring is a context whose time is up when the test says so.
type expiring struct {
	context.Context
	done chan struct{}
}

func (e *expiring) Done() <-chan struct{} { return e.done }

func (e *expiring) Err() error {
	select {
	case <-e.done:
		return context.DeadlineExceeded
	default:
		return nil
	}
}

func TestSendDoesNotWaitForAGreeting(t *testing.T) {
	s := newServer(t)
	s.port = scripted(t, []string{"2", "20"}) // and no more
	sender := s.sender(StartTLS)
	sender.Timeout = time.Second
	_, err := sender.Send(t.Context(), jane, message())
	want := delivery.Failure{Reason: delivery.ReasonTimeout, Text: "no answer in time", Channel: true}
	if got := failed(t, err); *got != want {
		t.Errorf("%+v, want %+v", got, want)
	}
}

func TestSendIsInterrupted(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	answer := make(chan struct{})
	s := newServer(t)
	s.onData = func(*smtp.Conn) error {
		cancel()
		<-answer
		return nil
	}
	t.Cleanup(func() { close(answer) })
	_, err := s.start(t, StartTLS).Send(ctx, jane, message())
	if got := failed(t, err); got.Reason != delivery.ReasonInterrupted || got.Permanent || got.Channel {
		t.Errorf("%+v", got)
	}
}

// scripted is the port of a server that says the first at once, and one more after each line that it hears. At
// the end it hangs up, or waits where what it said is no line.
func scripted(t *testing.T, says []string) int {
	t.Helper()
	listener, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = listener.Close() })
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			go play(conn, says)
		}
	}()
	return portOf(t, listener)
}

func play(conn net.Conn, says []string) {
	defer func() { _ = conn.Close() }()
	lines := bufio.NewReader(conn)
	for i, line := range says {
		if _, err := conn.Write([]byte(line)); err != nil {
			return
		}
		if i < len(says)-1 || line != "" {
			if _, err := lines.ReadString('\n'); err != nil {
				return
			}
		}
	}
}
