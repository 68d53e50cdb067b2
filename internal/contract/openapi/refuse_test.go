package openapi_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"forewarn.dev/forewarn/internal/contract"
)

const head30 = "openapi: 3.0.3\ninfo: {title: t, version: '1'}\n"

var unfit = map[string]struct {
	document   string
	wantReason contract.Reason
	wantPlace  string
	wantText   string
}{
	"nothing":                             {"", contract.Empty, "", "empty"},
	"blank space":                         {" \n\t\r\n", contract.Empty, "", "empty"},
	"a byte order mark and no more":       {"\xef\xbb\xbf\n", contract.Empty, "", "empty"},
	"comments":                            {"# to be done\n---\n# later\n", contract.Empty, "", "empty"},
	"null":                                {"null", contract.Empty, "", "empty"},
	"not UTF-8":                           {head30 + "paths: {/caf\xe9: {}}", contract.Unreadable, "line 3", "UTF-8"},
	"UTF-16":                              {"\xff\xfeo\x00p\x00", contract.Unreadable, "line 1", "UTF-8"},
	"neither JSON nor YAML":               {"openapi: 3.0.3\n\tpaths: {", contract.Unreadable, "line 2", "neither JSON nor YAML"},
	"JSON cut short":                      {`{"openapi": "3.0.3", "paths": {`, contract.Unreadable, "line 1", "neither JSON nor YAML"},
	"two YAML documents":                  {head30 + "paths: {}\n---\nopenapi: 3.0.3\n", contract.Unreadable, "line 4", "second YAML document"},
	"a key twice":                         {head30 + "paths: {}\npaths: {}\n", contract.Unreadable, "line 4", `the key "paths" stands here twice`},
	"a mapping as a key":                  {head30 + "? {a: b}\n: c\n", contract.Unreadable, "line 3", "key that is not a scalar"},
	"a list":                              {"[1, 2]", contract.UnknownFormat, "", "not an object"},
	"a word":                              {"hello", contract.UnknownFormat, "", "not an object"},
	"an object that says nothing":         {"paths: {}", contract.UnknownFormat, "", "neither an openapi nor a swagger field"},
	"AsyncAPI":                            {"asyncapi: 3.0.0\nchannels: {}", contract.UnknownFormat, "", "AsyncAPI"},
	"a Kubernetes manifest":               {"apiVersion: v1\nkind: ConfigMap\ndata: {}", contract.UnknownFormat, "", "kind ConfigMap"},
	"JSON Schema":                         {`{"$schema": "https://json-schema.org/draft/2020-12/schema", "type": "object"}`, contract.UnknownFormat, "", "JSON Schema"},
	"OpenAPI 3.2":                         {"openapi: 3.2.0\npaths: {}", contract.UnknownFormat, "#/openapi", `version "3.2.0"`},
	"OpenAPI 3.10":                        {"openapi: 3.10.0\npaths: {}", contract.UnknownFormat, "#/openapi", `version "3.10.0"`},
	"Swagger 1.2":                         {`swagger: "1.2"`, contract.UnknownFormat, "#/swagger", `version "1.2"`},
	"a version without quotes":            {"openapi: 3.1\npaths: {}", contract.Unreadable, "#/openapi", `openapi: "3.1"`},
	"paths that are a list":               {head30 + "paths: [1]", contract.Unreadable, "", "cannot unmarshal"},
	"a response that is null":             {head30 + "paths: {/a: {get: {responses: {'200': null}}}}", contract.Unreadable, "", "MUST be an object"},
	"two paths that are one":              {head30 + "paths: {'/a/{x}': {get: {responses: {}}}, '/a/{y}': {put: {responses: {}}}}", contract.Unreadable, "#/paths/~1a~1{y}", "same path as /a/{x}"},
	"a $ref to nothing":                   {head30 + "paths: {/a: {get: {responses: {'200': {$ref: '#/components/responses/No'}}}}}", contract.Unreadable, "#/paths/~1a/get/responses/200", "components/responses/No"},
	"a path with a $ref and more":         {head30 + "paths: {/a: {$ref: '#/x-a', summary: s}}\nx-a: {get: {responses: {}}}", contract.Unreadable, "#/paths/~1a", "other fields beside it"},
	"a $ref to a file":                    {head30 + "paths: {/a: {get: {responses: {'200': {$ref: 'common.yaml#/ok'}}}}}", contract.ExternalReference, "#/paths/~1a/get/responses/200", `"common.yaml#/ok"`},
	"a $ref to a URL":                     {head30 + "paths: {}\ncomponents: {schemas: {A: {$ref: 'http://169.254.169.254/latest'}}}", contract.ExternalReference, "#/components/schemas/A", "nothing is fetched"},
	"a $ref to a file in an allOf":        {head30 + "paths: {}\ncomponents: {schemas: {A: {allOf: [{type: object}, {$ref: /etc/passwd}]}}}", contract.ExternalReference, "#/components/schemas/A/allOf/1", "/etc/passwd"},
	"a $ref to a file, Swagger 2.0":       {"swagger: '2.0'\ninfo: {title: t, version: '1'}\npaths: {}\ndefinitions: {A: {$ref: 'a.json'}}", contract.ExternalReference, "#/definitions/A", "a.json"},
	"an example by $ref to a file":        {head30 + "paths: {/a: {get: {responses: {'200': {description: ok, content: {application/json: {examples: {a: {$ref: 'x.json'}}}}}}}}}", contract.ExternalReference, "#/paths/~1a/get/responses/200/content/application~1json/examples/a", "x.json"},
	"a discriminator that maps to a file": {head30 + "paths: {}\ncomponents: {schemas: {A: {oneOf: [{type: object}], discriminator: {propertyName: p, mapping: {d: './dog.yaml'}}}}}", contract.ExternalReference, "", "dog.yaml"},
	"a property named enum":               {head30 + "paths: {}\ncomponents: {schemas: {A: {properties: {enum: {$ref: 'a.json'}}}}}", contract.ExternalReference, "#/components/schemas/A/properties/enum", "a.json"},
	"a $ref to itself":                    {head30 + "paths: {}\ncomponents: {schemas: {A: {$ref: '#/components/schemas/A'}}}", contract.CircularReference, "#/components/schemas/A", "leads back to itself"},
	"two $refs to each other":             {head30 + "paths: {}\ncomponents: {schemas: {A: {$ref: '#/components/schemas/B'}, B: {$ref: '#/components/schemas/A'}}}", contract.CircularReference, "#/components/schemas/A", "leads back to itself"},
	"a $ref into itself":                  {head30 + "paths: {}\ncomponents: {schemas: {A: {$ref: '#/components/schemas/A/properties/a'}}}", contract.CircularReference, "#/components/schemas/A", "leads back to itself"},
	"a path that is itself":               {head30 + "paths: {'/a b': {$ref: '#/paths/~1a%20b'}}", contract.CircularReference, "#/paths/~1a b", "leads back to itself"},
	"an alias inside its anchor":          {head30 + "paths: &a {/a: *a}", contract.CircularReference, "line 3", "inside its own anchor"},
	"a merge key inside its anchor":       {head30 + "paths: &a {<<: *a}", contract.CircularReference, "line 3", "inside its own anchor"},
	"an alias to nothing":                 {head30 + "paths: *none", contract.Unreadable, "", "unknown anchor"},
	"escapes and line ends in a $ref":     {head30 + "paths: {}\ncomponents: {schemas: {A: {$ref: \"a\\nb\\e[31m\\u2028\\u202ec\"}}}", contract.ExternalReference, "#/components/schemas/A", "another document"},
}

func TestWhatCannotBeJudgedIsRefused(t *testing.T) {
	for name, tc := range unfit {
		t.Run(name, func(t *testing.T) {
			document, err := contract.Parse(contract.OpenAPI, []byte(tc.document))
			var refused *contract.Error
			if !errors.As(err, &refused) || document != nil {
				t.Fatalf("read, or refused with %v, want an *Error", err)
			}
			if refused.Reason != tc.wantReason || refused.Place != tc.wantPlace {
				t.Errorf("refused for %s at %q, want %s at %q: %v", refused.Reason, refused.Place, tc.wantReason, tc.wantPlace, err)
			}
			if !strings.Contains(err.Error(), tc.wantText) {
				t.Errorf("refused with %q, want it to say %q", err, tc.wantText)
			}
			if strings.ContainsAny(err.Error(), "\r\n\x1b\u2028\u202e") {
				t.Errorf("not one plain line: %q", err)
			}
		})
	}
}

func TestWhatLooksOddIsRead(t *testing.T) {
	cases := map[string]struct {
		document string
		want     []string
	}{
		"a path that is null":         {head30 + "paths: {/a: null}", nil},
		"no operations":               {head30 + "paths: {}", nil},
		"no paths at all, 3.1":        {"openapi: 3.1.0\ninfo: {title: t, version: '1'}", nil},
		"a byte order mark":           {"\xef\xbb\xbf" + head30 + "paths: {/a: {get: {responses: {}}}}", []string{"GET /a"}},
		"YAML in flow style":          {"{openapi: 3.0.3, info: {title: t, version: '1'}, paths: {/a: {get: {responses: {}}}}} # end", []string{"GET /a"}},
		"statuses that are numbers":   {head30 + "paths: {/a: {get: {responses: {200: {description: ok}}}}}", []string{"GET /a"}},
		"a date that is no string":    {head30 + "paths: {/a: {get: {x-sunset: 2030-01-01, responses: {}}}}", []string{"GET /a"}},
		"aliases and merge keys":      {head30 + "x-ok: &ok {description: ok}\nx-r: &r {responses: {'200': *ok}}\npaths: {/a: {get: {<<: *r}, put: {<<: [*r, {deprecated: true}], deprecated: false}}}", []string{"GET /a", "PUT /a"}},
		"a $ref in an example":        {head30 + "paths: {/a: {get: {responses: {'200': {description: ok, content: {application/json: {example: {$ref: 'x.json'}}}}}}}}", []string{"GET /a"}},
		"links to elsewhere":          {"openapi: 3.1.0\ninfo: {title: t, version: '1'}\n$schema: 'http://a.example/s'\njsonSchemaDialect: 'http://a.example/d'\npaths: {/a: {get: {responses: {'200': {description: ok, links: {l: {operationRef: 'http://a.example/o'}}, content: {application/json: {schema: {$id: 'http://a.example/i', $dynamicRef: 'http://a.example/r', type: object}, examples: {e: {externalValue: 'http://a.example/v'}}}}}}}}}", []string{"GET /a"}},
		"a property named $ref":       {head30 + "paths: {/a: {get: {responses: {}}}}\ncomponents: {schemas: {A: {properties: {$ref: {type: string}}}}}", []string{"GET /a"}},
		"a schema that holds itself":  {head30 + "paths: {/a: {get: {responses: {'200': {description: ok, content: {application/json: {schema: {$ref: '#/components/schemas/N'}}}}}}}}\ncomponents: {schemas: {N: {properties: {n: {$ref: '#/components/schemas/N'}}}}}", []string{"GET /a"}},
		"a schema that is itself":     {head30 + "paths: {/a: {get: {responses: {'200': {description: ok, content: {application/json: {schema: {$ref: '#/components/schemas/N'}}}}}}}}\ncomponents: {schemas: {N: {oneOf: [{$ref: '#/components/schemas/N'}, {type: string}]}}}", []string{"GET /a"}},
		"a path by $ref":              {"openapi: 3.1.0\ninfo: {title: t, version: '1'}\npaths: {/a: {$ref: '#/components/pathItems/P'}}\ncomponents: {pathItems: {P: {get: {responses: {}}}}}", []string{"GET /a"}},
		"what the API calls":          {"openapi: 3.1.0\ninfo: {title: t, version: '1'}\npaths: {/a: {post: {responses: {}, callbacks: {c: {'{$url}': {put: {responses: {}}}}}}}}\nwebhooks: {w: {post: {responses: {}}}}", []string{"POST /a", "POST webhook:w", "PUT callback:POST /a c {$url}"}},
		"a callback that calls back":  {head30 + "paths: {/a: {post: {responses: {}, callbacks: {c: {$ref: '#/components/callbacks/C'}}}}}\ncomponents: {callbacks: {C: {'{$url}': {post: {responses: {}, callbacks: {c: {$ref: '#/components/callbacks/C'}}}}}}}", []string{"POST /a", "POST callback:POST /a c {$url}"}},
		"Swagger 2.0 with a basePath": {"swagger: '2.0'\ninfo: {title: t, version: '1'}\nbasePath: /v1\npaths: {/a: {get: {responses: {200: {description: ok}}}}}", []string{"GET /a"}},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			document, err := contract.Parse(contract.OpenAPI, []byte(tc.document))
			if err != nil {
				t.Fatal(err)
			}
			if got := document.Operations(); fmt.Sprint(got) != fmt.Sprint(tc.want) {
				t.Errorf("operations %v, want %v", got, tc.want)
			}
			if got := judge(t, []byte(tc.document), []byte(tc.document+" ")); len(got) > 0 {
				t.Errorf("changes from the document to itself: %v", show(got))
			}
		})
	}
}
