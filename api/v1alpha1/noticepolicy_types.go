package v1alpha1

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// NoticePolicySpec says how much notice customers are owed, for which APIs,
// and what happens without one.
type NoticePolicySpec struct {
	// appliesTo selects the APIs that this policy binds. Left out, it binds
	// every CustomerAPI of the cluster.
	// +optional
	AppliesTo PolicySelector `json:"appliesTo,omitzero"`

	// enforcement is what happens to a rollout that is not admissible: Deny
	// refuses it, Warn lets it pass with a warning to whoever applies it, Audit
	// lets it pass with an audit annotation. Left out, it means Warn. Where
	// several policies select an API, the strictest counts.
	// +optional
	Enforcement Enforcement `json:"enforcement,omitempty"`

	// startsAt is the event that starts the clock of a notice: Published, when
	// forewarn stamps it, Delivered, when it was delivered to the share of the
	// affected customers that coveragePercent says, or Acknowledged, when as
	// many answered it. Left out, it means Published. Where several policies
	// select an API, the later counts.
	// +optional
	StartsAt ClockStart `json:"startsAt,omitempty"`

	// coveragePercent is the share of the affected customers that a notice has
	// to reach before its clock starts, in percent. Left out, it means 100. It
	// counts with startsAt Delivered and Acknowledged.
	// +optional
	// +kubebuilder:validation:Minimum=1
	// +kubebuilder:validation:Maximum=100
	CoveragePercent int32 `json:"coveragePercent,omitempty"`

	// holdAboveObjectionPercent holds a change while more than this share of
	// the affected customers need more time and nobody has answered them, in
	// percent; 0 holds it for any. Left out, objections hold nothing. Where
	// several policies select an API, the smallest counts.
	// +optional
	// +kubebuilder:validation:Minimum=0
	// +kubebuilder:validation:Maximum=100
	HoldAboveObjectionPercent *int32 `json:"holdAboveObjectionPercent,omitempty"`

	// reminderDays are how many days before its effective time customers are
	// reminded of a notice, for example [30, 7, 1]. Left out, they are not.
	// +optional
	// +listType=set
	// +kubebuilder:validation:MinItems=1
	// +kubebuilder:validation:MaxItems=16
	// +kubebuilder:validation:items:Minimum=1
	// +kubebuilder:validation:items:Maximum=3650
	ReminderDays []int32 `json:"reminderDays,omitempty"`

	// missedReminder is what becomes of a notice whose customers were not
	// reminded in time: Report says so in its status, Delay lets it mature no
	// earlier than reminderDays after they were reached. Left out, it means
	// Report. Where several policies ask for the same reminder, Delay counts.
	// +optional
	MissedReminder MissedReminderRule `json:"missedReminder,omitempty"`

	// timeZone is the IANA time zone in which a day of notice begins and ends,
	// for example "Europe/Berlin". Left out, it means UTC.
	// +optional
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=64
	TimeZone string `json:"timeZone,omitempty"`

	// holidays names the calendars whose public holidays are no business days,
	// by ISO 3166 country code, for example "DE". Left out, only weekends are
	// none.
	// +optional
	// +listType=set
	// +kubebuilder:validation:MinItems=1
	// +kubebuilder:validation:MaxItems=16
	// +kubebuilder:validation:items:MinLength=2
	// +kubebuilder:validation:items:MaxLength=16
	Holidays []string `json:"holidays,omitempty"`

	// closedDates lists further dates that are no business days, for example
	// "2026-12-24".
	// +optional
	// +listType=set
	// +kubebuilder:validation:MinItems=1
	// +kubebuilder:validation:MaxItems=366
	// +kubebuilder:validation:items:MinLength=10
	// +kubebuilder:validation:items:MaxLength=10
	// +kubebuilder:validation:items:Pattern=`^[0-9]{4}-[0-9]{2}-[0-9]{2}$`
	ClosedDates []string `json:"closedDates,omitempty"`

	// owed lists how much notice is owed per class of change. Where several
	// entries match a change, the longest counts. A class that no entry names
	// needs a notice all the same, at any time before the change, except
	// Deprecation and Addition, which then need none.
	// +required
	// +listType=atomic
	// +kubebuilder:validation:MinItems=1
	// +kubebuilder:validation:MaxItems=64
	Owed []OwedTerm `json:"owed,omitempty"`

	// unusedDays is how many days of notice are owed, instead of the longer
	// entries of owed, for what no customer used lately, by the usage query of
	// the Audience. Contracts bind in full all the same. Left out, nothing is
	// shortened.
	// +optional
	// +kubebuilder:validation:Minimum=0
	// +kubebuilder:validation:Maximum=3650
	UnusedDays *int32 `json:"unusedDays,omitempty"`

	// unusedWindowDays is how many days a usage query has to look back for
	// unusedDays to count. Left out, it means 90.
	// +optional
	// +kubebuilder:validation:Minimum=1
	// +kubebuilder:validation:Maximum=365
	UnusedWindowDays int32 `json:"unusedWindowDays,omitempty"`

	// rules moves single rules of the comparison to another class. Left out,
	// each rule has the class that the documentation lists.
	// +optional
	// +listType=map
	// +listMapKey=rule
	// +kubebuilder:validation:MinItems=1
	// +kubebuilder:validation:MaxItems=500
	Rules []RuleClass `json:"rules,omitempty"`

	// settleHours is how long an addition has to serve before customers are
	// taken to rely on it, in hours. Left out, it means 72.
	// +optional
	// +kubebuilder:validation:Minimum=0
	// +kubebuilder:validation:Maximum=8760
	SettleHours *int32 `json:"settleHours,omitempty"`

	// rollbackDays is how long after a revision stopped serving it may be
	// rolled back to, in days. Left out, it means 14.
	// +optional
	// +kubebuilder:validation:Minimum=0
	// +kubebuilder:validation:Maximum=365
	RollbackDays *int32 `json:"rollbackDays,omitempty"`

	// validForDays is how long after its effective time a notice still covers
	// a change that has not shipped, in days. Left out, it means 180.
	// +optional
	// +kubebuilder:validation:Minimum=1
	// +kubebuilder:validation:Maximum=3650
	ValidForDays int32 `json:"validForDays,omitempty"`

	// images says whether an APIRevision must list its images: Required
	// compares the images of each pod with those of the revision it names,
	// Optional trusts the name. Left out, it means Optional.
	// +optional
	Images ImageRule `json:"images,omitempty"`

	// deprecatedMarks says what becomes of a revision whose contract does not
	// mark as deprecated what a DeprecationSchedule deprecated by now: Deny
	// does not admit it, Warn says so. Left out, it means Warn.
	// +optional
	DeprecatedMarks MarkRule `json:"deprecatedMarks,omitempty"`

	// content says what a notice must be before customers are told: what stands
	// in it, whom it goes to, and at what hours. Left out, nothing is asked.
	// Where several policies select an API, all of them count.
	// +optional
	Content ContentRules `json:"content,omitzero"`
}

// MarkRule is what becomes of a contract that does not say what customers were
// told.
//
// +kubebuilder:validation:Enum=Deny;Warn
type MarkRule string

// Rules for contracts that lack a mark.
const (
	// MarksDeny does not admit what is new.
	MarksDeny MarkRule = "Deny"
	// MarksWarn says what is missing.
	MarksWarn MarkRule = "Warn"
)

// ClockStart is the event that starts the clock of a notice.
//
// +kubebuilder:validation:Enum=Published;Delivered;Acknowledged
type ClockStart string

// Events that start the clock.
const (
	// StartsAtPublished: forewarn stamps the publication.
	StartsAtPublished ClockStart = "Published"
	// StartsAtDelivered: it was delivered to enough of the affected customers.
	StartsAtDelivered ClockStart = "Delivered"
	// StartsAtAcknowledged: enough of the affected customers answered it.
	StartsAtAcknowledged ClockStart = "Acknowledged"
)

// MissedReminderRule is what becomes of a notice when a reminder was missed.
//
// +kubebuilder:validation:Enum=Report;Delay
type MissedReminderRule string

// Rules of missed reminders.
const (
	// MissedReminderReport says so in the status of the notice.
	MissedReminderReport MissedReminderRule = "Report"
	// MissedReminderDelay lets the notice mature later, too.
	MissedReminderDelay MissedReminderRule = "Delay"
)

// ImageRule says whether the images of pods are compared.
//
// +kubebuilder:validation:Enum=Required;Optional
type ImageRule string

// Image rules.
const (
	ImagesRequired ImageRule = "Required"
	ImagesOptional ImageRule = "Optional"
)

// PolicySelector selects CustomerAPIs.
// +kubebuilder:validation:MinProperties=1
type PolicySelector struct {
	// namespaceSelector selects the namespaces whose APIs are bound. Left out,
	// it selects all.
	// +optional
	NamespaceSelector *metav1.LabelSelector `json:"namespaceSelector,omitempty"`

	// apiSelector selects APIs by the labels of their CustomerAPI. Left out,
	// it selects all.
	// +optional
	APISelector *metav1.LabelSelector `json:"apiSelector,omitempty"`
}

// OwedTerm is how much notice is owed for a class of change.
// +kubebuilder:validation:XValidation:rule="has(self.days) != has(self.businessDays)",message="set days or businessDays, and not both"
type OwedTerm struct {
	// class is the class of change, for example "Removal".
	// +required
	Class ChangeClass `json:"class,omitempty"`

	// stability limits this entry to versions of that stability. Left out, it
	// holds for all.
	// +optional
	Stability Stability `json:"stability,omitempty"`

	// days is the number of full calendar days of notice owed, for example 180.
	// 0 means that customers must have been told before, and no more.
	// +optional
	// +kubebuilder:validation:Minimum=0
	// +kubebuilder:validation:Maximum=3650
	Days *int32 `json:"days,omitempty"`

	// businessDays is the number of full business days of notice owed:
	// weekends, holidays and closedDates do not count.
	// +optional
	// +kubebuilder:validation:Minimum=0
	// +kubebuilder:validation:Maximum=2500
	BusinessDays *int32 `json:"businessDays,omitempty"`
}

// RuleClass moves one rule of the comparison to a class.
type RuleClass struct {
	// rule is the id of the rule as the status of an APIRevision shows it, for
	// example "response-property-enum-value-added".
	// +required
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=128
	Rule string `json:"rule,omitempty"`

	// class is the class that its changes are given, for example "Addition".
	// +required
	Class ChangeClass `json:"class,omitempty"`
}

// NoticePolicyStatus is what forewarn made of the policy.
// +kubebuilder:validation:MinProperties=1
type NoticePolicyStatus struct {
	// conditions hold Ready, which says whether the policy could be read.
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

	// inForce is the last generation that could be read. It binds until a
	// later one can be read, too.
	// +optional
	InForce PolicyInForce `json:"inForce,omitzero"`

	// selectedAPIs is the number of CustomerAPIs that the policy binds.
	// +optional
	// +kubebuilder:validation:Minimum=0
	SelectedAPIs *int32 `json:"selectedAPIs,omitempty"`
}

// PolicyInForce is a generation of a policy that could be read.
type PolicyInForce struct {
	// generation is the generation of the policy that is in force.
	// +required
	// +kubebuilder:validation:Minimum=1
	Generation int64 `json:"generation,omitempty"`

	// enforcement is what happens to what is not admissible: the enforcement
	// of that generation, and "Warn" where it left it out.
	// +optional
	Enforcement Enforcement `json:"enforcement,omitempty"`

	// spec is what that generation said.
	// +required
	Spec NoticePolicySpec `json:"spec,omitzero"`
}

// NoticePolicy says how much notice customers are owed when something they
// rely on changes.
//
// +kubebuilder:object:root=true
// +kubebuilder:subresource:status
// +kubebuilder:resource:scope=Cluster,shortName=npol,categories=promises
// +kubebuilder:printcolumn:name="Enforcement",type=string,JSONPath=`.status.inForce.enforcement`
// +kubebuilder:printcolumn:name="APIs",type=integer,JSONPath=`.status.selectedAPIs`
// +kubebuilder:printcolumn:name="Ready",type=string,JSONPath=`.status.conditions[?(@.type=="Ready")].status`
// +kubebuilder:printcolumn:name="Reason",type=string,JSONPath=`.status.conditions[?(@.type=="Ready")].reason`
// +kubebuilder:printcolumn:name="Age",type=date,JSONPath=`.metadata.creationTimestamp`
type NoticePolicy struct {
	metav1.TypeMeta `json:",inline"`

	// metadata is the metadata of the object.
	// +optional
	metav1.ObjectMeta `json:"metadata,omitempty"`

	// spec is what is owed.
	// +required
	Spec NoticePolicySpec `json:"spec,omitzero"`

	// status is what forewarn made of it.
	// +optional
	// +default={"observedGeneration":-1}
	Status NoticePolicyStatus `json:"status,omitzero"`
}

// NoticePolicyList is a list of NoticePolicies.
//
// +kubebuilder:object:root=true
type NoticePolicyList struct {
	metav1.TypeMeta `json:",inline"`
	metav1.ListMeta `json:"metadata,omitzero"`
	Items           []NoticePolicy `json:"items"`
}
