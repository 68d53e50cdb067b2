package downtime

import (
	"slices"

	corev1 "k8s.io/api/core/v1"

	v1alpha1 "forewarn.dev/forewarn/api/v1alpha1"
)

// Circumstances are what was seen of an API that lost pods.
type Circumstances struct {
	// Disrupted are the reasons of the condition DisruptionTarget of the pods that it lost.
	Disrupted []string
	// Moved says that a Service of it selects other pods than it did.
	Moved bool
	// RolledOut is the workload of which a rollout was under way, ScaledDown the one of which fewer pods were wanted.
	RolledOut, ScaledDown v1alpha1.WorkloadRef
	// Workload is the only workload of the API, where there is one.
	Workload v1alpha1.WorkloadRef
}

// Cause is what brought it about. What the pods themselves say comes first: it is about them, and not only at the same time.
func (c Circumstances) Cause() (v1alpha1.DowntimeCause, v1alpha1.WorkloadRef) {
	switch {
	case slices.ContainsFunc(c.Disrupted, ofNode):
		return v1alpha1.CauseNodeLost, c.Workload
	case slices.ContainsFunc(c.Disrupted, ofEviction):
		return v1alpha1.CauseDrain, c.Workload
	case c.Moved:
		return v1alpha1.CauseTraffic, v1alpha1.WorkloadRef{}
	case c.RolledOut.Name != "":
		return v1alpha1.CauseRollout, c.RolledOut
	case c.ScaledDown.Name != "":
		return v1alpha1.CauseScaledDown, c.ScaledDown
	}
	return v1alpha1.CauseUnknown, c.Workload
}

// ofNode are the reasons that Kubernetes gives where a node went away: it did not answer, its object is gone, or it was
// shut down or ran out of something.
func ofNode(reason string) bool {
	return reason == "DeletionByTaintManager" || reason == "DeletionByPodGC" || reason == corev1.PodReasonTerminationByKubelet
}

// ofEviction are those where somebody else was given the place.
func ofEviction(reason string) bool {
	return reason == "EvictionByEvictionAPI" || reason == corev1.PodReasonPreemptionByScheduler
}
