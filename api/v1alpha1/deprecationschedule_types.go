package v1alpha1

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// DeprecationScheduleSpec is the way out of a version, or of some of its
// operations: announced, deprecated, out for rehearsals (brownouts), gone.
// +kubebuilder:validation:XValidation:rule="self.sunsetTime > self.deprecateTime",message="customers need time between the deprecation and the end: sunsetTime comes after deprecateTime"
// +kubebuilder:validation:XValidation:rule="!has(self.brownouts) || self.brownouts.all(b, b.startTime >= self.deprecateTime && int(b.startTime) + b.minutes * 60 <= int(self.sunsetTime))",message="brownouts lie between deprecateTime and sunsetTime"
type DeprecationScheduleSpec struct {
	// apiRef names the CustomerAPI that the version is of.
	// +required
	APIRef APIRef `json:"apiRef,omitzero"`

	// version is the version that goes away, for example "v1".
	// +required
	Version VersionName `json:"version,omitempty"`

	// operations are the operations of the version that go away, for example
	// "DELETE /orders/{id}". Left out, the whole version does.
	// +optional
	// +listType=set
	// +kubebuilder:validation:MinItems=1
	// +kubebuilder:validation:MaxItems=100
	// +kubebuilder:validation:items:MinLength=1
	// +kubebuilder:validation:items:MaxLength=512
	Operations []string `json:"operations,omitempty"`

	// state is what its author wants: Draft is shown to nobody, Published tells
	// customers of all of it, Withdrawn takes it back, which is final.
	// +required
	State NoticeState `json:"state,omitempty"`

	// deprecateTime is the moment from which customers are asked not to build
	// on it any more, for example "2027-01-01T00:00:00Z". Once published it can
	// only move to later.
	// +required
	// +kubebuilder:validation:XValidation:rule="self == timestamp(int(self)) && self.getFullYear() >= 2000 && self.getFullYear() < 3000",message="write the moment in whole seconds, for example 2027-07-01T00:00:00Z"
	DeprecateTime *metav1.Time `json:"deprecateTime,omitempty"`

	// brownouts are times at which it is taken away for some minutes, so that
	// whoever still uses it notices while there is help. Left out, there are
	// none.
	// +optional
	// +listType=map
	// +listMapKey=name
	// +kubebuilder:validation:MinItems=1
	// +kubebuilder:validation:MaxItems=20
	Brownouts []Brownout `json:"brownouts,omitempty"`

	// sunsetTime is the moment from which customers cannot count on it any
	// more. Once published it can only move to later.
	// +required
	// +kubebuilder:validation:XValidation:rule="self == timestamp(int(self)) && self.getFullYear() >= 2000 && self.getFullYear() < 3000",message="write the moment in whole seconds, for example 2027-07-01T00:00:00Z"
	SunsetTime *metav1.Time `json:"sunsetTime,omitempty"`

	// removeAfterDays is how many days after sunsetTime it stays all the same
	// before it may be removed. Left out, it may be removed at sunsetTime.
	// +optional
	// +kubebuilder:validation:Minimum=0
	// +kubebuilder:validation:Maximum=3650
	RemoveAfterDays *int32 `json:"removeAfterDays,omitempty"`

	// removalRequires is what a removal needs besides its date: Date asks for
	// no more, Unused that no customer uses it any more, UnusedOrAcknowledged
	// that each who does acknowledged its end. Left out, it means Date.
	// +optional
	RemovalRequires RemovalRequirement `json:"removalRequires,omitempty"`

	// replacement is what customers use instead. Left out, there is nothing.
	// +optional
	Replacement Replacement `json:"replacement,omitzero"`

	// migrationGuide is the address of a page that says how to move, for
	// example "https://docs.acme.example/orders/v2".
	// +optional
	// +kubebuilder:validation:MinLength=8
	// +kubebuilder:validation:MaxLength=512
	// +kubebuilder:validation:Pattern=`^https?://[^\s"<>\\^{|}\x60]+$`
	MigrationGuide string `json:"migrationGuide,omitempty"`

	// notice is what customers are told at each step. Left out, it is put
	// together from the rest, in English.
	// +optional
	Notice ScheduleNotice `json:"notice,omitzero"`

	// routes are the HTTPRoutes of the namespace that carry the version. Left
	// out, no response says that it goes away, and no brownout happens by
	// itself.
	// +optional
	// +listType=map
	// +listMapKey=name
	// +kubebuilder:validation:MinItems=1
	// +kubebuilder:validation:MaxItems=20
	Routes []ScheduleRoute `json:"routes,omitempty"`
}

// Brownout is a time at which a version is taken away for some minutes.
type Brownout struct {
	// name tells it from the others, for example "first".
	// +required
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=20
	// +kubebuilder:validation:Pattern=`^[a-z0-9]([-a-z0-9]*[a-z0-9])?$`
	Name string `json:"name,omitempty"`

	// startTime is the moment at which it starts, for example
	// "2027-06-01T09:00:00Z". Once published it can only move to later.
	// +required
	// +kubebuilder:validation:XValidation:rule="self == timestamp(int(self)) && self.getFullYear() >= 2000 && self.getFullYear() < 3000",message="write the moment in whole seconds, for example 2027-07-01T00:00:00Z"
	StartTime *metav1.Time `json:"startTime,omitempty"`

	// minutes is how many minutes it lasts, for example 5, and at most a day.
	// +required
	// +kubebuilder:validation:Minimum=1
	// +kubebuilder:validation:Maximum=1440
	Minutes int32 `json:"minutes,omitempty"`
}

// RemovalRequirement is what a removal needs besides its date.
//
// +kubebuilder:validation:Enum=Date;Unused;UnusedOrAcknowledged
type RemovalRequirement string

// Requirements of a removal.
const (
	// RemovalAtDate: nothing besides its date.
	RemovalAtDate RemovalRequirement = "Date"
	// RemovalUnused: no customer uses it any more.
	RemovalUnused RemovalRequirement = "Unused"
	// RemovalUnusedOrAcknowledged: each customer who uses it acknowledged its end.
	RemovalUnusedOrAcknowledged RemovalRequirement = "UnusedOrAcknowledged"
)

// Replacement is what customers use instead.
// +kubebuilder:validation:MinProperties=1
type Replacement struct {
	// version is a version of the same API, for example "v2".
	// +optional
	Version VersionName `json:"version,omitempty"`

	// url is its address, for example "https://api.acme.example/v2/orders".
	// +optional
	// +kubebuilder:validation:MinLength=8
	// +kubebuilder:validation:MaxLength=512
	// +kubebuilder:validation:Pattern=`^https?://[^\s"<>\\^{|}\x60]+$`
	URL string `json:"url,omitempty"`
}

// ScheduleNotice is what customers are told at each step.
// +kubebuilder:validation:MinProperties=1
type ScheduleNotice struct {
	// locale is the language of the texts, as a BCP 47 tag. Left out, it is
	// English.
	// +optional
	Locale Locale `json:"locale,omitempty"`

	// help is where customers find help, for example a URL. Left out, it is
	// migrationGuide or, without one, the address of the replacement.
	// +optional
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=512
	Help string `json:"help,omitempty"`

	// announcement is said when all of it is announced.
	// +optional
	Announcement ScheduleText `json:"announcement,omitzero"`

	// brownout is said of each brownout.
	// +optional
	Brownout ScheduleText `json:"brownout,omitzero"`

	// sunset is said of the end.
	// +optional
	Sunset ScheduleText `json:"sunset,omitzero"`

	// translations are the texts in other languages.
	// +optional
	// +listType=map
	// +listMapKey=locale
	// +kubebuilder:validation:MinItems=1
	// +kubebuilder:validation:MaxItems=8
	Translations []ScheduleTranslation `json:"translations,omitempty"`
}

// ScheduleText is what customers are told at one step. $date stands for the
// day of the step, $time for its time of day, $minutes for the length of a
// brownout, $version for the version, $sunset for the day of the end.
// +kubebuilder:validation:MinProperties=1
type ScheduleText struct {
	// title says what happens and when, for example "On $date v1 of the Orders
	// API goes away". Left out, it is made in English.
	// +optional
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=160
	Title string `json:"title,omitempty"`

	// whatChanges says what customers will notice. Left out, it is made in
	// English.
	// +optional
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=2048
	WhatChanges string `json:"whatChanges,omitempty"`

	// whatToDo says what customers have to do, and by when. Left out, it is
	// made in English from replacement and migrationGuide.
	// +optional
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=2048
	WhatToDo string `json:"whatToDo,omitempty"`
}

// ScheduleTranslation is what customers are told in one other language.
type ScheduleTranslation struct {
	// locale is the language, as a BCP 47 tag, for example "de".
	// +required
	Locale Locale `json:"locale,omitempty"`

	// announcement is said when all of it is announced.
	// +optional
	Announcement ScheduleText `json:"announcement,omitzero"`

	// brownout is said of each brownout.
	// +optional
	Brownout ScheduleText `json:"brownout,omitzero"`

	// sunset is said of the end.
	// +optional
	Sunset ScheduleText `json:"sunset,omitzero"`
}

// ScheduleRoute is an HTTPRoute that carries the version.
type ScheduleRoute struct {
	// name is the name of the HTTPRoute, for example "orders".
	// +required
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=253
	// +kubebuilder:validation:Pattern=`^[a-z0-9]([-.a-z0-9]*[a-z0-9])?$`
	Name string `json:"name,omitempty"`

	// rules are the names of its rules that carry what goes away. Left out, all
	// of its rules do.
	// +optional
	// +listType=set
	// +kubebuilder:validation:MinItems=1
	// +kubebuilder:validation:MaxItems=16
	// +kubebuilder:validation:items:MinLength=1
	// +kubebuilder:validation:items:MaxLength=253
	Rules []string `json:"rules,omitempty"`

	// writtenBy says who writes the headers into the rules and takes the
	// version away in a brownout: Forewarn, or its Owner, whom the API server
	// then holds to the headers. Left out, it means Owner.
	// +optional
	WrittenBy RouteWriter `json:"writtenBy,omitempty"`
}

// RouteWriter is who writes into a route.
//
// +kubebuilder:validation:Enum=Forewarn;Owner
type RouteWriter string

// Writers of a route.
const (
	RouteWrittenByForewarn RouteWriter = "Forewarn"
	RouteWrittenByOwner    RouteWriter = "Owner"
)

// DeprecationSchedule is the way out of a version of an API.
//
// +kubebuilder:object:root=true
// +kubebuilder:subresource:status
// +kubebuilder:resource:scope=Namespaced,path=deprecationschedules,shortName=dsched,categories=promises
// +kubebuilder:printcolumn:name="API",type=string,JSONPath=`.spec.apiRef.name`
// +kubebuilder:printcolumn:name="Version",type=string,JSONPath=`.spec.version`
// +kubebuilder:printcolumn:name="Stage",type=string,JSONPath=`.status.stage`
// +kubebuilder:printcolumn:name="Next",type=string,JSONPath=`.status.nextStage`
// +kubebuilder:printcolumn:name="When",type=string,JSONPath=`.status.nextTime`
// +kubebuilder:printcolumn:name="Still using",type=integer,JSONPath=`.status.stillUsing`
// +kubebuilder:printcolumn:name="Ready",type=string,JSONPath=`.status.conditions[?(@.type=="Ready")].status`
// +kubebuilder:printcolumn:name="Reason",type=string,JSONPath=`.status.conditions[?(@.type=="Ready")].reason`
// +kubebuilder:printcolumn:name="Age",type=date,JSONPath=`.metadata.creationTimestamp`
// +kubebuilder:validation:XValidation:rule="self.metadata.name.matches('^[a-z0-9]([-a-z0-9]{0,30}[a-z0-9])?$')",message="the name must be a DNS label of at most 32 of a-z, 0-9 and '-': its notices are named after it",fieldPath=".metadata"
// +kubebuilder:validation:XValidation:rule="!has(oldSelf.status.publishedTime) || self.spec.apiRef == oldSelf.spec.apiRef && self.spec.version == oldSelf.spec.version && has(self.spec.operations) == has(oldSelf.spec.operations) && (!has(self.spec.operations) || self.spec.operations == oldSelf.spec.operations)",message="what a published schedule takes away is frozen: withdraw it, or make another",fieldPath=".spec"
// +kubebuilder:validation:XValidation:rule="!has(oldSelf.status.publishedTime) || self.spec.state != 'Draft'",message="what customers were told cannot become a draft again: write state: Published or, to take it back, Withdrawn",fieldPath=".spec.state"
// +kubebuilder:validation:XValidation:rule="!has(oldSelf.status.publishedTime) || oldSelf.spec.state != 'Withdrawn' || self.spec.state == 'Withdrawn'",message="a withdrawn schedule stays withdrawn: make a new one",fieldPath=".spec.state"
// +kubebuilder:validation:XValidation:rule="!has(oldSelf.status.publishedTime) || self.spec.deprecateTime >= oldSelf.spec.deprecateTime",message="the dates of a published schedule can only move to later, since customers were told: to take it back, set state to Withdrawn",fieldPath=".spec.deprecateTime"
// +kubebuilder:validation:XValidation:rule="!has(oldSelf.status.publishedTime) || self.spec.sunsetTime >= oldSelf.spec.sunsetTime",message="the dates of a published schedule can only move to later, since customers were told: to take it back, set state to Withdrawn",fieldPath=".spec.sunsetTime"
// +kubebuilder:validation:XValidation:rule="!has(oldSelf.status.publishedTime) || !has(oldSelf.spec.removeAfterDays) || has(self.spec.removeAfterDays) && self.spec.removeAfterDays >= oldSelf.spec.removeAfterDays",message="what a published schedule takes away can only stay for longer: removeAfterDays does not go down",fieldPath=".spec.removeAfterDays"
// +kubebuilder:validation:XValidation:rule="!has(oldSelf.status.publishedTime) || !has(oldSelf.spec.removalRequires) || oldSelf.spec.removalRequires == 'Date' || has(self.spec.removalRequires) && self.spec.removalRequires in [oldSelf.spec.removalRequires, 'Unused']",message="what a published schedule asks of a removal can only become more: from Date to UnusedOrAcknowledged to Unused",fieldPath=".spec.removalRequires"
// +kubebuilder:validation:XValidation:rule="!has(oldSelf.status.publishedTime) || !has(self.spec.brownouts) || !has(oldSelf.spec.brownouts) || self.spec.brownouts.all(b, oldSelf.spec.brownouts.all(o, o.name != b.name || b.startTime >= o.startTime && b.minutes == o.minutes))",message="a brownout of a published schedule can only move to later and keeps its minutes: take it out, and add another under a new name",fieldPath=".spec.brownouts"
type DeprecationSchedule struct {
	metav1.TypeMeta `json:",inline"`

	// metadata is the metadata of the object.
	// +optional
	metav1.ObjectMeta `json:"metadata,omitempty"`

	// spec is the way out.
	// +required
	Spec DeprecationScheduleSpec `json:"spec,omitzero"`

	// status is how far it is.
	// +optional
	// +default={"observedGeneration":-1}
	Status DeprecationScheduleStatus `json:"status,omitzero"`
}

// DeprecationScheduleList is a list of DeprecationSchedules.
//
// +kubebuilder:object:root=true
type DeprecationScheduleList struct {
	metav1.TypeMeta `json:",inline"`
	metav1.ListMeta `json:"metadata,omitzero"`
	Items           []DeprecationSchedule `json:"items"`
}
