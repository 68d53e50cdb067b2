package openapi

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

func page(t *testing.T) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("..", "..", "..", "docs", "contract-rules.md"))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func TestThePageCountsTheRulesOfEachClass(t *testing.T) {
	counts := make(map[string]int)
	for _, r := range rules() {
		class := string(r.class)
		if class == "" {
			class = "-"
		}
		counts[class]++
	}
	text := page(t)
	for class, n := range counts {
		if row := fmt.Sprintf("| `%s` | %d |", class, n); !strings.Contains(text, row) {
			t.Errorf("docs/contract-rules.md lacks %q", row)
		}
	}
}

// ruleInCode is a rule that the code names itself: as a constant, or where it makes a finding of it.
var ruleInCode = regexp.MustCompile(`(?:[rR]ule[A-Z]\w*\s*=|Rule:|\.Rule =|f\.Rule, f\.Text =)\s*"([a-z-]+)"`)

// TestThePageNamesEveryRuleOfOurOwn looks for them in the code, so that a new one is not forgotten.
func TestThePageNamesEveryRuleOfOurOwn(t *testing.T) {
	text := page(t)
	ids := slices.Collect(maps.Keys(rules()))
	found := 0
	for _, folder := range []string{".", "..", "../../gate", "../../notice"} {
		files, err := filepath.Glob(filepath.Join(folder, "*.go"))
		if err != nil || len(files) == 0 {
			t.Fatalf("no code in %s: %v", folder, err)
		}
		for _, file := range files {
			if strings.HasSuffix(file, "_test.go") {
				continue
			}
			code, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			for _, match := range ruleInCode.FindAllStringSubmatch(string(code), -1) {
				id := match[1]
				found++
				// Of some only the beginning is written, and the rest depends on the operation.
				inTable := slices.ContainsFunc(ids, func(known string) bool { return known == id || strings.HasPrefix(known, id+"-with-") })
				if !inTable && !strings.Contains(text, "| `"+id+"` |") {
					t.Errorf("%s reports %s, which is neither in rules.tsv nor in docs/contract-rules.md", file, id)
				}
			}
		}
	}
	if found < 10 {
		t.Errorf("found only %d rules in the code", found)
	}
}
