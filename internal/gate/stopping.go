package gate

import (
	"fmt"
	"maps"
	"reflect"
	"slices"
)

// StopsAt is with how many pods or fewer a rollout that is under way stops those of before while nothing new gets ready. 0:
// with none, or the number does not matter. It is the variable floor of outages.yaml.
func (s Strategy) StopsAt() int64 {
	_, number := amount(s.MaxUnavailable)
	switch s.Resource {
	case "deployments", "rollouts":
		if number <= 0 && s.noSurge() {
			return 1 // a share that comes to none counts as one then
		}
		return max(number, 0)
	case "statefulsets":
		if number > 1 { // one at a time is the least that can be said
			return number
		}
	}
	return 0
}

// MayStop says that a rollout, with some number of pods, stops all of them before others are ready.
func (s Strategy) MayStop() bool {
	share, number := amount(s.MaxUnavailable)
	if s.Resource == "daemonsets" {
		return number > 1 || share > 50 // rounded up: half of one is one
	}
	return s.Recreate || share >= 100 || s.StopsAt() > 0
}

// shrinks says what is refused because fewer pods are wanted than the rollout that is under way leaves, and nothing for
// nothing. What is rolled out at once is judged by itself.
func (c WorkloadChange) shrinks(before, after Strategy) []string {
	rollsOut := numberAt(c.Before, 0, "status", "replicas") != numberAt(c.Before, 0, "status", "updatedReplicas") ||
		fmt.Sprint(at(c.Before, "status", "observedGeneration")) != fmt.Sprint(at(c.Before, "metadata", "generation"))
	stops := after.StopsAt()
	if !rollsOut || after.Held || before.surely() || after.Pods <= 0 || after.Pods > stops || before.Pods <= stops {
		return nil
	}
	replicas := "replicas"
	if after.Pods == 1 {
		replicas = "replica"
	}
	return []string{fmt.Sprintf("with %d %s the rollout that is under way stops all pods of %s before others are ready "+
		"(until it is done or undone, keep %d)", after.Pods, replicas, c.own(), stops+1)}
}

// broughtAlong are the fields of a pod that a release changes with its images.
var broughtAlong = []string{"containers", "initContainers", "volumes", "imagePullSecrets"}

// back says that it is such a change as brings back what ran, if its images ran. It is the variable back of rollouts.yaml and
// outages.yaml.
func (c WorkloadChange) back() bool {
	before, after := at(c.Before, "spec", "template", "spec"), at(c.After, "spec", "template", "spec")
	if slices.Equal(imagesAt(c.Before), imagesAt(c.After)) || !slices.Equal(
		fieldsOf(at(c.Before, "spec", "template", "metadata", "labels")), fieldsOf(at(c.After, "spec", "template", "metadata", "labels"))) {
		return false
	}
	for _, field := range slices.Concat(fieldsOf(before), fieldsOf(after)) {
		if !slices.Contains(broughtAlong, field) && !reflect.DeepEqual(at(before, field), at(after, field)) {
			return false
		}
	}
	return sameContainers(at(before, "containers"), at(after, "containers")) &&
		sameContainers(at(before, "initContainers"), at(after, "initContainers"))
}

// sameContainers says that they have the same names, and that those whose image stays are as they were.
func sameContainers(before, after any) bool {
	were, _ := before.([]any)
	are, _ := after.([]any)
	return len(were) == len(are) && !slices.ContainsFunc(are, func(is any) bool {
		return !slices.ContainsFunc(were, func(was any) bool {
			return reflect.DeepEqual(at(is, "name"), at(was, "name")) &&
				(!reflect.DeepEqual(at(is, "image"), at(was, "image")) || reflect.DeepEqual(is, was))
		})
	})
}

func fieldsOf(o any) []string {
	fields, _ := o.(map[string]any)
	return slices.Sorted(maps.Keys(fields))
}
