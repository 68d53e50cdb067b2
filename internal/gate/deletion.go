package gate

import (
	"fmt"
	"slices"
	"time"

	v1alpha1 "forewarn.dev/forewarn/api/v1alpha1"
	"forewarn.dev/forewarn/internal/contract"
)

// Deletion judges the deletion of what customers use: the API, its Service, the workload that keeps it, its
// namespace. That is the removal of every version (R15), and is held until a notice covers each and has
// matured. The revision of the input does not count.
func Deletion(in Input) (held bool, message string, nextChange *time.Time) {
	if in.API == nil || len(in.Policies) == 0 {
		return false, "", nil
	}
	versions := goingVersions(in.API)
	if len(versions) == 0 {
		return false, "", nil
	}
	r := newReading(in)
	var removals []contract.Change
	for _, version := range versions {
		removals = append(removals, contract.VersionRemoved(version))
	}
	r.weigh(removals)
	p := r.prospect()
	if wrong := checkPolicies(r); len(wrong) > 0 {
		return true, r.deletionText(fmt.Sprintf("cannot be judged: %s", wrong[0].Message)), nil
	}
	if k, version, kept := r.keptChange(); kept {
		return true, r.deletionText(fmt.Sprintf("removes %s: %s; see: %s", enumerate(versions), keptText(k, short(version)), r.seeSchedule(k))), r.nextTurn(p)
	}
	needing := r.needing()
	if heldAt(needing, r.Now) {
		return false, "", r.nextTurn(p)
	}
	return true, r.deletionText(r.deletionRefusal(p)), r.nextTurn(p)
}

// goingVersions are those that customers would lose. While something serves and nothing is promised yet, it
// is not known what they rely on: anything that is declared.
func goingVersions(api *v1alpha1.CustomerAPI) []string {
	if versions := promisedVersions(api); len(versions) > 0 || len(api.Status.Serving) == 0 {
		return versions
	}
	var versions []string
	for _, v := range api.Spec.Versions {
		versions = append(versions, string(v.Name))
	}
	slices.Sort(versions)
	return slices.Compact(versions)
}

func (r *reading) deletionText(text string) string {
	return singleLine(fmt.Sprintf("deleting what serves customerapi/%s %s", short(r.API.Name), text), maxMessageLength)
}

func (r *reading) deletionRefusal(p prospect) string {
	untold, running := r.ranked(rankUncovered), r.ranked(rankRunning)
	removes := "removes " + enumerate(versionsOf(r.needing()))
	switch held := heldBy(untold); {
	case held != nil:
		return fmt.Sprintf("%s, as customers were told by notice %s, which is held: %s", removes, short(held.Name), heldText(held))
	case len(untold) > 0:
		return fmt.Sprintf("%s, and nobody was told that %s goes; %s, or keep it", removes,
			enumerate(versionsOf(untold)), r.publishDeletion(p))
	case len(p.untold) > 0:
		return fmt.Sprintf("%s by notices that never hold at the same time; %s, or keep it", removes, r.publishDeletion(p))
	}
	notices, zone := r.lastNotices(running, p.at)
	return fmt.Sprintf("%s, as customers were told; by notice %s it may go from %s", removes, enumerate(notices), moment(p.at, zone))
}

func (r *reading) publishDeletion(p prospect) string {
	owed := binding(p.untold)
	cover := "a notice that covers " + enumerate(versionsOf(p.untold))
	if p.atOnce {
		return fmt.Sprintf("%s; publish %s and it may go at once", owedText(owed), cover)
	}
	return fmt.Sprintf("%s; publish %s today and it may go from %s", owedText(owed), cover, moment(p.at, owed.Period.Zone))
}

// nextTurn is the next moment at which the answer on a deletion changes by itself, or its text.
func (r *reading) nextTurn(p prospect) *time.Time {
	moments := map[time.Time]bool{}
	for _, t := range append(turns(r.needing(), r.Now), r.ticks(p)...) {
		moments[t] = true
	}
	r.keptTurns(moments)
	next := momentsAfter(r.Now, moments)
	if len(next) == 0 {
		return nil
	}
	return &next[0]
}
