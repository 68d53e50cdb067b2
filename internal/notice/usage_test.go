package notice

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	v1alpha1 "forewarn.dev/forewarn/api/v1alpha1"
)

func TestUsedOperation(t *testing.T) {
	for operation, want := range map[string]string{
		"DELETE /orders/{id}":         "DELETE /orders/{}",
		"delete  /orders/{order.id}/": "DELETE /orders/{}",
		"GET /":                       "GET /",
		"GET /orders/{id}.{format}":   "GET /orders/{}.{}",
		"GET /orders/*":               "",
		"/orders":                     "",
		"unmatched":                   "",
		"":                            "",
		"POST webhook:shipped":        "",
	} {
		got, ok := UsedOperation(operation)
		if got != want || ok != (want != "") {
			t.Errorf("%q is %q, %t; want %q", operation, got, ok, want)
		}
	}
}

func TestUsageIndex(t *testing.T) {
	orders := UsageIndex[int]{
		{"v1", "GET /orders"}:        3,
		{"", "GET /orders"}:          2,
		{"", "GET /orders/{}"}:       1,
		{"v1", ""}:                   4,
		{"", ""}:                     2,
		{"v2", "POST /api/v2/bills"}: 1,
		{"v2", ""}:                   2,
	}
	for name, c := range map[string]struct {
		used               UsageIndex[int]
		version, operation string
		want               int
		unknown            bool
	}{
		"an operation of the version":                 {used: orders, version: "v1", operation: "get /orders/", want: 3},
		"an operation without a version":              {used: orders, version: "v2", operation: "GET /orders", want: 2},
		"under another name of its parameter":         {used: orders, version: "v1", operation: "GET /orders/{orderId}", want: 1},
		"an operation that nobody used":               {used: orders, version: "v1", operation: "DELETE /orders/{id}"},
		"another method":                              {used: orders, version: "v1", operation: "POST /orders"},
		"a path that is longer":                       {used: orders, version: "v1", operation: "GET /orders/{id}/lines"},
		"a version as a whole":                        {used: orders, version: "v1", want: 4},
		"another, by those without a version":         {used: orders, version: "v3", want: 2},
		"used behind a gateway":                       {used: orders, version: "v2", operation: "POST /bills", unknown: true},
		"used so by the customers of another version": {used: orders, version: "v1", operation: "POST /bills"},
		"used by the value of a parameter":            {used: UsageIndex[int]{{"", "GET /orders/17"}: 1}, version: "v1", operation: "GET /orders/{id}", unknown: true},
		"used as one that stands for more":            {used: UsageIndex[int]{{"", "GET /orders/{}"}: 1}, version: "v1", operation: "GET /orders/export", unknown: true},
		"of a version that the API has not":           {used: UsageIndex[int]{{"1", "GET /orders"}: 1, {"1", ""}: 1}, version: "v1", operation: "GET /orders", unknown: true},
		"a version while another is used that is not": {used: UsageIndex[int]{{"1", "GET /orders"}: 1, {"1", ""}: 1}, version: "v1", unknown: true},
		"a version while another is used":             {used: UsageIndex[int]{{"v2", "GET /orders"}: 1, {"v2", ""}: 1}, version: "v1"},
		"below something else":                        {used: UsageIndex[int]{{"", "GET /customers/{}/orders"}: 1}, version: "v1", operation: "GET /orders"},
		"in other letters":                            {used: UsageIndex[int]{{"", "GET /Orders"}: 1}, version: "v1", operation: "GET /orders", unknown: true},
		"what customers do not call":                  {used: orders, version: "v1", operation: "POST webhook:shipped", unknown: true},
		"nothing was used":                            {used: UsageIndex[int]{}, version: "v1", operation: "GET /orders"},
	} {
		t.Run(name, func(t *testing.T) {
			got, known := c.used.Of(c.version, c.operation, []string{"v1", "v2", "v3"})
			if got != c.want || known == c.unknown {
				t.Errorf("%d, known %t; want %d", got, known, c.want)
			}
		})
	}
}

var askedAt = time.Date(2026, time.November, 22, 10, 0, 0, 0, time.UTC)

// using is an Audience of 100 customers of whom 7 used GET of v1, and somebody who is not in the list POST.
func using(edits ...func(*v1alpha1.Audience)) *v1alpha1.Audience {
	a := &v1alpha1.Audience{}
	a.Spec.Usage = v1alpha1.UsageQuery{URL: "https://prometheus.acme.example", Query: "used[$window]", WindowDays: 90}
	a.Status.Customers = ptr(100)
	a.Status.Usage = v1alpha1.CustomerUsage{
		Time: &metav1.Time{Time: askedAt}, QueryDigest: UsageDigest(&a.Spec.Usage), WindowDays: 90, Customers: ptr(7), Unlisted: 1,
		Versions: []v1alpha1.UsedVersion{{Version: "v1", Customers: ptr(7), Unlisted: 1}},
		Operations: []v1alpha1.UsedOperation{
			{Version: "v1", Operation: "GET /orders", Customers: ptr(7)},
			{Version: "v1", Operation: "POST /orders", Customers: ptr(0), Unlisted: 1},
		},
	}
	for _, edit := range edits {
		edit(a)
	}
	return a
}

func TestAffected(t *testing.T) {
	operation := func(name string) Change {
		return Change{Version: "v1", Operation: name, Rule: "a", Classes: classes{v1alpha1.ClassBreaking}}
	}
	unused := operation("DELETE /orders/{id}")
	disputed := unused
	disputed.Classes = classes{v1alpha1.ClassBreaking, v1alpha1.ClassBehaviour}
	everybody := Affected{Customers: 100}
	for name, c := range map[string]struct {
		audience *v1alpha1.Audience
		change   Change
		after    time.Duration
		want     Affected
	}{
		"who used it":                     {using(), operation("GET /orders"), 0, Affected{Customers: 7}},
		"nobody":                          {using(), unused, 0, Affected{UnusedFor: 90}},
		"somebody who is not in the list": {using(), operation("POST /orders"), 0, Affected{Customers: 1}},
		"a version":                       {using(), Change{Version: "v1", Rule: RuleVersionRemoved}, 0, Affected{Customers: 8}},
		"a version that nobody used":      {using(), Change{Version: "v2", Rule: RuleVersionRemoved}, 0, Affected{UnusedFor: 90}},
		"what is of no operation":         {using(), Change{Version: "v1", Rule: "server-removed"}, 0, everybody},
		"what policies call differently":  {using(), disputed, 0, Affected{}},
		"nobody is known":                 {nil, unused, 0, Affected{}},
		"nobody asks":                     {using(func(a *v1alpha1.Audience) { a.Spec.Usage = v1alpha1.UsageQuery{} }), unused, 0, everybody},
		"nothing was answered":            {using(func(a *v1alpha1.Audience) { a.Status.Usage = v1alpha1.CustomerUsage{} }), unused, 0, everybody},
		"something else is asked by now":  {using(func(a *v1alpha1.Audience) { a.Spec.Usage.WindowDays = 91 }), unused, 0, everybody},
		"a count is missing":              {using(func(a *v1alpha1.Audience) { a.Status.Usage.Operations[0].Customers = nil }), unused, 0, everybody},
		"a total is missing":              {using(func(a *v1alpha1.Audience) { a.Status.Usage.Versions[0].Customers = nil }), unused, 0, everybody},
		"a second before it was asked":    {using(), unused, -time.Second, everybody},
		"a second before it is a day old": {using(), unused, 24*time.Hour - time.Second, Affected{UnusedFor: 90}},
		"a day old":                       {using(), unused, 24 * time.Hour, everybody},
	} {
		t.Run(name, func(t *testing.T) {
			u := ReadUsage(c.audience, []string{"v1", "v2"}, askedAt.Add(c.after))
			if diff := cmp.Diff(c.want, u.Affected(c.change)); diff != "" {
				t.Error("(-want +got):\n" + diff)
			}
		})
	}
}

func TestUsageTurns(t *testing.T) {
	want := []time.Time{askedAt, askedAt.Add(24 * time.Hour)}
	for name, after := range map[string]time.Duration{"before": -time.Hour, "while it counts": time.Hour, "afterwards": 48 * time.Hour} {
		if diff := cmp.Diff(want, ReadUsage(using(), nil, askedAt.Add(after)).Turns()); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
	if turns := ReadUsage(&v1alpha1.Audience{}, nil, askedAt).Turns(); turns != nil {
		t.Errorf("without an answer: %v", turns)
	}
}

func TestOwedForWhatNobodyUsed(t *testing.T) {
	unused := func(days int32, edits ...func(*policySpec)) func(*policySpec) {
		return func(s *policySpec) {
			s.UnusedDays = &days
			for _, edit := range edits {
				edit(s)
			}
		}
	}
	window := func(days int32) func(*policySpec) { return func(s *policySpec) { s.UnusedWindowDays = days } }
	business := func(days int32) func(*policySpec) {
		return func(s *policySpec) {
			s.Owed = []v1alpha1.OwedTerm{{Class: v1alpha1.ClassRemoval, BusinessDays: &days}}
		}
	}
	promised := func(days int32) *v1alpha1.Audience {
		return contract("c-1", v1alpha1.OwedTerm{Class: v1alpha1.ClassRemoval, Days: &days}, "")
	}
	for name, c := range map[string]struct {
		policies []v1alpha1.NoticePolicy
		audience *v1alpha1.Audience
		days     int // for how many nobody used it
		want     string
		binds    string
		shorter  bool
	}{
		"a longer entry":                      {[]v1alpha1.NoticePolicy{owing("a", 180, unused(14))}, nil, 90, "2026-12-07T00:00:00Z", "a", true},
		"at once":                             {[]v1alpha1.NoticePolicy{owing("a", 180, unused(0))}, nil, 90, "2026-11-22T10:00:00Z", "a", true},
		"an entry that is as long":            {[]v1alpha1.NoticePolicy{owing("a", 14, unused(14))}, nil, 90, "2026-12-07T00:00:00Z", "a", false},
		"an entry that is shorter":            {[]v1alpha1.NoticePolicy{owing("a", 13, unused(14))}, nil, 90, "2026-12-06T00:00:00Z", "a", false},
		"business days that end sooner":       {[]v1alpha1.NoticePolicy{owing("a", 0, unused(14), business(9))}, nil, 90, "2026-12-04T00:00:00Z", "a", false},
		"business days that end later":        {[]v1alpha1.NoticePolicy{owing("a", 0, unused(14), business(11))}, nil, 90, "2026-12-07T00:00:00Z", "a", true},
		"it is not known who used it":         {[]v1alpha1.NoticePolicy{owing("a", 180, unused(14))}, nil, 0, "2027-05-22T00:00:00Z", "a", false},
		"a window that is long enough":        {[]v1alpha1.NoticePolicy{owing("a", 180, unused(14, window(30)))}, nil, 30, "2026-12-07T00:00:00Z", "a", true},
		"a window that is a day too short":    {[]v1alpha1.NoticePolicy{owing("a", 180, unused(14, window(30)))}, nil, 29, "2027-05-22T00:00:00Z", "a", false},
		"and where the policy names none":     {[]v1alpha1.NoticePolicy{owing("a", 180, unused(14))}, nil, 89, "2027-05-22T00:00:00Z", "a", false},
		"a policy that shortens nothing":      {[]v1alpha1.NoticePolicy{owing("a", 180)}, nil, 90, "2027-05-22T00:00:00Z", "a", false},
		"another policy binds in full":        {[]v1alpha1.NoticePolicy{owing("a", 180, unused(14)), owing("b", 30)}, nil, 90, "2026-12-23T00:00:00Z", "b", true},
		"R1 a contract binds in full":         {[]v1alpha1.NoticePolicy{owing("a", 180, unused(14))}, promised(60), 90, "2027-01-22T00:00:00Z", "customer/c-1", true},
		"R1 a contract that is shorter still": {[]v1alpha1.NoticePolicy{owing("a", 180, unused(14))}, promised(7), 90, "2026-12-07T00:00:00Z", "a", true},
		"R13 where the customers are": {[]v1alpha1.NoticePolicy{owing("a", 180, unused(14))},
			counting(v1alpha1.CustomerCalendar{TimeZone: "America/Chicago"}), 90, "2026-12-07T06:00:00Z", "a", true},
	} {
		t.Run(name, func(t *testing.T) {
			all, errs := reading(t, c.policies...).For(c.audience)
			if len(errs) > 0 {
				t.Fatal(errs)
			}
			got, err := all.Unused(c.days).Owed(classes{v1alpha1.ClassRemoval}, "Stable", askedAt)
			if err != nil {
				t.Fatal(err)
			}
			if want := instant(t, c.want); !got.End.Equal(want) || got.By() != c.binds || (got.UnusedFor != 0) != c.shorter {
				t.Errorf("until %s by %q, unused for %d days; want %s by %q", got.End, got.By(), got.UnusedFor, want, c.binds)
			}
			thawed := Freeze("v1", v1alpha1.ClassRemoval, got)
			if kept, err := thaw(&thawed, askedAt); err != nil || kept.Compare(got) != 0 || kept.UnusedFor != got.UnusedFor {
				t.Errorf("frozen and read again %+v, %v; want %+v", kept, err, got)
			}
		})
	}
}

// A shorter period has midnights of its own.
func TestTickOfWhatNobodyUsed(t *testing.T) {
	policy := owing("a", 0, func(s *policySpec) {
		s.Owed = []v1alpha1.OwedTerm{{Class: v1alpha1.ClassRemoval, BusinessDays: ptr(60)}}
		s.UnusedDays = ptr(14)
	})
	ps := reading(t, policy).Unused(90)
	tick, ok := ps.Tick(classes{v1alpha1.ClassRemoval}, "Stable", askedAt)
	if want := instant(t, "2026-11-23T00:00:01Z"); !ok || !tick.Equal(want) {
		t.Errorf("%s, %t; want %s", tick, ok, want)
	}
}

func TestUnusedThatCannotBeRead(t *testing.T) {
	for name, edit := range map[string]func(*policySpec){
		"days":   func(s *policySpec) { s.UnusedDays = ptr(-1) },
		"window": func(s *policySpec) { s.UnusedDays, s.UnusedWindowDays = ptr(14), 366 },
	} {
		t.Run(name, func(t *testing.T) {
			p := owing("a", 180, edit)
			read, errs := ReadSpec("a", &p.Spec)
			if len(errs) != 1 || read.UnusedDays != nil {
				t.Errorf("%v, %v", read.UnusedDays, errs)
			}
		})
	}
}
