package main

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"io"
	"mime"
	"mime/quotedprintable"
	"net/mail"
	"strings"
	"sync"
)

// mailbox keeps mails in a folder.
type mailbox struct {
	dir string

	mutex sync.Mutex
	taken int
}

// shown are the headers that are kept, in this order.
var shown = []string{"From", "To", "Reply-To", "Subject", "Date", "Message-ID"}

// take keeps one mail.
func (b *mailbox) take(r io.Reader) error {
	text, err := readable(r)
	if err != nil {
		return err
	}
	b.mutex.Lock()
	defer b.mutex.Unlock()
	if err := write(b.path(b.taken+1), text); err != nil {
		return err
	}
	b.taken++
	return nil
}

// readable is a mail of one part as people read it.
func readable(r io.Reader) ([]byte, error) {
	message, err := mail.ReadMessage(r)
	if err != nil {
		return nil, fmt.Errorf("reading the mail: %w", err)
	}
	var out bytes.Buffer
	words := new(mime.WordDecoder)
	for _, name := range shown {
		value := message.Header.Get(name)
		if decoded, err := words.DecodeHeader(value); err == nil {
			value = decoded
		}
		if value != "" {
			fmt.Fprintf(&out, "%s: %s\n", name, value)
		}
	}
	body := message.Body
	switch strings.ToLower(message.Header.Get("Content-Transfer-Encoding")) {
	case "quoted-printable":
		body = quotedprintable.NewReader(body)
	case "base64":
		body = base64.NewDecoder(base64.StdEncoding, body)
	}
	text, err := io.ReadAll(body)
	if err != nil {
		return nil, fmt.Errorf("reading the text of the mail: %w", err)
	}
	out.WriteString("\n")
	out.Write(bytes.ReplaceAll(text, []byte("\r\n"), []byte("\n")))
	return out.Bytes(), nil
}
