package telling

import (
	"slices"

	v1alpha1 "forewarn.dev/forewarn/api/v1alpha1"
	"forewarn.dev/forewarn/internal/audience"
)

// Concerned are the customers with no other contacts than those of these roles; no roles mean all. A customer whom none of
// them leads to stays in the list: it is affected, and was not reached.
func Concerned(customers []audience.Customer, roles []v1alpha1.ContactRole) []audience.Customer {
	if len(roles) == 0 {
		return customers
	}
	concerned := slices.Clone(customers)
	for i := range concerned {
		concerned[i].Contacts = slices.DeleteFunc(slices.Clone(concerned[i].Contacts), func(c audience.Contact) bool {
			return !slices.Contains(roles, c.Role)
		})
	}
	return concerned
}
