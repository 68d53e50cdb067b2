package v1alpha1

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// UsageQuery asks a Prometheus server which customers used which operation.
// +kubebuilder:validation:XValidation:rule="!has(self.tokenFrom) || !self.url.startsWith('http://')",message="a token is sent by a safe connection only: write an https URL, or leave out tokenFrom"
type UsageQuery struct {
	// url is the address of the server, for example
	// "https://prometheus.acme.example".
	// +required
	// +kubebuilder:validation:MinLength=8
	// +kubebuilder:validation:MaxLength=512
	// +kubebuilder:validation:Pattern=`^https?://[^\s/?#@]+(/[^\s?#@]*)?$`
	URL string `json:"url,omitempty"`

	// query is the PromQL that answers with one sample for each customer and
	// operation, whose value says how often the customer used it: 0 or less is
	// not at all. $window stands for windowDays, for example "sum by (customer,
	// operation) (increase(orders_requests_total[$window])) > 0".
	// +required
	// +kubebuilder:validation:MinLength=7
	// +kubebuilder:validation:MaxLength=4096
	// +kubebuilder:validation:XValidation:rule="self.contains('$window')",message="write $window where the query looks back, for example increase(orders_requests_total[$window])"
	Query string `json:"query,omitempty"`

	// windowDays is how many days back counts as lately, for example 90. Who
	// uses an operation once a year is seen with 365 only.
	// +required
	// +kubebuilder:validation:Minimum=1
	// +kubebuilder:validation:Maximum=365
	WindowDays int32 `json:"windowDays,omitempty"`

	// customerLabel is the label of a sample that holds the id of the customer.
	// Left out, it means "customer".
	// +optional
	CustomerLabel MetricLabel `json:"customerLabel,omitempty"`

	// operationLabel is the label that holds the operation, as in "DELETE
	// /orders/{id}". Left out, it means "operation".
	// +optional
	OperationLabel MetricLabel `json:"operationLabel,omitempty"`

	// versionLabel is the label that holds the version of the API. A sample
	// without it counts for every version. Left out, it means "version".
	// +optional
	VersionLabel MetricLabel `json:"versionLabel,omitempty"`

	// tokenFrom is a key of a Secret of this namespace with a token that is sent
	// along (Authorization: Bearer). Left out, none is.
	// +optional
	TokenFrom SecretKeyRef `json:"tokenFrom,omitzero"`

	// authoritiesFrom is a key of a Secret of this namespace with the
	// certificates of the authorities, as PEM, that the server's certificate is
	// checked against. Left out, those of the system are.
	// +optional
	AuthoritiesFrom SecretKeyRef `json:"authoritiesFrom,omitzero"`

	// allowedRanges are the address ranges inside the network that may be
	// connected to for it, for example "10.1.2.3/32". Left out, public addresses
	// are only.
	// +optional
	// +listType=set
	// +kubebuilder:validation:MinItems=1
	// +kubebuilder:validation:MaxItems=16
	// +kubebuilder:validation:items:MinLength=4
	// +kubebuilder:validation:items:MaxLength=43
	// +kubebuilder:validation:items:Pattern=`^([0-9]{1,3}(\.[0-9]{1,3}){3}/[0-9]{1,2}|[0-9A-Fa-f:.]*:[0-9A-Fa-f:.]*/[0-9]{1,3})$`
	AllowedRanges []string `json:"allowedRanges,omitempty"`
}

// MetricLabel is the name of a label of a metric, for example "customer".
//
// +kubebuilder:validation:MinLength=1
// +kubebuilder:validation:MaxLength=128
// +kubebuilder:validation:Pattern=`^[A-Za-z_][A-Za-z0-9_]*$`
type MetricLabel string

// CustomerUsage is how many customers used what. It names no customer.
type CustomerUsage struct {
	// time is the moment that it was asked for: the window ends there.
	// +required
	Time *metav1.Time `json:"time,omitempty"`

	// queryDigest is the digest of the query that it answers. To another it is
	// no answer.
	// +required
	QueryDigest Digest `json:"queryDigest,omitempty"`

	// windowDays is how many days it looks back.
	// +required
	// +kubebuilder:validation:Minimum=1
	// +kubebuilder:validation:Maximum=365
	WindowDays int32 `json:"windowDays,omitempty"`

	// customers is the number of the customers who used anything.
	// +required
	// +kubebuilder:validation:Minimum=0
	Customers *int32 `json:"customers,omitempty"`

	// unlisted is the number of those who used anything and are not in the list. Left
	// out, there are none.
	// +optional
	// +kubebuilder:validation:Minimum=1
	Unlisted int32 `json:"unlisted,omitempty"`

	// versions are how many customers used anything of a version. One that is
	// not listed was used by nobody, but for those whose version is not known.
	// +optional
	// +listType=atomic
	// +kubebuilder:validation:MinItems=1
	// +kubebuilder:validation:MaxItems=64
	Versions []UsedVersion `json:"versions,omitempty"`

	// operations are how many customers used an operation. One that is not
	// listed was used by nobody.
	// +optional
	// +listType=atomic
	// +kubebuilder:validation:MinItems=1
	// +kubebuilder:validation:MaxItems=2000
	Operations []UsedOperation `json:"operations,omitempty"`
}

// UsedVersion is how many customers used anything of a version.
type UsedVersion struct {
	// version is the version. Left out, no version was told, and the customers
	// count for each that is not listed.
	// +optional
	Version VersionName `json:"version,omitempty"`

	// customers is the number of the customers who used it.
	// +required
	// +kubebuilder:validation:Minimum=0
	Customers *int32 `json:"customers,omitempty"`

	// unlisted is the number of those who used it and are not in the list. Left
	// out, there are none.
	// +optional
	// +kubebuilder:validation:Minimum=1
	Unlisted int32 `json:"unlisted,omitempty"`
}

// UsedOperation is how many customers used an operation.
type UsedOperation struct {
	// version is the version that it is of. Left out, no version was told, and
	// the customers count for each that is not listed with the operation.
	// +optional
	Version VersionName `json:"version,omitempty"`

	// operation is the operation, with the names of its parameters left out:
	// "DELETE /orders/{}".
	// +required
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=512
	Operation string `json:"operation,omitempty"`

	// customers is the number of the customers who used it.
	// +required
	// +kubebuilder:validation:Minimum=0
	Customers *int32 `json:"customers,omitempty"`

	// unlisted is the number of those who used it and are not in the list. Left
	// out, there are none.
	// +optional
	// +kubebuilder:validation:Minimum=1
	Unlisted int32 `json:"unlisted,omitempty"`
}
