// Package finding holds what reading and comparing contracts comes to, whatever their format: the
// classes of change, one change as a format reports it, and the reasons a document is refused.
package finding

// Class says what a change means to a customer, and so how much notice is owed for it.
type Class string

const (
	// Removal: an operation, or a whole version, is gone.
	Removal Class = "Removal"
	// Breaking: a client written against the old contract can fail.
	Breaking Class = "Breaking"
	// Deprecation: still there, but marked as on its way out.
	Deprecation Class = "Deprecation"
	// Addition: something new that customers may use.
	Addition Class = "Addition"

	// The classes below are declared by people, since no schema shows them. Behaviour is also
	// found by comparison where a contract does say it, as in a default value.
	Behaviour  Class = "Behaviour"
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
