package notice

import (
	"strings"
	"testing"

	"pgregory.net/rapid"

	v1alpha1 "forewarn.dev/forewarn/api/v1alpha1"
)

type audienceStatus = v1alpha1.AudienceStatus

func audienceOf(edit func(*audienceStatus)) *v1alpha1.Audience {
	a := &v1alpha1.Audience{}
	edit(&a.Status)
	return a
}

func contract(customer string, owed v1alpha1.OwedTerm, zone string, holidays ...string) *v1alpha1.Audience {
	return audienceOf(func(s *audienceStatus) {
		s.Terms = []v1alpha1.ContractTerm{{Customer: v1alpha1.CustomerID(customer), Owed: owed, TimeZone: zone, Holidays: holidays}}
	})
}

func counting(calendars ...v1alpha1.CustomerCalendar) *v1alpha1.Audience {
	return audienceOf(func(s *audienceStatus) { s.Calendars = calendars })
}

func TestOwedToCustomersR1R13(t *testing.T) {
	removal := v1alpha1.ClassRemoval
	business := owing("business", 0, func(s *policySpec) {
		s.Owed = []v1alpha1.OwedTerm{{Class: removal, BusinessDays: ptr(3)}}
		s.ClosedDates = []string{"2026-11-24"}
	})
	days := func(n int32) v1alpha1.OwedTerm { return v1alpha1.OwedTerm{Class: removal, Days: ptr(n)} }
	cases := map[string]struct {
		policy   v1alpha1.NoticePolicy
		audience *v1alpha1.Audience
		class    v1alpha1.ChangeClass
		want     string // end
		binds    string
	}{
		"nobody is known":                             {owing("a", 10), nil, removal, "2026-12-03T00:00:00Z", "a"},
		"customers of whom nothing is known":          {owing("a", 10), counting(v1alpha1.CustomerCalendar{}), removal, "2026-12-03T00:00:00Z", "a"},
		"R1 a contract owes more":                     {owing("a", 10), contract("c-1", days(11), ""), removal, "2026-12-04T00:00:00Z", "customer/c-1"},
		"R1 a contract owes less":                     {owing("a", 10), contract("c-1", days(9), ""), removal, "2026-12-03T00:00:00Z", "a"},
		"R1 a contract owes as much":                  {owing("a", 10), contract("c-1", days(10), ""), removal, "2026-12-03T00:00:00Z", "a"},
		"R1 a contract owes for another class":        {owing("a", 10), contract("c-1", days(99), ""), v1alpha1.ClassBreaking, "2026-11-22T10:00:00Z", "a"},
		"R1 a contract owes what no policy does":      {owing("a", 10), contract("c-1", v1alpha1.OwedTerm{Class: "Price", Days: ptr(30)}, ""), "Price", "2026-12-23T00:00:00Z", "customer/c-1"},
		"R13 days end later for a customer":           {owing("a", 10), counting(v1alpha1.CustomerCalendar{TimeZone: "America/Chicago"}), removal, "2026-12-03T06:00:00Z", "a"},
		"R13 days end earlier for a customer":         {owing("a", 10), counting(v1alpha1.CustomerCalendar{TimeZone: "Asia/Tokyo"}), removal, "2026-12-03T00:00:00Z", "a"},
		"R13 the contract counts where they are":      {owing("a", 10), contract("c-1", days(10), "America/Chicago"), removal, "2026-12-03T06:00:00Z", "customer/c-1"},
		"R13 business days of the policy":             {business, nil, removal, "2026-11-27T00:00:00Z", "business"},
		"R13 a holiday of the customer, Thanksgiving": {business, counting(v1alpha1.CustomerCalendar{Holidays: []string{"US"}}), removal, "2026-11-28T00:00:00Z", "business"},
		"R13 a holiday of the customer, and its zone": {business, counting(v1alpha1.CustomerCalendar{TimeZone: "Asia/Tokyo", Holidays: []string{"JP"}}), removal, "2026-11-27T15:00:00Z", "business"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			policies, errs := reading(t, c.policy).For(c.audience)
			if len(errs) > 0 {
				t.Fatal(errs)
			}
			got, err := policies.Owed(classes{c.class}, "Stable", instant(t, "2026-11-22T10:00:00Z"))
			if err != nil {
				t.Fatal(err)
			}
			if want := instant(t, c.want); !got.End.Equal(want) || got.By() != c.binds {
				t.Errorf("until %s by %q, want %s by %q", got.End, got.By(), want, c.binds)
			}
		})
	}
}

// What stands in a status may be older than what is read today.
func TestAnAudienceThatCannotBeRead(t *testing.T) {
	for name, c := range map[string]struct {
		audience *v1alpha1.Audience
		want     string
	}{
		"a contract in no zone":      {contract("c-1", v1alpha1.OwedTerm{Class: "Removal", Days: ptr(400)}, "CST"), `policy customer/c-1: owed: `},
		"a contract of no days":      {contract("c-1", v1alpha1.OwedTerm{Class: "Removal"}, ""), "policy customer/c-1: owed: set days or businessDays"},
		"a calendar of no holidays":  {counting(v1alpha1.CustomerCalendar{TimeZone: "nowhere"}), "policy a: owed: "},
		"a contract with no policy":  {nil, ""},
		"a contract that is as ever": {contract("c-1", v1alpha1.OwedTerm{Class: "Removal", Days: ptr(400)}, ""), ""},
	} {
		t.Run(name, func(t *testing.T) {
			policies, errs := reading(t, owing("a", 10)).For(c.audience)
			var got string
			if len(errs) > 0 {
				got = errs[0].Error()
			}
			if !strings.HasPrefix(got, c.want) || (got == "") != (c.want == "") {
				t.Errorf("got %q, want %q", got, c.want)
			}
			if owed, err := policies.Owed(classes{"Removal"}, "", instant(t, "2026-11-22T10:00:00Z")); err != nil || owed.Period.Days < 10 {
				t.Errorf("what could be read is not owed any more: %d days, %v", owed.Period.Days, err)
			}
		})
	}
}

// Customers who are known are never owed less than those who are not.
func TestAnAudienceOnlyAdds(t *testing.T) {
	names := zoneNames(t)
	policies := reading(t, owing("a", 10), owing("b", 3, func(s *policySpec) {
		s.Owed = []v1alpha1.OwedTerm{{Class: "Removal", BusinessDays: ptr(7)}}
	}))
	rapid.Check(t, func(rt *rapid.T) {
		zone := rapid.SampledFrom(names)
		a := audienceOf(func(s *audienceStatus) {
			for range rapid.IntRange(0, 4).Draw(rt, "calendars") {
				s.Calendars = append(s.Calendars, v1alpha1.CustomerCalendar{TimeZone: zone.Draw(rt, "zone")})
			}
			for range rapid.IntRange(0, 4).Draw(rt, "contracts") {
				s.Terms = append(s.Terms, v1alpha1.ContractTerm{
					Customer: "c", TimeZone: zone.Draw(rt, "zone"),
					Owed: v1alpha1.OwedTerm{Class: "Removal", Days: ptr(rapid.Int32Range(0, 30).Draw(rt, "days"))},
				})
			}
		})
		start := instants(instant(t, "2026-11-22T10:00:00Z").Location()).Draw(rt, "start")
		with, errs := policies.For(a)
		if len(errs) > 0 {
			rt.Fatal(errs)
		}
		before, err := policies.Owed(classes{"Removal"}, "", start)
		if err != nil {
			rt.Skip("the period ends where dates do")
		}
		after, err := with.Owed(classes{"Removal"}, "", start)
		if err != nil {
			rt.Fatal(err)
		}
		if after.End.Before(before.End) {
			rt.Fatalf("until %s, and until %s where customers are known", before.End, after.End)
		}
	})
}
