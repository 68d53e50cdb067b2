package docs

import (
	"os"
	"path"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

var (
	tried = regexp.MustCompile("`([a-z0-9/]+)`: ((?:`Test[A-Za-z0-9]+`(?:, )?)+)")
	name  = regexp.MustCompile("`(Test[A-Za-z0-9]+)`")
)

// TestTried holds that every test that the threat model names is there.
func TestTried(t *testing.T) {
	page := textOf(t, os.DirFS("../.."), "docs/threat-model.md")
	named := 0
	for _, match := range tried.FindAllStringSubmatch(page, -1) {
		folder := match[1]
		if !strings.Contains(folder, "/") && folder != "controllers" {
			folder = path.Join("test", folder)
		}
		tests := testsIn(t, filepath.Join("..", "..", filepath.FromSlash(folder)))
		for _, match := range name.FindAllStringSubmatch(match[2], -1) {
			named++
			if !strings.Contains(tests, "\nfunc "+match[1]) {
				t.Errorf("the tests of %s have no %s", folder, match[1])
			}
		}
	}
	if all := len(name.FindAllString(page, -1)); named == 0 || named != all {
		t.Errorf("of %d tests that are named, %d have a folder", all, named)
	}
}

// testsIn are the tests of a folder, as they are written.
func testsIn(t *testing.T, folder string) string {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(folder, "*_test.go"))
	if err != nil || len(files) == 0 {
		t.Fatal(folder, "holds no tests", err)
	}
	var tests strings.Builder
	for _, file := range files {
		content, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		tests.Write(content)
	}
	return tests.String()
}
