package feed

import (
	"cmp"
	"errors"
	"fmt"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

var (
	// label is what Kubernetes calls a DNS label. Such names need no escaping in paths and fragments.
	label = regexp.MustCompile(`^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$`)
	// stable is what an ID may hold: nothing that an address or a calendar would have to escape.
	stable = regexp.MustCompile(`^[A-Za-z0-9._-]{1,128}$`)
)

// errNoAddress does not repeat the address, which may hold a password.
var errNoAddress = errors.New("it must be https://HOST/PATH")

// clean is the site as it is rendered: texts made harmless, times in whole seconds of UTC, all in order. What
// cannot be shown is left out and named by the error; the rest is not held up by it.
func (s Site) clean() (Site, error) {
	base, err := cleanURL(s.URL)
	errs := []error{err}
	apis := make([]API, 0, len(s.APIs))
	seen := map[string]bool{}
	for _, a := range s.APIs {
		path := a.path()
		if !label.MatchString(a.Namespace) || !label.MatchString(a.Name) {
			errs = append(errs, fmt.Errorf("leaving out API %q: namespace and name must be DNS labels", path))
			continue
		}
		if seen[path] {
			errs = append(errs, fmt.Errorf("leaving out API %q: it is listed twice", path))
			continue
		}
		seen[path] = true
		api, err := a.clean()
		apis, errs = append(apis, api), append(errs, err)
	}
	slices.SortFunc(apis, func(a, b API) int { return cmp.Compare(a.path(), b.path()) })
	return Site{URL: base, APIs: apis}, errors.Join(errs...)
}

// path is where the API is found below the root.
func (a *API) path() string { return a.Namespace + "/" + a.Name + "/" }

func (a API) clean() (API, error) {
	var errs []error
	notices := make([]Notice, 0, len(a.Notices))
	names, ids := map[string]bool{}, map[string]bool{}
	for _, n := range a.Notices {
		err := n.check()
		if err == nil && (names[n.Name] || ids[n.ID]) {
			err = errors.New("its name or its ID is that of another")
		}
		if err != nil {
			errs = append(errs, fmt.Errorf("leaving out notice %q of API %q: %w", n.Name, a.path(), err))
			continue
		}
		names[n.Name], ids[n.ID] = true, true
		notices = append(notices, n.clean())
	}
	slices.SortFunc(notices, inOrder)
	a.Notices = notices
	a.Title = cmp.Or(oneLine(a.Title), a.Name)
	if a.Zone == nil {
		a.Zone = time.UTC
	}
	return a, errors.Join(errs...)
}

// check says why a notice cannot be shown.
func (n *Notice) check() error {
	switch {
	case !label.MatchString(n.Name):
		return errors.New("its name must be a DNS label")
	case !stable.MatchString(n.ID):
		return errors.New("its ID must be 1 to 128 letters, digits, '.', '_' or '-'")
	case n.Published.IsZero():
		return errors.New("it was not published")
	case n.Effective.IsZero():
		return errors.New("it has no date")
	case n.Until != nil && !n.Effective.Before(*n.Until):
		return errors.New("it is over before it begins")
	case rank(n.State) < 0:
		return fmt.Errorf("its state %q is not known", n.State)
	}
	times := []time.Time{n.Published, n.Updated, n.Effective}
	if n.Until != nil {
		times = append(times, *n.Until)
	}
	if n.Previous != nil {
		times = append(times, *n.Previous)
	}
	for _, u := range n.Updates {
		times = append(times, u.Time)
	}
	for _, t := range times {
		if y := t.UTC().Year(); y < 1 || y > 9999 { // RFC 3339 can say no other
			return errors.New("one of its times is not in the years 1 to 9999")
		}
	}
	return nil
}

func (n Notice) clean() Notice {
	n.Title = cmp.Or(oneLine(n.Title), n.Name)
	n.WhatChanges, n.WhatToDo, n.Help = lines(n.WhatChanges), lines(n.WhatToDo), oneLine(n.Help)
	n.SupersededBy = oneLine(n.SupersededBy)
	n.Versions, n.Operations = oneLines(n.Versions), oneLines(n.Operations)
	n.Published, n.Updated, n.Effective = seconds(n.Published), seconds(n.Updated), seconds(n.Effective)
	n.Sequence = max(n.Sequence, 0)
	if n.Until != nil {
		until := seconds(*n.Until)
		n.Until = &until
	}
	if n.Previous != nil {
		previous := seconds(*n.Previous)
		n.Previous = &previous
	}
	updates := make([]Update, 0, len(n.Updates))
	for _, u := range n.Updates {
		u = Update{Time: seconds(u.Time), Text: lines(u.Text)}
		updates = append(updates, u)
		n.Updated = later(n.Updated, u.Time)
	}
	n.Updates = updates
	n.Updated = later(n.Updated, n.Published)
	return n
}

func seconds(t time.Time) time.Time { return t.UTC().Truncate(time.Second) }

func later(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}

// inOrder puts what comes next first, then what came last.
func inOrder(a, b Notice) int {
	byDate := a.Effective.Compare(b.Effective)
	if a.State != Upcoming {
		byDate = -byDate
	}
	return cmp.Or(cmp.Compare(rank(a.State), rank(b.State)), byDate, cmp.Compare(a.Name, b.Name))
}

func rank(s State) int {
	switch s {
	case Upcoming:
		return 0
	case InForce:
		return 1
	case Over:
		return 2
	case Withdrawn, Superseded:
		return 3
	}
	return -1
}

// PageURL is where customers find the page of an API on the site at that address. Empty: nobody said where the site is.
func PageURL(site, namespace, name string) string {
	base, err := cleanURL(site)
	if err != nil || base == "" {
		return ""
	}
	a := API{Namespace: namespace, Name: name}
	return base + a.path()
}

// CheckURL says what is wrong with the address of a site. None is right.
func CheckURL(s string) error {
	if _, err := cleanURL(s); err != nil {
		return errNoAddress
	}
	return nil
}

// cleanURL is the address with a slash at its end, or none.
func cleanURL(s string) (string, error) {
	if s == "" {
		return "", nil
	}
	u, err := url.Parse(s)
	if err != nil || u.Scheme != "https" && u.Scheme != "http" || u.Host == "" || u.User != nil || u.RawQuery != "" || u.Fragment != "" {
		return "", fmt.Errorf("leaving out the address of the site: %w", errNoAddress)
	}
	return strings.TrimSuffix(u.String(), "/") + "/", nil
}

// oneLine is a text on one line, harmless wherever it is shown.
func oneLine(s string) string { return strings.Join(strings.Fields(harmless(s)), " ") }

func oneLines(all []string) []string {
	clean := make([]string, 0, len(all))
	for _, s := range all {
		if s = oneLine(s); s != "" {
			clean = append(clean, s)
		}
	}
	return clean
}

// lines is a text of several lines, harmless wherever it is shown.
func lines(s string) string { return strings.TrimSpace(harmless(s)) }

// harmless writes every end of a line as "\n" and shows as U+FFFD what is not text: bytes that are not UTF-8,
// control characters, and what reorders the text around it. The marks that right-to-left text is written with
// stay (U+061C, U+200E, U+200F): they move nothing but their neighbours.
func harmless(s string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r == '\n' || r == '\v' || r == '\f' || r == '\r' || r == '\u0085' || r == '\u2028' || r == '\u2029':
			return '\n'
		case r == '\t':
			return ' '
		case unicode.IsControl(r), reorders(r), unicode.Is(unicode.Noncharacter_Code_Point, r):
			return utf8.RuneError
		}
		return r
	}, strings.ReplaceAll(s, "\r\n", "\n"))
}

// reorders is true for the embeddings, overrides and isolates of bidirectional text, for their deprecated
// relatives, and for what hides text: the byte order mark and annotations.
func reorders(r rune) bool {
	return r >= '\u202a' && r <= '\u202e' || r >= '\u2066' && r <= '\u206f' || r == '\ufeff' || r >= '\ufff9' && r <= '\ufffb'
}

// link is where a text leads, "" where it is not the address of a page or of a mailbox.
func link(s string) string {
	u, err := url.Parse(s)
	switch {
	case err != nil || u.User != nil || strings.ContainsRune(s, utf8.RuneError):
		return ""
	case u.Scheme == "https" && u.Hostname() != "", u.Scheme == "mailto" && strings.Contains(u.Opaque, "@"):
		return u.String()
	}
	return ""
}
