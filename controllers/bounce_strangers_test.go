package controllers

import (
	"io"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// slowBody says that somebody waits for it, and ends when it is told to.
type slowBody struct{ read, end chan struct{} }

func (s slowBody) Read([]byte) (int, error) {
	s.read <- struct{}{}
	<-s.end
	return 0, io.ErrUnexpectedEOF
}

// Whoever has no key takes no place of those who have one, however slowly it sends.
func TestStrangersKeepNoBounceOut(t *testing.T) {
	p := newPostbox(t)
	slow := slowBody{read: make(chan struct{}), end: make(chan struct{})}
	var strangers sync.WaitGroup
	arrive := func(n int) {
		for range n {
			request := p.request("/bounces/shop/mail", strangerKey, "a mail")
			request.Body = io.NopCloser(slow)
			strangers.Go(func() { p.send(request) })
			<-slow.read
		}
	}
	arrive(unverifiedAtOnce - 1)
	if got := p.post("/bounces/shop/mail", bounceKey, notification(t, bouncedID)); !strings.HasPrefix(got, "200 taken") {
		t.Error(got)
	}
	arrive(1)
	if got := p.post("/bounces/shop/mail", bounceKey, notification(t, bouncedID)); got != "503 too many mails come back at once; try again" {
		t.Error(got)
	}
	close(slow.end)
	strangers.Wait()
	if got := p.post("/bounces/shop/mail", bounceKey, notification(t, bouncedID)); !strings.HasPrefix(got, "200") || len(p.unverified)+len(p.places) > 0 {
		t.Errorf("%s, and %d places are taken", got, len(p.unverified)+len(p.places))
	}
	for range bouncesAtOnce {
		p.places <- struct{}{}
	}
	if got := p.post("/bounces/shop/mail", strangerKey, "a mail"); !strings.HasPrefix(got, "401") {
		t.Errorf("a stranger learns how many come back: %s", got)
	}
}

type timedAnswer struct {
	*httptest.ResponseRecorder
	deadlines []time.Time
}

func (a *timedAnswer) SetReadDeadline(at time.Time) error {
	a.deadlines = append(a.deadlines, at)
	return nil
}

// What nobody may have signed has two seconds to arrive; afterwards nothing ends the work on it before its time.
func TestBounceArrivesSoon(t *testing.T) {
	p := newPostbox(t)
	soon := noon.Add(2 * time.Second)
	for key, want := range map[string][]time.Time{strangerKey: {soon}, bounceKey: {soon, {}}} {
		answer := &timedAnswer{ResponseRecorder: httptest.NewRecorder()}
		p.ServeHTTP(answer, p.request("/bounces/shop/mail", key, notification(t, bouncedID)))
		if diff := cmp.Diff(want, answer.deadlines); diff != "" {
			t.Errorf("%d: %s", answer.Code, diff)
		}
	}
}
