package notice

import (
	"time"

	"github.com/rickar/cal/v2"
	"github.com/rickar/cal/v2/th"
)

// amendments are statutory holidays that the library lacks or has on another date, for the years from
// 2026. They only add days, so that a correction never makes a period shorter. Not here: what a
// government proclaims year by year (bridge days, feasts by the moon), and what only a city keeps;
// a policy names those as closed.
var amendments = map[string][]*cal.Holiday{
	"AR": {
		easter(-2), // Good Friday; the library has the Thursday
		yearly(time.June, 17, toMonday...),
		yearly(time.August, 17, toMonday...),
		yearly(time.October, 12, toMonday...),
		yearly(time.November, 20, toMonday...),
	},
	"AU-NSW": {between(2026, 2027, yearly(time.April, 25, move(time.Saturday, 2), move(time.Sunday, 1)))},
	"CH-AG":  {yearly(time.May, 1)},
	"CH-GE":  {nth(1, time.Sunday, time.September, 4), yearly(time.December, 31)},
	"CH-GL":  {{Func: battleOfNaefels}},
	"CH-JU":  {yearly(time.June, 23)},
	"CH-LU":  {yearly(time.January, 2), easter(1), easter(50)},
	"CH-NE": {
		yearly(time.March, 1),
		yearly(time.December, 25, move(time.Sunday, 1)),
		yearly(time.January, 1, move(time.Sunday, 1)),
	},
	"CH-OW": {yearly(time.September, 25)},
	"CH-TI": {yearly(time.June, 29)},
	"CH-VD": {nth(3, time.Sunday, time.September, 1)},
	"CH-ZG": {easter(60), yearly(time.August, 15), yearly(time.December, 8)},
	"DE-MV": {yearly(time.March, 8)},
	"IT":    {yearly(time.October, 4)},
	"KE":    {yearly(time.December, 26, move(time.Monday, 1))},
	"LU":    {yearly(time.May, 9), yearly(time.June, 23)}, // the library has the National Day in July
	"MW":    {yearly(time.December, 26, move(time.Sunday, 2), move(time.Monday, 1))},
	"MX": {
		nth(1, time.Monday, time.February, 0),
		nth(3, time.Monday, time.March, 0),
		{Func: mexicanInauguration},
	},
	"NZ": {{Func: matariki}},
	"RS": {
		yearly(time.January, 1, move(time.Sunday, 2)),
		yearly(time.January, 2, move(time.Sunday, 1)),
		yearly(time.February, 15, move(time.Sunday, 2)),
		yearly(time.February, 16, move(time.Sunday, 1)),
		yearly(time.May, 1, move(time.Sunday, 2)),
		yearly(time.May, 2, move(time.Sunday, 1)),
		yearly(time.May, 2, move(time.Sunday, 2)), // after Easter Monday, 3 May
		yearly(time.November, 11, move(time.Sunday, 1)),
	},
	"RU": {
		yearly(time.January, 2),
		yearly(time.January, 3),
		yearly(time.January, 4),
		yearly(time.January, 5),
		yearly(time.January, 6),
		yearly(time.January, 8),
	},
	"TH": {
		th.LaborDay,
		yearly(time.April, 13, move(time.Sunday, 3)),
		yearly(time.December, 31, move(time.Saturday, 3), move(time.Sunday, 2)),
	},
}

// toMonday is how Argentina moves a holiday to the Monday that is nearer.
var toMonday = []cal.AltDay{
	move(time.Tuesday, -1), move(time.Wednesday, -2), move(time.Thursday, 4), move(time.Friday, 3),
}

func move(from time.Weekday, days int) cal.AltDay { return cal.AltDay{Day: from, Offset: days} }

func yearly(month time.Month, date int, observed ...cal.AltDay) *cal.Holiday {
	return &cal.Holiday{Month: month, Day: date, Observed: observed, Func: cal.CalcDayOfMonth}
}

// easter is a holiday so many days after Easter Sunday.
func easter(days int) *cal.Holiday {
	return &cal.Holiday{Offset: days, Func: cal.CalcEasterOffset}
}

// nth is a holiday so many days after the nth weekday of a month.
func nth(n int, weekday time.Weekday, month time.Month, days int) *cal.Holiday {
	return &cal.Holiday{Month: month, Weekday: weekday, Offset: n, CalcOffset: days, Func: cal.CalcWeekdayOffset}
}

func between(first, last int, holiday *cal.Holiday) *cal.Holiday {
	holiday.StartYear, holiday.EndYear = first, last
	return holiday
}

// battleOfNaefels is kept in Glarus on the first Thursday of April, a week later in Holy Week.
func battleOfNaefels(_ *cal.Holiday, year int) time.Time {
	thursday := cal.DayStart(cal.WeekdayN(year, time.April, time.Thursday, 1))
	if thursday.Equal(cal.CalcEasterOffset(&cal.Holiday{Offset: -3}, year)) {
		return thursday.AddDate(0, 0, 7)
	}
	return thursday
}

// mexicanInauguration is on 1 October of every sixth year.
func mexicanInauguration(_ *cal.Holiday, year int) time.Time {
	if year < 2024 || (year-2024)%6 != 0 {
		return time.Time{}
	}
	return time.Date(year, time.October, 1, 0, 0, 0, 0, time.UTC)
}

// matarikiDates are those of the first schedule of New Zealand's Te Kāhui o Matariki Public Holiday Act,
// from 2022; it ends in 2052.
var matarikiDates = [...]string{
	"06-24", "07-14", "06-28", "06-20", "07-10", "06-25", "07-14", "07-06",
	"06-21", "07-11", "07-02", "06-24", "07-07", "06-29", "07-18", "07-10",
	"06-25", "07-15", "07-06", "07-19", "07-11", "07-03", "06-24", "07-07",
	"06-29", "07-19", "07-03", "06-25", "07-15", "06-30", "06-21",
}

func matariki(_ *cal.Holiday, year int) time.Time {
	if year < 2022 || year >= 2022+len(matarikiDates) {
		return time.Time{}
	}
	monthAndDay, err := time.Parse("01-02", matarikiDates[year-2022])
	if err != nil {
		return time.Time{} // the table is tested
	}
	return time.Date(year, monthAndDay.Month(), monthAndDay.Day(), 0, 0, 0, 0, time.UTC)
}
