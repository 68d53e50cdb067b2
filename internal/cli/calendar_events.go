package cli

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	v1alpha1 "forewarn.dev/forewarn/api/v1alpha1"
	"forewarn.dev/forewarn/internal/schedule"
)

// Kinds of events in a calendar.
const (
	EventDeprecation = "Deprecation"
	EventBrownout    = "Brownout"
	EventSunset      = "Sunset"
	EventRemoval     = "Removal"
	EventChange      = "Change"
	EventDowntime    = "Downtime"
)

// CalendarResult is what is coming.
type CalendarResult struct {
	FromTime  metav1.Time `json:"fromTime"`
	UntilTime metav1.Time `json:"untilTime"`
	// Events are in the order in which they come.
	Events []CalendarEvent `json:"events"`
}

// CalendarEvent is one thing that customers will meet.
type CalendarEvent struct {
	// Kind is Deprecation, Brownout, Sunset, Removal, Change or Downtime.
	Kind string `json:"kind"`
	// Time is when it holds or begins, EndTime when it is over. What is not over
	// by itself has none.
	Time    metav1.Time  `json:"time"`
	EndTime *metav1.Time `json:"endTime,omitempty"`
	// Namespace is left out where a manifest names none.
	Namespace string `json:"namespace,omitempty"`
	API       string `json:"api"`
	// Title says what happens.
	Title string `json:"title"`
	// About is the object that says so.
	About string `json:"about"`
	// Draft says that customers were not told yet.
	Draft bool `json:"draft,omitempty"`

	// Cancelled was told, and does not come.
	Cancelled bool `json:"-"`
	id        string
	sequence  int64
}

// comes says that it holds, begins or is under way between two moments.
func (e *CalendarEvent) comes(from, until time.Time) bool {
	last := e.Time.Time
	if e.EndTime != nil {
		last = e.EndTime.Add(-time.Second)
	}
	return !last.Before(from) && e.Time.Time.Before(until)
}

// events are all that there are, in the order in which they come.
func (p *plans) events() []CalendarEvent {
	var all []CalendarEvent
	for i := range p.schedules {
		all = append(all, scheduleEvents(&p.schedules[i])...)
	}
	for i := range p.notices {
		if n := &p.notices[i]; !p.ofSchedule(n) {
			all = append(all, noticeEvents(n)...)
		}
	}
	slices.SortStableFunc(all, func(a, b CalendarEvent) int {
		return cmp.Or(a.Time.Compare(b.Time.Time), cmp.Compare(a.Namespace, b.Namespace), cmp.Compare(a.API, b.API),
			cmp.Compare(a.About, b.About), cmp.Compare(a.id, b.id))
	})
	return all
}

// ofSchedule says that a schedule shows what the notice tells of.
func (p *plans) ofSchedule(n *v1alpha1.ChangeNotice) bool {
	return slices.ContainsFunc(p.schedules, func(s v1alpha1.DeprecationSchedule) bool {
		return n.Labels[v1alpha1.ScheduleLabel] == s.Name && n.Namespace == s.Namespace && schedule.StepOf(&s, n) != ""
	})
}

// scheduleEvents are the steps of a schedule, by the dates that it has. What it took away is gone once it was removed.
func scheduleEvents(s *v1alpha1.DeprecationSchedule) []CalendarEvent {
	if s.Status.RemovedTime != nil {
		return nil
	}
	about := CalendarEvent{
		Namespace: s.Namespace, API: string(s.Spec.APIRef.Name), About: "deprecationschedule/" + s.Name,
		Draft: s.Status.PublishedTime == nil, sequence: s.Generation,
		Cancelled: s.Spec.State == v1alpha1.NoticeWithdrawn || s.Status.WithdrawnTime != nil,
	}
	if about.Draft && about.Cancelled { // nobody ever heard of it
		return nil
	}
	what := scheduleSubject(s)
	var all []CalendarEvent
	add := func(kind, step string, at *metav1.Time, minutes int32, format string, args ...any) {
		if at == nil {
			return
		}
		e := about
		e.Kind, e.Time, e.id, e.Title = kind, metav1.NewTime(at.UTC()), eventID(s, step), fmt.Sprintf(format, args...)
		if minutes > 0 {
			e.EndTime = &metav1.Time{Time: at.UTC().Add(time.Duration(minutes) * time.Minute)}
		}
		all = append(all, e)
	}
	add(EventDeprecation, "deprecation", s.Spec.DeprecateTime, 0, "deprecation of %s", what)
	for _, b := range s.Spec.Brownouts {
		add(EventBrownout, "brownout-"+b.Name, b.StartTime, b.Minutes, "brownout of %s for %s (%s)", what, minutesText(b.Minutes), b.Name)
	}
	removable := schedule.RemovableTime(s)
	if removable != nil && removable.Equal(s.Spec.SunsetTime.Time) {
		add(EventSunset, "sunset", s.Spec.SunsetTime, 0, "end of %s; from then on it may be removed%s", what, removalCondition(s.Spec.RemovalRequires))
		return all
	}
	add(EventSunset, "sunset", s.Spec.SunsetTime, 0, "end of %s", what)
	if removable != nil {
		add(EventRemoval, "removal", &metav1.Time{Time: *removable}, 0, "%s may be removed%s", what, removalCondition(s.Spec.RemovalRequires))
	}
	return all
}

func removalCondition(requires v1alpha1.RemovalRequirement) string {
	switch requires {
	case v1alpha1.RemovalAtDate, "":
		return ""
	case v1alpha1.RemovalUnusedOrAcknowledged:
		return ", if each customer who uses it acknowledged its end"
	}
	return ", if no customer uses it"
}

// scheduleSubject is what a schedule takes away, in a few words.
func scheduleSubject(s *v1alpha1.DeprecationSchedule) string {
	version := string(s.Spec.Version)
	switch operations := s.Spec.Operations; len(operations) {
	case 0:
		return version
	case 1:
		return operations[0] + " of " + version
	default:
		return fmt.Sprintf("%s and %d more of %s", operations[0], len(operations)-1, version)
	}
}

// noticeEvents is the date of a notice, or the downtime that it plans. An apology is about what has been.
func noticeEvents(n *v1alpha1.ChangeNotice) []CalendarEvent {
	status := &n.Status
	told := status.PublishedTime != nil
	over := status.SupersededTime != nil || n.Spec.State == v1alpha1.NoticeWithdrawn || status.WithdrawnTime != nil
	if n.Spec.EffectiveTime == nil || n.Spec.ApologyFor != "" || over && !told || status.LapsedTime != nil {
		return nil
	}
	e := CalendarEvent{
		Kind: EventChange, Time: metav1.NewTime(n.Spec.EffectiveTime.UTC()), Namespace: n.Namespace, API: string(n.Spec.APIRef.Name),
		Title: n.Spec.Title, About: "changenotice/" + n.Name, Draft: !told, Cancelled: over, sequence: n.Generation,
		id: cmp.Or(string(n.UID), localID(n)),
	}
	end := e.Time.Add(time.Duration(n.Spec.DowntimeMinutes) * time.Minute)
	if matures := status.MaturesTime; told && matures != nil && matures.After(e.Time.Time) {
		e.Time = metav1.NewTime(matures.UTC()) // it was delivered late
	}
	if n.Spec.DowntimeMinutes > 0 {
		if !e.Time.Time.Before(end) {
			return nil // by then it would be over
		}
		e.Kind, e.EndTime = EventDowntime, &metav1.Time{Time: end}
	}
	return []CalendarEvent{e}
}

func minutesText(minutes int32) string {
	if minutes == 1 {
		return "1 minute"
	}
	return fmt.Sprintf("%d minutes", minutes)
}

// eventID stays the same whatever the dates are.
func eventID(o client.Object, step string) string {
	return cmp.Or(string(o.GetUID()), localID(o)) + "-" + step
}

// localID tells objects apart that no API server has seen.
func localID(o client.Object) string {
	kind := "notice"
	if _, ok := o.(*v1alpha1.DeprecationSchedule); ok {
		kind = "schedule"
	}
	return strings.Join([]string{kind, cmp.Or(o.GetNamespace(), metav1.NamespaceDefault), o.GetName()}, ".")
}
