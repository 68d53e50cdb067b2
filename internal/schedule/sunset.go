package schedule

import (
	"cmp"
	"slices"
	"time"

	"k8s.io/utils/ptr"

	v1alpha1 "forewarn.dev/forewarn/api/v1alpha1"
	"forewarn.dev/forewarn/internal/notice"
)

// StepOf is the step of a schedule that a notice tells of: what the schedule, whose status only forewarn writes, lists it
// for. It is empty where the schedule does not list it, and where the notice is about something else than the schedule:
// neither a name nor a schedule that was made anew under an old one makes a notice the schedule's.
func StepOf(s *v1alpha1.DeprecationSchedule, n *v1alpha1.ChangeNotice) v1alpha1.ScheduleStep {
	i := slices.IndexFunc(s.Status.Notices, func(listed v1alpha1.ScheduledNotice) bool { return string(listed.Notice) == n.Name })
	if i < 0 || n.Namespace != s.Namespace || n.Spec.APIRef != s.Spec.APIRef {
		return ""
	}
	step := s.Status.Notices[i].Step
	if step == v1alpha1.StepSunset && !sameSubject(s, n) {
		return ""
	}
	return step
}

// sameSubject says that a notice lists exactly what the schedule takes away.
func sameSubject(s *v1alpha1.DeprecationSchedule, n *v1alpha1.ChangeNotice) bool {
	var listed, going []string
	for _, entry := range n.Spec.Covers {
		if entry.Version != s.Spec.Version {
			return false
		}
		listed = append(listed, notice.Operation(entry.Operation))
	}
	for _, operation := range s.Spec.Operations {
		going = append(going, notice.Operation(operation))
	}
	if len(going) == 0 {
		going = []string{""} // the version as a whole
	}
	slices.Sort(listed)
	slices.Sort(going)
	return slices.Equal(slices.Compact(listed), slices.Compact(going))
}

// Freeze is what a removal needs as it is kept with the notice of the end, whatever becomes of the schedule: counted in
// the zone in which its days end last. A zone that cannot be read keeps it for good, until somebody puts that right.
func Freeze(s *v1alpha1.DeprecationSchedule, end time.Time, zones []string) v1alpha1.NoticeRemoval {
	frozen := v1alpha1.NoticeRemoval{
		Schedule: v1alpha1.ObjectName(s.Name), Days: new(ptr.Deref(s.Spec.RemoveAfterDays, 0)),
		TimeZone: notice.UTC, Requires: cmp.Or(s.Spec.RemovalRequires, v1alpha1.RemovalAtDate),
	}
	var last time.Time
	for _, zone := range zones {
		if zone == "" { // who names none counts in that of a policy
			continue
		}
		terms := notice.Removal{End: end, Days: *frozen.Days, Zone: zone}
		if date, err := terms.Date(); err == nil && date.After(last) {
			last, frozen.TimeZone = date, zone
		}
	}
	return frozen
}

// strictness are the requirements, each stricter than the one before.
var strictness = []v1alpha1.RemovalRequirement{v1alpha1.RemovalAtDate, v1alpha1.RemovalUnusedOrAcknowledged, v1alpha1.RemovalUnused}

// Stricter is what was frozen, with what is asked for beyond it.
func Stricter(frozen, asked v1alpha1.NoticeRemoval) v1alpha1.NoticeRemoval {
	if frozen.Days != nil && *asked.Days > *frozen.Days {
		frozen.Days = asked.Days
	}
	if was := slices.Index(strictness, frozen.Requires); was >= 0 && slices.Index(strictness, asked.Requires) > was {
		frozen.Requires = asked.Requires
	}
	return frozen
}
