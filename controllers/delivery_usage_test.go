package controllers

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	v1alpha1 "forewarn.dev/forewarn/api/v1alpha1"
	"forewarn.dev/forewarn/internal/audience"
)

func customersNamed(ids ...v1alpha1.CustomerID) []audience.Customer {
	var customers []audience.Customer
	for _, id := range ids {
		customers = append(customers, audience.Customer{ID: id})
	}
	return customers
}

// Whoever goes on with a publication plans for the same, or for all: never for others.
func TestWhomToTell(t *testing.T) {
	all := customersNamed("c-1", "c-2", "c-3")
	two, one := []v1alpha1.CustomerID{"c-3", "c-1"}, []v1alpha1.CustomerID{"c-2"}
	for name, c := range map[string]struct {
		users   []v1alpha1.CustomerID
		stamped v1alpha1.Digest
		begun   bool
		want    []audience.Customer
		digest  v1alpha1.Digest
	}{
		"some used it":                                {users: two, want: customersNamed("c-1", "c-3"), digest: digestOf(two)},
		"nobody did, or nobody knows":                 {want: all},
		"all did":                                     {users: idsOf(all), want: all, digest: digestOf(idsOf(all))},
		"stamped, and nothing planned":                {users: two, stamped: digestOf(two), want: customersNamed("c-1", "c-3"), digest: digestOf(two)},
		"stamped, not planned, and others by now":     {users: one, stamped: digestOf(two), want: customersNamed("c-2"), digest: digestOf(one)},
		"stamped, not planned, and nobody knows now":  {stamped: digestOf(two), want: all},
		"planned in part":                             {users: two, stamped: digestOf(two), begun: true, want: customersNamed("c-1", "c-3"), digest: digestOf(two)},
		"planned in part, and others by now":          {users: one, stamped: digestOf(two), begun: true, want: all},
		"planned in part, and nobody knows any more":  {stamped: digestOf(two), begun: true, want: all},
		"planned in part for all, and some are known": {users: two, begun: true, want: all},
	} {
		t.Run(name, func(t *testing.T) {
			got, affected, digest := whomToTell(all, c.users, c.stamped, c.begun)
			if diff := cmp.Diff(c.want, got); diff != "" || affected != len(c.want) || digest != c.digest {
				t.Errorf("%d, %q; want %q (-want +got):\n%s", affected, digest, c.digest, diff)
			}
		})
	}
}

// A partner hears of what those use whom it serves: they are told by nobody else.
func TestPartnersAreToldForThoseWhoUsedIt(t *testing.T) {
	all := customersNamed("c-1", "c-2", "p-7", "p-8")
	all[0].ServedBy, all[1].ServedBy = "p-7", "p-8"
	got, affected, digest := whomToTell(all, []v1alpha1.CustomerID{"c-1"}, "", false)
	if want := []audience.Customer{all[0], all[2]}; !cmp.Equal(want, got) || affected != 2 || digest != digestOf([]v1alpha1.CustomerID{"c-1"}) {
		t.Errorf("%v are told, %d in number", got, affected)
	}
}
