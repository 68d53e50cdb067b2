package openapi_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"forewarn.dev/forewarn/internal/contract"
)

// api wraps component schemas and the schema of one response in a document.
func api(schemas, response string) []byte {
	return []byte(`{"openapi":"3.1.0","info":{"title":"t","version":"1"},"paths":{"/a":{"get":{"responses":{"200":{"description":"d",` +
		`"content":{"application/json":{"schema":` + response + `}}}}}}},"components":{"schemas":{` + schemas + `}}}`)
}

func ref(name string, i int) string {
	return fmt.Sprintf(`{"$ref":"#/components/schemas/%s%d"}`, name, i)
}

// list joins n pieces of JSON.
func list(n int, piece func(i int) string) string {
	pieces := make([]string, n)
	for i := range pieces {
		pieces[i] = piece(i)
	}
	return strings.Join(pieces, ",")
}

// tangles are documents in which schemas refer to each other in ways that multiply. leaf is the
// type of what is at their ends.
var tangles = map[string]func(leaf string) []byte{
	"a chain of a thousand": func(leaf string) []byte {
		return api(list(1000, func(i int) string {
			return fmt.Sprintf(`"A%d":{"properties":{"a":%s}}`, i, ref("A", i+1))
		})+fmt.Sprintf(`,"A1000":{"type":%q}`, leaf), ref("A", 0))
	},
	"two properties each, thirty deep": func(leaf string) []byte {
		return api(list(30, func(i int) string {
			return fmt.Sprintf(`"A%d":{"properties":{"a":%s,"b":%s}}`, i, ref("A", i+1), ref("A", i+1))
		})+fmt.Sprintf(`,"A30":{"type":%q}`, leaf), ref("A", 0))
	},
	"the same twice in allOf, thirty deep": func(leaf string) []byte {
		return api(list(30, func(i int) string {
			return fmt.Sprintf(`"A%d":{"allOf":[%s,%s]}`, i, ref("A", i+1), ref("A", i+1))
		})+fmt.Sprintf(`,"A30":{"type":%q}`, leaf), ref("A", 0))
	},
	"two names for one path, thirty deep": func(leaf string) []byte {
		return api(list(30, func(i int) string {
			return fmt.Sprintf(`"A%d":{"items":%s,"properties":{"items":%s}}`, i, ref("A", i+1), ref("A", i+1))
		})+fmt.Sprintf(`,"A30":{"type":%q}`, leaf), ref("A", 0))
	},
	"unnamed alternatives, thirty deep": func(leaf string) []byte {
		return api(list(30, func(i int) string {
			return fmt.Sprintf(`"A%d":{"anyOf":[{"properties":{"x":%s}},{"properties":{"y":%s}}]}`, i, ref("A", i+1), ref("A", i+1))
		})+fmt.Sprintf(`,"A30":{"type":%q}`, leaf), ref("A", 0))
	},
	"each holds each": func(leaf string) []byte {
		const n = 30
		return api(list(n, func(i int) string {
			return fmt.Sprintf(`"A%d":{"properties":{"leaf":{"type":%q},%s}}`, i, leaf, list(n, func(j int) string { return fmt.Sprintf(`"p%d":%s`, j, ref("A", j)) }))
		}), ref("A", 0))
	},
	"each holds each as an unnamed alternative": func(leaf string) []byte {
		const n = 20
		return api(list(n, func(i int) string {
			return fmt.Sprintf(`"A%d":{"anyOf":[{"type":%q},%s]}`, i, leaf, list(n, func(j int) string { return fmt.Sprintf(`{"properties":{"p%d":%s}}`, j, ref("A", j)) }))
		}), ref("A", 0))
	},
	"each holds one or many of each, as query languages do": func(leaf string) []byte {
		const n = 30
		return api(list(n, func(i int) string {
			return fmt.Sprintf(`"A%d":{"properties":{"leaf":{"type":%q},%s}}`, i, leaf, list(n, func(j int) string {
				return fmt.Sprintf(`"p%d":{"oneOf":[%s,{"type":"array","items":%s}]}`, j, ref("A", j), ref("A", j))
			}))
		}), ref("A", 0))
	},
	"each becomes nullable": func(leaf string) []byte {
		const n = 20
		return api(list(n, func(i int) string {
			return fmt.Sprintf(`"A%d":{"type":"object","properties":{"leaf":{"type":%q},%s}}`, i, leaf, list(n, func(j int) string {
				if leaf == "string" {
					return fmt.Sprintf(`"p%d":%s`, j, ref("A", j))
				}
				return fmt.Sprintf(`"p%d":{"oneOf":[{"type":"null"},%s]}`, j, ref("A", j))
			}))
		}), ref("A", 0))
	},
	"each becomes one of all": func(leaf string) []byte {
		const n = 12
		holder := "A"
		if leaf != "string" {
			holder = "O"
		}
		schemas := list(n, func(i int) string {
			return fmt.Sprintf(`"%s%d":{"properties":{"leaf":{"type":%q},%s}}`, holder, i, leaf, list(n, func(j int) string { return fmt.Sprintf(`"p%d":%s`, j, ref("A", j)) }))
		})
		if holder == "O" {
			schemas += "," + list(n, func(i int) string {
				return fmt.Sprintf(`"A%d":{"oneOf":[%s]}`, i, list(n, func(j int) string { return ref("O", j) }))
			})
		}
		return api(schemas, ref("A", 0))
	},
}

func TestTangledSchemasAreComparedInBoundedMemory(t *testing.T) {
	for name, tangle := range tangles {
		t.Run(name, func(t *testing.T) {
			base, head := tangle("string"), tangle("integer")
			breaking := 0
			peak := peakHeap(func() {
				for _, c := range judge(t, base, head) {
					if c.Breaks() {
						breaking++
					}
				}
			})
			if breaking == 0 {
				t.Error("the change at the end was not found")
			}
			if peak > 200<<20 {
				t.Errorf("the comparison took %d MiB of the heap", peak>>20)
			}
			t.Logf("%d kB each, %d breaking changes, %d MiB", len(base)>>10, breaking, peak>>20)
		})
	}
}

// alternatives nests unnamed alternatives: n at each of so many levels.
func alternatives(n, levels int, leaf string) string {
	if levels == 0 {
		return fmt.Sprintf(`{"type":%q}`, leaf)
	}
	return `{"anyOf":[` + list(n, func(i int) string {
		return fmt.Sprintf(`{"properties":{"k%d":%s}}`, i, alternatives(n, levels-1, leaf))
	}) + `]}`
}

// costly are documents at the limits, and beyond them.
var costly = map[string]struct {
	document func(leaf string) []byte
	want     contract.Reason // empty: read and compared
}{
	"many schemas nobody refers to": {func(leaf string) []byte {
		return api(list(40_000, func(i int) string { return fmt.Sprintf(`"A%d":{}`, i) }), `{"type":"`+leaf+`"}`)
	}, ""},
	"many schemas in one": {func(leaf string) []byte {
		return api("", `{"properties":{`+list(40_000, func(i int) string { return fmt.Sprintf(`"a%d":{}`, i) })+`,"x":{"type":"`+leaf+`"}}}`)
	}, contract.TooLarge},
	"a chain of ten thousand": {func(leaf string) []byte {
		return api(list(10_000, func(i int) string {
			return fmt.Sprintf(`"A%d":{"properties":{"a":%s}}`, i, ref("A", i+1))
		})+fmt.Sprintf(`,"A10000":{"type":%q}`, leaf), ref("A", 0))
	}, ""},
	"a cycle of ten thousand": {func(string) []byte {
		return api(list(10_000, func(i int) string {
			return fmt.Sprintf(`"A%d":{"properties":{"a":%s}}`, i, ref("A", (i+1)%10_000))
		}), ref("A", 0))
	}, contract.TooLarge},
	"an enum of 5,000": {func(leaf string) []byte {
		return api("", `{"enum":[`+list(5_000, func(i int) string { return fmt.Sprintf(`"%s%d"`, leaf, i) })+`]}`)
	}, ""},
	"an enum of 20,000": {func(leaf string) []byte {
		return api("", `{"enum":[`+list(20_000, func(i int) string { return fmt.Sprintf(`"%s%d"`, leaf, i) })+`]}`)
	}, contract.TooLarge},
	"an enum of 20,000 with a name": {func(leaf string) []byte {
		return api(`"E0":{"enum":[`+list(20_000, func(i int) string { return fmt.Sprintf(`"%s%d"`, leaf, i) })+`]}`, ref("E", 0))
	}, contract.TooLarge},
	"200 unnamed alternatives":               {func(leaf string) []byte { return api("", alternatives(200, 1, leaf)) }, ""},
	"3,000 unnamed alternatives":             {func(leaf string) []byte { return api("", alternatives(3_000, 1, leaf)) }, contract.TooLarge},
	"eight levels of two alternatives":       {func(leaf string) []byte { return api("", alternatives(2, 8, leaf)) }, ""},
	"twelve levels of two alternatives":      {func(leaf string) []byte { return api("", alternatives(2, 12, leaf)) }, contract.TooLarge},
	"3,000 paths with renamed parameters":    {func(leaf string) []byte { return manyPaths(3_000, leaf) }, ""},
	"more paths than any API has":            {func(leaf string) []byte { return manyPaths(10_001, leaf) }, contract.TooLarge},
	"more media types than there are":        {func(leaf string) []byte { return manyMediaTypes(1_001, leaf) }, contract.TooLarge},
	"as many media types as can be":          {func(leaf string) []byte { return manyMediaTypes(1_000, leaf) }, ""},
	"a shared enum in thousands of answers":  {func(leaf string) []byte { return sharedEnum(5_000, 1_000, leaf) }, contract.TooLarge},
	"the same in a hundred":                  {func(leaf string) []byte { return sharedEnum(100, 500, leaf) }, ""},
	"a shared enum, not heavy, in thousands": {func(leaf string) []byte { return sharedEnum(2_000, 900, leaf) }, contract.TooLarge},
	"much of it below many levels": {func(leaf string) []byte {
		return api("", strings.Repeat(`{"properties":{"a":`, 20)+`{"type":"`+leaf+`","description":"`+strings.Repeat("x", 1<<20)+`"}`+strings.Repeat("}}", 20))
	}, ""},
	"a keyword beside a $ref, in a cycle": {func(leaf string) []byte {
		return api(`"A0":{"properties":{"a":{"$ref":"#/components/schemas/A0","description":"d"},"b":{"type":"`+leaf+`"}}}`, ref("A", 0))
	}, ""},
	"properties beside a $ref, in a cycle": {func(leaf string) []byte {
		return api(`"A0":{"properties":{"a":{"$ref":"#/components/schemas/A0","properties":{"a":`+ref("A", 0)+`,"b":{"type":"`+leaf+`"}}}}}`, ref("A", 0))
	}, ""},
}

func TestCostlyDocuments(t *testing.T) {
	for name, tc := range costly {
		t.Run(name, func(t *testing.T) {
			base, head := tc.document("string"), tc.document("object")
			var changes []contract.Change
			var err error
			peak := peakHeap(func() { changes, err = tryToJudge(base, head) })
			var refused *contract.Error
			if errors.As(err, &refused); (err != nil) != (tc.want != "") || refused != nil && refused.Reason != tc.want {
				t.Errorf("got %v, want reason %q", err, tc.want)
			}
			if err == nil && len(changes) == 0 {
				t.Error("the change was not found")
			}
			if peak > 700<<20 {
				t.Errorf("it took %d MiB of the heap", peak>>20)
			}
			t.Logf("%d kB each: %d changes, %d MiB, %v", len(base)>>10, len(changes), peak>>20, err)
		})
	}
}

func manyPaths(n int, leaf string) []byte {
	return []byte(`{"openapi":"3.0.3","info":{"title":"t","version":"1"},"paths":{` + list(n, func(i int) string {
		return fmt.Sprintf(`"/p%d/{%s}":{"get":{"parameters":[{"in":"path","name":%q,"required":true,"schema":{"type":"%s"}}],"responses":{}}}`, i, leaf, leaf, strings.Replace(leaf, "object", "integer", 1))
	}) + `}}`)
}

func manyMediaTypes(n int, leaf string) []byte {
	return []byte(`{"openapi":"3.0.3","info":{"title":"t","version":"1"},"paths":{"/a":{"get":{"responses":{"200":{"description":"d","content":{` + list(n, func(i int) string {
		return fmt.Sprintf(`"application/x%d":{"schema":{"type":%q}}`, i, leaf)
	}) + `}}}}}}}`)
}

func sharedEnum(paths, values int, leaf string) []byte {
	return []byte(`{"openapi":"3.0.3","info":{"title":"t","version":"1"},"paths":{` + list(paths, func(i int) string {
		return fmt.Sprintf(`"/p%d":{"get":{"responses":{"200":{"description":"d","content":{"application/json":{"schema":%s}}}}}}`, i, ref("E", 0))
	}) + `},"components":{"schemas":{"E0":{"enum":[` + list(values, func(i int) string { return fmt.Sprintf(`"%s%d"`, leaf, i) }) + `]}}}}`)
}

func tryToJudge(base, head []byte) ([]contract.Change, error) {
	was, err := contract.Parse(contract.OpenAPI, base)
	if err != nil {
		return nil, err
	}
	is, err := contract.Parse(contract.OpenAPI, head)
	if err != nil {
		return nil, err
	}
	return contract.Compare("v1", was, is)
}
