package controllers

import (
	"sync"
	"time"

	"k8s.io/apimachinery/pkg/types"

	"forewarn.dev/forewarn/internal/delivery"
)

// How long nothing goes out by a channel that failed: the first time, doubled with each further one up to the last.
const (
	firstPause = 15 * time.Second
	lastPause  = time.Hour
)

// pauses are the channels by which nothing goes out for now, because the last attempt failed through no fault of a
// customer: 5,000 customers are no reason to knock 5,000 times. They are in memory alone: whoever starts anew tries.
type pauses struct {
	mu    sync.Mutex
	known map[types.NamespacedName]pause

	channels *waker
}

type pause struct {
	failure *delivery.Failure
	// digest is that of the channel as it was: one that was put right is tried at once.
	digest   string
	failures int
	until    time.Time
}

func newPauses() *pauses {
	return &pauses{known: map[types.NamespacedName]pause{}, channels: &waker{}}
}

// begin holds a channel back.
func (p *pauses) begin(key types.NamespacedName, digest string, failure *delivery.Failure, now time.Time) {
	p.mu.Lock()
	defer p.mu.Unlock()
	before := p.known[key]
	next := pause{failure: failure, digest: digest, failures: 1}
	if before.digest == digest {
		next.failures += before.failures
	}
	long := firstPause
	for range next.failures - 1 {
		long = min(2*long, lastPause)
	}
	next.until = now.Add(max(long, failure.RetryAfter))
	p.known[key] = next
	p.channels.wake(key)
}

// end lets a channel go on.
func (p *pauses) end(key types.NamespacedName) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if _, paused := p.known[key]; paused {
		delete(p.known, key)
		p.channels.wake(key)
	}
}

// last returns the fault that a channel had last, whatever became of it since. Nil: none, or something went out since.
func (p *pauses) last(key types.NamespacedName) *delivery.Failure {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.known[key].failure
}

// of returns what is known of a channel that has this digest. It is the last failure also when its time is over, until
// something goes out again.
func (p *pauses) of(key types.NamespacedName, digest string) (pause, bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	known, paused := p.known[key]
	return known, paused && known.digest == digest
}
