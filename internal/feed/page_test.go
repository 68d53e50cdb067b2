package feed

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/net/html"
)

// parsePage reads a page as a browser does.
func parsePage(t *testing.T, content []byte) *html.Node {
	t.Helper()
	root, err := html.Parse(bytes.NewReader(content))
	if err != nil {
		t.Fatal(err)
	}
	return root
}

func elements(root *html.Node, names ...string) []*html.Node {
	var found []*html.Node
	for n := range root.Descendants() {
		if n.Type == html.ElementNode && (len(names) == 0 || slices.Contains(names, n.Data)) {
			found = append(found, n)
		}
	}
	return found
}

func attribute(n *html.Node, name string) (string, bool) {
	for _, a := range n.Attr {
		if a.Key == name {
			return a.Val, true
		}
	}
	return "", false
}

func textOf(n *html.Node) string {
	var b strings.Builder
	for d := range n.Descendants() {
		if d.Type == html.TextNode {
			b.WriteString(d.Data)
		}
	}
	return b.String()
}

// allowed is every element that a page is made of.
var allowed = strings.Fields("html head title meta link style body header h1 h2 h3 p a nav ul li main section article " +
	"span dl dt dd time code")

// holdsPage holds a page to what all pages are: semantic, without anything that runs or loads.
func holdsPage(t *testing.T, root *html.Node) {
	t.Helper()
	if h1 := elements(root, "h1"); len(h1) != 1 || textOf(h1[0]) == "" {
		t.Errorf("%d h1, want one with text", len(h1))
	}
	if lang, _ := attribute(elements(root, "html")[0], "lang"); lang != "en" {
		t.Errorf("lang %q", lang)
	}
	if titles := elements(root, "title"); len(titles) != 1 || textOf(titles[0]) == "" {
		t.Errorf("%d titles", len(titles))
	}
	ids := map[string]bool{}
	for _, n := range elements(root) {
		if !slices.Contains(allowed, n.Data) {
			t.Errorf("there is a <%s>", n.Data)
		}
		for _, a := range n.Attr {
			if strings.HasPrefix(a.Key, "on") || a.Key == "style" || a.Key == "src" {
				t.Errorf("<%s %s=%q>", n.Data, a.Key, a.Val)
			}
		}
		if id, found := attribute(n, "id"); found {
			if ids[id] {
				t.Errorf("two elements are #%s", id)
			}
			ids[id] = true
		}
	}
	for _, a := range elements(root, "a") {
		href, _ := attribute(a, "href")
		u, err := url.Parse(href)
		if err != nil || u.Scheme != "" && u.Scheme != "https" && u.Scheme != "mailto" || u.Scheme == "" && u.Host != "" {
			t.Errorf("a link leads to %q", href)
		}
		if u.Path == "" && u.Opaque == "" && u.Host == "" && !ids[u.Fragment] {
			t.Errorf("a link leads nowhere: %q", href)
		}
	}
	for _, n := range elements(root, "time") {
		stamp, _ := attribute(n, "datetime")
		at, err := time.Parse(time.RFC3339, stamp)
		if err != nil {
			t.Error(err)
		}
		if words := textOf(n); !strings.Contains(words, at.UTC().Weekday().String()) && !strings.Contains(words, " time") || !strings.Contains(words, "day ") {
			t.Errorf("%s reads %q", stamp, words)
		}
	}
}

func TestPages(t *testing.T) {
	address, _ := serve(t, shop(t))
	for _, path := range []string{"/", "/shop/orders/", "/shop/payments/", "/nowhere"} {
		t.Run(path, func(t *testing.T) {
			response, content := ask(t, http.MethodGet, address+path, nil)
			root := parsePage(t, content)
			holdsPage(t, root)
			sum := sha256.Sum256([]byte(textOf(elements(root, "style")[0])))
			if want := "'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'"; !strings.Contains(response.Header.Get("Content-Security-Policy"), want) {
				t.Errorf("the policy does not allow the style of the page, %s", want)
			}
		})
	}
}

func TestPageSaysWhatAReaderNeeds(t *testing.T) {
	address, _ := serve(t, shop(t))
	root := parsePage(t, body(t, address+"/shop/orders/"))
	read := map[string]string{}
	for _, article := range elements(root, "article") {
		id, _ := attribute(article, "id")
		read[id] = strings.Join(strings.Fields(textOf(article)), " ")
	}
	for id, wants := range map[string][]string{
		"notice-orders-no-delete": {
			"Postponed From 1 June 2027 orders can no longer be deleted",
			"Comes on Thursday 1 July 2027, 00:00 Berlin time (Wednesday 30 June 2027, 22:00 UTC).",
			"Before it was postponed Tuesday 1 June 2027, 00:00 Berlin time",
			"DELETE /orders/{id} answers 404.", "Use POST /orders/{id}/cancel", "https://help.acme.example/orders?topic=delete&lang=en",
			"DELETE /orders/{id}/lines/{line}", "The client library does this from 3.2 on.",
		},
		"notice-orders-page-size":   {"In force since Thursday 1 October 2026, 00:00 Berlin time", "api-help@acme.example"},
		"notice-orders-v1-ends":     {"Withdrawn From 1 January 2027", "Does not come. It was announced for Friday 1 January 2027"},
		"notice-orders-delete-slow": {"Replaced From 1 February 2027", "Replaced by From 1 June 2027 orders can no longer be deleted"},
		"notice-orders-totals":      {"From 15 March 2027 totals round half to even"},
	} {
		for _, want := range wants {
			if !strings.Contains(read[id], want) {
				t.Errorf("%s does not say %q: %s", id, want, read[id])
			}
		}
	}
	index := strings.Join(strings.Fields(textOf(parsePage(t, body(t, address+"/")))), " ")
	if want := "Orders API 2 changes are coming, the next on Monday 15 March 2027, 12:00 Berlin time (11:00 UTC)."; !strings.Contains(index, want) {
		t.Errorf("the list does not say %q: %s", want, index)
	}
}

// documented is what docs/feed.md promises of notices.json, and nothing besides.
type documented struct {
	Format string `json:"format"`
	API    struct {
		Namespace string `json:"namespace"`
		Name      string `json:"name"`
		Title     string `json:"title"`
	} `json:"api"`
	Notices []struct {
		ID                string     `json:"id"`
		Name              string     `json:"name"`
		State             string     `json:"state"`
		Sequence          int        `json:"sequence"`
		Title             string     `json:"title"`
		WhatChanges       string     `json:"whatChanges"`
		WhatToDo          string     `json:"whatToDo"`
		Help              string     `json:"help"`
		Versions          []string   `json:"versions"`
		Operations        []string   `json:"operations"`
		Effective         time.Time  `json:"effective"`
		PreviousEffective *time.Time `json:"previousEffective"`
		Published         time.Time  `json:"published"`
		Updated           time.Time  `json:"updated"`
		Updates           []struct {
			Time time.Time `json:"time"`
			Text string    `json:"text"`
		} `json:"updates"`
		SupersededBy string `json:"supersededBy"`
	} `json:"notices"`
}

func parseJSON(t *testing.T, content []byte) documented {
	t.Helper()
	decoder := json.NewDecoder(bytes.NewReader(content))
	decoder.DisallowUnknownFields()
	var d documented
	if err := decoder.Decode(&d); err != nil {
		t.Fatal(err)
	}
	if d.Format != "dev.forewarn.notices.v1" || d.Notices == nil {
		t.Errorf("format %q, notices %v", d.Format, d.Notices)
	}
	for _, n := range d.Notices {
		if n.Versions == nil || n.Operations == nil || n.Updates == nil || n.Effective.IsZero() || n.Published.IsZero() || n.Updated.IsZero() {
			t.Errorf("%s: a list is null or a time is missing", n.Name)
		}
	}
	return d
}

func TestJSON(t *testing.T) {
	address, _ := serve(t, shop(t))
	d := parseJSON(t, body(t, address+"/shop/orders/notices.json"))
	if len(d.Notices) != 5 || len(parseJSON(t, body(t, address+"/shop/payments/notices.json")).Notices) != 0 {
		t.Fatalf("%d notices", len(d.Notices))
	}
	n := d.Notices[1]
	if n.State != "Upcoming" || n.Sequence != 2 || !n.Effective.Equal(date(2027, time.June, 30, 22)) ||
		n.PreviousEffective == nil || !n.PreviousEffective.Equal(date(2027, time.May, 31, 22)) || len(n.Updates) != 2 {
		t.Errorf("%+v", n)
	}
	if d.Notices[0].PreviousEffective != nil || d.Notices[3].SupersededBy != "orders-no-delete" {
		t.Errorf("%+v", d.Notices)
	}
}
