package gate

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// singleLine makes text of people safe to be shown by the API server: it drops a message of several lines,
// and a terminal would act on control characters. It is cut to so many bytes, between two characters.
func singleLine(text string, most int) string {
	if !plain(text) {
		text = strings.Join(strings.Fields(strings.Map(printable, text)), " ")
	}
	if len(text) <= most {
		return text
	}
	const more = "..."
	cut := most - len(more)
	for cut > 0 && !utf8.RuneStart(text[cut]) {
		cut--
	}
	return strings.TrimRight(text[:max(cut, 0)], " ") + more
}

// plain says that nothing has to be replaced, as is so of all but a few of thousands of texts.
func plain(text string) bool {
	for i := range len(text) {
		blank := text[i] == ' '
		if text[i] < ' ' || text[i] > '~' || blank && (i == 0 || i == len(text)-1 || text[i-1] == ' ') {
			return false
		}
	}
	return true
}

func printable(r rune) rune {
	switch {
	case unicode.IsSpace(r):
		return ' '
	case !unicode.IsPrint(r):
		return unicode.ReplacementChar
	}
	return r
}
