package gate

import (
	"cmp"
	"slices"
	"strings"
)

// ReplicaSet is what was seen of one ReplicaSet of a workload, which has several while it is rolled out.
type ReplicaSet struct {
	Name string
	// Wanted is how many replicas are asked of it.
	Wanted int32
	// Turn is the number of the rollout that it is of, 0 where nobody counts.
	Turn int64
	// Ways are the Services by which customers come to a pod of it that is ready, "" for labels without any.
	Ways []string
}

// staying are those of several ReplicaSets that are not to be taken down: of each way by which customers come, one. Nothing
// where none is ready, and none may go. It is one, so that of two which may go by themselves not both go at once.
//
// Of several behind one Service the controller has most replicas in the one that it means to keep and, of one replica each,
// goes on to that of the later rollout.
func staying(sets []ReplicaSet) []string {
	best := map[string]*ReplicaSet{}
	for i := range sets {
		for _, way := range sets[i].Ways {
			if best[way] == nil || staysBefore(&sets[i], best[way]) {
				best[way] = &sets[i]
			}
		}
	}
	var names []string
	for _, s := range best {
		names = append(names, s.Name)
	}
	slices.Sort(names)
	if names = slices.Compact(names); len(names) == len(sets) {
		return nil // none may go, as where nothing is known
	}
	return names
}

func staysBefore(a, b *ReplicaSet) bool {
	return cmp.Or(cmp.Compare(b.Wanted, a.Wanted), cmp.Compare(b.Turn, a.Turn), cmp.Compare(a.Name, b.Name)) < 0
}

// addStaying writes what stays of each workload with several ReplicaSets:
//
//	stay  orders/rollouts/orders -> orders-6d4f9c
func (g *gate) addStaying(a PublishedAPI) {
	for _, s := range a.Running {
		key := a.API.Name + "/" + resourceOf(s.Workload.Kind) + "/" + s.Workload.Name
		// An owner is of whatever kind somebody wrote.
		if s.Stays != "" && !strings.ContainsAny(key, " \n") {
			g.tables.set(tableStay, key, s.Stays)
		}
	}
}

func (g *gate) dropStaying(api string) {
	for in, lines := range g.tables.buckets {
		for key := range lines {
			if strings.HasPrefix(in, tableStay+".") && strings.HasPrefix(key, api+"/") {
				g.tables.unset(tableStay, key)
			}
		}
	}
}

// workloadSets are the sets of one workload, in order.
func workloadSets(o Observation) []RunningSet {
	stays := strings.Join(staying(o.ReplicaSets), " ")
	var sets []RunningSet
	for _, r := range o.Running {
		for _, s := range slices.SortedFunc(slices.Values(r.Sets), byLabels) {
			sets = append(sets, RunningSet{
				LabelSet: s, Workload: o.Workload, Stays: stays, Revision: string(revisionName(r.Revision)), Images: r.Images,
			})
		}
	}
	return sets
}
