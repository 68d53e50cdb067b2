package content

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// word is a word of a text as it is compared: in lower case, without accents, of plain letters and digits whatever form
// they were written in. Characters that nobody sees neither end a word nor stand in it.
type word struct {
	plain      string
	start, end int // bytes of the text
}

func wordsOf(s string) []word {
	var words []word
	var plain strings.Builder
	start, end := -1, 0
	finish := func() {
		if start >= 0 {
			words = append(words, word{plain: plain.String(), start: start, end: end})
			plain.Reset()
			start = -1
		}
	}
	for i, r := range s {
		for _, p := range norm.NFKD.String(string(r)) {
			switch {
			case invisible(p):
			case unicode.IsLetter(p) || unicode.IsDigit(p):
				if start < 0 {
					start = i
				}
				plain.WriteRune(unicode.ToLower(p))
				end = i + utf8.RuneLen(r)
			default:
				finish()
			}
		}
	}
	finish()
	return words
}

// invisible is what changes nothing that people see as a word: accents, which are left out on both sides, and characters
// without width. Some of these are letters by their class: the fillers of Hangul.
func invisible(r rune) bool {
	return unicode.In(r, unicode.Mn, unicode.Me, unicode.Cf, unicode.Variation_Selector) || r == '\u115f' || r == '\u1160'
}

func plainWords(s string) []string {
	words := wordsOf(s)
	plain := make([]string, 0, len(words))
	for _, w := range words {
		plain = append(plain, w.plain)
	}
	return plain
}

// index is where a phrase begins in the words of a text, -1 where it is nowhere.
func index(words []word, phrase []string) int {
	for i := 0; len(phrase) > 0 && i+len(phrase) <= len(words); i++ {
		if slices.EqualFunc(words[i:i+len(phrase)], phrase, func(w word, p string) bool { return w.plain == p }) {
			return i
		}
	}
	return -1
}

// sentence is what stands around some words of a text, from one end of a sentence to the next.
func sentence(s string, from, to int) string {
	ends := func(r rune) bool { return strings.ContainsRune(".!?\n\r\u2028\u2029\u3002", r) }
	if i := strings.LastIndexFunc(s[:from], ends); i >= 0 {
		_, size := utf8.DecodeRuneInString(s[i:])
		from = i + size
	} else {
		from = 0
	}
	if i := strings.IndexFunc(s[to:], ends); i >= 0 {
		_, size := utf8.DecodeRuneInString(s[to+i:])
		to += i + size
	} else {
		to = len(s)
	}
	return strings.TrimSpace(s[from:to])
}
