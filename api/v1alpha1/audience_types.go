package v1alpha1

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// AudienceSpec says who the customers of an API are, how each is reached and
// what their contracts promise them. It holds nothing personal: customers are
// opaque ids, and addresses live in Secrets of the same namespace.
// +kubebuilder:validation:XValidation:rule="has(self.customers) || has(self.customersFrom)",message="name the customers, or the Secret that lists them (customersFrom): a notice to nobody is not a notice"
// +kubebuilder:validation:MinProperties=1
type AudienceSpec struct {
	// customers are named here where they are few. Left out, customersFrom
	// lists them.
	// +optional
	// +listType=map
	// +listMapKey=id
	// +kubebuilder:validation:MinItems=1
	// +kubebuilder:validation:MaxItems=200
	Customers []Customer `json:"customers,omitempty"`

	// customersFrom is a key of a Secret with a list of customers as CSV, which
	// a customer database can write. Left out, customers names them all.
	// +optional
	CustomersFrom SecretKeyRef `json:"customersFrom,omitzero"`

	// staleAfterDays is how old the list of customersFrom may be before it is
	// not believed any more, in days. Its age is that of the annotation
	// forewarn.dev/listed-at of the Secret. Left out, it is believed at any
	// age.
	// +optional
	// +kubebuilder:validation:Minimum=1
	// +kubebuilder:validation:Maximum=3650
	StaleAfterDays int32 `json:"staleAfterDays,omitempty"`

	// usage is how to find out which customers used what lately. Left out, it
	// is not known, and a change affects all customers.
	// +optional
	Usage UsageQuery `json:"usage,omitzero"`
}

// CustomerID is the opaque id of a customer, for example "c-10423". It is no
// address and no name of a person.
//
// +kubebuilder:validation:MinLength=1
// +kubebuilder:validation:MaxLength=63
// +kubebuilder:validation:Pattern=`^[A-Za-z0-9]([-._A-Za-z0-9]*[A-Za-z0-9])?$`
type CustomerID string

// Customer is one customer.
type Customer struct {
	// id is the opaque id of the customer, for example "c-10423".
	// +required
	ID CustomerID `json:"id,omitempty"`

	// locale is the language that the customer reads, as a BCP 47 tag, for
	// example "de-AT". Left out, it is not known.
	// +optional
	// +kubebuilder:validation:MinLength=2
	// +kubebuilder:validation:MaxLength=35
	// +kubebuilder:validation:Pattern=`^[A-Za-z0-9]+(-[A-Za-z0-9]+)*$`
	Locale string `json:"locale,omitempty"`

	// timeZone is the IANA time zone in which a day of notice begins and ends
	// for the customer, for example "Europe/Vienna". Left out, that of the
	// policy counts.
	// +optional
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=64
	TimeZone string `json:"timeZone,omitempty"`

	// holidays names the calendars whose public holidays are no business days
	// of the customer, by ISO 3166 country code, for example "AT".
	// +optional
	// +listType=set
	// +kubebuilder:validation:MinItems=1
	// +kubebuilder:validation:MaxItems=8
	// +kubebuilder:validation:items:MinLength=2
	// +kubebuilder:validation:items:MaxLength=16
	Holidays []string `json:"holidays,omitempty"`

	// owed is the notice that the contract with the customer promises. Where a
	// policy owes more, the policy counts.
	// +optional
	// +listType=atomic
	// +kubebuilder:validation:MinItems=1
	// +kubebuilder:validation:MaxItems=16
	Owed []OwedTerm `json:"owed,omitempty"`

	// servedBy is the customer, a partner, that serves this one. It counts as
	// told when the partner answered, and a partner tells it where it has no
	// contacts. Left out, the customer is served directly.
	// +optional
	ServedBy CustomerID `json:"servedBy,omitempty"`

	// contacts say how the customer is reached.
	// +optional
	// +listType=atomic
	// +kubebuilder:validation:MinItems=1
	// +kubebuilder:validation:MaxItems=8
	Contacts []Contact `json:"contacts,omitempty"`
}

// Contact is one way to reach a customer.
type Contact struct {
	// role is what the contact answers for at the customer, for example
	// "Operations".
	// +required
	Role ContactRole `json:"role,omitempty"`

	// channel is the NoticeChannel that the address is for.
	// +required
	Channel ObjectName `json:"channel,omitempty"`

	// addressFrom is the key of a Secret that holds the address.
	// +required
	AddressFrom SecretKeyRef `json:"addressFrom,omitzero"`
}

// ContactRole is what a contact answers for, for example "Operations".
//
// +kubebuilder:validation:MinLength=1
// +kubebuilder:validation:MaxLength=63
// +kubebuilder:validation:Pattern=`^[A-Z][A-Za-z0-9]*$`
type ContactRole string

// SecretKeyRef names a key of a Secret of the same namespace.
type SecretKeyRef struct {
	// name is the name of the Secret.
	// +required
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=253
	Name string `json:"name,omitempty"`

	// key is the key in its data, for example "customers.csv".
	// +required
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=253
	Key string `json:"key,omitempty"`
}

// AudienceRef names an Audience in the same namespace.
type AudienceRef struct {
	// name is the name of the Audience, for example "orders-customers".
	// +required
	Name ObjectName `json:"name,omitempty"`
}

// FeedVisibility says who may see the published notices of an API on the feed.
//
// +kubebuilder:validation:Enum=Public
type FeedVisibility string

// FeedPublic shows them to everybody.
const FeedPublic FeedVisibility = "Public"

// AudienceStatus is what forewarn made of the list. What was known of it stays
// while it cannot be read.
// +kubebuilder:validation:MinProperties=1
type AudienceStatus struct {
	// conditions are Ready, Reachable and, with a usage query, UsageKnown.
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

	// customers is the number of customers.
	// +optional
	// +kubebuilder:validation:Minimum=0
	Customers *int32 `json:"customers,omitempty"`

	// unreachable is the number of those that no contact leads to.
	// +optional
	// +kubebuilder:validation:Minimum=0
	Unreachable *int32 `json:"unreachable,omitempty"`

	// listTime is the moment at which the list that is in force was written.
	// +optional
	ListTime *metav1.Time `json:"listTime,omitempty"`

	// listDigest is the digest of the list that is in force.
	// +optional
	ListDigest Digest `json:"listDigest,omitempty"`

	// calendars are the different time zones and holidays of the customers: a
	// day of notice is a full day in each of them.
	// +optional
	// +listType=atomic
	// +kubebuilder:validation:MinItems=1
	// +kubebuilder:validation:MaxItems=128
	Calendars []CustomerCalendar `json:"calendars,omitempty"`

	// locales are the languages that the customers read.
	// +optional
	// +listType=atomic
	// +kubebuilder:validation:MinItems=1
	// +kubebuilder:validation:MaxItems=512
	Locales []CustomerLocale `json:"locales,omitempty"`

	// terms are the different promises that contracts make, each with a
	// customer whose contract makes it.
	// +optional
	// +listType=atomic
	// +kubebuilder:validation:MinItems=1
	// +kubebuilder:validation:MaxItems=256
	Terms []ContractTerm `json:"terms,omitempty"`

	// nextChangeTime is the moment at which the list becomes stale by itself.
	// +optional
	NextChangeTime *metav1.Time `json:"nextChangeTime,omitempty"`

	// usage is the last answer to the query that could be believed. It counts
	// for 24 hours.
	// +optional
	Usage CustomerUsage `json:"usage,omitzero"`
}

// CustomerCalendar is where some customers count their days.
type CustomerCalendar struct {
	// timeZone is their IANA time zone. Left out, that of the policy counts.
	// +optional
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=64
	TimeZone string `json:"timeZone,omitempty"`

	// holidays are the calendars whose holidays are no business days of theirs.
	// +optional
	// +listType=set
	// +kubebuilder:validation:MinItems=1
	// +kubebuilder:validation:MaxItems=8
	// +kubebuilder:validation:items:MinLength=2
	// +kubebuilder:validation:items:MaxLength=16
	Holidays []string `json:"holidays,omitempty"`

	// customers is their number.
	// +required
	// +kubebuilder:validation:Minimum=1
	Customers int32 `json:"customers,omitempty"`
}

// ContractTerm is notice that contracts with customers promise.
type ContractTerm struct {
	// customer is one of those whose contract promises it: the first by id.
	// +required
	Customer CustomerID `json:"customer,omitempty"`

	// customers is the number of contracts that promise it.
	// +required
	// +kubebuilder:validation:Minimum=1
	Customers int32 `json:"customers,omitempty"`

	// owed is what is promised.
	// +required
	Owed OwedTerm `json:"owed,omitzero"`

	// timeZone is the IANA time zone in which its days are counted. Left out,
	// it means UTC.
	// +optional
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=64
	TimeZone string `json:"timeZone,omitempty"`

	// holidays are the calendars whose holidays are no business days.
	// +optional
	// +listType=set
	// +kubebuilder:validation:MinItems=1
	// +kubebuilder:validation:MaxItems=8
	// +kubebuilder:validation:items:MinLength=2
	// +kubebuilder:validation:items:MaxLength=16
	Holidays []string `json:"holidays,omitempty"`
}

// Audience is who the customers of an API are.
//
// +kubebuilder:object:root=true
// +kubebuilder:subresource:status
// +kubebuilder:resource:scope=Namespaced,path=audiences,shortName=audience,categories=promises
// +kubebuilder:printcolumn:name="Customers",type=integer,JSONPath=`.status.customers`
// +kubebuilder:printcolumn:name="Unreachable",type=integer,JSONPath=`.status.unreachable`
// +kubebuilder:printcolumn:name="Reachable",type=string,JSONPath=`.status.conditions[?(@.type=="Reachable")].status`
// +kubebuilder:printcolumn:name="Ready",type=string,JSONPath=`.status.conditions[?(@.type=="Ready")].status`
// +kubebuilder:printcolumn:name="Reason",type=string,JSONPath=`.status.conditions[?(@.type=="Ready")].reason`
// +kubebuilder:printcolumn:name="Listed",type=string,JSONPath=`.status.listTime`
// +kubebuilder:printcolumn:name="Age",type=date,JSONPath=`.metadata.creationTimestamp`
// +kubebuilder:validation:XValidation:rule="self.metadata.name.matches('^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$')",message="the name must be a DNS label: at most 63 of a-z, 0-9 and '-'",fieldPath=".metadata"
type Audience struct {
	metav1.TypeMeta `json:",inline"`

	// metadata is the metadata of the object.
	// +optional
	metav1.ObjectMeta `json:"metadata,omitempty"`

	// spec says who the customers are.
	// +required
	Spec AudienceSpec `json:"spec,omitzero"`

	// status is what forewarn made of it.
	// +optional
	// +default={"observedGeneration":-1}
	Status AudienceStatus `json:"status,omitzero"`
}

// AudienceList is a list of Audiences.
//
// +kubebuilder:object:root=true
type AudienceList struct {
	metav1.TypeMeta `json:",inline"`
	metav1.ListMeta `json:"metadata,omitzero"`
	Items           []Audience `json:"items"`
}
