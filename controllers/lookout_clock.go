package controllers

import (
	"sync"
	"time"
)

// lookoutClock tells the time of the API servers, from the Leases that they renew and what went by here since: our own
// clock may be wrong, and may be put right in the middle of an outage.
//
//	API server renews its Lease at 10:00:00 ----> seen here when 72.4 s have gone by
//	                                              an endpoint is lost when 75.9 s have: at 10:00:03.5
//
// A renewal is seen late and never early. So the clock may be behind by what a watch takes, and is never ahead. Once it
// goes it never jumps: where the API servers put theirs right, it follows by a thousandth of what goes by, so that what is
// measured stays as long as it was.
type lookoutClock struct {
	// gone is how much time went by since this process began. No clock that is put right changes it.
	gone func() time.Duration

	mu sync.Mutex
	// began is the time of the API servers when nothing had gone by yet. Zero: not known.
	began time.Time
	// followed is when it was last put right.
	followed time.Duration
	// written is the latest moment that was written down before the clock went.
	written time.Time
	// renewed is when each Lease was last renewed.
	renewed map[string]time.Time
}

const (
	// followPart is the part of the time that goes by, by which the clock follows.
	followPart = 1000
	// A clock that is a little behind saw its first renewal late: it follows faster.
	littleBehind, followFaster = 2 * time.Second, 200
)

func newLookoutClock(gone func() time.Duration) *lookoutClock {
	return &lookoutClock{gone: gone, renewed: map[string]time.Time{}}
}

// renew takes a Lease in. It says whether the clock goes now that did not before: what is first seen of a Lease may be
// from long ago, so that the second renewal is the first that tells the time.
func (c *lookoutClock) renew(lease string, at time.Time) (goes bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	before, known := c.renewed[lease]
	c.renewed[lease] = at
	if !known || before.Equal(at) {
		return false
	}
	gone := c.gone()
	seen := at.Add(-gone)
	if c.began.IsZero() {
		c.began, c.followed = seen, gone
		c.hold(c.written)
		return true
	}
	behind := seen.Sub(c.began)
	limit := (gone - c.followed) / followPart
	if behind > 0 && behind <= littleBehind {
		limit = (gone - c.followed) / followFaster
	}
	c.began, c.followed = c.began.Add(min(max(behind, -limit), limit)), gone
	return false
}

// notBefore holds it to a moment that was written down already: by a clock of the API servers that was put back since.
func (c *lookoutClock) notBefore(at time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.written = at
	if !c.began.IsZero() {
		c.hold(at)
	}
}

func (c *lookoutClock) hold(at time.Time) {
	if now := c.began.Add(c.gone()); now.Before(at) {
		c.began = c.began.Add(at.Sub(now))
	}
}

// at is the time when so much had gone by, and false before the clock goes.
func (c *lookoutClock) at(gone time.Duration) (time.Time, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.began.IsZero() {
		return time.Time{}, false
	}
	return c.began.Add(gone).UTC().Truncate(time.Microsecond), true
}
