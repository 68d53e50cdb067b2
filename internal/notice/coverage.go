package notice

import (
	"cmp"
	"regexp"
	"slices"
	"strings"
	"time"

	v1alpha1 "forewarn.dev/forewarn/api/v1alpha1"
)

// RuleVersionRemoved finds that a version is gone as a whole. It is all that a blanket entry covers.
const RuleVersionRemoved = "version-removed"

// RuleDeclared is the rule of a change that people declared.
const RuleDeclared = "declared"

// Change is a change as notices know it.
type Change struct {
	Version     string
	Operation   string
	Rule        string
	Fingerprint string
	// Class is the class that it is shown with.
	Class v1alpha1.ChangeClass
	// Classes are all classes that the policies give it, Class included. What is owed for any is owed.
	Classes []v1alpha1.ChangeClass
	// Stability is that of the version today.
	Stability v1alpha1.Stability
}

// covers says whether an entry matches the change in all that the entry sets, and says enough to mean it (R5): the
// operation or the fingerprint; the rule alone for what is of no operation, which nothing else names, and for nothing
// that people declared, whatever it is; or nothing but the version, which covers its removal as a whole. That a version
// is deprecated as a whole covers the deprecation of anything in it. The operations of both are as they are compared.
func covers(entry *v1alpha1.CoveredChange, c *Change) bool {
	if entry.Fingerprint != "" && entry.Fingerprint != c.Fingerprint ||
		entry.Operation != "" && entry.Operation != c.Operation ||
		entry.Rule != "" && entry.Rule != c.Rule ||
		entry.Class != "" && entry.Class != c.Class ||
		string(entry.Version) != c.Version {
		return false
	}
	switch {
	case entry.Operation != "" || entry.Fingerprint != "":
		return true
	case entry.Rule != "":
		return c.Operation == "" && c.Rule != RuleDeclared
	case entry.Class == v1alpha1.ClassDeprecation:
		return c.Rule != RuleDeclared
	}
	return c.Rule == RuleVersionRemoved
}

// Operation is an operation as it is compared: "get  /orders" is "GET /orders".
func Operation(s string) string {
	words := strings.Fields(s)
	if len(words) > 1 {
		words[0] = strings.ToUpper(words[0])
	}
	return strings.Join(words, " ")
}

var exactOperation = regexp.MustCompile(`^[A-Z]+ (/|webhook:|callback:)[^*]*$`)

// ExactOperation says that a text names one operation as a comparison does: "DELETE /orders/{id}". Nothing in it stands
// for anything else.
func ExactOperation(s string) bool { return exactOperation.MatchString(Operation(s)) }

// Coverage is what one notice does for one change: from Matures until Lapses the change may serve.
type Coverage struct {
	Notice  string
	Owed    Owed
	Matures time.Time
	Lapses  time.Time
	// Silence is the missed reminder that Matures comes from. Nil: it comes from something else.
	Silence *Silence
}

// HoldsAt says that the change may serve at t.
func (c Coverage) HoldsAt(t time.Time) bool {
	return !t.Before(c.Matures) && t.Before(c.Lapses)
}

// Coverage is what the notices that stand at now do for a change, the one that matures first at the head.
// A notice that lapses before it matures does nothing.
func (l *Ledger) Coverage(c Change, now time.Time) []Coverage {
	var all []Coverage
	c.Operation = Operation(c.Operation)
	for _, r := range l.records {
		if reason := r.standing(now); reason != v1alpha1.ReasonPublished {
			continue
		}
		if coverage, ok := l.coverageBy(r, c); ok && coverage.Matures.Before(coverage.Lapses) && !r.unknown(coverage, now) {
			all = append(all, coverage)
		}
	}
	slices.SortStableFunc(all, func(a, b Coverage) int {
		return cmp.Or(a.Matures.Compare(b.Matures), -a.Lapses.Compare(b.Lapses), cmp.Compare(a.Notice, b.Notice))
	})
	return all
}

// coverageBy is what one notice does for the change, by the entry that matures first.
func (l *Ledger) coverageBy(r *record, c Change) (Coverage, bool) {
	var first *Coverage
	kept := l.keptUntil(c)
	for i := range r.entries {
		if aside(&r.notice.Spec) || !covers(&r.entries[i], &c) {
			continue
		}
		matures, owed, ok := l.matures(r, r.entries[i], c)
		if !ok {
			continue // what it owes cannot be read: it counts for nothing
		}
		matures = later(matures, kept)
		if first == nil || matures.Before(first.Matures) {
			first = &Coverage{Notice: r.notice.Name, Owed: owed, Matures: matures, Lapses: r.lapses, Silence: l.silenceUntil(r, matures)}
		}
	}
	if first == nil {
		return Coverage{}, false
	}
	return *first, true
}

// matures is the moment from which an entry of a notice lets the change serve (R3): the later of the date
// that customers were told and the end of what they are owed. An entry that stood in the notice which this
// one replaces keeps that one's clock, and its date: nobody who was told July is to meet it in May, unless
// all that is owed has run since the new notice.
// A notice whose clock has not started, or that is held, lets nothing serve, not by an older clock either, nor does one
// of which customers were not reminded, for as long as they have not been reached.
func (l *Ledger) matures(r *record, entry v1alpha1.CoveredChange, c Change) (time.Time, Owed, bool) {
	if r.start.IsZero() || r.held || r.unreached() || r.uncountable() {
		return time.Time{}, Owed{}, false
	}
	owed, err := l.owed(r, c)
	if err != nil {
		return time.Time{}, Owed{}, false
	}
	matures := later(later(later(r.effective, owed.End), r.silence.Until), r.removable)
	if older := l.replacedBy(r); older != nil && slices.Contains(older.entries, entry) {
		kept, keptOwed, ok := l.matures(older, entry, c)
		if kept = later(later(later(kept, r.effective), r.silence.Until), r.removable); ok && kept.Before(matures) {
			return kept, keptOwed, true
		}
	}
	return matures, owed, true
}

// Whole is what the notice of that name does for all that it lists: from Matures until Lapses all of it may serve.
// Owed is that of the entry which takes longest. An entry without a class counts with every class there is. Where that
// cannot be said, since its clock has not started, it is held, or what it owes cannot be read, only Lapses is known.
func (l *Ledger) Whole(name string, stability func(version string) v1alpha1.Stability) (Coverage, bool) {
	i := slices.IndexFunc(l.records, func(r *record) bool { return r.notice.Name == name })
	if i < 0 {
		return Coverage{}, false
	}
	r := l.records[i]
	whole := Coverage{Notice: name, Matures: r.effective, Lapses: r.lapses, Owed: Owed{Period: Period{Zone: "UTC"}, End: r.start}}
	for _, entry := range r.entries {
		c := Change{Version: string(entry.Version), Classes: l.policies.ClassesCovered(entry)}
		c.Stability = stability(c.Version)
		matures, owed, ok := l.matures(r, entry, c)
		if !ok {
			return Coverage{Notice: name, Lapses: r.lapses}, false
		}
		whole.Matures = later(whole.Matures, matures)
		if owed.Compare(whole.Owed) > 0 {
			whole.Owed = owed
		}
	}
	whole.Silence = l.silenceUntil(r, whole.Matures)
	return whole, true
}

// ClassesCovered are the classes that an entry of a notice may turn out to be about.
func (ps Policies) ClassesCovered(entry v1alpha1.CoveredChange) []v1alpha1.ChangeClass {
	if entry.Class != "" {
		return []v1alpha1.ChangeClass{entry.Class}
	}
	return ps.Classes()
}

// owed is what a notice owes for a change: what was frozen when it was published and, for a class that was
// not, what is owed today.
func (l *Ledger) owed(r *record, c Change) (Owed, error) {
	var longest *Owed
	for _, class := range c.Classes {
		owed, err := l.owedFor(r, c, class)
		if err != nil {
			return Owed{}, err
		}
		if longest == nil || owed.Compare(*longest) > 0 {
			longest = &owed
		}
	}
	if longest == nil {
		return Owed{Period: Period{Zone: "UTC"}, End: r.start}, nil
	}
	return *longest, nil
}

// owedKey is all that owedFor depends on: thousands of changes share a handful of answers.
type owedKey struct {
	record    *record
	version   string
	class     v1alpha1.ChangeClass
	stability v1alpha1.Stability
}

type owedAnswer struct {
	owed Owed
	err  error
}

func (l *Ledger) owedFor(r *record, c Change, class v1alpha1.ChangeClass) (Owed, error) {
	key := owedKey{record: r, version: c.Version, class: class, stability: c.Stability}
	answer, known := l.answers[key]
	if !known {
		answer.owed, answer.err = l.work(r, c, class)
		l.answers[key] = answer
	}
	return answer.owed, answer.err
}

func (l *Ledger) work(r *record, c Change, class v1alpha1.ChangeClass) (Owed, error) {
	var longest *Owed
	for i := range r.notice.Status.Owed {
		frozen := &r.notice.Status.Owed[i]
		if string(frozen.Version) != c.Version || frozen.Class != class {
			continue
		}
		owed, err := thaw(frozen, r.start)
		if err != nil {
			return Owed{}, err
		}
		if longest == nil || owed.Compare(*longest) > 0 {
			longest = &owed
		}
	}
	if longest != nil {
		return *longest, nil
	}
	return l.policies.Owed([]v1alpha1.ChangeClass{class}, c.Stability, r.start)
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

func earlier(a, b time.Time) time.Time {
	if a.Before(b) {
		return a
	}
	return b
}
