package schedule

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	v1alpha1 "forewarn.dev/forewarn/api/v1alpha1"
	"forewarn.dev/forewarn/internal/notice"
)

// maxNamed is how many operations are named that may be meant.
const maxNamed = 3

// Misnamed says what a schedule names that cannot be, in the words of its fields; nothing where all is well. promised are
// the operations of its version by the contracts that serve; nil where none does yet, and nobody can say which there are.
// Once customers were told, a contract may have lost them.
func Misnamed(s *v1alpha1.DeprecationSchedule, api *v1alpha1.CustomerAPI, promised []string) string {
	var known []string
	for i := range api.Spec.Versions {
		known = append(known, string(api.Spec.Versions[i].Name))
	}
	for i := range api.Status.Promised {
		if version := string(api.Status.Promised[i].Version); !slices.Contains(known, version) {
			known = append(known, version)
		}
	}
	var wrong []string
	if !slices.Contains(known, string(s.Spec.Version)) {
		wrong = append(wrong, fmt.Sprintf("version: customerapi/%s has no version %s: it has %s", api.Name, s.Spec.Version, strings.Join(known, ", ")))
	}
	for i, operation := range s.Spec.Operations {
		switch {
		case !notice.ExactOperation(operation):
			wrong = append(wrong, fmt.Sprintf("operations[%d]: %q is no operation: write it as in \"DELETE /orders/{id}\"", i, operation))
		case promised != nil && s.Status.PublishedTime == nil && !slices.Contains(promised, notice.Operation(operation)):
			wrong = append(wrong, fmt.Sprintf("operations[%d]: the contract of %s has no %s%s", i, s.Spec.Version, operation, meant(operation, promised)))
		}
	}
	if r := s.Spec.Replacement; r.Version == s.Spec.Version && len(s.Spec.Operations) == 0 {
		wrong = append(wrong, fmt.Sprintf("replacement.version: %s is what goes away: name another version", r.Version))
	}
	return strings.Join(wrong, "; ")
}

// meant names the operations of a contract that are most like one: those whose paths begin as its path does.
func meant(operation string, promised []string) string {
	path := func(operation string) string { return operation[strings.Index(operation, " ")+1:] }
	wanted := path(notice.Operation(operation))
	shared := func(operation string) int {
		p := path(operation)
		n := 0
		for n < min(len(p), len(wanted)) && p[n] == wanted[n] {
			n++
		}
		return n
	}
	like := slices.Compact(slices.Sorted(slices.Values(promised)))
	slices.SortStableFunc(like, func(a, b string) int { return cmp.Compare(shared(b), shared(a)) })
	if len(like) == 0 {
		return ", and no other operation"
	}
	text := ": it has " + strings.Join(like[:min(len(like), maxNamed)], ", ")
	if more := len(like) - maxNamed; more > 0 {
		text += fmt.Sprintf(" and %d more", more)
	}
	return text
}
