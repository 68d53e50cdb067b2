//go:build unix

package cel

import (
	"testing"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// What the status of a notice answers to edits.
const (
	publicationStays = "status: the stamp of a publication stays"
	withdrawalStays  = "status: the stamp of a withdrawal stays"
	owedStays        = "status: what was owed at publication stays"
	clockStays       = "status: what starts the clock of a notice stays as it was at publication"
	validityStays    = "status: how long a notice is valid stays as it was at publication"
	rolesStay        = "status: whom a notice is for stays as it was at publication"
	lapseStays       = "status: the stamp of a lapse stays"
	replacementStays = "status: the stamp of a replacement stays"
	dateStays        = "status: the date that customers were told can only move to later"
	numberStays      = "status: the number of postponements does not go back"
	updatesStay      = "status: the stamps of updates stay"
	remindersStay    = "status: the reminders of a notice stay as they were at publication"
	inForceStays     = "status: the stamp of a change in force stays"
)

var everyStamp = []string{
	publicationStays, withdrawalStays, owedStays, clockStays, validityStays, lapseStays, replacementStays, dateStays, numberStays, updatesStay,
	remindersStay, inForceStays, rolesStay, removalStays,
}

func TestStampsStay(t *testing.T) {
	u := sample(t, "ChangeNotice")
	set(u, "spec.state", "Withdrawn")
	tryEdits(t, "status", u, everyWay, map[string]edit{
		"publishedTime a second later":   refused(publicationStays, setting("status.publishedTime", "2026-11-22T09:00:01Z")),
		"publishedTime a second earlier": refused(publicationStays, setting("status.publishedTime", "2026-11-22T08:59:59Z")),
		"publishedTime gone":             refusedRemoval(publicationStays, "status.publishedTime"),
		"publishedDigest to another":     refused(publicationStays, setting("status.publishedDigest", digestOf("0"))),
		"publishedDigest gone":           refusedRemoval(publicationStays, "status.publishedDigest"),
		"withdrawnTime a second later":   refused(withdrawalStays, setting("status.withdrawnTime", "2026-11-23T09:00:01Z")),
		"withdrawnTime gone":             refusedRemoval(withdrawalStays, "status.withdrawnTime"),
		"owed shorter":                   refused(owedStays, setting("status.owed[0].days", int64(179))),
		"owed longer":                    refused(owedStays, setting("status.owed[0].days", int64(181))),
		"owed more":                      refused(owedStays, add("status.owed", owedTerm)),
		"owed gone":                      refusedRemoval(owedStays, "status.owed"),
		"a closed date less":             refusedRemoval(owedStays, "status.owed[0].closedDates"),
		"the clock starts earlier":       refused(clockStays, setting("status.clock.startsAt", "Published")),
		"the clock needs fewer":          refused(clockStays, setting("status.clock.coveragePercent", int64(94))),
		"the clock needs more":           refused(clockStays, setting("status.clock.coveragePercent", int64(96))),
		"the clock is held sooner":       refused(clockStays, setting("status.clock.holdAboveObjectionPercent", int64(9))),
		"the clock is held later":        refused(clockStays, setting("status.clock.holdAboveObjectionPercent", int64(11))),
		"the clock is never held":        refusedRemoval(clockStays, "status.clock.holdAboveObjectionPercent"),
		"the clock needs all":            refusedRemoval(clockStays, "status.clock.coveragePercent"),
		"the clock gone":                 refusedRemoval(clockStays, "status.clock"),
		"validity shorter":               refused(validityStays, setting("status.validity.days", int64(179))),
		"validity longer":                refused(validityStays, setting("status.validity.days", int64(181))),
		"validity elsewhere":             refused(validityStays, setting("status.validity.timeZone", "UTC")),
		"validity gone":                  refusedRemoval(validityStays, "status.validity"),
		"for more roles":                 refused(rolesStay, add("status.roles", "Billing")),
		"for another role":               refused(rolesStay, setting("status.roles", []any{"Billing"})),
		"for all":                        refusedRemoval(rolesStay, "status.roles"),
		"lapsedTime a second later":      refused(lapseStays, setting("status.lapsedTime", "2027-12-28T00:00:01Z")),
		"lapsedTime gone":                refusedRemoval(lapseStays, "status.lapsedTime"),
		"supersededTime a second later":  refused(replacementStays, setting("status.supersededTime", "2026-11-24T09:00:01Z")),
		"supersededTime gone":            refusedRemoval(replacementStays, "status.supersededTime"),
		"effectiveTime a second later":   allowed(setting("status.effectiveTime", "2027-07-01T00:00:01Z")),
		"effectiveTime a second earlier": refused(dateStays, setting("status.effectiveTime", "2027-06-30T23:59:59Z")),
		"effectiveTime gone":             refusedRemoval(dateStays, "status.effectiveTime"),
		"a postponement more":            allowed(add("status.postponements", postponement(3))),
		"the oldest one left out":        allowed(setting("status.postponements", []any{postponement(3)})),
		"a postponement less":            refused(numberStays, setting("status.postponements", []any{postponement(1)})),
		"postponements gone":             refusedRemoval(numberStays, "status.postponements"),
		"an update more":                 allowed(add("status.updateTimes", "2026-11-23T09:00:00Z")),
		"an update less":                 refused(updatesStay, setting("status.updateTimes", []any{"2026-11-22T09:00:00Z"})),
		"updateTimes gone":               refusedRemoval(updatesStay, "status.updateTimes"),
		"a reminder that delays nothing": refused(remindersStay, setting("status.reminders[0].missed", "Report")),
		"a reminder that delays now":     refused(remindersStay, setting("status.reminders[1].missed", "Delay")),
		"a reminder of another day":      refused(remindersStay, setting("status.reminders[0].days", int64(29))),
		"a reminder more":                refused(remindersStay, add("status.reminders", map[string]any{"days": int64(1), "policy": "public-apis"})),
		"a reminder less": {
			change:     setting("status.reminders", []any{map[string]any{"days": int64(30), "policy": "public-apis", "missed": "Delay"}}),
			complaints: []string{remindersStay}, removes: true,
		},
		"reminders gone":               refusedRemoval(remindersStay, "status.reminders"),
		"inForceTime a second later":   refused(inForceStays, setting("status.inForceTime", "2027-07-01T00:00:06Z")),
		"inForceTime a second earlier": refused(inForceStays, setting("status.inForceTime", "2027-07-01T00:00:04Z")),
		"inForceTime gone":             refusedRemoval(inForceStays, "status.inForceTime"),
		"all of it gone":               {change: removing("status"), complaints: everyStamp, removes: true},
		"all but observedGeneration gone": {
			change: setting("status", map[string]any{"observedGeneration": int64(1)}), complaints: everyStamp, removes: true,
		},
		"what is observed": allowed(func(u *unstructured.Unstructured) {
			set(u, "status.observedGeneration", int64(2))
			set(u, "status.conditions[0].reason", "Withdrawn")
			set(u, "status.conditions[0].status", "False")
			set(u, "status.delivery.delivered", int64(3))
			set(u, "status.delivery.failed", int64(2))
			set(u, "status.delivery.coveredTime", "2026-11-22T09:06:00Z")
			set(u, "status.daysLeft", int64(219))
			set(u, "status.remindersTime", "2027-06-25T00:00:00Z")
			set(u, "status.missedReminders[0].toldTime", "2027-06-11T09:00:01Z")
			set(u, "status.earliestTime", "2027-05-23T22:00:00Z")
			set(u, "status.maturesTime", "2027-07-02T00:00:00Z")
			set(u, "status.lapsesTime", "2027-12-29T00:00:00Z")
			set(u, "status.supersededBy", "orders-no-delete-4")
		}),
		"an answer":                       allowed(setting("status.answers.answered", int64(4))),
		"answers taken back":              {change: removing("status.answers"), removes: true},
		"evidence of delivery taken back": {change: removing("status.delivery.coveredTime"), removes: true},
	})
}

var owedTerm = map[string]any{"version": "v1", "class": "Breaking", "policy": "public-apis", "days": int64(180)}

func postponement(number int64) map[string]any {
	return map[string]any{
		"number": number, "time": "2026-11-22T12:00:00Z", "from": "2027-06-01T00:00:00Z", "to": "2027-07-01T00:00:00Z",
	}
}

func TestStampsAreSet(t *testing.T) {
	u := sample(t, "ChangeNotice")
	set(u, "status", map[string]any{"observedGeneration": int64(1), "owed": []any{owedTerm}})
	tryEdits(t, "status", u, everyWay, map[string]edit{
		"publication": allowed(func(u *unstructured.Unstructured) {
			set(u, "status.publishedTime", "2026-11-22T09:00:00Z")
			set(u, "status.publishedDigest", digestOf("0"))
			set(u, "status.owed[0].days", int64(365))
			set(u, "status.clock", map[string]any{"startsAt": "Delivered", "coveragePercent": int64(95)})
			set(u, "status.reminders", []any{map[string]any{"days": int64(30), "policy": "public-apis"}})
			set(u, "status.roles", []any{"Billing"})
		}),
		"what would be owed changes until then": allowed(setting("status.owed[0].days", int64(365))),
	})

	u = published(t)
	tryEdits(t, "status", u, everyWay, map[string]edit{
		"withdrawal": allowed(setting("status.withdrawnTime", "2026-11-23T09:00:00Z")),
		"in force":   allowed(setting("status.inForceTime", "2026-11-23T09:00:00Z")),
	})

	u = published(t)
	remove(u, "status.clock")
	tryEdits(t, "status", u, everyWay, map[string]edit{
		"a clock that says what held without": allowed(setting("status.clock", map[string]any{"startsAt": "Published"})),
		"a clock that starts later":           refused(clockStays, setting("status.clock", map[string]any{"startsAt": "Delivered"})),
	})

	u = published(t)
	remove(u, "status.reminders")
	tryEdits(t, "status", u, everyWay, map[string]edit{
		"reminders that nobody was promised": refused(remindersStay, setting("status.reminders", []any{map[string]any{"days": int64(30), "policy": "p"}})),
	})

	u = published(t)
	remove(u, "status.roles")
	tryEdits(t, "status", u, everyWay, map[string]edit{
		"for fewer roles later": refused(rolesStay, setting("status.roles", []any{"Operations"})),
	})

	u = published(t)
	remove(u, "status.owed")
	tryEdits(t, "status", u, everyWay, map[string]edit{
		"owed once": allowed(setting("status.owed", []any{owedTerm})),
	})
}
