package door

import (
	"bytes"
	"crypto/sha256"
	_ "embed"
	"encoding/base64"
	"html/template"
	"net/http"
	"time"

	v1alpha1 "forewarn.dev/forewarn/api/v1alpha1"
	"forewarn.dev/forewarn/internal/answer"
	"forewarn.dev/forewarn/internal/feed"
)

var (
	//go:embed page.html
	pageSource string
	//go:embed style.css
	ownStyle string

	style     = feed.Style() + ownStyle
	templates = template.Must(template.New("page").Funcs(template.FuncMap{
		"style": func() template.CSS { return template.CSS(style) },
	}).Parse(pageSource))

	// contentPolicy lets a browser do nothing but show the page in our own style and send its form back to us.
	contentPolicy = func() string {
		sum := sha256.Sum256([]byte(style))
		return "default-src 'none'; style-src 'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) +
			"'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
	}()
)

// page is what a customer reads.
type page struct {
	feed.Part
	// Given is the answer so far in words, and At when it was given. Empty: none was.
	Given, At string
	// Problem is what is wrong in what was sent. Empty: nothing is.
	Problem string
	// Over is why nothing is to be answered any more. Empty: it is.
	Over string
	// NeedsTime: a day can be asked for, from First to Last. Day is the one that was asked for.
	NeedsTime        bool
	First, Last, Day string
}

// show writes the page.
func show(w http.ResponseWriter, code int, found Found, now time.Time, problem string) {
	part, err := feed.PartOf(found.API)
	if err != nil {
		later(w)
		return
	}
	p := page{Part: part, Problem: problem}
	if kind := found.Given.Kind; kind != "" {
		p.Given, p.At = kindWords[kind], feed.InWords(found.Given.Time, found.API.Zone)
		if kind == v1alpha1.AnswerNeedsTime {
			last := found.Given.NeededUntil.UTC().Add(-time.Second) // the day ends with the next one's first second
			p.Given += last.Format("Monday 2 January 2006") + " (UTC)."
			p.Day = answer.Day(last)
		}
	}
	if found.Over {
		p.Over = overWords(found.notice().State)
	}
	first, last := answer.Days(now, found.notice().Effective)
	p.NeedsTime, p.First, p.Last = !last.Before(first), answer.Day(first), answer.Day(last)
	write(w, code, "answer", p)
}

func overWords(state feed.State) string {
	switch state {
	case feed.Withdrawn:
		return "This change was withdrawn. There is nothing left to answer."
	case feed.Superseded:
		return "Another notice replaces this one. You can answer that one, by the link that you got with it."
	}
	return "This notice is over. There is nothing left to answer."
}

// problem is what is said instead of a page.
type problem struct{ Title, Text string }

// What is said where nothing is shown. What is none of ours looks the same, whatever it is.
var (
	notFound   = problem{"Not found", "There is nothing at this address. Please use the link as it stands in the message that you got."}
	expired    = problem{"This link has expired", "It was good for some time after the change. Please use the address for help in the message that you got."}
	notAllowed = problem{"Nothing can be done here in that way", "Please use the link as it stands in the message that you got."}
	notAForm   = problem{"Nothing was answered", "What was sent is not what the page sends. Please open the link again and use its buttons."}
	notNow     = problem{"Not ready", "Nothing was changed. Please try again in a few seconds."}
)

func refuse(w http.ResponseWriter, code int, p problem) { write(w, code, "problem", p) }

func write(w http.ResponseWriter, code int, name string, data any) {
	var b bytes.Buffer
	if err := templates.ExecuteTemplate(&b, name, data); err != nil {
		b.Reset()
		code = http.StatusInternalServerError
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.WriteHeader(code)
	_, _ = b.WriteTo(w) // whoever asked is gone
}
