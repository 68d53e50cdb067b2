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
// +kubebuilder:validation:XValidation:rule="self.metadata.name.matches('^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$')",message="the name must be a DNS label: at most 63 of a-z, 0-9 and '-'",fieldPath=".metadata"
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
