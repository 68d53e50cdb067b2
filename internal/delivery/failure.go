package delivery

import "time"

// Reasons of a Failure.
const (
	// ReasonAddressInvalid: what is held as the customer's address is none that can be used.
	ReasonAddressInvalid = "AddressInvalid"
	// ReasonChannelInvalid: what the channel is set to cannot work.
	ReasonChannelInvalid = "ChannelInvalid"
	// ReasonAddressNotFound: no address of the customer is held for the channel any more, or none yet.
	ReasonAddressNotFound = "AddressNotFound"
	// ReasonCustomerNotListed: no list names the customer any more. It may have been erased, or the list cut short.
	ReasonCustomerNotListed = "CustomerNotListed"
	// ReasonChannelNotFound: there is no channel of that name.
	ReasonChannelNotFound = "ChannelNotFound"
	// ReasonOvertaken: customers were told that the notice is over before this could be sent.
	ReasonOvertaken = "Overtaken"
	// ReasonEgressRefused: the address is inside, and the channel's policy does not allow that range.
	ReasonEgressRefused = "EgressRefused"
	// ReasonUnreachable: no connection came about.
	ReasonUnreachable = "Unreachable"
	// ReasonTLSFailed: the connection is not safe: no TLS, or a certificate that does not hold.
	ReasonTLSFailed = "TLSFailed"
	// ReasonTimeout: no answer in time. The message may have arrived.
	ReasonTimeout = "Timeout"
	// ReasonConnectionLost: the connection broke before an answer. The message may have arrived.
	ReasonConnectionLost = "ConnectionLost"
	// ReasonInterrupted: our own side broke off. The message may have arrived.
	ReasonInterrupted = "Interrupted"
	// ReasonCredentialsRefused: the mail server does not take the user name and password.
	ReasonCredentialsRefused = "CredentialsRefused"
	// ReasonSenderRefused: the mail server wants no mail from us, whoever it is for.
	ReasonSenderRefused = "SenderRefused"
	// ReasonMailDeferred: the mail server put it off (4xx).
	ReasonMailDeferred = "MailDeferred"
	// ReasonMailRefused: the mail server does not take mail for this customer (5xx).
	ReasonMailRefused = "MailRefused"
	// ReasonBounced: a mail server took the mail over, and said later that it could not deliver it.
	ReasonBounced = "Bounced"
	// ReasonRedirectRefused: the receiver points elsewhere (3xx), and nobody follows.
	ReasonRedirectRefused = "RedirectRefused"
	// ReasonWebhookDeferred: the receiver put it off (408, 425, 429, 5xx).
	ReasonWebhookDeferred = "WebhookDeferred"
	// ReasonWebhookRefused: the receiver does not take it (4xx).
	ReasonWebhookRefused = "WebhookRefused"
	// ReasonWebhookGone: the receiver wants no more (410).
	ReasonWebhookGone = "WebhookGone"
)

// Failure is why a message was not taken over, or why nobody knows. It is fit for a status and a log.
type Failure struct {
	// Reason is one of the constants above.
	Reason string
	// Text is one line in our own words: it holds codes of protocols, and nothing else from outside.
	Text string
	// Permanent: trying again leads to the same answer.
	Permanent bool
	// RetryAfter is how long the other side wants to be left alone. Zero: it did not say.
	RetryAfter time.Duration
	// Disable: the receiver wants no message any more.
	Disable bool
	// Channel: the fault is not with this customer. The next message by the same channel would meet it, too.
	Channel bool
}

// Error is the reason and the text.
func (f *Failure) Error() string { return f.Reason + ": " + f.Text }
