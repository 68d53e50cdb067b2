//go:build unix

package cel

import (
	"fmt"
	"strings"
)

var apiRevisionFields = fields{
	"spec.apiRef.name": objectName,
	"spec.contracts": items(1, 20, func(i int) map[string]any {
		return map[string]any{"version": fmt.Sprintf("v%d", i), "inline": "{}"}
	}),
	"spec.contracts[0].version":              versionName,
	"spec.contracts[0].format":               oneOf("OpenAPI"),
	"spec.contracts[0].configMapKeyRef.name": chars(1, 253),
	"spec.contracts[0].configMapKeyRef.key":  chars(1, 253),
	"spec.contracts[1].inline":               chars(1, 131072),
	"spec.declaredChanges": items(1, 100, func(i int) map[string]any {
		return map[string]any{"id": fmt.Sprintf("change-%d", i), "class": "Terms", "version": "v1", "text": "New terms"}
	}),
	"spec.declaredChanges[0].id":        objectName,
	"spec.declaredChanges[0].class":     className,
	"spec.declaredChanges[0].version":   versionName,
	"spec.declaredChanges[0].operation": chars(1, 512),
	"spec.declaredChanges[0].text":      chars(1, 500),
	"spec.images":                       items(1, 64, numbered),
	"spec.images[0]":                    chars(1, 1024),

	"status":                    notEmpty(),
	"status.conditions":         conditions,
	"status.observedGeneration": atLeast(-1),
	"status.digest":             digest,
	"status.contracts": items(1, 20, func(i int) map[string]any {
		return map[string]any{
			"version": fmt.Sprintf("v%d", i), "digest": digestOf("0"), "contract": "kept", "operations": int64(1),
		}
	}),
	"status.contracts[0].version":    versionName,
	"status.contracts[0].digest":     digest,
	"status.contracts[0].contract":   objectName,
	"status.contracts[0].operations": atLeast(0),
	"status.breaking":                atLeast(0),
	"status.uncovered":               atLeast(0),
	"status.changes": items(1, 500, func(int) map[string]any {
		return map[string]any{"fingerprint": "0a1b2c3d4e5f", "rule": "declared", "class": "Terms", "version": "v1", "text": "New terms"}
	}),
	"status.changes[0].fingerprint": charsOf("0", 12, 12),
	"status.changes[0].rule":        chars(1, 128),
	"status.changes[0].class":       className,
	"status.changes[0].foundAs":     className,
	"status.changes[0].version":     versionName,
	"status.changes[0].operation":   chars(1, 512),
	"status.changes[0].location":    chars(1, 512),
	"status.changes[0].text":        chars(1, 512),
	"status.changes[0].owedDays":    atLeast(0),
	"status.changes[0].affected":    atLeast(0),
	"status.changes[0].owedBy":      chars(1, 253),
	"status.changes[0].coveredBy":   objectName,
	"status.changesTotal":           atLeast(0),
	"status.message":                chars(1, 1024),
}

var changeNoticeFields = fields{
	"spec.apiRef.name": objectName,
	"spec.state":       oneOf("Draft", "Published", "Withdrawn"),
	"spec.title":       chars(1, 200),
	"spec.whatChanges": chars(1, 4096),
	"spec.whatToDo":    chars(1, 4096),
	"spec.help":        chars(1, 512),
	"spec.covers": items(1, 200, func(int) map[string]any {
		return map[string]any{"version": "v1"}
	}),
	"spec.covers[0].version":   versionName,
	"spec.covers[0].operation": chars(1, 512),
	"spec.covers[0].class":     className,
	"spec.covers[0].rule":      chars(1, 128),
	"spec.covers[0].fingerprint": all(charsOf("0", 12, 12), matching(
		[]string{"0123456789ab", "cdef00000000"}, []string{"0123456789AB", "0123456789ag"})),
	"spec.supersedes": objectName,
	"spec.updates": items(1, 50, func(i int) map[string]any {
		return map[string]any{"text": fmt.Sprintf("Update %d", i)}
	}),
	"spec.updates[1].answers": oneOf("Objections"),
	"spec.updates[0].text":    chars(1, 2048),
	"spec.updates[1].locale":  locale,
	"spec.locale":             locale,
	"spec.translations": items(1, 16, func(i int) map[string]any {
		return map[string]any{"locale": fmt.Sprintf("de-%d", i), "title": "x"}
	}),
	"spec.translations[0].locale":      locale,
	"spec.translations[0].title":       chars(1, 200),
	"spec.translations[0].whatChanges": chars(1, 4096),
	"spec.translations[0].whatToDo":    chars(1, 4096),
	"spec.roles":                       items(1, 16, func(i int) string { return fmt.Sprintf("Role%d", i) }),
	"spec.roles[0]":                    className,
	"spec.urgentReason":                chars(1, 512),

	"status":                    notEmpty(),
	"status.conditions":         conditions,
	"status.observedGeneration": atLeast(-1),
	"status.publishedDigest":    digest,
	"status.postponements": items(1, 20, func(i int) map[string]any {
		return map[string]any{
			"number": int64(i + 2), "time": "2026-11-22T12:00:00Z", "from": "2027-06-01T00:00:00Z", "to": "2027-07-01T00:00:00Z",
		}
	}),
	"status.postponements[0].number": atLeast(1),
	"status.updateTimes": items(1, 50, func(i int) string {
		return fmt.Sprintf("2026-11-22T15:%02d:00Z", i)
	}),
	"status.owed": items(1, 640, func(int) map[string]any {
		return map[string]any{"version": "v1", "class": "Removal", "policy": "public-apis", "days": int64(180)}
	}),
	"status.owed[0].version":                 versionName,
	"status.owed[0].class":                   className,
	"status.owed[0].policy":                  chars(1, 253),
	"status.owed[1].customer":                customerID,
	"status.owed[0].days":                    between(0, 3650),
	"status.owed[0].unusedForDays":           between(1, 365),
	"status.owed[0].countedAs":               oneOf("Days", "BusinessDays"),
	"status.owed[0].timeZone":                chars(1, 64),
	"status.owed[0].holidays":                items(1, 16, numbered),
	"status.owed[0].holidays[0]":             chars(1, 16),
	"status.owed[0].closedDates":             items(1, 366, date),
	"status.owed[0].closedDates[0]":          chars(10, 10),
	"status.roles":                           items(1, 512, func(i int) string { return fmt.Sprintf("Role%d", i) }),
	"status.roles[0]":                        className,
	"status.validity.days":                   between(1, 3650),
	"status.validity.timeZone":               chars(1, 64),
	"status.removal.schedule":                objectName,
	"status.removal.days":                    between(0, 3650),
	"status.removal.timeZone":                chars(1, 64),
	"status.removal.requires":                oneOf("Date", "Unused", "UnusedOrAcknowledged"),
	"status.removalUse.customers":            atLeast(0),
	"status.removalUse.unacknowledged":       atLeast(0),
	"status.clock.startsAt":                  clockStart,
	"status.clock.coveragePercent":           between(1, 100),
	"status.clock.holdAboveObjectionPercent": between(0, 100),
	"status.reminders": items(1, 64, func(i int) map[string]any {
		return map[string]any{"days": int64(i + 1), "policy": "public-apis"}
	}),
	"status.reminders[0].days":   between(1, 3650),
	"status.reminders[0].policy": chars(1, 253),
	"status.reminders[0].missed": oneOf("Report", "Delay"),
	"status.missedReminders": items(1, 64, func(int) map[string]any {
		return map[string]any{"days": int64(30), "time": "2027-06-01T00:00:00Z"}
	}),
	"status.missedReminders[0].days":  between(1, 3650),
	"status.answers.answered":         atLeast(0),
	"status.answers.understood":       atLeast(0),
	"status.answers.needsTime":        atLeast(0),
	"status.answers.unanswered":       atLeast(0),
	"status.delivery.affected":        atLeast(0),
	"status.delivery.customersDigest": digest,
	"status.delivery.delivered":       atLeast(0),
	"status.delivery.failed":          atLeast(0),
	"status.delivery.unreachable":     atLeast(0),
	"status.daysLeft":                 atLeast(0),
	"status.supersededBy":             objectName,
}

var keptContractFields = fields{
	"spec.format": oneOf("OpenAPI"),
	"spec.digest": digest,
	"spec.size":   between(1, 16<<20),
	// Four characters hold three bytes.
	"spec.document": {
		{"nothing", "", "should be at least 4 chars long"},
		{"a byte", "AA==", ""},
		{"two bytes", "AAA=", ""},
		{"every digit there is", "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/", ""},
		{"the most", strings.Repeat("AAAA", 350_000), ""},
		{"more", strings.Repeat("AAAA", 350_001), "may not be more than 1400000 bytes"},
		{"no base64", "!!!!", "should match '^"},
		{"base64 for addresses", "AA-_", "should match '^"},
		{"too much padding", "A===", "should match '^"},
		{"padding within", "AA==AA==", "should match '^"},
		{"a piece missing", "AAAAA", "base64 comes in groups of four characters"},
		{"a line break", "AAA\n", "should match '^"},
	},
}

var waiverFields = fields{
	"spec.revision":    objectName,
	"spec.reason":      chars(10, 1024),
	"spec.ticket":      chars(1, 256),
	"spec.requestedBy": chars(1, 253),

	"status":                    notEmpty(),
	"status.conditions":         conditions,
	"status.observedGeneration": atLeast(-1),
}

// numbered are short texts that differ.
func numbered(i int) string { return fmt.Sprintf("n%d", i) }

// date are dates that differ, for a year and a day.
func date(i int) string {
	return fmt.Sprintf("%d-%02d-%02d", 2026+i/336, 1+i/28%12, 1+i%28)
}
