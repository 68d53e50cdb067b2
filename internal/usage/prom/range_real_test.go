//go:build unix

package prom

import (
	"math"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"forewarn.dev/forewarn/internal/delivery/egress"
	"forewarn.dev/forewarn/test/prometheus"
)

// A real server works out for every step what the query says of its minute: down in the tenth, no sample in the
// twentieth, and nothing that is a number in the thirtieth.
func TestARangeOfARealPrometheus(t *testing.T) {
	running := prometheus.Start(t)
	server := Server{URL: running.URL, Client: egress.BoundedClient(egress.Dialer{Allowed: local}, nil, MaxRangeBytes), Field: "spec.availability"}
	query := "(minute() != bool 10) * (minute() != bool 30) / (minute() != bool 30) unless (minute() == 20) # of every hour"
	points, problem := server.Range(t.Context(), query, now, now.Add(time.Hour), 30*time.Second)
	if problem != nil {
		t.Fatal(problem)
	}
	var odd []string
	at := now
	for _, p := range points {
		for ; at.Before(p.At); at = at.Add(30 * time.Second) {
			odd = append(odd, at.Format(time.TimeOnly)+" none")
		}
		switch {
		case p.Value == 0:
			odd = append(odd, p.At.Format(time.TimeOnly)+" down")
		case math.IsNaN(p.Value):
			odd = append(odd, p.At.Format(time.TimeOnly)+" no number")
		}
		at = at.Add(30 * time.Second)
	}
	want := []string{
		"10:10:00 down", "10:10:30 down", "10:20:00 none", "10:20:30 none", "10:30:00 no number", "10:30:30 no number",
	}
	if diff := cmp.Diff(want, odd); diff != "" || len(points) != 121-2 {
		t.Errorf("%d points (-want +got):\n%s", len(points), diff)
	}
	if _, problem := server.Range(t.Context(), "vector(1)", now, now.Add((MaxSteps-1)*5*time.Second), 5*time.Second); problem != nil {
		t.Errorf("as many steps as may be asked for: %+v", problem)
	}
	for query, says := range map[string]string{
		"sum by [": "cannot read the query",
		`label_replace(vector(1), "a", "b", "", "") or vector(1)`: "not one series",
		"scalar(vector(1))": "",
		"absent_metric":     "",
	} {
		points, problem := server.Range(t.Context(), query, now, now.Add(time.Minute), 30*time.Second)
		if (problem == nil) != (says == "") || problem != nil && !strings.Contains(problem.Text, says) {
			t.Errorf("%s: %v, %+v", query, points, problem)
		}
	}
	running.Stop()
	if _, problem := server.Range(t.Context(), "vector(1)", now, now, time.Second); problem == nil || !strings.Contains(problem.Text, "correct spec.availability") {
		t.Errorf("when it is gone: %+v", problem)
	}
}
