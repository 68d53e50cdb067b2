package gate

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	v1alpha1 "forewarn.dev/forewarn/api/v1alpha1"
	"forewarn.dev/forewarn/internal/contract"
	"forewarn.dev/forewarn/internal/notice"
)

// reading is an Input with what several checks need worked out once.
type reading struct {
	Input
	policies     notice.Policies
	policyErrors []*notice.PolicyError
	ledger       *notice.Ledger
	usage        notice.Usage
	unused       notice.Policies // as they bind for what nobody used
	changes      []*weighed      // those that block first
	owed         map[string]owedNow
	held         map[string]*v1alpha1.ChangeNotice // the notices that are held, by name
}

// owedNow is what is owed when the clock starts now. Thousands of changes share a handful of answers.
type owedNow struct {
	notice.Owed
	err error
	// tick is the moment at which the answer next changes.
	tick time.Time
}

// weighed is a change, what customers are owed for it and what they were told.
type weighed struct {
	contract.Change
	subject notice.Change
	// needsNotice says that customers have to be told.
	needsNotice bool
	// movedTo is the API of the same product that serves the operation unchanged.
	movedTo  string
	affected notice.Affected
	owed     owedNow
	coverage []notice.Coverage // the one that matures first at the head
	// held is a notice that told customers of the change and is held. Nil where another covers it.
	held *v1alpha1.ChangeNotice
	kept []notice.Kept // the schedules that have a say in it
	rank int
}

// newReading reads everything but the changes.
func newReading(in Input) *reading {
	in.Now = in.Now.UTC().Round(0)
	r := &reading{Input: in, owed: map[string]owedNow{}}
	r.policies, r.policyErrors = owedTo(in.Policies, in.Audience)
	r.ledger = notice.NewLedger(in.API, in.Notices, r.policies)
	r.held = heldAmong(in.Notices)
	r.usage, r.unused = usageOf(in.API, in.Audience, r.policies, in.Now)
	return r
}

// weigh finds out what customers are owed and were told for each change.
func (r *reading) weigh(changes []contract.Change) {
	for _, c := range changes {
		w := &weighed{Change: c, subject: r.subject(c)}
		if c.Rule != ruleDeclared && c.Operation != "" && v1alpha1.ChangeClass(c.Class) == v1alpha1.ClassRemoval {
			w.movedTo = r.Proposal.Moved[c.Fingerprint]
		}
		if w.movedTo == "" && !r.unheard(c) && r.policies.NoticeNeeded(w.subject.Classes, w.subject.Stability) {
			w.needsNotice = true
			w.affected = r.usage.Affected(w.subject)
			w.owed = r.owedFrom(w.subject, w.affected)
			w.coverage = r.ledger.Coverage(w.subject, r.Now)
			w.held = r.heldOver(w)
		}
		w.kept = r.keeping(w)
		w.rank = w.rankAt(r.Now)
		r.changes = append(r.changes, w)
	}
	slices.SortStableFunc(r.changes, (*weighed).compare)
}

// subject is the change as notices and policies know it.
func (r *reading) subject(c contract.Change) notice.Change {
	class := v1alpha1.ChangeClass(c.Class)
	if class == "" {
		class = v1alpha1.ClassBreaking // whatever it is, nobody called it harmless
	}
	s := notice.Change{
		Version: c.Version, Operation: c.Operation, Rule: c.Rule, Fingerprint: c.Fingerprint,
		Class: class, Classes: []v1alpha1.ChangeClass{class}, Stability: stabilityOf(r.API, c.Version),
	}
	if c.Rule == ruleDeclared {
		return s // policies move rules of the comparison, and no rule found this one
	}
	s.Classes = r.policies.ClassesOf(c.Rule, class)
	if len(s.Classes) == 1 {
		s.Class = s.Classes[0]
		return s
	}
	s.Class = r.strictest(s)
	return s
}

// compareFrom is when the clock starts that compares classes with each other: were it now, a change could
// have another class tomorrow.
var compareFrom = time.Date(2026, time.January, 1, 0, 0, 0, 0, time.UTC)

// strictest is the class that owes most, the one the change is shown with.
func (r *reading) strictest(s notice.Change) v1alpha1.ChangeClass {
	strictest, most := s.Class, time.Time{}
	for _, class := range s.Classes {
		only := []v1alpha1.ChangeClass{class}
		owed, err := r.policies.Owed(only, s.Stability, compareFrom)
		if err != nil {
			return class
		}
		if r.policies.NoticeNeeded(only, s.Stability) {
			owed.End = owed.End.Add(time.Second) // to be told comes before not to be told
		}
		if owed.End.After(most) || owed.End.Equal(most) && class == s.Class {
			strictest, most = class, owed.End
		}
	}
	return strictest
}

func (r *reading) owedFrom(s notice.Change, affected notice.Affected) owedNow {
	policies := r.policiesFor(affected)
	key := fmt.Sprintf("%s,%t", s.Stability, affected.UnusedFor > 0)
	for _, class := range s.Classes {
		key += "," + string(class)
	}
	owed, known := r.owed[key]
	if !known {
		owed.Owed, owed.err = policies.Owed(s.Classes, s.Stability, r.Now)
		owed.tick, _ = policies.Tick(s.Classes, s.Stability, r.Now)
		r.owed[key] = owed
	}
	return owed
}

// promises says that customers rely on the version.
func (r *reading) promises(version string) bool {
	return slices.ContainsFunc(r.API.Status.Promised, func(p v1alpha1.PromisedContract) bool {
		return string(p.Version) == version
	})
}

// unheard says that a change reaches nobody: one that was declared of a version that nobody was promised.
func (r *reading) unheard(c contract.Change) bool {
	return c.Rule == ruleDeclared && !r.promises(c.Version)
}

// needing are the changes that customers have to be told of.
func (r *reading) needing() []*weighed {
	var needing []*weighed
	for _, w := range r.changes {
		if w.needsNotice {
			needing = append(needing, w)
		}
	}
	return needing
}

// ranked are those of the changes that have the rank.
func (r *reading) ranked(rank int) []*weighed {
	var ranked []*weighed
	for _, w := range r.changes {
		if w.rank == rank {
			ranked = append(ranked, w)
		}
	}
	return ranked
}

// Ranks of a change, in the order in which changes are shown.
const (
	rankUncovered = iota
	rankRunning
	rankMatured
	rankFree
)

func (w *weighed) rankAt(now time.Time) int {
	switch {
	case !w.needsNotice:
		return rankFree
	case len(w.coverage) == 0:
		return rankUncovered
	case w.holdsAt(now):
		return rankMatured
	}
	return rankRunning
}

// holdsAt says that the change may serve at t, with the notices that stand.
func (w *weighed) holdsAt(t time.Time) bool {
	return slices.ContainsFunc(w.coverage, func(c notice.Coverage) bool { return c.HoldsAt(t) })
}

var classOrder = []v1alpha1.ChangeClass{v1alpha1.ClassRemoval, v1alpha1.ClassBreaking}

func (w *weighed) compare(other *weighed) int {
	worst := func(w *weighed) int {
		if i := slices.Index(classOrder, w.subject.Class); i >= 0 {
			return i
		}
		return len(classOrder)
	}
	if c := w.rank - other.rank; c != 0 {
		return c
	}
	if c := worst(w) - worst(other); c != 0 {
		return c
	}
	return cmp.Or(
		cmp.Compare(w.Version, other.Version), cmp.Compare(w.Operation, other.Operation), cmp.Compare(w.Rule, other.Rule),
		cmp.Compare(w.Location, other.Location), cmp.Compare(w.Text, other.Text),
		cmp.Compare(w.Fingerprint, other.Fingerprint), cmp.Compare(w.Class, other.Class),
	)
}

// stabilityOf is the strongest that customers of a version were ever told to expect: calling it Beta
// afterwards takes nothing back (R8). What is not known counts as Stable.
func stabilityOf(api *v1alpha1.CustomerAPI, version string) v1alpha1.Stability {
	var told []v1alpha1.Stability
	for _, p := range api.Status.Promised {
		if string(p.Version) == version {
			told = append(told, p.Stability)
		}
	}
	for _, v := range api.Spec.Versions {
		if string(v.Name) == version {
			told = append(told, v.Stability)
		}
	}
	strongest := v1alpha1.StabilityAlpha
	for _, s := range told {
		switch s {
		case v1alpha1.StabilityAlpha:
		case v1alpha1.StabilityBeta:
			strongest = v1alpha1.StabilityBeta
		default:
			return v1alpha1.StabilityStable
		}
	}
	if len(told) == 0 {
		return v1alpha1.StabilityStable
	}
	return strongest
}

// versionsOf are the versions of the changes, sorted, each once.
func versionsOf(changes []*weighed) []string {
	var versions []string
	for _, w := range changes {
		versions = append(versions, w.Version)
	}
	slices.SortFunc(versions, strings.Compare)
	return slices.Compact(versions)
}
