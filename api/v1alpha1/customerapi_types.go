package v1alpha1

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// CustomerAPISpec declares an API that customers rely on.
type CustomerAPISpec struct {
	// title is what customers call the API, for example "Orders API".
	// +required
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=120
	Title string `json:"title,omitempty"`

	// owner is the team that answers for it, for example "team-orders". A
	// team, not a person.
	// +optional
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=63
	Owner string `json:"owner,omitempty"`

	// product groups APIs that customers buy as one: an operation that another
	// API of the same product serves unchanged has moved and is not gone. Left
	// out, the API stands alone.
	// +optional
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=63
	Product string `json:"product,omitempty"`

	// versions are the versions that customers may use.
	// +required
	// +listType=map
	// +listMapKey=name
	// +kubebuilder:validation:MinItems=1
	// +kubebuilder:validation:MaxItems=20
	Versions []APIVersion `json:"versions,omitempty"`

	// carriedBy says which pods carry the API.
	// +required
	CarriedBy Carrier `json:"carriedBy,omitzero"`

	// baseline confirms the first contract of the API, which nothing could be
	// compared with. Left out, the first contract counts, and is shown as
	// merely declared.
	// +optional
	Baseline Baseline `json:"baseline,omitzero"`

	// audienceRef names the Audience that says who the customers are. Left
	// out, nobody is known: what the policies owe is owed, and a notice counts
	// from its publication only.
	// +optional
	AudienceRef AudienceRef `json:"audienceRef,omitzero"`

	// feed says who may see the published notices of the API on the feed that
	// the manager serves: Public. Left out, nobody.
	// +optional
	Feed FeedVisibility `json:"feed,omitempty"`
}

// APIVersion is a version of an API as customers know it.
type APIVersion struct {
	// name is the name of the version, for example "v1".
	// +required
	Name VersionName `json:"name,omitempty"`

	// stability is what customers were told to expect of it.
	// +required
	Stability Stability `json:"stability,omitempty"`
}

// Carrier says which pods carry an API. At least one of its fields is set;
// what any of them selects is governed.
// +kubebuilder:validation:XValidation:rule="has(self.services) || has(self.matchLabels)",message="name the services that carry the API, or the labels of its pods (matchLabels)"
// +kubebuilder:validation:MinProperties=1
type Carrier struct {
	// services are the names of the Services whose pods carry the API, for
	// example "orders".
	// +optional
	// +listType=set
	// +kubebuilder:validation:MinItems=1
	// +kubebuilder:validation:MaxItems=20
	// +kubebuilder:validation:items:MinLength=1
	// +kubebuilder:validation:items:MaxLength=63
	Services []string `json:"services,omitempty"`

	// matchLabels are labels of the pods that carry the API, for an API that
	// no Service leads to.
	// +optional
	// +kubebuilder:validation:MinProperties=1
	// +kubebuilder:validation:MaxProperties=20
	MatchLabels map[string]string `json:"matchLabels,omitempty"`

	// httpRoutes are the names of the HTTPRoutes (Gateway API) by which
	// customers come to those Services, for example "orders". They are not
	// deleted, and do not lead elsewhere, without notice.
	// +optional
	// +listType=set
	// +kubebuilder:validation:MinItems=1
	// +kubebuilder:validation:MaxItems=20
	// +kubebuilder:validation:items:MinLength=1
	// +kubebuilder:validation:items:MaxLength=253
	// +kubebuilder:validation:items:Pattern=`^[a-z0-9]([-.a-z0-9]*[a-z0-9])?$`
	HTTPRoutes []string `json:"httpRoutes,omitempty"`

	// slotKeys are label keys by which blue-green or canary deployments tell
	// their halves apart, for example "slot". They are left out of every
	// comparison, so that a half that takes no traffic yet is governed too.
	// +optional
	// +listType=set
	// +kubebuilder:validation:MinItems=1
	// +kubebuilder:validation:MaxItems=8
	// +kubebuilder:validation:items:MinLength=1
	// +kubebuilder:validation:items:MaxLength=317
	SlotKeys []string `json:"slotKeys,omitempty"`
}

// Baseline confirms a first contract.
type Baseline struct {
	// revision is the name of the APIRevision whose contract is confirmed.
	// +required
	Revision ObjectName `json:"revision,omitempty"`

	// approvedBy is the name by which the API server knows whoever confirms
	// it. Setting it needs the verb "approve" on this CustomerAPI.
	// +required
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=253
	ApprovedBy string `json:"approvedBy,omitempty"`
}

// CustomerAPIStatus is what customers of the API rely on today.
// +kubebuilder:validation:MinProperties=1
type CustomerAPIStatus struct {
	// conditions are Ready, Governed, BaselineConfirmed and, where httpRoutes
	// are named, RoutesAccepted.
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

	// versions are the versions that customers may use, separated by commas,
	// with the stability of those that are not Stable, for example
	// "v1,v2 (Beta)".
	// +optional
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=2048
	Versions string `json:"versions,omitempty"`

	// enforcement is what happens to a rollout that is not admissible. Left
	// out, no policy selects the API, or no label set is there by which a pod
	// could be told to carry it.
	// +optional
	Enforcement Enforcement `json:"enforcement,omitempty"`

	// policies are the NoticePolicies that bind the API.
	// +optional
	// +listType=set
	// +kubebuilder:validation:MinItems=1
	// +kubebuilder:validation:MaxItems=100
	// +kubebuilder:validation:items:MinLength=1
	// +kubebuilder:validation:items:MaxLength=253
	Policies []string `json:"policies,omitempty"`

	// bound are the NoticePolicies that bind the API and, with untilTime, those
	// that did before they were loosened.
	// +optional
	// +listType=atomic
	// +kubebuilder:validation:MinItems=1
	// +kubebuilder:validation:MaxItems=32
	Bound []BoundPolicy `json:"bound,omitempty"`

	// selectors are the label sets that make pods part of the API: those that
	// carriedBy gives, and those that it gave before for as long as they are
	// needed (keptFor). The last one known stays when a Service is gone or
	// selects nothing any more.
	// +optional
	// +listType=atomic
	// +kubebuilder:validation:MinItems=1
	// +kubebuilder:validation:MaxItems=64
	Selectors []PodSelector `json:"selectors,omitempty"`

	// servingRevision is the APIRevision that serves, or several, separated by
	// commas, while a rollout is under way.
	// +optional
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=2048
	ServingRevision string `json:"servingRevision,omitempty"`

	// serving is what serves customers, per workload. An entry leaves only when
	// another has completed its rollout and no pod of it is left.
	// +optional
	// +listType=atomic
	// +kubebuilder:validation:MinItems=1
	// +kubebuilder:validation:MaxItems=256
	Serving []ServingRevision `json:"serving,omitempty"`

	// promised is what customers have come to rely on: a contract for each
	// version, or several while several serve.
	// +optional
	// +listType=atomic
	// +kubebuilder:validation:MinItems=1
	// +kubebuilder:validation:MaxItems=64
	Promised []PromisedContract `json:"promised,omitempty"`

	// confirmedBaseline is the revision that spec.baseline confirms, once it
	// was seen to be promised. Left out, nobody confirmed what is promised.
	// +optional
	ConfirmedBaseline ObjectName `json:"confirmedBaseline,omitempty"`

	// wayBack lists what served lately and may be rolled back to.
	// +optional
	// +listType=atomic
	// +kubebuilder:validation:MinItems=1
	// +kubebuilder:validation:MaxItems=64
	WayBack []PastRevision `json:"wayBack,omitempty"`

	// images are those of ready pods that customers were led to within
	// rollbackDays, what runs first and then the latest. They may come back.
	// +optional
	// +listType=atomic
	// +kubebuilder:validation:MinItems=1
	// +kubebuilder:validation:MaxItems=64
	Images []PastImage `json:"images,omitempty"`

	// brokenPromises lists what reached customers without the notice they were
	// owed, the latest last.
	// +optional
	// +listType=atomic
	// +kubebuilder:validation:MinItems=1
	// +kubebuilder:validation:MaxItems=50
	BrokenPromises []BrokenPromise `json:"brokenPromises,omitempty"`

	// brokenPromiseCount counts all broken promises, also those that
	// brokenPromises no longer holds.
	// +optional
	// +kubebuilder:validation:Minimum=0
	BrokenPromiseCount *int32 `json:"brokenPromiseCount,omitempty"`

	// noticesInForce are the notices of which something serves or has served,
	// each with the moment at which that was first seen. Of more than 64 the
	// oldest are left out: a ChangeNotice keeps its own inForceTime.
	// +optional
	// +listType=atomic
	// +kubebuilder:validation:MinItems=1
	// +kubebuilder:validation:MaxItems=64
	NoticesInForce []NoticeInForce `json:"noticesInForce,omitempty"`

	// nextChangeTime is the moment at which what is admissible next changes by
	// itself.
	// +optional
	NextChangeTime *metav1.Time `json:"nextChangeTime,omitempty"`
}

// CustomerAPI is an API that customers rely on.
//
// +kubebuilder:object:root=true
// +kubebuilder:subresource:status
// +kubebuilder:resource:scope=Namespaced,path=customerapis,shortName=cusapi,categories=promises
// +kubebuilder:printcolumn:name="Title",type=string,JSONPath=`.spec.title`,priority=1
// +kubebuilder:printcolumn:name="Versions",type=string,JSONPath=`.status.versions`
// +kubebuilder:printcolumn:name="Serving",type=string,JSONPath=`.status.servingRevision`
// +kubebuilder:printcolumn:name="Enforcement",type=string,JSONPath=`.status.enforcement`
// +kubebuilder:printcolumn:name="Broken",type=integer,JSONPath=`.status.brokenPromiseCount`
// +kubebuilder:printcolumn:name="Next change",type=string,JSONPath=`.status.nextChangeTime`
// +kubebuilder:printcolumn:name="Ready",type=string,JSONPath=`.status.conditions[?(@.type=="Ready")].status`
// +kubebuilder:printcolumn:name="Reason",type=string,JSONPath=`.status.conditions[?(@.type=="Ready")].reason`
// +kubebuilder:printcolumn:name="Age",type=date,JSONPath=`.metadata.creationTimestamp`
// +kubebuilder:validation:XValidation:rule="self.metadata.name.matches('^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$')",message="the name must be a DNS label: at most 63 of a-z, 0-9 and '-'",fieldPath=".metadata"
type CustomerAPI struct {
	metav1.TypeMeta `json:",inline"`

	// metadata is the metadata of the object.
	// +optional
	metav1.ObjectMeta `json:"metadata,omitempty"`

	// spec declares the API.
	// +required
	Spec CustomerAPISpec `json:"spec,omitzero"`

	// status is what customers rely on.
	// +optional
	// +default={"observedGeneration":-1}
	Status CustomerAPIStatus `json:"status,omitzero"`
}

// CustomerAPIList is a list of CustomerAPIs.
//
// +kubebuilder:object:root=true
type CustomerAPIList struct {
	metav1.TypeMeta `json:",inline"`
	metav1.ListMeta `json:"metadata,omitzero"`
	Items           []CustomerAPI `json:"items"`
}
