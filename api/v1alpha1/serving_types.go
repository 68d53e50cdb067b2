package v1alpha1

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// ServingRevision is a revision that a workload serves.
type ServingRevision struct {
	// workload is the workload whose pods serve it.
	// +required
	Workload WorkloadRef `json:"workload,omitzero"`

	// revision is the APIRevision that the pods name. Left out, they name none:
	// they ran before the API was declared.
	// +optional
	Revision ObjectName `json:"revision,omitempty"`

	// since is the moment at which it was first seen to serve.
	// +required
	Since *metav1.Time `json:"since,omitempty"`

	// completedTime is the moment at which its rollout was complete. Left out,
	// it is under way.
	// +optional
	CompletedTime *metav1.Time `json:"completedTime,omitempty"`

	// waitingSince is the moment from which it has been there without that
	// customers were ever led to it, as is so of the half of a blue-green
	// deployment that is to come. Left out, they were.
	// +optional
	WaitingSince *metav1.Time `json:"waitingSince,omitempty"`

	// digest is the digest of the revision when it was first seen to serve. An
	// object made anew under its name with other contents is not what serves.
	// Left out, it is not known yet.
	// +optional
	Digest Digest `json:"digest,omitempty"`

	// images are those that the revision of this digest lists or, for pods that
	// name no revision, the images of the pods.
	// +optional
	// +listType=set
	// +kubebuilder:validation:MinItems=1
	// +kubebuilder:validation:MaxItems=64
	// +kubebuilder:validation:items:MinLength=1
	// +kubebuilder:validation:items:MaxLength=1024
	Images []string `json:"images,omitempty"`

	// breachImages are those of images that broke a promise: they appeared in
	// pods that name no revision while something was promised. They may go on
	// serving, and once they have left they have no way back.
	// +optional
	// +listType=set
	// +kubebuilder:validation:MinItems=1
	// +kubebuilder:validation:MaxItems=64
	// +kubebuilder:validation:items:MinLength=1
	// +kubebuilder:validation:items:MaxLength=1024
	BreachImages []string `json:"breachImages,omitempty"`
}

// NoticeInForce is a notice of which something has come to serve.
type NoticeInForce struct {
	// notice is the ChangeNotice that told customers of it.
	// +required
	Notice ObjectName `json:"notice,omitempty"`

	// revision is the APIRevision by which it was first seen to serve.
	// +required
	Revision ObjectName `json:"revision,omitempty"`

	// time is the moment at which it was.
	// +required
	Time *metav1.Time `json:"time,omitempty"`
}

// PromisedContract is a contract that customers rely on.
type PromisedContract struct {
	// version is the version that it describes.
	// +required
	Version VersionName `json:"version,omitempty"`

	// stability is the strongest that customers were told to expect.
	// +required
	Stability Stability `json:"stability,omitempty"`

	// revision is the APIRevision that promised it.
	// +required
	Revision ObjectName `json:"revision,omitempty"`

	// contract is the KeptContract that holds the document.
	// +required
	Contract ObjectName `json:"contract,omitempty"`

	// since is the moment from which customers are taken to rely on it.
	// +required
	Since *metav1.Time `json:"since,omitempty"`
}

// PastRevision is a revision that served.
type PastRevision struct {
	// revision is the APIRevision that served. Left out, the pods named none.
	// +optional
	Revision ObjectName `json:"revision,omitempty"`

	// digest is the digest of the revision as it served.
	// +optional
	Digest Digest `json:"digest,omitempty"`

	// since is the moment from which it served. Left out, the pods named none.
	// +optional
	Since *metav1.Time `json:"since,omitempty"`

	// untilTime is the moment until which it may be rolled back to.
	// +required
	UntilTime *metav1.Time `json:"untilTime,omitempty"`

	// waitingSince is the moment from which it was there without that customers
	// were ever led to it: it may run again, and no Service is moved to it for
	// that. Left out, they were.
	// +optional
	WaitingSince *metav1.Time `json:"waitingSince,omitempty"`

	// images are the images it ran with, where images are compared.
	// +optional
	// +listType=set
	// +kubebuilder:validation:MinItems=1
	// +kubebuilder:validation:MaxItems=64
	// +kubebuilder:validation:items:MinLength=1
	// +kubebuilder:validation:items:MaxLength=1024
	Images []string `json:"images,omitempty"`
}
