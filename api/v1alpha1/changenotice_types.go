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

// ChangeNotice is one planned change told to customers.
//
// +kubebuilder:object:root=true
// +kubebuilder:subresource:status
// +kubebuilder:resource:scope=Namespaced,path=changenotices,shortName=notice,categories=promises
// +kubebuilder:printcolumn:name="API",type=string,JSONPath=`.spec.apiRef.name`
// +kubebuilder:printcolumn:name="Title",type=string,JSONPath=`.spec.title`,priority=1
// +kubebuilder:printcolumn:name="Published",type=string,JSONPath=`.status.conditions[?(@.type=="Published")].status`
// +kubebuilder:printcolumn:name="Reason",type=string,JSONPath=`.status.conditions[?(@.type=="Published")].reason`
// +kubebuilder:printcolumn:name="Delivered",type=integer,JSONPath=`.status.delivery.delivered`
// +kubebuilder:printcolumn:name="Of",type=integer,JSONPath=`.status.delivery.affected`
// +kubebuilder:printcolumn:name="Needs time",type=integer,JSONPath=`.status.answers.needsTime`,priority=1
// +kubebuilder:printcolumn:name="Effective",type=string,JSONPath=`.spec.effectiveTime`
// +kubebuilder:printcolumn:name="Matures",type=string,JSONPath=`.status.maturesTime`,priority=1
// +kubebuilder:printcolumn:name="Days left",type=integer,JSONPath=`.status.daysLeft`
// +kubebuilder:printcolumn:name="Age",type=date,JSONPath=`.metadata.creationTimestamp`
// +kubebuilder:validation:XValidation:rule="self.metadata.name.matches('^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$')",message="the name must be a DNS label: at most 63 of a-z, 0-9 and '-'",fieldPath=".metadata"
// +kubebuilder:validation:XValidation:rule="!has(oldSelf.status.publishedTime) || self.spec.state != 'Draft'",message="what customers were told cannot become a draft again: write state: Published or, to take it back, Withdrawn",fieldPath=".spec.state"
// +kubebuilder:validation:XValidation:rule="!has(oldSelf.status.publishedTime) || oldSelf.spec.state != 'Withdrawn' || self.spec.state == 'Withdrawn'",message="a withdrawn notice stays withdrawn: publish a new one",fieldPath=".spec.state"
// +kubebuilder:validation:XValidation:rule="!has(oldSelf.status.publishedTime) || self.spec.covers == oldSelf.spec.covers",message="what a published notice covers is frozen: publish a new one that supersedes it",fieldPath=".spec.covers"
// +kubebuilder:validation:XValidation:rule="!has(oldSelf.status.publishedTime) || self.spec.apiRef == oldSelf.spec.apiRef",message="what a published notice covers is frozen: publish a new one that supersedes it",fieldPath=".spec.apiRef"
// +kubebuilder:validation:XValidation:rule="!has(oldSelf.status.publishedTime) || self.spec.title == oldSelf.spec.title",message="the text of a published notice is frozen: append to updates, or publish a new one that supersedes it",fieldPath=".spec.title"
// +kubebuilder:validation:XValidation:rule="!has(oldSelf.status.publishedTime) || has(self.spec.whatChanges) == has(oldSelf.spec.whatChanges) && (!has(self.spec.whatChanges) || self.spec.whatChanges == oldSelf.spec.whatChanges)",message="the text of a published notice is frozen: append to updates, or publish a new one that supersedes it",fieldPath=".spec.whatChanges"
// +kubebuilder:validation:XValidation:rule="!has(oldSelf.status.publishedTime) || has(self.spec.whatToDo) == has(oldSelf.spec.whatToDo) && (!has(self.spec.whatToDo) || self.spec.whatToDo == oldSelf.spec.whatToDo)",message="the text of a published notice is frozen: append to updates, or publish a new one that supersedes it",fieldPath=".spec.whatToDo"
// +kubebuilder:validation:XValidation:rule="!has(oldSelf.status.publishedTime) || has(self.spec.help) == has(oldSelf.spec.help) && (!has(self.spec.help) || self.spec.help == oldSelf.spec.help)",message="the text of a published notice is frozen: append to updates, or publish a new one that supersedes it",fieldPath=".spec.help"
// +kubebuilder:validation:XValidation:rule="!has(oldSelf.status.publishedTime) || has(self.spec.locale) == has(oldSelf.spec.locale) && (!has(self.spec.locale) || self.spec.locale == oldSelf.spec.locale)",message="the text of a published notice is frozen: append to updates, or publish a new one that supersedes it",fieldPath=".spec.locale"
// +kubebuilder:validation:XValidation:rule="!has(oldSelf.status.publishedTime) || has(self.spec.translations) == has(oldSelf.spec.translations) && (!has(self.spec.translations) || self.spec.translations == oldSelf.spec.translations)",message="the text of a published notice is frozen: append to updates, or publish a new one that supersedes it",fieldPath=".spec.translations"
// +kubebuilder:validation:XValidation:rule="!has(oldSelf.status.publishedTime) || has(self.spec.urgentReason) == has(oldSelf.spec.urgentReason) && (!has(self.spec.urgentReason) || self.spec.urgentReason == oldSelf.spec.urgentReason)",message="the text of a published notice is frozen: append to updates, or publish a new one that supersedes it",fieldPath=".spec.urgentReason"
// +kubebuilder:validation:XValidation:rule="!has(oldSelf.status.publishedTime) || has(self.spec.downtimeMinutes) == has(oldSelf.spec.downtimeMinutes) && (!has(self.spec.downtimeMinutes) || self.spec.downtimeMinutes == oldSelf.spec.downtimeMinutes)",message="how long a published downtime lasts is frozen: publish a new one that supersedes it",fieldPath=".spec.downtimeMinutes"
// +kubebuilder:validation:XValidation:rule="!has(oldSelf.status.publishedTime) || has(self.spec.apologyFor) == has(oldSelf.spec.apologyFor) && (!has(self.spec.apologyFor) || self.spec.apologyFor == oldSelf.spec.apologyFor)",message="what a published apology is for is frozen: publish a new one",fieldPath=".spec.apologyFor"
// +kubebuilder:validation:XValidation:rule="!has(oldSelf.status.publishedTime) || has(self.spec.roles) == has(oldSelf.spec.roles) && (!has(self.spec.roles) || self.spec.roles == oldSelf.spec.roles)",message="whom a published notice is for is frozen: publish a new one that supersedes it",fieldPath=".spec.roles"
// +kubebuilder:validation:XValidation:rule="!has(oldSelf.status.publishedTime) || has(self.spec.supersedes) == has(oldSelf.spec.supersedes) && (!has(self.spec.supersedes) || self.spec.supersedes == oldSelf.spec.supersedes)",message="what a published notice supersedes is frozen: publish a new one",fieldPath=".spec.supersedes"
// +kubebuilder:validation:XValidation:rule="!has(oldSelf.status.publishedTime) || !has(oldSelf.spec.effectiveTime) || has(oldSelf.spec.apologyFor) || has(self.spec.effectiveTime) && timestamp(self.spec.effectiveTime) >= timestamp(oldSelf.spec.effectiveTime)",message="the date of a published notice can only move to later",fieldPath=".spec.effectiveTime"
// +kubebuilder:validation:XValidation:rule="!has(oldSelf.status.publishedTime) || !has(oldSelf.spec.effectiveTime) || !has(oldSelf.spec.apologyFor) || has(self.spec.effectiveTime) && timestamp(self.spec.effectiveTime) == timestamp(oldSelf.spec.effectiveTime)",message="what a published apology is about has been, and its date stays: append to updates, or publish a new one",fieldPath=".spec.effectiveTime"
// +kubebuilder:validation:XValidation:rule="!has(oldSelf.status.lapsedTime) || !has(oldSelf.spec.effectiveTime) || has(self.spec.effectiveTime) && self.spec.effectiveTime == oldSelf.spec.effectiveTime",message="a notice that has lapsed is over, and a later date does not bring it back: publish a new one",fieldPath=".spec.effectiveTime"
// +kubebuilder:validation:XValidation:rule="!has(oldSelf.status.publishedTime) || !has(oldSelf.spec.updates) || has(self.spec.updates) && self.spec.updates.filter(u, u in oldSelf.spec.updates) == oldSelf.spec.updates",message="updates of a published notice can only be appended to",fieldPath=".spec.updates"
// +kubebuilder:validation:XValidation:rule="!has(oldSelf.status.publishedTime) || !has(oldSelf.spec.updates) || has(self.spec.updates) && size(self.spec.updates) >= size(oldSelf.spec.updates) && self.spec.updates[size(oldSelf.spec.updates) - 1] == oldSelf.spec.updates[size(oldSelf.spec.updates) - 1]",message="updates of a published notice can only be appended to",fieldPath=".spec.updates"
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
