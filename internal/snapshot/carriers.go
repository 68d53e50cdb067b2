package snapshot

import (
	"context"
	"fmt"
	"maps"
	"slices"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"sigs.k8s.io/controller-runtime/pkg/client"

	v1alpha1 "forewarn.dev/forewarn/api/v1alpha1"
)

// volatileKeys are label keys whose values controllers choose anew for each revision: a selector that held one
// would let go of the API with the next rollout.
var volatileKeys = []string{
	appsv1.DefaultDeploymentUniqueLabelKey,
	"rollouts-pod-template-hash",
	appsv1.ControllerRevisionHashLabelKey,
	appsv1.StatefulSetPodNameLabel,
	appsv1.PodIndexLabel,
}

// Carriers says which pods carry an API.
type Carriers struct {
	// Selectors govern: without slot keys, so that a half that takes no traffic yet is selected, too.
	Selectors []v1alpha1.PodSelector
	// traffic are the label sets that lead customers to pods now, slot keys included.
	traffic []map[string]string
	// Missing are the Services that are not there, or select nothing. What was known of them stays.
	Missing []string
}

// Carriers reads what carries the API.
func (s *Snapshot) Carriers(ctx context.Context, api *v1alpha1.CustomerAPI) (Carriers, error) {
	var found Carriers
	carrier := &api.Spec.CarriedBy
	for _, name := range carrier.Services {
		labels, err := s.serviceSelector(ctx, client.ObjectKey{Namespace: api.Namespace, Name: name})
		if err != nil {
			return Carriers{}, err
		}
		if governed := withoutKeys(labels, carrier.SlotKeys); len(governed) > 0 {
			found.Selectors = append(found.Selectors, v1alpha1.PodSelector{Service: name, MatchLabels: governed})
			found.traffic = append(found.traffic, labels)
			continue
		}
		found.Missing = append(found.Missing, name)
		if known := lastKnown(api, name); known != nil {
			found.Selectors = append(found.Selectors, *known)
			found.traffic = append(found.traffic, known.MatchLabels)
		}
	}
	if governed := withoutKeys(carrier.MatchLabels, carrier.SlotKeys); len(governed) > 0 {
		found.Selectors = append(found.Selectors, v1alpha1.PodSelector{MatchLabels: governed})
		found.traffic = append(found.traffic, carrier.MatchLabels)
	}
	slices.Sort(found.Missing)
	return found, nil
}

func (s *Snapshot) serviceSelector(ctx context.Context, key client.ObjectKey) (map[string]string, error) {
	var service corev1.Service
	if err := s.objects.Get(ctx, key, &service); err != nil {
		if apierrors.IsNotFound(err) {
			return nil, nil
		}
		return nil, fmt.Errorf("reading service %s: %w", key, err)
	}
	return service.Spec.Selector, nil
}

func lastKnown(api *v1alpha1.CustomerAPI, service string) *v1alpha1.PodSelector {
	for i := range api.Status.Selectors {
		if api.Status.Selectors[i].Service == service {
			return &api.Status.Selectors[i]
		}
	}
	return nil
}

func withoutKeys(labels map[string]string, slotKeys []string) map[string]string {
	kept := maps.Clone(labels)
	for _, key := range slices.Concat(volatileKeys, slotKeys) {
		delete(kept, key)
	}
	return kept
}

// carries says whether pods with these labels carry the API.
func (c Carriers) carries(labels map[string]string) bool {
	return slices.ContainsFunc(c.Selectors, func(s v1alpha1.PodSelector) bool { return subset(s.MatchLabels, labels) })
}

// takesTraffic says whether customers are led to pods with these labels.
func (c Carriers) takesTraffic(labels map[string]string) bool {
	return slices.ContainsFunc(c.traffic, func(s map[string]string) bool { return subset(s, labels) })
}

func subset(wanted, labels map[string]string) bool {
	for key, value := range wanted {
		if has, ok := labels[key]; !ok || has != value {
			return false
		}
	}
	return len(wanted) > 0
}

// MayCarry says whether a change of the object may change what serves the API: a Service that carries it, or a pod
// or workload that its selectors match. An API that was not looked at yet may be carried by anything.
func MayCarry(api *v1alpha1.CustomerAPI, object client.Object) bool {
	if len(api.Status.Selectors) == 0 {
		return true
	}
	var labels map[string]string
	switch o := object.(type) {
	case *corev1.Service:
		return slices.Contains(api.Spec.CarriedBy.Services, o.Name)
	case *appsv1.ReplicaSet:
		labels = o.Spec.Template.Labels
	case *appsv1.Deployment:
		labels = o.Spec.Template.Labels
	case *appsv1.StatefulSet:
		labels = o.Spec.Template.Labels
	case *appsv1.DaemonSet:
		labels = o.Spec.Template.Labels
	default:
		labels = o.GetLabels()
	}
	return Carriers{Selectors: api.Status.Selectors}.carries(labels)
}
