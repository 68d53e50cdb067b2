// Package door is the page by which a customer answers a notice. It is reached by a signed link alone, and looking at it
// changes nothing: programs that look at mails follow every link. It is handed what it shows and where an answer goes,
// and has no client, no logger and no clock.
package door

import (
	"context"
	"errors"
	"mime"
	"net/http"
	"time"

	v1alpha1 "forewarn.dev/forewarn/api/v1alpha1"
	"forewarn.dev/forewarn/internal/answer"
	"forewarn.dev/forewarn/internal/feed"
)

const (
	// Path is where the page is, below the address that customers are given.
	Path = "/a/{token}"
	// maxForm is the size of what is read of an answer, in bytes.
	maxForm = 4 << 10
	// lookTime is how long somebody waits for the cluster.
	lookTime = 10 * time.Second
)

// ErrUnknown says that there is no such notice, or that the customer was not told of it.
var ErrUnknown = errors.New("there is no such notice for that customer")

// Door serves the page.
type Door struct {
	// Keys are those that count now.
	Keys func() answer.Keys
	// Now is the time that counts.
	Now func(context.Context) (time.Time, error)
	// Find is what the customer of a ticket is shown.
	Find func(context.Context, answer.Ticket) (Found, error)
	// Keep keeps an answer. It may be asked for the same one twice.
	Keep func(context.Context, answer.Ticket, answer.Answer, time.Time) error
}

// Found is a notice, and what one customer answered to it so far.
type Found struct {
	// API has no other notice.
	API   feed.API
	Given answer.Given
	// Over: nothing is to be answered any more.
	Over bool
}

func (f *Found) notice() *feed.Notice { return &f.API.Notices[0] }

// ServeHTTP shows the page, and takes answers.
func (d *Door) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	protect(w.Header())
	switch r.Method {
	case http.MethodGet, http.MethodHead, http.MethodPost:
	case http.MethodOptions:
		w.Header().Set("Allow", "GET, HEAD, POST, OPTIONS")
		w.WriteHeader(http.StatusNoContent)
		return
	default:
		w.Header().Set("Allow", "GET, HEAD, POST, OPTIONS")
		refuse(w, http.StatusMethodNotAllowed, notAllowed)
		return
	}
	ticket, err := d.Keys().Open(r.PathValue("token"))
	if err != nil {
		refuse(w, http.StatusNotFound, notFound)
		return
	}
	ctx, cancel := context.WithTimeout(r.Context(), lookTime)
	defer cancel()
	now, err := d.Now(ctx)
	if err != nil {
		later(w)
		return
	}
	if ticket.ExpiredBy(now) {
		refuse(w, http.StatusGone, expired)
		return
	}
	found, err := d.Find(ctx, ticket)
	switch {
	case errors.Is(err, ErrUnknown) || err == nil && len(found.API.Notices) != 1:
		refuse(w, http.StatusNotFound, notFound)
	case err != nil:
		later(w)
	case r.Method == http.MethodPost:
		d.take(ctx, w, r, ticket, found, now)
	default:
		show(w, http.StatusOK, found, now, "")
	}
}

// take keeps what was answered, and leads back to the page.
func (d *Door) take(ctx context.Context, w http.ResponseWriter, r *http.Request, ticket answer.Ticket, found Found, now time.Time) {
	if found.Over {
		show(w, http.StatusConflict, found, now, "")
		return
	}
	if kind, _, err := mime.ParseMediaType(r.Header.Get("Content-Type")); err != nil || kind != "application/x-www-form-urlencoded" {
		refuse(w, http.StatusUnsupportedMediaType, notAForm)
		return
	}
	r.Body = http.MaxBytesReader(w, r.Body, maxForm)
	if err := r.ParseForm(); err != nil {
		code := http.StatusBadRequest
		if tooLarge := (*http.MaxBytesError)(nil); errors.As(err, &tooLarge) {
			code = http.StatusRequestEntityTooLarge
		}
		refuse(w, code, notAForm)
		return
	}
	given, err := answer.Read(r.PostForm.Get("answer"), r.PostForm.Get("until"), now, found.notice().Effective)
	if err != nil {
		show(w, http.StatusUnprocessableEntity, found, now, complaints[err])
		return
	}
	switch err := d.Keep(ctx, ticket, given, now); {
	case errors.Is(err, ErrUnknown):
		refuse(w, http.StatusNotFound, notFound)
	case err != nil:
		later(w)
	default:
		w.Header().Set("Location", r.PathValue("token")) // relative, so that it is right behind a proxy's prefix
		w.WriteHeader(http.StatusSeeOther)
	}
}

// complaints are what a customer is told who has to say it in another way.
var complaints = map[error]string{
	answer.ErrNoAnswer: "Please choose one of the answers.",
	answer.ErrNoDate:   "Please say until which day you need things to stay as they are.",
	answer.ErrPast:     "Please choose a day after today.",
	answer.ErrEarly:    "Until then things stay as they are in any case. Please choose a later day.",
	answer.ErrFar:      "Please choose a day within the next ten years.",
}

// NotFound answers for all paths that there are not.
func NotFound(w http.ResponseWriter, _ *http.Request) {
	protect(w.Header())
	refuse(w, http.StatusNotFound, notFound)
}

// protect sets what all answers have: nothing is kept, found, framed, run or told to anybody else.
func protect(header http.Header) {
	header.Set("Content-Security-Policy", contentPolicy)
	header.Set("X-Content-Type-Options", "nosniff")
	header.Set("Referrer-Policy", "no-referrer")
	header.Set("X-Robots-Tag", "noindex, nofollow")
	header.Set("Cache-Control", "no-store")
}

// later is for when the cluster does not answer. Whoever serves it logs why.
func later(w http.ResponseWriter) {
	w.Header().Set("Retry-After", "10")
	refuse(w, http.StatusServiceUnavailable, notNow)
}

// kindWords are the answers as a customer reads them.
var kindWords = map[v1alpha1.CustomerAnswer]string{
	v1alpha1.AnswerUnderstood: "You have understood.",
	v1alpha1.AnswerNeedsTime:  "You need things to stay as they are until the end of ",
}
