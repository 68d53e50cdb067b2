package feed

import (
	"bytes"
	"crypto/sha256"
	_ "embed"
	"encoding/base64"
	"fmt"
	"html/template"
	"strings"
	"time"
)

var (
	//go:embed page.html
	pageSource string
	//go:embed style.css
	style string

	templates = template.Must(template.New("page").Funcs(template.FuncMap{
		"anchor": anchor,
		"link":   link,
		"stamp":  stamp,
		"style":  func() template.CSS { return template.CSS(style) },
	}).Parse(pageSource))

	// contentPolicy lets a browser do nothing but show the page in our own style.
	contentPolicy = func() string {
		sum := sha256.Sum256([]byte(style))
		return "default-src 'none'; style-src 'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) +
			"'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
	}()
)

// noticeView is a notice as people read it.
type noticeView struct {
	*Notice
	Zone *time.Location
	// Page is the address of the API's page, "" on the page itself.
	Page string
	// Standing is a word before the title, Sentence the words before the date, When the date.
	Standing, Sentence, When string
	// End is when a planned downtime is over.
	End string
	// Before is the date before the notice was postponed.
	Before string
	// Replacement is what customers know the notice by that replaces this one; Known, that it is on the same page.
	Replacement string
	Known       bool
}

// Brief is a moment that nobody has to act by.
func (v noticeView) Brief(t time.Time) string { return inBrief(t, v.Zone) }

func view(a *API, n *Notice) noticeView {
	v := noticeView{Notice: n, Zone: a.Zone, Standing: n.standing(), When: inWords(n.Effective, a.Zone)}
	switch n.State {
	case Upcoming:
		v.Sentence = "Comes on"
	case InForce:
		v.Sentence = "In force since"
	case Over:
		v.Sentence = "Is over. It was announced for"
	case Withdrawn:
		v.Sentence = "Does not come. It was announced for"
	case Superseded:
		v.Sentence = "Replaced by another notice. It was announced for"
	}
	if n.Apology && n.State == Over {
		v.Sentence = "Longer than promised since"
	}
	if n.Until != nil {
		v.End = inWords(*n.Until, a.Zone)
	}
	if n.Previous != nil {
		v.Before = inWords(*n.Previous, a.Zone)
	}
	if v.Replacement = n.SupersededBy; n.SupersededBy == "" {
		return v
	}
	for i := range a.Notices {
		if a.Notices[i].Name == n.SupersededBy {
			v.Replacement, v.Known = a.Notices[i].Title, true
		}
	}
	return v
}

// HelpText is the help as it is read: the address of a mailbox goes without its scheme.
func (v noticeView) HelpText() string { return strings.TrimPrefix(v.Help, "mailto:") }

// section is a group of notices under one heading.
type section struct {
	Title, ID, Empty string
	Notices          []noticeView
}

// renderPage is the page of one API.
func renderPage(_ string, a *API) ([]byte, error) {
	sections := []section{
		{Title: "Coming", ID: "coming", Empty: "No change is announced."},
		{Title: "In force", ID: "in-force"},
		{Title: "Over", ID: "over"},
		{Title: "Withdrawn or replaced", ID: "off"},
	}
	for i := range a.Notices {
		s := &sections[rank(a.Notices[i].State)]
		s.Notices = append(s.Notices, view(a, &a.Notices[i]))
	}
	return execute("api", struct {
		*API
		Sections []section
	}{a, sections})
}

// apiView is an API in the list of all.
type apiView struct {
	*API
	Coming int
	Next   *noticeView
}

// renderIndex is the list of all APIs.
func renderIndex(s *Site) ([]byte, error) {
	views := make([]apiView, 0, len(s.APIs))
	for i := range s.APIs {
		v := apiView{API: &s.APIs[i]}
		for j := range v.Notices {
			if v.Notices[j].State != Upcoming {
				continue
			}
			if v.Coming++; v.Next == nil {
				next := view(v.API, &v.Notices[j])
				v.Next = &next
			}
		}
		views = append(views, v)
	}
	return execute("index", views)
}

// problem is what is said instead of a page.
type problem struct{ Title, Text string }

func execute(name string, data any) ([]byte, error) {
	var b bytes.Buffer
	if err := templates.ExecuteTemplate(&b, name, data); err != nil {
		return nil, fmt.Errorf("rendering a page: %w", err)
	}
	return b.Bytes(), nil
}
