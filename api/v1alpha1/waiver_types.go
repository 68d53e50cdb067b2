package v1alpha1

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// WaiverSpec breaks the glass: one revision may serve although customers were
// not told in time. It never changes, and it ends by itself.
type WaiverSpec struct {
	// revision is the APIRevision that may serve.
	// +required
	Revision ObjectName `json:"revision,omitempty"`

	// reason says why this cannot wait.
	// +required
	// +kubebuilder:validation:MinLength=10
	// +kubebuilder:validation:MaxLength=1024
	Reason string `json:"reason,omitempty"`

	// ticket is where the exception is recorded, for example "INC-4711".
	// +required
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=256
	Ticket string `json:"ticket,omitempty"`

	// expireTime is the moment at which the waiver ends, at most 24 hours after
	// it is created, for example "2026-11-23T08:00:00Z".
	// +required
	// +kubebuilder:validation:XValidation:rule="self == timestamp(int(self)) && self.getFullYear() >= 2000 && self.getFullYear() < 3000",message="write the moment in whole seconds, for example 2027-07-01T00:00:00Z"
	ExpireTime *metav1.Time `json:"expireTime,omitempty"`

	// requestedBy is the name by which the API server knows whoever creates the
	// waiver. Creating one needs the verb "break-glass" on it.
	// +required
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=253
	RequestedBy string `json:"requestedBy,omitempty"`
}

// WaiverStatus is what became of the waiver.
// +kubebuilder:validation:MinProperties=1
type WaiverStatus struct {
	// conditions are Active, Ready.
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
}

// Waiver lets one revision serve although customers were not told in time.
//
// +kubebuilder:object:root=true
// +kubebuilder:subresource:status
// +kubebuilder:resource:scope=Namespaced,path=waivers,categories=promises
// +kubebuilder:printcolumn:name="Revision",type=string,JSONPath=`.spec.revision`
// +kubebuilder:printcolumn:name="Active",type=string,JSONPath=`.status.conditions[?(@.type=="Active")].status`
// +kubebuilder:printcolumn:name="Reason",type=string,JSONPath=`.status.conditions[?(@.type=="Active")].reason`
// +kubebuilder:printcolumn:name="Ticket",type=string,JSONPath=`.spec.ticket`
// +kubebuilder:printcolumn:name="Expires",type=string,JSONPath=`.spec.expireTime`
// +kubebuilder:printcolumn:name="Age",type=date,JSONPath=`.metadata.creationTimestamp`
// +kubebuilder:validation:XValidation:rule="self.metadata.name.matches('^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$')",message="the name must be a DNS label: at most 63 of a-z, 0-9 and '-'",fieldPath=".metadata"
type Waiver struct {
	metav1.TypeMeta `json:",inline"`

	// metadata is the metadata of the object.
	// +optional
	metav1.ObjectMeta `json:"metadata,omitempty"`

	// spec is the exception.
	// +required
	// +kubebuilder:validation:XValidation:rule="self == oldSelf",message="a waiver never changes: delete it to end it, create another to begin again"
	Spec WaiverSpec `json:"spec,omitzero"`

	// status is what became of it.
	// +optional
	// +default={"observedGeneration":-1}
	Status WaiverStatus `json:"status,omitzero"`
}

// WaiverList is a list of Waivers.
//
// +kubebuilder:object:root=true
type WaiverList struct {
	metav1.TypeMeta `json:",inline"`
	metav1.ListMeta `json:"metadata,omitzero"`
	Items           []Waiver `json:"items"`
}
