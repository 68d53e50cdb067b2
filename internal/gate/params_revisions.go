package gate

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	v1alpha1 "forewarn.dev/forewarn/api/v1alpha1"
)

// entry is a revision as the gates have it.
type entry struct {
	name, api   string
	enforcement v1alpha1.Enforcement // of its API, empty where that is not governed
	created     time.Time
	// protected says that it serves or may be rolled back to. Such a one is admitted whatever its verdict
	// says (R11), and is never left out.
	protected bool
	serving   bool
	admitted  bool
	until     *time.Time // nil for what is protected
	refusal   string
	images    []string
	recorded  bool // whether images are those that it served with
	compared  bool // whether pods have to run them
}

// record takes the images that it served with, where those are known and were not before, or not all of them.
func (e *entry) record(images []string, known bool) {
	if known && (!e.recorded || !e.complete() && len(images) > len(e.images)) {
		e.images, e.recorded = images, true
	}
}

// complete says that all the images that it served with are known.
func (e *entry) complete() bool { return e.recorded && !slices.Contains(e.images, moreImages) }

func (e *entry) untilKey() string { return v1alpha1.UntilAnnotationPrefix + e.name }

func (e *entry) untilValue() string { return e.until.UTC().Format(time.RFC3339) }

// ends says that the admission ends by itself, so that the API server has to be told when. It can only
// refuse at that moment, and not merely warn.
func (e *entry) ends() bool {
	return e.enforcement == v1alpha1.EnforcementDeny && e.admitted && e.until != nil
}

// entriesOf are all revisions that are known in the namespace and judged, by name. One that is not judged
// is left out, so that it is answered like one that nobody has seen yet.
func entriesOf(in NamespaceInput, apis []PublishedAPI) []*entry {
	byName := make(map[string]*entry, len(in.Revisions))
	enforced := make(map[string]PublishedAPI, len(apis))
	for _, a := range apis {
		enforced[a.API.Name] = a
		for _, e := range servedEntries(a.API, in.Now) {
			if was := byName[e.name]; was == nil || e.serving && !was.serving {
				byName[e.name] = e
			}
		}
	}
	for _, r := range in.Revisions {
		e := byName[r.Name]
		switch {
		case e == nil && r.Verdict != nil && legalName(r.Name) && legalName(r.API):
			byName[r.Name] = judgedEntry(r, in.Now)
		case e != nil && e.api == r.API && !e.complete() && (r.Verdict == nil || !nameTaken(*r.Verdict)):
			e.images = r.Images
		}
	}
	entries := make([]*entry, 0, len(byName))
	for _, e := range byName {
		if a, ok := enforced[e.api]; ok && a.Governed {
			e.enforcement, e.compared = enforcementOf(a), a.ImagesRequired
		}
		entries = append(entries, e)
	}
	slices.SortFunc(entries, func(a, b *entry) int { return cmp.Compare(a.name, b.name) })
	return entries
}

// servedEntries are the revisions that an API admits because of what they did, not of what they are. Where
// the name has been made anew, what is recorded of it counts, down to the images.
func servedEntries(api *v1alpha1.CustomerAPI, now time.Time) []*entry {
	served := map[v1alpha1.ObjectName]*entry{}
	var names []v1alpha1.ObjectName
	add := func(name v1alpha1.ObjectName) {
		if legalName(string(name)) && served[name] == nil {
			served[name] = &entry{name: string(name), api: api.Name, protected: true, admitted: true}
			names = append(names, name)
		}
	}
	for _, s := range api.Status.Serving {
		add(s.Revision)
	}
	for _, s := range api.Status.Serving {
		if e := served[s.Revision]; e != nil {
			e.serving = true
			e.record(s.Images, s.Digest != "")
		}
	}
	for _, past := range api.Status.WayBack {
		if open(past, now) {
			add(past.Revision)
		}
		if e := served[past.Revision]; e != nil {
			e.record(past.Images, true)
		}
	}
	entries := make([]*entry, 0, len(names))
	for _, name := range names {
		entries = append(entries, served[name])
	}
	return entries
}

func judgedEntry(r PublishedRevision, now time.Time) *entry {
	e := &entry{name: r.Name, api: r.API, created: r.Created, images: r.Images, admitted: r.Verdict.Admissible}
	e.until = r.Verdict.AdmissibleUntil
	if e.admitted && e.until != nil && !now.Before(*e.until) {
		e.admitted = false
		e.refusal = fmt.Sprintf("%s was admissible until %s", e.name, e.untilValue())
	}
	if !e.admitted {
		e.refusal = cmp.Or(e.refusal, singleLine(r.Verdict.Message, maxText), shortRefusal)
	}
	return e
}

// entriesUntil are the admissions, the oldest first, whose end there is no room for on the namespace.
// Without an end they must not be admitted.
func entriesUntil(entries []*entry) []*entry {
	size := 0
	var ending []*entry
	for _, e := range entries {
		if e.ends() {
			ending = append(ending, e)
			size += len(e.untilKey()) + len(e.untilValue())
		}
	}
	slices.SortStableFunc(ending, oldestFirst)
	var over []*entry
	for _, e := range ending {
		if size <= untilLimit {
			break
		}
		over = append(over, e)
		size -= len(e.untilKey()) + len(e.untilValue())
	}
	return over
}

// addRevisions writes whose each revision is, in every gate: a workload may serve APIs of several
// enforcements. The answer on it stands only in the gate of its API.
func (g *gate) addRevisions(entries []*entry) {
	for _, e := range entries {
		g.tables.set(tableOf, e.name, e.api)
		g.entries = append(g.entries, e)
		if e.enforcement != g.enforcement {
			continue
		}
		if !e.admitted {
			g.tables.set(tableRefuse, e.name, e.refusal)
			continue
		}
		how := "" // admitted because of what it is
		if e.protected {
			how = admitServed
		}
		g.tables.set(tableAdmit, e.name, how)
		if images := imageSet(e.images, nil); e.compared && len(e.images) > 0 {
			g.tables.set(tableImages, e.name, strings.Join(images, " "))
		}
	}
}

// until are the annotations that end what this gate admits.
func (g *gate) until() map[string]string {
	annotations := map[string]string{}
	for _, e := range g.entries {
		if _, admitted := g.tables.get(tableAdmit, e.name); admitted && e.ends() {
			annotations[e.untilKey()] = e.untilValue()
		}
	}
	return annotations
}

func oldestFirst(a, b *entry) int {
	return cmp.Or(a.created.Compare(b.created), cmp.Compare(a.name, b.name))
}

// fit leaves out what has to be for the gate to be stored (A18), the oldest first, and says what: texts, then
// where customers could be led, then revisions that are refused (without an entry they are not judged yet, and
// refused all the same), then revisions that are admitted, then images that ran once while a budget is spent.
// Nothing that serves or may be rolled back to is ever left out, and nothing that says what is governed.
func (g *gate) fit(limit int) (dropped []string) {
	order := slices.Clone(g.entries)
	slices.SortStableFunc(order, oldestFirst)
	each := func(drop func(*entry) string) {
		for _, e := range order {
			if g.tables.size <= limit {
				return
			}
			if what := drop(e); what != "" {
				dropped = append(dropped, strings.ToLower(string(g.enforcement))+" "+what)
			}
		}
	}
	each(g.dropText)
	dropped = append(dropped, g.dropRun(limit)...)
	each(g.dropRefused)
	each(g.dropAdmitted)
	return append(dropped, g.dropPast(limit)...)
}

func (g *gate) dropText(e *entry) string {
	if text, _ := g.tables.get(tableRefuse, e.name); len(text) <= len(shortRefusal) {
		return ""
	}
	g.tables.set(tableRefuse, e.name, shortRefusal)
	return "text of " + e.name
}

func (g *gate) dropRefused(e *entry) string {
	if e.admitted {
		return ""
	}
	return g.dropEntry(e)
}

func (g *gate) dropAdmitted(e *entry) string {
	if e.protected || !e.admitted {
		return ""
	}
	return g.dropEntry(e)
}

func (g *gate) dropEntry(e *entry) string {
	for _, table := range []string{tableOf, tableRefuse, tableAdmit, tableImages} {
		g.tables.unset(table, e.name)
	}
	return e.name
}
