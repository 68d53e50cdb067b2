package audience

import (
	"cmp"
	"fmt"
	"slices"

	v1alpha1 "forewarn.dev/forewarn/api/v1alpha1"
)

// What the status of an Audience can hold, as its schema has it.
const (
	maxCalendars = 128
	maxTerms     = 256
)

// Summary is what verdicts need of a list: no customer, but what each is owed and where days are counted.
type Summary struct {
	Customers int
	Calendars []v1alpha1.CustomerCalendar
	Terms     []v1alpha1.ContractTerm
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
	return s, nil
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
