package controllers

import (
	"context"
	"errors"
	"io"
	"net/http"
	"time"

	"github.com/go-logr/logr"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/utils/clock"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"forewarn.dev/forewarn/internal/delivery/bounce"
	"forewarn.dev/forewarn/internal/delivery/webhook"
)

const (
	// bouncesAtOnce bounds the mails that are looked at, after their signature held: at most 8 MiB.
	bouncesAtOnce = 32
	// unverifiedAtOnce bounds what is being read of what anybody says are some: at most 32 MiB.
	unverifiedAtOnce = 128
	// unverifiedTime is for reading one: nobody keeps others out by sending slowly.
	unverifiedTime = 2 * time.Second
	// bounceTime is for looking at one. A mail server tries again.
	bounceTime = 10 * time.Second
	// bounceRetry is after how many seconds it is to do so.
	bounceRetry = "60"
)

// bounceURL is where what came back to a channel is handed in.
func (a *Answers) bounceURL(channel types.NamespacedName) string {
	return a.base + "bounces/" + channel.Namespace + "/" + channel.Name
}

// bounces takes in what mail servers send back after they took a mail over. Every replica does.
//
//	POST, signed -> notification read -> the message found -> Delivered becomes Failed -> the clock of the notice is
//	                                                                                     worked out anew
type bounces struct {
	client client.Client
	live   client.Reader // without a cache
	keys   keyring
	own    clock.PassiveClock
	log    logr.Logger
	// unverified has the places of those whose signature is not known to hold, places those of the others.
	unverified, places chan struct{}
	// writing has one place: those that come back together mostly stand in the same record.
	writing chan struct{}
	routes  *http.ServeMux
}

func newBounces(s shared, own clock.PassiveClock, log logr.Logger) *bounces {
	b := &bounces{
		client: s.client, live: s.live, keys: keyring{channels: s.client, snapshot: s.snapshot}, own: own, log: log,
		unverified: make(chan struct{}, unverifiedAtOnce), places: make(chan struct{}, bouncesAtOnce),
		writing: make(chan struct{}, 1), routes: http.NewServeMux(),
	}
	b.routes.HandleFunc("POST /bounces/{namespace}/{channel}", b.serve)
	return b
}

// ServeHTTP answers in words of our own: a mail server may send them on to whoever it likes.
func (b *bounces) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	header := w.Header()
	header.Set("Cache-Control", "no-store")
	header.Set("X-Content-Type-Options", "nosniff")
	b.routes.ServeHTTP(w, r)
}

func (b *bounces) serve(w http.ResponseWriter, r *http.Request) {
	ctx, cancel := context.WithTimeout(r.Context(), bounceTime)
	defer cancel()
	channel := types.NamespacedName{Namespace: r.PathValue("namespace"), Name: r.PathValue("channel")}
	body, ok := b.signed(ctx, w, r, channel)
	if !ok {
		return
	}
	select {
	case b.places <- struct{}{}:
		defer func() { <-b.places }()
	default:
		tooMany(w)
		return
	}
	report, err := bounce.Parse(body)
	if err != nil {
		say(w, http.StatusUnprocessableEntity, err.Error())
		return
	}
	if !report.Failed {
		say(w, http.StatusOK, "nothing changes: the mail did not fail for good")
		return
	}
	found := bounceUnknown
	err = inTurn(ctx, b.writing, func() (err error) {
		found, err = b.apply(ctx, channel, report.ID)
		return err
	})
	switch {
	case err != nil:
		b.log.Error(err, "Looking at a mail that came back", "channel", channel.String())
		later(w, "it cannot be looked at now")
	case found == bounceUnknown:
		say(w, http.StatusUnprocessableEntity, "no message of this channel has that Message-ID, or its notice was deleted")
	case found == bounceEarly:
		later(w, "the message is still under way")
	case found == bounceSettled:
		say(w, http.StatusOK, "nothing changes: the message does not count as delivered")
	default:
		b.log.Info("Took back that a mail was delivered", "channel", channel.String(), "id", report.ID)
		say(w, http.StatusOK, "taken: the message counts as delivered no more")
	}
}

// signed returns what was sent, if it was signed with a key of the channel. Whoever has none learns nothing: not
// whether there is such a channel either.
func (b *bounces) signed(ctx context.Context, w http.ResponseWriter, r *http.Request, channel types.NamespacedName) ([]byte, bool) {
	now := b.own.Now()
	if webhook.Signed(r.Header, now) != nil {
		notSigned(w)
		return nil, false
	}
	keys, err := b.keys.of(ctx, channel, now)
	switch {
	case err != nil: // the condition of the channel says it: strangers do not fill a log
		later(w, "it cannot be looked at now")
		return nil, false
	case len(keys) == 0:
		notSigned(w)
		return nil, false
	}
	select {
	case b.unverified <- struct{}{}:
		defer func() { <-b.unverified }()
	default:
		tooMany(w)
		return nil, false
	}
	connection := http.NewResponseController(w)
	_ = connection.SetReadDeadline(now.Add(unverifiedTime)) // without it, the time of the server holds
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, bounce.MaxSize))
	if tooLarge := (*http.MaxBytesError)(nil); errors.As(err, &tooLarge) {
		say(w, http.StatusRequestEntityTooLarge, "the notification is larger than 256 KiB")
		return nil, false
	}
	if err != nil {
		later(w, "it did not arrive in full")
		return nil, false
	}
	if webhook.Verify(keys, r.Header, body, now) != nil {
		notSigned(w)
		return nil, false
	}
	_ = connection.SetReadDeadline(time.Time{}) // all was read, and the end of that time would end what follows
	return body, true
}

func notSigned(w http.ResponseWriter) {
	say(w, http.StatusUnauthorized, "the signature does not hold: see that the namespace, the channel, its key and the clock are right")
}

func tooMany(w http.ResponseWriter) { later(w, "too many mails come back at once") }

func later(w http.ResponseWriter, text string) {
	w.Header().Set("Retry-After", bounceRetry)
	say(w, http.StatusServiceUnavailable, text+"; try again")
}

func say(w http.ResponseWriter, code int, text string) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.WriteHeader(code)
	_, _ = io.WriteString(w, text+"\n") // whoever asked is gone
}
