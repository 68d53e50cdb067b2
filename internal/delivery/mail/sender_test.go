package mail

import (
	"strings"
	"testing"

	"github.com/emersion/go-sasl"
	"github.com/google/go-cmp/cmp"

	"forewarn.dev/forewarn/internal/delivery"
)

func TestSendInFull(t *testing.T) {
	s := newServer(t)
	receipt, err := s.start(t, StartTLS).Send(t.Context(), jane, message())
	if err != nil {
		t.Fatal(err)
	}
	if want := (delivery.Receipt{Time: now, Reference: "<0123456789abcdef0123456789abcdef@acme.example>"}); receipt != want {
		t.Errorf("the receipt is %v, want %v", receipt, want)
	}
	want := []received{{from: "notices@acme.example", to: jane, safe: true, content: strings.ReplaceAll(`Auto-Submitted: auto-generated
Content-Language: en
Date: Sun, 22 Nov 2026 11:00:00 +0000
MIME-Version: 1.0
Message-ID: <0123456789abcdef0123456789abcdef@acme.example>
Subject: Orders API: From 1 July 2027 orders can no longer be deleted
From: "Acme APIs" <notices@acme.example>
To: <jane.doe@customer.example>
Reply-To: <help@acme.example>
Content-Transfer-Encoding: quoted-printable
Content-Type: text/plain; charset=UTF-8

Orders API: From 1 July 2027 orders can no longer be deleted
When: Thursday, 1 July 2027, 00:00:00 UTC

This is the first notice of this change.

What changes
  DELETE /orders/{id} answers 404 =E2=80=94 for good.
  .
  . is a line of its own, and so is the next:
  From here on.

Notice shop/orders-no-delete
Reference 0123456789abcdef0123456789abcdef
`, "\n", "\r\n")}}
	if diff := cmp.Diff(want, s.mails(), cmp.AllowUnexported(received{})); diff != "" {
		t.Error(diff)
	}
}

// What comes back goes where it is taken in, and customers see the address that they know.
func TestSendWithAnAddressToComeBackTo(t *testing.T) {
	s := newServer(t)
	sender := s.start(t, StartTLS)
	sender.ReturnTo = "bounces@rückläufer.example"
	if _, err := sender.Send(t.Context(), jane, message()); err != nil {
		t.Fatal(err)
	}
	got := s.mails()
	if len(got) != 1 || got[0].from != "bounces@xn--rcklufer-3za0v.example" {
		t.Errorf("got %+v", got)
	}
	for _, header := range []string{"From: \"Acme APIs\" <notices@acme.example>\r\n", "@acme.example>\r\nSubject: "} {
		if !strings.Contains(got[0].content, header) {
			t.Errorf("there is no %q in %s", header, got[0].content)
		}
	}
}

// A retry is the same mail to the byte, by whichever replica.
func TestSendAgain(t *testing.T) {
	s := newServer(t)
	sender := s.start(t, StartTLS)
	for _, sender := range []*Sender{sender, s.sender(StartTLS)} {
		if _, err := sender.Send(t.Context(), jane, message()); err != nil {
			t.Fatal(err)
		}
	}
	if diff := cmp.Diff(s.mails()[0], s.mails()[1], cmp.AllowUnexported(received{})); diff != "" {
		t.Error(diff)
	}
}

func TestSendByEachWay(t *testing.T) {
	cases := map[string]struct {
		security Security
		ways     []string
		wantSafe bool
	}{
		"STARTTLS":                 {StartTLS, []string{sasl.Plain}, true},
		"STARTTLS where unset":     {"", []string{sasl.Plain}, true},
		"implicit":                 {Implicit, []string{sasl.Plain}, true},
		"none":                     {None, nil, false},
		"by LOGIN":                 {StartTLS, []string{sasl.Login}, true},
		"by LOGIN, implicit":       {Implicit, []string{"XOAUTH2", sasl.Login}, true},
		"PLAIN before LOGIN":       {StartTLS, []string{sasl.Login, sasl.Plain}, true},
		"none of what it offers":   {None, []string{sasl.Plain}, false},
		"safe without a user name": {StartTLS, nil, true},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			s := newServer(t)
			s.ways = c.ways
			sender := s.start(t, c.security)
			if c.ways == nil {
				sender.Username, sender.Password = "", ""
			}
			if _, err := sender.Send(t.Context(), jane, message()); err != nil {
				t.Fatal(err)
			}
			got := s.mails()
			if len(got) != 1 || got[0].safe != c.wantSafe {
				t.Errorf("got %+v", got)
			}
			if _, signedIn, _ := s.heard(); (signedIn > 0) != (sender.Username != "") {
				t.Errorf("signed in %d times", signedIn)
			}
		})
	}
}

func TestSendLooksAtItsSettings(t *testing.T) {
	cases := map[string]struct {
		change func(*Sender)
		want   string
	}{
		"a password in the clear":   {func(s *Sender) { s.Security = None }, "safe connection only"},
		"a name alone in the clear": {func(s *Sender) { s.Security, s.Password = None, "" }, "safe connection only"},
		"another security":          {func(s *Sender) { s.Security = "starttls" }, "StartTLS, Implicit or None"},
		"no host":                   {func(s *Sender) { s.Host = "" }, "no mail server"},
		"from nobody":               {func(s *Sender) { s.From = "" }, "from is none"},
		"from two":                  {func(s *Sender) { s.From = "a@acme.example, b@acme.example" }, "from is none"},
		"from two lines":            {func(s *Sender) { s.From = "Acme\r\nBcc: x@acme.example <a@acme.example>" }, "from is none"},
		"from a line separator":     {func(s *Sender) { s.From = "Acme\u2028 <a@acme.example>" }, "from is none"},
		"back to nobody":            {func(s *Sender) { s.ReturnTo = "nobody" }, "come back to is none"},
		"back to a name":            {func(s *Sender) { s.ReturnTo = "Acme <bounces@acme.example>" }, "come back to is none"},
		"back to two lines":         {func(s *Sender) { s.ReturnTo = "b@acme.example>\r\nRCPT TO:<x@acme.example" }, "come back to is none"},
		"answers to nobody":         {func(s *Sender) { s.ReplyTo = "nobody" }, "answers go to is none"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			s := newServer(t)
			sender := s.start(t, StartTLS)
			c.change(sender)
			_, err := sender.Send(t.Context(), jane, message())
			got := failed(t, err)
			if got.Reason != delivery.ReasonChannelInvalid || !got.Channel || got.Permanent || !strings.Contains(got.Text, c.want) {
				t.Errorf("%+v", got)
			}
			if sessions, _, _ := s.heard(); sessions > 0 {
				t.Error("the server was asked")
			}
		})
	}
}

func TestPorts(t *testing.T) {
	for security, want := range map[Security]string{"": "h:587", StartTLS: "h:587", Implicit: "h:465", None: "h:25"} {
		if got := (&Sender{Host: "h", Security: security}).address(); got != want {
			t.Errorf("%q: %s, want %s", security, got, want)
		}
		if got := (&Sender{Host: "h", Security: security, Port: 2525}).address(); got != "h:2525" {
			t.Errorf("%q: %s", security, got)
		}
	}
}

func TestSendLooksAtTheAddress(t *testing.T) {
	s := newServer(t)
	sender := s.start(t, StartTLS)
	for _, to := range []string{
		"", " ", "jane.doe", "@customer.example", "jane.doe@", jane + "\r\nRCPT TO:<all@customer.example>", jane + "\n", "\r" + jane,
		"jane.doe\r\n@customer.example", "jane.doe\u2028@customer.example", "jane.doe@customer.example\u2029", "jane\u0085doe@customer.example",
		"jane.doe\x00@customer.example", "jane\x1b[31m@customer.example", "jane\u202edoe@customer.example", " " + jane, jane + " ",
		"<" + jane + ">", "Jane Doe <" + jane + ">", jane + ", john@customer.example", jane + ">, <john@customer.example",
		jane + "> NOTIFY=SUCCESS", `"jane doe"@customer.example`, jane + " (at work)", "customers: " + jane + ";", "jane.doe@[10.0.0.1]",
		"jane.doe@customer..example", "jane..doe@customer.example", "jane.doe@-customer.example", "jane.doe@xn--a.example",
		"jane.doe@customer.example@other.example", strings.Repeat("x", 240) + "@customer.example", "jane\xffdoe@customer.example",
	} {
		_, err := sender.Send(t.Context(), to, message())
		if got := failed(t, err); got.Reason != delivery.ReasonAddressInvalid || !got.Permanent || got.Channel {
			t.Errorf("%q: %+v", to, got)
		}
	}
	if sessions, _, _ := s.heard(); sessions > 0 {
		t.Error("the server was asked")
	}
	for to, want := range map[string]string{
		"jane.doe+apis@customer.example":               "jane.doe+apis@customer.example",
		"o'neill@customer.example":                     "o'neill@customer.example",
		"jane.doe@bücher.example":                      "jane.doe@xn--bcher-kva.example",
		"J@a.example":                                  "J@a.example",
		strings.Repeat("x", 237) + "@customer.example": strings.Repeat("x", 237) + "@customer.example",
	} {
		if _, err := sender.Send(t.Context(), to, message()); err != nil {
			t.Errorf("%q: %v", to, err)
			continue
		}
		if got := s.mails()[len(s.mails())-1]; got.to != want || !strings.Contains(unfolded(got.content), "\r\nTo: <"+want+">\r\n") {
			t.Errorf("%q went to %q:\n%s", to, got.to, got.content)
		}
	}
}

// Letters outside ASCII before the @ need a server that knows them (RFC 6531). Asked for without need, the mail
// would bounce at the first server behind that does not.
func TestSendOutsideASCII(t *testing.T) {
	const to = "jané.doe@customer.example"
	for _, knows := range []bool{false, true} {
		s := newServer(t)
		s.EnableSMTPUTF8 = knows
		session := s.start(t, StartTLS).Session()
		t.Cleanup(session.Close)
		_, err := session.Send(t.Context(), to, message())
		switch {
		case knows && err != nil:
			t.Error(err)
		case knows && (s.mails()[0].to != to || !s.mails()[0].utf8 || !strings.Contains(s.mails()[0].content, "\r\nTo: <"+to+">\r\n")):
			t.Errorf("got %+v", s.mails()[0])
		case !knows:
			if got := failed(t, err); got.Reason != delivery.ReasonAddressInvalid || !got.Permanent {
				t.Errorf("%+v", got)
			}
		}
		if _, err := session.Send(t.Context(), jane, message()); err != nil {
			t.Error(err)
		}
		if got := s.mails()[len(s.mails())-1]; got.utf8 || got.to != jane {
			t.Errorf("got %+v", got)
		}
	}
}

func TestSendInjectsNoHeader(t *testing.T) {
	s := newServer(t)
	sender := s.start(t, StartTLS)
	for _, end := range []string{"\r\n", "\n", "\r", "\u2028", "\u2029", "\u0085", "\v", "\f", "\x00", "\r\n\r\n"} {
		m := message()
		m.Notice.Title = "Soon" + end + "Bcc: all@acme.example" + end + end + "<html>\x1b[31m"
		m.Notice.APITitle = "Orders" + end + "X-Other: 1"
		m.Notice.WhatChanges = "a" + end + ".\r\nQUIT\r\n"
		if _, err := sender.Send(t.Context(), jane, m); err != nil {
			t.Fatalf("%q: %v", end, err)
		}
		head, _, _ := strings.Cut(s.mails()[len(s.mails())-1].content, "\r\n\r\n")
		if names := headerNames(head); !cmp.Equal(names, []string{
			"Auto-Submitted", "Content-Language", "Date", "MIME-Version", "Message-ID", "Subject", "From", "To", "Reply-To",
			"Content-Transfer-Encoding", "Content-Type",
		}) {
			t.Errorf("%q: headers %q", end, names)
		}
		if strings.ContainsAny(head, "\x1b\x00\v\f") {
			t.Errorf("%q: %q", end, head)
		}
	}
}

func TestSendBoundsLines(t *testing.T) {
	s := newServer(t)
	m := message()
	m.Notice.Title = strings.Repeat("é", 290)
	m.Notice.WhatChanges = strings.Repeat("x", 4096)
	if _, err := s.start(t, StartTLS).Send(t.Context(), jane, m); err != nil {
		t.Fatal(err)
	}
	for line := range strings.SplitSeq(s.mails()[0].content, "\r\n") {
		if len(line) > 78 {
			t.Errorf("a line of %d bytes: %s", len(line), line)
		}
	}
}

func headerNames(head string) (names []string) {
	for line := range strings.SplitSeq(head, "\r\n") {
		if name, _, found := strings.Cut(line, ": "); found && line[0] != ' ' && line[0] != '\t' {
			names = append(names, name)
		} else if line == "" || line[0] != ' ' && line[0] != '\t' {
			names = append(names, "no header: "+line)
		}
	}
	return names
}

func unfolded(content string) string { return strings.ReplaceAll(content, "\r\n ", " ") }
