package snapshot

import (
	"context"
	"fmt"
	"slices"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	apimeta "k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"sigs.k8s.io/controller-runtime/pkg/client"
	gatewayv1 "sigs.k8s.io/gateway-api/apis/v1"

	v1alpha1 "forewarn.dev/forewarn/api/v1alpha1"
)

// Resting are the Services of carriedBy to which the HTTPRoutes of the API lead nobody now: those that they name, and with
// a weight of 0 alone, while they lead to another. A rollout tool leaves a canary so. Where a route is not known, or none
// names the Service, customers may come by it.
func (s *Snapshot) Resting(ctx context.Context, api *v1alpha1.CustomerAPI) ([]string, error) {
	carrier := &api.Spec.CarriedBy
	if len(carrier.Services) < 2 {
		return nil, nil
	}
	weights := map[string]int32{}
	for _, name := range carrier.HTTPRoutes {
		route, err := s.httpRoute(ctx, client.ObjectKey{Namespace: api.Namespace, Name: name})
		if err != nil || route == nil {
			return nil, err
		}
		for _, rule := range route.Spec.Rules {
			for i := range rule.BackendRefs {
				if service, weight := backend(api.Namespace, &rule.BackendRefs[i].BackendRef); service != "" {
					weights[service] = max(weights[service], weight)
				}
			}
		}
	}
	var resting []string
	led := false
	for _, service := range carrier.Services {
		weight, named := weights[service]
		led = led || weight > 0
		if named && weight == 0 {
			resting = append(resting, service)
		}
	}
	if !led {
		return nil, nil
	}
	slices.Sort(resting)
	return resting, nil
}

// httpRoute is nil where there is none that can be read, be it that the cluster serves no such kind. No cache holds them.
func (s *Snapshot) httpRoute(ctx context.Context, key client.ObjectKey) (*gatewayv1.HTTPRoute, error) {
	object := &unstructured.Unstructured{}
	object.SetGroupVersionKind(schema.GroupVersionKind{Group: gatewayv1.GroupName, Version: gatewayv1.GroupVersion.Version, Kind: "HTTPRoute"})
	if err := s.documents.Get(ctx, key, object); err != nil {
		if apierrors.IsNotFound(err) || apimeta.IsNoMatchError(err) {
			return nil, nil
		}
		return nil, fmt.Errorf("reading HTTPRoute %s: %w", key, err)
	}
	route := &gatewayv1.HTTPRoute{}
	if err := runtime.DefaultUnstructuredConverter.FromUnstructured(object.Object, route); err != nil {
		return nil, nil //nolint:nilerr // of what is no route nobody knows where it leads
	}
	return route, nil
}

// backend is the Service of the namespace that a reference is to, and how much of what comes goes there.
func backend(namespace string, ref *gatewayv1.BackendRef) (service string, weight int32) {
	if ref.Group != nil && *ref.Group != "" || ref.Kind != nil && *ref.Kind != "Service" ||
		ref.Namespace != nil && string(*ref.Namespace) != namespace {
		return "", 0
	}
	if ref.Weight == nil {
		return string(ref.Name), 1
	}
	return string(ref.Name), *ref.Weight
}
