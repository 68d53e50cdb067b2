package gate

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	v1alpha1 "forewarn.dev/forewarn/api/v1alpha1"
	"forewarn.dev/forewarn/internal/notice"
)

// maxWaiver is how long after its creation a waiver may last.
const maxWaiver = 24 * time.Hour

// ground is a reason to let a revision serve whatever its merits.
type ground struct {
	reason string
	name   string // of the waiver
	from   time.Time
	until  time.Time // zero: for ever
}

func (g ground) holdsAt(t time.Time) bool {
	return !t.Before(g.from) && (g.until.IsZero() || t.Before(g.until))
}

// grounds are those that hold now or will, the strongest first: what serves, then the way back (R11), then
// waivers, the one that lasts longest first. An object that only took the name of what served has none but
// waivers.
func grounds(r *reading) []ground {
	var all []ground
	name := v1alpha1.ObjectName(r.Revision.Name)
	if name == "" {
		return nil // pods that name no revision serve under the empty name
	}
	if !nameReused(r.Input) {
		if slices.ContainsFunc(r.API.Status.Serving, func(s v1alpha1.ServingRevision) bool { return s.Revision == name }) {
			all = append(all, ground{reason: v1alpha1.ReasonServing})
		}
		var until time.Time
		for _, past := range r.API.Status.WayBack {
			if past.Revision == name && past.UntilTime != nil && past.UntilTime.After(until) {
				until = past.UntilTime.UTC()
			}
		}
		if until.After(r.Now) {
			all = append(all, ground{reason: v1alpha1.ReasonWayBack, until: until})
		}
	}
	return append(all, waiverGrounds(r)...)
}

func waiverGrounds(r *reading) []ground {
	var all []ground
	for i := range r.Waivers {
		w := &r.Waivers[i]
		elsewhere := w.Namespace != "" && r.Revision.Namespace != "" && w.Namespace != r.Revision.Namespace
		if string(w.Spec.Revision) != r.Revision.Name || elsewhere {
			continue
		}
		if g, reason, _ := waiverGround(w); reason == "" && r.Now.Before(g.until) {
			all = append(all, g)
		}
	}
	slices.SortFunc(all, func(a, b ground) int {
		return cmp.Or(b.until.Compare(a.until), a.from.Compare(b.from), cmp.Compare(a.name, b.name))
	})
	return all
}

// waiverGround is what a waiver is good for, or else the reason why it never counts.
func waiverGround(w *v1alpha1.Waiver) (g ground, reason, message string) {
	created, expires := w.CreationTimestamp, w.Spec.ExpireTime
	if expires == nil || created.IsZero() {
		return g, v1alpha1.ReasonExpired, "nothing says when it was created or when it ends"
	}
	if w.DeletionTimestamp != nil {
		return g, v1alpha1.ReasonExpired, "it was deleted"
	}
	if expires.After(created.Add(maxWaiver)) {
		return g, v1alpha1.ReasonTooLong, fmt.Sprintf(
			"it was to last until %s, and a waiver ends at most 24 hours after it was created (%s): create another",
			moment(expires.UTC(), ""), moment(created.UTC(), ""))
	}
	return ground{reason: v1alpha1.ReasonWaived, name: w.Name, from: created.UTC(), until: expires.UTC()}, "", ""
}

// EvaluateWaiver says whether a waiver counts at now: reason and message are those of the condition Active.
func EvaluateWaiver(w *v1alpha1.Waiver, now time.Time) (active bool, reason, message string, nextChange *time.Time) {
	g, reason, message := waiverGround(w)
	switch {
	case reason != "":
		return false, reason, message, nil
	case !now.Before(g.until):
		return false, v1alpha1.ReasonExpired, "it ended " + moment(g.until, ""), nil
	case !g.holdsAt(now):
		return false, v1alpha1.ReasonClockUnreliable, "it was created " + moment(g.from, "") + ", which is yet to come", &g.from
	}
	return true, v1alpha1.ReasonActive, fmt.Sprintf("%s may serve until %s, whatever customers were told",
		short(string(w.Spec.Revision)), moment(g.until, "")), &g.until
}

// nameReused says that something else served under the name of the revision. What cannot be compared,
// because a document is gone, is taken for what served: the way back is always open.
func nameReused(in Input) bool {
	name := v1alpha1.ObjectName(in.Revision.Name)
	digest := digestOf(in)
	var served []v1alpha1.Digest
	for _, serving := range in.API.Status.Serving {
		if serving.Revision == name && serving.Digest != "" {
			served = append(served, serving.Digest)
		}
	}
	for _, past := range in.API.Status.WayBack {
		if past.Revision == name && past.Digest != "" {
			served = append(served, past.Digest)
		}
	}
	if digest != "" && len(served) > 0 && !slices.Contains(served, digest) {
		return true
	}
	unread := map[string]bool{}
	for _, p := range in.Proposal.Problems {
		unread[p.Version] = true
	}
	for _, promised := range in.API.Status.Promised {
		if promised.Revision != name || unread[string(promised.Version)] {
			continue
		}
		same := func(c v1alpha1.JudgedContract) bool {
			return c.Version == promised.Version &&
				(c.Contract == promised.Contract || v1alpha1.KeptContractName(c.Digest) == promised.Contract)
		}
		if !slices.ContainsFunc(in.Proposal.Contracts, same) {
			return true
		}
	}
	return false
}

// digestOf is the digest of what is judged. Where a document cannot be read any more it is that of the last
// time it could.
func digestOf(in Input) v1alpha1.Digest {
	switch {
	case in.Proposal.Digest != "":
		return in.Proposal.Digest
	case len(in.Proposal.Problems) > 0:
		return in.Revision.Status.Digest
	}
	return RevisionDigest(in.Revision.Spec, in.Proposal.Contracts)
}

func coverageHolding(t time.Time) func(notice.Coverage) bool {
	return func(c notice.Coverage) bool { return c.HoldsAt(t) }
}
