//go:build unix

package admission

import (
	"cmp"
	"fmt"
	"os"
	"strconv"
	"testing"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/util/intstr"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/yaml"

	controllergate "forewarn.dev/forewarn/internal/gate"
)

// strategy is a row of testdata/strategies.yaml, to which gate.Strategy is held, too.
type strategy struct {
	Name     string              `json:"name"`
	Resource string              `json:"resource"`
	Pods     int32               `json:"pods"`
	Most     intstr.IntOrString  `json:"most"`
	Surge    *intstr.IntOrString `json:"surge,omitempty"`
	Down     string              `json:"down"`
	As       string              `json:"as,omitempty"`
}

// stops is what is said of a workload that is rolled out like that, and nothing for nothing.
func (r strategy) stops(of string) string {
	if r.Down == "no" {
		return ""
	}
	return noDowntime(cmp.Or(r.As, fmt.Sprintf("maxUnavailable %s of %d stops", r.Most.String(), r.Pods)) + " all pods of " + of + " before others are ready")
}

func strategies(t *testing.T) []strategy {
	t.Helper()
	data, err := os.ReadFile("testdata/strategies.yaml")
	if err != nil {
		t.Fatal(err)
	}
	var rows []strategy
	if err := yaml.UnmarshalStrict(data, &rows); err != nil {
		t.Fatal(err)
	}
	return rows
}

// in writes the strategy into a workload.
func (r strategy) in(u *unstructured.Unstructured) {
	at := map[string][]string{
		"deployments": {"spec", "strategy", "rollingUpdate"}, "statefulsets": {"spec", "updateStrategy", "rollingUpdate"},
		"daemonsets": {"spec", "updateStrategy", "rollingUpdate"}, "rollouts": {"spec", "strategy", "canary"},
	}[r.Resource]
	write := func(field string, amount intstr.IntOrString) {
		value := any(int64(amount.IntVal))
		if amount.Type == intstr.String {
			value = amount.StrVal
		}
		put(value, append(at[:len(at):len(at)], field)...)(u)
	}
	write("maxUnavailable", r.Most)
	if r.Surge != nil {
		write("maxSurge", *r.Surge)
	}
}

// said is what the command line says of a change that the API server is asked about, and nothing for nothing.
func said(resource string, before, after *unstructured.Unstructured) string {
	change := controllergate.WorkloadChange{Resource: resource, Name: before.GetName(), Before: before.Object, After: after.Object}
	what := change.Stops(false)
	if len(what) == 0 {
		return ""
	}
	return controllergate.OutageRefused("orders", what, controllergate.Outage{Text: nextWindow})
}

// R14: forewarn check knows by the same words what the API server refuses of each kind.
func TestOutagesOfStrategies(t *testing.T) {
	t.Parallel()
	s := newSpace(t)
	usual := map[string]client.Object{}
	deny := keeping()
	rows := strategies(t)
	for _, r := range rows {
		name := "usual-of-" + strconv.Itoa(int(r.Pods))
		if r.Resource == "deployments" || usual[r.Resource+name] != nil {
			continue // TestOutagesOfDeployments
		}
		object := &unstructured.Unstructured{}
		if r.Resource == "daemonsets" {
			object.Object = plain(workloads("", name, template("orders-1", "app", "orders"))[2])
			remove("spec", "template", "spec", "nodeSelector")(object)
			object.SetAPIVersion("apps/v1")
			object.SetKind("DaemonSet")
		} else {
			typed := scalable(name)[r.Resource]
			gvk, err := s.admin.GroupVersionKindFor(typed)
			s.must(err)
			object.Object = plain(typed)
			object.SetGroupVersionKind(gvk)
			put(int64(r.Pods), "spec", "replicas")(object)
		}
		if r.Resource == "rollouts" {
			put(map[string]any{"canary": map[string]any{"maxUnavailable": "1%", "maxSurge": int64(1)}}, "spec", "strategy")(object)
		}
		usual[r.Resource+name] = object
		deny.keep("orders", held, r.Resource+"/"+name)
		s.create(object)
		if r.Resource == "rollouts" {
			put(int64(r.Pods), "status", "readyReplicas")(object)
			s.must(s.admin.Status().Update(t.Context(), object))
		}
		s.eventuallyReady(object, int64(r.Pods))
	}
	s.govern(map[string]*gate{"deny": deny})
	for _, r := range rows {
		base := usual[r.Resource+"usual-of-"+strconv.Itoa(int(r.Pods))]
		if base == nil {
			continue
		}
		t.Run(r.Name, func(t *testing.T) {
			s := s.with(t)
			want := r.stops(r.Resource + "/" + base.GetName())
			before := &unstructured.Unstructured{}
			before.SetGroupVersionKind(base.GetObjectKind().GroupVersionKind())
			var after *unstructured.Unstructured
			s.judged(retryConflicts(func() error {
				s.must(s.tenant.Get(t.Context(), client.ObjectKeyFromObject(base), before))
				after = before.DeepCopy()
				r.in(after)
				return s.tenant.Update(t.Context(), after.DeepCopy(), client.DryRunAll)
			}), outages, want)
			if got := said(r.Resource, before, after); got != want {
				t.Errorf("the command line says %q, want %q", got, want)
			}
		})
	}
}
