package gate

import (
	"cmp"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	v1alpha1 "forewarn.dev/forewarn/api/v1alpha1"
	"forewarn.dev/forewarn/internal/notice"
)

// Bounds of what people wrote, within one line, in bytes.
const (
	maxMessageLength  = 900
	maxMeritsLength   = 700
	maxNameLength     = 63
	maxDetailLength   = 300
	maxExamplesLength = 200
	maxOperation      = 120
	shortDigest       = 16
)

// moment is a date where t is midnight in the zone, which is how people are told of a day, and else exact.
func moment(t time.Time, zone string) string {
	location, err := notice.ParseZone(cmp.Or(zone, "UTC"))
	if err != nil {
		location = time.UTC
	}
	local := t.In(location)
	if h, m, s := local.Clock(); zone != "" && h == 0 && m == 0 && s == 0 && local.Nanosecond() == 0 {
		return local.Format(time.DateOnly)
	}
	return t.UTC().Format(time.RFC3339)
}

// short is a name as it is shown: nothing has checked how long it is, or what is in it.
func short(name string) string { return singleLine(name, maxNameLength) }

func countOf(n int, thing string) string {
	if n == 1 {
		return "1 " + thing
	}
	return strconv.Itoa(n) + " " + thing + "s"
}

// owedText says what customers are owed, and who says so.
func owedText(owed notice.Owed) string {
	text := "customers must be told before"
	if days := owed.Period.Days; days > 0 {
		unit := "day"
		if owed.Period.Business {
			unit = "business day"
		}
		text = "customers are owed " + countOf(days, unit)
	}
	switch {
	case owed.Customer != "":
		text += fmt.Sprintf(" (contract with customer %s)", short(owed.Customer))
	case owed.Policy != "":
		text += fmt.Sprintf(" (policy %s%s)", short(owed.Policy), unusedText(owed))
	}
	return text
}

// describe is a change in a few words.
func describe(w *weighed) string {
	operation, text := singleLine(w.Operation, maxOperation), singleLine(cmp.Or(w.Text, w.Rule), maxDetailLength)
	switch {
	case operation == "" || strings.Contains(text, operation):
		return text
	case w.Rule != ruleDeclared && w.Location == "" && v1alpha1.ChangeClass(w.Class) == v1alpha1.ClassRemoval:
		return operation + " removed"
	}
	return operation + ": " + text
}

// examples are the first of the changes, as many as fit.
func examples(changes []*weighed) string {
	var text string
	for i, w := range changes {
		next := describe(w)
		if i > 0 {
			next = text + "; " + next
		}
		if len(next) > maxExamplesLength {
			if i > 0 {
				return text + "; ..."
			}
			next = singleLine(next, maxExamplesLength)
		}
		text = next
		if i == 1 && len(changes) > 2 {
			return text + "; ..."
		}
	}
	return text
}

// does is what the changes do to versions, such as "breaks v1 and v2".
func does(changes []*weighed) string {
	verb := "changes"
	for _, w := range changes {
		if w.subject.Class == v1alpha1.ClassRemoval || w.subject.Class == v1alpha1.ClassBreaking {
			verb = "breaks"
		}
	}
	return verb + " " + enumerate(versionsOf(changes))
}

// enumerate joins names as a sentence does, with an end where there are many.
func enumerate(names []string) string {
	const most = 4
	shown := make([]string, 0, most+1)
	for i, name := range names {
		if i == most {
			shown = append(shown, fmt.Sprintf("%d more", len(names)-most))
			break
		}
		shown = append(shown, short(name))
	}
	if len(shown) < 2 {
		return strings.Join(shown, "")
	}
	last := len(shown) - 1
	return strings.Join(shown[:last], ", ") + " and " + shown[last]
}

// wayOut is how the rest of a revision ships today: what customers have stays, and what is new gets a
// version of its own.
func wayOut(r *reading, changes []*weighed) string {
	out := "keeping " + enumerate(versionsOf(changes))
	removed := func(w *weighed) bool { return w.Rule != notice.RuleVersionRemoved }
	if !slices.ContainsFunc(changes, removed) {
		return out
	}
	return out + " and adding " + newVersion(r)
}

var numbered = regexp.MustCompile(`^v([0-9]{1,6})$`)

// newVersion is a version that customers do not rely on yet: one that is declared, or the next by number.
func newVersion(r *reading) string {
	highest := -1
	number := func(version string) {
		if m := numbered.FindStringSubmatch(version); m != nil {
			n, err := strconv.Atoi(m[1])
			if err == nil {
				highest = max(highest, n)
			}
		}
	}
	for _, v := range r.API.Spec.Versions {
		if !r.promises(string(v.Name)) {
			return short(string(v.Name))
		}
		number(string(v.Name))
	}
	for _, version := range promisedVersions(r.API) {
		number(version)
	}
	if highest < 0 {
		return "a new version"
	}
	return fmt.Sprintf("v%d", highest+1)
}

// binding is the owed notice that ends last among those of the changes.
func binding(changes []*weighed) notice.Owed {
	var last notice.Owed
	for _, w := range changes {
		if last.End.IsZero() || w.owed.Compare(last) > 0 {
			last = w.owed.Owed
		}
	}
	return last
}
