package snapshot

import (
	"errors"
	"sync"
	"sync/atomic"
	"testing"
)

func TestLRUForgetsTheOldest(t *testing.T) {
	made := map[string]int{}
	l := newLRU[string](3, func(weight int) int { return weight })
	get := func(key string, weight int) {
		t.Helper()
		value, err := l.get(key, func() (int, error) { made[key]++; return weight, nil })
		if err != nil || value != weight {
			t.Fatalf("%s: got %d, %v", key, value, err)
		}
	}
	get("a", 1)
	get("b", 1)
	get("a", 1) // more recent than b from here on
	get("c", 2) // b goes
	get("a", 1)
	get("b", 1)
	get("huge", 4) // is not kept, and nothing goes for it
	get("huge", 4)
	get("b", 1)
	want := map[string]int{"a": 1, "b": 2, "c": 1, "huge": 2}
	for key, times := range want {
		if made[key] != times {
			t.Errorf("%s was made %d times, want %d", key, made[key], times)
		}
	}
	if l.weight > l.limit {
		t.Errorf("it holds %d, and the limit is %d", l.weight, l.limit)
	}
}

func TestLRURemembersNoError(t *testing.T) {
	l := newLRU[string](3, func(int) int { return 1 })
	broken := errors.New("broken")
	if _, err := l.get("a", func() (int, error) { return 0, broken }); !errors.Is(err, broken) {
		t.Fatalf("got %v", err)
	}
	if value, err := l.get("a", func() (int, error) { return 7, nil }); err != nil || value != 7 {
		t.Errorf("got %d, %v", value, err)
	}
}

func TestLRUMakesAValueOnce(t *testing.T) {
	l := newLRU[string](3, func(int) int { return 1 })
	var made atomic.Int32
	entered, leave := make(chan struct{}), make(chan struct{})
	produce := func() (int, error) {
		made.Add(1)
		close(entered)
		<-leave
		return 7, nil
	}
	var all sync.WaitGroup
	all.Go(func() { _, _ = l.get("a", produce) })
	<-entered
	for range 8 {
		all.Go(func() {
			if value, err := l.get("a", produce); err != nil || value != 7 {
				t.Errorf("got %d, %v", value, err)
			}
		})
	}
	close(leave)
	all.Wait()
	if n := made.Load(); n != 1 {
		t.Errorf("made %d times", n)
	}
}

func TestLRUReleasesThoseWhoWaitForAPanic(t *testing.T) {
	l := newLRU[string](3, func(int) int { return 1 })
	func() {
		defer func() { _ = recover() }()
		_, _ = l.get("a", func() (int, error) { panic("broken") })
	}()
	if value, err := l.get("a", func() (int, error) { return 7, nil }); err != nil || value != 7 {
		t.Errorf("got %d, %v", value, err)
	}
}
