package v1alpha1

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// KeptContractSpec is a contract document as it was judged.
type KeptContractSpec struct {
	// format is the format of the document.
	// +required
	Format ContractFormat `json:"format,omitempty"`

	// digest is the digest of the document, not compressed. The name of the
	// object is made from it.
	// +required
	Digest Digest `json:"digest,omitempty"`

	// size is the size of the document in bytes, not compressed.
	// +required
	// +kubebuilder:validation:Minimum=1
	// +kubebuilder:validation:Maximum=16777216
	Size int64 `json:"size,omitempty"`

	// document is the document, compressed with gzip and encoded in base64.
	// ---
	// Its format is not said to be "byte": the rules below would have to decode
	// it, and up to Kubernetes 1.37 that fails on "+" and "/".
	// +required
	// +kubebuilder:validation:Format=""
	// +kubebuilder:validation:MinLength=4
	// +kubebuilder:validation:MaxLength=1400000
	// +kubebuilder:validation:Pattern=`^[A-Za-z0-9+/]+={0,2}$`
	// +kubebuilder:validation:XValidation:rule="size(self) % 4 == 0",message="base64 comes in groups of four characters"
	Document []byte `json:"document,omitempty"`
}

// KeptContract keeps a contract document as it was judged, so that nothing
// that becomes of its source changes a verdict. Only forewarn writes it.
//
// +kubebuilder:object:root=true
// +kubebuilder:resource:scope=Namespaced,path=keptcontracts,shortName=kcon
// +kubebuilder:printcolumn:name="Format",type=string,JSONPath=`.spec.format`
// +kubebuilder:printcolumn:name="Size",type=integer,JSONPath=`.spec.size`
// +kubebuilder:printcolumn:name="Age",type=date,JSONPath=`.metadata.creationTimestamp`
type KeptContract struct {
	metav1.TypeMeta `json:",inline"`

	// metadata is the metadata of the object.
	// +optional
	metav1.ObjectMeta `json:"metadata,omitempty"`

	// spec is the document.
	// +required
	// +kubebuilder:validation:XValidation:rule="self.digest == oldSelf.digest && self.format == oldSelf.format && self.size == oldSelf.size",message="a kept contract never changes"
	// +kubebuilder:validation:XValidation:rule="self.document == oldSelf.document",message="a kept contract never changes"
	Spec KeptContractSpec `json:"spec,omitzero"`
}

// KeptContractName is the name of the KeptContract that holds a document of
// that digest (64 hex digits).
func KeptContractName(digest Digest) ObjectName {
	return ObjectName("sha256-" + digest[:min(len(digest), 56)])
}

// KeptContractList is a list of KeptContracts.
//
// +kubebuilder:object:root=true
type KeptContractList struct {
	metav1.TypeMeta `json:",inline"`
	metav1.ListMeta `json:"metadata,omitzero"`
	Items           []KeptContract `json:"items"`
}
