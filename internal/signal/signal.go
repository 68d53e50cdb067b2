// Package signal says what the responses of a version that goes away tell its clients, and how that gets into an
// HTTPRoute and out of it again. It is pure.
//
//	schedules -> Of -> Merge -> headers -> Rewrite(rules of a route) -> rules as they have to be
//	                                            \-> a record, by which exactly that is taken back
package signal

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	v1alpha1 "forewarn.dev/forewarn/api/v1alpha1"
)

// Headers that responses carry.
const (
	HeaderDeprecation = "Deprecation"
	HeaderSunset      = "Sunset"
	HeaderLink        = "Link"
)

// maxValue is what the Gateway API takes as the value of a header.
const maxValue = 4096

// Says is what responses say of what goes away.
type Says struct {
	// Deprecate is from when clients are asked not to build on it, Sunset from when they cannot count on it.
	Deprecate time.Time
	Sunset    time.Time
	Links     []Link
}

// Link leads a client on.
type Link struct {
	Rel    string
	Target string
}

// Header is a header of a response.
type Header struct {
	Name  string `json:"name"`
	Value string `json:"value"`
	// Add says that others of the name stay: a service has links of its own.
	Add bool `json:"add,omitempty"`
}

// Due says that responses say something: from the publication until it is taken back, or served no more.
func Due(s *v1alpha1.DeprecationSchedule) bool {
	return s.Status.PublishedTime != nil && s.Spec.State == v1alpha1.NoticePublished && s.Status.WithdrawnTime == nil &&
		s.Status.RemovedTime == nil && s.DeletionTimestamp == nil && s.Spec.DeprecateTime != nil && s.Spec.SunsetTime != nil
}

// Of is what responses say by a schedule. Where it has no migration guide, page is where customers read about it; empty
// where there is none.
func Of(s *v1alpha1.DeprecationSchedule, page string) Says {
	says := Says{Deprecate: s.Spec.DeprecateTime.UTC(), Sunset: s.Spec.SunsetTime.UTC()}
	if about := cmp.Or(s.Spec.MigrationGuide, page); about != "" {
		says.Links = append(says.Links, Link{"deprecation", about}, Link{"sunset", about})
	}
	if next := s.Spec.Replacement.URL; next != "" {
		says.Links = append(says.Links, Link{"successor-version", next})
	}
	return says
}

// Merge is what a response says to which several apply: the earliest dates, and all links, those of the earliest first.
func Merge(all []Says) Says {
	sorted := slices.Clone(all)
	slices.SortStableFunc(sorted, func(a, b Says) int {
		return cmp.Or(a.Deprecate.Compare(b.Deprecate), a.Sunset.Compare(b.Sunset))
	})
	var merged Says
	for i, s := range sorted {
		if i == 0 {
			merged.Deprecate, merged.Sunset = s.Deprecate, s.Sunset
		}
		if s.Sunset.Before(merged.Sunset) {
			merged.Sunset = s.Sunset
		}
		for _, link := range s.Links {
			if !slices.Contains(merged.Links, link) {
				merged.Links = append(merged.Links, link)
			}
		}
	}
	return merged
}

// Headers are those of a response: a date of RFC 9745, one of RFC 8594, and links of RFC 8288 for as many as fit.
func (s Says) Headers() []Header {
	headers := []Header{
		{Name: HeaderDeprecation, Value: fmt.Sprintf("@%d", s.Deprecate.Unix())},
		{Name: HeaderSunset, Value: HTTPDate(s.Sunset)},
	}
	if links := s.links(); len(links) > 0 {
		headers = append(headers, Header{Name: HeaderLink, Value: strings.Join(links, ", "), Add: true})
	}
	return headers
}

// Each is Headers with every link by itself: an owner may write them in any order, among others.
func (s Says) Each() []Header {
	headers := slices.DeleteFunc(s.Headers(), func(h Header) bool { return h.Name == HeaderLink })
	for _, link := range s.links() {
		headers = append(headers, Header{Name: HeaderLink, Value: link, Add: true})
	}
	return headers
}

func (s Says) links() []string {
	var links []string
	size := 0
	for _, link := range s.Links {
		text := fmt.Sprintf("<%s>; rel=%q", escaped(link.Target), link.Rel)
		if size += len(text) + len(", "); size > maxValue {
			break
		}
		links = append(links, text)
	}
	return links
}

// HTTPDate is a moment as HTTP writes it.
func HTTPDate(t time.Time) string { return t.UTC().Format("Mon, 02 Jan 2006 15:04:05 GMT") }

// escaped writes an address such that it ends neither its brackets nor its header, and is ASCII, as headers are.
func escaped(address string) string {
	var b strings.Builder
	for i := range len(address) {
		switch c := address[i]; {
		case c <= ' ' || c >= 0x7f || strings.IndexByte(`<>"\^{|}`+"`", c) >= 0:
			fmt.Fprintf(&b, "%%%02X", c)
		default:
			b.WriteByte(c)
		}
	}
	return b.String()
}
