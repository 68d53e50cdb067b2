//go:build unix

package cel

import (
	"fmt"
	"strings"
)

// link is an address that people and programs follow.
var link = all(
	matching(
		[]string{"https://docs.acme.example/orders/v2?lang=en#move", "http://a.example"},
		[]string{"docs.acme.example", "ftp://a.example", "https://a.example/<b>", `https://a.example/"`, "https://a b.example", "https://a.example\n"}),
	[]probe{
		{"7 characters", "http://", "should be at least 8 chars long"},
		{"8 characters", "http://a", ""},
		{"512 characters", "https://" + strings.Repeat("a", 504), ""},
		{"513 characters", "https://" + strings.Repeat("a", 505), "may not be more than 512 bytes"},
	})

var brownoutName = all(chars(1, 20), matching([]string{"first", "2nd-1"}, []string{"First", "-a", "a-", "a.b", "a\n"}))

var deprecationScheduleFields = withTexts("spec.notice", withTexts("spec.notice.translations[0]", fields{
	"spec.apiRef.name":   objectName,
	"spec.version":       versionName,
	"spec.operations":    items(1, 100, numbered),
	"spec.operations[0]": chars(1, 512),
	"spec.state":         oneOf("Draft", "Published", "Withdrawn"),
	"spec.brownouts": items(1, 20, func(i int) map[string]any {
		return map[string]any{"name": fmt.Sprintf("b%d", i), "startTime": "2027-05-04T09:00:00Z", "minutes": int64(5)}
	}),
	"spec.brownouts[0].name":             brownoutName,
	"spec.brownouts[0].minutes":          between(1, 1440),
	"spec.removeAfterDays":               between(0, 3650),
	"spec.removalRequires":               oneOf("Date", "Unused", "UnusedOrAcknowledged"),
	"spec.replacement":                   notEmpty(),
	"spec.replacement.version":           versionName,
	"spec.replacement.url":               link,
	"spec.migrationGuide":                link,
	"spec.notice":                        notEmpty(),
	"spec.notice.locale":                 locale,
	"spec.notice.help":                   chars(1, 512),
	"spec.notice.translations":           items(1, 8, func(i int) map[string]any { return map[string]any{"locale": fmt.Sprintf("de-%d", i)} }),
	"spec.notice.translations[0].locale": locale,
	"spec.routes": items(1, 20, func(i int) map[string]any {
		return map[string]any{"name": numbered(i)}
	}),
	"spec.routes[0].name": all(chars(1, 253), matching(
		[]string{"orders", "orders.v1"}, []string{"Orders", "-orders", "orders-", "or_ders", "orders\n"})),
	"spec.routes[0].rules":     items(1, 16, numbered),
	"spec.routes[0].rules[0]":  chars(1, 253),
	"spec.routes[0].writtenBy": oneOf("Forewarn", "Owner"),

	"status":                    notEmpty(),
	"status.conditions":         conditions,
	"status.observedGeneration": atLeast(-1),
	"status.stage":              stage,
	"status.nextStage":          stage,
	"status.notices": items(1, 32, func(i int) map[string]any {
		return map[string]any{"notice": numbered(i), "step": "Brownout", "effectiveTime": "2027-05-04T09:00:00Z"}
	}),
	"status.notices[0].notice":   objectName,
	"status.notices[0].step":     oneOf("Announcement", "Brownout", "Sunset"),
	"status.notices[0].uid":      chars(1, 64),
	"status.notices[0].brownout": chars(1, 20),
	"status.stillUsing":          atLeast(0),
	"status.queryDigest":         digest,
	"status.timeZone":            chars(1, 64),
	"status.stragglers": items(1, 200, func(i int) map[string]any {
		return map[string]any{"customer": numbered(i)}
	}),
	"status.stragglers[0].customer": customerID,
	"status.routes": items(1, 20, func(i int) map[string]any {
		return map[string]any{"name": numbered(i), "signals": "NotDue"}
	}),
	"status.routes[0].name":     chars(1, 253),
	"status.routes[0].signals":  oneOf("Present", "Missing", "NotDue", "NoRoute"),
	"status.routes[0].brownout": chars(1, 20),
}))

var stage = oneOf("Draft", "Announced", "Deprecated", "Brownout", "Sunset", "Removable", "Removed", "Withdrawn")

// withTexts adds the texts of each step.
func withTexts(path string, to fields) fields {
	for _, step := range []string{"announcement", "brownout", "sunset"} {
		to[path+"."+step] = notEmpty()
		to[path+"."+step+".title"] = chars(1, 160)
		to[path+"."+step+".whatChanges"] = chars(1, 2048)
		to[path+"."+step+".whatToDo"] = chars(1, 2048)
	}
	return to
}
