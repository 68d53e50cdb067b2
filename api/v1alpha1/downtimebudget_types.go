package v1alpha1

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// DowntimeBudgetSpec is how long an API may be down.
type DowntimeBudgetSpec struct {
	// apiRef names the CustomerAPI that it is for.
	// +required
	APIRef APIRef `json:"apiRef,omitzero"`

	// allowedMinutes is how many minutes of unplanned downtime a window may
	// hold, for example 43, which is 99.9 percent of 30 days.
	// +required
	// +kubebuilder:validation:Minimum=0
	// +kubebuilder:validation:Maximum=44640
	AllowedMinutes *int32 `json:"allowedMinutes,omitempty"`

	// plannedMinutes is how many minutes of planned downtime a window may hold:
	// that which customers were told of. What is more spends allowedMinutes. Left
	// out, as much as they were told.
	// +optional
	// +kubebuilder:validation:Minimum=0
	// +kubebuilder:validation:Maximum=44640
	PlannedMinutes *int32 `json:"plannedMinutes,omitempty"`

	// window is the time that the minutes are counted in. Left out, it is the
	// last 30 days.
	// +optional
	Window DowntimeWindow `json:"window,omitzero"`

	// minReadyPercent is the share of the pods that are to be ready, in percent.
	// With fewer the API is degraded, which counts as down. Left out, one pod
	// that is ready will do.
	// +optional
	// +kubebuilder:validation:Minimum=1
	// +kubebuilder:validation:Maximum=100
	MinReadyPercent int32 `json:"minReadyPercent,omitempty"`

	// minReady is the number of pods that are to be ready. With fewer the API
	// is degraded, which counts as down. Left out, one will do.
	// +optional
	// +kubebuilder:validation:Minimum=1
	// +kubebuilder:validation:Maximum=10000
	MinReady int32 `json:"minReady,omitempty"`

	// whenSpent is what happens to rollouts once the unplanned minutes are
	// spent: RefuseAll refuses them, RefuseUnlessFix those that are not marked
	// as mending it by somebody who may approve that, Report none. What serves
	// can be restarted, scaled up and rolled back to all the same. Left out, it
	// means RefuseUnlessFix.
	// +optional
	WhenSpent SpentRule `json:"whenSpent,omitempty"`

	// unobserved is what becomes of time at which nobody looked: Report shows
	// it, Spend counts it as downtime. Left out, it means Report.
	// +optional
	Unobserved UnobservedRule `json:"unobserved,omitempty"`

	// availability asks a Prometheus server instead of the EndpointSlices of
	// the API's Services.
	// +optional
	Availability AvailabilityQuery `json:"availability,omitzero"`

	// apology is what customers are told when it is spent, beside the times.
	// Left out, forewarn drafts it all.
	// +optional
	Apology ApologyText `json:"apology,omitzero"`
}

// DowntimeWindow is the time that downtime is counted in.
// +kubebuilder:validation:XValidation:rule="has(self.days) != has(self.calendar)",message="set days or calendar, and not both"
// +kubebuilder:validation:XValidation:rule="!has(self.timeZone) || has(self.calendar)",message="timeZone goes with calendar: the last days are the same everywhere"
// +kubebuilder:validation:MinProperties=1
type DowntimeWindow struct {
	// days counts the last days of 24 hours each, for example 30.
	// +optional
	// +kubebuilder:validation:Minimum=1
	// +kubebuilder:validation:Maximum=366
	Days int32 `json:"days,omitempty"`

	// calendar counts what lies in the present one: Month.
	// +optional
	Calendar CalendarWindow `json:"calendar,omitempty"`

	// timeZone is the IANA time zone in which a month begins, for example
	// "Europe/Berlin". Left out, it means UTC.
	// +optional
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=64
	TimeZone string `json:"timeZone,omitempty"`
}

// CalendarWindow is a window of the calendar.
//
// +kubebuilder:validation:Enum=Month
type CalendarWindow string

// CalendarMonth is the present month.
const CalendarMonth CalendarWindow = "Month"

// SpentRule is what happens to rollouts once a budget is spent.
//
// +kubebuilder:validation:Enum=RefuseAll;RefuseUnlessFix;Report
type SpentRule string

// Rules of a budget that is spent, the strictest first.
const (
	SpentRefuseAll       SpentRule = "RefuseAll"
	SpentRefuseUnlessFix SpentRule = "RefuseUnlessFix"
	SpentReport          SpentRule = "Report"
)

// UnobservedRule is what becomes of time at which nobody looked.
//
// +kubebuilder:validation:Enum=Report;Spend
type UnobservedRule string

// Rules of what was not observed.
const (
	UnobservedReport UnobservedRule = "Report"
	UnobservedSpend  UnobservedRule = "Spend"
)

// AvailabilityQuery asks a Prometheus server whether an API is available.
// +kubebuilder:validation:XValidation:rule="!has(self.tokenFrom) || !self.url.startsWith('http://')",message="a token is sent by a safe connection only: write an https URL, or leave out tokenFrom"
type AvailabilityQuery struct {
	// url is the address of the server, for example
	// "https://prometheus.acme.example".
	// +required
	// +kubebuilder:validation:MinLength=8
	// +kubebuilder:validation:MaxLength=512
	// +kubebuilder:validation:Pattern=`^https?://[^\s/?#@]+(/[^\s?#@]*)?$`
	URL string `json:"url,omitempty"`

	// query is the PromQL that answers with one sample: above 0 the API is up,
	// and otherwise down, for example "probe_success{job=\"orders\"}".
	// +required
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=4096
	Query string `json:"query,omitempty"`

	// stepSeconds is how many seconds apart the samples are that are looked at.
	// Left out, it is 30.
	// +optional
	// +kubebuilder:validation:Minimum=5
	// +kubebuilder:validation:Maximum=3600
	StepSeconds int32 `json:"stepSeconds,omitempty"`

	// tokenFrom is a key of a Secret of this namespace with a token that is sent
	// along (Authorization: Bearer). Left out, none is.
	// +optional
	TokenFrom SecretKeyRef `json:"tokenFrom,omitzero"`

	// authoritiesFrom is a key of a Secret of this namespace with the
	// certificates of the authorities, as PEM, that the server's certificate is
	// checked against. Left out, those of the system are.
	// +optional
	AuthoritiesFrom SecretKeyRef `json:"authoritiesFrom,omitzero"`

	// allowedRanges are the address ranges inside the network that may be
	// connected to for it, for example "10.1.2.3/32". Left out, public addresses
	// are only.
	// +optional
	// +listType=set
	// +kubebuilder:validation:MinItems=1
	// +kubebuilder:validation:MaxItems=16
	// +kubebuilder:validation:items:MinLength=4
	// +kubebuilder:validation:items:MaxLength=43
	// +kubebuilder:validation:items:Pattern=`^([0-9]{1,3}(\.[0-9]{1,3}){3}/[0-9]{1,2}|[0-9A-Fa-f:.]*:[0-9A-Fa-f:.]*/[0-9]{1,3})$`
	AllowedRanges []string `json:"allowedRanges,omitempty"`
}

// ApologyText is what customers are told when a budget is spent.
// +kubebuilder:validation:MinProperties=1
type ApologyText struct {
	// locale is the language of the texts, as a BCP 47 tag. Left out, it is
	// English.
	// +optional
	Locale Locale `json:"locale,omitempty"`

	// whatHappensNext says what is done so that it does not happen again, and
	// what customers get.
	// +optional
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=2048
	WhatHappensNext string `json:"whatHappensNext,omitempty"`

	// help is where customers find help, for example a URL.
	// +optional
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=512
	Help string `json:"help,omitempty"`
}

// DowntimeBudgetStatus is how much of it is left.
// +kubebuilder:validation:MinProperties=1
type DowntimeBudgetStatus struct {
	// conditions are Measured, Observed, WithinBudget, Ready.
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

	// state is what the API is now.
	// +optional
	State Availability `json:"state,omitempty"`

	// stateTime is the moment since which it is.
	// +optional
	StateTime *metav1.MicroTime `json:"stateTime,omitempty"`

	// measuredSince is the moment at which measuring began.
	// +optional
	MeasuredSince *metav1.MicroTime `json:"measuredSince,omitempty"`

	// observedTime is the moment until which intervals hold all that is known.
	// +optional
	ObservedTime *metav1.MicroTime `json:"observedTime,omitempty"`

	// windowStartTime is the moment at which the present window begins.
	// +optional
	WindowStartTime *metav1.Time `json:"windowStartTime,omitempty"`

	// used is how much of the unplanned minutes is used, for people, for
	// example "12m30s of 43m".
	// +optional
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=64
	Used string `json:"used,omitempty"`

	// unplannedSeconds is the unplanned downtime in the window, in seconds,
	// rounded up.
	// +optional
	// +kubebuilder:validation:Minimum=0
	UnplannedSeconds *int64 `json:"unplannedSeconds,omitempty"`

	// plannedSeconds is the planned downtime in the window, in seconds, rounded
	// up.
	// +optional
	// +kubebuilder:validation:Minimum=0
	PlannedSeconds *int64 `json:"plannedSeconds,omitempty"`

	// unobservedSeconds is how long nobody looked in the window, in seconds,
	// rounded up.
	// +optional
	// +kubebuilder:validation:Minimum=0
	UnobservedSeconds *int64 `json:"unobservedSeconds,omitempty"`

	// leftSeconds is what is left of the unplanned minutes, in seconds, rounded
	// down.
	// +optional
	// +kubebuilder:validation:Minimum=0
	LeftSeconds *int64 `json:"leftSeconds,omitempty"`

	// burnRatePercent is how fast the unplanned minutes went in the last 24
	// hours: with 100 they are spent just as the window ends.
	// +optional
	// +kubebuilder:validation:Minimum=0
	BurnRatePercent *int64 `json:"burnRatePercent,omitempty"`

	// exhaustedTime is the moment at which they are spent at that rate or, while
	// the API is down, if it stays down. Left out, they are not.
	// +optional
	ExhaustedTime *metav1.Time `json:"exhaustedTime,omitempty"`

	// spentTime is the moment at which they were spent. Left out, they are not.
	// +optional
	SpentTime *metav1.Time `json:"spentTime,omitempty"`

	// freesTime is the moment at which some of what is spent is over, if the API
	// is up until then.
	// +optional
	FreesTime *metav1.Time `json:"freesTime,omitempty"`

	// nextChangeTime is the moment at which what is refused next changes by
	// itself.
	// +optional
	NextChangeTime *metav1.Time `json:"nextChangeTime,omitempty"`

	// intervals are the times at which the API was down or nobody looked, the
	// latest last. Of more than 200 the oldest are in older.
	// +optional
	// +listType=atomic
	// +kubebuilder:validation:MinItems=1
	// +kubebuilder:validation:MaxItems=200
	Intervals []DowntimeInterval `json:"intervals,omitempty"`

	// older sums up the intervals that are left out, those of each day (UTC) for
	// themselves. All of a sum counts until its untilTime has left the window.
	// +optional
	// +listType=atomic
	// +kubebuilder:validation:MinItems=1
	// +kubebuilder:validation:MaxItems=400
	Older []DowntimeSum `json:"older,omitempty"`

	// expectedReady is the number of pods that minReadyPercent is of.
	// +optional
	// +kubebuilder:validation:Minimum=0
	ExpectedReady *int32 `json:"expectedReady,omitempty"`

	// endpointsDigest is the digest of the EndpointSlices, with their
	// resourceVersions, that state was seen in.
	// +optional
	EndpointsDigest Digest `json:"endpointsDigest,omitempty"`

	// rollouts are the last rollouts of each workload, with the downtime that
	// they brought.
	// +optional
	// +listType=atomic
	// +kubebuilder:validation:MinItems=1
	// +kubebuilder:validation:MaxItems=64
	Rollouts []PastRollout `json:"rollouts,omitempty"`

	// images are those that the pods of the API ran with lately, and may run
	// with again while the budget is spent.
	// +optional
	// +listType=map
	// +listMapKey=image
	// +kubebuilder:validation:MinItems=1
	// +kubebuilder:validation:MaxItems=100
	Images []PastImage `json:"images,omitempty"`

	// apology is the ChangeNotice that was drafted when it was spent.
	// +optional
	Apology ObjectName `json:"apology,omitempty"`
}

// Availability is what an API is at a moment.
//
// +kubebuilder:validation:Enum=Up;Degraded;Down;Unobserved
type Availability string

// Availabilities.
const (
	AvailabilityUp         Availability = "Up"
	AvailabilityDegraded   Availability = "Degraded"
	AvailabilityDown       Availability = "Down"
	AvailabilityUnobserved Availability = "Unobserved"
)

// DowntimeInterval is a time at which an API was down, or nobody looked.
type DowntimeInterval struct {
	// startTime is the moment at which it began.
	// +required
	StartTime *metav1.MicroTime `json:"startTime,omitempty"`

	// endTime is the moment at which it was over. Left out, it is not.
	// +optional
	EndTime *metav1.MicroTime `json:"endTime,omitempty"`

	// state is what the API was: Degraded, Down or Unobserved.
	// +required
	State Availability `json:"state,omitempty"`

	// cause is what brought it about, as far as it could be seen.
	// +required
	Cause DowntimeCause `json:"cause,omitempty"`

	// workload is the workload that it came from, where that could be seen.
	// +optional
	Workload WorkloadRef `json:"workload,omitzero"`

	// notice is the ChangeNotice that told customers of it. Left out, it was
	// not planned.
	// +optional
	Notice ObjectName `json:"notice,omitempty"`
}

// DowntimeCause is what brought a downtime about.
//
// +kubebuilder:validation:Enum=Rollout;Drain;NodeLost;ScaledDown;Brownout;Traffic;NotWatching;Unknown
type DowntimeCause string

// Causes of a downtime.
const (
	// CauseRollout: a rollout was under way.
	CauseRollout DowntimeCause = "Rollout"
	// CauseDrain: pods were evicted.
	CauseDrain DowntimeCause = "Drain"
	// CauseNodeLost: a node went away.
	CauseNodeLost DowntimeCause = "NodeLost"
	// CauseScaledDown: fewer pods were asked for.
	CauseScaledDown DowntimeCause = "ScaledDown"
	// CauseBrownout: a brownout that nobody was told of.
	CauseBrownout DowntimeCause = "Brownout"
	// CauseTraffic: the traffic was led elsewhere.
	CauseTraffic DowntimeCause = "Traffic"
	// CauseNotWatching: forewarn did not look.
	CauseNotWatching DowntimeCause = "NotWatching"
	// CauseUnknown: it could not be seen.
	CauseUnknown DowntimeCause = "Unknown"
)

// DowntimeSum sums up intervals.
type DowntimeSum struct {
	// untilTime is the moment at which the last of them was over.
	// +required
	UntilTime *metav1.MicroTime `json:"untilTime,omitempty"`

	// unplannedSeconds is how long unplanned downtime was, in seconds.
	// +optional
	// +kubebuilder:validation:Minimum=0
	UnplannedSeconds *int64 `json:"unplannedSeconds,omitempty"`

	// plannedSeconds is how long planned downtime was, in seconds.
	// +optional
	// +kubebuilder:validation:Minimum=0
	PlannedSeconds *int64 `json:"plannedSeconds,omitempty"`

	// unobservedSeconds is how long nobody looked, in seconds.
	// +optional
	// +kubebuilder:validation:Minimum=0
	UnobservedSeconds *int64 `json:"unobservedSeconds,omitempty"`
}

// PastRollout is a rollout that was completed.
type PastRollout struct {
	// workload is the workload that rolled out.
	// +required
	Workload WorkloadRef `json:"workload,omitzero"`

	// completedTime is the moment at which it was complete.
	// +required
	CompletedTime *metav1.Time `json:"completedTime,omitempty"`

	// seconds is how long it took.
	// +required
	// +kubebuilder:validation:Minimum=0
	Seconds *int64 `json:"seconds,omitempty"`

	// downSeconds is how long the API was down or degraded meanwhile.
	// +required
	// +kubebuilder:validation:Minimum=0
	DownSeconds *int64 `json:"downSeconds,omitempty"`
}

// PastImage is an image that the pods of an API ran with.
type PastImage struct {
	// image is the image, as the pods name it.
	// +required
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=1024
	Image string `json:"image,omitempty"`

	// lastTime is the moment at which it was last seen. Left out, it runs.
	// +optional
	LastTime *metav1.Time `json:"lastTime,omitempty"`
}

// DowntimeBudget is how long an API may be down.
//
// +kubebuilder:object:root=true
// +kubebuilder:subresource:status
// +kubebuilder:resource:scope=Namespaced,path=downtimebudgets,shortName=dtb,categories=promises
// +kubebuilder:printcolumn:name="API",type=string,JSONPath=`.spec.apiRef.name`
// +kubebuilder:printcolumn:name="State",type=string,JSONPath=`.status.state`
// +kubebuilder:printcolumn:name="Used",type=string,JSONPath=`.status.used`
// +kubebuilder:printcolumn:name="Left s",type=integer,JSONPath=`.status.leftSeconds`,priority=1
// +kubebuilder:printcolumn:name="Planned s",type=integer,JSONPath=`.status.plannedSeconds`
// +kubebuilder:printcolumn:name="Unobserved s",type=integer,JSONPath=`.status.unobservedSeconds`,priority=1
// +kubebuilder:printcolumn:name="Burn %",type=integer,JSONPath=`.status.burnRatePercent`
// +kubebuilder:printcolumn:name="Frees",type=string,JSONPath=`.status.freesTime`
// +kubebuilder:printcolumn:name="Ready",type=string,JSONPath=`.status.conditions[?(@.type=="Ready")].status`
// +kubebuilder:printcolumn:name="Reason",type=string,JSONPath=`.status.conditions[?(@.type=="Ready")].reason`
// +kubebuilder:printcolumn:name="Age",type=date,JSONPath=`.metadata.creationTimestamp`
// +kubebuilder:validation:XValidation:rule="self.metadata.name.matches('^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$')",message="the name must be a DNS label: at most 63 of a-z, 0-9 and '-'"
type DowntimeBudget struct {
	metav1.TypeMeta `json:",inline"`

	// metadata is the metadata of the object.
	// +optional
	metav1.ObjectMeta `json:"metadata,omitempty"`

	// spec is how long the API may be down.
	// +required
	Spec DowntimeBudgetSpec `json:"spec,omitzero"`

	// status is how much of it is left.
	// +optional
	// +default={"observedGeneration":-1}
	Status DowntimeBudgetStatus `json:"status,omitzero"`
}

// DowntimeBudgetList is a list of DowntimeBudgets.
//
// +kubebuilder:object:root=true
type DowntimeBudgetList struct {
	metav1.TypeMeta `json:",inline"`
	metav1.ListMeta `json:"metadata,omitzero"`
	Items           []DowntimeBudget `json:"items"`
}
