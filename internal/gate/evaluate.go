package gate

import (
	"cmp"
	"slices"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	v1alpha1 "forewarn.dev/forewarn/api/v1alpha1"
)

// Evaluate judges a revision. Admission, status, command line and reports all show this verdict (R14).
func Evaluate(in Input) Verdict {
	if in.API == nil || in.Revision == nil {
		return unanswerable(in)
	}
	r := newReading(in)
	r.weigh(proposedChanges(in))
	return r.verdict()
}

// unanswerable is the verdict where there is nothing to compare.
func unanswerable(in Input) Verdict {
	f := Finding{
		Reason: v1alpha1.ReasonAPINotFound, Blocks: true, Path: "spec.apiRef",
		Message: "the revision is not there",
	}
	if in.Revision != nil {
		f.Message = short(in.Revision.Name) + " cannot be judged: there is no customerapi/" +
			short(string(in.Revision.Spec.APIRef.Name)) + ": create it, or name another in spec.apiRef"
	}
	return Verdict{Reason: f.Reason, Message: f.Message, Merits: f.Message, Findings: []Finding{f}}
}

// Status is the status of the condition Admissible.
func (v Verdict) Status() metav1.ConditionStatus {
	switch {
	case v.Admissible:
		return metav1.ConditionTrue
	case !v.Decided:
		return metav1.ConditionUnknown
	}
	return metav1.ConditionFalse
}

func (r *reading) verdict() Verdict {
	all := findings(r)
	blocking := blockers(all)
	p := prospect{}
	if len(r.policies) > 0 {
		p = r.prospect()
	}
	v := Verdict{
		Findings: all,
		Decided:  !slices.ContainsFunc(blocking, func(f Finding) bool { return !decides(f) }),
		OnMerit:  len(blocking) == 0,
		Changes:  r.judged(),
		Listed:   r.listed(),
	}
	for _, w := range r.needing() {
		v.Breaking++
		if len(w.coverage) == 0 {
			v.Uncovered++
		}
	}
	if !p.at.IsZero() && !slices.ContainsFunc(blocking, lasting) {
		v.Earliest = &p.at
	}
	r.admit(&v, p)
	v.NextChange = r.nextChange(v, p)
	return v
}

// lasting says that a finding blocks whatever customers are told.
func lasting(f Finding) bool {
	switch f.Reason {
	case v1alpha1.ReasonNoticeMissing, v1alpha1.ReasonHeld, v1alpha1.ReasonNoticeRunning:
		return false
	case v1alpha1.ReasonKept: // until its date, or until somebody acts
		return f.ClearsAt == nil
	}
	return true
}

// admit decides, on the merits or on other grounds, and says so.
func (r *reading) admit(v *Verdict, p prospect) {
	v.Reason, v.Merits = r.merits(blockers(v.Findings), p)
	v.Merits = singleLine(v.Merits, maxMeritsLength)
	v.Admissible = v.OnMerit
	v.Message = v.Merits
	others := grounds(r)
	for _, g := range slices.Backward(others) { // the strongest last
		if v.OnMerit || !g.holdsAt(r.Now) {
			continue
		}
		v.Admissible, v.Reason = true, g.reason
		v.Message = r.groundText(g) + "; on its merits: " + v.Merits
		v.Waiver = cmp.Or(g.name, v.Waiver)
	}
	if !v.Admissible {
		v.Message = v.Merits + r.see()
	}
	v.Message = singleLine(v.Message, maxMessageLength)
	if v.Admissible {
		v.AdmissibleUntil = r.admissibleUntil(v.Findings, others)
	}
}

// admissibleUntil is the first moment to come at which neither the merits nor another ground let the revision
// pass.
func (r *reading) admissibleUntil(all []Finding, others []ground) *time.Time {
	lasts := slices.ContainsFunc(blockers(all), lasting)
	needing := r.needing()
	moments := map[time.Time]bool{}
	for _, t := range turns(needing, r.Now) {
		moments[t] = true
	}
	for _, g := range others {
		moments[g.from], moments[g.until] = true, true
	}
	for _, t := range momentsAfter(r.Now, moments) {
		merit := !lasts && (len(r.policies) == 0 || heldAt(needing, t))
		if !merit && !slices.ContainsFunc(others, func(g ground) bool { return g.holdsAt(t) }) {
			return &t
		}
	}
	return nil
}

// nextChange is the next moment at which anything in the verdict is another.
func (r *reading) nextChange(v Verdict, p prospect) *time.Time {
	moments := map[time.Time]bool{}
	for _, t := range turns(r.needing(), r.Now) {
		moments[t] = true
	}
	for _, t := range r.ticks(p) {
		moments[t] = true
	}
	for _, g := range grounds(r) {
		moments[g.from], moments[g.until] = true, true
	}
	usageTurns(r.usage, moments)
	r.keptTurns(moments)
	r.deprecationTurns(moments)
	for _, f := range v.Findings {
		if f.ClearsAt != nil {
			moments[*f.ClearsAt] = true
		}
	}
	next := momentsAfter(r.Now, moments)
	if len(next) == 0 {
		return nil
	}
	return &next[0]
}

// Bounds of a change in a status, as the schema has them.
const (
	maxRuleLength   = 128
	maxChangeLength = 512
)

// judged is how the changes are shown.
func (r *reading) judged() []v1alpha1.JudgedChange {
	var changes []v1alpha1.JudgedChange
	for _, w := range r.changes {
		c := v1alpha1.JudgedChange{
			Fingerprint: w.Fingerprint,
			Rule:        singleLine(cmp.Or(w.Rule, "unknown"), maxRuleLength),
			Class:       w.subject.Class,
			Version:     v1alpha1.VersionName(short(w.Version)),
			Operation:   singleLine(w.Operation, maxChangeLength),
			Location:    singleLine(w.Location, maxChangeLength),
			Text:        singleLine(cmp.Or(w.Text, w.Rule, "unknown"), maxChangeLength),
		}
		if found := v1alpha1.ChangeClass(w.Class); found != w.subject.Class {
			c.FoundAs = found
		}
		if w.needsNotice {
			owed := w.owed.Owed
			if len(w.coverage) > 0 {
				first := w.coverage[0]
				owed = first.Owed
				c.CoveredBy = v1alpha1.ObjectName(first.Notice)
				c.MaturesTime = &metav1.Time{Time: first.Matures}
			}
			c.Affected = r.affectedShown(w)
			if by := owed.By(); by != "" {
				days := int32(owed.Period.Days)
				c.OwedDays, c.OwedBy = &days, singleLine(by, maxPolicyLength)
			}
		}
		changes = append(changes, c)
	}
	return changes
}

const maxPolicyLength = 253
