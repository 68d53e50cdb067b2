// Package audience reads who the customers of an API are: from an Audience and from the list that a customer
// database writes. It is pure. What it says never holds what stood in the list, since that may be personal:
// it names lines and columns.
package audience

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"

	v1alpha1 "forewarn.dev/forewarn/api/v1alpha1"
	"forewarn.dev/forewarn/internal/notice"
)

// MaxCustomers is how many customers one list may name.
const MaxCustomers = 20000

// Customer is one customer with all that is known.
type Customer struct {
	ID       v1alpha1.CustomerID
	Locale   string // BCP 47, empty where it is not known
	TimeZone string // IANA, empty where that of the policy counts
	Holidays []string
	Owed     []v1alpha1.OwedTerm
	ServedBy v1alpha1.CustomerID
	Contacts []Contact
}

// Contact is one way to reach a customer. The address stands in Address or is to be read from From.
type Contact struct {
	Role    v1alpha1.ContactRole
	Channel v1alpha1.ObjectName
	Address string
	From    *v1alpha1.SecretKeyRef
}

// A Problem says what is wrong with a list, and where.
type Problem struct {
	Line int // 1 is the header; 0 for what an Audience itself names
	// Customer is the id where that could be read, and empty otherwise.
	Customer v1alpha1.CustomerID
	Text     string // one line, without anything that stood there
}

func (p Problem) Error() string {
	where := "the list"
	switch {
	case p.Line > 0:
		where = fmt.Sprintf("line %d", p.Line)
	case p.Customer != "":
		where = "customer " + string(p.Customer)
	}
	return where + ": " + p.Text
}

// Named are the customers that the Audience itself names.
func Named(spec *v1alpha1.AudienceSpec) []Customer {
	customers := make([]Customer, 0, len(spec.Customers))
	for i := range spec.Customers {
		c := &spec.Customers[i]
		customer := Customer{
			ID: c.ID, Locale: c.Locale, TimeZone: c.TimeZone, Holidays: c.Holidays, Owed: c.Owed, ServedBy: c.ServedBy,
		}
		for j := range c.Contacts {
			customer.Contacts = append(customer.Contacts, Contact{
				Role: c.Contacts[j].Role, Channel: c.Contacts[j].Channel, From: &c.Contacts[j].AddressFrom,
			})
		}
		customers = append(customers, customer)
	}
	return customers
}

// Check says what is wrong with a list as a whole: nobody in it, somebody twice, a partner who is not in it, a
// calendar that does not exist.
func Check(customers []Customer) []Problem {
	if len(customers) == 0 {
		return []Problem{{Text: "it names nobody, and a notice to nobody is not a notice"}}
	}
	if len(customers) > MaxCustomers {
		return []Problem{{Text: fmt.Sprintf("it names %d customers, and %d is the limit: make several Audiences", len(customers), MaxCustomers)}}
	}
	var found []Problem
	known := make(map[v1alpha1.CustomerID]*Customer, len(customers))
	for i := range customers {
		c := &customers[i]
		if known[c.ID] != nil {
			found = append(found, Problem{Customer: c.ID, Text: "it is named twice"})
		}
		known[c.ID] = c
	}
	calendars := map[string]error{}
	for i := range customers {
		c := &customers[i]
		if c.ServedBy != "" && (known[c.ServedBy] == nil || c.ServedBy == c.ID) {
			found = append(found, Problem{Customer: c.ID, Text: "the customer that serves it is not in the list, or is itself"})
		}
		key := calendarKey(c.TimeZone, c.Holidays)
		err, checked := calendars[key]
		if !checked {
			err = checkCalendar(c)
			calendars[key] = err
		}
		if err != nil {
			found = append(found, Problem{Customer: c.ID, Text: err.Error()})
		}
	}
	slices.SortStableFunc(found, func(a, b Problem) int { return cmp.Compare(a.Customer, b.Customer) })
	return found
}

// checkCalendar does not repeat the names that are wrong: a column that is off by one may hold an address.
func checkCalendar(c *Customer) error {
	if c.TimeZone != "" {
		if _, err := notice.ParseZone(c.TimeZone); err != nil {
			return errors.New("the time zone is no IANA name such as Europe/Vienna")
		}
	}
	period := notice.Period{Zone: cmp.Or(c.TimeZone, "UTC"), Holidays: c.Holidays}
	if period.Validate() != nil {
		return errors.New("the holidays are no calendars such as AT or DE-BE")
	}
	return nil
}

func calendarKey(zone string, holidays []string) string {
	return zone + "\n" + strings.Join(holidays, "\n")
}
