package gate_test

import (
	"cmp"
	"fmt"
	"os"
	"slices"
	"testing"

	"k8s.io/apimachinery/pkg/util/intstr"
	"sigs.k8s.io/yaml"

	"forewarn.dev/forewarn/internal/gate"
)

// The rows are those that test/admission asks a real API server about.
func TestStrategiesThatTakeAllDown(t *testing.T) {
	data, err := os.ReadFile("../../test/admission/testdata/strategies.yaml")
	if err != nil {
		t.Fatal(err)
	}
	var rows []struct {
		Name     string              `json:"name"`
		Resource string              `json:"resource"`
		Pods     int64               `json:"pods"`
		Most     intstr.IntOrString  `json:"most"`
		Surge    *intstr.IntOrString `json:"surge,omitempty"`
		Down     string              `json:"down"`
		As       string              `json:"as,omitempty"`
	}
	if err := yaml.UnmarshalStrict(data, &rows); err != nil || len(rows) == 0 {
		t.Fatal("there are no rows", err)
	}
	for _, r := range rows {
		if r.Resource == "rollouts" { // whose amounts are read from the object
			var want []string
			if r.Down == "yes" {
				as := cmp.Or(r.As, fmt.Sprintf("maxUnavailable %s of %d stops", r.Most.String(), r.Pods))
				want = []string{as + " all pods of rollouts/orders before others are ready"}
			}
			if got := ofRollout(r.Pods, r.Most, *r.Surge); !slices.Equal(got, want) {
				t.Errorf("%s: got %q, want %q", r.Name, got, want)
			}
			continue
		}
		s := gate.Strategy{Resource: r.Resource, Pods: r.Pods, MaxUnavailable: r.Most.String()}
		if r.Surge != nil {
			s.MaxSurge = r.Surge.String()
		}
		if got := s.TakesAllDown(); got != (r.Down == "yes") {
			t.Errorf("%s: got %t", r.Name, got)
		}
	}
}

// ofRollout is what is said of a rollout of an Argo Rollout.
func ofRollout(pods int64, most, surge intstr.IntOrString) []string {
	amount := func(written intstr.IntOrString) any {
		if written.Type == intstr.String {
			return written.StrVal
		}
		return int64(written.IntVal)
	}
	before := object(put(pods, "spec", "replicas"), put(map[string]any{"maxUnavailable": amount(most), "maxSurge": amount(surge)}, "spec", "strategy", "canary"))
	return gate.WorkloadChange{Resource: "rollouts", Name: "orders", Before: before}.StopsAnyRollout()
}

// What no API server takes, or defaults: a manifest may say it.
func TestStrategiesAsWritten(t *testing.T) {
	for name, c := range map[string]struct {
		gate.Strategy
		want bool
	}{
		"nothing said":                {gate.Strategy{Resource: "deployments", Pods: 1}, false},
		"nothing said, with no more":  {gate.Strategy{Resource: "deployments", Pods: 1, MaxSurge: "0"}, true},
		"no more of a set":            {gate.Strategy{Resource: "statefulsets", Pods: 1, MaxSurge: "0"}, false},
		"Recreate":                    {gate.Strategy{Resource: "deployments", Pods: 1, Recreate: true}, true},
		"Recreate of none":            {gate.Strategy{Resource: "deployments", Recreate: true}, false},
		"all of none":                 {gate.Strategy{Resource: "deployments", MaxUnavailable: "100%"}, false},
		"what is no number":           {gate.Strategy{Resource: "deployments", Pods: 1, MaxUnavailable: "all"}, false},
		"what is below zero":          {gate.Strategy{Resource: "deployments", Pods: 1, MaxUnavailable: "-1"}, false},
		"nine digits":                 {gate.Strategy{Resource: "deployments", Pods: 1, MaxUnavailable: "100000000%"}, true},
		"a number of ten digits":      {gate.Strategy{Resource: "deployments", Pods: 1, MaxUnavailable: "2147483647"}, true},
		"a number of eleven":          {gate.Strategy{Resource: "deployments", Pods: 1, MaxUnavailable: "10000000000"}, false},
		"ten digits":                  {gate.Strategy{Resource: "deployments", Pods: 1, MaxUnavailable: "1000000000%"}, false},
		"a share of one on two nodes": {gate.Strategy{Resource: "daemonsets", Pods: 2, MaxUnavailable: "1%"}, false},
		"a share on one node":         {gate.Strategy{Resource: "daemonsets", Pods: 1, MaxUnavailable: "99%"}, false},
		"all on one node":             {gate.Strategy{Resource: "daemonsets", Pods: 1, MaxUnavailable: "100%"}, true},
	} {
		if got := c.TakesAllDown(); got != c.want {
			t.Errorf("%s: got %t", name, got)
		}
	}
}
