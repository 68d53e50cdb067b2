package content

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	v1alpha1 "forewarn.dev/forewarn/api/v1alpha1"
)

// decline are phrases of blame, threats and false urgency. All of them count in every text: a language that is stated
// is no way round.
var decline = []struct {
	why     string
	phrases []string
}{
	{"blames customers", []string{
		"you failed to", "you have failed to", "you neglected", "you ignored", "you have ignored", "your own fault", "it is your fault",
		"you should have known", "as you should know", "despite our reminders", "no excuses",
		"Sie haben versäumt", "Sie haben es versäumt", "Ihr Versäumnis", "Ihre eigene Schuld", "selbst schuld", "Sie hätten wissen müssen",
		"trotz unserer Erinnerungen", "keine Ausreden",
		"vous avez omis de", "vous avez négligé", "vous avez ignoré", "votre propre faute", "c'est votre faute", "vous auriez dû savoir",
		"malgré nos rappels", "aucune excuse",
		"usted no ha cumplido", "ha hecho caso omiso", "han hecho caso omiso", "es su culpa", "por su culpa", "debería haber sabido",
		"a pesar de nuestros recordatorios", "sin excusas",
	}},
	{"threatens customers", []string{
		"immediately or", "or lose", "or you will lose", "final warning", "last warning", "you have been warned", "you were warned",
		"we will have no choice but", "you leave us no choice",
		"sofort oder", "oder Sie verlieren", "letzte Warnung", "wir haben Sie gewarnt", "Sie wurden gewarnt", "Sie lassen uns keine Wahl",
		"immédiatement ou", "immédiatement sinon", "ou vous perdrez", "sous peine de", "dernier avertissement", "vous avez été prévenu", "vous avez été prévenus",
		"vous ne nous laissez pas le choix",
		"inmediatamente o", "o perderá", "o perderán", "so pena de", "última advertencia", "ha sido advertido", "han sido advertidos", "no nos deja otra opción",
	}},
	{"hurries customers", []string{
		"act now", "act immediately", "last chance", "final chance", "hurry up", "don't miss out", "do not miss out", "before it is too late", "before it's too late",
		"time is running out", "only hours left", "urgent action required",
		"handeln Sie jetzt", "handeln Sie sofort", "jetzt handeln", "letzte Chance", "letzte Gelegenheit", "beeilen Sie sich", "bevor es zu spät ist", "die Zeit läuft ab",
		"nur noch Stunden",
		"agissez maintenant", "agissez immédiatement", "dernière chance", "dépêchez-vous", "avant qu'il ne soit trop tard", "le temps presse", "plus que quelques heures",
		"actúe ahora", "actúe ya", "actúe de inmediato", "actúen ahora", "última oportunidad", "dése prisa", "apresúrese", "antes de que sea demasiado tarde",
		"el tiempo se acaba", "solo quedan unas horas",
	}},
}

// banned is a phrase that must not be there, in the words that are compared.
type banned struct {
	phrase, why string
	words       []string
}

// bannedBy are those of a policy: ours without what it allows, and its own.
func bannedBy(rules *v1alpha1.ContentRules) []banned {
	var list []banned
	allowed := make([][]string, 0, len(rules.AllowedPhrases))
	for _, phrase := range rules.AllowedPhrases {
		allowed = append(allowed, plainWords(phrase))
	}
	for _, kind := range decline {
		for _, phrase := range kind.phrases {
			words := plainWords(phrase)
			if !slices.ContainsFunc(allowed, func(a []string) bool { return slices.Equal(a, words) }) {
				list = append(list, banned{phrase: phrase, why: kind.why, words: words})
			}
		}
	}
	for _, phrase := range rules.BannedPhrases {
		list = append(list, banned{phrase: phrase, why: "is banned by the policy", words: plainWords(phrase)})
	}
	return list
}

func (c *checker) phrasing() {
	phrases := bannedBy(&c.policy.Content)
	look := func(field, s string) {
		words := wordsOf(s)
		type hit struct {
			banned
			start, end int
		}
		var hits []hit
		for _, b := range phrases {
			if i := index(words, b.words); i >= 0 {
				hits = append(hits, hit{b, words[i].start, words[i+len(b.words)-1].end})
			}
		}
		slices.SortStableFunc(hits, func(a, b hit) int {
			return cmp.Or(cmp.Compare(a.start, b.start), cmp.Compare(b.end, a.end), strings.Compare(a.phrase, b.phrase))
		})
		covered := 0
		for _, h := range hits {
			if h.end > covered { // a part of a longer phrase says no more
				c.find(field, sentence(s, h.start, h.end), "%q %s: say what changes, when, and what to do", h.phrase, h.why)
				covered = h.end
			}
		}
	}
	for _, t := range c.texts {
		look(t.at+"title", t.title)
		look(t.at+"whatChanges", t.whatChanges)
		look(t.at+"whatToDo", t.whatToDo)
	}
	look("help", c.Notice.Spec.Help)
	for i := range c.Notice.Spec.Updates {
		look(fmt.Sprintf("updates[%d]", i), c.Notice.Spec.Updates[i].Text)
	}
}
