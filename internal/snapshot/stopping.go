package snapshot

import (
	"context"
	"fmt"
	"math"

	appsv1 "k8s.io/api/apps/v1"
	apimeta "k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/utils/ptr"
	"sigs.k8s.io/controller-runtime/pkg/client"

	v1alpha1 "forewarn.dev/forewarn/api/v1alpha1"
	"forewarn.dev/forewarn/internal/gate"
)

// stopping are the workloads of a namespace whose rollout may stop all their pods before others are ready.
func (s *Snapshot) stopping(ctx context.Context, namespace string) (map[v1alpha1.WorkloadRef]int32, error) {
	found := map[v1alpha1.WorkloadRef]int32{}
	for kind, list := range map[string]client.ObjectList{
		"Deployment": &appsv1.DeploymentList{}, "StatefulSet": &appsv1.StatefulSetList{}, "DaemonSet": &appsv1.DaemonSetList{},
	} {
		if err := s.objects.List(ctx, list, client.InNamespace(namespace), client.UnsafeDisableDeepCopy); err != nil {
			return nil, fmt.Errorf("listing each %s in %s: %w", kind, namespace, err)
		}
		err := apimeta.EachListItem(list, func(item runtime.Object) error {
			if object, ok := item.(client.Object); ok {
				if below, may := MayStop(object); may {
					found[v1alpha1.WorkloadRef{Kind: kind, Name: object.GetName()}] = below
				}
			}
			return nil
		})
		if err != nil {
			return nil, fmt.Errorf("reading each %s in %s: %w", kind, namespace, err)
		}
	}
	return found, nil
}

// MayStop says that a rollout of a workload, with whatever number of replicas, may stop all its pods before others are
// ready. Below is with how many or fewer the rollout that is under way does so while some are ready; 0 for none. It is the
// same from one rollout to the next and however often it is scaled: the gate is written for it.
func MayStop(object client.Object) (below int32, may bool) {
	var s gate.Strategy
	var there, updated, ready int32
	switch o := object.(type) {
	case *appsv1.Deployment:
		s = strategyOf(o)
		there, updated, ready = o.Status.Replicas, o.Status.UpdatedReplicas, o.Status.ReadyReplicas
	case *appsv1.StatefulSet:
		s = gate.Strategy{Resource: "statefulsets", Held: o.Spec.UpdateStrategy.Type == appsv1.OnDeleteStatefulSetStrategyType}
		if rolling := o.Spec.UpdateStrategy.RollingUpdate; rolling != nil {
			s.MaxUnavailable = amountOf(rolling.MaxUnavailable)
			s.Held = s.Held || ptr.Deref(rolling.Partition, 0) > 0
		}
		there, updated, ready = o.Status.Replicas, o.Status.UpdatedReplicas, o.Status.ReadyReplicas
	case *appsv1.DaemonSet: // has as many pods as there are nodes, and is not scaled
		s = gate.Strategy{Resource: "daemonsets"}
		if rolling := o.Spec.UpdateStrategy.RollingUpdate; rolling != nil {
			s.MaxUnavailable = amountOf(rolling.MaxUnavailable)
		}
	}
	if there != updated && ready > 0 && !s.Held {
		below = int32(min(s.StopsAt(), math.MaxInt32)) //nolint:gosec // ten digits at most
	}
	return below, s.MayStop()
}
