// Package content says whether a notice is what customers should be told: with its date and what changes in the title,
// with a way to act and to get help, in their language, in a decent tone, and to those whom it concerns. It is pure.
package content

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"unicode"

	v1alpha1 "forewarn.dev/forewarn/api/v1alpha1"
	"forewarn.dev/forewarn/internal/notice"
)

// Input is all that the rules look at.
type Input struct {
	Notice *v1alpha1.ChangeNotice
	API    *v1alpha1.CustomerAPI
	// Policies are those that bind the API. All of their rules count.
	Policies notice.Policies
	// Audience says which languages customers read. Nil: the API names none, and nobody is written to.
	Audience *v1alpha1.Audience
}

// Finding is one rule that is not kept.
type Finding struct {
	Rule v1alpha1.ContentRule
	// Policy is one that has the rule.
	Policy string
	// Field is where, below spec, such as "translations[de].title".
	Field string
	// Sentence is what stands there; empty where nothing does.
	Sentence string
	// Text is what is wrong, and what to do.
	Text string
}

func (f Finding) String() string {
	where := f.Field
	if f.Sentence != "" {
		where += fmt.Sprintf(" %q", f.Sentence)
	}
	return fmt.Sprintf("%s (policy %s): %s: %s", f.Rule, f.Policy, where, f.Text)
}

// Check finds every rule of every policy that the notice does not keep. A notice that nobody can be told of for other
// reasons, for instance without a date, is not blamed for what follows from that.
func Check(in Input) []Finding {
	c := checker{Input: in, texts: textsOf(&in.Notice.Spec)}
	for _, p := range in.Policies {
		c.policy = p
		for _, check := range []struct {
			rule v1alpha1.ContentRule
			run  func(*checker)
		}{
			{v1alpha1.ContentDateInTitle, (*checker).dateInTitle},
			{v1alpha1.ContentChangeInTitle, (*checker).changeInTitle},
			{v1alpha1.ContentWhatToDo, (*checker).whatToDo},
			{v1alpha1.ContentHelp, (*checker).help},
			{v1alpha1.ContentLocales, (*checker).locales},
			{v1alpha1.ContentPhrasing, (*checker).phrasing},
		} {
			if c.rule = check.rule; slices.Contains(p.Content.Rules, c.rule) {
				check.run(&c)
			}
		}
	}
	c.found = append(c.found, rolesOf(in).findings...)
	return once(c.found)
}

// once leaves out what another policy found, too.
func once(found []Finding) []Finding {
	type same struct {
		rule                  v1alpha1.ContentRule
		field, sentence, text string
	}
	seen := map[same]bool{}
	return slices.DeleteFunc(found, func(f Finding) bool {
		key := same{f.Rule, f.Field, f.Sentence, f.Text}
		defer func() { seen[key] = true }()
		return seen[key]
	})
}

type checker struct {
	Input
	policy notice.Policy
	rule   v1alpha1.ContentRule
	texts  []text
	found  []Finding
}

func (c *checker) find(field, sentence, format string, args ...any) {
	c.found = append(c.found, Finding{
		Rule: c.rule, Policy: c.policy.Name, Field: field, Sentence: excerpt(sentence), Text: fmt.Sprintf(format, args...),
	})
}

// text is what one customer reads of a notice.
type text struct {
	at     string // the path of its fields
	locale string
	title  string
	// whatChanges and whatToDo may be empty.
	whatChanges, whatToDo string
}

func textsOf(spec *v1alpha1.ChangeNoticeSpec) []text {
	texts := []text{{locale: Locale(spec), title: spec.Title, whatChanges: spec.WhatChanges, whatToDo: spec.WhatToDo}}
	for i := range spec.Translations {
		t := &spec.Translations[i]
		texts = append(texts, text{
			at: "translations[" + string(t.Locale) + "].", locale: string(t.Locale),
			title: t.Title, whatChanges: t.WhatChanges, whatToDo: t.WhatToDo,
		})
	}
	return texts
}

// Locale is the language of a notice's own texts.
func Locale(spec *v1alpha1.ChangeNoticeSpec) string { return cmp.Or(string(spec.Locale), "en") }

func (c *checker) whatToDo() {
	for _, t := range c.texts {
		if !worded(t.whatToDo) {
			c.find(t.at+"whatToDo", "", "it does not say what customers have to do: say it, and by when; where there is nothing to do, say that")
		}
	}
}

func (c *checker) help() {
	help := c.Notice.Spec.Help
	switch {
	case !worded(help):
		c.find("help", "", "it does not say where customers find help: write an address on the web, a mail address or a telephone number")
	case !leadsSomewhere(help):
		c.find("help", help, "it leads nowhere: write an address on the web (https://...), a mail address or a telephone number")
	}
}

func worded(s string) bool {
	return strings.ContainsFunc(s, func(r rune) bool { return unicode.IsLetter(r) || unicode.IsDigit(r) })
}

// maxExcerpt is how much of a sentence is shown, in characters.
const maxExcerpt = 120

func excerpt(sentence string) string {
	sentence = strings.Join(strings.Fields(sentence), " ")
	runes := []rune(sentence)
	if len(runes) <= maxExcerpt {
		return sentence
	}
	return string(runes[:maxExcerpt-3]) + "..."
}
