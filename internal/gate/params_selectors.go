package gate

import (
	"cmp"
	"maps"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/util/validation"

	v1alpha1 "forewarn.dev/forewarn/api/v1alpha1"
)

// podKeys are labels that controllers write, and the API server as it binds a pod to a node, so that pods of one
// template differ in them and no template has them (A10).
var podKeys = []string{
	"pod-template-hash",
	"rollouts-pod-template-hash",
	"controller-revision-hash",
	"statefulset.kubernetes.io/pod-name",
	"apps.kubernetes.io/pod-index",
	"topology.kubernetes.io/zone",
	"topology.kubernetes.io/region",
}

// What the status can hold of a selector, in labels and in bytes.
const (
	maxLabels    = 64
	selectorRoom = 2 << 10
)

// StripSlots is a selector without what tells the halves of a blue-green deployment, a canary or the pods
// of one workload apart: compared in full, a half that takes no traffic yet would escape.
func StripSlots(selector map[string]string, slotKeys []string) map[string]string {
	out := maps.Clone(selector)
	for _, key := range slices.Concat(podKeys, slotKeys) {
		delete(out, key)
	}
	left := selectorRoom
	for i, p := range pairsOf(out) {
		left -= len(`"":"",`) + len(p.key) + len(p.value)
		if i >= maxLabels || left < 0 { // with fewer labels it selects more pods, and never fewer
			delete(out, p.key)
		}
	}
	return out
}

// apiSelector is one selector of an API, sorted by key.
type apiSelector struct {
	api   string
	pairs []labelPair
}

type labelPair struct{ key, value string }

func (p labelPair) String() string { return p.key + "=" + p.value }

// Selects says whether pods with these labels have all of the selector's. An empty one selects nothing.
func Selects(selector, labels map[string]string) bool {
	for key, value := range selector {
		if has, ok := labels[key]; !ok || has != value {
			return false
		}
	}
	return len(selector) > 0
}

// UsableSelector says whether a selector can be in a gate: an empty one would match every pod, and labels that no
// pod can have, but could be read as several, those of somebody else.
func UsableSelector(selector map[string]string) bool {
	return len(selector) > 0 && !slices.ContainsFunc(pairsOf(selector), illegal)
}

// selectorsOf are the selectors of an API as they are compared. Slot keys were left out of them when they were
// read: those that are declared now say nothing of labels that were in force before (Govern). It is not complete
// when one had to be left out.
func selectorsOf(api *v1alpha1.CustomerAPI) (selectors []apiSelector, complete bool) {
	complete = len(api.Status.Selectors) > 0
	for _, s := range api.Status.Selectors {
		labels := StripSlots(s.MatchLabels, nil)
		if !UsableSelector(labels) {
			complete = false
			continue
		}
		selectors = append(selectors, apiSelector{api: api.Name, pairs: pairsOf(labels)})
	}
	same := func(a, b apiSelector) int { return slices.CompareFunc(a.pairs, b.pairs, comparePairs) }
	slices.SortFunc(selectors, same)
	return slices.CompactFunc(selectors, func(a, b apiSelector) bool { return same(a, b) == 0 }), complete
}

func pairsOf(labels map[string]string) []labelPair {
	pairs := make([]labelPair, 0, len(labels))
	for key, value := range labels {
		pairs = append(pairs, labelPair{key, value})
	}
	slices.SortFunc(pairs, comparePairs)
	return pairs
}

func comparePairs(a, b labelPair) int {
	return cmp.Or(cmp.Compare(a.key, b.key), cmp.Compare(a.value, b.value))
}

func illegal(p labelPair) bool {
	return len(validation.IsQualifiedName(p.key)) > 0 || len(validation.IsValidLabelValue(p.value)) > 0
}

// joinSelectors writes the selectors of one API: none of ";", "," and "=" is legal in a label.
func joinSelectors(selectors []apiSelector) string {
	texts := make([]string, 0, len(selectors))
	for _, s := range selectors {
		pairs := make([]string, 0, len(s.pairs))
		for _, p := range s.pairs {
			pairs = append(pairs, p.String())
		}
		texts = append(texts, strings.Join(pairs, ","))
	}
	return strings.Join(texts, ";")
}

// index leads from a label to the APIs that a pod with it may belong to. Each selector stands under one of its
// pairs, the one that fewest others have: where a thousand APIs share part-of=shop, a pod costs as much as
// where there is one. Whoever looks up compares the whole selector.
func index(selectors []apiSelector) map[string]string {
	having := map[labelPair]int{} // how many selectors have the pair
	for _, s := range selectors {
		for _, p := range s.pairs {
			having[p]++
		}
	}
	apis := map[string][]string{}
	for _, s := range selectors {
		rarest := slices.MinFunc(s.pairs, func(a, b labelPair) int {
			return cmp.Or(cmp.Compare(having[a], having[b]), comparePairs(a, b))
		}).String()
		apis[rarest] = append(apis[rarest], s.api)
	}
	lists := make(map[string]string, len(apis))
	for pair, names := range apis {
		slices.Sort(names)
		lists[pair] = strings.Join(slices.Compact(names), " ")
	}
	return lists
}
