package feed

import (
	"encoding/xml"
	"errors"
	"io"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

const atomNamespace = "http://www.w3.org/2005/Atom "

// atomElement is any element, as encoding/xml reads it without knowing Atom.
type atomElement struct {
	XMLName  xml.Name
	Attrs    []xml.Attr    `xml:",any,attr"`
	Text     string        `xml:",chardata"`
	Children []atomElement `xml:",any"`
}

func (e *atomElement) attr(name string) string {
	for _, a := range e.Attrs {
		if a.Name.Local == name {
			return a.Value
		}
	}
	return ""
}

// all are the children of that name; an element of another namespace is none.
func (e *atomElement) all(name string) []atomElement {
	var found []atomElement
	for _, c := range e.Children {
		if c.XMLName.Space+" "+c.XMLName.Local == atomNamespace+name {
			found = append(found, c)
		}
	}
	return found
}

// one is the text of a child that must be there exactly once.
func (e *atomElement) one(t *testing.T, name string) string {
	t.Helper()
	found := e.all(name)
	if len(found) != 1 {
		t.Fatalf("<%s> has %d <%s>, want 1", e.XMLName.Local, len(found), name)
	}
	return found[0].Text
}

// holds holds a feed or an entry to what both must have.
func (e *atomElement) holds(t *testing.T) {
	t.Helper()
	if id, err := url.Parse(e.one(t, "id")); err != nil || !id.IsAbs() {
		t.Errorf("id %q is no absolute IRI: %v", e.one(t, "id"), err)
	}
	if e.one(t, "title") == "" {
		t.Error("a title is empty")
	}
	if _, err := time.Parse(time.RFC3339, e.one(t, "updated")); err != nil {
		t.Error(err)
	}
	alternates := 0
	for _, l := range e.all("link") {
		if _, err := url.Parse(l.attr("href")); err != nil || l.attr("href") == "" {
			t.Errorf("link %q: %v", l.attr("href"), err)
		}
		if l.attr("rel") == "alternate" {
			alternates++
		}
	}
	if alternates != 1 {
		t.Errorf("%s has %d alternate links, want 1", e.one(t, "id"), alternates)
	}
}

// parseAtom reads a feed and holds it to what RFC 4287 requires.
func parseAtom(t *testing.T, content []byte) atomElement {
	t.Helper()
	decoder := xml.NewDecoder(strings.NewReader(string(content)))
	decoder.Strict = true
	var feed atomElement
	if err := decoder.Decode(&feed); err != nil {
		t.Fatal(err)
	}
	if token, err := decoder.Token(); !errors.Is(err, io.EOF) {
		if text, ok := token.(xml.CharData); !ok || strings.TrimSpace(string(text)) != "" {
			t.Fatalf("%v stands behind the feed", token)
		}
	}
	if name := feed.XMLName.Space + " " + feed.XMLName.Local; name != atomNamespace+"feed" {
		t.Fatalf("the root is %s", name)
	}
	feed.holds(t)
	for _, author := range feed.all("author") { // which the entries then need not have
		if author.one(t, "name") == "" {
			t.Error("the author has no name")
		}
	}
	if len(feed.all("author")) == 0 {
		t.Error("nobody is the author")
	}
	ids := map[string]bool{}
	for _, entry := range feed.all("entry") {
		entry.holds(t)
		if id := entry.one(t, "id"); ids[id] {
			t.Errorf("two entries have the id %s", id)
		}
		ids[entry.one(t, "id")] = true
		if _, err := time.Parse(time.RFC3339, entry.one(t, "published")); err != nil {
			t.Error(err)
		}
		if content := entry.all("content"); len(content) != 1 || content[0].attr("type") != "html" || len(content[0].Children) > 0 {
			t.Errorf("%s has not one content of escaped HTML", entry.one(t, "id"))
		}
	}
	return feed
}

func TestAtom(t *testing.T) {
	address, _ := serve(t, shop(t))
	feed := parseAtom(t, body(t, address+"/shop/orders/feed.atom"))
	var titles []string
	for _, entry := range feed.all("entry") {
		titles = append(titles, entry.one(t, "title"))
	}
	want := []string{
		"From 15 March 2027 totals round half to even",
		"Postponed: From 1 June 2027 orders can no longer be deleted",
		"Replaced: From 1 February 2027 orders can be deleted only once an hour",
		"From 1 October 2026 lists of orders hold at most 100 entries",
		"Withdrawn: From 1 January 2027 version v1 is switched off",
	}
	if diff := cmp.Diff(want, titles); diff != "" {
		t.Errorf("what changed last does not stand first (-want +got):\n%s", diff)
	}
	if got := feed.one(t, "updated"); got != "2026-11-22T09:00:00Z" {
		t.Errorf("the feed was updated %s, not with its newest entry", got)
	}
	self := ""
	for _, l := range feed.all("link") {
		if l.attr("rel") == "self" {
			self = l.attr("href")
		}
	}
	if self != "https://notices.acme.example/api-changes/shop/orders/feed.atom" {
		t.Errorf("the feed says that it is at %q", self)
	}
}

func TestAtomWithoutNotices(t *testing.T) {
	site := shop(t)
	site.URL = ""
	address, _ := serve(t, site)
	feed := parseAtom(t, body(t, address+"/shop/payments/feed.atom"))
	if id := feed.one(t, "id"); id != "tag:forewarn.dev,2026:shop/payments/" || len(feed.all("entry")) != 0 {
		t.Errorf("id %q, %d entries", id, len(feed.all("entry")))
	}
}

func TestAtomKeepsTheIDWhenANoticeMoves(t *testing.T) {
	site := shop(t)
	address, h := serve(t, site)
	ids := func() map[string]string {
		found := map[string]string{}
		feed := parseAtom(t, body(t, address+"/shop/orders/feed.atom"))
		for _, entry := range feed.all("entry") {
			_, name, _ := strings.Cut(entry.all("link")[0].attr("href"), "#")
			found[name] = entry.one(t, "id")
		}
		return found
	}
	before := ids()
	for i := range site.APIs[1].Notices {
		n := &site.APIs[1].Notices[i]
		n.Effective, n.Updated, n.Sequence, n.State = n.Effective.AddDate(0, 1, 0), now, n.Sequence+1, Withdrawn
	}
	if err := h.Swap(site, now); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(before, ids()); diff != "" || len(before) != 5 {
		t.Errorf("%d entries; ids changed:\n%s", len(before), diff)
	}
}
