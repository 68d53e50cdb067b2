package controllers

import (
	"fmt"
	"strings"
	"testing"
	"time"

	apimeta "k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/ptr"

	v1alpha1 "forewarn.dev/forewarn/api/v1alpha1"
	"forewarn.dev/forewarn/internal/notice"
	"forewarn.dev/forewarn/internal/snapshot"
	"forewarn.dev/forewarn/internal/usage"
)

func TestSetUsage(t *testing.T) {
	query := v1alpha1.UsageQuery{URL: "https://prometheus.acme.example", Query: "used[$window]", WindowDays: 90}
	answered := func(ago time.Duration) v1alpha1.CustomerUsage {
		return v1alpha1.CustomerUsage{
			Time: timeAt(noon.Add(-ago)), QueryDigest: notice.UsageDigest(&query), WindowDays: 90, Customers: ptr.To[int32](7), Unlisted: 2,
			Operations: []v1alpha1.UsedOperation{{Operation: "GET /", Customers: ptr.To[int32](7)}},
		}
	}
	other := answered(time.Hour)
	other.QueryDigest = "another"
	empty := &usage.Problem{Reason: v1alpha1.ReasonUsageEmpty, Text: "the answer is empty"}
	const day = 24 * time.Hour
	for name, c := range map[string]struct {
		before  v1alpha1.CustomerUsage
		problem *usage.Problem
		want    string
		stays   bool
	}{
		"an answer": {v1alpha1.CustomerUsage{}, nil, "True UsageKnown 7 customers used 1 operations in the last 90 days, and so did 2 who are not in the list: add them to it", true},
		"none":      {v1alpha1.CustomerUsage{}, empty, "False UsageEmpty the answer is empty; until it is known who used what, a change affects all customers", false},
		"none, a second before the last is a day old": {answered(day - time.Second), empty,
			"False UsageEmpty the answer is empty; the answer of 2026-11-21T12:00:01Z counts until 2026-11-22T12:00:01Z", true},
		"none, and the last is a day old":         {answered(day), empty, "False UsageEmpty the answer is empty; until it is known who used what, a change affects all customers", false},
		"none, and the last was to another query": {other, empty, "False UsageEmpty the answer is empty; until it is known who used what, a change affects all customers", false},
	} {
		t.Run(name, func(t *testing.T) {
			a := &v1alpha1.Audience{}
			a.Spec.Usage, a.Status.Usage = query, c.before
			setUsage(a, answered(0), c.problem, noon)
			is := apimeta.FindStatusCondition(a.Status.Conditions, v1alpha1.ConditionUsageKnown)
			if got := fmt.Sprint(is.Status, " ", is.Reason, " ", is.Message); got != c.want {
				t.Errorf("%s\nwant %s", got, c.want)
			}
			if (a.Status.Usage.Time != nil) != c.stays {
				t.Errorf("%+v", a.Status.Usage)
			}
		})
	}
}

func TestUsageIsDue(t *testing.T) {
	a := &v1alpha1.Audience{}
	a.Spec.Usage = v1alpha1.UsageQuery{Query: "used[$window]", WindowDays: 90}
	if due := usageDue(a); !due.IsZero() {
		t.Errorf("never answered: %s", due)
	}
	a.Status.Usage = v1alpha1.CustomerUsage{Time: timeAt(noon), QueryDigest: notice.UsageDigest(&a.Spec.Usage)}
	if due := usageDue(a); !due.Equal(noon.Add(time.Hour)) {
		t.Errorf("an hour later: %s", due)
	}
	a.Spec.Usage.WindowDays = 30
	if due := usageDue(a); !due.IsZero() {
		t.Errorf("something else is asked: %s", due)
	}
}

func TestUsageGoesOutByItsOwnDoor(t *testing.T) {
	desk := &usageDesk{}
	for name, c := range map[string]struct {
		query v1alpha1.UsageQuery
		token string
		says  string
	}{
		"a token in the clear":          {v1alpha1.UsageQuery{URL: "http://prometheus"}, "a-token", "by a safe connection only"},
		"a range that is none":          {v1alpha1.UsageQuery{URL: "http://prometheus", AllowedRanges: []string{"inside"}}, "", "spec.usage.allowedRanges: inside is no range"},
		"a range that is not permitted": {v1alpha1.UsageQuery{URL: "http://prometheus", AllowedRanges: []string{"10.0.0.0/8"}}, "", "with --egress-ranges"},
	} {
		a := &v1alpha1.Audience{ObjectMeta: metav1.ObjectMeta{Name: "customers"}, Spec: v1alpha1.AudienceSpec{Usage: c.query}}
		_, problem := desk.server(a, snapshot.UsageSecrets{Token: c.token})
		if problem == nil || problem.Reason != v1alpha1.ReasonUsageInvalid || !strings.Contains(problem.Text, c.says) {
			t.Errorf("%s: %+v does not say %q", name, problem, c.says)
		}
	}
}
