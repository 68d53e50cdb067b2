package bounce

import (
	"bytes"
	"errors"
	"strings"
)

// field is one of a header, unfolded.
type field struct{ name, value string }

// maxField is the most that is read of a field, in bytes. RFC 5322 has no longer line, and what is folded for ever costs
// no more than that.
const maxField = 998

var errTwice = errors.New("a field stands there twice")

// header reads the fields up to an empty line, and returns what comes after it. Lines that are no field are passed
// over: mail servers return headers as they got them.
func header(block []byte) (fields []field, rest []byte) {
	for len(block) > 0 {
		var line []byte
		line, block, _ = bytes.Cut(block, []byte("\n"))
		text := strings.TrimSuffix(string(line), "\r")
		if text == "" {
			return fields, block
		}
		if text[0] == ' ' || text[0] == '\t' {
			if last := len(fields) - 1; last >= 0 && len(fields[last].value) < maxField {
				fields[last].value = strings.TrimSpace(fields[last].value + text)
			}
			continue
		}
		name, value, found := strings.Cut(text, ":")
		if found {
			fields = append(fields, field{strings.ToLower(strings.TrimSpace(name)), strings.TrimSpace(value)})
		}
	}
	return fields, nil
}

// only is the value of a field, and an error where it stands there twice: readers would differ about which counts.
func only(fields []field, name string) (value string, err error) {
	seen := false
	for _, f := range fields {
		if f.name != name {
			continue
		}
		if seen {
			return "", errTwice
		}
		value, seen = f.value, true
	}
	return value, nil
}

// firstWord leaves out the comments that may come after.
func firstWord(value string) string {
	word, _, _ := strings.Cut(value, " ")
	word, _, _ = strings.Cut(word, "(")
	return word
}
