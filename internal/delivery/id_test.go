package delivery

import (
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

func TestIDIsWhatIsWrittenDown(t *testing.T) {
	// By hand, so that nobody changes it by accident: customers recognise duplicates by it.
	const parts = "\x00\x00\x00\x00\x00\x00\x00\x03uid" + "\x00\x00\x00\x00\x00\x00\x00\x02c1" +
		"\x00\x00\x00\x00\x00\x00\x00\x04mail" + "\x00\x00\x00\x00\x00\x00\x00\x0bReminder-30"
	sum := sha256.Sum256([]byte(parts))
	if got, want := ID("uid", "c1", "mail", ReminderStage(30)), hex.EncodeToString(sum[:16]); got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func TestIDTellsPartsApart(t *testing.T) {
	cases := map[string][2][4]string{
		"another notice":             {{"u", "c", "m", "s"}, {"v", "c", "m", "s"}},
		"another customer":           {{"u", "c", "m", "s"}, {"u", "d", "m", "s"}},
		"another channel":            {{"u", "c", "m", "s"}, {"u", "c", "w", "s"}},
		"another stage":              {{"u", "c", "m", "s"}, {"u", "c", "m", "t"}},
		"a border elsewhere":         {{"a", "bc", "m", "s"}, {"ab", "c", "m", "s"}},
		"an empty part elsewhere":    {{"", "a", "m", "s"}, {"a", "", "m", "s"}},
		"parts swapped":              {{"a", "b", "m", "s"}, {"b", "a", "m", "s"}},
		"a length written by a part": {{"a\x00\x00\x00\x00\x00\x00\x00\x01b", "c", "m", "s"}, {"a", "b\x00\x00\x00\x00\x00\x00\x00\x01c", "m", "s"}},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			if a, b := idOf(c[0]), idOf(c[1]); a == b {
				t.Errorf("%q and %q are both %s", c[0], c[1], a)
			}
		})
	}
}

func TestIDDiffersWhenAnyPartDiffers(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		// Few letters, so that the parts run into each other often.
		part := rapid.StringOfN(rapid.RuneFrom([]rune("ab\x00")), 0, 4, -1)
		draw := func(label string) (parts [4]string) {
			copy(parts[:], rapid.SliceOfN(part, 4, 4).Draw(t, label))
			return parts
		}
		a, b := draw("one"), draw("other")
		if same := slices.Equal(a[:], b[:]); same != (idOf(a) == idOf(b)) {
			t.Fatalf("%q is %s, %q is %s", a, idOf(a), b, idOf(b))
		}
	})
}

func idOf(parts [4]string) string { return ID(parts[0], parts[1], parts[2], Stage(parts[3])) }
