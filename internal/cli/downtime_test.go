package cli

import (
	"strings"
	"testing"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	v1alpha1 "forewarn.dev/forewarn/api/v1alpha1"
	"forewarn.dev/forewarn/internal/gate"
	"forewarn.dev/forewarn/internal/snapshot"
	"forewarn.dev/forewarn/test/builders"
)

// R14: the command line says what admission refuses, and to which workload.
func TestDowntimeOf(t *testing.T) {
	api := builders.API("orders").Serving("orders", "orders-1", noon).Obj()
	recreated := &appsv1.Deployment{ObjectMeta: metav1.ObjectMeta{Namespace: "shop", Name: "orders"}}
	recreated.Spec.Strategy.Type = appsv1.RecreateDeploymentStrategyType
	orders := v1alpha1.WorkloadRef{Kind: "Deployment", Name: "orders"}
	spent := builders.Budget("orders-slo", "orders").Spent("45m of 43m", noon.Add(-time.Hour), noon.Add(time.Hour)).Obj()
	short := builders.Budget("orders-slo", "orders").Left(time.Minute).RolledOut("orders", noon.Add(-time.Hour), 2*time.Minute, 0).Obj()
	for name, c := range map[string]struct {
		objects  []client.Object
		workload v1alpha1.WorkloadRef
		want     string // begins so
		note     string
	}{
		"no budget":       {workload: orders},
		"it is spent":     {objects: []client.Object{spent}, workload: orders, want: "orders is out of downtime: 45m of 43m used in 30 days (budget orders-slo); it frees up "},
		"whatever rolls":  {objects: []client.Object{spent}, want: "orders is out of downtime"},
		"it takes longer": {objects: []client.Object{short, recreated}, workload: orders, want: "a rollout of deployment/orders takes orders down for 2m, as its last ones say, and 1m are left"},
		"another does":    {objects: []client.Object{short, recreated}, workload: v1alpha1.WorkloadRef{Kind: "Deployment", Name: "other"}},
		"it rolls":        {objects: []client.Object{short}, workload: orders},
		"not measured": {
			objects: []client.Object{builders.Budget("orders-slo", "orders").Unmeasured().Obj()}, workload: orders,
			note: "budget orders-slo is not measured yet, and refuses nothing until it is",
		},
	} {
		t.Run(name, func(t *testing.T) {
			reader := snapshot.FromManifests(append(c.objects, api, &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: "shop"}}))
			read := &cluster{namespace: "shop", now: noon, snapshot: snapshot.New(reader, reader)}
			got, err := read.downtimeOf(t.Context(), api, c.workload)
			if err != nil {
				t.Fatal(err)
			}
			if got == nil {
				got = &DowntimeResult{}
			}
			if !strings.HasPrefix(got.Refused, c.want) || c.want == "" && got.Refused != "" || strings.Join(got.Notes, "; ") != c.note {
				t.Errorf("got %+v", got)
			}
		})
	}
}

// A spent budget refuses what is new; what ran lately comes back, and a fix may pass.
func TestSpentBudgetsBlockRollouts(t *testing.T) {
	workload := func(image, fixes string) map[string]any {
		return map[string]any{"spec": map[string]any{"template": map[string]any{
			"metadata": map[string]any{"annotations": map[string]any{v1alpha1.FixesAnnotation: fixes}},
			"spec":     map[string]any{"containers": []any{map[string]any{"image": image}}},
		}}}
	}
	spent := &DowntimeResult{Refused: "orders is out of downtime", Fixes: []string{"slo", "month"}, ran: []string{"orders:0", "orders:1"}}
	none := &DowntimeResult{Refused: spent.Refused, ran: spent.ran}
	for name, c := range map[string]struct {
		budgets      *DowntimeResult
		image, fixes string
		want         bool
	}{
		"no budget":                      {nil, "orders:2", "", false},
		"nothing is spent":               {&DowntimeResult{Notes: []string{"not measured yet"}}, "orders:2", "", false},
		"something new":                  {spent, "orders:2", "", true},
		"what ran lately":                {spent, "orders:0", "", false},
		"the same image, and else":       {spent, "orders:1", "", true},
		"a fix of both":                  {spent, "orders:2", "month, slo@2", false},
		"a fix of one":                   {spent, "orders:2", "slo", true},
		"a fix where none passes":        {none, "orders:2", "slo,month", true},
		"a fix that was there before":    {spent, "orders:2", "old", true},
		"what ran lately, where none is": {none, "orders:0", "", false},
	} {
		change := gate.WorkloadChange{Resource: "deployments", Name: "orders", Before: workload("orders:1", "old"), After: workload(c.image, c.fixes)}
		if got := c.budgets.blocks(change); got != c.want {
			t.Errorf("%s: got %t", name, got)
		}
	}
	fixed := gate.WorkloadChange{Before: workload("orders:1", "slo,month"), After: workload("orders:2", "slo,month")}
	if !spent.blocks(fixed) {
		t.Error("a mark that was there before fixes something new")
	}
}

// The way back out of a downtime is the other way than it came about, and one by plan has a last moment.
func TestBackFromADowntime(t *testing.T) {
	e := explaining(calendarNow)
	planned := builders.Notice("orders-move", "orders").Obj()
	planned.Status.LapsesTime = &metav1.Time{Time: calendarNow.Add(time.Second)}
	over := builders.Notice("orders-moved", "orders").Obj()
	over.Status.LapsesTime = &metav1.Time{Time: calendarNow}
	e.notices = []v1alpha1.ChangeNotice{*planned, *over}
	const never, undo, scale = "Bring it back. Restarting", "kubectl rollout undo deployment/orders -n shop", "kubectl scale deployment/orders --replicas=REPLICAS -n shop"
	ended := metav1.NewMicroTime(calendarNow)
	for name, c := range map[string]struct {
		interval   v1alpha1.DowntimeInterval
		text, last string
	}{
		"after a rollout":                {v1alpha1.DowntimeInterval{Cause: v1alpha1.CauseRollout}, never, undo},
		"scaled to nothing":              {v1alpha1.DowntimeInterval{Cause: v1alpha1.CauseScaledDown}, never, scale},
		"that was the last, and is over": {v1alpha1.DowntimeInterval{Cause: v1alpha1.CauseScaledDown, EndTime: &ended}, never, undo},
		"by plan, a second before it ends": {v1alpha1.DowntimeInterval{Cause: v1alpha1.CauseScaledDown, Notice: "orders-move"},
			"It is down by plan. Bring it back before 2026-11-22T11:00:01Z: from then on it spends the budget.", scale},
		"by plan, and that is over": {v1alpha1.DowntimeInterval{Cause: v1alpha1.CauseRollout, Notice: "orders-moved"}, never, undo},
	} {
		t.Run(name, func(t *testing.T) {
			step := e.backStep(&BudgetResult{Intervals: []v1alpha1.DowntimeInterval{c.interval}}, "deployment/orders")
			if !strings.HasPrefix(step.Text, c.text) || step.Commands[1] != c.last {
				t.Errorf("%+v", step)
			}
		})
	}
	if step := e.backStep(&BudgetResult{}, "deployment/orders"); !strings.HasPrefix(step.Text, never) || step.Commands[1] != undo {
		t.Errorf("%+v", step)
	}
}
