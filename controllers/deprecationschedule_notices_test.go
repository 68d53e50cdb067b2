package controllers

import (
	"context"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	apimeta "k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/tools/events"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/fake"
	"sigs.k8s.io/controller-runtime/pkg/client/interceptor"

	v1alpha1 "forewarn.dev/forewarn/api/v1alpha1"
	"forewarn.dev/forewarn/internal/snapshot"
	"forewarn.dev/forewarn/test/builders"
)

var scheduleNow = time.Date(2027, time.January, 1, 0, 0, 0, 0, time.UTC)

// scheduleToTell is a schedule of orders that says Published, and of which nobody was told yet.
func scheduleToTell(edit func(*v1alpha1.DeprecationScheduleSpec)) *v1alpha1.DeprecationSchedule {
	dates := builders.Schedule("orders-v1", "orders", "v1").Dates(scheduleNow.AddDate(0, 1, 0), scheduleNow.AddDate(1, 0, 0))
	return dates.Edit(func(s *v1alpha1.DeprecationSchedule) {
		s.UID, s.Spec.State = "7", v1alpha1.NoticePublished
		edit(&s.Spec)
	}).Obj()
}

// reconciled reconciles a schedule once, by an API server that answers as funcs say, and reads it anew.
func reconciled(t *testing.T, s *v1alpha1.DeprecationSchedule, api *v1alpha1.CustomerAPI, funcs interceptor.Funcs) (client.Client, ctrl.Result) {
	t.Helper()
	scheme, err := NewScheme()
	if err != nil {
		t.Fatal(err)
	}
	b := fake.NewClientBuilder().WithScheme(scheme).WithObjects(s, api, &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: "shop"}}).WithStatusSubresource(s)
	if err := snapshot.AddIndexes(t.Context(), indexing{b}); err != nil {
		t.Fatal(err)
	}
	c := b.WithInterceptorFuncs(funcs).Build()
	r := &DeprecationScheduleReconciler{shared: shared{
		client: c, live: c, snapshot: snapshot.New(c, c), agenda: newAgenda(), clock: fixedClock(scheduleNow), events: events.NewFakeRecorder(10),
	}}
	result, err := r.Reconcile(t.Context(), ctrl.Request{NamespacedName: keyOf(s)})
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Get(t.Context(), keyOf(s), s); err != nil {
		t.Fatal(err)
	}
	return c, result
}

// Whatever is made since it looked is looked at again. Until then nobody was told.
func TestNobodyWasToldByAScheduleThatLooksAgain(t *testing.T) {
	s := scheduleToTell(func(spec *v1alpha1.DeprecationScheduleSpec) { spec.Notice.Help = "https://help.shop.example" })
	api := builders.API("orders").Version("v1", v1alpha1.StabilityStable).Obj()
	_, result := reconciled(t, s, api, interceptor.Funcs{Create: func(context.Context, client.WithWatch, client.Object, ...client.CreateOption) error {
		return apierrors.NewAlreadyExists(schema.GroupResource{Resource: "changenotices"}, "orders-v1-sunset")
	}})
	if result.RequeueAfter != conflictPause {
		t.Errorf("%+v", result)
	}
	published := apimeta.FindStatusCondition(s.Status.Conditions, v1alpha1.ConditionPublished)
	if published == nil || published.Status != metav1.ConditionFalse || published.Reason != v1alpha1.ReasonNotPublished {
		t.Errorf("%+v", published)
	}
}

// An operation is not told of while nobody can read whether the contract has it.
func TestNobodyIsToldOfOperationsOfAnUnreadableContract(t *testing.T) {
	s := scheduleToTell(func(spec *v1alpha1.DeprecationScheduleSpec) { spec.Operations = []string{"DELETE /orders/{id}"} })
	api := builders.API("orders").Version("v1", v1alpha1.StabilityStable).Obj()
	api.Status.Promised = []v1alpha1.PromisedContract{{Version: "v1", Contract: "contract-gone"}}
	c, _ := reconciled(t, s, api, interceptor.Funcs{})
	const want = "operations: keptcontract/contract-gone: it is gone: restore it from a backup, or propose the same document again"
	published := apimeta.FindStatusCondition(s.Status.Conditions, v1alpha1.ConditionPublished)
	if published == nil || published.Status != metav1.ConditionFalse || published.Reason != v1alpha1.ReasonPromiseUnreadable || published.Message != want {
		t.Errorf("%+v", published)
	}
	var notices v1alpha1.ChangeNoticeList
	if err := c.List(t.Context(), &notices); err != nil || len(notices.Items) > 0 {
		t.Errorf("%d notices, %v", len(notices.Items), err)
	}
}
