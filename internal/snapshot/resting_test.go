package snapshot

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	apimeta "k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/yaml"

	v1alpha1 "forewarn.dev/forewarn/api/v1alpha1"
)

// routesOf serves HTTPRoutes by name, each as the rules that it has; one whose rules are "error" is not to be read, and
// where there are none the kind is not there.
type routesOf map[string]string

var errNoAnswer = errors.New("the server is away")

func (r routesOf) Get(_ context.Context, key client.ObjectKey, out client.Object, _ ...client.GetOption) error {
	route := out.(*unstructured.Unstructured)
	rules, known := r[key.Name]
	switch {
	case len(r) == 0:
		return &apimeta.NoKindMatchError{GroupKind: route.GroupVersionKind().GroupKind()}
	case rules == "error":
		return errNoAnswer
	case !known || key.Namespace != "shop":
		return apierrors.NewNotFound(schema.GroupResource{Resource: "httproutes"}, key.Name)
	}
	route.Object = map[string]any{}
	return yaml.Unmarshal(fmt.Appendf(nil, "metadata: {name: %s}\nspec:\n  rules: %s", key.Name, rules), &route.Object)
}

func (routesOf) List(context.Context, client.ObjectList, ...client.ListOption) error {
	return errNoAnswer
}

// Of a Service that HTTPRoutes give no weight, customers need nothing; of one that no route names, nobody knows.
func TestResting(t *testing.T) {
	const shared = "[{backendRefs: [{name: primary, port: 80, weight: 100}, {name: canary, port: 80, weight: 0}]}]"
	refers := func(canary string) routesOf {
		return routesOf{"orders": "[{backendRefs: [{name: primary, port: 80}, {name: canary, port: 80, weight: 0" + canary + "}]}]"}
	}
	of := func(services, routes []string) v1alpha1.Carrier {
		return v1alpha1.Carrier{Services: services, HTTPRoutes: routes}
	}
	both, one := []string{"primary", "canary"}, []string{"orders"}
	tests := map[string]struct {
		carrier v1alpha1.Carrier
		routes  routesOf
		want    []string
		fails   bool
	}{
		"a canary between two rollouts":     {carrier: of(both, one), routes: routesOf{"orders": shared}, want: []string{"canary"}},
		"one that gets a part":              {carrier: of(both, one), routes: routesOf{"orders": "[{backendRefs: [{name: primary, weight: 99}, {name: canary, weight: 1}]}]"}},
		"one that gets all":                 {carrier: of(both, one), routes: routesOf{"orders": "[{backendRefs: [{name: primary, weight: 0}, {name: canary, weight: 100}]}]"}, want: []string{"primary"}},
		"no weight is one":                  {carrier: of(both, one), routes: routesOf{"orders": "[{backendRefs: [{name: primary}, {name: canary}]}]"}},
		"one that another rule leads to":    {carrier: of(both, one), routes: routesOf{"orders": "[{backendRefs: [{name: primary}, {name: canary, weight: 0}]}, {backendRefs: [{name: canary}]}]"}},
		"one that another route leads to":   {carrier: of(both, []string{"orders", "beta"}), routes: routesOf{"orders": shared, "beta": "[{backendRefs: [{name: canary}]}]"}},
		"and that names it, too":            {carrier: of(both, []string{"orders", "beta"}), routes: routesOf{"orders": shared, "beta": "[{backendRefs: [{name: canary, weight: 0}]}]"}, want: []string{"canary"}},
		"no route names it":                 {carrier: of([]string{"primary", "canary", "inside"}, one), routes: routesOf{"orders": shared}, want: []string{"canary"}},
		"nobody is led anywhere":            {carrier: of(both, one), routes: routesOf{"orders": "[{backendRefs: [{name: primary, weight: 0}, {name: canary, weight: 0}]}]"}},
		"all are led to what is not listed": {carrier: of(both, one), routes: routesOf{"orders": "[{backendRefs: [{name: elsewhere}, {name: canary, weight: 0}]}]"}},
		"a brownout is answered":            {carrier: of(both, one), routes: routesOf{"orders": "[{backendRefs: [{name: forewarn-brownout, namespace: forewarn-system}]}]"}},
		"a route without rules":             {carrier: of(both, one), routes: routesOf{"orders": "[]"}},
		"a Service of another namespace":    {carrier: of(both, one), routes: refers(", namespace: other")},
		"the namespace is said":             {carrier: of(both, one), routes: refers(", namespace: shop"), want: []string{"canary"}},
		"another kind of that name":         {carrier: of(both, one), routes: refers(", kind: ServiceImport, group: multicluster.x-k8s.io")},
		"the kind is said":                  {carrier: of(both, one), routes: refers(`, kind: Service, group: ""`), want: []string{"canary"}},
		"one of the routes is not there":    {carrier: of(both, []string{"orders", "gone"}), routes: routesOf{"orders": shared}},
		"one of the routes is no route":     {carrier: of(both, []string{"orders", "odd"}), routes: routesOf{"orders": shared, "odd": "none"}},
		"one of the routes cannot be read":  {carrier: of(both, []string{"orders", "secret"}), routes: routesOf{"orders": shared, "secret": "error"}, fails: true},
		"the cluster serves no HTTPRoutes":  {carrier: of(both, one)},
		"no route is listed":                {carrier: of(both, nil), routes: routesOf{"orders": "error"}},
		"of one Service nobody looks":       {carrier: of([]string{"canary"}, one), routes: routesOf{"orders": "error"}},
		"what is not listed":                {carrier: of([]string{"primary", "inside"}, one), routes: routesOf{"orders": shared}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			got, err := New(FromManifests(nil), test.routes).Resting(t.Context(), apiCarriedBy(test.carrier))
			if errors.Is(err, errNoAnswer) != test.fails {
				t.Errorf("error %v", err)
			}
			if !slices.Equal(got, test.want) {
				t.Errorf("%v rest, want %v", got, test.want)
			}
		})
	}
}
