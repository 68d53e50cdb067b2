package gate

import (
	"cmp"
	"slices"
	"strconv"
	"strings"
)

// noFix stands where the budgets do that a fix has to name, if none passes. No object has this name.
const noFix = "-"

// pastRoom is how many bytes the images of an API may take that ran once, beside those that are known to serve.
const pastRoom = 4 << 10

// pastImages are the images of an API that may be left out of a gate that is full: those are left that serve, or that a
// revision with a way back served with.
type pastImages struct {
	api  string
	kept string
}

// addDowntime writes what budgets refuse. Where none of an API in the gate does, the gate says nothing of them at all, and
// a rollout costs what it did without them.
func (g *gate) addDowntime(apis []PublishedAPI) {
	count := 0
	for _, a := range apis {
		if !a.Governed || enforcementOf(a) != g.enforcement || !a.Downtime.Refuses() {
			continue
		}
		count++
		name := a.API.Name
		if a.Downtime.Spent != nil {
			g.tables.set(tableSpent, name, a.Downtime.Spent.line())
		}
		for _, long := range a.Downtime.Long {
			// What stands in a status was named by a workload, and its name may hold a dot.
			if slices.Contains(workloadKinds, long.Workload.Kind) && plainName(long.Workload.Name) {
				g.tables.set(tableSpent, name+"/"+resourceOf(long.Workload.Kind)+"/"+long.Workload.Name, long.line())
			}
		}
		g.addRan(a)
	}
	if count > 0 {
		g.tables.plain(keyBudgets, strconv.Itoa(count))
	}
}

// addStops writes what is asked of the workloads that customers need and that a rollout may stop: with how many replicas
// the one under way does, and what may come back all the same. Of most there is nothing to say.
func (g *gate) addStops(a PublishedAPI) {
	if a.WindowOpen != "" {
		return
	}
	for _, object := range needed(a) {
		below, stops := g.stopping[object]
		if below > 0 {
			g.tables.set(tableOutage, object, strconv.Itoa(int(below)))
		}
		if stops || strings.HasPrefix(object, "rollouts/") { // of which nobody here knows how they are rolled out
			g.addRan(a)
		}
	}
}

// addRan writes the images that may come back (R11).
func (g *gate) addRan(a PublishedAPI) {
	name, serving := a.API.Name, a.Downtime.Serving
	if _, written := g.tables.get(tableRan, name); written {
		return
	}
	kept, room := serving, pastRoom
	for _, image := range a.Downtime.Past {
		if room -= len(image) + 1; room >= 0 {
			kept = append(kept[:len(kept):len(kept)], image)
		}
	}
	g.tables.set(tableRan, name, strings.Join(kept, " "))
	if len(serving) < len(kept) {
		g.past = append(g.past, pastImages{api: name, kept: strings.Join(serving, " ")})
	}
}

// line is how a gate has it: the budgets that a fix has to name, and the text.
func (o *Overspent) line() string {
	return cmp.Or(strings.Join(o.Fixes, ","), noFix) + " " + o.Message
}

// plainName says that a name of somebody else's object can stand in a key of a table.
func plainName(name string) bool {
	return name != "" && !strings.ContainsFunc(name, func(r rune) bool {
		return (r < 'a' || r > 'z') && (r < '0' || r > '9') && r != '-' && r != '.'
	})
}

// dropPast leaves out images that ran once, API by API, until the gate fits.
func (g *gate) dropPast(limit int) (dropped []string) {
	for _, past := range g.past {
		if g.tables.size <= limit {
			break
		}
		g.tables.set(tableRan, past.api, past.kept)
		dropped = append(dropped, strings.ToLower(string(g.enforcement))+" images that ran of "+past.api)
	}
	return dropped
}
