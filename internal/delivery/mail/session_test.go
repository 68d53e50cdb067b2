package mail

import (
	"errors"
	"fmt"
	"testing"

	"github.com/emersion/go-smtp"

	"forewarn.dev/forewarn/internal/delivery"
)

func TestSessionSendsManyByOneConnection(t *testing.T) {
	s := newServer(t)
	s.onRcpt = func(to string) error {
		if to == "c2@customer.example" {
			return saying(550, "5.1.1")
		}
		return nil
	}
	session := s.start(t, StartTLS).Session()
	for i := range 5 {
		m := message()
		m.ID = delivery.ID("u", fmt.Sprint(i), "mail", delivery.Published)
		receipt, err := session.Send(t.Context(), fmt.Sprintf("c%d@customer.example", i), m)
		switch {
		case i == 2:
			if got := failed(t, err); got.Reason != delivery.ReasonMailRefused {
				t.Errorf("%+v", got)
			}
		case err != nil:
			t.Error(err)
		case receipt.Reference != "<"+m.ID+"@acme.example>":
			t.Errorf("the reference is %s", receipt.Reference)
		}
	}
	session.Close()
	var got []string
	for _, mail := range s.mails() {
		got = append(got, mail.to)
	}
	if want := "[c0@customer.example c1@customer.example c3@customer.example c4@customer.example]"; fmt.Sprint(got) != want {
		t.Errorf("got %v, want %s", got, want)
	}
	if sessions, signedIn, _ := s.heard(); sessions != 2 || signedIn != 1 { // a session before STARTTLS, one after
		t.Errorf("%d sessions, signed in %d times", sessions, signedIn)
	}
}

// Many servers close after so many mails, or when nothing was said for a while.
func TestSessionConnectsAgain(t *testing.T) {
	cases := map[string]func(*smtp.Conn) error{
		"it says so":  func(*smtp.Conn) error { return saying(421, "4.7.0") },
		"it hangs up": func(c *smtp.Conn) error { return errors.Join(errors.New("gone"), c.Conn().Close()) },
	}
	for name, close := range cases {
		t.Run(name, func(t *testing.T) {
			s := newServer(t)
			perConnection := map[*smtp.Conn]int{}
			s.onMail = func(c *smtp.Conn) error {
				if perConnection[c]++; perConnection[c] > 2 {
					return close(c)
				}
				return nil
			}
			session := s.start(t, Implicit).Session()
			t.Cleanup(session.Close)
			for range 6 {
				if _, err := session.Send(t.Context(), jane, message()); err != nil {
					t.Fatal(err)
				}
			}
			if sessions, _, _ := s.heard(); sessions != 3 || len(s.mails()) != 6 {
				t.Errorf("%d connections, %d mails", sessions, len(s.mails()))
			}
		})
	}
}

// But a server that lets nobody begin is not asked for ever.
func TestSessionConnectsAgainOnce(t *testing.T) {
	s := newServer(t)
	refuse := false
	s.onMail = func(*smtp.Conn) error {
		if refuse {
			return saying(421, "4.7.0")
		}
		return nil
	}
	session := s.start(t, Implicit).Session()
	t.Cleanup(session.Close)
	if _, err := session.Send(t.Context(), jane, message()); err != nil {
		t.Fatal(err)
	}
	refuse = true
	_, err := session.Send(t.Context(), jane, message())
	if got := failed(t, err); got.Reason != delivery.ReasonMailDeferred || !got.Channel {
		t.Errorf("%+v", got)
	}
	if _, _, begun := s.heard(); begun != 3 {
		t.Errorf("begun %d times", begun)
	}
}

func TestSessionGoesOnAfterALoss(t *testing.T) {
	s := newServer(t)
	broken := false
	s.onData = func(c *smtp.Conn) error {
		if !broken {
			broken = true
			return c.Conn().Close()
		}
		return nil
	}
	session := s.start(t, StartTLS).Session()
	t.Cleanup(session.Close)
	_, err := session.Send(t.Context(), jane, message())
	if got := failed(t, err); got.Reason != delivery.ReasonConnectionLost || got.Channel {
		t.Errorf("%+v", got)
	}
	if _, err := session.Send(t.Context(), jane, message()); err != nil {
		t.Error(err)
	}
}

// BenchmarkSession sends as many mails as a large audience has customers, to a server on the same machine.
func BenchmarkSession(b *testing.B) {
	const mails = 5000
	s := newServer(b)
	sender := s.start(b, StartTLS)
	for b.Loop() {
		session := sender.Session()
		for i := range mails {
			m := message()
			m.ID = delivery.ID("u", fmt.Sprint(i), "mail", delivery.Published)
			if _, err := session.Send(b.Context(), fmt.Sprintf("c%d@customer.example", i), m); err != nil {
				b.Fatal(err)
			}
		}
		session.Close()
	}
	b.ReportMetric(float64(mails*b.N)/b.Elapsed().Seconds(), "mails/s")
}
