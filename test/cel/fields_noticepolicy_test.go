//go:build unix

package cel

import "fmt"

var clockTime = all(
	[]probe{{"4 characters", "8:00", "should be at least 5 chars long"}, {"6 characters", "08:000", "may not be more than 5 bytes"}},
	matching([]string{"00:00", "19:59", "23:59"}, []string{"24:00", "12:60", "12.00", "ab:cd"}))

var noticePolicyFields = fields{
	"spec.appliesTo":                 notEmpty(),
	"spec.enforcement":               enforce,
	"spec.startsAt":                  clockStart,
	"spec.coveragePercent":           between(1, 100),
	"spec.holdAboveObjectionPercent": between(0, 100),
	"spec.reminderDays":              items(1, 16, func(i int) int64 { return int64(i + 1) }),
	"spec.reminderDays[0]":           between(1, 3650),
	"spec.missedReminder":            oneOf("Report", "Delay"),
	"spec.timeZone":                  chars(1, 64),
	"spec.holidays":                  items(1, 16, func(i int) string { return fmt.Sprintf("C%d", i) }),
	"spec.holidays[0]":               chars(2, 16),
	"spec.closedDates":               items(1, 366, date),
	"spec.closedDates[0]": all(
		[]probe{
			{"9 characters", "2026-12-2", "should be at least 10 chars long"},
			{"11 characters", "2026-12-240", "may not be more than 10 bytes"},
		},
		matching([]string{"2026-12-24"}, []string{"24.12.2026", "2026/12/24", "2026-dec24"})),
	"spec.owed": items(1, 64, func(i int) map[string]any {
		return map[string]any{"class": "Removal", "days": int64(i)}
	}),
	"spec.owed[0].class":        className,
	"spec.owed[0].stability":    stability,
	"spec.owed[0].days":         between(0, 3650),
	"spec.owed[1].businessDays": between(0, 2500),
	"spec.rules": items(1, 500, func(i int) map[string]any {
		return map[string]any{"rule": numbered(i), "class": "Addition"}
	}),
	"spec.rules[0].rule":    chars(1, 128),
	"spec.rules[0].class":   className,
	"spec.unusedDays":       between(0, 3650),
	"spec.unusedWindowDays": between(1, 365),
	"spec.settleHours":      between(0, 8760),
	"spec.rollbackDays":     between(0, 365),
	"spec.validForDays":     between(1, 3650),
	"spec.images":           oneOf("Required", "Optional"),
	"spec.deprecatedMarks":  oneOf("Deny", "Warn"),
	"spec.content":          notEmpty(),
	"spec.content.rules": { // none at all would refuse the phrases of the sample, too
		{"all", []any{"DateInTitle", "ChangeInTitle", "WhatToDo", "Help", "Locales", "Phrasing"}, ""},
	},
	"spec.content.rules[0]":          oneOf("DateInTitle", "ChangeInTitle", "WhatToDo", "Help", "Locales"),
	"spec.content.bannedPhrases":     items(1, 200, numbered),
	"spec.content.bannedPhrases[0]":  chars(1, 100),
	"spec.content.allowedPhrases":    items(1, 200, numbered),
	"spec.content.allowedPhrases[0]": chars(1, 100),
	"spec.content.roles": items(1, 32, func(i int) map[string]any {
		return map[string]any{"class": fmt.Sprintf("Class%d", i), "roles": []any{"Billing"}}
	}),
	"spec.content.roles[0].class":    className,
	"spec.content.roles[0].roles":    items(1, 16, func(i int) string { return fmt.Sprintf("Role%d", i) }),
	"spec.content.roles[0].roles[0]": className,
	"spec.content.quietHours.from":   clockTime,
	"spec.content.quietHours.to":     clockTime,
	"spec.content.quietHours.wholeDays": {
		{"none", []any{}, "should have at least 1 items"},
		{"both", []any{"Holidays", "Weekends"}, ""},
	},
	"spec.content.quietHours.wholeDays[0]": oneOf("Weekends"),

	"status":                     notEmpty(),
	"status.conditions":          conditions,
	"status.observedGeneration":  atLeast(-1),
	"status.inForce.generation":  atLeast(1),
	"status.inForce.enforcement": enforce,
	"status.selectedAPIs":        atLeast(0),
}
