package v1alpha1

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

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
