package openapi

import (
	"bytes"
	"encoding/json"
	"reflect"

	"github.com/getkin/kin-openapi/openapi3"
)

// In OpenAPI 3.0 what stands beside a $ref is void. In 3.1 keywords may stand beside a $ref and add to what it points to. The reader lets
// each take the place of the same keyword there, which is right for a maxLength, but
//
//	{$ref: Order, properties: {note: ...}}
//
// has lost all properties of Order by that. extended writes such schemas as what they mean,
//
//	{allOf: [{$ref: Order}, {properties: {note: ...}}]}

// adding are the keywords that add to those behind the $ref.
var adding = map[string]bool{
	"properties": true, "required": true, "patternProperties": true, "additionalProperties": true, "unevaluatedProperties": true,
	"dependentSchemas": true, "dependentRequired": true, "propertyNames": true, "allOf": true, "anyOf": true, "oneOf": true, "not": true,
	"if": true, "then": true, "else": true, "items": true, "prefixItems": true, "contains": true, "unevaluatedItems": true, "contentSchema": true,
}

// schemaIn and schemasIn are the keywords whose value is a schema, or an object or a list of them.
var (
	schemaIn = map[string]bool{
		"schema": true, "items": true, "not": true, "if": true, "then": true, "else": true, "contains": true, "propertyNames": true,
		"additionalProperties": true, "unevaluatedProperties": true, "unevaluatedItems": true, "contentSchema": true,
	}
	schemasIn = map[string]bool{
		"properties": true, "patternProperties": true, "dependentSchemas": true, "$defs": true, "schemas": true,
		"allOf": true, "anyOf": true, "oneOf": true, "prefixItems": true,
	}
)

// extended rewrites the document if any $ref in it has keywords beside it that add to it.
func extended(raw []byte, refs []reference) ([]byte, error) {
	needed := false
	for _, r := range refs {
		needed = needed || r.extended
	}
	if !needed {
		return raw, nil
	}
	decoder := json.NewDecoder(bytes.NewReader(raw))
	decoder.UseNumber()
	var root any
	if err := decoder.Decode(&root); err != nil {
		return nil, unreadable(err, nil)
	}
	out, err := json.Marshal(extend(root, place{}))
	if err != nil {
		return nil, unreadable(err, nil)
	}
	return out, nil
}

// place says what a value in the document is.
type place struct {
	schema  bool // a schema
	schemas bool // an object or a list of schemas
	named   bool // an object whose members are named by the author
}

func extend(value any, at place) any {
	switch value := value.(type) {
	case []any:
		for i, item := range value {
			value[i] = extend(item, place{schema: at.schemas})
		}
	case map[string]any:
		for key, member := range value {
			_, object := member.(map[string]any)
			switch {
			case at.named:
				value[key] = extend(member, place{schema: at.schemas})
			case isLiteral(key, object):
			default:
				value[key] = extend(member, place{schema: schemaIn[key], schemas: schemasIn[key], named: object && authored[key]})
			}
		}
		if _, ok := value["$ref"].(string); ok && at.schema {
			return addSiblings(value)
		}
	}
	return value
}

func addSiblings(schema map[string]any) map[string]any {
	more := make(map[string]any)
	for key, member := range schema {
		if adding[key] {
			more[key] = member
			delete(schema, key)
		}
	}
	if len(more) == 0 {
		return schema
	}
	schema["allOf"] = []any{map[string]any{"$ref": schema["$ref"]}, more}
	delete(schema, "$ref")
	return schema
}

// beside returns the keywords that stood beside a $ref: those that the reader's copy does not share
// with the original.
func beside(copied, original *openapi3.Schema) *openapi3.Schema {
	has, had := reflect.ValueOf(copied).Elem(), reflect.ValueOf(original).Elem()
	keywords := &openapi3.Schema{}
	for i := range has.NumField() {
		if has.Type().Field(i).IsExported() && !shared(has.Field(i), had.Field(i)) {
			reflect.ValueOf(keywords).Elem().Field(i).Set(has.Field(i))
		}
	}
	return keywords
}

// shared tells whether a field of a shallow copy is still the one that was copied.
func shared(a, b reflect.Value) bool {
	switch a.Kind() {
	case reflect.Map, reflect.Pointer:
		return a.UnsafePointer() == b.UnsafePointer()
	case reflect.Slice:
		return a.Len() == b.Len() && a.UnsafePointer() == b.UnsafePointer()
	case reflect.Struct:
		for i := range a.NumField() {
			if !shared(a.Field(i), b.Field(i)) {
				return false
			}
		}
		return true
	default:
		return reflect.DeepEqual(a.Interface(), b.Interface())
	}
}
