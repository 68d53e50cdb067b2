package snapshot

import (
	"cmp"
	"slices"
	"strconv"
	"strings"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/validation"

	v1alpha1 "forewarn.dev/forewarn/api/v1alpha1"
	"forewarn.dev/forewarn/internal/gate"
)

// TurnAnnotation is where Argo Rollouts counts its rollouts, on each ReplicaSet.
const TurnAnnotation = "rollout.argoproj.io/revision"

// makers are the kinds that make ReplicaSets, and the label that each adds to what they select by: its value ends their name.
var makers = []struct{ label, kind string }{
	{appsv1.DefaultDeploymentUniqueLabelKey, "Deployment"}, {"rollouts-pod-template-hash", "Rollout"},
}

// MakerOf is the workload that a ReplicaSet is of: what made it, by its name and by what it selects by, as outages.yaml reads
// them. Nobody changes these; an owner is written by anybody who may write the ReplicaSet, and its scale does not show it.
func MakerOf(set *appsv1.ReplicaSet) v1alpha1.WorkloadRef {
	itself := v1alpha1.WorkloadRef{Kind: "ReplicaSet", Name: set.Name}
	owner := metav1.GetControllerOfNoCopy(set)
	if owner == nil || set.Spec.Selector == nil {
		return itself
	}
	for _, maker := range makers {
		name, ok := strings.CutSuffix(set.Name, "-"+set.Spec.Selector.MatchLabels[maker.label])
		switch {
		case !ok || name == "":
			continue
		case len(set.Name) == validation.DNS1123SubdomainMaxLength && owner.Kind == maker.kind && strings.HasPrefix(owner.Name, name) && namesWorkload(owner):
			name = owner.Name // of which the end was cut off
		}
		return v1alpha1.WorkloadRef{Kind: maker.kind, Name: name}
	}
	return itself
}

// addReplicaSet takes one of the workload in. One that goes already keeps no other from going.
func (w *workload) addReplicaSet(set *appsv1.ReplicaSet, wanted int32) {
	if set.DeletionTimestamp != nil {
		return
	}
	turn, err := strconv.ParseInt(set.Annotations[TurnAnnotation], 10, 64)
	if err != nil {
		turn = 0 // nobody counts, or somebody wrote something else
	}
	w.sets = append(w.sets, gate.ReplicaSet{Name: set.Name, Wanted: wanted, Turn: turn})
}

// lead takes in by what ways customers come to a pod that is ready.
func (w *workload) lead(pod *corev1.Pod, ways []string) {
	owner := metav1.GetControllerOfNoCopy(pod)
	if owner == nil || owner.Kind != "ReplicaSet" {
		return
	}
	for i := range w.sets {
		if s := &w.sets[i]; s.Name == owner.Name {
			s.Ways = append(s.Ways, ways...)
			slices.Sort(s.Ways)
			s.Ways = slices.Compact(s.Ways)
		}
	}
}

func (w *workload) replicaSets() []gate.ReplicaSet {
	slices.SortFunc(w.sets, func(a, b gate.ReplicaSet) int { return cmp.Compare(a.Name, b.Name) })
	return w.sets
}
