package openapi

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"strings"

	"github.com/getkin/kin-openapi/openapi2"
	"github.com/getkin/kin-openapi/openapi2conv"
	"github.com/getkin/kin-openapi/openapi3"

	"forewarn.dev/forewarn/internal/contract/finding"
)

var errNothingFetched = errors.New("nothing is fetched")

// newLoader makes a reader that reads nothing but what it is given, whatever it is asked for.
func newLoader() *openapi3.Loader {
	return &openapi3.Loader{
		IsExternalRefsAllowed: false,
		ReadFromURIFunc: func(_ *openapi3.Loader, location *url.URL) ([]byte, error) {
			return nil, fmt.Errorf("%w: %s", errNothingFetched, location)
		},
	}
}

// load reads the document into the OpenAPI 3 model with every $ref resolved.
func load(raw []byte, k kind, refs []reference) (*openapi3.T, error) {
	api := &openapi3.T{}
	if k == swagger2 {
		old := &openapi2.T{}
		if err := json.Unmarshal(raw, old); err != nil {
			return nil, unreadable(err, refs)
		}
		if err := prepare2(old); err != nil {
			return nil, err
		}
		converted, err := openapi2conv.ToV3WithLoader(old, newLoader(), nil)
		if err != nil {
			return nil, unreadable(err, refs)
		}
		api = converted
	} else {
		if err := json.Unmarshal(raw, api); err != nil {
			return nil, unreadable(err, refs)
		}
		// The reader knows 3.1.0 to 3.1.2, and takes a later patch of 3.1 for 3.0.
		api.OpenAPI = map[kind]string{openAPI30: "3.0.3", openAPI31: "3.1.0"}[k]
		if err := newLoader().ResolveRefsIn(api, nil); err != nil {
			return nil, unreadable(err, refs)
		}
	}
	return api, complete(api)
}

// prepare2 makes explicit what the conversion of Swagger 2.0 would lose: media types that an
// operation inherits from the document, and bodies whose media type is not given at all.
func prepare2(old *openapi2.T) error {
	if len(old.Consumes) == 0 {
		old.Consumes = []string{"application/json"}
	}
	for path, item := range old.Paths {
		if item == nil {
			return missing("paths", path)
		}
		for _, op := range item.Operations() {
			if len(op.Produces) == 0 {
				op.Produces = old.Produces
			}
		}
	}
	return nil
}

// unreadable names the place of an error of the reader: that of the $ref it speaks of, if any.
func unreadable(err error, refs []reference) error {
	reason, hint := finding.Unreadable, "check the document with an OpenAPI linter"
	if errors.Is(err, errNothingFetched) {
		reason, hint = finding.ExternalReference, "bundle everything into one document; nothing is fetched"
	}
	place := ""
	for _, r := range refs {
		if strings.Contains(err.Error(), fmt.Sprintf("%q", r.target)) {
			place = r.place
			break
		}
	}
	return finding.Refuse(reason, place, err.Error(), hint)
}
