package v1alpha1

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// ChangeNoticeStatus is what forewarn observed of the notice.
// +kubebuilder:validation:XValidation:rule="!has(oldSelf.publishedTime) || has(self.publishedTime) && self.publishedTime == oldSelf.publishedTime",message="the stamp of a publication stays"
// +kubebuilder:validation:XValidation:rule="!has(oldSelf.publishedTime) || !has(oldSelf.publishedDigest) || has(self.publishedDigest) && self.publishedDigest == oldSelf.publishedDigest",message="the stamp of a publication stays"
// +kubebuilder:validation:XValidation:rule="!has(oldSelf.withdrawnTime) || has(self.withdrawnTime) && self.withdrawnTime == oldSelf.withdrawnTime",message="the stamp of a withdrawal stays"
// +kubebuilder:validation:XValidation:rule="!has(oldSelf.publishedTime) || !has(oldSelf.owed) || has(self.owed) && self.owed == oldSelf.owed",message="what was owed at publication stays"
// +kubebuilder:validation:XValidation:rule="!has(oldSelf.publishedTime) || (has(oldSelf.clock) ? has(self.clock) && self.clock == oldSelf.clock : !has(self.clock) || self.clock.startsAt == 'Published')",message="what starts the clock of a notice stays as it was at publication"
// +kubebuilder:validation:XValidation:rule="!has(oldSelf.publishedTime) || !has(oldSelf.validity) || has(self.validity) && self.validity == oldSelf.validity",message="how long a notice is valid stays as it was at publication"
// +kubebuilder:validation:XValidation:rule="!has(oldSelf.publishedTime) || has(self.roles) == has(oldSelf.roles) && (!has(self.roles) || self.roles == oldSelf.roles)",message="whom a notice is for stays as it was at publication"
// +kubebuilder:validation:XValidation:rule="!has(oldSelf.lapsedTime) || has(self.lapsedTime) && self.lapsedTime == oldSelf.lapsedTime",message="the stamp of a lapse stays"
// +kubebuilder:validation:XValidation:rule="!has(oldSelf.supersededTime) || has(self.supersededTime) && self.supersededTime == oldSelf.supersededTime",message="the stamp of a replacement stays"
// +kubebuilder:validation:XValidation:rule="!has(oldSelf.effectiveTime) || has(self.effectiveTime) && self.effectiveTime >= oldSelf.effectiveTime",message="the date that customers were told can only move to later"
// +kubebuilder:validation:XValidation:rule="!has(oldSelf.postponements) || has(self.postponements) && self.postponements[size(self.postponements) - 1].number >= oldSelf.postponements[size(oldSelf.postponements) - 1].number",message="the number of postponements does not go back"
// +kubebuilder:validation:XValidation:rule="!has(oldSelf.updateTimes) || has(self.updateTimes) && size(self.updateTimes) >= size(oldSelf.updateTimes)",message="the stamps of updates stay"
// +kubebuilder:validation:XValidation:rule="!has(oldSelf.publishedTime) || (has(oldSelf.reminders) ? has(self.reminders) && self.reminders == oldSelf.reminders : !has(self.reminders))",message="the reminders of a notice stay as they were at publication"
// +kubebuilder:validation:XValidation:rule="!has(oldSelf.publishedTime) || has(self.removal) == has(oldSelf.removal)",message="whether a removal needs more than its notice stays as it was at publication"
// +kubebuilder:validation:XValidation:rule="!has(oldSelf.inForceTime) || has(self.inForceTime) && self.inForceTime == oldSelf.inForceTime",message="the stamp of a change in force stays"
// +kubebuilder:validation:MinProperties=1
type ChangeNoticeStatus struct {
	// conditions are Published, Matured, Delivered, Reminded, Ready.
	// +optional
	// +listType=map
	// +listMapKey=type
	// +kubebuilder:validation:MinItems=1
	// +kubebuilder:validation:MaxItems=8
	Conditions []metav1.Condition `json:"conditions,omitempty"`

	// observedGeneration is the generation that this status is about.
	// +optional
	// +kubebuilder:validation:Minimum=-1
	ObservedGeneration *int64 `json:"observedGeneration,omitempty"`

	// publishedTime is the moment at which forewarn published the notice. The
	// clock runs from here, unless clock says otherwise.
	// +optional
	PublishedTime *metav1.Time `json:"publishedTime,omitempty"`

	// publishedDigest is the digest of the spec that was published.
	// +optional
	PublishedDigest Digest `json:"publishedDigest,omitempty"`

	// withdrawnTime is the moment at which the notice was withdrawn.
	// +optional
	WithdrawnTime *metav1.Time `json:"withdrawnTime,omitempty"`

	// supersededTime is the moment at which another notice replaced this one.
	// +optional
	SupersededTime *metav1.Time `json:"supersededTime,omitempty"`

	// effectiveTime is the date that customers were told last: that of the
	// publication, or of the last postponement.
	// +optional
	EffectiveTime *metav1.Time `json:"effectiveTime,omitempty"`

	// postponements are the moves of the date to later since the publication,
	// the last of them at the end. Of more than 20 the oldest are left out.
	// +optional
	// +listType=atomic
	// +kubebuilder:validation:MinItems=1
	// +kubebuilder:validation:MaxItems=20
	Postponements []Postponement `json:"postponements,omitempty"`

	// updateTimes are the moments at which the updates were published, in the
	// order of the updates.
	// +optional
	// +listType=atomic
	// +kubebuilder:validation:MinItems=1
	// +kubebuilder:validation:MaxItems=50
	UpdateTimes []metav1.Time `json:"updateTimes,omitempty"`

	// inForceTime is the moment at which something that the notice covers was
	// first seen to serve, whatever its date says. Left out, nothing was.
	// +optional
	InForceTime *metav1.Time `json:"inForceTime,omitempty"`

	// owed is how much notice was owed when the notice was published, per
	// version and class. It does not change afterwards.
	// +optional
	// +listType=atomic
	// +kubebuilder:validation:MinItems=1
	// +kubebuilder:validation:MaxItems=640
	Owed []OwedNotice `json:"owed,omitempty"`

	// validity is how long after its effectiveTime the notice covers, as the
	// policies had it when the notice was published. It does not change
	// afterwards.
	// +optional
	Validity NoticeValidity `json:"validity,omitzero"`

	// earliestTime is the earliest effectiveTime with which a draft could be
	// published now.
	// +optional
	EarliestTime *metav1.Time `json:"earliestTime,omitempty"`

	// maturesTime is the moment from which all that the notice covers may
	// serve. Left out, it is not known: nothing runs before the clock starts.
	// +optional
	MaturesTime *metav1.Time `json:"maturesTime,omitempty"`

	// clock is what starts the clock of the notice, as the policies had it when
	// it was published. Left out, it runs from publishedTime.
	// +optional
	Clock NoticeClock `json:"clock,omitzero"`

	// reminders are those that customers get before the date, as the policies had
	// it when the notice was published, with what becomes of it when one is
	// missed. They do not change afterwards. Left out, none is owed.
	// +optional
	// +listType=map
	// +listMapKey=days
	// +kubebuilder:validation:MinItems=1
	// +kubebuilder:validation:MaxItems=64
	Reminders []NoticeReminder `json:"reminders,omitempty"`

	// remindersTime is the moment until which it is known which reminders were
	// missed.
	// +optional
	RemindersTime *metav1.Time `json:"remindersTime,omitempty"`

	// missedReminders are the reminders that too few customers got in time, the
	// latest last. Of more than 64 the oldest are left out, those first that
	// delay nothing.
	// +optional
	// +listType=atomic
	// +kubebuilder:validation:MinItems=1
	// +kubebuilder:validation:MaxItems=64
	MissedReminders []MissedReminder `json:"missedReminders,omitempty"`

	// removal is what the removal that the notice tells of needs besides, as the
	// DeprecationSchedule had it whose end it tells of when it was published.
	// Afterwards it only becomes more. Left out, nothing.
	// +optional
	Removal NoticeRemoval `json:"removal,omitzero"`

	// removalUse is who still uses what goes away. Left out, that is not known,
	// or the removal does not depend on it.
	// +optional
	RemovalUse NoticeRemovalUse `json:"removalUse,omitzero"`

	// roles are the roles of the contacts who are told, as the policies had it
	// when the notice was published. It does not change afterwards. Left out,
	// all are told.
	// +optional
	// +listType=atomic
	// +kubebuilder:validation:MinItems=1
	// +kubebuilder:validation:MaxItems=512
	Roles []ContactRole `json:"roles,omitempty"`

	// delivery is who was told so far. Left out, the API has no Audience.
	// +optional
	Delivery NoticeDelivery `json:"delivery,omitzero"`

	// answers are what customers answered so far. Left out, none did.
	// +optional
	Answers NoticeAnswers `json:"answers,omitzero"`

	// lapsesTime is the moment from which the notice covers nothing any more.
	// Once it has come, a later effectiveTime does not move it.
	// +optional
	LapsesTime *metav1.Time `json:"lapsesTime,omitempty"`

	// lapsedTime is the moment at which the notice lapsed. Left out, it has
	// not.
	// +optional
	LapsedTime *metav1.Time `json:"lapsedTime,omitempty"`

	// daysLeft is the number of full days until the notice matures.
	// +optional
	// +kubebuilder:validation:Minimum=0
	DaysLeft *int32 `json:"daysLeft,omitempty"`

	// supersededBy is the published notice that replaces this one.
	// +optional
	SupersededBy ObjectName `json:"supersededBy,omitempty"`
}

// Postponement is a move of the date of a published notice to later.
type Postponement struct {
	// number counts the postponements of the notice, from 1.
	// +required
	// +kubebuilder:validation:Minimum=1
	Number int32 `json:"number,omitempty"`

	// time is the moment at which it was published.
	// +required
	Time *metav1.Time `json:"time,omitempty"`

	// from is the date before.
	// +required
	From *metav1.Time `json:"from,omitempty"`

	// to is the date since.
	// +required
	To *metav1.Time `json:"to,omitempty"`
}

// NoticeReminder is a reminder that customers are owed.
type NoticeReminder struct {
	// days is how many days before the date it is due.
	// +required
	// +kubebuilder:validation:Minimum=1
	// +kubebuilder:validation:Maximum=3650
	Days int32 `json:"days,omitempty"`

	// policy is a NoticePolicy that asks for it.
	// +required
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=253
	Policy string `json:"policy,omitempty"`

	// missed is what becomes of the notice when it is missed. Left out, it means
	// Report.
	// +optional
	Missed MissedReminderRule `json:"missed,omitempty"`
}

// MissedReminder is a reminder that too few customers got in time.
type MissedReminder struct {
	// days is how many days before the date it was due.
	// +required
	// +kubebuilder:validation:Minimum=1
	// +kubebuilder:validation:Maximum=3650
	Days int32 `json:"days,omitempty"`

	// time is the moment at which it was due.
	// +required
	Time *metav1.Time `json:"time,omitempty"`

	// toldTime is the moment at which enough of them were reached after all, by
	// this or whatever else they were told of the notice. Left out, they have
	// not been.
	// +optional
	ToldTime *metav1.Time `json:"toldTime,omitempty"`
}

// NoticeClock is what starts the clock of a notice.
type NoticeClock struct {
	// startsAt is the event that does.
	// +required
	StartsAt ClockStart `json:"startsAt,omitempty"`

	// coveragePercent is the share of the affected customers that it has to be
	// delivered to before, in percent. Left out, it means 100.
	// +optional
	// +kubebuilder:validation:Minimum=1
	// +kubebuilder:validation:Maximum=100
	CoveragePercent int32 `json:"coveragePercent,omitempty"`

	// holdAboveObjectionPercent is the share of the affected customers above
	// which open objections hold the change, in percent. Left out, none do.
	// +optional
	// +kubebuilder:validation:Minimum=0
	// +kubebuilder:validation:Maximum=100
	HoldAboveObjectionPercent *int32 `json:"holdAboveObjectionPercent,omitempty"`
}

// NoticeDelivery is who was told of a notice so far.
type NoticeDelivery struct {
	// affected is the number of customers who are to be told, those included
	// whom no contact leads to.
	// +required
	// +kubebuilder:validation:Minimum=0
	Affected *int32 `json:"affected,omitempty"`

	// customersDigest is the digest of the ids of the customers who are to be
	// told, where their usage says who they are. Left out, all of the Audience
	// are.
	// +optional
	CustomersDigest Digest `json:"customersDigest,omitempty"`

	// delivered is the number of those whom the publication was delivered to,
	// by one channel at least.
	// +optional
	// +kubebuilder:validation:Minimum=0
	Delivered *int32 `json:"delivered,omitempty"`

	// failed is the number of those whom it cannot be delivered to as it is.
	// +optional
	// +kubebuilder:validation:Minimum=0
	Failed *int32 `json:"failed,omitempty"`

	// unreachable is the number of those whom no contact leads to.
	// +optional
	// +kubebuilder:validation:Minimum=0
	Unreachable *int32 `json:"unreachable,omitempty"`

	// coveredTime is the moment at which it was delivered to as many as the
	// clock needs. Left out, it was not yet, or is not any more.
	// +optional
	CoveredTime *metav1.Time `json:"coveredTime,omitempty"`
}

// NoticeAnswers is what customers answered to a notice so far.
type NoticeAnswers struct {
	// answered is the number of customers who answered, whatever it was.
	// +required
	// +kubebuilder:validation:Minimum=0
	Answered *int32 `json:"answered,omitempty"`

	// understood is the number of those to whom the change may come as told.
	// +optional
	// +kubebuilder:validation:Minimum=0
	Understood *int32 `json:"understood,omitempty"`

	// needsTime is the number of those who need more time, and whom neither an
	// update nor a later date has answered: the open objections.
	// +optional
	// +kubebuilder:validation:Minimum=0
	NeedsTime *int32 `json:"needsTime,omitempty"`

	// unanswered is the number of affected customers who did not answer.
	// +optional
	// +kubebuilder:validation:Minimum=0
	Unanswered *int32 `json:"unanswered,omitempty"`

	// latestTime is the latest date that an open objection asks for.
	// +optional
	LatestTime *metav1.Time `json:"latestTime,omitempty"`
}

// NoticeValidity is how long after its effectiveTime a notice covers.
type NoticeValidity struct {
	// days is the number of calendar days.
	// +required
	// +kubebuilder:validation:Minimum=1
	// +kubebuilder:validation:Maximum=3650
	Days int32 `json:"days,omitempty"`

	// timeZone is the IANA time zone in which a day begins and ends, for
	// example "Europe/Berlin".
	// +required
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=64
	TimeZone string `json:"timeZone,omitempty"`
}

// NoticeRemoval is what a removal needs besides the notice of it.
// +kubebuilder:validation:XValidation:rule="self.schedule == oldSelf.schedule && self.timeZone == oldSelf.timeZone",message="of which schedule a removal is, and where its days are counted, stays as it was at publication"
// +kubebuilder:validation:XValidation:rule="self.days >= oldSelf.days",message="the days before a removal do not become fewer"
// +kubebuilder:validation:XValidation:rule="oldSelf.requires == 'Date' || self.requires in [oldSelf.requires, 'Unused']",message="what a removal needs does not become less"
type NoticeRemoval struct {
	// schedule is the DeprecationSchedule whose end the notice tells of.
	// +required
	Schedule ObjectName `json:"schedule,omitempty"`

	// days is how many full days after the date of the notice all of it stays.
	// +required
	// +kubebuilder:validation:Minimum=0
	// +kubebuilder:validation:Maximum=3650
	Days *int32 `json:"days,omitempty"`

	// timeZone is the IANA time zone in which they are counted, that of the
	// policies and customers in which they end last.
	// +required
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=64
	TimeZone string `json:"timeZone,omitempty"`

	// requires is what it needs besides the date.
	// +required
	Requires RemovalRequirement `json:"requires,omitempty"`
}

// NoticeRemovalUse is who uses something that goes away.
type NoticeRemovalUse struct {
	// time is the moment at which that was asked.
	// +required
	Time *metav1.Time `json:"time,omitempty"`

	// customers is how many use it.
	// +required
	// +kubebuilder:validation:Minimum=0
	Customers *int32 `json:"customers,omitempty"`

	// unacknowledged is how many of them did not acknowledge its end.
	// +required
	// +kubebuilder:validation:Minimum=0
	Unacknowledged *int32 `json:"unacknowledged,omitempty"`
}
