package openapi

import (
	"fmt"

	"github.com/getkin/kin-openapi/openapi3"

	"forewarn.dev/forewarn/internal/contract/finding"
)

const (
	// maxOutlined bounds parameters, responses, headers and media types, each time that they are used: all are copied.
	// A $ref to a path or a response brings in all that it holds.
	maxOutlined = 300_000
	// maxListed bounds the parameters of an operation, and what it asks for as security: each is looked for among all.
	maxListed = 1_000
)

// outline counts what operations are made of, schemas aside, before any of it is copied.
type outline struct{ parts int }

func outlined(api *openapi3.T) error {
	o := outline{}
	if len(api.Security) > maxListed {
		return tooManyListed("#/security")
	}
	for _, section := range []map[string]*openapi3.PathItem{api.Paths.Map(), api.Webhooks} {
		for _, path := range sorted(section) {
			if err := o.item(path, section[path], true); err != nil {
				return err
			}
		}
	}
	return nil
}

func tooManyListed(place string) error {
	return finding.Refuse(finding.TooLarge, place, fmt.Sprintf("more than %d parameters, or more than %d kinds of security", maxListed, maxListed),
		"group the parameters into one object, or split the operation")
}

func (o *outline) item(path string, item *openapi3.PathItem, callbacks bool) error {
	operations := item.Operations()
	for _, method := range sorted(operations) {
		op := operations[method]
		if len(op.Parameters)+len(item.Parameters) > maxListed || op.Security != nil && len(*op.Security) > maxListed {
			return tooManyListed(method + " " + path)
		}
		if o.count(op, item.Parameters); o.parts > maxOutlined {
			return finding.Refuse(finding.TooLarge, method+" "+path, "up to here there are more parameters and responses than can be compared", "split it into several APIs")
		}
		if !callbacks {
			continue
		}
		for _, name := range sorted(op.Callbacks) {
			items := op.Callbacks[name].Value.Map()
			for _, expression := range sorted(items) {
				if err := o.item(path, items[expression], false); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

func (o *outline) count(op *openapi3.Operation, common openapi3.Parameters) {
	for _, parameters := range []openapi3.Parameters{op.Parameters, common} {
		for _, p := range parameters {
			o.parts += 1 + len(p.Value.Content)
		}
	}
	if op.RequestBody != nil {
		o.parts += 1 + len(op.RequestBody.Value.Content)
	}
	for _, response := range op.Responses.Map() {
		o.parts += 1 + len(response.Value.Content)
		for _, header := range response.Value.Headers {
			o.parts += 1 + len(header.Value.Content)
		}
	}
}
