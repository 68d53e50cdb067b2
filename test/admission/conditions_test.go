//go:build unix

package admission

import (
	"math/rand/v2"
	"strings"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/utils/ptr"
	"sigs.k8s.io/yaml"

	v1alpha1 "forewarn.dev/forewarn/api/v1alpha1"
)

// What ends at the match conditions of rollouts.yaml and pods.yaml would have passed: they tell the usual case at less
// cost, and refuse nothing that the variables do not refuse, nor let anything pass. Of each seed the same is tried.
func TestWhatEndsAtTheConditionsPasses(t *testing.T) {
	t.Parallel()
	gates := map[string]map[string]string{
		"nothing is spent": shop().data(),
		"orders is spent":  shop().spent("orders", "orders-slo", outOf, "shop/orders:1").data(),
		"one workload is":  shop().spent("orders/deployments/d", "orders-slo", tooLong, "shop/orders:1").data(),
		"another API is":   shop().spent("mail", "mail-slo", outOf).data(),
	}
	for _, of := range []struct {
		policy string
		writes []write
	}{
		{rollouts, []write{
			{kind: schema.GroupVersionKind{Group: "apps", Version: "v1", Kind: "Deployment"}, resource: "deployments"},
			{kind: schema.GroupVersionKind{Group: "apps", Version: "v1", Kind: "StatefulSet"}, resource: "statefulsets"},
			{kind: schema.GroupVersionKind{Group: "apps", Version: "v1", Kind: "ReplicaSet"}, resource: "replicasets"},
			{kind: schema.GroupVersionKind{Group: "argoproj.io", Version: "v1alpha1", Kind: "Rollout"}, resource: "rollouts"},
			{kind: schema.GroupVersionKind{Group: "argoproj.io", Version: "v1alpha1", Kind: "Rollout"}, resource: "rollouts", subresource: "status"},
		}},
		{pods, []write{
			{kind: schema.GroupVersionKind{Version: "v1", Kind: "Pod"}, resource: "pods"},
			{kind: schema.GroupVersionKind{Version: "v1", Kind: "Pod"}, resource: "pods", subresource: "status"},
		}},
	} {
		for name, data := range gates {
			t.Run(of.policy+", "+name, func(t *testing.T) {
				t.Parallel()
				policy := judgeOf(t, of.policy)
				var ended, refused int
				for seed := range 1500 {
					p := podWriter{rand.New(rand.NewPCG(uint64(seed), 0))}
					w := p.write(of.writes[seed%len(of.writes)])
					asked, allowed := policy.asks(data, w), policy.allows(data, w)
					switch {
					case !asked && !allowed:
						t.Fatalf("seed %d: it ends at the conditions and would have been refused:\n%s", seed, writeText(t, w))
					case !asked:
						ended++
					case !allowed:
						refused++
					}
				}
				if ended < 300 || refused < 100 {
					t.Errorf("%d ended at the conditions and %d were refused: too little was tried", ended, refused)
				}
			})
		}
	}
}

// podWriter writes pods and what makes pods, of few labels, names and images, so that they meet what the gate holds.
type podWriter struct{ *rand.Rand }

func (p podWriter) one(of ...string) string { return of[p.IntN(len(of))] }

// metadata is of pods that name what they carry, as most do, or of whatever.
func (p podWriter) metadata() map[string]any {
	if p.IntN(2) == 0 {
		of := [][]string{{"app", "orders", "orders-1"}, {"app", "pinned", "pinned-1"}, {"cart", "v1", "cart-1"}}[p.IntN(3)]
		return map[string]any{
			"labels": map[string]any{of[0]: of[1]}, "annotations": map[string]any{v1alpha1.RevisionAnnotation: of[2]},
		}
	}
	labels := map[string]any{}
	for range p.IntN(4) {
		labels[p.one("app", "app", "also", "cart", "role", "tier")] =
			p.one("orders", "orders", "many", "many2", "v1", "orders-batch", "back", "legacy", "pinned", "", "other")
	}
	metadata := map[string]any{"labels": labels}
	if p.IntN(6) == 0 {
		delete(metadata, "labels")
	}
	if p.IntN(4) > 0 {
		metadata["annotations"] = map[string]any{v1alpha1.RevisionAnnotation: p.one("orders-1", "orders-1", "orders-1b", "orders-2", "cart-1",
			"orders-1,cart-1", "cart-1, orders-1", "orders-1,orders-1b", "legacy-1", "pinned-1", "many-1", "many-2", "empty-1", "mail-1",
			"orders-9", "Orders", "orders-1 orders", "", " , ", strings.Repeat("orders-1,", 200))}
	}
	return metadata
}

func (p podWriter) pod() map[string]any {
	containers := func() (all []any) {
		for range p.IntN(2) + 1 {
			all = append(all, map[string]any{"name": p.one("main", "side"), "image": p.one("shop/orders:1", "shop/orders:2", "shop/proxy:1")})
		}
		return all
	}
	spec := map[string]any{"containers": containers()}
	if p.IntN(4) == 0 {
		spec["initContainers"] = containers()
	}
	return spec
}

func (p podWriter) spec() map[string]any {
	spec := map[string]any{"template": map[string]any{"metadata": p.metadata(), "spec": p.pod()}}
	if p.IntN(2) == 0 {
		spec["replicas"] = int64(p.IntN(2))
	}
	if p.IntN(4) == 0 {
		spec["paused"] = p.IntN(2) == 0
	}
	if p.IntN(4) == 0 {
		spec["updateStrategy"] = map[string]any{"type": p.one("OnDelete", "RollingUpdate")}
	}
	return spec
}

// write is a creation or a change of some parts, of a Pod or of what has a template.
func (p podWriter) write(w write) write {
	w.object = &unstructured.Unstructured{Object: map[string]any{}}
	if w.resource == "pods" {
		w.object.Object["metadata"], w.object.Object["spec"] = p.metadata(), p.pod()
	} else {
		w.object.Object["spec"] = p.spec()
	}
	w.object.SetGroupVersionKind(w.kind)
	w.object.SetName(p.one("d", "e"))
	if w.kind.Kind == "ReplicaSet" && p.IntN(2) == 0 {
		w.object.SetOwnerReferences([]metav1.OwnerReference{{APIVersion: "apps/v1", Kind: "Deployment", Name: "d", Controller: ptr.To(true)}})
	}
	if w.subresource == "" && p.IntN(3) == 0 {
		return w
	}
	w.old = w.object.DeepCopy()
	other := p.write(write{kind: w.kind, resource: w.resource}).object
	for range p.IntN(3) {
		part := [][]string{
			{"metadata", "labels"}, {"metadata", "annotations"}, {"spec", "containers"}, {"spec", "template", "metadata", "labels"},
			{"spec", "template", "metadata", "annotations"}, {"spec", "template", "spec"}, {"spec", "replicas"}, {"spec", "paused"}, {"spec"},
		}[p.IntN(9)]
		if value, ok, _ := unstructured.NestedFieldCopy(other.Object, part...); ok {
			_ = unstructured.SetNestedField(w.object.Object, value, part...)
		} else {
			unstructured.RemoveNestedField(w.object.Object, part...)
		}
	}
	if w.subresource == "status" {
		w.old.Object["status"] = map[string]any{"abort": p.IntN(2) == 0, "pauseConditions": make([]any, p.IntN(2))}
		w.object.Object["status"] = map[string]any{"promoteFull": p.IntN(2) == 0}
	}
	return w
}

func writeText(t *testing.T, w write) string {
	t.Helper()
	var b strings.Builder
	for _, object := range []*unstructured.Unstructured{w.old, w.object} {
		if object == nil {
			continue
		}
		text, err := yaml.Marshal(runtime.Object(object))
		if err != nil {
			t.Fatal(err)
		}
		b.WriteString("---\n" + string(text))
	}
	return b.String()
}
