package openapi

import (
	_ "embed"
	"fmt"
	"strings"
	"sync"

	"github.com/oasdiff/oasdiff/checker"

	"forewarn.dev/forewarn/internal/contract/finding"
)

//go:embed rules.tsv
var rulesTable string

// rule is what a check of the tool means here.
type rule struct {
	class finding.Class // empty: no change for a customer
	place string        // with {n} for the n-th argument of the check
	level checker.Level // the tool's own verdict when nothing in the document lowers it
}

// rules is the table of all checks by id.
var rules = sync.OnceValue(func() map[string]rule {
	levels := checker.GetCheckLevels()
	table := make(map[string]rule)
	for line := range strings.Lines(rulesTable) {
		line = strings.TrimSuffix(line, "\n")
		if strings.HasPrefix(line, "#") {
			continue
		}
		cells := strings.Split(line, "\t")
		if len(cells) != 3 {
			panic(fmt.Sprintf("rules.tsv: %q has not three columns", line))
		}
		class := finding.Class(cells[1])
		if cells[1] == "-" {
			class = ""
		}
		table[cells[0]] = rule{class: class, place: cells[2], level: levels[cells[0]]}
	}
	return table
})

// ruleFor returns what a check means at the level it was reported with.
func ruleFor(id string, level checker.Level) rule {
	r, ok := rules()[id]
	if !ok {
		// A check this table does not know yet: its own level is the better guess than silence.
		if level.IsBreaking() {
			r.class = finding.Breaking
		}
		return r
	}
	// The document shows that nobody is hit: a property that is only ever written, or only read.
	// An error that became a warning, as below an allOf, is a doubt, and stays.
	if r.level.IsBreaking() && !level.IsBreaking() {
		r.class = ""
	}
	return r
}

// Knows says that there is a rule with that id.
func Knows(id string) bool {
	_, ok := rules()[id]
	return ok || id == ruleServerPathRemoved
}

// OfNoOperation says that what the rule finds is of the API as a whole: how it is protected by default, what a security
// scheme is, where it is served.
func OfNoOperation(id string) bool {
	return id == ruleServerPathRemoved || Knows(id) &&
		(strings.HasPrefix(id, "api-global-security-") || strings.HasPrefix(id, "api-security-component-") || id == "api-schema-removed")
}

// families are the rules that report one and the same change: that a mark was set, or a property
// listed as required, before it went makes it no other change.
var families = map[string]string{
	"request-parameter-removed-with-deprecation":          "request-parameter-removed",
	"request-parameter-removed-before-sunset":             "request-parameter-removed",
	"request-parameter-sunset-parse":                      "request-parameter-removed",
	"request-property-removed-with-deprecation":           "request-property-removed",
	"request-property-removed-before-sunset":              "request-property-removed",
	"response-required-property-removed":                  "response-property-removed",
	"response-required-property-removed-with-deprecation": "response-property-removed",
	"response-required-property-removed-before-sunset":    "response-property-removed",
	"response-optional-property-removed":                  "response-property-removed",
	"optional-response-header-removed":                    "response-header-removed",
	"required-response-header-removed":                    "response-header-removed",
	"endpoint-deprecated-with-sunset":                     "endpoint-deprecated",
}
