package openapi

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	"github.com/getkin/kin-openapi/openapi3"

	"forewarn.dev/forewarn/internal/contract/finding"
)

// normalize makes what means the same look the same, once per document:
//
//   - a parameter of the path belongs to each of its operations: the tool looks at operations only;
//   - header names have no case;
//   - webhooks and callbacks are operations too, with the roles reversed (inbound);
//   - dates, stability levels and other extensions are gone (strip): shape alone decides.
//
// What is not done: allOf is not merged. The tool's merge drops keywords of the branches (if,
// patternProperties, unevaluatedProperties and more), so a change to one would go unseen, it fails
// where branches disagree, and nested alternatives multiply in it. Branch by branch, moving a
// property from one branch to another is reported although customers may not notice, and that is
// the kinder mistake.
func normalize(api *openapi3.T) (*Document, error) {
	if err := outlined(api); err != nil {
		return nil, err
	}
	items := make(map[string]*openapi3.PathItem)
	for path, item := range api.Paths.Map() {
		item = flatten(item)
		items[path] = item
		maps.Copy(items, callbacks(path, item))
	}
	for name, item := range api.Webhooks {
		items["webhook:"+name] = inbound(flatten(item))
	}
	paths, err := unique(items)
	if err != nil {
		return nil, err
	}
	document := &Document{
		api: &openapi3.T{
			OpenAPI:    api.OpenAPI,
			Paths:      openapi3.NewPathsWithCapacity(len(items)),
			Security:   api.Security,
			Components: &openapi3.Components{SecuritySchemes: securitySchemes(api.Components)},
		},
		paths:   paths,
		servers: serverPaths(api.Servers),
	}
	for path, item := range items {
		document.api.Paths.Set(path, item)
	}
	document.names = collect(api, items)
	strip(items, document.names)
	if err := document.measure(items); err != nil {
		return nil, err
	}
	return document, nil
}

// flatten copies a path item: parameters pushed down to its operations, header names in lower
// case, extensions gone. A path item may be shared by several paths through a $ref.
func flatten(item *openapi3.PathItem) *openapi3.PathItem {
	flat := &openapi3.PathItem{}
	for method, op := range item.Operations() {
		c := *op
		c.Extensions = nil
		c.Parameters = merge(op.Parameters, item.Parameters)
		if op.RequestBody != nil {
			body := *op.RequestBody.Value
			body.Extensions, body.Content = nil, schemasOnly(body.Content)
			c.RequestBody = &openapi3.RequestBodyRef{Value: &body}
		}
		c.Responses = openapi3.NewResponsesWithCapacity(op.Responses.Len())
		for status, response := range op.Responses.Map() {
			r := *response.Value
			r.Extensions, r.Links = nil, nil
			r.Headers, r.Content = lowerHeaders(r.Headers), schemasOnly(r.Content)
			c.Responses.Set(statusKey(status), &openapi3.ResponseRef{Value: &r})
		}
		flat.SetOperation(method, &c)
	}
	return flat
}

// merge lists the parameters of an operation, then those of its path that it does not override.
func merge(own, common openapi3.Parameters) openapi3.Parameters {
	var merged openapi3.Parameters
	for _, p := range slices.Concat(own, common) {
		c := bare(p.Value)
		if c.In == openapi3.ParameterInHeader {
			c.Name = strings.ToLower(c.Name)
		}
		if merged.GetByInAndName(c.In, c.Name) == nil {
			merged = append(merged, &openapi3.ParameterRef{Value: &c})
		}
	}
	return merged
}

// bare is a copy of a parameter or header with nothing but its shape.
func bare(p *openapi3.Parameter) openapi3.Parameter {
	c := *p
	c.Extensions, c.Example, c.Examples, c.Content = nil, nil, nil, schemasOnly(p.Content)
	return c
}

// schemasOnly copies media types with nothing but their schemas: the tool has no rule for the
// rest, but would walk it.
func schemasOnly(content openapi3.Content) openapi3.Content {
	if content == nil {
		return nil
	}
	only := make(openapi3.Content, len(content))
	for _, mediaType := range sorted(content) {
		if key := mediaTypeKey(mediaType); only[key] == nil {
			only[key] = &openapi3.MediaType{Schema: content[mediaType].Schema}
		}
	}
	return only
}

func lowerHeaders(headers openapi3.Headers) openapi3.Headers {
	lower := make(openapi3.Headers, len(headers))
	for _, name := range sorted(headers) {
		if _, ok := lower[strings.ToLower(name)]; !ok {
			lower[strings.ToLower(name)] = &openapi3.HeaderRef{Value: &openapi3.Header{Parameter: bare(&headers[name].Value.Parameter)}}
		}
	}
	return lower
}

func securitySchemes(components *openapi3.Components) openapi3.SecuritySchemes {
	if components == nil {
		return nil
	}
	schemes := make(openapi3.SecuritySchemes, len(components.SecuritySchemes))
	for name, scheme := range components.SecuritySchemes {
		if scheme == nil || scheme.Value == nil {
			continue
		}
		c := *scheme.Value
		c.Extensions = nil
		if c.Type == "apiKey" && c.In == "header" {
			c.Name = strings.ToLower(c.Name)
		}
		schemes[name] = &openapi3.SecuritySchemeRef{Value: &c}
	}
	return schemes
}

var parameterName = regexp.MustCompile(`\{[^{}]*\}`)

// pathKey is a path without the names of its parameters: /orders/{id} and /orders/{orderId} are
// the same to whoever calls them.
func pathKey(path string) string {
	if !strings.HasPrefix(path, "/") {
		return path
	}
	return parameterName.ReplaceAllString(path, "{}")
}

// maxPaths bounds the number of paths.
const maxPaths = 10_000

// unique maps the key of each path to the path, and refuses two paths that nobody could tell apart.
func unique(items map[string]*openapi3.PathItem) (map[string]string, error) {
	if len(items) > maxPaths {
		return nil, finding.Refuse(finding.TooLarge, "#/paths", fmt.Sprintf("more than %d paths", maxPaths), "split it into several APIs")
	}
	paths := make(map[string]string, len(items))
	for _, path := range sorted(items) {
		if other, ok := paths[pathKey(path)]; ok {
			return nil, finding.Refuse(finding.Unreadable, "#/paths/"+escape.Replace(path), fmt.Sprintf("the same path as %s, by another parameter name", other), "make them one path")
		}
		paths[pathKey(path)] = path
	}
	return paths, nil
}

// statusKey writes a range of statuses in one way: 2xx is 2XX.
func statusKey(status string) string {
	if len(status) == 3 && strings.EqualFold(status[1:], "xx") {
		return strings.ToUpper(status)
	}
	return status
}

func isSuccess(status string) bool { return strings.HasPrefix(status, "2") }
