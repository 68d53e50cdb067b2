package feed

import (
	"bytes"
	"cmp"
	"fmt"
	"slices"
	"time"

	"github.com/gorilla/feeds"
)

// atomFeed is the library's with a second link: to itself, as RFC 4287 asks, and to the page.
type atomFeed struct {
	feeds.AtomFeed
	Links []feeds.AtomLink
}

func (f *atomFeed) FeedXml() any { return f } //nolint:revive // the library's name

// renderAtom is feed.atom: one entry for each notice, what changed last first.
func renderAtom(base string, a *API) ([]byte, error) {
	page := address(base, a)
	f := &atomFeed{
		AtomFeed: feeds.AtomFeed{
			Xmlns:    "http://www.w3.org/2005/Atom",
			Title:    a.Title + ": announced changes",
			Id:       cmp.Or(page, "tag:forewarn.dev,2026:"+a.path()),
			Updated:  stamp(lastUpdated(a)),
			Subtitle: "What customers were told of changes to " + a.Title,
			Author:   &feeds.AtomAuthor{AtomPerson: feeds.AtomPerson{Name: a.Title}},
		},
		Links: []feeds.AtomLink{
			{Href: page + "feed.atom", Rel: "self", Type: "application/atom+xml"},
			{Href: cmp.Or(page, "./"), Rel: "alternate", Type: "text/html"},
		},
	}
	newest := slices.Clone(a.Notices)
	slices.SortStableFunc(newest, func(a, b Notice) int { return b.Updated.Compare(a.Updated) })
	for i := range newest {
		n := &newest[i]
		var content bytes.Buffer
		v := view(a, n)
		v.Page = cmp.Or(page, "./")
		if err := templates.ExecuteTemplate(&content, "facts", v); err != nil {
			return nil, fmt.Errorf("rendering notice %s: %w", n.Name, err)
		}
		f.Entries = append(f.Entries, &feeds.AtomEntry{
			Title:     n.headline(),
			Id:        "tag:forewarn.dev,2026:notice/" + n.ID,
			Published: stamp(n.Published),
			Updated:   stamp(n.Updated),
			Links:     []feeds.AtomLink{{Href: v.Page + "#" + anchor(n.Name), Rel: "alternate", Type: "text/html"}},
			Content:   &feeds.AtomContent{Type: "html", Content: content.String()},
		})
	}
	xml, err := feeds.ToXML(f)
	if err != nil {
		return nil, fmt.Errorf("encoding Atom: %w", err)
	}
	return append([]byte(xml), '\n'), nil
}

// lastUpdated is when the newest of the notices changed. An API of which nothing was told yet has always been so.
func lastUpdated(a *API) time.Time {
	newest := time.Unix(0, 0)
	for i := range a.Notices {
		newest = later(newest, a.Notices[i].Updated)
	}
	return newest
}

// address is the full address of an API's page, "" where nobody knows it.
func address(base string, a *API) string {
	if base == "" {
		return ""
	}
	return base + a.path()
}

// anchor is where a notice stands on its API's page.
func anchor(name string) string { return "notice-" + name }
