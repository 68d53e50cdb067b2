package gate

import (
	"fmt"
	"time"

	v1alpha1 "forewarn.dev/forewarn/api/v1alpha1"
	"forewarn.dev/forewarn/internal/notice"
)

// idleText says why a notice that lists a change does not cover it.
var idleText = map[string]string{
	v1alpha1.ReasonDraft:          "it is a draft: publish it",
	v1alpha1.ReasonNotPublished:   "it is not published yet: its condition Published says why",
	v1alpha1.ReasonWithdrawn:      "it was withdrawn: publish a new one",
	v1alpha1.ReasonSuperseded:     "another one replaces it, and does not list them",
	v1alpha1.ReasonDigestMismatch: "it does not say any more what was published: restore it, or publish a new one",
	v1alpha1.ReasonDelivering:     "it was not delivered to enough customers to start its clock: its status says who is missing",
	v1alpha1.ReasonAcknowledging:  "it was not acknowledged by enough customers to start its clock: its status says how many are missing",
	v1alpha1.ReasonHeld:           "customers need more time, and hold it until somebody answers them: its condition Matured says how",
	v1alpha1.ReasonRadioSilence:   "customers were not reminded of it: its status says of what, and what it waits for",
	v1alpha1.ReasonLapsed:         "it has lapsed, or will before it matures: publish a new one",
}

// checkIdleNotices finds notices that list changes and cover them no more, or not yet: the first thing that
// somebody asks whose notice seems to be there.
func checkIdleNotices(r *reading) []Finding {
	type idler struct {
		name string
		why  notice.Idle
	}
	lists := map[idler]int{}
	for _, w := range r.needing() {
		if len(w.coverage) > 0 {
			continue
		}
		for name, why := range r.ledger.Idle(w.subject, r.Now) {
			lists[idler{name, why}]++
		}
	}
	var found []Finding
	for idle, changes := range lists {
		var clears *time.Time
		if !idle.why.Until.IsZero() {
			clears = &idle.why.Until
		}
		found = append(found, Finding{
			Reason: idle.why.Reason, ClearsAt: clears, Path: "changenotice/" + short(idle.name),
			Message: fmt.Sprintf("notice %s lists %s and covers none of them: %s",
				short(idle.name), countOf(changes, "change"), idleText[idle.why.Reason]),
		})
	}
	return found
}
