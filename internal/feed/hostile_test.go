package feed

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"golang.org/x/net/html"
)

// hostile are texts that try to become something else where they are shown.
var hostile = []string{
	`<script>alert(1)</script>`,
	`</title></style></textarea><script>alert(1)</script>`,
	`"><img src=x onerror=alert(1)>`,
	`' onmouseover='alert(1)`,
	`{{template "index" .}} {{.}} <!-- --> <![CDATA[x]]> ]]> &amp; &#60;b&#62;`,
	"<?xml version=\"1.0\"?><!DOCTYPE x [<!ENTITY e SYSTEM \"file:///etc/passwd\">]>&e;",
	"x\r\nEND:VEVENT\r\nEND:VCALENDAR\r\nBEGIN:VCALENDAR\r\nMETHOD:CANCEL",
	"x\nBEGIN:VALARM\nACTION:EMAIL\nATTENDEE:mailto:a@b.example\nEND:VALARM",
	"x\rDTSTART:19700101T000000Z", "x\u2028STATUS:CANCELLED", "x\u0085STATUS:CANCELLED",
	`x;ALTREP="https://evil.example/":y, z \n \N \; \\`,
	"x\x00y\x1b[2J\x1b]0;z\x07\x7f\u009b31m",
	"x\u202egnihton\u202c \u2066y\u2069 \ufeff\ufff9\ufffe",
	"x\xff\xfe\xed\xa0\x80",
	strings.Repeat("x", 300), strings.Repeat("語", 200), strings.Repeat("e\u0301", 200),
}

func hostileNotice(i int, s string) Notice {
	return Notice{
		ID: fmt.Sprint(i), Name: fmt.Sprintf("n-%02d", i), State: []State{Upcoming, InForce, Withdrawn, Superseded}[i%4],
		Title: s, WhatChanges: s, WhatToDo: s, Help: s, Versions: []string{s}, Operations: []string{s, s}, SupersededBy: s,
		Updates:   []Update{{Time: now, Text: s}},
		Published: now, Updated: now, Effective: now.Add(time.Duration(i) * time.Hour), Sequence: -1,
	}
}

// forbidden is what no answer may hold, in whatever format.
func forbidden(r rune) bool {
	return r < ' ' && r != '\n' && r != '\r' || r >= 0x7f && r < 0xa0 || r == '\u2028' || r == '\u2029' || reorders(r) || r == '\ufffe'
}

func TestHostileTexts(t *testing.T) {
	for i, s := range hostile {
		t.Run(fmt.Sprint(i), func(t *testing.T) {
			site := Site{
				URL:  "https://acme.example/",
				APIs: []API{{Namespace: "shop", Name: "orders", Title: s, Notices: []Notice{hostileNotice(i, s), hostileNotice(i+1, s)}}},
			}
			address, _ := serve(t, site)
			for _, path := range []string{"/", "/shop/orders/", "/shop/orders/feed.atom", "/shop/orders/calendar.ics", "/shop/orders/notices.json"} {
				content := string(body(t, address+path))
				if at := strings.IndexFunc(content, forbidden); at >= 0 {
					t.Errorf("%s holds %q", path, content[max(at-20, 0):min(at+20, len(content))])
				}
			}
			holdsPage(t, parsePage(t, body(t, address+"/")))
			page := parsePage(t, body(t, address+"/shop/orders/"))
			holdsPage(t, page)
			want := oneLine(s)
			for _, title := range elements(page, "h3") {
				if got := textOf(title); got != want && !strings.HasSuffix(got, " "+want) {
					t.Errorf("the page says %q, want %q", got, want)
				}
			}
			atom := parseAtom(t, body(t, address+"/shop/orders/feed.atom"))
			for _, entry := range atom.all("entry") {
				if got := entry.one(t, "title"); got != want && !strings.HasSuffix(got, ": "+want) {
					t.Errorf("the feed says %q, want %q", got, want)
				}
				holdsEntry(t, entry.one(t, "content"))
			}
			_, events := parseCalendar(t, body(t, address+"/shop/orders/calendar.ics"))
			for _, e := range events {
				if got := text(t, e["SUMMARY"]); !strings.HasSuffix(got, ": "+want) || e["SEQUENCE"][0] == '-' {
					t.Errorf("the calendar says %q, want %q", got, want)
				}
			}
			for _, n := range parseJSON(t, body(t, address+"/shop/orders/notices.json")).Notices {
				if n.Title != want || n.WhatToDo != lines(s) || n.Updates[0].Text != lines(s) {
					t.Errorf("JSON says %q, want %q", n.Title, want)
				}
			}
			if len(events) != 2 || len(atom.all("entry")) != 2 {
				t.Errorf("%d events, %d entries", len(events), len(atom.all("entry")))
			}
		})
	}
}

// holdsEntry holds the HTML in a feed to the elements that pages have.
func holdsEntry(t *testing.T, content string) {
	t.Helper()
	for _, n := range elements(parsePage(t, []byte(content))) {
		switch n.Data {
		case "html", "head", "body", "p", "dl", "dt", "dd", "time", "code", "a":
		default:
			t.Errorf("there is a <%s> in the feed", n.Data)
		}
		if href, found := attribute(n, "href"); found && !strings.HasPrefix(href, "https://acme.example/shop/orders/#notice-") {
			t.Errorf("the feed links %q", href)
		}
	}
}

func TestHelpIsLinkedOnlyWhereItIsAnAddress(t *testing.T) {
	for help, want := range map[string]string{
		"https://help.acme.example/?a=1&b=\"2\"": "https://help.acme.example/?a=1&b=%222%22",
		"mailto:help@acme.example":               "mailto:help@acme.example",
		"javascript:alert(1)":                    "",
		"ftp://acme.example":                     "",
		"call us":                                "",
	} {
		n := hostileNotice(0, "x")
		n.Help = help
		address, _ := serve(t, Site{APIs: []API{{Namespace: "shop", Name: "orders", Notices: []Notice{n}}}})
		page := parsePage(t, body(t, address+"/shop/orders/"))
		got := ""
		for _, dd := range elements(page, "dd") {
			if strings.Contains(textOf(dd), strings.TrimPrefix(help, "mailto:")) && dd.FirstChild.Type == html.ElementNode {
				got, _ = attribute(dd.FirstChild, "href")
			}
		}
		if got != want {
			t.Errorf("%q leads to %q, want %q", help, got, want)
		}
	}
}
