package notice

import (
	"cmp"
	"slices"

	v1alpha1 "forewarn.dev/forewarn/api/v1alpha1"
)

// CustomerPrefix stands before the id of a customer where it is said who binds, and no policy has such a name.
const CustomerPrefix = "customer/"

// For returns what is owed to the customers of an audience: what the policies owe, in the calendar of each
// customer besides their own (R13), and what contracts promise (R1). Nil adds nobody. Of what cannot be read
// the errors say so; what could be is owed all the same.
func (ps Policies) For(a *v1alpha1.Audience) (Policies, []*PolicyError) {
	if a == nil || len(ps) == 0 {
		return ps, nil
	}
	var errs []*PolicyError
	all := slices.Clone(ps)
	for i := range all {
		p := &all[i]
		terms := slices.Clone(p.Terms)
		for _, t := range p.Terms {
			for j := range a.Status.Calendars {
				there, err := t.in(&a.Status.Calendars[j])
				if err != nil {
					errs = append(errs, &PolicyError{Policy: p.Name, Field: "owed", Err: err})
				} else if !there.Period.same(t.Period) {
					terms = append(terms, there)
				}
			}
		}
		p.Terms = terms
	}
	for i := range a.Status.Terms {
		t, err := contractTerm(&a.Status.Terms[i])
		if err != nil {
			errs = append(errs, &PolicyError{Policy: CustomerPrefix + string(t.Customer), Field: "owed", Err: err})
			continue
		}
		all[0].Terms = append(all[0].Terms, t)
	}
	return all, errs
}

// in is a term for customers who count their days by another calendar. What is no business day by the policy
// is none there either.
func (t Term) in(c *v1alpha1.CustomerCalendar) (Term, error) {
	t.Period.Zone = cmp.Or(c.TimeZone, t.Period.Zone)
	if t.Period.Business {
		holidays := slices.Concat(t.Period.Holidays, c.Holidays)
		slices.Sort(holidays)
		t.Period.Holidays = slices.Compact(holidays)
	}
	return t, t.Period.Validate()
}

func contractTerm(c *v1alpha1.ContractTerm) (Term, error) {
	calendar := Period{Zone: zoneOf(c.TimeZone), Holidays: c.Holidays}
	t, err := readTerm("", calendar, &c.Owed)
	t.Customer = string(c.Customer)
	return t, err
}

// same says that two periods end together whenever they start.
func (p Period) same(other Period) bool {
	if p.Days != other.Days || p.Business != other.Business {
		return false
	}
	return p.Days == 0 || p.Zone == other.Zone && slices.Equal(sortedNames(p.Holidays), sortedNames(other.Holidays)) &&
		slices.Equal(p.Closed, other.Closed)
}

func sortedNames(names []string) []string {
	names = slices.Clone(names)
	slices.Sort(names)
	return slices.Compact(names)
}
