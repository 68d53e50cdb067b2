package v1alpha1

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// An object may take 1.5 MiB in etcd, 1536 KiB. A character takes 6 bytes there
// at most ("<" is kept as \u003c), so that inline documents take 768 KiB of it.
// Annotations may take 256 KiB, and the changes in the status as much, which
// the controller sees to. The 256 KiB that are left hold the conditions and,
// in ASCII, all else that the spec can say: 100 declared changes (about 120
// KiB) and 64 images (64 KiB).

// APIRevisionSpec proposes what customers would be served. It never changes:
// another proposal is another APIRevision.
type APIRevisionSpec struct {
	// apiRef names the CustomerAPI that this is a revision of.
	// +required
	APIRef APIRef `json:"apiRef,omitzero"`

	// contracts holds the contract document of each version that is served. A
	// promised version that is missing is removed. Inline documents have at most
	// 131072 characters together.
	// +required
	// +listType=map
	// +listMapKey=version
	// +kubebuilder:validation:MinItems=1
	// +kubebuilder:validation:MaxItems=20
	// +kubebuilder:validation:XValidation:rule="self.map(c, has(c.inline) ? size(c.inline) : 0).sum() <= 131072",message="inline documents have at most 131072 characters together: put them into ConfigMaps and name these in configMapKeyRef"
	Contracts []Contract `json:"contracts,omitempty"`

	// declaredChanges lists changes that no contract shows. They are judged
	// like any other.
	// +optional
	// +listType=map
	// +listMapKey=id
	// +kubebuilder:validation:MinItems=1
	// +kubebuilder:validation:MaxItems=100
	DeclaredChanges []DeclaredChange `json:"declaredChanges,omitempty"`

	// images lists the images that pods of this revision may run, for example
	// "shop.example/orders@sha256:...". Left out, none are compared, and a
	// policy with images: Required does not admit the revision.
	// +optional
	// +listType=set
	// +kubebuilder:validation:MinItems=1
	// +kubebuilder:validation:MaxItems=64
	// +kubebuilder:validation:items:MinLength=1
	// +kubebuilder:validation:items:MaxLength=1024
	Images []string `json:"images,omitempty"`
}

// Contract is where the contract document of a version is found.
// +kubebuilder:validation:XValidation:rule="has(self.configMapKeyRef) != has(self.inline)",message="set configMapKeyRef or inline, and not both"
type Contract struct {
	// version is the version that the document describes, for example "v1".
	// +required
	Version VersionName `json:"version,omitempty"`

	// format is the format of the document. Left out, it means OpenAPI.
	// +optional
	Format ContractFormat `json:"format,omitempty"`

	// configMapKeyRef names a key of a ConfigMap in the same namespace, in data
	// or, compressed with gzip, in binaryData. The document is kept when it is
	// judged: what becomes of the ConfigMap afterwards changes nothing.
	// +optional
	ConfigMapKeyRef ConfigMapKeyRef `json:"configMapKeyRef,omitzero"`

	// inline is the document itself, for small ones.
	// +optional
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=131072
	Inline string `json:"inline,omitempty"`
}

// ConfigMapKeyRef names a key of a ConfigMap.
type ConfigMapKeyRef struct {
	// name is the name of the ConfigMap.
	// +required
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=253
	Name string `json:"name,omitempty"`

	// key is the key in data or binaryData, for example "v1.yaml".
	// +required
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=253
	Key string `json:"key,omitempty"`
}

// DeclaredChange is a change that no contract shows.
// +kubebuilder:validation:XValidation:rule="self.class != 'Removal' && self.class != 'Breaking' || has(self.operation)",message="a declared Removal or Breaking change names the operation"
type DeclaredChange struct {
	// id names the change within the API, for example "half-even-rounding".
	// +required
	ID ObjectName `json:"id,omitempty"`

	// class is the class of the change, for example "Behaviour". Correction
	// needs the verb "approve" on this APIRevision.
	// +required
	Class ChangeClass `json:"class,omitempty"`

	// version is the version whose customers notice it, for example "v1".
	// +required
	Version VersionName `json:"version,omitempty"`

	// operation is the operation that changes, for example
	// "GET /invoices/{id}". Left out, it concerns the whole version.
	// +optional
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=512
	Operation string `json:"operation,omitempty"`

	// text says in one line what changes for customers, for example "Totals
	// round half to even".
	// +required
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=500
	Text string `json:"text,omitempty"`
}

// APIRevisionStatus is the verdict.
// +kubebuilder:validation:MinProperties=1
type APIRevisionStatus struct {
	// conditions are Judged, Admissible, Ready.
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

	// digest is the digest of what was judged: contracts, declared changes and
	// images.
	// +optional
	Digest Digest `json:"digest,omitempty"`

	// contracts are the documents as they were judged.
	// +optional
	// +listType=map
	// +listMapKey=version
	// +kubebuilder:validation:MinItems=1
	// +kubebuilder:validation:MaxItems=20
	Contracts []JudgedContract `json:"contracts,omitempty"`

	// breaking is the number of changes that customers are owed notice of.
	// +optional
	// +kubebuilder:validation:Minimum=0
	Breaking *int32 `json:"breaking,omitempty"`

	// uncovered is the number of those that no notice covers.
	// +optional
	// +kubebuilder:validation:Minimum=0
	Uncovered *int32 `json:"uncovered,omitempty"`

	// earliestTime is the earliest moment at which the revision may serve: with
	// the notices that stand, or, where changes are uncovered, with a notice
	// published at the moment of the verdict.
	// +optional
	EarliestTime *metav1.Time `json:"earliestTime,omitempty"`

	// admissibleUntilTime is the moment at which the revision is admissible no
	// more, because a notice lapses or a waiver ends. Left out, no such moment
	// is known.
	// +optional
	AdmissibleUntilTime *metav1.Time `json:"admissibleUntilTime,omitempty"`

	// nextChangeTime is the moment at which this verdict next changes by itself.
	// +optional
	NextChangeTime *metav1.Time `json:"nextChangeTime,omitempty"`

	// changes lists the changes against what is promised, those that block
	// first, as many as fit into 256 KiB. changesTotal tells whether there are
	// more, and so does the condition Ready.
	// +optional
	// +listType=atomic
	// +kubebuilder:validation:MinItems=1
	// +kubebuilder:validation:MaxItems=500
	Changes []JudgedChange `json:"changes,omitempty"`

	// changesTotal is the number of all changes.
	// +optional
	// +kubebuilder:validation:Minimum=0
	ChangesTotal *int32 `json:"changesTotal,omitempty"`

	// message is the verdict in one line, as a refused rollout shows it.
	// +optional
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=1024
	Message string `json:"message,omitempty"`
}

// JudgedContract is a document as it was judged.
type JudgedContract struct {
	// version is the version that the document describes.
	// +required
	Version VersionName `json:"version,omitempty"`

	// digest is the digest of the document.
	// +required
	Digest Digest `json:"digest,omitempty"`

	// contract is the KeptContract that holds the document.
	// +required
	Contract ObjectName `json:"contract,omitempty"`

	// operations is the number of operations that the document describes.
	// +required
	// +kubebuilder:validation:Minimum=0
	Operations *int32 `json:"operations,omitempty"`
}

// JudgedChange is a change and what customers were told of it.
type JudgedChange struct {
	// fingerprint identifies the change in 12 hex digits, whatever its wording
	// and whichever revision proposes it.
	// +required
	// +kubebuilder:validation:MinLength=12
	// +kubebuilder:validation:MaxLength=12
	Fingerprint string `json:"fingerprint,omitempty"`

	// rule is the id of the rule that found it, or "declared".
	// +required
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=128
	Rule string `json:"rule,omitempty"`

	// class is the class of the change, as it counts: what is owed for it
	// depends on this one.
	// +required
	Class ChangeClass `json:"class,omitempty"`

	// foundAs is the class that the rule has by itself, where a policy moves it
	// to another. Left out, it is class.
	// +optional
	FoundAs ChangeClass `json:"foundAs,omitempty"`

	// version is the version whose customers notice it.
	// +required
	Version VersionName `json:"version,omitempty"`

	// operation is the operation that changes.
	// +optional
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=512
	Operation string `json:"operation,omitempty"`

	// location is the place within the operation.
	// +optional
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=512
	Location string `json:"location,omitempty"`

	// text says in one line what changes.
	// +required
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=512
	Text string `json:"text,omitempty"`

	// owedDays is the number of days of notice owed. Left out, none is.
	// +optional
	// +kubebuilder:validation:Minimum=0
	OwedDays *int32 `json:"owedDays,omitempty"`

	// owedBy is the NoticePolicy that binds.
	// +optional
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=253
	OwedBy string `json:"owedBy,omitempty"`

	// affected is the number of customers whom the change affects: those who
	// used what changes or, where that is not known, all. Left out, it is not
	// known who the customers are, or nobody has to be told.
	// +optional
	// +kubebuilder:validation:Minimum=0
	Affected *int32 `json:"affected,omitempty"`

	// coveredBy is the ChangeNotice that covers the change. Left out, none
	// does.
	// +optional
	CoveredBy ObjectName `json:"coveredBy,omitempty"`

	// maturesTime is the moment from which the change may serve.
	// +optional
	MaturesTime *metav1.Time `json:"maturesTime,omitempty"`
}

// APIRevision proposes what customers of an API would be served; its status
// is the verdict.
//
// +kubebuilder:object:root=true
// +kubebuilder:subresource:status
// +kubebuilder:resource:scope=Namespaced,path=apirevisions,shortName=arev,categories=promises
// +kubebuilder:printcolumn:name="API",type=string,JSONPath=`.spec.apiRef.name`
// +kubebuilder:printcolumn:name="Judged",type=string,JSONPath=`.status.conditions[?(@.type=="Judged")].status`
// +kubebuilder:printcolumn:name="Admissible",type=string,JSONPath=`.status.conditions[?(@.type=="Admissible")].status`
// +kubebuilder:printcolumn:name="Reason",type=string,JSONPath=`.status.conditions[?(@.type=="Admissible")].reason`
// +kubebuilder:printcolumn:name="Breaking",type=integer,JSONPath=`.status.breaking`
// +kubebuilder:printcolumn:name="Uncovered",type=integer,JSONPath=`.status.uncovered`
// +kubebuilder:printcolumn:name="Earliest",type=string,JSONPath=`.status.earliestTime`
// +kubebuilder:printcolumn:name="Age",type=date,JSONPath=`.metadata.creationTimestamp`
// +kubebuilder:validation:XValidation:rule="self.metadata.name.matches('^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$')",message="the name must be a DNS label: at most 63 of a-z, 0-9 and '-'",fieldPath=".metadata"
type APIRevision struct {
	metav1.TypeMeta `json:",inline"`

	// metadata is the metadata of the object.
	// +optional
	metav1.ObjectMeta `json:"metadata,omitempty"`

	// spec is what is proposed.
	// +required
	// +kubebuilder:validation:XValidation:rule="self == oldSelf",message="an APIRevision never changes: propose another under another name"
	Spec APIRevisionSpec `json:"spec,omitzero"`

	// status is the verdict.
	// +optional
	// +default={"observedGeneration":-1}
	Status APIRevisionStatus `json:"status,omitzero"`
}

// APIRevisionList is a list of APIRevisions.
//
// +kubebuilder:object:root=true
type APIRevisionList struct {
	metav1.TypeMeta `json:",inline"`
	metav1.ListMeta `json:"metadata,omitzero"`
	Items           []APIRevision `json:"items"`
}
