package openapi_test

import (
	"fmt"
	"strings"
	"testing"

	"forewarn.dev/forewarn/internal/contract"
	"forewarn.dev/forewarn/internal/contract/openapi"
)

// unnamed and named are n alternatives, none like another.
func unnamed(n int, leaf string) []byte {
	return api("", `{"anyOf":[`+list(n, func(i int) string { return fmt.Sprintf(`{"properties":{"%s%d":{}}}`, leaf, i) })+`]}`)
}

func named(n int) []byte {
	return api(list(n, func(i int) string { return fmt.Sprintf(`"A%d":{"properties":{"a%d":{}}}`, i, i) }),
		`{"anyOf":[`+list(n, func(i int) string { return ref("A", i) })+`]}`)
}

// widely is an object of so many properties that so many operations answer with.
func widely(operations, properties int, leaf string) []byte {
	return []byte(`{"openapi":"3.1.0","info":{"title":"t","version":"1"},"paths":{` + list(operations, func(i int) string {
		return fmt.Sprintf(`"/p%d":{"get":{"responses":{"200":{"description":"d","content":{"application/json":{"schema":%s}}}}}}`, i, ref("A", 0))
	}) + `},"components":{"schemas":{"A0":{"properties":{` + list(properties, func(i int) string { return fmt.Sprintf(`"a%d":{"type":%q}`, i, leaf) }) + `}}}}}`)
}

// parsed reads a document that by itself is cheap enough.
func parsed(t *testing.T, data []byte) *openapi.Document {
	t.Helper()
	document, err := openapi.Parse(data)
	if err != nil {
		t.Fatal(err)
	}
	return document
}

// What a pair takes is counted, and the same on every run: these two numbers decide, and no clock.
func TestWorkIsCountedBeforehand(t *testing.T) {
	cases := map[string]struct {
		base, head             []byte
		wantSteps, wantChanged int
		wantRefused            bool
	}{
		"one property":                         {base: widely(1, 1, "string"), head: widely(1, 1, "integer"), wantSteps: 2, wantChanged: 17},
		"the same schema in ten operations":    {base: widely(10, 100, "string"), head: widely(10, 100, "integer"), wantSteps: 110, wantChanged: 1160},
		"nothing changed":                      {base: widely(10, 100, "string"), head: append(widely(10, 100, "string"), ' '), wantSteps: 110},
		"each unnamed alternative with each":   {base: unnamed(10, "a"), head: unnamed(10, "b"), wantSteps: 101, wantChanged: 36},
		"named alternatives with unnamed ones": {base: named(20), head: unnamed(10, "b"), wantSteps: 201, wantChanged: 46},
		"as many operations as can be":         {base: widely(148, 996, "string"), head: widely(148, 996, "integer"), wantSteps: 1144, wantChanged: 149_776},
		"one operation more":                   {base: widely(149, 996, "string"), head: widely(149, 996, "integer"), wantSteps: 1145, wantChanged: 150_788, wantRefused: true},
		"as many alternatives as can be":       {base: named(499), head: unnamed(400, "b"), wantSteps: 199_601, wantChanged: 915},
		"one alternative more":                 {base: named(500), head: unnamed(400, "b"), wantSteps: 200_001, wantRefused: true},
		"cheap by itself, dear with the other": {base: named(9_000), head: unnamed(400, "b"), wantSteps: 200_001, wantRefused: true},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			base, head := parsed(t, tc.base), parsed(t, tc.head)
			steps, changed, err := openapi.Work(base, head)
			if err != nil || steps != tc.wantSteps || changed != tc.wantChanged {
				t.Errorf("got %d steps and %d changed schemas, want %d and %d: %v", steps, changed, tc.wantSteps, tc.wantChanged, err)
			}
			_, err = openapi.Compare(base, head)
			if (err != nil) != tc.wantRefused || err != nil && !strings.Contains(err.Error(), "; ") {
				t.Errorf("got %v, want it refused, with what to do: %v", err, tc.wantRefused)
			}
		})
	}
}

// Real contracts take a fraction of what is allowed.
func TestWorkOfRealContracts(t *testing.T) {
	const room = 5
	for _, vendor := range vendorAPIs {
		documents := snapshots(t, vendor)
		before := parsed(t, documents[0])
		mostSteps, mostChanged := 0, 0
		for _, data := range documents[1:] {
			after := parsed(t, data)
			steps, changed, err := openapi.Work(before, after)
			if err != nil {
				t.Error(err)
			}
			mostSteps, mostChanged = max(mostSteps, steps), max(mostChanged, changed)
			before = after
		}
		if room*mostSteps > openapi.MaxSteps || room*mostChanged > openapi.MaxChanged {
			t.Errorf("%s takes up to %d steps and %d changed schemas", vendor, mostSteps, mostChanged)
		}
		t.Logf("%s: up to %d steps, %d changed schemas", vendor, mostSteps, mostChanged)
	}
}

func manyParameters(n int, leaf string) []byte {
	return []byte(`{"openapi":"3.0.3","info":{"title":"t","version":"1"},"paths":{"/a":{"get":{"parameters":[` + list(n, func(i int) string {
		return fmt.Sprintf(`{"in":"query","name":"p%d","schema":{"type":%q}}`, i, leaf)
	}) + `],"responses":{}}}}}`)
}

func manyKindsOfSecurity(n int, leaf string) []byte {
	return []byte(`{"openapi":"3.0.3","info":{"title":"t","version":"1"},"paths":{"/a":{"get":{"security":[` + list(n, func(i int) string {
		return fmt.Sprintf(`{"%s%d":[]}`, leaf, i)
	}) + `],"responses":{}}}}}`)
}

// sharedPath is one path of so many answers, by so many names.
func sharedPath(answers, names int, leaf string) []byte {
	return []byte(`{"openapi":"3.0.3","info":{"title":"t","version":"1"},"paths":{"/x":{"get":{"responses":{` + list(answers, func(i int) string {
		return fmt.Sprintf(`"%d":{"description":"d","content":{"application/json":{"schema":{"type":%q}}}}`, 200+i, leaf)
	}) + `}}},` + list(names, func(i int) string { return fmt.Sprintf(`"/p%d":{"$ref":"#/paths/~1x"}`, i) }) + `}}`)
}

// sharedObject is one object of so many properties, referred to so many times.
func sharedObject(properties, references int, leaf string) []byte {
	return api(`"A0":{"properties":{`+list(properties, func(i int) string { return fmt.Sprintf(`"a%d":{}`, i) })+`}},"B0":{"properties":{"x":{"type":"`+leaf+`"},`+
		list(references, func(i int) string { return fmt.Sprintf(`"b%d":%s`, i, ref("A", 0)) })+`}}`, ref("B", 0))
}

func init() {
	more := map[string]struct {
		document func(leaf string) []byte
		want     contract.Reason
	}{
		"as many parameters as can be":       {func(leaf string) []byte { return manyParameters(1_000, leaf) }, ""},
		"one parameter more":                 {func(leaf string) []byte { return manyParameters(1_001, leaf) }, contract.TooLarge},
		"as many kinds of security":          {func(leaf string) []byte { return manyKindsOfSecurity(1_000, leaf) }, ""},
		"one kind of security more":          {func(leaf string) []byte { return manyKindsOfSecurity(1_001, leaf) }, contract.TooLarge},
		"a path by some names":               {func(leaf string) []byte { return sharedPath(100, 50, leaf) }, ""},
		"a path by thousands of names":       {func(leaf string) []byte { return sharedPath(100, 9_000, leaf) }, contract.TooLarge},
		"a large object, by a few $refs":     {func(leaf string) []byte { return sharedObject(10_000, 10, leaf) }, ""},
		"a large object, by too many $refs":  {func(leaf string) []byte { return sharedObject(20_000, 20_000, leaf) }, contract.TooLarge},
		"a path by as many names as is read": {func(leaf string) []byte { return sharedPath(300, 9_000, leaf) }, contract.TooLarge},
	}
	for name, tc := range more {
		costly[name] = tc
	}
}
