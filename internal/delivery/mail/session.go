package mail

import (
	"cmp"
	"context"
	"net"
	"slices"
	"strings"
	"time"

	"github.com/wneessen/go-mail/smtp"

	"forewarn.dev/forewarn/internal/delivery"
	"forewarn.dev/forewarn/internal/delivery/egress"
)

// Bounds of what is said before the first mail, and after the last.
const (
	connectTimeout = time.Minute
	quitTimeout    = 5 * time.Second
)

// Session is a connection for many mails, one after the other.
type Session struct {
	sender *Sender
	conn   net.Conn     // nil: not connected
	client *smtp.Client // over conn, or over TLS over conn
}

// Send tells one customer. The error is always a *delivery.Failure; after any, the session can go on.
func (s *Session) Send(ctx context.Context, to string, m delivery.Message) (delivery.Receipt, error) {
	mail, failure := s.sender.write(to, m)
	if failure != nil {
		return delivery.Receipt{}, failure
	}
	bound, cancel := context.WithTimeout(ctx, cmp.Or(s.sender.Timeout, DefaultTimeout))
	defer cancel()
	reused := s.conn != nil
	err := s.transfer(bound, mail)
	if reused && closed(err) {
		// The server closed between two mails, as many do after so many of them: nothing was said of this one.
		err = s.transfer(bound, mail)
	}
	if err != nil {
		return delivery.Receipt{}, err.failure(ctx)
	}
	return delivery.Receipt{Time: s.sender.Clock.Now(), Reference: mail.messageID}, nil
}

// Close says good-bye, where there is somebody to say it to.
func (s *Session) Close() {
	if s.conn == nil {
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), quitTimeout)
	defer cancel()
	_ = s.talk(ctx, stepQuit, s.client.Quit)
	s.drop()
}

// transfer connects if need be, and hands a mail over. Whatever goes wrong, the connection is good for the next
// mail afterwards, or gone.
func (s *Session) transfer(ctx context.Context, mail letter) *stepError {
	if s.conn == nil {
		if err := s.connect(ctx); err != nil {
			s.drop()
			return err
		}
	}
	err := s.say(ctx, mail)
	switch {
	case err == nil && ctx.Err() == nil:
	case err == nil: // just in time, and no longer of use
		s.drop()
	case !err.answered() || err.code() == codeClosing:
		s.drop()
	case s.talk(ctx, stepReset, s.client.Reset) != nil:
		s.drop()
	}
	return err
}

func (s *Session) say(ctx context.Context, mail letter) *stepError {
	plain := ascii(mail.from) && ascii(mail.to)
	if offered, _ := s.client.Extension("SMTPUTF8"); !plain && !offered {
		return &stepError{step: stepRecipient, refused: unusable("the mail server cannot send to an address with letters outside ASCII")}
	}
	s.client.SkipSMTPUTF8(plain) // where it is asked for without need, the next server may not know it
	if err := s.talk(ctx, stepSender, func() error { return s.client.Mail("<" + mail.from + ">") }); err != nil {
		return err
	}
	if err := s.talk(ctx, stepRecipient, func() error { return s.client.Rcpt("<" + mail.to + ">") }); err != nil {
		return err
	}
	return s.talk(ctx, stepData, func() error {
		data, err := s.client.Data()
		if err != nil {
			return err
		}
		if _, err := data.Write(mail.content); err != nil {
			return err
		}
		return data.Close()
	})
}

func (s *Session) connect(ctx context.Context) *stepError {
	ctx, cancel := context.WithTimeout(ctx, connectTimeout)
	defer cancel()
	sender := s.sender
	from, _, failure := sender.check()
	if failure != nil {
		return &stepError{step: stepConnect, refused: failure}
	}
	conn, err := sender.dial(ctx)
	if err != nil {
		return &stepError{step: stepConnect, err: err, late: ctx.Err() != nil}
	}
	s.conn = conn
	if err := s.talk(ctx, stepGreeting, func() (err error) {
		if s.client, err = smtp.NewClient(conn, sender.Host); err != nil {
			return err
		}
		return s.client.Hello(domain(from.Address))
	}); err != nil {
		return err
	}
	if sender.Security == "" || sender.Security == StartTLS {
		if err := s.secure(ctx); err != nil {
			return err
		}
	}
	if sender.Username == "" && sender.Password == "" {
		return nil
	}
	return s.signIn(ctx)
}

// dial connects, with TLS from the start where that is asked for.
func (s *Sender) dial(ctx context.Context) (net.Conn, error) {
	plain, err := s.Dialer.DialContext(ctx, "tcp", s.address())
	if err != nil {
		return nil, err
	}
	conn := &bounded{Conn: plain}
	if s.Security != Implicit {
		return conn, nil
	}
	safe, err := egress.Handshake(ctx, conn, s.Host, s.RootCAs)
	if err != nil {
		return nil, err // and no nil in an interface
	}
	return safe, nil
}

// secure turns the connection safe. A server that does not offer that, or somebody between who took the offer
// out, is not spoken to any further.
func (s *Session) secure(ctx context.Context) *stepError {
	if offered, _ := s.client.Extension("STARTTLS"); !offered {
		return &stepError{step: stepTLS, refused: &delivery.Failure{
			Reason: delivery.ReasonTLSFailed, Text: "the mail server does not offer STARTTLS", Channel: true,
		}}
	}
	err := s.talk(ctx, stepTLS, func() error {
		return s.client.StartTLS(egress.TLSConfig(s.sender.Host, s.sender.RootCAs))
	})
	if err != nil && !err.answered() {
		err.err = &egress.TLSError{Err: err.err}
	}
	return err
}

// signIn goes by the first way that both sides know.
func (s *Session) signIn(ctx context.Context) *stepError {
	sender := s.sender
	_, offered := s.client.Extension("AUTH")
	ways := strings.Fields(strings.ToUpper(offered))
	var auth smtp.Auth
	switch {
	case slices.Contains(ways, "PLAIN"):
		auth = smtp.PlainAuth("", sender.Username, sender.Password, sender.Host, false)
	case slices.Contains(ways, "LOGIN"):
		auth = smtp.LoginAuth(sender.Username, sender.Password, sender.Host, false)
	default:
		return &stepError{step: stepSignIn, refused: &delivery.Failure{
			Reason: delivery.ReasonCredentialsRefused, Text: "the mail server offers neither PLAIN nor LOGIN to sign in by", Channel: true,
		}}
	}
	return s.talk(ctx, stepSignIn, func() error { return s.client.Auth(auth) })
}

// talk runs one exchange, and breaks it off when ctx ends. The connection is of no use after that.
func (s *Session) talk(ctx context.Context, step step, exchange func() error) *stepError {
	conn := s.conn
	stop := context.AfterFunc(ctx, func() { _ = conn.SetDeadline(time.Unix(1, 0)) })
	err := exchange()
	if stopped := stop(); err != nil {
		return &stepError{step: step, err: err, late: !stopped}
	}
	return nil
}

func (s *Session) drop() {
	if s.conn != nil {
		_ = s.conn.Close()
	}
	s.conn, s.client = nil, nil
}
