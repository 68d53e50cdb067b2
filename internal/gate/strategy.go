package gate

import (
	"fmt"
	"strconv"
	"strings"
)

// Strategy is how a workload is rolled out, as it is written: of how many pods how many may be down at once.
type Strategy struct {
	// Resource is what the API server calls its kind: deployments, statefulsets, daemonsets or rollouts.
	Resource string
	// Pods are how many it wants; of a DaemonSet, on how many nodes.
	Pods     int64
	Recreate bool
	// MaxUnavailable and MaxSurge are a number or a share ("25%"), and empty where nothing is said. Of an Argo Rollout they are
	// what its controller makes of what is written.
	MaxUnavailable, MaxSurge string
	// Held says that its pods stay as they are for now: it is paused, or waits for pods to be deleted, or for an amount.
	Held bool
}

// TakesAllDown says that a rollout stops all pods before others are ready, or may. It is the variable downs of outages.yaml:
// the API server and this are held to one table.
func (s Strategy) TakesAllDown() bool { return s.by() != "" }

// What by says beside fields.
const (
	byRecreate = "Recreate"
	byUnclear  = "unclear" // nothing certain
)

// by says by which field it takes all down, and nothing for none. It is the variable by of outages.yaml.
//
// Kubernetes rounds a share up for a DaemonSet, and otherwise down, but not both it and maxSurge to nothing. Of a
// StatefulSet or a DaemonSet, one pod at a time is the least that can be said.
func (s Strategy) by() string {
	surges := s.Resource == "deployments" || s.Resource == "rollouts"
	share, number := amount(s.MaxUnavailable)
	switch {
	case s.Pods == 0, s.stuck():
		return ""
	case s.Recreate:
		return byRecreate
	case share >= 100, number >= s.Pods && (number > 1 || surges),
		s.Resource == "daemonsets" && s.Pods > 1 && share*s.Pods > 100*(s.Pods-1):
		return fieldUnavailable
	case surges && s.Pods == 1 && s.noSurge():
		return fieldSurge
	case s.unclear() != "":
		return byUnclear
	}
	return ""
}

// surely says that it takes all down, and not only may.
func (s Strategy) surely() bool { return s.by() != "" && s.by() != byUnclear }

// noSurge says that no pod comes before one goes.
func (s Strategy) noSurge() bool {
	share, number := amount(s.MaxSurge)
	return share == 0 || number == 0
}

// amount is a share in percent or a number; -1 for what is not.
func amount(written string) (share, number int64) {
	digits, isShare := strings.CutSuffix(written, "%")
	longest := 10 // as a number of Kubernetes is
	if isShare {
		longest = 9 // beside zeros in front, with which Kubernetes takes a share, too
	}
	n, err := strconv.ParseUint(digits, 10, 64)
	switch {
	case err != nil || len(strings.TrimLeft(digits, "0")) > longest:
		return -1, -1
	case isShare:
		return int64(n), -1
	}
	return -1, int64(n)
}

// strategyOf reads that of a workload.
func strategyOf(resource string, o map[string]any) Strategy {
	pods := numberAt(o, 1, "spec", "replicas")
	if resource == "daemonsets" {
		pods = numberAt(o, 0, "status", "desiredNumberScheduled")
	}
	s := Strategy{
		Resource: resource, Pods: pods,
		Recreate: at(o, "spec", "strategy", "type") == "Recreate",
		MaxUnavailable: firstAt(o, []string{"spec", "strategy", "rollingUpdate", fieldUnavailable},
			[]string{"spec", "updateStrategy", "rollingUpdate", fieldUnavailable}),
		MaxSurge: firstAt(o, []string{"spec", "strategy", "rollingUpdate", fieldSurge}),
		Held: at(o, "spec", "paused") == true || at(o, "spec", "updateStrategy", "type") == "OnDelete" ||
			numberAt(o, 0, "spec", "updateStrategy", "rollingUpdate", "partition") > 0,
	}
	if resource == "rollouts" {
		s.MaxUnavailable = argoAmount(argoWritten(o, fieldUnavailable))
		s.MaxSurge = argoAmount(argoWritten(o, fieldSurge))
		s.Held = s.Held || s.stuck()
	}
	return s
}

// at is what stands at a path, nil for nothing.
func at(o any, path ...string) any {
	for _, field := range path {
		fields, _ := o.(map[string]any)
		o = fields[field]
	}
	return o
}

func numberAt(o any, otherwise int64, path ...string) int64 {
	if n, ok := at(o, path...).(int64); ok {
		return n
	}
	return otherwise
}

// firstAt is the first that is written of several, as text.
func firstAt(o any, paths ...[]string) string {
	for _, path := range paths {
		if found := at(o, path...); found != nil {
			return fmt.Sprint(found)
		}
	}
	return ""
}
