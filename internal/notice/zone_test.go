package notice

import (
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func TestParseZoneR13(t *testing.T) {
	for name, tc := range map[string]struct {
		zone string
		want string // part of the error; empty: accepted
	}{
		"a place":                         {"Europe/Berlin", ""},
		"a place of three parts":          {"America/Argentina/Buenos_Aires", ""},
		"an older name of a place":        {"US/Eastern", ""},
		"UTC":                             {"UTC", ""},
		"UTC by its longer name":          {"Etc/UTC", ""},
		"nothing":                         {"", "no time zone is set: write the IANA name of a place, such as Europe/Berlin or America/Chicago, or UTC"},
		"CST is three places":             {"CST", `time zone "CST" does not say which place is meant: write America/Chicago, America/Havana or Asia/Shanghai`},
		"CST in lower case":               {"cst", "write America/Chicago, America/Havana or Asia/Shanghai"},
		"EST has no summer time":          {"EST", "write America/New_York or America/Panama"},
		"PST8PDT":                         {"PST8PDT", "write America/Los_Angeles"},
		"GMT is not what London has":      {"GMT", "write UTC or Europe/London"},
		"the zone of the machine":         {"Local", `time zone "Local" differs from machine to machine: write`},
		"lower case":                      {"europe/berlin", `time zone "europe/berlin" is not spelled as IANA does: write Europe/Berlin`},
		"utc in lower case":               {"utc", "write UTC"},
		"an offset with the sign turned":  {"Etc/GMT+5", "the signs of Etc/GMT are the wrong way round: write"},
		"Etc/GMT":                         {"Etc/GMT", "not a place"},
		"an offset":                       {"+02:00", `time zone "+02:00" is not known: write`},
		"an offset from UTC":              {"UTC+2", `time zone "UTC+2" is not known: write`},
		"a country of the database":       {"Japan", `time zone "Japan" is not known: write`},
		"a folder of the database":        {"America", "is not known"},
		"a folder with its slash":         {"America/", "is not known"},
		"a place that does not exist":     {"Europe/Atlantis", "is not known"},
		"blank space":                     {"Europe/Berlin ", "is not known"},
		"a way out of the database":       {"../../etc/passwd", "is not known"},
		"a way out and back in":           {"Europe/../Europe/Berlin", "is not known"},
		"an absolute path":                {"/usr/share/zoneinfo/Europe/Berlin", "is not known"},
		"a path with backslashes":         {`Europe\Berlin`, "is not known"},
		"a byte of zero":                  {"Europe/Berlin\x00", `"Europe/Berlin\x00" is not known`},
		"a name without end is shortened": {strings.Repeat("a/", 5000), `a/a/..." is not known`},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := ParseZone(tc.zone)
			switch {
			case tc.want == "" && err != nil:
				t.Fatalf("ParseZone(%q): %v", tc.zone, err)
			case tc.want == "" && got.String() != tc.zone:
				t.Errorf("ParseZone(%q) is %s", tc.zone, got)
			case tc.want != "" && (err == nil || !strings.Contains(err.Error(), tc.want)):
				t.Errorf("ParseZone(%q): %v, want an error that says %q", tc.zone, err, tc.want)
			case err != nil && len(err.Error()) > 300:
				t.Errorf("the error has %d characters", len(err.Error()))
			}
		})
	}
}

func TestEveryZoneOfTheDatabaseCanBeRead(t *testing.T) {
	names := zoneNames(t)
	if len(names) < 400 {
		t.Fatalf("the database has %d zones, want all of IANA's", len(names))
	}
	for _, name := range names {
		if _, err := ParseZone(name); err != nil {
			t.Error(err)
		}
	}
}

func TestWhatToWriteInsteadOfAZoneIsAccepted(t *testing.T) {
	for abbreviation, meant := range zonesMeant {
		for _, word := range strings.FieldsFunc(meant, func(r rune) bool { return r == ' ' || r == ',' }) {
			if !strings.Contains(word, "/") {
				continue
			}
			if _, err := ParseZone(word); err != nil {
				t.Errorf("what is said of %s: %v", abbreviation, err)
			}
		}
	}
}

// The machine's own database, here one that takes Vaduz for Tokyo, has no say. The time package reads
// the variable once, hence a process of its own.
func TestParseZoneDoesNotAskTheMachineR14(t *testing.T) {
	const inside = "FOREWARN_TEST_FORGED_ZONES"
	if os.Getenv(inside) != "" {
		vaduz := zone(t, "Europe/Vaduz")
		if _, offset := instant(t, "2027-02-02T00:00:00Z").In(vaduz).Zone(); offset != 3600 {
			t.Errorf("Europe/Vaduz is %d s from UTC in winter, want 3600", offset)
		}
		return
	}
	zones, err := database()
	if err != nil {
		t.Fatal(err)
	}
	tokyo, err := fs.ReadFile(zones.archive, "Asia/Tokyo")
	if err != nil {
		t.Fatal(err)
	}
	folder := t.TempDir()
	if err := os.Mkdir(filepath.Join(folder, "Europe"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(folder, "Europe", "Vaduz"), tokyo, 0o600); err != nil {
		t.Fatal(err)
	}
	again := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^"+t.Name()+"$")
	again.Env = append(os.Environ(), inside+"=yes", "ZONEINFO="+folder)
	if output, err := again.CombinedOutput(); err != nil {
		t.Errorf("with another database in ZONEINFO: %v\n%s", err, output)
	}
}

func TestParseInstantR13(t *testing.T) {
	for name, tc := range map[string]struct {
		said string
		want string
		err  string
	}{
		"in UTC":                            {said: "2027-07-01T00:00:00Z", want: "2027-07-01T00:00:00Z"},
		"with an offset":                    {said: "2027-07-01T00:00:00+02:00", want: "2027-06-30T22:00:00Z"},
		"with a fraction":                   {said: "2027-07-01T00:00:00.25-05:30", want: "2027-07-01T05:30:00.25Z"},
		"29 February of a leap year":        {said: "2028-02-29T00:00:00Z", want: "2028-02-29T00:00:00Z"},
		"the first":                         {said: "1970-01-01T00:00:00Z", want: "1970-01-01T00:00:00Z"},
		"the last":                          {said: "9999-12-31T23:59:59Z", want: "9999-12-31T23:59:59Z"},
		"a second before the first":         {said: "1969-12-31T23:59:59Z", err: "is not between the years 1970 and 9999"},
		"after the last by its offset":      {said: "9999-12-31T23:59:59-00:01", err: "is not between the years 1970 and 9999"},
		"29 February of another year":       {said: "2027-02-29T00:00:00Z", err: "is not an instant"},
		"a date":                            {said: "2027-07-01", err: "it has no time zone; write 2027-07-01T00:00:00Z, or with an offset such as 2027-07-01T00:00:00+02:00"},
		"a date and a time of day":          {said: "2027-07-01T09:30:00", err: "it has no time zone; write 2027-07-01T09:30:00Z"},
		"a date and a time without a T":     {said: "2027-07-01 09:30:00", err: "it has no time zone; write 2027-07-01T09:30:00Z"},
		"a date and a time without seconds": {said: "2027-07-01T09:30", err: "it has no time zone; write 2027-07-01T09:30:00Z"},
		"an abbreviated zone":               {said: "2027-07-01T00:00:00 CST", err: "write RFC 3339 with an offset"},
		"an hour of one digit":              {said: "2027-07-01T9:00:00Z", err: "write RFC 3339 with an offset"},
		"a comma before the fraction":       {said: "2027-07-01T09:00:00,5Z", err: "write RFC 3339 with an offset"},
		"an hour after the last":            {said: "2027-07-01T24:00:00Z", err: "write RFC 3339 with an offset"},
		"a leap second":                     {said: "2016-12-31T23:59:60Z", err: "write RFC 3339 with an offset"},
		"an offset of a day":                {said: "2027-07-01T00:00:00+24:00", err: "write RFC 3339 with an offset"},
		"blank space":                       {said: " 2027-07-01T00:00:00Z", err: "write RFC 3339 with an offset"},
		"nothing":                           {said: "", err: `"" is not an instant`},
		"seconds since 1970":                {said: "1814400000", err: "write RFC 3339 with an offset"},
		"a fraction without end":            {said: "2027-07-01T00:00:00." + strings.Repeat("0", 5000) + "Z", err: `0000..." is not an instant`},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := ParseInstant(tc.said)
			if tc.err != "" {
				if err == nil || !strings.Contains(err.Error(), tc.err) || len(err.Error()) > 300 {
					t.Errorf("ParseInstant(%q): %v, want a short error that says %q", tc.said, err, tc.err)
				}
				return
			}
			if err != nil {
				t.Fatalf("ParseInstant(%q): %v", tc.said, err)
			}
			if said := got.Format(time.RFC3339Nano); said != tc.want {
				t.Errorf("ParseInstant(%q) = %s, want %s", tc.said, said, tc.want)
			}
		})
	}
}
