package notice

import (
	"strings"
	"testing"
	"time"
)

// instant reads what the tests write by hand; a fraction of a second may follow.
func instant(t testing.TB, s string) time.Time {
	t.Helper()
	at, err := time.Parse(time.RFC3339Nano, s)
	if err != nil {
		t.Fatalf("reading the instant of a test case: %v", err)
	}
	return at
}

func zone(t testing.TB, name string) *time.Location {
	t.Helper()
	found, err := ParseZone(name)
	if err != nil {
		t.Fatalf("finding the zone of a test case: %v", err)
	}
	return found
}

type endCase struct {
	period Period
	start  string
	want   string
}

func runEndCases(t *testing.T, cases map[string]endCase) {
	t.Helper()
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			got, err := tc.period.End(instant(t, tc.start))
			if err != nil {
				t.Fatalf("End: %v", err)
			}
			if want := instant(t, tc.want); !got.Equal(want) {
				t.Errorf("End(%s) = %s, want %s", tc.start, got.Format(time.RFC3339Nano), want.UTC().Format(time.RFC3339Nano))
			}
			if got.Location() != time.UTC {
				t.Errorf("End is in %s, want UTC", got.Location())
			}
		})
	}
}

func TestEndCountsFullLocalDaysR13(t *testing.T) {
	day := Period{Days: 1, Zone: "Europe/Berlin"}
	runEndCases(t, map[string]endCase{
		"a clock that starts at midnight gets that day":                     {day, "2027-02-02T00:00:00+01:00", "2027-02-03T00:00:00+01:00"},
		"a clock that starts a second before midnight gets that day too":    {day, "2027-02-01T23:59:59+01:00", "2027-02-03T00:00:00+01:00"},
		"a clock that starts a second after midnight gets the next day":     {day, "2027-02-02T00:00:01+01:00", "2027-02-04T00:00:00+01:00"},
		"a clock that starts a nanosecond after midnight gets the next day": {day, "2027-02-02T00:00:00.000000001+01:00", "2027-02-04T00:00:00+01:00"},
		"midnight is the customers', not that of UTC":                       {day, "2027-02-02T00:00:00Z", "2027-02-04T00:00:00+01:00"},
		"midnight of UTC counts where the customers are in UTC":             {Period{Days: 1, Zone: "UTC"}, "2027-02-02T00:00:00Z", "2027-02-03T00:00:00Z"},
		"no days end when the clock starts, to the nanosecond":              {Period{Zone: "Europe/Berlin"}, "2027-02-02T10:11:12.000000013+01:00", "2027-02-02T09:11:12.000000013Z"},
		"thirty days from 31 January end in March":                          {Period{Days: 30, Zone: "Europe/Berlin"}, "2027-01-31T10:00:00+01:00", "2027-03-03T00:00:00+01:00"},
		"29 February is a day":                                              {day, "2028-02-28T12:00:00+01:00", "2028-03-01T00:00:00+01:00"},
		"28 February is followed by March in other years":                   {day, "2027-02-28T12:00:00+01:00", "2027-03-02T00:00:00+01:00"},
		"2100 is no leap year":                                              {day, "2100-02-28T12:00:00+01:00", "2100-03-02T00:00:00+01:00"},
		"365 days over a 29 February are a day less than a year":            {Period{Days: 365, Zone: "Europe/Berlin"}, "2027-07-01T00:00:00+02:00", "2028-06-30T00:00:00+02:00"},
		"the year ends like any day":                                        {day, "2027-12-31T00:00:00+01:00", "2028-01-01T00:00:00+01:00"},
		"the last day of a leap year is a day":                              {day, "2028-12-31T00:00:00+01:00", "2029-01-01T00:00:00+01:00"},
		"the longest period":                                                {Period{Days: 3650, Zone: "UTC"}, "2027-01-01T00:00:00Z", "2036-12-29T00:00:00Z"},
	})
}

func TestEndWhereClocksChangeR13(t *testing.T) {
	in := func(zone string) Period { return Period{Days: 1, Zone: zone} }
	runEndCases(t, map[string]endCase{
		"a day of 23 hours is a day": {in("Europe/Berlin"), "2027-03-28T00:00:00+01:00", "2027-03-28T22:00:00Z"},
		"a day of 25 hours is a day": {in("Europe/Berlin"), "2027-10-31T00:00:00+02:00", "2027-10-31T23:00:00Z"},

		"Asuncion without a midnight: the day starts at 01:00":        {in("America/Asuncion"), "2023-10-01T04:00:00Z", "2023-10-02T03:00:00Z"},
		"Asuncion without a midnight: a second before":                {in("America/Asuncion"), "2023-10-01T03:59:59Z", "2023-10-02T03:00:00Z"},
		"Asuncion without a midnight: a second after":                 {in("America/Asuncion"), "2023-10-01T04:00:01Z", "2023-10-03T03:00:00Z"},
		"Asuncion at the end of the hour that came twice":             {in("America/Asuncion"), "2024-03-23T03:00:00Z", "2024-03-24T04:00:00Z"},
		"Asuncion in the hour that came twice":                        {in("America/Asuncion"), "2024-03-24T03:00:00Z", "2024-03-25T04:00:00Z"},
		"Asuncion a second after the hour that came twice":            {in("America/Asuncion"), "2024-03-24T04:00:01Z", "2024-03-26T04:00:00Z"},
		"Cairo without a midnight: the day starts at 01:00":           {in("Africa/Cairo"), "2027-04-29T22:00:00Z", "2027-04-30T21:00:00Z"},
		"Cairo without a midnight: a second after":                    {in("Africa/Cairo"), "2027-04-29T22:00:01Z", "2027-05-01T21:00:00Z"},
		"Cairo at the end of the hour that came twice":                {in("Africa/Cairo"), "2027-10-27T21:00:00Z", "2027-10-28T22:00:00Z"},
		"Beirut without a midnight: the day starts at 01:00":          {in("Asia/Beirut"), "2027-03-27T22:00:00Z", "2027-03-28T21:00:00Z"},
		"Beirut at the end of the hour that came twice":               {in("Asia/Beirut"), "2027-10-29T21:00:00Z", "2027-10-30T22:00:00Z"},
		"Sao Paulo without a midnight: the day started at 01:00":      {in("America/Sao_Paulo"), "2018-11-04T03:00:00Z", "2018-11-05T02:00:00Z"},
		"Sao Paulo at the end of the hour that came twice":            {in("America/Sao_Paulo"), "2018-02-17T02:00:00Z", "2018-02-18T03:00:00Z"},
		"Havana at the first of two midnights: the day is full":       {in("America/Havana"), "2027-11-07T04:00:00Z", "2027-11-08T05:00:00Z"},
		"Havana at the second of two midnights: an hour is gone":      {in("America/Havana"), "2027-11-07T05:00:00Z", "2027-11-09T05:00:00Z"},
		"St Johns put its clocks back at 00:01: later midnight ends":  {in("America/St_Johns"), "2010-11-06T02:30:00Z", "2010-11-07T03:30:00Z"},
		"St Johns put its clocks back at 00:01: first midnight opens": {in("America/St_Johns"), "2010-11-07T02:30:00Z", "2010-11-08T03:30:00Z"},
		"St Johns put its clocks back at 00:01: a second later":       {in("America/St_Johns"), "2010-11-07T02:30:01Z", "2010-11-09T03:30:00Z"},
		"St Johns put its clocks back at 00:01: at second midnight":   {in("America/St_Johns"), "2010-11-07T03:30:00Z", "2010-11-09T03:30:00Z"},

		"a day before the date that Apia skipped":        {in("Pacific/Apia"), "2011-12-29T10:00:00Z", "2011-12-30T10:00:00Z"},
		"the date that Apia skipped is no day of notice": {Period{Days: 2, Zone: "Pacific/Apia"}, "2011-12-29T10:00:00Z", "2011-12-31T10:00:00Z"},
		"nor the one that Kwajalein skipped":             {Period{Days: 2, Zone: "Pacific/Kwajalein"}, "1993-08-20T12:00:00Z", "1993-08-22T12:00:00Z"},
		"nor is it a business day":                       {Period{Days: 2, Business: true, Zone: "Pacific/Apia"}, "2011-12-29T10:00:00Z", "2012-01-02T10:00:00Z"},
	})
}

func TestEndOfBusinessDaysR13(t *testing.T) {
	in := func(zone string, holidays ...string) Period {
		return Period{Days: 1, Business: true, Zone: zone, Holidays: holidays}
	}
	closed := in("Europe/Berlin", "DE")
	closed.Closed = []string{"2027-12-24"}
	twoWeeks := in("Europe/Berlin")
	twoWeeks.Days = 10
	none := in("Europe/Berlin")
	none.Days = 0
	calendarDays := closed
	calendarDays.Business = false

	runEndCases(t, map[string]endCase{
		"from Friday at noon the first is Monday":               {in("Europe/Berlin"), "2027-02-05T12:00:00+01:00", "2027-02-09T00:00:00+01:00"},
		"Friday from its midnight on is one":                    {in("Europe/Berlin"), "2027-02-05T00:00:00+01:00", "2027-02-06T00:00:00+01:00"},
		"from Saturday's midnight the first is Monday":          {in("Europe/Berlin"), "2027-02-06T00:00:00+01:00", "2027-02-09T00:00:00+01:00"},
		"at Monday's midnight the first is Monday":              {in("Europe/Berlin"), "2027-02-08T00:00:00+01:00", "2027-02-09T00:00:00+01:00"},
		"a second into Monday the first is Tuesday":             {in("Europe/Berlin"), "2027-02-08T00:00:01+01:00", "2027-02-10T00:00:00+01:00"},
		"ten take two weeks":                                    {twoWeeks, "2027-02-08T00:00:00+01:00", "2027-02-20T00:00:00+01:00"},
		"none end when the clock starts, on a Sunday too":       {none, "2027-02-07T12:00:00+01:00", "2027-02-07T11:00:00Z"},
		"a holiday of a part of the country counts in the rest": {in("Europe/Berlin", "DE"), "2027-03-05T12:00:00+01:00", "2027-03-09T00:00:00+01:00"},
		"a holiday of a part of the country does not count":     {in("Europe/Berlin", "DE-BE"), "2027-03-05T12:00:00+01:00", "2027-03-10T00:00:00+01:00"},
		"a holiday of one of two calendars does not count":      {in("Europe/Berlin", "DE", "US"), "2027-07-02T12:00:00+02:00", "2027-07-07T00:00:00+02:00"},
		"Christmas Eve counts in Germany":                       {in("Europe/Berlin", "DE"), "2027-12-23T12:00:00+01:00", "2027-12-25T00:00:00+01:00"},
		"a closed date does not":                                {closed, "2027-12-23T12:00:00+01:00", "2027-12-28T00:00:00+01:00"},
		"holidays and closed dates are calendar days":           {calendarDays, "2027-12-23T12:00:00+01:00", "2027-12-25T00:00:00+01:00"},
		"a holiday on Saturday is kept on the Monday":           {in("Europe/London", "GB"), "2027-12-24T12:00:00Z", "2027-12-30T00:00:00Z"},
		"New Year is kept in the old year when on a Saturday":   {in("America/New_York", "US"), "2027-12-30T12:00:00-05:00", "2028-01-04T00:00:00-05:00"},
	})
}

func TestLatestStartR13(t *testing.T) {
	days := func(n int, zone string) Period { return Period{Days: n, Zone: zone} }
	business := func(n int, zone string) Period { return Period{Days: n, Business: true, Zone: zone} }
	for name, tc := range map[string]struct {
		period    Period
		end, want string
	}{
		"the day must be over by the end":                     {days(1, "Europe/Berlin"), "2027-02-02T00:00:00+01:00", "2027-02-01T00:00:00+01:00"},
		"a second too little costs a day":                     {days(1, "Europe/Berlin"), "2027-02-01T23:59:59+01:00", "2027-01-31T00:00:00+01:00"},
		"a nanosecond too little costs a day":                 {days(1, "Europe/Berlin"), "2027-02-01T23:59:59.999999999+01:00", "2027-01-31T00:00:00+01:00"},
		"hours after midnight buy nothing":                    {days(1, "Europe/Berlin"), "2027-02-02T23:59:59+01:00", "2027-02-01T00:00:00+01:00"},
		"no days need no time":                                {days(0, "Europe/Berlin"), "2027-02-02T10:11:12.000000013+01:00", "2027-02-02T10:11:12.000000013+01:00"},
		"half a year over a change of clocks":                 {days(180, "Europe/Berlin"), "2027-07-01T00:00:00+02:00", "2027-01-02T00:00:00+01:00"},
		"ten business days":                                   {business(10, "Europe/Berlin"), "2027-02-20T00:00:00+01:00", "2027-02-08T00:00:00+01:00"},
		"the weekend after them buys nothing":                 {business(10, "Europe/Berlin"), "2027-02-22T12:00:00+01:00", "2027-02-08T00:00:00+01:00"},
		"an hour that came twice must be over":                {days(1, "America/Asuncion"), "2024-03-24T03:59:59Z", "2024-03-22T03:00:00Z"},
		"an hour that came twice is over":                     {days(1, "America/Asuncion"), "2024-03-24T04:00:00Z", "2024-03-23T03:00:00Z"},
		"a day without a midnight starts at 01:00":            {days(1, "Asia/Beirut"), "2027-03-28T21:00:00Z", "2027-03-27T22:00:00Z"},
		"the later of two midnights of St Johns is to come":   {days(1, "America/St_Johns"), "2010-11-07T03:29:59Z", "2010-11-05T02:30:00Z"},
		"the later of two midnights of St Johns has come":     {days(1, "America/St_Johns"), "2010-11-07T03:30:00Z", "2010-11-06T02:30:00Z"},
		"the date that Apia skipped is no day of notice":      {days(2, "Pacific/Apia"), "2011-12-31T10:00:00Z", "2011-12-29T10:00:00Z"},
		"nor on the way back from a second before that":       {days(2, "Pacific/Apia"), "2011-12-31T09:59:59Z", "2011-12-28T10:00:00Z"},
		"a period that starts with the first instant allowed": {days(1, "UTC"), "1970-01-02T00:00:00Z", "1970-01-01T00:00:00Z"},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := tc.period.LatestStart(instant(t, tc.end))
			if err != nil {
				t.Fatalf("LatestStart: %v", err)
			}
			if want := instant(t, tc.want); !got.Equal(want) {
				t.Errorf("LatestStart(%s) = %s, want %s", tc.end, got.Format(time.RFC3339Nano), want.UTC().Format(time.RFC3339Nano))
			}
		})
	}
}

func TestDaysLeftR13(t *testing.T) {
	const end = "2027-07-01T00:00:00+02:00"
	for name, tc := range map[string]struct {
		now, end, zone string
		want           int
	}{
		"from midnight to midnight all days are full": {"2027-06-28T00:00:00+02:00", end, "Europe/Berlin", 3},
		"a second later the day is no longer full":    {"2027-06-28T00:00:01+02:00", end, "Europe/Berlin", 2},
		"a second before, it is":                      {"2027-06-27T23:59:59+02:00", end, "Europe/Berlin", 3},
		"an end a second early takes its day":         {"2027-06-28T00:00:00+02:00", "2027-06-30T23:59:59+02:00", "Europe/Berlin", 2},
		"an end within a day does not add it":         {"2027-06-28T00:00:00+02:00", "2027-07-01T23:59:59+02:00", "Europe/Berlin", 3},
		"within the last day none is full":            {"2027-06-30T00:00:01+02:00", end, "Europe/Berlin", 0},
		"at the end":                                  {end, end, "Europe/Berlin", 0},
		"after the end":                               {"2027-07-09T00:00:00+02:00", end, "Europe/Berlin", 0},
		"the zone says which days":                    {"2027-06-28T00:00:00+02:00", end, "America/New_York", 2},
		"a skipped date is none":                      {"2011-12-29T10:00:00Z", "2011-12-31T10:00:00Z", "Pacific/Apia", 2},
		"more than a century is a century":            {"2027-06-28T00:00:00Z", "9999-12-31T00:00:00Z", "Europe/Berlin", 36525},
		"a day less than a century":                   {"2027-01-01T00:00:00Z", "2126-12-31T23:59:59Z", "UTC", 36523},
		"a clock that was never set":                  {"0001-01-01T00:00:00Z", end, "Europe/Berlin", 36525},
	} {
		t.Run(name, func(t *testing.T) {
			got := DaysLeft(instant(t, tc.now), instant(t, tc.end), zone(t, tc.zone))
			if got != tc.want {
				t.Errorf("DaysLeft(%s, %s, %s) = %d, want %d", tc.now, tc.end, tc.zone, got, tc.want)
			}
		})
	}
	if got := DaysLeft(instant(t, "2027-06-28T00:00:00Z"), instant(t, "2027-06-30T00:00:00Z"), nil); got != 2 {
		t.Errorf("DaysLeft without a zone = %d, want 2 days of UTC", got)
	}
}

func TestPeriodValidate(t *testing.T) {
	for name, tc := range map[string]struct {
		period Period
		want   string // part of the error; empty: valid
	}{
		"no days":                     {Period{Zone: "UTC"}, ""},
		"the most days":               {Period{Days: 3650, Zone: "UTC"}, ""},
		"a day more":                  {Period{Days: 3651, Zone: "UTC"}, "3651 days of notice are not between 0 and 3650"},
		"millions of days":            {Period{Days: 9999999, Zone: "UTC"}, "9999999 days of notice are not between 0 and 3650"},
		"negative days":               {Period{Days: -1, Zone: "UTC"}, "-1 days of notice are not between 0 and 3650"},
		"no zone":                     {Period{Days: 1}, "no time zone is set"},
		"an ambiguous zone":           {Period{Days: 1, Zone: "CST"}, "America/Chicago"},
		"an unknown calendar":         {Period{Days: 1, Zone: "UTC", Business: true, Holidays: []string{"DE", "QQ"}}, `holiday calendar "QQ" is not known`},
		"and where nobody reads it":   {Period{Days: 1, Zone: "UTC", Holidays: []string{"QQ"}}, `holiday calendar "QQ" is not known`},
		"a closed date without zeros": {Period{Zone: "UTC", Closed: []string{"2027-1-2"}}, `closed date "2027-1-2" is not a date`},
		"a closed date that is none":  {Period{Zone: "UTC", Closed: []string{"2027-02-29"}}, `closed date "2027-02-29" is not a date`},
		"a closed 29 February":        {Period{Zone: "UTC", Closed: []string{"2028-02-29"}}, ""},
		"the most calendars":          {Period{Zone: "UTC", Holidays: slicesOf("DE", 32)}, ""},
		"one calendar more":           {Period{Zone: "UTC", Holidays: slicesOf("DE", 33)}, "33 holiday calendars are more than 32"},
		"the most closed dates":       {Period{Zone: "UTC", Closed: slicesOf("2027-12-24", 1000)}, ""},
		"one closed date more":        {Period{Zone: "UTC", Closed: slicesOf("2027-12-24", 1001)}, "1001 closed dates are more than 1000"},
	} {
		t.Run(name, func(t *testing.T) {
			start := instant(t, "2027-02-02T00:00:00Z")
			_, endErr := tc.period.End(start)
			_, startErr := tc.period.LatestStart(start)
			for what, err := range map[string]error{"Validate": tc.period.Validate(), "End": endErr, "LatestStart": startErr} {
				switch {
				case tc.want == "" && err != nil:
					t.Errorf("%s: %v", what, err)
				case tc.want != "" && (err == nil || !strings.Contains(err.Error(), tc.want)):
					t.Errorf("%s: %v, want an error that says %q", what, err, tc.want)
				}
			}
		})
	}
}

func slicesOf(s string, n int) []string { return strings.Fields(strings.Repeat(s+" ", n)) }

func TestPeriodRefusesInstantsOutOfRange(t *testing.T) {
	day := Period{Days: 1, Zone: "UTC"}
	for name, tc := range map[string]struct {
		of   func(time.Time) (time.Time, error)
		at   string
		want string
	}{
		"a clock that was never set":            {day.End, "0001-01-01T00:00:00Z", "0001-01-01T00:00:00Z is not between the years 1970 and 9999"},
		"a start a second too early":            {day.End, "1969-12-31T23:59:59Z", "1969-12-31T23:59:59Z is not between"},
		"a start as early as can be":            {day.End, "1970-01-01T00:00:00Z", ""},
		"an end as late as can be":              {day.End, "9999-12-30T00:00:00Z", ""},
		"an end that cannot be written":         {day.End, "9999-12-30T00:00:01Z", "ending 1 days after 9999-12-30T00:00:01Z: the instant 10000-01-01"},
		"an end too early to have been started": {day.LatestStart, "1970-01-01T23:59:59Z", "starting 1 days before 1970-01-01T23:59:59Z: the instant 1969-12-31"},
		"an end that was never set":             {day.LatestStart, "0001-01-01T00:00:00Z", "0001-01-01T00:00:00Z is not between"},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := tc.of(instant(t, tc.at))
			switch {
			case tc.want == "" && err != nil:
				t.Errorf("unexpected error: %v", err)
			case tc.want != "" && (err == nil || !strings.Contains(err.Error(), tc.want)):
				t.Errorf("error is %v, want one that says %q", err, tc.want)
			case tc.want != "" && !got.IsZero():
				t.Errorf("an error comes with the instant %s", got)
			}
		})
	}
}

func TestWalkGivesUpOnACalendarThatIsAlwaysClosed(t *testing.T) {
	c := counter{local: localDays{zone: time.UTC}, closed: func(day) bool { return true }}
	for _, step := range []day{+1, -1} {
		_, err := c.walk(dayOf(2027, time.February, 2), step, 1)
		if want := "there are no 1 business days between "; err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("walk by %d: %v, want an error that says %q", step, err, want)
		}
	}
}

func BenchmarkEnd(b *testing.B) {
	start := instant(b, "2027-02-02T12:00:00Z")
	for name, period := range map[string]Period{
		"180 calendar days":  {Days: 180, Zone: "Europe/Berlin"},
		"3650 calendar days": {Days: 3650, Zone: "Europe/Berlin"},
		"180 business days":  {Days: 180, Business: true, Zone: "Europe/Berlin", Holidays: []string{"DE"}},
		"3650 business days": {Days: 3650, Business: true, Zone: "Europe/Berlin", Holidays: []string{"DE"}},
		"3650 business days, three calendars": {
			Days: 3650, Business: true, Zone: "Europe/Berlin", Holidays: []string{"DE-BY", "US", "JP"},
		},
	} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := period.End(start); err != nil {
					b.Fatal(err)
				}
			}
		})
		b.Run(name+", backwards", func(b *testing.B) {
			for b.Loop() {
				if _, err := period.LatestStart(start); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
