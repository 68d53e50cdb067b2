package gate_test

import (
	"strings"
	"testing"
	"time"
	"unicode"

	v1alpha1 "forewarn.dev/forewarn/api/v1alpha1"
	"forewarn.dev/forewarn/internal/contract"
	"forewarn.dev/forewarn/internal/gate"
	"forewarn.dev/forewarn/test/builders"
)

const (
	seeOrders      = "; see: forewarn explain apirevision/orders-9f31c2aa -n shop"
	keepingV1      = " by keeping v1 and adding v2"
	deleteUntold   = "orders-9f31c2aa breaks v1: 1 change nobody was told of (DELETE /orders/{id} removed); "
	deleteOwed180  = deleteUntold + "customers are owed 180 days (policy public-apis); published today it could ship 2027-05-22, or ship today" + keepingV1
	declaredUntold = "orders-9f31c2aa changes v1: 1 change nobody was told of (GET /invoices/{id}: Totals round half to even); "
)

func TestRefusals(t *testing.T) {
	listOrders, getOrder := builders.Broken("v1", "GET /orders"), builders.Broken("v1", "GET /orders/{id}")
	spring := func(effective time.Time) *builders.NoticeBuilder {
		return tellingDelete("spring").CoversOperation("v1", "GET /orders").Effective(effective)
	}
	removal := func(days int32) edit { return boundBy(builders.Policy("public-apis").Owes("Removal", days)) }
	unreadable := gate.Problem{Version: "v1", Reason: v1alpha1.ReasonContractUnreadable, Message: "line 12: mapping values are not allowed here"}
	cases := map[string]struct {
		edits []edit
		want  string
	}{
		"NoticeMissing": {[]edit{changing(deleteOrders, listOrders, getOrder)},
			"orders-9f31c2aa breaks v1: 3 changes nobody was told of (DELETE /orders/{id} removed; GET /orders: removed the property id " +
				"from the response; ...); customers are owed 180 days (policy public-apis); published today it could ship 2027-05-22, " +
				"or ship today by keeping v1 and adding v2; see: forewarn explain apirevision/orders-9f31c2aa -n shop"},
		"NoticeMissing, one change": {[]edit{changing(deleteOrders)}, deleteOwed180 + seeOrders},
		"NoticeMissing, one day": {[]edit{changing(deleteOrders), removal(1)}, deleteUntold +
			"customers are owed 1 day (policy public-apis); published today it could ship 2026-11-24, or ship today" + keepingV1 + seeOrders},
		"NoticeMissing, business days": {
			[]edit{changing(deleteOrders), boundBy(builders.Policy("p").OwesBusinessDays("Removal", 10))}, deleteUntold +
				"customers are owed 10 business days (policy p); published today it could ship 2026-12-05, or ship today" + keepingV1 + seeOrders},
		"NoticeMissing, no days": {[]edit{changing(deleteOrders), removal(0)}, deleteUntold +
			"customers must be told before (policy public-apis); published now it could ship at once, or ship today" + keepingV1 + seeOrders},
		"NoticeMissing, a version": {[]edit{proposedAs(revised().Contract("v2", "x"))},
			"orders-9f31c2aa breaks v1: 1 change nobody was told of (version v1 removed); customers are owed 180 days " +
				"(policy public-apis); published today it could ship 2027-05-22, or ship today by keeping v1" + seeOrders},
		"NoticeMissing, declared": {
			[]edit{proposedAs(revised().Contract("v1", "x").Declares("even", "Behaviour", "v1", "GET /invoices/{id}", "Totals round half to even"))},
			declaredUntold + "customers are owed 30 days (policy public-apis); published today it could ship 2026-12-23, or ship today" + keepingV1 + seeOrders},
		"NoticeMissing and NoticeRunning": {
			[]edit{changing(deleteOrders, listOrders), telling(tellingDelete("spring").Effective(now.Add(9 * day)))},
			"orders-9f31c2aa breaks v1: 1 change nobody was told of (GET /orders: removed the property id from the response), " +
				"and 1 more that customers were told of and that cannot ship yet; customers are owed 90 days (policy public-apis); " +
				"published today it could ship 2027-02-21, or ship today" + keepingV1 + seeOrders},
		"NoticeRunning, until midnight in Berlin": {
			[]edit{changing(deleteOrders, listOrders), telling(spring(when(t, "2026-12-01T00:00:00+01:00")))},
			"orders-9f31c2aa breaks v1: 2 changes that customers were told of (DELETE /orders/{id} removed; GET /orders: removed the " +
				"property id from the response); by notice spring it may ship from 2026-12-01, or today" + keepingV1 + seeOrders},
		"NoticeRunning, until a moment": {
			[]edit{changing(deleteOrders), telling(spring(when(t, "2026-12-01T00:00:00Z")))},
			"orders-9f31c2aa breaks v1: 1 change that customers were told of (DELETE /orders/{id} removed); by notice spring it may " +
				"ship from 2026-12-01T00:00:00Z, or today" + keepingV1 + seeOrders},
		"NoticeRunning, by notices that never hold together": {
			[]edit{changing(deleteOrders, listOrders),
				boundBy(builders.Policy("p").Owes("Removal", 10).Owes("Breaking", 5).ValidForDays(1)),
				telling(tellingDelete("first").Effective(now.Add(2*day)), builders.Notice("second", "orders").
					CoversOperation("v1", "GET /orders").Published(now.Add(-50*day)).Effective(now.Add(3*day)))},
			"orders-9f31c2aa breaks v1: 2 changes that customers were told of (DELETE /orders/{id} removed; GET /orders: removed the " +
				"property id from the response), by notices that never hold at the same time; customers are owed 10 days (policy p); " +
				"published today it could ship 2026-12-03, or ship today" + keepingV1 + seeOrders},
		"ContractUnreadable": {
			[]edit{func(in *gate.Input) { in.Proposal.Problems = append(in.Proposal.Problems, unreadable) }},
			"orders-9f31c2aa cannot be judged: spec.contracts[v1]: line 12: mapping values are not allowed here" + seeOrders},
		"PromiseUnreadable": {
			[]edit{func(in *gate.Input) {
				in.Proposal.Problems = []gate.Problem{{Version: "v1", Reason: v1alpha1.ReasonPromiseUnreadable, Message: "keptcontract/sha256-1 is gone: restore it"}}
			}},
			"orders-9f31c2aa cannot be judged: customerapi/orders status.promised[v1]: keptcontract/sha256-1 is gone: restore it" + seeOrders},
		"PolicyInvalid": {[]edit{boundBy(publicAPIs().Zone("CST"))},
			`orders-9f31c2aa cannot be judged: noticepolicy/public-apis spec.timeZone: time zone "CST" does not say which place is meant: ` +
				`write America/Chicago, America/Havana or Asia/Shanghai` + seeOrders},
		"PolicyInvalid, of which nothing is known": {[]edit{func(in *gate.Input) { v1alpha1.MarkUnreadable(&in.Policies[0], "spec.owed holds a text") }},
			`orders-9f31c2aa cannot be judged: noticepolicy/public-apis: spec.owed holds a text` + seeOrders},
		"VersionUndeclared": {[]edit{proposedAs(revised().Contract("v1", "x").Contract("v3", "x"))},
			"orders-9f31c2aa is not admissible: version v3 is not one of customerapi/orders: add it to spec.versions there, or leave it out here" + seeOrders},
		"DigestMismatch": {[]edit{proposedAs(revised().Contract("v1", "x").Annotation(v1alpha1.DigestAnnotation, strings.Repeat("ab", 32)))},
			"orders-9f31c2aa is not admissible: its name was made for contents with the digest ababababababa..., and these have " +
				string(gate.RevisionDigest(revised().Contract("v1", "x").Obj().Spec, builders.Judged(revised().Contract("v1", "x").Obj())))[:13] +
				"...: propose them under a name of their own" + seeOrders},
		"NameReused": {[]edit{against(servingOrders().WayBack("orders-9f31c2aa", builders.DigestOf("other"), now.Add(day)))},
			"orders-9f31c2aa is not admissible: another revision served under this name: propose this one under another" + seeOrders},
		"ImagesMissing, and more": {[]edit{boundBy(publicAPIs().ImagesRequired()), changing(deleteOrders)},
			"orders-9f31c2aa is not admissible: it lists no images, and policy public-apis requires them: propose it with spec.images " +
				"under another name; besides: NoticeMissing" + seeOrders},
		"ClockUnreliable": {[]edit{asOf(now.Add(-3 * time.Minute))},
			"orders-9f31c2aa cannot be judged: metadata.creationTimestamp: the clock of forewarn says 2026-11-22T09:57:00Z, and the " +
				"revision was created 2026-11-22T09:59:00Z: put the clock right" + seeOrders},
		"APINotFound": {[]edit{func(in *gate.Input) { in.API = nil }},
			"orders-9f31c2aa cannot be judged: there is no customerapi/orders: create it, or name another in spec.apiRef"},
		"without a namespace": {
			[]edit{changing(deleteOrders), proposedAs(revised().Namespace("").Contract("v1", "x"))},
			deleteOwed180 + "; see: forewarn explain apirevision/orders-9f31c2aa"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			v := gate.Evaluate(proposing(c.edits...))
			if v.Message != c.want {
				t.Errorf("\n got %s\nwant %s", v.Message, c.want)
			}
			if v.Admissible || !strings.HasPrefix(v.Message, v.Merits) {
				t.Errorf("admissible %v, on the merits: %s", v.Admissible, v.Merits)
			}
		})
	}
}

func TestAdmissions(t *testing.T) {
	onMerits := "; on its merits: " + deleteOwed180
	cases := map[string]struct {
		edits []edit
		want  string
	}{
		"Compatible": {nil, "orders-9f31c2aa changes nothing that customers of customerapi/orders rely on"},
		"Baseline": {[]edit{against(builders.API("orders").Version("v1", "Stable"))},
			"orders-9f31c2aa is the first contract of customerapi/orders: nothing is promised yet, so there is nothing to break"},
		"NoticeGiven": {[]edit{changing(deleteOrders), telling(tellingDelete("spring"))},
			"orders-9f31c2aa breaks v1 as customers were told: 1 change (DELETE /orders/{id} removed), by notice spring"},
		"NotGoverned": {[]edit{boundBy()}, "no policy selects customerapi/orders: orders-9f31c2aa is judged and not refused"},
		"NotGoverned, and breaking": {[]edit{boundBy(), changing(deleteOrders)},
			"no policy selects customerapi/orders: orders-9f31c2aa is judged and not refused, and breaks v1: 1 change (DELETE /orders/{id} removed)"},
		"Serving": {[]edit{against(servingOrders().Serving("canary", "orders-9f31c2aa", now)), changing(deleteOrders)},
			"orders-9f31c2aa serves, and what serves may always be restarted" + onMerits},
		"WayBack": {[]edit{against(servingOrders().WayBack("orders-9f31c2aa", "", now.Add(3*day))), changing(deleteOrders)},
			"orders-9f31c2aa served until lately, and may be rolled back to until 2026-11-25T10:00:00Z" + onMerits},
		"Waived": {[]edit{waived(builders.Waiver("inc-4711", "orders-9f31c2aa", now)), changing(deleteOrders)},
			"waiver inc-4711 lets orders-9f31c2aa pass until 2026-11-22T11:00:00Z" + onMerits},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			if v := gate.Evaluate(proposing(c.edits...)); v.Message != c.want || !v.Admissible {
				t.Errorf("\n got %s\nwant %s", v.Message, c.want)
			}
		})
	}
}

// hostile is what somebody might write who wants the log, the terminal or the API server to do something else.
const hostile = "\x1b[31mred\x1b[0m\r\nX-Header: 1\u2028next\u202Ereversed\x00\t<script>\xff"

func TestMessagesAreOneBoundedLine(t *testing.T) {
	long := func(s string) string { return strings.Repeat(s+hostile, 200) }
	var changes []contract.Change
	for range 300 {
		changes = append(changes, contract.Change{
			Rule: long("rule"), Class: "Breaking", Version: long("v"), Operation: long("GET /"), Location: long("at"), Text: long("gone"), Fingerprint: "0123456789ab",
		})
	}
	in := proposing(changing(changes...), changing(deleteOrders), proposedAs(builders.Revision(long("orders"), "orders").Namespace(long("shop")).
		Contract(long("v1"), "x").Declares(long("id"), "Price", "v1", long("GET /"), long("text")).Image(long("image")).
		Annotation(v1alpha1.DigestAnnotation, long("digest"))))
	in.API.Name, in.API.Namespace, in.API.Spec.Title = long("orders"), "", long("Orders")
	in.Revision.Spec.APIRef.Name = v1alpha1.ObjectName(in.API.Name)
	in.Policies[0].Name = long("policy")
	in.Proposal.Problems = []gate.Problem{{Version: long("v1"), Reason: v1alpha1.ReasonContractUnreadable, Message: long("bad")}}
	in.Notices = append(in.Notices, *builders.Notice(long("n"), in.API.Name).CoversOperation("v1", "DELETE /orders/{id}").Effective(now).Obj())
	clean := in
	clean.Proposal.Problems, clean.Revision = nil, revised().Contract("v1", "v1 as proposed").Obj()
	clean.Revision.Spec.APIRef = in.Revision.Spec.APIRef
	clean.Proposal.Contracts = builders.Judged(clean.Revision)
	waivedIn := clean
	waivedIn.Waivers = []v1alpha1.Waiver{*builders.Waiver(long("w"), "orders-9f31c2aa", now).Obj()}

	for name, in := range map[string]gate.Input{"unreadable": in, "missing": clean, "waived": waivedIn} {
		v := gate.Evaluate(in)
		lines := []string{v.Message, v.Merits}
		for _, f := range v.Findings {
			lines = append(lines, f.Message, f.Path)
		}
		for _, c := range v.Changes {
			lines = append(lines, c.Rule, c.Operation, c.Location, c.Text, string(c.Version), c.OwedBy)
			if len(c.Rule) > 128 || len(c.Operation) > 512 || len(c.Location) > 512 || len(c.Text) > 512 || len(c.OwedBy) > 253 {
				t.Fatalf("%s: the status has no room for %+v", name, c)
			}
		}
		_, held, _ := gate.Deletion(in)
		for _, line := range append(lines, held) {
			if i := strings.IndexFunc(line, func(r rune) bool { return !unicode.IsPrint(r) }); i >= 0 {
				t.Fatalf("%s: not printable: %.100q", name, line[i:])
			}
		}
		if len(v.Message) > 900 || v.Message == "" || len(held) > 900 {
			t.Errorf("%s: %d bytes: %s", name, len(v.Message), v.Message)
		}
	}
	refusal := gate.Evaluate(clean).Message
	if !strings.HasSuffix(refusal, seeOrders) {
		t.Errorf("the end is cut off: %s", refusal)
	}
	if !strings.Contains(refusal, "published today it could ship") {
		t.Errorf("the date is cut off: %s", refusal)
	}
}

func TestTheWayOutNamesAVersionThatIsFree(t *testing.T) {
	promised := func(api *builders.APIBuilder, versions ...string) *builders.APIBuilder {
		for _, v := range versions {
			api = api.Promised(v, "orders-1", v, "Stable", now)
		}
		return api
	}
	cases := map[string]struct {
		api  *builders.APIBuilder
		want string
	}{
		"one that is declared and not promised": {promised(builders.API("orders").Version("v1", "Stable").Version("v7", "Beta"), "v1"), "keeping v1 and adding v7;"},
		"or the next by number":                 {promised(builders.API("orders").Version("v1", "Stable").Version("v9", "Beta"), "v1", "v9"), "keeping v1 and adding v10;"},
		"also after one that is not declared":   {promised(builders.API("orders").Version("v1", "Stable"), "v1", "v4"), "keeping v1 and adding v5;"},
		"or just another":                       {promised(builders.API("orders").Version("2024-01", "Stable"), "v1x", "2024-01"), "keeping v1 and adding a new version;"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			versions := revised()
			for _, p := range c.api.Obj().Status.Promised {
				versions.Contract(string(p.Version), string(p.Version))
			}
			v := gate.Evaluate(proposing(against(c.api), proposedAs(versions), changing(deleteOrders)))
			if !strings.Contains(v.Message, c.want) {
				t.Errorf("%q is not in %s", c.want, v.Message)
			}
		})
	}
}
