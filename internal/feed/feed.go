// Package feed renders what customers can subscribe to, and serves it: for each API a page, an Atom feed, a
// calendar and JSON. It is handed what was published, a Site, and knows nothing else: no client, no logger, no
// clock. What it serves is rendered when the Site changes, never while somebody asks.
package feed

import (
	"time"
)

// Site is all that is served.
type Site struct {
	// URL is where customers reach it, for example "https://notices.acme.example/". Feeds and calendars then hold
	// full addresses, which some programs need; left out, addresses are relative.
	URL  string
	APIs []API
}

// API is an API and what customers were told of it.
type API struct {
	Namespace, Name string
	// Title is what customers know it as; left out, they read the name.
	Title string
	// Zone is the time zone in which its customers read dates, beside UTC; left out, they read UTC.
	Zone    *time.Location
	Notices []Notice
}

// State is how things stand with a notice.
type State string

// States of a notice. Withdrawn and Superseded are final.
const (
	Upcoming   State = "Upcoming"
	InForce    State = "InForce"
	Over       State = "Over" // a downtime
	Withdrawn  State = "Withdrawn"
	Superseded State = "Superseded"
)

// Notice is one change, as customers were told of it. It holds nothing that was not published.
type Notice struct {
	// ID never changes and belongs to no other notice: programs recognise a notice by it.
	ID                                 string
	Name                               string
	Title, WhatChanges, WhatToDo, Help string
	Updates                            []Update
	Versions, Operations               []string
	// Updated is when what customers can read here last changed.
	Published, Updated, Effective time.Time
	// Apology says that it is about a downtime that customers were not told of before.
	Apology bool
	// Until is when a planned downtime is over; nil for what is none.
	Until *time.Time
	// Previous is the date before the notice was postponed.
	Previous *time.Time
	// Sequence counts postponements and updates. It never goes back: calendars ignore what is older than they hold.
	Sequence int
	State    State
	// SupersededBy is the name of the notice that replaces this one.
	SupersededBy string
}

// Update is a clarification that was added after publication.
type Update struct {
	Time time.Time
	Text string
}

// off says that the change does not come, not by this notice.
func (n *Notice) off() bool { return n.State == Withdrawn || n.State == Superseded }

// postponed says that the title may name a date that no longer holds: it is frozen when a notice is published.
func (n *Notice) postponed() bool { return n.State == Upcoming && n.Previous != nil }

// What is what WhatChanges tells of.
func (n *Notice) What() string {
	if n.Apology {
		return "What happened"
	}
	return "What changes"
}

// ToDo is what WhatToDo tells of.
func (n *Notice) ToDo() string {
	if n.Apology {
		return "What happens next"
	}
	return "What to do"
}

// standing is the one word that a reader of the title must not miss, "" where the title says it all.
func (n *Notice) standing() string {
	switch {
	case n.State == Withdrawn:
		return "Withdrawn"
	case n.State == Superseded:
		return "Replaced"
	case n.Apology:
		return "Apology"
	case n.postponed():
		return "Postponed"
	}
	return ""
}

// headline is the title where nothing else is read: in a list of news, in a calendar.
func (n *Notice) headline() string {
	if standing := n.standing(); standing != "" {
		return standing + ": " + n.Title
	}
	return n.Title
}
