package openapi_test

import (
	"bufio"
	"compress/gzip"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"forewarn.dev/forewarn/internal/contract"
)

// vendorData is the folder with snapshots of real contracts, one folder per API. They are not part
// of the project: without them the tests and benchmarks here are skipped.
func vendorData(tb testing.TB) string {
	tb.Helper()
	folder := os.Getenv("FOREWARN_DATA")
	if folder == "" {
		folder = filepath.Join("..", "..", "..", "..", "shared", "data")
	}
	if _, err := os.Stat(filepath.Join(folder, "twilio")); err != nil {
		tb.Skipf("no real contracts in %s; set FOREWARN_DATA to a folder that has them", folder)
	}
	return filepath.Join(folder, "twilio")
}

var vendorAPIs = []string{"accounts_v1", "messaging_v1", "api_v2010"}

func snapshots(tb testing.TB, api string) [][]byte {
	tb.Helper()
	files, err := filepath.Glob(filepath.Join(vendorData(tb), api, "*.json.gz"))
	if err != nil || len(files) == 0 {
		tb.Fatalf("no snapshots of %s: %v", api, err)
	}
	slices.Sort(files)
	documents := make([][]byte, len(files))
	for i, file := range files {
		documents[i] = unpack(tb, file)
	}
	return documents
}

func unpack(tb testing.TB, file string) []byte {
	tb.Helper()
	f, err := os.Open(file)
	if err != nil {
		tb.Fatal(err)
	}
	defer func() { _ = f.Close() }()
	r, err := gzip.NewReader(f)
	if err != nil {
		tb.Fatal(err)
	}
	data, err := io.ReadAll(r)
	if err != nil {
		tb.Fatal(err)
	}
	return data
}

func read(tb testing.TB, data []byte) *contract.Document {
	tb.Helper()
	document, err := contract.Parse(contract.OpenAPI, data)
	if err != nil {
		tb.Fatal(err)
	}
	return document
}

func compare(tb testing.TB, base, head *contract.Document) []contract.Change {
	tb.Helper()
	changes, err := contract.Compare("v1", base, head)
	if err != nil {
		tb.Fatal(err)
	}
	return changes
}

func judge(tb testing.TB, base, head []byte) []contract.Change {
	tb.Helper()
	return compare(tb, read(tb, base), read(tb, head))
}

// beyondTheTool are the rules that count here although the tool calls them info, see rules.tsv.
var beyondTheTool = []string{
	"api-path-removed-with-deprecation",
	"api-removed-with-deprecation",
	"request-parameter-removed-with-deprecation",
	"request-property-removed-with-deprecation",
	"response-optional-property-removed",
}

// TestRealContractsAgreeWithTheTool holds our count of breaking changes between each two snapshots
// against what the tool's own command counted, and explains the rest by rule.
func TestRealContractsAgreeWithTheTool(t *testing.T) {
	counted := toolCounts(t)
	explained := make(map[string]int)
	for _, api := range vendorAPIs {
		var base *contract.Document
		for i, data := range snapshots(t, api) {
			head := read(t, data)
			if i == 0 {
				base = head
				continue
			}
			ours, beyond := 0, 0
			for _, c := range compare(t, base, head) {
				if !c.Breaks() {
					continue
				}
				ours++
				if slices.Contains(beyondTheTool, c.Rule) {
					beyond++
					explained[c.Rule]++
				}
			}
			step := fmt.Sprintf("%s %03d %03d", api, i-1, i)
			if theirs, ok := counted[step]; !ok || ours != theirs+beyond {
				t.Errorf("%s: %d breaking changes, want %d counted by the tool and %d beyond it", step, ours, theirs, beyond)
			}
			base = head
		}
	}
	for _, rule := range slices.Sorted(maps.Keys(explained)) {
		t.Logf("beyond the tool: %d %s", explained[rule], rule)
	}
}

// toolCounts reads errors plus warnings for each step, as "api from to".
func toolCounts(t *testing.T) map[string]int {
	t.Helper()
	f, err := os.Open(filepath.Join(vendorData(t), "oasdiff-1.35.0.tsv"))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = f.Close() }()
	counts := make(map[string]int)
	lines := bufio.NewScanner(f)
	for lines.Scan() {
		cells := strings.Split(lines.Text(), "\t")
		if len(cells) != 5 || cells[0] == "api" {
			continue
		}
		errors, err1 := strconv.Atoi(cells[3])
		warnings, err2 := strconv.Atoi(cells[4])
		if err1 != nil || err2 != nil {
			t.Fatalf("not two numbers: %s", lines.Text())
		}
		counts[strings.Join(cells[:3], " ")] = errors + warnings
	}
	return counts
}
