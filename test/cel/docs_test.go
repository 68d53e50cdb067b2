//go:build unix

package cel

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	v1alpha1 "forewarn.dev/forewarn/api/v1alpha1"
)

// shown is where people copy objects from.
var shown = []string{
	"README.md", "docs/kinds/*.md", "docs/tasks/*.md", "config/samples/*.yaml", "hack/demo/*.yaml",
}

var yamlBlock = regexp.MustCompile("(?ms)^```yaml\n(.*?)^```$")

// TestExamples tries every whole object of ours that is shown to people. Of
// each kind that people write there must be one on its page.
func TestExamples(t *testing.T) {
	namespace := newNamespace(t)
	explained := map[string]bool{}
	for _, pattern := range shown {
		files, err := filepath.Glob(filepath.Join("..", "..", filepath.FromSlash(pattern)))
		if err != nil {
			t.Fatal(err)
		}
		if len(files) == 0 {
			t.Errorf("no file is %s", pattern)
		}
		for _, file := range files {
			for _, document := range documents(t, file) {
				u := parse(t, []byte(document))
				t.Run(filepath.Base(file)+" "+u.GetKind()+" "+u.GetName(), func(t *testing.T) {
					place(u, namespace)
					_, err := resource(u).Create(t.Context(), u, metav1.CreateOptions{
						DryRun: []string{metav1.DryRunAll}, FieldValidation: metav1.FieldValidationStrict,
					})
					want(t, err)
				})
				if filepath.Base(file) == strings.ToLower(u.GetKind())+".md" {
					explained[u.GetKind()] = true
				}
			}
		}
	}
	for kind := range plurals {
		if !explained[kind] && kind != "KeptContract" {
			t.Errorf("its page shows no %s", kind)
		}
	}
}

// documents are the objects of ours in a manifest, or in the YAML of a page.
func documents(t *testing.T, file string) []string {
	t.Helper()
	content, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	texts := []string{string(content)}
	if filepath.Ext(file) == ".md" {
		texts = nil
		for _, block := range yamlBlock.FindAllStringSubmatch(string(content), -1) {
			texts = append(texts, block[1])
		}
	}
	ours := regexp.MustCompile(`(?m)^apiVersion: ` + regexp.QuoteMeta(v1alpha1.GroupVersion.String()) + `$`)
	var found []string
	for _, text := range texts {
		for document := range strings.SplitSeq(text, "\n---\n") {
			if ours.MatchString(document) {
				found = append(found, document)
			}
		}
	}
	return found
}
