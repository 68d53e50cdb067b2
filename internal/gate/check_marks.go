package gate

import (
	"fmt"
	"regexp"
	"slices"
	"time"

	v1alpha1 "forewarn.dev/forewarn/api/v1alpha1"
	"forewarn.dev/forewarn/internal/notice"
)

// DeprecatedBy says that customers were told by the schedule that what it takes away is deprecated, and that this holds
// by now.
func DeprecatedBy(s *v1alpha1.DeprecationSchedule, now time.Time) bool {
	return announces(s) && !now.Before(s.Spec.DeprecateTime.Time)
}

// announces says that the schedule stands as customers were told of it.
func announces(s *v1alpha1.DeprecationSchedule) bool {
	return s.Status.PublishedTime != nil && s.Status.WithdrawnTime == nil && s.Status.RemovedTime == nil &&
		s.Spec.State == v1alpha1.NoticePublished && s.Spec.DeprecateTime != nil
}

// schedules are those of the API that customers were told of.
func (r *reading) schedules() []*v1alpha1.DeprecationSchedule {
	var all []*v1alpha1.DeprecationSchedule
	for i := range r.Schedules {
		s := &r.Schedules[i]
		elsewhere := s.Namespace != "" && r.API.Namespace != "" && s.Namespace != r.API.Namespace
		if string(s.Spec.APIRef.Name) == r.API.Name && !elsewhere && announces(s) {
			all = append(all, s)
		}
	}
	return all
}

// checkMarks finds contracts that do not say what customers were told: that something in them is deprecated.
func checkMarks(r *reading) []Finding {
	if len(r.policies) == 0 {
		return nil
	}
	policy, deny := r.policies.MarksRequired()
	var found []Finding
	for _, s := range r.schedules() {
		if !DeprecatedBy(s, r.Now) {
			continue
		}
		for _, c := range r.Revision.Spec.Contracts {
			unmarked, known := r.Proposal.NotDeprecated[string(c.Version)]
			if unmarked = goingAmong(s, unmarked); c.Version != s.Spec.Version || known && len(unmarked) == 0 {
				continue
			}
			if !known && !r.readWhole(string(c.Version)) {
				continue // what keeps it from being read is said by itself
			}
			f := Finding{Reason: v1alpha1.ReasonDeprecationNotMarked, Blocks: deny, Path: contractPath(string(c.Version))}
			f.Message = marksText(s, unmarked, known)
			if deny {
				f.Message += fmt.Sprintf(" (policy %s)", short(policy))
			}
			found = append(found, f)
		}
	}
	return found
}

func (r *reading) readWhole(version string) bool {
	return !slices.ContainsFunc(r.Proposal.Problems, func(p Problem) bool { return p.Version == version })
}

func marksText(s *v1alpha1.DeprecationSchedule, unmarked []string, known bool) string {
	since := fmt.Sprintf("schedule %s deprecated", short(s.Name))
	if !known {
		return fmt.Sprintf("%s %s since %s, and whether the contract marks that is not known: propose it again", since,
			short(string(s.Spec.Version)), moment(s.Spec.DeprecateTime.UTC(), ""))
	}
	shown := make([]string, 0, len(unmarked))
	for _, operation := range unmarked {
		shown = append(shown, singleLine(operation, maxOperation))
	}
	what, mark := shown[0], "it"
	if len(shown) > 1 {
		what, mark = fmt.Sprintf("%s and %d more", shown[0], len(shown)-1), "them"
	}
	return fmt.Sprintf("%s %s of %s since %s, and the contract does not say so: mark %s with deprecated: true", since,
		what, short(string(s.Spec.Version)), moment(s.Spec.DeprecateTime.UTC(), ""), mark)
}

// goingAmong are those of the operations that the schedule takes away. A parameter may have another name by now.
func goingAmong(s *v1alpha1.DeprecationSchedule, operations []string) []string {
	if len(s.Spec.Operations) == 0 {
		return operations
	}
	going := map[string]bool{}
	for _, operation := range s.Spec.Operations {
		going[unnamedOperation(operation)] = true
	}
	return slices.DeleteFunc(slices.Clone(operations), func(operation string) bool { return !going[unnamedOperation(operation)] })
}

var parameterNames = regexp.MustCompile(`\{[^{}]*\}`)

func unnamedOperation(operation string) string {
	return parameterNames.ReplaceAllString(notice.Operation(operation), "{}")
}

// deprecationTurns are the moments at which something becomes deprecated.
func (r *reading) deprecationTurns(moments map[time.Time]bool) {
	if len(r.policies) == 0 {
		return
	}
	for _, s := range r.schedules() {
		moments[s.Spec.DeprecateTime.UTC()] = true
	}
}
