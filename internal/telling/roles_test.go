package telling

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	v1alpha1 "forewarn.dev/forewarn/api/v1alpha1"
	"forewarn.dev/forewarn/internal/audience"
)

func TestConcerned(t *testing.T) {
	contact := func(role v1alpha1.ContactRole, channel v1alpha1.ObjectName, address string) audience.Contact {
		return audience.Contact{Role: role, Channel: channel, Address: address}
	}
	all := func() []audience.Customer {
		return []audience.Customer{
			{ID: "a", Contacts: []audience.Contact{contact("Operations", "mail", "ops"), contact("Billing", "mail", "bill"), contact("Legal", "hook", "law")}},
			{ID: "b", Contacts: []audience.Contact{contact("Operations", "mail", "ops")}},
			{ID: "c"},
		}
	}
	given := all()
	got := Concerned(given, []v1alpha1.ContactRole{"Billing", "Legal"})
	want := []audience.Customer{
		{ID: "a", Contacts: []audience.Contact{contact("Billing", "mail", "bill"), contact("Legal", "hook", "law")}},
		{ID: "b", Contacts: []audience.Contact{}},
		{ID: "c"},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff(all(), given); diff != "" {
		t.Error("the list was written to:", diff)
	}
	if diff := cmp.Diff(all(), Concerned(given, nil)); diff != "" {
		t.Error(diff)
	}

	// They are planned for where a role leads to them, and count as affected where none does.
	n := &v1alpha1.ChangeNotice{}
	n.UID = "u"
	planned := Plan(n, "Published", got, time.Unix(0, 0))
	var told []v1alpha1.CustomerID
	for i := range planned {
		for _, d := range planned[i].Status.Deliveries {
			told = append(told, d.Customer)
		}
	}
	if diff := cmp.Diff([]v1alpha1.CustomerID{"a", "a"}, told); diff != "" {
		t.Error(diff)
	}
	if d := Reached(v1alpha1.NoticeClock{}, int32(len(got)), planned); *d.Affected != 3 || *d.Unreachable != 2 {
		t.Errorf("of %d affected nobody reaches %d", *d.Affected, *d.Unreachable)
	}
}
