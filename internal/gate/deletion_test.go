package gate_test

import (
	"testing"
	"time"

	"forewarn.dev/forewarn/internal/gate"
	"forewarn.dev/forewarn/test/builders"
)

func TestDeletionIsRemovalR15(t *testing.T) {
	two := func() *builders.APIBuilder {
		return servingOrders().Promised("v2", "orders-1", "v2 as promised", "Beta", now)
	}
	gone := func(name string, versions ...string) *builders.NoticeBuilder {
		n := builders.Notice(name, "orders").Published(now.Add(-300 * day)).Effective(now.Add(-day))
		for _, v := range versions {
			n.CoversVersion(v)
		}
		return n
	}
	const owed = "customers are owed 180 days (policy public-apis); "
	cases := map[string]struct {
		edits []edit
		want  string // empty: not held
		next  string
	}{
		"nobody was told": {nil,
			"deleting what serves customerapi/orders removes v1, and nobody was told that v1 goes; " + owed +
				"publish a notice that covers v1 today and it may go from 2027-05-22, or keep it", "2026-11-22T23:00:01Z"},
		"of one of two versions nobody was told": {[]edit{against(two()), telling(gone("n", "v1").Effective(now.Add(day)))},
			"deleting what serves customerapi/orders removes v1 and v2, and nobody was told that v2 goes; " + owed +
				"publish a notice that covers v2 today and it may go from 2027-05-22, or keep it", "2026-11-22T23:00:01Z"},
		"nor of the other one, once its notice has lapsed": {[]edit{against(two()), telling(gone("n", "v1").Effective(now.Add(-day)))},
			"deleting what serves customerapi/orders removes v1 and v2, and nobody was told that v2 goes; " + owed +
				"publish a notice that covers v1 and v2 today and it may go from 2027-05-22, or keep it", "2026-11-22T23:00:01Z"},
		"an operation of it is not all of it": {[]edit{telling(tellingDelete("n"))},
			"deleting what serves customerapi/orders removes v1, and nobody was told that v1 goes; " + owed +
				"publish a notice that covers v1 today and it may go from 2027-05-22, or keep it", "2026-11-22T23:00:01Z"},
		"customers were told, and it runs": {[]edit{telling(gone("n", "v1").Effective(when(t, "2026-12-01T00:00:00+01:00")))},
			"deleting what serves customerapi/orders removes v1, as customers were told; by notice n it may go from 2026-12-01", "2026-11-30T23:00:00Z"},
		"customers were told of both, at times that never meet": {
			[]edit{against(two()), boundBy(builders.Policy("p").Owes("Removal", 10).ValidForDays(1)),
				telling(gone("a", "v1").Effective(now.Add(day)), gone("b", "v2").Effective(now.Add(3*day)))},
			"deleting what serves customerapi/orders removes v1 and v2 by notices that never hold at the same time; " +
				"customers are owed 10 days (policy p); publish a notice that covers v1 and v2 today and it may go from 2026-12-03, or keep it",
			"2026-11-23T00:00:01Z"},
		"no days are owed": {[]edit{boundBy(builders.Policy("p").Owes("Breaking", 10))},
			"deleting what serves customerapi/orders removes v1, and nobody was told that v1 goes; customers must be told before " +
				"(policy p); publish a notice that covers v1 and it may go at once, or keep it", "2026-11-22T11:00:00Z"},
		"no days are owed, and another notice lapses within the hour": {
			[]edit{against(two()), boundBy(builders.Policy("p").Owes("Breaking", 10).ValidForDays(1)), telling(gone("n", "v1").Effective(now.Add(-23 * time.Hour).Add(-30 * time.Minute)))},
			"deleting what serves customerapi/orders removes v1 and v2, and nobody was told that v2 goes; customers must be told before " +
				"(policy p); publish a notice that covers v1 and v2 and it may go at once, or keep it", "2026-11-22T10:30:00Z"},
		"a policy cannot be read": {[]edit{boundBy(publicAPIs().Zone("CST")), telling(gone("n", "v1"))},
			`deleting what serves customerapi/orders cannot be judged: time zone "CST" does not say which place is meant: ` +
				`write America/Chicago, America/Havana or Asia/Shanghai`, ""},
		"something serves, and nothing is promised yet": {
			[]edit{against(builders.API("orders").Version("v1", "Stable").Serving("orders", "", now))},
			"deleting what serves customerapi/orders removes v1, and nobody was told that v1 goes; " + owed +
				"publish a notice that covers v1 today and it may go from 2027-05-22, or keep it", "2026-11-22T23:00:01Z"},
		"customers were told, and it has matured":       {[]edit{telling(gone("n", "v1"))}, "", "2027-05-20T09:00:00Z"},
		"customers were told of both, and both matured": {[]edit{against(two()), telling(gone("n", "v1", "v2"))}, "", "2027-05-20T09:00:00Z"},
		"nothing serves, and nothing is promised":       {[]edit{against(builders.API("orders").Version("v1", "Stable"))}, "", ""},
		"no policy selects it":                          {[]edit{boundBy()}, "", ""},
		"there is no such API":                          {[]edit{func(in *gate.Input) { in.API = nil }}, "", ""},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			in := proposing(c.edits...)
			in.Revision, in.Proposal = nil, gate.Proposal{}
			held, message, next := gate.Deletion(in)
			if message != c.want || held != (c.want != "") {
				t.Errorf("held %v\n got %s\nwant %s", held, message, c.want)
			}
			got := ""
			if next != nil {
				got = next.Format(time.RFC3339)
			}
			if got != c.next {
				t.Errorf("next change %s, want %s", got, c.next)
			}
		})
	}
}

func TestDeletionIsFreeFromMaturityToLapseR15(t *testing.T) {
	effective := when(t, "2026-12-01T00:00:00Z")
	n := builders.Notice("n", "orders").CoversVersion("v1").Published(now.Add(-300 * day)).Effective(effective)
	for at, want := range map[time.Time]bool{
		effective.Add(-time.Second): true,
		effective:                   false,
		effective.Add(180*day - time.Hour - time.Second): false, // in Berlin clocks went on meanwhile
		effective.Add(180*day - time.Hour):               true,
	} {
		if held, message, _ := gate.Deletion(proposing(asOf(at), telling(n))); held != want {
			t.Errorf("at %s held %v: %s", at, held, message)
		}
	}
}

func TestAMatchingRevisionDoesNotFreeADeletion(t *testing.T) {
	in := proposing(waived(builders.Waiver("w", "orders-9f31c2aa", now)))
	if held, _, _ := gate.Deletion(in); !held {
		t.Error("a waiver for a revision lets the API be deleted")
	}
	in.Proposal.Moved = map[string]string{"": "billing"}
	if held, _, _ := gate.Deletion(in); !held {
		t.Error("a version moves")
	}
}
