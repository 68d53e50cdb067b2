package audience

import (
	"cmp"
	"fmt"
	"maps"
	"slices"

	v1alpha1 "forewarn.dev/forewarn/api/v1alpha1"
	"forewarn.dev/forewarn/internal/notice/content"
)

// What the status of an Audience can hold, as its schema has it.
const (
	maxCalendars = 128
	maxTerms     = 256
	maxLocales   = 512
)

// Summary is what verdicts need of a list: no customer, but what each is owed and where days are counted.
type Summary struct {
	Customers int
	Calendars []v1alpha1.CustomerCalendar
	Terms     []v1alpha1.ContractTerm
	Locales   []v1alpha1.CustomerLocale
}

// Summarise says what the customers have in common. A list with more different promises than can be kept is
// refused: what is left out would be owed to nobody.
func Summarise(customers []Customer) (Summary, error) {
	s := Summary{Customers: len(customers)}
	calendars := map[string]*v1alpha1.CustomerCalendar{}
	terms := map[string]*v1alpha1.ContractTerm{}
	for i := range customers {
		c := &customers[i]
		holidays := sorted(c.Holidays)
		key := calendarKey(c.TimeZone, holidays)
		if calendars[key] == nil {
			calendars[key] = &v1alpha1.CustomerCalendar{TimeZone: c.TimeZone, Holidays: holidays}
		}
		calendars[key].Customers++
		promised := map[string]bool{}
		for j := range c.Owed {
			t := v1alpha1.ContractTerm{Customer: c.ID, Owed: c.Owed[j], TimeZone: c.TimeZone}
			if c.Owed[j].BusinessDays != nil {
				t.Holidays = holidays
			}
			of := termKey(&t)
			if terms[of] == nil {
				terms[of] = &t
			}
			if !promised[of] {
				terms[of].Customers++
			}
			promised[of] = true
			terms[of].Customer = min(terms[of].Customer, c.ID)
		}
	}
	if len(calendars) > maxCalendars {
		return Summary{}, fmt.Errorf("its customers count their days in %d different ways (time zone, holidays), and %d is the limit: make several Audiences",
			len(calendars), maxCalendars)
	}
	if len(terms) > maxTerms {
		return Summary{}, fmt.Errorf("its contracts make %d different promises, and %d is the limit: make several Audiences", len(terms), maxTerms)
	}
	for _, c := range calendars {
		s.Calendars = append(s.Calendars, *c)
	}
	slices.SortFunc(s.Calendars, func(a, b v1alpha1.CustomerCalendar) int {
		return cmp.Compare(calendarKey(a.TimeZone, a.Holidays), calendarKey(b.TimeZone, b.Holidays))
	})
	for _, t := range terms {
		s.Terms = append(s.Terms, *t)
	}
	slices.SortFunc(s.Terms, func(a, b v1alpha1.ContractTerm) int { return cmp.Compare(termKey(&a), termKey(&b)) })
	if s.Locales = localesOf(customers); len(s.Locales) > maxLocales {
		return Summary{}, fmt.Errorf("its customers read %d different languages, and %d is the limit: make several Audiences", len(s.Locales), maxLocales)
	}
	return s, nil
}

// localesOf counts who reads which language. What is no tag of a language may be anything, and is not repeated.
func localesOf(customers []Customer) []v1alpha1.CustomerLocale {
	count := map[v1alpha1.Locale]int32{}
	for i := range customers {
		locale := v1alpha1.Locale("")
		if customers[i].Locale != "" {
			locale = v1alpha1.Locale(content.Canonical(customers[i].Locale))
		}
		count[locale]++
	}
	var locales []v1alpha1.CustomerLocale
	for _, locale := range slices.Sorted(maps.Keys(count)) {
		locales = append(locales, v1alpha1.CustomerLocale{Locale: locale, Customers: count[locale]})
	}
	return locales
}

func termKey(t *v1alpha1.ContractTerm) string {
	days, unit := t.Owed.Days, "d"
	if days == nil {
		days, unit = t.Owed.BusinessDays, "b"
	}
	var n int32
	if days != nil {
		n = *days
	}
	return fmt.Sprintf("%s/%s=%05d%s\n%s", t.Owed.Class, t.Owed.Stability, n, unit, calendarKey(t.TimeZone, t.Holidays))
}

func sorted(values []string) []string {
	values = slices.Clone(values)
	slices.Sort(values)
	return slices.Compact(values)
}
