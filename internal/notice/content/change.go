package content

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"unicode"

	v1alpha1 "forewarn.dev/forewarn/api/v1alpha1"
)

var (
	parameter = regexp.MustCompile(`\{[^}]*\}|:[A-Za-z]\w*`)
	hump      = regexp.MustCompile(`(\p{Ll}|\d)(\p{Lu})`)
)

// shortestName is how short a word of a path can be and still say what changes.
const shortestName = 3

// changeInTitle wants something of what changes in each title: a word of the path, the version, or what the API is
// called.
func (c *checker) changeInTitle() {
	names := c.namesOfChange()
	for _, t := range c.texts {
		if words := wordsOf(t.title); !slices.ContainsFunc(names, func(n string) bool { return named(words, n) }) {
			c.find(t.at+"title", t.title, "it does not say what changes: name it, for example %s", examples(names))
		}
	}
}

// named says that a name stands in a text, in the singular or the plural.
func named(words []word, name string) bool {
	phrase := plainWords(name)
	return index(words, phrase) >= 0 || len(phrase) == 1 && slices.ContainsFunc(words, func(w word) bool {
		return singular(w.plain) == singular(phrase[0])
	})
}

func singular(w string) string {
	switch {
	case len(w) > shortestName+1 && strings.HasSuffix(w, "ies"):
		return strings.TrimSuffix(w, "ies") + "y"
	case len(w) > shortestName:
		return strings.TrimSuffix(w, "s")
	}
	return w
}

// namesOfChange are words for what changes, those that say most first.
func (c *checker) namesOfChange() []string {
	var names []string
	add := func(name string) {
		if name != "" && !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	covers := c.Notice.Spec.Covers
	for i := range covers {
		for _, name := range namesIn(&covers[i]) {
			add(name)
		}
	}
	if c.API != nil {
		add(c.API.Spec.Title)
		add(c.API.Name)
	}
	for i := range covers {
		add(string(covers[i].Version))
	}
	return names
}

// namesIn are the words of an operation: GET /order-items/{id} is about "order items".
func namesIn(entry *v1alpha1.CoveredChange) []string {
	operation := parameter.ReplaceAllString(entry.Operation, " ")
	if method, rest, found := strings.Cut(strings.TrimSpace(operation), " "); found && slices.Contains(methods, strings.ToUpper(method)) {
		operation = rest
	}
	var names []string
	for segment := range strings.FieldsFuncSeq(operation, func(r rune) bool { return r == '/' || r == '.' || unicode.IsSpace(r) }) {
		name := strings.Join(strings.FieldsFunc(hump.ReplaceAllString(segment, "$1 $2"), func(r rune) bool {
			return !unicode.IsLetter(r) && !unicode.IsDigit(r)
		}), " ")
		if len(name) >= shortestName && !strings.EqualFold(name, "api") {
			names = append(names, name)
		}
	}
	return names
}

var methods = []string{"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE"}

func examples(names []string) string {
	const most = 3
	var quoted []string
	for _, name := range names[:min(len(names), most)] {
		quoted = append(quoted, fmt.Sprintf("%q", excerpt(name)))
	}
	return strings.Join(quoted, " or ")
}
