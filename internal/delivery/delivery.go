// Package delivery is what one customer is told about a notice, once, and what came of it. The ways of telling
// are packages of their own: mail and webhook; egress is the door that both go out through.
//
// Whatever leaves this package towards a status, an event, a label or a log is free of personal data: customers
// are opaque ids, and a Failure speaks in words of ours alone, never in those of a server, which may repeat an
// address.
package delivery

import "time"

// Message is what one customer is told, once, by one channel. All that is in it stays the same over retries, so
// that a retry is the same message again and not another one.
type Message struct {
	// ID is that of ID.
	ID string
	// Stage is why the customer is told now.
	Stage Stage
	// Customer is the opaque id of the customer.
	Customer string
	// Locale is a BCP 47 tag, such as "de-AT". Empty: not known.
	Locale string
	// Zone is the customer's time zone. Nil: not known, dates are in UTC alone.
	Zone *time.Location
	// Notice is what the customer is told of.
	Notice Notice
	// AnswerURL is where this customer can answer, for whoever has it. Empty: nowhere.
	AnswerURL string
	// Sent is the moment at which it was decided to tell the customer, not that of the attempt.
	Sent time.Time
}

// Notice is a published notice: nothing in it that was not published.
type Notice struct {
	// Namespace, Name and UID are those of the ChangeNotice.
	Namespace, Name, UID string
	// API is the name of the CustomerAPI and APITitle its title, which may be empty.
	API, APITitle string
	// Locale is the language of its words, as a BCP 47 tag. Empty: English.
	Locale string
	// Title, WhatChanges, WhatToDo and Help are the notice's own words. All but Title may be empty.
	Title, WhatChanges, WhatToDo, Help string
	// Updates are what was added after publication, the oldest first.
	Updates []string
	// Versions and Operations are those that the change concerns, such as "v1" and "DELETE /orders/{id}".
	Versions, Operations []string
	// Effective is the moment from which the change holds, Published that of the stamp.
	Effective, Published time.Time
	// Until is when a planned downtime is over. Zero: what changes is no downtime.
	Until time.Time
	// Apology says that it tells of a downtime that nobody was told of before it came.
	Apology bool
	// Previous is what Effective was before it was postponed. Zero: it never was.
	Previous time.Time
	// SupersededBy is the name of the notice that replaces this one. Empty: none does.
	SupersededBy string
	// FeedURL is where customers find all notices of the API. Empty: nowhere.
	FeedURL string
}

// Receipt says that the other side took the message over: a 250 after the data of a mail (RFC 5321, section
// 4.2.5), a 2xx for a webhook. It does not say that anybody read it.
type Receipt struct {
	// Time is when the answer came.
	Time time.Time
	// Reference is what the other side knows the message by: the Message-ID, the webhook-id.
	Reference string
}
