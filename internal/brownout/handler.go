// Package brownout answers in place of what a brownout takes away. Routes lead to it for the minutes that customers were
// told of; it says of it what they were told, and nothing else.
package brownout

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"time"

	"forewarn.dev/forewarn/internal/signal"
)

// problemType tells this problem from all others (RFC 9457). Nothing is to be had there.
const problemType = "tag:forewarn.dev,2026:brownout"

const (
	// maxInstance bounds what is said again of the request.
	maxInstance = 1 << 10
	// ahead is how far the clock of another replica, by which the route was taken away, may be ahead of ours.
	ahead = 10 * time.Second
	// retryAfter is when to come back where it is not known which brownout it is, or that should be over.
	retryAfter = "5"
)

// Name is that of a brownout.
type Name struct {
	Namespace, Schedule, Brownout string
}

// Answer is what is said of a brownout that customers were told of.
type Answer struct {
	Title  string
	Detail string
	// Locale is the language of both.
	Locale string
	// Start is when it begins, End the first moment after it.
	Start   time.Time
	End     time.Time
	Headers []signal.Header
}

// Handler answers every request, whatever its method and its path.
type Handler struct {
	// Find returns what is said of a brownout; false where customers were told of none of that name.
	Find func(context.Context, Name) (Answer, bool)
	Now  func(context.Context) (time.Time, error)
}

// problem is a problem document.
type problem struct {
	Type     string `json:"type"`
	Title    string `json:"title"`
	Status   int    `json:"status"`
	Detail   string `json:"detail,omitempty"`
	Instance string `json:"instance,omitempty"`
	// Until is the moment at which it is there again.
	Until *time.Time `json:"until,omitempty"`
}

// ServeHTTP implements http.Handler.
func (h *Handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	header := w.Header()
	header.Set("Content-Type", "application/problem+json")
	header.Set("Cache-Control", "no-store") // a 410 may be kept otherwise, and it is back in minutes
	header.Set("X-Content-Type-Options", "nosniff")
	said := problem{
		Type: "about:blank", Title: http.StatusText(http.StatusServiceUnavailable), Status: http.StatusServiceUnavailable,
		Instance: instance(r.URL),
	}
	if answer, ok := h.find(r); ok {
		until := answer.End.UTC()
		said.Type, said.Status, said.Title, said.Detail, said.Until = problemType, http.StatusGone, answer.Title, answer.Detail, &until
		for _, of := range answer.Headers {
			header.Set(of.Name, of.Value)
		}
		header.Set("Retry-After", signal.HTTPDate(until))
		if answer.Locale != "" {
			header.Set("Content-Language", answer.Locale)
		}
	} else {
		header.Set("Retry-After", retryAfter)
	}
	w.WriteHeader(said.Status)
	encoder := json.NewEncoder(w)
	_ = encoder.Encode(said) // whoever asked is gone
}

// find is false for what customers were not told of, and for what is not under way: that is trouble, or somebody who
// guesses, and no brownout.
func (h *Handler) find(r *http.Request) (Answer, bool) {
	name, ok := nameIn(r.Header.Values(signal.HeaderBrownout))
	if !ok {
		return Answer{}, false
	}
	answer, ok := h.Find(r.Context(), name)
	if !ok {
		return Answer{}, false
	}
	now, err := h.Now(r.Context())
	return answer, err == nil && !now.Before(answer.Start.Add(-ahead)) && now.Before(answer.End)
}

// nameIn reads what the route says: "<namespace>/<schedule>/<brownout>/<rule>".
func nameIn(values []string) (Name, bool) {
	if len(values) != 1 {
		return Name{}, false
	}
	parts := strings.SplitN(values[0], "/", 4)
	if len(parts) != 4 || parts[0] == "" || parts[1] == "" || parts[2] == "" {
		return Name{}, false
	}
	return Name{Namespace: parts[0], Schedule: parts[1], Brownout: parts[2]}, true
}

// instance is the path that was asked for, without a query, which may hold secrets.
func instance(u *url.URL) string {
	path := u.EscapedPath()
	if len(path) > maxInstance {
		return ""
	}
	return path
}
