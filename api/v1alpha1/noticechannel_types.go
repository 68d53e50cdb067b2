package v1alpha1

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// NoticeChannelSpec is a way to reach customers: by mail or by signed webhooks.
// +kubebuilder:validation:XValidation:rule="has(self.mail) != has(self.webhook)",message="set mail or webhook, and not both"
// +kubebuilder:validation:MinProperties=1
type NoticeChannelSpec struct {
	// mail sends one message to each customer.
	// +optional
	Mail MailChannel `json:"mail,omitzero"`

	// webhook posts a signed event to each customer.
	// +optional
	Webhook WebhookChannel `json:"webhook,omitzero"`

	// allowedRanges are the address ranges inside the network that the channel
	// may connect to, for example "10.1.2.3/32" for a mail relay. Left out, it
	// connects to public addresses only.
	// ---
	// The pattern tells ranges from addresses and names. What it lets through
	// and is no range all the same, the condition Ready tells.
	// +optional
	// +listType=set
	// +kubebuilder:validation:MinItems=1
	// +kubebuilder:validation:MaxItems=16
	// +kubebuilder:validation:items:MinLength=4
	// +kubebuilder:validation:items:MaxLength=43
	// +kubebuilder:validation:items:Pattern=`^([0-9]{1,3}(\.[0-9]{1,3}){3}/[0-9]{1,2}|[0-9A-Fa-f:.]*:[0-9A-Fa-f:.]*/[0-9]{1,3})$`
	AllowedRanges []string `json:"allowedRanges,omitempty"`
}

// MailChannel sends mail through a server.
// +kubebuilder:validation:XValidation:rule="!has(self.security) || self.security != 'None' || !has(self.credentialsFrom)",message="a password is sent by a safe connection only: set security to StartTLS or Implicit, or leave out credentialsFrom"
type MailChannel struct {
	// host is the mail server, for example "smtp.acme.example". Its port is
	// not part of it.
	// +required
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=253
	// +kubebuilder:validation:Pattern=`^([A-Za-z0-9]([-.A-Za-z0-9]*[.A-Za-z0-9])?|[0-9A-Fa-f:.]*:[0-9A-Fa-f:.]*:[0-9A-Fa-f:.]*)$`
	Host string `json:"host,omitempty"`

	// port is its port. Left out, it means 587, or 465 with security Implicit,
	// or 25 with None.
	// +optional
	// +kubebuilder:validation:Minimum=1
	// +kubebuilder:validation:Maximum=65535
	Port int32 `json:"port,omitempty"`

	// security says how the connection is protected: StartTLS, Implicit or
	// None. Left out, it means StartTLS, and nothing is sent without it.
	// +optional
	Security MailSecurity `json:"security,omitempty"`

	// from is the address that mail is sent from, for example
	// "notices@acme.example" or "Acme APIs <notices@acme.example>". It is the
	// company's, not a person's.
	// +required
	// +kubebuilder:validation:MinLength=3
	// +kubebuilder:validation:MaxLength=254
	// +kubebuilder:validation:Pattern=`^[^@\x00-\x1f\x7f-\x9f]*[^@\x00-\x20\x7f-\x9f]@[^@\x00-\x20\x7f-\x9f]+$`
	From string `json:"from,omitempty"`

	// replyTo is the address that answers go to. Left out, they go to from.
	// +optional
	// +kubebuilder:validation:MinLength=3
	// +kubebuilder:validation:MaxLength=254
	// +kubebuilder:validation:Pattern=`^[^@\x00-\x1f\x7f-\x9f]*[^@\x00-\x20\x7f-\x9f]@[^@\x00-\x20\x7f-\x9f]+$`
	ReplyTo string `json:"replyTo,omitempty"`

	// credentialsFrom is a Secret of this namespace with the keys username and
	// password. Left out, the channel does not sign in.
	// +optional
	CredentialsFrom SecretRef `json:"credentialsFrom,omitzero"`

	// authoritiesFrom is a key of a Secret of this namespace with the
	// certificates of the authorities, as PEM, that the server's certificate is
	// checked against. Left out, those of the system are.
	// +optional
	AuthoritiesFrom SecretKeyRef `json:"authoritiesFrom,omitzero"`

	// bounces says how mails that come back are taken in, so that what they
	// were to prove is taken back. Left out, none are.
	// +optional
	Bounces MailBounces `json:"bounces,omitzero"`
}

// MailBounces says how mails that come back are taken in.
type MailBounces struct {
	// address is where servers send back what they cannot deliver, for example
	// "bounces@acme.example": the sender in the envelope of the mails. Left
	// out, it is the address in from.
	// +optional
	// +kubebuilder:validation:MinLength=3
	// +kubebuilder:validation:MaxLength=254
	// +kubebuilder:validation:Pattern=`^[^@<>\x00-\x20\x7f-\x9f]+@[^@<>\x00-\x20\x7f-\x9f]+$`
	Address string `json:"address,omitempty"`

	// keysFrom is a Secret of this namespace with the key current, and while
	// keys are rotated the key previous besides. Whoever hands in what came
	// back signs it with one of them, as Standard Webhooks says (whsec_...).
	// +required
	KeysFrom SecretRef `json:"keysFrom,omitzero"`
}

// MailSecurity says how the connection to a mail server is protected.
//
// +kubebuilder:validation:Enum=StartTLS;Implicit;None
type MailSecurity string

// Ways to protect the connection to a mail server.
const (
	MailStartTLS MailSecurity = "StartTLS"
	MailImplicit MailSecurity = "Implicit"
	MailNone     MailSecurity = "None"
)

// WebhookChannel posts CloudEvents with the signatures of Standard Webhooks.
type WebhookChannel struct {
	// keysFrom is a Secret of this namespace with the key current, and while
	// keys are rotated the key previous besides: each a signing key as Standard
	// Webhooks writes it (whsec_...).
	// +required
	KeysFrom SecretRef `json:"keysFrom,omitzero"`

	// scheme says which addresses are taken: HTTPS, or Any for HTTP as well.
	// Left out, it means HTTPS.
	// +optional
	Scheme WebhookScheme `json:"scheme,omitempty"`

	// authoritiesFrom is a key of a Secret of this namespace with the
	// certificates of the authorities, as PEM, that receivers' certificates are
	// checked against. Left out, those of the system are.
	// +optional
	AuthoritiesFrom SecretKeyRef `json:"authoritiesFrom,omitzero"`
}

// WebhookScheme says which addresses of receivers are taken.
//
// +kubebuilder:validation:Enum=HTTPS;Any
type WebhookScheme string

// Schemes of webhooks.
const (
	WebhookHTTPS WebhookScheme = "HTTPS"
	WebhookAny   WebhookScheme = "Any"
)

// SecretRef names a Secret of the same namespace.
type SecretRef struct {
	// name is the name of the Secret.
	// +required
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=253
	Name string `json:"name,omitempty"`
}

// NoticeChannelStatus says whether the channel works.
// +kubebuilder:validation:MinProperties=1
type NoticeChannelStatus struct {
	// conditions hold Ready, which says whether notices could be sent by it, and
	// TakesBounces, which says whether mails that come back are taken in.
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

// NoticeChannel is a way to reach customers.
//
// +kubebuilder:object:root=true
// +kubebuilder:subresource:status
// +kubebuilder:resource:scope=Namespaced,path=noticechannels,shortName=nchan
// +kubebuilder:printcolumn:name="Mail",type=string,JSONPath=`.spec.mail.host`
// +kubebuilder:printcolumn:name="Ready",type=string,JSONPath=`.status.conditions[?(@.type=="Ready")].status`
// +kubebuilder:printcolumn:name="Reason",type=string,JSONPath=`.status.conditions[?(@.type=="Ready")].reason`
// +kubebuilder:printcolumn:name="Age",type=date,JSONPath=`.metadata.creationTimestamp`
// +kubebuilder:validation:XValidation:rule="self.metadata.name.matches('^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$')",message="the name must be a DNS label: at most 63 of a-z, 0-9 and '-'",fieldPath=".metadata"
type NoticeChannel struct {
	metav1.TypeMeta `json:",inline"`

	// metadata is the metadata of the object.
	// +optional
	metav1.ObjectMeta `json:"metadata,omitempty"`

	// spec is the way.
	// +required
	Spec NoticeChannelSpec `json:"spec,omitzero"`

	// status says whether it works.
	// +optional
	// +default={"observedGeneration":-1}
	Status NoticeChannelStatus `json:"status,omitzero"`
}

// NoticeChannelList is a list of NoticeChannels.
//
// +kubebuilder:object:root=true
type NoticeChannelList struct {
	metav1.TypeMeta `json:",inline"`
	metav1.ListMeta `json:"metadata,omitzero"`
	Items           []NoticeChannel `json:"items"`
}
