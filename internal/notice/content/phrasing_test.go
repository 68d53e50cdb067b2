package content

import (
	"strings"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"pgregory.net/rapid"

	v1alpha1 "forewarn.dev/forewarn/api/v1alpha1"
)

func TestPhrasing(t *testing.T) {
	for name, tc := range map[string]struct {
		text, want string
	}{
		"plain and kind":              {"Please move to v2. We help you with it.", ""},
		"false urgency":               {"Thank you. Act now, dear customers! We mean it.", `"Act now, dear customers!": "act now" hurries customers`},
		"in capitals":                 {"LAST CHANCE", `"LAST CHANCE": "last chance" hurries customers`},
		"with other punctuation":      {"Last -- *chance*: go", `"Last -- *chance*: go": "last chance" hurries customers`},
		"across lines":                {"This is your last\nchance", `"This is your last chance": "last chance" hurries customers`},
		"full-width letters":          {"ｌａｓｔ ｃｈａｎｃｅ", `"ｌａｓｔ ｃｈａｎｃｅ": "last chance" hurries customers`},
		"mathematical letters":        {"𝐥𝐚𝐬𝐭 𝐜𝐡𝐚𝐧𝐜𝐞", `"𝐥𝐚𝐬𝐭 𝐜𝐡𝐚𝐧𝐜𝐞": "last chance" hurries customers`},
		"a joiner of no width":        {"la\u200dst ch\u200bance", `"la\u200dst ch\u200bance": "last chance" hurries customers`},
		"a soft hyphen":               {"last chan\u00adce", `"last chan\u00adce": "last chance" hurries customers`},
		"accents":                     {"lást chánce", `"lást chánce": "last chance" hurries customers`},
		"accents apart":               {"la\u0301st chance", "\"la\u0301st chance\": \"last chance\" hurries customers"},
		"a filler":                    {"la\u3164st chance", "\"la\u3164st chance\": \"last chance\" hurries customers"},
		"part of a word":              {"The blast chances are small", ""},
		"a word between":              {"The last good chance", ""},
		"blame":                       {"You failed to migrate.", `"You failed to migrate.": "you failed to" blames customers`},
		"a threat":                    {"Migrate immediately or we stop.", `"Migrate immediately or we stop.": "immediately or" threatens customers`},
		"an apostrophe":               {"Don’t miss out", `"Don’t miss out": "don't miss out" hurries customers`},
		"German":                      {"Das ist Ihre letzte Gelegenheit.", `"Das ist Ihre letzte Gelegenheit.": "letzte Gelegenheit" hurries customers`},
		"German, without the umlauts": {"Sie haben es versaumt", `"Sie haben es versaumt": "Sie haben es versäumt" blames customers`},
		"French":                      {"C’est votre DERNIÈRE chance", `"C’est votre DERNIÈRE chance": "dernière chance" hurries customers`},
		"Spanish":                     {"¡Última oportunidad!", `"¡Última oportunidad!": "última oportunidad" hurries customers`},
		"the policy's own":            {"As you surely know, v1 ends.", `"As you surely know, v1 ends.": "as you surely know" is banned by the policy`},
		"what the policy allows":      {"Hurry up", ""},
		"words of a phrase":           {"Nothing to do before 1.7., and there is no hurry: ask us by phone or face to face", ""},
	} {
		t.Run(name, func(t *testing.T) {
			var want []string
			if tc.want != "" {
				want = []string{"Phrasing: whatChanges " + tc.want + ": say what changes, when, and what to do"}
			}
			rules := only("Phrasing")
			rules.BannedPhrases, rules.AllowedPhrases = []string{"as you surely know"}, []string{"HURRY-UP!"}
			check(t, rules, spec(func(s *v1alpha1.ChangeNoticeSpec) { s.WhatChanges = tc.text }), want...)
		})
	}
}

func TestPhrasingEverywhere(t *testing.T) {
	const say = `: "last chance" hurries customers: say what changes, when, and what to do`
	check(t, only("Phrasing"), spec(func(s *v1alpha1.ChangeNoticeSpec) {
		s.Title, s.WhatToDo, s.Help = "Last chance!", "Last chance. You failed to act. Act now.", "Last chance?"
		s.Translations = []v1alpha1.NoticeTranslation{{Locale: "pl", Title: "x", WhatChanges: "last chance"}}
		s.Updates = []v1alpha1.NoticeUpdate{{Text: "Good news."}, {Text: "Last chance."}}
	}),
		`Phrasing: title "Last chance!"`+say,
		`Phrasing: whatToDo "Last chance."`+say,
		`Phrasing: whatToDo "You failed to act.": "you failed to" blames customers: say what changes, when, and what to do`,
		`Phrasing: whatToDo "Act now.": "act now" hurries customers: say what changes, when, and what to do`,
		`Phrasing: translations[pl].whatChanges "last chance"`+say,
		`Phrasing: help "Last chance?"`+say,
		`Phrasing: updates[1] "Last chance."`+say)
	long := strings.Repeat("word ", 100) + "last chance"
	check(t, only("Phrasing"), spec(func(s *v1alpha1.ChangeNoticeSpec) { s.WhatChanges = long }),
		`Phrasing: whatChanges "`+long[:117]+`..."`+say)
}

// What one policy allows another need not.
func TestPhrasingOfTwoPolicies(t *testing.T) {
	allowed := only("Phrasing")
	allowed.AllowedPhrases = []string{"last chance"}
	check(t, v1alpha1.ContentRules{}, func(in *Input) {
		in.Policies = policies(t, "", allowed, only("Phrasing"))
		in.Notice.Spec.WhatChanges = "Last chance"
	}, `Phrasing: whatChanges "Last chance": "last chance" hurries customers: say what changes, when, and what to do`)
}

// Each phrase of ours is found as it is written.
func TestEveryPhrase(t *testing.T) {
	seen := map[string]bool{}
	for _, kind := range decline {
		for _, phrase := range kind.phrases {
			plain := strings.Join(plainWords(phrase), " ")
			if seen[plain] || plain == "" {
				t.Errorf("%q stands there twice, or has no word", phrase)
			}
			seen[plain] = true
			if index(wordsOf("Well, "+strings.ToUpper(phrase)+" ..."), plainWords(phrase)) < 0 {
				t.Errorf("%q is not found", phrase)
			}
		}
	}
}

// Whatever stands in a notice, there is an answer, on one line and with nothing in it that a terminal acts on.
func TestAnythingCanBeChecked(t *testing.T) {
	rules := only("DateInTitle", "ChangeInTitle", "WhatToDo", "Help", "Locales", "Phrasing")
	rules.BannedPhrases = []string{"a b", "\u00e4"}
	read := policies(t, "", rules)
	rapid.Check(t, func(t *rapid.T) {
		wild := rapid.OneOf(
			rapid.String(), rapid.Map(rapid.SliceOf(rapid.Byte()), func(b []byte) string { return string(b) }),
			rapid.StringOf(rapid.RuneFrom([]rune("aä b.!?\n\x00\x1b\u2028\u200d\u0301\u3164１２/-. 2027julyº"))),
		)
		words := func(name string) string { return wild.Draw(t, name) }
		in := Input{Policies: read, API: &v1alpha1.CustomerAPI{}, Notice: &v1alpha1.ChangeNotice{}}
		in.Notice.Spec = v1alpha1.ChangeNoticeSpec{
			EffectiveTime: &metav1.Time{Time: time.Date(2027, 7, 1, 0, 0, 0, 0, time.UTC)}, Locale: v1alpha1.Locale(words("locale")),
			Title: words("title"), WhatChanges: words("whatChanges"), WhatToDo: words("whatToDo"), Help: words("help"),
			Covers:       []v1alpha1.CoveredChange{{Version: v1alpha1.VersionName(words("version")), Operation: words("operation")}},
			Translations: []v1alpha1.NoticeTranslation{{Locale: "fr", Title: words("title"), WhatToDo: words("whatToDo")}},
			Updates:      []v1alpha1.NoticeUpdate{{Text: words("update"), Locale: v1alpha1.Locale(words("locale"))}},
		}
		for _, f := range Check(in) {
			if strings.ContainsAny(f.Sentence, "\n\r\v\f") || f.Rule == "" || f.Policy == "" || f.Field == "" || f.Text == "" {
				t.Fatalf("%#v", f)
			}
		}
		For(&in.Notice.Spec, words("wanted"))
		Locales(&in.Notice.Spec)
	})
}
