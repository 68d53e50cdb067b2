//go:build unix

package admission

import (
	"fmt"
	"maps"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	celconfig "k8s.io/apiserver/pkg/apis/cel"

	v1alpha1 "forewarn.dev/forewarn/api/v1alpha1"
	core "forewarn.dev/forewarn/internal/gate"
)

const (
	fullImage = "registry.example.dev/shop/orders:1"
	// fullWorkload ends as the APIs do, so that what is spent of it stands under the same key.
	fullWorkload = "workload-of-several-apis-of-a-gate-that-is-full-api"
	// fullPairs is how many characters a label is looked up in: 64 labels of 15,600 are as many as a condition looks at.
	fullPairs = 15_600
)

// fullRollout is a Deployment, or a pod, that serves the first APIs of a gate and names their revisions.
type fullRollout struct {
	apis, names, labels             int
	refused, listed, unnamed, spent bool
	relabelled                      bool   // one label goes
	ran                             string // what may come back, where APIs are spent
}

// fullAPI stands before all else of its tables, and its revisions have names of 63 characters.
func fullAPI(n int) string      { return fmt.Sprintf("a-%02d-%s-api", n, strings.Repeat("x", 52)) }
func fullRevision(n int) string { return numbered(fullAPI(n), 1) }

// gate holds the lines of the rollout, and one table fills it up to size, all of it under one key.
func (r fullRollout) gate(table string, size int) map[string]string {
	g := newGate().set("budgets", "1")
	for i := range max(r.apis, r.names) {
		api, revision := fullAPI(i), fullRevision(i)
		g.api(api, fmt.Sprintf("serves-%02d=true", i))
		if r.refused {
			g.refuse(revision, api, breaks)
		} else {
			g.admit(revision, api)
		}
		if r.listed {
			g.images(revision, fullImage)
		}
		if r.unnamed {
			g.unnamed(api, fullImage)
		}
		if r.spent {
			g.spent(api, "orders-slo", outOf, r.ran).spent(api+"/deployments/"+fullWorkload, "orders-slo", tooLong, r.ran)
		}
	}
	g.line("pair", "x=true", strings.Repeat("x", fullPairs-len(g.data()["pair.e"])-len("x=true \n")))
	data := g.data()
	for key, value := range data {
		size -= len(key) + len(value)
	}
	texts := map[string]*strings.Builder{}
	for n := 0; size > 0; n++ {
		for in, line := range fillings[table](n) {
			if texts[in] == nil {
				texts[in] = &strings.Builder{}
			}
			texts[in].WriteString(line + "\n")
			size -= len(line) + 1
		}
	}
	for in, text := range texts {
		data[in] = "\n" + strings.TrimPrefix(data[in], "\n") + text.String()
	}
	return data
}

// fillings are the n-th lines that a table has, and those that it cannot have without.
var fillings = map[string]func(n int) map[string]string{
	"pair": func(n int) map[string]string {
		pair, api := fmt.Sprintf("zone-%06d=true", n), fmt.Sprintf("orders-%06d-api", n)
		return map[string]string{"pair.e": pair + " " + api, "select.i": api + " " + pair}
	},
	"select":  apiLine("select.i", strings.Repeat("app=orders,tier=web;", 60)+"app=orders"),
	"unnamed": apiLine("unnamed.i", strings.Repeat("registry.example.dev/shop/orders:2 ", 30)),
	"spent":   apiLine("spent.i", "orders-slo "+strings.Repeat("x", 240)),
	"ran":     apiLine("ran.i", strings.Repeat("registry.example.dev/shop/orders:2 ", 30)),
	"of":      revisionLine("of.1", "orders"),
	"admit": func(n int) map[string]string {
		revision := fmt.Sprintf("orders-%06d-1", n)
		return map[string]string{"of.1": revision + " o", "admit.1": revision + " "}
	},
	"refuse": revisionLine("refuse.1", strings.Repeat("x", 900)),
	"images": revisionLine("images.1", strings.Repeat("registry.example.dev/shop/orders:2 ", 30)),
}

func apiLine(in, value string) func(int) map[string]string {
	return func(n int) map[string]string {
		return map[string]string{in: fmt.Sprintf("orders-%06d-api %s", n, value)}
	}
}

func revisionLine(in, value string) func(int) map[string]string {
	return func(n int) map[string]string { return map[string]string{in: fmt.Sprintf("orders-%06d-1 %s", n, value)} }
}

// writes are the rollout by policy.
func (r fullRollout) writes() map[string]write {
	labels := map[string]any{}
	for i := range r.apis {
		labels[fmt.Sprintf("serves-%02d", i)] = "true"
	}
	for i := len(labels); i < r.labels; i++ {
		labels[fmt.Sprintf("other-%02d", i)] = "true"
	}
	metadata := map[string]any{"labels": labels}
	var names []string
	for i := range r.names {
		names = append(names, fullRevision(i))
	}
	if r.names > 0 {
		metadata["annotations"] = map[string]any{v1alpha1.RevisionAnnotation: strings.Join(names, ",")}
	}
	spec := map[string]any{"containers": []any{map[string]any{"name": "main", "image": fullImage}}}
	pod := write{kind: corev1.SchemeGroupVersion.WithKind("Pod"), resource: "pods",
		object: &unstructured.Unstructured{Object: map[string]any{"metadata": metadata, "spec": spec}}}
	workload := write{kind: apps("Deployment"), resource: "deployments",
		object: &unstructured.Unstructured{Object: map[string]any{"spec": map[string]any{"template": map[string]any{"metadata": metadata, "spec": spec}}}}}
	workload.object.SetName(fullWorkload)
	if r.relabelled {
		for w, path := range map[*write][]string{&pod: {"metadata", "labels"}, &workload: {"spec", "template", "metadata", "labels"}} {
			w.old = w.object.DeepCopy()
			was := maps.Clone(labels)
			was["other"] = "once-true"
			_ = unstructured.SetNestedMap(w.old.Object, was, path...)
		}
	}
	return map[string]write{rollouts: workload, pods: pod}
}

// However full a gate is, and if all in it stands under one key, a condition costs less than the API server lets it: what
// might cost more is left to the variables. A condition that costs too much answers 422.
func TestConditionsCostLittle(t *testing.T) {
	t.Parallel()
	judges := map[string]judge{rollouts: judgeOf(t, rollouts), pods: judgeOf(t, pods)}
	for table := range fillings {
		for _, r := range []fullRollout{
			{apis: 1, names: 1}, {apis: 2, names: 2}, {apis: 2, names: 2, listed: true}, {apis: 2, names: 2, labels: 4},
			{apis: 2, names: 2, labels: 64}, {apis: 2, names: 2, labels: 64, listed: true}, {apis: 2, names: 2, labels: 65},
			{apis: 1, names: 2}, {apis: 2, names: 1}, {apis: 1}, {apis: 1, names: 3}, {apis: 3, names: 1}, {apis: 3, names: 3, listed: true},
			{apis: 16, names: 16, listed: true}, {apis: 2, names: 2, spent: true, listed: true}, {apis: 8, names: 8, spent: true, listed: true},
		} {
			data := r.gate(table, core.DefaultGateLimit)
			usual := r.apis <= 2 && r.names == r.apis && !r.spent && (r.labels <= 4 || r.labels <= 64 && table != "pair")
			for policy, w := range r.writes() {
				asks, err := judges[policy].try(judges[policy].conditions, data, w, celconfig.RuntimeCELCostBudgetMatchConditions)
				if err != nil || asks == usual {
					t.Errorf("%s, %s fills the gate, %+v: it comes to the variables: %t (%v), want %t", policy, table, r, asks, err, !usual)
				}
			}
		}
	}
}

// More than four labels are looked up in 1,000,000 characters at most.
func TestConditionsCountCharacters(t *testing.T) {
	t.Parallel()
	r := fullRollout{apis: 1, names: 1, labels: 5}
	for size, want := range map[int]bool{200_000: false, 200_001: true} {
		data := r.gate("of", 0)
		data["pair.e"] += strings.Repeat("x", size-len(data["pair.e"])-1) + "\n"
		for policy, w := range r.writes() {
			if asks := judgeOf(t, policy).asks(data, w); asks != want {
				t.Errorf("%s: five labels, each looked up in %d characters, come to the variables: %t, want %t", policy, size, asks, want)
			}
		}
	}
}

// What comes to the variables is answered, too: pods of eight labels, where all of the gate stands under one key, for two
// APIs and names, or for four and half as much, or for eight and a quarter.
func TestVariablesCostLittle(t *testing.T) {
	t.Parallel()
	judges := map[string]judge{rollouts: judgeOf(t, rollouts), pods: judgeOf(t, pods)}
	for table := range fillings {
		for _, n := range []int{1, 2, 4, 8} {
			for _, r := range []fullRollout{
				{refused: true}, {listed: true}, {unnamed: true}, {listed: true, relabelled: true},
				{spent: true, ran: "shop/orders:1"}, {spent: true, ran: fullImage, listed: true},
			} {
				r.apis, r.labels = n, 8
				if r.relabelled {
					r.labels-- // the one that goes is looked up, too
				}
				if !r.unnamed {
					r.names = n
				}
				data := r.gate(table, core.DefaultGateLimit*2/max(n, 2))
				allowed := !r.refused && (!r.spent || r.ran == fullImage)
				for policy, w := range r.writes() {
					// The validation and its message have one budget, and each evaluates the variables.
					allows, err := judges[policy].try(judges[policy].validation, data, w, celconfig.RuntimeCELCostBudget/2)
					if err != nil || allows != allowed {
						t.Errorf("%s, %s fills the gate, %+v: it passes: %t (%v), want %t", policy, table, r, allows, err, allowed)
					}
				}
			}
		}
	}
}
