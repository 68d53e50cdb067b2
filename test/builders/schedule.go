package builders

import (
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	v1alpha1 "forewarn.dev/forewarn/api/v1alpha1"
)

// ScheduleBuilder makes a DeprecationSchedule.
type ScheduleBuilder struct{ schedule v1alpha1.DeprecationSchedule }

// Schedule begins a draft of the way out of a version.
func Schedule(name, api, version string) *ScheduleBuilder {
	return &ScheduleBuilder{schedule: v1alpha1.DeprecationSchedule{
		TypeMeta:   typeMeta("DeprecationSchedule"),
		ObjectMeta: metav1.ObjectMeta{Name: name, Namespace: Namespace},
		Spec: v1alpha1.DeprecationScheduleSpec{
			APIRef:  v1alpha1.APIRef{Name: v1alpha1.ObjectName(api)},
			Version: v1alpha1.VersionName(version), State: v1alpha1.NoticeDraft,
		},
	}}
}

// Created is the moment the API server says it was created.
func (b *ScheduleBuilder) Created(t time.Time) *ScheduleBuilder {
	b.schedule.CreationTimestamp = metav1.NewTime(t)
	return b
}

// Operations are those that go away, and nothing else of the version.
func (b *ScheduleBuilder) Operations(operations ...string) *ScheduleBuilder {
	b.schedule.Spec.Operations = operations
	return b
}

// Dates are those of its deprecation and of its sunset.
func (b *ScheduleBuilder) Dates(deprecate, sunset time.Time) *ScheduleBuilder {
	b.schedule.Spec.DeprecateTime, b.schedule.Spec.SunsetTime = instant(deprecate), instant(sunset)
	return b
}

// Brownout adds one.
func (b *ScheduleBuilder) Brownout(name string, start time.Time, minutes int32) *ScheduleBuilder {
	b.schedule.Spec.Brownouts = append(b.schedule.Spec.Brownouts, v1alpha1.Brownout{Name: name, StartTime: instant(start), Minutes: minutes})
	return b
}

// Requires is what its removal needs.
func (b *ScheduleBuilder) Requires(days int32, requires v1alpha1.RemovalRequirement) *ScheduleBuilder {
	b.schedule.Spec.RemoveAfterDays, b.schedule.Spec.RemovalRequires = &days, requires
	return b
}

// Published says that all of it was published.
func (b *ScheduleBuilder) Published(t time.Time) *ScheduleBuilder {
	b.schedule.Spec.State = v1alpha1.NoticePublished
	b.schedule.Status.PublishedTime = instant(t)
	return b
}

// Lists adds a notice that it made.
func (b *ScheduleBuilder) Lists(notice string, step v1alpha1.ScheduleStep) *ScheduleBuilder {
	b.schedule.Status.Notices = append(b.schedule.Status.Notices, v1alpha1.ScheduledNotice{Notice: v1alpha1.ObjectName(notice), Step: step})
	return b
}

// Used says how many customers still use it, of whom it lists so many, and so many of these acknowledged its end.
func (b *ScheduleBuilder) Used(at time.Time, customers int32, listed, acknowledged int) *ScheduleBuilder {
	b.schedule.Status.StillUsing, b.schedule.Status.UsageTime = &customers, instant(at)
	b.schedule.Status.Stragglers = make([]v1alpha1.Straggler, listed)
	for i := range acknowledged {
		b.schedule.Status.Stragglers[i].AcknowledgedTime = instant(at)
	}
	return b
}

// Edit changes the rest.
func (b *ScheduleBuilder) Edit(change func(*v1alpha1.DeprecationSchedule)) *ScheduleBuilder {
	change(&b.schedule)
	return b
}

// Obj is the object.
func (b *ScheduleBuilder) Obj() *v1alpha1.DeprecationSchedule { return b.schedule.DeepCopy() }
