package gate

import (
	"fmt"
	"maps"
	"slices"
	"time"

	"k8s.io/utils/ptr"

	v1alpha1 "forewarn.dev/forewarn/api/v1alpha1"
	"forewarn.dev/forewarn/internal/notice"
)

// heldText says who holds a notice, until when, and what ends it.
func heldText(n *v1alpha1.ChangeNotice) string {
	answers, affected := &n.Status.Answers, int(ptr.Deref(n.Status.Delivery.Affected, 0))
	open := int(ptr.Deref(answers.NeedsTime, 0))
	verb := "need"
	if open == 1 {
		verb = "needs"
	}
	text := fmt.Sprintf("%d of %s %s more time", open, countOf(affected, "customer"), verb)
	move := "move effectiveTime"
	if latest := answers.LatestTime; latest != nil {
		text += fmt.Sprintf(", until %s at the latest", latest.UTC().Add(-time.Second).Format(time.DateOnly))
		move += fmt.Sprintf(" to %s or later", latest.UTC().Format(time.RFC3339))
	}
	return fmt.Sprintf("%s, which holds it above %d%%: answer them with an update that says answers: Objections, or %s",
		text, ptr.Deref(n.Status.Clock.HoldAboveObjectionPercent, 0), move)
}

func heldAmong(notices []v1alpha1.ChangeNotice) map[string]*v1alpha1.ChangeNotice {
	held := map[string]*v1alpha1.ChangeNotice{}
	for i := range notices {
		if notice.Held(&notices[i]) {
			held[notices[i].Name] = &notices[i]
		}
	}
	return held
}

// heldOver is the notice, the first by name, that told customers of a change which no notice covers, and is held.
func (r *reading) heldOver(w *weighed) *v1alpha1.ChangeNotice {
	if len(w.coverage) > 0 || len(r.held) == 0 {
		return nil
	}
	idle := r.ledger.Idle(w.subject, r.Now)
	for _, name := range slices.Sorted(maps.Keys(idle)) {
		if n := r.held[name]; n != nil && idle[name].Reason == v1alpha1.ReasonHeld {
			return n
		}
	}
	return nil
}

// heldBy is the notice that is held over the first of the changes, where each of them waits for such a one and for
// nothing else.
func heldBy(changes []*weighed) *v1alpha1.ChangeNotice {
	if len(changes) == 0 || slices.ContainsFunc(changes, func(w *weighed) bool { return w.held == nil }) {
		return nil
	}
	return changes[0].held
}
