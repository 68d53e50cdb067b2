package mail

import (
	"bytes"
	"net/mail"

	gomail "github.com/wneessen/go-mail"

	"forewarn.dev/forewarn/internal/delivery"
)

// letter is a mail as it goes out.
type letter struct {
	from, to  string // of the envelope: bare addresses, their domains in ASCII
	messageID string // with its brackets
	content   []byte // headers and body (RFC 5322)
}

// write writes a mail, the same bytes for the same message.
func (s *Sender) write(to string, m delivery.Message) (letter, *delivery.Failure) {
	from, replyTo, failure := s.check()
	if failure != nil {
		return letter{}, failure
	}
	recipient, err := bare(to)
	if err != nil {
		return letter{}, unusable("the customer's address is none that mail can be sent to")
	}
	subject, body := delivery.Letter(m)
	id := m.ID + "@" + domain(from.Address)
	msg := gomail.NewMsg(
		gomail.WithCharset(gomail.CharsetUTF8), gomail.WithEncoding(gomail.EncodingQP), gomail.WithNoDefaultUserAgent())
	msg.FromMailAddress(from)
	msg.ToMailAddress(&mail.Address{Address: recipient})
	if replyTo != nil {
		msg.ReplyToMailAddress(replyTo)
	}
	msg.Subject(subject)
	msg.SetDateWithValue(m.Sent.UTC())
	msg.SetMessageIDWithValue(id)
	msg.SetGenHeader("Auto-Submitted", "auto-generated") // RFC 3834: nobody's holiday answers it
	msg.SetGenHeader("Content-Language", delivery.Languages(m))
	msg.SetBodyString(gomail.TypeTextPlain, body)
	var content bytes.Buffer
	if _, err := msg.WriteTo(&content); err != nil {
		return letter{}, invalid("the mail could not be written")
	}
	return letter{from: s.envelope(from), to: recipient, messageID: "<" + id + ">", content: content.Bytes()}, nil
}
