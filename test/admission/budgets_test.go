//go:build unix

package admission

import (
	"fmt"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	v1alpha1 "forewarn.dev/forewarn/api/v1alpha1"
)

const budgets = "forewarn-budgets"

func downtimeBudget(name string) *v1alpha1.DowntimeBudget {
	allowed, planned := int32(43), int32(60)
	return &v1alpha1.DowntimeBudget{
		ObjectMeta: metav1.ObjectMeta{Name: name},
		Spec: v1alpha1.DowntimeBudgetSpec{
			APIRef: v1alpha1.APIRef{Name: "orders"}, AllowedMinutes: &allowed, PlannedMinutes: &planned,
			Window: v1alpha1.DowntimeWindow{Days: 30}, MinReadyPercent: 50, MinReady: 2, Unobserved: v1alpha1.UnobservedSpend,
			Availability: v1alpha1.AvailabilityQuery{URL: "https://prometheus.example", Query: "up"},
		},
	}
}

// R8: only somebody with the verb "approve" lets an API be down for longer than was said before.
func TestLooseningABudget(t *testing.T) {
	t.Parallel()
	s := governed(t, newGate())
	owner := person(t, "owner-5")
	s.permit(owner, "owner-5", "downtimebudgets", "approve")
	for name, tc := range map[string]struct {
		spec     map[string]any
		loosened string
	}{
		"more minutes":                    {map[string]any{"allowedMinutes": 44}, "allowedMinutes"},
		"fewer minutes":                   {map[string]any{"allowedMinutes": 42}, ""},
		"more planned minutes":            {map[string]any{"plannedMinutes": 61}, "plannedMinutes"},
		"planned minutes without a bound": {map[string]any{"plannedMinutes": nil}, "plannedMinutes"},
		"fewer planned minutes":           {map[string]any{"plannedMinutes": 0}, ""},
		"a shorter window":                {map[string]any{"window": map[string]any{"days": 29}}, "window"},
		"a longer window":                 {map[string]any{"window": map[string]any{"days": 31}}, ""},
		"the window left out, the same":   {map[string]any{"window": nil}, ""},
		"a month":                         {map[string]any{"window": map[string]any{"days": nil, "calendar": "Month"}}, "window"},
		"a lower share":                   {map[string]any{"minReadyPercent": 49}, "minReadyPercent"},
		"no share":                        {map[string]any{"minReadyPercent": nil}, "minReadyPercent"},
		"a higher share":                  {map[string]any{"minReadyPercent": 51}, ""},
		"fewer pods":                      {map[string]any{"minReady": 1}, "minReady"},
		"refusing all":                    {map[string]any{"whenSpent": "RefuseAll"}, ""},
		"refusing as before, said":        {map[string]any{"whenSpent": "RefuseUnlessFix"}, ""},
		"refusing nothing":                {map[string]any{"whenSpent": "Report"}, "whenSpent"},
		"what nobody saw is not counted":  {map[string]any{"unobserved": nil}, "unobserved"},
		"another query":                   {map[string]any{"availability": map[string]any{"query": "vector(1)"}}, "availability"},
		"another API":                     {map[string]any{"apiRef": map[string]any{"name": "carts"}}, "apiRef"},
		"more and shorter": {map[string]any{"allowedMinutes": 44, "window": map[string]any{"days": 1}},
			"allowedMinutes, window"},
	} {
		t.Run(name, func(t *testing.T) {
			b := inNamespace(s.name, downtimeBudget(slug(name)))
			s.must(s.tenant.Create(t.Context(), b))
			want := ""
			if tc.loosened != "" {
				want = fmt.Sprintf("loosening %s of a downtime budget needs the verb approve on downtimebudgets.forewarn.dev %q (R8); the ClusterRole forewarn-approve grants it", tc.loosened, b.Name)
			}
			change := merge(t, map[string]any{"spec": tc.spec})
			s.with(t).judged(s.tenant.Patch(t.Context(), b, change), budgets, want)
			s.must(owner.Patch(t.Context(), b, change))
		})
	}
}

func TestDeletingABudget(t *testing.T) {
	t.Parallel()
	s := governed(t, newGate())
	owner := person(t, "owner-6")
	s.permit(owner, "owner-6", "downtimebudgets", "approve")
	b := inNamespace(s.name, downtimeBudget("orders-slo"))
	s.must(s.tenant.Create(t.Context(), b))
	want := `deleting a downtime budget needs the verb approve on downtimebudgets.forewarn.dev "orders-slo" (R8); the ClusterRole forewarn-approve grants it`
	s.refused(s.tenant.Delete(t.Context(), b), budgets, want)
	s.refused(s.tenant.DeleteAllOf(t.Context(), &v1alpha1.DowntimeBudget{}, client.InNamespace(s.name)), budgets, want) // A6
	s.must(s.admin.Delete(t.Context(), b))
}

// What was promised to nobody is its author's.
func TestBudgetsWhereNothingIsGoverned(t *testing.T) {
	t.Parallel()
	s := newSpace(t)
	s.create(apiRevision("first")) // its role counts
	b := inNamespace(s.name, downtimeBudget("orders-slo"))
	s.must(s.tenant.Create(t.Context(), b))
	s.must(s.tenant.Patch(t.Context(), b, merge(t, map[string]any{"spec": map[string]any{"allowedMinutes": 44}})))
	s.must(s.tenant.Delete(t.Context(), b))
}
