package notice

import (
	"archive/zip"
	"bytes"
	_ "embed"
	"fmt"
	"io/fs"
	"regexp"
	"strings"
	"sync"
	"time"
)

// zoneinfo is the IANA time zone database (2025c, public domain) as the Go distribution ships it in
// lib/time/zoneinfo.zip; a newer one is copied from there. It is embedded here because
// time.LoadLocation asks $ZONEINFO and the machine's own database first and time/tzdata last: a
// controller and a command line on two machines could then disagree about when a day ends.
//
//go:embed zoneinfo.zip
var zoneinfo []byte

// What is longer than this is shown shortened: no name or instant is.
const maxTextLength = 64

const zoneAdvice = "write the IANA name of a place, such as Europe/Berlin or America/Chicago, or UTC"

// zonesMeant says what to write instead of a name that means several places, or a fixed offset where
// the clocks in fact change.
var zonesMeant = map[string]string{
	"AEST":    "Australia/Sydney or Australia/Brisbane",
	"AST":     "America/Halifax or Asia/Riyadh",
	"BST":     "Europe/London or Asia/Dhaka",
	"CDT":     "America/Chicago or America/Havana",
	"CEST":    "Europe/Berlin or another place in central Europe",
	"CET":     "Europe/Berlin or another place in central Europe",
	"CST":     "America/Chicago, America/Havana or Asia/Shanghai",
	"CST6CDT": "America/Chicago",
	"EDT":     "America/New_York",
	"EET":     "Europe/Helsinki, Africa/Cairo or another place in eastern Europe",
	"EST":     "America/New_York or America/Panama",
	"EST5EDT": "America/New_York",
	"GB":      "Europe/London",
	"GMT":     "UTC or Europe/London",
	"IST":     "Asia/Kolkata, Asia/Jerusalem or Europe/Dublin",
	"JST":     "Asia/Tokyo",
	"MDT":     "America/Denver",
	"MST":     "America/Denver or America/Phoenix",
	"MST7MDT": "America/Denver",
	"PDT":     "America/Los_Angeles",
	"PST":     "America/Los_Angeles or Asia/Manila",
	"PST8PDT": "America/Los_Angeles",
	"WET":     "Europe/Lisbon or another place in western Europe",
}

// ParseZone finds the time zone of an IANA name with a slash (Europe/Berlin), or UTC. It refuses what
// is ambiguous (CST), what depends on the machine (Local), and what is read backwards (Etc/GMT+5 is
// five hours behind UTC). The answer depends on the name alone.
func ParseZone(name string) (*time.Location, error) {
	if name == "UTC" {
		return time.UTC, nil
	}
	zones, err := database()
	if err != nil {
		return nil, err
	}
	if zone, ok := zones.loaded.Load(name); ok {
		return zone.(*time.Location), nil
	}
	if !zones.names[name] {
		return nil, unknownZone(name, zones)
	}
	data, err := fs.ReadFile(zones.archive, name)
	if err != nil {
		return nil, fmt.Errorf("reading time zone %s: %w", name, err)
	}
	zone, err := time.LoadLocationFromTZData(name, data)
	if err != nil {
		return nil, fmt.Errorf("reading time zone %s: %w", name, err)
	}
	zones.loaded.Store(name, zone)
	return zone, nil
}

// zoneDatabase is the archive, and the names in it that ParseZone accepts.
type zoneDatabase struct {
	archive *zip.Reader
	names   map[string]bool
	folded  map[string]string // lower-case name -> name
	loaded  sync.Map          // name -> *time.Location; bounded by names
}

var database = sync.OnceValues(func() (*zoneDatabase, error) {
	archive, err := zip.NewReader(bytes.NewReader(zoneinfo), int64(len(zoneinfo)))
	if err != nil {
		return nil, fmt.Errorf("reading the embedded time zones: %w", err)
	}
	zones := &zoneDatabase{archive: archive, names: map[string]bool{}, folded: map[string]string{"utc": "UTC"}}
	for _, file := range archive.File {
		place := strings.Contains(file.Name, "/") && !strings.HasPrefix(file.Name, "Etc/")
		if file.FileInfo().IsDir() || !place && file.Name != "Etc/UTC" {
			continue
		}
		zones.names[file.Name] = true
		zones.folded[strings.ToLower(file.Name)] = file.Name
	}
	return zones, nil
})

func unknownZone(name string, zones *zoneDatabase) error {
	if name == "" {
		return fmt.Errorf("no time zone is set: %s", zoneAdvice)
	}
	if meant, ok := zonesMeant[strings.ToUpper(name)]; ok {
		return fmt.Errorf("time zone %q does not say which place is meant: write %s", name, meant)
	}
	if spelled, ok := zones.folded[strings.ToLower(name)]; ok {
		return fmt.Errorf("time zone %q is not spelled as IANA does: write %s", name, spelled)
	}
	switch {
	case strings.EqualFold(name, "Local"):
		return fmt.Errorf("time zone %q differs from machine to machine: %s", name, zoneAdvice)
	case strings.HasPrefix(name, "Etc/"):
		return fmt.Errorf("time zone %q is not a place, and the signs of Etc/GMT are the wrong way round: %s",
			shortened(name), zoneAdvice)
	}
	return fmt.Errorf("time zone %q is not known: %s", shortened(name), zoneAdvice)
}

// rfc3339 is stricter than time.Parse, which takes T9:00, a comma before the fraction and an offset of a day.
var rfc3339 = regexp.MustCompile(
	`^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?(Z|[+-]([01]\d|2[0-3]):[0-5]\d)$`)

// ParseInstant reads an instant as RFC 3339 has it, with Z or an offset, and gives it in UTC. A date, or
// a time of day without an offset, means different moments to different customers and is refused.
func ParseInstant(s string) (time.Time, error) {
	t, err := time.Parse(time.RFC3339, s)
	if err != nil || !rfc3339.MatchString(s) {
		return time.Time{}, fmt.Errorf("%q is not an instant: %s", shortened(s), instantAdvice(s))
	}
	if err := checkInstant(t); err != nil {
		return time.Time{}, err
	}
	return t.UTC(), nil
}

func instantAdvice(s string) string {
	for _, layout := range []string{time.DateOnly, time.DateTime, "2006-01-02T15:04", "2006-01-02T15:04:05"} {
		if t, err := time.Parse(layout, s); err == nil {
			said := t.Format("2006-01-02T15:04:05")
			return fmt.Sprintf("it has no time zone; write %sZ, or with an offset such as %s+02:00", said, said)
		}
	}
	return "write RFC 3339 with an offset, such as 2027-07-01T00:00:00Z or 2027-07-01T00:00:00+02:00"
}

// checkInstant refuses clocks that were never set, and what RFC 3339 has no four digits for.
func checkInstant(t time.Time) error {
	if year := t.UTC().Year(); year < 1970 || year > 9999 {
		return fmt.Errorf("the instant %s is not between the years 1970 and 9999", t.UTC().Format(time.RFC3339))
	}
	return nil
}

func shortened(s string) string {
	if len(s) <= maxTextLength {
		return s
	}
	return s[:maxTextLength] + "..."
}
