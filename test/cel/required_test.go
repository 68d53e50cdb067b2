//go:build unix

package cel

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

// required names, by sample, every field that must be there where what holds it is.
var required = map[string][]string{
	"APIRevision": {
		"spec", "spec.apiRef", "spec.apiRef.name", "spec.contracts", "spec.contracts[0].version",
		"spec.contracts[0].configMapKeyRef.name", "spec.contracts[0].configMapKeyRef.key",
		"spec.declaredChanges[0].id", "spec.declaredChanges[0].class", "spec.declaredChanges[0].version", "spec.declaredChanges[0].text",
		"status.contracts[0].version", "status.contracts[0].digest", "status.contracts[0].contract", "status.contracts[0].operations",
		"status.changes[0].fingerprint", "status.changes[0].rule", "status.changes[0].class", "status.changes[0].version", "status.changes[0].text",
	},
	"Audience": {
		"spec", "spec.customers[0].id", "spec.customers[0].owed[0].class",
		"spec.customers[0].contacts[0].role", "spec.customers[0].contacts[0].channel", "spec.customers[0].contacts[0].addressFrom",
		"spec.customers[0].contacts[0].addressFrom.name", "spec.customers[0].contacts[0].addressFrom.key",
		"spec.customersFrom.name", "spec.customersFrom.key",
		"status.calendars[0].customers", "status.locales[0].customers", "status.terms[0].customer", "status.terms[0].customers", "status.terms[0].owed", "status.terms[0].owed.class",
		"spec.usage.url", "spec.usage.query", "spec.usage.windowDays",
		"spec.usage.tokenFrom.name", "spec.usage.tokenFrom.key", "spec.usage.authoritiesFrom.name", "spec.usage.authoritiesFrom.key",
		"status.usage.time", "status.usage.queryDigest", "status.usage.windowDays", "status.usage.customers",
		"status.usage.versions[0].customers", "status.usage.operations[0].operation", "status.usage.operations[0].customers",
	},
	"ChangeNotice": {
		"spec", "spec.apiRef", "spec.apiRef.name", "spec.state", "spec.title", "spec.covers", "spec.covers[0].version", "spec.updates[0].text",
		"spec.translations[0].locale", "spec.translations[0].title",
		"status.owed[0].version", "status.owed[0].class", "status.owed[0].days",
		"status.validity.days", "status.validity.timeZone", "status.clock.startsAt", "status.delivery.affected", "status.answers.answered",
		"status.removal.schedule", "status.removal.days", "status.removal.timeZone", "status.removal.requires",
		"status.removalUse.time", "status.removalUse.customers", "status.removalUse.unacknowledged",
		"status.reminders[0].days", "status.reminders[0].policy", "status.missedReminders[0].days", "status.missedReminders[0].time",
		"status.postponements[0].number", "status.postponements[0].time", "status.postponements[0].from", "status.postponements[0].to",
	},
	"ChangeNotice-apology":  {"spec", "spec.apiRef", "spec.apiRef.name", "spec.state", "spec.title", "spec.covers", "spec.covers[0].version"},
	"ChangeNotice-downtime": {"spec", "spec.apiRef", "spec.apiRef.name", "spec.state", "spec.title", "spec.covers", "spec.covers[0].version"},
	"CustomerAPI": {
		"spec", "spec.title", "spec.versions", "spec.versions[0].name", "spec.versions[0].stability", "spec.carriedBy",
		"spec.baseline.revision", "spec.baseline.approvedBy", "spec.audienceRef.name",
		"status.bound[0].name", "status.bound[0].inForce", "status.bound[0].inForce.generation", "status.bound[0].inForce.spec",
		"status.bound[0].inForce.spec.owed", "status.bound[0].inForce.spec.owed[0].class", "status.selectors[0].matchLabels",
		"status.serving[0].workload", "status.serving[0].workload.kind", "status.serving[0].workload.name", "status.serving[0].since",
		"status.promised[0].version", "status.promised[0].stability", "status.promised[0].revision", "status.promised[0].contract", "status.promised[0].since",
		"status.wayBack[0].untilTime", "status.images[0].image",
		"status.brokenPromises[0].time", "status.brokenPromises[0].cause", "status.brokenPromises[0].changes", "status.brokenPromises[0].message",
		"status.noticesInForce[0].notice", "status.noticesInForce[0].revision", "status.noticesInForce[0].time",
	},
	"DeliveryRecord": {
		"spec", "spec.noticeRef", "spec.noticeRef.name", "spec.noticeRef.uid", "spec.channel", "spec.stage", "spec.shard",
		"status.deliveries[0].customer", "status.deliveries[0].id", "status.deliveries[0].state", "status.deliveries[0].plannedTime",
	},
	"DeprecationSchedule": {
		"spec", "spec.apiRef", "spec.apiRef.name", "spec.version", "spec.state", "spec.deprecateTime", "spec.sunsetTime",
		"spec.brownouts[0].name", "spec.brownouts[0].startTime", "spec.brownouts[0].minutes",
		"spec.notice.translations[0].locale", "spec.routes[0].name",
		"status.notices[0].notice", "status.notices[0].step", "status.notices[0].effectiveTime",
		"status.stragglers[0].customer", "status.routes[0].name", "status.routes[0].signals",
	},
	"DowntimeBudget": {
		"spec", "spec.apiRef", "spec.apiRef.name", "spec.allowedMinutes", "spec.availability.url", "spec.availability.query",
		"spec.availability.tokenFrom.name", "spec.availability.tokenFrom.key",
		"spec.availability.authoritiesFrom.name", "spec.availability.authoritiesFrom.key",
		"status.intervals[0].startTime", "status.intervals[0].state", "status.intervals[0].cause",
		"status.intervals[0].workload.kind", "status.intervals[0].workload.name", "status.older[0].untilTime",
		"status.rollouts[0].workload", "status.rollouts[0].workload.kind", "status.rollouts[0].workload.name",
		"status.rollouts[0].completedTime", "status.rollouts[0].seconds", "status.rollouts[0].downSeconds", "status.images[0].image",
	},
	"DowntimeBudget-rolling": {"spec", "spec.apiRef", "spec.apiRef.name", "spec.allowedMinutes"},
	"KeptContract":           {"spec", "spec.format", "spec.digest", "spec.size", "spec.document"},
	"NoticeChannel": {
		"spec", "spec.mail.host", "spec.mail.from", "spec.mail.credentialsFrom.name",
		"spec.mail.authoritiesFrom.name", "spec.mail.authoritiesFrom.key", "spec.mail.bounces.keysFrom", "spec.mail.bounces.keysFrom.name",
	},
	"NoticeChannel-webhook": {
		"spec", "spec.webhook.keysFrom", "spec.webhook.keysFrom.name",
		"spec.webhook.authoritiesFrom.name", "spec.webhook.authoritiesFrom.key",
	},
	"NoticePolicy": {
		"spec", "spec.owed", "spec.owed[0].class", "spec.rules[0].rule", "spec.rules[0].class",
		"spec.content.roles[0].class", "spec.content.roles[0].roles", "spec.content.quietHours.from", "spec.content.quietHours.to",
		"status.inForce.generation", "status.inForce.spec", "status.inForce.spec.owed", "status.inForce.spec.owed[0].class",
	},
	"Waiver": {"spec", "spec.revision", "spec.reason", "spec.ticket", "spec.expireTime", "spec.requestedBy"},
}

// either names what something else can stand in for, or what a rule asks for: of a sample, or of all. See TestRules.
var either = []string{
	"ChangeNotice-apology spec.covers[0].class", "ChangeNotice-downtime spec.covers[0].class",
	"spec.contracts[0].configMapKeyRef", "spec.contracts[1].inline", "spec.effectiveTime", "spec.window.days", "spec.window.calendar", "spec.mail", "spec.webhook",
	"spec.owed[0].days", "spec.owed[1].businessDays", "status.inForce.spec.owed[0].days", "status.bound[0].inForce.spec.owed[0].days",
	"spec.customers[0].owed[0].days", "spec.customers[0].owed[1].businessDays", "status.terms[0].owed.days", "status.terms[1].owed.businessDays", "spec.content.rules", "status.owed[1].customer", "status.owed[0].policy",
}

// TestRequired takes away each key of each sample, one at a time.
func TestRequired(t *testing.T) {
	namespace := newNamespace(t)
	for sampled, paths := range required {
		stored := sample(t, sampled)
		place(stored, namespace)
		stored = create(t, stored)
		unseen := slices.Clone(paths)
		for _, path := range pathsOf(sample(t, sampled).Object) {
			if slices.Contains(either, path) || slices.Contains(either, sampled+" "+path) {
				continue
			}
			// What holds for the first item of a list holds for each.
			name := strings.ReplaceAll(path, "[1]", "[0]")
			unseen = slices.DeleteFunc(unseen, func(p string) bool { return p == name })
			t.Run(sampled+" without "+path, func(t *testing.T) {
				u := sample(t, sampled)
				place(u, namespace)
				remove(u, path)
				err := tryPart(t, u, stored, path)
				if slices.Contains(paths, name) {
					want(t, err, path+": Required value")
				} else {
					want(t, err)
				}
			})
		}
		if len(unseen) > 0 {
			t.Errorf("%s has no %s", sampled, unseen)
		}
	}
}

// pathsOf are the paths to all keys of spec and status, down to the conditions.
func pathsOf(object map[string]any) []string {
	var paths []string
	var collect func(prefix string, value any)
	collect = func(prefix string, value any) {
		switch value := value.(type) {
		case map[string]any:
			for key, below := range value {
				path := strings.TrimPrefix(prefix+"."+key, ".")
				paths = append(paths, path)
				collect(path, below)
			}
		case []any:
			for i, below := range value {
				collect(fmt.Sprintf("%s[%d]", prefix, i), below)
			}
		}
	}
	for _, part := range []string{"spec", "status"} {
		if below, ok := object[part]; ok {
			collect("", map[string]any{part: below})
		}
	}
	return slices.DeleteFunc(paths, func(path string) bool {
		return strings.Contains(path, ".conditions[") || strings.Contains(path, "Selector.") || strings.Contains(path, ".matchLabels.")
	})
}
