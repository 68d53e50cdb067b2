//go:build unix

package cel

import (
	"encoding/json"
	"testing"

	"github.com/google/go-cmp/cmp"
	jsonpatch "gopkg.in/evanphx/json-patch.v4"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/types"
)

// A way is a way to turn one state of an object into another, at the object
// itself or at one of its subresources.
type way struct {
	write func(t *testing.T, before, after *unstructured.Unstructured, subresources ...string) error
	// overlays is a way that leaves alone what the other state does not have.
	overlays bool
	// ofSpec is a way to write a spec, and no status.
	ofSpec bool
}

// author is who applied the objects in the first place.
const author = "author"

var everyWay = map[string]way{
	"by an update": {write: update},
	"by an update without status": {ofSpec: true, write: func(t *testing.T, before, after *unstructured.Unstructured, _ ...string) error {
		bald := after.DeepCopy()
		delete(bald.Object, "status")
		return update(t, before, bald)
	}},
	"by a merge patch": {write: func(t *testing.T, before, after *unstructured.Unstructured, subresources ...string) error {
		body, err := jsonpatch.CreateMergePatch(encode(t, before), encode(t, after))
		if err != nil {
			t.Fatal(err)
		}
		return patch(t, after, types.MergePatchType, body, metav1.PatchOptions{}, subresources)
	}},
	"by a JSON patch": {write: func(t *testing.T, before, after *unstructured.Unstructured, subresources ...string) error {
		return patch(t, after, types.JSONPatchType, jsonPatch(t, before, after), metav1.PatchOptions{}, subresources)
	}},
	"by server-side apply": {write: func(t *testing.T, _, after *unstructured.Unstructured, subresources ...string) error {
		return patch(t, after, types.ApplyPatchType, encode(t, applied(after)), metav1.PatchOptions{FieldManager: author}, subresources)
	}},
	"by forced server-side apply of somebody else": {overlays: true, write: func(t *testing.T, _, after *unstructured.Unstructured, subresources ...string) error {
		force := true
		return patch(t, after, types.ApplyPatchType, encode(t, applied(after)),
			metav1.PatchOptions{FieldManager: "somebody-else", Force: &force}, subresources)
	}},
}

// anyWay is for edits of which the way makes no difference.
var anyWay = map[string]way{"by an update": {write: update}}

func update(t *testing.T, _, after *unstructured.Unstructured, subresources ...string) error {
	t.Helper()
	_, err := resource(after).Update(t.Context(), after, metav1.UpdateOptions{}, subresources...)
	return err
}

func patch(t *testing.T, u *unstructured.Unstructured, kind types.PatchType, body []byte, o metav1.PatchOptions, subresources []string) error {
	t.Helper()
	_, err := resource(u).Patch(t.Context(), u.GetName(), kind, body, o, subresources...)
	return err
}

// jsonPatch replaces, adds or removes labels, spec and status as a whole.
func jsonPatch(t *testing.T, before, after *unstructured.Unstructured) []byte {
	t.Helper()
	operations := []map[string]any{}
	for _, part := range []string{"spec", "status"} {
		was, is := before.Object[part], after.Object[part]
		switch {
		case cmp.Equal(was, is):
		case is == nil:
			operations = append(operations, map[string]any{"op": "remove", "path": "/" + part})
		default:
			operations = append(operations, map[string]any{"op": "add", "path": "/" + part, "value": is})
		}
	}
	if labels := after.GetLabels(); !cmp.Equal(before.GetLabels(), labels) {
		operations = append(operations, map[string]any{"op": "add", "path": "/metadata/labels", "value": labels})
	}
	body, err := json.Marshal(operations)
	if err != nil {
		t.Fatal(err)
	}
	return body
}

// applied is the object as people write it down.
func applied(u *unstructured.Unstructured) *unstructured.Unstructured {
	copied := u.DeepCopy()
	copied.Object["metadata"] = map[string]any{"name": u.GetName(), "namespace": u.GetNamespace()}
	if labels := u.GetLabels(); labels != nil {
		copied.SetLabels(labels)
	}
	return copied
}

func encode(t *testing.T, u *unstructured.Unstructured) []byte {
	t.Helper()
	body, err := json.Marshal(u.Object)
	if err != nil {
		t.Fatal(err)
	}
	return body
}

// stand makes the object, applied by its author, with the status that it has.
func stand(t *testing.T, u *unstructured.Unstructured) *unstructured.Unstructured {
	t.Helper()
	status := u.Object["status"]
	made := u.DeepCopy()
	remove(made, "status")
	var err error
	if made, err = resource(u).Apply(t.Context(), u.GetName(), made, metav1.ApplyOptions{FieldManager: author}); err != nil {
		t.Fatal(err)
	}
	if status == nil {
		return made
	}
	applyStatus := applied(u)
	remove(applyStatus, "spec")
	if made, err = resource(u).ApplyStatus(t.Context(), u.GetName(), applyStatus, metav1.ApplyOptions{FieldManager: author}); err != nil {
		t.Fatal(err)
	}
	return made
}
