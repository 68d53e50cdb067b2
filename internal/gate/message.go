package gate

import (
	"fmt"
	"slices"
	"time"

	v1alpha1 "forewarn.dev/forewarn/api/v1alpha1"
	"forewarn.dev/forewarn/internal/notice"
)

// merits is the answer on the merits: the reason, and one line of facts, dates and the way out.
func (r *reading) merits(blocking []Finding, p prospect) (reason, text string) {
	if len(blocking) > 0 {
		return blocking[0].Reason, r.refusal(blocking, p)
	}
	name, needing := r.name(), r.needing()
	switch {
	case len(r.policies) == 0:
		text := fmt.Sprintf("no policy selects customerapi/%s: %s is judged and not refused", short(r.API.Name), name)
		if len(needing) > 0 {
			text += fmt.Sprintf(", and %s: %s (%s)", does(needing), countOf(len(needing), "change"), examples(needing))
		}
		return v1alpha1.ReasonNotGoverned, text
	case len(needing) > 0:
		return v1alpha1.ReasonNoticeGiven, fmt.Sprintf("%s %s as customers were told: %s (%s), by notice %s",
			name, does(needing), countOf(len(needing), "change"), examples(needing), enumerate(r.noticesOf(needing)))
	case len(r.API.Status.Promised) == 0:
		return v1alpha1.ReasonBaseline, fmt.Sprintf(
			"%s is the first contract of customerapi/%s: nothing is promised yet, so there is nothing to break", name, short(r.API.Name))
	}
	return v1alpha1.ReasonCompatible, fmt.Sprintf("%s changes nothing that customers of customerapi/%s rely on", name, short(r.API.Name))
}

// refusal says why a revision is not admissible on its merits, by the first reason.
func (r *reading) refusal(blocking []Finding, p prospect) string {
	first := blocking[0]
	text := ""
	switch {
	case !lasting(first) && first.Reason != v1alpha1.ReasonKept:
		return r.noticeRefusal(p)
	case decides(first):
		text = fmt.Sprintf("%s is not admissible: %s", r.name(), first.Message)
	default:
		text = fmt.Sprintf("%s cannot be judged: %s: %s", r.name(), first.Path, first.Message)
	}
	var besides []string
	for _, f := range blocking {
		if f.Reason != first.Reason && !slices.Contains(besides, f.Reason) && !saidByKept(f, blocking) {
			besides = append(besides, f.Reason)
		}
	}
	if len(besides) > 0 {
		text += "; besides: " + enumerate(besides)
	}
	return text
}

// saidByKept says that the notice of a change runs which a schedule keeps: until when, the schedule says already.
func saidByKept(f Finding, blocking []Finding) bool {
	return f.Reason == v1alpha1.ReasonNoticeRunning && slices.ContainsFunc(blocking, func(other Finding) bool {
		return other.Reason == v1alpha1.ReasonKept && other.Path == f.Path
	})
}

// noticeRefusal says what customers were not told, or not long enough ago; from when on the revision could
// ship; and what could ship today.
func (r *reading) noticeRefusal(p prospect) string {
	untold, running := r.ranked(rankUncovered), r.ranked(rankRunning)
	all := slices.Concat(untold, running)
	text := fmt.Sprintf("%s %s: ", r.name(), does(all))
	if held := heldBy(untold); held != nil {
		return fmt.Sprintf("%s%s that customers were told of (%s), by notice %s, which is held: %s; or ship today by %s", text,
			countOf(len(untold), "change"), examples(untold), short(held.Name), heldText(held), wayOut(r, all))
	}
	if len(untold) == 0 {
		return text + r.runningText(running, p) + " by " + wayOut(r, all)
	}
	text += fmt.Sprintf("%s nobody was told of (%s)", countOf(len(untold), "change"), examples(untold))
	if len(running) > 0 {
		text += fmt.Sprintf(", and %d more that customers were told of and that cannot ship yet", len(running))
	}
	return text + "; " + r.publishText(p) + ", or ship today by " + wayOut(r, all)
}

// publishText says what is owed for what has to be told, and when that would be over.
func (r *reading) publishText(p prospect) string {
	owed := binding(p.untold)
	if p.atOnce {
		return owedText(owed) + "; published now it could ship at once"
	}
	return fmt.Sprintf("%s; published today it could ship %s", owedText(owed), moment(p.at, owed.Period.Zone))
}

func (r *reading) runningText(running []*weighed, p prospect) string {
	told := fmt.Sprintf("%s that customers were told of (%s)", countOf(len(running), "change"), examples(running))
	if len(p.untold) > 0 {
		return told + ", by notices that never hold at the same time; " + r.publishText(p) + ", or ship today"
	}
	notices, zone := r.lastNotices(running, p.at)
	return fmt.Sprintf("%s%s; by notice %s it may ship from %s, or today", told, delayText(silenceUntil(running, p.at)), enumerate(notices), moment(p.at, zone))
}

// lastNotices are the notices that mature last, at that moment, and the zone in which it was counted.
func (r *reading) lastNotices(changes []*weighed, at time.Time) (names []string, zone string) {
	for _, w := range changes {
		for _, c := range w.coverage {
			if c.Matures.Equal(at) {
				names, zone = append(names, c.Notice), c.Owed.Period.Zone
			}
		}
	}
	slices.Sort(names)
	return slices.Compact(names), zone
}

// silenceUntil is the missed reminder that holds one of the changes up until that moment, if one does.
func silenceUntil(changes []*weighed, at time.Time) *notice.Silence {
	for _, w := range changes {
		for _, c := range w.coverage {
			if c.Matures.Equal(at) && c.Silence != nil {
				return c.Silence
			}
		}
	}
	return nil
}

// noticesOf are the notices that let the changes serve now, sorted, each once.
func (r *reading) noticesOf(changes []*weighed) []string {
	var names []string
	for _, w := range changes {
		if i := slices.IndexFunc(w.coverage, coverageHolding(r.Now)); i >= 0 {
			names = append(names, w.coverage[i].Notice)
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// groundText says why a revision is let through whatever its merits.
func (r *reading) groundText(g ground) string {
	switch g.reason {
	case v1alpha1.ReasonServing:
		return r.name() + " serves, and what serves may always be restarted"
	case v1alpha1.ReasonWayBack:
		return fmt.Sprintf("%s served until lately, and may be rolled back to until %s", r.name(), moment(g.until, ""))
	}
	return fmt.Sprintf("waiver %s lets %s pass until %s", short(g.name), r.name(), moment(g.until, ""))
}

func (r *reading) name() string {
	return short(r.Revision.Name)
}

// see says where the whole of it is to be read.
func (r *reading) see() string {
	see := "; see: forewarn explain apirevision/" + r.name()
	if r.Revision.Namespace != "" {
		see += " -n " + short(r.Revision.Namespace)
	}
	return see
}
