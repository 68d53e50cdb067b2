//go:build unix

package cel

import (
	"fmt"
	"strings"
	"testing"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// TestRules tries the rules that hold between fields.
func TestRules(t *testing.T) {
	const (
		oneSource   = "spec.contracts[0]: set configMapKeyRef or inline, and not both"
		operation   = "spec.declaredChanges[0]: a declared Removal or Breaking change names the operation"
		inlineSum   = "spec.contracts: inline documents have at most 131072 characters together: put them into ConfigMaps and name these in configMapKeyRef"
		exact       = "spec.covers[1]: an operation is exact, such as DELETE /orders/{id}: '*' stands for nothing"
		oneDeclared = "spec.covers[1]: a declared change is covered by its operation or its fingerprint: name one"
		oneCount    = "spec.owed[0]: set days or businessDays, and not both"
		oneWay      = "spec: set mail or webhook, and not both"
		inTheClear  = "spec.mail: a password is sent by a safe connection only: set security to StartTLS or Implicit, or leave out credentialsFrom"
		carrier     = "spec.carriedBy: name the services that carry the API, or the labels of its pods (matchLabels)"
	)
	const (
		oneWindow   = "spec.window: set days or calendar, and not both"
		zoneOfMonth = "spec.window: timeZone goes with calendar: the last days are the same everywhere"
	)
	const (
		longTranslations = "spec: the translations have more than 40000 characters together: shorten them, or say more in updates"
		phrasesAlone     = "spec.content: bannedPhrases and allowedPhrases go with the rule Phrasing: add it to rules"
		neverQuiet       = "spec.content.quietHours: from and to are the same: quiet hours begin at one time and end at another"
	)
	cases := map[string]struct {
		kind   string
		change func(u *unstructured.Unstructured)
		want   []string
	}{
		"a contract from a ConfigMap and inline": {"APIRevision", setting("spec.contracts[0].inline", "{}"), []string{oneSource}},
		"a contract from nowhere":                {"APIRevision", removing("spec.contracts[0].configMapKeyRef"), []string{oneSource}},
		"an inline contract from nowhere": {"APIRevision", removing("spec.contracts[1].inline"),
			[]string{strings.Replace(oneSource, "0", "1", 1)}},
		"two contracts of a version": {"APIRevision", setting("spec.contracts[1].version", "v1"),
			[]string{"spec.contracts[1]: Duplicate value"}},
		"two declared changes of a name": {"APIRevision", func(u *unstructured.Unstructured) {
			add("spec.declaredChanges", at(u, "spec.declaredChanges[0]"))(u)
		}, []string{"spec.declaredChanges[1]: Duplicate value"}},
		"an image twice":                     {"APIRevision", add("spec.images", "shop.example/orders:2"), []string{"spec.images[1]: Duplicate value"}},
		"a declared Removal of an operation": {"APIRevision", setting("spec.declaredChanges[0].class", "Removal"), nil},
		"a declared Removal of nothing":      {"APIRevision", declaredWithout("Removal"), []string{operation}},
		"a declared Breaking of nothing":     {"APIRevision", declaredWithout("Breaking"), []string{operation}},
		"a declared Behaviour of a version":  {"APIRevision", declaredWithout("Behaviour"), nil},

		"customers in a Secret alone": {"Audience", removing("spec.customers"), nil},
		"customers by name alone":     {"Audience", removing("spec.customersFrom"), nil},
		"no customers": {"Audience", func(u *unstructured.Unstructured) {
			remove(u, "spec.customers")
			remove(u, "spec.customersFrom")
		}, []string{"spec: name the customers, or the Secret that lists them (customersFrom): a notice to nobody is not a notice"}},
		"a customer twice":                     {"Audience", setting("spec.customers[1].id", "c-10423"), []string{"spec.customers[1]: Duplicate value"}},
		"a contract in days twice over":        {"Audience", setting("spec.customers[0].owed[0].businessDays", int64(1)), []string{"spec.customers[0].owed[0]: set days or businessDays, and not both"}},
		"inline documents of the largest size": {"APIRevision", inlined(65_536, 65_536), nil},
		"inline documents of a character more": {"APIRevision", inlined(65_536, 65_537), []string{inlineSum}},
		"inline documents in letters of four bytes": {"APIRevision", func(u *unstructured.Unstructured) {
			set(u, "spec.contracts", []any{map[string]any{"version": "v1", "inline": strings.Repeat("𝕒", 131_072)}})
		}, nil},
		"every operation": {"ChangeNotice", setting("spec.covers[1]", map[string]any{"version": "v1", "operation": "*"}), []string{exact}},
		"every operation, by a fingerprint": {"ChangeNotice", setting("spec.covers[1]", map[string]any{
			"version": "v1", "operation": "GET /*", "fingerprint": "0a1b2c3d4e5f"}), nil},
		"whatever is declared": {"ChangeNotice", setting("spec.covers[1]", map[string]any{"version": "v1", "rule": "declared"}), []string{oneDeclared}},
		"what is declared of an operation": {"ChangeNotice", setting("spec.covers[1]", map[string]any{
			"version": "v1", "rule": "declared", "operation": "GET /orders"}), nil},
		"what is declared, by a fingerprint": {"ChangeNotice", setting("spec.covers[1]", map[string]any{
			"version": "v1", "rule": "declared", "fingerprint": "0a1b2c3d4e5f"}), nil},
		"a rule of no operation":                {"ChangeNotice", setting("spec.covers[1]", map[string]any{"version": "v1", "rule": "api-server-path-removed"}), nil},
		"translations of the largest size":      {"ChangeNotice", translated(4096, 904), nil},
		"translations of a few characters more": {"ChangeNotice", translated(4096, 905), []string{longTranslations}},
		"phrases without their rule":            {"NoticePolicy", setting("spec.content.rules", []any{"Help"}), []string{phrasesAlone}},
		"phrases without any rule":              {"NoticePolicy", removing("spec.content.rules"), []string{phrasesAlone}},
		"quiet hours that never begin":          {"NoticePolicy", setting("spec.content.quietHours.to", "20:00"), []string{neverQuiet}},
		"a class twice": {"NoticePolicy", add("spec.content.roles", map[string]any{"class": "Price", "roles": []any{"Legal"}}),
			[]string{"spec.content.roles[1]: Duplicate value"}},
		"a language twice": {"ChangeNotice", add("spec.translations", map[string]any{"locale": "de", "title": "x"}),
			[]string{"spec.translations[1]: Duplicate value"}},
		"published without a date": {"ChangeNotice", removing("spec.effectiveTime"), []string{needsDate}},
		"a draft without a date": {"ChangeNotice", func(u *unstructured.Unstructured) {
			remove(u, "spec.effectiveTime")
			set(u, "spec.state", "Draft")
		}, nil},
		"withdrawn without a date": {"ChangeNotice", func(u *unstructured.Unstructured) {
			remove(u, "spec.effectiveTime")
			set(u, "spec.state", "Withdrawn")
		}, nil},

		"carried by a Service alone": {"CustomerAPI", setting("spec.carriedBy", map[string]any{"services": []any{"orders"}}), nil},
		"carried by labels alone": {"CustomerAPI",
			setting("spec.carriedBy", map[string]any{"matchLabels": map[string]any{"app": "orders"}}), nil},
		"carried by slot keys alone": {"CustomerAPI",
			setting("spec.carriedBy", map[string]any{"slotKeys": []any{"slot"}}), []string{carrier}},
		"two versions of a name": {"CustomerAPI", setting("spec.versions[1].name", "v1"), []string{"spec.versions[1]: Duplicate value"}},
		"a Service twice":        {"CustomerAPI", add("spec.carriedBy.services", "orders"), []string{"spec.carriedBy.services[1]: Duplicate value"}},
		"a slot key twice":       {"CustomerAPI", add("spec.carriedBy.slotKeys", "slot"), []string{"spec.carriedBy.slotKeys[1]: Duplicate value"}},

		"neither mail nor webhook": {"NoticeChannel", removing("spec.mail"), []string{oneWay}},
		"mail and webhook": {"NoticeChannel",
			setting("spec.webhook", map[string]any{"keysFrom": map[string]any{"name": "a"}}), []string{oneWay}},
		"public addresses only":          {"NoticeChannel", removing("spec.allowedRanges"), nil},
		"a range twice":                  {"NoticeChannel", add("spec.allowedRanges", "10.1.2.3/32"), []string{"spec.allowedRanges[2]: Duplicate value"}},
		"a password, TLS from the start": {"NoticeChannel", setting("spec.mail.security", "Implicit"), nil},
		"a password, security left out":  {"NoticeChannel", removing("spec.mail.security"), nil},
		"a password in the clear":        {"NoticeChannel", setting("spec.mail.security", "None"), []string{inTheClear}},
		"no password, in the clear": {"NoticeChannel", func(u *unstructured.Unstructured) {
			remove(u, "spec.mail.credentialsFrom")
			set(u, "spec.mail.security", "None")
		}, nil},

		"a query that looks back no window": {"Audience", setting("spec.usage.query", "orders_requests_total[90d]"), []string{"spec.usage.query: write $window"}},
		"a token in the clear":              {"Audience", setting("spec.usage.url", "http://prometheus:9090"), []string{"spec.usage: a token is sent by a safe connection only"}},
		"no token, in the clear": {"Audience", func(u *unstructured.Unstructured) {
			remove(u, "spec.usage.tokenFrom")
			set(u, "spec.usage.url", "http://prometheus:9090")
		}, nil},
		"no token, in the clear, to a short name": {"Audience", func(u *unstructured.Unstructured) {
			remove(u, "spec.usage.tokenFrom")
			set(u, "spec.usage.url", "http://a")
		}, nil},
		"usage is not known": {"Audience", removing("spec.usage"), nil},

		"days and a calendar":                   {"DowntimeBudget", setting("spec.window.days", int64(30)), []string{oneWindow}},
		"neither of them":                       {"DowntimeBudget", removing("spec.window.calendar"), []string{oneWindow, zoneOfMonth}},
		"days in a zone":                        {"DowntimeBudget-rolling", setting("spec.window.timeZone", "Europe/Berlin"), []string{zoneOfMonth}},
		"a token for availability in the clear": {"DowntimeBudget", setting("spec.availability.url", "http://prometheus:9090"), []string{"spec.availability: a token is sent by a safe connection only"}},
		"a route of an API twice":               {"CustomerAPI", add("spec.carriedBy.httpRoutes", "orders"), []string{"spec.carriedBy.httpRoutes[1]: Duplicate value"}},

		"a reminder twice":               {"NoticePolicy", add("spec.reminderDays", int64(7)), []string{"spec.reminderDays[2]: Duplicate value"}},
		"days and business days":         {"NoticePolicy", setting("spec.owed[0].businessDays", int64(1)), []string{oneCount}},
		"neither days nor business days": {"NoticePolicy", removing("spec.owed[0].days"), []string{oneCount}},
		"no days, which are days":        {"NoticePolicy", setting("spec.owed[0].days", int64(0)), nil},
		"business days alone":            {"NoticePolicy", removing("spec.owed[0]" + ".stability"), nil},
		"two classes for a rule": {"NoticePolicy", func(u *unstructured.Unstructured) {
			add("spec.rules", at(u, "spec.rules[0]"))(u)
		}, []string{"spec.rules[1]: Duplicate value"}},
		"a holiday calendar twice": {"NoticePolicy", add("spec.holidays", "DE"), []string{"spec.holidays[1]: Duplicate value"}},
		"a closed date twice":      {"NoticePolicy", add("spec.closedDates", "2026-12-24"), []string{"spec.closedDates[1]: Duplicate value"}},
		"two terms for a class": {"NoticePolicy", func(u *unstructured.Unstructured) {
			add("spec.owed", at(u, "spec.owed[0]"))(u)
		}, nil},
		"a policy for all APIs": {"NoticePolicy", removing("spec.appliesTo"), nil},
	}
	namespace := newNamespace(t)
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			u := sample(t, c.kind)
			place(u, namespace)
			c.change(u)
			want(t, tryCreate(t, u), c.want...)
		})
	}
}

// inlined has a document of each size.
func inlined(sizes ...int) func(u *unstructured.Unstructured) {
	return func(u *unstructured.Unstructured) {
		var contracts []any
		for i, size := range sizes {
			contracts = append(contracts, map[string]any{"version": fmt.Sprintf("v%d", i), "inline": strings.Repeat("a", size)})
		}
		set(u, "spec.contracts", contracts)
	}
}

func declaredWithout(class string) func(u *unstructured.Unstructured) {
	return func(u *unstructured.Unstructured) {
		set(u, "spec.declaredChanges[0].class", class)
		remove(u, "spec.declaredChanges[0].operation")
	}
}

// TestNames holds that what the gate makes keys of is named by a DNS label.
func TestNames(t *testing.T) {
	const (
		label     = "metadata: the name must be a DNS label: at most 63 of a-z, 0-9 and '-'"
		subdomain = "metadata.name: a lowercase RFC 1123 subdomain"
	)
	of := func(n int) string { return strings.Repeat("a", n) }
	namespace := newNamespace(t)
	for kind := range plurals {
		label, most := label, 63
		if kind == "DeprecationSchedule" {
			label, most = "metadata: the name must be a DNS label of at most 32 of a-z, 0-9 and '-'", 32
		}
		labels := kind != "NoticePolicy" && kind != "KeptContract" && kind != "DeliveryRecord"
		names := map[string][]string{"a": nil, "0-a": nil, of(most): nil, of(most + 1): nil, "a.b": nil, of(253): nil}
		if labels {
			names[of(most+1)], names["a.b"], names[of(253)] = []string{label}, []string{label}, []string{label}
		}
		for name, complaints := range names {
			t.Run(fmt.Sprintf("%s %.70s", kind, name), func(t *testing.T) {
				u := sample(t, kind)
				place(u, namespace)
				u.SetName(name)
				want(t, tryCreate(t, u), complaints...)
			})
		}
		t.Run(kind+" with a name that no object can have", func(t *testing.T) {
			u := sample(t, kind)
			place(u, namespace)
			u.SetName("Orders")
			if labels {
				want(t, tryCreate(t, u), subdomain, label)
			} else {
				want(t, tryCreate(t, u), subdomain)
			}
		})
		t.Run(kind+" with a generated name", func(t *testing.T) {
			u := sample(t, kind)
			place(u, namespace)
			u.SetName("")
			u.SetGenerateName("shop.orders-")
			if labels {
				want(t, tryCreate(t, u), label)
			} else {
				want(t, tryCreate(t, u))
			}
		})
	}
}

// translated has eight translations of so many characters each, two texts of which are of the length.
func translated(whatChanges, whatToDo int) func(u *unstructured.Unstructured) {
	return func(u *unstructured.Unstructured) {
		var translations []any
		for i := range 8 {
			translations = append(translations, map[string]any{
				"locale": fmt.Sprintf("de-%d", i), "title": "x",
				"whatChanges": strings.Repeat("a", whatChanges), "whatToDo": strings.Repeat("a", whatToDo),
			})
		}
		set(u, "spec.translations", translations)
	}
}
