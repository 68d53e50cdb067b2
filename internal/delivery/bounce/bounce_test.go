package bounce

import (
	"encoding/base64"
	"errors"
	"os"
	"strings"
	"testing"
)

const id = "0123456789abcdef0123456789abcdef"

// What mail servers write, with the ends of lines of the wire and with those of Unix: postfix.eml is of postfix 3.7 and
// opensmtpd.eml of OpenSMTPD 6.8, the others are written as theirs are.
func TestParseWhatMailServersWrite(t *testing.T) {
	for name, failed := range map[string]bool{
		"postfix.eml":           true,
		"postfix-expired.eml":   true, // 4.4.1, and no further attempt
		"postfix-delayed.eml":   false,
		"postfix-delivered.eml": false,
		"opensmtpd.eml":         true,
		"exchange.eml":          true,
		"gmail.eml":             true,
	} {
		t.Run(name, func(t *testing.T) {
			written, err := os.ReadFile("testdata/" + name)
			if err != nil {
				t.Fatal(err)
			}
			for ends, text := range map[string]string{
				"LF": string(written), "CRLF": strings.ReplaceAll(string(written), "\n", "\r\n"),
			} {
				report, err := Parse([]byte(text))
				if want := (Report{ID: id, Failed: failed}); err != nil || report != want {
					t.Errorf("%s: %+v, %v", ends, report, err)
				}
			}
		})
	}
}

const (
	theStatus   = "Final-Recipient: rfc822; jane@customer.example\nAction: failed\nStatus: 5.1.1\n"
	theOriginal = "Subject: x\nMessage-ID: <" + id + "@acme.example>\n"
)

// notification is one of the parts status and original.
func notification(status, original string) string {
	return mailOf(part("message/delivery-status", "Reporting-MTA: dns; mx.example\n\n"+status), part("text/rfc822-headers", original))
}

func part(kind, content string) string { return "Content-Type: " + kind + "\n\n" + content }

func mailOf(parts ...string) string {
	return "From: mailer-daemon@mx.example\nContent-Type: multipart/report; report-type=delivery-status; boundary=x\n\n--x\n" +
		strings.Join(parts, "\n--x\n") + "\n--x--\n"
}

// Each way in which a mail can be said to have failed, or not to.
func TestParseWhatBecameOfTheMail(t *testing.T) {
	recipient := func(lines string) string { return "Final-Recipient: rfc822; jane@customer.example\n" + lines + "\n" }
	for name, tc := range map[string]struct {
		status string
		failed bool
		err    error
	}{
		"permanent":                           {recipient("Action: failed\nStatus: 5.1.1\n"), true, nil},
		"given up":                            {recipient("Action: failed\nStatus: 4.4.7\n"), true, nil},
		"the first status there is":           {recipient("Action: failed\nStatus: 4.0.0\n"), true, nil},
		"the last status there is":            {recipient("Action: failed\nStatus: 5.999.999\n"), true, nil},
		"late":                                {recipient("Action: delayed\nStatus: 4.4.7\n"), false, nil},
		"delivered":                           {recipient("Action: delivered\nStatus: 2.1.5\n"), false, nil},
		"handed on to who says no more":       {recipient("Action: relayed\nStatus: 2.1.9\n"), false, nil},
		"handed on to several":                {recipient("Action: expanded\nStatus: 2.1.9\n"), false, nil},
		"in other letters":                    {recipient("ACTION: Failed\nstatus: 5.1.1\n"), true, nil},
		"with comments":                       {recipient("Action: failed (at last)\nStatus: 5.0.0 (permanent failure)\n"), true, nil},
		"with a comment without a blank":      {recipient("Action: failed(at last)\nStatus: 5.0.0(permanent failure)\n"), true, nil},
		"folded":                              {recipient("Action:\n failed\nStatus:\n\t5.1.1\n"), true, nil},
		"with lines that are no field":        {recipient("Action: failed\nno field\nStatus: 5.1.1\n"), true, nil},
		"one of two failed":                   {recipient("Action: delivered\nStatus: 2.0.0\n") + recipient("Action: failed\nStatus: 5.1.1\n"), true, nil},
		"the first of two failed":             {recipient("Action: failed\nStatus: 5.1.1\n") + recipient("Action: delayed\nStatus: 4.4.7\n"), true, nil},
		"failed, and delivered by its code":   {recipient("Action: failed\nStatus: 2.1.5\n"), false, errUnclear},
		"failed without a code":               {recipient("Action: failed\n"), false, errUnclear},
		"failed with half a code":             {recipient("Action: failed\nStatus: 5.1\n"), false, errUnclear},
		"failed with a code that is none":     {recipient("Action: failed\nStatus: 6.1.1\n"), false, errUnclear},
		"failed with a code that is too long": {recipient("Action: failed\nStatus: 5.1.1000\n"), false, errUnclear},
		"two actions":                         {recipient("Action: delivered\nAction: failed\nStatus: 5.1.1\n"), false, errUnclear},
		"two codes":                           {recipient("Action: failed\nStatus: 5.1.1\nStatus: 4.4.7\n"), false, errUnclear},
		"an action that nobody knows":         {recipient("Action: vanished\nStatus: 5.1.1\n"), false, errNoStatus},
		"no action":                           {recipient("Status: 5.1.1\n"), false, errNoStatus},
		"nothing":                             {"", false, errNoStatus},
	} {
		t.Run(name, func(t *testing.T) {
			report, err := Parse([]byte(notification(tc.status, theOriginal)))
			if !errors.Is(err, tc.err) || report.Failed != tc.failed {
				t.Errorf("%+v, %v", report, err)
			}
		})
	}
}

// Of what mail it is, is to be seen in the headers that come back, and there alone.
func TestParseWhichMail(t *testing.T) {
	for name, tc := range map[string]struct {
		original string
		err      error
	}{
		"in full":                        {"Message-ID: <" + id + "@acme.example>\n\nbody\n", nil},
		"folded":                         {"Message-ID:\n <" + id + "@acme.example>\n", nil},
		"in other letters":               {"message-id: <" + id + "@acme.example>\n", nil},
		"by an address of before":        {"Message-ID: <" + id + "@old.example>\n", nil},
		"after the divider of a mailbox": {"From notices@acme.example Tue Nov 24\nMessage-ID: <" + id + "@acme.example>\n", nil},
		"after what is no header":        {"?\n\tx\nMessage-ID: <" + id + "@acme.example>\n", nil},
		"in the body":                    {"Subject: x\n\nMessage-ID: <" + id + "@acme.example>\n", errNotOurs},
		"none":                           {"Subject: x\n", errNotOurs},
		"two":                            {"Message-ID: <" + id + "@acme.example>\nMessage-ID: <" + strings.Repeat("f", 32) + "@acme.example>\n", errUnclear},
		"two ids in one":                 {"Message-ID: <" + id + "@acme.example> <" + id + "@acme.example>\n", errNotOurs},
		"somebody else's":                {"Message-ID: <20261124093012.4F2D21C0A3@mx.acme.example>\n", errNotOurs},
		"31 digits":                      {"Message-ID: <" + id[1:] + "@acme.example>\n", errNotOurs},
		"33 digits":                      {"Message-ID: <0" + id + "@acme.example>\n", errNotOurs},
		"capital letters":                {"Message-ID: <" + strings.ToUpper(id) + "@acme.example>\n", errNotOurs},
		"without brackets":               {"Message-ID: " + id + "@acme.example\n", errNotOurs},
		"without a domain":               {"Message-ID: <" + id + "@>\n", errNotOurs},
		"with a domain in two":           {"Message-ID: <" + id + "@acme\texample>\n", errNotOurs},
		"with a CR in it":                {"Message-ID: <" + id + "@acme.example>\rX: y\n", errNotOurs},
	} {
		t.Run(name, func(t *testing.T) {
			report, err := Parse([]byte(notification(theStatus, tc.original)))
			if !errors.Is(err, tc.err) || err == nil && report != (Report{ID: id, Failed: true}) {
				t.Errorf("%+v, %v", report, err)
			}
		})
	}
}

func TestParseEncodedParts(t *testing.T) {
	encoded := "Content-Transfer-Encoding: Base64\nContent-Type: message/global-delivery-status\n\n" +
		base64.StdEncoding.EncodeToString([]byte("Reporting-MTA: utf-8; mx.example\n\n"+theStatus))
	quoted := "Content-Transfer-Encoding: quoted-printable\nContent-Type: message/global-headers\n\nMessage-ID: <0123456789abcdef=\n0123456789abcdef@acme.=65xample>\n"
	report, err := Parse([]byte(mailOf(encoded, quoted)))
	if want := (Report{ID: id, Failed: true}); err != nil || report != want {
		t.Errorf("%+v, %v", report, err)
	}
	broken := "Content-Transfer-Encoding: base64\nContent-Type: message/delivery-status\n\n!!!"
	if _, err := Parse([]byte(mailOf(broken, quoted))); !errors.Is(err, errBroken) {
		t.Error(err)
	}
}

// What is none, or wants to be more than one, changes nothing, and takes no time.
func TestParseRefuses(t *testing.T) {
	status, original := part("message/delivery-status", theStatus), part("message/rfc822", theOriginal)
	whole := mailOf(status, original)
	within := part("message/rfc822", strings.NewReplacer("--x", "--y", "=x", "=y").Replace(whole))
	many := strings.Repeat("--x\n\n\n", MaxSize/6)
	for name, tc := range map[string]struct {
		mail string
		err  error
	}{
		"nothing":                        {"", errNoMail},
		"a line that is no header":       {"hello\n\nhello\n", errNoMail},
		"the divider of a mailbox alone": {"From x", errNoMail},
		"a mail":                         {"Subject: hello\n\nhello\n", errNoReport},
		"no notification at all":         {"Content-Type: text/plain\n\n" + whole, errNoReport},
		"no boundary":                    {strings.Replace(whole, "; boundary=x", "", 1), errNoReport},
		"an empty boundary":              {strings.Replace(whole, "boundary=x", `boundary=""`, 1), errNoReport},
		"a boundary that is too long":    {strings.Replace(whole, "boundary=x", "boundary="+strings.Repeat("x", 71), 1), errNoReport},
		"two boundaries":                 {strings.Replace(whole, "boundary=x", "boundary=x; boundary=y", 1), errNoReport},
		"a type that cannot be read":     {strings.Replace(whole, "multipart/report;", "multipart/report;;;", 1), errNoReport},
		"another boundary in the body":   {strings.Replace(whole, "boundary=x", "boundary=y", 1), errNoReport},
		"it breaks off":                  {strings.TrimSuffix(whole, "--x--\n"), errBroken},
		"a receipt of having been read":  {mailOf(part("message/disposition-notification", "Disposition: manual-action; displayed\n"), original), errNoReport},
		"no mail comes back":             {mailOf(status), errNoOriginal},
		"it does not say what became":    {mailOf(original), errNoReport},
		"two say what became":            {mailOf(status, status, original), errUnclear},
		"two mails come back":            {mailOf(status, original, original), errUnclear},
		"a notification in another":      {mailOf(within), errNoReport},
		"one that returns another":       {mailOf(status, within), errNotOurs},
		"17 parts":                       {mailOf(append([]string{status, original}, make([]string, maxParts-1)...)...), errBroken},
		"parts without end":              {strings.Replace(whole, "--x\n", many+"--x\n", 1), errBroken},
		"multiparts without end": {"Content-Type: multipart/report; boundary=x\n\n" +
			strings.Repeat("--x\nContent-Type: multipart/mixed; boundary=x\n\n", MaxSize/50), errBroken},
		"a line without end":         {notification("Action: "+strings.Repeat("f", MaxSize), theOriginal), errNoStatus},
		"a field folded without end": {notification(theStatus, "Message-ID: <"+strings.Repeat("\n x", MaxSize/3)+"\n"), errNotOurs},
		"recipients without end":     {notification(strings.Repeat("Action: delivered\n\n", MaxSize/19)+"Action: gone\n", theOriginal), errNoStatus},
		"empty lines without end":    {notification(strings.Repeat("\n", MaxSize), theOriginal), errNoStatus},
	} {
		t.Run(name, func(t *testing.T) {
			if report, err := Parse([]byte(tc.mail)); !errors.Is(err, tc.err) {
				t.Errorf("%+v, %v, want %v", report, err, tc.err)
			}
		})
	}
	if report, err := Parse([]byte(mailOf(append([]string{status, original}, make([]string, maxParts-2)...)...))); err != nil || report.ID != id {
		t.Errorf("16 parts: %+v, %v", report, err)
	}
}
