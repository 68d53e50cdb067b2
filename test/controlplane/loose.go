package controlplane

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/wait"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// WhileLoose does something while the schema of a custom resource, such as waivers.forewarn.dev, lets anything pass.
// It is tried until the API server has seen that schema.
func WhileLoose(ctx context.Context, admin client.Client, name string, do func(context.Context) error) error {
	crd := &unstructured.Unstructured{}
	crd.SetGroupVersionKind(schema.GroupVersionKind{Group: "apiextensions.k8s.io", Version: "v1", Kind: "CustomResourceDefinition"})
	if err := admin.Get(ctx, client.ObjectKey{Name: name}, crd); err != nil {
		return fmt.Errorf("reading the kind: %w", err)
	}
	versions, _, err := unstructured.NestedSlice(crd.Object, "spec", "versions")
	if err != nil {
		return fmt.Errorf("reading the kind: %w", err)
	}
	replace := func(path string, value any) error {
		patch, err := json.Marshal([]any{map[string]any{"op": "replace", "path": path, "value": value}})
		if err != nil {
			return err
		}
		return admin.Patch(ctx, crd, client.RawPatch(types.JSONPatchType, patch))
	}
	anything := map[string]any{"type": "object", "x-kubernetes-preserve-unknown-fields": true}
	if err := replace("/spec/versions/0/schema/openAPIV3Schema", anything); err != nil {
		return fmt.Errorf("loosening the schema: %w", err)
	}
	var refused error
	if err := wait.PollUntilContextTimeout(ctx, 50*time.Millisecond, 30*time.Second, true, func(ctx context.Context) (bool, error) {
		refused = do(ctx)
		return refused == nil, nil
	}); err != nil {
		return fmt.Errorf("writing while the schema is loose: %w", refused)
	}
	if err := replace("/spec/versions", versions); err != nil {
		return fmt.Errorf("putting the schema back: %w", err)
	}
	return nil
}
