package feed

import (
	"strings"
	"testing"
	"time"
)

// An apology is shown as one wherever it is shown.
func TestApologies(t *testing.T) {
	a := downtime(t, Over)
	n := &a.Notices[0]
	n.Until, n.Apology, n.Title, n.WhatChanges, n.WhatToDo = nil, true, "Orders were down", "It did not answer", "You get 10% back"
	n.Published = n.Effective.Add(time.Hour)
	n.Updated = n.Published
	for name, render := range map[string]func(string, *API) ([]byte, error){
		"page": renderPage, "feed": renderAtom, "calendar": renderCalendar, "JSON": renderJSON,
	} {
		document, err := render("https://notices.acme.example/shop/orders/", &a)
		if err != nil {
			t.Fatal(err)
		}
		text := strings.ReplaceAll(string(document), "\r\n ", "")
		wanted := []string{"Apology", "What happened", "What happens next", "Longer than promised since"}
		if name == "JSON" {
			wanted = []string{`"apology": true`}
		}
		for _, want := range wanted {
			if !strings.Contains(text, want) {
				t.Errorf("the %s has no %q:\n%s", name, want, text)
			}
		}
		for _, not := range []string{"What changes", "What to do", "In force"} {
			if strings.Contains(text, not) {
				t.Errorf("the %s has %q:\n%s", name, not, text)
			}
		}
	}
}
