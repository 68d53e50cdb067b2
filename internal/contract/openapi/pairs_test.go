package openapi_test

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"go.yaml.in/yaml/v3"

	"forewarn.dev/forewarn/internal/contract"
)

// pairOf is a file in testdata/pairs: two contracts, and what changes from one to the other.
type pairOf struct {
	name       string
	base, head []byte
	want       []string
}

func pairs(tb testing.TB) []pairOf {
	tb.Helper()
	files, err := filepath.Glob(filepath.Join("testdata", "pairs", "*.txt"))
	if err != nil || len(files) == 0 {
		tb.Fatalf("no pairs: %v", err)
	}
	var all []pairOf
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			tb.Fatal(err)
		}
		parts := strings.Split(string(data), "\n---\n")
		if len(parts) != 3 {
			tb.Fatalf("%s: %d parts, want base, head and what changes", file, len(parts))
		}
		all = append(all, pairOf{
			name: strings.TrimSuffix(filepath.Base(file), ".txt"),
			base: []byte(parts[0]), head: []byte(parts[1]), want: lines(parts[2]),
		})
	}
	return all
}

func lines(text string) []string {
	var all []string
	for line := range strings.Lines(text) {
		if line = strings.TrimSpace(line); line != "" {
			all = append(all, line)
		}
	}
	return all
}

// show writes changes as the pairs do.
func show(changes []contract.Change) []string {
	var all []string
	for _, c := range changes {
		all = append(all, strings.TrimSpace(fmt.Sprintf("%s | %s | %s | %s", c.Class, c.Rule, c.Operation, c.Location)))
	}
	return all
}

func TestWhatChanges(t *testing.T) {
	for _, p := range pairs(t) {
		t.Run(p.name, func(t *testing.T) {
			if diff := cmp.Diff(p.want, show(judge(t, p.base, p.head))); diff != "" {
				t.Errorf("changes (-want +got):\n%s", diff)
			}
		})
	}
}

// A notice may cover what is of no operation by its rule alone, and nothing else: which rules those are has to be right.
func TestRulesOfNoOperation(t *testing.T) {
	without := map[string]bool{}
	for _, p := range pairs(t) {
		for _, c := range judge(t, p.base, p.head) {
			if !contract.KnowsRule(c.Rule) || contract.OfNoOperation(c.Rule) != (c.Operation == "") {
				t.Errorf("%s: %s of operation %q: known %v, of none %v", p.name, c.Rule, c.Operation,
					contract.KnowsRule(c.Rule), contract.OfNoOperation(c.Rule))
			}
			without[c.Rule] = without[c.Rule] || c.Operation == ""
		}
	}
	for _, rule := range []string{"api-server-path-removed"} {
		if !without[rule] {
			t.Errorf("no pair shows %s", rule)
		}
	}
}

func TestNothingChangesWithoutAChange(t *testing.T) {
	for _, p := range pairs(t) {
		for side, document := range map[string][]byte{"base": p.base, "head": p.head} {
			t.Run(p.name+" "+side, func(t *testing.T) {
				// A comment makes it another document by its digest.
				if got := judge(t, document, append(slices.Clone(document), "\n# the same"...)); len(got) > 0 {
					t.Errorf("changes from a document to itself: %v", show(got))
				}
				if got := judge(t, document, asJSON(t, document)); len(got) > 0 {
					t.Errorf("changes from YAML to JSON: %v", show(got))
				}
			})
		}
	}
}

// TestChangesDoNotDependOnOrder judges each pair again with every list of parameters, required
// properties, enum values and tags turned round, and several times over.
func TestChangesDoNotDependOnOrder(t *testing.T) {
	for _, p := range pairs(t) {
		t.Run(p.name, func(t *testing.T) {
			want := judge(t, p.base, p.head)
			for range 5 {
				if diff := cmp.Diff(want, judge(t, p.base, p.head)); diff != "" {
					t.Fatalf("another run gives other changes (-first +now):\n%s", diff)
				}
			}
			if diff := cmp.Diff(want, judge(t, turned(t, p.base), p.head)); diff != "" {
				t.Errorf("base turned round (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(want, judge(t, p.base, turned(t, p.head))); diff != "" {
				t.Errorf("head turned round (-want +got):\n%s", diff)
			}
		})
	}
}

// TestDatesDecideNothing judges each pair with every date in it moved, and taken away.
func TestDatesDecideNothing(t *testing.T) {
	moved := 0
	for _, p := range pairs(t) {
		want := judge(t, p.base, p.head)
		for _, date := range []string{`"1970-01-01"`, `"2999-12-31"`, `"2999-12-31T00:00:00Z"`, `soon`, `""`, `[1]`} {
			base, head := withDates(p.base, date), withDates(p.head, date)
			if string(base) == string(p.base) && string(head) == string(p.head) {
				continue
			}
			moved++
			if diff := cmp.Diff(want, judge(t, base, head)); diff != "" {
				t.Errorf("%s with the date %s (-want +got):\n%s", p.name, date, diff)
			}
		}
	}
	if moved < 12 {
		t.Errorf("only %d pairs had dates to move", moved)
	}
}

func withDates(document []byte, date string) []byte {
	for _, old := range []string{`"2001-01-01"`, `"2031-01-01"`} {
		document = []byte(strings.ReplaceAll(string(document), "x-sunset: "+old, "x-sunset: "+date))
	}
	return document
}

func tree(tb testing.TB, document []byte) any {
	tb.Helper()
	var root any
	if err := yaml.Unmarshal(document, &root); err != nil {
		tb.Fatal(err)
	}
	return root
}

func asJSON(tb testing.TB, document []byte) []byte {
	tb.Helper()
	out, err := json.Marshal(tree(tb, document))
	if err != nil {
		tb.Fatal(err)
	}
	return out
}

// turned reverses every list that has no order; the members of objects come out sorted.
func turned(tb testing.TB, document []byte) []byte {
	tb.Helper()
	out, err := json.Marshal(turn("", tree(tb, document)))
	if err != nil {
		tb.Fatal(err)
	}
	return out
}

func turn(key string, value any) any {
	switch value := value.(type) {
	case map[string]any:
		for k, v := range value {
			value[k] = turn(k, v)
		}
	case []any:
		for i, v := range value {
			value[i] = turn("", v)
		}
		if slices.Contains([]string{"parameters", "required", "enum", "tags", "type", "produces"}, key) {
			slices.Reverse(value)
		}
	}
	return value
}
