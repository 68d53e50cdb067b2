package v1alpha1

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// BreachCause says how a change reached customers that were not told of it.
//
// +kubebuilder:validation:Enum=NotEnforced;Waived;RolledBack
type BreachCause string

// Causes of a broken promise.
const (
	// BreachNotEnforced: the policy only warns or audits, no policy selected the
	// API, or admission was off.
	BreachNotEnforced BreachCause = "NotEnforced"
	// BreachWaived: a Waiver let it pass.
	BreachWaived BreachCause = "Waived"
	// BreachRolledBack: the way back led to what served before something became
	// a promise, and took that away.
	BreachRolledBack BreachCause = "RolledBack"
)

// BrokenPromise is a change that reached customers without the notice owed.
type BrokenPromise struct {
	// time is the moment at which it was first seen to serve.
	// +required
	Time *metav1.Time `json:"time,omitempty"`

	// revision is the APIRevision that broke the promise. Left out, the pods
	// named none.
	// +optional
	Revision ObjectName `json:"revision,omitempty"`

	// cause says how it came to serve.
	// +required
	Cause BreachCause `json:"cause,omitempty"`

	// waiver is the Waiver that let it pass.
	// +optional
	Waiver ObjectName `json:"waiver,omitempty"`

	// changes is the number of changes that customers were not told of.
	// +required
	// +kubebuilder:validation:Minimum=0
	Changes *int32 `json:"changes,omitempty"`

	// message says in one line what broke.
	// +required
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=1024
	Message string `json:"message,omitempty"`
}
