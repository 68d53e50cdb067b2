package content

import (
	"fmt"
	"slices"
	"strings"

	"golang.org/x/text/language"

	v1alpha1 "forewarn.dev/forewarn/api/v1alpha1"
)

// Undetermined stands for a language that is none.
const Undetermined = "und"

// Canonical is a BCP 47 tag as it is kept: its language, its script and its region where they are given, and nothing
// else of it. What is no tag, whatever it may be, is Undetermined.
func Canonical(locale string) string {
	tag, err := language.Parse(locale)
	if err != nil {
		return Undetermined
	}
	short, err := language.Raw.Compose(tag.Raw())
	if err != nil {
		return Undetermined
	}
	return short.String()
}

// baseOf is the language of a tag, such as "de" of "de-AT".
func baseOf(locale string) string {
	tag, err := language.Parse(locale)
	if err != nil {
		return ""
	}
	base, _ := tag.Base()
	return base.String()
}

// best is which of the texts suits who reads that language: of the same language, written in the same script, and of
// the same region if possible. -1: none does.
func best(available []string, wanted string) int {
	tag, err := language.Parse(wanted)
	if err != nil || tag == language.Und {
		return -1
	}
	base, _ := tag.Base()
	script, _ := tag.Script()
	var fitting []language.Tag
	var at []int
	for i, locale := range available {
		text, err := language.Parse(locale)
		if err != nil {
			continue
		}
		textBase, _ := text.Base()
		if textScript, _ := text.Script(); textBase == base && textScript == script {
			fitting, at = append(fitting, text), append(at, i)
		}
	}
	if len(fitting) == 0 {
		return -1
	}
	_, i, _ := language.NewMatcher(fitting).Match(tag)
	return at[i]
}

// Words are what one customer reads of a notice.
type Words struct {
	// Locale is the language that they are in.
	Locale                       string
	Title, WhatChanges, WhatToDo string
	// Updates are those in the language of the notice and those in the customer's, in their order.
	Updates []string
}

// For is a notice in the language of a customer or, where it has no text in it, in its own. What was not translated
// stands in the language of the notice.
func For(spec *v1alpha1.ChangeNoticeSpec, locale string) Words {
	texts := textsOf(spec)
	own := texts[0]
	chosen := own
	if i := best(localesOf(texts), locale); i >= 0 {
		chosen = texts[i]
	}
	words := Words{Locale: chosen.locale, Title: chosen.title, WhatChanges: chosen.whatChanges, WhatToDo: chosen.whatToDo}
	if words.WhatChanges == "" {
		words.WhatChanges = own.whatChanges
	}
	if words.WhatToDo == "" {
		words.WhatToDo = own.whatToDo
	}
	for i := range spec.Updates {
		u := &spec.Updates[i]
		if IsOwn(spec, u.Locale) || best([]string{string(u.Locale)}, chosen.locale) >= 0 {
			words.Updates = append(words.Updates, u.Text)
		}
	}
	return words
}

// IsOwn says that a text is in the language of the notice, for everybody who reads it.
func IsOwn(spec *v1alpha1.ChangeNoticeSpec, locale v1alpha1.Locale) bool {
	return locale == "" || best([]string{string(locale)}, Locale(spec)) >= 0
}

func localesOf(texts []text) []string {
	locales := make([]string, 0, len(texts))
	for _, t := range texts {
		locales = append(locales, t.locale)
	}
	return locales
}

// Locales says what is wrong with the languages that a notice names; empty where nothing is.
func Locales(spec *v1alpha1.ChangeNoticeSpec) string {
	seen := map[string]string{}
	for _, t := range textsOf(spec) {
		field := t.at + "locale"
		tag := Canonical(t.locale)
		switch other, twice := seen[tag]; {
		case tag == Undetermined:
			return fmt.Sprintf("%s %q is no language: write a tag such as de or pt-BR", strings.TrimPrefix(field, "."), excerpt(t.locale))
		case twice:
			return fmt.Sprintf("%s names the language of %s: give one text for each", field, other)
		}
		seen[tag] = field
	}
	for i := range spec.Updates {
		if locale := string(spec.Updates[i].Locale); locale != "" && Canonical(locale) == Undetermined {
			return fmt.Sprintf("updates[%d].locale %q is no language: write a tag such as de or pt-BR", i, excerpt(locale))
		}
	}
	return ""
}

// locales wants a text in each language that customers read.
func (c *checker) locales() {
	if c.Audience == nil {
		return
	}
	status := &c.Audience.Status
	if len(status.Locales) == 0 {
		c.find("translations", "", "in which languages customers read is not known yet: look at the status of audience/%s", c.Audience.Name)
		return
	}
	available := localesOf(c.texts)
	for _, l := range sortedLocales(status.Locales) {
		wanted := string(l.Locale)
		switch {
		case wanted == "":
		case Canonical(wanted) == Undetermined:
			c.find("translations", "", "the language of %s is no tag such as de-AT: put it right in audience/%s", customers(l.Customers), c.Audience.Name)
		case best(available, wanted) < 0:
			c.find("translations", "", "%s read %s, and there is no text in it: add a translation for %s", customers(l.Customers), wanted, enough(wanted))
		}
	}
}

// enough is the tag of a text that would do: the language alone, but where its script has to be said.
func enough(wanted string) string {
	base := baseOf(wanted)
	if best([]string{base}, wanted) >= 0 {
		return base
	}
	return wanted
}

func sortedLocales(locales []v1alpha1.CustomerLocale) []v1alpha1.CustomerLocale {
	return slices.SortedFunc(slices.Values(locales), func(a, b v1alpha1.CustomerLocale) int {
		return strings.Compare(string(a.Locale), string(b.Locale))
	})
}

func customers(n int32) string {
	if n == 1 {
		return "1 customer"
	}
	return fmt.Sprintf("%d customers", n)
}
