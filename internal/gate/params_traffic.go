package gate

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	v1alpha1 "forewarn.dev/forewarn/api/v1alpha1"
)

const (
	// maxRunSets and maxRunBytes bound the line of an API in tableRun. Beyond them stands runUnknown alone: to know a part
	// would be to let pass what the rest forbids.
	maxRunSets  = 64
	maxRunBytes = 16 << 10
	runUnknown  = "?"
	// unnamedText is why no Service moves to pods that nobody judged.
	unnamedText = "pods that name no revision and never served customers; name it in forewarn.dev/revision of their template"
)

// addTraffic writes by what customers come to each API, and to what pods they could be led:
//
//	carry  services/orders   -> orders cart                  the APIs that the object carries
//	lead   orders            -> orders orders-canary orders:80  the Services to which an HTTPRoute may lead, and ports known
//	listen public            -> orders/https/*/api.shop.example  what its HTTPRoutes attach to of the Gateway
//	run    orders            -> r+orders-1,app=orders,slot=blue;n-orders-2,app=orders,slot=green
//	bar    orders-2          -> why customers are not led to it
//	open   orders            -> 2027-03-01T04:00:00Z          the end of the planned downtime that is open
//
// While customers rely on the API, that is: what may be deleted may be moved.
//
// A set of labels in run begins with r for ready or n for not, + where customers may be led there or - where not, and
// the revision.
func (g *gate) addTraffic(apis []PublishedAPI, revisions []PublishedRevision) {
	verdicts := make(map[string]*Verdict, len(revisions))
	for _, r := range revisions {
		verdicts[r.API+" "+r.Name] = r.Verdict
	}
	for _, a := range apis {
		if !a.Governed || !a.Held || enforcementOf(a) != g.enforcement {
			continue
		}
		name := a.API.Name
		g.addStaying(a)
		g.keepGateways(a)
		services := servicesOf(a.API)
		for _, service := range seenServices(a.API) {
			g.tables.append(tableCarry, "services/"+service, name)
		}
		for _, route := range a.API.Spec.CarriedBy.HTTPRoutes {
			if legalRoute(route) {
				g.tables.append(tableCarry, "httproutes/"+route, name)
			}
		}
		if len(services) > 0 {
			led := slices.Concat(slices.DeleteFunc(slices.Clone(services), a.idle), ledPorts(a))
			g.tables.set(tableLead, name, strings.Join(led, " "))
			if sets := g.runSets(a, verdicts); sets != "" {
				g.tables.set(tableRun, name, sets)
			}
		}
		if a.WindowOpen != "" {
			g.tables.set(tableOpen, name, a.WindowOpen)
		}
	}
}

// servicesOf are the Services by which customers come to an API: those of carriedBy, and those whose labels are in force
// although it names them no more.
func servicesOf(api *v1alpha1.CustomerAPI) []string {
	return legalNames(slices.Concat(api.Spec.CarriedBy.Services, seenServices(api)))
}

// seenServices are those whose labels were ever read. One that carriedBy names and that was never there may be made with
// whatever labels: what it leads to was led to by nobody.
func seenServices(api *v1alpha1.CustomerAPI) []string {
	var services []string
	for _, s := range api.Status.Selectors {
		services = append(services, s.Service)
	}
	return legalNames(services)
}

// idle says that HTTPRoutes do not begin to lead to a Service: they give it no weight, and no pod runs behind it.
func (a *PublishedAPI) idle(service string) bool {
	return slices.Contains(a.Resting, service) && !slices.ContainsFunc(a.API.Status.Selectors, func(s v1alpha1.PodSelector) bool {
		return s.Service == service && slices.ContainsFunc(a.Running, func(r RunningSet) bool { return Selects(s.MatchLabels, r.Labels) })
	})
}

func legalNames(names []string) []string {
	slices.Sort(names)
	return slices.DeleteFunc(slices.Compact(names), func(name string) bool { return !legalName(name) })
}

// legalRoute says that a name can be a line of its own; the schema bounds the rest.
func legalRoute(name string) bool {
	return name != "" && !strings.ContainsAny(name, " \n")
}

func (g *gate) runSets(a PublishedAPI, verdicts map[string]*Verdict) string {
	var sets []string
	size := 0
	for _, s := range a.Running {
		why := g.barred(a.API, s, verdicts[a.API.Name+" "+s.Revision])
		if why != "" && s.Revision != "" {
			g.tables.set(tableBar, s.Revision, why)
		}
		text := runText(s, why == "")
		size += len(text) + len(";")
		sets = append(sets, text)
	}
	if len(sets) > maxRunSets || size > maxRunBytes {
		return runUnknown
	}
	slices.Sort(sets)
	return strings.Join(slices.Compact(sets), ";")
}

// runText is a set as the policy reads it. What is no legal label cannot be in a selector, either.
func runText(s RunningSet, admissible bool) string {
	ready, may := "n", "-"
	if s.Ready {
		ready = "r"
	}
	if admissible {
		may = "+"
	}
	parts := []string{ready + may + s.Revision}
	for _, p := range pairsOf(s.Labels) {
		if !illegal(p) {
			parts = append(parts, p.String())
		}
	}
	return strings.Join(parts, ",")
}

// barred says why customers are not to be led to pods, in one line, and nothing where they may be: what runs there is
// admissible on its merits or by a waiver, or they are led there already, or were lately (R11). That the pods are there
// is not enough: a half that waits was admitted by what held then.
func (g *gate) barred(api *v1alpha1.CustomerAPI, s RunningSet, v *Verdict) string {
	switch {
	case ledTo(api, s.Revision, s.Images, g.now):
		return ""
	case s.Revision == "":
		return unnamedText
	case v == nil:
		return s.Revision + ": not judged yet, retry; no verdict on an APIRevision of that name is known"
	case nameTaken(*v):
		return singleLine(cmp.Or(v.Merits, shortRefusal), maxText)
	case v.OnMerit || v.Waiver != "":
		return ""
	}
	return singleLine(fmt.Sprintf("%s; see: forewarn explain apirevision/%s -n %s",
		cmp.Or(v.Merits, s.Revision+" is "+shortRefusal), s.Revision, g.namespace), maxText)
}

// dropRun leaves out where an API's customers could be led: its Services then stay where they are, and its ReplicaSets.
func (g *gate) dropRun(limit int) (dropped []string) {
	for _, api := range g.running() {
		if g.tables.size <= limit {
			break
		}
		known, _ := g.tables.get(tableRun, api)
		for set := range strings.SplitSeq(known, ";") {
			state, _, _ := strings.Cut(set, ",")
			if revision := state[min(len("r-"), len(state)):]; revision != "" {
				g.tables.unset(tableBar, revision)
			}
		}
		g.tables.set(tableRun, api, runUnknown)
		g.dropStaying(api)
		dropped = append(dropped, strings.ToLower(string(g.enforcement))+" labels of "+api)
	}
	return dropped
}

// running are the APIs of which it is known what runs, by name.
func (g *gate) running() []string {
	var apis []string
	for in, lines := range g.tables.buckets {
		if !strings.HasPrefix(in, tableRun+".") {
			continue
		}
		for api, sets := range lines {
			if sets != runUnknown {
				apis = append(apis, api)
			}
		}
	}
	slices.Sort(apis)
	return apis
}
