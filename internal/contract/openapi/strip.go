package openapi

import (
	"github.com/getkin/kin-openapi/openapi3"
	"github.com/oasdiff/oasdiff/diff"
)

// strip takes out of every schema what must not decide, or cannot: extensions (x-sunset,
// x-stability-level and x-since-date make the tool look at the clock, or away), examples, and
// definitions that are only there to be referred to. x-extensible-enum says what values to expect,
// and stays.
func strip(items map[string]*openapi3.PathItem, n *names) {
	s := stripper{}
	for _, item := range items {
		for _, op := range item.Operations() {
			for _, p := range payloads(op) {
				s.schema(p.schema)
			}
		}
	}
	for _, named := range n.all {
		delete(s, named.schema)
		s.schema(&openapi3.SchemaRef{Value: named.schema})
	}
}

type stripper map[*openapi3.Schema]bool

func (s stripper) schema(ref *openapi3.SchemaRef) {
	schema := ref.Value
	if s[schema] {
		return
	}
	s[schema] = true
	var kept map[string]any
	if values, ok := schema.Extensions[diff.XExtensibleEnumExtension]; ok {
		kept = map[string]any{diff.XExtensibleEnumExtension: values}
	}
	schema.ExclusiveMin, schema.Min = exclusive(schema.ExclusiveMin, schema.Min)
	schema.ExclusiveMax, schema.Max = exclusive(schema.ExclusiveMax, schema.Max)
	schema.Extensions, schema.Example, schema.Examples, schema.Defs = kept, nil, nil, nil
	if ref.Ref != "" {
		return // a named schema, or a copy of one: what is below it is stripped with the original
	}
	below(schema, func(ref *openapi3.SchemaRef, _ int) { s.schema(ref) })
}

// exclusive writes a bound that excludes itself as OpenAPI 3.1 does: a number of its own, where 3.0
// has a mark beside the bound.
func exclusive(mark openapi3.ExclusiveBound, bound *float64) (openapi3.ExclusiveBound, *float64) {
	if mark.Bool == nil {
		return mark, bound
	}
	if *mark.Bool && bound != nil {
		return openapi3.ExclusiveBound{Value: bound}, nil
	}
	return openapi3.ExclusiveBound{}, bound
}
