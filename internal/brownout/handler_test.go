package brownout_test

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"forewarn.dev/forewarn/internal/brownout"
	"forewarn.dev/forewarn/internal/signal"
)

var end = time.Date(2027, 3, 1, 12, 5, 0, 0, time.UTC)

func serve(t *testing.T, now time.Time, clockError error) *httptest.Server {
	t.Helper()
	server := httptest.NewServer(&brownout.Handler{
		Now: func(context.Context) (time.Time, error) { return now, clockError },
		Find: func(_ context.Context, name brownout.Name) (brownout.Answer, bool) {
			return brownout.Answer{
				Title: "On 1 March v1 is off for 5 minutes", Detail: "Move to v2", Locale: "en", Start: end.Add(-5 * time.Minute), End: end,
				Headers: []signal.Header{{Name: "Sunset", Value: "Thu, 01 Jul 2027 00:00:00 GMT"}},
			}, name == brownout.Name{Namespace: "shop", Schedule: "orders-v1", Brownout: "first"}
		},
	})
	t.Cleanup(server.Close)
	return server
}

func ask(t *testing.T, server *httptest.Server, method, path string, names ...string) (*http.Response, string) {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), method, server.URL+path, strings.NewReader("body"))
	if err != nil {
		t.Fatal(err)
	}
	request.Header["Forewarn-Brownout"] = names
	response, err := server.Client().Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return response, string(body)
}

const known = "shop/orders-v1/first/v1"

func TestEveryRequestIsAnsweredWithTheProblem(t *testing.T) {
	for _, now := range []time.Time{end.Add(-time.Second), end.Add(-5*time.Minute - 10*time.Second)} {
		if response, body := ask(t, serve(t, now, nil), "GET", "/", known); response.StatusCode != http.StatusGone {
			t.Errorf("%s: %s %s", now, response.Status, body)
		}
	}
	server := serve(t, end.Add(-time.Second), nil)
	for _, method := range []string{"GET", "POST", "DELETE", "OPTIONS", "PATCH", "MADEUP"} {
		response, body := ask(t, server, method, "/v1/orders/%2F7?token=secret", known)
		if response.StatusCode != http.StatusGone {
			t.Fatalf("%s: %s", method, response.Status)
		}
		for name, want := range map[string]string{
			"Content-Type": "application/problem+json", "Retry-After": "Mon, 01 Mar 2027 12:05:00 GMT", "Cache-Control": "no-store",
			"Sunset": "Thu, 01 Jul 2027 00:00:00 GMT", "Content-Language": "en",
		} {
			if got := response.Header.Get(name); got != want {
				t.Errorf("%s: %s: %q", method, name, got)
			}
		}
		var got map[string]any
		if err := json.Unmarshal([]byte(body), &got); err != nil {
			t.Fatal(err)
		}
		want := map[string]any{
			"type": "tag:forewarn.dev,2026:brownout", "title": "On 1 March v1 is off for 5 minutes", "status": 410.0,
			"detail": "Move to v2", "instance": "/v1/orders/%2F7", "until": "2027-03-01T12:05:00Z",
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s: %s", method, diff)
		}
	}
	if response, body := ask(t, server, "HEAD", "/", known); response.StatusCode != http.StatusGone || body != "" {
		t.Errorf("HEAD: %s %q", response.Status, body)
	}
}

func TestWhatIsNoBrownoutIsTrouble(t *testing.T) {
	for name, c := range map[string]struct {
		now   time.Time
		err   error
		names []string
	}{
		"it is over, to the second": {now: end, names: []string{known}},
		"it has not begun":          {now: end.Add(-5*time.Minute - 11*time.Second), names: []string{known}},
		"nobody knows the time":     {now: end.Add(-time.Minute), err: errors.New("no clock"), names: []string{known}},
		"nobody was told of it":     {now: end.Add(-time.Minute), names: []string{"shop/orders-v1/second/v1"}},
		"it is of no route":         {now: end.Add(-time.Minute)},
		"it is of two":              {now: end.Add(-time.Minute), names: []string{known, known}},
		"it is no name":             {now: end.Add(-time.Minute), names: []string{"shop/orders-v1/first"}},
		"it is empty":               {now: end.Add(-time.Minute), names: []string{"///"}},
	} {
		response, body := ask(t, serve(t, c.now, c.err), "GET", "/v1/"+strings.Repeat("x", 2000), c.names...)
		if response.StatusCode != http.StatusServiceUnavailable || response.Header.Get("Retry-After") != "5" ||
			strings.Contains(body, "March") || strings.Contains(body, "xxx") {
			t.Errorf("%s: %s %s", name, response.Status, body)
		}
	}
}
