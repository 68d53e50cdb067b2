package delivery

import (
	"fmt"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// line is what people wrote, on one line, with nothing in it that ends a header, drives a terminal, or reorders
// or hides text: line ends and blanks of any kind are a blank, the rest stands as its escape.
func line(s string) string {
	return strings.Join(strings.Fields(plain(s)), " ")
}

// lines are the same for text of several lines, without blank lines at the head and the tail.
func lines(s string) []string {
	s = strings.NewReplacer("\r\n", "\n", "\r", "\n", "\v", "\n", "\f", "\n", "\u0085", "\n", "\u2028", "\n", "\u2029", "\n").Replace(s)
	all := strings.Split(strings.Trim(s, "\n"), "\n")
	for i := range all {
		all[i] = strings.TrimRight(plain(all[i]), " ")
	}
	return all
}

func plain(s string) string {
	var b strings.Builder
	for len(s) > 0 {
		r, size := utf8.DecodeRuneInString(s)
		switch {
		case r == utf8.RuneError && size == 1:
			fmt.Fprintf(&b, `\x%02x`, s[0])
		case unicode.IsSpace(r), unicode.In(r, unicode.Z):
			b.WriteByte(' ')
		case strconv.IsPrint(r), joins(r):
			b.WriteRune(r)
		default:
			quoted := strconv.QuoteRuneToASCII(r)
			b.WriteString(quoted[1 : len(quoted)-1])
		}
		s = s[size:]
	}
	return b.String()
}

// joins says that a script needs the character although it is not printed: Persian and the scripts of India
// join letters by the first two, Hebrew and Arabic mark a direction by the others, which end with their line.
func joins(r rune) bool {
	return r == '\u200c' || r == '\u200d' || r == '\u200e' || r == '\u200f'
}

// clipped is s with at most so many characters.
func clipped(s string, most int) string {
	runes := []rune(s)
	if len(runes) <= most {
		return s
	}
	return string(runes[:most-3]) + "..."
}
