package cli

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"
)

func TestSafe(t *testing.T) {
	for name, tt := range map[string]struct{ text, want string }{
		"plain text stays":             {"GET /orders/{id}: größer, 注文", "GET /orders/{id}: größer, 注文"},
		"an escape sequence":           {"\x1b[2Jgone", `\x1b[2Jgone`},
		"a title of the terminal":      {"\x1b]0;owned\a", `\x1b]0;owned\a`},
		"8-bit CSI":                    {"\u009b2J", `\u009b2J`},
		"a byte that is no UTF-8":      {"\x9b2J", `\x9b2J`},
		"a line break":                 {"a\r\nb", `a\r\nb`},
		"a line separator":             {"a\u2028b", `a\u2028b`},
		"text that runs the other way": {"\u202egnp.exe", `\u202egnp.exe`},
		"what has no width":            {"ad\u200bmin", `ad\u200bmin`},
	} {
		t.Run(name, func(t *testing.T) {
			if got := safe(tt.text); got != tt.want {
				t.Errorf("safe(%q) = %s, want %s", tt.text, got, tt.want)
			}
		})
	}
	if got := safeLines("a\n\x1bb"); got != "a\n\\x1bb" {
		t.Errorf("safeLines keeps line breaks and nothing else, got %q", got)
	}
}

func TestJSONIsSafeAndMeansTheSame(t *testing.T) {
	const text = "\x1b[2J \x7f \u009b \u202e \u2028 \U000e0001 größer 注文 😀 <&>"
	var out bytes.Buffer
	if err := printJSON(&out, map[string]string{"text": text}); err != nil {
		t.Fatal(err)
	}
	if shown := out.String(); safeLines(shown) != shown {
		t.Errorf("a terminal would act on %q", shown)
	}
	if !strings.Contains(out.String(), "größer 注文 😀 <&>") {
		t.Errorf("what can be read is not to be escaped: %s", out.String())
	}
	var back map[string]string
	if err := json.Unmarshal(out.Bytes(), &back); err != nil {
		t.Fatal(err)
	}
	if back["text"] != text {
		t.Errorf("got %q, want %q", back["text"], text)
	}
}
