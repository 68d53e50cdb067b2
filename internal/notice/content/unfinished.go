package content

import (
	"strings"

	v1alpha1 "forewarn.dev/forewarn/api/v1alpha1"
)

// What a person has to put into words stands between these in a draft.
const unfinishedBegin, unfinishedEnd = "[[", "]]"

// unfinished marks what a person has to put into words.
func unfinished(what string) string { return unfinishedBegin + what + unfinishedEnd }

// Unfinished are the fields of an apology in which something is still to be put into words, below spec.
func Unfinished(spec *v1alpha1.ChangeNoticeSpec) []string {
	var fields []string
	for _, t := range textsOf(spec) {
		for _, f := range []struct{ name, text string }{{"title", t.title}, {"whatChanges", t.whatChanges}, {"whatToDo", t.whatToDo}} {
			if strings.Contains(f.text, unfinishedBegin) {
				fields = append(fields, t.at+f.name)
			}
		}
	}
	if strings.Contains(spec.Help, unfinishedBegin) {
		fields = append(fields, "help")
	}
	return fields
}
