package openapi

import (
	"reflect"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
)

// subschemas fills every field of a schema that can hold schemas, whatever a new version of the
// reader adds.
func subschemas(t *testing.T) (*openapi3.Schema, int) {
	t.Helper()
	s := &openapi3.Schema{}
	n := 0
	sub := func() *openapi3.SchemaRef {
		n++
		return &openapi3.SchemaRef{Value: &openapi3.Schema{}}
	}
	fields := reflect.ValueOf(s).Elem()
	for i := range fields.NumField() {
		field := fields.Field(i)
		// Definitions are only there to be referred to, and are taken out.
		if fields.Type().Field(i).Name == "Defs" {
			continue
		}
		switch field.Interface().(type) {
		case *openapi3.SchemaRef:
			field.Set(reflect.ValueOf(sub()))
		case openapi3.SchemaRefs:
			field.Set(reflect.ValueOf(openapi3.SchemaRefs{sub(), sub()}))
		case openapi3.Schemas:
			field.Set(reflect.ValueOf(openapi3.Schemas{"a": sub(), "b": sub()}))
		case openapi3.BoolSchema:
			field.Set(reflect.ValueOf(openapi3.BoolSchema{Schema: sub()}))
		}
	}
	return s, n
}

func TestEveryKeywordWithSchemasIsFollowed(t *testing.T) {
	s, want := subschemas(t)
	if want < 20 {
		t.Fatalf("only %d schemas to follow", want)
	}
	followed := make(map[*openapi3.SchemaRef]bool)
	below(s, func(ref *openapi3.SchemaRef, _ int) { followed[ref] = true })
	if len(followed) != want {
		t.Errorf("%d of %d schemas followed", len(followed), want)
	}
}

func TestRewriteReplacesEverySchemaInACopy(t *testing.T) {
	s, want := subschemas(t)
	s.Title = "kept"
	replaced := &openapi3.SchemaRef{Value: &openapi3.Schema{Title: "replaced"}}
	c := rewrite(s, func(*openapi3.SchemaRef, int) *openapi3.SchemaRef { return replaced })
	if c == s || c.Title != "kept" {
		t.Fatalf("got %v, want a copy", c)
	}
	seen := 0
	below(c, func(ref *openapi3.SchemaRef, _ int) {
		if ref == replaced {
			seen++
		}
	})
	below(s, func(ref *openapi3.SchemaRef, _ int) {
		if ref == replaced {
			t.Error("the original was changed")
		}
	})
	if seen != want {
		t.Errorf("%d of %d schemas replaced", seen, want)
	}
	if same := rewrite(s, func(ref *openapi3.SchemaRef, _ int) *openapi3.SchemaRef { return ref }); same != s {
		t.Error("a copy although nothing changed")
	}
}

func TestMediaTypes(t *testing.T) {
	cases := []struct {
		mediaType, wantKey string
		wantStrict         bool
	}{
		{"application/json", "application/json", true},
		{"Application/JSON;charset=UTF-8", "application/json", true},
		{"application/problem+json; charset=utf-8", "application/problem+json", true},
		{"application/vnd.acme+json; version=2", "application/vnd.acme+json; version=2", true},
		{"*/*", "*/*", true},
		{"application/x-protobuf", "application/x-protobuf", true},
		{"text/json", "text/json", true},
		{"text/plain; charset=utf-8", "text/plain; charset=utf-8", false},
		{"application/xml", "application/xml", false},
		{"application/atom+xml", "application/atom+xml", false},
		{"application/x-www-form-urlencoded", "application/x-www-form-urlencoded", false},
		{"multipart/form-data; boundary=x", "multipart/form-data; boundary=x", false},
	}
	for _, tc := range cases {
		t.Run(tc.mediaType, func(t *testing.T) {
			key := mediaTypeKey(tc.mediaType)
			if key != tc.wantKey || strict(key) != tc.wantStrict {
				t.Errorf("got %q, typed %t, want %q, typed %t", key, strict(key), tc.wantKey, tc.wantStrict)
			}
		})
	}
}
