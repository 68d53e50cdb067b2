package prom

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	v1alpha1 "forewarn.dev/forewarn/api/v1alpha1"
	"forewarn.dev/forewarn/internal/delivery/egress"
	"forewarn.dev/forewarn/internal/usage"
)

var (
	now    = time.Date(2026, time.November, 22, 10, 0, 0, 0, time.UTC)
	labels = usage.Labels{Customer: "customer", Operation: "route", Version: "version"}
	local  = []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}
)

// asking is a server that says what it is to say, and keeps what it was asked.
func asking(t *testing.T, answer http.HandlerFunc) (Server, *[]*http.Request) {
	t.Helper()
	asked := &[]*http.Request{}
	fake := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_ = r.ParseForm()
		*asked = append(*asked, r)
		answer(w, r)
	}))
	t.Cleanup(fake.Close)
	return Server{URL: fake.URL + "/below/", Client: egress.BoundedClient(egress.Dialer{Allowed: local}, nil, MaxBytes)}, asked
}

func saying(status int, text string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(status)
		_, _ = io.WriteString(w, text)
	}
}

const vector = `{"status":"success","infos":["counters end in _total"],"data":{"resultType":"vector","result":[
	{"metric":{"customer":"c-1","route":"GET /orders","version":"v1","pod":"a"},"value":[1795341600,"12"]},
	{"metric":{"customer":"c-2","route":"GET /orders"},"value":[1795341600,"NaN"]}]}}`

func TestSamples(t *testing.T) {
	server, asked := asking(t, saying(http.StatusOK, vector))
	server.Token = "a-token"
	got, problem := server.samples(t.Context(), "used[90d]", now, labels)
	if problem != nil {
		t.Fatal(problem)
	}
	if len(got) != 2 || got[0] != (usage.Sample{Customer: "c-1", Operation: "GET /orders", Version: "v1", Value: 12}) || got[1].Value == got[1].Value {
		t.Errorf("%+v", got)
	}
	r := (*asked)[0]
	want := []string{"/below/api/v1/query", "used[90d]", "1795341600", "Bearer a-token"}
	if diff := cmp.Diff(want, []string{r.URL.Path, r.Form.Get("query"), r.Form.Get("time"), r.Header.Get("Authorization")}); diff != "" {
		t.Errorf("asked (-want +got):\n%s", diff)
	}
}

func TestRemembers(t *testing.T) {
	for answer, want := range map[string]bool{
		`[{"metric":{},"value":[1795341600,"2"]}]`: true,
		`[]`: false,
	} {
		server, asked := asking(t, saying(http.StatusOK, `{"status":"success","data":{"resultType":"vector","result":`+answer+`}}`))
		got, problem := server.remembers(t.Context(), "used[90d] # often", now)
		if got != want || problem != nil {
			t.Errorf("%s: %t, %+v", answer, got, problem)
		}
		if query := (*asked)[0].Form.Get("query"); query != "count(\nused[90d] # often\n)" {
			t.Errorf("asked %q", query)
		}
	}
}

// What stands in an answer may be anything, and is not told.
func TestAnswersThatAreNone(t *testing.T) {
	const told = "jane@customer.example"
	failing := func(status int, kind string) http.HandlerFunc {
		return saying(status, `{"status":"error","errorType":"`+kind+`","error":"`+told+`"}`)
	}
	for name, c := range map[string]struct {
		answer http.HandlerFunc
		reason string
		says   string
	}{
		"a warning":                    {saying(http.StatusOK, `{"status":"success","warnings":["`+told+`"],"data":{"resultType":"vector","result":[]}}`), v1alpha1.ReasonUsagePartial, "warns of 1 things"},
		"no vector":                    {saying(http.StatusOK, `{"status":"success","data":{"resultType":"scalar","result":[1795341600,"1"]}}`), v1alpha1.ReasonUsageInvalid, "no instant vector"},
		"a matrix":                     {saying(http.StatusOK, `{"status":"success","data":{"resultType":"matrix","result":[]}}`), v1alpha1.ReasonUsageInvalid, "no instant vector"},
		"a query that cannot be read":  {failing(http.StatusBadRequest, "bad_data"), v1alpha1.ReasonUsageRefused, "cannot read the query"},
		"a query that fails":           {failing(http.StatusUnprocessableEntity, "execution"), v1alpha1.ReasonUsageRefused, "cannot work the query out"},
		"a query that takes too long":  {failing(http.StatusServiceUnavailable, "timeout"), v1alpha1.ReasonUsageRefused, "too long"},
		"a query that was broken off":  {failing(http.StatusServiceUnavailable, "canceled"), v1alpha1.ReasonUsageRefused, "too long"},
		"a histogram":                  {saying(http.StatusOK, `{"status":"success","data":{"resultType":"vector","result":[{"metric":{},"histogram":[1795341600,{}]}]}}`), v1alpha1.ReasonUsageInvalid, "no instant vector"},
		"a type that comes last":       {saying(http.StatusOK, `{"status":"success","data":{"result":[{"metric":{},"value":[1795341600,"1"]}],"resultType":"matrix"}}`), v1alpha1.ReasonUsageInvalid, "no instant vector"},
		"a number that is none":        {saying(http.StatusOK, `{"status":"success","data":{"resultType":"vector","result":[{"metric":{},"value":[1795341600,"often"]}]}}`), v1alpha1.ReasonUsageRefused, "not as Prometheus answers"},
		"an error that is called well": {saying(http.StatusOK, `{"status":"error"}`), v1alpha1.ReasonUsageRefused, "not as Prometheus answers"},
		"a list":                       {saying(http.StatusOK, `[]`), v1alpha1.ReasonUsageRefused, "not as Prometheus answers"},
		"nothing":                      {saying(http.StatusOK, ``), v1alpha1.ReasonUsageRefused, "not as Prometheus answers"},
		"a wrong token":                {saying(http.StatusUnauthorized, told), v1alpha1.ReasonUsageRefused, "(HTTP 401): correct the token"},
		"no right":                     {saying(http.StatusForbidden, told), v1alpha1.ReasonUsageRefused, "(HTTP 403): correct the token"},
		"something that is broken":     {saying(http.StatusInternalServerError, told), v1alpha1.ReasonUsageRefused, "(HTTP 500)"},
		"something else":               {saying(http.StatusOK, "<html>"+told), v1alpha1.ReasonUsageRefused, "not as Prometheus answers"},
		"half an answer":               {saying(http.StatusOK, vector[:100]), v1alpha1.ReasonUsageRefused, "broken off"},
		"a redirect": {func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, "http://"+told, http.StatusFound)
		}, v1alpha1.ReasonUsageRefused, "(HTTP 302), which is not followed"},
		"a connection that breaks": {func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }, v1alpha1.ReasonUsageUnreachable, "the connection broke"},
	} {
		t.Run(name, func(t *testing.T) {
			server, _ := asking(t, c.answer)
			samples, problem := server.samples(t.Context(), "used[90d]", now, labels)
			if len(samples) > 0 || problem == nil || problem.Reason != c.reason || !strings.Contains(problem.Text, c.says) {
				t.Fatalf("%+v does not say %q", problem, c.says)
			}
			if strings.Contains(problem.Text, "jane") {
				t.Errorf("%q tells what stood there", problem.Text)
			}
			if remembers, problem := server.remembers(t.Context(), "used[90d]", now); remembers || problem == nil {
				t.Errorf("remembers %t, %+v", remembers, problem)
			}
		})
	}
}

func TestServersThatCannotBeReached(t *testing.T) {
	server, _ := asking(t, saying(http.StatusOK, vector))
	inside := server
	inside.Client = egress.BoundedClient(egress.Dialer{}, nil, MaxBytes)
	gone := server
	gone.URL = "http://127.0.0.1:1"
	broken, cancel := context.WithCancel(t.Context())
	cancel()
	slow, _ := asking(t, func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() })
	short, cancelShort := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancelShort()
	for name, c := range map[string]struct {
		server Server
		ctx    context.Context
		reason string
		says   string
	}{
		"inside the network": {inside, t.Context(), v1alpha1.ReasonUsageUnreachable, "name its range in spec.usage.allowedRanges"},
		"nobody listens":     {gone, t.Context(), v1alpha1.ReasonUsageUnreachable, "the host refuses the connection"},
		"broken off":         {server, broken, v1alpha1.ReasonUsageUnreachable, "broken off by us"},
		"no answer in time":  {slow, short, v1alpha1.ReasonUsageUnreachable, "no answer in time"},
		"no address":         {Server{URL: "http://a b", Client: server.Client}, t.Context(), v1alpha1.ReasonUsageInvalid, "spec.usage.url"},
	} {
		if _, problem := c.server.samples(c.ctx, "used[90d]", now, labels); problem == nil || problem.Reason != c.reason || !strings.Contains(problem.Text, c.says) {
			t.Errorf("%s: %+v does not say %q", name, problem, c.says)
		}
	}
}

func TestMoreSamplesThanFit(t *testing.T) {
	for n, reason := range map[int]string{maxSamples: "", maxSamples + 1: v1alpha1.ReasonUsageTooLarge} {
		server, _ := asking(t, func(w http.ResponseWriter, _ *http.Request) {
			const sample = `{"metric":{},"value":[0,"1"]}`
			_, _ = io.WriteString(w, `{"status":"success","data":{"resultType":"vector","result":[`+sample)
			for range n - 1 {
				_, _ = io.WriteString(w, ","+sample)
			}
			_, _ = io.WriteString(w, `]}}`)
		})
		_, problem := server.samples(t.Context(), "used[90d]", now, labels)
		if (problem == nil) != (reason == "") || problem != nil && problem.Reason != reason {
			t.Errorf("%d samples: %+v", n, problem)
		}
	}
}

// everything is the answer of 5,000 customers who used 50 operations each, written while it is read.
func everything(w http.ResponseWriter, _ *http.Request) {
	_, _ = io.WriteString(w, `{"status":"success","data":{"resultType":"vector","result":[`)
	for customer := range 5000 {
		for operation := range 50 {
			if customer+operation > 0 {
				_, _ = io.WriteString(w, ",")
			}
			_, _ = fmt.Fprintf(w, `{"metric":{"customer":"c-%07d","route":"DELETE /orders/{orderId}/lines/{lineId}/%03d","version":"v1"},"value":[1795341600.123,"12345"]}`, customer, operation)
		}
	}
	_, _ = io.WriteString(w, `]}}`)
}

func TestTheLargestAnswers(t *testing.T) {
	server, _ := asking(t, everything)
	before := kept()
	samples, problem := server.samples(t.Context(), "used[90d]", now, labels)
	if problem != nil || len(samples) != 250_000 {
		t.Fatalf("%d samples, %+v", len(samples), problem)
	}
	const most = 64 << 20 // twice as much as the answer is long would not do
	if used := kept() - before; used > most {
		t.Errorf("what was read takes %d MiB", used>>20)
	}
	runtime.KeepAlive(samples)

	server.Client = egress.BoundedClient(egress.Dialer{Allowed: local}, nil, 1<<20)
	if _, problem := server.samples(t.Context(), "used[90d]", now, labels); problem == nil || problem.Reason != v1alpha1.ReasonUsageTooLarge {
		t.Errorf("longer than permitted: %+v", problem)
	}
}

// kept is how much is in use after a collection.
func kept() int64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}
