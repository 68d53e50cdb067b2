package openapi

import (
	"maps"
	"slices"
	"strings"

	"github.com/getkin/kin-openapi/openapi3"

	"forewarn.dev/forewarn/internal/contract/finding"
)

func missing(place ...string) error {
	parts := make([]string, len(place))
	for i, part := range place {
		parts[i] = escape.Replace(part)
	}
	return finding.Refuse(finding.Unreadable, "#/"+strings.Join(parts, "/"), "there is nothing here, or a $ref to nothing", "write it, or take it out")
}

// complete refuses what is null where the tools expect something.
func complete(api *openapi3.T) error {
	if err := completePaths("paths", api.Paths.Map()); err != nil {
		return err
	}
	return completePaths("webhooks", api.Webhooks)
}

func completePaths(section string, items map[string]*openapi3.PathItem) error {
	for _, path := range sorted(items) {
		if what := incompletePath(items[path], true); what != nil {
			return missing(append([]string{section, path}, what...)...)
		}
	}
	return nil
}

func sorted[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }

// incompletePath returns where in the path item something is missing, or nil. Callbacks are path
// items again, and can lead back to where they began: one level is looked at.
func incompletePath(item *openapi3.PathItem, callbacks bool) []string {
	if item == nil {
		return []string{}
	}
	if hasNil(item.Parameters) {
		return []string{"parameters"}
	}
	operations := item.Operations()
	for _, method := range sorted(operations) {
		op := operations[method]
		what := incomplete(op)
		if what == nil && callbacks {
			what = incompleteCallbacks(op)
		}
		if what != nil {
			return append([]string{strings.ToLower(method)}, what...)
		}
	}
	return nil
}

func hasNil(parameters openapi3.Parameters) bool {
	for _, p := range parameters {
		if p == nil || p.Value == nil || nilParameter(p.Value) {
			return true
		}
	}
	return false
}

func nilParameter(p *openapi3.Parameter) bool {
	_, ok := nilContent(p.Content)
	return ok || p.Schema != nil && p.Schema.Value == nil
}

func incomplete(op *openapi3.Operation) []string {
	if hasNil(op.Parameters) {
		return []string{"parameters"}
	}
	if body := op.RequestBody; body != nil {
		if body.Value == nil {
			return []string{"requestBody"}
		}
		if mediaType, ok := nilContent(body.Value.Content); ok {
			return []string{"requestBody", "content", mediaType}
		}
	}
	responses := op.Responses.Map()
	for _, status := range sorted(responses) {
		if what := incompleteResponse(responses[status]); what != nil {
			return append([]string{"responses", status}, what...)
		}
	}
	return nil
}

func incompleteResponse(response *openapi3.ResponseRef) []string {
	if response == nil || response.Value == nil {
		return []string{}
	}
	if mediaType, ok := nilContent(response.Value.Content); ok {
		return []string{"content", mediaType}
	}
	for _, name := range sorted(response.Value.Headers) {
		if header := response.Value.Headers[name]; header == nil || header.Value == nil || nilParameter(&header.Value.Parameter) {
			return []string{"headers", name}
		}
	}
	return nil
}

func incompleteCallbacks(op *openapi3.Operation) []string {
	for _, name := range sorted(op.Callbacks) {
		callback := op.Callbacks[name]
		if callback == nil || callback.Value == nil {
			return []string{"callbacks", name}
		}
		items := callback.Value.Map()
		for _, expression := range sorted(items) {
			if what := incompletePath(items[expression], false); what != nil {
				return append([]string{"callbacks", name, expression}, what...)
			}
		}
	}
	return nil
}

func nilContent(content openapi3.Content) (string, bool) {
	for _, mediaType := range sorted(content) {
		if content[mediaType] == nil || content[mediaType].Schema != nil && content[mediaType].Schema.Value == nil {
			return mediaType, true
		}
	}
	return "", false
}
