package notice

import (
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	v1alpha1 "forewarn.dev/forewarn/api/v1alpha1"
)

// Ten days are owed; older was published on 1 November, and newer, which names it, on 22 November.
func TestSupersedingKeepsTheOlderClockR6(t *testing.T) {
	const first, second = "2026-11-01T10:00:00Z", "2026-11-22T10:00:00Z"
	newer := func(effective string, changes ...func(*v1alpha1.ChangeNotice)) v1alpha1.ChangeNotice {
		return told("newer", second, effective, append([]func(*v1alpha1.ChangeNotice){supersedes("older")}, changes...)...)
	}
	withdrawn := func(n *v1alpha1.ChangeNotice) { n.Spec.State = v1alpha1.NoticeWithdrawn }
	stampedWithdrawn := func(n *v1alpha1.ChangeNotice) { n.Status.WithdrawnTime = must("2026-11-02T00:00:00Z") }
	unstamped := func(n *v1alpha1.ChangeNotice) { n.Status = v1alpha1.ChangeNoticeStatus{} }
	cases := map[string]struct {
		notices []v1alpha1.ChangeNotice
		matures string // empty: covered by none
	}{
		"an entry that stands in both keeps the older clock": {
			[]v1alpha1.ChangeNotice{told("older", first, "2026-11-20T00:00:00Z"), newer("2026-11-24T00:00:00Z")}, "2026-11-24T00:00:00Z"},
		"and what was owed by the older": {
			[]v1alpha1.ChangeNotice{told("older", first, "2026-11-20T00:00:00Z", frozen("Removal", 25)), newer("2026-11-24T00:00:00Z", frozen("Removal", 90))},
			"2026-11-27T00:00:00Z"},
		"but no date before the one that customers were told": {
			[]v1alpha1.ChangeNotice{told("older", first, "2026-12-01T00:00:00Z"), newer("2026-11-24T00:00:00Z")}, "2026-12-01T00:00:00Z"},
		"unless all that is owed has run since the newer": {
			[]v1alpha1.ChangeNotice{told("older", first, "2027-05-01T00:00:00Z"), newer("2026-11-24T00:00:00Z")}, "2026-12-03T00:00:00Z"},
		"an entry that says more than the older has a clock of its own": {
			[]v1alpha1.ChangeNotice{told("older", first, "2026-11-20T00:00:00Z"), newer("2026-11-24T00:00:00Z", signed(func(n *v1alpha1.ChangeNotice) {
				n.Spec.Covers = []v1alpha1.CoveredChange{{Version: "v1", Class: "Removal"}}
			}))}, "2026-12-03T00:00:00Z"},
		"an older one that was withdrawn has no clock to keep": {
			[]v1alpha1.ChangeNotice{told("older", first, "2026-11-20T00:00:00Z", withdrawn), newer("2026-11-24T00:00:00Z")}, "2026-12-03T00:00:00Z"},
		"an older one that was withdrawn once has none": {
			[]v1alpha1.ChangeNotice{told("older", first, "2026-11-20T00:00:00Z", stampedWithdrawn), newer("2026-11-24T00:00:00Z")}, "2026-12-03T00:00:00Z"},
		"an older one that was never published has none": {
			[]v1alpha1.ChangeNotice{told("older", first, "2026-11-20T00:00:00Z", unstamped), newer("2026-11-24T00:00:00Z")}, "2026-12-03T00:00:00Z"},
		"an older one that was changed has none": {
			[]v1alpha1.ChangeNotice{told("older", first, "2026-11-20T00:00:00Z", func(n *v1alpha1.ChangeNotice) { n.Spec.Title = "Other" }), newer("2026-11-24T00:00:00Z")},
			"2026-12-03T00:00:00Z"},
		"an older one of another API has none": {
			[]v1alpha1.ChangeNotice{told("older", first, "2026-11-20T00:00:00Z", signed(func(n *v1alpha1.ChangeNotice) { n.Spec.APIRef.Name = "billing" })), newer("2026-11-24T00:00:00Z")},
			"2026-12-03T00:00:00Z"},
		"an older one that is not there has none": {
			[]v1alpha1.ChangeNotice{newer("2026-11-24T00:00:00Z")}, "2026-12-03T00:00:00Z"},
		"R7 one that had lapsed a second before has none": {
			[]v1alpha1.ChangeNotice{told("older", "2026-05-01T00:00:00Z", "2026-05-26T09:59:59Z"), newer("2026-11-24T00:00:00Z")}, "2026-12-03T00:00:00Z"},
		"R7 one that lapsed at that moment has none": {
			[]v1alpha1.ChangeNotice{told("older", "2026-05-01T00:00:00Z", "2026-05-26T10:00:00Z"), newer("2026-11-24T00:00:00Z")}, "2026-12-03T00:00:00Z"},
		"R7 one that lapsed a second later still has": {
			[]v1alpha1.ChangeNotice{told("older", "2026-05-01T00:00:00Z", "2026-05-26T10:00:01Z"), newer("2026-11-24T00:00:00Z")}, "2026-11-24T00:00:00Z"},
		"the clock is kept through a chain": {
			[]v1alpha1.ChangeNotice{
				told("oldest", first, "2026-11-20T00:00:00Z"),
				told("older", "2026-11-15T10:00:00Z", "2026-11-21T00:00:00Z", supersedes("oldest")),
				newer("2026-11-24T00:00:00Z"),
			}, "2026-11-24T00:00:00Z"},
		"R2 one that was delivered keeps the older clock": {
			[]v1alpha1.ChangeNotice{told("older", first, "2026-11-20T00:00:00Z"), newer("2026-11-24T00:00:00Z", delivered("2026-11-22T11:00:00Z"))},
			"2026-11-24T00:00:00Z"},
		"R2 one that was not covers nothing": {
			[]v1alpha1.ChangeNotice{told("older", first, "2026-11-20T00:00:00Z"), newer("2026-11-24T00:00:00Z", delivered(""))}, ""},
		"R2 an older one that was not delivered has no clock to keep": {
			[]v1alpha1.ChangeNotice{told("older", first, "2026-11-20T00:00:00Z", delivered("")), newer("2026-11-24T00:00:00Z")}, "2026-12-03T00:00:00Z"},
		"R2 nor one that was when the newer was published": {
			[]v1alpha1.ChangeNotice{told("older", first, "2026-11-20T00:00:00Z", frozen("Removal", 0), delivered(second)), newer("2026-11-24T00:00:00Z")},
			"2026-12-03T00:00:00Z"},
		"R2 nor one that was then, where the newer was delivered later still": {
			[]v1alpha1.ChangeNotice{told("older", first, "2026-11-20T00:00:00Z", frozen("Removal", 0), delivered("2026-11-22T10:30:00Z")),
				newer("2026-11-24T00:00:00Z", delivered("2026-11-22T11:00:00Z"))}, "2026-12-03T00:00:00Z"},
		"R2 but one that was a second before has": {
			[]v1alpha1.ChangeNotice{told("older", first, "2026-11-20T00:00:00Z", frozen("Removal", 0), delivered("2026-11-22T09:59:59Z")), newer("2026-11-24T00:00:00Z")},
			"2026-11-24T00:00:00Z"},
		"R7 one that had lapsed when the newer was delivered has none": {
			[]v1alpha1.ChangeNotice{told("older", "2026-05-01T00:00:00Z", "2026-05-26T11:00:00Z"), newer("2026-11-24T00:00:00Z", delivered("2026-11-22T11:00:00Z"))},
			"2026-12-03T00:00:00Z"},
		"R7 one that lapsed a second after that still has": {
			[]v1alpha1.ChangeNotice{told("older", "2026-05-01T00:00:00Z", "2026-05-26T11:00:01Z"), newer("2026-11-24T00:00:00Z", delivered("2026-11-22T11:00:00Z"))},
			"2026-11-24T00:00:00Z"},
		"an older one that is held lends no clock, or it would answer nobody": {
			[]v1alpha1.ChangeNotice{told("older", first, "2026-11-20T00:00:00Z", objected(1, 10, 5)), newer("2026-11-24T00:00:00Z")}, "2026-12-03T00:00:00Z"},
		"but one that too few object to does": {
			[]v1alpha1.ChangeNotice{told("older", first, "2026-11-20T00:00:00Z", objected(1, 20, 5)), newer("2026-11-24T00:00:00Z")}, "2026-11-24T00:00:00Z"},
		"one that is held covers nothing by an older clock either": {
			[]v1alpha1.ChangeNotice{told("older", first, "2026-11-20T00:00:00Z"), newer("2026-11-24T00:00:00Z", objected(1, 10, 5))}, ""},
		"notices that name each other cover nothing": {
			[]v1alpha1.ChangeNotice{told("older", first, "2026-11-20T00:00:00Z", supersedes("newer")), newer("2026-11-24T00:00:00Z")}, ""},
		"a newer one that was withdrawn does not bring the older back": {
			[]v1alpha1.ChangeNotice{told("older", first, "2026-11-20T00:00:00Z"), newer("2026-11-24T00:00:00Z", withdrawn)}, ""},
		"a newer one that lists something else takes the older away": {
			[]v1alpha1.ChangeNotice{told("older", first, "2026-11-20T00:00:00Z"), newer("2026-11-24T00:00:00Z", signed(func(n *v1alpha1.ChangeNotice) {
				n.Spec.Covers[0].Version = "v2"
			}))}, ""},
		"a newer one that is a draft takes nothing away": {
			[]v1alpha1.ChangeNotice{told("older", first, "2026-11-20T00:00:00Z"), newer("2026-11-24T00:00:00Z", unstamped)}, "2026-11-20T00:00:00Z"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			now := instant(t, "2026-11-22T12:00:00Z")
			policies := reading(t, owing("p", 10))
			got := NewLedger(ordersAPI, c.notices, policies).Coverage(v1Gone, now)
			if c.matures == "" {
				if len(got) > 0 {
					t.Errorf("covered by %+v", got)
				}
				return
			}
			if len(got) != 1 || !got[0].Matures.Equal(instant(t, c.matures)) {
				t.Fatalf("%+v, want one that matures %s", got, c.matures)
			}
			slices.Reverse(c.notices)
			if diff := cmp.Diff(got, NewLedger(ordersAPI, c.notices, policies).Coverage(v1Gone, now)); diff != "" {
				t.Errorf("in another order:\n%s", diff)
			}
		})
	}
}

func TestTheEntryThatTakesLongestCountsForTheWhole(t *testing.T) {
	policies := reading(t, owing("p", 10, owes(v1alpha1.OwedTerm{Class: "Breaking", Days: ptr(5)})))
	stable := func(string) v1alpha1.Stability { return v1alpha1.StabilityStable }
	cases := map[string]struct {
		covers  []v1alpha1.CoveredChange
		matures string
	}{
		"the class that is set":                     {[]v1alpha1.CoveredChange{{Version: "v1", Operation: "GET /", Class: "Breaking"}}, "2026-11-28T00:00:00Z"},
		"the longest class where none is set":       {[]v1alpha1.CoveredChange{{Version: "v1", Operation: "GET /"}}, "2026-12-03T00:00:00Z"},
		"the entry that takes longest":              {[]v1alpha1.CoveredChange{{Version: "v1", Operation: "GET /", Class: "Breaking"}, {Version: "v1"}}, "2026-12-03T00:00:00Z"},
		"a class that nothing is owed for, at once": {[]v1alpha1.CoveredChange{{Version: "v1", Operation: "GET /", Class: "Price"}}, "2026-11-22T10:00:00Z"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			n := told("n", "2026-11-22T10:00:00Z", "2026-11-22T10:00:00Z", signed(func(n *v1alpha1.ChangeNotice) { n.Spec.Covers = c.covers }))
			got, ok := NewLedger(ordersAPI, []v1alpha1.ChangeNotice{n}, policies).Whole("n", stable)
			if !ok || !got.Matures.Equal(instant(t, c.matures)) || !got.Lapses.Equal(instant(t, "2027-05-21T10:00:00Z")) {
				t.Errorf("%+v, %v, want %s", got, ok, c.matures)
			}
		})
	}
	if _, ok := NewLedger(ordersAPI, nil, policies).Whole("n", stable); ok {
		t.Error("a notice that is not there does something")
	}
	last := told("n", "2026-11-22T10:00:00Z", "9999-12-31T00:00:00Z")
	if got, _ := NewLedger(ordersAPI, []v1alpha1.ChangeNotice{last}, policies).Whole("n", stable); got.Lapses.Year() != 9999 {
		t.Errorf("it lapses %s, which no status can hold", got.Lapses)
	}
}

func TestFreezingKeepsAllThatIsOwed(t *testing.T) {
	business := owing("p", 0, func(s *policySpec) {
		s.TimeZone, s.Holidays, s.ClosedDates = "Europe/Berlin", []string{"DE"}, []string{"2026-12-24"}
		s.Owed = []v1alpha1.OwedTerm{{Class: "Removal", BusinessDays: ptr(30)}}
	})
	start := instant(t, "2026-11-22T10:00:00Z")
	for name, policy := range map[string]v1alpha1.NoticePolicy{"days": owing("p", 30, inZone("Asia/Tokyo")), "business days": business} {
		owed, err := reading(t, policy).Owed(classes{"Removal"}, "Stable", start)
		if err != nil {
			t.Fatal(err)
		}
		kept := Freeze("v1", "Removal", owed)
		thawed, err := thaw(&kept, start)
		if diff := cmp.Diff(owed, thawed); diff != "" || err != nil {
			t.Errorf("%s (-owed +thawed): %v\n%s", name, err, diff)
		}
		if later, err := thaw(&kept, start.Add(24*time.Hour)); err != nil || !later.End.After(owed.End) {
			t.Errorf("%s: a later clock ends %s, %v", name, later.End, err)
		}
	}
}
