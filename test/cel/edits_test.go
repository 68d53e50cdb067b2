//go:build unix

package cel

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// An edit is tried in every way there is.
type edit struct {
	change func(u *unstructured.Unstructured)
	// complaints are what it meets; none means that it goes through.
	complaints []string
	// removes says that it takes keys away, which an overlay cannot.
	removes bool
}

func allowed(change func(u *unstructured.Unstructured)) edit { return edit{change: change} }

func refused(complaint string, change func(u *unstructured.Unstructured)) edit {
	return edit{change: change, complaints: []string{complaint}}
}

// setting and removing are the changes that most edits are.
func setting(path string, value any) func(u *unstructured.Unstructured) {
	return func(u *unstructured.Unstructured) { set(u, path, value) }
}

func removing(path string) func(u *unstructured.Unstructured) {
	return func(u *unstructured.Unstructured) { remove(u, path) }
}

func refusedRemoval(complaint, path string) edit {
	e := refused(complaint, removing(path))
	e.removes = true
	return e
}

// tryEdits makes an object like start for each edit in each way, and checks
// what the API server answers and what it holds afterwards. part is what is
// edited: spec, or status through its subresource.
func tryEdits(t *testing.T, part string, start *unstructured.Unstructured, ways map[string]way, edits map[string]edit) {
	t.Helper()
	var subresources []string
	if part == "status" {
		subresources = []string{part}
	}
	namespace := newNamespace(t)
	made := 0
	for name, e := range edits {
		for how, w := range ways {
			if e.removes && w.overlays || part != "spec" && w.ofSpec {
				continue
			}
			made++
			u := start.DeepCopy()
			place(u, namespace)
			u.SetName(fmt.Sprintf("%s-%d", strings.ToLower(u.GetKind()), made))
			t.Run(name+" "+how, func(t *testing.T) {
				before := stand(t, u)
				after := before.DeepCopy()
				e.change(after)
				want(t, w.write(t, before, after, subresources...), e.complaints...)
				if len(e.complaints) > 0 {
					after = before
				}
				holds(t, u, part, after.Object[part])
				if diff := cmp.Diff(after.GetLabels(), read(t, u).GetLabels()); diff != "" {
					t.Errorf("labels of what is stored (-want +got):\n%s", diff)
				}
			})
		}
	}
}

// holds checks what the API server has of an object.
func holds(t *testing.T, u *unstructured.Unstructured, part string, wanted any) {
	t.Helper()
	if diff := cmp.Diff(wanted, read(t, u).Object[part]); diff != "" {
		t.Errorf("%s of what is stored (-want +got):\n%s", part, diff)
	}
}
