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

// Whatever is made since it looked is looked at again. Until then nobody was told.
func TestNobodyWasToldByAScheduleThatLooksAgain(t *testing.T) {
	scheme, err := NewScheme()
	if err != nil {
		t.Fatal(err)
	}
	now := time.Date(2027, time.January, 1, 0, 0, 0, 0, time.UTC)
	s := builders.Schedule("orders-v1", "orders", "v1").Dates(now.AddDate(0, 1, 0), now.AddDate(1, 0, 0)).Edit(func(s *v1alpha1.DeprecationSchedule) {
		s.UID, s.Spec.State, s.Spec.Notice.Help = "7", v1alpha1.NoticePublished, "https://help.shop.example"
	}).Obj()
	api := builders.API("orders").Version("v1", v1alpha1.StabilityStable).Obj()
	b := fake.NewClientBuilder().WithScheme(scheme).WithObjects(s, api, &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: "shop"}}).WithStatusSubresource(s)
	if err := snapshot.AddIndexes(t.Context(), indexing{b}); err != nil {
		t.Fatal(err)
	}
	c := b.WithInterceptorFuncs(interceptor.Funcs{Create: func(context.Context, client.WithWatch, client.Object, ...client.CreateOption) error {
		return apierrors.NewAlreadyExists(schema.GroupResource{Resource: "changenotices"}, "orders-v1-sunset")
	}}).Build()
	r := &DeprecationScheduleReconciler{shared: shared{
		client: c, live: c, snapshot: snapshot.New(c, c), agenda: newAgenda(), clock: fixedClock(now), events: events.NewFakeRecorder(10),
	}}
	result, err := r.Reconcile(t.Context(), ctrl.Request{NamespacedName: keyOf(s)})
	if err != nil || result.RequeueAfter != conflictPause {
		t.Errorf("%+v, %v", result, err)
	}
	if err := c.Get(t.Context(), keyOf(s), s); err != nil {
		t.Fatal(err)
	}
	published := apimeta.FindStatusCondition(s.Status.Conditions, v1alpha1.ConditionPublished)
	if published == nil || published.Status != metav1.ConditionFalse || published.Reason != v1alpha1.ReasonNotPublished {
		t.Errorf("%+v", published)
	}
}
