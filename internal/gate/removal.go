package gate

import (
	"fmt"
	"slices"
	"time"

	v1alpha1 "forewarn.dev/forewarn/api/v1alpha1"
	"forewarn.dev/forewarn/internal/notice"
	"forewarn.dev/forewarn/internal/schedule"
)

// unlisted is why a notice that a schedule made cannot be published yet: what forewarn made is on the list of the
// schedule, with the step that it tells of. Only then is it known what the removal needs. Empty where that is so, and for
// a notice that people made.
func (n *notification) unlisted() string {
	name := n.Notice.Labels[v1alpha1.ScheduleLabel]
	switch {
	case name == "" || n.Notice.Status.PublishedTime != nil:
		return ""
	case n.Schedule == nil:
		return fmt.Sprintf("it tells of deprecationschedule/%s, which is not there: delete the notice", short(name))
	case schedule.StepOf(n.Schedule, n.Notice) == "":
		return fmt.Sprintf("it tells of deprecationschedule/%s, which does not list it: it is published as soon as that does", short(name))
	}
	return ""
}

// removal is what is frozen with the publication of the notice of an end: what the schedule asks for, counted in the time
// zone of the policies, contracts and customers in which it ends last. A schedule that asks for more afterwards gets it; one that is
// gone, or asks for less, takes nothing back.
func (n *notification) removal() v1alpha1.NoticeRemoval {
	frozen := n.Notice.Status.Removal
	published := n.Notice.Status.PublishedTime != nil
	if !n.ofSchedule() || n.Notice.Spec.EffectiveTime == nil || published && string(frozen.Schedule) != n.Schedule.Name {
		return frozen
	}
	asked := schedule.Freeze(n.Schedule, n.Notice.Spec.EffectiveTime.UTC(), n.zones())
	if published {
		return schedule.Stricter(frozen, asked)
	}
	return asked
}

// zones are the time zones in which somebody counts days: policies, contracts, customers, and the schedule itself.
func (n *notification) zones() []string {
	zones := n.policies.Zones()
	if n.Audience != nil {
		for i := range n.Audience.Status.Calendars {
			zones = append(zones, n.Audience.Status.Calendars[i].TimeZone)
		}
	}
	return append(zones, n.Schedule.Status.TimeZone)
}

// ofSchedule says that the notice tells of the end that the schedule at hand sets.
func (n *notification) ofSchedule() bool {
	return n.Schedule != nil && schedule.StepOf(n.Schedule, n.Notice) == v1alpha1.StepSunset
}

// removalUse is who uses what goes away, as the schedule knows it. One that is gone, or that is about something else by
// now, knows nothing.
func (n *notification) removalUse() v1alpha1.NoticeRemovalUse {
	removal := n.removal()
	if !n.ofSchedule() || string(removal.Schedule) != n.Schedule.Name || removal.Requires == v1alpha1.RemovalAtDate {
		return v1alpha1.NoticeRemovalUse{}
	}
	return schedule.Use(&n.Schedule.Status).Frozen()
}

// kept is the verdict on a published notice of something that a schedule keeps; nil where none does. Until its own date
// it just has not matured.
func (n *notification) kept() *NoticeVerdict {
	for _, k := range n.ledger.KeptOver(n.Notice.Name, n.Now) {
		own := k.Notice == n.Notice.Name
		if k.Allowed || own && k.Reason == v1alpha1.ReasonNotYet && n.readable {
			continue
		}
		v := n.waiting(v1alpha1.ReasonKept, keptText(k, "it"), n.Notice.Status.Validity.TimeZone)
		if v.NextChange != nil && k.Next != nil && k.Next.Before(*v.NextChange) {
			v.NextChange = k.Next
		}
		return &v
	}
	return nil
}

// removalTurns are the moments at which it may become another whether a schedule keeps what the notice covers.
func (n *notification) removalTurns(moments map[time.Time]bool) {
	for _, k := range n.ledger.KeptOver(n.Notice.Name, n.Now) {
		if k.Next != nil {
			moments[*k.Next] = true
		}
	}
}

// besides is what the removal needs when the date has come.
func (n *notification) besides() string {
	for _, k := range n.ledger.KeptOver(n.Notice.Name, n.Now) {
		switch {
		case k.Notice != n.Notice.Name || k.Reason != v1alpha1.ReasonNotYet || k.Removal.Requires == v1alpha1.RemovalAtDate:
		case k.Removal.Requires == v1alpha1.RemovalUnusedOrAcknowledged:
			return ", if each customer who then uses it acknowledged its end"
		default:
			return ", if no customer uses it then"
		}
	}
	return ""
}

// keptText says which schedule keeps something, until when or while what holds.
func keptText(k notice.Kept, what string) string {
	return fmt.Sprintf("schedule %s keeps %s %s", short(k.Schedule), what, k.Kept)
}

// keeping are the schedules that have a say in a change, where it takes something away.
func (r *reading) keeping(w *weighed) []notice.Kept {
	if w.movedTo != "" || r.unheard(w.Change) || len(r.policies) == 0 {
		return nil
	}
	return r.ledger.Kept(w.subject, r.Now)
}

// checkKept finds what a published schedule keeps, whoever else told customers of its end: a version goes away only as
// its schedule says.
func checkKept(r *reading) []Finding {
	var found []Finding
	for _, w := range r.changes {
		for _, k := range w.kept {
			if k.Allowed {
				continue
			}
			f := Finding{
				Reason: v1alpha1.ReasonKept, Blocks: true, Path: fmt.Sprintf("changes[%s]", w.Fingerprint),
				Message: fmt.Sprintf("%s: %s; see: %s", describe(w), keptText(k, "it"), r.seeSchedule(k)),
			}
			if k.Reason == v1alpha1.ReasonNotYet && k.Removal.Requires == v1alpha1.RemovalAtDate {
				f.ClearsAt = k.Next
			}
			found = append(found, f)
		}
	}
	return found
}

func (r *reading) seeSchedule(k notice.Kept) string {
	see := "forewarn explain deprecationschedule/" + short(k.Schedule)
	if r.API.Namespace != "" {
		see += " -n " + short(r.API.Namespace)
	}
	return see
}

// keptChange is the first of the changes that a schedule keeps, and the version that it is of.
func (r *reading) keptChange() (k notice.Kept, version string, is bool) {
	for _, w := range r.changes {
		if i := slices.IndexFunc(w.kept, func(k notice.Kept) bool { return !k.Allowed }); i >= 0 {
			return w.kept[i], w.Version, true
		}
	}
	return notice.Kept{}, "", false
}

// keptTurns are the moments at which it may become another whether a schedule keeps something.
func (r *reading) keptTurns(moments map[time.Time]bool) {
	for _, w := range r.changes {
		for _, k := range w.kept {
			if k.Next != nil {
				moments[*k.Next] = true
			}
		}
	}
}
