package telling

import (
	"crypto/sha256"
	"encoding/binary"
	"math"
	"time"

	v1alpha1 "forewarn.dev/forewarn/api/v1alpha1"
)

// How a message that was not taken over is tried again.
const (
	minPause    = time.Minute
	maxPause    = time.Hour
	maxWait     = 24 * time.Hour // whatever the other side asks for
	tryAtLeast  = 24 * time.Hour
	minAttempts = 10
)

// NextAttempt is when a message that was not taken over is tried again, in whole seconds: after a pause between a
// minute and an hour whose upper bound doubles with each attempt, and not before the other side wants it. Where in
// that range it falls depends on the message and the attempt alone, so that a restart changes nothing and 5,000
// messages that failed together do not come back together. Nil: given up, once 24 hours and 10 attempts have gone.
func NextAttempt(d *v1alpha1.Delivery, now time.Time, retryAfter time.Duration) *time.Time {
	attempts := 0
	if d.Attempts != nil {
		attempts = max(int(*d.Attempts), 0)
	}
	if d.PlannedTime != nil && !now.Before(d.PlannedTime.Add(tryAtLeast)) && attempts >= minAttempts {
		return nil
	}
	bound := maxPause
	if attempts < 6 { // 2^6 minutes are more than an hour
		bound = min(minPause<<attempts, maxPause)
	}
	pause := minPause + time.Duration(share(d.ID, attempts)*float64(bound-minPause))
	at := now.UTC().Add(max(pause, min(retryAfter, maxWait)))
	if whole := at.Truncate(time.Second); whole.Before(at) {
		at = whole.Add(time.Second) // a status has no parts of a second, and earlier would not do
	}
	return &at
}

// share is a number from 0 to 1, as good as drawn, that the attempt at a message always has.
func share(id string, attempt int) float64 {
	sum := sha256.Sum256(binary.BigEndian.AppendUint64([]byte(id), uint64(attempt)))
	return float64(binary.BigEndian.Uint64(sum[:8])) / math.MaxUint64
}
