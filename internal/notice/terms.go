package notice

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"time"

	v1alpha1 "forewarn.dev/forewarn/api/v1alpha1"
)

// Term is how much notice one entry of a policy owes, and for what.
type Term struct {
	// Policy owes it, or else the contract with Customer does.
	Policy   string
	Customer string
	Class    v1alpha1.ChangeClass
	// Stability is empty where the term holds for versions of any.
	Stability v1alpha1.Stability
	Period    Period
	// Unused is what it owes at most, since nobody used what changes for UnusedFor days. Nil: that shortens nothing.
	Unused    *Period
	UnusedFor int
}

// Owed is the notice that is owed once a clock has started.
type Owed struct {
	// Policy is who binds, or else the contract with Customer. Both are empty for nobody.
	Policy   string
	Customer string
	Period   Period
	// End is the moment at which the period is over.
	End time.Time
	// UnusedFor says that it would be longer, had anybody used what changes in so many days. 0: it would not.
	UnusedFor int
}

func readTerm(policy string, calendar Period, owed *v1alpha1.OwedTerm) (Term, error) {
	term := Term{Policy: policy, Class: owed.Class, Stability: owed.Stability}
	if err := CheckClass(owed.Class); err != nil {
		return term, err
	}
	switch owed.Stability {
	case "", v1alpha1.StabilityStable, v1alpha1.StabilityBeta, v1alpha1.StabilityAlpha:
	default:
		return term, fmt.Errorf("stability %q is not known: write Stable, Beta or Alpha", shortened(string(owed.Stability)))
	}
	if (owed.Days == nil) == (owed.BusinessDays == nil) {
		return term, errors.New("set days or businessDays, and not both")
	}
	if owed.Days != nil {
		term.Period = Period{Days: int(*owed.Days), Zone: calendar.Zone}
	} else {
		term.Period = calendar
		term.Period.Days, term.Period.Business = int(*owed.BusinessDays), true
	}
	return term, term.Period.Validate()
}

// CheckTerm says what is wrong with a term wherever it was written.
func CheckTerm(owed *v1alpha1.OwedTerm) error {
	_, err := readTerm("", Period{Zone: zoneOf("")}, owed)
	return err
}

func zoneOf(name string) string {
	return cmp.Or(name, "UTC")
}

func (t Term) holds(class v1alpha1.ChangeClass, stability v1alpha1.Stability) bool {
	return t.Class == class && (t.Stability == "" || t.Stability == stability)
}

// NoticeNeeded says that customers have to be told of a change: of all but those that add something or
// merely announce, and of these, too, where a policy owes notice of them.
func (ps Policies) NoticeNeeded(classes []v1alpha1.ChangeClass, stability v1alpha1.Stability) bool {
	return slices.ContainsFunc(classes, func(class v1alpha1.ChangeClass) bool {
		quiet := class == v1alpha1.ClassAddition || class == v1alpha1.ClassDeprecation
		return !quiet || len(ps.terms(class, stability)) > 0
	})
}

// Classes are all that a policy owes notice for, besides those that need a notice in any case.
func (ps Policies) Classes() []v1alpha1.ChangeClass {
	classes := []v1alpha1.ChangeClass{
		v1alpha1.ClassRemoval, v1alpha1.ClassBreaking, v1alpha1.ClassBehaviour, v1alpha1.ClassCorrection,
	}
	for _, p := range ps {
		for _, t := range p.Terms {
			classes = append(classes, t.Class)
		}
	}
	slices.Sort(classes)
	return slices.Compact(classes)
}

// ClassesOf are the classes that the policies give to what a rule finds: each may move the rule, and
// where they differ all count, since none of them has given its customers up.
func (ps Policies) ClassesOf(rule string, class v1alpha1.ChangeClass) []v1alpha1.ChangeClass {
	if len(ps) == 0 {
		return []v1alpha1.ChangeClass{class}
	}
	var classes []v1alpha1.ChangeClass
	for _, p := range ps {
		if moved := p.Rules[rule]; len(moved) > 0 {
			classes = append(classes, moved...)
		} else {
			classes = append(classes, class)
		}
	}
	slices.Sort(classes)
	return slices.Compact(classes)
}

func (ps Policies) terms(class v1alpha1.ChangeClass, stability v1alpha1.Stability) []Term {
	var terms []Term
	for _, p := range ps {
		for _, t := range p.Terms {
			if t.holds(class, stability) {
				terms = append(terms, t)
			}
		}
	}
	return terms
}

// Owed is the longest notice that any policy owes for any of the classes, by the moment at which it ends
// when the clock starts at start. Where no term names a class, it ends at once.
func (ps Policies) Owed(classes []v1alpha1.ChangeClass, stability v1alpha1.Stability, start time.Time) (Owed, error) {
	var longest *Owed
	var otherwise time.Time // the end, had anybody used what changes
	unusedFor := 0
	for _, class := range classes {
		for _, term := range ps.terms(class, stability) {
			owed, full, err := term.owed(start)
			if err != nil {
				return Owed{}, &PolicyError{Policy: term.Policy, Field: "owed", Err: err}
			}
			if longest == nil || owed.Compare(*longest) > 0 {
				longest = &owed
			}
			otherwise, unusedFor = later(otherwise, full), max(unusedFor, term.UnusedFor)
		}
	}
	if longest != nil {
		if longest.End.Before(otherwise) {
			longest.UnusedFor = unusedFor
		}
		return *longest, nil
	}
	owed := Owed{Period: Period{Zone: "UTC"}, End: start.UTC()}
	if len(ps) > 0 && ps.NoticeNeeded(classes, stability) {
		owed.Policy = ps[0].Name // it asks for a notice, and for no time
	}
	return owed, nil
}

// owed is what one term owes: the shorter of its periods, where nobody used what changes. full is when it would be over
// otherwise.
func (t Term) owed(start time.Time) (owed Owed, full time.Time, err error) {
	if full, err = t.Period.End(start); err != nil {
		return owed, full, err
	}
	owed = Owed{Policy: t.Policy, Customer: t.Customer, Period: t.Period, End: full}
	if t.Unused == nil {
		return owed, full, nil
	}
	sooner, err := t.Unused.End(start)
	if err == nil && sooner.Before(full) {
		owed.Period, owed.End = *t.Unused, sooner
	}
	return owed, full, err
}

// Tick is the next whole second at which Owed gives another answer, if ever.
func (ps Policies) Tick(classes []v1alpha1.ChangeClass, stability v1alpha1.Stability, now time.Time) (time.Time, bool) {
	var next time.Time
	for _, class := range classes {
		for _, term := range ps.terms(class, stability) {
			periods := []Period{term.Period}
			if term.Unused != nil {
				periods = append(periods, *term.Unused)
			}
			for _, period := range periods {
				if tick, ok := period.Tick(now); ok && (next.IsZero() || tick.Before(next)) {
					next = tick
				}
			}
		}
	}
	return next, !next.IsZero()
}

// Tick is the next whole second that starts a clock which ends later than one that starts now.
func (p Period) Tick(now time.Time) (time.Time, bool) {
	if p.Days == 0 {
		return time.Time{}, false
	}
	end, err := p.End(now)
	if err != nil {
		return time.Time{}, false
	}
	last, err := p.LatestStart(end)
	if err != nil {
		return time.Time{}, false
	}
	return last.Add(time.Second), true
}

// By is who binds: the name of a policy, or CustomerPrefix and the id of a customer. Empty for nobody.
func (o Owed) By() string {
	if o.Customer != "" {
		return CustomerPrefix + o.Customer
	}
	return o.Policy
}

// Compare is positive where o is the one that binds: it ends later. Among those that end together the
// one that reads longer is shown.
func (o Owed) Compare(other Owed) int {
	return cmp.Or(
		o.End.Compare(other.End),
		cmp.Compare(o.Period.Days, other.Period.Days),
		-cmp.Compare(o.By(), other.By()),
		-cmp.Compare(o.Period.Zone, other.Period.Zone),
		compareBool(o.Period.Business, other.Period.Business),
	)
}

func compareBool(a, b bool) int {
	switch {
	case a == b:
		return 0
	case a:
		return 1
	}
	return -1
}
