//go:build unix

package admission

import (
	"cmp"
	"maps"
	"slices"
	"strconv"
	"strings"
)

// gate is one gate in the making: tables by key, each with its lines.
type gate struct {
	tables map[string]map[string]string
	plain  map[string]string
	cut    []string // keys left out whatever the rest says
	blank  []string // tables whose texts are empty
}

func newGate() *gate {
	return &gate{tables: map[string]map[string]string{}, plain: map[string]string{"format": "1", "epoch": "1"}}
}

// set writes a key that is not a table.
func (g *gate) set(key, value string) *gate {
	g.plain[key] = value
	return g
}

func (g *gate) without(key string) *gate {
	delete(g.plain, key)
	delete(g.tables, key)
	g.cut = append(g.cut, key)
	return g
}

func (g *gate) blanked(table string) *gate {
	g.blank = append(g.blank, table)
	return g
}

func (g *gate) line(table, key, value string) *gate {
	if g.tables[table] == nil {
		g.tables[table] = map[string]string{}
	}
	g.tables[table][key] = value
	return g
}

// api is governed where the pairs of a selector match; the first pair is what
// it is indexed by.
func (g *gate) api(name string, selectors ...string) *gate {
	for _, selector := range selectors {
		first, _, _ := strings.Cut(selector, ",")
		names := append(strings.Fields(g.tables["pair"][first]), name)
		slices.Sort(names)
		g.line("pair", first, strings.Join(slices.Compact(names), " "))
	}
	return g.line("select", name, strings.Join(selectors, ";"))
}

// elsewhere is a revision of an API that is in another gate, or in none.
func (g *gate) elsewhere(revision, api string) *gate { return g.line("of", revision, api) }

func (g *gate) admit(revision, api string) *gate {
	return g.elsewhere(revision, api).line("admit", revision, "")
}

func (g *gate) refuse(revision, api, text string) *gate {
	return g.elsewhere(revision, api).line("refuse", revision, text)
}

func (g *gate) images(revision string, images ...string) *gate {
	return g.line("images", revision, strings.Join(images, " "))
}

func (g *gate) unnamed(api string, images ...string) *gate {
	return g.line("unnamed", api, strings.Join(images, " "))
}

// served is admitted because it serves, or may come back.
func (g *gate) served(revision, api string) *gate {
	return g.elsewhere(revision, api).line("admit", revision, "served")
}

// outage says when an API may be down.
func (g *gate) outage(api, text string) *gate { return g.line("outage", api, text) }

// keep refuses to delete objects ("deployments/orders") with a text.
func (g *gate) keep(api, text string, objects ...string) *gate {
	for _, object := range objects {
		g.line("keep", object, strings.TrimSpace(g.tables["keep"][object]+" "+api))
	}
	return g.line("hold", api, text)
}

// carries says what customers of an API come by ("services/orders"), Services first, and what runs.
func (g *gate) carries(api string, objects ...string) *gate {
	var services []string
	for _, object := range objects {
		g.line("carry", object, strings.TrimSpace(g.tables["carry"][object]+" "+api))
		if service, ok := strings.CutPrefix(object, "services/"); ok {
			services = append(services, service)
		}
	}
	return g.line("lead", api, strings.Join(services, " "))
}

// runs are the sets of labels that run: "r+orders-1,app=orders".
func (g *gate) runs(api string, sets ...string) *gate {
	return g.line("run", api, strings.Join(sets, ";"))
}

// stays are the ReplicaSets of a workload ("rollouts/orders") that are not taken down while it has several.
func (g *gate) stays(api, workload, sets string) *gate {
	return g.line("stay", api+"/"+workload, sets)
}

// spent refuses rollouts of an API, or of one workload of it ("orders/deployments/orders"), that do not name the budgets
// as what they fix; "-" lets no fix pass. ran is what may come back meanwhile.
func (g *gate) spent(of, fixes, text string, ran ...string) *gate {
	api, _, _ := strings.Cut(of, "/")
	return g.line("spent", of, fixes+" "+text).line("ran", api, strings.Join(ran, " "))
}

// data is what the ConfigMap holds: each table spread over keys by the last
// character of the keys of its lines, every line between two newlines.
func (g *gate) data() map[string]string {
	data := maps.Clone(g.plain)
	if apis := len(g.tables["select"]); apis > 0 {
		data["apis"] = strconv.Itoa(apis)
	}
	if spent := len(g.tables["spent"]); spent > 0 {
		data["budgets"] = strconv.Itoa(spent)
	}
	for table, lines := range g.tables {
		for _, key := range slices.Sorted(maps.Keys(lines)) {
			in := table + "." + strings.ReplaceAll(key[len(key)-1:], "=", "-")
			data[in] = cmp.Or(data[in], "\n") + key + " " + lines[key] + "\n"
		}
	}
	maps.DeleteFunc(data, func(key, _ string) bool { return slices.Contains(g.cut, key) })
	for _, table := range g.blank {
		for key := range data {
			if strings.HasPrefix(key, table+".") {
				data[key] = ""
			}
		}
	}
	return data
}
