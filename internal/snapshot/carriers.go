package snapshot

import (
	"context"
	"fmt"
	"slices"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"sigs.k8s.io/controller-runtime/pkg/client"

	v1alpha1 "forewarn.dev/forewarn/api/v1alpha1"
	"forewarn.dev/forewarn/internal/gate"
)

// Carriers says which pods carry an API.
type Carriers struct {
	// Selectors are those by which pods are looked for: what carriedBy gives, and what was in force until now.
	Selectors []v1alpha1.PodSelector
	// Declared are what carriedBy gives: without slot keys, so that a half that takes no traffic yet is selected,
	// too. For what gives nothing any more, the labels last known.
	Declared []v1alpha1.PodSelector
	// Leading is what Services select now that carriedBy names no more, and whose labels were in force until now.
	Leading map[string]map[string]string
	// traffic are the label sets that lead customers to pods now, slot keys included.
	traffic []v1alpha1.PodSelector
	// leads are those of them by which customers come: of Services, unless there are none. A Service that carriedBy names
	// just now says nothing of pods that were there before it.
	leads []v1alpha1.PodSelector
	// Missing are the Services that are not there, or select nothing once slot keys are left out.
	Missing []string
	// Unfit says that matchLabels select nothing once slot keys are left out, or are labels that no pod can have.
	Unfit bool
}

// Carriers reads what carries the API.
func (s *Snapshot) Carriers(ctx context.Context, api *v1alpha1.CustomerAPI) (Carriers, error) {
	found := Carriers{Leading: map[string]map[string]string{}}
	carrier := &api.Spec.CarriedBy
	for _, name := range carrier.Services {
		labels, err := s.serviceSelector(ctx, client.ObjectKey{Namespace: api.Namespace, Name: name})
		if err != nil {
			return Carriers{}, err
		}
		if !found.declare(api, name, labels) {
			found.Missing = append(found.Missing, name)
		}
	}
	if len(carrier.MatchLabels) > 0 {
		found.Unfit = !found.declare(api, "", carrier.MatchLabels)
	}
	slices.Sort(found.Missing)
	found.Selectors = slices.Clone(found.Declared)
	for _, known := range api.Status.Selectors {
		if gate.HasSelector(found.Selectors, known) {
			continue
		}
		found.Selectors = append(found.Selectors, known)
		if err := s.follow(ctx, api, &found, known); err != nil {
			return Carriers{}, err
		}
	}
	if !slices.ContainsFunc(found.Selectors, func(s v1alpha1.PodSelector) bool { return s.Service != "" }) {
		found.leads = found.traffic
	}
	return found, nil
}

// lead takes by what labels customers come by a Service.
func (c *Carriers) lead(api *v1alpha1.CustomerAPI, service string, labels map[string]string) {
	way := v1alpha1.PodSelector{Service: service, MatchLabels: labels}
	c.traffic = append(c.traffic, way)
	known := func(s v1alpha1.PodSelector) bool { return s.Service == service }
	if service != "" && (!EverServed(api) || slices.ContainsFunc(api.Status.Selectors, known)) {
		c.leads = append(c.leads, way)
	}
}

// declare takes what carriedBy gives. Where that is nothing, what it last gave stays.
func (c *Carriers) declare(api *v1alpha1.CustomerAPI, service string, labels map[string]string) bool {
	if governed := gate.StripSlots(labels, api.Spec.CarriedBy.SlotKeys); gate.UsableSelector(governed) {
		c.Declared = append(c.Declared, v1alpha1.PodSelector{Service: service, MatchLabels: governed})
		c.lead(api, service, labels)
		return true
	}
	for _, known := range api.Status.Selectors {
		if known.Service == service && known.KeptFor == "" {
			c.Declared = append(c.Declared, known)
			c.lead(api, service, known.MatchLabels)
		}
	}
	return false
}

// follow finds out where customers are led by a selector that carriedBy gives no more. Where that cannot be told,
// they are led by it still.
func (s *Snapshot) follow(ctx context.Context, api *v1alpha1.CustomerAPI, c *Carriers, known v1alpha1.PodSelector) error {
	if known.Service != "" && slices.Contains(api.Spec.CarriedBy.Services, known.Service) {
		return nil // it leads elsewhere now
	}
	labels := known.MatchLabels
	if known.Service != "" {
		selected, err := s.serviceSelector(ctx, client.ObjectKey{Namespace: api.Namespace, Name: known.Service})
		if err != nil {
			return err
		}
		if len(selected) > 0 {
			c.Leading[known.Service], labels = selected, selected
		}
	}
	c.lead(api, known.Service, labels)
	return nil
}

func (s *Snapshot) serviceSelector(ctx context.Context, key client.ObjectKey) (map[string]string, error) {
	var service corev1.Service
	if err := s.objects.Get(ctx, key, &service); err != nil {
		if apierrors.IsNotFound(err) {
			return nil, nil
		}
		return nil, fmt.Errorf("reading service %s: %w", key, err)
	}
	if service.Spec.Type == corev1.ServiceTypeExternalName {
		return nil, nil // it leads to no pods, whatever it says
	}
	return service.Spec.Selector, nil
}

// carries says whether pods with these labels carry the API.
func (c Carriers) carries(labels map[string]string) bool {
	return selected(c.Selectors, labels)
}

// takesTraffic says whether customers are led to pods with these labels.
func (c Carriers) takesTraffic(labels map[string]string) bool { return selected(c.traffic, labels) }

// ledBy are the Services that lead to pods with these labels.
func (c Carriers) ledBy(labels map[string]string) (services []string) {
	for _, way := range c.traffic {
		if way.Service != "" && gate.Selects(way.MatchLabels, labels) {
			services = append(services, way.Service)
		}
	}
	return services
}

// leadsTo says whether customers come to pods with these labels by what they have known until now.
func (c Carriers) leadsTo(labels map[string]string) bool {
	return selected(c.leads, labels)
}

func selected(by []v1alpha1.PodSelector, labels map[string]string) bool {
	return slices.ContainsFunc(by, func(s v1alpha1.PodSelector) bool { return gate.Selects(s.MatchLabels, labels) })
}

// waysTo are the Services by which customers come to pods with these labels, "" for labels without any.
func (c Carriers) waysTo(labels map[string]string) (ways []string) {
	for _, way := range c.leads {
		if gate.Selects(way.MatchLabels, labels) {
			ways = append(ways, way.Service)
		}
	}
	return ways
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
		return slices.Contains(api.Spec.CarriedBy.Services, o.Name) ||
			slices.ContainsFunc(api.Status.Selectors, func(s v1alpha1.PodSelector) bool { return s.Service == o.Name })
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
