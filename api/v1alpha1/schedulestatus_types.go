package v1alpha1

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// ScheduleStage is where on its way out something is.
//
// +kubebuilder:validation:Enum=Draft;Announced;Deprecated;Brownout;Sunset;Removable;Removed;Withdrawn
type ScheduleStage string

// Stages, in their order.
const (
	StageDraft      ScheduleStage = "Draft"
	StageAnnounced  ScheduleStage = "Announced"
	StageDeprecated ScheduleStage = "Deprecated"
	StageBrownout   ScheduleStage = "Brownout"
	StageSunset     ScheduleStage = "Sunset"
	StageRemovable  ScheduleStage = "Removable"
	StageRemoved    ScheduleStage = "Removed"
	StageWithdrawn  ScheduleStage = "Withdrawn"
)

// DeprecationScheduleStatus is how far it is.
// +kubebuilder:validation:XValidation:rule="!has(oldSelf.publishedTime) || has(self.publishedTime) && self.publishedTime == oldSelf.publishedTime",message="the stamp of a publication stays"
// +kubebuilder:validation:XValidation:rule="!has(oldSelf.withdrawnTime) || has(self.withdrawnTime) && self.withdrawnTime == oldSelf.withdrawnTime",message="the stamp of a withdrawal stays"
// +kubebuilder:validation:MinProperties=1
type DeprecationScheduleStatus struct {
	// conditions are Published, Signalled, RemovalAllowed, Ready.
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

	// publishedTime is the moment at which all of its notices were published.
	// +optional
	PublishedTime *metav1.Time `json:"publishedTime,omitempty"`

	// withdrawnTime is the moment at which it was taken back.
	// +optional
	WithdrawnTime *metav1.Time `json:"withdrawnTime,omitempty"`

	// removedTime is the moment at which what goes away was first seen to be
	// served no more.
	// +optional
	RemovedTime *metav1.Time `json:"removedTime,omitempty"`

	// stage is where it is now.
	// +optional
	Stage ScheduleStage `json:"stage,omitempty"`

	// nextStage is what comes next. Left out, nothing does by itself.
	// +optional
	NextStage ScheduleStage `json:"nextStage,omitempty"`

	// nextTime is when.
	// +optional
	NextTime *metav1.Time `json:"nextTime,omitempty"`

	// removableTime is the moment from which its date allows to remove it.
	// +optional
	RemovableTime *metav1.Time `json:"removableTime,omitempty"`

	// timeZone is the IANA name of the time zone in which removeAfterDays are
	// counted, as it was when customers were told. Left out, it is UTC.
	// +optional
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=64
	TimeZone string `json:"timeZone,omitempty"`

	// notices are the ChangeNotices by which customers are told.
	// +optional
	// +listType=atomic
	// +kubebuilder:validation:MinItems=1
	// +kubebuilder:validation:MaxItems=32
	Notices []ScheduledNotice `json:"notices,omitempty"`

	// stillUsing is the number of customers who still use it, those included
	// who are in no list. Left out, it is not known.
	// +optional
	// +kubebuilder:validation:Minimum=0
	StillUsing *int32 `json:"stillUsing,omitempty"`

	// stragglers are the customers who do, those first who did not acknowledge.
	// Of more than 200 the rest are left out.
	// +optional
	// +listType=atomic
	// +kubebuilder:validation:MinItems=1
	// +kubebuilder:validation:MaxItems=200
	Stragglers []Straggler `json:"stragglers,omitempty"`

	// usageTime is the moment that stillUsing was asked for.
	// +optional
	UsageTime *metav1.Time `json:"usageTime,omitempty"`

	// queryDigest is the digest of the usage query that stillUsing answers. To
	// another it is no answer.
	// +optional
	QueryDigest Digest `json:"queryDigest,omitempty"`

	// routes are what the routes say and do.
	// +optional
	// +listType=map
	// +listMapKey=name
	// +kubebuilder:validation:MinItems=1
	// +kubebuilder:validation:MaxItems=20
	Routes []ScheduledRoute `json:"routes,omitempty"`
}

// ScheduledNotice is a ChangeNotice of a schedule.
type ScheduledNotice struct {
	// notice is its name.
	// +required
	Notice ObjectName `json:"notice,omitempty"`

	// uid tells it from another of that name, which the schedule did not make.
	// +optional
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=64
	UID string `json:"uid,omitempty"`

	// step is the step that it tells of.
	// +required
	Step ScheduleStep `json:"step,omitempty"`

	// brownout is the name of the brownout that it tells of.
	// +optional
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=20
	Brownout string `json:"brownout,omitempty"`

	// effectiveTime is the date that it says.
	// +required
	EffectiveTime *metav1.Time `json:"effectiveTime,omitempty"`

	// publishedTime is the moment at which it was published. Left out, it is
	// not.
	// +optional
	PublishedTime *metav1.Time `json:"publishedTime,omitempty"`

	// maturesTime is the moment from which what it tells of may come. Left out,
	// it is not known: its clock did not start, or it was taken back.
	// +optional
	MaturesTime *metav1.Time `json:"maturesTime,omitempty"`
}

// ScheduleStep is a step of which customers are told.
//
// +kubebuilder:validation:Enum=Announcement;Brownout;Sunset
type ScheduleStep string

// Steps.
const (
	StepAnnouncement ScheduleStep = "Announcement"
	StepBrownout     ScheduleStep = "Brownout"
	StepSunset       ScheduleStep = "Sunset"
)

// Straggler is a customer who still uses what goes away.
type Straggler struct {
	// customer is the id of the customer.
	// +required
	Customer CustomerID `json:"customer,omitempty"`

	// acknowledgedTime is the moment at which the customer acknowledged its
	// end. Left out, the customer did not.
	// +optional
	AcknowledgedTime *metav1.Time `json:"acknowledgedTime,omitempty"`
}

// ScheduledRoute is what a route says and does.
type ScheduledRoute struct {
	// name is the name of the HTTPRoute.
	// +required
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=253
	Name string `json:"name,omitempty"`

	// signals says whether its responses carry what they have to.
	// +required
	Signals RouteSignals `json:"signals,omitempty"`

	// brownout is the name of the brownout that is under way on it.
	// +optional
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=20
	Brownout string `json:"brownout,omitempty"`

	// brownoutStartTime is the moment at which that started.
	// +optional
	BrownoutStartTime *metav1.Time `json:"brownoutStartTime,omitempty"`
}

// RouteSignals says whether the responses of a route carry what they have to.
//
// +kubebuilder:validation:Enum=Present;Missing;NotDue;NoRoute
type RouteSignals string

// Signals of a route.
const (
	SignalsPresent RouteSignals = "Present"
	SignalsMissing RouteSignals = "Missing"
	SignalsNotDue  RouteSignals = "NotDue"
	SignalsNoRoute RouteSignals = "NoRoute"
)
