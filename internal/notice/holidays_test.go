package notice

import (
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/rickar/cal/v2"
	"github.com/rickar/cal/v2/jp"
)

func closedOn(t testing.TB, code, date string) bool {
	t.Helper()
	closed, err := newClosedDays([]string{code}, nil)
	if err != nil {
		t.Fatal(err)
	}
	parsed, err := time.Parse(time.DateOnly, date)
	if err != nil {
		t.Fatal(err)
	}
	return closed.has(dayOf(parsed.Date()))
}

func TestHolidaysR13(t *testing.T) {
	for name, tc := range map[string]struct {
		code, date string
		want       bool
	}{
		"Whit Monday in Germany":                           {"DE", "2027-05-17", true},
		"the day after":                                    {"DE", "2027-05-18", false},
		"Good Friday in Germany":                           {"DE", "2027-03-26", true},
		"Women's Day in Berlin":                            {"DE-BE", "2027-03-08", true},
		"is not kept in Bavaria":                           {"DE-BY", "2027-03-08", false},
		"Independence Day on a Sunday, kept on the Monday": {"US", "2027-07-05", true},
		"Juneteenth on a Saturday, kept on the Friday":     {"US", "2027-06-18", true},
		"the Monday after is a business day":               {"US", "2027-06-21", false},
		"New Year on a Saturday, kept in the old year":     {"US", "2027-12-31", true},
		"New Year on a Friday: the old year is open":       {"US", "2026-12-31", false},
		"Boxing Day on a Sunday, kept on the Tuesday":      {"GB", "2027-12-28", true},
		"the day after it":                                 {"GB", "2027-12-29", false},
		"the citizens' holiday of Japan in 2026":           {"JP", "2026-09-22", true},
		"the equinox of Japan":                             {"JP", "2028-03-20", true},
		"the equinox is not always on the same date":       {"JP", "2027-03-20", true},
		"a Saturday without a holiday":                     {"DE", "2027-02-06", true},
		"a Sunday without a holiday":                       {"DE", "2027-02-07", true},

		// On its own date where the library only has the one it is moved to.
		"26 December after a Christmas on Monday in Bulgaria": {"BG", "2028-12-26", true},

		// Amendments.
		"Good Friday in Argentina":                          {"AR", "2027-03-26", true},
		"an Argentinian holiday on a Friday, on Monday":     {"AR", "2026-11-23", true},
		"an Argentinian holiday on a Tuesday, on Monday":    {"AR", "2027-08-16", true},
		"ANZAC Day 2027 in New South Wales":                 {"AU-NSW", "2027-04-26", true},
		"but not in 2032":                                   {"AU-NSW", "2032-04-26", false},
		"Jeûne genevois":                                    {"CH-GE", "2026-09-10", true},
		"the battle of Näfels":                              {"CH-GL", "2027-04-01", true},
		"the battle of Näfels moved out of Holy Week":       {"CH-GL", "2026-04-09", true},
		"then not in Holy Week":                             {"CH-GL", "2026-04-02", false},
		"St Stephen after a Christmas on Sunday":            {"CH-NE", "2033-12-26", true},
		"St Stephen after a Christmas on Saturday":          {"CH-NE", "2028-12-26", false},
		"Lundi du Jeûne":                                    {"CH-VD", "2026-09-21", true},
		"Women's Day in Mecklenburg-Vorpommern":             {"DE-MV", "2027-03-08", true},
		"St Francis in Italy":                               {"IT", "2027-10-04", true},
		"the National Day of Luxembourg":                    {"LU", "2027-06-23", true},
		"Constitution Day in Mexico":                        {"MX", "2027-02-01", true},
		"a new president in Mexico":                         {"MX", "2030-10-01", true},
		"no new president in Mexico":                        {"MX", "2031-10-01", false},
		"Matariki 2026":                                     {"NZ", "2026-07-10", true},
		"Matariki 2052":                                     {"NZ", "2052-06-21", true},
		"a Serbian holiday on a Sunday, kept on Tuesday":    {"RS", "2026-02-17", true},
		"the Russian New Year holidays":                     {"RU", "2027-01-08", true},
		"the day after them is a Saturday, then Monday":     {"RU", "2027-01-11", false},
		"Labour Day in Thailand":                            {"TH", "2026-05-01", true},
		"Songkran that starts on a Sunday has a substitute": {"TH", "2031-04-16", true},
	} {
		t.Run(name, func(t *testing.T) {
			if got := closedOn(t, tc.code, tc.date); got != tc.want {
				t.Errorf("%s closed on %s = %t, want %t", tc.code, tc.date, got, tc.want)
			}
		})
	}
}

func TestMatarikiIsAlwaysAFriday(t *testing.T) {
	for year := 2022; year <= 2052; year++ {
		if date := matariki(nil, year); date.Weekday() != time.Friday || date.Year() != year {
			t.Errorf("Matariki of %d is on %s", year, date.Format("Monday 2006-01-02"))
		}
	}
	for _, year := range []int{2021, 2053} {
		if date := matariki(nil, year); !date.IsZero() {
			t.Errorf("Matariki of %d is on %s, but no law says so", year, date)
		}
	}
}

func TestUnknownCalendarsAreNamed(t *testing.T) {
	for name, tc := range map[string]struct{ code, want string }{
		"a country without a calendar":       {"CN", `holiday calendar "CN" is not known: write an ISO 3166 code such as US or DE-BE, or name the dates as closed`},
		"nothing":                            {"", `holiday calendar "" is not known`},
		"lower case":                         {"de-be", `holiday calendar "de-be" is not known: write DE-BE`},
		"a part that does not exist":         {"DE-XX", `of DE there are DE, DE-BB, DE-BE`},
		"a country that is known in parts":   {"AU", "of AU there are AU-ACT, AU-NSW, AU-NT"},
		"not an ISO code":                    {"germany", `holiday calendar "germany" is not known`},
		"the start of a code":                {"D", `holiday calendar "D" is not known: write an ISO`},
		"a name without end is shortened":    {strings.Repeat("X", 5000), `XXX..." is not known`},
		"a known country in a name too long": {"DE-" + strings.Repeat("X", 5000), `XXX..." is not known: of DE there are`},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := newClosedDays([]string{"US", tc.code}, nil)
			if err == nil || !strings.Contains(err.Error(), tc.want) || len(err.Error()) > 300 {
				t.Errorf("calendar %.20q: %v, want a short error that says %q", tc.code, err, tc.want)
			}
		})
	}
}

func TestEveryCalendarClosesBusinessDays(t *testing.T) {
	for code := range calendars {
		closed, err := newClosedDays([]string{code}, nil)
		if err != nil {
			t.Fatal(err)
		}
		found := 0
		for d := dayOf(2027, time.January, 1); d < dayOf(2028, time.January, 1); d++ {
			if weekday := d.weekday(); weekday != time.Saturday && weekday != time.Sunday && closed.has(d) {
				found++
			}
		}
		if found < 4 || found > 25 {
			t.Errorf("%s closes %d business days of 2027", code, found)
		}
	}
	for code := range amendments {
		if _, ok := calendars[code]; !ok {
			t.Errorf("the amendments of %s belong to no calendar", code)
		}
	}
}

func TestHolidaysDoNotDependOnTheMachine(t *testing.T) {
	if cal.DefaultLoc != time.UTC {
		t.Errorf("the library calculates in %s, want UTC", cal.DefaultLoc)
	}
}

// The library's equinox writes its day into the shared holiday: verdicts are made by many goroutines.
func TestCalendarsAreSharedUnchanged(t *testing.T) {
	var group sync.WaitGroup
	for range 4 {
		group.Go(func() {
			closed, err := newClosedDays([]string{"JP"}, nil)
			if err != nil {
				t.Error(err)
				return
			}
			for year := 2027; year < 2060; year++ {
				closed.has(dayOf(year, time.March, 19)) // always asks for three years
			}
		})
	}
	group.Wait()
	if day := jp.VernalEquinoxDay.Day; day != 0 {
		t.Errorf("the library's equinox has been given the day %d", day)
	}
}
