//go:build unix

package cel

import (
	"testing"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// What a published schedule answers to edits: what begins with a colon, of the field that is edited.
const (
	frozenTarget       = "spec: what a published schedule takes away is frozen: withdraw it, or make another"
	frozenDates        = ": the dates of a published schedule can only move to later, since customers were told: to take it back, set state to Withdrawn"
	frozenBrownout     = "spec.brownouts: a brownout of a published schedule can only move to later and keeps its minutes: take it out, and add another under a new name"
	staysForLonger     = "spec.removeAfterDays: what a published schedule takes away can only stay for longer: removeAfterDays does not go down"
	asksForMore        = "spec.removalRequires: what a published schedule asks of a removal can only become more: from Date to UnusedOrAcknowledged to Unused"
	scheduleWithdrawn  = "spec.state: a withdrawn schedule stays withdrawn: make a new one"
	sunsetAfter        = "spec: customers need time between the deprecation and the end: sunsetTime comes after deprecateTime"
	brownoutsBetween   = "spec: brownouts lie between deprecateTime and sunsetTime"
	publicationStamped = "status: the stamp of a publication stays"
	withdrawalStamped  = "status: the stamp of a withdrawal stays"
)

func publishedSchedule(t *testing.T) *unstructured.Unstructured {
	t.Helper()
	u := sample(t, "DeprecationSchedule")
	remove(u, "status.withdrawnTime")
	remove(u, "status.removedTime")
	return u
}

func TestPublishedSchedule(t *testing.T) {
	tryEdits(t, "spec", publishedSchedule(t), everyWay, map[string]edit{
		"another API":                   refused(frozenTarget, setting("spec.apiRef.name", "billing")),
		"another version":               refused(frozenTarget, setting("spec.version", "v2")),
		"an operation more":             refused(frozenTarget, add("spec.operations", "GET /orders")),
		"the whole version":             refusedRemoval(frozenTarget, "spec.operations"),
		"a draft again":                 refused(noDraftAgain, setting("spec.state", "Draft")),
		"withdrawn":                     allowed(setting("spec.state", "Withdrawn")),
		"deprecated a second later":     allowed(setting("spec.deprecateTime", "2027-01-01T00:00:01Z")),
		"deprecated as soon, elsewhere": allowed(setting("spec.deprecateTime", "2027-01-01T02:00:00+02:00")),
		"deprecated a second earlier":   refused("spec.deprecateTime"+frozenDates, setting("spec.deprecateTime", "2026-12-31T23:59:59Z")),
		"the end a second later":        allowed(setting("spec.sunsetTime", "2027-07-01T00:00:01Z")),
		"the end a second earlier":      refused("spec.sunsetTime"+frozenDates, setting("spec.sunsetTime", "2027-06-30T23:59:59Z")),
		"a brownout a second later":     allowed(setting("spec.brownouts[0].startTime", "2027-05-04T09:00:01Z")),
		"a brownout a second earlier":   refused(frozenBrownout, setting("spec.brownouts[0].startTime", "2027-05-04T08:59:59Z")),
		"a brownout of a minute more":   refused(frozenBrownout, setting("spec.brownouts[0].minutes", int64(6))),
		"a brownout of a minute less":   refused(frozenBrownout, setting("spec.brownouts[0].minutes", int64(4))),
		"a brownout more": allowed(add("spec.brownouts", map[string]any{
			"name": "third", "startTime": "2027-06-15T09:00:00Z", "minutes": int64(60)})),
		"a brownout less": {removes: true, change: func(u *unstructured.Unstructured) {
			set(u, "spec.brownouts", []any{at(u, "spec.brownouts[1]")})
		}},
		"stays for a day longer":  allowed(setting("spec.removeAfterDays", int64(31))),
		"stays for a day less":    refused(staysForLonger, setting("spec.removeAfterDays", int64(29))),
		"does not stay":           refusedRemoval(staysForLonger, "spec.removeAfterDays"),
		"until nobody uses it":    allowed(setting("spec.removalRequires", "Unused")),
		"whoever acknowledged it": refused(asksForMore, setting("spec.removalRequires", "Date")),
		"whoever does, left out":  refusedRemoval(asksForMore, "spec.removalRequires"),
		"a label":                 allowed(label),
	})
	whole := publishedSchedule(t)
	remove(whole, "spec.operations")
	tryEdits(t, "spec", whole, anyWay, map[string]edit{
		"operations where it was the version": refused(frozenTarget, setting("spec.operations", []any{"GET /orders"})),
	})
	withdrawn := publishedSchedule(t)
	set(withdrawn, "spec.state", "Withdrawn")
	tryEdits(t, "spec", withdrawn, anyWay, map[string]edit{
		"published again": refused(scheduleWithdrawn, setting("spec.state", "Published")),
	})
}

// Until the stamp customers were told nothing.
func TestUnpublishedSchedule(t *testing.T) {
	u := publishedSchedule(t)
	remove(u, "status.publishedTime")
	tryEdits(t, "spec", u, anyWay, map[string]edit{
		"another version":        allowed(setting("spec.version", "v2")),
		"a draft":                allowed(setting("spec.state", "Draft")),
		"the end a week earlier": allowed(setting("spec.sunsetTime", "2027-06-24T00:00:00Z")),
		"a brownout earlier":     allowed(setting("spec.brownouts[0].startTime", "2027-05-04T08:59:59Z")),
	})
}

func TestScheduleStamps(t *testing.T) {
	tryEdits(t, "status", sample(t, "DeprecationSchedule"), anyWay, map[string]edit{
		"another publication": refused(publicationStamped, setting("status.publishedTime", "2026-11-22T09:00:01Z")),
		"no publication":      refusedRemoval(publicationStamped, "status.publishedTime"),
		"another withdrawal":  refused(withdrawalStamped, setting("status.withdrawnTime", "2026-11-23T09:00:01Z")),
		"no withdrawal":       refusedRemoval(withdrawalStamped, "status.withdrawnTime"),
		"another stage":       allowed(setting("status.stage", "Sunset")),
	})
}

func TestScheduleDates(t *testing.T) {
	namespace := newNamespace(t)
	for name, c := range map[string]struct {
		change func(u *unstructured.Unstructured)
		want   []string
	}{
		"the end as it is deprecated": {setting("spec.deprecateTime", "2027-07-01T00:00:00Z"), []string{sunsetAfter, brownoutsBetween}},
		"the end a second after it": {func(u *unstructured.Unstructured) {
			remove(u, "spec.brownouts")
			set(u, "spec.deprecateTime", "2027-06-30T23:59:59Z")
		}, nil},
		"a brownout as it is deprecated":       {setting("spec.brownouts[0].startTime", "2027-01-01T00:00:00Z"), nil},
		"a brownout a second before":           {setting("spec.brownouts[0].startTime", "2026-12-31T23:59:59Z"), []string{brownoutsBetween}},
		"a brownout that is over with the end": {setting("spec.brownouts[1].startTime", "2027-06-30T23:00:00Z"), nil},
		"a brownout a second longer than that": {setting("spec.brownouts[1].startTime", "2027-06-30T23:00:01Z"), []string{brownoutsBetween}},
		"two brownouts of a name":              {setting("spec.brownouts[1].name", "first"), []string{"spec.brownouts[1]: Duplicate value"}},
		"an operation twice":                   {add("spec.operations", "DELETE /orders/{id}"), []string{"spec.operations[1]: Duplicate value"}},
		"a route twice":                        {add("spec.routes", map[string]any{"name": "orders"}), []string{"spec.routes[1]: Duplicate value"}},
		"a language twice":                     {add("spec.notice.translations", map[string]any{"locale": "de"}), []string{"spec.notice.translations[1]: Duplicate value"}},
	} {
		t.Run(name, func(t *testing.T) {
			u := sample(t, "DeprecationSchedule")
			place(u, namespace)
			c.change(u)
			want(t, tryCreate(t, u), c.want...)
		})
	}
}
