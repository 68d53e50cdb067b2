package gate

import (
	"cmp"
	"slices"

	v1alpha1 "forewarn.dev/forewarn/api/v1alpha1"
)

// keepers are the workloads whose deletion would take the API away from customers (R15), in order: of each Service by
// which they come, the best of those that it leads to. Where no Service leads to anything, it is the best of all.
//
//	Service orders ────┬─▶ Deployment blue    kept, of the two that it selects once slot keys are left out
//	                   └╌╌ Deployment green   waits
//	Service reports ─────▶ Deployment reports kept
//	Service canary ╌╌╌╌╌╌▶ Deployment canary  may rest while HTTPRoutes give the Service no weight
//	matchLabels ─────────▶ Deployment jobs    governed, and not kept beside a Service
func keepers(in PromiseInput) []v1alpha1.WorkloadRef {
	var kept []v1alpha1.WorkloadRef
	for _, service := range servicesOf(in.API) {
		if slices.Contains(in.Resting, service) {
			continue
		}
		led := slices.Clone(in.Observed)
		led = slices.DeleteFunc(led, func(o Observation) bool { return !leads(in.API, service, &o) })
		best := keeper(service, in.Keepers, led)
		// What carriedBy names no more counts for as long as somebody is served by it.
		if best != nil && (serves(best) || slices.Contains(in.API.Spec.CarriedBy.Services, service)) {
			kept = append(kept, withStandIn(service, in.Keepers, led, best)...)
		}
	}
	if best := keeper("", in.Keepers, in.Observed); best != nil && len(kept) == 0 {
		kept = append(kept, withStandIn("", in.Keepers, in.Observed, best)...)
	}
	slices.SortFunc(kept, compareWorkloads)
	return slices.Compact(kept)
}

// leads says that a Service leads to pods of a workload, or would to those of its other half.
func leads(api *v1alpha1.CustomerAPI, service string, o *Observation) bool {
	return slices.Contains(o.LedBy, service) || slices.ContainsFunc(api.Status.Selectors, func(s v1alpha1.PodSelector) bool {
		selected := func(labels map[string]string) bool { return Selects(s.MatchLabels, labels) }
		return s.Service == service && (selected(o.Template) || slices.ContainsFunc(o.Running, func(r Running) bool {
			return slices.ContainsFunc(r.Labels, selected)
		}))
	})
}

// keeper is the one of them with the most ready pods of those that take the traffic of the Service. It stays the same for
// as long as none is more of a keeper than it is, so that it does not move with each pod that comes or goes.
func keeper(service string, prev []v1alpha1.WorkloadRef, observed []Observation) *Observation {
	var best *Observation
	for i := range observed {
		if o := &observed[i]; best == nil || keepsBetter(service, prev, o, best) {
			best = o
		}
	}
	return best
}

// withStandIn is the keeper and, while none of its pods is ready, the best of those that take the same traffic and have some:
// it is by them that customers are served until then.
func withStandIn(service string, prev []v1alpha1.WorkloadRef, observed []Observation, best *Observation) []v1alpha1.WorkloadRef {
	kept := []v1alpha1.WorkloadRef{best.Workload}
	if best.Ready > 0 {
		return kept
	}
	ready := slices.DeleteFunc(slices.Clone(observed), func(o Observation) bool {
		return o.Ready == 0 || keeperClass(service, &o) < keeperClass(service, best)
	})
	if standIn := keeper(service, prev, ready); standIn != nil {
		kept = append(kept, standIn.Workload)
	}
	return kept
}

func keepsBetter(service string, prev []v1alpha1.WorkloadRef, a, b *Observation) bool {
	if ca, cb := keeperClass(service, a), keeperClass(service, b); ca != cb {
		return ca > cb
	}
	if pa, pb := slices.Contains(prev, a.Workload), slices.Contains(prev, b.Workload); pa != pb {
		return pa
	}
	return cmp.Or(cmp.Compare(b.Ready, a.Ready), compareWorkloads(a.Workload, b.Workload)) < 0
}

// keeperClass puts what serves before what stands at zero, and then what takes traffic before the half that
// waits.
func keeperClass(service string, o *Observation) int {
	class := 0
	if serves(o) {
		class = 2
	}
	if service == "" && o.TakesTraffic || slices.Contains(o.LedBy, service) {
		class++
	}
	return class
}

// serves says that a workload has pods, or wants some. Pods that are not ready serve, too: they will be again.
func serves(o *Observation) bool {
	return slices.ContainsFunc(o.Running, func(r Running) bool { return r.Pods > 0 || r.Wanted > 0 })
}

func compareWorkloads(a, b v1alpha1.WorkloadRef) int {
	return cmp.Or(cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.Name, b.Name))
}
