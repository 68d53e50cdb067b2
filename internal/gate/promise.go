package gate

import (
	"cmp"
	"slices"
	"strings"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	v1alpha1 "forewarn.dev/forewarn/api/v1alpha1"
	"forewarn.dev/forewarn/internal/notice"
)

const (
	maxPromised     = 64
	maxServingNames = 2048
)

// Promise is what customers of an API rely on, after what was observed: what serves (A3), what became a
// promise of that (R10), the way back (R11) and the promises that were broken.
//
//	first seen serving ──▶ rollout complete ──▶ settleHours later, on its merits: promised
//	        │                                            │
//	        └▶ not on its merits: broken promise         └▶ what serves no more is promised no more
//	                                                        and stays admissible for rollbackDays
//
// So what went to customers unannounced, by a Waiver, a warning or a way back, does not move the promise:
// it stays owed until a notice covers it.
func Promise(in PromiseInput) PromiseOutput {
	p := newPass(in)
	out := PromiseOutput{
		Serving:         p.serving,
		ServingRevision: servingNames(p.serving),
		Promised:        p.promisedAt(p.prev.Promised, p.now),
		WayBack:         p.wayBack(),
		Keepers:         keepers(in),
	}
	out.Images = p.ran(in.Observed, out.WayBack)
	out.Broken, out.BrokenCount = p.broken()
	out.InForce = p.inForce()
	out.NextChange = p.nextChange(out.Promised, out.WayBack, out.Images)
	return out
}

// pass is one pass over one API.
type pass struct {
	now     time.Time
	api     *v1alpha1.CustomerAPI
	prev    v1alpha1.CustomerAPIStatus
	serving []v1alpha1.ServingRevision
	// intruding are the images of pods without a name that broke a promise just now.
	intruding []string
	// room is what the images of what serves leave for those of what served.
	room     room
	facts    map[string]RevisionFacts
	settle   time.Duration
	rollback time.Duration
	// denies says that what is not admissible is refused.
	denies bool
}

func newPass(in PromiseInput) *pass {
	now := in.Now.UTC()
	policies, _ := notice.ReadPolicies(in.Policies) // what is wrong in one is said where it is judged
	p := &pass{
		now:      now,
		api:      in.API,
		prev:     in.API.Status,
		serving:  Serving(in.API.Status.Serving, in.Observed, now),
		facts:    in.Revisions,
		settle:   policies.Settle(),
		rollback: policies.Rollback(),
		denies:   policies.Enforcement() == v1alpha1.EnforcementDeny,
	}
	p.identify()
	p.arrive(in.Observed)
	p.room = roomLeft(p.serving)
	p.markBreaches()
	return p
}

// factsOf are the facts of a revision that serves, when there are any.
func (p *pass) factsOf(name v1alpha1.ObjectName) (RevisionFacts, bool) {
	if name == "" || p.nameReused(name) {
		return RevisionFacts{}, false
	}
	f, ok := p.facts[string(name)]
	return f, ok
}

// promisedAt is what will be promised at t, when until then all stays as it is.
func (p *pass) promisedAt(prev []v1alpha1.PromisedContract, t time.Time) []v1alpha1.PromisedContract {
	settled := p.settledAt(t, len(prev) == 0)
	if len(settled) == 0 {
		return p.withStability(slices.Clone(prev))
	}
	union := promiseSet{}
	for _, c := range prev {
		if p.serves(c.Revision) {
			union.add(c)
		}
	}
	for _, name := range settled {
		for _, c := range p.facts[string(name)].Contracts {
			union.add(v1alpha1.PromisedContract{
				Version: c.Version, Contract: c.Contract, Revision: name, Since: sinceOf(prev, c, t),
			})
		}
	}
	return p.withStability(union.list())
}

// settledAt are the revisions whose contracts become a promise at t, by name. While nothing is promised,
// whatever serves with a contract is the baseline, at once. An API that is being deleted promises nothing
// new; what it has promised stands for as long as it is there.
func (p *pass) settledAt(t time.Time, baseline bool) []v1alpha1.ObjectName {
	var names []v1alpha1.ObjectName
	if p.api.DeletionTimestamp != nil {
		return nil
	}
	for _, e := range p.serving {
		f, ok := p.factsOf(e.Revision)
		if !ok || !f.Decided || len(f.Contracts) == 0 {
			continue
		}
		settled := e.CompletedTime != nil && !t.Before(e.CompletedTime.Add(p.settle))
		if baseline || f.OnMerit && settled {
			names = append(names, e.Revision)
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}

func (p *pass) serves(name v1alpha1.ObjectName) bool {
	return servesIn(p.serving, name)
}

func servesIn(serving []v1alpha1.ServingRevision, name v1alpha1.ObjectName) bool {
	return slices.ContainsFunc(serving, func(e v1alpha1.ServingRevision) bool { return e.Revision == name })
}

// withStability gives each contract the strongest that customers were ever told of its version.
func (p *pass) withStability(contracts []v1alpha1.PromisedContract) []v1alpha1.PromisedContract {
	for i := range contracts {
		contracts[i].Stability = stabilityOf(p.api, string(contracts[i].Version))
	}
	return contracts
}

// promiseSet holds each document once per version.
type promiseSet map[promiseKey]v1alpha1.PromisedContract

type promiseKey struct {
	version  v1alpha1.VersionName
	contract v1alpha1.ObjectName
}

func (s promiseSet) add(c v1alpha1.PromisedContract) {
	key := promiseKey{version: c.Version, contract: c.Contract}
	if _, ok := s[key]; !ok {
		s[key] = c
	}
}

// list is the union in order. Beyond what the status can hold, the oldest promises stay.
func (s promiseSet) list() []v1alpha1.PromisedContract {
	out := make([]v1alpha1.PromisedContract, 0, len(s))
	for _, c := range s {
		out = append(out, c)
	}
	if len(out) > maxPromised {
		slices.SortFunc(out, func(a, b v1alpha1.PromisedContract) int {
			return cmp.Or(compareTimes(a.Since, b.Since), byVersion(a, b))
		})
		out = out[:maxPromised]
	}
	slices.SortFunc(out, byVersion)
	return out
}

func byVersion(a, b v1alpha1.PromisedContract) int {
	return cmp.Or(
		cmp.Compare(a.Version, b.Version),
		compareTimes(a.Since, b.Since),
		cmp.Compare(a.Contract, b.Contract),
	)
}

// sinceOf is the moment from which customers rely on a document: that of the promise in which it stood
// before, whoever made it.
func sinceOf(prev []v1alpha1.PromisedContract, c v1alpha1.JudgedContract, t time.Time) *metav1.Time {
	for _, was := range prev {
		if was.Version == c.Version && was.Contract == c.Contract && was.Since != nil {
			return was.Since
		}
	}
	return stamp(t)
}

// nextChange is the earliest moment at which the promise or the way back changes by itself.
func (p *pass) nextChange(promised []v1alpha1.PromisedContract, wayBack []v1alpha1.PastRevision, images []v1alpha1.PastImage) *time.Time {
	var next *time.Time
	consider := func(t time.Time) {
		if t.After(p.now) && (next == nil || t.Before(*next)) {
			next = &t
		}
	}
	for _, past := range wayBack {
		consider(past.UntilTime.UTC())
	}
	for _, image := range images {
		if image.LastTime != nil {
			consider(image.LastTime.Add(p.rollback).UTC())
		}
	}
	for _, e := range p.serving {
		if e.CompletedTime == nil {
			continue
		}
		t := e.CompletedTime.Add(p.settle).UTC()
		if !samePromise(promised, p.promisedAt(promised, t)) {
			consider(t)
		}
	}
	return next
}

func samePromise(a, b []v1alpha1.PromisedContract) bool {
	return slices.EqualFunc(a, b, func(a, b v1alpha1.PromisedContract) bool {
		return a.Version == b.Version && a.Contract == b.Contract && a.Revision == b.Revision
	})
}

// servingNames are the revisions that serve, the one that began last at the end.
func servingNames(serving []v1alpha1.ServingRevision) string {
	entries := slices.Clone(serving)
	slices.SortStableFunc(entries, func(a, b v1alpha1.ServingRevision) int {
		return cmp.Or(a.Since.Compare(b.Since.Time), cmp.Compare(a.Revision, b.Revision))
	})
	var names []string
	length := 0
	for _, e := range entries {
		name := string(e.Revision)
		if name == "" || slices.Contains(names, name) {
			continue
		}
		if length += len(name) + 1; length > maxServingNames {
			break
		}
		names = append(names, name)
	}
	return strings.Join(names, ",")
}

func compareTimes(a, b *metav1.Time) int {
	switch {
	case a == nil && b == nil:
		return 0
	case a == nil:
		return -1
	case b == nil:
		return 1
	}
	return a.Compare(b.Time)
}
