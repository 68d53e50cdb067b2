//go:build unix

package cel

import (
	"encoding/json"
	"fmt"
	"math"
	"strings"
	"testing"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// What the schemas allow, etcd must hold (1.5 MiB for an object), and what it
// holds the rules must still be able to look at: a rule that costs too much
// refuses every change of an object, its status and its finalizers included.

func TestLargestKeptContract(t *testing.T) {
	u := sample(t, "KeptContract")
	set(u, "spec.document", strings.Repeat("Ab+/", 350_000))
	place(u, newNamespace(t))
	u = create(t, u)
	u.SetLabels(map[string]string{"team": "orders"})
	want(t, update(t, nil, u))
	u = read(t, u)
	set(u, "spec.document", strings.Repeat("Ab+/", 349_999)+"AAAA")
	want(t, update(t, nil, u), "spec: a kept contract never changes")
}

// Every customer of a record was tried often and has each field at its longest,
// and three writers are kept as the owners of every field.
func TestLargestDeliveryRecord(t *testing.T) {
	u := sample(t, "DeliveryRecord")
	place(u, newNamespace(t))
	u.SetName(strings.Repeat("a", 253))
	set(u, "spec.noticeRef", map[string]any{"name": strings.Repeat("a", 63), "uid": strings.Repeat("a", 64)})
	set(u, "spec.channel", strings.Repeat("a", 63))
	var deliveries []any
	for i := range 500 {
		deliveries = append(deliveries, map[string]any{
			"customer": fmt.Sprintf("%063d", i), "id": fmt.Sprintf("%032x", i), "state": "Delivered", "attempts": int64(math.MaxInt32),
			"plannedTime": "2027-06-01T00:00:00Z", "nextAttemptTime": "2027-06-02T00:00:00Z", "deliveredTime": "2027-06-02T00:00:00Z",
			"reason": strings.Repeat("A", 63), "servedBy": fmt.Sprintf("%063d", i),
			"answer": "NeedsTime", "answerTime": "2027-06-03T00:00:00Z", "neededUntil": "2027-08-02T00:00:00Z",
		})
	}
	set(u, "status.deliveries", deliveries)
	u = stand(t, u)
	for i := range deliveries {
		set(u, fmt.Sprintf("status.deliveries[%d].attempts", i), int64(1))
	}
	want(t, everyWay["by an update"].write(t, nil, u, "status"))
	want(t, everyWay["by forced server-side apply of somebody else"].write(t, nil, u, "status"))
	u = read(t, u)
	if owners := len(u.GetManagedFields()); owners != 4 { // the author is one of the spec, too
		t.Errorf("%d owners of fields", owners)
	}
	set(u, "status.deliveries[499].state", "Failed")
	want(t, update(t, nil, u, "status"))
	u = read(t, u)
	u.SetLabels(map[string]string{"team": "orders"})
	want(t, update(t, nil, u))
	u = read(t, u)
	set(u, "spec.stage", "Published")
	want(t, update(t, nil, u), "spec: what a delivery record is about never changes")
}

// The documents are all of the character that takes most room in etcd. The status lists as many changes as the controller
// writes at most (256 KiB), and there are as many annotations as the API server takes.
func TestLargestRevision(t *testing.T) {
	u := sample(t, "APIRevision")
	place(u, newNamespace(t))
	u.SetName(strings.Repeat("a", 63))
	u.SetAnnotations(map[string]string{"a": strings.Repeat("a", 256<<10-1)})
	set(u, "spec.contracts", []any{map[string]any{"version": "v1", "inline": strings.Repeat("<", 131_072)}})
	var declared, images []any
	for i := range 100 {
		declared = append(declared, map[string]any{
			"id": fmt.Sprintf("%063d", i), "class": strings.Repeat("A", 63), "version": strings.Repeat("a", 63),
			"operation": strings.Repeat("a", 512), "text": strings.Repeat("a", 500),
		})
	}
	for i := range 64 {
		images = append(images, fmt.Sprintf("%01024d", i))
	}
	set(u, "spec.declaredChanges", declared)
	set(u, "spec.images", images)
	status := at(u, "status")
	u = create(t, u)
	set(u, "status", status)
	change := map[string]any{
		"fingerprint": "0a1b2c3d4e5f", "rule": strings.Repeat("a", 128), "class": strings.Repeat("A", 63), "foundAs": strings.Repeat("A", 63),
		"version": strings.Repeat("a", 63), "operation": strings.Repeat("a", 512), "location": strings.Repeat("a", 512),
		"text": strings.Repeat("a", 512), "owedDays": int64(3650), "affected": int64(math.MaxInt32), "owedBy": strings.Repeat("a", 253),
		"coveredBy": strings.Repeat("a", 63), "maturesTime": "2027-07-01T00:00:00Z",
	}
	written, err := json.Marshal(change)
	if err != nil {
		t.Fatal(err)
	}
	var changes []any
	for range 256 << 10 / (len(written) + 1) {
		changes = append(changes, change)
	}
	set(u, "status.changes", changes)
	set(u, "status.message", strings.Repeat("a", 1024))
	set(u, "status.conditions[0].message", strings.Repeat("a", 4096))
	want(t, update(t, nil, u, "status"))
	u = read(t, u)
	u.SetLabels(map[string]string{"team": "orders"})
	want(t, update(t, nil, u))
}

func TestLargestNotice(t *testing.T) {
	namespace := newNamespace(t)
	for name, letter := range map[string]string{"in Latin": "a", "in letters of four bytes": "𝕒"} {
		t.Run(name, func(t *testing.T) {
			u := largestNotice(t, letter)
			place(u, namespace)
			u.SetName(fmt.Sprintf("notice-%d", len(letter)))
			u = stand(t, u)

			add("spec.updates", text(strings.Repeat(letter, 2048)))(u)
			want(t, update(t, nil, u))
			u = read(t, u)
			set(u, "status.daysLeft", int64(219))
			want(t, update(t, nil, u, "status"))
			u = read(t, u)
			set(u, "spec.state", "Withdrawn")
			want(t, update(t, nil, u))
			u = read(t, u)
			set(u, "status.withdrawnTime", "2026-11-23T09:00:00Z")
			want(t, update(t, nil, u, "status"))
			u = read(t, u)
			set(u, "spec.updates[49].text", "Never mind.")
			want(t, update(t, nil, u), frozenUpdates)
		})
	}
}

// largestNotice is a published notice with all that a notice can hold, save
// for one last update. Its letters are long where they can be.
func largestNotice(t *testing.T, letter string) *unstructured.Unstructured {
	t.Helper()
	long := func(n int) string { return strings.Repeat(letter, n) }
	u := published(t)
	set(u, "spec.title", long(200))
	set(u, "spec.whatChanges", long(4096))
	set(u, "spec.whatToDo", long(4096))
	set(u, "spec.help", long(512))
	var covers, updates, owed []any
	for range 200 {
		covers = append(covers, map[string]any{
			"version": strings.Repeat("v", 63), "operation": long(512), "class": strings.Repeat("C", 63),
			"rule": long(128), "fingerprint": "0a1b2c3d4e5f",
		})
	}
	for i := range 49 {
		updates = append(updates, text(long(2046)+fmt.Sprintf("%02d", i)))
	}
	entry := map[string]any{
		"version": strings.Repeat("v", 63), "class": strings.Repeat("C", 63), "policy": strings.Repeat("p", 253), "days": int64(3650),
	}
	written, err := json.Marshal(entry)
	if err != nil {
		t.Fatal(err)
	}
	// What the controller keeps at most: 640 of them, or 320 KiB.
	for range min(640, 320<<10/(len(written)+1)) {
		owed = append(owed, entry)
	}
	// 40,000 characters together, and their titles.
	var translations []any
	for i := range 16 {
		translations = append(translations, map[string]any{
			"locale": fmt.Sprintf("de-%d", i), "title": long(200), "whatChanges": long(1250), "whatToDo": long(1250),
		})
	}
	set(u, "spec.translations", translations)
	set(u, "spec.urgentReason", long(512))
	set(u, "spec.covers", covers)
	set(u, "spec.updates", updates)
	set(u, "status.owed", owed)
	return u
}
