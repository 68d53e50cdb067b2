package v1alpha1

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// BoundPolicy is a NoticePolicy as it binds an API, or bound it before it was
// loosened, deleted, or made to select other APIs.
type BoundPolicy struct {
	// name is the name of the NoticePolicy, for example "public-apis".
	// +required
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=253
	Name string `json:"name,omitempty"`

	// inForce is the generation of it that binds, or bound.
	// +required
	InForce PolicyInForce `json:"inForce,omitzero"`

	// untilTime is the moment until which it binds although it was loosened.
	// Left out, it was not.
	// +optional
	UntilTime *metav1.Time `json:"untilTime,omitempty"`
}
