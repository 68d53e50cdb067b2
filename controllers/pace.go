package controllers

import (
	"sync"
	"time"

	"k8s.io/utils/clock"
)

// pace keeps the gate of a large namespace, of up to a megabyte, from being written again and again while a thousand
// verdicts change one after another: after each time it rests for as long as that took. A small gate takes
// milliseconds, and nobody notices.
type pace struct {
	clock clock.PassiveClock
	mu    sync.Mutex
	until map[string]time.Time
}

func newPace(c clock.PassiveClock) *pace { return &pace{clock: c, until: map[string]time.Time{}} }

// rest is how long to wait before the namespace is due again.
func (p *pace) rest(namespace string) time.Duration {
	p.mu.Lock()
	defer p.mu.Unlock()
	until, resting := p.until[namespace]
	if !resting {
		return 0
	}
	rest := until.Sub(p.clock.Now())
	if rest <= 0 {
		delete(p.until, namespace)
	}
	return rest
}

// begin returns what is to be called at the end.
func (p *pace) begin(namespace string) (finish func()) {
	began := p.clock.Now()
	return func() {
		p.mu.Lock()
		defer p.mu.Unlock()
		ended := p.clock.Now()
		p.until[namespace] = ended.Add(ended.Sub(began))
	}
}
