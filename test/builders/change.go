package builders

import (
	v1alpha1 "forewarn.dev/forewarn/api/v1alpha1"
	"forewarn.dev/forewarn/internal/contract"
)

// Rules of the changes that are made here.
const (
	RuleRemoved = "api-removed-without-deprecation"
	RuleBroken  = "response-property-removed"
	RuleAdded   = "endpoint-added"
)

// Removed is an operation that is gone.
func Removed(version, operation string) contract.Change {
	return change(version, operation, RuleRemoved, v1alpha1.ClassRemoval, "api removed without deprecation")
}

// Broken is an operation that answers with less.
func Broken(version, operation string) contract.Change {
	return change(version, operation, RuleBroken, v1alpha1.ClassBreaking, "removed the property id from the response")
}

// Added is an operation that is new.
func Added(version, operation string) contract.Change {
	return change(version, operation, RuleAdded, v1alpha1.ClassAddition, "endpoint added")
}

func change(version, operation, rule string, class v1alpha1.ChangeClass, text string) contract.Change {
	return contract.Change{
		Rule: rule, Class: contract.Class(class), Version: version, Operation: operation, Text: text,
		Fingerprint: string(DigestOf(rule + "\x00" + version + "\x00" + operation))[:12],
	}
}
