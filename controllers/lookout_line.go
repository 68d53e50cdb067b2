package controllers

import (
	"context"
	"sync"
	"time"

	apimeta "k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/watch"
	toolscache "k8s.io/client-go/tools/cache"
	"k8s.io/utils/clock"
)

const (
	// silenceLimit is how long nothing may be heard: API servers renew their Leases every 10 s.
	silenceLimit = 20 * time.Second
	// breakLimit is how long the watch may be away. It is made anew every few minutes, at once.
	breakLimit = time.Second
	// catchUp is how long it takes at most, once there is a watch again, until what was missed is here.
	catchUp = 5 * time.Second
)

// lookoutLine knows when the EndpointSlices were really watched. What is heard just after a silence happened at some
// moment of it.
type lookoutLine struct {
	gone func() time.Duration
	// pods is the same for the pods, which bear out what the EndpointSlices say; nil where nobody watches them.
	pods *lookoutLine

	mu sync.Mutex
	// up says that there is a watch, the last of so many; heard is when it last said anything.
	up      bool
	watches int
	heard   time.Duration
	// silent and again are the last silence that mattered.
	silent, again time.Duration
}

// newLookoutLine goes by what went by on a clock since now. No clock that is put right changes that.
func newLookoutLine(own clock.PassiveClock) *lookoutLine {
	began := own.Now()
	gone := func() time.Duration { return own.Since(began) }
	return &lookoutLine{gone: gone, pods: &lookoutLine{gone: gone}}
}

// over returns a source whose watches the line knows of.
func (l *lookoutLine) over(source toolscache.ListerWatcher) toolscache.ListerWatcher {
	lw := toolscache.ToListerWatcherWithContext(source)
	return &toolscache.ListWatch{
		ListWithContextFunc: lw.ListWithContext,
		WatchFuncWithContext: func(ctx context.Context, o metav1.ListOptions) (watch.Interface, error) {
			w, err := lw.WatchWithContext(ctx, o)
			if err != nil {
				return nil, err
			}
			heard := &heardWatch{Interface: w, number: l.open(), events: make(chan watch.Event), stopped: make(chan struct{})}
			go heard.pass(l)
			return heard, nil
		},
	}
}

// open notes that there is a watch, and returns which.
func (l *lookoutLine) open() int {
	l.hear(true)
	l.mu.Lock()
	defer l.mu.Unlock()
	l.watches++
	return l.watches
}

// hear notes a sign of life: of the watch itself, or of an API server on the same connection.
func (l *lookoutLine) hear(watching bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	now := l.gone()
	silence, known := now-l.heard, l.heard > 0
	if known && (l.up || watching) && (silence > silenceLimit || !l.up && silence > breakLimit) {
		l.silent, l.again = l.heard, now
	}
	l.up = l.up || watching
	if l.up {
		l.heard = now
	}
}

// lose notes that a watch is over. The next may have begun already.
func (l *lookoutLine) lose(watch int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if watch != l.watches {
		return
	}
	if now := l.gone(); l.up && now-l.heard <= silenceLimit {
		l.heard = now
	}
	l.up = false
}

// since is how much had gone by when what is seen at a moment may have happened: just then, or at any moment since.
func (l *lookoutLine) since(gone time.Duration) time.Duration {
	l.mu.Lock()
	defer l.mu.Unlock()
	switch silence := gone - l.heard; {
	case silence > silenceLimit, !l.up && silence > breakLimit:
		return l.heard
	case l.again > 0 && gone-l.again < catchUp:
		return l.silent
	}
	return gone
}

// heardWatch passes on what a watch says.
type heardWatch struct {
	watch.Interface
	number  int
	events  chan watch.Event
	stopped chan struct{}
	once    sync.Once
}

// ResultChan implements watch.Interface.
func (w *heardWatch) ResultChan() <-chan watch.Event { return w.events }

// Stop implements watch.Interface.
func (w *heardWatch) Stop() {
	w.once.Do(func() { close(w.stopped) })
	w.Interface.Stop()
}

func (w *heardWatch) pass(l *lookoutLine) {
	defer close(w.events)
	defer l.lose(w.number)
	for event := range w.Interface.ResultChan() {
		if _, err := apimeta.Accessor(event.Object); err == nil && event.Type != watch.Error {
			l.hear(true)
		}
		select {
		case w.events <- event:
		case <-w.stopped:
			return
		}
	}
}
