package gate

import (
	"cmp"
	"fmt"
	"strings"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	v1alpha1 "forewarn.dev/forewarn/api/v1alpha1"
	"forewarn.dev/forewarn/internal/contract"
	"forewarn.dev/forewarn/internal/notice"
)

// Bounds of a notice, as the schema has them.
const (
	maxTitleLength       = 200
	maxWhatChangesLength = 4096
	maxCovers            = 200
)

// Draft is a notice that tells customers of what is uncovered in a revision and of nothing else, with the
// earliest date that will still do when it is published within the hour. It is nil where nothing has to be
// told.
//
// A notice holds 200 entries. Where there are more changes than that, an entry stands for all changes of a
// class in an operation and, if that is not enough, for all of a class that one rule finds in none; what is then
// still too much is left for another draft.
func Draft(in Input, v Verdict) *v1alpha1.ChangeNotice {
	if in.API == nil || in.Revision == nil || v.OnMerit && v.Uncovered == 0 {
		return nil
	}
	r := newReading(in)
	r.weigh(proposedChanges(in))
	told, untold := r.told()
	effective, held := r.draftDate(untold, told)
	if !held { // what was told has lapsed by then, or never holds together
		untold = r.needing()
		effective, _ = r.draftDate(untold, nil)
	}
	if len(untold) == 0 {
		return nil
	}
	zone := r.titleZone(effective, binding(untold).Period.Zone)
	n := &v1alpha1.ChangeNotice{
		TypeMeta: metav1.TypeMeta{APIVersion: v1alpha1.GroupVersion.String(), Kind: "ChangeNotice"},
		ObjectMeta: metav1.ObjectMeta{
			Name: in.Revision.Name, Namespace: cmp.Or(in.API.Namespace, in.Revision.Namespace),
		},
		Spec: v1alpha1.ChangeNoticeSpec{
			APIRef:        v1alpha1.APIRef{Name: v1alpha1.ObjectName(in.API.Name)},
			State:         v1alpha1.NoticeDraft,
			EffectiveTime: &metav1.Time{Time: effective},
			Title:         draftTitle(in.API, untold, moment(effective, zone)),
			WhatChanges:   draftText(untold),
			Covers:        draftCovers(untold),
		},
	}
	return n
}

// draftDate is the earliest date for the changes when the notice is published at the end of the next full
// hour: until then, midnight may pass and a day begin that does not count. It is no earlier than what was told
// for the others, so that the date is that of the revision.
func (r *reading) draftDate(untold, told []*weighed) (date time.Time, held bool) {
	if len(untold) == 0 {
		return firstHeld(told, r.Now)
	}
	date = nextHour(r.Now.Add(time.Hour))
	published := date
	for _, w := range untold {
		owed, err := r.policiesFor(w.affected).Owed(w.subject.Classes, w.subject.Stability, published)
		if err == nil && owed.End.After(date) {
			date = owed.End
		}
	}
	return firstHeld(told, date)
}

func draftTitle(api *v1alpha1.CustomerAPI, untold []*weighed, date string) string {
	title := fmt.Sprintf("From %s %s %s: %s", date,
		short(cmp.Or(api.Spec.Title, api.Name)), enumerate(versionsOf(untold)), describe(untold[0]))
	if len(untold) > 1 {
		more := fmt.Sprintf(" and %d more", len(untold)-1)
		return singleLine(title, maxTitleLength-len(more)) + more
	}
	return singleLine(title, maxTitleLength)
}

// draftText lists the changes, as many as fit.
func draftText(untold []*weighed) string {
	var lines []string
	length := 0
	for i, w := range untold {
		line := "- " + w.Version + ": " + describe(w)
		more := fmt.Sprintf("- and %d more", len(untold)-i)
		if length+len(line)+len(more)+2 > maxWhatChangesLength {
			lines = append(lines, more)
			break
		}
		lines = append(lines, line)
		length += len(line) + 1
	}
	return strings.Join(lines, "\n")
}

// draftCovers is the most exact way to list the changes that fits into one notice.
func draftCovers(untold []*weighed) []v1alpha1.CoveredChange {
	exact := func(w *weighed) v1alpha1.CoveredChange {
		entry := v1alpha1.CoveredChange{
			Version: v1alpha1.VersionName(w.Version), Class: w.subject.Class, Fingerprint: w.Fingerprint,
		}
		if len(w.Operation) <= maxChangeLength {
			entry.Operation = notice.Operation(w.Operation)
		}
		return entry
	}
	byOperation := func(w *weighed) v1alpha1.CoveredChange {
		if len(w.Operation) > maxChangeLength || !notice.ExactOperation(w.Operation) {
			return exact(w)
		}
		return v1alpha1.CoveredChange{
			Version: v1alpha1.VersionName(w.Version), Class: w.subject.Class, Operation: notice.Operation(w.Operation),
		}
	}
	byRule := func(w *weighed) v1alpha1.CoveredChange {
		if w.Operation != "" || !contract.OfNoOperation(w.Rule) {
			return byOperation(w)
		}
		return v1alpha1.CoveredChange{Version: v1alpha1.VersionName(w.Version), Class: w.subject.Class, Rule: w.Rule}
	}
	var covers []v1alpha1.CoveredChange
	for _, entryOf := range []func(*weighed) v1alpha1.CoveredChange{exact, byOperation, byRule} {
		covers = nil
		listed := map[v1alpha1.CoveredChange]bool{}
		for _, w := range untold {
			if entry := entryOf(w); !listed[entry] {
				listed[entry] = true
				covers = append(covers, entry)
			}
		}
		if len(covers) <= maxCovers {
			return covers
		}
	}
	return covers[:maxCovers]
}
