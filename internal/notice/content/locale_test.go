package content

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	v1alpha1 "forewarn.dev/forewarn/api/v1alpha1"
)

func TestCanonical(t *testing.T) {
	for locale, want := range map[string]string{
		"de": "de", "DE-at": "de-AT", "zh-hant-tw": "zh-Hant-TW", "iw": "he", "en-GB-oxendict": "en-GB",
		"de-x-jane": "de", "de-u-co-phonebk": "de",
		"": Undetermined, "jane": Undetermined, "english": Undetermined, "de_AT!": Undetermined, "und": Undetermined,
	} {
		if got := Canonical(locale); got != want {
			t.Errorf("%q is kept as %q and not as %q", locale, got, want)
		}
	}
}

func TestBest(t *testing.T) {
	available := []string{"en", "de", "pt-BR", "pt-PT", "zh-Hans", "sr-Latn"}
	for wanted, want := range map[string]string{
		"en": "en", "en-GB": "en", "de-AT": "de", "de-CH": "de", "pt": "pt-BR", "pt-BR": "pt-BR", "pt-PT": "pt-PT", "pt-AO": "pt-PT",
		"zh": "zh-Hans", "zh-CN": "zh-Hans", "zh-TW": "", "zh-Hant": "", "sr-Latn": "sr-Latn", "sr": "",
		"fr": "", "gsw": "", "und": "", "": "", "jane": "",
	} {
		got := ""
		if i := best(available, wanted); i >= 0 {
			got = available[i]
		}
		if got != want {
			t.Errorf("who reads %q gets %q and not %q", wanted, got, want)
		}
	}
}

func TestFor(t *testing.T) {
	s := &v1alpha1.ChangeNoticeSpec{
		Title: "Title", WhatChanges: "Changes", WhatToDo: "Do",
		Translations: []v1alpha1.NoticeTranslation{
			{Locale: "de", Title: "Titel", WhatChanges: "Änderung", WhatToDo: "Tun"}, {Locale: "fr", Title: "Titre"},
		},
		Updates: []v1alpha1.NoticeUpdate{{Text: "One"}, {Text: "Eins", Locale: "de-DE"}, {Text: "Two", Locale: "en-US"}, {Text: "Un", Locale: "fr"}},
	}
	for locale, want := range map[string]Words{
		"de-AT": {Locale: "de", Title: "Titel", WhatChanges: "Änderung", WhatToDo: "Tun", Updates: []string{"One", "Eins", "Two"}},
		"fr":    {Locale: "fr", Title: "Titre", WhatChanges: "Changes", WhatToDo: "Do", Updates: []string{"One", "Two", "Un"}},
		"es":    {Locale: "en", Title: "Title", WhatChanges: "Changes", WhatToDo: "Do", Updates: []string{"One", "Two"}},
		"":      {Locale: "en", Title: "Title", WhatChanges: "Changes", WhatToDo: "Do", Updates: []string{"One", "Two"}},
	} {
		if diff := cmp.Diff(want, For(s, locale)); diff != "" {
			t.Errorf("%q: %s", locale, diff)
		}
	}
}

func TestLocalesOfCustomers(t *testing.T) {
	read := func(locales ...v1alpha1.CustomerLocale) func(*Input) {
		return func(in *Input) {
			in.Audience = &v1alpha1.Audience{Status: v1alpha1.AudienceStatus{Locales: locales}}
			in.Audience.Name = "orders-customers"
			in.Notice.Spec.Translations = []v1alpha1.NoticeTranslation{{Locale: "de", Title: "x"}}
		}
	}
	check(t, only("Locales"), read(v1alpha1.CustomerLocale{Customers: 2}, v1alpha1.CustomerLocale{Locale: "de-AT", Customers: 3}, v1alpha1.CustomerLocale{Locale: "en", Customers: 1}))
	check(t, only("Locales"), read(
		v1alpha1.CustomerLocale{Locale: "zh-TW", Customers: 1}, v1alpha1.CustomerLocale{Locale: "fr-CH", Customers: 2}, v1alpha1.CustomerLocale{Locale: "und", Customers: 4}),
		"Locales: translations: 2 customers read fr-CH, and there is no text in it: add a translation for fr",
		"Locales: translations: the language of 4 customers is no tag such as de-AT: put it right in audience/orders-customers",
		"Locales: translations: 1 customer read zh-TW, and there is no text in it: add a translation for zh-TW")
	check(t, only("Locales"), read(),
		"Locales: translations: in which languages customers read is not known yet: look at the status of audience/orders-customers")
	check(t, only("Locales"), func(in *Input) { in.Audience = nil })
}

func TestLocalesOfANotice(t *testing.T) {
	for name, tc := range map[string]struct {
		change func(*v1alpha1.ChangeNoticeSpec)
		want   string
	}{
		"none":          {func(*v1alpha1.ChangeNoticeSpec) {}, ""},
		"one":           {func(s *v1alpha1.ChangeNoticeSpec) { s.Locale = "de-AT" }, ""},
		"no language":   {func(s *v1alpha1.ChangeNoticeSpec) { s.Locale = "english" }, `locale "english" is no language: write a tag such as de or pt-BR`},
		"its own again": {func(s *v1alpha1.ChangeNoticeSpec) { s.Translations = translations("EN") }, "translations[EN].locale names the language of locale: give one text for each"},
		"one twice":     {func(s *v1alpha1.ChangeNoticeSpec) { s.Translations = translations("iw", "he") }, "translations[he].locale names the language of translations[iw].locale: give one text for each"},
		"two regions":   {func(s *v1alpha1.ChangeNoticeSpec) { s.Translations = translations("pt-BR", "pt-PT") }, ""},
		"of an update": {func(s *v1alpha1.ChangeNoticeSpec) {
			s.Updates = []v1alpha1.NoticeUpdate{{Text: "x", Locale: "xx-yyyyy"}}
		}, `updates[0].locale "xx-yyyyy" is no language: write a tag such as de or pt-BR`},
		"of a good one": {func(s *v1alpha1.ChangeNoticeSpec) { s.Updates = []v1alpha1.NoticeUpdate{{Text: "x", Locale: "de"}} }, ""},
	} {
		s := &v1alpha1.ChangeNoticeSpec{}
		tc.change(s)
		if got := Locales(s); got != tc.want {
			t.Errorf("%s: %s", name, got)
		}
	}
}

func translations(locales ...v1alpha1.Locale) []v1alpha1.NoticeTranslation {
	var list []v1alpha1.NoticeTranslation
	for _, locale := range locales {
		list = append(list, v1alpha1.NoticeTranslation{Locale: locale, Title: "x"})
	}
	return list
}
