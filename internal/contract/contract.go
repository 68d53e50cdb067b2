// Package contract says what changes for customers when one contract document takes the place of
// another. It is pure: it reads no clock, no file and no network, and the same documents give the
// same changes on every run. Each format has a folder of its own below this one.
package contract

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"slices"
	"strings"

	"forewarn.dev/forewarn/internal/contract/finding"
	"forewarn.dev/forewarn/internal/contract/openapi"
)

// Class says what a change means to a customer, and so how much notice is owed for it.
type Class = finding.Class

// The classes of change.
const (
	Removal     = finding.Removal
	Breaking    = finding.Breaking
	Deprecation = finding.Deprecation
	Addition    = finding.Addition
	Behaviour   = finding.Behaviour
	Limits      = finding.Limits
	Price       = finding.Price
	Terms       = finding.Terms
	Access      = finding.Access
	Ownership   = finding.Ownership
	Renewal     = finding.Renewal
	Downtime    = finding.Downtime
	Correction  = finding.Correction
)

// Change is one change between two contracts of a version.
type Change struct {
	// Rule is the published id of the check that found it, such as "api-removed-without-deprecation".
	Rule  string
	Class Class
	// Version is the API version that changes, such as "v1".
	Version string
	// Operation is "DELETE /orders/{id}", and empty when the change is of no single operation.
	Operation string
	// Location says where in the operation: "response 200 application/json /items/total". May be empty.
	Location string
	// Text is one line for people, of at most 500 bytes.
	Text string
	// Fingerprint is 12 hex digits that stay the same for the same change: they depend on the
	// version, the rule, the operation and the place, not on wording or order.
	Fingerprint string
}

// The rules for a version as a whole.
const (
	RuleVersionRemoved = "version-removed"
	RuleVersionAdded   = "version-added"
)

// KnowsRule says that there is a rule with that id.
func KnowsRule(id string) bool {
	return id == RuleVersionRemoved || id == RuleVersionAdded || openapi.Knows(id)
}

// OfNoOperation says that what the rule finds is of no single operation.
func OfNoOperation(rule string) bool {
	return rule == RuleVersionRemoved || rule == RuleVersionAdded || openapi.OfNoOperation(rule)
}

const (
	maxText     = 500
	maxLocation = 500
)

// Compare lists what changes for customers of a version when head takes the place of base, sorted,
// each change once. A nil head is a version that is removed, a nil base one that is new. The error
// is an *Error.
func Compare(version string, base, head *Document) ([]Change, error) {
	switch {
	case base == nil && head == nil:
		return nil, nil
	case head == nil:
		return []Change{VersionRemoved(version)}, nil
	case base == nil:
		return changes(version, []finding.Finding{{Rule: RuleVersionAdded, Class: Addition, Text: "the version is new"}}), nil
	case base.format != head.format:
		return nil, finding.Refuse(UnknownFormat, "", fmt.Sprintf("cannot compare %s with %s", base.format, head.format), "keep the format of a version")
	case base.digest == head.digest:
		return nil, nil
	}
	findings, err := openapi.Compare(base.openapi, head.openapi)
	if err != nil {
		return nil, err
	}
	return changes(version, findings), nil
}

// VersionRemoved is the change of a version that is gone, whoever notices that it is.
func VersionRemoved(version string) Change {
	gone := finding.Finding{Rule: RuleVersionRemoved, Class: Removal, Text: "version " + version + " removed"}
	return changes(version, []finding.Finding{gone})[0]
}

func changes(version string, findings []finding.Finding) []Change {
	all := make([]Change, 0, len(findings))
	for _, f := range findings {
		all = append(all, Change{
			Rule:        f.Rule,
			Class:       f.Class,
			Version:     version,
			Operation:   finding.OneLine(f.Operation, maxLocation),
			Location:    finding.OneLine(f.Location, maxLocation),
			Text:        finding.OneLine(f.Text, maxText),
			Fingerprint: fingerprint(version, f),
		})
	}
	return Merge(all)
}

// Merge is the union of several lists of changes, sorted, each change once: what would break the
// promises of two contracts that both serve. Where lists differ on a change, the severer one counts.
func Merge(lists ...[]Change) []Change {
	all := slices.Concat(lists...)
	slices.SortFunc(all, func(a, b Change) int {
		return cmp.Or(
			cmp.Compare(severity(a.Class), severity(b.Class)),
			cmp.Compare(a.Version, b.Version),
			cmp.Compare(a.Operation, b.Operation),
			cmp.Compare(a.Location, b.Location),
			cmp.Compare(a.Rule, b.Rule),
			cmp.Compare(a.Fingerprint, b.Fingerprint),
			cmp.Compare(a.Text, b.Text),
		)
	})
	seen := make(map[string]bool, len(all))
	return slices.DeleteFunc(all, func(c Change) bool {
		if seen[c.Fingerprint] {
			return true
		}
		seen[c.Fingerprint] = true
		return false
	})
}

// severity orders classes by how hard they hit, hardest first.
func severity(class Class) int {
	order := []Class{Removal, Breaking, Behaviour, Limits, Price, Terms, Access, Ownership, Renewal, Downtime, Correction, Deprecation, Addition}
	if i := slices.Index(order, class); i >= 0 {
		return i
	}
	return len(order)
}

const fingerprintDigits = 12

func fingerprint(version string, f finding.Finding) string {
	parts := append([]string{version, cmp.Or(f.Family, f.Rule), f.Operation, f.Location}, f.Args...)
	hash := sha256.New()
	for _, part := range parts {
		// The length in front keeps apart what is cut differently.
		_, _ = io.WriteString(hash, fmt.Sprintf("%d:%s", len(part), part))
	}
	return hex.EncodeToString(hash.Sum(nil))[:fingerprintDigits]
}

// Breaks tells whether a list holds anything that customers could not take without notice by what
// the contracts themselves show.
func (c Change) Breaks() bool { return c.Class == Removal || c.Class == Breaking }

// String is the change in one line, as messages show it.
func (c Change) String() string {
	where := strings.Join(strings.Fields(strings.Join([]string{c.Version, c.Operation, c.Location}, " ")), " ")
	return where + ": " + c.Text
}
