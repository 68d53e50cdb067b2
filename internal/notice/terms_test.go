package notice

import (
	"slices"
	"testing"

	v1alpha1 "forewarn.dev/forewarn/api/v1alpha1"
)

type (
	policySpec = v1alpha1.NoticePolicySpec
	classes    = []v1alpha1.ChangeClass
)

func inZone(name string) func(*policySpec) { return func(s *policySpec) { s.TimeZone = name } }

func owes(term v1alpha1.OwedTerm) func(*policySpec) {
	return func(s *policySpec) { s.Owed = append(s.Owed, term) }
}

func TestOwedIsTheLongestR1(t *testing.T) {
	removal, breaking := v1alpha1.ClassRemoval, v1alpha1.ClassBreaking
	business := owing("business", 0, func(s *policySpec) {
		s.Owed = []v1alpha1.OwedTerm{{Class: removal, BusinessDays: ptr(10)}}
		s.ClosedDates = []string{"2026-11-30"}
	})
	cases := map[string]struct {
		policies  []v1alpha1.NoticePolicy
		classes   classes
		stability v1alpha1.Stability
		want      string // end
		binds     string
	}{
		"no policy owes anything":           {nil, classes{removal}, "Stable", "2026-11-22T10:00:00Z", ""},
		"one policy":                        {[]v1alpha1.NoticePolicy{owing("a", 10)}, classes{removal}, "Stable", "2026-12-03T00:00:00Z", "a"},
		"the longer of two":                 {[]v1alpha1.NoticePolicy{owing("a", 10), owing("b", 20)}, classes{removal}, "Stable", "2026-12-13T00:00:00Z", "b"},
		"the longer of two, the other way":  {[]v1alpha1.NoticePolicy{owing("a", 20), owing("b", 10)}, classes{removal}, "Stable", "2026-12-13T00:00:00Z", "a"},
		"of two alike the first by name":    {[]v1alpha1.NoticePolicy{owing("b", 10), owing("a", 10)}, classes{removal}, "Stable", "2026-12-03T00:00:00Z", "a"},
		"the same days end later elsewhere": {[]v1alpha1.NoticePolicy{owing("a", 10), owing("b", 10, inZone("America/Chicago"))}, classes{removal}, "Stable", "2026-12-03T06:00:00Z", "b"},
		"fewer business days end later":     {[]v1alpha1.NoticePolicy{owing("a", 14), business}, classes{removal}, "Stable", "2026-12-08T00:00:00Z", "business"},
		"more calendar days end later":      {[]v1alpha1.NoticePolicy{owing("a", 16), business}, classes{removal}, "Stable", "2026-12-09T00:00:00Z", "a"},
		"a term for another class":          {[]v1alpha1.NoticePolicy{owing("a", 10)}, classes{breaking}, "Stable", "2026-11-22T10:00:00Z", "a"},
		"any of several classes":            {[]v1alpha1.NoticePolicy{owing("a", 10)}, classes{breaking, removal}, "Stable", "2026-12-03T00:00:00Z", "a"},
		"an addition that nobody is owed":   {[]v1alpha1.NoticePolicy{owing("a", 10)}, classes{v1alpha1.ClassAddition}, "Stable", "2026-11-22T10:00:00Z", ""},
		"a term for another stability": {
			[]v1alpha1.NoticePolicy{owing("a", 10, owes(v1alpha1.OwedTerm{Class: removal, Stability: "Stable", Days: ptr(20)}))},
			classes{removal}, "Beta", "2026-12-03T00:00:00Z", "a",
		},
		"a term for this stability, and one for any": {
			[]v1alpha1.NoticePolicy{owing("a", 10, owes(v1alpha1.OwedTerm{Class: removal, Stability: "Stable", Days: ptr(20)}))},
			classes{removal}, "Stable", "2026-12-13T00:00:00Z", "a",
		},
		"a shorter term for this stability takes nothing away": {
			[]v1alpha1.NoticePolicy{owing("a", 10, owes(v1alpha1.OwedTerm{Class: removal, Stability: "Stable", Days: ptr(5)}))},
			classes{removal}, "Stable", "2026-12-03T00:00:00Z", "a",
		},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			got, err := reading(t, c.policies...).Owed(c.classes, c.stability, instant(t, "2026-11-22T10:00:00Z"))
			if err != nil || !got.End.Equal(instant(t, c.want)) || got.Policy != c.binds {
				t.Errorf("ends %s by %q (%v), want %s by %q", got.End, got.Policy, err, c.want, c.binds)
			}
		})
	}
}

func TestTickIsWhenOwedChangesR13(t *testing.T) {
	policies := reading(t, owing("a", 10), owing("b", 10, inZone("Europe/Berlin")))
	cases := map[string]struct{ now, want string }{
		"midnight in Berlin comes first":         {"2026-11-22T10:00:00Z", "2026-11-22T23:00:01Z"},
		"the last moment that starts in time":    {"2026-11-22T23:00:00Z", "2026-11-22T23:00:01Z"},
		"then midnight in UTC":                   {"2026-11-22T23:00:01Z", "2026-11-23T00:00:01Z"},
		"midnight itself still starts with it":   {"2026-11-23T00:00:00Z", "2026-11-23T00:00:01Z"},
		"a second later it is Berlin's turn":     {"2026-11-23T00:00:01Z", "2026-11-23T23:00:01Z"},
		"a day of 25 hours has its midnight too": {"2026-10-25T12:00:00Z", "2026-10-25T23:00:01Z"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			got, ok := policies.Tick(classes{v1alpha1.ClassRemoval}, "Stable", instant(t, c.now))
			if !ok || !got.Equal(instant(t, c.want)) {
				t.Errorf("%s, %v, want %s", got, ok, c.want)
			}
		})
	}
	if tick, ok := reading(t, owing("a", 0)).Tick(classes{v1alpha1.ClassRemoval}, "Stable", instant(t, "2026-11-22T10:00:00Z")); ok {
		t.Errorf("what is owed no days changes at %s", tick)
	}
}

func TestNoticeNeeded(t *testing.T) {
	announces := owing("a", 10, owes(v1alpha1.OwedTerm{Class: v1alpha1.ClassDeprecation, Stability: "Stable", Days: ptr(0)}))
	cases := map[string]struct {
		policy    v1alpha1.NoticePolicy
		class     v1alpha1.ChangeClass
		stability v1alpha1.Stability
		want      bool
	}{
		"a class that a term names":                     {announces, v1alpha1.ClassRemoval, "Stable", true},
		"a class that no term names":                    {announces, "Price", "Stable", true},
		"an addition":                                   {announces, v1alpha1.ClassAddition, "Stable", false},
		"a deprecation that no term names":              {owing("a", 10), v1alpha1.ClassDeprecation, "Stable", false},
		"a deprecation that a term names, with no days": {announces, v1alpha1.ClassDeprecation, "Stable", true},
		"a deprecation that a term names for others":    {announces, v1alpha1.ClassDeprecation, "Beta", false},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			if got := reading(t, c.policy).NoticeNeeded(classes{c.class}, c.stability); got != c.want {
				t.Errorf("%v", got)
			}
		})
	}
}

func TestClassesOfR16(t *testing.T) {
	moves := func(rule string, class v1alpha1.ChangeClass) func(*policySpec) {
		return func(s *policySpec) { s.Rules = append(s.Rules, v1alpha1.RuleClass{Rule: rule, Class: class}) }
	}
	cases := map[string]struct {
		policies []v1alpha1.NoticePolicy
		want     classes
	}{
		"no policy":                                     {nil, classes{"Breaking"}},
		"no policy moves the rule":                      {[]v1alpha1.NoticePolicy{owing("a", 1, moves("other", "Addition"))}, classes{"Breaking"}},
		"the only policy moves it":                      {[]v1alpha1.NoticePolicy{owing("a", 1, moves("r", "Addition"))}, classes{"Addition"}},
		"one of two moves it":                           {[]v1alpha1.NoticePolicy{owing("a", 1, moves("r", "Addition")), owing("b", 1)}, classes{"Addition", "Breaking"}},
		"two move it alike":                             {[]v1alpha1.NoticePolicy{owing("a", 1, moves("r", "Addition")), owing("b", 1, moves("r", "Addition"))}, classes{"Addition"}},
		"a policy that says two things means both":      {[]v1alpha1.NoticePolicy{owing("a", 1, moves("r", "Addition"), moves("r", "Removal"))}, classes{"Addition", "Removal"}},
		"two move it, and the class it had is gone":     {[]v1alpha1.NoticePolicy{owing("a", 1, moves("r", "Addition")), owing("b", 1, moves("r", "Behaviour"))}, classes{"Addition", "Behaviour"}},
		"the class that a rule had is not listed twice": {[]v1alpha1.NoticePolicy{owing("a", 1), owing("b", 1)}, classes{"Breaking"}},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			if got := reading(t, c.policies...).ClassesOf("r", v1alpha1.ClassBreaking); !slices.Equal(got, c.want) {
				t.Errorf("%v, want %v", got, c.want)
			}
		})
	}
}
