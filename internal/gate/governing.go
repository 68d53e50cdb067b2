package gate

import (
	"maps"
	"slices"

	v1alpha1 "forewarn.dev/forewarn/api/v1alpha1"
)

// maxSelectors is how many the status can hold.
const maxSelectors = 64

// GoverningInput is all that the selectors of an API depend on.
type GoverningInput struct {
	// API is the CustomerAPI with the status that was last written: what was in force is kept there.
	API *v1alpha1.CustomerAPI
	// Declared are the selectors that carriedBy gives now.
	Declared []v1alpha1.PodSelector
	// Leading is, for Services that carriedBy names no more, what they select now.
	Leading map[string]map[string]string
	// Serving is what serves now.
	Serving  []v1alpha1.ServingRevision
	Observed []Observation
}

// Governing are the selectors by which pods are told to carry an API.
type Governing struct {
	// Selectors are those in force: what carriedBy gives, and then what is kept.
	Selectors []v1alpha1.PodSelector
	// Kept are those that carriedBy gives no more.
	Kept []KeptSelector
	// Waiting are those that carriedBy gives and that are not in force, for want of room.
	Waiting []v1alpha1.PodSelector
}

// KeptSelector is a selector that stays in force although carriedBy gives it no more.
type KeptSelector struct {
	v1alpha1.PodSelector
	// Workload serves pods that it matches; empty where none does.
	Workload v1alpha1.WorkloadRef
	// Unseen says that nothing is seen of the workload: any selector may be the one that it serves by.
	Unseen bool
	// Alone says that nothing of what carriedBy gives matches those pods.
	Alone bool
}

// Govern decides which selectors are in force. Governing follows the traffic: whoever edits carriedBy, or a
// Service, does not let go of what serves.
//
//	given by carriedBy now ─────────────────────────────────────────────▶ in force
//	in force before ──▶ some of what serves is matched by it alone ─────▶ stays
//	                └─▶ its Service, named no more, still selects by it ▶ stays
//	                └─▶ else: another took its place, or none ever served ─▶ leaves
//
// What serves is sticky (Serving), and so are the labels that it serves by: they leave when something that
// carriedBy selects has rolled out and no pod is left of what only they matched.
func Govern(in GoverningInput) Governing {
	known := in.API.Status.Selectors
	g := governing{in: in}
	for _, s := range in.Declared {
		switch {
		case HasSelector(g.declared, s):
		case !HasSelector(known, s) && len(known)+g.added >= maxSelectors:
			// What is new waits. What was in force may serve.
			g.out.Waiting = append(g.out.Waiting, s)
		default:
			if !HasSelector(known, s) {
				g.added++
			}
			s.KeptFor = ""
			g.declared = append(g.declared, s)
		}
	}
	g.out.Selectors = slices.Clone(g.declared)
	for _, s := range known {
		if HasSelector(g.out.Selectors, s) {
			continue
		}
		if kept, needed := g.keep(s); needed {
			g.out.Selectors = append(g.out.Selectors, kept.PodSelector)
			g.out.Kept = append(g.out.Kept, kept)
		}
	}
	return g.out
}

// governing is one pass over one API.
type governing struct {
	in       GoverningInput
	declared []v1alpha1.PodSelector
	added    int
	out      Governing
}

func (g *governing) keep(s v1alpha1.PodSelector) (kept KeptSelector, needed bool) {
	kept = KeptSelector{PodSelector: s, Alone: true}
	kept.KeptFor = v1alpha1.KeptForServing
	if g.needs(&kept) {
		return kept, true
	}
	kept.Alone = false
	switch {
	case !g.leads(s) || !g.everServed():
		return kept, false
	case !g.needs(&kept):
		kept.KeptFor = v1alpha1.KeptForService
	}
	return kept, true
}

// needs looks for a workload that serves pods which the selector matches, and alone where that is asked.
func (g *governing) needs(kept *KeptSelector) bool {
	selector := kept.MatchLabels
	if kept.Alone && g.declares(func(d v1alpha1.PodSelector) bool { return Selects(d.MatchLabels, selector) }) {
		return false // whatever it matches, that one does, too
	}
	kept.Unseen = len(g.in.Serving) == 0 && g.everServed()
	for _, e := range g.in.Serving {
		sets := g.labelsOf(e)
		if slices.ContainsFunc(sets, func(labels map[string]string) bool {
			return Selects(selector, labels) && (!kept.Alone || !g.matches(labels))
		}) {
			kept.Workload, kept.Unseen = e.Workload, false
			return true
		}
		if len(sets) == 0 && !kept.Unseen {
			kept.Workload, kept.Unseen = e.Workload, true
		}
	}
	return kept.Unseen
}

// labelsOf are the labels of what serves, and of what its workload is to run next; none while no pod of it is
// there and none is wanted.
func (g *governing) labelsOf(e v1alpha1.ServingRevision) (sets []map[string]string) {
	for _, o := range g.in.Observed {
		if o.Workload != e.Workload {
			continue
		}
		for _, r := range o.Running {
			if revisionName(r.Revision) == e.Revision {
				sets = append(sets, r.Labels...)
			}
		}
		if len(sets) > 0 && o.Template != nil {
			sets = append(sets, o.Template)
		}
	}
	return sets
}

// leads says that customers may still come by the Service of a selector, which carriedBy names no more, while
// no Service that it does name leads to the same pods.
func (g *governing) leads(s v1alpha1.PodSelector) bool {
	leading, asked := g.in.Leading[s.Service]
	return s.Service != "" && asked && Selects(s.MatchLabels, leading) &&
		!g.declares(func(d v1alpha1.PodSelector) bool {
			return d.Service != "" && Selects(d.MatchLabels, s.MatchLabels)
		})
}

func (g *governing) matches(labels map[string]string) bool {
	return g.declares(func(d v1alpha1.PodSelector) bool { return Selects(d.MatchLabels, labels) })
}

func (g *governing) declares(f func(v1alpha1.PodSelector) bool) bool {
	return slices.ContainsFunc(g.declared, f)
}

func (g *governing) everServed() bool {
	status := &g.in.API.Status
	return len(g.in.Serving)+len(status.Serving)+len(status.Promised)+len(status.WayBack) > 0
}

// HasSelector looks for a selector by where it comes from and its labels, not by why it is kept.
func HasSelector(list []v1alpha1.PodSelector, s v1alpha1.PodSelector) bool {
	return slices.ContainsFunc(list, func(other v1alpha1.PodSelector) bool {
		return other.Service == s.Service && maps.Equal(other.MatchLabels, s.MatchLabels)
	})
}
