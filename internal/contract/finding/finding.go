// Package finding holds what reading and comparing contracts comes to, whatever their format: the
// classes of change, one change as a format reports it, and the reasons a document is refused.
package finding

// Class says what a change means to a customer, and so how much notice is owed for it.
type Class string

// The classes that a comparison finds.
const (
	// Removal is an operation, or a whole version, that is gone.
	Removal Class = "Removal"
	// Breaking is what a client written against the old contract can fail on.
	Breaking Class = "Breaking"
	// Behaviour is a call that does something else from now on, as by another default value.
	Behaviour Class = "Behaviour"
	// Deprecation is what is still there, but marked as on its way out.
	Deprecation Class = "Deprecation"
	// Addition is something new that customers may use.
	Addition Class = "Addition"
)

// The classes that people declare, since no schema shows them.
const (
	Limits     Class = "Limits"
	Price      Class = "Price"
	Terms      Class = "Terms"
	Access     Class = "Access"
	Ownership  Class = "Ownership"
	Renewal    Class = "Renewal"
	Downtime   Class = "Downtime"
	Correction Class = "Correction"
)

// Finding is one change as the comparison of a format reports it.
type Finding struct {
	// Rule is the published id of the check.
	Rule string
	// Family is the rule the fingerprint counts by, when several rules report one and the same
	// change: a deprecated operation that is removed, and one that is not. Empty means Rule.
	Family    string
	Class     Class
	Operation string
	Location  string
	Text      string
	// Args tell apart two changes by one rule at one place, such as the enum value that went.
	Args []string
}
