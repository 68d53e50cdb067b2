package v1alpha1

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

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
