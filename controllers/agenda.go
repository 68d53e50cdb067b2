package controllers

import (
	"sync"
	"time"

	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"
)

// agenda holds the moments at which something changes by itself.
type agenda struct {
	mu      sync.Mutex
	entries map[agendaKey]time.Time
}

type agendaKey struct {
	kind string
	name types.NamespacedName
}

func newAgenda() *agenda { return &agenda{entries: map[agendaKey]time.Time{}} }

// wakeAt enters the moment, or strikes the entry out where there is none, and returns the result that brings the
// object back at exactly that moment.
func (a *agenda) wakeAt(kind string, name types.NamespacedName, now time.Time, next *time.Time) reconcile.Result {
	a.mu.Lock()
	defer a.mu.Unlock()
	key := agendaKey{kind: kind, name: name}
	if next == nil {
		delete(a.entries, key)
		return reconcile.Result{}
	}
	a.entries[key] = *next
	// A moment that has passed since now was read is due at once; zero would mean never.
	return reconcile.Result{RequeueAfter: max(next.Sub(now), time.Millisecond)}
}

// earliest returns the next moment of all.
func (a *agenda) earliest() (time.Time, bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	var earliest time.Time
	for _, at := range a.entries {
		if earliest.IsZero() || at.Before(earliest) {
			earliest = at
		}
	}
	return earliest, !earliest.IsZero()
}

func earliest(a, b *time.Time) *time.Time {
	if a == nil || b != nil && b.Before(*a) {
		return b
	}
	return a
}
