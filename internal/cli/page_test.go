package cli

import (
	"bytes"
	"strings"
	"testing"

	"github.com/jedib0t/go-pretty/v6/text"

	v1alpha1 "forewarn.dev/forewarn/api/v1alpha1"
)

// longVerdict holds texts that are wider than any terminal.
func longVerdict() Verdict {
	days := int32(180)
	long := Change{State: ChangeUncovered, JudgedChange: v1alpha1.JudgedChange{
		Class: v1alpha1.ClassRemoval, Version: "v1", Operation: "DELETE /" + strings.Repeat("organizations/", 8) + "{id}",
		Text: strings.Repeat("the response property was removed ", 6), OwedDays: &days, OwedBy: "public-apis",
		Rule: "response-required-property-removed", Fingerprint: "0123456789ab",
	}}
	wide := long
	wide.Text = strings.Repeat("注文", 60)
	return Verdict{
		Answer: AnswerBlocked, Reason: v1alpha1.ReasonNoticeMissing,
		Message: strings.Repeat("nobody was told of this ", 20), Changes: []Change{long, wide},
	}
}

func TestPageFitsTheTerminal(t *testing.T) {
	for _, width := range []int{80, 100, 140} {
		p := newPage(Streams{Width: width})
		p.verdict(longVerdict(), utc, verdictStyle{})
		for line := range strings.Lines(p.b.String()) {
			if got := text.StringWidth(strings.TrimRight(line, "\n")); got > width {
				t.Errorf("%d columns do not fit into %d: %s", got, width, line)
			}
		}
	}
}

func TestPageIsBoundedWhateverTheTerminalSays(t *testing.T) {
	for width, want := range map[int]int{0: usual, 1: narrowest, 100: 100, 100000: widest} {
		if got := newPage(Streams{Width: width}).width; got != want {
			t.Errorf("a terminal of %d columns: got %d, want %d", width, got, want)
		}
	}
}

func TestColoursAreForTerminals(t *testing.T) {
	for name, color := range map[string]bool{"a file": false, "a terminal": true} {
		t.Run(name, func(t *testing.T) {
			var out bytes.Buffer
			p := newPage(Streams{Color: color})
			p.verdict(longVerdict(), utc, verdictStyle{})
			if err := p.writeTo(&out); err != nil {
				t.Fatal(err)
			}
			if got := strings.Contains(out.String(), "\x1b["); got != color {
				t.Errorf("colour codes: %t, want %t", got, color)
			}
		})
	}
}

func TestManyChangesAreCounted(t *testing.T) {
	v := longVerdict()
	for len(v.Changes) < mostChanges+3 {
		v.Changes = append(v.Changes, v.Changes[0])
	}
	p := newPage(Streams{})
	p.changes(v.Changes, utc, verdictStyle{})
	if got := p.b.String(); !strings.Contains(got, "and 3 changes more; -o json lists all") {
		t.Errorf("got %s", got)
	}
}
