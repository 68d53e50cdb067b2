package notice

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/rickar/cal/v2"
	"github.com/rickar/cal/v2/ar"
	"github.com/rickar/cal/v2/at"
	"github.com/rickar/cal/v2/au"
	"github.com/rickar/cal/v2/be"
	"github.com/rickar/cal/v2/bg"
	"github.com/rickar/cal/v2/br"
	"github.com/rickar/cal/v2/ca"
	"github.com/rickar/cal/v2/ch"
	"github.com/rickar/cal/v2/cy"
	"github.com/rickar/cal/v2/cz"
	"github.com/rickar/cal/v2/de"
	"github.com/rickar/cal/v2/dk"
	"github.com/rickar/cal/v2/ee"
	"github.com/rickar/cal/v2/es"
	"github.com/rickar/cal/v2/fi"
	"github.com/rickar/cal/v2/fr"
	"github.com/rickar/cal/v2/gb"
	"github.com/rickar/cal/v2/gr"
	"github.com/rickar/cal/v2/hr"
	"github.com/rickar/cal/v2/hu"
	"github.com/rickar/cal/v2/ie"
	"github.com/rickar/cal/v2/is"
	"github.com/rickar/cal/v2/it"
	"github.com/rickar/cal/v2/jp"
	"github.com/rickar/cal/v2/ke"
	"github.com/rickar/cal/v2/lt"
	"github.com/rickar/cal/v2/lu"
	"github.com/rickar/cal/v2/lv"
	"github.com/rickar/cal/v2/mt"
	"github.com/rickar/cal/v2/mw"
	"github.com/rickar/cal/v2/mx"
	"github.com/rickar/cal/v2/nc"
	"github.com/rickar/cal/v2/nl"
	"github.com/rickar/cal/v2/no"
	"github.com/rickar/cal/v2/nz"
	"github.com/rickar/cal/v2/pl"
	"github.com/rickar/cal/v2/pt"
	"github.com/rickar/cal/v2/ro"
	"github.com/rickar/cal/v2/rs"
	"github.com/rickar/cal/v2/ru"
	"github.com/rickar/cal/v2/se"
	"github.com/rickar/cal/v2/si"
	"github.com/rickar/cal/v2/sk"
	"github.com/rickar/cal/v2/th"
	"github.com/rickar/cal/v2/ua"
	"github.com/rickar/cal/v2/us"
	"github.com/rickar/cal/v2/za"
)

// The library makes midnights in the zone of the machine, some of which have none on some dates.
func init() { cal.DefaultLoc = time.UTC }

// calendars are the holidays by ISO 3166 code. Where a country has a list of its own, the list holds what
// is kept in most of it.
var calendars = map[string][]*cal.Holiday{
	"AR":     ar.Holidays,
	"AT":     at.Holidays,
	"AU-ACT": au.HolidaysACT,
	"AU-NSW": au.HolidaysNSW,
	"AU-NT":  au.HolidaysNT,
	"AU-QLD": au.HolidaysQLD,
	"AU-SA":  au.HolidaysSA,
	"AU-TAS": au.HolidaysTAS,
	"AU-VIC": au.HolidaysVIC,
	"AU-WA":  au.HolidaysWA,
	"BE":     be.Holidays,
	"BG":     bg.Holidays,
	"BR":     br.Holidays,
	"CA":     ca.Holidays,
	"CH":     ch.Holidays,
	"CH-AG":  ch.HolidaysAG,
	"CH-AI":  ch.HolidaysAI,
	"CH-AR":  ch.HolidaysAR,
	"CH-BE":  ch.HolidaysBE,
	"CH-BL":  ch.HolidaysBL,
	"CH-BS":  ch.HolidaysBS,
	"CH-FR":  ch.HolidaysFR,
	"CH-GE":  ch.HolidaysGE,
	"CH-GL":  ch.HolidaysGL,
	"CH-GR":  ch.HolidaysGR,
	"CH-JU":  ch.HolidaysJU,
	"CH-LU":  ch.HolidaysLU,
	"CH-NE":  ch.HolidaysNE,
	"CH-NW":  ch.HolidaysNW,
	"CH-OW":  ch.HolidaysOW,
	"CH-SG":  ch.HolidaysSG,
	"CH-SH":  ch.HolidaysSH,
	"CH-SO":  ch.HolidaysSO,
	"CH-SZ":  ch.HolidaysSZ,
	"CH-TG":  ch.HolidaysTG,
	"CH-TI":  ch.HolidaysTI,
	"CH-UR":  ch.HolidaysUR,
	"CH-VD":  ch.HolidaysVD,
	"CH-VS":  ch.HolidaysVS,
	"CH-ZG":  ch.HolidaysZG,
	"CH-ZH":  ch.HolidaysZH,
	"CY":     cy.Holidays,
	"CZ":     cz.Holidays,
	"DE":     de.Holidays,
	"DE-BB":  de.HolidaysBB,
	"DE-BE":  de.HolidaysBE,
	"DE-BW":  de.HolidaysBW,
	"DE-BY":  de.HolidaysBY,
	"DE-HB":  de.HolidaysHB,
	"DE-HE":  de.HolidaysHE,
	"DE-HH":  de.HolidaysHH,
	"DE-MV":  de.HolidaysMV,
	"DE-NI":  de.HolidaysNI,
	"DE-NW":  de.HolidaysNW,
	"DE-RP":  de.HolidaysRP,
	"DE-SH":  de.HolidaysSH,
	"DE-SL":  de.HolidaysSL,
	"DE-SN":  de.HolidaysSN,
	"DE-ST":  de.HolidaysST,
	"DE-TH":  de.HolidaysTH,
	"DK":     dk.Holidays,
	"EE":     ee.Holidays,
	"ES":     es.Holidays,
	"FI":     fi.Holidays,
	"FR":     fr.Holidays,
	"GB":     gb.Holidays,
	"GR":     gr.Holidays,
	"HR":     hr.Holidays,
	"HU":     hu.Holidays,
	"IE":     ie.Holidays,
	"IS":     is.Holidays,
	"IT":     it.Holidays,
	"JP":     jp.Holidays,
	"KE":     ke.Holidays,
	"LT":     lt.Holidays,
	"LU":     lu.Holidays,
	"LV":     lv.Holidays,
	"MT":     mt.Holidays,
	"MW":     mw.Holidays,
	"MX":     mx.Holidays,
	"NC":     nc.Holidays,
	"NL":     nl.Holidays,
	"NO":     no.Holidays,
	"NZ":     nz.Holidays,
	"PL":     pl.Holidays,
	"PT":     pt.Holidays,
	"RO":     ro.Holidays,
	"RS":     rs.Holidays,
	"RU":     ru.Holidays,
	"SE":     se.Holidays,
	"SI":     si.Holidays,
	"SK":     sk.Holidays,
	"TH":     th.Holidays,
	"UA":     ua.Holidays,
	"US":     us.Holidays,
	"ZA":     za.Holidays,
}

// closedDays are the days that are no business days: weekends, holidays, and dates that are named.
type closedDays struct {
	calendars  [][]*cal.Holiday
	dates      map[day]bool
	calculated map[int]bool // years whose holidays are in dates
	from, to   day          // the year that was asked for last: from <= d < to
}

func newClosedDays(codes, dates []string) (*closedDays, error) {
	if len(codes) > maxHolidays {
		return nil, fmt.Errorf("%d holiday calendars are more than %d", len(codes), maxHolidays)
	}
	if len(dates) > maxClosed {
		return nil, fmt.Errorf("%d closed dates are more than %d", len(dates), maxClosed)
	}
	c := &closedDays{dates: map[day]bool{}, calculated: map[int]bool{}}
	for _, code := range codes {
		holidays, ok := calendars[code]
		if !ok {
			return nil, unknownCalendar(code)
		}
		c.calendars = append(c.calendars, holidays, amendments[code])
	}
	for _, date := range dates {
		t, err := time.Parse(time.DateOnly, date)
		if err != nil {
			return nil, fmt.Errorf("closed date %q is not a date: write it like 2027-12-24", shortened(date))
		}
		c.dates[dayOf(t.Date())] = true
	}
	return c, nil
}

func (c *closedDays) has(d day) bool {
	if weekday := d.weekday(); weekday == time.Saturday || weekday == time.Sunday {
		return true
	}
	return c.holiday(d)
}

// holiday says that the day is a holiday, or closed by its date, whatever day of the week it is.
func (c *closedDays) holiday(d day) bool {
	if d < c.from || d >= c.to {
		c.prepare(d.year())
	}
	return c.dates[d]
}

func (c *closedDays) prepare(year int) {
	c.from, c.to = dayOf(year, time.January, 1), dayOf(year+1, time.January, 1)
	// A holiday can be observed in the year before or after its own: 1 January 2028 on 31 December 2027.
	for y := year - 1; y <= year+1; y++ {
		if !c.calculated[y] {
			c.calculate(y)
			c.calculated[y] = true
		}
	}
}

// calculate closes the holidays of a year, both on their own date and on the one they are observed on.
func (c *closedDays) calculate(year int) {
	var holiday cal.Holiday // a copy: some of the library's functions write to what they are given
	for _, holidays := range c.calendars {
		for _, shared := range holidays {
			holiday = *shared
			actual, observed := holiday.Calc(year)
			if actual.IsZero() {
				continue // not kept that year
			}
			c.dates[dayOf(actual.Date())] = true
			c.dates[dayOf(observed.Date())] = true
		}
	}
}

func unknownCalendar(code string) error {
	upper := strings.ToUpper(code)
	if _, ok := calendars[upper]; ok {
		return fmt.Errorf("holiday calendar %q is not known: write %s", code, upper)
	}
	country, _, _ := strings.Cut(upper, "-")
	var parts []string
	for _, known := range slices.Sorted(maps.Keys(calendars)) {
		if known == country || strings.HasPrefix(known, country+"-") {
			parts = append(parts, known)
		}
	}
	if len(parts) > 0 {
		return fmt.Errorf("holiday calendar %q is not known: of %s there are %s", shortened(code), country, strings.Join(parts, ", "))
	}
	return fmt.Errorf("holiday calendar %q is not known: write an ISO 3166 code such as US or DE-BE, "+
		"or name the dates as closed", shortened(code))
}
