package gate

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
	"time"

	v1alpha1 "forewarn.dev/forewarn/api/v1alpha1"
)

// WorkloadChange is a workload before and after it is written, each as the API server has it: what is left out stands at its
// default. What is said of it is what outages.yaml says.
type WorkloadChange struct {
	// Resource is what the API server calls its kind: deployments, statefulsets, daemonsets or rollouts.
	Resource      string
	Name          string
	Before, After map[string]any
}

// Rolls says that something of its pods is new, or that what was held back is let go. Annotations of others are a restart.
func (c WorkloadChange) Rolls() bool {
	pods := func(o map[string]any) []any {
		template := at(o, "spec", "template")
		return []any{at(template, "spec"), at(template, "metadata", "labels"), revisionAt(o)}
	}
	return !strategyOf(c.Resource, c.After).Held &&
		(strategyOf(c.Resource, c.Before).Held || !reflect.DeepEqual(pods(c.Before), pods(c.After)))
}

// Stops says what of it stops pods that customers need, and nothing for nothing. Returns says that its pods go back to what
// served (R11). Where no pod is ready, nothing is taken from anybody but the replicas.
func (c WorkloadChange) Stops(returns bool) []string {
	before, after := strategyOf(c.Resource, c.Before), strategyOf(c.Resource, c.After)
	var what []string
	if c.Resource != "daemonsets" && after.Pods == 0 && before.Pods != 0 {
		what = append(what, c.own()+" would have no replicas")
	}
	if !c.up() {
		return what
	}
	planned := (before.by() == "" || before.by() == byUnclear && after.by() != byUnclear) &&
		(c.differs("spec", "strategy") || c.differs("spec", "updateStrategy"))
	if after.TakesAllDown() && (c.Rolls() || planned) && !returns {
		what = append(what, c.stopsAll(c.After, after))
	}
	if !c.Rolls() && !planned {
		what = append(what, c.shrinks(before, after)...)
	}
	var fields []string
	if !returns {
		fields = c.misfits()
	}
	if c.Resource == "statefulsets" && numberAt(c.Before, 0, "spec", "ordinals", "start") != numberAt(c.After, 0, "spec", "ordinals", "start") {
		fields = append(fields, "ordinals.start")
	}
	for _, field := range fields {
		what = append(what, "the change of "+field+" stops pods of "+c.own()+" that no longer fit")
	}
	return what
}

// StopsAnyRollout says what any rollout of it as it is now would be refused for, and nothing for nothing.
func (c WorkloadChange) StopsAnyRollout() []string {
	if s := strategyOf(c.Resource, c.Before); s.TakesAllDown() && c.up() {
		return []string{c.stopsAll(c.Before, s)}
	}
	return nil
}

func (c WorkloadChange) own() string { return c.Resource + "/" + c.Name }

func (c WorkloadChange) stopsAll(o map[string]any, s Strategy) string {
	by := ""
	switch field := s.by(); field {
	case byRecreate:
		by = "the strategy Recreate stops"
	case byUnclear:
		by = fmt.Sprintf("%s %s of %d may stop", s.unclear(), s.shown(o, s.unclear()), s.Pods)
	default:
		by = fmt.Sprintf("%s %s of %d stops", field, s.shown(o, field), s.Pods)
	}
	return by + " all pods of " + c.own() + " before others are ready"
}

func (c WorkloadChange) up() bool {
	return numberAt(c.Before, numberAt(c.Before, 0, "status", "numberReady"), "status", "readyReplicas") != 0
}

func (c WorkloadChange) differs(path ...string) bool {
	return !reflect.DeepEqual(at(c.Before, path...), at(c.After, path...))
}

// misfits are the fields by which fewer nodes may fit a DaemonSet. With more tolerations, or without one of the others, no
// fewer do.
func (c WorkloadChange) misfits() []string {
	if c.Resource != "daemonsets" {
		return nil
	}
	var fields []string
	for _, field := range []string{"nodeName", "nodeSelector", "affinity", "tolerations"} {
		before, after := at(c.Before, "spec", "template", "spec", field), at(c.After, "spec", "template", "spec", field)
		fewer := after != nil
		if field == "tolerations" {
			had, _ := before.([]any)
			has, _ := after.([]any)
			fewer = slices.ContainsFunc(had, func(t any) bool {
				return !slices.ContainsFunc(has, func(other any) bool { return reflect.DeepEqual(t, other) })
			})
		}
		if fewer && !reflect.DeepEqual(before, after) {
			fields = append(fields, field)
		}
	}
	return fields
}

// Returns says that its pods go back to what served (R11): to another revision that may be rolled back to or, under whatever
// name, to images that ran, of each API that needs it. All are those of the namespace, and ran is what the gate says of
// each that needs it.
func (c WorkloadChange) Returns(all []v1alpha1.CustomerAPI, ran [][]string, now time.Time) bool {
	return c.renamed(all, now) || c.back() && !slices.ContainsFunc(ran, func(images []string) bool {
		return len(without(imagesAt(c.After), images)) > 0
	})
}

// renamed says that its pods name another revision, and all that they name may be rolled back to.
func (c WorkloadChange) renamed(all []v1alpha1.CustomerAPI, now time.Time) bool {
	annotation := revisionAt(c.After)
	served := func(name string) bool {
		return name == "" || slices.ContainsFunc(all, func(api v1alpha1.CustomerAPI) bool {
			return slices.ContainsFunc(servedEntries(&api, now), func(e *entry) bool { return e.name == name })
		})
	}
	for name := range strings.SplitSeq(annotation, ",") {
		if !served(strings.TrimSpace(name)) {
			return false
		}
	}
	return strings.Trim(annotation, ", ") != "" && annotation != revisionAt(c.Before)
}

// Brings says that what ran comes back, is created anew or let go: that its images are all among these.
func (c WorkloadChange) Brings(images []string) bool {
	same := c.Before == nil || reflect.DeepEqual(at(c.Before, "spec", "template"), at(c.After, "spec", "template"))
	return (same || c.back()) && len(without(imagesAt(c.After), images)) == 0
}

// Fixes says that its pods are newly marked as a fix of each of these budgets.
func (c WorkloadChange) Fixes(budgets []string) bool {
	mark := func(o map[string]any) string {
		names, _ := at(o, "spec", "template", "metadata", "annotations", v1alpha1.FixesAnnotation).(string)
		return names
	}
	var fixed []string
	for name := range strings.SplitSeq(mark(c.After), ",") {
		name, _, _ = strings.Cut(strings.TrimSpace(name), "@")
		fixed = append(fixed, name)
	}
	return mark(c.After) != mark(c.Before) && len(without(budgets, fixed)) == 0
}

func revisionAt(o map[string]any) string {
	name, _ := at(o, "spec", "template", "metadata", "annotations", v1alpha1.RevisionAnnotation).(string)
	return name
}

// imagesAt are those of the containers, each once.
func imagesAt(o map[string]any) []string {
	var images []string
	for _, field := range []string{"containers", "initContainers"} {
		containers, _ := at(o, "spec", "template", "spec", field).([]any)
		for _, container := range containers {
			image, _ := at(container, "image").(string)
			images = append(images, image)
		}
	}
	slices.Sort(images)
	return slices.Compact(images)
}

// RanIn are the images of an API that the data of a gate lets come back.
func RanIn(data map[string]string, api string) []string {
	for name, images := range lines(data, tableRan) {
		if name == api {
			return strings.Fields(images)
		}
	}
	return nil
}

// NeededIn says whether the data of a gate keeps a workload for customers of an API. While a planned downtime is open it
// keeps no workload and says of none that it is needed after it: then each may be.
func NeededIn(data map[string]string, api, resource, name string) bool {
	held, other := false, false
	for object, apis := range lines(data, tableKeep) {
		if !slices.Contains(strings.Fields(apis), api) {
			continue
		}
		switch kind, _, _ := strings.Cut(object, "/"); {
		case object == resource+"/"+name:
			return true
		case kind == "customerapis":
			held = true
		default:
			other = true
		}
	}
	return held && !other
}

// OutageRefused is what the API server refuses it with that stops pods outside of a planned downtime.
func OutageRefused(api string, what []string, outage Outage) string {
	return api + ": " + strings.Join(what, ", and ") + ", and customers were told of no downtime now (R15): " +
		singleLine(outage.Text, maxText) + "; to plan one, publish a ChangeNotice with downtimeMinutes; " +
		"see: kubectl explain changenotice.spec.downtimeMinutes"
}
