package openapi

import (
	"slices"
	"strings"

	"github.com/getkin/kin-openapi/openapi3"
)

// Comparing two schemas takes the tool a time and a memory that grow with the number of ways
// through them, and where schemas refer to each other, with the number of orders in which they
// can be walked: fourteen schemas of a query language took it 38 s and 2.6 GB. So a schema with a
// name is cut out, and compared once on its own, when it is part of a cycle or too heavy; what
// changed in it is then reported for each payload that holds it. What remains are small trees.
const (
	heavy = 1_000 // the weight from which a named schema is cut out
	tall  = 50    // the same for the number of schemas below each other
)

// named is a schema that a $ref points to.
type named struct {
	schema *openapi3.Schema
	refs   []string // the named schemas it refers to, each once
	cut    bool     // compared on its own
	size   size     // as seen from a $ref to it: next to nothing when cut
}

// names knows the named schemas of one document, by the $ref they come by.
type names struct {
	api *openapi3.T
	all map[string]*named
}

const componentSchemas = "#/components/schemas/"

// original is the component that a $ref points to, nil for a $ref to something else.
func (n *names) original(ref string) *openapi3.Schema {
	name, ok := strings.CutPrefix(ref, componentSchemas)
	if !ok || n.api.Components == nil {
		return nil
	}
	component := n.api.Components.Schemas[unescape.Replace(name)]
	if component == nil {
		return nil
	}
	return component.Value
}

var unescape = strings.NewReplacer("~1", "/", "~0", "~")

// collect finds every named schema that the operations reach, and decides which to cut out.
func collect(api *openapi3.T, items map[string]*openapi3.PathItem) *names {
	n := &names{api, make(map[string]*named)}
	var next []string
	note := func(ref *openapi3.SchemaRef) {
		if n.all[ref.Ref] != nil {
			return
		}
		// The original, not a copy with annotations that stood beside the $ref.
		schema := n.original(ref.Ref)
		if schema == nil {
			schema = ref.Value
		}
		n.all[ref.Ref] = &named{schema: schema}
		next = append(next, ref.Ref)
	}
	for _, item := range items {
		for _, op := range item.Operations() {
			for _, p := range payloads(op) {
				eachRef(p.schema, note)
			}
		}
	}
	for len(next) > 0 {
		current := n.all[next[len(next)-1]]
		next = next[:len(next)-1]
		seen := make(map[string]bool)
		eachRef(&openapi3.SchemaRef{Value: current.schema}, func(ref *openapi3.SchemaRef) {
			note(ref)
			if !seen[ref.Ref] {
				seen[ref.Ref] = true
				current.refs = append(current.refs, ref.Ref)
			}
		})
	}
	n.measureAll()
	return n
}

// eachRef calls f for the schema if it comes by a $ref, or for the nearest ones inside it that do.
func eachRef(ref *openapi3.SchemaRef, f func(ref *openapi3.SchemaRef)) {
	if ref.Ref != "" {
		f(ref)
		return
	}
	below(ref.Value, func(ref *openapi3.SchemaRef, _ int) { eachRef(ref, f) })
}

// measureAll measures the named schemas, those that others are made of first.
func (n *names) measureAll() {
	for _, group := range groups(n.all) {
		first := n.all[group[0]]
		if len(group) == 1 && !slices.Contains(first.refs, group[0]) {
			first.size = n.measure(&openapi3.SchemaRef{Value: first.schema}, false)
			if first.size.weight > heavy || first.size.pairs > 10*heavy || first.size.height > tall {
				first.cutOut()
			}
			continue
		}
		for _, key := range group {
			n.all[key].cutOut()
		}
	}
}

func (n *named) cutOut() { n.cut, n.size = true, size{weight: 1, height: 1} }

// size bounds from above what the tool visits below a schema.
type size struct {
	weight int // schemas and enum values
	pairs  int // of alternatives without a name: each is compared with each, and all that is in them
	height int // schemas below each other
}

// tooMuch is where sizes stop growing: beyond any limit, and safe to multiply.
const tooMuch = 1 << 40

// measure sizes a schema. The tool remembers pairs of named schemas, so that those in them count
// only where a named schema is inside of an alternative.
func (n *names) measure(ref *openapi3.SchemaRef, inside bool) size {
	if known := n.all[ref.Ref]; known != nil {
		s := known.size
		if !inside {
			s.pairs = 0
		}
		return s
	}
	total := size{weight: 1 + len(ref.Value.Enum)}
	below(ref.Value, func(ref *openapi3.SchemaRef, siblings int) {
		alternative := ref.Ref == "" && siblings > 1
		s := n.measure(ref, inside || alternative)
		if alternative {
			s.pairs = siblings * (s.pairs + s.weight)
		}
		total.weight = min(total.weight+s.weight, tooMuch)
		total.pairs = min(total.pairs+s.pairs, tooMuch)
		total.height = max(total.height, s.height)
	})
	total.height++
	return total
}
