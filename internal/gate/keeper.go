package gate

import (
	"cmp"

	v1alpha1 "forewarn.dev/forewarn/api/v1alpha1"
)

// keeper is the one workload whose deletion would take the API away from customers (R15): the one with the
// most ready pods of those that take its traffic. It stays the same for as long as none is more of a keeper
// than it is, so that it does not move with each pod that comes or goes.
func keeper(prev *v1alpha1.WorkloadRef, observed []Observation) *v1alpha1.WorkloadRef {
	var best *Observation
	for i := range observed {
		if o := &observed[i]; best == nil || keepsBetter(o, best, prev) {
			best = o
		}
	}
	if best == nil {
		return nil
	}
	ref := best.Workload
	return &ref
}

func keepsBetter(a, b *Observation, prev *v1alpha1.WorkloadRef) bool {
	if ca, cb := keeperClass(a), keeperClass(b); ca != cb {
		return ca > cb
	}
	if prev != nil && a.Workload != b.Workload {
		if a.Workload == *prev {
			return true
		}
		if b.Workload == *prev {
			return false
		}
	}
	return cmp.Or(
		cmp.Compare(b.Ready, a.Ready),
		cmp.Compare(a.Workload.Kind, b.Workload.Kind),
		cmp.Compare(a.Workload.Name, b.Workload.Name),
	) < 0
}

// keeperClass puts what serves before what stands at zero, and then what takes traffic before the half that
// waits. Pods that are not ready serve, too: they will be again.
func keeperClass(o *Observation) int {
	class := 0
	for _, r := range o.Running {
		if r.Pods > 0 || r.Wanted > 0 {
			class = 2
		}
	}
	if o.TakesTraffic {
		class++
	}
	return class
}
