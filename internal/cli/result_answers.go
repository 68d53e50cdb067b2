package cli

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// AnswersResult is what customers answered to a ChangeNotice. Customers are
// opaque ids.
type AnswersResult struct {
	Title string `json:"title"`
	// Affected is the number of customers who are to be told, and Delivered of
	// those who were.
	Affected  int32 `json:"affected"`
	Delivered int32 `json:"delivered"`
	// Understood, NeedsTime and Unanswered count as status.answers of the notice
	// does: NeedsTime are the objections that are open.
	Understood int32 `json:"understood"`
	NeedsTime  int32 `json:"needsTime"`
	Unanswered int32 `json:"unanswered"`
	// LatestTime is the latest date that an open objection asks for.
	LatestTime *metav1.Time `json:"latestTime,omitempty"`
	// HoldAboveObjectionPercent is the share of customers above which open
	// objections hold the notice. Left out, none do.
	HoldAboveObjectionPercent *int32 `json:"holdAboveObjectionPercent,omitempty"`
	// Matured is the condition of that name: with the reason Held, objections
	// hold the notice.
	Matured ConditionResult `json:"matured"`
	// Objections are those of customers who need more time, also such as were
	// answered since.
	Objections []Objection `json:"objections,omitempty"`
	// Missing are those who did not answer, and for whom no partner did. A
	// customer whom nothing leads to is counted in Unanswered alone.
	Missing []MissingAnswer `json:"missing,omitempty"`
}

// Objection is that of one customer who needs more time.
type Objection struct {
	Customer string `json:"customer"`
	// ServedBy is the partner that serves the customer. The answer may be that
	// of the partner.
	ServedBy     string      `json:"servedBy,omitempty"`
	AnsweredTime metav1.Time `json:"answeredTime"`
	// NeededUntilTime is the end of the day until which things are to stay as
	// they are.
	NeededUntilTime *metav1.Time `json:"neededUntilTime,omitempty"`
	// Open says that neither an update nor a later date has answered it.
	Open bool `json:"open"`
}

// MissingAnswer is a customer who did not answer.
type MissingAnswer struct {
	Customer string `json:"customer"`
	ServedBy string `json:"servedBy,omitempty"`
	// Delivered says that the notice reached the customer.
	Delivered bool `json:"delivered"`
}
