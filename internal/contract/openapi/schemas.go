package openapi

import (
	"github.com/getkin/kin-openapi/openapi3"
)

// rewrite passes each schema directly below s through f and returns s with what came back: s
// itself when nothing changed, and a copy otherwise. siblings is the number of schemas in the
// list that the schema is in (allOf, anyOf, oneOf, prefixItems), and 0 outside of lists.
func rewrite(s *openapi3.Schema, f func(ref *openapi3.SchemaRef, siblings int) *openapi3.SchemaRef) *openapi3.Schema {
	r := rewriter{f: f}
	c := openapi3.Schema{
		OneOf:             r.list(s.OneOf),
		AnyOf:             r.list(s.AnyOf),
		AllOf:             r.list(s.AllOf),
		PrefixItems:       r.list(s.PrefixItems),
		Not:               r.one(s.Not, 0),
		Items:             r.one(s.Items, 0),
		Contains:          r.one(s.Contains, 0),
		PropertyNames:     r.one(s.PropertyNames, 0),
		If:                r.one(s.If, 0),
		Then:              r.one(s.Then, 0),
		Else:              r.one(s.Else, 0),
		ContentSchema:     r.one(s.ContentSchema, 0),
		Properties:        r.named(s.Properties),
		PatternProperties: r.named(s.PatternProperties),
		DependentSchemas:  r.named(s.DependentSchemas),
	}
	c.AdditionalProperties.Schema = r.one(s.AdditionalProperties.Schema, 0)
	c.UnevaluatedItems.Schema = r.one(s.UnevaluatedItems.Schema, 0)
	c.UnevaluatedProperties.Schema = r.one(s.UnevaluatedProperties.Schema, 0)
	if !r.changed {
		return s
	}
	return scalars(s, c)
}

type rewriter struct {
	f       func(*openapi3.SchemaRef, int) *openapi3.SchemaRef
	changed bool
}

func (r *rewriter) one(ref *openapi3.SchemaRef, siblings int) *openapi3.SchemaRef {
	if ref == nil || ref.Value == nil {
		return ref
	}
	out := r.f(ref, siblings)
	r.changed = r.changed || out != ref
	return out
}

func (r *rewriter) list(refs openapi3.SchemaRefs) openapi3.SchemaRefs {
	if len(refs) == 0 {
		return refs
	}
	out := make(openapi3.SchemaRefs, len(refs))
	for i, ref := range refs {
		out[i] = r.one(ref, len(refs))
	}
	return out
}

func (r *rewriter) named(schemas openapi3.Schemas) openapi3.Schemas {
	if len(schemas) == 0 {
		return schemas
	}
	out := make(openapi3.Schemas, len(schemas))
	for name, ref := range schemas {
		out[name] = r.one(ref, 0)
	}
	return out
}

// scalars returns a copy of s that has the schemas below it from another.
func scalars(s *openapi3.Schema, below openapi3.Schema) *openapi3.Schema {
	c := *s
	c.OneOf, c.AnyOf, c.AllOf, c.PrefixItems = below.OneOf, below.AnyOf, below.AllOf, below.PrefixItems
	c.Not, c.Items, c.Contains, c.PropertyNames = below.Not, below.Items, below.Contains, below.PropertyNames
	c.If, c.Then, c.Else, c.ContentSchema = below.If, below.Then, below.Else, below.ContentSchema
	c.Properties, c.PatternProperties, c.DependentSchemas = below.Properties, below.PatternProperties, below.DependentSchemas
	c.AdditionalProperties.Schema = below.AdditionalProperties.Schema
	c.UnevaluatedItems.Schema = below.UnevaluatedItems.Schema
	c.UnevaluatedProperties.Schema = below.UnevaluatedProperties.Schema
	return &c
}

// below calls f for each schema directly below s.
func below(s *openapi3.Schema, f func(ref *openapi3.SchemaRef, siblings int)) {
	rewrite(s, func(ref *openapi3.SchemaRef, siblings int) *openapi3.SchemaRef {
		f(ref, siblings)
		return ref
	})
}

// payload is one schema that goes over the wire in an operation.
type payload struct {
	part    string // "request body application/json", "query parameter limit", "response 200 header etag"
	request bool
	strict  bool // clients see the types of values
	schema  *openapi3.SchemaRef
}

// payloads lists the schemas of an operation that both its sides and the tool look at.
func payloads(op *openapi3.Operation) []payload {
	var all []payload
	add := func(part string, request, strict bool, ref *openapi3.SchemaRef) {
		if ref != nil && ref.Value != nil {
			all = append(all, payload{part, request, strict, ref})
		}
	}
	content := func(part string, request bool, content openapi3.Content) {
		for mediaType, value := range content {
			add(part+" "+mediaType, request, strict(mediaType), value.Schema)
		}
	}
	for _, p := range op.Parameters {
		part := p.Value.In + " parameter " + p.Value.Name
		add(part, true, false, p.Value.Schema)
		content(part, true, p.Value.Content)
	}
	if op.RequestBody != nil {
		content("request body", true, op.RequestBody.Value.Content)
	}
	for status, response := range op.Responses.Map() {
		content("response "+status, false, response.Value.Content)
		for name, header := range response.Value.Headers {
			part := "response " + status + " header " + name
			add(part, false, false, header.Value.Schema)
			content(part, false, header.Value.Content)
		}
	}
	return all
}
