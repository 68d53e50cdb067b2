package notice

import (
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	v1alpha1 "forewarn.dev/forewarn/api/v1alpha1"
)

// generation is a policy of that generation.
func generation(n int64, p v1alpha1.NoticePolicy) v1alpha1.NoticePolicy {
	p.Generation = n
	return p
}

// boundNames are the names and ends of what binds, such as "public-apis@1" and "public-apis@1 until 2027-05-22".
func boundNames(bound []v1alpha1.BoundPolicy) []string {
	var names []string
	for i := range bound {
		name := bound[i].Name + "@" + strconv.FormatInt(bound[i].InForce.Generation, 10)
		if until := bound[i].UntilTime; until != nil {
			name += " until " + until.UTC().Format(time.RFC3339)
		}
		names = append(names, name)
	}
	return names
}

func TestRatchetR8(t *testing.T) {
	type spec = v1alpha1.NoticePolicySpec
	now := time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)
	first := func(changes ...func(*spec)) []v1alpha1.NoticePolicy {
		return []v1alpha1.NoticePolicy{generation(1, owing("public-apis", 180, changes...))}
	}
	second := func(days int32, changes ...func(*spec)) []v1alpha1.NoticePolicy {
		return []v1alpha1.NoticePolicy{generation(2, owing("public-apis", days, changes...))}
	}
	const end = "2027-05-22T00:00:00Z" // 180 full days, in UTC
	after := []string{"public-apis@2"}
	both := []string{"public-apis@2", "public-apis@1 until " + end}
	cases := map[string]struct {
		before, after []v1alpha1.NoticePolicy
		want          []string
	}{
		"it stays as it is":              {first(), first(), []string{"public-apis@1"}},
		"it owes a day less":             {first(), second(179), both},
		"it owes a day more":             {first(), second(181), after},
		"it owes as much":                {first(), second(180), after},
		"it is deleted":                  {first(), nil, []string{"public-apis@1 until " + end}},
		"it is made anew, and owes less": {first(), []v1alpha1.NoticePolicy{generation(1, owing("public-apis", 1))}, []string{"public-apis@1", "public-apis@1 until " + end}},
		"it is made anew as it was":      {second(180), first(), []string{"public-apis@1"}},
		"another owes as much":           {first(), []v1alpha1.NoticePolicy{owing("stricter", 180)}, []string{"stricter@1"}},
		"another owes less":              {first(), []v1alpha1.NoticePolicy{owing("other", 90)}, []string{"other@1", "public-apis@1 until " + end}},
		"nothing was owed":               {[]v1alpha1.NoticePolicy{generation(1, owing("public-apis", 0))}, nil, nil},
		"a term holds for fewer":         {first(), second(180, func(s *spec) { s.Owed[0].Stability = v1alpha1.StabilityStable }), both},
		"a term holds for more":          {first(func(s *spec) { s.Owed[0].Stability = v1alpha1.StabilityStable }), second(180), after},
		"business days become days":      {first(func(s *spec) { s.Owed[0].Days, s.Owed[0].BusinessDays = nil, ptr(5) }), second(5), []string{"public-apis@2", "public-apis@1 until 2026-11-28T00:00:00Z"}},
		"its days begin elsewhere":       {first(), second(180, func(s *spec) { s.TimeZone = "Europe/Berlin" }), both},
		"it warns instead of denying":    {first(func(s *spec) { s.Enforcement = v1alpha1.EnforcementDeny }), second(180), both},
		"it denies instead of warning": {
			first(), second(180, func(s *spec) { s.Enforcement = v1alpha1.EnforcementDeny }), after,
		},
		"the clock starts earlier": {first(func(s *spec) { s.StartsAt = v1alpha1.StartsAtDelivered }), second(180), both},
		"the clock starts later":   {first(), second(180, func(s *spec) { s.StartsAt = v1alpha1.StartsAtDelivered }), after},
		"fewer have to be reached": {
			first(func(s *spec) { s.StartsAt, s.CoveragePercent = v1alpha1.StartsAtDelivered, 95 }),
			second(180, func(s *spec) { s.StartsAt, s.CoveragePercent = v1alpha1.StartsAtDelivered, 94 }), both,
		},
		"delivered is enough": {
			first(func(s *spec) { s.StartsAt = v1alpha1.StartsAtAcknowledged }),
			second(180, func(s *spec) { s.StartsAt = v1alpha1.StartsAtDelivered }), both,
		},
		"fewer objections held it":        {first(func(s *spec) { s.HoldAboveObjectionPercent = ptr(10) }), second(180, func(s *spec) { s.HoldAboveObjectionPercent = ptr(11) }), both},
		"no objection holds it":           {first(func(s *spec) { s.HoldAboveObjectionPercent = ptr(10) }), second(180), both},
		"more objections held it":         {first(func(s *spec) { s.HoldAboveObjectionPercent = ptr(10) }), second(180, func(s *spec) { s.HoldAboveObjectionPercent = ptr(9) }), after},
		"a reminder less":                 {first(func(s *spec) { s.ReminderDays = []int32{30, 7} }), second(180, func(s *spec) { s.ReminderDays = []int32{30} }), both},
		"a reminder more":                 {first(func(s *spec) { s.ReminderDays = []int32{30} }), second(180, func(s *spec) { s.ReminderDays = []int32{7, 30} }), after},
		"missing one delays nothing":      {first(func(s *spec) { s.MissedReminder = v1alpha1.MissedReminderDelay }), second(180), both},
		"what nobody used is shorter":     {first(func(s *spec) { s.UnusedDays = ptr(30) }), second(180, func(s *spec) { s.UnusedDays = ptr(29) }), both},
		"it asks for fewer days":          {first(func(s *spec) { s.UnusedDays, s.UnusedWindowDays = ptr(30), 90 }), second(180, func(s *spec) { s.UnusedDays, s.UnusedWindowDays = ptr(30), 89 }), both},
		"nothing unused was shorter":      {first(), second(180, func(s *spec) { s.UnusedDays = ptr(30) }), both},
		"what nobody used is longer":      {first(func(s *spec) { s.UnusedDays = ptr(30) }), second(180, func(s *spec) { s.UnusedDays = ptr(31) }), after},
		"marks are asked for no more":     {first(func(s *spec) { s.DeprecatedMarks = v1alpha1.MarksDeny }), second(180), both},
		"marks are asked for from now on": {first(), second(180, func(s *spec) { s.DeprecatedMarks = v1alpha1.MarksDeny }), after},
		"images are compared no more":     {first(func(s *spec) { s.Images = v1alpha1.ImagesRequired }), second(180), both},
		"a rule becomes harmless": {
			first(), second(180, func(s *spec) {
				s.Rules = []v1alpha1.RuleClass{{Rule: "api-path-removed-without-deprecation", Class: v1alpha1.ClassAddition}}
			}), both,
		},
		"what it becomes cannot be read": {first(), second(180, func(s *spec) { s.TimeZone = "CST" }), []string{"public-apis@1"}},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			known := Ratchet(nil, c.before, nil, now.Add(-time.Hour))
			got := boundNames(Ratchet(known, c.after, nil, now))
			if !slices.Equal(got, c.want) {
				t.Errorf("bound by %q, want %q", got, c.want)
			}
		})
	}
}

func TestRatchetLetsGoR8(t *testing.T) {
	now := time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)
	end := time.Date(2027, 5, 22, 0, 0, 0, 0, time.UTC)
	loose := []v1alpha1.NoticePolicy{generation(2, owing("public-apis", 30))}
	known := Ratchet(Ratchet(nil, []v1alpha1.NoticePolicy{generation(1, owing("public-apis", 180))}, nil, now), loose, nil, now)
	kept, gone := []string{"public-apis@2", "public-apis@1 until 2027-05-22T00:00:00Z"}, []string{"public-apis@2"}
	cases := map[string]struct {
		policies []v1alpha1.NoticePolicy
		loosened []string
		at       time.Time
		want     []string
	}{
		"a second before its end":   {loose, nil, end.Add(-time.Second), kept},
		"at its end":                {loose, nil, end, gone},
		"somebody lets it go":       {loose, []string{AsBound(&known[1])}, now, gone},
		"somebody lets another go":  {loose, []string{AsBound(&known[0]), "public-apis", "public-apis@1"}, now, kept},
		"it is tightened again":     {[]v1alpha1.NoticePolicy{generation(3, owing("public-apis", 180))}, nil, now, []string{"public-apis@3"}},
		"it is loosened once again": {[]v1alpha1.NoticePolicy{generation(3, owing("public-apis", 10))}, nil, now, []string{"public-apis@3", "public-apis@1 until 2027-05-22T00:00:00Z", "public-apis@2 until 2026-12-23T00:00:00Z"}},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			if got := boundNames(Ratchet(known, c.policies, c.loosened, c.at)); !slices.Equal(got, c.want) {
				t.Errorf("bound by %q, want %q", got, c.want)
			}
		})
	}
	anew := Ratchet(known, []v1alpha1.NoticePolicy{generation(1, owing("public-apis", 1))}, nil, now)
	if got := boundNames(anew); !slices.Contains(got, kept[1]) {
		t.Errorf("made anew after it was loosened, it is bound by %q", got)
	}
	if next := NextRelease(known, end.Add(-time.Second)); next == nil || !next.Equal(end) {
		t.Errorf("the next release is %v, want %v", next, end)
	}
	if next := NextRelease(known, end); next != nil {
		t.Errorf("the next release is %v, want none", next)
	}
}

// What in its status says that it cannot be read is no other generation, and lets nothing go.
func TestRatchetKeepsWhatCannotBeReadR8(t *testing.T) {
	now := time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)
	valid := generation(1, owing("public-apis", 180))
	known := Ratchet(nil, []v1alpha1.NoticePolicy{valid}, nil, now)
	spoilt := generation(2, owing("public-apis", 180, func(s *v1alpha1.NoticePolicySpec) { s.TimeZone = "CST" }))
	for i := range 3 {
		known = Ratchet(known, []v1alpha1.NoticePolicy{spoilt}, nil, now.Add(time.Duration(i)*time.Hour))
		if got := boundNames(known); !slices.Equal(got, []string{"public-apis@1"}) {
			t.Fatalf("bound by %q", got)
		}
	}
	inForce := spoilt.DeepCopy()
	inForce.Status.InForce = v1alpha1.PolicyInForce{Generation: 1, Spec: valid.Spec}
	if got := boundNames(Ratchet(known, []v1alpha1.NoticePolicy{*inForce}, nil, now)); !slices.Equal(got, []string{"public-apis@1"}) {
		t.Errorf("bound by %q", got)
	}
}

func TestRatchetHoldsWhatThereIsRoomFor(t *testing.T) {
	now := time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)
	known := []v1alpha1.BoundPolicy{}
	for i := range int32(40) {
		p := owing("policy-"+strconv.Itoa(int(i)), 100+i)
		known = append(known, v1alpha1.BoundPolicy{
			Name: p.Name, InForce: v1alpha1.PolicyInForce{Generation: 1, Spec: p.Spec},
			UntilTime: &metav1.Time{Time: now.AddDate(0, 0, int(100+i))},
		})
	}
	bound := Ratchet(known, []v1alpha1.NoticePolicy{owing("now", 1)}, nil, now)
	if len(bound) != MaxBound || bound[0].Name != "now" || bound[1].Name != "policy-39" || bound[MaxBound-1].Name != "policy-9" {
		t.Errorf("bound by %q", boundNames(bound))
	}
}

// A policy of 500 rules takes some 90 KiB: what there is no room for is let go, and the rest is held.
func TestRatchetHoldsWhatIsShortEnough(t *testing.T) {
	now := time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)
	long := func(name string, days int32) v1alpha1.NoticePolicy {
		return owing(name, days, func(s *v1alpha1.NoticePolicySpec) {
			for i := range 500 {
				rule := strconv.Itoa(i) + strings.Repeat("r", 120)
				s.Rules = append(s.Rules, v1alpha1.RuleClass{Rule: rule, Class: v1alpha1.ClassAddition})
			}
		})
	}
	before := Ratchet(nil, []v1alpha1.NoticePolicy{long("long", 10), owing("short", 20)}, nil, now)
	after := Ratchet(before, []v1alpha1.NoticePolicy{long("other", 5)}, nil, now)
	want := []string{"other@1", "short@1 until 2026-12-13T00:00:00Z"}
	if got := boundNames(after); !slices.Equal(got, want) {
		t.Errorf("bound by %q, want %q", got, want)
	}
}

func TestLoosenedBindsUnderANameOfItsOwn(t *testing.T) {
	now := time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)
	known := Ratchet(nil, []v1alpha1.NoticePolicy{generation(1, owing("public-apis", 180))}, nil, now)
	loose := generation(2, owing("public-apis", 30))
	bound := Ratchet(known, []v1alpha1.NoticePolicy{loose}, nil, now)
	all := reading(t, append(Loosened(bound), loose)...)
	owed, err := all.Owed([]v1alpha1.ChangeClass{v1alpha1.ClassRemoval}, v1alpha1.StabilityStable, now)
	if err != nil || owed.By() != AsBound(&bound[1]) || owed.Period.Days != 180 {
		t.Errorf("owed %d days by %q, %v", owed.Period.Days, owed.By(), err)
	}
}
