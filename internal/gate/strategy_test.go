package gate_test

import (
	"os"
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
	}
	if err := yaml.UnmarshalStrict(data, &rows); err != nil || len(rows) == 0 {
		t.Fatal("there are no rows", err)
	}
	for _, r := range rows {
		s := gate.Strategy{Resource: r.Resource, Pods: r.Pods, MaxUnavailable: r.Most.String()}
		if r.Surge != nil {
			s.MaxSurge = r.Surge.String()
		}
		if got := s.TakesAllDown(); got != (r.Down == "yes") {
			t.Errorf("%s: got %t", r.Name, got)
		}
	}
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
