package controllers

import (
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/tools/events"
	"k8s.io/utils/ptr"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client/fake"

	v1alpha1 "forewarn.dev/forewarn/api/v1alpha1"
	"forewarn.dev/forewarn/internal/snapshot"
	"forewarn.dev/forewarn/test/builders"
)

// One that a finalizer keeps binds, and its deletion is a generation of its own.
func TestAPolicyThatIsBeingDeletedIsRead(t *testing.T) {
	scheme, err := NewScheme()
	if err != nil {
		t.Fatal(err)
	}
	policy := builders.Policy("public-apis").Owes(v1alpha1.ClassRemoval, 365).Obj()
	policy.Generation, policy.Finalizers = 2, []string{"backup.example/kept"}
	now := time.Date(2027, time.January, 1, 0, 0, 0, 0, time.UTC)
	policy.DeletionTimestamp = &metav1.Time{Time: now}
	policy.Status.ObservedGeneration = ptr.To[int64](1)
	policy.Status.InForce = v1alpha1.PolicyInForce{Generation: 1, Spec: builders.Policy("").Owes(v1alpha1.ClassRemoval, 180).Obj().Spec}
	c := fake.NewClientBuilder().WithScheme(scheme).WithObjects(policy).WithStatusSubresource(policy).Build()
	r := &NoticePolicyReconciler{canary: &Canary{}, shared: shared{
		client: c, snapshot: snapshot.New(c, c), clock: fixedClock(now), events: events.NewFakeRecorder(10),
	}}
	if _, err := r.Reconcile(t.Context(), ctrl.Request{NamespacedName: keyOf(policy)}); err != nil {
		t.Fatal(err)
	}
	if err := c.Get(t.Context(), keyOf(policy), policy); err != nil {
		t.Fatal(err)
	}
	if *policy.Status.ObservedGeneration != 2 || *policy.Status.InForce.Spec.Owed[0].Days != 365 {
		t.Errorf("%+v", policy.Status)
	}
}
