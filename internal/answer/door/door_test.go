package door

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"
	_ "time/tzdata" // the zones, wherever the tests run

	"github.com/google/go-cmp/cmp"

	v1alpha1 "forewarn.dev/forewarn/api/v1alpha1"
	"forewarn.dev/forewarn/internal/answer"
	"forewarn.dev/forewarn/internal/feed"
)

var (
	noon   = time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)
	july   = time.Date(2027, 6, 30, 22, 0, 0, 0, time.UTC)
	key    = bytes.Repeat([]byte("k"), answer.MinKey)
	ticket = answer.Ticket{Namespace: "shop", Name: "orders-no-delete", UID: "0c1f", Customer: "c-17", Expires: july.AddDate(0, 0, 90)}
)

// house is a door with what is behind it.
type house struct {
	*Door
	now   time.Time
	found Found
	// looks counts how often the time or a notice was asked for, and kept are the answers.
	looks       int
	kept        []answer.Answer
	fails       error
	failsToKeep error
}

func newHouse(t testing.TB) *house {
	t.Helper()
	berlin, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		t.Fatal(err)
	}
	h := &house{now: noon, found: Found{API: feed.API{
		Namespace: "shop", Name: "orders", Title: "Orders API", Zone: berlin, Notices: []feed.Notice{{
			ID: "0c1f", Name: "orders-no-delete", State: feed.Upcoming, Title: "From 1 July 2027 orders can no longer be deleted",
			WhatChanges: "DELETE /orders/{id} answers 404.", WhatToDo: "Use POST /orders/{id}/cancel.", Help: "https://help.acme.example/orders",
			Versions: []string{"v1"}, Operations: []string{"DELETE /orders/{id}"}, Published: noon, Updated: noon, Effective: july,
			Updates: []feed.Update{{Time: noon, Text: "Cancelling is free."}},
		}},
	}}}
	h.Door = &Door{
		Keys: func() answer.Keys { return answer.Keys{Current: key} },
		Now:  func(context.Context) (time.Time, error) { h.looks++; return h.now, h.fails },
		Find: func(_ context.Context, asked answer.Ticket) (Found, error) {
			if h.looks++; asked != ticket {
				return Found{}, ErrUnknown
			}
			return h.found, h.fails
		},
		Keep: func(_ context.Context, asked answer.Ticket, given answer.Answer, now time.Time) error {
			if asked != ticket || now != h.now {
				return ErrUnknown
			}
			h.kept = append(h.kept, given)
			return h.failsToKeep
		},
	}
	return h
}

func (h *house) mux() http.Handler {
	mux := http.NewServeMux()
	mux.Handle(Path, h.Door)
	mux.HandleFunc("/", NotFound)
	return mux
}

func tokenOf(t testing.TB, ticket answer.Ticket) string {
	t.Helper()
	token, err := answer.Keys{Current: key}.Seal(ticket)
	if err != nil {
		t.Fatal(err)
	}
	return token
}

// send asks for the page of a ticket.
func (h *house) send(t testing.TB, method string, form url.Values) *httptest.ResponseRecorder {
	t.Helper()
	return h.ask(method, "/a/"+tokenOf(t, ticket), "application/x-www-form-urlencoded", strings.NewReader(form.Encode()))
}

func (h *house) ask(method, path, contentType string, body io.Reader) *httptest.ResponseRecorder {
	request := httptest.NewRequest(method, path, body)
	if contentType != "" {
		request.Header.Set("Content-Type", contentType)
	}
	recorder := httptest.NewRecorder()
	h.mux().ServeHTTP(recorder, request)
	return recorder
}

var understood = url.Values{"answer": {answer.FormUnderstood}}

// Programs that look at mails follow links, and ask in every way that changes nothing.
func TestLookingChangesNothing(t *testing.T) {
	for _, method := range []string{http.MethodGet, http.MethodHead, http.MethodOptions, http.MethodPut, http.MethodPatch, http.MethodDelete, http.MethodTrace, "PROPFIND"} {
		h := newHouse(t)
		h.ask(method, "/a/"+tokenOf(t, ticket)+"?answer=understood", "application/x-www-form-urlencoded", strings.NewReader(understood.Encode()))
		if len(h.kept) != 0 {
			t.Errorf("%s answers", method)
		}
	}
	h := newHouse(t)
	if response := h.ask(http.MethodPost, "/a/"+tokenOf(t, ticket)+"?answer=understood", "application/x-www-form-urlencoded", nil); response.Code != http.StatusUnprocessableEntity || len(h.kept) != 0 {
		t.Errorf("an address answers: %d, %v", response.Code, h.kept)
	}
}

func TestAnswers(t *testing.T) {
	for name, tc := range map[string]struct {
		form url.Values
		want answer.Answer
	}{
		"understood":     {understood, answer.Answer{Kind: v1alpha1.AnswerUnderstood}},
		"taken back":     {url.Values{"answer": {answer.FormTakeBack}}, answer.Answer{}},
		"needs time":     {url.Values{"answer": {answer.FormNeedsTime}, "until": {"2027-08-01"}}, answer.Answer{Kind: v1alpha1.AnswerNeedsTime, NeededUntil: time.Date(2027, 8, 2, 0, 0, 0, 0, time.UTC)}},
		"with the other": {url.Values{"answer": {answer.FormUnderstood}, "until": {""}}, answer.Answer{Kind: v1alpha1.AnswerUnderstood}},
	} {
		t.Run(name, func(t *testing.T) {
			h := newHouse(t)
			response := h.send(t, http.MethodPost, tc.form)
			if diff := cmp.Diff([]answer.Answer{tc.want}, h.kept); diff != "" {
				t.Error(diff)
			}
			if location := response.Header().Get("Location"); response.Code != http.StatusSeeOther || location != tokenOf(t, ticket) {
				t.Errorf("it leads to %q with %d", location, response.Code)
			}
		})
	}
}

func TestWhatIsNoAnswer(t *testing.T) {
	const form = "application/x-www-form-urlencoded"
	fill := func(size int) string {
		return "answer=understood&x=" + strings.Repeat("x", size-len("answer=understood&x="))
	}
	for name, tc := range map[string]struct {
		contentType, body string
		want              int
		wantText          string
	}{
		"nothing":                 {form, "", http.StatusUnprocessableEntity, "Please choose one of the answers. Nothing was changed."},
		"another word":            {form, "answer=yes", http.StatusUnprocessableEntity, "Please choose one of the answers."},
		"no day":                  {form, "answer=needs-time", http.StatusUnprocessableEntity, "Please say until which day"},
		"today":                   {form, "answer=needs-time&until=2026-11-22", http.StatusUnprocessableEntity, "a day after today"},
		"before the change":       {form, "answer=needs-time&until=2027-06-29", http.StatusUnprocessableEntity, "Please choose a later day."},
		"too far":                 {form, "answer=needs-time&until=2036-11-23", http.StatusUnprocessableEntity, "within the next ten years"},
		"JSON":                    {"application/json", `{"answer":"understood"}`, http.StatusUnsupportedMediaType, "Nothing was answered"},
		"parts":                   {"multipart/form-data; boundary=x", "--x--", http.StatusUnsupportedMediaType, "Nothing was answered"},
		"of no type":              {"", "answer=understood", http.StatusUnsupportedMediaType, "Nothing was answered"},
		"a form that is none":     {form, "answer=%zz", http.StatusBadRequest, "Nothing was answered"},
		"as large as may be":      {form, fill(maxForm), http.StatusSeeOther, ""},
		"a byte larger":           {form, fill(maxForm + 1), http.StatusRequestEntityTooLarge, "Nothing was answered"},
		"in another set of signs": {form + "; charset=utf-8", "answer=understood", http.StatusSeeOther, ""},
	} {
		t.Run(name, func(t *testing.T) {
			h := newHouse(t)
			response := h.ask(http.MethodPost, "/a/"+tokenOf(t, ticket), tc.contentType, strings.NewReader(tc.body))
			if response.Code != tc.want || !strings.Contains(response.Body.String(), tc.wantText) {
				t.Errorf("%d: %s", response.Code, response.Body)
			}
			if kept := len(h.kept) > 0; kept != (tc.want == http.StatusSeeOther) {
				t.Errorf("kept %v", h.kept)
			}
		})
	}
}

func TestWhoIsNotLetIn(t *testing.T) {
	token := tokenOf(t, ticket)
	another := ticket
	another.Customer = "c-18"
	for name, tc := range map[string]struct {
		path   string
		change func(*house)
		want   int
	}{
		"the token":                   {"/a/" + token, nil, http.StatusOK},
		"in its last second":          {"/a/" + token, func(h *house) { h.now = ticket.Expires.Add(-time.Second) }, http.StatusOK},
		"in the second of its expiry": {"/a/" + token, func(h *house) { h.now = ticket.Expires }, http.StatusGone},
		"another customer":            {"/a/" + tokenOf(t, another), nil, http.StatusNotFound},
		"another key": {"/a/" + token, func(h *house) {
			h.Keys = func() answer.Keys { return answer.Keys{Current: bytes.Repeat([]byte("x"), 32)} }
		}, http.StatusNotFound},
		"no notice": {"/a/" + token, func(h *house) {
			h.fails, h.Now = ErrUnknown, func(context.Context) (time.Time, error) { return noon, nil }
		}, http.StatusNotFound},
		"a notice that cannot be shown":  {"/a/" + token, func(h *house) { h.found.API.Notices[0].Name = "A B" }, http.StatusServiceUnavailable},
		"nothing where a notice is":      {"/a/" + token, func(h *house) { h.found.API.Notices = nil }, http.StatusNotFound},
		"a cluster that does not answer": {"/a/" + token, func(h *house) { h.fails = errors.New("no") }, http.StatusServiceUnavailable},
		"no token":                       {"/a/", nil, http.StatusNotFound},
		"more behind it":                 {"/a/" + token + "/x", nil, http.StatusNotFound},
		"the root":                       {"/", nil, http.StatusNotFound},
		"another path":                   {"/metrics", nil, http.StatusNotFound},
	} {
		t.Run(name, func(t *testing.T) {
			h := newHouse(t)
			if tc.change != nil {
				tc.change(h)
			}
			response := h.ask(http.MethodGet, tc.path, "", nil)
			if response.Code != tc.want {
				t.Errorf("%d: %s", response.Code, response.Body)
			}
			if retry := response.Header().Get("Retry-After"); (retry != "") != (tc.want == http.StatusServiceUnavailable) {
				t.Errorf("it is to be tried again in %q", retry)
			}
		})
	}
}

// What is none of ours costs a signature, and all of it looks the same.
func TestForgedTokensCostNothing(t *testing.T) {
	token := tokenOf(t, ticket)
	another := ticket
	another.UID = "9f31"
	var first string
	for _, path := range []string{"/a/x", "/a/" + token[1:], "/a/" + token[:len(token)-1] + "_", "/a/" + strings.Repeat("A", 8000), "/a/" + tokenOf(t, another), "/nowhere"} {
		for _, method := range []string{http.MethodGet, http.MethodPost} {
			h := newHouse(t)
			response := h.ask(method, path, "application/x-www-form-urlencoded", strings.NewReader("answer=understood"))
			if forged := path != "/a/"+tokenOf(t, another); forged && h.looks > 0 || len(h.kept) > 0 {
				t.Errorf("%s %s: looked %d times and kept %v", method, path, h.looks, h.kept)
			}
			if first == "" {
				first = response.Body.String()
			}
			if response.Code != http.StatusNotFound || response.Body.String() != first {
				t.Errorf("%s %s: %d, %s", method, path, response.Code, response.Body)
			}
		}
	}
}

func TestWhatCannotBeKept(t *testing.T) {
	for fails, want := range map[error]int{ErrUnknown: http.StatusNotFound, errors.New("no"): http.StatusServiceUnavailable} {
		h := newHouse(t)
		h.failsToKeep = fails
		if response := h.send(t, http.MethodPost, understood); response.Code != want {
			t.Errorf("%v: %d", fails, response.Code)
		}
	}
}

// Nothing is kept by a browser or a proxy on the way, and nobody else is told where it came from.
func TestEveryAnswerIsProtected(t *testing.T) {
	h := newHouse(t)
	gone := newHouse(t)
	gone.now = ticket.Expires
	failing := newHouse(t)
	failing.fails = errors.New("no")
	for name, response := range map[string]*httptest.ResponseRecorder{
		"the page": h.send(t, http.MethodGet, nil), "its head": h.send(t, http.MethodHead, nil), "an answer": h.send(t, http.MethodPost, understood),
		"no answer": h.send(t, http.MethodPost, nil), "not found": h.ask(http.MethodGet, "/a/x", "", nil), "nowhere": h.ask(http.MethodGet, "/x", "", nil),
		"expired": gone.send(t, http.MethodGet, nil), "another method": h.send(t, http.MethodPut, nil), "options": h.send(t, http.MethodOptions, nil),
		"not ready": failing.send(t, http.MethodGet, nil),
	} {
		for header, want := range map[string]string{
			"Cache-Control": "no-store", "Referrer-Policy": "no-referrer", "X-Robots-Tag": "noindex, nofollow", "X-Content-Type-Options": "nosniff",
		} {
			if got := response.Header().Get(header); got != want {
				t.Errorf("%s: %s is %q", name, header, got)
			}
		}
		policy := response.Header().Get("Content-Security-Policy")
		if !strings.HasPrefix(policy, "default-src 'none'; style-src 'sha256-") || !strings.HasSuffix(policy, "; base-uri 'none'; form-action 'self'; frame-ancestors 'none'") {
			t.Errorf("%s: the policy is %q", name, policy)
		}
		if response.Header().Get("Set-Cookie") != "" || strings.Contains(response.Body.String(), "<script") {
			t.Errorf("%s: %v %s", name, response.Header(), response.Body)
		}
	}
}

func TestPageSaysWhatACustomerNeeds(t *testing.T) {
	needsTime := answer.Given{Time: noon, Answer: answer.Answer{Kind: v1alpha1.AnswerNeedsTime, NeededUntil: time.Date(2027, 8, 2, 0, 0, 0, 0, time.UTC)}}
	for name, tc := range map[string]struct {
		change       func(*house)
		want, absent []string
	}{
		"not answered": {func(*house) {}, []string{
			"Orders API", "From 1 July 2027 orders can no longer be deleted", "Thursday 1 July 2027, 00:00 Berlin time (Wednesday 30 June 2027, 22:00 UTC)",
			"DELETE /orders/{id} answers 404.", "Use POST /orders/{id}/cancel.", `href="https://help.acme.example/orders"`, "Cancelling is free.",
			"You have not answered yet.", `value="understood"`, `value="needs-time"`, `min="2027-06-30" max="2036-11-22" value=""`,
		}, []string{`value="take-back"`, "Answered on", "Nothing was changed"}},
		"understood": {func(h *house) {
			h.found.Given = answer.Given{Time: noon, Answer: answer.Answer{Kind: v1alpha1.AnswerUnderstood}}
		}, []string{"You have understood.", "Answered on Sunday 22 November 2026, 13:00 Berlin time (12:00 UTC).", `value="needs-time"`, `value="take-back"`},
			[]string{"You have not answered yet."}},
		"needs time": {func(h *house) { h.found.Given = needsTime },
			[]string{"until the end of Sunday 1 August 2027 (UTC).", `value="2027-08-01"`, `value="take-back"`}, []string{"You have not answered yet."}},
		"in UTC where no zone is known": {func(h *house) { h.found.API.Zone, h.found.Given = nil, needsTime },
			[]string{"Answered on Sunday 22 November 2026, 12:00 Coordinated Universal Time (UTC).", "Wednesday 30 June 2027, 22:00 Coordinated"}, []string{"Berlin"}},
		"in force": {func(h *house) { h.now, h.found.API.Notices[0].State = july, feed.InForce },
			[]string{"In force since", `min="2027-07-01" max="2037-06-30"`}, nil},
		"further away than anybody may ask for": {func(h *house) { h.found.API.Notices[0].Effective = noon.AddDate(10, 0, 1) },
			[]string{`value="understood"`}, []string{`value="needs-time"`, "<input"}},
		"withdrawn": {func(h *house) {
			h.found.Over, h.found.Given, h.found.API.Notices[0].State = true, needsTime, feed.Withdrawn
		}, []string{"This change was withdrawn. There is nothing left to answer.", "until the end of Sunday 1 August 2027"}, []string{"<form", "<button"}},
		"superseded": {func(h *house) { h.found.Over, h.found.API.Notices[0].State = true, feed.Superseded },
			[]string{"Another notice replaces this one."}, []string{"<form", "<button"}},
		"lapsed": {func(h *house) { h.found.Over, h.found.API.Notices[0].State = true, feed.InForce },
			[]string{"This notice is over."}, []string{"<form", "<button"}},
		"hostile": {func(h *house) {
			h.found.API.Title, h.found.API.Notices[0].Title = "<script>alert(1)</script>", "\u202e\x1b[31m</title><img src=x onerror=alert(1)>"
			h.found.API.Notices[0].Help = "javascript:alert(1)"
		}, []string{"&lt;script&gt;", "&lt;img src=x"}, []string{"<script>", "<img", "\u202e", "\x1b", `href="javascript`}},
	} {
		t.Run(name, func(t *testing.T) {
			h := newHouse(t)
			tc.change(h)
			body := h.send(t, http.MethodGet, nil).Body.String()
			for _, want := range tc.want {
				if !strings.Contains(body, want) {
					t.Errorf("not in the page: %s", want)
				}
			}
			for _, absent := range tc.absent {
				if strings.Contains(body, absent) {
					t.Errorf("in the page: %s", absent)
				}
			}
			if t.Failed() {
				t.Log(body)
			}
		})
	}
}

func TestWhatIsOverTakesNoAnswer(t *testing.T) {
	h := newHouse(t)
	h.found.Over = true
	if response := h.send(t, http.MethodPost, understood); response.Code != http.StatusConflict || len(h.kept) > 0 {
		t.Errorf("%d: %v", response.Code, h.kept)
	}
}

func TestBase(t *testing.T) {
	for text, want := range map[string]string{
		"https://answers.acme.example": "https://answers.acme.example/", "https://acme.example/answers/": "https://acme.example/answers/",
		"http://127.0.0.1:8083": "http://127.0.0.1:8083/", "http://[::1]:8083/": "http://[::1]:8083/", "http://localhost:8083": "http://localhost:8083/",
		"http://answers.acme.example": "", "http://127.0.0.1.acme.example": "", "http://localhost.acme.example": "", "https://": "", "https:///a": "", "": "", "answers.acme.example": "",
		"https://user:word@acme.example": "", "https://acme.example/?a": "", "https://acme.example/?": "", "https://acme.example/#a": "", "mailto:a@acme.example": "", "https://a b": "",
	} {
		got, err := Base(text)
		if got != want || (err == nil) != (want != "") {
			t.Errorf("%q: %q, %v", text, got, err)
		}
		if err != nil && strings.Contains(err.Error(), "word") {
			t.Errorf("it repeats a password: %v", err)
		}
	}
	if got := Link("https://acme.example/answers/", "x"); got != "https://acme.example/answers/a/x" {
		t.Errorf("the link is %s", got)
	}
}
