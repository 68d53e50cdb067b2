// Package bounce reads what a mail server sends back when it could not deliver a mail that it had taken over: a
// delivery status notification (RFC 3464). It takes from one which mail it is about and whether that failed, and
// nothing else: what it holds besides is the customer's, and is in no error either.
package bounce

import (
	"bytes"
	"encoding/base64"
	"errors"
	"io"
	"mime"
	"mime/multipart"
	"net/mail"
	"regexp"
	"strings"
)

// MaxSize is the most that is read of one, in bytes: with it, the mail that comes back in full.
const MaxSize = 256 << 10

const (
	// maxParts bounds what strangers can have us look at: a notification has three.
	maxParts = 16
	// maxBoundary is that of RFC 2046, section 5.1.1.
	maxBoundary = 70
)

// Report is what a notification says.
type Report struct {
	// ID is that of the message (delivery.ID), from the Message-ID of the mail that is returned.
	ID string
	// Failed: it was not delivered and will not be. One that is late, was delivered or was handed on did not fail.
	Failed bool
}

// What is wrong with what was sent in. None of them says anything of the mail.
var (
	errNoMail     = errors.New("it cannot be read as a mail")
	errNoReport   = errors.New("the mail is no delivery status notification (RFC 3464)")
	errBroken     = errors.New("the parts of the notification cannot be told apart")
	errNoStatus   = errors.New("the notification does not say what became of the mail")
	errUnclear    = errors.New("the notification contradicts itself about what became of the mail")
	errNoOriginal = errors.New("the notification does not return the headers of the mail")
	errNotOurs    = errors.New("the mail that is returned is none of forewarn's: its Message-ID is another")
)

// Parse reads a notification, with the line before it by which mailboxes are divided (mbox) or without.
func Parse(raw []byte) (Report, error) {
	message, err := mail.ReadMessage(bytes.NewReader(withoutDivider(raw)))
	if err != nil {
		return Report{}, errNoMail
	}
	kind, params, err := mime.ParseMediaType(message.Header.Get("Content-Type"))
	boundary := params["boundary"]
	// It should be multipart/report, and OpenSMTPD writes multipart/mixed: what counts is what is in it.
	if err != nil || !strings.HasPrefix(kind, "multipart/") || boundary == "" || len(boundary) > maxBoundary {
		return Report{}, errNoReport
	}
	status, original, err := split(multipart.NewReader(message.Body, boundary))
	if err != nil {
		return Report{}, err
	}
	failed, err := failedBy(status)
	if err != nil {
		return Report{}, err
	}
	id, err := idOf(original)
	return Report{ID: id, Failed: failed}, err
}

// withoutDivider leaves out the first line of a mailbox, which postfix puts before what it hands to a program.
func withoutDivider(raw []byte) []byte {
	if bytes.HasPrefix(raw, []byte("From ")) {
		if end := bytes.IndexByte(raw, '\n'); end >= 0 {
			return raw[end+1:]
		}
	}
	return raw
}

// split finds what became of the mail, and the mail itself. It looks at the parts of the notification alone: what is
// in them may hold notifications, too, which are about other mails.
func split(parts *multipart.Reader) (status, original []byte, err error) {
	for n := 0; ; n++ {
		part, err := parts.NextPart()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil || n == maxParts {
			return nil, nil, errBroken
		}
		kind, _, err := mime.ParseMediaType(part.Header.Get("Content-Type"))
		if err != nil {
			continue // none that is looked for
		}
		var into *[]byte
		switch kind {
		case "message/delivery-status", "message/global-delivery-status":
			into = &status
		case "message/rfc822", "text/rfc822-headers", "message/global", "message/global-headers":
			into = &original
		default:
			continue
		}
		if *into != nil {
			return nil, nil, errUnclear
		}
		if *into, err = contentOf(part); err != nil {
			return nil, nil, errBroken
		}
	}
	switch {
	case status == nil:
		return nil, nil, errNoReport
	case original == nil:
		return nil, nil, errNoOriginal
	}
	return status, original, nil
}

// contentOf is never nil without an error. Quoted-printable was decoded with the part.
func contentOf(part *multipart.Part) ([]byte, error) {
	var content io.Reader = part
	if strings.EqualFold(strings.TrimSpace(part.Header.Get("Content-Transfer-Encoding")), "base64") {
		content = base64.NewDecoder(base64.StdEncoding, part)
	}
	return io.ReadAll(content)
}

// statusCode is that of RFC 3463.
var statusCode = regexp.MustCompile(`^[245]\.[0-9]{1,3}\.[0-9]{1,3}$`)

// failedBy reads what became of the mail (RFC 3464, section 2): a group of fields about the mail, and one for each
// recipient. Our mails have one; it may lead to several, and one that failed is one too many.
func failedBy(status []byte) (failed bool, err error) {
	known := false
	for rest := status; len(rest) > 0; {
		var group []field
		group, rest = header(rest)
		action, err := only(group, "action")
		if err != nil {
			return false, errUnclear
		}
		if action == "" {
			continue // about the mail as a whole, or empty
		}
		known = true
		switch strings.ToLower(firstWord(action)) {
		case "failed":
			code, err := only(group, "status")
			code = firstWord(code)
			if err != nil || !statusCode.MatchString(code) || code[0] == '2' {
				return false, errUnclear
			}
			failed = true
		case "delayed", "delivered", "relayed", "expanded":
		default:
			return false, errNoStatus
		}
	}
	if !known {
		return false, errNoStatus
	}
	return failed, nil
}

// messageID is that of a mail as internal/delivery/mail writes it. Its domain does not count: the address that mails
// are from may have changed since, and there are no two messages with one id.
var messageID = regexp.MustCompile(`^<([0-9a-f]{32})@[^\s<>@]+>$`)

func idOf(original []byte) (string, error) {
	fields, _ := header(withoutDivider(original))
	value, err := only(fields, "message-id")
	if err != nil {
		return "", errUnclear
	}
	found := messageID.FindStringSubmatch(value)
	if found == nil {
		return "", errNotOurs
	}
	return found[1], nil
}
