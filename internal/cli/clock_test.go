package cli

import (
	"bytes"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	v1alpha1 "forewarn.dev/forewarn/api/v1alpha1"
	"forewarn.dev/forewarn/internal/snapshot"
)

var noon = time.Date(2026, time.November, 22, 12, 0, 0, 0, time.UTC)

func TestServerClockHoldsOursBack(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Date", noon.Format(http.TimeFormat))
	}))
	defer server.Close()
	clock := &serverClock{next: http.DefaultTransport}
	if got := clock.bound(noon.Add(time.Hour)); !got.Equal(noon.Add(time.Hour)) {
		t.Errorf("before any answer our own clock counts, got %s", got)
	}
	response, err := (&http.Client{Transport: clock}).Get(server.URL)
	if err != nil {
		t.Fatal(err)
	}
	_ = response.Body.Close()
	for name, tt := range map[string]struct{ own, want time.Time }{
		"ours is behind":                     {noon.Add(-time.Hour), noon.Add(-time.Hour)},
		"ours is in the second that it says": {noon.Add(time.Second), noon.Add(time.Second)},
		"ours is just ahead":                 {noon.Add(time.Second + 1), noon},
		"ours is far ahead":                  {noon.Add(24 * time.Hour), noon},
	} {
		t.Run(name, func(t *testing.T) {
			if got := clock.bound(tt.own); !got.Equal(tt.want) {
				t.Errorf("got %s, want %s", got, tt.want)
			}
		})
	}
}

func TestClusterThatRehearsesSaysSo(t *testing.T) {
	var diagnostics bytes.Buffer
	c := &cluster{policies: []v1alpha1.NoticePolicy{{}}}
	c.policies[0].Status.Conditions = []metav1.Condition{{
		Type: v1alpha1.ConditionRehearsal, Reason: v1alpha1.ReasonClockOffset, Message: snapshot.RehearsalMessage(24 * time.Hour),
	}}
	streams := Streams{Err: &diagnostics, Now: func() time.Time { return noon }}
	if got, want := c.clockOf(streams, &serverClock{}), noon.Add(24*time.Hour); !got.Equal(want) {
		t.Errorf("got %s, want %s", got, want)
	}
	if said := diagnostics.String(); !strings.Contains(said, "moved on by 24h0m0s, to 2026-11-23T12:00:00Z") {
		t.Errorf("got %q", said)
	}
}
