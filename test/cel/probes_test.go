//go:build unix

package cel

import (
	"fmt"
	"slices"
	"strings"
)

// A probe is a value for a field: one that is accepted, or one that is
// complained of in these words.
type probe struct {
	name      string
	value     any
	complaint string
}

// all joins the probes of several bounds of one field.
func all(bounds ...[]probe) []probe {
	return slices.Concat(bounds...)
}

// chars are both sides of the bounds of a text made of the letter a.
func chars(least, most int) []probe {
	return charsOf("a", least, most)
}

func charsOf(letter string, least, most int) []probe {
	text := func(n int) string { return strings.Repeat(letter, n) }
	return []probe{
		{fmt.Sprintf("%d characters", least-1), text(least - 1), fmt.Sprintf("should be at least %d chars long", least)},
		{fmt.Sprintf("%d characters", least), text(least), ""},
		{fmt.Sprintf("%d characters", most), text(most), ""},
		{fmt.Sprintf("%d characters", most+1), text(most + 1), fmt.Sprintf("may not be more than %d bytes", most)},
	}
}

// matching are texts that match the pattern of a field, and texts that do not.
func matching(good, bad []string) []probe {
	var probes []probe
	for _, text := range good {
		probes = append(probes, probe{fmt.Sprintf("%q", text), text, ""})
	}
	for _, text := range bad {
		probes = append(probes, probe{fmt.Sprintf("%q", text), text, "should match '^"})
	}
	return probes
}

// oneOf are the values of an enumeration, and some that are not.
func oneOf(values ...string) []probe {
	probes := []probe{
		{"a value nobody knows", "Sometimes", "Unsupported value"},
		{"a known value in lower case", strings.ToLower(values[0]), "Unsupported value"},
		{"no value", "", "Unsupported value"},
	}
	for _, value := range values {
		probes = append(probes, probe{value, value, ""})
	}
	return probes
}

// items are both sides of the bounds of a list; item makes the i-th.
func items[T any](least, most int, item func(i int) T) []probe {
	list := func(n int) []any {
		made := []any{}
		for i := range n {
			made = append(made, item(i))
		}
		return made
	}
	return []probe{
		{fmt.Sprintf("%d items", least-1), list(least - 1), fmt.Sprintf("should have at least %d items", least)},
		{fmt.Sprintf("%d items", least), list(least), ""},
		{fmt.Sprintf("%d items", most), list(most), ""},
		{fmt.Sprintf("%d items", most+1), list(most + 1), fmt.Sprintf("must have at most %d items", most)},
	}
}

// entries are both sides of the bounds of a map of labels.
func entries(least, most int) []probe {
	labels := func(n int) map[string]any {
		made := map[string]any{}
		for i := range n {
			made[fmt.Sprintf("label-%d", i)] = "value"
		}
		return made
	}
	return []probe{
		{fmt.Sprintf("%d entries", least-1), labels(least - 1), fmt.Sprintf("should have at least %d properties", least)},
		{fmt.Sprintf("%d entries", least), labels(least), ""},
		{fmt.Sprintf("%d entries", most), labels(most), ""},
		{fmt.Sprintf("%d entries", most+1), labels(most + 1), fmt.Sprintf("must have at most %d items", most)},
	}
}

// atLeast and between are both sides of the bounds of a number.
func atLeast(least int64) []probe {
	return []probe{
		{fmt.Sprint(least - 1), least - 1, fmt.Sprintf("should be greater than or equal to %d", least)},
		{fmt.Sprint(least), least, ""},
	}
}

func between(least, most int64) []probe {
	return append(atLeast(least),
		probe{fmt.Sprint(most), most, ""},
		probe{fmt.Sprint(most + 1), most + 1, fmt.Sprintf("should be less than or equal to %d", most)})
}

// notEmpty are the two sides of an object of which something must be set.
func notEmpty() []probe {
	return []probe{{"nothing set", map[string]any{}, "should have at least 1 properties"}}
}

// The texts that several fields share.
var (
	objectName = all(chars(1, 63), matching(
		[]string{"orders", "0rders-9f31c2aa", "a-b"},
		[]string{"Orders", "-orders", "orders-", "or.ders", "or_ders", "orders ", "orders\n"}))
	versionName = all(chars(1, 63), matching(
		[]string{"v1", "2026-11-22", "v1.0_beta-2"},
		[]string{"V1", ".v1", "v1-", "v 1", "v1\n"}))
	className = all(charsOf("A", 1, 63), matching(
		[]string{"Removal", "Behaviour", "OurOwn2"},
		[]string{"removal", "2nd", "Two-Words", "Two words", "Removal\n"}))
	digest = all(charsOf("0", 64, 64), matching(
		[]string{strings.Repeat("0f", 32)},
		[]string{strings.Repeat("0F", 32), strings.Repeat("0g", 32)}))
	stability  = oneOf("Stable", "Beta", "Alpha")
	enforce    = oneOf("Deny", "Warn", "Audit")
	clockStart = oneOf("Published", "Delivered", "Acknowledged")
	conditions = items(1, 8, func(i int) map[string]any {
		return map[string]any{
			"type": fmt.Sprintf("Type%d", i), "status": "True", "reason": "Reason", "message": "",
			"lastTransitionTime": "2026-11-22T09:00:00Z",
		}
	})
)

func digestOf(digit string) string { return strings.Repeat(digit, 64) }
