//go:build unix

package cel

import (
	"strings"
	"testing"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

func label(u *unstructured.Unstructured) {
	u.SetLabels(map[string]string{"team": "orders"})
}

func TestAPIRevisionNeverChanges(t *testing.T) {
	const frozen = "spec: an APIRevision never changes: propose another under another name"
	inlined := func(u *unstructured.Unstructured) {
		remove(u, "spec.contracts[0].configMapKeyRef")
		set(u, "spec.contracts[0].inline", "openapi: 3.0.3")
	}
	byReference := refused(frozen, inlined)
	byReference.removes = true
	tryEdits(t, "spec", sample(t, "APIRevision"), everyWay, map[string]edit{
		"apiRef":                    refused(frozen, setting("spec.apiRef.name", "billing")),
		"a contract more":           refused(frozen, add("spec.contracts", map[string]any{"version": "v3", "inline": "{}"})),
		"the version of a contract": refused(frozen, setting("spec.contracts[1].version", "v3")),
		"the format said":           refused(frozen, setting("spec.contracts[1].format", "OpenAPI")),
		"the format left out":       refusedRemoval(frozen, "spec.contracts[0].format"),
		"another ConfigMap":         refused(frozen, setting("spec.contracts[0].configMapKeyRef.name", "another")),
		"another key":               refused(frozen, setting("spec.contracts[0].configMapKeyRef.key", "v2.yaml")),
		"another document":          refused(frozen, setting("spec.contracts[1].inline", "openapi: 3.0.4")),
		"inline instead of by name": byReference,
		"a declared change more":    refused(frozen, add("spec.declaredChanges", map[string]any{"id": "b", "class": "Terms", "version": "v1", "text": "New"})),
		"another class":             refused(frozen, setting("spec.declaredChanges[0].class", "Correction")),
		"another text":              refused(frozen, setting("spec.declaredChanges[0].text", "Nothing changes")),
		"the operation left out":    refusedRemoval(frozen, "spec.declaredChanges[0].operation"),
		"no declared changes":       refusedRemoval(frozen, "spec.declaredChanges"),
		"an image more":             refused(frozen, add("spec.images", "shop.example/orders:3")),
		"another image":             refused(frozen, setting("spec.images[0]", "shop.example/orders:3")),
		"no images":                 refusedRemoval(frozen, "spec.images"),
		"a label":                   allowed(label),
	})
	u := sample(t, "APIRevision")
	remove(u, "spec.declaredChanges")
	remove(u, "spec.images")
	tryEdits(t, "spec", u, everyWay, map[string]edit{
		"declared changes where there were none": refused(frozen, setting("spec.declaredChanges", at(sample(t, "APIRevision"), "spec.declaredChanges"))),
		"images where there were none":           refused(frozen, setting("spec.images", []any{"shop.example/orders:2"})),
	})
}

func TestWaiverNeverChanges(t *testing.T) {
	const frozen = "spec: a waiver never changes: delete it to end it, create another to begin again"
	tryEdits(t, "spec", sample(t, "Waiver"), everyWay, map[string]edit{
		"another revision":                    refused(frozen, setting("spec.revision", "orders-another")),
		"another reason":                      refused(frozen, setting("spec.reason", "There is no reason at all")),
		"another ticket":                      refused(frozen, setting("spec.ticket", "INC-4712")),
		"a second longer":                     refused(frozen, setting("spec.expireTime", "2026-11-23T08:00:01Z")),
		"a second shorter":                    refused(frozen, setting("spec.expireTime", "2026-11-23T07:59:59Z")),
		"the moment in words of another zone": allowed(setting("spec.expireTime", "2026-11-23T09:00:00+01:00")),
		"somebody else":                       refused(frozen, setting("spec.requestedBy", "ben")),
		"a label":                             allowed(label),
	})
}

func TestDeliveryRecordNeverChanges(t *testing.T) {
	const frozen = "spec: what a delivery record is about never changes"
	tryEdits(t, "spec", sample(t, "DeliveryRecord"), everyWay, map[string]edit{
		"another notice":             refused(frozen, setting("spec.noticeRef.name", "orders-another")),
		"another notice of its name": refused(frozen, setting("spec.noticeRef.uid", "0c1f6f9e-5d0b-4b0e-9a58-0d8f3c7a1b03")),
		"another channel":            refused(frozen, setting("spec.channel", "hook")),
		"another stage":              refused(frozen, setting("spec.stage", "Published")),
		"another reminder":           refused(frozen, setting("spec.stage", "Reminder-31")),
		"another shard":              refused(frozen, setting("spec.shard", int64(1))),
		"a label":                    allowed(label),
	})
	tryEdits(t, "status", sample(t, "DeliveryRecord"), anyWay, map[string]edit{
		"a customer more": allowed(add("status.deliveries", map[string]any{
			"customer": "p-7", "id": strings.Repeat("0", 32), "state": "Planned", "plannedTime": "2027-06-01T00:00:00Z",
		})),
		"an answer": allowed(func(u *unstructured.Unstructured) {
			set(u, "status.deliveries[0].answer", "Understood")
			set(u, "status.deliveries[0].answerTime", "2027-06-01T08:00:00Z")
		}),
		"an answer taken back": {removes: true, change: func(u *unstructured.Unstructured) {
			remove(u, "status.deliveries[1].answer")
			remove(u, "status.deliveries[1].answerTime")
			remove(u, "status.deliveries[1].neededUntil")
		}},
		"a bounce": {removes: true, change: func(u *unstructured.Unstructured) {
			set(u, "status.deliveries[0].state", "Failed")
			remove(u, "status.deliveries[0].deliveredTime")
			set(u, "status.delivered", int64(0))
		}},
	})
}

func TestKeptContractNeverChanges(t *testing.T) {
	const frozen = "spec: a kept contract never changes"
	tryEdits(t, "spec", sample(t, "KeptContract"), everyWay, map[string]edit{
		"another digest":   refused(frozen, setting("spec.digest", digestOf("0"))),
		"another size":     refused(frozen, setting("spec.size", int64(2))),
		"another document": refused(frozen, setting("spec.document", "H4sIAAAAAAACAzMEALfv3IMBAAAA")),
		"a label":          allowed(label),
	})
}
