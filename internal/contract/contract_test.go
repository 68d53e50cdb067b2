package contract_test

import (
	"errors"
	"fmt"
	"regexp"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"forewarn.dev/forewarn/internal/contract"
)

const head = "openapi: 3.0.3\ninfo: {title: t, version: '1'}\n"

// paths writes a document with these paths.
func paths(lines ...string) string {
	return head + "paths:\n  " + strings.Join(lines, "\n  ") + "\n"
}

func parse(t *testing.T, text string) *contract.Document {
	t.Helper()
	document, err := contract.Parse(contract.OpenAPI, []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return document
}

func compare(t *testing.T, version, base, head string) []contract.Change {
	t.Helper()
	changes, err := contract.Compare(version, parse(t, base), parse(t, head))
	if err != nil {
		t.Fatal(err)
	}
	return changes
}

var (
	orders      = paths(`/orders: {get: {responses: {}}}`, `/orders/{id}: {get: {responses: {}}, delete: {responses: {}}}`)
	ordersNoDel = paths(`/orders: {get: {responses: {}}}`, `/orders/{id}: {get: {responses: {}}}`)
)

func TestChange(t *testing.T) {
	got := compare(t, "v1", orders, ordersNoDel)
	want := []contract.Change{{
		Rule: "api-removed-without-deprecation", Class: contract.Removal, Version: "v1", Operation: "DELETE /orders/{id}",
		Text: "the operation is removed", Fingerprint: "daaa9bc4485b",
	}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("changes (-want +got):\n%s", diff)
	}
	if got, want := got[0].String(), "v1 DELETE /orders/{id}: the operation is removed"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

// TestFingerprintIsThatOfTheChange: published notices name fingerprints, so these must never move.
func TestFingerprintIsThatOfTheChange(t *testing.T) {
	removal := compare(t, "v1", orders, ordersNoDel)[0].Fingerprint
	same := map[string][]contract.Change{
		"when it was deprecated before": compare(t, "v1", paths(`/orders/{id}: {get: {responses: {}}, delete: {deprecated: true, responses: {}}}`), ordersNoDel),
		"when its path goes, too":       compare(t, "v1", orders, paths(`/orders: {get: {responses: {}}}`)),
		"when others stand before it":   compare(t, "v1", paths(`/a: {get: {responses: {}}}`, `/orders/{id}: {delete: {summary: s, responses: {}}, get: {responses: {}}}`), ordersNoDel),
	}
	for name, changes := range same {
		if !contains(changes, removal) {
			t.Errorf("%s: another fingerprint: %v", name, changes)
		}
	}
	others := map[string][]contract.Change{
		"another version":   compare(t, "v2", orders, ordersNoDel),
		"another operation": compare(t, "v1", paths(`/orders/{id}: {put: {responses: {}}, get: {responses: {}}}`), ordersNoDel),
		"another path":      compare(t, "v1", paths(`/order/{id}: {delete: {responses: {}}, get: {responses: {}}}`), ordersNoDel),
	}
	for name, changes := range others {
		if contains(changes, removal) {
			t.Errorf("%s: the same fingerprint: %v", name, changes)
		}
	}
}

func contains(changes []contract.Change, fingerprint string) bool {
	for _, c := range changes {
		if c.Fingerprint == fingerprint {
			return true
		}
	}
	return false
}

func response(schema string) string {
	return paths(`/orders: {get: {responses: {"200": {description: ok, content: {application/json: {schema: ` + schema + `}}}}}}`)
}

func TestFingerprintTellsPlacesAndValuesApart(t *testing.T) {
	base := paths(
		`/a: {get: {responses: {"200": {description: ok, content: {application/json: {schema: {type: object, properties: {x: {type: string, enum: [p]}, y: {type: string, enum: [p]}}}}, text/csv: {schema: {type: object, properties: {x: {type: string, enum: [p]}}}}}}, "201": {description: ok, content: {application/json: {schema: {type: string, maxLength: 5}}}}, "202": {description: ok, content: {application/json: {schema: {type: string, maxLength: 5}}}}}}}`)
	changed := strings.NewReplacer("enum: [p]", "enum: [p, q, r]", "maxLength: 5", "maxLength: 6").Replace(base)
	got := compare(t, "v1", base, changed)
	if len(got) != 8 {
		t.Fatalf("%d changes, want 3 enums of 2 new values each and 2 lengths: %v", len(got), got)
	}
	// A change in one media type is the same change when another one changes as well.
	if alone := compare(t, "v1", base, strings.Replace(base, "enum: [p]", "enum: [p, q, r]", 1)); len(alone) != 2 || !contains(got, alone[0].Fingerprint) || !contains(got, alone[1].Fingerprint) {
		t.Errorf("alone it is another change: %v", alone)
	}
}

func TestFingerprintDoesNotDependOnTheRequiredList(t *testing.T) {
	gone := response(`{type: object}`)
	optional := compare(t, "v1", response(`{type: object, properties: {a: {type: string}}}`), gone)
	required := compare(t, "v1", response(`{type: object, required: [a], properties: {a: {type: string}}}`), gone)
	if len(optional) != 1 || len(required) != 1 || optional[0].Fingerprint != required[0].Fingerprint {
		t.Errorf("a property that is gone is one change: %v, %v", optional, required)
	}
}

func TestVersionsComeAndGo(t *testing.T) {
	document := parse(t, orders)
	cases := map[string]struct {
		base, head *contract.Document
		want       string
	}{
		"gone":    {document, nil, "Removal version-removed"},
		"new":     {nil, document, "Addition version-added"},
		"neither": {nil, nil, ""},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			changes, err := contract.Compare("v1", tc.base, tc.head)
			if err != nil {
				t.Fatal(err)
			}
			var got string
			for _, c := range changes {
				got += string(c.Class) + " " + c.Rule + c.Operation
			}
			if got != tc.want {
				t.Errorf("got %q, want %q", got, tc.want)
			}
		})
	}
}

func TestMerge(t *testing.T) {
	a := contract.Change{Class: contract.Breaking, Rule: "r", Operation: "GET /a", Fingerprint: "aaaaaaaaaaaa"}
	b := contract.Change{Class: contract.Addition, Rule: "r", Operation: "GET /b", Fingerprint: "bbbbbbbbbbbb"}
	c := contract.Change{Class: contract.Removal, Rule: "r", Operation: "GET /c", Fingerprint: "cccccccccccc"}
	mild := a
	mild.Class = contract.Deprecation
	cases := map[string]struct {
		lists [][]contract.Change
		want  []contract.Change
	}{
		"nothing":                    {nil, nil},
		"sorted by class":            {[][]contract.Change{{b, a}, {c}}, []contract.Change{c, a, b}},
		"each once":                  {[][]contract.Change{{a, b}, {b, a}}, []contract.Change{a, b}},
		"the severer one counts":     {[][]contract.Change{{mild}, {a}}, []contract.Change{a}},
		"the severer one, other way": {[][]contract.Change{{a}, {mild}}, []contract.Change{a}},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			given := fmt.Sprint(tc.lists)
			if diff := cmp.Diff(tc.want, contract.Merge(tc.lists...)); diff != "" {
				t.Errorf("merged (-want +got):\n%s", diff)
			}
			if fmt.Sprint(tc.lists) != given {
				t.Error("the lists themselves were changed")
			}
		})
	}
}

func TestTextIsOneLine(t *testing.T) {
	evil := "a\\nb\\r\\u001b[31m\\u2028\\u202e" + strings.Repeat("long", 500)
	base := `{"openapi": "3.0.3", "paths": {"/` + evil + `": {"get": {"responses": {}}}, "/b": {"get": {"parameters": [{"in": "query", "name": "` + evil + `", "schema": {"type": "string"}}], "responses": {}}}}}`
	line := regexp.MustCompile(`^[^\p{C}\p{Zl}\p{Zp}]*$`)
	changes := compare(t, "v1", base, paths(`/b: {get: {responses: {}}}`))
	if len(changes) != 2 {
		t.Fatalf("got %v, want two changes", changes)
	}
	for _, c := range changes {
		for what, text := range map[string]string{"operation": c.Operation, "location": c.Location, "text": c.Text} {
			if !line.MatchString(text) || len(text) > 500 {
				t.Errorf("%s is not one line of at most 500 bytes: %q", what, text)
			}
		}
		if !regexp.MustCompile(`^[0-9a-f]{12}$`).MatchString(c.Fingerprint) {
			t.Errorf("fingerprint %q", c.Fingerprint)
		}
	}
}

func TestDigestIsOfFormatAndBytes(t *testing.T) {
	// printf 'OpenAPI\n{}' | sha256sum
	const want = "bc3bf76ffb05464b0df9028b18046e70afd4edecdeae219786e16a204a3a1dab"
	if got := contract.Digest(contract.OpenAPI, []byte("{}")); got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	if got := parse(t, orders).Digest(); got != contract.Digest(contract.OpenAPI, []byte(orders)) {
		t.Errorf("the document says %s", got)
	}
	if contract.Digest("Other", []byte("{}")) == want || contract.Digest(contract.OpenAPI, []byte("{} ")) == want {
		t.Error("another format, or other bytes, have the same digest")
	}
}

func TestUnknownFormat(t *testing.T) {
	_, err := contract.Parse("GraphQL", []byte(orders))
	var refused *contract.Error
	if !errors.As(err, &refused) || refused.Reason != contract.UnknownFormat {
		t.Errorf("got %v, want %s", err, contract.UnknownFormat)
	}
}

// TestDocumentsCanBeShared compares the same documents many times at once; run it with -race.
func TestDocumentsCanBeShared(t *testing.T) {
	node := "\ncomponents: {schemas: {N: {type: object, properties: {n: {$ref: '#/components/schemas/N'}, a: {type: TYPE}}}}}"
	text := response(`{$ref: "#/components/schemas/N"}`) + node
	base, head := parse(t, strings.Replace(text, "TYPE", "string", 1)), parse(t, strings.Replace(text, "TYPE", "object", 1))
	var group sync.WaitGroup
	for range 8 {
		group.Go(func() {
			for range 5 {
				changes, err := contract.Compare("v1", base, head)
				if err != nil || len(changes) != 1 {
					t.Errorf("got %v, %v", changes, err)
				}
				if back, err := contract.Compare("v1", head, base); err != nil || len(back) != 1 {
					t.Errorf("got %v, %v", back, err)
				}
			}
		})
	}
	group.Wait()
}
