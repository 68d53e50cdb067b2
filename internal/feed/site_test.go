package feed

import (
	"flag"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "write what is rendered into the golden files")

// inlineStyle is the style sheet in a page.
var inlineStyle = regexp.MustCompile(`(?s)<style>.*</style>\n`)

// now is the moment at which sites are swapped in: a Sunday noon in Berlin.
var now = time.Date(2026, time.November, 22, 11, 0, 0, 0, time.UTC)

func date(year int, month time.Month, day, hour int) time.Time {
	return time.Date(year, month, day, hour, 0, 0, 0, time.UTC)
}

// shop is a site with a notice in each state.
func shop(t testing.TB) Site {
	t.Helper()
	berlin, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		t.Fatal(err)
	}
	return Site{
		URL: "https://notices.acme.example/api-changes",
		APIs: []API{
			{Namespace: "shop", Name: "payments"},
			{Namespace: "shop", Name: "orders", Title: "Orders API", Zone: berlin, Notices: ordersNotices()},
		},
	}
}

func ordersNotices() []Notice {
	previous := date(2027, time.May, 31, 22)
	return []Notice{
		{
			ID: "0c1f6f9e-5d0b-4b0e-9a58-0d8f3c7a1b01", Name: "orders-page-size", State: InForce,
			Title:       "From 1 October 2026 lists of orders hold at most 100 entries",
			WhatChanges: "GET /orders answers at most 100 orders; the parameter limit is cut to 100.",
			WhatToDo:    "Follow the link with rel=next.",
			Help:        "mailto:api-help@acme.example",
			Versions:    []string{"v1", "v2"}, Operations: []string{"GET /orders"},
			Published: date(2026, time.June, 1, 9), Updated: date(2026, time.September, 30, 22), Effective: date(2026, time.September, 30, 22),
		},
		{
			ID: "0c1f6f9e-5d0b-4b0e-9a58-0d8f3c7a1b02", Name: "orders-no-delete", State: Upcoming,
			Title:       "From 1 June 2027 orders can no longer be deleted",
			WhatChanges: "DELETE /orders/{id} answers 404.\nOrders that were deleted before stay deleted.",
			WhatToDo:    "Use POST /orders/{id}/cancel, which is available today.\n\n1. Replace the call.\n2. Expect the status \"cancelled\" instead of a 404 afterwards.",
			Help:        "https://help.acme.example/orders?topic=delete&lang=en",
			Versions:    []string{"v1"}, Operations: []string{"DELETE /orders/{id}", "DELETE /orders/{id}/lines/{line}"},
			Updates: []Update{
				{Time: date(2026, time.November, 2, 8), Text: "The client library does this from 3.2 on."},
				{Time: date(2026, time.November, 20, 15), Text: "Postponed by a month: several of you asked for more time."},
			},
			Published: date(2026, time.October, 1, 7), Updated: date(2026, time.November, 20, 15),
			Effective: date(2027, time.June, 30, 22), Previous: &previous, Sequence: 2,
		},
		{
			ID: "0c1f6f9e-5d0b-4b0e-9a58-0d8f3c7a1b03", Name: "orders-totals", State: Upcoming,
			Title:       "From 15 March 2027 totals round half to even",
			WhatChanges: "Totals of invoices round half to even instead of half up: 0.125 € becomes 0.12 €.",
			WhatToDo:    "Compare totals with a tolerance of one cent.",
			Help:        "https://help.acme.example/rounding",
			Versions:    []string{"v1"}, Operations: []string{"GET /invoices/{id}"},
			Published: date(2026, time.November, 22, 9), Updated: date(2026, time.November, 22, 9), Effective: date(2027, time.March, 15, 11),
		},
		{
			ID: "0c1f6f9e-5d0b-4b0e-9a58-0d8f3c7a1b04", Name: "orders-v1-ends", State: Withdrawn,
			Title:       "From 1 January 2027 version v1 is switched off",
			WhatChanges: "Every operation of v1 answers 410.",
			WhatToDo:    "Move to v2.",
			Versions:    []string{"v1"},
			Published:   date(2026, time.January, 2, 9), Updated: date(2026, time.August, 3, 9), Effective: date(2026, time.December, 31, 23), Sequence: 1,
		},
		{
			ID: "0c1f6f9e-5d0b-4b0e-9a58-0d8f3c7a1b05", Name: "orders-delete-slow", State: Superseded,
			Title:       "From 1 February 2027 orders can be deleted only once an hour",
			WhatChanges: "DELETE /orders/{id} is limited to one call an hour.",
			Versions:    []string{"v1"}, Operations: []string{"DELETE /orders/{id}"},
			Published: date(2026, time.August, 1, 9), Updated: date(2026, time.October, 1, 7), Effective: date(2027, time.January, 31, 23),
			SupersededBy: "orders-no-delete",
		},
	}
}

// serve serves a site on 127.0.0.1 and says where.
func serve(t testing.TB, site Site) (address string, h *Handler) {
	t.Helper()
	h = &Handler{}
	if err := h.Swap(site, now); err != nil {
		t.Fatal(err)
	}
	return listen(t, h), h
}

// listen runs the real server on 127.0.0.1.
func listen(t testing.TB, h http.Handler) string {
	t.Helper()
	server := httptest.NewUnstartedServer(nil)
	server.Config = NewServer("", h)
	server.Start()
	t.Cleanup(server.Close)
	return server.URL
}

// body is what a path answers.
func body(t testing.TB, address string) []byte {
	t.Helper()
	response, content := ask(t, http.MethodGet, address, nil)
	if response.StatusCode != http.StatusOK {
		t.Fatalf("GET %s: %s", address, response.Status)
	}
	return content
}

// ask sends a request as it stands: no redirect is followed, nothing is unpacked.
func ask(t testing.TB, method, address string, header http.Header) (*http.Response, []byte) {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), method, address, nil)
	if err != nil {
		t.Fatal(err)
	}
	for name, values := range header {
		request.Header[name] = values
	}
	transport := &http.Transport{DisableCompression: true}
	defer transport.CloseIdleConnections()
	response, err := transport.RoundTrip(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close() //nolint:errcheck // it was read to its end
	content, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return response, content
}

func TestGolden(t *testing.T) {
	address, _ := serve(t, shop(t))
	nowhere := shop(t)
	nowhere.URL = ""
	relative, _ := serve(t, nowhere)
	for file, url := range map[string]string{
		"index.html":    address + "/",
		"orders.html":   address + "/shop/orders/",
		"orders.atom":   address + "/shop/orders/feed.atom",
		"orders.ics":    address + "/shop/orders/calendar.ics",
		"orders.json":   address + "/shop/orders/notices.json",
		"payments.html": address + "/shop/payments/",
		"payments.atom": address + "/shop/payments/feed.atom",
		"payments.ics":  address + "/shop/payments/calendar.ics",
		"payments.json": address + "/shop/payments/notices.json",
		"relative.atom": relative + "/shop/orders/feed.atom",
		"relative.ics":  relative + "/shop/orders/calendar.ics",
	} {
		t.Run(file, func(t *testing.T) {
			got := inlineStyle.ReplaceAll(body(t, url), nil) // a matter of its own
			golden := filepath.Join("testdata", file)
			if *update {
				if err := os.WriteFile(golden, got, 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(golden)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(string(want), string(got)); diff != "" {
				t.Errorf("run 'go test ./internal/feed -update' and read what changed (-want +got):\n%s", diff)
			}
		})
	}
}
