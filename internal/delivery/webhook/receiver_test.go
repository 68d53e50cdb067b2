package webhook

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	clocktesting "k8s.io/utils/clock/testing"

	"forewarn.dev/forewarn/internal/delivery"
	"forewarn.dev/forewarn/internal/delivery/egress"
	"forewarn.dev/forewarn/test/internet"
)

// secret stands for all of the URL that belongs to the customer: no failure may tell it.
const secret = "jane-doe-4711"

const host = secret + ".example.test"

var (
	now      = time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)
	loopback = []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}
	newKey   = []byte("the newer key, of 32 bytes......")
	oldKey   = []byte("the older key, of 32 bytes......")
)

// receiver is what a customer runs.
type receiver struct {
	server    *httptest.Server
	authority *internet.Authority
	names     *internet.Names
	answer    http.HandlerFunc

	mutex sync.Mutex
	got   []request
}

type request struct {
	header http.Header
	body   string
}

// receive starts one over TLS that answers as it is told; nil: 204.
func receive(t *testing.T, answer http.HandlerFunc) *receiver {
	t.Helper()
	r := &receiver{authority: internet.NewAuthority(t), names: internet.NewNames(t), answer: answer}
	r.names.Set(host, "127.0.0.1")
	r.server = httptest.NewUnstartedServer(r)
	r.server.Config.ErrorLog = log.New(io.Discard, "", 0)
	r.server.TLS = r.authority.Server(t, host)
	r.server.StartTLS()
	t.Cleanup(r.server.Close)
	return r
}

func (r *receiver) ServeHTTP(w http.ResponseWriter, q *http.Request) {
	body, err := io.ReadAll(q.Body)
	if err != nil {
		return
	}
	r.mutex.Lock()
	r.got = append(r.got, request{header: q.Header.Clone(), body: string(body)})
	r.mutex.Unlock()
	if r.answer != nil {
		r.answer(w, q)
		return
	}
	w.WriteHeader(http.StatusNoContent)
}

func (r *receiver) requests() []request {
	r.mutex.Lock()
	defer r.mutex.Unlock()
	return r.got
}

// url is where it is, by its name.
func (r *receiver) url(t *testing.T) string {
	t.Helper()
	parsed, err := url.Parse(r.server.URL)
	if err != nil {
		t.Fatal(err)
	}
	return "https://" + host + ":" + parsed.Port() + "/hooks?token=" + secret
}

func (r *receiver) sender() *Sender {
	dialer := egress.Dialer{Allowed: loopback, Resolver: r.names.Resolver()}
	return &Sender{
		Client: egress.Client(dialer, r.authority.Pool()), Keys: [][]byte{newKey},
		Clock: clocktesting.NewFakePassiveClock(now),
	}
}

// verify is what the specification tells receivers to do, without the library that signs.
func verify(key []byte, q request) error {
	mac := hmac.New(sha256.New, key)
	fmt.Fprintf(mac, "%s.%s.%s", q.header.Get("webhook-id"), q.header.Get("webhook-timestamp"), q.body)
	for signature := range strings.SplitSeq(q.header.Get("webhook-signature"), " ") {
		encoded, found := strings.CutPrefix(signature, "v1,")
		if sum, err := base64.StdEncoding.DecodeString(encoded); found && err == nil && hmac.Equal(sum, mac.Sum(nil)) {
			return nil
		}
	}
	return fmt.Errorf("no signature of %q holds", q.header.Get("webhook-signature"))
}

func message() delivery.Message {
	return delivery.Message{
		ID: "0123456789abcdef0123456789abcdef", Stage: delivery.ReminderStage(30), Customer: "c-17",
		Sent: time.Date(2026, 11, 22, 11, 0, 0, 0, time.UTC), AnswerURL: "https://answers.acme.example/a/AQRzaG9w",
		Notice: delivery.Notice{
			Namespace: "shop", Name: "orders-no-delete", UID: "5d1c", API: "orders", APITitle: "Orders API",
			Title: "From 1 July 2027 orders can no longer be deleted", WhatChanges: "DELETE /orders/{id} answers 404",
			WhatToDo: "Use POST /orders/{id}/cancel", Help: "https://help.acme.example/orders",
			Updates: []string{"It is free.\u2028Really \x1b[31m."}, Versions: []string{"v1"}, Operations: []string{"DELETE /orders/{id}"},
			Effective: time.Date(2027, 7, 1, 0, 0, 0, 0, time.UTC), Published: time.Date(2026, 11, 22, 10, 0, 0, 0, time.UTC),
			Previous: time.Date(2027, 6, 1, 0, 0, 0, 0, time.FixedZone("", 3600)), SupersededBy: "later",
			FeedURL: "https://changes.acme.example/orders",
		},
	}
}
