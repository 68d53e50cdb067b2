package snapshot

import (
	"container/list"
	"errors"
	"sync"
)

var errNotMade = errors.New("whoever was to make it did not")

// How much is remembered. Documents count in bytes as they were read; parsed, they take a multiple of that.
const (
	maxRememberedBytes   = 8 << 20
	maxRememberedChanges = 100_000
	maxRememberedMarks   = 50_000
)

// lru remembers values by key, the most recently used, up to a total weight. Whoever asks for a value that is being
// made waits for it: no document is parsed twice side by side.
type lru[K comparable, V any] struct {
	limit int
	weigh func(V) int

	mu     sync.Mutex
	weight int
	order  *list.List // of *remembered, the most recent first
	items  map[K]*list.Element
	making map[K]*making[V]
}

type remembered[K comparable, V any] struct {
	key   K
	value V
}

type making[V any] struct {
	done  chan struct{}
	value V
	err   error
}

func newLRU[K comparable, V any](limit int, weigh func(V) int) *lru[K, V] {
	return &lru[K, V]{
		limit: limit, weigh: weigh,
		order: list.New(), items: map[K]*list.Element{}, making: map[K]*making[V]{},
	}
}

// get returns what is remembered, or makes it. An error is not remembered.
func (l *lru[K, V]) get(key K, produce func() (V, error)) (V, error) {
	l.mu.Lock()
	if element, ok := l.items[key]; ok {
		l.order.MoveToFront(element)
		value := element.Value.(*remembered[K, V]).value
		l.mu.Unlock()
		return value, nil
	}
	if other, ok := l.making[key]; ok {
		l.mu.Unlock()
		<-other.done
		return other.value, other.err
	}
	m := &making[V]{done: make(chan struct{}), err: errNotMade}
	l.making[key] = m
	l.mu.Unlock()
	defer l.made(key, m) // also when produce panics: nobody is to wait for ever
	m.value, m.err = produce()
	return m.value, m.err
}

func (l *lru[K, V]) made(key K, m *making[V]) {
	l.mu.Lock()
	defer l.mu.Unlock()
	delete(l.making, key)
	close(m.done)
	if m.err == nil {
		l.put(key, m.value)
	}
}

// put adds a value and lets go of the oldest. One that is over the limit by itself is not kept at all.
func (l *lru[K, V]) put(key K, value V) {
	if l.weigh(value) > l.limit {
		return
	}
	l.items[key] = l.order.PushFront(&remembered[K, V]{key: key, value: value})
	l.weight += l.weigh(value)
	for l.weight > l.limit {
		oldest := l.order.Back()
		gone := l.order.Remove(oldest).(*remembered[K, V])
		delete(l.items, gone.key)
		l.weight -= l.weigh(gone.value)
	}
}
