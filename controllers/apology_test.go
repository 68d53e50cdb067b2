package controllers

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/tools/events"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/fake"

	v1alpha1 "forewarn.dev/forewarn/api/v1alpha1"
	"forewarn.dev/forewarn/internal/snapshot"
	"forewarn.dev/forewarn/test/builders"
)

var spentAt = time.Date(2027, time.March, 1, 10, 0, 0, 0, time.UTC)

func TestApologyNames(t *testing.T) {
	if diff := cmp.Diff([]string{"orders-slo-20270301", "orders-slo-20270301-2", "orders-slo-20270301-3"}, apologyNames("orders-slo", spentAt)); diff != "" {
		t.Error(diff)
	}
	if got := apologyNames("orders-slo", spentAt.Add(14*time.Hour).In(time.FixedZone("", -3600)))[0]; got != "orders-slo-20270302" {
		t.Errorf("the day is that of UTC, not %s", got)
	}
	one, other := strings.Repeat("a", 62)+"1", strings.Repeat("a", 62)+"2"
	fits := apologyNames(strings.Repeat("b", 52), spentAt)
	if fits[0] != strings.Repeat("b", 52)+"-20270301" || len(fits[2]) != 63 {
		t.Errorf("what fits is cut: %v", fits)
	}
	for _, name := range append(apologyNames(one, spentAt), apologyNames(strings.Repeat("b", 53), spentAt)...) {
		if len(name) > 63 {
			t.Errorf("%s has %d characters", name, len(name))
		}
	}
	if apologyNames(one, spentAt)[0] == apologyNames(other, spentAt)[0] {
		t.Error("two budgets have the same apology")
	}
}

// apologising is a reconciler over a cluster in which orders-slo is spent, with what else there is.
func apologising(t *testing.T, budget *builders.BudgetBuilder, objects ...client.Object) (*ApologyReconciler, func(name string) *v1alpha1.ChangeNotice) {
	t.Helper()
	scheme, err := NewScheme()
	if err != nil {
		t.Fatal(err)
	}
	objects = append(objects, budget.Obj(), builders.API("orders").Version("v1", v1alpha1.StabilityStable).Obj())
	c := fake.NewClientBuilder().WithScheme(scheme).WithObjects(objects...).WithStatusSubresource(&v1alpha1.DowntimeBudget{}, &v1alpha1.ChangeNotice{}).Build()
	r := &ApologyReconciler{shared{client: c, live: c, snapshot: snapshot.New(snapshot.FromManifests(objects), c), events: events.NewFakeRecorder(10)}}
	return r, func(name string) *v1alpha1.ChangeNotice {
		t.Helper()
		if _, err := r.Reconcile(t.Context(), ctrl.Request{NamespacedName: types.NamespacedName{Namespace: "shop", Name: "orders-slo"}}); err != nil {
			t.Fatal(err)
		}
		n := &v1alpha1.ChangeNotice{}
		err := c.Get(t.Context(), client.ObjectKey{Namespace: "shop", Name: name}, n)
		if apierrors.IsNotFound(err) {
			return nil
		}
		if err != nil {
			t.Fatal(err)
		}
		return n
	}
}

const draftName = "orders-slo-20270301"

func sloSpent() *builders.BudgetBuilder {
	return builders.Budget("orders-slo", "orders").Spent("45m of 43m", spentAt, spentAt.Add(time.Hour))
}

func TestApologyOnceForEachTime(t *testing.T) {
	r, look := apologising(t, sloSpent())
	first := look(draftName)
	if first == nil || first.Labels[v1alpha1.BudgetLabel] != "orders-slo" || first.OwnerReferences != nil {
		t.Fatalf("drafted is %+v", first)
	}
	if err := r.client.Delete(t.Context(), first); err != nil {
		t.Fatal(err)
	}
	if again := look(draftName); again != nil {
		t.Error("what somebody deleted is drafted again")
	}
	budget := &v1alpha1.DowntimeBudget{}
	update := func(change func(*v1alpha1.DowntimeBudgetStatus)) {
		t.Helper()
		if err := r.client.Get(t.Context(), client.ObjectKey{Namespace: "shop", Name: "orders-slo"}, budget); err != nil {
			t.Fatal(err)
		}
		change(&budget.Status)
		if err := r.client.Status().Update(t.Context(), budget); err != nil {
			t.Fatal(err)
		}
	}
	update(func(s *v1alpha1.DowntimeBudgetStatus) { s.SpentTime = nil })
	if next := look("orders-slo-20270302"); next != nil {
		t.Error("nothing is spent, and yet there is an apology")
	}
	update(func(s *v1alpha1.DowntimeBudgetStatus) { s.SpentTime = &metav1.Time{Time: spentAt.Add(24 * time.Hour)} })
	if next := look("orders-slo-20270302"); next == nil {
		t.Error("it was spent again, and there is no apology for that")
	}
}

// What somebody edited is theirs, in whatever field; what nobody did goes on.
func TestApologyFollowsUntilItIsEdited(t *testing.T) {
	for name, c := range map[string]struct {
		edit func(*v1alpha1.ChangeNotice)
		want bool // it is drafted anew
	}{
		"nobody did":           {edit: func(*v1alpha1.ChangeNotice) {}, want: true},
		"a label":              {edit: func(n *v1alpha1.ChangeNotice) { n.Labels["team"] = "orders" }, want: true},
		"the title":            {edit: func(n *v1alpha1.ChangeNotice) { n.Spec.Title = "Sorry" }},
		"the state":            {edit: func(n *v1alpha1.ChangeNotice) { n.Spec.State = v1alpha1.NoticeWithdrawn }},
		"the date":             {edit: func(n *v1alpha1.ChangeNotice) { n.Spec.EffectiveTime.Time = spentAt.Add(-time.Hour) }},
		"what says it is ours": {edit: func(n *v1alpha1.ChangeNotice) { n.Annotations = nil }},
	} {
		t.Run(name, func(t *testing.T) {
			r, look := apologising(t, sloSpent())
			draft := look(draftName)
			c.edit(draft)
			if err := r.client.Update(t.Context(), draft); err != nil {
				t.Fatal(err)
			}
			budget := &v1alpha1.DowntimeBudget{}
			if err := r.client.Get(t.Context(), client.ObjectKey{Namespace: "shop", Name: "orders-slo"}, budget); err != nil {
				t.Fatal(err)
			}
			budget.Spec.Apology.WhatHappensNext = "You get a tenth back."
			if err := r.client.Update(t.Context(), budget); err != nil {
				t.Fatal(err)
			}
			if got := look(draftName).Spec.WhatToDo == "You get a tenth back."; got != c.want {
				t.Errorf("drafted anew: %t", got)
			}
		})
	}
}

// What has the name already is left alone, and adopted only where it is an apology for this budget.
func TestApologyWhoseNameIsTaken(t *testing.T) {
	other := func(name string) *v1alpha1.ChangeNotice {
		return builders.Notice(name, "orders").CoversVersion("v1").State(v1alpha1.NoticeDraft).Obj()
	}
	_, look := apologising(t, sloSpent(), other(draftName))
	if second := look(draftName + "-2"); second == nil || second.Spec.ApologyFor != "orders-slo" {
		t.Errorf("the second is %+v", second)
	}
	if first := look(draftName); first.Spec.ApologyFor != "" || first.Annotations != nil {
		t.Errorf("what was there is %+v", first)
	}
	r, look := apologising(t, sloSpent(), other(draftName), other(draftName+"-2"), other(draftName+"-3"))
	look(draftName)
	select {
	case event := <-r.events.(*events.FakeRecorder).Events:
		if !strings.Contains(event, "no apology is drafted: changenotice/"+draftName+" is something else; write one with apologyFor: orders-slo") {
			t.Error(event)
		}
	default:
		t.Error("nobody is told that all names are taken")
	}
	written := other(draftName)
	written.Spec.ApologyFor = "orders-slo"
	_, look = apologising(t, sloSpent(), written)
	if got := look(draftName); got.Spec.Title != written.Spec.Title || look(draftName+"-2") != nil {
		t.Error("somebody said sorry before, and it is said twice")
	}
}
