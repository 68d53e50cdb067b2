package telling

import (
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	v1alpha1 "forewarn.dev/forewarn/api/v1alpha1"
	"forewarn.dev/forewarn/internal/audience"
)

// through is the customer, served by a partner.
func through(partner string, c audience.Customer) audience.Customer {
	c.ServedBy = v1alpha1.CustomerID(partner)
	return c
}

// planned are the entries of records, as "channel customer State partner".
func planned(records []v1alpha1.DeliveryRecord) []string {
	var all []string
	for _, r := range records {
		for _, d := range r.Status.Deliveries {
			text := fmt.Sprintf("%s %s %s", r.Spec.Channel, d.Customer, d.State)
			if d.ServedBy != "" {
				text += " " + string(d.ServedBy)
			}
			all = append(all, text)
		}
	}
	return all
}

func TestWhoIsToldByAPartner(t *testing.T) {
	cases := map[string]struct {
		customers []audience.Customer
		want      []string
	}{
		"by the first channel of the partner, by name": {
			[]audience.Customer{customer("p", "mail", "hooks"), through("p", customer("a"))},
			[]string{"hooks a Relayed p", "hooks p Planned", "mail p Planned"},
		},
		"one that is reached itself is told itself": {
			[]audience.Customer{customer("p", "hooks"), through("p", customer("a", "mail"))},
			[]string{"hooks p Planned", "mail a Planned p"},
		},
		"also by the channel of the partner": {
			[]audience.Customer{customer("p", "mail"), through("p", customer("a", "mail"))},
			[]string{"mail a Planned p", "mail p Planned"},
		},
		"nothing leads to the partner": {[]audience.Customer{customer("p"), through("p", customer("a"))}, nil},
		"nobody is the partner":        {[]audience.Customer{customer("b", "mail"), through("p", customer("a"))}, []string{"mail b Planned"}},
		"a partner tells its own customers alone": {
			[]audience.Customer{customer("q", "mail"), through("q", customer("p")), through("p", customer("a"))},
			[]string{"mail p Relayed q", "mail q Planned"},
		},
		"partners of each other": {[]audience.Customer{through("q", customer("p")), through("p", customer("q"))}, nil},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			plan := Plan(aNotice(), "Published", c.customers, published)
			if diff := cmp.Diff(c.want, planned(plan)); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			if missing := Missing(plan, plan); missing != nil {
				t.Errorf("missing although recorded: %v", planned(missing))
			}
			if again := Missing(plan, nil); cmp.Diff(plan, again) != "" {
				t.Errorf("missing is another plan: %v", planned(again))
			}
		})
	}
}

func TestARecordOfWhomAPartnerTellsIsNeverSent(t *testing.T) {
	all := []audience.Customer{customer("z", "mail")}
	for i := range maxShard {
		all = append(all, through("z", customer(fmt.Sprintf("c-%03d", i))))
	}
	plan := Plan(aNotice(), "Published", all, published)
	if len(plan) != 2 || plan[0].Status.NextAttemptTime != nil || *plan[0].Status.Total != maxShard {
		t.Errorf("the first record holds %d, and is sent at %v", *plan[0].Status.Total, plan[0].Status.NextAttemptTime)
	}
	if next := plan[len(plan)-1].Status.NextAttemptTime; next == nil || !next.Time.Equal(published) {
		t.Errorf("that of the partner is sent at %v", next)
	}
}

// Whatever the order of the list is, whoever a partner with a contact serves stands in the plan.
func TestNobodyThatAPartnerServesIsLost(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		all := someCustomers(t)
		for i := range all {
			if partner := rapid.IntRange(0, 3*len(all)).Draw(t, "partner"); partner < len(all) && partner != i {
				all[i].ServedBy = all[partner].ID
			}
		}
		plan := Plan(aNotice(), "Published", all, published)
		if diff := cmp.Diff(plan, Plan(aNotice(), "Published", rapid.Permutation(all).Draw(t, "order"), published)); diff != "" {
			t.Fatalf("in another order:\n%s", diff)
		}
		relayed, contacts := map[v1alpha1.CustomerID]v1alpha1.CustomerID{}, map[v1alpha1.CustomerID]int{}
		for _, r := range plan {
			for _, d := range r.Status.Deliveries {
				if d.State == v1alpha1.DeliveryRelayed {
					relayed[d.Customer] = d.ServedBy
				}
			}
		}
		for _, c := range all {
			contacts[c.ID] = len(c.Contacts)
		}
		for _, c := range all {
			want := c.ServedBy
			if contacts[c.ID] > 0 || contacts[want] == 0 {
				want = "" // told itself, or by nobody
			}
			if relayed[c.ID] != want {
				t.Fatalf("%s, with %d contacts and served by %q, is told by %q", c.ID, contacts[c.ID], c.ServedBy, relayed[c.ID])
			}
		}
	})
}
