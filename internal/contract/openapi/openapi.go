// Package openapi judges OpenAPI 3.0 and 3.1 and Swagger 2.0 contracts, as JSON or YAML.
//
//	bytes -> source.JSON -> references -> kin-openapi -> normalize -> Document
//	two Documents -> pair up -> oasdiff, part by part -> []finding.Finding
//
// The tools compare shape; here is seen to it that nothing else decides: no dates, no network or
// files, no order of what has none, and no document that could take all time or memory.
package openapi

import (
	"fmt"
	"maps"
	"slices"

	"github.com/getkin/kin-openapi/openapi3"

	"forewarn.dev/forewarn/internal/contract/finding"
	"forewarn.dev/forewarn/internal/contract/source"
)

// Document is a contract ready to be compared, as often as needed and from several goroutines.
type Document struct {
	// api is never written to after Parse.
	api *openapi3.T
	// paths maps each path without its parameters' names to the path as written.
	paths map[string]string
	names *names
	// servers are the paths that all others stand below.
	servers []string
}

// Parse reads a contract. The error is a *finding.Error.
func Parse(data []byte) (document *Document, err error) {
	// A document that the tools cannot handle must not take down whoever judges all the others.
	defer func() {
		if cause := recover(); cause != nil {
			document, err = nil, finding.Refuse(finding.Unreadable, "", fmt.Sprintf("the document cannot be read: %v", cause), "check the document with an OpenAPI linter")
		}
	}()
	raw, err := source.JSON(data)
	if err != nil {
		return nil, err
	}
	kind, err := version(raw)
	if err != nil {
		return nil, err
	}
	refs, err := references(raw)
	if err != nil {
		return nil, err
	}
	if kind == openAPI31 {
		if raw, err = extended(raw, refs); err != nil {
			return nil, err
		}
	}
	api, err := load(raw, kind, refs)
	if err != nil {
		return nil, err
	}
	return normalize(api)
}

// Operations lists every operation as "METHOD /path", sorted. What the API calls at the customer's
// end is "METHOD webhook:name" and "METHOD callback:/path name expression".
func (d *Document) Operations() []string {
	var operations []string
	for path, item := range d.api.Paths.Map() {
		for _, method := range slices.Sorted(maps.Keys(item.Operations())) {
			operations = append(operations, method+" "+path)
		}
	}
	slices.Sort(operations)
	return operations
}

// NotDeprecated lists the operations, as Operations does, that are not marked as deprecated.
func (d *Document) NotDeprecated() []string {
	var operations []string
	for path, item := range d.api.Paths.Map() {
		for method, operation := range item.Operations() {
			if !operation.Deprecated {
				operations = append(operations, method+" "+path)
			}
		}
	}
	slices.Sort(operations)
	return operations
}
