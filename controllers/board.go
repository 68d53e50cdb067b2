package controllers

import (
	"maps"
	"reflect"
	"slices"
	"sync"

	"k8s.io/apimachinery/pkg/types"

	v1alpha1 "forewarn.dev/forewarn/api/v1alpha1"
	"forewarn.dev/forewarn/internal/gate"
)

// board holds what this process has judged, so that a gate is written without judging a whole namespace again, and
// how much of it the gates hold, so that nobody is told of a verdict before the API server acts on it.
//
// It begins empty. The gate of a namespace is not touched until everything that was in it at first is on the board.
type board struct {
	mu         sync.Mutex
	namespaces map[string]*boardNamespace

	gates     *waker // takes namespaces
	revisions *waker
	apis      *waker
}

type boardNamespace struct {
	// changed counts what was put here, held is the count that the gate holds.
	changed, held uint64
	state         gateState
	// missing are the things that were there when somebody first looked, and that the board still lacks. Nil: nobody
	// looked yet. What comes later keeps nobody waiting.
	missing   map[boardKey]bool
	revisions map[string]*judgedRevision
	apis      map[string]*observedAPI
}

// boardKey is an API or a revision.
type boardKey struct{ api, revision string }

// gateState is what became of the last attempt to write the gates of a namespace.
type gateState struct {
	Failure string
	Dropped int
	// APIs are those that the gates hold; false for one that has no selector which could be in a gate.
	APIs map[string]bool
}

type judgedRevision struct {
	verdict *gate.Verdict // nil: there is none to be had yet
	change  uint64
	// awaited says that the revision is to be woken when the gate holds the verdict.
	awaited bool
}

// observedAPI is what was seen of an API and is in a gate.
type observedAPI struct {
	keepers []v1alpha1.WorkloadRef
	resting []string
	running []gate.RunningSet
}

func newBoard() *board {
	return &board{
		namespaces: map[string]*boardNamespace{},
		gates:      &waker{}, revisions: &waker{}, apis: &waker{},
	}
}

func (b *board) namespace(name string) *boardNamespace {
	found, ok := b.namespaces[name]
	if !ok {
		found = &boardNamespace{revisions: map[string]*judgedRevision{}, apis: map[string]*observedAPI{}}
		b.namespaces[name] = found
	}
	return found
}

// putRevision takes a verdict, and says whether the gate holds it. If not, the revision is woken when it does.
func (b *board) putRevision(key types.NamespacedName, verdict *gate.Verdict) (held bool, state gateState) {
	b.mu.Lock()
	defer b.mu.Unlock()
	n := b.namespace(key.Namespace)
	entry, known := n.revisions[key.Name]
	if !known {
		entry = &judgedRevision{}
		n.revisions[key.Name] = entry
	}
	if !known || !sameInGate(entry.verdict, verdict) {
		n.changed++
		entry.change = n.changed
		b.gates.wake(types.NamespacedName{Name: key.Namespace})
	}
	entry.verdict = verdict
	entry.awaited = entry.change > n.held
	return !entry.awaited, n.state
}

// putUnjudged says that no verdict is to be had for now, so that the others of its namespace do not wait for this one.
// A verdict that there was stays.
func (b *board) putUnjudged(key types.NamespacedName) {
	b.mu.Lock()
	_, known := b.namespace(key.Namespace).revisions[key.Name]
	b.mu.Unlock()
	if !known {
		b.putRevision(key, nil)
	}
}

// sameInGate leaves out of account what no gate shows.
func sameInGate(a, b *gate.Verdict) bool {
	if a == nil || b == nil {
		return a == b
	}
	return a.Decided == b.Decided && a.Admissible == b.Admissible && a.OnMerit == b.OnMerit &&
		a.Reason == b.Reason && a.Message == b.Message && a.Waiver == b.Waiver &&
		reflect.DeepEqual(a.AdmissibleUntil, b.AdmissibleUntil)
}

func (b *board) dropRevision(key types.NamespacedName) {
	b.mu.Lock()
	defer b.mu.Unlock()
	n := b.namespace(key.Namespace)
	delete(n.revisions, key.Name)
	n.changed++
	b.gates.wake(types.NamespacedName{Name: key.Namespace}) // also for one that is missed: it is not to be waited for
}

// putAPI takes what was observed of an API, and returns the state of the gates.
func (b *board) putAPI(key types.NamespacedName, seen observedAPI) gateState {
	b.mu.Lock()
	defer b.mu.Unlock()
	n := b.namespace(key.Namespace)
	before, known := n.apis[key.Name]
	if !known || !reflect.DeepEqual(*before, seen) {
		n.apis[key.Name] = &seen
		n.changed++
		b.gates.wake(types.NamespacedName{Name: key.Namespace})
	}
	return n.state
}

func (b *board) dropAPI(key types.NamespacedName) {
	b.mu.Lock()
	defer b.mu.Unlock()
	n := b.namespace(key.Namespace)
	delete(n.apis, key.Name)
	n.changed++
	b.gates.wake(types.NamespacedName{Name: key.Namespace})
}

// keepers returns those that putAPI was last given, and whether it ever was.
func (b *board) keepers(key types.NamespacedName) (keepers []v1alpha1.WorkloadRef, known bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	entry, known := b.namespace(key.Namespace).apis[key.Name]
	if !known {
		return nil, false
	}
	return entry.keepers, true
}

// dropNamespace forgets a namespace that is gone.
func (b *board) dropNamespace(name string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	delete(b.namespaces, name)
}

// page is the board of one namespace at one moment.
type page struct {
	change   uint64
	verdicts map[string]*gate.Verdict
	apis     map[string]observedAPI
}

// read returns the page of a namespace, and false while the board lacks something that was there from the beginning.
func (b *board) read(namespace string, apis, revisions []string) (page, bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	n := b.namespace(namespace)
	p := page{
		change:   n.changed,
		verdicts: make(map[string]*gate.Verdict, len(revisions)),
		apis:     make(map[string]observedAPI, len(apis)),
	}
	lacking := map[boardKey]bool{}
	for _, name := range apis {
		if entry, known := n.apis[name]; known {
			p.apis[name] = *entry
		} else {
			lacking[boardKey{api: name}] = true
		}
	}
	for _, name := range revisions {
		if entry, known := n.revisions[name]; known {
			p.verdicts[name] = entry.verdict
		} else {
			lacking[boardKey{revision: name}] = true
		}
	}
	if n.missing == nil {
		n.missing = maps.Clone(lacking)
	}
	maps.DeleteFunc(n.missing, func(key boardKey, _ bool) bool { return !lacking[key] })
	return p, len(n.missing) == 0
}

// written records what became of a page, and wakes who waits for it.
func (b *board) written(namespace string, change uint64, state gateState) {
	b.mu.Lock()
	defer b.mu.Unlock()
	n := b.namespace(namespace)
	failed := state.Failure != ""
	if failed {
		state.APIs = n.state.APIs // the last gate stands
	} else {
		n.held = max(n.held, change)
	}
	changed := !reflect.DeepEqual(n.state, state)
	n.state = state
	for name, entry := range n.revisions {
		if entry.awaited && (failed && changed || entry.change <= n.held) {
			entry.awaited = false
			b.revisions.wake(types.NamespacedName{Namespace: namespace, Name: name})
		}
	}
	if changed {
		for _, name := range slices.Sorted(maps.Keys(n.apis)) {
			b.apis.wake(types.NamespacedName{Namespace: namespace, Name: name})
		}
	}
}
