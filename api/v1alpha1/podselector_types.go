package v1alpha1

// KeepReason says what a label set that carriedBy gives no more is needed for.
//
// +kubebuilder:validation:Enum=Serving;Service
type KeepReason string

// Reasons to keep a label set in force.
const (
	// KeptForServing: pods with these labels serve.
	KeptForServing KeepReason = "Serving"
	// KeptForService: nothing serves by it now, and the Service that it was
	// read from still selects such pods.
	KeptForService KeepReason = "Service"
)

// PodSelector is a set of labels of pods.
type PodSelector struct {
	// service is the Service that the labels were read from. Left out, they
	// were declared.
	// +optional
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=63
	Service string `json:"service,omitempty"`

	// matchLabels are the labels, without the slot keys.
	// +required
	// +kubebuilder:validation:MinProperties=1
	// +kubebuilder:validation:MaxProperties=64
	MatchLabels map[string]string `json:"matchLabels,omitempty"`

	// keptFor says why they are in force although carriedBy gives them no
	// more. Left out, carriedBy gives them.
	// +optional
	KeptFor KeepReason `json:"keptFor,omitempty"`
}
