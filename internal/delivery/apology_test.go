package delivery

import (
	"strings"
	"testing"
)

// An apology tells of what was: nothing changes, nothing is to be done, and nothing is the first notice of anything.
func TestLetterOfAnApology(t *testing.T) {
	m := message(Published)
	m.Notice.Apology, m.AnswerURL, m.Notice.Title = true, "", "On 1 July 2027 orders had been down"
	subject, body := Letter(m)
	if want := "Orders API: On 1 July 2027 orders had been down"; subject != want {
		t.Errorf("the subject is %q, want %q", subject, want)
	}
	want := `Orders API: On 1 July 2027 orders had been down
Longer than promised since: Thursday, 1 July 2027, 00:00:00 (Europe/Berlin), which is Wednesday, 30 June 2027, 22:00:00 UTC

This is about a downtime that nobody told you of before.

What happened
  DELETE /orders/{id} answers 404.

  It is not coming back.

What happens next
  Use POST /orders/{id}/cancel, available today.

Versions
`
	if !strings.HasPrefix(body, want) {
		t.Errorf("it is\n%s\nand should begin\n%s", body, want)
	}
	for locale, says := range map[string]string{"de": "Wie es weitergeht\n", "fr": "Ce qui s'est passé\n", "es": "Se trata de una caída"} {
		m.Notice.Locale = locale
		if _, body := Letter(m); !strings.Contains(body, says) {
			t.Errorf("%s: no %q in\n%s", locale, says, body)
		}
	}
	m = message(Withdrawn)
	m.Notice.Apology = true
	if _, body := Letter(m); !strings.Contains(body, "\nThis message was withdrawn. What it said does not hold.\n") || strings.Contains(body, "would have") {
		t.Errorf("withdrawn, it is\n%s", body)
	}
}
