//go:build unix

package prom

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	v1alpha1 "forewarn.dev/forewarn/api/v1alpha1"
	"forewarn.dev/forewarn/internal/delivery/egress"
	"forewarn.dev/forewarn/internal/notice"
	"forewarn.dev/forewarn/test/prometheus"
)

const byCustomer = "sum by (customer, operation, version) (increase(orders_requests_total[$window])) > 0"

func TestARealPrometheus(t *testing.T) {
	const day = 24 * time.Hour
	counted := func(labels string, from, until time.Duration, step int) prometheus.Series {
		return prometheus.Series{Labels: labels, Start: now.Add(-from), End: now.Add(-until), Step: step}
	}
	remembering := prometheus.Start(t,
		counted(`customer="c-1",operation="GET /orders",version="v1"`, 190*day, 0, 1),
		counted(`customer="c-2",operation="GET /orders",version="v1"`, 190*day, 91*day, 1),              // before the window
		counted(`customer="c-3",operation="DELETE /orders/{id}",version="v1"`, 40*day, 30*day, 1),       // within
		counted(`customer="c-9",operation="GET /orders",version="v1"`, 40*day, 0, 1),                    // is not in the list
		counted(`customer="c-2",operation="POST /orders"`, 40*day, 0, 1),                                // of any version
		counted(`customer="c-1",operation="PUT /orders/{id}",version="v1"`, 40*day, 0, 0),               // never
		counted(`customer="c-1",operation="GET /young",version="v1",young="yes"`, 60*day, time.Hour, 1), // remembered for 60 days
	)
	server := Server{URL: remembering.URL, Client: egress.BoundedClient(egress.Dialer{Allowed: local}, nil, MaxBytes)}
	listed := []v1alpha1.CustomerID{"c-1", "c-2", "c-3"}
	query := func(text string, days int32) *v1alpha1.UsageQuery {
		return &v1alpha1.UsageQuery{URL: remembering.URL, Query: text, WindowDays: days}
	}
	answer, kept, problem := server.Ask(t.Context(), query(byCustomer, 90), listed, now)
	if problem != nil {
		t.Fatal(problem)
	}
	n := func(n int32) *int32 { return &n }
	want := []v1alpha1.UsedOperation{
		{Operation: "POST /orders", Customers: n(1)},
		{Version: "v1", Operation: "DELETE /orders/{}", Customers: n(1)},
		{Version: "v1", Operation: "GET /orders", Customers: n(1), Unlisted: 1},
		{Version: "v1", Operation: "GET /young", Customers: n(1)},
	}
	if diff := cmp.Diff(want, kept.Operations); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	who, known := answer.Customers([]notice.Change{{Version: "v1", Operation: "POST /orders"}, {Version: "v1", Operation: "DELETE /orders/{id}"}}, []string{"v1"})
	if diff := cmp.Diff([]v1alpha1.CustomerID{"c-2", "c-3"}, who); diff != "" || !known {
		t.Errorf("who is told, known %t (-want +got):\n%s", known, diff)
	}

	for name, c := range map[string]struct {
		query  *v1alpha1.UsageQuery
		reason string
	}{
		"a metric that is not there":       {query(strings.ReplaceAll(byCustomer, "requests", "request"), 90), v1alpha1.ReasonUsageEmpty},
		"a memory of 60 days, asked of 90": {query(`sum by (customer, operation) (increase(orders_requests_total{young="yes"}[$window]))`, 90), v1alpha1.ReasonUsageTooShort},
		"a memory of 60 days, asked of 61": {query(`sum by (customer, operation) (increase(orders_requests_total{young="yes"}[$window]))`, 61), v1alpha1.ReasonUsageTooShort},
		"a memory of 60 days, asked of 59": {query(`sum by (customer, operation) (increase(orders_requests_total{young="yes"}[$window]))`, 59), ""},
		"a label that is summed away":      {query("sum by (customer) (increase(orders_requests_total[$window]))", 90), v1alpha1.ReasonUsageInvalid},
		"a number":                         {query("scalar(sum(increase(orders_requests_total[$window])))", 90), v1alpha1.ReasonUsageInvalid},
		"a range":                          {query("orders_requests_total[$window]", 90), v1alpha1.ReasonUsageInvalid},
		"what is no PromQL":                {query("sum by [$window]", 90), v1alpha1.ReasonUsageRefused},
		"what fails on the way":            {query(`orders_requests_total * on (none) orders_requests_total + increase(a[$window])`, 90), v1alpha1.ReasonUsageRefused},
		"with a comment at its end":        {query(byCustomer+" # often", 90), ""},
	} {
		_, _, problem := server.Ask(t.Context(), c.query, listed, now)
		if (problem == nil) != (c.reason == "") || problem != nil && problem.Reason != c.reason {
			t.Errorf("%s: %+v, want %q", name, problem, c.reason)
		}
	}

	remembering.Stop()
	if _, _, problem := server.Ask(t.Context(), query(byCustomer, 90), listed, now); problem == nil || problem.Reason != v1alpha1.ReasonUsageUnreachable {
		t.Errorf("when it is gone: %+v", problem)
	}
}
