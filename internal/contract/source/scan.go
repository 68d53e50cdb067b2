package source

import (
	"bytes"
	"fmt"

	"forewarn.dev/forewarn/internal/contract/finding"
)

// meter counts what a document costs to read.
type meter struct {
	depth, values, objects, work int
}

// over says which limit is broken, if any. In values, every member of a list or an object counts
// one: each but the first follows a comma, the first follows what opens it.
func (m *meter) over(place string) error {
	if m.depth <= MaxDepth && m.values <= MaxValues && m.objects <= MaxObjects && m.work <= MaxWork {
		return nil
	}
	switch {
	case m.depth > MaxDepth:
		return finding.Refuse(finding.TooDeep, place, fmt.Sprintf("nested more than %d levels deep", MaxDepth), "name the inner parts and refer to them with $ref")
	case m.values > MaxValues:
		return finding.Refuse(finding.TooLarge, place, fmt.Sprintf("the document holds more than %d values", MaxValues), hintSplit)
	case m.objects > MaxObjects:
		return finding.Refuse(finding.TooLarge, place, fmt.Sprintf("the document holds more than %d objects", MaxObjects), hintSplit)
	default:
		return finding.Refuse(finding.TooDeep, place, "too much of the document is nested deeply", "name the inner parts and refer to them with $ref")
	}
}

// scan reads the tokens of a JSON document once, without a stack, and stops at the first broken
// limit. It does not check the grammar.
func scan(data []byte) error {
	var m meter
	for i := 0; i < len(data); i++ {
		m.work += m.depth
		switch data[i] {
		case '"':
			end := stringEnd(data, i)
			m.work += m.depth * (end - i)
			i = end
			continue
		case '{':
			m.objects++
			m.values++
			m.depth++
		case '[':
			m.values++
			m.depth++
		case ',':
			m.values++
		case '}', ']':
			m.depth = max(m.depth-1, 0)
			continue
		default:
			continue
		}
		// The place is looked up only for a limit that is broken: counting lines takes a pass.
		if m.over("") != nil {
			return m.over(line(data, i))
		}
	}
	return m.over("")
}

// stringEnd returns the offset of the quote that ends the string starting at start, or the end.
func stringEnd(data []byte, start int) int {
	for i := start + 1; i < len(data); i++ {
		switch data[i] {
		case '\\':
			i++
		case '"':
			return i
		}
	}
	return len(data)
}

// separators bounds from above how many nodes a YAML document can have: none comes without one of
// these characters before it.
func separators(data []byte) int {
	n := 0
	for _, c := range []byte(",:[{-?\n") {
		n += bytes.Count(data, []byte{c})
	}
	return n
}
