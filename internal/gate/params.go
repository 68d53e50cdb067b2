package gate

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	v1alpha1 "forewarn.dev/forewarn/api/v1alpha1"
)

// GateFormat is the format of the gates, which their names end with.
const GateFormat = "1"

// DefaultGateLimit leaves room for the metadata below the 1 MiB that the API server takes.
const DefaultGateLimit = 900 << 10

// Keys of a gate with a value of their own.
const (
	keyFormat        = "format"
	keyEpoch         = "epoch"
	keyAPIs          = "apis" // how many are in the gate; left out for none, and the policies stop at once
	keyHoldNamespace = "hold-namespace"
	keyBudgets       = "budgets" // of how many APIs rollouts are refused because of downtime; left out for none
)

const (
	maxText = 900
	// shortRefusal stands in for a text that does not fit.
	shortRefusal = "not admissible: its status says why"
	// untilLimit is half of what the annotations of an object may hold.
	untilLimit = 128 << 10
)

// NameOf is the name of the ConfigMap that is the gate of an enforcement.
func NameOf(e v1alpha1.Enforcement) string {
	return "forewarn-gate-" + strings.ToLower(string(e)) + "-v" + GateFormat
}

// Exempt says that a namespace is never governed (A15): those of the system, and forewarn's own.
func Exempt(namespace, own string) bool {
	switch namespace {
	case "kube-system", "kube-public", "kube-node-lease", own:
		return true
	}
	return false
}

// Publish writes down what the API server is to refuse in a namespace. A governed namespace has a gate for
// each enforcement, for the policies look for all three.
func Publish(in NamespaceInput) Published {
	if Exempt(in.Namespace, in.OwnNamespace) ||
		!slices.ContainsFunc(in.APIs, func(a PublishedAPI) bool { return a.Governed }) {
		return Published{}
	}
	out := Published{
		Governed: true,
		Gates:    map[v1alpha1.Enforcement]map[string]string{},
	}
	apis := slices.DeleteFunc(slices.Clone(in.APIs), func(a PublishedAPI) bool { return !legalName(a.API.Name) })
	slices.SortFunc(apis, func(a, b PublishedAPI) int { return cmp.Compare(a.API.Name, b.API.Name) })
	closing, dropped := windowsClosing(apis)
	out.Until, out.Dropped = closing, dropped
	entries := entriesOf(in, apis)
	for _, e := range entriesUntil(entries) {
		e.admitted, e.refusal = false, shortRefusal
		out.Dropped = append(out.Dropped, "annotation "+e.untilKey())
	}
	for _, enforcement := range enforcements {
		g := newGate(in, enforcement)
		lost := g.addAPIs(apis)
		out.Dropped = append(out.Dropped, g.addSignals(apis)...)
		g.addRevisions(entries)
		g.addTraffic(apis, in.Revisions)
		out.Dropped = append(out.Dropped, g.fit(cmp.Or(in.Limit, DefaultGateLimit))...)
		out.LostSelectors = append(out.LostSelectors, lost...)
		out.Gates[enforcement] = g.data()
		maps.Copy(out.Until, g.until())
	}
	slices.Sort(out.LostSelectors)
	return out
}

var enforcements = []v1alpha1.Enforcement{
	v1alpha1.EnforcementDeny, v1alpha1.EnforcementWarn, v1alpha1.EnforcementAudit,
}

// enforcementOf is the gate that an API is in; what is no enforcement at all counts as the strictest.
func enforcementOf(a PublishedAPI) v1alpha1.Enforcement {
	switch a.Enforcement {
	case v1alpha1.EnforcementAudit, v1alpha1.EnforcementWarn:
		return a.Enforcement
	}
	return v1alpha1.EnforcementDeny
}

// gate is one ConfigMap in the making.
type gate struct {
	enforcement v1alpha1.Enforcement
	namespace   string
	now         time.Time
	tables      tables
	entries     []*entry // of which it says anything
	past        []pastImages
	stopping    map[string]int32 // NamespaceInput.Stopping, by "<resource>/<name>"
}

func newGate(in NamespaceInput, enforcement v1alpha1.Enforcement) *gate {
	g := &gate{enforcement: enforcement, namespace: in.Namespace, now: in.Now, tables: newTables()}
	g.stopping = make(map[string]int32, len(in.Stopping))
	for workload, below := range in.Stopping {
		g.stopping[resourceOf(workload.Kind)+"/"+workload.Name] = below
	}
	g.tables.plain(keyFormat, GateFormat)
	g.tables.plain(keyEpoch, strconv.FormatInt(in.Epoch, 10))
	return g
}

func (g *gate) data() map[string]string { return g.tables.data() }

// addAPIs writes all but the revisions and returns the APIs with selectors that cannot be in a gate.
func (g *gate) addAPIs(apis []PublishedAPI) []string {
	var lost, held []string
	count := 0
	var selectors []apiSelector
	for _, a := range apis {
		if !a.Governed || enforcementOf(a) != g.enforcement {
			continue
		}
		name := a.API.Name
		count++
		of, complete := selectorsOf(a.API)
		if !complete {
			lost = append(lost, name)
		}
		if len(of) > 0 {
			g.tables.set(tableSelect, name, joinSelectors(of))
			selectors = append(selectors, of...)
		}
		if images, ok := UnnamedImages(a.API, g.now); ok {
			g.tables.set(tableUnnamed, name, strings.Join(images, " "))
		}
		if a.Held {
			held = append(held, name)
			for _, object := range kept(a) {
				g.tables.append(tableKeep, object, name)
			}
			g.tables.set(tableHold, name, cmp.Or(singleLine(a.Hold, maxText), defaultHold(name, g.namespace)))
			if a.WindowOpen == "" && a.Outage != "" {
				g.tables.set(tableOutage, name, singleLine(a.Outage, maxText))
			}
			g.addStops(a)
		}
	}
	g.addDowntime(apis)
	for pair, names := range index(selectors) {
		g.tables.set(tablePair, pair, names)
	}
	if count > 0 {
		g.tables.plain(keyAPIs, strconv.Itoa(count))
	}
	if len(held) > 0 && g.enforcement == v1alpha1.EnforcementDeny {
		g.tables.plain(keyHoldNamespace, holdNamespace(g.namespace, held))
	}
	return lost
}

// UnnamedImages are the images of the pods that name no revision and serve the API, or served it lately: with these,
// and no others, such pods may be created anew.
func UnnamedImages(api *v1alpha1.CustomerAPI, now time.Time) (images []string, ok bool) {
	for _, e := range api.Status.Serving {
		if e.Revision == "" {
			images, ok = append(images, e.Images...), true
		}
	}
	for _, past := range api.Status.WayBack {
		if past.Revision == "" && open(past, now) {
			images, ok = append(images, past.Images...), true
		}
	}
	slices.Sort(images)
	images = slices.DeleteFunc(slices.Compact(images), func(image string) bool { return !usableImage(image) })
	return images, ok
}

// open says that what served may still be rolled back to.
func open(past v1alpha1.PastRevision, now time.Time) bool {
	return past.UntilTime != nil && now.Before(past.UntilTime.Time)
}

// kept are the objects of an API that are not to be deleted, workloads first. In a planned downtime it is the API
// alone: that it is down was announced, and not that it goes.
func kept(a PublishedAPI) []string {
	api := "customerapis/" + a.API.Name
	if a.WindowOpen != "" {
		return []string{api}
	}
	return append(needed(a), api)
}

// needed are the objects without which customers do not reach an API, workloads first.
func needed(a PublishedAPI) []string {
	var objects []string
	for _, keeper := range a.Keepers {
		objects = append(objects, resourceOf(keeper.Kind)+"/"+keeper.Name)
	}
	services := slices.Clone(a.API.Spec.CarriedBy.Services)
	for _, s := range a.API.Status.Selectors {
		// Taken out of carriedBy while it leads to what serves, or so lately that nobody has looked at that yet.
		if s.KeptFor != v1alpha1.KeptForService && s.Service != "" {
			services = append(services, s.Service)
		}
	}
	slices.Sort(services)
	for _, service := range slices.Compact(services) {
		if legalName(service) { // else there is none, and a blank in it would make it two
			objects = append(objects, "services/"+service)
		}
	}
	for _, route := range routesOf(a.API) {
		objects = append(objects, "httproutes/"+route)
	}
	return objects
}

// workloadKinds are the kinds that a keeper may be of; the resource of each is its plural.
var workloadKinds = []string{
	"Deployment", "StatefulSet", "DaemonSet", "ReplicaSet", "ReplicationController", "Rollout", "CronJob", "Job", "Pod",
}

func resourceOf(kind string) string { return strings.ToLower(kind) + "s" }

// KeepersIn are the workloads that the data of a gate keeps for an API, in order.
func KeepersIn(data map[string]string, api string) []v1alpha1.WorkloadRef {
	var keepers []v1alpha1.WorkloadRef
	for object, apis := range lines(data, tableKeep) {
		if !slices.Contains(strings.Fields(apis), api) {
			continue
		}
		resource, name, _ := strings.Cut(object, "/")
		for _, kind := range workloadKinds {
			if resourceOf(kind) == resource {
				keepers = append(keepers, v1alpha1.WorkloadRef{Kind: kind, Name: name})
			}
		}
	}
	slices.SortFunc(keepers, compareWorkloads)
	return keepers
}

func defaultHold(api, namespace string) string {
	return fmt.Sprintf("customers rely on %s: publish a notice that covers its removal; see: kubectl get promises -n %s",
		api, namespace)
}

// holdNamespace is what the deletion of the namespace is refused with. It names as many APIs as fit.
func holdNamespace(namespace string, held []string) string {
	const most = 5
	names := strings.Join(held[:min(len(held), most)], ", ")
	if len(held) > most {
		names += fmt.Sprintf(" and %d more", len(held)-most)
	}
	return singleLine(fmt.Sprintf("customers rely on what is in %s (%s): publish notices that cover its removal; "+
		"see: kubectl get promises -n %s", namespace, names, namespace), maxText)
}
