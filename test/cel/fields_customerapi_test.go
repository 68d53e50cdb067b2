//go:build unix

package cel

import "fmt"

var customerAPIFields = fields{
	"spec.title":   chars(1, 120),
	"spec.owner":   chars(1, 63),
	"spec.product": chars(1, 63),
	"spec.versions": items(1, 20, func(i int) map[string]any {
		return map[string]any{"name": fmt.Sprintf("v%d", i), "stability": "Stable"}
	}),
	"spec.versions[0].name":      versionName,
	"spec.versions[0].stability": stability,
	"spec.carriedBy":             notEmpty(),
	"spec.carriedBy.services":    items(1, 20, numbered),
	"spec.carriedBy.services[0]": chars(1, 63),
	"spec.carriedBy.matchLabels": entries(1, 20),
	"spec.carriedBy.httpRoutes":  items(1, 20, numbered),
	"spec.carriedBy.httpRoutes[0]": all(chars(1, 253), matching(
		[]string{"orders", "orders.v1"}, []string{"Orders", "-orders", "orders-", "or_ders", "orders\n"})),
	"spec.carriedBy.slotKeys":    items(1, 8, numbered),
	"spec.carriedBy.slotKeys[0]": chars(1, 317),
	"spec.baseline.revision":     objectName,
	"spec.baseline.approvedBy":   chars(1, 253),
	"spec.audienceRef.name":      objectName,
	"spec.feed":                  oneOf("Public"),

	"status":                    notEmpty(),
	"status.conditions":         conditions,
	"status.observedGeneration": atLeast(-1),
	"status.enforcement":        enforce,
	"status.policies":           items(1, 100, numbered),
	"status.policies[0]":        chars(1, 253),
	"status.bound": items(1, 32, func(i int) map[string]any {
		return map[string]any{"name": numbered(i), "inForce": map[string]any{"generation": int64(1), "spec": owesNothing}}
	}),
	"status.bound[0].name":                chars(1, 253),
	"status.bound[0].inForce.generation":  atLeast(1),
	"status.bound[0].inForce.enforcement": enforce,
	"status.selectors": items(1, 64, func(i int) map[string]any {
		return map[string]any{"matchLabels": map[string]any{"app": numbered(i)}}
	}),
	"status.selectors[0].service":     chars(1, 63),
	"status.selectors[0].matchLabels": entries(1, 64),
	"status.selectors[0].keptFor":     oneOf("Serving", "Service"),
	"status.confirmedBaseline":        objectName,
	"status.versions":                 chars(1, 2048),
	"status.servingRevision":          chars(1, 2048),
	"status.serving": items(1, 256, func(i int) map[string]any {
		return map[string]any{"workload": map[string]any{"kind": "Deployment", "name": numbered(i)}, "since": "2026-11-20T09:00:00Z"}
	}),
	"status.serving[0].workload.kind":   chars(1, 63),
	"status.serving[0].workload.name":   chars(1, 253),
	"status.serving[0].revision":        objectName,
	"status.serving[0].digest":          digest,
	"status.serving[0].images":          items(1, 64, numbered),
	"status.serving[0].images[0]":       chars(1, 1024),
	"status.serving[0].breachImages":    items(1, 64, numbered),
	"status.serving[0].breachImages[0]": chars(1, 1024),
	"status.promised": items(1, 64, func(i int) map[string]any {
		return map[string]any{
			"version": "v1", "stability": "Stable", "revision": numbered(i), "contract": numbered(i), "since": "2026-11-20T09:00:00Z",
		}
	}),
	"status.promised[0].version":   versionName,
	"status.promised[0].stability": stability,
	"status.promised[0].revision":  objectName,
	"status.promised[0].contract":  objectName,
	"status.wayBack": items(1, 64, func(i int) map[string]any {
		return map[string]any{"revision": numbered(i), "untilTime": "2026-12-04T09:00:00Z"}
	}),
	"status.wayBack[0].revision":  objectName,
	"status.wayBack[0].digest":    digest,
	"status.wayBack[0].images":    items(1, 64, numbered),
	"status.wayBack[0].images[0]": chars(1, 1024),
	"status.images":               items(1, 64, func(i int) map[string]any { return map[string]any{"image": numbered(i)} }),
	"status.images[0].image":      chars(1, 1024),
	"status.brokenPromises": items(1, 50, func(int) map[string]any {
		return map[string]any{"time": "2026-11-20T09:00:00Z", "cause": "Waived", "changes": int64(1), "message": "removed"}
	}),
	"status.brokenPromises[0].revision": objectName,
	"status.brokenPromises[0].cause":    oneOf("NotEnforced", "Waived", "RolledBack"),
	"status.brokenPromises[0].waiver":   objectName,
	"status.brokenPromises[0].changes":  atLeast(0),
	"status.brokenPromises[0].message":  chars(1, 1024),
	"status.noticesInForce": items(1, 64, func(int) map[string]any {
		return map[string]any{"notice": "orders-no-delete", "revision": "orders-2", "time": "2026-11-20T09:00:00Z"}
	}),
	"status.noticesInForce[0].notice":   objectName,
	"status.noticesInForce[0].revision": objectName,
	"status.brokenPromiseCount":         atLeast(0),
}

// owesNothing is the shortest spec of a policy.
var owesNothing = map[string]any{"owed": []any{map[string]any{"class": "Removal", "days": int64(0)}}}
