package openapi

import (
	"strings"

	"github.com/getkin/kin-openapi/openapi3"
)

// cutter copies operations with the given named schemas cut out. Where one was, a stub stands
// that says which. Both sides of a comparison are cut at the same names, so that a stub changes
// only when another schema, or none, stands there now.
type cutter struct {
	document *Document
	cut      map[string]bool
	stubs    map[string]*openapi3.Schema
	done     map[*openapi3.Schema]*openapi3.Schema
}

func newCutter(document *Document, cut map[string]bool) *cutter {
	return &cutter{document, cut, make(map[string]*openapi3.Schema), make(map[*openapi3.Schema]*openapi3.Schema)}
}

func (c *cutter) ref(ref *openapi3.SchemaRef) *openapi3.SchemaRef {
	if ref == nil || ref.Value == nil {
		return ref
	}
	if c.cut[ref.Ref] {
		return &openapi3.SchemaRef{Ref: ref.Ref, Value: c.stub(ref)}
	}
	if schema := c.schema(ref.Value); schema != ref.Value {
		return &openapi3.SchemaRef{Ref: ref.Ref, Value: schema}
	}
	return ref
}

// schema copies a schema with all that is to be cut below it. Every cycle has a cut, so this ends.
func (c *cutter) schema(s *openapi3.Schema) *openapi3.Schema {
	if done, ok := c.done[s]; ok {
		return done
	}
	c.done[s] = rewrite(s, func(ref *openapi3.SchemaRef, _ int) *openapi3.SchemaRef { return c.ref(ref) })
	return c.done[s]
}

// stub stands for a schema: of its type, with one property by its name. Another schema in its place
// is then one property gone and another new, and a plain object in its place has one more to give.
// Keywords beside the $ref are kept.
func (c *cutter) stub(ref *openapi3.SchemaRef) *openapi3.Schema {
	original := c.document.names.all[ref.Ref].schema
	if c.stubs[ref.Ref] == nil {
		c.stubs[ref.Ref] = &openapi3.Schema{Type: original.Type, Properties: label(ref.Ref)}
	}
	if ref.Value == original {
		return c.stubs[ref.Ref]
	}
	stub := beside(ref.Value, original)
	stub.Properties = c.stubs[ref.Ref].Properties
	if stub.Type == nil {
		stub.Type = original.Type
	}
	return stub
}

func label(ref string) openapi3.Schemas {
	return openapi3.Schemas{"schema " + schemaName(ref): &openapi3.SchemaRef{Value: &openapi3.Schema{}}}
}

func schemaName(ref string) string {
	return unescape.Replace(strings.TrimPrefix(ref, componentSchemas))
}

func (c *cutter) operation(op *openapi3.Operation) *openapi3.Operation {
	if len(c.cut) == 0 {
		return op
	}
	o := *op
	o.Parameters = make(openapi3.Parameters, len(op.Parameters))
	for i, p := range op.Parameters {
		o.Parameters[i] = &openapi3.ParameterRef{Value: c.parameter(p.Value)}
	}
	if op.RequestBody != nil {
		body := *op.RequestBody.Value
		body.Content = c.content(body.Content)
		o.RequestBody = &openapi3.RequestBodyRef{Value: &body}
	}
	o.Responses = openapi3.NewResponsesWithCapacity(op.Responses.Len())
	for status, response := range op.Responses.Map() {
		r := *response.Value
		r.Content = c.content(r.Content)
		r.Headers = make(openapi3.Headers, len(response.Value.Headers))
		for name, header := range response.Value.Headers {
			r.Headers[name] = &openapi3.HeaderRef{Value: &openapi3.Header{Parameter: *c.parameter(&header.Value.Parameter)}}
		}
		o.Responses.Set(status, &openapi3.ResponseRef{Value: &r})
	}
	return &o
}

func (c *cutter) parameter(p *openapi3.Parameter) *openapi3.Parameter {
	copied := *p
	copied.Schema = c.ref(p.Schema)
	copied.Content = c.content(p.Content)
	return &copied
}

func (c *cutter) content(content openapi3.Content) openapi3.Content {
	if content == nil {
		return nil
	}
	copied := make(openapi3.Content, len(content))
	for mediaType, value := range content {
		m := *value
		m.Schema = c.ref(value.Schema)
		copied[mediaType] = &m
	}
	return copied
}
