package cli

import (
	"slices"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	v1alpha1 "forewarn.dev/forewarn/api/v1alpha1"
	"forewarn.dev/forewarn/internal/notice"
)

// result is the answer to check as it is printed.
func (a *answer) result() Result {
	verdict := a.printed()
	return Result{
		APIVersion: ResultVersion, Kind: KindVerdict, Namespace: a.input.Revision.Namespace,
		EvaluatedTime: metav1.NewTime(a.input.Now), TimeZone: a.zone.name,
		Verdict: &verdict, Next: a.next(),
	}
}

// printed is the verdict as it is printed.
func (a *answer) printed() Verdict {
	v := a.verdict
	policies, _ := notice.ReadPolicies(a.input.Policies)
	printed := Verdict{
		API: string(a.input.Revision.Spec.APIRef.Name), Revision: a.input.Revision.Name,
		Answer: answerOf(v), Reason: v.Reason, Rules: rulings[v.Reason].rules, Message: v.Message,
		OnMerit: v.OnMerit, Enforcement: string(policies.Enforcement()), Waiver: v.Waiver,
		Breaking: v.Breaking, Uncovered: v.Uncovered, Downtime: a.downtime,
		EarliestTime: metaTime(v.Earliest), AdmissibleUntilTime: metaTime(v.AdmissibleUntil), NextChangeTime: metaTime(v.NextChange),
	}
	for _, policy := range policies {
		printed.Policies = append(printed.Policies, policy.Name)
	}
	if slices.ContainsFunc(v.Changes, func(c v1alpha1.JudgedChange) bool { return c.OwedBy == assumedPolicy }) {
		printed.Assumption = a.assumption
	}
	for _, c := range v.Changes {
		printed.Changes = append(printed.Changes, Change{JudgedChange: c, State: a.stateOf(c), CountedAs: a.countedAs(policies, c)})
	}
	for _, f := range v.Findings {
		printed.Findings = append(printed.Findings, Finding{
			Reason: f.Reason, Message: f.Message, Path: f.Path, Blocks: f.Blocks, ClearsTime: metaTime(f.ClearsAt),
		})
	}
	return printed
}

// stateOf is the state of a change. What is owed no notice names nobody who
// owes it; where no policy binds, only the class tells.
func (a *answer) stateOf(c v1alpha1.JudgedChange) string {
	switch {
	case c.MaturesTime != nil && c.MaturesTime.After(a.input.Now):
		return ChangeRunning
	case c.MaturesTime != nil:
		return ChangeMatured
	case c.OwedBy != "":
		return ChangeUncovered
	case len(a.input.Policies) == 0 && c.Class != v1alpha1.ClassAddition && c.Class != v1alpha1.ClassDeprecation:
		return ChangeNotGoverned
	}
	return ChangeFree
}

// countedAs says which days count in what is owed for a change.
func (a *answer) countedAs(policies notice.Policies, c v1alpha1.JudgedChange) string {
	if c.OwedDays == nil || *c.OwedDays == 0 {
		return ""
	}
	business := slices.ContainsFunc(policies, func(p notice.Policy) bool {
		return slices.ContainsFunc(p.Terms, func(t notice.Term) bool {
			return t.Policy == c.OwedBy && t.Class == c.Class && t.Period.Days == int(*c.OwedDays) && t.Period.Business
		})
	})
	for _, n := range a.input.Notices {
		for _, frozen := range n.Status.Owed {
			if n.Name == string(c.CoveredBy) && frozen.Version == c.Version && frozen.Class == c.Class {
				business = frozen.CountedAs == v1alpha1.CountBusinessDays
			}
		}
	}
	if business {
		return string(v1alpha1.CountBusinessDays)
	}
	return string(v1alpha1.CountDays)
}

func metaTime(t *time.Time) *metav1.Time {
	if t == nil {
		return nil
	}
	return &metav1.Time{Time: t.UTC()}
}
