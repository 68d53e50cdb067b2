//go:build unix

package cel

import (
	"testing"
)

const (
	frozenDowntime = "spec.downtimeMinutes: how long a published downtime lasts is frozen: publish a new one that supersedes it"
	frozenApology  = "spec.apologyFor: what a published apology is for is frozen: publish a new one"
	frozenPast     = "spec.effectiveTime: what a published apology is about has been, and its date stays: append to updates, or publish a new one"
	onlyDowntime   = "spec: a notice of downtime tells of nothing else: each entry of covers has the class Downtime"
	planOrApology  = "spec: an apology plans no downtime: leave out downtimeMinutes, or apologyFor"
)

// downtimeEdits are what is tried on a published notice of planned downtime, and apologyEdits on a published apology.
var (
	downtimeEdits = map[string]edit{
		"downtimeMinutes to more":    refused(frozenDowntime, setting("spec.downtimeMinutes", int64(31))),
		"downtimeMinutes to fewer":   refused(frozenDowntime, setting("spec.downtimeMinutes", int64(29))),
		"downtimeMinutes to nothing": refusedRemoval(frozenDowntime, "spec.downtimeMinutes"),
		"apologyFor besides":         {change: setting("spec.apologyFor", "orders-slo"), complaints: []string{frozenApology, planOrApology}},
		"effectiveTime to later":     allowed(setting("spec.effectiveTime", "2027-03-07T03:00:00Z")),
	}
	apologyEdits = map[string]edit{
		"apologyFor to another":                       refused(frozenApology, setting("spec.apologyFor", "carts-slo")),
		"apologyFor to nothing":                       refusedRemoval(frozenApology, "spec.apologyFor"),
		"downtimeMinutes besides":                     {change: setting("spec.downtimeMinutes", int64(30)), complaints: []string{frozenDowntime, planOrApology}},
		"effectiveTime to a second later":             refused(frozenPast, setting("spec.effectiveTime", "2027-03-01T10:42:31Z")),
		"effectiveTime to a second earlier":           refused(frozenPast, setting("spec.effectiveTime", "2027-03-01T10:42:29Z")),
		"effectiveTime to the same moment, elsewhere": allowed(setting("spec.effectiveTime", "2027-03-01T12:42:30+02:00")),
		"effectiveTime to nothing":                    {change: removing("spec.effectiveTime"), complaints: []string{frozenPast, needsDate}, removes: true},
		"one more update":                             allowed(add("spec.updates", text("Since then it was up."))),
		"state to Withdrawn":                          allowed(setting("spec.state", "Withdrawn")),
	}
)

func TestPublishedDowntime(t *testing.T) {
	for name, edits := range map[string]map[string]edit{"ChangeNotice-downtime": downtimeEdits, "ChangeNotice-apology": apologyEdits} {
		u := sample(t, name)
		set(u, "spec.state", "Published")
		set(u, "status", map[string]any{"observedGeneration": int64(1), "publishedTime": "2026-11-22T09:00:00Z"})
		tryEdits(t, "spec", u, everyWay, edits)
	}
}

func TestDowntimeTellsOfNothingElse(t *testing.T) {
	namespace := newNamespace(t)
	for name, cover := range map[string]map[string]any{
		"another class": {"version": "v1", "class": "Removal"},
		"no class":      {"version": "v1"},
	} {
		for _, sampled := range []string{"ChangeNotice-downtime", "ChangeNotice-apology"} {
			t.Run(sampled+", "+name, func(t *testing.T) {
				u := sample(t, sampled)
				place(u, namespace)
				add("spec.covers", cover)(u)
				want(t, tryCreate(t, u), onlyDowntime)
			})
		}
	}
}
