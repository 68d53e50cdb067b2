package v1alpha1

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// ChangeNoticeSpec is one planned change, as customers are told of it.
// +kubebuilder:validation:XValidation:rule="self.state != 'Published' || has(self.effectiveTime)",message="a notice that is published says from when the change holds: set effectiveTime"
// +kubebuilder:validation:XValidation:rule="!has(self.translations) || self.translations.map(t, (has(t.whatChanges) ? size(t.whatChanges) : 0) + (has(t.whatToDo) ? size(t.whatToDo) : 0)).sum() <= 40000",message="the translations have more than 40000 characters together: shorten them, or say more in updates"
// +kubebuilder:validation:XValidation:rule="!has(self.downtimeMinutes) && !has(self.apologyFor) || self.covers.all(c, has(c.class) && c.class == 'Downtime')",message="a notice of downtime tells of nothing else: each entry of covers has the class Downtime"
// +kubebuilder:validation:XValidation:rule="!has(self.downtimeMinutes) || !has(self.apologyFor)",message="an apology plans no downtime: leave out downtimeMinutes, or apologyFor"
type ChangeNoticeSpec struct {
	// apiRef names the CustomerAPI that changes.
	// +required
	APIRef APIRef `json:"apiRef,omitzero"`

	// state is what the author wants: Draft is shown to nobody, Published is
	// told to customers, Withdrawn takes the change back.
	// +required
	State NoticeState `json:"state,omitempty"`

	// effectiveTime is the moment from which the change holds, for example
	// "2027-07-01T00:00:00Z". Once published it can only move to later.
	// +optional
	// +kubebuilder:validation:XValidation:rule="self == timestamp(int(self)) && self.getFullYear() >= 2000 && self.getFullYear() < 3000",message="write the moment in whole seconds, for example 2027-07-01T00:00:00Z"
	EffectiveTime *metav1.Time `json:"effectiveTime,omitempty"`

	// title says what changes and from when, for example "From 1 July 2027
	// orders can no longer be deleted".
	// +required
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=200
	Title string `json:"title,omitempty"`

	// whatChanges says what customers will notice.
	// +optional
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=4096
	WhatChanges string `json:"whatChanges,omitempty"`

	// whatToDo says what customers have to do, and by when.
	// +optional
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=4096
	WhatToDo string `json:"whatToDo,omitempty"`

	// help is where customers find help, for example a URL.
	// +optional
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=512
	Help string `json:"help,omitempty"`

	// covers lists the changes that this notice tells customers of.
	// +required
	// +listType=atomic
	// +kubebuilder:validation:MinItems=1
	// +kubebuilder:validation:MaxItems=200
	Covers []CoveredChange `json:"covers,omitempty"`

	// supersedes names the notice that this one replaces. Entries that stand in
	// both keep the older clock.
	// +optional
	Supersedes ObjectName `json:"supersedes,omitempty"`

	// updates are clarifications added after publication. They can be appended
	// to, and the clock keeps running.
	// +optional
	// +listType=atomic
	// +kubebuilder:validation:MinItems=1
	// +kubebuilder:validation:MaxItems=50
	Updates []NoticeUpdate `json:"updates,omitempty"`

	// locale is the language of the title and of the texts, as a BCP 47 tag, for
	// example "en". Left out, it is English.
	// +optional
	Locale Locale `json:"locale,omitempty"`

	// translations are the texts in other languages. Each customer is told in
	// the one that fits best.
	// +optional
	// +listType=map
	// +listMapKey=locale
	// +kubebuilder:validation:MinItems=1
	// +kubebuilder:validation:MaxItems=16
	Translations []NoticeTranslation `json:"translations,omitempty"`

	// roles are the roles of the contacts who are told, for example [Billing],
	// where they are fewer than those whom the policies name. Left out, it is
	// all of these.
	// +optional
	// +listType=set
	// +kubebuilder:validation:MinItems=1
	// +kubebuilder:validation:MaxItems=16
	Roles []ContactRole `json:"roles,omitempty"`

	// urgentReason is why customers have to be told at once, for example "the
	// key is known to others". Set, quiet hours do not hold the notice up.
	// +optional
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=512
	UrgentReason string `json:"urgentReason,omitempty"`

	// downtimeMinutes makes it a notice of planned downtime: from effectiveTime
	// the API may be down for so many minutes, and what takes it down is let
	// pass. Left out, nothing is.
	// +optional
	// +kubebuilder:validation:Minimum=1
	// +kubebuilder:validation:Maximum=10080
	DowntimeMinutes int32 `json:"downtimeMinutes,omitempty"`

	// apologyFor names the DowntimeBudget that was spent, and makes it an
	// apology: it tells customers what happened, covers nothing and is owed no
	// days. Left out, it is none.
	// +optional
	ApologyFor ObjectName `json:"apologyFor,omitempty"`
}

// NoticeState is what the author of a notice wants of it.
//
// +kubebuilder:validation:Enum=Draft;Published;Withdrawn
type NoticeState string

// Notice states.
const (
	NoticeDraft     NoticeState = "Draft"
	NoticePublished NoticeState = "Published"
	NoticeWithdrawn NoticeState = "Withdrawn"
)

// CoveredChange says which changes a notice covers: those that match all that
// is set here. It names the operation or the fingerprint. A rule alone covers
// what the rule finds in no operation, such as a server that is gone; a version
// and nothing else covers the removal of that version, and nothing besides.
// +kubebuilder:validation:XValidation:rule="!has(self.operation) || has(self.fingerprint) || !self.operation.contains('*')",message="an operation is exact, such as DELETE /orders/{id}: '*' stands for nothing"
// +kubebuilder:validation:XValidation:rule="!has(self.rule) || self.rule != 'declared' || has(self.operation) || has(self.fingerprint)",message="a declared change is covered by its operation or its fingerprint: name one"
type CoveredChange struct {
	// version is the version that changes, for example "v1".
	// +required
	Version VersionName `json:"version,omitempty"`

	// operation is the operation that changes, for example
	// "DELETE /orders/{id}". Nothing in it stands for anything else.
	// +optional
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=512
	Operation string `json:"operation,omitempty"`

	// class is the class of the change. Setting it makes the date exact: left
	// out, the longest notice that any class of change is owed counts when the
	// notice is published.
	// +optional
	Class ChangeClass `json:"class,omitempty"`

	// rule is the id of the rule that finds the change. Without an operation or
	// a fingerprint, only a rule whose changes are of no operation will do.
	// +optional
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=128
	Rule string `json:"rule,omitempty"`

	// fingerprint is the fingerprint of the change, 12 hex digits.
	// +optional
	// +kubebuilder:validation:MinLength=12
	// +kubebuilder:validation:MaxLength=12
	// +kubebuilder:validation:Pattern=`^[0-9a-f]{12}$`
	Fingerprint string `json:"fingerprint,omitempty"`
}

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

// ChangeNotice is one planned change told to customers.
//
// +kubebuilder:object:root=true
// +kubebuilder:subresource:status
// +kubebuilder:resource:scope=Namespaced,path=changenotices,shortName=notice,categories=promises
// +kubebuilder:printcolumn:name="API",type=string,JSONPath=`.spec.apiRef.name`
// +kubebuilder:printcolumn:name="Title",type=string,JSONPath=`.spec.title`
// +kubebuilder:printcolumn:name="Published",type=string,JSONPath=`.status.conditions[?(@.type=="Published")].status`
// +kubebuilder:printcolumn:name="Reason",type=string,JSONPath=`.status.conditions[?(@.type=="Published")].reason`
// +kubebuilder:printcolumn:name="Delivered",type=integer,JSONPath=`.status.delivery.delivered`
// +kubebuilder:printcolumn:name="Of",type=integer,JSONPath=`.status.delivery.affected`
// +kubebuilder:printcolumn:name="Needs time",type=integer,JSONPath=`.status.answers.needsTime`,priority=1
// +kubebuilder:printcolumn:name="Effective",type=string,JSONPath=`.spec.effectiveTime`
// +kubebuilder:printcolumn:name="Matures",type=string,JSONPath=`.status.maturesTime`
// +kubebuilder:printcolumn:name="Days left",type=integer,JSONPath=`.status.daysLeft`
// +kubebuilder:printcolumn:name="Age",type=date,JSONPath=`.metadata.creationTimestamp`
// +kubebuilder:validation:XValidation:rule="self.metadata.name.matches('^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$')",message="the name must be a DNS label: at most 63 of a-z, 0-9 and '-'"
// +kubebuilder:validation:XValidation:rule="!has(oldSelf.status.publishedTime) || self.spec.state != 'Draft'",message="what customers were told cannot become a draft again: write state: Published or, to take it back, Withdrawn"
// +kubebuilder:validation:XValidation:rule="!has(oldSelf.status.publishedTime) || oldSelf.spec.state != 'Withdrawn' || self.spec.state == 'Withdrawn'",message="a withdrawn notice stays withdrawn: publish a new one"
// +kubebuilder:validation:XValidation:rule="!has(oldSelf.status.publishedTime) || self.spec.covers == oldSelf.spec.covers && self.spec.apiRef == oldSelf.spec.apiRef",message="what a published notice covers is frozen: publish a new one that supersedes it"
// +kubebuilder:validation:XValidation:rule="!has(oldSelf.status.publishedTime) || self.spec.title == oldSelf.spec.title",message="the text of a published notice is frozen: append to updates, or publish a new one that supersedes it"
// +kubebuilder:validation:XValidation:rule="!has(oldSelf.status.publishedTime) || has(self.spec.whatChanges) == has(oldSelf.spec.whatChanges) && (!has(self.spec.whatChanges) || self.spec.whatChanges == oldSelf.spec.whatChanges)",message="the text of a published notice is frozen: append to updates, or publish a new one that supersedes it"
// +kubebuilder:validation:XValidation:rule="!has(oldSelf.status.publishedTime) || has(self.spec.whatToDo) == has(oldSelf.spec.whatToDo) && (!has(self.spec.whatToDo) || self.spec.whatToDo == oldSelf.spec.whatToDo)",message="the text of a published notice is frozen: append to updates, or publish a new one that supersedes it"
// +kubebuilder:validation:XValidation:rule="!has(oldSelf.status.publishedTime) || has(self.spec.help) == has(oldSelf.spec.help) && (!has(self.spec.help) || self.spec.help == oldSelf.spec.help)",message="the text of a published notice is frozen: append to updates, or publish a new one that supersedes it"
// +kubebuilder:validation:XValidation:rule="!has(oldSelf.status.publishedTime) || has(self.spec.locale) == has(oldSelf.spec.locale) && (!has(self.spec.locale) || self.spec.locale == oldSelf.spec.locale)",message="the text of a published notice is frozen: append to updates, or publish a new one that supersedes it"
// +kubebuilder:validation:XValidation:rule="!has(oldSelf.status.publishedTime) || has(self.spec.translations) == has(oldSelf.spec.translations) && (!has(self.spec.translations) || self.spec.translations == oldSelf.spec.translations)",message="the text of a published notice is frozen: append to updates, or publish a new one that supersedes it"
// +kubebuilder:validation:XValidation:rule="!has(oldSelf.status.publishedTime) || has(self.spec.urgentReason) == has(oldSelf.spec.urgentReason) && (!has(self.spec.urgentReason) || self.spec.urgentReason == oldSelf.spec.urgentReason)",message="the text of a published notice is frozen: append to updates, or publish a new one that supersedes it"
// +kubebuilder:validation:XValidation:rule="!has(oldSelf.status.publishedTime) || has(self.spec.downtimeMinutes) == has(oldSelf.spec.downtimeMinutes) && (!has(self.spec.downtimeMinutes) || self.spec.downtimeMinutes == oldSelf.spec.downtimeMinutes)",message="how long a published downtime lasts is frozen: publish a new one that supersedes it"
// +kubebuilder:validation:XValidation:rule="!has(oldSelf.status.publishedTime) || has(self.spec.apologyFor) == has(oldSelf.spec.apologyFor) && (!has(self.spec.apologyFor) || self.spec.apologyFor == oldSelf.spec.apologyFor)",message="what a published apology is for is frozen: publish a new one"
// +kubebuilder:validation:XValidation:rule="!has(oldSelf.status.publishedTime) || has(self.spec.roles) == has(oldSelf.spec.roles) && (!has(self.spec.roles) || self.spec.roles == oldSelf.spec.roles)",message="whom a published notice is for is frozen: publish a new one that supersedes it"
// +kubebuilder:validation:XValidation:rule="!has(oldSelf.status.publishedTime) || has(self.spec.supersedes) == has(oldSelf.spec.supersedes) && (!has(self.spec.supersedes) || self.spec.supersedes == oldSelf.spec.supersedes)",message="what a published notice supersedes is frozen: publish a new one"
// +kubebuilder:validation:XValidation:rule="!has(oldSelf.status.publishedTime) || !has(oldSelf.spec.effectiveTime) || has(oldSelf.spec.apologyFor) || has(self.spec.effectiveTime) && timestamp(self.spec.effectiveTime) >= timestamp(oldSelf.spec.effectiveTime)",message="the date of a published notice can only move to later"
// +kubebuilder:validation:XValidation:rule="!has(oldSelf.status.publishedTime) || !has(oldSelf.spec.effectiveTime) || !has(oldSelf.spec.apologyFor) || has(self.spec.effectiveTime) && timestamp(self.spec.effectiveTime) == timestamp(oldSelf.spec.effectiveTime)",message="what a published apology is about has been, and its date stays: append to updates, or publish a new one"
// +kubebuilder:validation:XValidation:rule="!has(oldSelf.status.lapsedTime) || !has(oldSelf.spec.effectiveTime) || has(self.spec.effectiveTime) && self.spec.effectiveTime == oldSelf.spec.effectiveTime",message="a notice that has lapsed is over, and a later date does not bring it back: publish a new one"
// +kubebuilder:validation:XValidation:rule="!has(oldSelf.status.publishedTime) || !has(oldSelf.spec.updates) || has(self.spec.updates) && self.spec.updates.filter(u, u in oldSelf.spec.updates) == oldSelf.spec.updates",message="updates of a published notice can only be appended to"
// +kubebuilder:validation:XValidation:rule="!has(oldSelf.status.publishedTime) || !has(oldSelf.spec.updates) || has(self.spec.updates) && self.spec.updates[size(oldSelf.spec.updates) - 1] == oldSelf.spec.updates[size(oldSelf.spec.updates) - 1]",message="updates of a published notice can only be appended to"
type ChangeNotice struct {
	metav1.TypeMeta `json:",inline"`

	// metadata is the metadata of the object.
	// +optional
	metav1.ObjectMeta `json:"metadata,omitempty"`

	// spec is what customers are told.
	// +required
	Spec ChangeNoticeSpec `json:"spec,omitzero"`

	// status is what forewarn observed.
	// +optional
	// +default={"observedGeneration":-1}
	Status ChangeNoticeStatus `json:"status,omitzero"`
}

// ChangeNoticeList is a list of ChangeNotices.
//
// +kubebuilder:object:root=true
type ChangeNoticeList struct {
	metav1.TypeMeta `json:",inline"`
	metav1.ListMeta `json:"metadata,omitzero"`
	Items           []ChangeNotice `json:"items"`
}
