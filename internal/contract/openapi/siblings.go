package openapi

import (
	"reflect"
	"strings"

	"github.com/getkin/kin-openapi/openapi3"
)

// In OpenAPI 3.1 keywords may stand beside a $ref and add to what it points to. The reader lets
// each replace that of the schema, so that {$ref: Order, properties: {note: ...}} has lost all
// properties of Order. siblings writes such a schema as {allOf: [{$ref: Order}, {properties: ...}]}.
// Mere annotations stay beside the $ref.
func siblings(api *openapi3.T, items map[string]*openapi3.PathItem) {
	s := siblingWriter{components: components{api}, seen: make(map[*openapi3.Schema]bool)}
	if api.Components != nil {
		for _, component := range api.Components.Schemas {
			if component != nil && component.Value != nil && component.Ref == "" {
				s.inside(component.Value)
			}
		}
	}
	for _, item := range items {
		for _, op := range item.Operations() {
			for _, p := range payloads(op) {
				s.write(p.schema)
			}
		}
	}
}

type siblingWriter struct {
	components
	seen map[*openapi3.Schema]bool
}

func (s siblingWriter) inside(schema *openapi3.Schema) {
	if s.seen[schema] {
		return
	}
	s.seen[schema] = true
	below(schema, func(ref *openapi3.SchemaRef, _ int) { s.write(ref) })
}

func (s siblingWriter) write(ref *openapi3.SchemaRef) {
	original := s.original(ref.Ref)
	if ref.Ref != "" && original == nil {
		return // what it points to is not known by name; its copy is taken as it is
	}
	if ref.Ref == "" || ref.Value == original {
		if ref.Ref == "" {
			s.inside(ref.Value)
		}
		return
	}
	more, wrapper := beside(ref.Value, original)
	if more == nil {
		return
	}
	wrapper.AllOf = openapi3.SchemaRefs{{Ref: ref.Ref, Value: original}, {Value: more}}
	ref.Ref, ref.Value = "", wrapper
	s.inside(more)
}

// annotations are the fields of a schema that change nothing about what it accepts.
var annotations = map[string]bool{
	"Title": true, "Description": true, "Default": true, "Example": true, "Examples": true, "ExternalDocs": true, "Extensions": true,
	"XML": true, "Deprecated": true, "ReadOnly": true, "WriteOnly": true, "AllowEmptyValue": true, "Comment": true, "Origin": true,
}

// beside divides what stood beside a $ref: the keywords that the copy does not share with the
// original, nil if there are none, and the annotations.
func beside(copied, original *openapi3.Schema) (more, annotated *openapi3.Schema) {
	has, had := reflect.ValueOf(copied).Elem(), reflect.ValueOf(original).Elem()
	keywords, notes := &openapi3.Schema{}, &openapi3.Schema{}
	for i := range has.NumField() {
		field := has.Type().Field(i)
		switch {
		case !field.IsExported() || same(has.Field(i), had.Field(i)):
		case annotations[field.Name]:
			reflect.ValueOf(notes).Elem().Field(i).Set(has.Field(i))
		default:
			reflect.ValueOf(keywords).Elem().Field(i).Set(has.Field(i))
			more = keywords
		}
	}
	return more, notes
}

// same tells whether a field of a shallow copy is still the one that was copied.
func same(a, b reflect.Value) bool {
	switch a.Kind() {
	case reflect.Map, reflect.Pointer:
		return a.UnsafePointer() == b.UnsafePointer()
	case reflect.Slice:
		return a.Len() == b.Len() && a.UnsafePointer() == b.UnsafePointer()
	case reflect.Struct:
		for i := range a.NumField() {
			if !same(a.Field(i), b.Field(i)) {
				return false
			}
		}
		return true
	default:
		return reflect.DeepEqual(a.Interface(), b.Interface())
	}
}

// components finds the schemas of a document by $ref.
type components struct{ api *openapi3.T }

const componentSchemas = "#/components/schemas/"

// original is the component that a $ref points to, nil for a $ref to something else. A component
// may be a $ref itself.
func (c components) original(ref string) *openapi3.Schema {
	name, ok := strings.CutPrefix(ref, componentSchemas)
	if !ok || c.api.Components == nil {
		return nil
	}
	component := c.api.Components.Schemas[unescape.Replace(name)]
	if component == nil {
		return nil
	}
	return component.Value
}

var unescape = strings.NewReplacer("~1", "/", "~0", "~")
