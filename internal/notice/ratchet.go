package notice

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"maps"
	"slices"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	v1alpha1 "forewarn.dev/forewarn/api/v1alpha1"
)

// What the status of an API holds: so many policies, as its schema has it, of so many bytes.
const (
	MaxBound      = 32
	maxBoundBytes = 128 << 10
)

// Ratchet is what binds an API, for its status (R8): the policies that bind it now and, of those that did when it was
// last looked at, what was loosened, deleted or made to select another API since, each until the notice that it owed
// has run from now on. known is what the status holds, and loosened what somebody who may approve it lets go at once, by
// the names of AsBound.
func Ratchet(known []v1alpha1.BoundPolicy, policies []v1alpha1.NoticePolicy, loosened []string, now time.Time) []v1alpha1.BoundPolicy {
	now = now.UTC()
	var bound []v1alpha1.BoundPolicy
	var binding Policies
	unreadable := map[string]bool{}
	for i := range policies {
		read, wrong := ReadPolicy(&policies[i])
		if len(wrong) > 0 { // it owes what nobody can say, and nothing is let go for it
			unreadable[policies[i].Name] = true
			continue
		}
		binding = append(binding, read)
		bound = append(bound, boundNow(&policies[i]))
	}
	for i := range known {
		k := known[i].DeepCopy()
		// Generations begin anew with a policy that was deleted and made again: what it says is what it is.
		same := func(b v1alpha1.BoundPolicy) bool { return k.UntilTime == nil && AsBound(&b) == AsBound(k) }
		before, wrong := ReadSpec(k.Name, &k.InForce.Spec)
		switch {
		case slices.Contains(loosened, AsBound(k)), slices.ContainsFunc(bound, same), len(wrong) > 0:
			continue
		case k.UntilTime == nil && unreadable[k.Name]:
		case slices.ContainsFunc(binding, before.noStricterThan):
			continue
		case k.UntilTime == nil:
			k.UntilTime = &metav1.Time{Time: before.runsUntil(now)}
		}
		if k.UntilTime == nil || now.Before(k.UntilTime.Time) {
			bound = append(bound, *k)
		}
	}
	return fitting(bound)
}

// AsBound is the name of a policy as it was until it was loosened, for example "public-apis@3f2a9c1b": with the beginning
// of the digest of what it said. No NoticePolicy can have such a name.
func AsBound(b *v1alpha1.BoundPolicy) string {
	written, err := json.Marshal(&b.InForce.Spec)
	if err != nil {
		return b.Name + "@" // of what can be stored, there is none
	}
	sum := sha256.Sum256(written)
	return b.Name + "@" + hex.EncodeToString(sum[:4])
}

// Loosened are the policies that were loosened since they bound, as policies of their own. What they asked of the texts
// of a notice was promised to nobody.
func Loosened(bound []v1alpha1.BoundPolicy) []v1alpha1.NoticePolicy {
	var policies []v1alpha1.NoticePolicy
	for i := range bound {
		if bound[i].UntilTime == nil {
			continue
		}
		p := v1alpha1.NoticePolicy{Spec: *bound[i].InForce.Spec.DeepCopy()}
		p.Name, p.Spec.Content = AsBound(&bound[i]), v1alpha1.ContentRules{}
		policies = append(policies, p)
	}
	return policies
}

// NextRelease is the first moment after now at which something that was loosened stops binding. Nil: none does.
func NextRelease(bound []v1alpha1.BoundPolicy, now time.Time) *time.Time {
	var next *time.Time
	for i := range bound {
		if until := bound[i].UntilTime; until != nil && until.After(now) && (next == nil || until.Time.Before(*next)) {
			at := until.UTC()
			next = &at
		}
	}
	return next
}

func boundNow(p *v1alpha1.NoticePolicy) v1alpha1.BoundPolicy {
	if p.Status.InForce.Generation > 0 {
		return v1alpha1.BoundPolicy{Name: p.Name, InForce: *p.Status.InForce.DeepCopy()}
	}
	return v1alpha1.BoundPolicy{Name: p.Name, InForce: v1alpha1.PolicyInForce{
		Generation: max(p.Generation, 1), Enforcement: p.Spec.Enforcement, Spec: *p.Spec.DeepCopy(),
	}}
}

// fitting puts what binds now first. Of more than the status holds, what was loosened and ends first is let go.
func fitting(bound []v1alpha1.BoundPolicy) []v1alpha1.BoundPolicy {
	slices.SortStableFunc(bound, func(a, b v1alpha1.BoundPolicy) int {
		return cmp.Or(compareBool(a.UntilTime != nil, b.UntilTime != nil), compareUntil(b.UntilTime, a.UntilTime),
			cmp.Compare(a.Name, b.Name), cmp.Compare(a.InForce.Generation, b.InForce.Generation))
	})
	room := maxBoundBytes
	bound = slices.DeleteFunc(bound, func(b v1alpha1.BoundPolicy) bool {
		written, err := json.Marshal(b)
		if err != nil || len(written) > room {
			return true
		}
		room -= len(written)
		return false
	})
	return bound[:min(len(bound), MaxBound)]
}

func compareUntil(a, b *metav1.Time) int {
	if a == nil || b == nil {
		return 0
	}
	return a.Compare(b.Time)
}

// runsUntil is the end of the longest notice that the policy owes when it is given at start.
func (p Policy) runsUntil(start time.Time) time.Time {
	end := start
	for _, t := range p.Terms {
		// A term that cannot be counted from now on was refused when the policy was read.
		if at, err := t.Period.End(start); err == nil && at.After(end) {
			end = at
		}
	}
	return end
}

// noStricterThan says that whoever is bound by other is bound by all that p asks for.
func (p Policy) noStricterThan(other Policy) bool {
	strictness := map[v1alpha1.Enforcement]int{v1alpha1.EnforcementAudit: 1, v1alpha1.EnforcementWarn: 2, v1alpha1.EnforcementDeny: 3}
	clock := map[v1alpha1.ClockStart]int{v1alpha1.StartsAtPublished: 1, v1alpha1.StartsAtDelivered: 2, v1alpha1.StartsAtAcknowledged: 3}
	switch {
	case strictness[p.Enforcement] > strictness[other.Enforcement],
		clock[p.StartsAt] > clock[other.StartsAt],
		p.StartsAt != v1alpha1.StartsAtPublished && p.CoveragePercent > other.CoveragePercent,
		p.Images == v1alpha1.ImagesRequired && other.Images != v1alpha1.ImagesRequired,
		p.Marks == v1alpha1.MarksDeny && other.Marks != v1alpha1.MarksDeny,
		p.MissedReminder == v1alpha1.MissedReminderDelay && other.MissedReminder != v1alpha1.MissedReminderDelay,
		slices.ContainsFunc(p.ReminderDays, func(days int32) bool { return !slices.Contains(other.ReminderDays, days) }),
		p.HoldAboveObjectionPercent != nil && (other.HoldAboveObjectionPercent == nil || *other.HoldAboveObjectionPercent > *p.HoldAboveObjectionPercent),
		other.shortensMoreThan(p),
		!maps.EqualFunc(p.Rules, other.Rules, slices.Equal[[]v1alpha1.ChangeClass]):
		return false
	}
	return !slices.ContainsFunc(p.Terms, func(t Term) bool { return !slices.ContainsFunc(other.Terms, t.noLongerThan) })
}

// shortensMoreThan says that there is something which nobody used that p owes less for than other.
func (p Policy) shortensMoreThan(other Policy) bool {
	switch {
	case p.UnusedDays == nil:
		return false
	case other.UnusedDays == nil:
		return true
	}
	return *p.UnusedDays < *other.UnusedDays || p.UnusedWindow < other.UnusedWindow
}

// noLongerThan says that other owes as much, whenever it starts and wherever the term holds.
func (t Term) noLongerThan(other Term) bool {
	atLeast := t.Period
	atLeast.Days = max(t.Period.Days, other.Period.Days)
	return t.Class == other.Class && (other.Stability == "" || other.Stability == t.Stability) &&
		other.Period.Days >= t.Period.Days && other.Period.same(atLeast)
}
