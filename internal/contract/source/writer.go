package source

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math"

	"go.yaml.in/yaml/v3"

	"forewarn.dev/forewarn/internal/contract/finding"
)

// maxWritten bounds the JSON a YAML document is written out to: quotes and braces make it larger
// than its source.
const maxWritten = 2 * MaxBytes

// writer writes YAML nodes as JSON. A node that aliases reach is written wherever they stand, so
// the limits on values and bytes are what bounds an alias bomb.
type writer struct {
	buf     bytes.Buffer
	values  int
	aliased bool
	open    map[*yaml.Node]bool // anchored nodes being written, to notice one inside itself
}

func (w *writer) node(n *yaml.Node, depth int) error {
	w.values++
	if err := w.within(n, depth); err != nil {
		return err
	}
	switch n.Kind {
	case yaml.AliasNode:
		return w.alias(n, depth)
	case yaml.MappingNode:
		return w.mapping(n, depth)
	case yaml.SequenceNode:
		w.buf.WriteByte('[')
		for i, item := range n.Content {
			if i > 0 {
				w.buf.WriteByte(',')
			}
			if err := w.node(item, depth+1); err != nil {
				return err
			}
		}
		w.buf.WriteByte(']')
		return nil
	default:
		return w.scalar(n)
	}
}

func (w *writer) within(n *yaml.Node, depth int) error {
	m := meter{depth: depth - 1, values: w.values}
	if w.buf.Len() > maxWritten {
		m.values = MaxValues + 1
	}
	err := m.over(place(n))
	if err != nil && w.aliased && m.depth <= MaxDepth {
		return finding.Refuse(finding.AliasBomb, place(n), fmt.Sprintf("YAML aliases write the document out to more than %d values", MaxValues), "write it out, or use $ref in place of aliases")
	}
	return err
}

func place(n *yaml.Node) string { return fmt.Sprintf("line %d", n.Line) }

func (w *writer) alias(n *yaml.Node, depth int) error {
	target, err := w.enter(n)
	if err != nil {
		return err
	}
	defer delete(w.open, target)
	return w.node(target, depth)
}

// enter returns what an alias stands for, and refuses one that stands inside its own anchor.
func (w *writer) enter(n *yaml.Node) (*yaml.Node, error) {
	w.aliased = true
	if w.open[n.Alias] {
		return nil, finding.Refuse(finding.CircularReference, place(n), fmt.Sprintf("the alias *%s stands inside its own anchor", n.Value), "use $ref for a schema that refers to itself")
	}
	w.open[n.Alias] = true
	return n.Alias, nil
}

func (w *writer) mapping(n *yaml.Node, depth int) error {
	members, err := w.members(n, depth)
	if err != nil {
		return err
	}
	w.buf.WriteByte('{')
	for i, m := range members {
		if i > 0 {
			w.buf.WriteByte(',')
		}
		if err := w.json(m.key); err != nil {
			return err
		}
		w.buf.WriteByte(':')
		if err := w.node(m.value, depth+1); err != nil {
			return err
		}
	}
	w.buf.WriteByte('}')
	return nil
}

type member struct {
	key   string
	value *yaml.Node
}

// members lists what a mapping holds: its own keys, then those that merge keys (<<) bring in and
// it has not got itself.
func (w *writer) members(n *yaml.Node, depth int) ([]member, error) {
	if depth > MaxDepth {
		return nil, (&meter{depth: depth}).over(place(n))
	}
	var members []member
	var merged []*yaml.Node
	has := make(map[string]bool, len(n.Content)/2)
	for i := 0; i+1 < len(n.Content); i += 2 {
		key, value := n.Content[i], n.Content[i+1]
		if key.Kind == yaml.AliasNode {
			key = key.Alias
		}
		switch {
		case key.Kind != yaml.ScalarNode:
			return nil, finding.Refuse(finding.Unreadable, place(key), "a key that is not a scalar", "use plain keys")
		case key.ShortTag() == "!!merge":
			merged = append(merged, value)
		case has[key.Value]:
			return nil, finding.Refuse(finding.Unreadable, place(key), fmt.Sprintf("the key %q stands here twice", key.Value), "keep one of them")
		default:
			has[key.Value] = true
			members = append(members, member{key.Value, value})
		}
	}
	for _, source := range merged {
		more, err := w.merge(source, depth)
		if err != nil {
			return nil, err
		}
		for _, m := range more {
			if !has[m.key] {
				has[m.key] = true
				members = append(members, m)
			}
		}
	}
	return members, nil
}

// merge lists what one merge key brings in: a mapping, or several in a list, earlier ones first.
func (w *writer) merge(n *yaml.Node, depth int) ([]member, error) {
	w.values++
	if err := w.within(n, depth); err != nil {
		return nil, err
	}
	switch n.Kind {
	case yaml.AliasNode:
		target, err := w.enter(n)
		if err != nil {
			return nil, err
		}
		defer delete(w.open, target)
		return w.merge(target, depth+1)
	case yaml.MappingNode:
		members, err := w.members(n, depth+1)
		w.values += len(members)
		return members, err
	case yaml.SequenceNode:
		var members []member
		for _, item := range n.Content {
			more, err := w.merge(item, depth+1)
			if err != nil {
				return nil, err
			}
			members = append(members, more...)
		}
		return members, nil
	default:
		return nil, finding.Refuse(finding.Unreadable, place(n), "a merge key (<<) needs a mapping", "")
	}
}

func (w *writer) scalar(n *yaml.Node) error {
	switch n.ShortTag() {
	case "!!null", "!!bool", "!!int", "!!float":
		var value any
		if err := n.Decode(&value); err != nil {
			return finding.Refuse(finding.Unreadable, place(n), fmt.Sprintf("cannot read the value %q", n.Value), "quote it if it is text")
		}
		if number, ok := value.(float64); ok && (math.IsInf(number, 0) || math.IsNaN(number)) {
			return w.json(n.Value)
		}
		return w.json(value)
	default:
		return w.json(n.Value)
	}
}

func (w *writer) json(value any) error {
	out, err := json.Marshal(value)
	if err != nil {
		return fmt.Errorf("writing %v as JSON: %w", value, err)
	}
	w.buf.Write(out)
	return nil
}
