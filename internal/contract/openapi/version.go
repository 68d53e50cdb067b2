package openapi

import (
	"encoding/json"
	"fmt"
	"strings"

	"forewarn.dev/forewarn/internal/contract/finding"
)

// kind is which object model a document follows.
type kind int

const (
	swagger2 kind = iota
	openAPI30
	openAPI31
)

const hintFormat = "OpenAPI 3.0 and 3.1 and Swagger 2.0 can be judged"

// version tells an OpenAPI document from others by what it says of itself.
func version(raw []byte) (kind, error) {
	var head struct {
		OpenAPI    any `json:"openapi"`
		Swagger    any `json:"swagger"`
		AsyncAPI   any `json:"asyncapi"`
		OpenRPC    any `json:"openrpc"`
		APIVersion any `json:"apiVersion"`
		Kind       any `json:"kind"`
		Schema     any `json:"$schema"`
	}
	if err := json.Unmarshal(raw, &head); err != nil {
		return 0, finding.Refuse(finding.UnknownFormat, "", "the document is not an object", hintFormat)
	}
	unknown := func(what string) error {
		return finding.Refuse(finding.UnknownFormat, "", what, hintFormat)
	}
	switch {
	case head.Swagger != nil:
		_, err := says("swagger", head.Swagger, "2.0")
		return swagger2, err
	case head.OpenAPI != nil:
		// Of 3.2, a $ref in place of a media type is not followed by the reader, so that changes
		// behind it would go unseen.
		known, err := says("openapi", head.OpenAPI, "3.0", "3.1")
		if known == "3.0" {
			return openAPI30, err
		}
		return openAPI31, err
	case head.AsyncAPI != nil:
		return 0, unknown("this is an AsyncAPI document")
	case head.OpenRPC != nil:
		return 0, unknown("this is an OpenRPC document")
	case head.APIVersion != nil && head.Kind != nil:
		return 0, unknown(fmt.Sprintf("this is a Kubernetes manifest of kind %v", head.Kind))
	case head.Schema != nil:
		return 0, unknown("this is a JSON Schema, not an API")
	default:
		return 0, unknown("the document has neither an openapi nor a swagger field")
	}
}

// says returns which of the known versions the field names, if only by a later patch of it.
func says(field string, value any, known ...string) (string, error) {
	text, ok := value.(string)
	if !ok {
		return "", finding.Refuse(finding.Unreadable, "#/"+field, "the version is not a string", fmt.Sprintf("put it in quotes: %s: %q", field, known[len(known)-1]))
	}
	for _, v := range known {
		if text == v || strings.HasPrefix(text, v+".") {
			return v, nil
		}
	}
	return "", finding.Refuse(finding.UnknownFormat, "#/"+field, fmt.Sprintf("version %q is not known here", text), hintFormat)
}
