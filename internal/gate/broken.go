package gate

import (
	"fmt"
	"slices"
	"time"

	v1alpha1 "forewarn.dev/forewarn/api/v1alpha1"
)

const (
	maxBroken        = 50
	maxBrokenMessage = 1024
)

// broken are the broken promises with those that were found now, and their number since ever. Each is
// recorded once for as long as the revision goes on serving.
func (p *pass) broken() ([]v1alpha1.BrokenPromise, int32) {
	list := slices.Clone(p.prev.BrokenPromises)
	count := int32(len(list))
	if n := p.prev.BrokenPromiseCount; n != nil {
		count = max(*n, count)
	}
	if len(p.prev.Promised) == 0 {
		return list, count
	}
	taken := p.promiseTaken()
	for _, name := range p.servingByName() {
		if b, ok := p.breach(name, taken); ok {
			list = append(list, b)
			count++
		}
	}
	return p.boundedBroken(list), count
}

// breach is what a revision that serves breaks, when that is to be recorded now.
func (p *pass) breach(name v1alpha1.ObjectName, taken bool) (v1alpha1.BrokenPromise, bool) {
	if name == "" {
		return p.unnamedBreach()
	}
	f, ok := p.factsOf(name)
	if !ok || !f.Decided || f.OnMerit {
		return v1alpha1.BrokenPromise{}, false
	}
	switch {
	case !servesIn(p.prev.Serving, name): // seen for the first time, or back again
	case p.judgedLate(name, f) && !p.everBroke(name):
	case taken && !p.brokeSince(name):
	default:
		return v1alpha1.BrokenPromise{}, false
	}
	return p.record(name, f), true
}

// judgedLate says that the revision served before there was a verdict, as it may under Warn: what it broke
// could not be recorded when it was first seen. What is promised of it was on its merits once.
func (p *pass) judgedLate(name v1alpha1.ObjectName, f RevisionFacts) bool {
	promised := slices.ContainsFunc(p.prev.Promised, func(c v1alpha1.PromisedContract) bool { return c.Revision == name })
	return !promised && (f.Judged.IsZero() || !f.Judged.Before(p.since(name)))
}

// promiseTaken says that what was promised serves no more, and that nothing is left that keeps the promise:
// a canary that had become a promise was taken back.
func (p *pass) promiseTaken() bool {
	gone := slices.ContainsFunc(p.prev.Promised, func(c v1alpha1.PromisedContract) bool {
		return servesIn(p.prev.Serving, c.Revision) && !p.serves(c.Revision)
	})
	kept := slices.ContainsFunc(p.serving, func(e v1alpha1.ServingRevision) bool {
		f, ok := p.factsOf(e.Revision)
		return ok && f.OnMerit
	})
	return gone && !kept
}

func (p *pass) record(name v1alpha1.ObjectName, f RevisionFacts) v1alpha1.BrokenPromise {
	b := v1alpha1.BrokenPromise{Time: stamp(p.now), Revision: name, Cause: v1alpha1.BreachNotEnforced}
	changes := int32(max(f.Uncovered, 0))
	b.Changes = &changes
	_, back := p.recorded(name)
	before := slices.IndexFunc(p.prev.BrokenPromises, func(b v1alpha1.BrokenPromise) bool { return b.Revision == name })
	switch {
	case f.Waiver != "":
		b.Cause, b.Waiver = v1alpha1.BreachWaived, v1alpha1.ObjectName(f.Waiver)
	case p.rolledBack(name):
		b.Cause = v1alpha1.BreachRolledBack
	case name != "" && back && before >= 0: // the same as when it first came in
		b.Cause, b.Waiver = p.prev.BrokenPromises[before].Cause, p.prev.BrokenPromises[before].Waiver
	}
	b.Message = singleLine(f.Merits, maxBrokenMessage)
	if b.Message == "" {
		b.Message = fmt.Sprintf("%s serves with %d changes that customers were not told of", name, changes)
	}
	return b
}

// rolledBack says that the revision served before something became a promise that it lacks. That it may be rolled back
// to is not enough: what came in where nobody enforced anything, and left again, has a way back, too.
func (p *pass) rolledBack(name v1alpha1.ObjectName) bool {
	since := p.since(name)
	if past, ok := p.recorded(name); ok && past.Since != nil && past.Since.Time.Before(since) {
		since = past.Since.Time
	}
	return name != "" && slices.ContainsFunc(p.prev.Promised, func(c v1alpha1.PromisedContract) bool {
		return c.Revision != name && c.Since != nil && c.Since.After(since)
	})
}

// servingByName are the names that serve, in order, the empty one of unnamed pods included.
func (p *pass) servingByName() []v1alpha1.ObjectName {
	var names []v1alpha1.ObjectName
	for _, e := range p.serving {
		names = append(names, e.Revision)
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// since is the moment from which the revision has served.
func (p *pass) since(name v1alpha1.ObjectName) time.Time {
	first := p.now
	for _, e := range slices.Concat(p.prev.Serving, p.serving) {
		if e.Revision == name && e.Since != nil && e.Since.Time.Before(first) {
			first = e.Since.Time
		}
	}
	return first
}

func (p *pass) everBroke(name v1alpha1.ObjectName) bool {
	return slices.ContainsFunc(p.prev.BrokenPromises, func(b v1alpha1.BrokenPromise) bool { return b.Revision == name })
}

func (p *pass) brokeSince(name v1alpha1.ObjectName) bool {
	since := p.since(name)
	return slices.ContainsFunc(p.prev.BrokenPromises, func(b v1alpha1.BrokenPromise) bool {
		return b.Revision == name && b.Time != nil && !b.Time.Time.Before(since)
	})
}

// boundedBroken leaves out the oldest, those first whose revision serves no more: of the others the record
// is what keeps them from being recorded again.
func (p *pass) boundedBroken(list []v1alpha1.BrokenPromise) []v1alpha1.BrokenPromise {
	for len(list) > maxBroken {
		i := slices.IndexFunc(list, func(b v1alpha1.BrokenPromise) bool { return !p.serves(b.Revision) })
		list = slices.Delete(list, max(i, 0), max(i, 0)+1)
	}
	return list
}
