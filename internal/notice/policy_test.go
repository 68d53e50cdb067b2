package notice

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	v1alpha1 "forewarn.dev/forewarn/api/v1alpha1"
)

func ptr(n int32) *int32 { return &n }

// owing is a policy that owes days for Removal, with any further changes.
func owing(name string, days int32, changes ...func(*v1alpha1.NoticePolicySpec)) v1alpha1.NoticePolicy {
	p := v1alpha1.NoticePolicy{ObjectMeta: metav1.ObjectMeta{Name: name}}
	p.Spec.Owed = []v1alpha1.OwedTerm{{Class: v1alpha1.ClassRemoval, Days: &days}}
	for _, change := range changes {
		change(&p.Spec)
	}
	return p
}

func reading(t testing.TB, policies ...v1alpha1.NoticePolicy) Policies {
	t.Helper()
	read, errs := ReadPolicies(policies)
	if len(errs) > 0 {
		t.Fatalf("the policies cannot be read: %v", errs)
	}
	return read
}

func TestReadSpecFillsInWhatIsLeftOut(t *testing.T) {
	p := owing("public-apis", 180)
	got, errs := ReadSpec("public-apis", &p.Spec)
	want := Policy{
		Name:        "public-apis",
		Enforcement: v1alpha1.EnforcementWarn,
		Terms:       []Term{{Policy: "public-apis", Class: v1alpha1.ClassRemoval, Period: Period{Days: 180, Zone: "UTC"}}},
		Rules:       map[string][]v1alpha1.ChangeClass{},
		Settle:      72 * time.Hour,
		Rollback:    14 * 24 * time.Hour,
		Validity:    Validity{Days: 180, Zone: "UTC"},
		Images:      v1alpha1.ImagesOptional,
		Marks:       v1alpha1.MarksWarn,

		StartsAt: v1alpha1.StartsAtPublished, CoveragePercent: 100,
		MissedReminder: v1alpha1.MissedReminderReport,
		UnusedWindow:   90,
	}
	if diff := cmp.Diff(want, got); diff != "" || len(errs) > 0 {
		t.Errorf("(-want +got):\n%s\nerrors: %v", diff, errs)
	}
}

func TestReadSpecRefusesWhatIsNotClearR12(t *testing.T) {
	type spec = v1alpha1.NoticePolicySpec
	cases := map[string]struct {
		change func(*spec)
		want   string
	}{
		"an enforcement of another spelling": {func(s *spec) { s.Enforcement = "deny" }, `enforcement: "deny" is not known`},
		"a rule for marks that is not known": {func(s *spec) { s.DeprecatedMarks = "Sometimes" }, `deprecatedMarks: "Sometimes" is not known`},
		"an image rule that is not known":    {func(s *spec) { s.Images = "Sometimes" }, `images: "Sometimes" is not known`},
		"a clock that is not known":          {func(s *spec) { s.StartsAt = "delivered" }, `startsAt: "delivered" is not known: write Published, Delivered or Acknowledged`},
		"a negative share of customers":      {func(s *spec) { s.CoveragePercent = -1 }, "coveragePercent: -1 is not between 1 and 100"},
		"more than all customers":            {func(s *spec) { s.CoveragePercent = 101 }, "coveragePercent: 101 is not between 1 and 100"},
		"a negative share to object":         {func(s *spec) { s.HoldAboveObjectionPercent = ptr(-1) }, "holdAboveObjectionPercent: -1 is not between 0 and 100"},
		"more to object than there are":      {func(s *spec) { s.HoldAboveObjectionPercent = ptr(101) }, "holdAboveObjectionPercent: 101 is not between 0 and 100"},
		"a reminder on the day itself":       {func(s *spec) { s.ReminderDays = []int32{7, 0} }, "reminderDays[1]: 0 is not between 1 and 3650"},
		"a reminder ten years before":        {func(s *spec) { s.ReminderDays = []int32{3651} }, "reminderDays[0]: 3651 is not between"},
		"a missed reminder of another kind":  {func(s *spec) { s.MissedReminder = "delay" }, `missedReminder: "delay" is not known: write Report or Delay`},
		"more reminders than the schema has": {func(s *spec) { s.ReminderDays = make([]int32, 17) }, "reminderDays: 17 are more than 16"},
		"a zone that is ambiguous":           {func(s *spec) { s.TimeZone = "CST" }, `timeZone: time zone "CST"`},
		"a holiday calendar of no country":   {func(s *spec) { s.Holidays = []string{"XX"} }, `holidays, closedDates: holiday calendar "XX"`},
		"a closed date that does not exist":  {func(s *spec) { s.ClosedDates = []string{"2027-02-30"} }, `closed date "2027-02-30"`},
		"nothing owed":                       {func(s *spec) { s.Owed = nil }, "owed: it is empty"},
		"an owed entry without a class":      {func(s *spec) { s.Owed[0].Class = "" }, `owed[0]: class "" is not one`},
		"a class of another spelling":        {func(s *spec) { s.Owed[0].Class = "removal" }, `owed[0]: class "removal" is not one`},
		"a class with a line break":          {func(s *spec) { s.Owed[0].Class = "Removal\n" }, `owed[0]: class "Removal\n" is not one`},
		"a stability that is not known":      {func(s *spec) { s.Owed[0].Stability = "GA" }, `owed[0]: stability "GA" is not known`},
		"no days":                            {func(s *spec) { s.Owed[0].Days = nil }, "owed[0]: set days or businessDays"},
		"days of both kinds":                 {func(s *spec) { s.Owed[0].BusinessDays = ptr(1) }, "owed[0]: set days or businessDays"},
		"negative days":                      {func(s *spec) { s.Owed[0].Days = ptr(-1) }, "owed[0]: -1 days"},
		"more days than there are":           {func(s *spec) { s.Owed[0].Days = ptr(3651) }, "owed[0]: 3651 days"},
		"a rule moved to no class":           {func(s *spec) { s.Rules = []v1alpha1.RuleClass{{Rule: "r"}} }, `rules[0]: class ""`},
		"negative hours to settle":           {func(s *spec) { s.SettleHours = ptr(-1) }, "settleHours: -1 is not between 0 and 8760"},
		"more hours than a year":             {func(s *spec) { s.SettleHours = ptr(8761) }, "settleHours: 8761 is not between"},
		"negative days to roll back":         {func(s *spec) { s.RollbackDays = ptr(-1) }, "rollbackDays: -1 is not between 0 and 365"},
		"days that overflow a duration":      {func(s *spec) { s.RollbackDays = ptr(1 << 30) }, "rollbackDays: 1073741824 is not between"},
		"a notice that is valid for no time": {func(s *spec) { s.ValidForDays = -1 }, "validForDays: -1 is not between 1 and 3650"},
		"a notice that is valid for ever":    {func(s *spec) { s.ValidForDays = 3651 }, "validForDays: 3651 is not between"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			p := owing("p", 180, c.change)
			read, errs := ReadSpec("p", &p.Spec)
			if len(errs) != 1 || !strings.Contains(errs[0].Error(), c.want) || errs[0].Policy != "p" {
				t.Errorf("errors %v, want one that contains %q", errs, c.want)
			}
			if read.Settle < 0 || read.Rollback < 0 || read.Validity.Days <= 0 {
				t.Errorf("what cannot be read gave %+v", read)
			}
		})
	}
}

func TestReadSpecTakesTheLimits(t *testing.T) {
	p := owing("p", 3650, func(s *v1alpha1.NoticePolicySpec) {
		s.SettleHours, s.RollbackDays, s.ValidForDays = ptr(0), ptr(0), 1
		s.StartsAt, s.CoveragePercent, s.HoldAboveObjectionPercent = v1alpha1.StartsAtAcknowledged, 1, ptr(100)
		s.ReminderDays = []int32{3650, 30, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14}
	})
	read, errs := ReadSpec("p", &p.Spec)
	if len(errs) > 0 || read.Settle != 0 || read.Rollback != 0 || read.Validity.Days != 1 ||
		read.StartsAt != v1alpha1.StartsAtAcknowledged || read.CoveragePercent != 1 || *read.HoldAboveObjectionPercent != 100 ||
		!slices.Equal(read.ReminderDays, p.Spec.ReminderDays) {
		t.Errorf("got %+v, %v", read, errs)
	}
}

func TestWhatCannotBeReadCountsAsTheStrictestR12(t *testing.T) {
	p := owing("p", 180, func(s *v1alpha1.NoticePolicySpec) {
		s.Enforcement, s.Images, s.StartsAt, s.CoveragePercent = "Nonsense", "Nonsense", "Nonsense", 1000
		s.HoldAboveObjectionPercent = ptr(1000)
		s.ReminderDays, s.MissedReminder = []int32{7}, "Nonsense"
	})
	read, _ := ReadPolicies([]v1alpha1.NoticePolicy{p})
	clock, _ := read.Clock()
	want := v1alpha1.NoticeClock{StartsAt: v1alpha1.StartsAtAcknowledged, CoveragePercent: 100, HoldAboveObjectionPercent: ptr(0)}
	if diff := cmp.Diff(want, clock); diff != "" {
		t.Errorf("the clock is started by (-want +got):\n%s", diff)
	}
	if reminders := read.Reminders(); len(reminders) != 1 || reminders[0].Missed != v1alpha1.MissedReminderDelay {
		t.Errorf("customers are owed %+v", reminders)
	}
	if _, required := read.ImagesRequired(); !required || read.Enforcement() != v1alpha1.EnforcementDeny {
		t.Errorf("got %+v", read)
	}
}

func TestTheGenerationInForceBinds(t *testing.T) {
	p := owing("p", 0)
	p.Spec.TimeZone = "Nowhere"
	p.Status.InForce = v1alpha1.PolicyInForce{Generation: 1, Spec: owing("p", 90).Spec}
	read := reading(t, p)
	if got := read[0].Terms[0].Period.Days; got != 90 {
		t.Errorf("%d days are owed, want the 90 that are in force", got)
	}
}

func TestPoliciesTogetherR1(t *testing.T) {
	a := owing("a", 1, func(s *v1alpha1.NoticePolicySpec) {
		s.Enforcement, s.SettleHours, s.RollbackDays, s.ValidForDays = v1alpha1.EnforcementAudit, ptr(10), ptr(3), 90
	})
	b := owing("b", 1, func(s *v1alpha1.NoticePolicySpec) {
		s.Enforcement, s.SettleHours, s.RollbackDays, s.ValidForDays = v1alpha1.EnforcementDeny, ptr(5), ptr(7), 30
		s.Images = v1alpha1.ImagesRequired
	})
	for name, policies := range map[string]Policies{"a, b": reading(t, a, b), "b, a": reading(t, b, a)} {
		policy, required := policies.ImagesRequired()
		got := []any{policies.Enforcement(), policies.Settle(), policies.Rollback(), policies.Validity(time.Time{}).Days, policy, required}
		want := []any{v1alpha1.EnforcementDeny, 10 * time.Hour, 7 * 24 * time.Hour, 30, "b", true}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
	none := Policies{}
	if none.Enforcement() != "" || none.Settle() != 72*time.Hour || none.Rollback() != 14*24*time.Hour || none.Validity(time.Time{}) != (Validity{Days: 180, Zone: "UTC"}) {
		t.Errorf("without a policy: %v %v %v %v", none.Enforcement(), none.Settle(), none.Rollback(), none.Validity(time.Time{}))
	}
}

// Nothing is known of a policy that does not fit its kind, and whatever its status holds does not count.
func TestPolicyThatDoesNotFitItsKind(t *testing.T) {
	misfit := owing("misfit", 1)
	if _, wrong := ReadPolicies([]v1alpha1.NoticePolicy{misfit}); len(wrong) > 0 {
		t.Fatal(wrong)
	}
	v1alpha1.MarkUnreadable(&misfit, "spec.owed.days holds a value of type string, which does not fit")
	_, wrong := ReadPolicies([]v1alpha1.NoticePolicy{owing("right", 1), misfit})
	want := "policy misfit: spec.owed.days holds a value of type string, which does not fit"
	if len(wrong) != 1 || wrong[0].Error() != want {
		t.Errorf("got %v, want %s", wrong, want)
	}
}

func TestErrorsDoNotDependOnTheOrderOfPolicies(t *testing.T) {
	a, b := owing("a", -1), owing("b", -2)
	_, first := ReadPolicies([]v1alpha1.NoticePolicy{a, b})
	_, second := ReadPolicies([]v1alpha1.NoticePolicy{b, a})
	for i := range first {
		if first[i].Error() != second[i].Error() {
			t.Errorf("error %d is %q or %q", i, first[i], second[i])
		}
	}
}
