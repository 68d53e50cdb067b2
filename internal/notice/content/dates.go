package content

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"

	"golang.org/x/text/unicode/norm"

	v1alpha1 "forewarn.dev/forewarn/api/v1alpha1"
	"forewarn.dev/forewarn/internal/notice"
)

// months are their names by language, the one that is written first. Of a language that is not here dates are read as
// numbers alone.
var months = map[string][12][]string{
	"en": {
		{"January", "jan"}, {"February", "feb"}, {"March", "mar"}, {"April", "apr"}, {"May"}, {"June", "jun"},
		{"July", "jul"}, {"August", "aug"}, {"September", "sep", "sept"}, {"October", "oct"}, {"November", "nov"}, {"December", "dec"},
	},
	"de": {
		{"Januar", "jänner", "jan"}, {"Februar", "feber", "feb"}, {"März", "maerz", "mär", "mrz"}, {"April", "apr"}, {"Mai"}, {"Juni", "jun"},
		{"Juli", "jul"}, {"August", "aug"}, {"September", "sep", "sept"}, {"Oktober", "okt"}, {"November", "nov"}, {"Dezember", "dez"},
	},
	"fr": {
		{"janvier", "janv"}, {"février", "févr"}, {"mars"}, {"avril", "avr"}, {"mai"}, {"juin"},
		{"juillet", "juil"}, {"août"}, {"septembre", "sept"}, {"octobre", "oct"}, {"novembre", "nov"}, {"décembre", "déc"},
	},
	"es": {
		{"enero", "ene"}, {"febrero", "feb"}, {"marzo", "mar"}, {"abril", "abr"}, {"mayo"}, {"junio", "jun"},
		{"julio", "jul"}, {"agosto", "ago"}, {"septiembre", "setiembre", "sept", "sep"}, {"octubre", "oct"}, {"noviembre", "nov"}, {"diciembre", "dic"},
	},
}

var (
	isoDate      = regexp.MustCompile(`\b(\d{4})-(\d{2})-(\d{2})(t\d{2}:\d{2}(?::\d{2})?(?:z|[-+]\d{2}:\d{2}))?\b`)
	numberedDate = regexp.MustCompile(`\b(\d{1,2})([./])\s?(\d{1,2})[./]\s?(\d{4})\b`)
	dayFirst     = regexp.MustCompile(`\b(\d{1,2})(?:st|nd|rd|th|er|\.?o)?\.?\s*(?:de\s+|of\s+)?(\p{L}+)\.?,?\s+(?:de\s+|del\s+)?(\d{4})\b`)
	monthFirst   = regexp.MustCompile(`(\p{L}+)\.?\s+(\d{1,2})(?:st|nd|rd|th)?,?\s+(\d{4})\b`)
)

// date is a date as it stands in a title.
type date struct {
	written string
	at      int // where it stands
	// day is the date; ambiguous: it can be read in two ways; none: there is no such day.
	day             time.Time
	ambiguous, none bool
	// instant is the moment where one is written rather than a date.
	instant time.Time
}

// datesIn are the dates that a title in that language names, in its order.
func datesIn(title, language string) []date {
	title = dated(title)
	var found []date
	add := func(at, end int, year, month, day string) {
		found = append(found, dateOf(title[at:end], at, year, month, day))
	}
	for _, m := range isoDate.FindAllStringSubmatchIndex(title, -1) {
		add(m[0], m[1], title[m[2]:m[3]], title[m[4]:m[5]], title[m[6]:m[7]])
		if m[8] >= 0 {
			last := &found[len(found)-1]
			last.instant, last.none = instant(title[m[0]:m[1]])
		}
	}
	for _, m := range numberedDate.FindAllStringSubmatchIndex(title, -1) {
		day, month := title[m[2]:m[3]], title[m[6]:m[7]]
		add(m[0], m[1], title[m[8]:m[9]], month, day)
		last := &found[len(found)-1]
		dayIsFirst := title[m[4]:m[5]] == "." && language != "en"
		if a, b := number(day), number(month); !dayIsFirst && a <= 12 && b <= 12 && a != b {
			last.ambiguous = true
		} else if !dayIsFirst && b > 12 && a <= 12 {
			*last = dateOf(last.written, last.at, title[m[8]:m[9]], day, month)
		}
	}
	for _, m := range dayFirst.FindAllStringSubmatchIndex(title, -1) {
		if month := monthOf(title[m[4]:m[5]], language); month != "" {
			add(m[0], m[1], title[m[6]:m[7]], month, title[m[2]:m[3]])
		}
	}
	for _, m := range monthFirst.FindAllStringSubmatchIndex(title, -1) {
		if month := monthOf(title[m[2]:m[3]], language); month != "" {
			add(m[0], m[1], title[m[6]:m[7]], month, title[m[4]:m[5]])
		}
	}
	slices.SortStableFunc(found, func(a, b date) int { return a.at - b.at })
	return found
}

// dated is a title in the form in which dates are looked for: small, of plain digits, hyphens and blanks.
func dated(title string) string {
	return strings.ToLower(strings.Map(func(r rune) rune {
		switch {
		case unicode.Is(unicode.Cf, r):
			return -1
		case unicode.IsSpace(r):
			return ' '
		case r == '\u2010' || r == '\u2012' || r == '\u2013':
			return '-'
		}
		return r
	}, norm.NFKC.String(title)))
}

func dateOf(written string, at int, year, month, day string) date {
	y, m, d := number(year), number(month), number(day)
	on := time.Date(y, time.Month(m), d, 0, 0, 0, 0, time.UTC)
	return date{written: written, at: at, day: on, none: on.Day() != d || int(on.Month()) != m}
}

func instant(written string) (at time.Time, none bool) {
	for _, layout := range []string{time.RFC3339, "2006-01-02T15:04Z07:00"} {
		if at, err := time.Parse(layout, strings.ToUpper(written)); err == nil {
			return at, false
		}
	}
	return time.Time{}, true
}

func number(digits string) int {
	n, err := strconv.Atoi(digits)
	if err != nil {
		return 0 // it was matched as digits, four at most
	}
	return n
}

// monthOf is the number of a month by its name, empty where it is none.
func monthOf(name, language string) string {
	for i, names := range months[language] {
		if slices.ContainsFunc(names, func(known string) bool { return strings.ToLower(known) == name }) {
			return strconv.Itoa(i + 1)
		}
	}
	return ""
}

// inWords is a date as people write it in that language.
func inWords(t time.Time, language string) string {
	year, month, day := t.Date()
	if _, known := months[language]; !known {
		return t.Format(time.DateOnly)
	}
	name := months[language][month-1][0]
	switch {
	case language == "de":
		return fmt.Sprintf("%d. %s %d", day, name, year)
	case language == "es":
		return fmt.Sprintf("%d de %s de %d", day, name, year)
	case language == "fr" && day == 1:
		return fmt.Sprintf("1er %s %d", name, year)
	}
	return fmt.Sprintf("%d %s %d", day, name, year)
}

// dateInTitle wants the date of the change in each title, as it is in the time zone of a policy with the rule.
func (c *checker) dateInTitle() {
	if c.Notice.Spec.EffectiveTime == nil {
		return
	}
	effective := c.Notice.Spec.EffectiveTime.UTC()
	zones := c.titleZones()
	for _, t := range c.texts {
		c.dateIn(t, effective, zones)
	}
}

func (c *checker) dateIn(t text, effective time.Time, zones []*time.Location) {
	language := baseOf(t.locale)
	proper := inWords(effective.In(zones[0]), language)
	right, wrong := false, ""
	for _, d := range datesIn(t.title, language) {
		switch {
		case d.ambiguous:
			c.find(t.at+"title", t.title, "%s can be read in two ways: write %s", d.written, proper)
			return
		case d.none:
			c.find(t.at+"title", t.title, "there is no %s: write %s", d.written, proper)
			return
		case !d.instant.IsZero():
			right = right || d.instant.Equal(effective)
		default:
			right = right || slices.ContainsFunc(zones, func(zone *time.Location) bool {
				return d.day.Format(time.DateOnly) == effective.In(zone).Format(time.DateOnly)
			})
		}
		if wrong == "" {
			wrong = inWords(d.day, language)
		}
	}
	switch {
	case right:
	case wrong != "":
		c.find(t.at+"title", t.title, "it names %s, and the change comes on %s (%s): write that, or move effectiveTime", wrong, proper, zones[0])
	default:
		c.find(t.at+"title", t.title, "it does not name the date: write %s, with its year", proper)
	}
}

// titleZones are the time zones of the policies that want the date in the title: a date that is right in one of them
// will do, since one title names one date. The first is that of this policy.
func (c *checker) titleZones() []*time.Location {
	names := []string{c.policy.Validity.Zone}
	for _, p := range c.Policies {
		if slices.Contains(p.Content.Rules, v1alpha1.ContentDateInTitle) {
			names = append(names, p.Validity.Zone)
		}
	}
	var zones []*time.Location
	for _, name := range names {
		if zone, err := notice.ParseZone(name); err == nil { // one that is none was refused with its policy
			zones = append(zones, zone)
		}
	}
	return append(zones, time.UTC)[:max(len(zones), 1)]
}
