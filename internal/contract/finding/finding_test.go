package finding_test

import (
	"strings"
	"testing"
	"unicode/utf8"

	"forewarn.dev/forewarn/internal/contract/finding"
)

func TestOneLine(t *testing.T) {
	cases := map[string]struct {
		text string
		max  int
		want string
	}{
		"plain":                          {"Totals of DELETE /orders/{id}", 100, "Totals of DELETE /orders/{id}"},
		"line ends":                      {"a\r\nb\nc\x0bd\u0085e\u2028f\u2029g", 100, "a b c d e f g"},
		"escape sequences":               {"a\x1b[31mred\x1b[0m\u009b1mb", 100, "a [31mred [0m 1mb"},
		"what reverses the reading":      {"a\u202eb\u2066c\u200fd", 100, "a b c d"},
		"what has no width":              {"a\u200bb\ufeffc", 100, "a b c"},
		"what is no character":           {"a\xffb\x00c\ue000d", 100, "a b c d"},
		"blanks around":                  {"  a  b  ", 100, "a b"},
		"other scripts":                  {"Größe 価格", 100, "Größe 価格"},
		"as long as may be":              {"abcdef", 6, "abcdef"},
		"a byte longer":                  {"abcdefg", 6, "abc..."},
		"cut at a whole character":       {"aé価b", 6, "aé..."},
		"a character would not fit":      {"abcd価", 6, "abc..."},
		"no room for the mark":           {"abc", 2, ""},
		"nothing but what is not shown":  {"\n\x1b", 100, ""},
		"a long one":                     {strings.Repeat("x", 1000), 10, "xxxxxxx..."},
		"a long one of many small parts": {strings.Repeat("é\n", 1000), 10, "é é..."},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			got := finding.OneLine(tc.text, tc.max)
			if got != tc.want {
				t.Errorf("got %q, want %q", got, tc.want)
			}
			if len(got) > tc.max || !utf8.ValidString(got) {
				t.Errorf("%q: %d bytes, want at most %d, and valid", got, len(got), tc.max)
			}
		})
	}
}

func TestErrorSaysWhereWhatAndWhatToDo(t *testing.T) {
	cases := map[string]struct {
		err  *finding.Error
		want string
	}{
		"all":        {finding.Refuse(finding.TooDeep, "line 3", "too deep", "flatten it"), "line 3: too deep; flatten it"},
		"no place":   {finding.Refuse(finding.Empty, "", "empty", "fill it"), "empty; fill it"},
		"no hint":    {finding.Refuse(finding.Unreadable, "#/a", "broken", ""), "#/a: broken"},
		"not a line": {finding.Refuse(finding.Unreadable, "#/a\nb", "c\rd", "e\x1bf"), "#/a b: c d; e f"},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			if got := tc.err.Error(); got != tc.want {
				t.Errorf("got %q, want %q", got, tc.want)
			}
		})
	}
}
