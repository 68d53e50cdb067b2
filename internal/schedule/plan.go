package schedule

import (
	"fmt"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	v1alpha1 "forewarn.dev/forewarn/api/v1alpha1"
	"forewarn.dev/forewarn/internal/notice"
)

// Planned is a ChangeNotice by which customers are to be told of a step.
type Planned struct {
	Step v1alpha1.ScheduleStep
	// Brownout is the name of the brownout that it tells of, if it does.
	Brownout string
	// Field is where its date stands, below spec.
	Field  string
	Notice v1alpha1.ChangeNotice
}

// Plan is all that customers are to be told of a schedule, in the order of the steps: each date as it is in that time
// zone. The problems are what keeps a text from being told to anybody.
func Plan(s *v1alpha1.DeprecationSchedule, api *v1alpha1.CustomerAPI, zone string) (plan []Planned, problems []string) {
	location, err := notice.ParseZone(zone)
	if err != nil {
		return nil, []string{err.Error()}
	}
	if s.Spec.DeprecateTime == nil || s.Spec.SunsetTime == nil {
		return nil, []string{"deprecateTime or sunsetTime is missing: say when it is deprecated, and when it goes away"}
	}
	w := writer{schedule: s, api: api, zone: location}
	plan = append(plan, w.notice(Planned{Step: v1alpha1.StepAnnouncement, Field: "deprecateTime"}, s.Spec.DeprecateTime.Time, 0))
	for i := range s.Spec.Brownouts {
		b := &s.Spec.Brownouts[i]
		if b.StartTime == nil {
			w.problems = append(w.problems, fmt.Sprintf("brownouts[%s].startTime is missing: say when it starts", b.Name))
			continue
		}
		planned := Planned{Step: v1alpha1.StepBrownout, Brownout: b.Name, Field: "brownouts[" + b.Name + "].startTime"}
		plan = append(plan, w.notice(planned, b.StartTime.Time, b.Minutes))
	}
	plan = append(plan, w.notice(Planned{Step: v1alpha1.StepSunset, Field: "sunsetTime"}, s.Spec.SunsetTime.Time, 0))
	return plan, w.problems
}

// NoticeName is the name of the notice of a step.
func NoticeName(schedule string, step v1alpha1.ScheduleStep, brownout string) string {
	switch step {
	case v1alpha1.StepAnnouncement:
		return schedule + "-announced"
	case v1alpha1.StepBrownout:
		return schedule + "-brownout-" + brownout
	}
	return schedule + "-sunset"
}

// Made says that a notice was made by this very schedule. Only forewarn writes what says so.
func Made(s *v1alpha1.DeprecationSchedule, n *v1alpha1.ChangeNotice) bool {
	return n.Labels[v1alpha1.ScheduleLabel] == s.Name && s.UID != "" && n.Annotations[v1alpha1.ScheduleUIDAnnotation] == string(s.UID)
}

// notice writes one of the plan.
func (w *writer) notice(p Planned, date time.Time, minutes int32) Planned {
	s := w.schedule
	p.Notice = v1alpha1.ChangeNotice{ObjectMeta: metav1.ObjectMeta{
		Namespace: s.Namespace, Name: NoticeName(s.Name, p.Step, p.Brownout),
		Labels:      map[string]string{v1alpha1.ScheduleLabel: s.Name},
		Annotations: map[string]string{v1alpha1.ScheduleUIDAnnotation: string(s.UID)},
	}}
	p.Notice.Spec = v1alpha1.ChangeNoticeSpec{
		APIRef: s.Spec.APIRef, State: v1alpha1.NoticePublished, EffectiveTime: &metav1.Time{Time: date.UTC()},
		Covers: Covers(s, p.Step), DowntimeMinutes: minutes,
	}
	w.write(&p.Notice.Spec, p.Step, date, minutes)
	return p
}

// Covers is what the notice of a step is about.
func Covers(s *v1alpha1.DeprecationSchedule, step v1alpha1.ScheduleStep) []v1alpha1.CoveredChange {
	class := map[v1alpha1.ScheduleStep]v1alpha1.ChangeClass{
		v1alpha1.StepAnnouncement: v1alpha1.ClassDeprecation,
		v1alpha1.StepBrownout:     v1alpha1.ClassDowntime,
		v1alpha1.StepSunset:       v1alpha1.ClassRemoval,
	}[step]
	if len(s.Spec.Operations) == 0 {
		if step == v1alpha1.StepSunset {
			class = "" // a version and nothing else is its removal, by whatever class a policy calls that
		}
		return []v1alpha1.CoveredChange{{Version: s.Spec.Version, Class: class}}
	}
	covers := make([]v1alpha1.CoveredChange, 0, len(s.Spec.Operations))
	for _, operation := range s.Spec.Operations {
		covers = append(covers, v1alpha1.CoveredChange{Version: s.Spec.Version, Operation: operation, Class: class})
	}
	return covers
}

// TextZone is the time zone in which the dates of texts are read: that of a policy which wants the date in the title, or
// else of the first that binds.
func TextZone(policies notice.Policies) string {
	zone := ""
	for _, p := range policies {
		if wantsDate(p) {
			return p.Validity.Zone
		}
		if zone == "" {
			zone = p.Validity.Zone
		}
	}
	if zone == "" {
		return "UTC"
	}
	return zone
}
