package source_test

import (
	"errors"
	"fmt"
	"runtime"
	"strings"
	"testing"

	"forewarn.dev/forewarn/internal/contract/finding"
	"forewarn.dev/forewarn/internal/contract/source"
)

func TestYAMLIsWrittenOutAsJSON(t *testing.T) {
	cases := map[string]struct{ yaml, want string }{
		"scalars keep their types":               {"{a: 1, b: 1.5, c: true, d: null, e: ~, f: text, g: '1', h: 0x1F, i: .inf, j: yes}", `{"a":1,"b":1.5,"c":true,"d":null,"e":null,"f":"text","g":"1","h":31,"i":".inf","j":"yes"}`},
		"dates are text":                         {"{a: 2030-01-01, b: 2030-01-01T00:00:00Z}", `{"a":"2030-01-01","b":"2030-01-01T00:00:00Z"}`},
		"keys are text":                          {"{200: a, true: b, 1.0: c, null: d, 2030-01-01: e}", `{"200":"a","true":"b","1.0":"c","null":"d","2030-01-01":"e"}`},
		"lists":                                  {"- 1\n- [2, [3]]\n- {a: []}", `[1,[2,[3]],{"a":[]}]`},
		"block text":                             {"a: |\n  x: {\n  y\n", `{"a":"x: {\ny\n"}`},
		"an alias is written where it stands":    {"a: &x {b: 1}\nc: *x\nd: [*x]", `{"a":{"b":1},"c":{"b":1},"d":[{"b":1}]}`},
		"an alias as a key":                      {"a: &x k\n*x : 1", `{"a":"k","k":1}`},
		"what a mapping has itself goes first":   {"a: &x {p: 1, q: 2}\nb: {<<: *x, q: 3}", `{"a":{"p":1,"q":2},"b":{"q":3,"p":1}}`},
		"of several merged the first goes first": {"a: &x {p: 1}\nb: &y {p: 2, q: 2}\nc: {<<: [*x, *y]}", `{"a":{"p":1},"b":{"p":2,"q":2},"c":{"p":1,"q":2}}`},
		"what is merged may merge":               {"a: &x {p: 1}\nb: &y {<<: *x, q: 2}\nc: {<<: *y}", `{"a":{"p":1},"b":{"q":2,"p":1},"c":{"q":2,"p":1}}`},
		"a quoted merge key is a key":            {`{"<<": 1}`, `{"<<": 1}`},
		"JSON comes back as it is":               {` {"a" : 1} `, ` {"a" : 1} `},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			got, err := source.JSON([]byte(tc.yaml))
			if err != nil {
				t.Fatal(err)
			}
			if string(got) != tc.want {
				t.Errorf("got  %s\nwant %s", got, tc.want)
			}
		})
	}
}

// nested is a document of n levels.
func nested(n int, begin, inner, end string) string {
	return strings.Repeat(begin, n) + inner + strings.Repeat(end, n)
}

func indented(n int) string {
	var out strings.Builder
	for i := range n {
		fmt.Fprintf(&out, "%sa:\n", strings.Repeat(" ", i))
	}
	return out.String()
}

// laughs is the classic alias bomb: levels lists, each of ten aliases to the one before.
func laughs(levels int) string {
	var out strings.Builder
	out.WriteString("a0: &a0 [1,1,1,1,1,1,1,1,1,1]\n")
	for i := 1; i < levels; i++ {
		alias := fmt.Sprintf("*a%d", i-1)
		fmt.Fprintf(&out, "a%d: &a%d [%s]\n", i, i, strings.Join([]string{alias, alias, alias, alias, alias, alias, alias, alias, alias, alias}, ","))
	}
	return out.String()
}

func TestLimits(t *testing.T) {
	const spaces = " "
	cases := map[string]struct {
		document string
		want     finding.Reason // empty: read
	}{
		"as large as can be":                 {"{}" + strings.Repeat(spaces, source.MaxBytes-2), ""},
		"a byte larger":                      {"{}" + strings.Repeat(spaces, source.MaxBytes-1), finding.TooLarge},
		"lists as deep as can be":            {nested(source.MaxDepth, "[", "", "]"), ""},
		"lists a level deeper":               {nested(source.MaxDepth+1, "[", "", "]"), finding.TooDeep},
		"objects as deep as can be":          {nested(source.MaxDepth, `{"a":`, "1", "}"), ""},
		"objects a level deeper":             {nested(source.MaxDepth+1, `{"a":`, "1", "}"), finding.TooDeep},
		"YAML as deep as can be":             {indented(source.MaxDepth), ""},
		"YAML a level deeper":                {indented(source.MaxDepth + 1), finding.TooDeep},
		"YAML lists as deep as can be":       {strings.Repeat("- ", source.MaxDepth) + "a", ""},
		"YAML lists a level deeper":          {strings.Repeat("- ", source.MaxDepth+1) + "a", finding.TooDeep},
		"brackets in text are no depth":      {`["` + strings.Repeat("[{", 10_000) + `\"[["]`, ""},
		"brackets in YAML text are no depth": {"a: |\n  " + strings.Repeat("[{", 10_000), ""},
		"10,000 levels of JSON":              {nested(10_000, `{"a":`, "1", "}"), finding.TooDeep},
		"10,000 levels of YAML":              {"a: " + nested(10_000, "[", "", "]"), finding.TooDeep},
		"5,000 indented levels":              {indented(5_000), finding.TooDeep},
		"more levels than a YAML parser has": {"a: " + nested(50_000, "[", "", "]"), finding.TooDeep},
		"opened and never closed":            {strings.Repeat("[", 1_000_000), finding.TooDeep},
		"as many values as can be":           {"[" + strings.Repeat("1,", source.MaxValues-1) + "1]", ""},
		"one value more":                     {"[" + strings.Repeat("1,", source.MaxValues) + "1]", finding.TooLarge},
		"as many YAML values as can be":      {strings.Repeat("- 1\n", source.MaxValues-1), ""},
		"one YAML value more":                {strings.Repeat("- 1\n", source.MaxValues), finding.TooLarge},
		"as many objects as can be":          {"[" + strings.Repeat("{},", source.MaxObjects-1) + "{}]", ""},
		"one object more":                    {"[" + strings.Repeat("{},", source.MaxObjects) + "{}]", finding.TooLarge},
		"much of it deep":                    {nested(100, "[", `"`+strings.Repeat("x", 4<<20)+`"`, "]"), finding.TooDeep},
		"as much of it at a common depth":    {nested(12, "[", `"`+strings.Repeat("x", 4<<20)+`"`, "]"), ""},
		"16 MB of separators":                {strings.Repeat("a,\n", source.MaxBytes/3), finding.TooLarge},
		"16 MB of comment lines":             {strings.Repeat("#\n", source.MaxBytes/2), finding.TooLarge},
		"aliases that write out to 1,110":    {laughs(3), ""},
		"aliases that write out to 111,110":  {laughs(5), ""},
		"aliases that write out to millions": {laughs(6), finding.AliasBomb},
		"a billion laughs":                   {laughs(9), finding.AliasBomb},
		"a long text many times":             {"a: &a " + strings.Repeat("x", 1<<20) + "\nb: [" + strings.Repeat("*a,", 1000) + "]", finding.AliasBomb},
		"merge keys that multiply":           {mergeBomb(), finding.AliasBomb},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			var err error
			allocated := allocates(func() { _, err = source.JSON([]byte(tc.document)) })
			var refused *finding.Error
			if errors.As(err, &refused); (err != nil) != (tc.want != "") || refused != nil && refused.Reason != tc.want {
				t.Errorf("got %v, want reason %q", err, tc.want)
			}
			if refused != nil && len(err.Error()) > 1000 {
				t.Errorf("a message of %d bytes", len(err.Error()))
			}
			// All that was ever taken, given back or not: a bound on the peak.
			if allocated > 700<<20 {
				t.Errorf("%d MiB allocated", allocated>>20)
			}
		})
	}
}

// mergeBomb merges mappings of a hundred keys, level upon level.
func mergeBomb() string {
	var out strings.Builder
	out.WriteString("a0: &a0 {")
	for i := range 100 {
		fmt.Fprintf(&out, "k%d: 1,", i)
	}
	out.WriteString("}\n")
	for i := 1; i < 8; i++ {
		alias := fmt.Sprintf("*a%d", i-1)
		fmt.Fprintf(&out, "a%d: &a%d [%s]\n", i, i, strings.Join([]string{alias, alias, alias, alias, alias, alias, alias, alias, alias, alias}, ","))
	}
	out.WriteString("b: {<<: *a7}\n")
	return out.String()
}

func allocates(f func()) uint64 {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	f()
	runtime.ReadMemStats(&after)
	return after.TotalAlloc - before.TotalAlloc
}
