// Package docs holds the pages to what they refer to.
package docs

import (
	"io/fs"
	"os"
	"path"
	"regexp"
	"slices"
	"strings"
	"testing"
)

const front = "README.md"

var (
	link    = regexp.MustCompile(`\]\(([^)\s]+)\)`)
	heading = regexp.MustCompile(`(?m)^#+ (.+)$`)
	block   = regexp.MustCompile("(?ms)^```.*?^```$")
)

// TestLinks holds that every link inside the repository leads to something, and that from the front page links lead
// to every page.
func TestLinks(t *testing.T) {
	root := os.DirFS("../..")
	pages := []string{"CONTRIBUTING.md", front}
	err := fs.WalkDir(root, "docs", func(name string, _ fs.DirEntry, err error) error {
		if path.Ext(name) == ".md" {
			pages = append(pages, name)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	found := map[string]bool{front: true}
	for next := []string{front}; len(next) > 0; next = next[1:] {
		for _, to := range follow(t, root, next[0]) {
			if !found[to] {
				found[to] = true
				next = append(next, to)
			}
		}
	}
	for _, page := range pages {
		if !found[page] {
			t.Errorf("no links lead from %s to %s", front, page)
			follow(t, root, page)
		}
	}
}

// follow returns the pages that a page links to.
func follow(t *testing.T, root fs.FS, page string) []string {
	t.Helper()
	var pages []string
	for _, match := range link.FindAllStringSubmatch(textOf(t, root, page), -1) {
		target, anchor, anchored := strings.Cut(match[1], "#")
		if strings.Contains(target, "://") {
			continue
		}
		to := page
		if target != "" {
			to = path.Join(path.Dir(page), target)
		}
		if _, err := fs.Stat(root, to); err != nil {
			t.Errorf("%s links to %s: %v", page, match[1], err)
			continue
		}
		if anchored && !slices.Contains(anchors(textOf(t, root, to)), anchor) {
			t.Errorf("%s links to %s, and there is no such heading", page, match[1])
		}
		if path.Ext(to) == ".md" {
			pages = append(pages, to)
		}
	}
	return pages
}

// textOf is a page without what it quotes of files and terminals.
func textOf(t *testing.T, root fs.FS, page string) string {
	t.Helper()
	content, err := fs.ReadFile(root, page)
	if err != nil {
		t.Fatal(err)
	}
	return block.ReplaceAllString(string(content), "")
}

// anchors are what links to the headings of a page end in.
func anchors(text string) []string {
	var found []string
	for _, match := range heading.FindAllStringSubmatch(text, -1) {
		found = append(found, strings.Map(func(r rune) rune {
			switch {
			case r == ' ':
				return '-'
			case r == '-', r == '_', r >= '0' && r <= '9', r >= 'a' && r <= 'z':
				return r
			}
			return -1
		}, strings.ToLower(strings.TrimSpace(match[1]))))
	}
	return found
}
