package gate_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	v1alpha1 "forewarn.dev/forewarn/api/v1alpha1"
	"forewarn.dev/forewarn/internal/downtime"
	"forewarn.dev/forewarn/internal/gate"
	"forewarn.dev/forewarn/test/builders"
)

const (
	ordersSpent = "orders is out of downtime: 45m of 43m used in 30 days (budget orders-slo); it frees up 2026-11-24T10:00:00Z; " +
		"a fix passes with forewarn.dev/fixes: orders-slo by who may approve (ClusterRole forewarn-approve); see: kubectl get downtimebudgets -n shop"
	ordersOnly = "orders is out of downtime: 45m of 43m used in 30 days (budget orders-slo); it frees up 2026-11-24T10:00:00Z; " +
		"until then what serves can be restarted and scaled, and what ran lately rolled back to (orders-slo lets nothing else pass); " +
		"see: kubectl get downtimebudgets -n shop"
	bothSpent = "orders is out of downtime: 45m of 43m used in 30 days (budget orders-slo) and 11m of 10m used in this month (budget orders-tight); " +
		"it frees up 2026-12-01T00:00:00Z; a fix passes with forewarn.dev/fixes: orders-slo,orders-tight by who may approve (ClusterRole forewarn-approve); " +
		"see: kubectl get downtimebudgets -n shop"
)

const (
	ordersUnread = "nobody knows whether orders is out of downtime; budget orders-new cannot be read (spec.allowedMinutes holds a value of type string, which does not fit); " +
		"who may approve (ClusterRole forewarn-approve) puts it right: kubectl edit downtimebudget orders-new -n shop; " +
		"a fix passes with forewarn.dev/fixes: orders-new by who may approve (ClusterRole forewarn-approve); see: kubectl get downtimebudgets -n shop"
	spentAndUnread = "orders is out of downtime: 45m of 43m used in 30 days (budget orders-slo); budget orders-new cannot be read (spec.allowedMinutes holds a value of type string, which does not fit); " +
		"who may approve (ClusterRole forewarn-approve) puts it right: kubectl edit downtimebudget orders-new -n shop; " +
		"a fix passes with forewarn.dev/fixes: orders-new,orders-slo by who may approve (ClusterRole forewarn-approve); see: kubectl get downtimebudgets -n shop"
	twoUnread = "nobody knows whether orders is out of downtime; budget orders-any cannot be read (spec.allowedMinutes holds a value of type string, which does not fit), nor can 1 more budget; " +
		"who may approve (ClusterRole forewarn-approve) puts it right: kubectl edit downtimebudget orders-any -n shop; " +
		"a fix passes with forewarn.dev/fixes: orders-any,orders-new by who may approve (ClusterRole forewarn-approve); see: kubectl get downtimebudgets -n shop"
	onlyAndUnread = "orders is out of downtime: 45m of 43m used in 30 days (budget orders-slo); budget orders-new cannot be read (spec.allowedMinutes holds a value of type string, which does not fit); " +
		"who may approve (ClusterRole forewarn-approve) puts it right: kubectl edit downtimebudget orders-new -n shop; " +
		"until then what serves can be restarted and scaled, and what ran lately rolled back to (orders-slo lets nothing else pass); " +
		"see: kubectl get downtimebudgets -n shop"
)

// misfit is a budget of which nothing is known but its name and, where it can be told, its API.
func misfit(name, api string) *builders.BudgetBuilder {
	return builders.Budget(name, api).With(func(b *v1alpha1.DowntimeBudget) {
		b.Spec = v1alpha1.DowntimeBudgetSpec{APIRef: b.Spec.APIRef}
		b.Status = v1alpha1.DowntimeBudgetStatus{}
		v1alpha1.MarkUnreadable(b, "spec.allowedMinutes holds a value of type string, which does not fit")
	})
}

var frees = now.Add(2 * day)

// slo is a budget of orders that was spent an hour ago, and frees up in two days.
func slo() *builders.BudgetBuilder {
	return builders.Budget("orders-slo", "orders").Spent("45m of 43m", now.Add(-time.Hour), frees)
}

// measured is what Spent makes of budgets of orders, which serves orders:1.
func measured(at time.Time, budgets ...*builders.BudgetBuilder) gate.SpentInput {
	in := gate.SpentInput{Now: at, API: builders.API("orders").Serving("orders", "orders-1", now, "shop/orders:1").Obj(), Rollback: 14 * day}
	for _, b := range budgets {
		in.Budgets = append(in.Budgets, *b.Obj())
	}
	return in
}

func TestSpent(t *testing.T) {
	tight := builders.Budget("orders-tight", "orders").Spent("11m of 10m", now.Add(-day), now.Add(9*day).Truncate(day)).
		With(func(b *v1alpha1.DowntimeBudget) { b.Spec.Window.Calendar = v1alpha1.CalendarMonth })
	tests := map[string]struct {
		at      time.Time
		budgets []*builders.BudgetBuilder
		want    string
		fixes   []string
		notes   []string
		next    time.Time
	}{
		"no budget": {},
		"one of another API": {
			budgets: []*builders.BudgetBuilder{builders.Budget("cart-slo", "cart").Spent("45m of 43m", now, frees)},
		},
		"something is left": {budgets: []*builders.BudgetBuilder{builders.Budget("orders-slo", "orders").Left(time.Second)}},
		"it is spent": {
			budgets: []*builders.BudgetBuilder{slo()}, want: ordersSpent, fixes: []string{"orders-slo"}, next: frees,
		},
		"it is spent in a second": {
			at: now.Add(-time.Hour - time.Second), budgets: []*builders.BudgetBuilder{slo()}, next: now.Add(-time.Hour),
		},
		"it is spent from that second on": {
			at: now.Add(-time.Hour), budgets: []*builders.BudgetBuilder{slo()}, want: ordersSpent, fixes: []string{"orders-slo"}, next: frees,
		},
		"the second before it frees up": {
			at: frees.Add(-time.Second), budgets: []*builders.BudgetBuilder{slo()}, want: ordersSpent, fixes: []string{"orders-slo"}, next: frees,
		},
		"the second at which it frees up": {at: frees, budgets: []*builders.BudgetBuilder{slo()}},
		"it would have freed up, and the API is down": {
			at: frees, budgets: []*builders.BudgetBuilder{slo().Down(now)}, fixes: []string{"orders-slo"},
			want: "orders is out of downtime: 45m of 43m used in 30 days (budget orders-slo); nobody knows yet when it frees up; " +
				"a fix passes with forewarn.dev/fixes: orders-slo by who may approve (ClusterRole forewarn-approve); see: kubectl get downtimebudgets -n shop",
		},
		"nobody knows when it frees up": {
			budgets: []*builders.BudgetBuilder{builders.Budget("orders-slo", "orders").Spent("45m of 43m", now, time.Time{})}, fixes: []string{"orders-slo"},
			want: "orders is out of downtime: 45m of 43m used in 30 days (budget orders-slo); nobody knows yet when it frees up; " +
				"a fix passes with forewarn.dev/fixes: orders-slo by who may approve (ClusterRole forewarn-approve); see: kubectl get downtimebudgets -n shop",
		},
		"no fix passes": {
			budgets: []*builders.BudgetBuilder{slo().WhenSpent(v1alpha1.SpentRefuseAll)}, want: ordersOnly, next: frees,
		},
		"R12 what is no rule counts as the strictest": {
			budgets: []*builders.BudgetBuilder{slo().WhenSpent("Perhaps")}, want: ordersOnly, next: frees,
		},
		"it reports": {
			budgets: []*builders.BudgetBuilder{slo().WhenSpent(v1alpha1.SpentReport)}, next: time.Time{},
			notes: []string{"budget orders-slo is spent, and only reports it: 45m of 43m used in 30 days"},
		},
		"it is not measured yet": {
			budgets: []*builders.BudgetBuilder{builders.Budget("orders-slo", "orders").Unmeasured()},
			notes:   []string{"budget orders-slo is not measured yet, and refuses nothing until it is"},
		},
		"R12 it cannot be read": {
			budgets: []*builders.BudgetBuilder{misfit("orders-new", "orders")}, want: ordersUnread, fixes: []string{"orders-new"},
		},
		"one of another API cannot be read": {budgets: []*builders.BudgetBuilder{misfit("cart-slo", "cart")}},
		"R12 one cannot be read, nor of which API it is": {
			budgets: []*builders.BudgetBuilder{misfit("orders-new", "")}, want: ordersUnread, fixes: []string{"orders-new"},
		},
		"what can be read and names no API is of none": {
			budgets: []*builders.BudgetBuilder{builders.Budget("slo", "").Spent("45m of 43m", now, frees)},
		},
		"two cannot be read": {
			budgets: []*builders.BudgetBuilder{misfit("orders-new", "orders"), misfit("orders-any", "orders")},
			want:    twoUnread, fixes: []string{"orders-any", "orders-new"},
		},
		"one is spent, and one cannot be read: nothing is over by itself": {
			budgets: []*builders.BudgetBuilder{slo(), misfit("orders-new", "orders")},
			want:    spentAndUnread, fixes: []string{"orders-new", "orders-slo"}, next: frees,
		},
		"the one that was spent frees up, and the other cannot be read": {
			at: frees, budgets: []*builders.BudgetBuilder{slo(), misfit("orders-new", "orders")},
			want: ordersUnread, fixes: []string{"orders-new"},
		},
		"one cannot be read, and one that is spent lets no fix pass": {
			budgets: []*builders.BudgetBuilder{misfit("orders-new", "orders"), slo().WhenSpent(v1alpha1.SpentRefuseAll)},
			want:    onlyAndUnread, next: frees,
		},
		"one cannot be read, and something is left of another": {
			budgets: []*builders.BudgetBuilder{misfit("orders-new", "orders"), builders.Budget("orders-slo", "orders").Left(time.Second)},
			want:    ordersUnread, fixes: []string{"orders-new"},
		},
		"two are spent: a fix names both, and the last to free up counts": {
			budgets: []*builders.BudgetBuilder{tight, slo()}, want: bothSpent, fixes: []string{"orders-slo", "orders-tight"}, next: frees,
		},
		"two are spent, and one lets no fix pass": {
			budgets: []*builders.BudgetBuilder{builders.Budget("orders-any", "orders"), slo().WhenSpent(v1alpha1.SpentRefuseAll)},
			want:    ordersOnly, next: frees,
		},
		"no text: what is allowed says it": {
			budgets: []*builders.BudgetBuilder{slo().Spent("", now, frees).With(func(b *v1alpha1.DowntimeBudget) { b.Spec.Window.Days = 1 })},
			want: "orders is out of downtime: all of 43m used in 1 day (budget orders-slo); it frees up 2026-11-24T10:00:00Z; " +
				"a fix passes with forewarn.dev/fixes: orders-slo by who may approve (ClusterRole forewarn-approve); see: kubectl get downtimebudgets -n shop",
			fixes: []string{"orders-slo"}, next: frees,
		},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			if tc.at.IsZero() {
				tc.at = now
			}
			got := gate.Spent(measured(tc.at, tc.budgets...))
			var message string
			var fixes []string
			if got.Spent != nil {
				message, fixes = got.Spent.Message, got.Spent.Fixes
			}
			if diff := cmp.Diff(tc.want, message); diff != "" {
				t.Errorf("message (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(tc.fixes, fixes); diff != "" {
				t.Errorf("fixes (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(tc.notes, got.Notes); diff != "" {
				t.Errorf("notes (-want +got):\n%s", diff)
			}
			if got.Refuses() != (tc.want != "") {
				t.Errorf("refuses: %t", got.Refuses())
			}
			wantNext(t, got.NextChange, tc.next)
		})
	}
}

func wantNext(t *testing.T, got *time.Time, want time.Time) {
	t.Helper()
	switch {
	case want.IsZero() && got != nil:
		t.Errorf("next change %s, want none", got)
	case !want.IsZero() && (got == nil || !got.Equal(want)):
		t.Errorf("next change %v, want %s", got, want)
	}
}

// R11: what may come back is what serves, and what ran less than rollbackDays ago.
func TestSpentImages(t *testing.T) {
	budget := slo().Ran("shop/orders:1", time.Time{}).Ran("shop/proxy:1", time.Time{}).
		Ran("shop/orders:0", now.Add(-13*day)).Ran("shop/orders:old", now.Add(-14*day)).Ran("shop/orders:soon", now.Add(-14*day+time.Second))
	in := measured(now, budget)
	in.API.Status.WayBack = []v1alpha1.PastRevision{wayOf("orders-0", "d1", 0, "shop/orders:way"), wayOf("orders-00", "d1", -1000*day, "shop/orders:gone")}
	in.Running = []string{"shop/orders:2", "shop/orders:1", "two words"}
	got := gate.Spent(in)
	if diff := cmp.Diff([]string{"shop/orders:1", "shop/orders:2", "shop/orders:way", "shop/proxy:1"}, got.Serving); diff != "" {
		t.Errorf("serving (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{"shop/orders:0", "shop/orders:soon"}, got.Past); diff != "" {
		t.Errorf("past (-want +got):\n%s", diff)
	}
	wantNext(t, got.NextChange, now.Add(time.Second))

	// Where nothing is refused it is known, too: a full stop may have to be rolled back.
	got = gate.Spent(measured(now, builders.Budget("orders-slo", "orders").Ran("shop/orders:0", now.Add(-day))))
	if diff := cmp.Diff([][]string{{"shop/orders:1"}, {"shop/orders:0"}}, [][]string{got.Serving, got.Past}); got.Refuses() || diff != "" {
		t.Errorf("with something left (-want +got):\n%s", diff)
	}
}

// What takes longer than is left is refused in advance, to the second.
func TestLongRollouts(t *testing.T) {
	long := func(down time.Duration) *builders.BudgetBuilder {
		return builders.Budget("orders-slo", "orders").Left(3*time.Minute).RolledOut("orders", now.Add(-day), 10*time.Minute, down)
	}
	refusal := func(need, left, during string) string {
		return "a rollout of deployment/orders takes orders down for " + need + ", as its last ones say, and " + left + " are left in 30 days (budget orders-slo)" +
			during + "; plan a downtime that is long enough, or a fix passes with forewarn.dev/fixes: orders-slo by who may approve (ClusterRole forewarn-approve); " +
			"see: kubectl get downtimebudgets -n shop"
	}
	const during = " besides its planned downtime, which ends 2026-11-22T10:05:00Z (notice planned)"
	open := downtime.Window{Notice: "planned", Start: now.Add(-time.Minute), End: now.Add(5 * time.Minute)}
	tests := map[string]struct {
		budget  *builders.BudgetBuilder
		windows []downtime.Window
		allDown bool
		want    string
		next    time.Time
	}{
		"it takes as long as is left":       {budget: long(3 * time.Minute)},
		"it takes a second longer":          {budget: long(3*time.Minute + time.Second), want: refusal("3m1s", "3m", "")},
		"it takes none":                     {budget: long(0)},
		"it has no history":                 {budget: builders.Budget("orders-slo", "orders").Left(0)},
		"it is not known what is left":      {budget: long(time.Hour).With(func(b *v1alpha1.DowntimeBudget) { b.Status.LeftSeconds = nil })},
		"the budget only reports":           {budget: long(time.Hour).WhenSpent(v1alpha1.SpentReport)},
		"it takes all pods down, and 10m":   {budget: long(0), allDown: true, want: refusal("10m", "3m", "")},
		"the longest of the last five":      {budget: rolls(long(0), time.Hour, 5*time.Minute, 0, 0, 0, 0), want: refusal("5m", "3m", "")},
		"the sixth from the end is too old": {budget: rolls(long(0), time.Hour, 0, 0, 0, 0, 0)},
		"another workload took long":        {budget: long(0).RolledOut("batch", now, time.Hour, time.Minute)},
		"planned, and it just fits": {
			budget: long(8 * time.Minute), windows: []downtime.Window{open}, next: now.Add(time.Second),
		},
		"planned, and a second too long": {
			budget: long(8*time.Minute + time.Second), windows: []downtime.Window{open}, want: refusal("8m1s", "3m", during), next: open.End,
		},
		"planned, and it fits for a minute": {
			budget: long(7 * time.Minute), windows: []downtime.Window{open}, next: now.Add(time.Minute + time.Second),
		},
		"it fits into what is planned for later": {
			budget: long(4 * time.Minute), windows: []downtime.Window{{Notice: "planned", Start: now.Add(time.Second), End: now.Add(time.Hour)}},
			want: refusal("4m", "3m", ""), next: now.Add(time.Second),
		},
		"what was planned is over this second": {
			budget: long(4 * time.Minute), windows: []downtime.Window{{Notice: "planned", Start: now.Add(-time.Hour), End: now}}, want: refusal("4m", "3m", ""),
		},
		"it is down, and less is left": {
			budget: long(2 * time.Minute).Down(now.Add(2*time.Minute - time.Second)), want: refusal("2m", "1m59s", ""),
		},
		"it is down, and just enough is left": {
			budget: long(2 * time.Minute).Down(now.Add(2 * time.Minute)), next: now.Add(time.Second),
		},
		"it is down while it is planned": {
			budget: long(6 * time.Minute).Down(now.Add(2 * time.Minute)), windows: []downtime.Window{open}, next: now.Add(31 * time.Second),
		},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			in := measured(now, tc.budget)
			in.Windows = tc.windows
			workload := v1alpha1.WorkloadRef{Kind: "Deployment", Name: "orders"}
			if tc.allDown {
				in.AllDown = map[v1alpha1.WorkloadRef]bool{workload: true}
			}
			got := gate.Spent(in)
			message := ""
			if o := got.Of(workload); o != nil {
				message = o.Message
			}
			if diff := cmp.Diff(tc.want, message); diff != "" {
				t.Errorf("message (-want +got):\n%s", diff)
			}
			if other := got.Of(v1alpha1.WorkloadRef{Kind: "Deployment", Name: "batch"}); other != nil {
				t.Errorf("another is refused, too: %s", other.Message)
			}
			wantNext(t, got.NextChange, tc.next)
		})
	}
}

// rolls adds rollouts, an hour apart, that took the API down so long.
func rolls(b *builders.BudgetBuilder, down ...time.Duration) *builders.BudgetBuilder {
	b.With(func(b *v1alpha1.DowntimeBudget) { b.Status.Rollouts = nil })
	for i := len(down) - 1; i >= 0; i-- { // not in the order of time
		b.RolledOut("orders", now.Add(-day+time.Duration(i)*time.Hour), time.Hour, down[i])
	}
	return b
}

// A budget that is spent says so once, and not for each workload again.
func TestSpentIsSaidOnce(t *testing.T) {
	tight := builders.Budget("orders-tight", "orders").Left(time.Minute).RolledOut("orders", now, time.Hour, 2*time.Minute)
	got := gate.Spent(measured(now, slo().RolledOut("orders", now, time.Hour, time.Hour), tight))
	if got.Spent == nil || len(got.Long) != 1 {
		t.Fatalf("got %+v", got)
	}
	if diff := cmp.Diff([]string{"orders-tight"}, got.Long[0].Fixes); diff != "" {
		t.Error(diff)
	}
}

func TestPublishSpent(t *testing.T) {
	orders := governed("orders", nil, map[string]string{"app": "orders"})
	orders.API.Status.Serving = []v1alpha1.ServingRevision{served("web", "", 0)}
	orders.API.Status.Serving[0].Images = []string{"shop/orders:1"}
	orders.Downtime = gate.SpentVerdict{
		Spent: &gate.Overspent{Message: "orders is out of downtime", Fixes: []string{"orders-slo", "orders-tight"}},
		Long: []gate.LongRollout{
			{Workload: v1alpha1.WorkloadRef{Kind: "Deployment", Name: "web"}, Overspent: gate.Overspent{Message: "too long"}},
			{Workload: v1alpha1.WorkloadRef{Kind: "Deployment", Name: "we b"}, Overspent: gate.Overspent{Message: "no such name"}},
			{Workload: v1alpha1.WorkloadRef{Kind: "Web", Name: "web"}, Overspent: gate.Overspent{Message: "no such kind"}},
		},
		Serving: []string{"shop/orders:1"}, Past: []string{"shop/orders:0"},
	}
	quiet := governed("cart", nil, map[string]string{"app": "cart"})
	quiet.Downtime = gate.SpentVerdict{Notes: []string{"not measured yet"}}
	free := governed("free", nil, map[string]string{"app": "free"})
	free.Governed, free.Downtime = false, orders.Downtime

	got := gate.Publish(namespace(orders, quiet, free)).Gates[deny]
	want := map[string]string{
		"budgets": "1",
		"spent.s": "\norders orders-slo,orders-tight orders is out of downtime\n",
		"spent.b": "\norders/deployments/web - too long\n",
		"ran.s":   "\norders shop/orders:1 shop/orders:0\n",
	}
	ours := cmpopts.IgnoreMapEntries(func(key, _ string) bool { _, is := want[key]; return !is })
	if diff := cmp.Diff(want, got, ours); diff != "" {
		t.Errorf("gate (-want +got):\n%s", diff)
	}
	for key := range gate.Publish(namespace(quiet)).Gates[deny] {
		if key == "budgets" || key[:2] == "ra" || key[:2] == "sp" {
			t.Errorf("nothing is refused, and yet there is %s", key)
		}
	}

	// A18: what serves stays, whatever has to go.
	in := namespace(orders, quiet)
	in.Limit = sizeOf(got) - 1
	full := gate.Publish(in)
	if diff := cmp.Diff([]string{"deny images that ran of orders"}, denyOnly(full.Dropped)); diff != "" {
		t.Errorf("dropped (-want +got):\n%s", diff)
	}
	if ran := full.Gates[deny]["ran.s"]; ran != "\norders shop/orders:1\n" {
		t.Errorf("left are %q", ran)
	}
}
