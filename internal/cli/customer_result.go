package cli

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	v1alpha1 "forewarn.dev/forewarn/api/v1alpha1"
)

// KindCustomer is the kind of a CustomerResult.
const KindCustomer = "Customer"

// CustomerResult is what customer export prints with -o json or yaml.
type CustomerResult struct {
	// APIVersion is ResultVersion.
	APIVersion string `json:"apiVersion"`
	// Kind is Customer.
	Kind string `json:"kind"`
	// Customer is the opaque id.
	Customer string `json:"customer"`
	// Namespace is where it was looked for.
	Namespace string `json:"namespace"`
	// EvaluatedTime is the moment that the answer holds for.
	EvaluatedTime metav1.Time `json:"evaluatedTime"`
	// Held is what is held of the customer, by Audience.
	Held []HeldResult `json:"held,omitempty"`
	// Named are the statuses that hold the id, since the customer's contract is one of those that bind.
	Named []string `json:"named,omitempty"`
	// Sent is what the customer was told or is to be, the first message first.
	Sent []SentResult `json:"sent,omitempty"`
	// NotSeen is what could not be read. With it, the answer is not complete.
	NotSeen []string `json:"notSeen,omitempty"`
}

// HeldResult is what one Audience holds of a customer.
type HeldResult struct {
	Audience string `json:"audience"`
	// Entry is that of spec.customers.
	Entry *v1alpha1.Customer `json:"entry,omitempty"`
	// Addresses are those that the entry leads to.
	Addresses []AddressResult `json:"addresses,omitempty"`
	// Rows are those of the list that the Audience names.
	Rows []RowResult `json:"rows,omitempty"`
	// Copies are the objects that hold it once more, as kubectl applied them, in an annotation.
	Copies []string `json:"copies,omitempty"`
}

// AddressResult is an address, and the key of the Secret that it stands in.
type AddressResult struct {
	Role    string `json:"role"`
	Channel string `json:"channel"`
	Address string `json:"address"`
	Secret  string `json:"secret"`
	Key     string `json:"key"`
}

// RowResult is a row of a list as it stands there.
type RowResult struct {
	Secret string `json:"secret"`
	Key    string `json:"key"`
	// Line is where it begins; 1 is the header.
	Line int `json:"line"`
	// Columns are those that hold something.
	Columns map[string]string `json:"columns"`
}

// SentResult is one message.
type SentResult struct {
	v1alpha1.Delivery `json:",inline"`

	// Notice is the ChangeNotice, and Record the DeliveryRecord that says so.
	Notice string `json:"notice"`
	Record string `json:"record"`
	// Stage is the occasion, and Channel the NoticeChannel.
	Stage   string `json:"stage"`
	Channel string `json:"channel"`
	// Subject and Text are those of the letter. They are left out of what was not tried yet.
	Subject string `json:"subject,omitempty"`
	Text    string `json:"text,omitempty"`
	// NoticeGone: the notice is not there any more, and nor is the text.
	NoticeGone bool `json:"noticeGone,omitempty"`
}
