package webhook

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	clocktesting "k8s.io/utils/clock/testing"

	"forewarn.dev/forewarn/internal/delivery"
	"forewarn.dev/forewarn/internal/delivery/egress"
	"forewarn.dev/forewarn/test/internet"
)

func TestSendInFull(t *testing.T) {
	r := receive(t, nil)
	receipt, err := r.sender().Send(t.Context(), r.url(t), message())
	if err != nil {
		t.Fatal(err)
	}
	if want := (delivery.Receipt{Time: now, Reference: message().ID}); receipt != want {
		t.Errorf("the receipt is %v, want %v", receipt, want)
	}
	got := r.requests()[0]
	if err := verify(newKey, got); err != nil {
		t.Error(err)
	}
	for name, want := range map[string]string{
		"Content-Type": "application/cloudevents+json; charset=utf-8",
		"Webhook-Id":   "0123456789abcdef0123456789abcdef", "Webhook-Timestamp": "1795348800",
	} {
		if got.header.Get(name) != want {
			t.Errorf("%s is %q, want %q", name, got.header.Get(name), want)
		}
	}
	const want = `{
  "specversion": "1.0",
  "id": "0123456789abcdef0123456789abcdef",
  "source": "/namespaces/shop/changenotices/orders-no-delete",
  "type": "dev.forewarn.notice.reminder.v1",
  "datacontenttype": "application/json",
  "time": "2026-11-22T11:00:00Z",
  "data": {
    "stage": "Reminder-30",
    "customer": "c-17",
    "answerURL": "https://answers.acme.example/a/AQRzaG9w",
    "notice": {
      "namespace": "shop",
      "name": "orders-no-delete",
      "uid": "5d1c",
      "api": "orders",
      "apiTitle": "Orders API",
      "title": "From 1 July 2027 orders can no longer be deleted",
      "whatChanges": "DELETE /orders/{id} answers 404",
      "whatToDo": "Use POST /orders/{id}/cancel",
      "help": "https://help.acme.example/orders",
      "updates": [
        "It is free.\u2028Really \u001b[31m."
      ],
      "versions": [
        "v1"
      ],
      "operations": [
        "DELETE /orders/{id}"
      ],
      "effectiveTime": "2027-07-01T00:00:00Z",
      "publishedTime": "2026-11-22T10:00:00Z",
      "previousTime": "2027-05-31T23:00:00Z",
      "supersededBy": "later",
      "feedURL": "https://changes.acme.example/orders"
    }
  }
}`
	var indented bytes.Buffer
	if err := json.Indent(&indented, []byte(got.body), "", "  "); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, indented.String()); diff != "" {
		t.Error(diff)
	}
}

// A retry is the same event, signed anew: receivers refuse old timestamps.
func TestSendAgain(t *testing.T) {
	r := receive(t, nil)
	sender := r.sender()
	for _, after := range []time.Duration{0, time.Hour} {
		sender.Clock = clocktesting.NewFakePassiveClock(now.Add(after))
		if _, err := sender.Send(t.Context(), r.url(t), message()); err != nil {
			t.Fatal(err)
		}
	}
	first, second := r.requests()[0], r.requests()[1]
	if first.body != second.body || first.header.Get("webhook-id") != second.header.Get("webhook-id") {
		t.Error("the retry is another event")
	}
	if second.header.Get("webhook-timestamp") != "1795352400" || verify(newKey, second) != nil {
		t.Errorf("the retry is not signed anew: %v", second.header)
	}
}

func TestSendJudgesTheAnswer(t *testing.T) {
	failing := func(reason string, permanent bool) *delivery.Failure {
		return &delivery.Failure{Reason: reason, Permanent: permanent}
	}
	deferred, refused := failing(delivery.ReasonWebhookDeferred, false), failing(delivery.ReasonWebhookRefused, true)
	redirected := failing(delivery.ReasonRedirectRefused, false)
	gone := failing(delivery.ReasonWebhookGone, true)
	gone.Disable = true
	for status, want := range map[int]*delivery.Failure{
		200: nil, 201: nil, 202: nil, 204: nil, 299: nil,
		300: redirected, 301: redirected, 302: redirected, 303: redirected, 304: redirected, 307: redirected, 308: redirected, 399: redirected,
		400: refused, 401: refused, 403: refused, 404: refused, 405: refused, 407: refused, 409: refused, 411: refused,
		413: refused, 421: refused, 424: refused, 426: refused, 428: refused, 430: refused, 451: refused, 499: refused,
		408: deferred, 425: deferred, 429: deferred, 410: gone,
		500: deferred, 501: deferred, 502: deferred, 503: deferred, 504: deferred, 599: deferred, 600: deferred, 999: deferred,
	} {
		r := receive(t, func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Location", "http://169.254.169.254/"+secret)
			w.WriteHeader(status)
			if status >= 400 {
				_, _ = io.WriteString(w, "no such customer: "+secret)
			}
		})
		_, err := r.sender().Send(t.Context(), r.url(t), message())
		if want == nil {
			if err != nil {
				t.Errorf("%d: %v", status, err)
			}
			continue
		}
		got := failure(t, err)
		if !strings.HasPrefix(got.Text, "the receiver answered "+strconv.Itoa(status)) {
			t.Errorf("%d: the text is %q", status, got.Text)
		}
		got.Text = ""
		if *got != *want {
			t.Errorf("%d: %+v, want %+v", status, got, want)
		}
		if len(r.requests()) != 1 {
			t.Errorf("%d: %d requests", status, len(r.requests()))
		}
	}
}

func TestSendIsPointedNowhere(t *testing.T) {
	for _, location := range []string{"", "://" + secret, "http://[", "https://127.0.0.1:port/"} {
		r := receive(t, func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Location", location)
			w.WriteHeader(http.StatusPermanentRedirect)
		})
		_, err := r.sender().Send(t.Context(), r.url(t), message())
		if got := failure(t, err); got.Reason != delivery.ReasonRedirectRefused || got.Permanent {
			t.Errorf("%q: %+v", location, got)
		}
	}
}

func TestSendObeysRetryAfter(t *testing.T) {
	cases := map[string]struct {
		status int
		value  string
		want   time.Duration
	}{
		"seconds":                {429, "120", 2 * time.Minute},
		"with blanks":            {429, " 120 ", 2 * time.Minute},
		"of 503":                 {503, "1", time.Second},
		"none":                   {429, "", 0},
		"nought":                 {429, "0", 0},
		"a day":                  {429, "86400", 24 * time.Hour},
		"a day and a second":     {429, "86401", 24 * time.Hour},
		"more than fits":         {429, "99999999999999999999999", 24 * time.Hour},
		"less than nothing":      {429, "-5", 0},
		"nonsense":               {429, "soon", 0},
		"a fraction":             {429, "1.5", 0},
		"a date":                 {503, "Sun, 22 Nov 2026 12:00:30 GMT", 30 * time.Second},
		"a date of RFC 850":      {503, "Sunday, 22-Nov-26 12:00:30 GMT", 30 * time.Second},
		"now":                    {503, "Sun, 22 Nov 2026 12:00:00 GMT", 0},
		"a date that is over":    {503, "Sun, 22 Nov 2026 11:59:59 GMT", 0},
		"a date in a day":        {503, "Mon, 23 Nov 2026 12:00:00 GMT", 24 * time.Hour},
		"a date beyond":          {503, "Mon, 23 Nov 2026 12:00:01 GMT", 24 * time.Hour},
		"a date far beyond":      {503, "Fri, 31 Dec 9999 23:59:59 GMT", 24 * time.Hour},
		"of what is not put off": {400, "120", 0},
		"of 500":                 {500, "120", 0},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			r := receive(t, func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("Retry-After", c.value)
				w.WriteHeader(c.status)
			})
			_, err := r.sender().Send(t.Context(), r.url(t), message())
			if got := failure(t, err); got.RetryAfter != c.want {
				t.Errorf("put off by %v, want %v", got.RetryAfter, c.want)
			}
		})
	}
}

func TestSendLooksAtTheURL(t *testing.T) {
	cases := map[string]struct {
		target string
		allow  bool
		want   string // of the failure; empty: it goes out
	}{
		"without TLS":               {"http://" + host + "/", false, "without TLS"},
		"without TLS where allowed": {"http://" + host + "/", true, ""},
		"in capitals":               {"HTTP://" + host + "/", false, "without TLS"},
		"a user name":               {"https://" + secret + ":x@" + host + "/", false, "none of a webhook"},
		"no host":                   {"https:///" + secret, false, "none of a webhook"},
		"a port alone":              {"https://:443/" + secret, false, "none of a webhook"},
		"no scheme":                 {host, false, "none of a webhook"},
		"another scheme":            {"ftp://" + host, true, "none of a webhook"},
		"a file":                    {"file:///etc/" + secret, true, "none of a webhook"},
		"a line end":                {"https://" + host + "/\r\nX-Other: 1", false, "none of a webhook"},
		"a bad port":                {"https://" + host + ":x/", false, "none of a webhook"},
		"nothing":                   {"", true, "none of a webhook"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			sender := receive(t, nil).sender()
			sent := &recorder{}
			sender.Client, sender.AllowHTTP = &http.Client{Transport: sent}, c.allow
			_, err := sender.Send(t.Context(), c.target, message())
			if c.want == "" {
				if err != nil || len(sent.targets) != 1 {
					t.Errorf("%v, sent to %v", err, sent.targets)
				}
				return
			}
			got := failure(t, err)
			if got.Reason != delivery.ReasonAddressInvalid || !got.Permanent || !strings.Contains(got.Text, c.want) || len(sent.targets) > 0 {
				t.Errorf("%+v, sent to %v", got, sent.targets)
			}
		})
	}
}

type recorder struct{ targets []string }

func (r *recorder) RoundTrip(q *http.Request) (*http.Response, error) {
	r.targets = append(r.targets, q.URL.String())
	return &http.Response{StatusCode: http.StatusOK, Body: http.NoBody}, nil
}

// What goes wrong on the way is never the end: somebody can mend it.
func TestSendSaysWhatWentWrong(t *testing.T) {
	hang := func(_ http.ResponseWriter, q *http.Request) { <-q.Context().Done() }
	cases := map[string]struct {
		answer     http.HandlerFunc
		change     func(*testing.T, *receiver, *Sender)
		wantReason string
		wantText   string
	}{
		"inside": {nil, func(_ *testing.T, r *receiver, s *Sender) {
			s.Client = egress.Client(egress.Dialer{Resolver: r.names.Resolver()}, r.authority.Pool())
		}, delivery.ReasonEgressRefused, "not a public one"},
		"no such name": {nil, func(_ *testing.T, r *receiver, _ *Sender) { r.names.Set(host) },
			delivery.ReasonUnreachable, "does not resolve"},
		"nobody listens": {nil, func(_ *testing.T, r *receiver, _ *Sender) { r.server.Close() },
			delivery.ReasonUnreachable, "refuses the connection"},
		"an expired certificate": {nil, func(t *testing.T, r *receiver, _ *Sender) {
			r.server.TLS.Certificates = r.authority.ServerUntil(t, host, internet.Since.AddDate(0, 0, 1)).Certificates
		}, delivery.ReasonTLSFailed, "has expired"},
		"a certificate for another name": {nil, func(t *testing.T, r *receiver, _ *Sender) {
			r.server.TLS.Certificates = r.authority.Server(t, "other.example.test").Certificates
		}, delivery.ReasonTLSFailed, "for another name"},
		"a certificate of another authority": {nil, func(t *testing.T, r *receiver, _ *Sender) {
			r.server.TLS.Certificates = internet.NewAuthority(t).Server(t, host).Certificates
		}, delivery.ReasonTLSFailed, "authority"},
		"TLS that is too old": {nil, func(_ *testing.T, r *receiver, _ *Sender) { r.server.TLS.MaxVersion = 0x0302 },
			delivery.ReasonTLSFailed, "did not come about"},
		"no answer in time": {hang, func(_ *testing.T, _ *receiver, s *Sender) { s.Client.Timeout = time.Second },
			delivery.ReasonTimeout, "no answer in time"},
		"a connection that breaks": {func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }, nil,
			delivery.ReasonConnectionLost, "broke"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			r := receive(t, c.answer)
			target, sender := r.url(t), r.sender()
			if c.change != nil {
				c.change(t, r, sender)
			}
			_, err := sender.Send(t.Context(), target, message())
			got := failure(t, err)
			if got.Reason != c.wantReason || !strings.Contains(got.Text, c.wantText) || got.Permanent || got.Channel {
				t.Errorf("%+v, want %s: %s", got, c.wantReason, c.wantText)
			}
		})
	}
}

func TestSendToWhoSpeaksNoTLS(t *testing.T) {
	plain := httptest.NewUnstartedServer(http.NotFoundHandler())
	plain.Config.ErrorLog = log.New(io.Discard, "", 0)
	plain.Start()
	t.Cleanup(plain.Close)
	_, port, err := net.SplitHostPort(plain.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	_, err = receive(t, nil).sender().Send(t.Context(), "https://"+net.JoinHostPort(host, port), message())
	if got := failure(t, err); got.Reason != delivery.ReasonTLSFailed || got.Text != "the host does not speak TLS" {
		t.Errorf("%+v", got)
	}
}

func TestSendIsInterrupted(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	r := receive(t, func(_ http.ResponseWriter, q *http.Request) {
		cancel()
		<-q.Context().Done()
	})
	_, err := r.sender().Send(ctx, r.url(t), message())
	if got := failure(t, err); got.Reason != delivery.ReasonInterrupted || got.Permanent {
		t.Errorf("%+v", got)
	}
}

// A body that does not end costs nothing: the status is the answer.
func TestSendDoesNotReadOn(t *testing.T) {
	written := make(chan int, 1)
	r := receive(t, func(w http.ResponseWriter, _ *http.Request) {
		sum, chunk := 0, make([]byte, 1<<20)
		for range 1 << 10 {
			n, err := w.Write(chunk)
			if sum += n; err != nil {
				break
			}
		}
		written <- sum
	})
	if _, err := r.sender().Send(t.Context(), r.url(t), message()); err != nil {
		t.Fatal(err)
	}
	if sum := <-written; sum > 64<<20 {
		t.Errorf("the receiver could write %d bytes", sum)
	}
}

// failure is the error, which tells nothing of the customer.
func failure(t *testing.T, err error) *delivery.Failure {
	t.Helper()
	var f *delivery.Failure
	if !errors.As(err, &f) {
		t.Fatalf("%v is no failure", err)
	}
	for _, private := range []string{secret, "example.test", "127.0.0.1", "://", "/hooks", "169.254"} {
		if strings.Contains(err.Error(), private) {
			t.Errorf("%q tells %q", err, private)
		}
	}
	if strings.ContainsAny(err.Error(), "\r\n") {
		t.Errorf("%q has lines", err)
	}
	return f
}
