package cli

import (
	"fmt"
	"net/http"
	"sync"
	"time"

	"forewarn.dev/forewarn/internal/notice"
)

// moment is the time to judge for.
func moment(streams Streams, at string) (time.Time, error) {
	if at == "" {
		return streams.Now().UTC(), nil
	}
	parsed, err := notice.ParseInstant(at)
	if err != nil {
		return time.Time{}, fmt.Errorf("reading --at: %w", err)
	}
	return parsed, nil
}

// serverClock notes what time it is to the API server, as each of its answers
// says: our own clock may be ahead, and must not open anything early.
type serverClock struct {
	next http.RoundTripper

	mu     sync.Mutex
	latest time.Time
}

// RoundTrip passes the request on.
func (c *serverClock) RoundTrip(request *http.Request) (*http.Response, error) {
	response, err := c.next.RoundTrip(request)
	if err != nil {
		return nil, err
	}
	if date, err := http.ParseTime(response.Header.Get("Date")); err == nil {
		c.mu.Lock()
		defer c.mu.Unlock()
		if date.After(c.latest) {
			c.latest = date
		}
	}
	return response, nil
}

// bound is the earlier of own and the time of the API server, which its
// answers give in full seconds.
func (c *serverClock) bound(own time.Time) time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.latest.IsZero() || !own.After(c.latest.Add(time.Second)) {
		return own.UTC()
	}
	return c.latest.UTC()
}
