package controllers

import (
	"sync"
	"time"

	apimeta "k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/utils/clock"

	v1alpha1 "forewarn.dev/forewarn/api/v1alpha1"
)

// stopwatch measures how long a revision waits for its first verdict. Creation timestamps count whole seconds, and
// the clock of verdicts may be moved on: neither would do.
type stopwatch struct {
	clock clock.PassiveClock
	mu    sync.Mutex
	began map[types.NamespacedName]time.Time
}

func newStopwatch(c clock.PassiveClock) *stopwatch {
	return &stopwatch{clock: c, began: map[types.NamespacedName]time.Time{}}
}

func (s *stopwatch) start(key types.NamespacedName, revision *v1alpha1.APIRevision) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, running := s.began[key]; !running && apimeta.FindStatusCondition(revision.Status.Conditions, v1alpha1.ConditionJudged) == nil {
		s.began[key] = s.clock.Now()
	}
}

// stop returns the time that it took, and false where nothing was measured.
func (s *stopwatch) stop(key types.NamespacedName) (time.Duration, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	began, running := s.began[key]
	delete(s.began, key)
	return s.clock.Since(began), running
}

// age is for how long there has been a revision, in real time: the clock of verdicts may be moved on.
func (s *stopwatch) age(revision *v1alpha1.APIRevision) time.Duration {
	return s.clock.Since(revision.CreationTimestamp.Time)
}

func (s *stopwatch) forget(key types.NamespacedName) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.began, key)
}
