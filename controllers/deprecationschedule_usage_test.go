package controllers

import (
	"context"
	"testing"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/utils/ptr"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/fake"
	"sigs.k8s.io/controller-runtime/pkg/client/interceptor"

	v1alpha1 "forewarn.dev/forewarn/api/v1alpha1"
	"forewarn.dev/forewarn/test/builders"
)

// Three write the status of a schedule. An answer that took a server its time is not lost by that.
func TestAnAnswerIsKeptWhereSomebodyElseWrites(t *testing.T) {
	scheme, err := NewScheme()
	if err != nil {
		t.Fatal(err)
	}
	asked := time.Date(2027, time.July, 1, 9, 0, 0, 0, time.UTC)
	conflicts := 0
	c := fake.NewClientBuilder().WithScheme(scheme).WithObjects(builders.Schedule("orders-v1", "orders", "v1").Published(asked).Obj()).
		WithStatusSubresource(&v1alpha1.DeprecationSchedule{}).
		WithInterceptorFuncs(interceptor.Funcs{
			SubResourceUpdate: func(ctx context.Context, w client.Client, sub string, o client.Object, opts ...client.SubResourceUpdateOption) error {
				if conflicts++; conflicts == 1 {
					other := o.DeepCopyObject().(*v1alpha1.DeprecationSchedule)
					other.Status = v1alpha1.DeprecationScheduleStatus{PublishedTime: other.Status.PublishedTime, Stage: v1alpha1.StageSunset}
					if err := w.SubResource(sub).Update(ctx, other); err != nil {
						return err
					}
					return apierrors.NewConflict(schema.GroupResource{Resource: "deprecationschedules"}, o.GetName(), nil)
				}
				return w.SubResource(sub).Update(ctx, o, opts...)
			},
		}).Build()
	s := &v1alpha1.DeprecationSchedule{}
	key := client.ObjectKey{Namespace: "shop", Name: "orders-v1"}
	if err := c.Get(t.Context(), key, s); err != nil {
		t.Fatal(err)
	}
	found := s.DeepCopy()
	found.Status.StillUsing, found.Status.UsageTime, found.Status.QueryDigest = ptr.To[int32](2), &metav1.Time{Time: asked}, "d"
	r := &ScheduleUsageReconciler{shared: shared{client: c, live: c}}
	if err := r.writeUse(t.Context(), found, s); err != nil {
		t.Fatal(err)
	}
	if err := c.Get(t.Context(), key, s); err != nil {
		t.Fatal(err)
	}
	if ptr.Deref(s.Status.StillUsing, 0) != 2 || s.Status.Stage != v1alpha1.StageSunset {
		t.Errorf("%+v", s.Status)
	}
}
