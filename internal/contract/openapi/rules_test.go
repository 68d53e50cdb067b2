package openapi

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/oasdiff/oasdiff/checker"

	"forewarn.dev/forewarn/internal/contract/finding"
)

// TestEveryRuleHasAClass fails when an upgrade of the tool brings checks that nobody has judged.
func TestEveryRuleHasAClass(t *testing.T) {
	classes := []finding.Class{"", finding.Removal, finding.Breaking, finding.Behaviour, finding.Deprecation, finding.Addition}
	known := checker.GetAllRuleIds()
	for _, id := range known {
		if _, ok := rules()[id]; !ok {
			t.Errorf("%s is not in rules.tsv", id)
		}
	}
	for id, r := range rules() {
		if !slices.Contains(known, id) {
			t.Errorf("rules.tsv has %s, which the tool does not know", id)
		}
		if !slices.Contains(classes, r.class) {
			t.Errorf("%s has the class %q", id, r.class)
		}
	}
	if lines := strings.Count(rulesTable, "\n") - strings.Count("\n"+rulesTable, "\n#"); lines != len(rules()) {
		t.Errorf("%d rules on %d lines", len(rules()), lines)
	}
}

// notBreaking are the checks the tool calls errors or warnings that are no break here: they are
// about dates and stability marks, which decide nothing.
var notBreaking = []string{
	"api-deprecated-sunset-missing", "api-deprecated-sunset-parse", "api-invalid-stability-level", "api-stability-decreased",
	"api-sunset-date-changed-too-small", "api-sunset-date-too-small", "request-parameter-deprecated-sunset-missing",
	"request-parameter-sunset-date-changed-too-small", "request-parameter-sunset-date-too-small", "request-parameter-sunset-deleted",
	"request-property-deprecated-sunset-invalid", "request-property-deprecated-sunset-missing", "request-property-stability-decreased",
	"request-property-sunset-date-too-small", "response-property-deprecated-sunset-invalid", "response-property-deprecated-sunset-missing",
	"response-property-stability-decreased", "response-property-sunset-date-too-small", "sunset-deleted",
}

// breakingHere are the checks the tool calls info that are a break, or at least a change of
// behaviour; rules.tsv says why.
var breakingHere = []string{
	"api-path-removed-with-deprecation", "api-removed-with-deprecation", "optional-response-header-removed", "request-body-all-of-removed",
	"request-body-default-value-changed", "request-body-default-value-removed", "request-parameter-default-value-changed",
	"request-parameter-default-value-removed", "request-parameter-removed-with-deprecation", "request-property-all-of-removed",
	"request-property-default-value-changed", "request-property-default-value-removed", "request-property-removed-with-deprecation",
	"response-header-schema-became-false", "response-optional-property-became-write-only", "response-optional-property-removed",
	"response-property-schema-became-false", "response-required-property-removed-with-deprecation",
}

func TestErrorsAndWarningsAreBreaking(t *testing.T) {
	for id, level := range checker.GetCheckLevels() {
		class := ruleFor(id, level).class
		hard := class == finding.Removal || class == finding.Breaking || class == finding.Behaviour
		want := level.IsBreaking() && !slices.Contains(notBreaking, id) || slices.Contains(breakingHere, id)
		if hard != want {
			t.Errorf("%s, %s to the tool, has the class %q", id, level, class)
		}
		if (class == finding.Removal) != strings.HasPrefix(id, "api-path-") && !strings.HasPrefix(id, "api-removed-") && id != "webhook-removed" {
			t.Errorf("%s has the class %q: only whole operations are removals", id, class)
		}
	}
}

func TestClassAtAnotherLevel(t *testing.T) {
	cases := map[string]struct {
		id    string
		level checker.Level
		want  finding.Class
	}{
		"an error":                               {"response-property-type-changed", checker.ERR, finding.Breaking},
		"an error in doubt":                      {"response-property-type-changed", checker.WARN, finding.Breaking},
		"an error that hits nobody":              {"response-property-type-changed", checker.INFO, ""},
		"a warning":                              {"request-property-removed", checker.WARN, finding.Breaking},
		"a warning that hits nobody":             {"request-property-removed", checker.INFO, ""},
		"a removal that is info for its mark":    {"api-removed-with-deprecation", checker.INFO, finding.Removal},
		"an addition":                            {"endpoint-added", checker.INFO, finding.Addition},
		"nothing for customers":                  {"api-tag-added", checker.INFO, ""},
		"a check that is not known here":         {"no-such-check", checker.ERR, finding.Breaking},
		"a mild check that is not known here":    {"no-such-check", checker.INFO, ""},
		"a doubtful check that is not know here": {"no-such-check", checker.WARN, finding.Breaking},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			if got := ruleFor(tc.id, tc.level).class; got != tc.want {
				t.Errorf("got %q, want %q", got, tc.want)
			}
		})
	}
}

// TestPlacesNameArgumentsThatTheRulesHave holds the places in rules.tsv against the number of
// arguments in the tool's own texts.
func TestPlacesNameArgumentsThatTheRulesHave(t *testing.T) {
	argument := regexp.MustCompile(`\{(\d+)\}`)
	for id, r := range rules() {
		text := english(id)
		for _, match := range argument.FindAllStringSubmatch(r.place, -1) {
			n, err := strconv.Atoi(match[1])
			if err != nil || n >= strings.Count(text, "%!s(MISSING)")+strings.Count(text, "%!v(MISSING)") {
				t.Errorf("%s: place %q, but the text is %q", id, r.place, text)
			}
		}
	}
}

func TestFamiliesAreOfKnownRulesAndOneClass(t *testing.T) {
	for id, family := range families {
		if _, ok := rules()[id]; !ok {
			t.Errorf("%s is no rule", id)
		}
		for other, same := range families {
			if same == family && rules()[other].class != rules()[id].class {
				t.Errorf("%s and %s are one change of two classes", id, other)
			}
		}
	}
}

func TestLocated(t *testing.T) {
	cases := map[string]struct {
		place string
		args  []string
		want  string
	}{
		"none":                          {"", []string{"a"}, ""},
		"words alone":                   {"request body", nil, "request body"},
		"one":                           {"/{0}", []string{"items/total", "200"}, "/items/total"},
		"several":                       {"{1} parameter {2} /{0}", []string{"a", "query", "q"}, "query parameter q /a"},
		"an argument that looks like a": {"/{0} {1}", []string{"{1}", "b"}, "/{1} b"},
		"an alternative at the end":     {"/{0}", []string{"anyOf[#/components/schemas/A]/"}, "/anyOf[#/components/schemas/A]"},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			if got := located(tc.place, tc.args); got != tc.want {
				t.Errorf("got %q, want %q", got, tc.want)
			}
		})
	}
}

func TestArgumentsAreValues(t *testing.T) {
	number := 5.5
	got := arguments([]any{"a", 1, &number, []string{"x", "y"}, map[string]any{"b": 1, "a": 2}, nil})
	if want := `["a" "1" "5.5" "[x y]" "map[a:2 b:1]" "<nil>"]`; fmt.Sprintf("%q", got) != want {
		t.Errorf("got %q, want %s", got, want)
	}
}
