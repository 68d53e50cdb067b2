//go:build unix

package cel

import (
	"fmt"
	"strings"
)

var downtimeCause = oneOf("Rollout", "Drain", "NodeLost", "ScaledDown", "Brownout", "Traffic", "NotWatching", "Unknown")

var downtimeBudgetFields = fields{
	"spec.apiRef.name":     objectName,
	"spec.allowedMinutes":  between(0, 44640),
	"spec.plannedMinutes":  between(0, 44640),
	"spec.window":          []probe{{"nothing set", map[string]any{}, "should have at least 1 properties"}},
	"spec.window.calendar": oneOf("Month"),
	"spec.window.timeZone": chars(1, 64),
	"spec.minReadyPercent": between(1, 100),
	"spec.minReady":        between(1, 10000),
	"spec.whenSpent":       oneOf("RefuseAll", "RefuseUnlessFix", "Report"),
	"spec.unobserved":      oneOf("Report", "Spend"),
	"spec.availability.url": all(
		matching(
			[]string{"https://prometheus.monitoring:9090", "https://[fd00::1]:9090"},
			[]string{"prometheus:9090", "ftp://a.example", "https://a:b@c.example", "https://a.example/?a=b", "https:///a", "https://a.example\n"}),
		[]probe{
			{"7 characters", "https:/", "should be at least 8 chars long"},
			{"9 characters", "https://a", ""},
			{"512 characters", "https://" + strings.Repeat("a", 504), ""},
			{"513 characters", "https://" + strings.Repeat("a", 505), "may not be more than 512 bytes"},
		}),
	"spec.availability.query":                chars(1, 4096),
	"spec.availability.stepSeconds":          between(5, 3600),
	"spec.availability.tokenFrom.name":       chars(1, 253),
	"spec.availability.tokenFrom.key":        chars(1, 253),
	"spec.availability.authoritiesFrom.name": chars(1, 253),
	"spec.availability.authoritiesFrom.key":  chars(1, 253),
	"spec.availability.allowedRanges":        items(1, 16, func(i int) string { return fmt.Sprintf("10.0.0.%d/32", i) }),
	"spec.availability.allowedRanges[0]":     addressRange,
	"spec.apology":                           notEmpty(),
	"spec.apology.locale":                    locale,
	"spec.apology.whatHappensNext":           chars(1, 2048),
	"spec.apology.help":                      chars(1, 512),

	"status":                    notEmpty(),
	"status.conditions":         conditions,
	"status.observedGeneration": atLeast(-1),
	"status.state":              oneOf("Up", "Degraded", "Down", "Unobserved"),
	"status.used":               chars(1, 64),
	"status.unplannedSeconds":   atLeast(0),
	"status.plannedSeconds":     atLeast(0),
	"status.unobservedSeconds":  atLeast(0),
	"status.leftSeconds":        atLeast(0),
	"status.burnRatePercent":    atLeast(0),
	"status.intervals": items(1, 200, func(int) map[string]any {
		return map[string]any{"startTime": "2027-03-01T09:00:00.000000Z", "state": "Down", "cause": "Unknown"}
	}),
	"status.intervals[0].state":         oneOf("Up", "Degraded", "Down", "Unobserved"),
	"status.intervals[0].cause":         downtimeCause,
	"status.intervals[0].workload.kind": chars(1, 63),
	"status.intervals[0].workload.name": chars(1, 253),
	"status.intervals[0].notice":        objectName,
	"status.older": items(1, 400, func(int) map[string]any {
		return map[string]any{"untilTime": "2027-02-01T09:00:00.000000Z"}
	}),
	"status.older[0].unplannedSeconds":  atLeast(0),
	"status.older[0].plannedSeconds":    atLeast(0),
	"status.older[0].unobservedSeconds": atLeast(0),
	"status.expectedReady":              atLeast(0),
	"status.endpointsDigest":            digest,
	"status.rollouts": items(1, 64, func(int) map[string]any {
		return map[string]any{
			"workload":      map[string]any{"kind": "Deployment", "name": "orders"},
			"completedTime": "2027-03-01T09:00:00Z", "seconds": int64(1), "downSeconds": int64(0),
		}
	}),
	"status.rollouts[0].workload.kind": chars(1, 63),
	"status.rollouts[0].workload.name": chars(1, 253),
	"status.rollouts[0].seconds":       atLeast(0),
	"status.rollouts[0].downSeconds":   atLeast(0),
	"status.images":                    items(1, 100, func(i int) map[string]any { return map[string]any{"image": numbered(i)} }),
	"status.images[0].image":           chars(1, 1024),
	"status.apology":                   objectName,
}

var rollingBudgetFields = fields{"spec.window.days": between(1, 366)}

var downtimeNoticeFields = fields{"spec.downtimeMinutes": between(1, 10080)}

var apologyFields = fields{"spec.apologyFor": objectName}
