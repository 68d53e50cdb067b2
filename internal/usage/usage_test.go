package usage

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	v1alpha1 "forewarn.dev/forewarn/api/v1alpha1"
	"forewarn.dev/forewarn/internal/notice"
)

var (
	at     = time.Date(2026, time.November, 22, 10, 0, 0, 500, time.UTC)
	labels = Labels{Customer: "customer", Operation: "operation", Version: "version"}
	listed = []v1alpha1.CustomerID{"c-3", "c-1", "c-2"}
)

func used(customer, operation, version string) Sample {
	return Sample{Customer: customer, Operation: operation, Version: version, Value: 1}
}

func TestQuery(t *testing.T) {
	q := &v1alpha1.UsageQuery{Query: "a[$window] or b[$window]", WindowDays: 90, OperationLabel: "route"}
	if got, want := Query(q), "a[90d] or b[90d]"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
	if diff := cmp.Diff(Labels{Customer: "customer", Operation: "route", Version: "version"}, LabelsOf(q)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestWhoUsedWhat(t *testing.T) {
	a, problem := Read([]Sample{
		used("c-1", "get /orders/{id}", "v1"), used("c-2", "GET /orders/{orderId}", "v1"), used("stranger", "GET /orders/{id}", "v1"),
		used("c-1", "DELETE /orders/{id}", "v2"),
		used("c-2", "GET /orders/{id}", ""), used("c-3", "GET /orders/{id}", ""),
		{Customer: "c-3", Operation: "POST /orders", Version: "v1"},
		{Customer: "c-3", Operation: "POST /orders", Version: "v1", Value: -1},
		{Customer: "c-3", Operation: "POST /lines", Version: "v1", Value: math.SmallestNonzeroFloat64},
	}, labels, listed)
	if problem != nil {
		t.Fatal(problem)
	}
	q := &v1alpha1.UsageQuery{Query: "a[$window]", WindowDays: 90}
	got, problem := a.Status(q, at)
	if problem != nil {
		t.Fatal(problem)
	}
	n := func(n int32) *int32 { return &n }
	want := v1alpha1.CustomerUsage{
		Time: got.Time, QueryDigest: notice.UsageDigest(q), WindowDays: 90, Customers: n(3), Unlisted: 1,
		Versions: []v1alpha1.UsedVersion{
			{Customers: n(2)}, {Version: "v1", Customers: n(3), Unlisted: 1}, {Version: "v2", Customers: n(3)},
		},
		Operations: []v1alpha1.UsedOperation{
			{Operation: "GET /orders/{}", Customers: n(2)},
			{Version: "v1", Operation: "GET /orders/{}", Customers: n(3), Unlisted: 1},
			{Version: "v1", Operation: "POST /lines", Customers: n(1)},
			{Version: "v2", Operation: "DELETE /orders/{}", Customers: n(1)},
		},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if !got.Time.Time.Equal(at.Truncate(time.Second)) {
		t.Errorf("asked %s", got.Time)
	}
	for name, c := range map[string]struct {
		changes []notice.Change
		want    []v1alpha1.CustomerID
		unknown bool
	}{
		"an operation":                         {changes: []notice.Change{{Version: "v2", Operation: "DELETE /orders/{id}"}}, want: listed[1:2]},
		"two":                                  {changes: []notice.Change{{Version: "v2", Operation: "DELETE /orders/{id}"}, {Version: "v1", Operation: "POST /lines"}}, want: []v1alpha1.CustomerID{"c-1", "c-3"}},
		"one that strangers use, too":          {changes: []notice.Change{{Version: "v1", Operation: "GET /orders/{id}"}}, want: []v1alpha1.CustomerID{"c-1", "c-2", "c-3"}},
		"one whose version is not known":       {changes: []notice.Change{{Version: "v3", Operation: "GET /orders/{id}"}}, want: []v1alpha1.CustomerID{"c-2", "c-3"}},
		"a version":                            {changes: []notice.Change{{Version: "v1"}}, want: []v1alpha1.CustomerID{"c-1", "c-2", "c-3"}},
		"one that nobody used":                 {changes: []notice.Change{{Version: "v1", Operation: "POST /orders"}}},
		"one that nobody used, and an obscure": {changes: []notice.Change{{Version: "v1", Operation: "POST /orders"}, {Version: "v1", Operation: "POST webhook:a"}}, unknown: true},
	} {
		got, known := a.Customers(c.changes, []string{"v1", "v2", "v3"})
		if diff := cmp.Diff(c.want, got); diff != "" || known == c.unknown {
			t.Errorf("%s: known %t (-want +got):\n%s", name, known, diff)
		}
	}
}

// Who is in no list used it all the same.
func TestHowManyUsedIt(t *testing.T) {
	a, problem := Read([]Sample{
		used("c-1", "GET /orders", "v1"), used("c-9", "GET /orders", "v1"), used("c-8", "GET /lines", "v1"), used("c-9", "GET /lines", "v1"), used("c-7", "GET /lines", "v2"),
	}, labels, listed)
	if problem != nil {
		t.Fatal(problem)
	}
	for name, c := range map[string]struct {
		changes  []notice.Change
		ids      []v1alpha1.CustomerID
		unlisted int32
		known    bool
	}{
		"an operation":       {[]notice.Change{{Version: "v1", Operation: "GET /orders"}}, []v1alpha1.CustomerID{"c-1"}, 1, true},
		"two, and each once": {[]notice.Change{{Version: "v1", Operation: "GET /orders"}, {Version: "v1", Operation: "GET /lines"}}, []v1alpha1.CustomerID{"c-1"}, 2, true},
		"a version":          {[]notice.Change{{Version: "v1", Rule: notice.RuleVersionRemoved}}, []v1alpha1.CustomerID{"c-1"}, 2, true},
		"nobody did":         {[]notice.Change{{Version: "v1", Operation: "POST /orders"}}, nil, 0, true},
		"nobody can know":    {[]notice.Change{{Version: "v1", Operation: "POST webhook:a"}}, nil, 0, false},
	} {
		ids, unlisted, known := a.Users(c.changes, []string{"v1", "v2"})
		if !slices.Equal(ids, c.ids) || unlisted != c.unlisted || known != c.known {
			t.Errorf("%s: %v and %d more, %t", name, ids, unlisted, known)
		}
	}
}

// Who calls past the gateway that names operations is not left out for those who do not.
func TestWhoUsedItByAnotherName(t *testing.T) {
	a, problem := Read([]Sample{
		used("c-1", "GET /orders/{id}", "v1"), used("c-2", "GET /orders/17", "v1"), used("c-3", "GET /orders/{id}", "1"), used("stranger", "GET /bills", "v1"),
	}, labels, listed)
	if problem != nil {
		t.Fatal(problem)
	}
	for operation, want := range map[string][]v1alpha1.CustomerID{
		"GET /orders/{id}": {"c-1", "c-2", "c-3"}, "": {"c-1", "c-2", "c-3"},
	} {
		got, known := a.Customers([]notice.Change{{Version: "v1", Operation: operation}}, []string{"v1"})
		if diff := cmp.Diff(want, got); diff != "" || !known {
			t.Errorf("%q: known %t (-want +got):\n%s", operation, known, diff)
		}
	}
}

func TestAnswersThatAreNotBelieved(t *testing.T) {
	good := used("c-1", "GET /orders", "v1")
	for name, c := range map[string]struct {
		samples []Sample
		reason  string
		says    string
	}{
		"no sample":                     {nil, v1alpha1.ReasonUsageEmpty, "a metric that does not exist answers the same"},
		"a value that is no number":     {[]Sample{good, {Customer: "c-1", Operation: "GET /orders", Version: "v1", Value: math.NaN()}}, v1alpha1.ReasonUsageInvalid, "a sample is not a number"},
		"without a customer":            {[]Sample{good, used("", "GET /orders", "v1")}, v1alpha1.ReasonUsageInvalid, "no label customer"},
		"without an operation":          {[]Sample{good, used("c-1", "", "v1")}, v1alpha1.ReasonUsageInvalid, "no label operation"},
		"without one and without use":   {[]Sample{good, {Customer: "c-1"}}, v1alpha1.ReasonUsageInvalid, "no label operation"},
		"an operation that is none":     {[]Sample{good, used("c-1", "listOrders", "v1")}, v1alpha1.ReasonUsageInvalid, "no operation such as DELETE /orders/{id}"},
		"with an address in it":         {[]Sample{good, used("c-1", "GET /customers/jane@customer.example", "v1")}, v1alpha1.ReasonUsageInvalid, "no operation such as"},
		"an operation that is too long": {[]Sample{good, used("c-1", "GET /"+strings.Repeat("a", 508), "v1")}, v1alpha1.ReasonUsageInvalid, "no operation such as"},
		"a version that is none":        {[]Sample{good, used("c-1", "GET /orders", "Version 1")}, v1alpha1.ReasonUsageInvalid, "no version such as v1"},
	} {
		t.Run(name, func(t *testing.T) {
			_, problem := Read(c.samples, labels, listed)
			if problem == nil || problem.Reason != c.reason || !strings.Contains(strings.ToLower(problem.Text), strings.ToLower(c.says)) {
				t.Fatalf("%+v does not say %q", problem, c.says)
			}
			for _, told := range []string{"jane", "listOrders", "Version 1"} {
				if strings.Contains(problem.Text, told) {
					t.Errorf("%q tells what stood there", problem.Text)
				}
			}
		})
	}
	if _, problem := Read([]Sample{good, used("c-1", "GET /"+strings.Repeat("a", 507), "v1")}, labels, listed); problem != nil {
		t.Errorf("an operation of 512 characters: %+v", problem)
	}
}

func TestAnswersThatHaveNoRoom(t *testing.T) {
	for name, c := range map[string]struct {
		versions, operations, length int
		fits                         bool
	}{
		"as many operations as fit":        {1, 2000, 12, true},
		"one more":                         {1, 2001, 12, false},
		"as many versions as fit":          {63, 1, 12, true}, // and one for those that are of none
		"a version more":                   {64, 1, 12, false},
		"fewer, that take too many bytes":  {1, 400, 512, false},
		"fewer, that take a bit less then": {1, 200, 512, true},
	} {
		t.Run(name, func(t *testing.T) {
			samples := []Sample{used("c-1", "GET /", "")}
			samples[0].Value = 1
			for v := range c.versions {
				for o := range c.operations {
					path := fmt.Sprintf("GET /%0*d", c.length-5, o)
					samples = append(samples, used("c-1", path, fmt.Sprintf("v%d", v)))
				}
			}
			if c.versions == 1 {
				samples = samples[1:]
			}
			a, problem := Read(samples, labels, listed)
			if problem != nil {
				t.Fatal(problem)
			}
			_, problem = a.Status(&v1alpha1.UsageQuery{Query: "a[$window]", WindowDays: 90}, at)
			if (problem == nil) != c.fits || problem != nil && problem.Reason != v1alpha1.ReasonUsageTooLarge {
				t.Errorf("%+v", problem)
			}
		})
	}
}
