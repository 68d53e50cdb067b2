package builders

import (
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	v1alpha1 "forewarn.dev/forewarn/api/v1alpha1"
	"forewarn.dev/forewarn/internal/notice"
)

// NoticeBuilder makes a ChangeNotice.
type NoticeBuilder struct{ notice v1alpha1.ChangeNotice }

// Notice begins a draft that covers nothing yet.
func Notice(name, api string) *NoticeBuilder {
	return &NoticeBuilder{notice: v1alpha1.ChangeNotice{
		TypeMeta:   typeMeta("ChangeNotice"),
		ObjectMeta: metav1.ObjectMeta{Name: name, Namespace: Namespace},
		Spec: v1alpha1.ChangeNoticeSpec{
			APIRef: v1alpha1.APIRef{Name: v1alpha1.ObjectName(api)},
			State:  v1alpha1.NoticeDraft,
			Title:  "What " + name + " announces",
		},
	}}
}

// Namespace moves it to another namespace.
func (b *NoticeBuilder) Namespace(namespace string) *NoticeBuilder {
	b.notice.Namespace = namespace
	return b
}

// Created is the moment the API server says it was created.
func (b *NoticeBuilder) Created(t time.Time) *NoticeBuilder {
	b.notice.CreationTimestamp = metav1.NewTime(t)
	return b
}

// Effective is the date that customers are told.
func (b *NoticeBuilder) Effective(t time.Time) *NoticeBuilder {
	b.notice.Spec.EffectiveTime = instant(t)
	return b
}

// Covers adds an entry.
func (b *NoticeBuilder) Covers(entry v1alpha1.CoveredChange) *NoticeBuilder {
	b.notice.Spec.Covers = append(b.notice.Spec.Covers, entry)
	return b
}

// CoversVersion adds the removal of a version.
func (b *NoticeBuilder) CoversVersion(version string) *NoticeBuilder {
	return b.Covers(v1alpha1.CoveredChange{Version: v1alpha1.VersionName(version)})
}

// CoversOperation adds all changes of an operation.
func (b *NoticeBuilder) CoversOperation(version, operation string) *NoticeBuilder {
	return b.Covers(v1alpha1.CoveredChange{Version: v1alpha1.VersionName(version), Operation: operation})
}

// Downtime makes it a notice of so many minutes of planned downtime.
func (b *NoticeBuilder) Downtime(minutes int32) *NoticeBuilder {
	b.notice.Spec.DowntimeMinutes = minutes
	return b
}

// Supersedes names the notice that it replaces.
func (b *NoticeBuilder) Supersedes(name string) *NoticeBuilder {
	b.notice.Spec.Supersedes = v1alpha1.ObjectName(name)
	return b
}

// State is what its author wants.
func (b *NoticeBuilder) State(state v1alpha1.NoticeState) *NoticeBuilder {
	b.notice.Spec.State = state
	return b
}

// Published stamps the publication of what it says when Obj is called.
func (b *NoticeBuilder) Published(t time.Time) *NoticeBuilder {
	b.notice.Spec.State = v1alpha1.NoticePublished
	b.notice.Status.PublishedTime = instant(t)
	return b
}

// Withdrawn takes it back.
func (b *NoticeBuilder) Withdrawn(t time.Time) *NoticeBuilder {
	b.notice.Spec.State = v1alpha1.NoticeWithdrawn
	b.notice.Status.WithdrawnTime = instant(t)
	return b
}

// Owed freezes days that were owed when it was published.
func (b *NoticeBuilder) Owed(version string, class v1alpha1.ChangeClass, policy, zone string, days int32) *NoticeBuilder {
	b.notice.Status.Owed = append(b.notice.Status.Owed, v1alpha1.OwedNotice{
		Version: v1alpha1.VersionName(version), Class: class, Policy: policy, TimeZone: zone, Days: &days,
	})
	return b
}

// Lapses is the moment that its status says.
func (b *NoticeBuilder) Lapses(t time.Time) *NoticeBuilder {
	b.notice.Status.LapsesTime = instant(t)
	return b
}

// Status changes what was observed of it.
func (b *NoticeBuilder) Status(change func(*v1alpha1.ChangeNoticeStatus)) *NoticeBuilder {
	change(&b.notice.Status)
	return b
}

// Removes freezes what the schedule asks of the removal that it tells of: so many full days of the zone.
func (b *NoticeBuilder) Removes(schedule, zone string, days int32, requires v1alpha1.RemovalRequirement) *NoticeBuilder {
	b.notice.Labels = map[string]string{v1alpha1.ScheduleLabel: schedule}
	b.notice.Status.Removal = v1alpha1.NoticeRemoval{
		Schedule: v1alpha1.ObjectName(schedule), Days: &days, TimeZone: zone, Requires: requires,
	}
	return b
}

// Used says how many customers still used what it removes at that moment, and how many of them did not acknowledge its
// end.
func (b *NoticeBuilder) Used(at time.Time, customers, unacknowledged int32) *NoticeBuilder {
	b.notice.Status.RemovalUse = v1alpha1.NoticeRemovalUse{Time: instant(at), Customers: &customers, Unacknowledged: &unacknowledged}
	return b
}

// Obj is the object.
func (b *NoticeBuilder) Obj() *v1alpha1.ChangeNotice {
	n := b.notice.DeepCopy()
	if n.Status.PublishedTime != nil {
		n.Status.PublishedDigest = notice.Digest(&n.Spec)
	}
	return n
}

// Named gives it another name.
func (b *NoticeBuilder) Named(name string) *NoticeBuilder {
	b.notice.Name = name
	return b
}
