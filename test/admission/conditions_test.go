//go:build unix

package admission

import (
	"cmp"
	"math/rand/v2"
	"strings"
	"testing"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/utils/ptr"
	"sigs.k8s.io/yaml"

	v1alpha1 "forewarn.dev/forewarn/api/v1alpha1"
)

// What ends at the match conditions of rollouts.yaml, pods.yaml and outages.yaml would have passed: they tell the usual case
// at less cost, and let nothing pass that the variables would not. Of each seed the same is tried.
func TestWhatEndsAtTheConditionsPasses(t *testing.T) {
	t.Parallel()
	keeps := []string{"deployments/d", "statefulsets/d", "daemonsets/d", "rollouts/d"}
	gates := map[string]map[string]string{
		"nothing is spent": shop().keep("orders", held, keeps...).data(),
		"orders is spent":  shop().spent("orders", "orders-slo", outOf, "shop/orders:1").data(),
		"one workload is":  shop().spent("orders/deployments/d", "orders-slo", tooLong, "shop/orders:1").data(),
		"two are admitted": shop().admit("many-2", "many").data(),
		"another API is":   shop().admit("many-2", "many").spent("mail", "mail-slo", outOf).data(),
	}
	for _, of := range []struct {
		policy string
		writes []write
		gate   string // the only one, or all of them
		seeds  int    // usually 1,500
	}{
		{policy: rollouts, writes: []write{
			{kind: apps("Deployment"), resource: "deployments"}, {kind: apps("StatefulSet"), resource: "statefulsets"},
			{kind: apps("ReplicaSet"), resource: "replicasets"},
			{kind: argoRollout, resource: "rollouts"}, {kind: argoRollout, resource: "rollouts", subresource: "status"},
		}},
		{policy: pods, writes: []write{
			{kind: corev1.SchemeGroupVersion.WithKind("Pod"), resource: "pods"},
			{kind: corev1.SchemeGroupVersion.WithKind("Pod"), resource: "pods", subresource: "status"},
		}},
		{policy: outages, gate: "nothing is spent", seeds: 8000, writes: []write{
			{kind: apps("Deployment"), resource: "deployments"}, {kind: apps("StatefulSet"), resource: "statefulsets"},
			{kind: apps("DaemonSet"), resource: "daemonsets"}, {kind: argoRollout, resource: "rollouts"},
		}},
	} {
		for name, data := range gates {
			if of.gate != "" && of.gate != name {
				continue
			}
			t.Run(of.policy+", "+name, func(t *testing.T) {
				t.Parallel()
				policy := judgeOf(t, of.policy)
				var ended, refused int
				for seed := range cmp.Or(of.seeds, 1500) {
					p := podWriter{rand.New(rand.NewPCG(uint64(seed), 0))}
					w := p.write(of.writes[seed%len(of.writes)])
					if of.policy == outages && w.old == nil {
						continue // it is not asked about what is created
					}
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
				if ended < 200 || refused < 100 {
					t.Errorf("%d ended at the conditions and %d were refused: too little was tried", ended, refused)
				}
			})
		}
	}
}

var argoRollout = schema.GroupVersionKind{Group: "argoproj.io", Version: "v1alpha1", Kind: "Rollout"}

func apps(kind string) schema.GroupVersionKind { return appsv1.SchemeGroupVersion.WithKind(kind) }

// podWriter writes pods and what makes pods, of few labels, names and images, so that they meet what the gate holds.
type podWriter struct{ *rand.Rand }

func (p podWriter) one(of ...string) string { return of[p.IntN(len(of))] }

// homes are pods that serve what they name, as most do: labels, and names.
var homes = [][]string{
	{"app=orders", "orders-1"}, {"app=orders", "orders-1,orders-1b"}, {"app=pinned", "pinned-1"}, {"cart=v1", "cart-1"},
	{"app=orders cart=v1", "cart-1,orders-1"}, {"app=orders cart=v1", "orders-1,cart-1,mail-1"},
	{"app=many also=many2", "many-1"}, {"app=many also=many2", "many-1,many-2"}, {"app=many also=many2", "many-1,many-1"},
}

func (p podWriter) metadata() map[string]any {
	if p.IntN(2) == 0 {
		home := homes[p.IntN(len(homes))]
		labels := map[string]any{}
		for label := range strings.FieldsSeq(home[0]) {
			key, value, _ := strings.Cut(label, "=")
			labels[key] = value
		}
		return map[string]any{"labels": labels, "annotations": map[string]any{v1alpha1.RevisionAnnotation: home[1]}}
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

// oddAmounts are such as Argo Rollouts alone takes.
var oddAmounts = []any{"", "0", "1", "100", "+0%", "+100%", "0%%", "%100", "all", " 5%", "1e2%", "-0%", "-1%", "-100%", "9999999%", "10000000%",
	"99999999999999999999%", int64(-1), int64(-2), int64(-999999999), int64(-2147483648), int64(2147483647)}

func (p podWriter) spec() map[string]any {
	spec := map[string]any{"template": map[string]any{"metadata": p.metadata(), "spec": p.pod()}}
	if p.IntN(2) == 0 {
		spec["replicas"] = int64(p.IntN(4))
	}
	if p.IntN(4) == 0 {
		spec["paused"] = p.IntN(2) == 0
	}
	rolling, canary := map[string]any{}, map[string]any{}
	for _, field := range []string{"maxUnavailable", "maxSurge"} {
		if p.IntN(2) == 0 {
			rolling[field] = []any{int64(0), int64(1), int64(2), "0%", "00%", "25%", "100%", "0000000100%", int64(2000000000)}[p.IntN(9)]
			canary[field] = rolling[field]
		}
		if p.IntN(2) == 0 {
			canary[field] = oddAmounts[p.IntN(len(oddAmounts))]
		}
	}
	switch p.IntN(6) {
	case 0:
		spec["strategy"] = map[string]any{"type": p.one("Recreate", "RollingUpdate")}
	case 1:
		spec["strategy"] = map[string]any{"rollingUpdate": rolling}
	case 2:
		canary["steps"] = []any{map[string]any{"setWeight": int64(20)}, map[string]any{"pause": map[string]any{}}}
		spec["strategy"] = map[string]any{"canary": canary}
	case 3:
		spec["updateStrategy"] = map[string]any{"type": p.one("OnDelete", "RollingUpdate"), "rollingUpdate": rolling}
	case 4:
		spec["strategy"] = map[string]any{"blueGreen": map[string]any{"activeService": "orders"}}
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
			{"spec", "template", "metadata", "annotations"}, {"spec", "template", "spec"}, {"spec", "replicas"}, {"spec", "paused"}, {"spec", "strategy"}, {"spec"},
		}[p.IntN(10)]
		if value, ok, _ := unstructured.NestedFieldCopy(other.Object, part...); ok {
			_ = unstructured.SetNestedField(w.object.Object, value, part...)
		} else {
			unstructured.RemoveNestedField(w.object.Object, part...)
		}
	}
	switch {
	case w.subresource == "status":
		w.old.Object["status"], w.object.Object["status"] = p.rolloutStatus(), p.rolloutStatus()
	case w.resource != "pods":
		w.old.Object["status"] = map[string]any{
			"readyReplicas": int64(p.IntN(2)), "replicas": int64(2), "updatedReplicas": int64(p.IntN(3)),
			"desiredNumberScheduled": int64(p.IntN(3)), "numberReady": int64(p.IntN(2)),
		}
		w.object.Object["status"] = w.old.DeepCopy().Object["status"]
	}
	return w
}

// rolloutStatus is of an Argo Rollout.
func (p podWriter) rolloutStatus() map[string]any {
	pauses := []any{}
	for range p.IntN(2) {
		pauses = append(pauses, map[string]any{"reason": p.one("CanaryPauseStep", "BlueGreenPause")})
	}
	return map[string]any{
		"abort": p.IntN(3) == 0, "promoteFull": p.IntN(4) == 0, "pauseConditions": pauses, "controllerPause": p.IntN(2) == 0,
		"stableRS": p.one("", "a", "b"), "currentPodHash": p.one("a", "b"), "currentStepIndex": int64(p.IntN(5) - 1),
	}
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
