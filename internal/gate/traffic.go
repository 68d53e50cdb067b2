package gate

import (
	"maps"
	"slices"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	v1alpha1 "forewarn.dev/forewarn/api/v1alpha1"
)

// LabelSet are labels that pods have, down to what tells halves apart: a Service may select by that.
type LabelSet struct {
	Labels map[string]string
	// Ready says that one of the pods is ready.
	Ready bool
	// Led says that customers come to them by a Service that carries the API and did before or, without any, by matchLabels.
	Led bool
}

// RunningSet is a LabelSet and what runs there.
type RunningSet struct {
	LabelSet
	// Workload is whose pods these are, and Stays the names of the ReplicaSets of it that are not to be taken down.
	Workload v1alpha1.WorkloadRef
	Stays    string
	// Revision is empty for pods that name none: what they are is told by Images.
	Revision string
	Images   []string
}

// singleKeys are labels in which the pods of one template differ. No Service of an API selects by them.
var singleKeys = []string{
	"controller-revision-hash",
	"statefulset.kubernetes.io/pod-name",
	"apps.kubernetes.io/pod-index",
	"topology.kubernetes.io/zone",
	"topology.kubernetes.io/region",
}

// SharedLabels are the labels that the pods of one template share.
func SharedLabels(labels map[string]string) map[string]string {
	shared := maps.Clone(labels)
	for _, key := range singleKeys {
		delete(shared, key)
	}
	return shared
}

// RunningSets are all label sets that run, by what runs there, in order.
func RunningSets(observed []Observation) []RunningSet {
	var sets []RunningSet
	for _, o := range observed {
		sets = append(sets, workloadSets(o)...)
	}
	return sets
}

// byLabels orders sets: a cache has no order, and a gate is not written anew for that.
func byLabels(a, b LabelSet) int {
	return slices.CompareFunc(pairsOf(a.Labels), pairsOf(b.Labels), comparePairs)
}

func leadTo(sets []LabelSet) bool {
	return slices.ContainsFunc(sets, func(s LabelSet) bool { return s.Led })
}

// arrive finds what waited and waits no more: what customers are led to now, unless it is not admissible and came in
// past everybody; and what they were led to before, in another workload, or until it left and came back.
func (p *pass) arrive(observed []Observation) {
	seen := sightings(observed)
	for i := range p.serving {
		e := &p.serving[i]
		if e.WaitingSince != nil && (seen[keyOf(*e)].led && p.mayLead(e.Revision) || p.wasLed(e.Revision)) {
			e.WaitingSince = nil
		}
	}
}

// mayLead says that customers may be led to what serves under the name. Where nobody is refused, they may.
func (p *pass) mayLead(name v1alpha1.ObjectName) bool {
	f, known := p.factsOf(name)
	return !p.denies || known && (f.OnMerit || f.Waiver != "")
}

func (p *pass) wasLed(name v1alpha1.ObjectName) bool {
	past, back := p.recorded(name)
	return name != "" && (back && open(past, p.now) && past.WaitingSince == nil ||
		slices.ContainsFunc(slices.Concat(p.prev.Serving, p.serving), func(e v1alpha1.ServingRevision) bool {
			return e.Revision == name && e.WaitingSince == nil
		}))
}

// neverLed is since when the revision waited, nil where customers were led to it.
func (p *pass) neverLed(name v1alpha1.ObjectName) (since *metav1.Time) {
	for _, e := range p.prev.Serving {
		switch {
		case e.Revision != name:
		case e.WaitingSince == nil:
			return nil
		case since == nil || e.WaitingSince.Before(since):
			since = e.WaitingSince
		}
	}
	return since
}

// ledTo says whether customers are led, or were lately, to pods of the API that name the revision or, for none, that run
// those images (R11).
func ledTo(api *v1alpha1.CustomerAPI, revision string, images []string, now time.Time) bool {
	var known []string
	for _, e := range api.Status.Serving {
		if string(e.Revision) != revision || e.WaitingSince != nil {
			continue
		}
		if revision != "" {
			return true
		}
		known = append(known, without(e.Images, e.BreachImages)...)
	}
	for _, past := range api.Status.WayBack {
		if string(past.Revision) != revision || past.WaitingSince != nil || !open(past, now) {
			continue
		}
		if revision != "" {
			return true
		}
		known = append(known, past.Images...)
	}
	return len(known) > 0 && len(without(images, known)) == 0
}
