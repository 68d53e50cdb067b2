package gate_test

import (
	"fmt"
	"maps"
	"reflect"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"

	v1alpha1 "forewarn.dev/forewarn/api/v1alpha1"
	"forewarn.dev/forewarn/internal/gate"
)

const (
	settleTime   = 72 * time.Hour
	rollbackTime = 14 * 24 * time.Hour
)

// fleet is a small cluster that does what clusters do: roll out, roll back, crash, scale to zero, lose
// workloads, and hide some from whoever lists them.
type fleet struct {
	workloads map[string]*fleetWorkload
	story     *story
	// seen is, for each revision, between which moments the clock went since it was last observed. It may
	// have gone backwards.
	seen map[string]span
}

type span struct{ first, last time.Time }

func (s span) with(t time.Time) span {
	if t.Before(s.first) {
		s.first = t
	}
	if t.After(s.last) {
		s.last = t
	}
	return s
}

type fleetWorkload struct {
	template string
	ready    bool
	hidden   bool
	pods     map[string]int32
	// unnamed are the images of its pods without a name: of the template and, until that is rolled out, of those before.
	unnamed []string
}

var fleetRevisions = []string{"", "r1", "r2", "r3", "r4", "r5"}

func (f *fleet) observe(t *rapid.T) []gate.Observation {
	var observed []gate.Observation
	now := noon.Add(f.story.now)
	for revision, s := range f.seen {
		f.seen[revision] = s.with(now)
	}
	for _, name := range slices.Sorted(maps.Keys(f.workloads)) {
		w := f.workloads[name]
		if w.hidden {
			continue
		}
		o := rolling(name, w.template)
		o.TakesTraffic = rapid.Bool().Draw(t, "traffic")
		o.Completed = w.ready
		for _, revision := range slices.Sorted(maps.Keys(w.pods)) {
			n := w.pods[revision]
			o.Completed = o.Completed && (revision == w.template || n == 0)
			running := pods(revision, n, "shop/"+revision+":1")
			if revision == "" {
				running.Images = w.unnamed
			}
			o.Running = append(o.Running, running)
			if n > 0 {
				f.seen[revision] = span{now, now}
			}
		}
		observed = append(observed, o)
	}
	return observed
}

// happen is one thing that happens in a cluster.
func (f *fleet) happen(t *rapid.T) {
	name := rapid.SampledFrom([]string{"w1", "w2", "w3"}).Draw(t, "workload")
	revision := rapid.SampledFrom(fleetRevisions).Draw(t, "revision")
	w := f.workloads[name]
	what := rapid.SampledFrom([]string{
		"roll", "roll", "step", "step", "finish", "finish", "crash", "recover", "zero", "delete", "hide", "show", "judge", "prune",
	}).Draw(t, "what")
	switch {
	case what == "judge" && revision != "":
		digest := rapid.SampledFrom([]string{"", "d1", "d2"}).Draw(t, "digest")
		facts := as(onMerit("v1="+revision+digest, "v2=all"), digest, "shop/"+revision+digest)
		facts.Decided, facts.OnMerit = rapid.Bool().Draw(t, "decided"), rapid.Bool().Draw(t, "on merit")
		f.story.facts[revision] = facts
	case what == "prune":
		delete(f.story.facts, revision)
	case what == "roll":
		if w == nil {
			w = &fleetWorkload{pods: map[string]int32{}}
			f.workloads[name] = w
		}
		w.template, w.ready = revision, false
		w.pods[revision]++
		if revision == "" {
			w.unnamed = append(slices.Clone(w.unnamed), rapid.SampledFrom([]string{"shop/x:1", "shop/y:1", "shop/z:1"}).Draw(t, "image"))
		}
	case w == nil: // what is not there can do nothing else
	case what == "step":
		for _, old := range slices.Sorted(maps.Keys(w.pods)) {
			if old != w.template && w.pods[old] > 0 {
				w.pods[old]--
				w.pods[w.template]++
				break
			}
		}
	case what == "finish":
		w.pods, w.ready = map[string]int32{w.template: 2}, true
		w.unnamed = w.unnamed[max(0, len(w.unnamed)-1):]
	case what == "crash", what == "recover":
		w.ready = what == "recover"
	case what == "zero":
		w.pods = map[string]int32{w.template: 0}
	case what == "delete":
		delete(f.workloads, name)
	case what == "hide", what == "show":
		w.hidden = what == "hide"
	}
}

func TestPromiseProperties(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		f := &fleet{workloads: map[string]*fleetWorkload{}, story: newStory(), seen: map[string]span{}}
		for range rapid.IntRange(1, 60).Draw(t, "passes") {
			f.happen(t)
			steps := []time.Duration{0, time.Second, time.Hour, 24 * time.Hour, settleTime - time.Second, settleTime, rollbackTime, -time.Hour, -50 * time.Hour}
			f.story.now += rapid.SampledFrom(steps).Draw(t, "time")
			f.pass(t)
		}
	})
}

// pass observes, promises and checks what has to hold whatever happened.
func (f *fleet) pass(t *rapid.T) {
	s := f.story
	before := s.api.DeepCopy()
	observed := f.observe(t)
	out := s.after(0, observed...)
	now := noon.Add(s.now)

	f.checkAdmitted(t, out)
	checkTimes(t, out, now)
	f.checkPromise(t, before.Status.Promised, out, now)
	checkBounds(t, out)
	checkBroken(t, s, before, out)
	checkIdentities(t, s, before, observed, out)
	checkUnnamed(t, before.Status, out)

	shuffled := rapid.Permutation(observed).Draw(t, "order")
	again := gate.Promise(gate.PromiseInput{Now: now, API: before, Observed: shuffled, Revisions: s.facts})
	if diff := cmp.Diff(out, again); diff != "" {
		t.Fatalf("the order of what was observed counts: %s", diff)
	}
	again = gate.Promise(gate.PromiseInput{Now: now, API: s.api, Observed: observed, Revisions: s.facts})
	if diff := cmp.Diff(out, again, cmpopts.EquateEmpty()); diff != "" {
		t.Fatalf("a second pass at the same moment changes something: %s", diff)
	}
	checkNextChange(t, s, observed, out)
}

// R11: what was there within rollbackDays may be there again, whatever happened since. For what has no name, see
// checkUnnamed.
func (f *fleet) checkAdmitted(t *rapid.T, out gate.PromiseOutput) {
	for revision, s := range f.seen {
		serves := slices.ContainsFunc(out.Serving, func(e v1alpha1.ServingRevision) bool { return string(e.Revision) == revision })
		wayBack := slices.ContainsFunc(out.WayBack, func(p v1alpha1.PastRevision) bool { return string(p.Revision) == revision })
		if ago := s.last.Sub(s.first); revision != "" && ago < rollbackTime && !serves && !wayBack {
			t.Fatalf("%q was there %v ago and is neither serving nor on the way back", revision, ago)
		}
		if f.workloadsHave(revision) && !serves {
			t.Fatalf("%q is there and does not serve", revision)
		}
	}
}

func (f *fleet) workloadsHave(revision string) bool {
	for _, w := range f.workloads {
		if !w.hidden && w.pods[revision] > 0 {
			return true
		}
	}
	return false
}

func checkTimes(t *rapid.T, out gate.PromiseOutput, now time.Time) {
	for _, e := range out.Serving {
		if e.Since.After(now) || e.CompletedTime != nil && (e.CompletedTime.After(now) || e.CompletedTime.Before(e.Since)) {
			t.Fatalf("%s: since %v, complete %v, now %v", e.Revision, e.Since, e.CompletedTime, now)
		}
	}
}

// R10: the promise shrinks only to what serves, has settled and is on its merits, and grows only by that.
func (f *fleet) checkPromise(t *rapid.T, before []v1alpha1.PromisedContract, out gate.PromiseOutput, now time.Time) {
	var settled []v1alpha1.JudgedContract
	for _, e := range out.Serving {
		facts := f.story.facts[string(e.Revision)]
		if facts.OnMerit && e.CompletedTime != nil && !now.Before(e.CompletedTime.Add(settleTime)) {
			settled = append(settled, facts.Contracts...)
		}
	}
	contains := func(list []v1alpha1.PromisedContract, c v1alpha1.PromisedContract) bool {
		return slices.ContainsFunc(list, func(p v1alpha1.PromisedContract) bool {
			return p.Version == c.Version && p.Contract == c.Contract
		})
	}
	for _, c := range before {
		if !contains(out.Promised, c) && len(settled) == 0 {
			t.Fatalf("%s %s is promised no more, and nothing that serves has settled", c.Version, c.Contract)
		}
	}
	for _, c := range out.Promised {
		if len(before) == 0 || contains(before, c) {
			continue
		}
		if !slices.ContainsFunc(settled, func(j v1alpha1.JudgedContract) bool { return j.Version == c.Version && j.Contract == c.Contract }) {
			t.Fatalf("%s %s became a promise before it had settled", c.Version, c.Contract)
		}
	}
}

func checkBounds(t *rapid.T, out gate.PromiseOutput) {
	sizes := []int{len(out.Serving), len(out.Promised), len(out.WayBack), len(out.Broken)}
	for i, most := range []int{256, 64, 64, 50} {
		if sizes[i] > most {
			t.Fatalf("lists of %v, the bounds are 256, 64, 64, 50", sizes)
		}
	}
}

func checkBroken(t *rapid.T, s *story, before *v1alpha1.CustomerAPI, out gate.PromiseOutput) {
	added := out.BrokenCount
	if n := before.Status.BrokenPromiseCount; n != nil {
		added -= *n
	}
	if added < 0 || int(added) > len(out.Broken) {
		t.Fatalf("%d were added to %d", added, len(out.Broken))
	}
	for _, b := range out.Broken[len(out.Broken)-int(added):] {
		facts := s.facts[string(b.Revision)]
		if b.Revision != "" && (facts.OnMerit || !facts.Decided) {
			t.Fatalf("%s breaks nothing, or nobody knows", b.Revision)
		}
	}
}

// A9: what is recorded of a revision stays for as long as it may run, and an object made anew under its name counts
// as though there was none.
func checkIdentities(t *rapid.T, s *story, before *v1alpha1.CustomerAPI, observed []gate.Observation, out gate.PromiseOutput) {
	known := identities(t, before.Status.Serving, before.Status.WayBack)
	pruned, anew := maps.Clone(s.facts), maps.Clone(s.facts)
	for revision, was := range identities(t, out.Serving, out.WayBack) {
		if id, ok := known[revision]; ok && was != id {
			t.Fatalf("%s was %s and is %s", revision, id, was)
		}
	}
	for revision := range known {
		delete(pruned, revision)
		anew[revision] = as(onMerit("v1=evil"), "d3", "shop/evil")
	}
	promise := func(facts map[string]gate.RevisionFacts) gate.PromiseOutput {
		return gate.Promise(gate.PromiseInput{Now: noon.Add(s.now), API: before, Observed: observed, Revisions: facts})
	}
	if diff := cmp.Diff(promise(pruned), promise(anew)); diff != "" {
		t.Fatalf("an object made anew counts: %s", diff)
	}
}

// identities are what is recorded of each revision, which is the same wherever it is.
func identities(t *rapid.T, serving []v1alpha1.ServingRevision, wayBack []v1alpha1.PastRevision) map[string]string {
	all := map[string]string{}
	note := func(revision v1alpha1.ObjectName, digest v1alpha1.Digest, images []string) {
		if revision == "" || digest == "" {
			return
		}
		id := fmt.Sprint(digest, images)
		if was, ok := all[string(revision)]; ok && was != id {
			t.Fatalf("%s is %s and %s", revision, was, id)
		}
		all[string(revision)] = id
	}
	for _, e := range serving {
		note(e.Revision, e.Digest, e.Images)
	}
	for _, past := range wayBack {
		note(past.Revision, past.Digest, past.Images)
	}
	return all
}

// R11: images that were adopted serve or may come back. Those that broke a promise serve and never come back, and
// none comes in without being recorded.
func checkUnnamed(t *rapid.T, before v1alpha1.CustomerAPIStatus, out gate.PromiseOutput) {
	images := func(serving []v1alpha1.ServingRevision, wayBack []v1alpha1.PastRevision) (all, broke []string) {
		for _, e := range serving {
			if broke = append(broke, e.BreachImages...); e.Revision == "" {
				all = append(all, e.Images...)
			}
		}
		for _, past := range wayBack {
			if past.Revision == "" {
				all = append(all, past.Images...)
			}
		}
		return all, broke
	}
	known, knownBreaches := images(before.Serving, before.WayBack)
	running, breaches := images(out.Serving, nil)
	mayRun, _ := images(out.Serving, out.WayBack)
	back, _ := images(nil, out.WayBack)
	was, _ := images(before.Serving, nil)
	for _, image := range was {
		if !slices.Contains(knownBreaches, image) && !slices.Contains(mayRun, image) {
			t.Fatalf("%s was adopted, and may run no more", image)
		}
	}
	for _, image := range slices.Concat(knownBreaches, breaches) {
		if slices.Contains(back, image) {
			t.Fatalf("%s broke a promise, and may come back", image)
		}
	}
	for _, image := range running {
		if fresh := !slices.Contains(known, image); slices.Contains(breaches, image) !=
			(fresh && len(before.Promised) > 0 || slices.Contains(knownBreaches, image)) {
			t.Fatalf("%s: new %v, a breach %v", image, fresh, slices.Contains(breaches, image))
		}
	}
	unnamed := func(list []v1alpha1.BrokenPromise) (n int) {
		for _, b := range list {
			if b.Revision == "" {
				n++
			}
		}
		return n
	}
	came := slices.ContainsFunc(breaches, func(image string) bool { return !slices.Contains(knownBreaches, image) })
	if recorded := unnamed(out.Broken) - unnamed(before.BrokenPromises); came && recorded != 1 && len(out.Broken) < 50 || !came && recorded > 0 {
		t.Fatalf("recorded %d times that images came: %v", recorded, came)
	}
}

// Nothing changes by itself before the next change, and something does then.
func checkNextChange(t *rapid.T, s *story, observed []gate.Observation, out gate.PromiseOutput) {
	at := func(moment time.Time) gate.PromiseOutput {
		return gate.Promise(gate.PromiseInput{Now: moment, API: s.api, Observed: observed, Revisions: s.facts})
	}
	same := func(later gate.PromiseOutput) bool {
		return fmt.Sprint(promiseNames(later)) == fmt.Sprint(promiseNames(out)) && reflect.DeepEqual(later.WayBack, out.WayBack)
	}
	if out.NextChange == nil {
		if later := at(noon.Add(s.now + 10*365*24*time.Hour)); !same(later) {
			t.Fatalf("changes although no change was foreseen: %s", cmp.Diff(out, later))
		}
		return
	}
	if later := at(out.NextChange.Add(-time.Second)); !same(later) {
		t.Fatalf("changes before %v: %s", out.NextChange, cmp.Diff(out, later))
	}
	if same(at(*out.NextChange)) {
		t.Fatalf("nothing changes at %v", out.NextChange)
	}
}

func promiseNames(out gate.PromiseOutput) (names []string) {
	for _, c := range out.Promised {
		names = append(names, fmt.Sprintf("%s/%s/%s", c.Version, c.Contract, c.Revision))
	}
	return names
}
