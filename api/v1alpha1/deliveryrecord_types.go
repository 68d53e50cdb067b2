package v1alpha1

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// DeliveryRecordSpec names what a record is about: at most 500 customers who
// are told of one notice, on one occasion, by one channel. It never changes.
type DeliveryRecordSpec struct {
	// noticeRef names the ChangeNotice.
	// +required
	NoticeRef NoticeRef `json:"noticeRef,omitzero"`

	// channel is the NoticeChannel that they are told by.
	// +required
	Channel ObjectName `json:"channel,omitempty"`

	// stage is the occasion, for example "Published" or "Reminder-30".
	// +required
	Stage NoticeStage `json:"stage,omitempty"`

	// shard counts the records of a notice, stage and channel, from 0.
	// +required
	// +kubebuilder:validation:Minimum=0
	// +kubebuilder:validation:Maximum=999
	Shard *int32 `json:"shard,omitempty"`

	// records is how many records the stage has, over all channels and shards,
	// as it was planned. A stage with fewer was not planned to the end. Left
	// out, it is not known, and counts as 1.
	// +optional
	// +kubebuilder:validation:Minimum=1
	// +kubebuilder:validation:Maximum=9999
	Records int32 `json:"records,omitempty"`

	// effectiveTime is the date that these customers are told, whatever becomes
	// of the notice while they are. Left out, it is not known.
	// +optional
	EffectiveTime *metav1.Time `json:"effectiveTime,omitempty"`

	// updates is how many updates the notice had when the record was planned:
	// these customers are told of them with it. Left out, it had none.
	// +optional
	// +kubebuilder:validation:Minimum=1
	// +kubebuilder:validation:Maximum=50
	Updates int32 `json:"updates,omitempty"`
}

// NoticeRef names a ChangeNotice in the same namespace.
type NoticeRef struct {
	// name is the name of the ChangeNotice, for example "orders-no-delete".
	// +required
	Name ObjectName `json:"name,omitempty"`

	// uid tells it from another that had the name before.
	// +required
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=64
	UID string `json:"uid,omitempty"`
}

// NoticeStage is an occasion on which customers are told of a notice: for
// example "Reminder-30", 30 days before, and "Reminder-30-2", 30 days before
// the date of the second postponement.
//
// +kubebuilder:validation:MinLength=1
// +kubebuilder:validation:MaxLength=32
// +kubebuilder:validation:Pattern=`^(Published|Withdrawn|Superseded|InForce|(Postponed|Updated)-[1-9][0-9]{0,3}|Reminder-[1-9][0-9]{0,3}(-[1-9][0-9]{0,3})?)$`
type NoticeStage string

// DeliveryRecordStatus is what became of each customer's message.
// +kubebuilder:validation:MinProperties=1
type DeliveryRecordStatus struct {
	// deliveries hold one entry for each customer.
	// ---
	// As a whole, since one process writes them: to keep who owns which field of
	// hundreds of entries makes each write take several times as long.
	// +optional
	// +listType=atomic
	// +kubebuilder:validation:MinItems=1
	// +kubebuilder:validation:MaxItems=500
	Deliveries []Delivery `json:"deliveries,omitempty"`

	// delivered is the number of those that were delivered.
	// +optional
	// +kubebuilder:validation:Minimum=0
	Delivered *int32 `json:"delivered,omitempty"`

	// total is the number of entries.
	// +optional
	// +kubebuilder:validation:Minimum=0
	Total *int32 `json:"total,omitempty"`

	// nextAttemptTime is the earliest moment at which something of it is sent
	// again.
	// +optional
	NextAttemptTime *metav1.Time `json:"nextAttemptTime,omitempty"`
}

// Delivery is what became of one customer's message.
type Delivery struct {
	// customer is the opaque id of the customer.
	// +required
	Customer CustomerID `json:"customer,omitempty"`

	// id identifies the message, however often it is sent.
	// +required
	// +kubebuilder:validation:MinLength=32
	// +kubebuilder:validation:MaxLength=32
	// +kubebuilder:validation:Pattern=`^[0-9a-f]{32}$`
	ID string `json:"id,omitempty"`

	// state is how far it is.
	// +required
	State DeliveryState `json:"state,omitempty"`

	// attempts counts how often it was tried.
	// +optional
	// +kubebuilder:validation:Minimum=0
	Attempts *int32 `json:"attempts,omitempty"`

	// plannedTime is the moment at which it was decided that the customer is to
	// be told. All attempts send the same.
	// +required
	PlannedTime *metav1.Time `json:"plannedTime,omitempty"`

	// nextAttemptTime is the moment at which it is tried again.
	// +optional
	NextAttemptTime *metav1.Time `json:"nextAttemptTime,omitempty"`

	// deliveredTime is the moment at which the other side took it over.
	// +optional
	DeliveredTime *metav1.Time `json:"deliveredTime,omitempty"`

	// reason is why it was not delivered, for example "MailRefused".
	// ---
	// A word of ours: what a server answers may name a person.
	// +optional
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=63
	// +kubebuilder:validation:Pattern=`^[A-Z][A-Za-z0-9]*$`
	Reason string `json:"reason,omitempty"`

	// servedBy is the partner that serves this customer, and whose answer
	// counts for it. Left out, it is served directly.
	// +optional
	ServedBy CustomerID `json:"servedBy,omitempty"`

	// answer is what the customer answered last. It stands with the entry of
	// the customer in the first record of the stage Published, by name. Left
	// out, there is none, or it was taken back.
	// +optional
	Answer CustomerAnswer `json:"answer,omitempty"`

	// answerTime is the moment at which it was answered.
	// +optional
	AnswerTime *metav1.Time `json:"answerTime,omitempty"`

	// neededUntil is the end of the day until which the customer needs things
	// to stay as they are, for example "2027-08-02T00:00:00Z" for 1 August.
	// Left out, it needs no more time.
	// +optional
	NeededUntil *metav1.Time `json:"neededUntil,omitempty"`
}

// CustomerAnswer is what a customer answers to a notice.
//
// +kubebuilder:validation:Enum=Understood;NeedsTime
type CustomerAnswer string

// Answers.
const (
	// AnswerUnderstood: the change may come as it was told.
	AnswerUnderstood CustomerAnswer = "Understood"
	// AnswerNeedsTime: the customer objects, and says until when it needs things
	// to stay as they are.
	AnswerNeedsTime CustomerAnswer = "NeedsTime"
)

// DeliveryState is how far a message is.
//
// +kubebuilder:validation:Enum=Planned;Sending;Waiting;Delivered;Failed;Relayed
type DeliveryState string

// States of a message. One that is Sending may have been sent: whoever finds it
// so after a restart sends it again, with the same id. To one that is Relayed
// nothing is sent: a partner tells the customer, and its answer counts.
const (
	DeliveryPlanned   DeliveryState = "Planned"
	DeliverySending   DeliveryState = "Sending"
	DeliveryWaiting   DeliveryState = "Waiting"
	DeliveryDelivered DeliveryState = "Delivered"
	DeliveryFailed    DeliveryState = "Failed"
	DeliveryRelayed   DeliveryState = "Relayed"
)

// DeliveryRecord says who was told of a notice, when, by which channel. Only
// forewarn writes it.
//
// +kubebuilder:object:root=true
// +kubebuilder:subresource:status
// +kubebuilder:resource:scope=Namespaced,path=deliveryrecords,shortName=drec
// +kubebuilder:printcolumn:name="Notice",type=string,JSONPath=`.spec.noticeRef.name`
// +kubebuilder:printcolumn:name="Stage",type=string,JSONPath=`.spec.stage`
// +kubebuilder:printcolumn:name="Channel",type=string,JSONPath=`.spec.channel`
// +kubebuilder:printcolumn:name="Delivered",type=integer,JSONPath=`.status.delivered`
// +kubebuilder:printcolumn:name="Of",type=integer,JSONPath=`.status.total`
// +kubebuilder:printcolumn:name="Next attempt",type=string,JSONPath=`.status.nextAttemptTime`
// +kubebuilder:printcolumn:name="Age",type=date,JSONPath=`.metadata.creationTimestamp`
type DeliveryRecord struct {
	metav1.TypeMeta `json:",inline"`

	// metadata is the metadata of the object.
	// +optional
	metav1.ObjectMeta `json:"metadata,omitempty"`

	// spec names what the record is about.
	// +required
	// +kubebuilder:validation:XValidation:rule="self == oldSelf",message="what a delivery record is about never changes"
	Spec DeliveryRecordSpec `json:"spec,omitzero"`

	// status is what became of it.
	// +optional
	Status DeliveryRecordStatus `json:"status,omitzero"`
}

// DeliveryRecordList is a list of DeliveryRecords.
//
// +kubebuilder:object:root=true
type DeliveryRecordList struct {
	metav1.TypeMeta `json:",inline"`
	metav1.ListMeta `json:"metadata,omitzero"`
	Items           []DeliveryRecord `json:"items"`
}
